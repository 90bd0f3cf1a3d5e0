'use strict';
// timeout: 300
// Connection state recovery: who was cut comes back under the same id, into the same rooms, and hears what was said
// meanwhile, once, behind a new "connected". Rooms that were lost meanwhile stay lost.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say } = require('./cast');

const CROWD = 100;
const CUT_MS = 5000;
const SEED = Number(process.env.SEED) || (Date.now() % 1e9);
let house;
let ids;
let club;
const open = [];

const COMING_BACK = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 500, randomizationFactor: 0 };

async function person(id, options = {}) {
  const socket = await house.connect(id, { ...COMING_BACK, ...options });
  socket.texts = () => socket.all('receive_message').map((m) => m.message);
  open.push(socket);
  return socket;
}

// The ways a connection ends: with a word, without one, and so that only the client knows.
const cuts = {
  closed: (socket) => socket.io.engine.close(),
  broken: (socket) => socket.io.engine.transport.ws.terminate(),
  unnoticed: (socket) => {
    const { engine } = socket.io;
    const { ws } = engine.transport;
    ws.onmessage = ws.onclose = ws.onerror = () => {};
    engine.transport.removeAllListeners();
    engine.transport.close = () => {};
    engine._onClose('transport close');
    open.push({ close: () => ws.terminate() });
  },
};

async function cut(socket, how, ms) {
  socket.io.reconnectionDelay(ms);
  socket.io.reconnectionDelayMax(ms);
  const away = new Promise((resolve) => { socket.once('disconnect', resolve); });
  cuts[how](socket);
  await away;
}

const returned = (socket, ms = 10000) => ask(() => socket.connected && socket.all('connected').length > 1 && socket, ms, 'the way back');

test('the house and its people', async () => {
  house = await House.start();
  ids = await cast(house, CROWD);
  club = await group(house, ids);
}, 60000);

for (const how of Object.keys(cuts)) {
  for (const transports of how === 'closed' ? [['websocket'], ['polling']] : [['websocket']]) {
    test(`a connection that was ${how} (${transports}): same id, same rooms, everything said meanwhile, once`, async () => {
      const [a, b] = ids;
      const alice = await person(a, { transports });
      const bob = await person(b);
      const room = (await joinDirect(alice, b)).sala_uuid;
      const { sala_uuid: sala } = await joinGroup(alice, club);
      await say(bob, words(room, b, 'antes'));
      await alice.next('receive_message', { message: 'antes' });
      const { id } = alice;
      await cut(alice, how, 600);
      await say(bob, words(room, b, 'uno'));
      await joinGroup(bob, club);
      await say(bob, words(sala, b, 'dos', { type: 'grupal' }));
      await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: b, body: { contenido: 'tres' } });
      await returned(alice);
      assert.equal(alice.recovered, true);
      assert.equal(alice.id, id);
      await alice.next('receive_message', { message: 'tres' });
      await say(bob, words(sala, b, 'después', { type: 'grupal' }));
      await alice.next('receive_message', { message: 'después' });
      assert.deepEqual(alice.texts(), ['antes', 'uno', 'dos', 'tres', 'después']);
      const order = alice.heard.map((e) => e.event).filter((e) => e === 'connected' || e === 'receive_message');
      assert.deepEqual(order, ['connected', 'receive_message', 'connected', ...Array(4).fill('receive_message')]);
      assert.equal(alice.all('connected')[1].sid, id);
      assert.equal((await alice.call('send_message', words(room, a, 'aquí estoy'))).status, 'sent');
      alice.close();
      bob.close();
    });
  }
}

