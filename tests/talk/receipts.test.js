'use strict';
// Delivered and read: confirmed to the caller, told to the author's sockets and (read) to the reader's other devices,
// kept in the database, and counted.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say, ISO } = require('./cast');

let house;
let me;
let other;
let third;
let ana;
let luis;
let tablet;
let room;

const unread = async (user) => (await house.api('GET', '/api/mensajes/no-leidos/count', { user })).json.total_no_leidos;

test('ana writes to luis, who has two devices', async () => {
  house = await House.open();
  [me, other, third] = await cast(house, 3);
  [ana, luis, tablet] = [await house.connect(me), await house.connect(other), await house.connect(other)];
  room = (await joinDirect(ana, other)).sala_uuid;
}, 120000);

test('delivered, then read', async () => {
  const { mensaje_id } = await say(ana, words(room, me, 'léeme'));
  assert.equal(await unread(other), 1);
  luis.emit('mark_delivered', { mensaje_id: Number(mensaje_id), user_id: Number(other) });
  assert.deepEqual(await luis.next('delivery_confirmed'), { status: 'ok', mensaje_id, user_id: other });
  const delivered = await ana.next('message_delivered');
  assert.match(delivered.entregado_en, ISO);
  assert.deepEqual({ ...delivered, entregado_en: '' }, { mensaje_id, user_id: other, sala_uuid: room, entregado_en: '' });
  assert.equal(await unread(other), 1);
  assert.deepEqual(await luis.call('mark_read', { mensaje_id, user_id: other }), { status: 'ok', mensaje_id, user_id: other });
  await luis.next('read_confirmed', { mensaje_id });
  for (const socket of [ana, tablet]) {
    const read = await socket.next('message_read');
    assert.match(read.leido_en, ISO);
    assert.deepEqual({ ...read, leido_en: '' }, { mensaje_id, user_id: other, sala_uuid: room, leido_en: '' });
  }
  await luis.nothing('message_read', { mensaje_id });      // who marked it knows
  assert.equal(await unread(other), 0);
  const [row] = await house.rows('SELECT entregado_en, leido_en FROM destinatarios_mensaje WHERE mensaje_id = ?', [mensaje_id]);
  assert.ok(row.entregado_en && row.leido_en);
});

test('read alone implies delivered; a repeat is confirmed and moves nothing', async () => {
  const { mensaje_id } = await say(ana, words(room, me, 'otra'));
  await luis.call('mark_read', { mensaje_id, user_id: other });
  await house.rows("UPDATE destinatarios_mensaje SET leido_en = '2021-01-01 00:00:00' WHERE mensaje_id = ?", [mensaje_id]);
  assert.equal((await tablet.call('mark_read', { mensaje_id, user_id: other })).status, 'ok');
  const [row] = await house.rows('SELECT entregado_en, YEAR(leido_en) AS y FROM destinatarios_mensaje WHERE mensaje_id = ?',
    [mensaje_id]);
  assert.ok(row.entregado_en);
  assert.equal(row.y, 2021);
});

test('the author marking an own message is confirmed and stores nothing', async () => {
  const { mensaje_id } = await say(ana, words(room, me, 'mía'));
  assert.equal((await ana.call('mark_read', { mensaje_id, user_id: me })).status, 'ok');
  const rows = await house.rows('SELECT destinatario_id FROM destinatarios_mensaje WHERE mensaje_id = ?', [mensaje_id]);
  assert.deepEqual(rows.map((r) => r.destinatario_id), [other]);
});

test('many marks at once', async () => {
  const acks = [];
  for (let i = 0; i < 40; i += 1) acks.push(say(ana, words(room, me, `n ${i}`)));
  const ids = (await Promise.all(acks)).map((a) => a.mensaje_id);
  const answers = await Promise.all(ids.flatMap((mensaje_id) => [
    luis.call('mark_delivered', { mensaje_id, user_id: other }), tablet.call('mark_read', { mensaje_id, user_id: other })]));
  assert.ok(answers.every((a) => a.status === 'ok'));
  for (const id of ids) await ana.next('message_read', { mensaje_id: id });
});

