'use strict';
// Ten sockets join the same new pair at the same instant, from both sides; and ten members the same new group: one row
// in salas_chat, one answer for all. Fifty times.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group } = require('./cast');

const ROUNDS = 50;
let house;
let ids;
let sockets;

test('ten sockets of ten people', async () => {
  house = await House.open();
  ids = await cast(house, 10);
  sockets = await Promise.all(ids.map((id, i) => house.connect(id, i % 3 ? {} : { transports: ['websocket'] })));
}, 120000);

test('one room for a pair, fifty times', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [a, b] = await cast(house, 2);
    const both = await Promise.all(Array.from({ length: 10 }, (_, i) => house.connect(i % 2 ? a : b, { transports: ['websocket'] })));
    const answers = await Promise.all(both.map((s, i) => s.call('join_direct_chat', { other_user_id: i % 2 ? b : a })));
    assert.equal(new Set(answers.map((x) => x.sala_chat_id)).size, 1, JSON.stringify(answers));
    assert.ok(answers.every((x) => x.status === 'ok' && x.room === `chat_${x.sala_uuid}`));
    const rows = await house.rows('SELECT id FROM salas_chat WHERE usuario_a_id IN (?) AND usuario_b_id IN (?)', [[a, b], [a, b]]);
    assert.equal(rows.length, 1);
    for (const s of both) s.close();
  }
}, 120000);

test('one room for a group, fifty times', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const club = await group(house, ids);
    const answers = await Promise.all(sockets.map((s) => s.call('join_group', { group_id: club })));
    assert.equal(new Set(answers.map((x) => x.sala_chat_id)).size, 1, JSON.stringify(answers));
    const rows = await house.rows('SELECT id FROM salas_chat WHERE grupo_id = ?', [club]);
    assert.equal(rows.length, 1);
  }
}, 120000);

atEnd(() => house && house.stop());
