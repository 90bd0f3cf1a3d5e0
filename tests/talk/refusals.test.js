'use strict';
// Every refusal that a client can provoke, with its exact text and code: as the answering event, and as the
// acknowledgement where one was asked for. After all of them the same socket still works.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say } = require('./cast');

let house;
let me;
let other;
let third;
let socket;
let room;
let strangers;
let club;
const HUGE = '9223372036854775808';

test('a socket, its room, and a room of others', async () => {
  house = await House.open();
  [me, other, third] = await cast(house, 3);
  club = await group(house, [me, other]);
  socket = await house.connect(me);
  room = (await joinDirect(socket, other)).sala_uuid;
  const guest = await house.connect(third);
  strangers = (await joinDirect(guest, other)).sala_uuid;
}, 120000);

async function refused(event, payload, message, code, answer = 'error') {
  const args = payload === undefined ? [] : [payload];
  const wanted = answer === 'ack' ? { status: 'error', message, code } : { message, code };
  const acked = await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no acknowledgement of ${event}`)), 6000).unref();
    socket.emit(event, ...args, resolve);
  });
  assert.deepEqual(acked, wanted);
  assert.deepEqual(await socket.next(answer), wanted);
  socket.emit(event, ...args);
  assert.deepEqual(await socket.next(answer), wanted);
}

const bad = 'bad_request';

test('payloads that are no object', async () => {
  for (const event of ['join_direct_chat', 'join_group', 'leave_group', 'mark_delivered', 'mark_read', 'load_message_history']) {
    for (const payload of [undefined, 'x', 7, ['a'], true]) {
      await refused(event, payload, `Payload inválido para ${event}`, bad);
    }
  }
  for (const payload of ['x', 7, ['a'], true]) await refused('send_message', payload, 'Payload inválido', bad, 'ack');
}, 60000);

test('required ids', async () => {
  for (const id of [undefined, null]) {
    await refused('join_direct_chat', { other_user_id: id }, 'other_user_id es requerido', bad);
    await refused('join_group', { group_id: id }, 'group_id es requerido', bad);
    await refused('leave_group', { group_id: id }, 'group_id es requerido', bad);
    await refused('mark_delivered', { mensaje_id: id, user_id: me }, 'mensaje_id y user_id son requeridos', bad);
    await refused('mark_read', { mensaje_id: '1', user_id: id }, 'mensaje_id y user_id son requeridos', bad);
    await refused('load_message_history', { sala_uuid: id }, 'sala_uuid es requerido', bad);
  }
});

test('ids that are none are refused', async () => {
  for (const id of ['0', '-1', '01', '+1', ' 1', '1 ', '1.0', '1e3', HUGE, '', 0, -1, 1.5, 1e300, true, {}, [1]]) {
    for (const [event, payload] of [['join_direct_chat', { other_user_id: id }], ['join_group', { group_id: id }],
      ['mark_read', { mensaje_id: id, user_id: me }]]) {
      const answer = await socket.call(event, payload);
      assert.equal(answer.code, bad, `${event} ${JSON.stringify(id)}: ${JSON.stringify(answer)}`);
      await socket.next('error');
    }
  }
}, 60000);

test('missing fields are named in their order', async () => {
  await refused('send_message', {}, 'Faltan campos: sala_uuid, message, sender_id, timestamp, type', bad, 'ack');
  await refused('send_message', { sender_id: me, message: 'x' }, 'Faltan campos: sala_uuid, timestamp, type', bad, 'ack');
  await refused('send_message', words(room, me, null), 'Faltan campos: message', bad, 'ack');
  await refused('send_message', { ...words(undefined, me, 'x'), to: other, type: undefined }, 'Faltan campos: type', bad, 'ack');
});

test('senders, kinds and types', async () => {
  await refused('send_message', words(room, other, 'x'), 'sender_id no coincide con el usuario conectado', 'forbidden', 'ack');
  for (const message_type of ['video', '', 'Texto', 7]) {
    await refused('send_message', words(room, me, 'x', { message_type }),
      'message_type debe ser uno de: texto, imagen, archivo, audio, sistema', bad, 'ack');
  }
  for (const type of ['privado', '', 'Directo', 1]) {
    await refused('send_message', words(room, me, 'x', { type }), "type debe ser 'directo' o 'grupal'", bad, 'ack');
  }
  await refused('send_message', words(room, me, 'x', { type: 'grupal' }), "type debe ser 'directo' o 'grupal'", bad, 'ack');
});

test('the first failure answers', async () => {
  await refused('send_message', { ...words('x', other, 'x', { type: 'z', message_type: 'y' }), timestamp: undefined },
    'Faltan campos: timestamp', bad, 'ack');
  await refused('send_message', words('x', other, 'x', { type: 'z', message_type: 'y' }),
    'sender_id no coincide con el usuario conectado', 'forbidden', 'ack');
  await refused('send_message', words('x', me, 'x', { type: 'z', message_type: 'y' }),
    'message_type debe ser uno de: texto, imagen, archivo, audio, sistema', bad, 'ack');
  await refused('send_message', words('x', me, 'x', { type: 'z' }), "type debe ser 'directo' o 'grupal'", bad, 'ack');
});

test('strangers learn nothing', async () => {
  for (const uuid of ['no-hay', '00000000-0000-4000-8000-000000000000', room.toUpperCase(), strangers]) {
    await refused('send_message', words(uuid, me, 'x'), 'Sala de chat no encontrada', 'not_found', 'ack');
    await refused('load_message_history', { sala_uuid: uuid }, 'Sala de chat no encontrada', 'not_found');
  }
  const guest = await house.connect(third);
  const ack = await say(guest, words(strangers, third, 'secreto'));
  for (const mensaje_id of [ack.mensaje_id, '9223372036854775807']) {
    await refused('mark_read', { mensaje_id, user_id: me }, 'Mensaje no encontrado', 'not_found');
    await refused('mark_delivered', { mensaje_id, user_id: me }, 'Mensaje no encontrado', 'not_found');
  }
  await refused('join_direct_chat', { other_user_id: '9223372036854775807' }, 'No se pudo crear/obtener sala de chat', 'not_found');
  await refused('leave_group', { group_id: '9223372036854775807' }, 'No eres miembro de este grupo', 'not_member');
});

test('marks for somebody else, and a chat with oneself', async () => {
  const answer = await socket.call('mark_read', { mensaje_id: '1', user_id: other });
  assert.equal(answer.code, 'forbidden');
  await socket.next('error');
  assert.equal(typeof (await socket.call('join_direct_chat', { other_user_id: me })).message, 'string');
  await socket.next('error');
});

test('texts that are too long, or no text', async () => {
  const long = await socket.call('send_message', words(room, me, 'x'.repeat(65536)));
  assert.equal(long.code, 'too_long');
  const wide = await socket.call('send_message', words(room, me, 'ñ'.repeat(32768)));
  assert.equal(wide.code, 'too_long');
  assert.equal((await socket.call('send_message', words(room, me, 'a\u0000b'))).status, 'error');
  assert.equal((await socket.call('send_message', words(room, me, 7))).status, 'error');
  assert.equal((await socket.call('send_message', words(room, me, ''))).status, 'error');
  assert.equal((await socket.call('send_message', words(room, me, 'x', { client_id: '' }))).status, 'error');
  assert.equal((await socket.call('send_message', words(room, me, 'x', { client_id: 'ñ'.repeat(65) }))).status, 'error');
});

test('an unknown event has no effect, and says so where asked', async () => {
  const answer = await socket.call('no_such_event', { a: 1 });
  assert.equal(answer.status, 'error');
  assert.equal(answer.code, bad);
});

test('nothing of it was stored, and the socket still works', async () => {
  const [{ n }] = await house.rows('SELECT COUNT(*) AS n FROM mensajes WHERE remitente_id = ?', [me]);
  assert.equal(Number(n), 0);
  await say(socket, words(room, me, 'y sigue', { client_id: 'ñ'.repeat(64) }));
  const joined = await joinGroup(socket, club);
  await say(socket, words(joined.sala_uuid, me, 'y sigue', { type: 'grupal' }));
  assert.ok(socket.connected);
});

atEnd(() => house && house.stop());
