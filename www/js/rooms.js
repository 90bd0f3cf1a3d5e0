// The list of my rooms and my place in them. Called by main.js and conversation.js.
// Group rooms are joined as soon as they are known, because a group's messages reach only joined sockets;
// a direct chat's reach both people in any case: it is joined when opened, for who writes and who is there.

import { roomFromRest } from './messages.js';
import { compareIds } from './store.js';

const SOON_MS = 400;
const OLD_MS = 30000;
const JOINS_AT_ONCE = 8;
const JOIN_AGAIN_MS = 3000;
const JOIN_PAUSE_MS = 500; // at least, so that what is allowed meanwhile is more than one
// Refusals that pass. Of any other the room is not asked for again on this connection.
const PASSING = ['too_fast', 'unavailable', 'internal', 'sin_conexion', 'sin_respuesta'];

export function createRooms({ store, api, remote }) {
	let running = null;
	let again = false;
	let timer;
	let oldTimer;
	let joinTimer = null;
	let late = false;
	let entered = false;
	// How many messages the list told of that had not been heard, by room; of one run of readings.
	let unheard = new Map();

	async function load() {
		clearTimeout(oldTimer);
		oldTimer = setTimeout(refresh, OLD_MS);
		const { rows, truncated } = await api.rooms();
		const mine = new Set(rows.map((row) => row.sala_uuid));
		const missing = [...store.rooms.values()].filter((room) => !mine.has(room.uuid));
		await Promise.all(missing.map((room) => (room.unlisted || truncated ? look(room.uuid) : store.dropRoom(room.uuid))));
		for (const row of rows) {
			const before = { ...store.rooms.get(row.sala_uuid) };
			const room = put(row, { unlisted: false, cut: truncated && !row.ultimo_mensaje });
			if (store.loaded) count(before, room);
		}
		store.loaded = true;
		store.emit('rooms-loaded');
		entered = false;
		await joinAll();
		// What was said in a group between the list and the join is in neither.
		again ||= entered;
	}

	// more.cut: the list had no place for its last message; the one that is known stays.
	function put(row, more) {
		const room = roomFromRest(row, store.me);
		const kept = store.rooms.get(room.uuid);
		if (more.cut && kept?.last) Object.assign(room, { last: kept.last, activity: kept.activity });
		const known = kept?.last?.id;
		// Older than what was heard meanwhile, and so is its count; or the newest was deleted. The next reading tells.
		if (known && compareIds(room.last?.id ?? '0', known) < 0) again = true;
		if (room.last) store.learnPerson(room.last.from, room.last.name);
		if (room.kind === 'directo') store.learnPerson(room.otherId, row.nombre);
		else store.learnGroup(room.groupId, row.nombre);
		store.putRoom({ ...room, ...more });
		return store.rooms.get(room.uuid);
	}

	function count(before, room) {
		if (compareIds(room.last?.id ?? '0', before.last?.id ?? '0') <= 0 || room.unread <= (before.unread ?? 0)) return;
		unheard.set(room, (unheard.get(room) ?? 0) + room.unread - (before.unread ?? 0));
	}

	// A room that the list has no place for is read by itself, which tells no count. One that is not mine is dropped.
	async function look(uuid) {
		try {
			const row = await api.room(uuid);
			put(row, { unlisted: true, cut: false, unread: store.rooms.get(uuid)?.unread ?? 0 });
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
			entered ||= room.kind === 'grupal';
		} catch (error) {
			if (PASSING.includes(error.code)) joinAgain(error.retryMs ?? JOIN_AGAIN_MS);
			else room.left = true;
		}
	}

	function joinAgain(ms) {
		late = true;
		joinTimer ??= setTimeout(joinAll, Math.max(ms, JOIN_PAUSE_MS));
	}

	// The groups and what is open, which goes first: a few at a time until one is put off, the rest with that one.
	// Once all are joined, others are told if some were joined late: what was said there meanwhile was not heard.
	async function joinAll() {
		clearTimeout(joinTimer);
		joinTimer = null;
		const isOpen = (room) => room.uuid === store.current;
		const waiting = store.roomList().filter((room) => room.kind === 'grupal' || isOpen(room))
			.sort((a, b) => isOpen(b) - isOpen(a));
		const some = async () => {
			while (waiting.length && !joinTimer) await join(waiting.shift());
		};
		await Promise.all(Array.from({ length: JOINS_AT_ONCE }, some));
		if (!late || joinTimer || remote.way !== 'socket') return;
		late = false;
		store.emit('joined-late');
	}

	// Reads the list; calls during a run are answered by one more run after it. Resolves with what it told of unheard.
	async function reload() {
		if (running) {
			again = true;
			return running;
		}
		running = (async () => {
			unheard = new Map();
			do {
				again = false;
				await load();
			} while (again);
			return unheard;
		})();
		try {
			return await running;
		} finally {
			running = null;
		}
	}

	// Many reasons in a row are one reading. One that fails is made up for by the next.
	function reloadSoon() {
		clearTimeout(timer);
		timer = setTimeout(() => reload().catch(() => {}), SOON_MS);
	}

	// Nobody tells of a group that one was put into: the list is read again while somebody looks, and when he looks again.
	function refresh() {
		if (store.loaded && store.connected && document.visibilityState === 'visible') reloadSoon();
	}
	document.addEventListener('visibilitychange', refresh);

	return {
		join,
		reload,
		reloadSoon,
		// At a cut: a reading then would take in what was not heard and tell nobody; the one behind the cut tells.
		reloadLater: () => clearTimeout(timer),
		// Returns the room, null when it is not mine.
		async find(uuid) {
			if (!store.rooms.has(uuid)) await look(uuid);
			return store.rooms.get(uuid) ?? null;
		},
		forgetJoins() {
			clearTimeout(joinTimer);
			joinTimer = null;
			late = false;
			for (const room of store.rooms.values()) room.joined = room.left = false;
		},
	};
}
