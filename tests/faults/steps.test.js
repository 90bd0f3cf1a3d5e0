'use strict';
// timeout: 600
// The walk of a message, step by step: at each step the process that is there dies by SIGKILL, stands still or fails, and
// bus messages of each kind are lost or late. People talk in a group and in pairs meanwhile, by socket and by REST, and
// rows come by SQL. After each step acked is stored once, and stored is heard once: by every ear that stayed, and by those
// that came back after catching up.
const fs = require('node:fs');
const path = require('node:path');
const { randomUUID } = require('node:crypto');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const { gather, talk, audit, served, GROUP } = require('./crowd');
const { build, traces, Steps, HOOKED, WALK, MESSAGES } = require('./hooks');

const ENOSPC = 28;
const LATE_MS = 2900;                  // longer than an attempt may last

let house;
let db;
let crowd = [];
let room;                              // of the group: { id, sala_uuid }
const steps = {};                      // part -> Steps
atEnd(async () => { crowd.forEach((p) => p.close()); if (house) await house.stop(); });

test('the product has no steps, the programs of this shelf have', () => {
  const bins = build();
  assert.deepEqual(traces(BUILD), []);
  assert.deepEqual(traces(HOOKED), ['upred-relay', 'upred-api']);
  for (const file of Object.values(bins)) assert.ok(fs.existsSync(file));
}, 280000);

const start = (part) => house.startPart(part, { FAULT_DIR: steps[part].folder });

test('a house with steps, six people in a group and in pairs', async () => {
  house = await House.start({ ...build(), BUS_WORKERS: 3, FCGI_WORKERS: 3 });
  for (const part of ['bus', 'fcgi', 'relay']) {
    steps[part] = new Steps(path.join(house.runDir, 'steps', part));
    await house.stopPart(part);
    await start(part);
  }
  db = house.db();
  crowd = await gather(house.relayUrl, db, 6, { direct: true, catchUp: true });
  [room] = await house.rows('SELECT id, sala_uuid FROM salas_chat WHERE grupo_id = ?', [GROUP]);
}, 120000);

// By REST, with the same key until the answer is clear.
async function write(stop, log) {
  for (let n = 0; !stop.now; n += 1) {
    const entry = { text: `REST ${n} ${Math.random()}`, tries: 0 };
    log.push(entry);
    while (!entry.ack && !stop.now) {
      entry.tries += 1;
      const answer = await house.api('POST', `/api/mensajes/salas/${room.sala_uuid}/mensajes`,
        { user: crowd[1].id, body: { contenido: entry.text }, headers: { 'Idempotency-Key': entry.text } }).catch(() => ({}));
      if (answer.status === 201 || answer.status === 200) entry.ack = { ...answer.json, duplicate: answer.status === 200 };
      await pause(50);
    }
  }
}

// By somebody else's program.
async function insert(stop, log) {
  for (let n = 0; !stop.now; n += 1) {
    const entry = { text: `SQL ${n} ${Math.random()}` };
    const uuid = randomUUID();
    log.push(entry);
    await db.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES (?, ?, ?, ?)',
      [uuid, room.id, crowd[2].id, entry.text]).then(() => { entry.ack = { mensaje_uuid: uuid }; }, () => {});
    await pause(150);
  }
}

// Light load while `trouble` happens; then the three truths.
async function compare(trouble) {
  const stop = { now: false };
  const others = [];
  const talking = Promise.all([talk(crowd, stop, { repeat: true, gap: 50 }), write(stop, others), insert(stop, others)]);
  try {
    await trouble();
    await served(crowd, 10000, 8000);
    await pause(200);
  } finally {
    stop.now = true;
  }
  const [log] = await talking;
  const all = [...log, ...others];
  assert.ok(all.filter((e) => e.ack).length > 5, 'the crowd talked');
  assert.deepEqual((await audit(db, all, crowd)).slice(0, 10), []);
}

// One step of a part whose processes come back by themselves: connections stay.
function step(part, name, action, options) {
  const more = Object.entries(options || {}).map(([k, v]) => ` ${k} ${v}`).join('');
  test(`${part}: ${name} ${action}${more}`, async () => {
    const joins = crowd.map((p) => p.joins);
    steps[part].arm(name, action, options);
    await compare(() => steps[part].met());
    assert.deepEqual(crowd.map((p) => p.joins), joins, 'no connection was given up');
  }, 60000);
}

// ---- workers and the FastCGI pool ----

for (const name of WALK.bus) step('bus', name, 'kill', { skip: 1 });
for (const name of WALK.fcgi) step('fcgi', name, 'kill');
// the answer to COMMIT is lost: once, and for the second attempt too
for (const part of ['bus', 'fcgi']) {
  for (const times of [1, 2]) step(part, 'store.committed', 'fail', { times });
}
for (const name of ['send.inserted', 'store.commit', 'worker.done']) step('bus', name, 'delay', { value: LATE_MS });

// The database dies while a worker is there, and comes back.
for (const name of ['send.lock', 'send.inserted', 'store.commit', 'store.committed', 'worker.done']) {
  test(`db: killed while a worker is at ${name}`, async () => {
    const joins = crowd.map((p) => p.joins);
    steps.bus.arm(name, 'delay', { value: 700, skip: 1 });
    await compare(async () => {
      await steps.bus.met();
      await house.stopPart('db', 'KILL');
      await house.startPart('db');
    });
    assert.deepEqual(crowd.map((p) => p.joins), joins, 'no connection was given up');
  }, 60000);
}

// ---- the bus between them ----

for (const part of ['relay', 'bus', 'fcgi']) {
  for (const name of MESSAGES[part]) step(part, name, 'drop', { times: 3 });
}
// late without holding up the relay itself
for (const part of ['bus', 'fcgi']) {
  for (const name of MESSAGES[part]) step(part, name, 'delay', { value: 300, times: 3 });
}

// ---- the relay ----

step('relay', 'relay.pushed', 'delay', { value: 300, times: 2 });
step('relay', 'feed.mark', 'fail', { value: ENOSPC, times: 2 });

const killed = (part) => ask(() => !fs.existsSync(`/proc/${house.pid(part)}/stat`)
  || / [ZX] /.test(fs.readFileSync(`/proc/${house.pid(part)}/stat`, 'utf8')), 5000, `${part} to be dead`);

for (const name of WALK.relay) {
  test(`relay: ${name} kill`, async () => {
    steps.relay.arm(name, 'kill', { skip: name.startsWith('feed.') ? 0 : 3 });
    await compare(async () => {
      await steps.relay.met();
      await killed('relay');
      await house.stopPart('relay');
      await start('relay');
    });
  }, 60000);
}

// A planned restart that does not get to its end: nobody is recovered, everybody comes back.
for (const name of ['relay.handover', 'handover.left', 'handover.found', 'handover.taken']) {
  test(`relay: ${name} kill, at a planned restart`, async () => {
    const leaving = !/found|taken/.test(name);
    steps.relay.arm(name, 'kill');
    await compare(async () => {
      await house.stopPart('relay');
      if (!leaving) await assert.rejects(start('relay'), /relay/);
      await steps.relay.met();
      await house.stopPart('relay');
      await start('relay');
    });
  }, 90000);
}

test('relay: relay.handover fails, the disk is full', async () => {
  steps.relay.arm('relay.handover', 'fail', { value: ENOSPC });
  await compare(async () => {
    await house.stopPart('relay');
    await steps.relay.met();
    await start('relay');
  });
  assert.match(house.log('relay'), /relay\.handover: No space left on device; nobody will be recovered/);
}, 60000);
