'use strict';
// timeout: 400
// Rows of `mensajes` that no handler stored: by SQL, in transactions that end late, in the wrong order or not at all, in
// masses, with strides, and in a table that went back. Each is heard once, and nobody else waits.
// LONG=1: also a transaction that stays open for a minute.
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { randomUUID } = require('node:crypto');
const WebSocket = require('ws');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, say, words } = require('../talk/cast');

const SOON = 2500;                     // promised are 1.5 s; the machine may be busy
const MANY = 50000;
const PER_INSERT = 5000;
const NAMED = 15000;                   // each names nine rooms: 400 bytes

let house;
let db;
let alice;
let bob;
let aliceId;
let bobId;
let room;                              // { id, uuid } of Alice and Bob
atEnd(async () => { if (house) await house.stop(); });

async function roomOf(a, b) {
  const socket = await house.connect(a, { transports: ['websocket'] });
  const { sala_uuid: uuid } = await joinDirect(socket, b);
  const [row] = await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [uuid]);
  return { socket, id: row.id, uuid };
}

// One row by plain SQL; returns its id.
async function insert(on, text, { place = room.id, sender = aliceId, deleted = null } = {}) {
  const [done] = await on.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido, eliminado_en)'
    + ' VALUES (?, ?, ?, ?, ?)', [randomUUID(), place, sender, text, deleted]);
  return String(done.insertId);
}

function times(socket, message) { return socket.all('receive_message', { message }).length; }

async function heardOnce(message, ms = SOON) {
  for (const s of [alice, bob]) await s.next('receive_message', { message }, ms);
  await pause(1200);                   // another sweep
  for (const s of [alice, bob]) assert.equal(times(s, message), 1, `${message}: heard once`);
}

// The cursor of RUN_DIR/feed.mark.
function mark() {
  return BigInt(fs.readFileSync(path.join(house.env.BUS_DIR, 'feed.mark'), 'utf8').split(' ')[0]);
}

test('a house, Alice and Bob in a direct chat', async () => {
  house = await House.start();
  db = house.db();
  [aliceId, bobId] = await cast(house, 2);
  const mine = await roomOf(aliceId, bobId);
  alice = mine.socket;
  room = mine;
  bob = await house.connect(bobId, { transports: ['websocket'] });
  await joinDirect(bob, aliceId);
}, 60000);

test('an INSERT by SQL is heard once, by both', async () => {
  await insert(db, 'por SQL');
  await heardOnce('por SQL');
});

test('the feed does not read again what sockets sent; rows by SQL between it are heard once', async () => {
  const read = async () => (await house.metrics()).upred_relay_feed_rows_total;
  const before = await read();
  for (let i = 0; i < 300; i += 1) await say(alice, words(room.uuid, aliceId, `rápido ${i}`));
  await pause(1200);                   // another sweep
  const rows = await read() - before;
  // (a sweep may come between a commit and its push)
  assert.ok(rows < 60, `${rows} rows read`);
  const sent = [];
  for (let i = 0; i < 200; i += 1) {
    await say(alice, words(room.uuid, aliceId, `mezcla ${i}`));
    sent.push(`mezcla ${i}`);
    if (i % 20 === 10) sent.push(`entre ${i}`) && await insert(db, `entre ${i}`);
  }
  for (const message of sent) await bob.next('receive_message', { message }, SOON);
  await pause(1200);
  assert.deepEqual(sent.filter((m) => times(alice, m) !== 1 || times(bob, m) !== 1), []);
}, 60000);

test('a later id commits first; the earlier one, 10 s after: both are heard once', async () => {
  const late = await db.getConnection();
  await late.beginTransaction();
  const first = await insert(late, 'antes');
  const second = await insert(db, 'después');
  assert.ok(BigInt(first) < BigInt(second));
  await heardOnce('después');
  await pause(8500);
  assert.equal(times(bob, 'antes'), 0);
  await late.commit();
  late.release();
  await heardOnce('antes');
}, 60000);

test('an id that was rolled back holds up nobody, and the cursor no longer than the rule', async () => {
  const late = await db.getConnection();
  await late.beginTransaction();
  const never = BigInt(await insert(late, 'nunca'));
  await insert(db, 'detrás del hueco');
  await heardOnce('detrás del hueco');
  await late.rollback();
  late.release();
  assert.ok(mark() < never, 'the cursor stays below what may still appear');
  await ask(() => mark() > never, 20000, 'the cursor to pass');
  assert.equal(times(bob, 'nunca'), 0);
}, 60000);

test('ids in strides of 7: each is heard once', async () => {
  const on = await db.getConnection();
  await on.query('SET SESSION auto_increment_increment = 7');
  for (let i = 0; i < 40; i += 1) await insert(on, `zancada ${i}`);
  await on.query('SET SESSION auto_increment_increment = 1');
  on.release();
  for (let i = 0; i < 40; i += 1) await bob.next('receive_message', { message: `zancada ${i}` }, 8000);
  await pause(1200);
  for (let i = 0; i < 40; i += 1) assert.equal(times(bob, `zancada ${i}`), 1);
}, 60000);