test('what was edited or deleted meanwhile, or just before the cut, is told again; what was heard is not', async () => {
  const [a, b] = ids;
  const alice = await person(a);
  const bob = await person(b);
  const room = (await joinDirect(alice, b)).sala_uuid;
  const sent = [];
  for (const text of ['una', 'otra', 'más']) sent.push((await say(bob, words(room, b, text))).mensaje_id);
  await alice.next('receive_message', { message: 'más' });
  const edit = (id, text) => bob.call('edit_message', { mensaje_id: id, message: text });
  // the network is gone and nobody has noticed: it is sent, and not heard
  const lost = new Promise((resolve) => { alice.io.engine.transport.ws._socket.pause().once('close', resolve); });
  assert.equal((await edit(sent[0], 'una, editada')).status, 'edited');
  await cut(alice, 'broken', 600);
  await lost;
  assert.deepEqual(alice.all('message_edited'), []);
  const rest = await house.api('DELETE', `/api/mensajes/mensajes/${sent[1]}`, { user: b });
  assert.equal(rest.status, 200, rest.text);
  assert.equal((await edit(sent[2], 'más, editada')).status, 'edited');
  const { mensaje_id: last } = await say(bob, words(room, b, 'y una nueva'));
  await returned(alice);
  assert.equal(alice.recovered, true);
  await alice.next('receive_message', { message: 'y una nueva' });
  const news = alice.heard.filter((e) => /^message_(edited|deleted)$|^receive_message$/.test(e.event)).slice(3);
  assert.deepEqual(news.map(({ event, args }) => [event, args[0].mensaje_id]),
    [['message_edited', sent[0]], ['message_deleted', sent[1]], ['message_edited', sent[2]], ['receive_message', last]]);
  for (const { event, args } of news.slice(0, 3)) assert.equal(args.length, 1, event);
  // it has heard something kept behind them
  await cut(alice, 'closed', 300);
  await returned(alice);
  await ask(() => alice.all('connected').length === 3, 5000, 'the second way back');
  await say(bob, words(room, b, 'la última'));
  await alice.next('receive_message', { message: 'la última' });
  assert.equal(alice.recovered, true);
  assert.equal(alice.all('message_edited').length, 2);
  alice.close();
  bob.close();
});

test('whoever comes back with another auth each time may say CONNECT again before the answer', async () => {
  const [a, b] = ids;
  let count = 0;
  const alice = await person(a, { transports: ['websocket'], auth: (give) => give({ user_id: a, at: count += 1 }) });
  const bob = await person(b);
  const { sala_uuid: sala } = await joinGroup(alice, club);
  await joinGroup(bob, club);
  const { id } = alice;
  await cut(alice, 'closed', 300);
  await say(bob, words(sala, b, 'mientras', { type: 'grupal' }));
  const signal = (name) => { for (const pid of house.children('bus')) process.kill(pid, name); };
  signal('SIGSTOP');
  try {
    await ask(() => count >= 2, 10000, 'the first CONNECT');
    alice.connect();
    await ask(() => count >= 3, 1000, 'the second');
    await house.metrics();                       // the relay has gone round since
  } finally {
    signal('SIGCONT');
  }
  await returned(alice);
  assert.deepEqual([alice.recovered, alice.id], [true, id]);
  await ask(() => alice.texts().includes('mientras'), 5000, 'what was missed');
  assert.equal(alice.texts().filter((text) => text === 'mientras').length, 1);
  alice.close();
  bob.close();
});

test('an offset stands at the end of message pushes alone, and not for Engine.IO 3', async () => {
  const [a, b] = ids;
  const alice = await person(a);
  const old = await house.connect(b, { version: 2 });
  const room = (await joinDirect(alice, b)).sala_uuid;
  await say(alice, words(room, a, 'hola'));
  await old.next('receive_message', { message: 'hola' });
  const args = (socket, event) => socket.heard.find((e) => e.event === event).args;
  assert.equal(typeof args(alice, 'receive_message')[1], 'string');
  assert.equal(args(alice, 'receive_message').length, 2);
  for (const event of ['connected', 'direct_chat_joined', 'ack']) assert.equal(args(alice, event).length, 1, event);
  assert.equal(args(old, 'receive_message').length, 1);
  alice.close();
  old.close();
});

