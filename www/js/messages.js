// Turns what the server sends into the page's one shape of a message and of a room (see store.js).
// Pure: called by rooms.js and conversation.js.

function parseDate(text) {
	const date = new Date(text ?? NaN);
	return Number.isNaN(date.getTime()) ? new Date() : date;
}

// The REST object.
export function fromRest(row) {
	return {
		id: String(row.id),
		uuid: row.mensaje_uuid,
		room: row.sala_uuid,
		from: String(row.remitente_id),
		name: [row.remitente?.nombre, row.remitente?.apellido_paterno].filter(Boolean).join(' '),
		text: row.contenido ?? '',
		kind: row.tipo_mensaje,
		url: row.url_archivo,
		at: parseDate(row.enviado_en),
		timestamp: row.metadatos?.client_timestamp,
		edited: Boolean(row.editado_en),
		deleted: Boolean(row.eliminado_en),
	};
}

// receive_message.
export function fromPush(push) {
	return {
		id: String(push.mensaje_id),
		uuid: push.mensaje_uuid,
		room: push.sala_uuid,
		from: String(push.from),
		name: push.sender_name,
		text: push.message ?? '',
		kind: push.message_type,
		url: push.url_archivo,
		at: parseDate(push.enviado_en),
		timestamp: push.timestamp,
		edited: false,
		deleted: false,
	};
}

// The REST room, seen by `me`.
export function roomFromRest(row, me) {
	const a = row.usuario_a_id === null ? null : String(row.usuario_a_id);
	const b = row.usuario_b_id === null ? null : String(row.usuario_b_id);
	const last = row.ultimo_mensaje ? fromRest(row.ultimo_mensaje) : null;
	return {
		uuid: row.sala_uuid,
		kind: row.tipo_sala,
		otherId: a === me ? b : a,
		groupId: row.grupo_id === null ? null : String(row.grupo_id),
		last,
		activity: (last?.at ?? parseDate(row.actualizado_en ?? row.creado_en)).getTime(),
		unread: row.no_leidos ?? 0,
	};
}

// A link only for what a browser may open without running it. Returns the URL's text or null.
export function safeLink(text) {
	try {
		const url = new URL(text);
		return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
	} catch {
		return null;
	}
}
