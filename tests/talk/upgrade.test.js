'use strict';
// timeout: 180
// 200 people come into a group by polling and upgrade while somebody says fifty messages a second: each hears every message
// from his joining on, once, in order, on whichever transport it was under way.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const clients = require('../lib/clients');
const { cast, group, joinGroup, words } = require('./cast');

const CROWD = 200;
const APART_MS = 20;
let house;
let ids;
let club;
let speaker;
let sala;
const ears = [];

test('the house, the group, and the one who speaks', async () => {
  house = await House.open();
  ids = await cast(house, CROWD + 1);
  club = await group(house, ids);
  speaker = await house.connect(ids[0], { transports: ['websocket'] });
  sala = (await joinGroup(speaker, club)).sala_uuid;
}, 60000);

// Puts off a client's upgrade by ms, so that there is something to hear on either side of it.
function lateUpgrade(socket, ms) {
  const { engine } = socket.io;
  const name = engine._probe ? '_probe' : 'probe';
  const probe = engine[name].bind(engine);
  engine[name] = (transportName) => { setTimeout(() => probe(transportName), ms); };
}

const transport = (socket) => socket.io.engine.transport.name;
const heard = (socket) => socket.all('receive_message').map((m) => Number(m.message));

test(`${CROWD} clients upgrade while the group hears 50 messages a second: each hears each message once, in order`, async () => {
  let spoken = 0;
  let sent = 0;
  const refused = [];
  const begin = Date.now();
  const speech = setInterval(() => {
    // as many as are due: a busy machine lets timers slip
    for (; spoken < (Date.now() - begin) / APART_MS && spoken - sent < 40; spoken += 1) {
      speaker.emit('send_message', words(sala, ids[0], String(spoken), { type: 'grupal' }), (ack) => {
        sent += 1;
        if (ack.status !== 'sent') refused.push(JSON.stringify(ack));
      });
    }
  }, APART_MS);
  try {
    for (let i = 1; i <= CROWD; i += 1) {
      const socket = clients.open(house.relayUrl, ids[i], { version: 2 + (i % 3) });
      const ear = { socket, ways: new Set(), from: null };
      lateUpgrade(socket, 200 + 5 * (i % 100));
      ears.push(ear);
      socket.on('receive_message', () => ear.ways.add(transport(socket)));
      socket.once('connected', () => socket.emit('join_group', { group_id: club }));
      // nothing that is said from here on may be missing
      socket.once('group_joined', () => { ear.from = spoken; });
      await pause(25);
    }
    await ask(() => ears.every((e) => e.from !== null && transport(e.socket) === 'websocket'), 60000, 'all to have joined and upgraded');
    await pause(500);
  } finally {
    clearInterval(speech);
  }
  await ask(() => sent === spoken, 20000, 'every acknowledgement');
  assert.deepEqual(refused, []);
  await ask(() => ears.every((e) => heard(e.socket).at(-1) === spoken - 1), 20000, 'the last word everywhere').catch(() => {});
  await pause(300);
  const faults = [];
  ears.forEach(({ socket, from }, i) => {
    const all = heard(socket);
    const whole = Array.from({ length: spoken - all[0] }, (_, k) => all[0] + k);
    if (all.join() !== whole.join()) faults.push(`${i} heard ${all.length} of ${whole.length}`);
    if (!(all[0] <= from)) faults.push(`${i} began with ${all[0]}, joined at ${from}`);
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(heard(speaker), Array.from({ length: spoken }, (_, n) => n));
  // a test of something only where many heard some of it on either side of their upgrade
  const both = ears.filter((e) => e.ways.size === 2).length;
  console.log(`# ${spoken} messages, ${both} clients heard of them on both transports`);
  assert.ok(both > CROWD / 4, `${both} heard on both transports`);
}, 150000);

atEnd(async () => { ears.forEach((e) => e.socket.close()); if (house) await house.stop(); });
