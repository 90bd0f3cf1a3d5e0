'use strict';
// A group of 300 connected members: a hundred messages from ten of them are heard by everyone, all in one order, and
// the relay encodes each once.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinGroup, words } = require('./cast');

const MEMBERS = 300;
const SENDERS = 10;
const EACH = 10;
let house;
let ids;
let sockets = [];
let room;

test('three hundred members join', async () => {
  house = await House.open();
  ids = await cast(house, MEMBERS);
  const club = await group(house, ids);
  for (let i = 0; i < MEMBERS; i += 25) {
    sockets = sockets.concat(await Promise.all(ids.slice(i, i + 25).map((id) => house.connect(id, { transports: ['websocket'] }))));
  }
  const answers = [];
  for (const socket of sockets) answers.push(await joinGroup(socket, club));
  room = answers[0].sala_uuid;
  assert.ok(answers.every((a) => a.sala_uuid === room));
}, 180000);

test('a hundred messages, heard by all in one order, each encoded once', async () => {
  // the joins' notices are still on their way to the slowest
  await ask(async () => sockets[0].all('user_joined_group').length === MEMBERS - 1, 10000, 'the notices');
  const before = await house.metrics();
  const acks = await Promise.all(sockets.slice(0, SENDERS).flatMap((socket, s) => Array.from({ length: EACH }, (_, i) => socket
    .call('send_message', words(room, ids[s], `${s}/${i}`, { type: 'grupal' })))));
  assert.ok(acks.every((a) => a.status === 'sent'));
  await ask(() => sockets.every((s) => s.all('receive_message').length >= SENDERS * EACH), 30000, 'everybody to hear everything');
  const after = await house.metrics();
  const order = sockets[0].all('receive_message').map((m) => m.mensaje_id);
  assert.equal(order.length, SENDERS * EACH);
  assert.deepEqual(order, [...order].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
  for (const socket of sockets) assert.deepEqual(socket.all('receive_message').map((m) => m.mensaje_id), order);
  for (let s = 0; s < SENDERS; s += 1) {
    const own = sockets[0].all('receive_message', { from: ids[s] }).map((m) => m.message);
    assert.deepEqual(own, Array.from({ length: EACH }, (_, i) => `${s}/${i}`));
  }
  const grown = (name) => after[`upred_relay_${name}`] - before[`upred_relay_${name}`];
  assert.equal(grown('broadcasts_encoded_total'), SENDERS * EACH);
  assert.equal(grown('deliveries_total'), SENDERS * EACH * MEMBERS);
}, 90000);

test('a group of this size gets no recipient rows, and is counted all the same', async () => {
  const [{ n }] = await house.rows('SELECT COUNT(*) AS n FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id'
    + ' JOIN salas_chat s ON s.id = m.sala_chat_id WHERE s.sala_uuid = ?', [room]);
  assert.equal(Number(n), 0);
  const { json } = await house.api('GET', '/api/mensajes/no-leidos/count', { user: ids[MEMBERS - 1] });
  assert.equal(json.total_no_leidos, SENDERS * EACH);
});

atEnd(() => house && house.stop());
