// What the page knows: people, rooms, messages, receipts. No network, no screen: those who change it are
// rooms.js, conversation.js, outbox.js, receipts.js and presence.js; those who show it listen with on().
//
// room     { uuid, kind: 'directo'|'grupal', otherId, groupId, last, activity, unread, joined, left, unlisted, cut (the list
//          had no place for its last message), told (the id up to which its messages were announced by their number) }
// message  { key, id, uuid, room, from, text, kind, url, at, timestamp, clientId, state, error, doubtful, textRefused,
//          edited, deleted }; id is a decimal string, null until stored; state is set only on own messages on their
//          way ('enviando' | 'fallo'), doubtful when a try got no answer; later states follow from the receipts.
// thread   { messages, loaded, failed (the last try to load), complete (nothing older), freshKey }; sorted by id,
//          those without one at the end.

import { createMarks } from './marks.js';

// Decimal strings: sockets bring ids up to 2^63-1; what REST brings was a JSON number, exact up to 2^53.
export function compareIds(a, b) {
	return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function compareMessages(a, b) {
	if (a.id && b.id) return compareIds(a.id, b.id);
	if (a.id || b.id) return a.id ? -1 : 1;
	return a.order - b.order;
}

const newThread = (messages = []) => ({ messages, loaded: false, failed: false, complete: false, freshKey: null });

export function createStore(me, demo) {
	const listeners = new Map();
	const people = new Map(demo.personas.map((person) => [String(person.id), person.nombre]));
	const groups = new Map(demo.grupos.map((group) => [String(group.id), group.nombre]));
	const rooms = new Map();
	const threads = new Map();
	const marks = createMarks(me);
	const presence = new Map();
	const writers = new Map();
	let order = 0;
	let receiptsDue = false;

	function learn(names, id, name) {
		if (!name || names.get(id) === name) return;
		names.set(id, name);
		store.emit('rooms');
	}

	const store = {
		me,
		rooms,
		current: null,
		// The end of the open conversation is on the screen; ui/scroll.js says so.
		endInView: false,
		// The list of rooms has been read at least once.
		loaded: false,
		// By a socket or by polls.
		connected: false,
		setConnected(yes) {
			store.connected = yes;
			store.emit('connection');
		},
		// What this server can do; remote.js learns it.
		features: { edits: true, typing: true, presence: true },

		on(topic, listener) {
			listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
		},
		emit(topic, detail) {
			for (const listener of listeners.get(topic) ?? []) listener(detail);
		},

		personName: (id) => people.get(id) ?? `Usuario ${id}`,
		groupName: (id) => groups.get(id) ?? `Grupo ${id}`,
		learnPerson: (id, name) => learn(people, id, name),
		learnGroup: (id, name) => learn(groups, id, name),
		roomTitle: (room) => {
			if (room.kind === 'grupal') return store.groupName(room.groupId);
			return room.otherId === null ? 'Conversación sin destinatario' : store.personName(room.otherId);
		},

		// Rooms, latest activity first.
		roomList() {
			const lastId = (room) => room.last?.id ?? '0';
			return [...rooms.values()].sort((a, b) => b.activity - a.activity || compareIds(lastId(b), lastId(a)));
		},
		// A room stays the same object for ever: others hold on to it while they wait for an answer.
		putRoom(room) {
			const kept = rooms.get(room.uuid) ?? { joined: false, left: false };
			rooms.set(room.uuid, Object.assign(kept, room));
			store.emit('rooms');
		},
		dropRoom(uuid) {
			const room = rooms.get(uuid);
			rooms.delete(uuid);
			threads.delete(uuid);
			marks.drop(uuid);
			if (store.current === uuid) store.select(null);
			store.emit('dropped', room);
			store.emit('rooms');
		},
		setUnread(room, count) {
			if (room.unread === count) return;
			room.unread = count;
			store.emit('rooms');
		},
		unreadTotal: () => [...rooms.values()].reduce((sum, room) => sum + room.unread, 0),

		select(uuid) {
			const before = threads.get(store.current);
			if (before && store.current !== uuid) before.freshKey = null;
			store.current = uuid;
			store.emit('select');
			store.emit('rooms');
		},

		setEndInView(yes) {
			const came = yes && !store.endInView;
			store.endInView = yes;
			if (came) store.emit('end-in-view');
		},

		thread(uuid) {
			if (!threads.has(uuid)) threads.set(uuid, newThread());
			return threads.get(uuid);
		},
		// Forgets what was loaded of all rooms but `keep`, so that it is read anew when opened. What was not loaded yet begins
		// anew in any case. Each gets another object: by that an answer which was on its way is known to be too old.
		forgetThreads(keep) {
			for (const [uuid, { messages, loaded }] of threads) {
				if (uuid !== keep || !loaded) threads.set(uuid, newThread(messages.filter((message) => !message.id)));
			}
		},

		// Adds or completes a message: equal uuids are one message, an own one on its way included.
		// Returns the message kept and whether it is new.
		merge(message) {
			const { messages } = store.thread(message.room);
			const known = messages.find((one) => one.uuid === message.uuid);
			if (known) {
				if (known.state) store.emit('stored', known);
				Object.assign(known, message, { key: known.key, state: null, error: null });
				messages.sort(compareMessages);
				return { message: known, added: false };
			}
			const fresh = { key: message.uuid, ...message };
			messages.push(fresh);
			messages.sort(compareMessages);
			return { message: fresh, added: true };
		},
		addPending(message) {
			store.thread(message.room).messages.push({ ...message, order: ++order });
			return store.thread(message.room).messages.at(-1);
		},
		remove(message) {
			const thread = store.thread(message.room);
			thread.messages = thread.messages.filter((one) => one !== message);
		},
		// The newest own message there that did not go, if any.
		failedIn(uuid) {
			const last = threads.get(uuid)?.messages.findLast((one) => one.id || one.state === 'fallo');
			return last?.state === 'fallo' ? last : null;
		},
		touchRoom(message) {
			const room = rooms.get(message.room);
			if (!room || (room.last?.id && message.id && compareIds(message.id, room.last.id) < 0)) return;
			room.last = message;
			room.activity = Math.max(room.activity, message.at.getTime());
			store.emit('rooms');
		},

		knowsPresence: (userId) => presence.has(userId),
		isOnline: (userId) => presence.get(userId)?.online === true,
		// undefined while nobody has said.
		lastSeen: (userId) => presence.get(userId)?.lastSeen,
		setPresence(userId, online, lastSeen) {
			presence.set(userId, { online, lastSeen: lastSeen ? new Date(lastSeen) : null });
			store.emit('rooms');
		},
		forgetPresence() {
			presence.clear();
			writers.clear();
			store.emit('rooms');
			store.emit('typing');
		},
		setTyping(uuid, userId, typing) {
			if (!writers.has(uuid)) writers.set(uuid, new Set());
			const before = writers.get(uuid).has(userId);
			if (before === typing) return;
			if (typing) writers.get(uuid).add(userId);
			else writers.get(uuid).delete(userId);
			store.emit('typing');
		},
		writers: (uuid) => [...writers.get(uuid) ?? []],

		// Many in one turn are one drawing.
		putReceipt(uuid, userId, kind, id) {
			const reader = marks.reader(uuid, userId);
			if (reader[kind] && compareIds(reader[kind], id) >= 0) return;
			reader[kind] = id;
			marks.changed();
			if (uuid !== store.current || receiptsDue) return;
			receiptsDue = true;
			queueMicrotask(() => {
				receiptsDue = false;
				store.emit('thread');
			});
		},
		// 'enviando' | 'fallo' | 'enviado' | 'entregado' | 'leido', and how many have read it.
		messageState(message) {
			if (message.state) return { state: message.state, readers: 0 };
			const readers = marks.readers(message.room);
			const upTo = (kind) => readers.filter((one) => one[kind] && compareIds(one[kind], message.id) >= 0).length;
			const read = upTo('read');
			if (read) return { state: 'leido', readers: read };
			return { state: upTo('delivered') ? 'entregado' : 'enviado', readers: 0 };
		},
	};
	return store;
}
