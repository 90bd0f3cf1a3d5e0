'use strict';
// Who may what: every event and every REST path with a member, a former member, a stranger, a suspended person and
// nobody. The rows are checked against the programs' own tables, so that nothing new stays outside.
const fs = require('node:fs');
const path = require('node:path');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House, TOP } = require('../lib/house');
const clients = require('../lib/clients');
const { cast, group, joinDirect, joinGroup, words, say } = require('./cast');

const source = (file) => fs.readFileSync(path.join(TOP, file), 'utf8');
let house;
let owner;
let member;
let former;
let stranger;
let suspended;
let club;
let room;        // the group's
let chat;        // the direct chat of owner and member
let said;        // a message of the owner's in the group
let private_;    // and one in the direct chat
const sockets = {};

test('the cast', async () => {
  house = await House.open();
  [owner, member, former, stranger, suspended] = await cast(house, 5);
  club = await group(house, [owner, member, former, suspended]);
  for (const [name, id] of Object.entries({ owner, member, former, stranger, suspended })) sockets[name] = await house.connect(id);
  room = await joinGroup(sockets.owner, club);
  for (const name of ['member', 'former', 'suspended']) await joinGroup(sockets[name], club);
  chat = await joinDirect(sockets.owner, member);
  await joinDirect(sockets.member, owner);
  said = (await say(sockets.owner, words(room.sala_uuid, owner, 'para el grupo', { type: 'grupal' }))).mensaje_id;
  private_ = (await say(sockets.owner, words(chat.sala_uuid, owner, 'para dos'))).mensaje_id;
}, 120000);

test('who is removed or suspended is out within five seconds', async () => {
  await house.rows("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = ? AND usuario_id = ?", [club, former]);
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [suspended]);
  await Promise.all([sockets.former.next('group_left', { status: 'removed' }, 5000),
    sockets.suspended.next('error', { code: 'unauthorized' }, 5000)]);
  await ask(() => !sockets.suspended.connected, 1000);
});

// event, payload by (id, name), and what member, former member and stranger get: 'ok' or a code
const group_ = (id) => ({ group_id: club, user_id: id });
const mark = (what) => (id) => ({ mensaje_id: what(), user_id: id });
const change = (what) => () => ({ mensaje_id: what(), message: 'x' });
const inGroup = (id) => words(room.sala_uuid, id, 'x', { type: 'grupal' });
const inChat = (id) => words(chat.sala_uuid, id, 'x');
const rows = [
  ['join_group', group_, 'ok', 'not_member', 'not_member'],
  ['send_message', inGroup, 'ok', 'not_found', 'not_found'],
  ['send_message', inChat, 'ok', 'not_found', 'not_found'],
  ['send_message', (id) => ({ ...words(undefined, id, 'x', { type: 'grupal' }), to: club }), 'ok', 'not_member', 'not_member'],
  ['send_message', () => inChat(owner), 'forbidden', 'forbidden', 'forbidden'],
  ['send_group_message', (id) => ({ sender_id: id, group_id: club, content: 'x' }), 'ok', 'not_member', 'not_member'],
  ['send_direct_message', (id) => ({ sender_id: id, recipient_id: owner, content: 'x' }), 'ok', 'ok', 'ok'],
  ['send_direct_message', () => ({ sender_id: owner, recipient_id: member, content: 'x' }), 'forbidden', 'forbidden', 'forbidden'],
  ['send_direct_message', (id) => ({ sender_id: id, recipient_id: suspended, content: 'x' }), 'not_found', 'not_found', 'not_found'],
  ['send_message', (id) => ({ ...words(undefined, id, 'x'), to: suspended }), 'not_found', 'not_found', 'not_found'],
  ['mark_delivered', mark(() => said), 'ok', 'not_found', 'not_found'],
  ['mark_read', mark(() => said), 'ok', 'not_found', 'not_found'],
  ['mark_read', mark(() => private_), 'ok', 'not_found', 'not_found'],
  ['mark_read', () => ({ mensaje_id: said, user_id: owner }), 'forbidden', 'forbidden', 'forbidden'],
  ['load_message_history', () => ({ sala_uuid: room.sala_uuid }), 'ok', 'not_found', 'not_found'],
  ['load_message_history', () => ({ sala_uuid: chat.sala_uuid }), 'ok', 'not_found', 'not_found'],
  ['edit_message', change(() => said), 'not_author', 'not_found', 'not_found'],
  ['edit_message', change(() => private_), 'not_author', 'not_found', 'not_found'],
  ['delete_message', change(() => said), 'not_author', 'not_found', 'not_found'],
  ['delete_message', change(() => private_), 'not_author', 'not_found', 'not_found'],
  ['typing', () => ({ sala_uuid: room.sala_uuid, typing: true }), 'ok', 'not_found', 'not_found'],
  ['typing', () => ({ sala_uuid: chat.sala_uuid, typing: true }), 'ok', 'not_found', 'not_found'],
  ['join_direct_chat', () => ({ other_user_id: owner }), 'ok', 'ok', 'ok'],
  ['join_direct_chat', () => ({ other_user_id: suspended }), 'not_found', 'not_found', 'not_found'],
  ['get_presence', () => ({ user_ids: [owner] }), 'ok', 'ok', 'ok'],
  ['refresh_token', () => ({ token: 'x' }), 'ok', 'ok', 'ok'],
  ['load_rooms', () => ({}), 'ok', 'ok', 'ok'],
  ['load_missed_messages', () => ({ after: 0 }), 'ok', 'ok', 'ok'],
  ['leave_group', group_, 'ok', 'not_member', 'not_member'],
];

