'use strict';
// The people of a conversation: made for the test alone, so that every file may run beside the others in one house.
const { randomInt } = require('node:crypto');
const { assert } = require('../lib/check');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

// cast(house, count): ids (strings) of new active people
async function cast(house, count) {
  const base = randomInt(1e6, 2e9) * 1000;
  const ids = Array.from({ length: count }, (_, i) => String(base + i));
  const rows = ids.map((id) => [id, `p${id}@upred.example`, '!', 'Rosa', 'Ñúñez', '2000-01-01', 'estudiante', 'activo']);
  await house.rows(`INSERT INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno,
    fecha_nacimiento, rol, estado) VALUES ?`, [rows]);
  return ids;
}

// group(house, members): the id of a new group, the first member its owner
async function group(house, members) {
  const id = String(randomInt(1e6, 2e9) * 1000);
  await house.rows('INSERT INTO grupos (id, nombre, privacidad, usuario_dueno_id) VALUES (?, ?, ?, ?)',
    [id, `grupo ${id}`, 'privado', members[0]]);
  await house.rows('INSERT INTO miembros_grupo (grupo_id, usuario_id, unido_en) VALUES ?',
    [members.map((m) => [id, m, '2024-01-01 00:00:00'])]);
  return id;
}

async function joinDirect(socket, other) {
  socket.emit('join_direct_chat', { other_user_id: other });
  return socket.next('direct_chat_joined', { other_user_id: String(other) });
}

async function joinGroup(socket, id) {
  socket.emit('join_group', { group_id: id });
  return socket.next('group_joined', { group_id: String(id) });
}

// A complete send_message of the guide.
function words(sala_uuid, sender_id, message, more = {}) {
  return { sala_uuid, message, sender_id, timestamp: '2026-02-25T10:00:00.000Z', type: 'directo', message_type: 'texto', ...more };
}

// Sends and returns the ack that came for it (told by its acknowledgement, which is the same object).
async function say(socket, payload) {
  const ack = await socket.call('send_message', payload);
  assert.equal(ack.status, 'sent', JSON.stringify(ack));
  return ack;
}

module.exports = { cast, group, joinDirect, joinGroup, words, say, UUID, ISO };
