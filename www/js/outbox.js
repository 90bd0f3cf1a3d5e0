// Sending: a message is on the screen at once, keeps one client_id for all its tries (so a repeat stores
// nothing twice), and ends as sent or as failed. It outlives a reload until it is known to be stored.
// Called by main.js and connection.js; calls remote.js and pending.js. What failed for want of a connection
// or of a server that takes it goes again by itself when there is one.
//
// Of a message: waiting (until something tells that it may go), timer (its deadline), late (that is over).

import { createPending } from './pending.js';
import { messageUuid } from './uuid5.js';

const TEXT_MAX_BYTES = 65535;
const WAIT_MS = 12000;
const UNAVAILABLE_PAUSE_MS = 2000;
const UNAVAILABLE_UNTIL_MS = 10000;    // so long a server that cannot take it is asked again
// Refusals that may pass, and those of the text, which another try does not mend.
const PASSING = ['sin_conexion', 'sin_respuesta', 'unavailable'];
const TEXT_REFUSED = ['bad_request', 'too_long'];
const NO_CONNECTION = { code: 'sin_conexion' };
const BEHIND = { code: 'unavailable', message: 'espera a uno anterior' };

// How many characters are too many.
export function surplus(text) {
	const fitting = new Uint8Array(TEXT_MAX_BYTES);
	const { read } = new TextEncoder().encodeInto(text, fitting);
	return Array.from(text.slice(read)).length;
}

// crypto.randomUUID exists only on https and localhost; a campus may well serve plain http.
function randomId() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function createOutbox({ store, remote }) {
	const pending = createPending(store.me);
	// In the order written.
	const unsent = new Map();
	const lines = new Map();
	let lastStamp = 0;

	// Strictly increasing, so that the order written is known.
	function timestamp() {
		lastStamp = Math.max(Date.now(), lastStamp + 1);
		return new Date(lastStamp).toISOString();
	}

	const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

	function show() {
		store.emit('thread');
		store.emit('rooms');
	}

	function setState(message, state, error = null) {
		message.state = state;
		message.error = error;
		show();
	}

	function forget(message) {
		unsent.delete(message.clientId);
		clearTimeout(message.timer);
		pending.forget(message.clientId);
	}

	// Stored by now, then it comes as such; or not wanted any more.
	function drop(message) {
		forget(message);
		store.remove(message);
		show();
	}

	// What is true of it now: one try without an answer may have stored it, whatever the next one met.
	function reason(message, error) {
		if (message.doubtful) return 'Sin respuesta: puede que se haya enviado';
		if (error.code === 'sin_conexion') return 'Sin conexión: se enviará cuando vuelva';
		return `No se envió: ${error.message}`;
	}

	function fail(message, error) {
		message.passing = PASSING.includes(error.code);
		message.textRefused = TEXT_REFUSED.includes(error.code);
		setState(message, 'fallo', reason(message, error));
		if (!message.told) store.emit('failed', message);
		message.told = true;
		// Nobody could see it or try it again: it was in a room that is no longer mine.
		if (!message.passing && store.loaded && !store.rooms.has(message.room)) forget(message);
	}

	function settle(message, ack) {
		forget(message);
		if (message.id) return;
		if (ack.enviado_en) message.at = new Date(ack.enviado_en);
		const uuid = ack.mensaje_uuid;
		// A server that names messages otherwise: the stored one may be here already.
		if (store.thread(message.room).messages.some((one) => one.uuid === uuid && one !== message)) store.remove(message);
		else store.merge(Object.assign(message, { id: String(ack.mensaje_id), uuid, state: null, error: null }));
		store.touchRoom(message);
		show();
	}

	// Waits, not for ever: however often it is tried meanwhile, its deadline stays.
	function hold(message) {
		message.waiting = true;
		if (message.late) giveUp(message);
	}

	// The next connection takes it along even so; what waited behind it goes now.
	function giveUp(message) {
		message.waiting = false;
		fail(message, remote.way ? BEHIND : NO_CONNECTION);
		if (remote.way) resume();
	}

	// From now on it has its time again.
	function begin(message) {
		clearTimeout(message.timer);
		message.late = false;
		message.timer = setTimeout(() => {
			message.late = true;
			if (message.waiting) giveUp(message);
		}, WAIT_MS);
	}

	// One before it in the room waits: so does this one, or it would be stored first.
	function overtakes(message) {
		for (const one of unsent.values()) {
			if (one === message) return false;
			if (one.waiting && one.room === message.room) return true;
		}
		return false;
	}

	// How long to wait before the server is asked again, null when it is not to be.
	function pauseAfter(error, until) {
		if (error.code === 'too_fast') return error.retryMs ?? 1000;
		const again = error.code === 'unavailable' && !error.unknown && Date.now() < until;
		return again ? UNAVAILABLE_PAUSE_MS : null;
	}

	// One try after the other: too fast is tried again after the time the server said, what it cannot take for a while,
	// and a way that was there and is not now is followed by the next.
	async function transmit(message) {
		const until = Date.now() + UNAVAILABLE_UNTIL_MS;
		while (unsent.has(message.clientId)) {
			const { way } = remote;
			if (message.restored && !pending.has(message.clientId)) return drop(message);
			if (!way || overtakes(message)) return hold(message);
			try {
				return settle(message, await remote.send(message));
			} catch (error) {
				if (!unsent.has(message.clientId)) return;
				message.doubtful ||= error.unknown;
				const ms = pauseAfter(error, until);
				if (ms !== null) await pause(ms);
				else if (remote.way === way) {
					const passes = error.code === 'sin_conexion' || error.code === 'unavailable';
					return way === 'rest' && passes ? hold(message) : fail(message, error);
				}
			}
		}
	}

	// In a room one after the other, or they might be stored in another order than written.
	function dispatch(message) {
		message.waiting = false;
		setState(message, 'enviando');
		const before = lines.get(message.room) ?? Promise.resolve();
		lines.set(message.room, before.catch(() => {}).then(() => transmit(message)));
	}

	function start(message) {
		begin(message);
		dispatch(message);
	}

	// In the order written. fresh: a connection is there that was not, so what failed for want of one goes too.
	function resume(fresh = false) {
		for (const message of unsent.values()) {
			if (message.waiting) dispatch(message);
			else if (fresh && message.state === 'fallo' && message.passing) start(message);
		}
	}

	function add({ clientId, room, roomKind, text, kind, timestamp: stamp }) {
		const message = store.addPending({
			key: clientId,
			clientId,
			id: null,
			uuid: messageUuid(store.me, clientId),
			room,
			roomKind,
			from: store.me,
			text,
			kind,
			url: null,
			at: new Date(stamp),
			timestamp: stamp,
			state: 'enviando',
		});
		unsent.set(clientId, message);
		return message;
	}

	store.on('stored', (message) => {
		forget(message);
		store.emit('rooms');
	});
	for (const record of pending.list()) {
		const message = Object.assign(add(record), { restored: true });
		begin(message);
		hold(message);
	}
	pending.watch((clientId) => unsent.has(clientId) && drop(unsent.get(clientId)));

	return {
		send(room, text) {
			const record = {
				clientId: randomId(), room: room.uuid, roomKind: room.kind, text, kind: 'texto', timestamp: timestamp(),
			};
			pending.save(record);
			start(add(record));
		},
		retry: start,
		discard: drop,
		get count() {
			return unsent.size;
		},
		discardAll() {
			for (const message of [...unsent.values()]) drop(message);
		},
		resume,
	};
}
