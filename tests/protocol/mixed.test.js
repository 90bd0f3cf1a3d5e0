'use strict';
// timeout: 180
// Clients of four generations in one room, each over polling, WebSocket and upgrade (server: sio_chat): all hear all,
// once, in one order, with every byte of what is binary; and a crowd that upgrades while the room speaks.
const { spawn } = require('node:child_process');
const path = require('node:path');
const { randomBytes } = require('node:crypto');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const clients = require('../lib/clients');

const build = path.resolve(process.env.BUILD || 'build');
const WAYS = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };
const VERSIONS = { 1: '1.7', 2: '2.5', 3: '3.1', 4: '4.8' };
const ROUNDS = 12;
const AHEAD = 4; // rounds that may be under way: 4 MB for each, of the 8 MiB that may wait for a client
const CROWD = 200;
const APART_MS = 20; // 50 messages a second
let server;
const open = [];

function serve() {
  const child = spawn(path.join(build, 'tests/sio_chat'), ['0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const made = { child, out: '', err: '', gone: new Promise((resolve) => { child.on('exit', resolve); }) };
  child.stdout.on('data', (d) => { made.out += d; });
  child.stderr.on('data', (d) => { made.err += d; });
  return ask(() => /^port (\d+)$/m.exec(made.out), 5000, `sio_chat to listen: ${made.err}`).then((found) => {
    made.url = `http://127.0.0.1:${found[1]}`;
    return made;
  });
}

const named = (version, name) => (Number(version) < 3 ? { query: { name } } : { auth: { name } });

function person(version, transports, name, forceBase64 = false) {
  const socket = clients.open(server.url, undefined, { version: Number(version), transports, forceBase64, ...named(version, name) });
  open.push(socket);
  return socket;
}

const call = (socket, event, ...args) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no acknowledgement of ${event}`)), 8000);
  socket.emit(event, ...args, (...answer) => { clearTimeout(timer); resolve(answer); });
});

const transport = (socket) => socket.io.engine.transport.name;
// Puts off a client's upgrade by ms, so that there is something to hear on either side of it.
function lateUpgrade(socket, ms) {
  const { engine } = socket.io;
  const name = engine._probe ? '_probe' : 'probe';
  const probe = engine[name].bind(engine);
  engine[name] = (transportName) => { setTimeout(() => probe(transportName), ms); };
}

const said = (socket) => socket.heard.filter((e) => e.event === 'said').map((e) => e.args);

// every size class of a frame's length, and what a text decoder would trip over
function bytesOf(i, round) {
  const sizes = [0, 1, 125, 126, 4096, 65535, 65536, 70001];
  const bytes = randomBytes(sizes[(i + round) % sizes.length]);
  if (bytes.length > 8) Buffer.from([0, 0xff, 0xfe, 0x1e, 0xc3, 0x28, 0x0a, 0x22]).copy(bytes);
  return bytes;
}

test('the server starts, and the clients are the versions meant', async () => {
  server = await serve();
  for (const [version, wanted] of Object.entries(VERSIONS)) {
    assert.ok(require(`socket.io-client-${version}/package.json`).version.startsWith(`${wanted}.`), version);
  }
});

// Waits until each of them heard so many; says who did not, and whom the server ended.
async function heardBy(listeners, count) {
  await ask(() => listeners.every((p) => said(p.socket).length >= count), 30000, `${count} messages everywhere`).catch((e) => {
    const behind = listeners.filter((p) => said(p.socket).length < count).map((p) => `${p.name}: ${said(p.socket).length}`);
    throw new Error(`${e.message}; ${behind.join(', ')}; server: ${server.out} ${server.err}`);
  });
}

const people = [];
test('nineteen clients, each generation by each way and by BASE64, are in one room', async () => {
  for (const version of Object.keys(VERSIONS)) {
    for (const [way, transports] of Object.entries(WAYS)) {
      // 1.7 encodes text twice when it polls, and only servers of its time undo that: there it speaks ASCII (below)
      if (version === '1' && way === 'polling') continue;
      people.push({ name: `${version} ${way}`, way, socket: person(version, transports, `${version} ${way}`) });
    }
    for (const way of ['websocket', 'upgrade']) {
      const name = `${version} ${way} BASE64`;
      people.push({ name, way, socket: person(version, WAYS[way], name, true) });
    }
  }
  await ask(() => people.every((p) => p.socket.connected), 8000, 'all to be connected');
  await ask(() => people.every((p) => transport(p.socket) === (p.way === 'polling' ? 'polling' : 'websocket')), 8000, 'the upgrades');
  for (const p of people) await call(p.socket, 'join', 'square');
  assert.deepEqual(await call(people[0].socket, 'join', 'square'), [people.length]);
});

test('binary both ways: all hear all, once, in one order, every byte', async () => {
  const sent = new Map();
  for (let round = 0; round < ROUNDS; round += 1) {
    people.forEach((p, i) => {
      const [first, second] = [bytesOf(i, round), bytesOf(i, round + 3)];
      sent.set(`${p.name}/${round}`, [first, second]);
      p.socket.emit('say', 'square', `${p.name}/${round}`, first, { deep: [second, 'ñ€😀', null] });
      p.socket.emit('say', 'square', `${p.name}/${round} text`, { n: round });
    });
    await pause(15);
    await heardBy(people, (round + 1 - AHEAD) * people.length * 2);
  }
  const whole = people.length * ROUNDS * 2;
  await heardBy(people, whole);
  await pause(300);
  const order = said(people[0].socket).map(([name]) => name);
  assert.equal(new Set(order).size, whole);
  for (const { name, socket } of people) {
    assert.deepEqual(said(socket).map(([what]) => what), order, name);
    for (const [what, first, nested] of said(socket)) {
      if (!sent.has(what)) continue;
      const [one, two] = sent.get(what);
      assert.ok(Buffer.from(first).equals(one), `${name} heard ${what}`);
      assert.ok(Buffer.from(nested.deep[0]).equals(two), `${name} heard ${what}, inside`);
      assert.deepEqual(nested.deep.slice(1), ['ñ€😀', null]);
    }
  }
  // what each said itself came back in the order in which it was said
  for (const { name } of people) {
    assert.deepEqual(order.filter((w) => w.startsWith(`${name}/`)),
      Array.from({ length: ROUNDS }, (_, r) => [`${name}/${r}`, `${name}/${r} text`]).flat(), name);
  }
}, 60000);

test('binary acknowledgements from the server\'s question, by all', async () => {
  for (const { name, socket } of people) {
    const answer = randomBytes(300);
    socket.on('question', (n, reply) => { reply({ n }, answer); });
    socket.emit('ask');
    await socket.next('answered');
    const [outcome, args] = socket.heard.filter((e) => e.event === 'answered').at(-1).args;
    assert.equal(outcome, 0, name);
    assert.deepEqual(args[0], { n: 6 }, name);
    assert.ok(Buffer.from(args[1]).equals(answer), name);
    socket.close();
  }
}, 40000);

test('1.7 over polling: ASCII and bytes', async () => {
  const socket = person(1, WAYS.polling, 'old');
  const bytes = randomBytes(500);
  await ask(() => socket.connected, 5000, 'it to be connected');
  await call(socket, 'join', 'attic');
  socket.emit('say', 'attic', 'plain', bytes);
  const [text, heard] = await ask(() => said(socket)[0], 5000, 'what it said');
  assert.equal(text, 'plain');
  assert.ok(Buffer.from(heard).equals(bytes));
  socket.close();
});

// A client that is there before the first message must hear all of them, from its join to the last.
test(`${CROWD} clients upgrade while the room speaks 50 times a second: each hears each message once, in order`, async () => {
  const speaker = person(4, ['websocket'], 'speaker');
  await ask(() => speaker.connected, 5000, 'the speaker');
  await call(speaker, 'join', 'stage');
  let spoken = 0;
  const ears = [];
  const begin = Date.now();
  const speech = setInterval(() => {
    // as many as are due: a busy machine lets timers slip
    while (spoken < (Date.now() - begin) / APART_MS) { speaker.emit('say', 'stage', spoken); spoken += 1; }
  }, APART_MS);
  try {
    for (let i = 0; i < CROWD; i += 1) {
      const ear = { socket: person(1 + (i % 4), WAYS.upgrade, `ear ${i}`), from: null, ways: new Set() };
      const { socket } = ear;
      lateUpgrade(socket, 50 + 5 * (i % 100));
      socket.on('said', () => { ear.ways.add(transport(socket)); });
      socket.once('connect', () => socket.emit('join', 'stage', () => { ear.from = spoken; }));
      ears.push(ear);
      await pause(15);
    }
    await ask(() => ears.every((e) => e.socket.connected && transport(e.socket) === 'websocket'), 30000, 'all upgrades');
    await pause(500);
  } finally {
    clearInterval(speech);
  }
  await ask(() => ears.every((e) => said(e.socket).at(-1)?.[0] === spoken - 1), 15000, 'the last word everywhere');
  await pause(200);
  const faults = [];
  ears.forEach(({ socket, from }, i) => {
    const heard = said(socket).map(([n]) => n);
    const whole = Array.from({ length: spoken - heard[0] }, (_, k) => heard[0] + k);
    if (heard.length < 25 || heard.join() !== whole.join()) faults.push(`${i}: ${heard.length} of ${whole.length}`);
    if (from === null || heard[0] > from) faults.push(`${i} began with ${heard[0]}, joined at ${from}`);
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(said(speaker).map(([n]) => n), Array.from({ length: spoken }, (_, n) => n));
  // the test is of something only where many heard some of it on either side of their upgrade
  const both = ears.filter((e) => e.ways.size === 2).length;
  assert.ok(both > CROWD / 2, `${both} heard on both transports`);
}, 120000);

test('the server ends cleanly', async () => {
  open.forEach((s) => s.close());
  server.child.kill('SIGTERM');
  assert.equal(await server.gone, 0, server.err);
});

atEnd(() => { open.forEach((s) => s.close()); if (server) server.child.kill('SIGKILL'); });
