'use strict';
// timeout: 180
// What a client is told while a part is away: a clear refusal in bounded time, and the connection stays.
const WebSocket = require('ws');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const clients = require('../lib/clients');

let house;
let alice;
let room;
atEnd(async () => { if (house) await house.stop(); });

function text(message, extra = {}) {
  return { sala_uuid: room, message, sender_id: '123', timestamp: new Date().toISOString(), type: 'directo', ...extra };
}

async function timed(promise) {
  const began = Date.now();
  return { answer: await promise, ms: Date.now() - began };
}

test('a house, Alice in a direct chat', async () => {
  house = await House.start({ BUS_WORKERS: 2 });
  alice = await house.connect('123', { transports: ['websocket'], reconnection: true });
  room = (await alice.call('join_direct_chat', { other_user_id: '456' })).sala_uuid;
  assert.equal((await alice.call('send_message', text('todo en orden'))).status, 'sent');
}, 60000);

test('database away: unavailable within 5 s, the connection stays, service comes back', async () => {
  const sid = alice.id;
  await house.stopPart('db');
  const { answer, ms } = await timed(alice.call('send_message', text('sin base')));
  assert.equal(answer.status, 'error');
  assert.equal(answer.code, 'unavailable');
  assert.ok(ms < 6000, `took ${ms} ms`);
  const rest = await house.api('GET', '/api/mensajes/salas', { user: 123 });
  assert.equal(rest.status, 503);
  assert.equal(rest.json.code, 'unavailable');
  assert.ok(rest.headers['retry-after']);
  const ready = async (status) => (await house.api('GET', '/readyz', { url: house.relayUrl })).status === status;
  await ask(() => ready(503), 12000, 'not ready');
  // closed at once it would come back each second, and so would everybody
  const late = clients.open(house.relayUrl, '456', { transports: ['websocket'], reconnection: true });
  let opened = 0;
  late.io.on('open', () => { opened += 1; });
  await ask(() => opened, 5000, 'a transport');
  await pause(3000);
  await house.startPart('db');
  await late.next('connected', undefined, 5000);
  assert.equal(opened, 1);
  late.close();
  await ask(async () => (await alice.call('send_message', text('con base', { client_id: 'con-base' }))).status === 'sent', 5000, 'an ack');
  assert.equal(alice.id, sid);
  await ask(() => ready(200), 5000, 'ready');
  const rows = await house.rows('SELECT COUNT(*) AS n FROM mensajes WHERE contenido = ?', ['sin base']);
  assert.equal(Number(rows[0].n), 0, 'what was refused is not stored');
}, 90000);

test('a silent worker: the answer comes by the deadline and says the outcome is unknown', async () => {
  const workers = house.children('bus');
  workers.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  try {
    const { answer, ms } = await timed(alice.call('send_message', text('al silencio', { client_id: 'silencio' }), 15000));
    assert.equal(answer.code, 'unavailable');
    assert.ok(ms < 6500, `took ${ms} ms`);
  } finally {
    workers.forEach((pid) => process.kill(pid, 'SIGCONT'));
  }
  const ack = await ask(async () => {
    const a = await alice.call('send_message', text('al silencio', { client_id: 'silencio' }));
    return a.status === 'sent' && a;
  }, 5000, 'the repeat to be acked');
  const rows = await house.rows('SELECT mensaje_uuid FROM mensajes WHERE contenido = ?', ['al silencio']);
  assert.equal(rows.length, 1);
  assert.equal(rows[0].mensaje_uuid, ack.mensaje_uuid);
}, 60000);

// Each behind the one before: of a socket, of a room, and for want of workers.
test('a database that stands still: all are refused by one deadline, whoever waits behind whom', async () => {
  const others = await Promise.all(['456', '101', '102', '103', '104'].map((id) => house.connect(id, { transports: ['websocket'] })));
  const db = house.pid('db');
  // right behind a sweep of the feed, which would have one of the two workers
  const sweeps = async () => (await house.metrics()).upred_relay_feed_sweeps_total;
  const before = await sweeps();
  await ask(async () => await sweeps() > before, 5000, 'a sweep');
  process.kill(db, 'SIGSTOP');
  try {
    const asked = [
      ['join_group', { group_id: 789 }], ['send_message', text('parada')], ['mark_read', { mensaje_id: 1, user_id: 123 }],
      ['load_rooms', {}], ['mark_delivered', { mensaje_id: 1, user_id: 123 }], ['load_message_history', { sala_uuid: room }],
    ].map(([event, payload]) => [event, alice.call(event, payload, 40000)]);
    asked.push(['send_message', others[0].call('send_message', text('parada', { sender_id: '456' }), 40000)]);
    for (const one of others) asked.push(['load_rooms', one.call('load_rooms', {}, 40000)]);
    await Promise.all(asked.map(async ([event, promise]) => {
      const { answer, ms } = await timed(promise);
      assert.equal(answer.code, 'unavailable', event);
      assert.ok(ms < 6500, `${event} took ${ms} ms`);
      if (event.startsWith('load_')) assert.equal(answer.outcome, undefined, event);
    }));
  } finally {
    process.kill(db, 'SIGCONT');
  }
  await ask(async () => (await alice.call('send_message', text('sigue', { client_id: 'sigue' }))).status === 'sent', 10000, 'an ack');
  others.forEach((one) => one.close());
}, 60000);

