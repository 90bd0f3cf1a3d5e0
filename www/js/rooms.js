// The list of my rooms and my place in them. Called by main.js and conversation.js.
// Group rooms are joined as soon as they are known, because a group's messages reach only joined sockets;
// a direct chat's reach both people in any case: it is joined when opened, for who writes and who is there.

import { roomFromRest } from './messages.js';
import { compareIds } from './store.js';

const SOON_MS = 400;

export function createRooms({ store, api, remote }) {
	let running = null;
	let again = false;
	let timer;

	async function load() {
		const rows = await api.rooms();
		const mine = new Set(rows.map((row) => row.sala_uuid));
		const missing = [...store.rooms.values()].filter((room) => !mine.has(room.uuid));
		await Promise.all(missing.map((room) => (room.unlisted ? look(room.uuid) : store.dropRoom(room.uuid))));
		for (const row of rows) put(row);
		store.loaded = true;
		store.emit('rooms-loaded');
		await Promise.all(store.roomList().filter((room) => room.kind === 'grupal').map(join));
	}

	function put(row, more = { unlisted: false }) {
		const room = roomFromRest(row, store.me);
		const known = store.rooms.get(room.uuid)?.last?.id;
		// Older than what was heard meanwhile, and so is its count; or the newest was deleted. The next reading tells.
		if (known && compareIds(room.last?.id ?? '0', known) < 0) again = true;
		if (room.last) store.learnPerson(room.last.from, room.last.name);
		store.putRoom({ ...room, ...more });
	}

	// A room that the list has no place for is read by itself, which tells no count. One that is not mine is dropped.
	async function look(uuid) {
		try {
			const row = await api.room(uuid);
			put(row, { unlisted: true, unread: store.rooms.get(uuid)?.unread ?? 0 });
		} catch (error) {
			if (![400, 403, 404].includes(error.status)) throw error;
			if (store.rooms.has(uuid)) store.dropRoom(uuid);
		}
	}

	// Without a socket there is nothing to join.
	async function join(room) {
		if (room.joined || room.left || remote.way !== 'socket') return;
		try {
			await (room.kind === 'grupal' ? remote.openGroup(room.groupId) : remote.openPerson(room.otherId));
			room.joined = true;
		} catch (error) {
			if (error.code === 'not_member') room.left = true;
		}
	}

	// Reads the list; calls during a run are answered by one more run after it.
	async function reload() {
		if (running) {
			again = true;
			return running;
		}
		running = (async () => {
			do {
				again = false;
				await load();
			} while (again);
		})();
		try {
			await running;
		} finally {
			running = null;
		}
	}

	return {
		join,
		reload,
		// Returns the room, null when it is not mine.
		async find(uuid) {
			if (!store.rooms.has(uuid)) await look(uuid);
			return store.rooms.get(uuid) ?? null;
		},
		// Many reasons in a row are one reading. One that fails is made up for by the next.
		reloadSoon() {
			clearTimeout(timer);
			timer = setTimeout(() => reload().catch(() => {}), SOON_MS);
		},
		// After a new connection nobody is in any room.
		forgetJoins() {
			for (const room of store.rooms.values()) room.joined = room.left = false;
		},
	};
}
