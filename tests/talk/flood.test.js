'use strict';
// timeout: 180
// An honest client that emits a great deal at once is served, not cut off: every message comes back to its sender too, so
// its own echoes must not pass its send queue's bound.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, words } = require('./cast');

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

test('who polls hears all of what came between two polls, more than may wait for a WebSocket', async () => {
  const [me, other] = await cast(house, 2);
  const at = `/socket.io/?EIO=4&transport=polling`;
  const poll = async (sid) => (await house.api('GET', `${at}&sid=${sid}`, { url: house.relayUrl })).text;
  const { sid } = JSON.parse((await house.api('GET', `${at}&user_id=${other}`, { url: house.relayUrl })).text.slice(1));
  await fetch(`${house.relayUrl}${at}&sid=${sid}`, { method: 'POST', body: '40', headers: { 'Content-Type': 'text/plain' } });
  assert.match(await poll(sid), /^40/);
  const ana = await house.connect(me, { transports: ['websocket'] });
  const { sala_uuid: room } = await joinDirect(ana, other);
  const acks = await Promise.all(Array.from({ length: 40 }, (_, i) => ana.call('send_message', words(room, me, `${i}`.padEnd(60000, '.')))));
  assert.ok(acks.every((ack) => ack.status === 'sent'));
  const heard = (await poll(sid)).split('\x1e').filter((packet) => packet.startsWith('42["receive_message"'));
  assert.equal(heard.length, 40);
}, 60000);
