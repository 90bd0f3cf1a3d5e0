'use strict';
// timeout: 260
// Workers stand still for moments, as they do on a busy machine, also between a commit and its answer, or die there. The
// room hears id order all the same.
const path = require('node:path');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { gather, talk, audit } = require('./crowd');
const { build, Steps } = require('./hooks');
const { cast, group, joinGroup, words } = require('../talk/cast');

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

// Two rooms in turn, named as rooms or as groups: a room is one whatever it is called, and what goes again is not overtaken
// by what may go beside it.
test('the same in two groups, half of it by send_group_message; workers also answer late', async () => {
  crowd.forEach((p) => p.close());
  crowd = [];
  const steps = new Steps(path.join(house.runDir, 'steps', 'bus'));
  const ids = await cast(house, 12);
  const people = [];
  const groups = [];
  for (let i = 0; i < 2; i += 1) groups.push({ id: await group(house, ids), heard: [] });
  for (const id of ids) people.push(await house.connect(id, { transports: ['websocket'] }));
  for (const g of groups) for (const p of people) g.sala = (await joinGroup(p, g.id)).sala_uuid;
  for (const g of groups) people[0].io.on('packet', ({ data }) => {
    if (data && data[0] === 'receive_message' && data[1].sala_uuid === g.sala) g.heard.push(BigInt(data[1].mensaje_id));
  });
  let now = false;
  let sent = 0;
  const talking = Promise.all(people.map(async (p, i) => {
    for (let n = 0; !now; n += 1) {
      const g = groups[(n + i) % 2];
      const answer = await p.call(...(i % 2 ? ['send_group_message', { sender_id: ids[i], group_id: g.id, content: `${n}` }] :
        ['send_message', words(g.sala, ids[i], `${n}`, { type: 'grupal' })]), 15000);
      assert.equal(answer.status, 'sent', JSON.stringify(answer));
      sent += 1;
      await pause(Math.random() * 4);
    }
  }));
  for (let n = 0; n < 12; n += 1) {
    steps.arm('worker.done', ...(n % 2 ? ['kill'] : ['delay', { value: 700 }]));
    await steps.met();
    await pause(900);
  }
  now = true;
  await talking;
  await ask(() => groups[0].heard.length + groups[1].heard.length === sent, 5000, 'all to be heard');
  console.log(`# ${sent} messages`);
  for (const { heard } of groups) {
    const back = heard.filter((id, i) => i > 0 && id <= heard[i - 1]);
    assert.deepEqual(back.slice(0, 5).map(String), [], `${back.length} of ${heard.length} came behind a later one`);
  }
}, 90000);
