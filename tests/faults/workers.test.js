'use strict';
// timeout: 180
// 32 people talk for 20 seconds while workers are killed with -9 twice a second. Acked is one row, heard once by everybody;
// not acked is absent or one row heard once.
const { test, atEnd, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit } = require('./crowd');

let house;
let crowd = [];
atEnd(async () => { crowd.forEach((p) => p.close()); if (house) await house.stop(); });

function random(list) { return list[Math.floor(Math.random() * list.length)]; }

test('workers killed at random: acked is stored once and heard once', async () => {
  house = await House.start();
  const db = house.db();
  crowd = await gather(house.relayUrl, db, 32);
  const stop = { now: false };
  const talking = talk(crowd, stop);
  let killed = 0;
  const end = Date.now() + 20000;
  while (Date.now() < end) {
    await pause(500);
    const victim = random(house.children('bus'));
    if (victim) { process.kill(victim, 'SIGKILL'); killed += 1; }
  }
  stop.now = true;
  const log = await talking;
  const acked = log.filter((e) => e.ack).length;
  console.log(`# ${killed} workers killed, ${log.length} sent, ${acked} acked`);
  assert.ok(killed >= 30, `only ${killed} killed`);
  assert.ok(acked > 500, `only ${acked} acked`);
  assert.deepEqual((await audit(db, log, crowd)).slice(0, 10), []);
  assert.ok(crowd.every((p) => p.joins === 1), 'no connection was lost to a killed worker');
}, 120000);

test('everybody heard one and the same order', async () => {
  const first = crowd[0].order.join();
  for (const p of crowd) assert.ok(p.order.join() === first, `${p.id} heard another order`);
});
