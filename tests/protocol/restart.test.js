'use strict';
// A planned restart (server: sio_keep): every session that ends by it may come back, also that of a client who is just
// between two polls, and of one who takes nothing of what waits for it.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const WebSocket = require('ws');
const { test, atEnd, ask, assert } = require('../lib/check');
const wire = require('./eio_lib');

const build = path.resolve(process.env.BUILD || 'build');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sio-restart-'));
const file = path.join(dir, 'saved');
const ends = [() => fs.rmSync(dir, { recursive: true, force: true })];

async function serve() {
  const child = spawn(path.join(build, 'tests/sio_keep'), ['0', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => { child.on('exit', resolve); });
  ends.push(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.on('data', (d) => { out += d; });
  const [, port] = await ask(() => /^port (\d+)$/m.exec(out), 5000, 'sio_keep to listen');
  return { child, gone, port: Number(port), path: '/socket.io/' };
}

async function restarted(server) {
  server.child.kill('SIGTERM');
  assert.equal(await server.gone, 0);
  return serve();
}

// { welcome, pid, open }: a client that polls only here
async function poller(server, auth = {}) {
  const p = await wire.open(server);
  assert.equal((await p.post(`40${JSON.stringify(auth)}`)).status, 200);
  let text = '';
  await ask(async () => { text += (await p.poll()).body; return /"welcome","(\w+)"/.exec(text); });
  return { open: p, welcome: /"welcome","(\w+)"/.exec(text)[1], pid: /"pid":"([^"]+)"/.exec(text)[1] };
}

async function socket(server) {
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket`);
  ends.push(() => ws.terminate());
  ws.text = '';
  ws.on('message', (d) => { ws.text += d; });
  await new Promise((resolve, reject) => { ws.on('open', resolve); ws.on('error', reject); });
  ws.send('40{}');
  await ask(() => /"welcome"/.test(ws.text), 3000, 'the welcome');
  [, ws.pid] = /"pid":"([^"]+)"/.exec(ws.text);
  return ws;
}

test('a client between two polls comes back after it', async () => {
  const one = await serve();
  const p = await poller(one);
  assert.equal(p.welcome, 'new');
  const two = await restarted(one);
  assert.equal((await poller(two, { pid: p.pid })).welcome, 'back');
  two.child.kill('SIGKILL');
});

test('a client that takes nothing until the time is up comes back after it', async () => {
  const one = await serve();
  const deaf = await socket(one);
  const loud = await socket(one);
  deaf.send('42["join","r"]');
  loud.send('420["join","r"]');
  await ask(() => loud.text.includes('430[]'), 3000, 'both to be in the room');
  deaf.pause();
  for (let i = 0; i < 10; i += 1) loud.send(`42["small","r","${'x'.repeat(900000)}"]`);
  loud.send('421["join","r"]');
  await ask(() => loud.text.includes('431[]'), 10000, 'all to be said');
  const began = Date.now();
  const two = await restarted(one);
  assert.ok(Date.now() - began >= 2000, 'it was waited for');
  assert.equal((await poller(two, { pid: deaf.pid })).welcome, 'back');
  two.child.kill('SIGKILL');
});

atEnd(() => ends.reverse().forEach((fn) => fn()));
