// The Socket.IO connection. Called by main.js; knows events and answers, nothing of rooms or of the screen.

import { io } from '/vendor/socket.io/socket.io.esm.min.js';

const ANSWER_MS = 8000;

export class SocketError extends Error {
	constructor(code, text, retryMs) {
		super(text);
		this.code = code;
		this.retryMs = retryMs;
	}
}

// handlers: { state(name), refused(text), connected(answer), <server event>(payload)… }
// state is one of: conectando, conectado, reconectando, sin-conexion.
export function openSocket(userId, handlers) {
	const { state, refused, ...events } = handlers;
	const socket = io({ query: { user_id: userId }, reconnectionDelayMax: 5000 });

	socket.on('connect', () => state('conectado'));
	socket.on('disconnect', (reason) => {
		// After a DISCONNECT of the server's the client does not come back by itself: it was meant.
		if (reason === 'io server disconnect') refused('El servidor cerró la sesión');
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
		get recovered() {
			return socket.recovered;
		},
		close: () => socket.close(),
		// Emits and waits for the answer's object. Rejects with SocketError: the server's refusal,
		// sin_conexion when nothing was sent, sin_respuesta when the outcome is unknown.
		async request(event, payload) {
			if (!socket.connected) throw new SocketError('sin_conexion', 'Sin conexión');
			let answer;
			try {
				answer = await socket.timeout(ANSWER_MS).emitWithAck(event, payload);
			} catch {
				throw new SocketError('sin_respuesta', 'El servidor no respondió');
			}
			if (answer?.status && answer.status !== 'error') return answer;
			throw new SocketError(answer?.code ?? 'internal', answer?.message ?? 'No se pudo completar', answer?.retry_ms);
		},
	};
}
