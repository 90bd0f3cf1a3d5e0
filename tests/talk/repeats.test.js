'use strict';
// A repeat by the same sender with the same client_id is answered with the first message's ack, and stores and pushes
// nothing: at once, much later, from another device, in another room, over REST.
const { test, atEnd, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, words } = require('./cast');

let house;
let me;
let other;
let third;
let phone;
let laptop;
let luis;
let room;
let first;

test('a message with a client_id', async () => {
  house = await House.open();
  [me, other, third] = await cast(house, 3);
  [phone, laptop, luis] = [await house.connect(me), await house.connect(me), await house.connect(other)];
  room = (await joinDirect(phone, other)).sala_uuid;
  first = await phone.call('send_message', words(room, me, 'una', { client_id: 'ñ-1' }));
  assert.equal(first.status, 'sent');
  assert.ok(!('duplicate' in first));
  await luis.next('receive_message', { mensaje_id: first.mensaje_id });
}, 120000);

test('repeated, from either device, with other words and in another room', async () => {
  const elsewhere = (await joinDirect(phone, third)).sala_uuid;
  for (const [socket, payload] of [[phone, words(room, me, 'una', { client_id: 'ñ-1' })],
    [laptop, words(room, me, 'otra cosa', { client_id: 'ñ-1', timestamp: 'z' })],
    [phone, words(elsewhere, me, 'otra sala', { client_id: 'ñ-1' })],
    [phone, words('no-hay', me, 'sin sala', { client_id: 'ñ-1' })]]) {
    const again = await socket.call('send_message', payload);
    assert.deepEqual(again, { ...first, duplicate: true });
  }
  await luis.nothing('receive_message', undefined, 1500);
});

test('another sender with the same client_id is another message', async () => {
  const own = await luis.call('send_message', words(room, other, 'mía', { client_id: 'ñ-1' }));
  assert.equal(own.status, 'sent');
  assert.notEqual(own.mensaje_uuid, first.mensaje_uuid);
});

test('ten at once with one client_id: one row, one push, nine duplicates', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? phone : laptop)
    .call('send_message', words(room, me, `n ${i}`, { client_id: 'diez' }))));
  assert.equal(answers.filter((a) => a.status === 'sent' && !a.duplicate).length, 1);
  assert.equal(answers.filter((a) => a.status === 'sent' && a.duplicate).length, 9);
  assert.equal(new Set(answers.map((a) => a.mensaje_id)).size, 1);
  await pause(1500);
  assert.equal(luis.all('receive_message', { mensaje_id: answers[0].mensaje_id }).length, 1);
  const [{ n }] = await house.rows('SELECT COUNT(*) AS n FROM mensajes WHERE mensaje_uuid = ?', [answers[0].mensaje_uuid]);
  assert.equal(Number(n), 1);
});

test('a client_id and an Idempotency-Key are the same thing', async () => {
  const options = { user: me, body: { contenido: 'por REST' }, headers: { 'Idempotency-Key': 'ñ-rest'.replace('ñ', 'n') } };
  const one = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, options);
  assert.equal(one.status, 201, one.text);
  const two = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { ...options, body: { contenido: 'otra' } });
  assert.equal(two.status, 200);
  assert.deepEqual(two.json, { ...one.json, duplicate: true });
  const socket = await phone.call('send_message', words(room, me, 'x', { client_id: 'n-rest' }));
  assert.equal(socket.duplicate, true);
  assert.equal(socket.mensaje_id, String(one.json.id));
  await luis.next('receive_message', { mensaje_id: String(one.json.id) });
  await luis.nothing('receive_message', { mensaje_id: String(one.json.id) }, 1400);
});

test('a repeat in a set that a locked room undid is a repeat still, and who is refused there is noted once', async () => {
  const locked = (await joinDirect(phone, third)).sala_uuid;
  const on = await house.db().getConnection();
  await on.beginTransaction();
  await on.query('SELECT id FROM salas_chat WHERE sala_uuid = ? FOR UPDATE', [locked]);
  const held = words(locked, me, 'retenida', { client_id: 'retenida' });
  // One pass reads them, one job takes them.
  const answers = [phone.call('send_message', words(room, me, 'libre')), phone.call('send_message', held),
    phone.call('send_message', words(room, me, 'una', { client_id: 'ñ-1' })), phone.call('send_message', {})];
  const again = await answers[2];
  await on.rollback();
  on.release();
  assert.deepEqual(again, { ...first, duplicate: true });
  assert.equal((await answers[0]).duplicate, undefined);
  const sent = await answers[1];
  assert.ok(sent.status === 'sent' || sent.code === 'unavailable', JSON.stringify(sent));
  assert.equal((await answers[3]).code, 'bad_request');
  assert.equal(house.log('bus').split(`refused user ${me}: send_message: 422`).length, 2);
  assert.match(house.log('bus'), / warn attempt \d+ of \d+ commands not done: 1205 /);
});

test('without a client_id equal texts are different messages', async () => {
  const [a, b] = [await phone.call('send_message', words(room, me, 'igual')), await phone.call('send_message', words(room, me, 'igual'))];
  assert.notEqual(a.mensaje_uuid, b.mensaje_uuid);
});

atEnd(() => house && house.stop());
