'use strict';
// timeout: 120
// A peer that sends and never takes its answers costs its own queue and no more: it is gone after the time a pong may take.
// And a relay that is told to stop does not wait for a poller that is between two polls.
const http = require('node:http');
const WebSocket = require('ws');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');

let house;
let room;
atEnd(async () => { if (house) await house.stop(); });

const sockets = async () => (await house.metrics()).upred_relay_sockets;
const words = (n) => `42["send_message",${JSON.stringify({ sala_uuid: room, message: 'q'.repeat(n), sender_id: '123', timestamp: 't', type: 'directo' })}]`;

test('a house with short pongs', async () => {
  house = await House.start({ PING_INTERVAL_MS: 1000, PING_TIMEOUT_MS: 1000 });
  const ana = await house.connect('123', { transports: ['websocket'] });
  room = (await ana.call('join_direct_chat', { other_user_id: '456' })).sala_uuid;
  ana.close();
  await ask(async () => (await sockets()) === 0, 5000, 'nobody connected');
}, 60000);

test('a WebSocket that sends 3,000 messages and reads nothing is closed', async () => {
  const ws = new WebSocket(`${house.relayUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&user_id=123`);
  ws.on('error', () => {});
  await new Promise((resolve) => { ws.on('message', (m) => { if (String(m).startsWith('0')) ws.send('40'); else resolve(); }); });
  ws._socket.pause();
  for (let i = 0; i < 3000; i += 1) ws.send(words(20000));
  await ask(async () => (await sockets()) === 0, 20000, 'the deaf peer to be closed');
  assert.equal((await house.metrics()).upred_relay_stuck_closed_total, 1);
  assert.match(house.log('relay'), /refused: takes nothing of the \d+ bytes that wait for it/);
  ws.terminate();
}, 40000);

function post(sid, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${house.relayUrl}/socket.io/?EIO=4&transport=polling&sid=${sid}`,
      { method: 'POST', agent: false, headers: { 'Content-Type': 'text/plain' } }, (r) => { r.resume(); r.on('end', () => resolve(r.statusCode)); });
    request.on('error', reject);
    request.end(body);
  });
}

async function poller() {
  const hello = await house.api('GET', '/socket.io/?EIO=4&transport=polling&user_id=123', { url: house.relayUrl });
  const { sid } = JSON.parse(hello.text.slice(1));
  assert.equal(await post(sid, '40'), 200);
  return sid;
}

test('a client that posts and never polls is closed', async () => {
  const sid = await poller();
  for (let i = 0; i < 40; i += 1) {
    const status = await post(sid, words(50000)).catch(() => 0);
    if (status !== 200) break;
  }
  await ask(async () => (await sockets()) === 0, 30000, 'the deaf poster to be closed');
}, 60000);

test('a relay told to stop does not wait for a poller between two polls', async () => {
  await poller();
  const began = Date.now();
  await house.stopPart('relay');
  assert.ok(Date.now() - began < 4000, `it took ${Date.now() - began} ms`);
}, 30000);
