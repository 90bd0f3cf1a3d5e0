// Notices of the system while the page is out of sight. Called by main.js.
// The browser keeps the person's answer; it offers them only on https and localhost.

import { $, icon } from './dom.js';

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
		show();
	};
	show();

	store.on('arrival', ({ room, message }) => {
		// The permission last: to ask for it takes a millisecond.
		if (!offered || document.visibilityState === 'visible' || Notification.permission !== 'granted') return;
		const author = store.personName(message.from);
		const title = room.kind === 'grupal' ? `${author} en ${store.roomTitle(room)}` : author;
		try {
			// One notice per conversation: a newer one takes the place of the one before.
			const notice = new Notification(title, { body: (message.text || 'Archivo').slice(0, TEXT_MAX), tag: room.uuid });
			notice.onclick = () => {
				window.focus();
				onOpen(room.uuid);
				notice.close();
			};
		} catch {
			// Chrome on Android has the name and the permission, but throws: it wants a service worker.
		}
	});
}
