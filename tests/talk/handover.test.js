'use strict';
// timeout: 120
// What one relay leaves to the next also passes through one that was stopped before it had seen the database.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, words, say } = require('./cast');

const COMING_BACK = { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500, randomizationFactor: 0 };
let house;
const open = [];
atEnd(async () => { open.forEach((s) => s.close()); if (house) await house.stop(); });

test('two planned restarts, the first without workers: everybody is recovered, nothing is missing or doubled', async () => {
  house = await House.start();
  const [a, b] = await cast(house, 2);
  const alice = await house.connect(a, COMING_BACK);
  const bob = await house.connect(b, COMING_BACK);
  open.push(alice, bob);
  const room = (await joinDirect(alice, b)).sala_uuid;
  await say(bob, words(room, b, 'antes'));
  await alice.next('receive_message', { message: 'antes' });
  const { id } = alice;
  await house.stopPart('relay');
  const posted = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: b, body: { contenido: 'entre' } });
  assert.equal(posted.status, 201, posted.text);
  await house.stopPart('bus');
  await house.startPart('relay');
  await house.stopPart('relay');
  await house.startPart('bus');
  await house.startPart('relay');
  await ask(() => bob.connected && alice.connected, 20000, 'the way back');
  await say(bob, words(room, b, 'después'));
  await alice.next('receive_message', { message: 'después' });
  assert.equal(alice.recovered, true);
  assert.equal(alice.id, id);
  assert.deepEqual(alice.all('receive_message').map((m) => m.message), ['antes', 'entre', 'después']);
}, 90000);