// What each failure cost was once as much as all that waited.
test('a database that stands still, and a crowd waits for one room: the relay looks after everybody meanwhile', async () => {
  const each = 500;
  const crowd = await Promise.all(Array.from({ length: 30 }, () => house.connect('123', { transports: ['websocket'] })));
  const db = house.pid('db');
  process.kill(db, 'SIGSTOP');
  try {
    const answers = crowd.flatMap((one) => Array.from({ length: each }, () => one.call('send_message', text('muchos'), 60000)));
    const all = timed(Promise.all(answers));
    let worst = 0;
    let over = false;
    all.then(() => { over = true; }, () => { over = true; });
    while (!over) {
      const { answer, ms } = await timed(house.api('GET', '/healthz', { url: house.relayUrl }));
      assert.equal(answer.status, 200);
      worst = Math.max(worst, ms);
      await pause(50);
    }
    const { answer, ms } = await all;
    assert.equal(answer.filter((a) => a.code === 'unavailable').length, crowd.length * each);
    assert.ok(ms < 12000, `took ${ms} ms`);
    assert.ok(worst < 2000, `the relay said nothing for ${worst} ms`);
  } finally {
    process.kill(db, 'SIGCONT');
  }
  await ask(async () => (await alice.call('send_message', text('y sigue', { client_id: 'y-sigue' }))).status === 'sent', 10000, 'an ack');
  crowd.forEach((one) => one.close());
}, 120000);

test('no worker: unavailable at once; a new client waits at the transport and gets in when they are back', async () => {
  const sid = alice.id;
  await house.stopPart('bus', 'KILL');
  const handshake = '/socket.io/?EIO=4&transport=polling&user_id=456';
  await ask(async () => (await house.api('GET', handshake, { url: house.relayUrl })).status === 503, 8000, 'the relay to notice');
  assert.equal((await house.api('GET', '/readyz', { url: house.relayUrl })).status, 503);
  const { answer, ms } = await timed(alice.call('send_message', text('sin manos')));
  assert.equal(answer.code, 'unavailable');
  assert.ok(ms < 500, `took ${ms} ms`);
  const refused = await house.api('GET', handshake, { url: house.relayUrl });
  assert.equal(refused.status, 503);
  assert.ok(refused.headers['retry-after']);
  const { open } = require('../lib/clients');
  const bob = open(house.relayUrl, '456', { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500 });
  house.sockets.push(bob);
  await house.startPart('bus');
  await bob.next('connected', undefined, 10000);
  assert.equal(alice.id, sid, 'the old connection stays');
  assert.equal((await alice.call('send_message', text('con manos'))).status, 'sent');
}, 60000);

test('a relay that stood still: what workers answered meanwhile counts, and nobody is refused', async () => {
  const relay = house.pid('relay');
  for (const ms of [3500, 7000]) {
    const answers = Array.from({ length: 400 }, (_, i) => alice.call('send_message', text(`quieto ${ms} ${i}`), 30000));
    await Promise.race(answers);
    process.kill(relay, 'SIGSTOP');
    await pause(ms);
    process.kill(relay, 'SIGCONT');
    const no = (await Promise.all(answers)).filter((a) => a.status !== 'sent');
    assert.deepEqual(no.slice(0, 3), [], `${no.length} refused after ${ms} ms`);
  }
}, 60000);

// A CONNECT and an attachment have deadlines; they lay in the socket while these passed.
test('a relay that stood still reads what was said meanwhile before any deadline passes', async () => {
  const hasty = await House.start({ CONNECT_TIMEOUT_MS: 1500, BODY_TIMEOUT_MS: 1500 });
  try {
    const stand = async (say) => {
      process.kill(hasty.pid('relay'), 'SIGSTOP');
      say();
      await pause(3000);
      process.kill(hasty.pid('relay'), 'SIGCONT');
    };
    const heard = [];
    const ws = new WebSocket(`${hasty.relayUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&user_id=123`);
    ws.on('message', (m) => heard.push(String(m)));
    ws.on('close', (code, why) => heard.push(`closed ${code} ${why}`));
    const hears = (start) => ask(() => heard.some((m) => m.startsWith(start)), 5000, start);
    await hears('0');
    await stand(() => ws.send('40'));
    await hears('42["connected"').catch((e) => { throw new Error(`${e.message}: ${heard}`); });
    ws.send('451-["typing",{"sala_uuid":{"_placeholder":true,"num":0}}]');
    await stand(() => ws.send(Buffer.from('abc')));
    await hears('42["error"').catch((e) => { throw new Error(`${e.message}: ${heard}`); });
    ws.close();
  } finally {
    await hasty.stop();
  }
}, 60000);

test('relay away: REST stores with 201 and history has it; clients come back by themselves', async () => {
  await house.stopPart('relay', 'KILL');
  const stored = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: 456, body: { contenido: 'sin relay' } });
  assert.equal(stored.status, 201, stored.text);
  await house.startPart('relay');
  await ask(() => alice.connected, 5000, 'Alice to be back');
  const history = await alice.call('load_message_history', { sala_uuid: room });
  assert.ok(history.messages.some((m) => m.message === 'sin relay'));
}, 60000);

test('a relay that leaves while somebody waits for the database does not wait with him', async () => {
  await house.stopPart('db');
  const late = clients.open(house.relayUrl, '456', { transports: ['websocket'] });
  let gone;
  late.on('disconnect', (why) => { gone = why; });
  await ask(async () => (await house.metrics()).upred_relay_connects_waiting_bytes > 0, 5000, 'one at the door');
  const began = Date.now();
  await house.stopPart('relay');
  const took = Date.now() - began;
  assert.ok(took < 3000, `${took} ms`);
  await ask(() => gone, 5000, 'his end');
  await house.startPart('relay');
  await house.startPart('db');
  await ask(() => alice.connected, 10000, 'Alice to be back');
}, 60000);
