'use strict';
// timeout: 120
// What one relay leaves to the next also passes through one that was stopped before it had seen the database.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, words, say } = require('./cast');

const COMING_BACK = { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500, randomizationFactor: 0 };
let house;
const open = [];
atEnd(async () => { open.forEach((s) => s.close()); if (house) await house.stop(); });

test('two planned restarts, the first without workers: everybody is recovered, nothing is missing or doubled', async () => {
  house = await House.start();
  const [a, b, c] = await cast(house, 3);
  const alice = await house.connect(a, COMING_BACK);
  const bob = await house.connect(b, COMING_BACK);
  open.push(alice, bob);
  const room = (await joinDirect(alice, b)).sala_uuid;
  const before = await say(bob, words(room, b, 'antes'));
  await alice.next('receive_message', { message: 'antes' });
  await joinDirect(bob, a);
  await alice.next('user_online', { user_id: b });
  // one who will not come back
  const carol = await house.connect(c, { reconnection: false });
  open.push(carol);
  await joinDirect(alice, c);
  await joinDirect(carol, a);
  await alice.next('user_online', { user_id: c });
  const doomed = await say(alice, words(room, a, 'sobra'));
  const { id } = alice;
  await house.stopPart('relay');
  const put = await house.api('PUT', `/api/mensajes/mensajes/${before.mensaje_id}`, { user: b, body: { contenido: 'antes, editado' } });
  assert.equal(put.status, 200, put.text);
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${doomed.mensaje_id}`, { user: a })).status, 200);
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
  // she loads nothing anew, so what was changed before either of them was there is told
  assert.equal((await alice.next('message_edited', { mensaje_id: before.mensaje_id })).message, 'antes, editado');
  assert.equal((await alice.next('message_deleted', { mensaje_id: doomed.mensaje_id })).sala_uuid, room);
  assert.equal(alice.all('message_edited').length + alice.all('message_deleted').length, 2);
  assert.equal(alice.id, id);
  assert.deepEqual(alice.all('receive_message').map((m) => m.message), ['antes', 'sobra', 'entre', 'después']);
  // who was there for the relay before is missed by the next one, and who came back in time was never away
  const gone = await alice.next('user_offline', {}, 20000);
  assert.equal(gone.user_id, c);
  assert.match(gone.last_seen, /^20..-.*Z$/);
  assert.deepEqual(alice.all('user_online').map((n) => n.user_id).filter((u) => u === b), [b]);
}, 90000);

// 20 deleted texts of 60,000 bytes stand before a short edit; and edits go on while the next relay begins.
test('what is changed over a restart is told whole, however large the deleted texts were', async () => {
  const [a, b] = await cast(house, 2);
  const alice = await house.connect(a, COMING_BACK);
  open.push(alice);
  const room = (await joinDirect(alice, b)).sala_uuid;
  const edited = [];
  for (let i = 0; i < 120; i += 1) edited.push((await say(alice, words(room, a, `corto ${i}`))).mensaje_id);
  const deleted = [];
  for (let i = 0; i < 20; i += 1) deleted.push((await say(alice, words(room, a, 'x'.repeat(60000)))).mensaje_id);
  await ask(() => alice.all('receive_message').length === 140, 20000, 'her own');
  await house.stopPart('relay');
  for (const id of deleted) await house.api('DELETE', `/api/mensajes/mensajes/${id}`, { user: a });
  const done = [];
  let going = true;
  const edits = (async () => {
    for (const id of edited) {
      if (!going) return;
      const put = await house.api('PUT', `/api/mensajes/mensajes/${id}`, { user: a, body: { contenido: 'editado' } });
      if (put.status === 200) done.push(id);
      await pause(4);
    }
  })();
  await house.startPart('relay');
  await ask(() => alice.connected, 20000, 'the way back');
  going = false;
  await edits;
  const heard = (event) => new Set(alice.all(event).map((e) => e.mensaje_id));
  await ask(() => done.every((id) => heard('message_edited').has(id)), 10000, 'every edit');
  await ask(() => deleted.every((id) => heard('message_deleted').has(id)), 10000, 'every deletion');
  assert.equal(alice.recovered, true);
}, 60000);
