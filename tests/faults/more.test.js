'use strict';
// timeout: 420
// Faults from around: connections to the database killed one by one, locks taken against the order, a locked room, a full
// disk, and a clock that jumps. People talk in a group and in pairs meanwhile; afterwards acked is stored once and heard once.
const fs = require('node:fs');
const path = require('node:path');
const { spawn, execFileSync } = require('node:child_process');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit, mayKill, served, GROUP } = require('./crowd');
const { Clock } = require('./hooks');

const HOUR = 3600;
const ASAN = process.env.SANITIZE === '1';

let house;
let db;
let clock;
let crowd = [];
let room;                              // of the group: { id, sala_uuid }
let foreign;                           // a database of the test's own
atEnd(async () => {
  crowd.forEach((p) => p.close());
  if (foreign) foreign.kill('SIGKILL');
  if (house) await house.stop();
});

test('a house and its people', async () => {
  house = await House.start({ BUS_WORKERS: 4 });
  clock = new Clock(house.runDir);
  mayKill(house);
  db = house.db();
  crowd = await gather(house.relayUrl, db, 8, { direct: true, catchUp: true });
  [room] = await house.rows('SELECT id, sala_uuid FROM salas_chat WHERE grupo_id = ?', [GROUP]);
}, 60000);

// The crowd talks while `trouble` happens; then the three truths. Returns how many messages were acked.
async function compare(trouble, { stay = true } = {}) {
  const joins = crowd.map((p) => p.joins);
  const stop = { now: false };
  const talking = talk(crowd, stop, { repeat: true, gap: 10 });
  try {
    await trouble();
    await served(crowd, 10000, 8000);
  } finally {
    stop.now = true;
  }
  const log = await talking;
  assert.deepEqual((await audit(db, log, crowd)).slice(0, 10), []);
  if (stay) assert.deepEqual(crowd.map((p) => p.joins), joins, 'no connection was given up');
  return log.filter((e) => e.ack).length;
}

test('each connection of ours is killed by the server, one after the other, under load', async () => {
  let killed = 0;
  const acked = await compare(async () => {
    for (let round = 0; round < 3; round += 1) {
      const rows = await house.rows('SELECT id FROM information_schema.processlist WHERE user = ?', [house.env.DB_USER]);
      for (const { id } of rows) {
        await db.query(`KILL ${round === 2 ? 'QUERY ' : ''}${Number(id)}`).then(() => { killed += 1; }, () => {});
        await pause(60);
      }
    }
  });
  console.log(`# ${killed} killed, ${acked} acked`);
  assert.ok(killed >= 6, `only ${killed} killed`);
}, 60000);