test('rooms lost meanwhile are left and their messages dropped; the others come', async () => {
  const [a, b] = ids;
  const alice = await person(a);
  const bob = await person(b);
  // more rooms than are looked at in one question (STORE_SET_MAX)
  for (let i = 0; i < 70; i += 1) await joinGroup(alice, await group(house, [b, a]));
  const lost = await group(house, [b, a]);
  const { sala_uuid: gone } = await joinGroup(alice, lost);
  const { sala_uuid: kept } = await joinGroup(alice, club);
  await joinGroup(bob, lost);
  await joinGroup(bob, club);
  await say(bob, words(gone, b, 'todavía', { type: 'grupal' }));
  await alice.next('receive_message', { message: 'todavía' });
  await cut(alice, 'closed', 1000);
  await say(bob, words(gone, b, 'a escondidas', { type: 'grupal' }));
  await say(bob, words(kept, b, 'para todos', { type: 'grupal' }));
  await house.rows("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = ? AND usuario_id = ?", [lost, a]);
  await returned(alice);
  assert.equal(alice.recovered, true);
  await alice.next('receive_message', { message: 'para todos' });
  assert.deepEqual(await alice.next('group_left'), { status: 'removed', group_id: lost });
  await say(bob, words(gone, b, 'más', { type: 'grupal' }));
  await alice.nothing('receive_message', { message: 'más' });
  assert.deepEqual(alice.texts(), ['todavía', 'para todos']);
  alice.close();
  bob.close();
});

test('somebody suspended meanwhile does not come back, and another person never under that session', async () => {
  const [a, b, c] = await cast(house, 3);
  const alice = await person(a);
  await joinDirect(alice, b);
  await cut(alice, 'closed', 300);
  const refused = new Promise((resolve) => { alice.once('connect_error', resolve); });
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [a]);
  assert.equal((await refused).data.code, 'unauthorized');
  const bob = await person(b);
  const carol = await person(c);
  await joinDirect(bob, c);
  await say(carol, words((await joinDirect(carol, b)).sala_uuid, c, 'secreto'));
  await bob.next('receive_message', { message: 'secreto' });
  bob.io.opts.query = { user_id: c };
  bob.io.engine.opts.query.user_id = c;
  const { id } = bob;
  await cut(bob, 'closed', 300);
  await say(carol, words((await joinDirect(carol, b)).sala_uuid, c, 'otro'));
  await ask(() => bob.connected && bob.all('connected', { user_id: c }).length > 0, 10000, 'a new session');
  assert.equal(bob.recovered, false);
  assert.notEqual(bob.id, id);
  bob.close();
  carol.close();
});

// the same moments again with SEED=…
let drawn = SEED;
function draw() {
  drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0;
  return drawn / 2 ** 32;
}

// Everybody in one group; each is cut once, at a random moment, for CUT_MS, while five talk. `during` breaks more.
async function crowdCut(during) {
  const members = ids.slice(0, CROWD);
  const ears = [];
  for (let i = 0; i < CROWD; i += 25) {
    ears.push(...await Promise.all(members.slice(i, i + 25).map((id) => person(id, { transports: ['websocket'] }))));
  }
  let sala;
  for (const ear of ears) sala = (await joinGroup(ear, club)).sala_uuid;
  const said = [];
  const before = ears.map((e) => e.id);
  const began = Date.now();
  console.log(`# SEED=${SEED}`);
  let talking = true;
  const speakers = [0, 1, 2, 3, 4].map(async (k) => {
    for (let n = 0; talking; n += 1) {
      const text = `${k}/${n}`;
      const { status, json } = await house.api('POST', `/api/mensajes/salas/${sala}/mensajes`, { user: members[k],
        body: { contenido: text }, headers: { 'Idempotency-Key': `${began} ${text}` } });
      if (status === 201 || status === 200) said.push(json.mensaje_uuid);
      await pause(40);
    }
  });
  await pause(500);
  const kinds = Object.keys(cuts);
  // whoever never heard a message has no offset yet: as the reference has it
  await ask(() => ears.every((e) => e.texts().length > 0), 10000, 'a first message everywhere');
  await Promise.all([during ? during(ears) : Promise.resolve(), ...ears.map(async (ear, i) => {
    await pause(draw() * 6000);
    if (ear.connected) await cut(ear, kinds[i % kinds.length], CUT_MS).catch(() => {});
  })]);
  await ask(() => ears.every((e) => e.connected && e.all('connected').length > 1), 30000, 'everybody to be back');
  await pause(500);
  talking = false;
  await Promise.all(speakers);
  await ask(() => ears.every((e) => e.texts().length >= said.length), 10000, 'everybody to hear everything').catch(() => {});
  assert.ok(said.length > 100, `${said.length} messages were said`);
  const faults = [];
  for (const [i, ear] of ears.entries()) {
    const uuids = ear.all('receive_message').map((m) => m.mensaje_uuid);
    const once = new Set(uuids);
    const missing = said.filter((u) => !once.has(u));
    if (!ear.recovered) faults.push(`${i} was not recovered`);
    if (ear.id !== before[i]) faults.push(`${i} has another id`);
    if (once.size !== uuids.length) faults.push(`${i} heard ${uuids.length - once.size} twice`);
    if (missing.length) faults.push(`${i} misses ${missing.length}`);
  }
  ears.forEach((e) => e.close());
  assert.deepEqual(faults.slice(0, 10), []);
}

