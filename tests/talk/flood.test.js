'use strict';
// timeout: 180
// An honest client that emits a great deal at once is served, not cut off: every message comes back to its sender too, so
// its own echoes must not pass its send queue's bound.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');

let house;
atEnd(async () => { if (house) await house.stop(); });

async function flood(transport, count, bytes) {
  house = house || await House.open();
  const ana = await house.connect('123', { transports: [transport] });
  const room = (await ana.call('join_direct_chat', { other_user_id: '456' })).sala_uuid;
  const answers = [];
  for (let i = 0; i < count; i += 1) {
    answers.push(ana.call('send_message', { sala_uuid: room, message: `${i}${'·'.repeat(bytes / 2)}`, sender_id: '123',
      timestamp: 't', type: 'directo' }, 60000));
  }
  const statuses = (await Promise.all(answers)).map((a) => a.status);
  assert.ok(statuses.every((s) => s === 'sent'), 'every emit was acked');
  assert.ok(ana.connected, 'the connection was never given up');
  assert.equal(ana.all('receive_message', (m) => m.sala_uuid === room).length, count, 'and every message came back once');
  ana.close();
}

test('120 messages of 60,000 bytes at once over polling', () => flood('polling', 120, 60000), 90000);
test('120 messages of 60,000 bytes at once over WebSocket', () => flood('websocket', 120, 60000), 90000);
test('4,000 messages of 2,000 bytes at once over WebSocket', () => flood('websocket', 4000, 2000), 90000);