test('rows marked deleted, or gone before anybody looked, are not heard; those behind them are', async () => {
  await insert(db, 'ya eliminado', { deleted: '2026-01-01 00:00:00' });
  const gone = await insert(db, 'ya no está');
  await db.query('DELETE FROM mensajes WHERE id = ?', [gone]);
  await insert(db, 'sigue aquí');
  await heardOnce('sigue aquí');
  assert.equal(times(bob, 'ya eliminado'), 0);
});

// A WebSocket of a person that reads nothing any more.
async function deaf(user) {
  const ws = new WebSocket(`${house.relayUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&user_id=${user}`);
  ws.on('error', () => {});
  await new Promise((resolve) => { ws.on('message', (m) => { if (String(m).startsWith('0')) ws.send('40'); else resolve(); }); });
  ws._socket.pause();
  return ws;
}

// Counts what a socket hears instead of keeping it; `wrong`: what was out of order or twice.
function counter(socket) {
  const ear = { heard: 0, wrong: 0, last: 0n, closed: '' };
  socket.on('receive_message', (m) => {
    ear.wrong += BigInt(m.mensaje_id) <= ear.last ? 1 : 0;
    ear.last = BigInt(m.mensaje_id);
    ear.heard += 1;
    socket.heard.length = 0;
  });
  socket.on('disconnect', (reason) => { ear.closed = reason; });
  return ear;
}

// Three people who chat in a group, in a process of their own: this one has every row to read twice. Returns what ends them
// and gives what each acknowledgement took before a moment, and between it and another, both sorted, in ms.
async function innocents() {
  const ids = await cast(house, 3);
  const child = spawn(process.execPath, [path.join(__dirname, '../talk/hostile_innocents.js'), house.relayUrl, await group(house, ids), ...ids],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  let report = '';
  child.stdout.on('data', (d) => { report += d; });
  await ask(() => report.startsWith('ready'), 20000, 'the innocent');
  return async (from, to) => {
    child.stdin.end();
    await ask(() => report.includes('}\n'), 30000, 'their report');
    const { waits, sent, heard, troubles } = JSON.parse(report.slice(report.indexOf('{')));
    assert.deepEqual(troubles, []);
    assert.deepEqual(heard, ids.map(() => [sent, sent]));
    return [[0, from], [from, to]].map(([a, b]) => waits.filter(([, when]) => when >= a && when < b).map(([ms]) => ms)
      .sort((x, y) => x - y));
  };
}

test(`${MANY} rows in one transaction hold up no other room and cut off nobody who listens, one deaf member aside`, async () => {
  const [carol, dave] = await cast(house, 2);
  const other = await roomOf(carol, dave);
  const poller = await house.connect(dave, { transports: ['polling'] });
  const ears = [counter(other.socket), counter(poller)];
  const ws = await deaf(dave);
  const done = await innocents();
  const slow = (await house.metrics()).upred_relay_slow_closed_total;
  const on = await db.getConnection();
  await on.beginTransaction();
  const opened = Date.now();
  for (let n = 0; n < MANY; n += PER_INSERT) {
    await on.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES ?',
      [Array.from({ length: PER_INSERT }, (_, i) => [randomUUID(), other.id, carol, `masa ${n + i}${'.'.repeat(200)}`])]);
  }
  const began = Date.now();
  await on.commit();
  on.release();
  await insert(db, 'tras la masa');
  await ask(() => ears.every((e) => e.heard >= MANY || e.closed), 120000).catch(() => {});
  const [before, spent] = await done(began, Date.now());
  const p99 = spent[Math.floor(spent.length * 0.99)];
  console.log(`# ${spent.length} messages meanwhile, median ${spent[spent.length >> 1]} ms, p99 ${p99} ms, slowest ${spent.at(-1)} ms`);
  for (const ear of ears) {
    // (what a slow disk keeps open past FEED_HOLE_S is asked for less often, and its oldest rows may come behind the others)
    const wrong = began - opened > 13000 ? Math.min(ear.wrong, 1) : 0;
    assert.deepEqual({ ...ear, last: 0n }, { heard: MANY, wrong, last: 0n, closed: '' });
  }
  // (on a slow disk each takes its time anyway)
  const usual = before[Math.floor(before.length * 0.9)] || 0;
  assert.ok(spent.length > 10 && p99 < 500 + 3 * usual, `p99 ${p99} ms of ${spent.length}, before ${usual}`);
  assert.ok(spent.at(-1) < 2000, `one took ${spent.at(-1)} ms`);
  assert.equal((await house.metrics()).upred_relay_slow_closed_total, slow + 1, 'the deaf one was closed, nobody else');
  ws.terminate();
  await heardOnce('tras la masa');
}, 200000);

