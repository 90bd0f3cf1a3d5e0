'use strict';
// timeout: 300
// Faults at random under load, one after the other: processes killed and stopped, connections to the database cut, the
// database restarted, rooms locked by others. Afterwards what was acked, what is stored and what was heard are compared
// row by row. FAULT_SEED repeats a sequence (it is printed), FAULT_SECONDS makes it longer.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit, GROUP } = require('./crowd');

const SECONDS = Number(process.env.FAULT_SECONDS || 40);
const SEED = Number(process.env.FAULT_SEED || Math.floor(Math.random() * 1e9));

let state = SEED;
// 0 <= n < 1 (mulberry32)
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
// Drawn even where there is nothing to choose from, so that the sequence does not depend on the house's state.
function choose(list) {
  const at = random();
  return list[Math.floor(at * list.length)];
}
function between(low, high) { return Math.round(low + random() * (high - low)); }

let house;
let db;
let crowd = [];
atEnd(async () => { crowd.forEach((p) => p.close()); if (house) await house.stop(); });

function signal(pid, name) {
  try { process.kill(pid, name); } catch { /* gone meanwhile */ }
}

async function standStill(pid, ms) {
  if (!pid) return;
  signal(pid, 'SIGSTOP');
  await pause(ms);
  signal(pid, 'SIGCONT');
}

const faults = {
  async killWorker() { signal(choose(house.children('bus')), 'SIGKILL'); },
  async killRest() { signal(choose(house.children('fcgi')), 'SIGKILL'); },
  async restartWorkers() { await house.restartPart('bus', choose(['TERM', 'KILL'])); },
  async restartDatabase() { await house.restartPart('db', choose(['TERM', 'KILL'])); },
  async stopWorker() { await standStill(choose(house.children('bus')), between(50, 3000)); },
  async stopRelay() { await standStill(house.pid('relay'), between(50, 1000)); },
  async stopDatabase() { await standStill(house.pid('db'), between(50, 2500)); },
  async cutConnections() {
    const part = random();
    const rows = await house.rows('SELECT id FROM information_schema.processlist WHERE user = ?', [house.env.DB_USER]);
    for (const { id } of rows.slice(0, Math.ceil(rows.length * part))) await db.query(`KILL ${Number(id)}`).catch(() => {});
  },
  async lockRoom() {
    const ms = between(50, 2000);
    const on = await db.getConnection();
    await on.beginTransaction();
    await on.query('SELECT id FROM salas_chat WHERE grupo_id = ? FOR UPDATE', [GROUP]);
    await pause(ms);
    await on.rollback();
    on.release();
  },
};

// Somebody who writes by REST meanwhile: stored means heard as well.
async function write(stop, log) {
  for (let n = 0; !stop.now; n += 1) {
    const entry = { text: `REST ${n} ${Math.random()}`, acks: [] };
    log.push(entry);
    const answer = await house.api('POST', `/api/mensajes/salas/${crowd[1].sala}/mensajes`,
      { user: crowd[1].id, body: { contenido: entry.text } }).catch(() => ({}));
    if (answer.status === 201) entry.ack = answer.json.data || answer.json;
    await pause(150);
  }
}

test('a house and its people', async () => {
  house = await House.start();
  db = house.db();
  crowd = await gather(house.relayUrl, db, 12);
}, 60000);

test(`${SECONDS} s of faults, seed ${SEED}: acked is stored, stored is heard, once`, async () => {
  const stop = { now: false };
  const written = [];
  const talking = Promise.all([talk(crowd, stop, { repeat: true }), write(stop, written)]);
  const end = Date.now() + SECONDS * 1000;
  const done = [];
  while (Date.now() < end) {
    const name = choose(Object.keys(faults));
    done.push(name);
    // the database may still be on its way up for a fault that asks it
    await faults[name]().catch((e) => { done.push(`(${e.code || e.message})`); });
    await pause(between(50, 800));
  }
  console.log(`# FAULT_SEED=${SEED}: ${done.join(' ')}`);
  await ask(async () => {
    const ack = await crowd[0].send(`al fin ${Math.random()}`);
    return ack && ack.status === 'sent';
  }, 10000, 'an acked message after the last fault');
  stop.now = true;
  const [log] = await talking;
  const all = [...log, ...written];
  const acked = all.filter((e) => e.ack).length;
  console.log(`# ${all.length} sent, ${acked} acked, ${written.filter((e) => e.ack).length} of them by REST`);
  assert.ok(acked > 100, `only ${acked} acked`);
  assert.deepEqual((await audit(db, all, crowd)).slice(0, 10), []);
  assert.ok(crowd.every((p) => p.joins === 1), 'no connection was lost');
}, 280000);