test('every event of the programs stands in the table', () => {
  const names = new Set(rows.map((r) => r[0]));
  for (const file of ['relay/chat/events.c', 'fcgi-api/router.c']) {
    const listed = [...source(file).matchAll(/^\t\{ "([a-z_]+)",\s+(?:WIRE_|FORM_|0,)/gm)].map((m) => m[1]);
    assert.ok(listed.length >= 9, file);
    for (const name of listed) assert.ok(names.has(name), `${name} of ${file} is in no row`);
  }
});

test('events', async () => {
  for (const [event, payload, ...wanted] of rows) {
    for (const [i, name] of ['member', 'former', 'stranger'].entries()) {
      const answer = await sockets[name].call(event, payload({ member, former, stranger }[name]));
      const got = answer.code || 'ok';
      assert.equal(got, wanted[i], `${event} by the ${name}: ${JSON.stringify(answer)}`);
      if (got !== 'ok') assert.deepEqual(Object.keys(answer).filter((k) => !['status', 'message', 'code'].includes(k)), []);
    }
  }
}, 60000);

test('lists hold nothing of others', async () => {
  const hidden = [said, private_];
  for (const [name, id] of [['former', former], ['stranger', stranger]]) {
    const { messages } = await sockets[name].call('load_missed_messages', { after: Number(said) - 1, limit: 300 });
    assert.ok(!messages.some((m) => hidden.includes(m.mensaje_id)), name);
    const { rooms } = await sockets[name].call('load_rooms', {});
    const rest = await house.api('GET', '/api/mensajes/salas', { user: id });
    const news = await house.api('GET', `/api/mensajes/novedades?after=${Number(said) - 1}`, { user: id });
    assert.ok(!news.json.mensajes.some((m) => hidden.includes(String(m.id))), name);
    for (const list of [rooms, rest.json]) assert.ok(!list.some((r) => [room.sala_uuid, chat.sala_uuid].includes(r.sala_uuid)), name);
  }
  const { messages } = await sockets.member.call('load_missed_messages', { after: Number(said) - 1, limit: 300 });
  for (const id of hidden) assert.ok(messages.some((m) => m.mensaje_id === id));
});

test('nobody else hears what is said', async () => {
  await sockets.member.call('join_group', { group_id: club });
  const one = (await say(sockets.owner, words(room.sala_uuid, owner, 'solo dentro', { type: 'grupal' }))).mensaje_id;
  const two = (await say(sockets.owner, words(chat.sala_uuid, owner, 'solo dos'))).mensaje_id;
  await sockets.owner.call('edit_message', { mensaje_id: one, message: 'otra vez' });
  for (const mensaje_id of [one, two]) await sockets.member.next('receive_message', { mensaje_id });
  await sockets.member.next('message_edited', { mensaje_id: one });
  await pause(1300);
  for (const name of ['former', 'stranger']) {
    for (const mensaje_id of [one, two]) {
      assert.ok(!sockets[name].heard.some((e) => JSON.stringify(e.args).includes(`"${mensaje_id}"`)), name);
    }
  }
});

// method, path, body, and the status for member, former member and stranger
const text = { contenido: 'x' };
const paths = [
  ['GET', () => 'salas', undefined, 200, 200, 200],
  ['GET', () => `salas/${room.sala_chat_id}`, undefined, 200, 403, 403],
  ['GET', () => `salas/${room.sala_uuid}`, undefined, 200, 403, 403],
  ['GET', () => `salas/${chat.sala_uuid}`, undefined, 200, 403, 403],
  ['GET', () => 'salas/9223372036854775807', undefined, 404, 404, 404],
  ['POST', () => `salas/directa/${owner}`, undefined, 200, 200, 200],
  ['POST', () => `salas/directa/${suspended}`, undefined, 404, 404, 404],
  ['POST', () => `salas/grupal/${club}`, undefined, 200, 403, 403],
  ['GET', () => `salas/${room.sala_chat_id}/mensajes`, undefined, 200, 403, 403],
  ['GET', () => `salas/${chat.sala_chat_id}/mensajes?after=0`, undefined, 200, 403, 403],
  ['POST', () => `salas/${room.sala_chat_id}/mensajes`, text, 201, 403, 403],
  ['POST', () => `salas/${chat.sala_uuid}/mensajes`, text, 201, 403, 403],
  ['POST', () => `salas/${room.sala_uuid}/marcar-leidos`, undefined, 200, 403, 403],
  ['GET', () => `salas/${room.sala_uuid}/recibos`, undefined, 200, 403, 403],
  ['POST', () => `directo/${owner}`, text, 201, 201, 201],
  ['PUT', () => `mensajes/${said}/leer`, undefined, 200, 403, 403],
  ['PUT', () => `mensajes/${said}/entregado`, undefined, 200, 403, 403],
  ['PUT', () => `mensajes/${private_}/leer`, undefined, 200, 403, 403],
  ['PUT', () => `mensajes/${said}`, text, 403, 403, 403],
  ['PUT', () => `mensajes/${private_}`, text, 403, 403, 403],
  ['DELETE', () => `mensajes/${said}`, undefined, 403, 403, 403],
  ['DELETE', () => `mensajes/${private_}`, undefined, 403, 403, 403],
  ['GET', () => 'novedades', undefined, 200, 200, 200],
  ['GET', () => 'no-leidos/count', undefined, 200, 200, 200],
];

test('every path of the programs stands in the table', () => {
  const known = paths.map(([method, where]) => [method, where().replace(/\?.*/, '')]);
  const listed = [...source('fcgi-api/router.c').matchAll(/\{ "(GET|POST|PUT|DELETE)",\s+"([^"]+)"/g)];
  assert.ok(listed.length >= 14);
  for (const [, method, pattern] of listed) {
    const fits = new RegExp(`^${pattern.replaceAll('{}', '[^/]+')}$`);
    assert.ok(known.some(([m, where]) => m === method && fits.test(where)), `${method} ${pattern} is in no row`);
  }
});

test('REST', async () => {
  for (const [method, where, body, ...wanted] of paths) {
    for (const [i, user] of [member, former, stranger].entries()) {
      const answer = await house.api(method, `/api/mensajes/${where()}`, { user, body });
      assert.equal(answer.status, wanted[i], `${method} ${where()} as ${i}: ${answer.text.slice(0, 200)}`);
      if (answer.status >= 400) assert.deepEqual(Object.keys(answer.json).sort(), ['code', 'detail']);
    }
    for (const user of [suspended, '9223372036854775807', 'x', '', undefined]) {
      const answer = await house.api(method, `/api/mensajes/${where()}`, { user, body });
      assert.equal(answer.status, 401, `${method} ${where()} as ${user}: ${answer.text.slice(0, 200)}`);
      assert.equal(answer.json.code, 'unauthorized');
    }
  }
  assert.equal((await house.api('GET', '/api/mensajes/nada')).status, 401);
}, 60000);

test('nobody and the suspended do not even come in', async () => {
  for (const user of [suspended, '9223372036854775807', '0', 'x', '', undefined]) {
    const socket = clients.open(house.relayUrl, user, { transports: ['websocket'] });
    const error = await new Promise((resolve) => { socket.once('connect_error', resolve); });
    assert.deepEqual(error.data, { code: 'unauthorized' }, String(user));
    socket.close();
  }
});

test('and nothing of it changed anything', async () => {
  const messages = await house.rows('SELECT contenido, editado_en, eliminado_en FROM mensajes WHERE id IN (?, ?) ORDER BY id', [said, private_]);
  assert.deepEqual(messages.map((m) => m.contenido), ['para el grupo', 'para dos']);
  for (const m of messages) assert.deepEqual([m.editado_en, m.eliminado_en], [null, null]);
  const marks = await house.rows('SELECT destinatario_id FROM destinatarios_mensaje WHERE mensaje_id = ? AND leido_en IS NOT NULL', [said]);
  assert.deepEqual(marks.map((m) => m.destinatario_id), [member]);
});

atEnd(() => house && house.stop());
