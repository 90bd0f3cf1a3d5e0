// A list of people or groups to pick from. Called by chooser.js and dialog.js.

import { avatar, h } from './dom.js';

// items: [{ id, nombre }]; onPick(id as string).
export function fillPeople(list, items, { group = false, onPick }) {
	list.replaceChildren(...items.map(({ id, nombre }) => h('li', {},
		h('button', { type: 'button', class: 'person', data: { id }, onclick: () => onPick(String(id)) },
			avatar(nombre, id, { group }),
			h('span', { class: 'person-name' }, nombre),
			h('span', { class: 'person-id' }, String(id))))));
}
