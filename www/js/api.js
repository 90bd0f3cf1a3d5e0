// REST calls of the page (prefix /api/mensajes). Called by conversation.js, rooms.js and receipts.js.
// Every failure is an ApiError with the server's Spanish text and its short code.

const PREFIX = '/api/mensajes';
const TIMEOUT_MS = 15000;

export class ApiError extends Error {
	constructor(status, code, text) {
		super(text);
		this.status = status;
		this.code = code;
	}
}

// Open identity: the person is named by a header. userId: decimal string.
export function createApi(userId) {
	async function call(method, path) {
		let response;
		try {
			response = await fetch(PREFIX + path, {
				method,
				headers: { 'X-User-Id': userId, Accept: 'application/json' },
				signal: AbortSignal.timeout(TIMEOUT_MS),
			});
		} catch {
			throw new ApiError(0, 'sin_conexion', 'No hay conexión con el servidor');
		}
		const body = await response.json().catch(() => null);
		if (!response.ok) {
			throw new ApiError(response.status, body?.code ?? 'internal', body?.detail ?? 'El servidor no respondió bien');
		}
		return body;
	}

	const room = (uuid) => '/salas/' + encodeURIComponent(uuid);

	return {
		rooms: () => call('GET', '/salas'),
		// The newest page, or the one before the message `before`; oldest first.
		messages(uuid, { before, limit = 50 } = {}) {
			const query = new URLSearchParams({ limit });
			if (before) query.set('before', before);
			return call('GET', `${room(uuid)}/mensajes?${query}`);
		},
		markAllRead: (uuid) => call('POST', room(uuid) + '/marcar-leidos'),
	};
}