test(`${CROWD} clients cut at random for ${CUT_MS} ms each while messages flow: recovered, nothing missing, nothing twice`,
  () => crowdCut(), 120000);

const restart = async () => { await house.stopPart('relay'); await house.startPart('relay'); };

test('a planned restart of the relay: recovered, with what was said before, between and after, once', async () => {
  const [a, b] = ids;
  const alice = await person(a);
  const bob = await person(b);
  const room = (await joinDirect(alice, b)).sala_uuid;
  await say(bob, words(room, b, 'antes'));
  await alice.next('receive_message', { message: 'antes' });
  const { id } = alice;
  alice.io.reconnectionDelay(3000);
  await house.stopPart('relay');
  const posted = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: b, body: { contenido: 'entre' } });
  assert.equal(posted.status, 201, posted.text);
  await house.startPart('relay');
  await returned(bob);
  await say(bob, words(room, b, 'después'));
  await returned(alice);
  await say(bob, words(room, b, 'ahora'));
  await alice.next('receive_message', { message: 'ahora' });
  assert.equal(alice.recovered, true);
  assert.equal(alice.id, id);
  assert.deepEqual(alice.texts(), ['antes', 'entre', 'después', 'ahora']);
  assert.deepEqual(bob.texts(), ['antes', 'entre', 'después', 'ahora']);
  alice.close();
  bob.close();
}, 60000);

test('the file is private, read once and gone; a torn one recovers nobody', async () => {
  const [a, b] = ids;
  const file = path.join(house.env.BUS_DIR, 'relay.handover');
  const find = () => (fs.existsSync(file) ? file : undefined);
  const alice = await person(a);
  const room = (await joinDirect(alice, b)).sala_uuid;
  await say(alice, words(room, a, 'hola'));
  await alice.next('receive_message', { message: 'hola' });
  await house.stopPart('relay');
  const left = find();
  assert.ok(left, 'a file was left');
  assert.equal(fs.statSync(left).mode & 0o777, 0o600);
  const bytes = fs.readFileSync(left);
  fs.writeFileSync(left, bytes.subarray(0, bytes.length - 1));
  await house.startPart('relay');
  assert.ok(!find(), 'it is gone');
  await returned(alice, 20000);
  assert.equal(alice.recovered, false);
  assert.equal((await joinDirect(alice, b)).sala_uuid, room);
  await say(alice, words(room, a, 'otra vez'));
  await alice.next('receive_message', { message: 'otra vez' });
  assert.deepEqual(alice.texts(), ['hola', 'otra vez']);
  alice.close();
}, 60000);

