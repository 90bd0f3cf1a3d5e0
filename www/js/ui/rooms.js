// The list of conversations. Called by main.js; asks for a room by onOpen(uuid).

import { $, avatar, h, setAvatar } from './dom.js';
import { brief } from './format.js';

const PAUSE_MS = 100;                  // between two drawings
const AWAY_MS = 3000;                  // so long a connection may take to come
const LOADING_TEXT = 'Cargando…';
const AWAY_TEXT = 'Tus conversaciones, y lo que quedó por enviar, vuelven con la conexión.';

const oneLine = (text) => text.replace(/\s+/g, ' ').slice(0, 120);

function preview(store, room, failed) {
	if (failed) return (failed.doubtful ? 'Sin respuesta: ' : 'No enviado: ') + oneLine(failed.text);
	const last = room.last;
	if (!last) return room.cut ? '' : 'Sin mensajes todavía';
	const line = oneLine(last.deleted ? 'Mensaje eliminado' : last.text || 'Archivo');
	if (last.from === store.me) return 'Tú: ' + line;
	return room.kind === 'grupal' ? `${store.personName(last.from)}: ${line}` : line;
}

function fill(button, store, room) {
	const title = store.roomTitle(room);
	const [face, name, when, text, badge] = button.children;
	const online = room.otherId !== null && store.isOnline(room.otherId);
	setAvatar(face, title, room.otherId ?? room.groupId, room.kind === 'grupal');
	face.classList.toggle('online', online);
	button.title = online ? 'En línea' : '';
	name.textContent = title;
	when.textContent = brief(new Date(room.activity));
	const failed = store.failedIn(room.uuid);
	text.textContent = preview(store, room, failed);
	button.classList.toggle('failing', Boolean(failed));
	badge.hidden = room.unread === 0;
	badge.replaceChildren(room.unread > 99 ? '99+' : String(room.unread),
		h('span', { class: 'visually-hidden' }, room.unread === 1 ? ' mensaje sin leer' : ' mensajes sin leer'));
	button.classList.toggle('unread', room.unread > 0);
	if (room.uuid === store.current) button.setAttribute('aria-current', 'true');
	else button.removeAttribute('aria-current');
}

export function setUpRooms({ store, onOpen }) {
	const list = $('rooms');
	const buttons = new Map();

	function make(uuid) {
		const button = h('button', { type: 'button', class: 'room', data: { room: uuid }, onclick: () => onOpen(uuid) },
			avatar('', 0),
			h('span', { class: 'room-name', dir: 'auto' }),
			h('span', { class: 'room-time' }),
			h('span', { class: 'room-preview', dir: 'auto' }),
			h('span', { class: 'badge' }));
		buttons.set(uuid, button);
		h('li', {}, button);
		return button;
	}

	// Moves only what is out of place, so that focus and scrolling stay.
	function render() {
		let place = list.firstElementChild;
		for (const room of store.roomList()) {
			const button = buttons.get(room.uuid) ?? make(room.uuid);
			fill(button, store, room);
			const item = button.parentElement;
			if (item === place) place = place.nextElementSibling;
			else moveKeepingFocus(item, place);
		}
		while (place) {
			const gone = place;
			place = place.nextElementSibling;
			buttons.delete(gone.firstElementChild.dataset.room);
			if (gone.contains(document.activeElement)) $('new-chat').focus();
			gone.remove();
		}
		const [total, open] = [store.unreadTotal(), store.rooms.get(store.current)];
		document.title = (total ? `(${total}) ` : '') + (open ? `${store.roomTitle(open)} · ` : '') + 'UPRed Push';
	}

	function moveKeepingFocus(item, place) {
		const focused = item.contains(document.activeElement) ? document.activeElement : null;
		list.insertBefore(item, place);
		focused?.focus({ preventScroll: true });
	}

	list.addEventListener('keydown', (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const all = [...list.querySelectorAll('.room')];
		const here = all.indexOf(document.activeElement);
		if (!step || here < 0) return;
		event.preventDefault();
		all[Math.min(Math.max(here + step, 0), all.length - 1)].focus();
	});
	// Each message is a turn of its own: what changes within a pause is one drawing, or a burst would be as many of a list
	// that may be long.
	let due = null;
	let drawn = -PAUSE_MS;
	store.on('rooms', () => {
		due ??= setTimeout(() => {
			due = null;
			render();
			drawn = performance.now();
		}, Math.max(0, drawn + PAUSE_MS - performance.now()));
	});
	store.on('rooms-loaded', () => {
		$('rooms-empty').hidden = store.rooms.size > 0;
		$('rooms-wait').hidden = true;
	});
	let early = true;
	const showWait = () => {
		$('rooms-wait').textContent = store.connected || early ? LOADING_TEXT : AWAY_TEXT;
	};
	store.on('connection', showWait);
	setTimeout(() => {
		early = false;
		showWait();
	}, AWAY_MS);
	return { focusRoom: (uuid) => buttons.get(uuid)?.focus() };
}
