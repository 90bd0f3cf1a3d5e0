'use strict';
// timeout: 120
// Workers stand still for moments, as they do on a busy machine, also between a commit and its answer. The room hears id
// order all the same.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit } = require('./crowd');

let house;
let crowd = [];
atEnd(async () => { crowd.forEach((p) => p.close()); if (house) await house.stop(); });

test('workers stand still for 40 to 100 ms, one after the other: ids are heard in order', async () => {
  house = await House.start({ BUS_WORKERS: 4 });
  const db = house.db();
  crowd = await gather(house.relayUrl, db, 16);
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
  const log = await talking;
  assert.deepEqual((await audit(db, log, crowd)).slice(0, 10), []);
  const { order } = crowd[0];
  const back = order.filter((id, i) => i > 0 && id < order[i - 1]);
  console.log(`# ${order.length} messages`);
  assert.deepEqual(back.slice(0, 5).map(String), [], `${back.length} of ${order.length} came behind a later one`);
  await ask(() => crowd.every((p) => p.order.length === order.length), 5000, 'everybody to hear all');
  for (const p of crowd) assert.ok(p.order.join() === order.join(), `${p.id} heard another order`);
}, 90000);
