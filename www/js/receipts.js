// Marks what I have got and what I have read, and takes in what others marked. Called by main.js,
// connection.js and conversation.js; calls remote.js and rooms.js. Marks go out one by one and paced, so that a burst of
// messages is no burst of marks.

const PACE_MS = 120;
const GATHER_MS = 250;
const AGAIN_MS = 3000;
const PART = 20000; // so many marked at once may not be all

export function createReceipts({ store, api, remote, rooms }) {
	const queue = [];
	const unseen = new Map();
	// The message up to which I have said of each room that it is delivered.
	const told = new Map();
	let timer = null;
	let retry = null;

	// Is somebody looking at the end of this room now?
	const watching = (uuid) => store.current === uuid && store.endInView && document.visibilityState === 'visible' && document.hasFocus();

	function pump() {
		const next = queue.shift();
		timer = queue.length ? setTimeout(pump, PACE_MS) : null;
		// A mark that fails is made up for by the next "all read"; nobody needs to hear of it.
		remote.mark(next.kind, next.id).catch(() => {});
	}

	// What somebody reads now is told before what only arrived.
	function push(kind, id) {
		const at = kind === 'read' ? queue.findLastIndex((one) => one.kind === 'read') + 1 : queue.length;
		queue.splice(at, 0, { kind, id });
		timer ??= setTimeout(pump, 0);
	}

	// What came while nobody looked may be among what was marked, or not: then the server is asked for its count.
	async function markAll(room) {
		clearTimeout(retry);
		let marked;
		try {
			marked = parseInt((await api.markAllRead(room.uuid)).message, 10);
		} catch (error) {
			const passes = !error.status || error.status === 429 || error.status >= 500;
			if (passes) retry = setTimeout(() => (watching(room.uuid) ? markAll(room) : rooms.reloadSoon()), error.retryMs ?? AGAIN_MS);
			return;
		}
		if (!watching(room.uuid)) rooms.reloadSoon();
		else if (marked >= PART) markAll(room);
		else store.setUnread(room, 0);
	}

	// One message: its own mark. Several, or some that are not loaded: all of the room at once. Where nobody looks any
	// more, "all" would hold messages that nobody has seen.
	function flush(room) {
		const ids = unseen.get(room.uuid);
		unseen.delete(room.uuid);
		if ((ids.length === 1 && !room.unread) || !watching(room.uuid)) for (const id of ids) push('read', id);
		else markAll(room);
	}

	function delivered(message) {
		told.set(message.room, message.id);
		push('delivered', message.id);
	}

	// What came while I was away has got here with the list: its newest stands for all before it.
	store.on('rooms-loaded', () => {
		for (const { uuid, unread, last } of store.roomList()) {
			if (unread && last?.id && last.from !== store.me && !watching(uuid) && told.get(uuid) !== last.id) delivered(last);
		}
	});

	let known = {};

	return {
		// What others marked while nobody told: read from the server. They are ticks only; a failure is made up for later.
		async learn(uuid) {
			const page = await api.readers(uuid, { etag: known.room === uuid ? known.etag : null }).catch(() => null);
			if (!page) return;
			known = { room: uuid, etag: page.etag };
			for (const row of page.rows) {
				const marks = { delivered: row.entregado_hasta, read: row.leido_hasta };
				for (const [kind, id] of Object.entries(marks)) {
					if (id !== null) store.putReceipt(uuid, String(row.usuario_id), kind, String(id));
				}
			}
		},
		watching,
		delivered,
		// A message came into the room that is being looked at.
		seen(room, message) {
			if (!unseen.has(room.uuid)) {
				unseen.set(room.uuid, []);
				setTimeout(() => flush(room), GATHER_MS);
			}
			unseen.get(room.uuid).push(message.id);
		},
		// The end of the room came into view, or was looked at again.
		async readAll(room) {
			if (room.unread || room.unlisted) await markAll(room);
		},
		onDelivered(push) {
			const reader = String(push.user_id);
			if (reader !== store.me) store.putReceipt(push.sala_uuid, reader, 'delivered', String(push.mensaje_id));
		},
		// Returns true when it was I, on another device: then my counts have changed.
		onRead(push) {
			const reader = String(push.user_id);
			if (reader === store.me) return true;
			store.putReceipt(push.sala_uuid, reader, 'delivered', String(push.mensaje_id));
			store.putReceipt(push.sala_uuid, reader, 'read', String(push.mensaje_id));
			return false;
		},
	};
}
