// Notices of the system while the page is out of sight. Called by main.js.
// The browser keeps the person's answer; it offers them only on https and localhost.

import { $, icon } from './dom.js';
import { announce, missedText } from './status.js';

const TEXT_MAX = 200;

// onOpen(uuid): the notice was clicked.
export function setUpNotices({ store, onOpen }) {
	const offered = 'Notification' in window && isSecureContext;
	const button = $('me-notices');

	function show() {
		button.hidden = !offered || Notification.permission !== 'default';
	}
	button.append(icon('bell'));
	button.onclick = async () => {
		await Notification.requestPermission();
		const focused = document.activeElement === button;
		show();
		if (!button.hidden) return;
		if (focused) $('me-change').focus();
		if (Notification.permission === 'granted') announce('Avisos activados');
	};
	show();

	// One notice per tag: a newer one takes the place of the one before. room: null when it is of several.
	function notify(title, body, tag, room) {
		// The permission last: to ask for it takes a millisecond.
		if (!offered || document.visibilityState === 'visible' || Notification.permission !== 'granted') return;
		try {
			const notice = new Notification(title, { body, tag });
			notice.onclick = () => {
				window.focus();
				if (room) onOpen(room.uuid);
				notice.close();
			};
		} catch {
			// Chrome on Android has the name and the permission, but throws: it wants a service worker.
		}
	}
	store.on('arrival', ({ room, message }) => {
		const author = store.personName(message.from);
		const title = room.kind === 'grupal' ? `${author} en ${store.roomTitle(room)}` : author;
		notify(title, (message.text || 'Archivo').slice(0, TEXT_MAX), room.uuid, room);
	});
	store.on('missed', (news) => {
		const room = news.length === 1 ? news[0].room : null;
		notify('UPRed Push', missedText(store, news), room?.uuid ?? 'upred', room);
	});
}