test('late rows of a group with nine rooms, more than an answer on the bus can name: each is heard once', async () => {
  const [carol, dave] = await cast(house, 2);
  const club = await group(house, [carol, dave]);
  const { sala_uuid: uuid } = await joinGroup(await house.connect(carol), club);
  const [place] = await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [uuid]);
  for (let i = 0; i < 8; i += 1) {
    await house.rows("INSERT INTO salas_chat (sala_uuid, tipo_sala, grupo_id) VALUES (?, 'grupal', ?)", [randomUUID(), club]);
  }
  const socket = await house.connect(dave, { transports: ['websocket'] });
  await joinGroup(socket, club);
  const ear = counter(socket);
  const on = await db.getConnection();
  await on.beginTransaction();
  for (let n = 0; n < NAMED; n += PER_INSERT) {
    await on.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES ?',
      [Array.from({ length: PER_INSERT }, (_, i) => [randomUUID(), place.id, carol, `masa ${n + i}`])]);
  }
  await insert(db, 'antes que la masa');
  await heardOnce('antes que la masa');
  await on.commit();
  on.release();
  await ask(() => ear.heard >= NAMED || ear.closed, 60000).catch(() => {});
  assert.deepEqual({ heard: ear.heard, closed: ear.closed }, { heard: NAMED, closed: '' });
}, 120000);

test('rows as long as can be, more at a time than a message on the bus holds: each is heard once, and nobody waits', async () => {
  const [carol, dave, eva] = await cast(house, 3);
  const big = await roomOf(carol, dave);
  const small = await roomOf(eva, dave);
  const heard = new Map();
  big.socket.on('receive_message', (m) => { heard.set(m.mensaje_id, (heard.get(m.mensaje_id) || 0) + 1); big.socket.heard.length = 0; });
  const on = await db.getConnection();
  await on.beginTransaction();
  const ids = [];
  for (let i = 0; i < 66; i += 1) ids.push(await insert(on, 'x'.repeat(65500), { place: big.id, sender: carol }));
  for (let i = 0; i < 64; i += 1) ids.push(await insert(on, '"'.repeat(65000), { place: big.id, sender: carol }));
  ids.push(await insert(on, 'detrás de las largas', { place: big.id, sender: carol }));
  await insert(on, 'al lado de las largas', { place: small.id, sender: eva });
  await on.commit();
  on.release();
  await small.socket.next('receive_message', { message: 'al lado de las largas' }, 10000);
  await ask(() => heard.has(ids.at(-1)), 20000, 'the last of them');
  await pause(1200);                   // another sweep
  assert.deepEqual(ids.filter((id) => heard.get(id) !== 1), []);
}, 60000);

test('a table that went back: ids used again by other messages are heard', async () => {
  const first = BigInt(await insert(db, 'antes de volver'));
  for (let i = 0; i < 5; i += 1) await insert(db, `se pierde ${i}`);
  await heardOnce('se pierde 4');
  await db.query('DELETE FROM mensajes WHERE id > ?', [String(first)]);
  await db.query(`ALTER TABLE mensajes AUTO_INCREMENT = ${first + 1n}`);
  await pause(1500);                   // a sweep sees it
  assert.equal(BigInt(await insert(db, 'de nuevo')), first + 1n);
  await heardOnce('de nuevo');
  assert.match(house.log('relay'), /the table went back/);
}, 60000);

test('the same at once behind what sockets sent, which no sweep has read: rows by SQL under those ids are heard', async () => {
  for (let round = 0; round < 3; round += 1) {
    const first = BigInt(await insert(db, `antes de perder ${round}`));
    await heardOnce(`antes de perder ${round}`);
    for (let i = 0; i < 10; i += 1) await say(alice, words(room.uuid, aliceId, `perdido ${round}.${i}`));
    await db.query('DELETE FROM mensajes WHERE id > ?', [String(first)]);
    await db.query(`ALTER TABLE mensajes AUTO_INCREMENT = ${first + 1n}`);
    for (let i = 0; i < 3; i += 1) await insert(db, `en su lugar ${round}.${i}`);
    for (let i = 0; i < 3; i += 1) await heardOnce(`en su lugar ${round}.${i}`);
  }
  for (let i = 0; i < 30; i += 1) assert.equal(times(bob, `perdido ${i / 10 | 0}.${i % 10}`), 1);
}, 60000);

if (process.env.LONG) {
  test('a transaction that stays open for a minute is heard once', async () => {
    const late = await db.getConnection();
    await late.beginTransaction();
    await insert(late, 'un minuto');
    await insert(db, 'enseguida');
    await heardOnce('enseguida');
    await pause(60000);
    await late.commit();
    late.release();
    await heardOnce('un minuto', 12500);  // such holes are asked for every 10 s
  }, 120000);
}
