// The same action by the socket or, while there is none, by REST. Called by conversation.js, outbox.js,
// receipts.js and presence.js; calls the socket and api.js.
// An event that this server does not know is not offered again: store.features.

const MARKS = {
	delivered: { event: 'mark_delivered', word: 'entregado' },
	read: { event: 'mark_read', word: 'leer' },
};

export function createRemote({ store, api, socket, polling }) {
	const live = () => Boolean(socket()?.connected);

	// Returns the answer, or null when this server has no such event.
	async function optional(feature, event, payload) {
		if (!store.features[feature]) return null;
		try {
			return await socket().request(event, payload);
		} catch (error) {
			if (error.code !== 'bad_request' || error.message !== 'Evento desconocido') throw error;
			store.features[feature] = false;
			store.emit('thread');
			return null;
		}
	}

	return {
		// 'socket', 'rest', or null when neither is there.
		get way() {
			if (live()) return 'socket';
			return polling() ? 'rest' : null;
		},
		// Resolves with { mensaje_id, mensaje_uuid }, by REST also with the server's enviado_en; over a socket the push has it.
		async send(message) {
			if (!live()) {
				const row = await api.send(message.room, { contenido: message.text, tipo_mensaje: message.kind }, message.clientId);
				return { mensaje_id: row.id, mensaje_uuid: row.mensaje_uuid, enviado_en: row.enviado_en };
			}
			return socket().request('send_message', {
				sala_uuid: message.room,
				message: message.text,
				sender_id: store.me,
				timestamp: message.timestamp,
				type: message.roomKind,
				message_type: message.kind,
				client_id: message.clientId,
			});
		},
		mark(kind, id) {
			if (live()) return socket().request(MARKS[kind].event, { mensaje_id: id, user_id: store.me });
			return api.mark(id, MARKS[kind].word);
		},
		// Both resolve with an object that has the room's sala_uuid.
		openPerson: (id) => (live() ? socket().request('join_direct_chat', { other_user_id: id }) : api.openDirect(id)),
		openGroup: (id) => (live() ? socket().request('join_group', { group_id: id }) : api.openGroup(id)),
		async edit(message, text) {
			if (live() && await optional('edits', 'edit_message', { mensaje_id: message.id, message: text })) return;
			await api.edit(message.id, text);
		},
		async remove(message) {
			if (live() && await optional('edits', 'delete_message', { mensaje_id: message.id })) return;
			await api.remove(message.id);
		},
		// Best effort, and by the socket alone.
		async typing(uuid, typing) {
			if (live()) await optional('typing', 'typing', { sala_uuid: uuid, typing }).catch(() => {});
		},
		// [{ user_id, online, last_seen }], empty when nobody can say.
		async presence(ids) {
			if (!live() || !ids.length) return [];
			return (await optional('presence', 'get_presence', { user_ids: ids }))?.users ?? [];
		},
	};
}