test('a foreign client that locks rooms in the other order: deadlocks, and nobody notices', async () => {
  const lost = () => (house.log('bus').match(/ info store 1213 /g) || []).length;
  const rooms = (await house.rows('SELECT id FROM salas_chat ORDER BY id DESC')).map((r) => r.id);
  const acked = await compare(async () => {
    const end = Date.now() + 50000;
    const on = await db.getConnection();
    while (Date.now() < end && lost() < 3) {
      await on.beginTransaction();
      // it has done more than we have: the database ends our transaction, not this one
      await on.query(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
        SELECT UUID(), ?, ?, 'de nadie' FROM seq_1_to_100`, [rooms[0], crowd[0].id]);
      for (const id of rooms) {
        await on.query('SELECT id FROM salas_chat WHERE id = ? FOR UPDATE', [id]).catch(() => {});
        await pause(3);
      }
      await on.rollback();
      await pause(20);
    }
    on.release();
  });
  console.log(`# ${lost()} deadlocks ended a transaction of ours, ${acked} acked`);
  assert.ok(lost() >= 3, 'we lost in some');
}, 90000);

test('a room that a foreign client holds for 3 s: an answer within 5 s there, and the others go on', async () => {
  const text = (message) => ({ sala_uuid: elsewhere, message, sender_id: '123', timestamp: 'x', type: 'directo' });
  const on = await db.getConnection();
  const other = await house.connect('123');
  const elsewhere = (await other.call('join_direct_chat', { other_user_id: '456' })).sala_uuid;
  const spent = [];
  const answers = [];
  // where somebody spoke last is no help for where he speaks next
  await Promise.all(crowd.map((p) => p.send(`antes ${p.id}`, undefined, { direct: true })));
  await on.beginTransaction();
  await on.query('SELECT id FROM salas_chat WHERE id = ? FOR UPDATE', [room.id]);
  const held = Promise.all(crowd.map(async (p) => {
    for (let n = 0; n < 2; n += 1) {
      const began = Date.now();
      const answer = await p.send(`retenido ${p.id}`, `retenido-${n}-${Date.now()}-${p.id}`);
      answers.push({ ms: Date.now() - began, ...answer });
    }
  }));
  const end = Date.now() + 3000;
  while (Date.now() < end) {
    const began = Date.now();
    const { status } = await other.call('send_message', text('en otra sala'));
    assert.equal(status, 'sent');
    spent.push(Date.now() - began);
    await pause(50);
  }
  await on.rollback();
  on.release();
  await held;
  spent.sort((a, b) => a - b);
  console.log(`# elsewhere ${spent.length} messages, median ${spent[spent.length >> 1]} ms, slowest ${spent.slice(-5)} ms; `
    + `there ${answers.map((a) => `${a.code || a.status} ${a.ms}`).join(', ')}`);
  for (const a of answers) {
    assert.ok(a.status === 'sent' || a.code === 'unavailable', JSON.stringify(a));
    assert.ok(a.ms < 6500, `an answer after ${a.ms} ms`);
  }
  // (one may have been in a job with those that wait)
  assert.ok(spent.length >= 8 && spent.at(-2) < 1000 && spent.at(-1) < 3000, 'the others went on');
  assert.match(house.log('bus'), / info store 1205 .*\n(.*\n)*.* warn attempt \d+ of \d+ commands not done: 1205 /);
  await compare(() => pause(500));
}, 60000);

// ---- a full disk ----

// The house's database as a process of the test, with more settings; what it was started with is read from the running one.
async function ownDatabase(...more) {
  const words = fs.readFileSync(`/proc/${house.pid('db')}/cmdline`, 'utf8').split('\0').filter(Boolean);
  await house.stopPart('db');
  const log = fs.openSync(path.join(house.runDir, 'log', 'db-own.log'), 'a');
  // what cannot be written is an error, not the end
  foreign = spawn('sh', ['-c', 'trap "" XFSZ; exec "$@"', '-', ...words, ...more], { stdio: ['ignore', log, log] });
  await ask(async () => (await db.query('SELECT 1'))[0].length, 30000, 'the database');
}

// Bytes up to which it may write in any file: what is longer cannot grow.
function fileLimit(bytes) {
  execFileSync('prlimit', [`--pid=${foreign.pid}`, `--fsize=${bytes}:unlimited`]);
}

test('a disk without room: refused and not stored, what is there can be read; room again: everything goes on', async () => {
  const mail = crowd[0];
  // the log is written in a circle and must have its room, as on a disk that is full
  await ownDatabase('--innodb-log-file-size=8M');
  await served(crowd, 10000, 8000);
  const { file } = (await house.rows(`SELECT @@datadir AS file`))[0];
  const table = `${file}/${house.env.DB_NAME}/mensajes.ibd`;
  const big = 'x'.repeat(60000);
  const stop = { now: false };
  const talking = talk(crowd, stop, { repeat: true, gap: 20 });
  try {
    // grown past the log, so that the table alone meets the limit
    while (fs.statSync(table).size < (12 << 20)) {
      await db.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(), ?, ?, ? FROM seq_1_to_20',
        [room.id, mail.id, big]);
    }
    fileLimit(Math.ceil(fs.statSync(table).size / (1 << 20)) << 20);
    let began = Date.now();
    const refused = await ask(async () => {
      const text = `${Math.random()} ${big}`;
      const answer = await mail.send(text);
      if (answer.status !== 'sent') console.log(`# ${answer.code} ${answer.outcome || ''} after ${Date.now() - began} ms`);
      began = Date.now();
      // (a slow disk may first keep one past its deadline: that one's outcome is unknown, and said to be)
      return answer.code === 'unavailable' && answer.outcome === undefined && text;
    }, 60000, 'a refusal with nothing unclear about it');
    const [{ n }] = await house.rows('SELECT COUNT(*) AS n FROM mensajes WHERE contenido = ?', [refused]);
    assert.equal(Number(n), 0, 'what is refused is not stored');
    assert.equal((await mail.call('load_message_history', { sala_uuid: mail.sala, limit: 5 })).status, 'ok');
    fileLimit('unlimited');
    await served(crowd, 10000, 8000);
  } finally {
    stop.now = true;
  }
  const log = await talking;
  assert.deepEqual((await audit(db, log, crowd)).slice(0, 10), []);
  assert.match(house.log('bus'), /warn attempt .*1114/);
}, 150000);

test('the house takes its own database back', async () => {
  const gone = new Promise((resolve) => { foreign.once('exit', resolve); });
  foreign.kill('SIGTERM');
  await gone;
  foreign = undefined;
  await house.startPart('db');
  await compare(() => pause(500));
}, 60000);

// ---- a clock that jumps ----

// Somebody who polls by REST with the cursor that each answer gives: what he has seen so far, by uuid.
async function poll(stop, seen) {
  const who = { user: crowd[3].id };
  let { cursor } = (await house.api('GET', '/api/mensajes/novedades', who)).json;
  for (let last = false; !last;) {
    last = stop.now;
    const { status, json } = await house.api('GET', `/api/mensajes/novedades?after=${cursor}`, who);
    if (status !== 200) continue;
    cursor = json.cursor;
    for (const m of json.mensajes) seen.add(m.mensaje_uuid);
    last = last && !json.truncated;
    if (!json.truncated) await pause(100);
  }
}

async function jumps(parts) {
  await served(crowd, 10000, 8000);
  const seen = new Set();
  const stop = { now: false };
  const began = (await house.rows('SELECT MAX(id) AS id FROM mensajes'))[0].id;
  const polling = poll(stop, seen);
  polling.catch(() => {});
  await compare(async () => {
    await pause(300);
    for (const seconds of [HOUR, -2 * HOUR, 0]) {
      clock.jump(seconds);
      await pause(1500);
      const text = `a las ${seconds} ${Math.random()}`;
      const rest = await house.api('POST', `/api/mensajes/salas/${room.sala_uuid}/mensajes`,
        { user: crowd[1].id, body: { contenido: text } });
      assert.equal(rest.status, 201, rest.text);
    }
  }).finally(() => { stop.now = true; });
  await polling;
  const rows = await house.rows(`SELECT mensaje_uuid FROM mensajes WHERE id > ? AND sala_chat_id = ? AND contenido LIKE 'a las %'`,
    [began, room.id]);
  assert.equal(rows.length, 3);
  assert.deepEqual(rows.filter((r) => !seen.has(r.mensaje_uuid)), [], `${parts}: a hole for who polls`);
}

if (!ASAN) {                           // (the sanitizers' library must be the first)
  test('relay, workers and pool lose an hour and win two: nobody notices', async () => {
    for (const part of ['relay', 'fcgi', 'bus']) {
      await house.stopPart(part);
      await house.startPart(part, clock.settings);
    }
    await jumps('all');
  }, 90000);

  test('the relay alone is an hour off: the others do not trust its mark, and skip nothing', async () => {
    for (const part of ['fcgi', 'bus']) await house.restartPart(part);
    await jumps('relay');
  }, 90000);

  test('a planned restart while the clock goes back: nobody is recovered, everybody catches up', async () => {
    clock.jump(HOUR);
    await compare(async () => {
      await pause(300);
      await house.stopPart('relay');
      clock.jump(0);
      await house.startPart('relay', clock.settings);
    }, { stay: false });
    assert.match(house.log('relay'), /relay\.handover is too old, or the clock was set back far: nobody is recovered/);
  }, 60000);
}
