// The dialog that opens a conversation with a person or a group. Called by main.js.

import { $, parseId } from './dom.js';
import { fillPeople } from './people.js';

const TEXT = {
	person: {
		label: 'Número de usuario',
		wrong: 'Escribe un número de usuario.',
		unknown: 'No hay ninguna persona con ese número.',
	},
	group: {
		label: 'Número de grupo',
		wrong: 'Escribe un número de grupo.',
		unknown: 'No hay ningún grupo con ese número.',
	},
};

// actions: openPerson(id), openGroup(id), both resolve with the room's uuid or reject with the text to show;
// opened(uuid) when one is open and the dialog is gone, which has given the focus back to its button.
export function setUpDialog({ me, demo, actions }) {
	const dialog = $('new-dialog');
	const form = $('new-form');
	const kind = () => form.elements.kind.value;
	// Counts what was asked for: the answer to what was given up, or asked for before, opens nothing.
	let turn = 0;

	function refuse(text) {
		$('new-error').textContent = text;
		$('new-id').setAttribute('aria-invalid', 'true');
		$('new-error').scrollIntoView({ block: 'nearest' });
	}

	function clear() {
		$('new-error').textContent = '';
		$('new-id').removeAttribute('aria-invalid');
	}

	async function openId(id) {
		turn += 1;
		const mine = turn;
		const wanted = () => mine === turn && dialog.open;
		clear();
		form.setAttribute('aria-busy', 'true');
		try {
			const uuid = await (kind() === 'person' ? actions.openPerson(id) : actions.openGroup(id));
			if (!wanted()) return;
			dialog.close();
			actions.opened(uuid);
		} catch (error) {
			if (wanted()) refuse(error.code === 'not_found' ? TEXT[kind()].unknown : error.message);
		} finally {
			if (mine === turn) form.removeAttribute('aria-busy');
		}
	}

	function show() {
		const isGroup = kind() === 'group';
		const items = isGroup ? demo.grupos : demo.personas.filter((person) => String(person.id) !== me);
		fillPeople($('new-list'), items, { group: isGroup, onPick: openId });
		$('new-list').hidden = items.length === 0;
		$('new-label').textContent = TEXT[kind()].label;
		clear();
	}

	$('new-chat').onclick = () => {
		turn += 1;
		form.removeAttribute('aria-busy');
		form.reset();
		show();
		// Where there is a list, the focus begins above it: at the field, below, it would scroll the list away.
		dialog.showModal();
		if ($('new-list').hidden) $('new-id').focus();
	};
	for (const radio of form.elements.kind) radio.onchange = show;
	$('new-id').oninput = () => $('new-id').removeAttribute('aria-invalid');
	$('new-cancel').onclick = () => dialog.close();
	form.onsubmit = (event) => {
		event.preventDefault();
		const id = parseId($('new-id').value);
		if (id) return openId(id);
		$('new-id').focus();
		refuse(TEXT[kind()].wrong);
	};
}
