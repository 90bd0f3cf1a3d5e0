// The list of my rooms and my place in them. Called by main.js and conversation.js.
// Group rooms are joined as soon as they are known, because a group's messages reach only joined sockets;
// a direct chat's reach both people in any case.

import { roomFromRest } from './messages.js';

export function createRooms({ store, api, socket }) {
	let running = null;
	let again = false;

	async function load() {
		const rows = await api.rooms();
		const mine = new Set(rows.map((row) => row.sala_uuid));
		for (const uuid of store.rooms.keys()) if (!mine.has(uuid)) store.dropRoom(uuid);
		for (const row of rows) {
			const room = roomFromRest(row, store.me);
			if (room.last) store.learnPerson(room.last.from, room.last.name);
			store.putRoom(room);
		}
		store.emit('rooms-loaded');
		await Promise.all(store.roomList().map(joinGroup));
	}

	async function joinGroup(room) {
		if (room.kind !== 'grupal' || room.joined || room.left) return;
		try {
			await socket().request('join_group', { group_id: room.groupId });
			room.joined = true;
		} catch (error) {
			if (error.code === 'not_member') room.left = true;
		}
	}

	return {
		joinGroup,
		// After a new connection nobody is in any room.
		forgetJoins() {
			for (const room of store.rooms.values()) room.joined = room.left = false;
		},
		// Reads the list; calls during a run are answered by one more run after it.
		async reload() {
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
		},
	};
}
