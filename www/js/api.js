// REST calls of the page (prefix /api/mensajes). Called by conversation.js, rooms.js, receipts.js, poller.js
// and remote.js. Every failure is an ApiError with the server's Spanish text and its short code.

const PREFIX = '/api/mensajes';
const TIMEOUT_MS = 15000;
const POLL_MS = 3000;
const NAMED = '?nombres=1'; // each room says what it is called

export class ApiError extends Error {
	constructor(status, code, text, retryMs) {
		super(text);
		this.status = status;
		this.code = code;
		this.retryMs = retryMs;
		// Nobody knows whether it was done: the answer did not come, or a server on the way made it up.
		this.unknown = status === 0 || status >= 500;
	}
}

const seconds = (response, name) => Number(response.headers.get(name)) * 1000 || undefined;

// Open identity names the person by a header, a token speaks for itself. Resolves with the Response, 304 too.
async function request(me, method, path, { body, headers } = {}) {
	const sent = { Accept: 'application/json', ...headers };
	if (me.token) sent.Authorization = 'Bearer ' + me.token;
	else sent['X-User-Id'] = me.userId;
	if (body) sent['Content-Type'] = 'application/json';
	try {
		return await fetch(PREFIX + path, {
			method,
			headers: sent,
			body: body && JSON.stringify(body),
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
	} catch {
		throw new ApiError(0, 'sin_conexion', 'No hay conexión con el servidor');
	}
}

async function read(response) {
	const body = await response.json().catch(() => null);
	if (response.ok && body !== null) return body;
	throw new ApiError(response.ok ? 502 : response.status, body?.code ?? 'internal',
		body?.detail ?? 'El servidor no respondió bien', seconds(response, 'Retry-After'));
}

// me: { userId (decimal string), token (or null) }
export function createApi(me) {
	const call = async (method, path, options) => read(await request(me, method, path, options));
	const room = (uuid) => '/salas/' + encodeURIComponent(uuid);
	const again = async (path, etag) => {
		const response = await request(me, 'GET', path, { headers: etag && { 'If-None-Match': etag } });
		if (response.status === 304) return null;
		const etagNow = response.headers.get('ETag');
		return { rows: await read(response), etag: etagNow };
	};

	return {
		// { rows, truncated }; truncated: there are more rooms, or some came without their last message.
		async rooms() {
			const response = await request(me, 'GET', '/salas' + NAMED);
			return { rows: await read(response), truncated: response.headers.get('X-Truncated') === 'true' };
		},
		room: (uuid) => call('GET', room(uuid) + NAMED),
		// The newest page, or the one before the message `before`; oldest first.
		messages(uuid, { before, limit = 50 } = {}) {
			const query = new URLSearchParams({ limit });
			if (before) query.set('before', before);
			return call('GET', `${room(uuid)}/mensajes?${query}`);
		},
		// The newest page again: { rows, etag }, or null when it is still the one with this ETag.
		recent: (uuid, { etag, limit = 50 }) => again(`${room(uuid)}/mensajes?${new URLSearchParams({ limit })}`, etag),
		// How far others got and read my messages; as `recent`.
		readers: (uuid, { etag } = {}) => again(room(uuid) + '/recibos', etag),
		// What is new in all my rooms since the cursor `after`; without one, only the present cursor.
		// null when nothing has changed since the answer with this ETag.
		async news({ after, etag } = {}) {
			const query = after ? '?' + new URLSearchParams({ after }) : '';
			const response = await request(me, 'GET', '/novedades' + query, { headers: etag && { 'If-None-Match': etag } });
			if (response.status === 304) return null;
			const etagNow = response.headers.get('ETag');
			return { ...await read(response), etag: etagNow, pollMs: seconds(response, 'X-Poll-Interval') ?? POLL_MS };
		},
		// Equal keys are one message, however often it is sent.
		send: (uuid, body, key) =>
			call('POST', room(uuid) + '/mensajes', { body, headers: { 'Idempotency-Key': key } }),
		edit: (id, contenido) => call('PUT', '/mensajes/' + id, { body: { contenido } }),
		remove: (id) => call('DELETE', '/mensajes/' + id),
		mark: (id, word) => call('PUT', `/mensajes/${id}/${word}`),
		markAllRead: (uuid) => call('POST', room(uuid) + '/marcar-leidos'),
		openDirect: (id) => call('POST', '/salas/directa/' + id),
		openGroup: (id) => call('POST', '/salas/grupal/' + id),
	};
}
