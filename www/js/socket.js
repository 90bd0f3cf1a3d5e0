// The Socket.IO connection. Called by connection.js and main.js; knows events and answers, nothing of rooms or of the screen.

import { io } from '/vendor/socket.io/socket.io.esm.min.js';

const ANSWER_MS = 8000;
const CLOSED_TEXT = 'El servidor cerró la sesión';

// unknown: nobody knows whether it was done.
export class SocketError extends Error {
	constructor(code, text, { retryMs, unknown = false } = {}) {
		super(text);
		Object.assign(this, { code, retryMs, unknown });
	}
}

// me: { userId, token (or null) }; the token goes in the first packet, never in an address.
const connectAs = (me, more) =>
	io({ ...(me.token ? { auth: { token: me.token } } : { query: { user_id: me.userId } }), reconnectionDelayMax: 5000, ...more });

// Whose token is it? Waits for a relay, as long as it takes (waiting() is called at each vain try); rejects with the
// server's text when the token is no good.
export function askWho(token, waiting) {
	// For one word; browsers complain of a WebSocket that is closed while it opens.
	const socket = connectAs({ token }, { upgrade: false });
	return new Promise((resolve, reject) => {
		socket.on('connected', ({ user_id: id }) => resolve(String(id)));
		socket.on('connect_error', (error) => (socket.active ? waiting() : reject(error)));
		socket.on('disconnect', (reason) => reason === 'io server disconnect' && reject(new Error(CLOSED_TEXT)));
	}).finally(() => socket.close());
}

// handlers: { state(name), refused(text), connected(answer), <server event>(payload)… }
// state is one of: conectando, conectado, reconectando, sin-conexion.
export function openSocket(me, handlers) {
	const { state, refused, ...events } = handlers;
	const socket = connectAs(me);
	let lastWord = null;
	let heardAt = 0;

	socket.io.on('open', () => {
		socket.io.engine.on('packet', () => {
			heardAt = Date.now();
		});
	});
	socket.on('connect', () => {
		state('conectado');
		socket.io.engine.once('upgrade', () => socket.connected && state('conectado'));
	});
	socket.on('error', (payload) => {
		if (payload?.code === 'unauthorized') lastWord = payload.message;
	});
	socket.on('disconnect', (reason) => {
		// After a DISCONNECT of the server's the client does not come back by itself: it was meant.
		if (reason === 'io server disconnect') refused(lastWord ?? CLOSED_TEXT);
		else state('reconectando');
	});
	socket.on('connect_error', (error) => {
		// CONNECT_ERROR says that coming back cannot mend it; everything else passes.
		if (!socket.active) refused(error.message);
		else state(navigator.onLine ? 'reconectando' : 'sin-conexion');
	});
	addEventListener('offline', () => state('sin-conexion'));
	addEventListener('online', () => {
		if (socket.connected) return state('conectado');
		state('reconectando');
		if (socket.active) socket.connect();
	});
	for (const [name, handler] of Object.entries(events)) socket.on(name, handler);

	return {
		get connected() {
			return socket.connected;
		},
		// 'websocket' or 'polling'.
		get transport() {
			return socket.io.engine?.transport?.name;
		},
		get recovered() {
			return socket.recovered;
		},
		close: () => socket.close(),
		// Emits and waits for the answer's object. Rejects with SocketError: the server's refusal,
		// sin_conexion when nothing was sent, sin_respuesta when the outcome is unknown.
		async request(event, payload) {
			if (!socket.connected) throw new SocketError('sin_conexion', 'Sin conexión');
			let answer;
			const askedAt = Date.now();
			try {
				answer = await socket.timeout(ANSWER_MS).emitWithAck(event, payload);
			} catch {
				// Who said nothing at all meanwhile is not there. (What still waits to be sent would be lost with the engine.)
				const { engine } = socket.io;
				if (heardAt < askedAt && engine?.writeBuffer.length === 0) engine.close();
				throw new SocketError('sin_respuesta', 'El servidor no respondió', { unknown: true });
			}
			// A refusal has a status 'error', or no status but a code; `presence` has neither.
			if (answer && answer.status !== 'error' && (answer.status || !answer.code)) return answer;
			throw new SocketError(answer?.code ?? 'internal', answer?.message ?? 'No se pudo completar',
				{ retryMs: answer?.retry_ms, unknown: answer?.outcome === 'unknown' });
		},
	};
}
