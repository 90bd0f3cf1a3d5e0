// Sending: a message is on the screen at once, keeps one client_id for all its tries (so a repeat stores
// nothing twice), and ends as sent or as failed. It outlives a reload until it is known to be stored.
// Called by main.js and connection.js; calls remote.js and pending.js. What failed for want of a connection
// goes again by itself when there is one.

import { createPending } from './pending.js';
import { messageUuid } from './uuid5.js';

const TEXT_MAX_BYTES = 65535;
const WAIT_MS = 12000;

export function tooLong(text) {
	return new TextEncoder().encode(text).length > TEXT_MAX_BYTES;
}

// crypto.randomUUID exists only on https and localhost; a campus may well serve plain http.
function randomId() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function createOutbox({ store, remote }) {
	const pending = createPending(store.me);
	const unsent = new Map();
	let restQueue = Promise.resolve();
	let lastStamp = 0;

	// Strictly increasing, so that the order written is known.
	function timestamp() {
		lastStamp = Math.max(Date.now(), lastStamp + 1);
		return new Date(lastStamp).toISOString();
	}

	function setState(message, state, error = null) {
		message.state = state;
		message.error = error;
		store.emit('thread');
	}

	function forget(message) {
		unsent.delete(message.clientId);
		pending.forget(message.clientId);
	}

	function fail(message, error) {
		message.passing = error.code === 'sin_conexion' || error.code === 'sin_respuesta';
		setState(message, 'fallo', error.message);
		// Nobody could see it or try it again: it was in a room that is no longer mine.
		if (!message.passing && error.code !== 'unavailable' && store.loaded && !store.rooms.has(message.room)) forget(message);
	}

	function settle(message, ack) {
		forget(message);
		if (message.id) return;
		const uuid = ack.mensaje_uuid;
		// A server that names messages otherwise: the stored one may be here already.
		if (store.thread(message.room).messages.some((one) => one.uuid === uuid && one !== message)) store.remove(message);
		else store.merge(Object.assign(message, { id: String(ack.mensaje_id), uuid }));
		store.touchRoom(message);
		store.emit('thread');
	}

	function again(message, afterMs) {
		setTimeout(() => unsent.has(message.clientId) && dispatch(message), afterMs);
	}

	// A way that was there and is not now: what was tried by it is tried by the next.
	function trouble(message, way, error) {
		if (!unsent.has(message.clientId)) return;
		if (error.code === 'too_fast') again(message, error.retryMs ?? 1000);
		else if (remote.way !== way) dispatch(message);
		else if (way === 'rest' && (error.code === 'sin_conexion' || error.code === 'unavailable')) hold(message);
		else fail(message, error);
	}

	async function transmit(message, way) {
		try {
			settle(message, await remote.send(message));
		} catch (error) {
			trouble(message, way, error);
		}
	}

	// Waits for a connection, not for ever; the next one takes it along even then.
	function hold(message) {
		message.waiting = true;
		setTimeout(() => {
			if (!message.waiting || !unsent.has(message.clientId)) return;
			message.waiting = false;
			fail(message, { code: 'sin_conexion', message: 'Sin conexión' });
		}, WAIT_MS);
	}

	// By REST one after the other, or they might be stored in another order than written.
	function dispatch(message) {
		const { way } = remote;
		message.waiting = false;
		setState(message, 'enviando');
		if (way === 'socket') transmit(message, way);
		else if (way === 'rest') restQueue = restQueue.then(() => unsent.has(message.clientId) && transmit(message, way));
		else hold(message);
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

	store.on('stored', forget);
	for (const record of pending.list()) hold(add(record));

	return {
		send(room, text) {
			const record = {
				clientId: randomId(), room: room.uuid, roomKind: room.kind, text, kind: 'texto', timestamp: timestamp(),
			};
			pending.save(record);
			dispatch(add(record));
		},
		retry: dispatch,
		discard(message) {
			forget(message);
			store.remove(message);
			store.emit('thread');
		},
		// A connection is there: what waited and what failed for want of one goes, in the order written.
		resume() {
			for (const message of unsent.values()) {
				if (message.waiting || (message.state === 'fallo' && message.passing)) dispatch(message);
			}
		},
	};
}