const NOT_OURS = 'is not as a relay leaves it: not used';
for (const [what, said, spoil] of [
  ['with a letter changed', 'is torn: nobody is recovered', (file, bytes) => {
    bytes.write('X', bytes.lastIndexOf('intacto'));
    fs.writeFileSync(file, bytes);
  }],
  ['that others may read', NOT_OURS, (file) => fs.chmodSync(file, 0o644)],
  ['behind a symbolic link', NOT_OURS, (file) => {
    fs.renameSync(file, `${file}.aside`);
    fs.symlinkSync(`${file}.aside`, file);
  }],
  ['that is a pipe', NOT_OURS, (file) => {
    fs.rmSync(file);
    execFileSync('mkfifo', ['-m', '600', file]);
  }]]) {
  test(`a file ${what} recovers nobody`, async () => {
    const [a, b] = ids;
    const alice = await person(a);
    const { id } = alice;
    await say(alice, words((await joinDirect(alice, b)).sala_uuid, a, 'intacto'));
    await alice.next('receive_message', { message: 'intacto' });
    const from = house.log('relay').length;
    await house.stopPart('relay');
    const file = path.join(house.env.BUS_DIR, 'relay.handover');
    spoil(file, fs.readFileSync(file));
    await house.startPart('relay');
    await returned(alice, 20000);
    assert.equal(alice.recovered, false);
    assert.notEqual(alice.id, id);
    assert.equal((await house.metrics()).upred_relay_handovers_bad_total, 1);
    assert.ok(house.log('relay').slice(from).includes(`${file} ${said}`));
    assert.equal(fs.lstatSync(file, { throwIfNoEntry: false }), undefined, 'it is gone');
    alice.close();
    fs.rmSync(`${file}.aside`, { force: true });
  }, 60000);
}

// [what, how far the file's time is moved, does it serve]: the time stands behind the magic (handover.c)
for (const [what, moved, serves] of [['written by a clock that was set back a little since', 90_000, true],
  ['of long ago', -150_000, false], ['of a far future', 3_600_000, false]]) {
  test(`a file ${what}: ${serves ? 'everybody is recovered' : 'nobody is recovered, which is no fault'}`, async () => {
    const [a] = ids;
    const alice = await person(a);
    const { id } = alice;
    const from = house.log('relay').length;
    await house.stopPart('relay');
    const file = path.join(house.env.BUS_DIR, 'relay.handover');
    const bytes = fs.readFileSync(file);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(24) + BigInt(moved), 24);
    fs.writeFileSync(file, bytes);
    await house.startPart('relay');
    await returned(alice, 20000);
    assert.equal(alice.recovered, serves);
    assert.equal(alice.id === id, serves);
    const lines = house.log('relay').slice(from).split('\n');
    const said = lines.filter((l) => serves ? / info relay took over \d+ sessions, 0 ms old$/.test(l) :
      / info relay \S+ is too old, or the clock was set back far: nobody is recovered$/.test(l));
    assert.equal(said.length, 1, lines.join('\n'));
    assert.ok(!lines.some((l) => / (warn|error) /.test(l) && l.includes('handover')), lines.join('\n'));
    assert.equal((await house.metrics()).upred_relay_handovers_bad_total, 0);
    alice.close();
  }, 60000);
}

test('the same crowd with a planned restart of the relay in between', () => crowdCut(async () => {
  await pause(1500);
  await restart();
}), 120000);

test('RECOVERY=off: an ordinary connection, no pid, no offset', async () => {
  await house.stopPart('relay');
  await house.startPart('relay', { RECOVERY: 'off' });
  const [a, b] = ids;
  const alice = await person(a);
  const room = (await joinDirect(alice, b)).sala_uuid;
  await say(alice, words(room, a, 'hola'));
  await alice.next('receive_message', { message: 'hola' });
  assert.equal(alice.heard.find((e) => e.event === 'receive_message').args.length, 1);
  const { id } = alice;
  await cut(alice, 'closed', 100);
  await returned(alice);
  assert.ok(!alice.recovered);
  assert.notEqual(alice.id, id);
});

atEnd(async () => { open.forEach((s) => s.close()); if (house) await house.stop(); });
