'use strict';
// timeout: 180
// The events, held against www/asyncapi.yaml: one conversation in which every event of the document is emitted or heard;
// each payload and each acknowledgement has the document's fields and no others.
const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv');
const { test, atEnd, assert } = require('../lib/check');
const { House, TOP } = require('../lib/house');
const { Events, read } = require('../lib/documents');
const { cast, group, words } = require('../talk/cast');

const rules = new Events();
let house;
let ids;
let club;
let ana;
let luis;
let tablet;
let room;

// emits by the document, and holds the acknowledgement against it
async function call(socket, event, payload) {
  rules.emit(event, payload);
  const answer = await socket.call(event, payload);
  rules.acknowledge(event, answer);
  return answer;
}

test('asyncapi.yaml is valid AsyncAPI 2.6', () => {
  const { schemasWithoutId } = require('@asyncapi/specs');
  const check = new Ajv({ strict: false, validateFormats: false }).compile(schemasWithoutId['2.6.0']);
  assert.ok(check(read('asyncapi.yaml')), JSON.stringify(check.errors));
});

test('its events are those of both programs', () => {
  const names = (file, name) => [...fs.readFileSync(path.join(TOP, file), 'utf8').split(name)[1].split('};')[0]
    .matchAll(/\{ "([a-z_]+)"/g)].map((m) => m[1]);
  const relay = names('relay/chat/events.c', 'struct event_row events[]');
  assert.deepEqual([...rules.emitted].sort(), [...relay].sort());
  const handled = names('fcgi-api/router.c', 'struct event_row events[]');
  assert.deepEqual(handled.filter((e) => !rules.emitted.includes(e)), []);
});

test('three people, one of them with two devices', async () => {
  house = await House.open();
  ids = await cast(house, 4);
  club = await group(house, ids.slice(0, 3));
  [ana, luis, tablet] = [await house.connect(ids[0]), await house.connect(ids[1]), await house.connect(ids[1])];
  const refused = await house.connect('9223372036854775807').catch((e) => e);
  rules.hear('connect_error', { message: refused.message, data: refused.data });
}, 120000);

test('rooms', async () => {
  room = (await call(ana, 'join_direct_chat', { other_user_id: Number(ids[1]) })).sala_uuid;
  await call(luis, 'join_direct_chat', { other_user_id: ids[0] });
  await call(ana, 'join_group', { group_id: club });
  await call(luis, 'join_group', { group_id: Number(club) });
  await ana.next('user_joined_group');
  await call(luis, 'leave_group', { group_id: club });
  await ana.next('user_left_group');
  await call(luis, 'join_group', { group_id: club });
});

test('messages', async () => {
  const first = words(room, ids[0], 'hola', { client_id: `c ${ids[0]}` });
  const ack = await call(ana, 'send_message', first);
  assert.equal((await call(ana, 'send_message', first)).duplicate, true);
  const { sala_uuid, ...toPerson } = words(room, ids[0], '', { url_archivo: 'u', message_type: 'archivo', timestamp: 7 });
  await call(ana, 'send_message', { ...toPerson, to: ids[1] });
  await call(ana, 'send_direct_message', { sender_id: ids[0], recipient_id: ids[1], content: 'dos', timestamp: 'ayer' });
  await call(ana, 'send_group_message', { sender_id: ids[0], group_id: club, content: 'tres', file_url: 'f', type: 'imagen' });
  const rest = await house.api('POST', `/api/mensajes/directo/${ids[1]}`, { user: ids[0], body: { contenido: 'por REST' } });
  await luis.next('receive_message', { mensaje_id: String(rest.json.id) });
  await call(luis, 'mark_delivered', { mensaje_id: ack.mensaje_id, user_id: ids[1] });
  await ana.next('message_delivered');
  await call(luis, 'mark_read', { mensaje_id: Number(ack.mensaje_id), user_id: Number(ids[1]) });
  await ana.next('message_read');
  await tablet.next('message_read');
  await call(ana, 'edit_message', { mensaje_id: ack.mensaje_id, message: 'corregido' });
  await luis.next('message_edited');
  const history = await call(luis, 'load_message_history', { sala_uuid: room, limit: 3 });
  assert.equal(history.messages.length, 3);
  await call(luis, 'load_message_history', { sala_uuid: room, after: ack.mensaje_id, limit: 1 });
  const missed = await call(luis, 'load_missed_messages', { after: 0, limit: 2 });
  assert.equal(missed.messages.length, 2);
  await call(luis, 'load_missed_messages', { after: missed.cursor });
  const { rooms } = await call(luis, 'load_rooms', {});
  assert.equal(rooms.length, 2);
  assert.ok((await call(luis, 'load_rooms', { nombres: true })).rooms.every((r) => r.nombre));
  await call(ana, 'delete_message', { mensaje_id: ack.mensaje_id });
  await luis.next('message_deleted');
});

test('presence, typing and tokens', async () => {
  await call(ana, 'typing', { sala_uuid: room, typing: true });
  await luis.next('user_typing');
  await call(ana, 'get_presence', { user_ids: [...ids, Number(ids[0])] });
  await call(ana, 'refresh_token', { token: 'en modo abierto no hace falta' });
  const bea = await house.connect(ids[2]);
  await call(bea, 'join_group', { group_id: club });
  await ana.next('user_online', { user_id: ids[2] });
  bea.close();
  await ana.next('user_offline', { user_id: ids[2] }, 16000);
});

test('who is taken out of a group hears it', async () => {
  const bea = await house.connect(ids[2]);
  await call(bea, 'join_group', { group_id: club });
  await house.rows("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = ? AND usuario_id = ?", [club, ids[2]]);
  await bea.next('group_left', { status: 'removed' }, 8000);
});

test('refusals carry what the document says', async () => {
  const stranger = await house.connect(ids[3]);
  for (const [event, payload] of [['join_direct_chat', {}], ['join_group', { group_id: club }], ['leave_group', 7],
    ['send_message', words(room, ids[3], 'x')], ['send_message', {}], ['send_direct_message', {}],
    ['send_group_message', { sender_id: ids[3], group_id: club, content: 'x' }], ['edit_message', { mensaje_id: '1', message: 'x' }],
    ['delete_message', { mensaje_id: 'x' }], ['mark_delivered', {}], ['mark_read', { mensaje_id: '1', user_id: ids[3] }],
    ['load_message_history', { sala_uuid: room }], ['load_missed_messages', { after: 'x' }],
    ['typing', { sala_uuid: room, typing: true }], ['get_presence', { user_ids: ['x'] }], ['refresh_token', {}]]) {
    const answer = await stranger.call(event, payload);
    assert.equal(answer.status, rules.refusal(event) === 'ack' ? 'error' : undefined, event);
    rules.hear(rules.refusal(event), answer);
    assert.deepEqual(await stranger.next(rules.refusal(event)), answer);
  }
});

test('everything heard is in the document, and everything in the document was heard or emitted', () => {
  for (const { event, args } of house.sockets.flatMap((socket) => socket.heard)) {
    rules.hear(event, args[0]);
    assert.ok(args.length === 1 || (event === 'receive_message' && args.length === 2 && typeof args[1] === 'string'), event);
  }
  assert.deepEqual([...rules.emitted, ...rules.heard].filter((e) => !rules.shown.has(e)), []);
});

atEnd(() => house && house.stop());
