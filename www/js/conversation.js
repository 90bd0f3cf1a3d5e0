// One conversation at a time: opening it, its history, and what comes in by the socket or by a poll.
// Called by main.js, connection.js and poller.js; calls rooms.js, receipts.js and remote.js.

import { compareIds } from './store.js';
import { fromRest } from './messages.js';

const PAGE = 50;
const REREAD_PAGES = 10;

export function createConversation({ store, api, remote, rooms, receipts }) {
	let recent = {};
	// What became of messages while a page of history was on its way.
	const late = new Map();
	let underWay = 0;

	// A page of history, oldest first, with what has become of it since.
	async function page(uuid, query) {
		underWay += 1;
		try {
			return (await api.messages(uuid, query)).map((row) => Object.assign(fromRest(row), late.get(String(row.id))));
		} finally {
			underWay -= 1;
			if (!underWay) late.clear();
		}
	}

	function take(messages) {
		for (const message of messages) {
			store.learnPerson(message.from, message.name);
			if (!message.deleted) store.merge(message);
		}
	}

	// The first of the `unread` newest messages of others gets the line "Mensajes nuevos" above it.
	function markFresh(thread, unread) {
		const theirs = thread.messages.filter((message) => message.from !== store.me);
		thread.freshKey = unread > 0 && theirs.length ? theirs.at(-Math.min(unread, theirs.length)).key : null;
	}

	// Only an empty page says that there is nothing older: a page ends at 50 messages or at a number of bytes.
	async function loadBefore(uuid, id) {
		const { messages } = store.thread(uuid);
		const older = await page(uuid, { before: id, limit: PAGE });
		// The thread began anew meanwhile: before its first message is not before this one.
		if (!store.thread(uuid).messages.some((one) => messages.includes(one) && one.id === id)) return;
		store.thread(uuid).complete = older.length === 0;
		take(older);
	}

	// newestKnown: the newest id before a cut, null when there was none.
	async function loadNewest(room, newestKnown) {
		const thread = store.thread(room.uuid);
		thread.failed = false;
		const newest = await page(room.uuid, { limit: PAGE }).catch((error) => {
			thread.failed = true;
			store.emit('thread');
			throw error;
		});
		// Asked before a cut: what came meanwhile is not in it.
		if (store.thread(room.uuid) !== thread) return;
		// A page that does not reach back to what is known leaves a hole: begin again from this page.
		if (newestKnown && newest.length && compareIds(newest[0].id, newestKnown) > 0) {
			thread.messages = thread.messages.filter(({ id }) => !id || compareIds(id, newest[0].id) >= 0);
			thread.loaded = thread.complete = false;
		}
		take(newest);
		if (!thread.loaded) thread.complete = newest.length === 0;
		// A short page is nearly always the whole room; asked now, nobody is offered older messages that are not there.
		if (!thread.loaded && newest.length && newest.length < PAGE) await loadBefore(room.uuid, newest[0].id).catch(() => {});
		if (!thread.loaded) markFresh(thread, room.unread);
		thread.loaded = true;
		store.emit('thread');
		receipts.learn(room.uuid);
	}

	// Joins first and loads after, so that no message falls between the two. It is read once its end is in view.
	async function open(uuid) {
		const room = store.rooms.get(uuid);
		if (!room) return;
		const thread = store.thread(uuid);
		if (thread.loaded && store.current !== uuid) markFresh(thread, room.unread);
		store.select(uuid);
		await rooms.join(room);
		if (!store.thread(uuid).loaded) await loadNewest(room, null);
	}

	// Known and ready to be opened, which the person may not want any more.
	async function ready(answer) {
		if (!store.rooms.has(answer.sala_uuid)) await rooms.reload();
		await rooms.find(answer.sala_uuid);
		return answer.sala_uuid;
	}

	// What nobody heard is told by its number; what is told so is not told again when a push or a poll brings it after all.
	function tell(unheard) {
		const news = [...unheard].filter(([room]) => store.rooms.has(room.uuid) && room.told !== room.last?.id);
		for (const [room] of news) room.told = room.last.id;
		if (news.length) store.emit('missed', news.map(([room, count]) => ({ room, count })));
	}

	function arrived(room, message) {
		if (!room.told || compareIds(message.id, room.told) > 0) store.emit('arrival', { room, message });
	}

	async function receive(message) {
		store.learnPerson(message.from, message.name);
		const room = store.rooms.get(message.room);
		if (!room) {
			if (message.from !== store.me) receipts.delivered(message);
			await rooms.reload();
			const found = store.rooms.get(message.room);
			if (!found || message.from === store.me) return;
			arrived(found, message);
			found.told ??= message.id;
			return;
		}
		// Not newer than what the list of rooms came with: its unread count may hold this one already, as when a
		// cursor repeats. Then the server is asked again.
		const listed = Boolean(room.last?.id) && compareIds(message.id, room.last.id) <= 0;
		const { added } = store.merge(message);
		store.touchRoom(message);
		if (room.uuid === store.current) store.emit('thread');
		if (!added || message.from === store.me) return;
		if (receipts.watching(room.uuid)) {
			receipts.seen(room, message);
		} else {
			receipts.delivered(message);
			if (listed) rooms.reloadSoon();
			else store.setUnread(room, room.unread + 1);
		}
		if (!listed || store.thread(room.uuid).loaded) arrived(room, message);
	}

	// Rooms that nobody has opened here are read anew when somebody does.
	function change(uuid, id, now) {
		const room = store.rooms.get(uuid);
		const message = store.thread(uuid).messages.find((one) => one.id === id);
		if (message) Object.assign(message, now);
		if (underWay) late.set(id, { ...late.get(id), ...now });
		// Whether it was among those not read, and what is the last one now, the server knows.
		if (now.deleted && room && (room.unread || room.last?.id === id)) rooms.reloadSoon();
		if (room?.last?.id === id) Object.assign(room.last, now);
		store.emit('thread');
		store.emit('rooms');
	}

	// Rows, oldest first, and those before them, up to `pages` pages, as far as the message `id`. Returns them, from which id
	// on they are all, and whether every page came.
	async function readBack(uuid, rows, id, pages) {
		let from = String(rows[0]?.id ?? 0);
		for (let n = 0; n < pages && compareIds(id, from) < 0; n++) {
			const older = await api.messages(uuid, { before: from, limit: PAGE }).catch(() => null);
			if (!older) return { rows, from, whole: false };
			rows = [...older, ...rows];
			from = String(older[0]?.id ?? 0);
		}
		return { rows, from, whole: true };
	}

	// While no event tells what became of the messages on the screen: the newest page is read again; after a cut (`all`)
	// also what was loaded above it. Of those that were known before, one that is missing there was deleted; new ones come
	// with the news.
	async function refresh(all = false) {
		const uuid = store.current;
		const thread = uuid && store.thread(uuid);
		if (!thread?.loaded || !store.rooms.has(uuid)) return;
		await receipts.learn(uuid);
		const live = thread.messages.filter((message) => message.id && !message.deleted);
		const known = new Map(live.map((message) => [message, message.text]));
		const answer = await api.recent(uuid, { limit: PAGE, etag: !all && recent.room === uuid ? recent.etag : null });
		if (!answer) return;
		// What stands before the page may be gone too, when the page was short and now nothing is there.
		const pages = all ? REREAD_PAGES : Number(answer.rows.length < PAGE);
		const read = live.length ? await readBack(uuid, answer.rows, live[0].id, pages) : { rows: [], from: '0', whole: true };
		const rows = new Map(read.rows.map((row) => [row.mensaje_uuid, fromRest(row)]));
		let overtaken = false;
		for (const [message, text] of known) {
			const now = rows.get(message.uuid);
			// What changed here since the question is newer than the answer, or not: the next one tells.
			if (message.deleted || message.text !== text) overtaken = true;
			else if (!now && compareIds(message.id, read.from) >= 0) change(uuid, message.id, { deleted: true });
			else if (now && now.text !== text) change(uuid, message.id, { text: now.text, edited: now.edited });
		}
		recent = overtaken || !read.whole ? {} : { room: uuid, etag: answer.etag };
	}

	return {
		open,
		receive,
		refresh,
		openPerson: async (id) => ready(await remote.openPerson(id)),
		openGroup: async (id) => ready(await remote.openGroup(id)),
		async loadOlder() {
			const thread = store.thread(store.current);
			if (!thread.loaded) return open(store.current);
			const oldest = thread.messages.find((message) => message.id);
			if (!oldest || thread.complete) return;
			await loadBefore(oldest.room, oldest.id);
			store.emit('thread');
		},
		// After a cut: what is on the screen is brought up to date, the rest is read anew when it is opened.
		// heard: no message was missed, only what became of them.
		async catchUp(heard = false) {
			const current = store.current;
			// A group that a poll told of: nobody has heard for us what was said in it.
			const wasIn = store.rooms.get(current)?.joined;
			const newestKnown = current ? store.thread(current).messages.findLast((message) => message.id)?.id : null;
			store.forgetThreads(current);
			const unheard = await rooms.reload();
			if (!heard) tell(unheard);
			const room = store.rooms.get(current);
			if (!room) return;
			if (!heard || !wasIn || !store.thread(current).loaded) await loadNewest(room, newestKnown);
			if (newestKnown) await refresh(true);
			if (receipts.watching(room.uuid)) await receipts.readAll(room);
		},
		// What became of a message: its text after an edit, or that it is gone.
		edited: ({ sala_uuid: uuid, mensaje_id: id, message: text }) => change(uuid, String(id), { text, edited: true }),
		deleted: ({ sala_uuid: uuid, mensaje_id: id }) => change(uuid, String(id), { deleted: true }),
		async edit(message, text) {
			await remote.edit(message, text);
			change(message.room, message.id, { text, edited: true });
		},
		async remove(message) {
			await remote.remove(message);
			change(message.room, message.id, { deleted: true });
		},
	};
}
