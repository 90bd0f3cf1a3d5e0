'use strict';
// timeout: 400
// A relay that is told to stop while it still begins: what the one before left is left on to the next.
const fs = require('node:fs');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { build, Steps } = require('./hooks');

let house;
let steps;
const open = [];
atEnd(async () => { open.forEach((s) => s.close()); if (house) await house.stop(); });

const start = () => house.startPart('relay', { FAULT_DIR: steps.folder });

test('a house with steps', async () => {
  house = await House.start(build());
  steps = new Steps(path.join(house.runDir, 'steps', 'relay'));
  await house.restartPart('relay');
}, 280000);

test('TERM while the file is read: everybody is recovered by the next', async () => {
  const alice = await house.connect('123', { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500, randomizationFactor: 0 });
  open.push(alice);
  const room = (await alice.call('join_direct_chat', { other_user_id: '456' })).sala_uuid;
  await alice.call('send_message', { sala_uuid: room, message: 'hola', sender_id: '123', timestamp: 't', type: 'directo' });
  const { id } = alice;
  const file = path.join(house.env.BUS_DIR, 'relay.handover');
  await house.stopPart('relay');
  assert.ok(fs.existsSync(file));
  steps.arm('handover.taken', 'delay', { value: 1500 });
  const starting = start().catch(() => {});
  await steps.met();
  process.kill(Number(steps.fired().at(-1).split(' ')[1]), 'SIGTERM');
  await ask(() => fs.existsSync(file), 20000, 'the file to be left again');
  await starting;
  await house.stopPart('relay').catch(() => {});
  await start();
  await ask(() => alice.connected, 20000, 'the way back');
  await alice.next('connected');
  assert.equal(alice.recovered, true);
  assert.equal(alice.id, id);
}, 90000);
