'use strict';
// timeout: 420
// Each part of the house is stopped and started under load, in turn. Service is back within 5 seconds, nothing acked is lost,
// nothing is doubled.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit, served } = require('./crowd');

let house;
let db;
let crowd = [];
atEnd(async () => { crowd.forEach((p) => p.close()); if (house) await house.stop(); });

test('the house and its people', async () => {
  house = await House.start();
  db = house.db();
  crowd = await gather(house.relayUrl, db, 12);
}, 60000);

// A message of the first person is acked again; every ear is back in the group.
async function trouble(part, signal, { ears }) {
  const stop = { now: false };
  const talking = talk(crowd, stop, { repeat: true });
  await pause(1500);
  await house.stopPart(part, signal);
  await pause(1500);
  await house.startPart(part);
  await served(crowd, 5000, 5000);
  await pause(1500);
  stop.now = true;
  const log = await talking;
  assert.ok(log.filter((e) => e.ack).length > 20, 'the crowd talked');
  assert.deepEqual((await audit(db, log, ears ? crowd : [])).slice(0, 10), []);
  return log;
}

for (const [part, signal] of [['bus', 'TERM'], ['bus', 'KILL'], ['db', 'TERM'], ['db', 'KILL']]) {
  test(`${part} stopped with ${signal} and started: connections stay, nothing lost, nothing doubled`, async () => {
    const joins = crowd.map((p) => p.joins);
    await trouble(part, signal, { ears: true });
    assert.deepEqual(crowd.map((p) => p.joins), joins, 'no connection was given up');
  }, 90000);
}

for (const signal of ['TERM', 'KILL']) {
  test(`relay stopped with ${signal} and started: clients come back by themselves, nothing acked is lost`, async () => {
    const before = crowd.map((p) => new Set(p.heard.keys()));
    await trouble('relay', signal, { ears: false });
    for (const [i, p] of crowd.entries()) {
      for (const [uuid, n] of p.heard) assert.ok(n === 1 || before[i].has(uuid), `${p.id} heard ${uuid} ${n} times`);
    }
  }, 90000);
}

test('FastCGI pool stopped and started: sockets never notice, REST is served again', async () => {
  const stop = { now: false };
  const talking = talk(crowd, stop);
  await house.stopPart('fcgi');
  const away = await house.api('GET', '/api/mensajes/salas', { user: crowd[0].id });
  assert.equal(away.status, 503);
  assert.ok(away.json && away.json.code, `the web server's own error is our JSON: ${away.text}`);
  assert.ok(away.headers['retry-after'], 'Retry-After');
  await house.startPart('fcgi');
  await ask(async () => (await house.api('GET', '/api/mensajes/salas', { user: crowd[0].id })).status === 200, 5000, 'REST');
  stop.now = true;
  const log = await talking;
  assert.ok(log.every((e) => e.ack), 'every emit was acked meanwhile');
  assert.deepEqual((await audit(db, log, crowd)).slice(0, 10), []);
}, 60000);
