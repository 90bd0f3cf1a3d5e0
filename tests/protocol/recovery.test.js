'use strict';
// Connection state recovery and questions to many, as the library gives them (server: sio_keep): what stands on the
// wire, and what real clients make of it.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const WebSocket = require('ws');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { open } = require('../lib/clients');

const build = path.resolve(process.env.BUILD || 'build');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sio-keep-'));
const file = path.join(dir, 'saved');
const ends = [() => fs.rmSync(dir, { recursive: true, force: true })];
let server;

async function serve(port = 0) {
  const child = spawn(path.join(build, 'tests/sio_keep'), [String(port), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => { child.on('exit', resolve); });
  ends.push(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.on('data', (d) => { out += d; });
  const found = await ask(() => /^port (\d+)$/m.exec(out), 5000, 'sio_keep to listen');
  return { child, gone, port: Number(found[1]), url: `http://127.0.0.1:${found[1]}` };
}

// A WebSocket past the Engine.IO handshake; texts of Socket.IO packets in `got`.
async function raw(connect) {
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket`);
  ends.push(() => ws.terminate());
  ws.got = [];
  ws.on('message', (d) => { if (String(d)[0] === '4') ws.got.push(String(d).slice(1)); });
  await new Promise((resolve, reject) => { ws.on('open', resolve); ws.on('error', reject); });
  ws.say = (text) => ws.send(`4${text}`);
  ws.say(`0${connect === undefined ? '' : JSON.stringify(connect)}`);
  await ask(() => ws.got.length >= 2, 3000, 'the welcome');
  ws.session = JSON.parse(ws.got[0].slice(1));
  ws.welcome = JSON.parse(ws.got[1].slice(1))[1];
  return ws;
}

const said = (ws) => ws.got.filter((t) => t.startsWith('2["said"')).map((t) => JSON.parse(t.slice(1)));

async function client(version = 4, more = {}) {
  const socket = open(server.url, undefined, { version, reconnection: true, randomizationFactor: 0, reconnectionDelay: 200, reconnectionDelayMax: 200, ...more });
  ends.push(() => socket.close());
  await socket.next('welcome');
  return socket;
}

test('the wire: pid in CONNECT, offset behind kept pushes alone', async () => {
  server = await serve();
  const ws = await raw();
  assert.deepEqual(Object.keys(ws.session), ['sid', 'pid']);
  assert.match(ws.session.pid, /^[\w-]{16,}$/);
  assert.notEqual(ws.session.pid, ws.session.sid);
  ws.say('2["join","r"]');
  ws.say('2["say","r","kept"]');
  ws.say('2["small","r","plain"]');
  ws.say('2["whisper","r","volatile"]');
  await ask(() => said(ws).length === 3);
  const [kept, plain, whispered] = said(ws);
  assert.equal(typeof kept[2], 'string');
  assert.deepEqual([kept.length, plain.length, whispered.length], [3, 2, 2]);
  ws.terminate();
  const back = await raw({ pid: ws.session.pid, offset: kept[2], more: 1 });
  assert.deepEqual(back.session, ws.session);
  assert.equal(back.welcome, 'back');
  const again = await raw({ pid: ws.session.pid, offset: kept[2] });
  assert.equal(again.welcome, 'back', 'the connection that nobody knew to be dead');
  await ask(() => back.readyState === WebSocket.CLOSED);
  again.say('1');
  await pause(100);
  assert.equal((await raw({ pid: ws.session.pid, offset: kept[2] })).welcome, 'new');
});

test('what is no session of ours begins anew', async () => {
  for (const auth of [{ pid: 'foo', offset: 'bar' }, { pid: '', offset: '' }, { pid: 1, offset: 2 }, { pid: null }, { offset: 'x' }, {}]) {
    const ws = await raw(auth);
    assert.equal(ws.welcome, 'new', JSON.stringify(auth));
    assert.ok(ws.session.pid && ws.session.pid !== auth.pid);
    ws.terminate();
  }
  const ws = await raw();
  ws.terminate();
  for (const offset of ['bar', 7, null, '', 'x'.repeat(500), 'AAAAAAAA-1']) {
    const other = await raw({ pid: ws.session.pid, offset });
    assert.equal(other.welcome, 'new', String(offset));
    other.terminate();
  }
  assert.equal((await raw({ pid: ws.session.pid })).welcome, 'back', 'who never heard a push has no offset');
});

test('three generations in one room: only the newest comes back, all hear all', async () => {
  const all = await Promise.all([2, 3, 4].map((v) => client(v)));
  for (const s of all) await s.call('join', 'three');
  const [old, , young] = all;
  await old.call('say', 'nobody');
  old.emit('say', 'three', 'one');
  for (const s of all) await s.next('said', { text: 'one' });
  const { id } = young;
  young.io.engine.close();
  old.emit('say', 'three', 'two');
  await young.next('said', { text: 'two' });
  assert.equal(young.recovered, true);
  assert.equal(young.id, id);
  assert.deepEqual(young.all('welcome'), ['new', 'back']);
  assert.deepEqual(young.all('said').map((m) => m.text), ['one', 'two']);
  assert.deepEqual(old.heard.filter((e) => e.event === 'said').map((e) => e.args.length), [1, 1]);
  all.forEach((s) => s.close());
});

test('who is cut again before anything is said comes back again', async () => {
  const alice = await client();
  const { id } = alice;
  await alice.call('join', 'often');
  alice.emit('say', 'often', 'one');
  await alice.next('said', { text: 'one' });
  for (let times = 2; times <= 3; times += 1) {
    alice.io.engine.close();
    await ask(() => alice.all('welcome').length === times, 5000, 'the way back');
    assert.deepEqual([alice.recovered, alice.id], [true, id]);
  }
  alice.emit('say', 'often', 'two');
  await alice.next('said', { text: 'two' });
  assert.deepEqual(alice.all('said').map((m) => m.text), ['one', 'two']);
  alice.close();
});

test('what the server keeps no longer, nobody is told they have', async () => {
  const alice = await client();
  const bob = await client();
  for (const s of [alice, bob]) await s.call('join', 'long');
  bob.emit('say', 'long', 'first');
  await alice.next('said', { text: 'first' });
  alice.io.reconnectionDelay(1200);
  alice.io.reconnectionDelayMax(1200);
  alice.io.engine.close();
  for (let i = 0; i < 40; i += 1) bob.emit('say', 'long', `${i} ${'x'.repeat(800)}`);
  await alice.next('welcome', (w) => w === 'new');
  assert.equal(alice.recovered, false);
  bob.io.reconnectionDelay(3500);
  bob.io.reconnectionDelayMax(3500);
  bob.io.engine.close();
  await bob.next('welcome', (w) => w === 'new', 6000);
  assert.equal(bob.recovered, false, 'too late');
  alice.close();
  bob.close();
});

test('a question to many: every answer counts once, those who stay silent do not', async () => {
  const all = await Promise.all([2, 3, 4, 4].map((v) => client(v)));
  for (const s of all) await s.call('join', 'quiz');
  all.slice(0, 3).forEach((s) => s.on('question', (answer) => { answer('yes'); }));
  all[0].emit('ask', 'quiz');
  await all[0].next('gathered');
  assert.deepEqual(all[0].heard.find((e) => e.event === 'gathered').args, [4, 3]);
  all[3].on('question', () => all[3].close());
  all[1].emit('ask', 'quiz');
  await all[1].next('gathered');
  assert.deepEqual(all[1].heard.find((e) => e.event === 'gathered').args, [4, 3]);
  all.forEach((s) => s.close());
});

test('a planned restart: the next process goes on where this one ended', async () => {
  const alice = await client();
  const bob = await client(4, { transports: ['polling'] });
  for (const s of [alice, bob]) await s.call('join', 'restart');
  alice.emit('say', 'restart', 'before');
  await bob.next('said', { text: 'before' });
  const ids = [alice.id, bob.id];
  const { port } = server;
  server.child.kill('SIGTERM');
  assert.equal(await server.gone, 0);
  assert.ok(fs.existsSync(file));
  server = await serve(port);
  await ask(() => [alice, bob].every((s) => s.connected && s.all('welcome').length === 2), 5000, 'both to be back');
  assert.deepEqual([alice.recovered, bob.recovered, alice.id, bob.id], [true, true, ...ids]);
  bob.emit('say', 'restart', 'after');
  for (const s of [alice, bob]) {
    await s.next('said', { text: 'after' });
    assert.deepEqual(s.all('said').map((m) => m.text), ['before', 'after']);
  }
});

atEnd(() => ends.reverse().forEach((fn) => fn()));
