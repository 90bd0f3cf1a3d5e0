// Messages not yet known to be stored, kept in the browser over reloads: one entry each, so that two tabs of
// one person do not overwrite each other's. Called by outbox.js.

export function createPending(me) {
	const prefix = `upred.pendiente.${me}.`;

	function read(key) {
		try {
			const { clientId, room, roomKind, text, kind, timestamp } = JSON.parse(localStorage.getItem(key));
			return { clientId, room, roomKind, text, kind, timestamp };
		} catch {
			return null;
		}
	}

	return {
		save({ clientId, room, roomKind, text, kind, timestamp }) {
			try {
				localStorage.setItem(prefix + clientId, JSON.stringify({ clientId, room, roomKind, text, kind, timestamp }));
			} catch {
				// A full or forbidden storage: the message is kept for as long as the page is open.
			}
		},
		forget(clientId) {
			try {
				localStorage.removeItem(prefix + clientId);
			} catch {
				// A forbidden storage holds nothing.
			}
		},
		// False when it is known to be gone: sent or discarded in another tab.
		has(clientId) {
			try {
				return localStorage.getItem(prefix + clientId) !== null;
			} catch {
				return true;
			}
		},
		// onGone(clientId): another tab sent or discarded it.
		watch(onGone) {
			addEventListener('storage', ({ key, newValue }) => {
				if (key?.startsWith(prefix) && newValue === null) onGone(key.slice(prefix.length));
			});
		},
		// In the order written.
		list() {
			try {
				const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
				return keys.map(read).filter((one) => one?.clientId && one.room && one.timestamp)
					.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
			} catch {
				return [];
			}
		},
	};
}