test('over REST: leer, entregado, marcar-leidos and the count', async () => {
  const ids = [];
  await house.api('POST', `/api/mensajes/salas/${room}/marcar-leidos`, { user: other });
  for (let i = 0; i < 4; i += 1) ids.push((await say(ana, words(room, me, `r ${i}`))).mensaje_id);
  assert.equal(await unread(other), 4);
  const delivered = await house.api('PUT', `/api/mensajes/mensajes/${ids[0]}/entregado`, { user: other });
  assert.equal(delivered.status, 200);
  assert.equal(typeof delivered.json.message, 'string');
  await ana.next('message_delivered', { mensaje_id: ids[0] });
  for (let i = 0; i < 2; i += 1) {
    assert.equal((await house.api('PUT', `/api/mensajes/mensajes/${ids[0]}/leer`, { user: other })).status, 200);
  }
  await ana.next('message_read', { mensaje_id: ids[0] });
  assert.equal(await unread(other), 3);
  assert.equal((await house.api('PUT', `/api/mensajes/mensajes/${ids[1]}/leer`, { user: third })).status, 403);
  assert.equal((await house.api('PUT', '/api/mensajes/mensajes/9223372036854775807/leer', { user: third })).status, 404);
  const all = await house.api('POST', `/api/mensajes/salas/${room}/marcar-leidos`, { user: other });
  assert.deepEqual(all.json, { message: '3 mensajes marcados como leídos' });
  await ana.next('message_read', { mensaje_id: ids[3] });
  assert.equal(await unread(other), 0);
});

test('two devices mark the same at one moment: it is told once and counted once', async () => {
  const mark = (mensaje_id) => [luis, tablet].map((socket) => socket.call('mark_read', { mensaje_id, user_id: other }));
  const all = () => house.api('POST', `/api/mensajes/salas/${room}/marcar-leidos`, { user: other });
  const ids = [];
  for (let i = 0; i < 25; i += 1) {
    const { mensaje_id } = await say(ana, words(room, me, `dos ${i}`));
    await Promise.all(mark(mensaje_id));
    ids.push(mensaje_id);
  }
  for (let i = 0; i < 25; i += 1) {
    const three = [];
    for (let k = 0; k < 3; k += 1) three.push((await say(ana, words(room, me, `tres ${i} ${k}`))).mensaje_id);
    const counts = (await Promise.all([all(), all()])).map((answer) => parseInt(answer.json.message, 10));
    assert.equal(counts[0] + counts[1], 3, `${counts}`);
    ids.push(three[2]);
  }
  const { mensaje_id: last } = await say(ana, words(room, me, 'la última'));
  await luis.call('mark_read', { mensaje_id: last, user_id: other });
  await ana.next('message_read', { mensaje_id: last });
  assert.deepEqual(ids.map((mensaje_id) => ana.all('message_read', { mensaje_id }).length), ids.map(() => 1));
}, 60000);

test('in a group without recipient rows the count follows the newest read message', async () => {
  const id = await group(house, [me, other, third]);
  const { sala_uuid } = await joinGroup(ana, id);
  const ids = [];
  for (let i = 0; i < 5; i += 1) ids.push((await say(ana, words(sala_uuid, me, `g ${i}`, { type: 'grupal' }))).mensaje_id);
  await house.rows('DELETE FROM destinatarios_mensaje WHERE mensaje_id IN (?)', [ids]);
  assert.equal(await unread(third), 5);
  const guest = await house.connect(third);
  await guest.call('mark_read', { mensaje_id: ids[2], user_id: third });
  assert.equal(await unread(third), 2);
  // an older device says that it got what was read on this one
  await guest.call('mark_delivered', { mensaje_id: ids[0], user_id: third });
  await ana.next('message_delivered', { mensaje_id: ids[0] });
  await ana.next('message_read', { mensaje_id: ids[0] });
  assert.equal(await unread(third), 2);
  const all = await house.api('POST', `/api/mensajes/salas/${sala_uuid}/marcar-leidos`, { user: third });
  assert.deepEqual(all.json, { message: '2 mensajes marcados como leídos' });
  assert.equal(await unread(third), 0);
});

atEnd(() => house && house.stop());
