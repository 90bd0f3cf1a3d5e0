'use strict';
// timeout: 200
// Workers stand still for moments, as they do on a busy machine, also between a commit and its answer, or die there. The
// room hears id order all the same.
const path = require('node:path');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit } = require('./crowd');
const { build, Steps } = require('./hooks');

let house;
let crowd = [];
const close = async () => { crowd.forEach((p) => p.close()); if (house) await house.stop(); house = undefined; };
atEnd(close);

// Everybody heard all of it, in one order, that of the ids.
async function check(log) {
  assert.deepEqual((await audit(house.db(), log, crowd)).slice(0, 10), []);
  const { order } = crowd[0];
  const back = order.filter((id, i) => i > 0 && id < order[i - 1]);
  console.log(`# ${order.length} messages`);
  assert.deepEqual(back.slice(0, 5).map(String), [], `${back.length} of ${order.length} came behind a later one`);
  await ask(() => crowd.every((p) => p.order.length === order.length), 5000, 'everybody to hear all');
  for (const p of crowd) assert.ok(p.order.join() === order.join(), `${p.id} heard another order`);
}

test('workers stand still for 40 to 100 ms, one after the other: ids are heard in order', async () => {
  house = await House.start({ BUS_WORKERS: 4 });
  crowd = await gather(house.relayUrl, house.db(), 16);
  const stop = { now: false };
  const talking = talk(crowd, stop);
  const end = Date.now() + 10000;
  for (let n = 0; Date.now() < end; n += 1) {
    const workers = house.children('bus');
    const pid = workers[n % workers.length];
    process.kill(pid, 'SIGSTOP');
    try {
      await pause(40 + Math.random() * 60);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await pause(15 + Math.random() * 20);
  }
  stop.now = true;
  await check(await talking);
  await close();
}, 90000);

test('workers die between a commit and its answer: what goes again goes in its order, before what is newer', async () => {
  house = await House.start({ ...build(), BUS_WORKERS: 4 });
  const steps = new Steps(path.join(house.runDir, 'steps', 'bus'));
  await house.stopPart('bus');
  await house.startPart('bus', { FAULT_DIR: steps.folder });
  crowd = await gather(house.relayUrl, house.db(), 6);
  const stop = { now: false };
  const talking = talk(crowd, stop, { gap: 10 });
  await pause(500);
  for (let n = 0; n < 10; n += 1) {
    steps.arm('worker.done', 'kill');
    await steps.met();
    await pause(500);
  }
  stop.now = true;
  await check(await talking);
}, 90000);
