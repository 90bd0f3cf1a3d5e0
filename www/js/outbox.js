// Sending: a message is on the screen at once, keeps one client_id for all its tries (so a repeat stores
// nothing twice), and ends as sent or as failed. Called by main.js. What failed for want of a connection
// goes again by itself when there is one.

const TEXT_MAX_BYTES = 65535;
const WAIT_MS = 12000;

export function tooLong(text) {
	return new TextEncoder().encode(text).length > TEXT_MAX_BYTES;
}

// crypto.randomUUID exists only on https and localhost; a campus may well serve plain http.
function randomId() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function createOutbox({ store, socket }) {
	const waiting = new Set();
	let lastStamp = 0;

	// Strictly increasing, because the server's echo is recognized by it.
	function timestamp() {
		lastStamp = Math.max(Date.now(), lastStamp + 1);
		return new Date(lastStamp).toISOString();
	}

	function setState(message, state, error = null) {
		message.state = state;
		message.error = error;
		store.emit('thread');
	}

	function fail(message, error) {
		setState(message, 'fallo', error.message);
		message.passing = error.code === 'sin_conexion' || error.code === 'sin_respuesta';
	}

	function settle(message, ack) {
		if (message.id) return;
		const uuid = ack.mensaje_uuid;
		const twin = store.thread(message.room).messages.find((one) => one.uuid === uuid && one !== message);
		if (twin) {
			store.remove(message);
			return store.emit('thread');
		}
		store.merge({ ...message, id: String(ack.mensaje_id), uuid });
		store.touchRoom(message);
		store.emit('thread');
	}

	async function transmit(message) {
		const room = store.rooms.get(message.room);
		try {
			const ack = await socket().request('send_message', {
				sala_uuid: message.room,
				message: message.text,
				sender_id: store.me,
				timestamp: message.timestamp,
				type: room.kind,
				message_type: message.kind,
				client_id: message.clientId,
			});
			settle(message, ack);
		} catch (error) {
			// The push may have come although the answer did not: then it is stored.
			if (message.id) return;
			if (socket().connected) fail(message, error);
			else hold(message);
		}
	}

	// Waits for a connection, not for ever.
	function hold(message) {
		waiting.add(message);
		setTimeout(() => {
			if (!waiting.delete(message)) return;
			fail(message, { code: 'sin_conexion', message: 'Sin conexión' });
		}, WAIT_MS);
	}

	function dispatch(message) {
		setState(message, 'enviando');
		if (socket().connected) transmit(message);
		else hold(message);
	}

	return {
		send(uuid, text) {
			const clientId = randomId();
			const message = store.addPending({
				key: clientId,
				clientId,
				id: null,
				uuid: null,
				room: uuid,
				from: store.me,
				text,
				kind: 'texto',
				url: null,
				at: new Date(),
				timestamp: timestamp(),
			});
			dispatch(message);
		},
		retry: (message) => dispatch(message),
		// A connection is there: what waited and what failed for want of one goes, in the order written.
		resume() {
			const failed = [...store.rooms.keys()].flatMap((uuid) =>
				store.thread(uuid).messages.filter((one) => one.state === 'fallo' && one.passing));
			const all = [...waiting, ...failed].sort((a, b) => a.order - b.order);
			waiting.clear();
			for (const message of all) dispatch(message);
		},
	};
}
