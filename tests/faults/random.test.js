'use strict';
// timeout: 300
// Faults at random under load, one after the other: processes killed and stopped, also at chosen steps of the walk, bus
// messages lost, connections to the database cut, relay and database restarted, rooms locked by others. Afterwards what was
// acked, what is stored and what was heard are compared row by row; who was away catches up.
// FAULT_SEED repeats a sequence (it is printed), FAULT_SECONDS makes it longer.
const path = require('node:path');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit, mayKill, GROUP } = require('./crowd');
const { build, Steps, WALK, MESSAGES } = require('./hooks');

const SECONDS = Number(process.env.FAULT_SECONDS || 40);
const ROUND = 60;                      // seconds between two comparisons
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
const steps = {};                      // part -> Steps
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

const start = (part) => house.startPart(part, { FAULT_DIR: steps[part].folder });

// One step of one part is met once or a few times; a relay that died of it is started again.
async function atStep(list, action) {
  const part = choose(Object.keys(list));
  const name = choose(list[part]);
  steps[part].arm(name, action, { skip: between(0, 5), times: action === 'kill' ? 1 : between(1, 5) });
  await steps[part].met(2000).catch(() => {});
  steps[part].disarm();
  if (part === 'relay' && action === 'kill') await restart('relay', 'KILL');
  return `${name}`;
}

async function restart(part, signal) {
  await house.stopPart(part, signal);
  await start(part);
}

const faults = {
  async killAtStep() { return atStep(WALK, 'kill'); },
  async loseMessages() { return atStep(MESSAGES, 'drop'); },
  async restartRelay() { await restart('relay', choose(['TERM', 'KILL'])); },
  async killWorker() { signal(choose(house.children('bus')), 'SIGKILL'); },
  async killRest() { signal(choose(house.children('fcgi')), 'SIGKILL'); },
  async restartWorkers() { await restart('bus', choose(['TERM', 'KILL'])); },
  async restartDatabase() { await house.restartPart('db', choose(['TERM', 'KILL'])); },
  async stopWorker() { await standStill(choose(house.children('bus')), between(50, 3000)); },
  async stopRelay() { await standStill(house.pid('relay'), between(50, 1000)); },
  async stopDatabase() { await standStill(house.pid('db'), between(50, 2500)); },
  async cutConnections() {
    const part = random();
    const rows = await house.rows('SELECT id FROM information_schema.processlist WHERE user = ?', [house.env.DB_USER]);
    // (one may have gone by itself)
    const cut = await Promise.allSettled(rows.slice(0, Math.ceil(rows.length * part)).map(({ id }) => db.query(`KILL ${Number(id)}`)));
    return `${cut.filter((c) => c.status === 'fulfilled').length}`;
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
  house = await House.start(build());
  for (const part of ['bus', 'fcgi', 'relay']) {
    steps[part] = new Steps(path.join(house.runDir, 'steps', part));
    await restart(part, 'TERM');
  }
  mayKill(house);
  db = house.db();
  crowd = await gather(house.relayUrl, db, 12, { direct: true, catchUp: true });
}, 300000);

// Faults until the time is over, then quiet, then the three truths.
async function round(seconds, done) {
  const stop = { now: false };
  const written = [];
  const talking = Promise.all([talk(crowd, stop, { repeat: true, gap: SECONDS > ROUND ? 100 : 20 }), write(stop, written)]);
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const name = choose(Object.keys(faults));
    // the database may still be on its way up for a fault that asks it
    const what = await faults[name]().catch((e) => e.code || e.message);
    done.push(what ? `${name}(${what})` : name);
    await pause(between(50, 800));
  }
  await ask(() => crowd.every((p) => p.joined), 15000, 'everybody to be back');
  await ask(async () => {
    const ack = await crowd[0].send(`al fin ${Math.random()}`);
    return ack && ack.status === 'sent';
  }, 10000, 'an acked message after the last fault');
  stop.now = true;
  const [log] = await talking;
  assert.deepEqual((await audit(db, [...log, ...written], crowd)).slice(0, 10), []);
  return [...log, ...written];
}

test(`${SECONDS} s of faults, seed ${SEED}: acked is stored, stored is heard, once`, async () => {
  const all = [];
  const done = [];
  try {
    for (let left = SECONDS; left > 0; left -= ROUND) all.push(...await round(Math.min(left, ROUND), done));
  } finally {
    console.log(`# FAULT_SEED=${SEED}: ${done.join(' ')}`);
  }
  const acked = all.filter((e) => e.ack).length;
  console.log(`# ${done.length} faults, ${all.length} sent, ${acked} acked, ${all.filter((e) => e.ack && !e.sender).length} of them by REST`);
  assert.ok(acked > 100, `only ${acked} acked`);
}, SECONDS * 1500 + 240000);
