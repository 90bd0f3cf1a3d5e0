'use strict';
// Many who read nothing of what they asked for: together they hold no more than there is for all, whoever reads is served,
// and what they held is given back.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { start, stopAll, open, raw, wsRaw } = require('./eio_lib');

const quiet = { 'ping-interval': 60000, 'ping-timeout': 60000 };
const ALL = 16 << 20;
const PAGE = 900000;
atEnd(stopAll);

// a WebSocket that asks for page after page and reads none; the most that waited meanwhile
async function deaf(server, all) {
  const ws = await wsRaw(server);
  let most = 0;
  await ws.next();
  ws.socket.pause();
  for (let i = 0; i < 8; i += 1) {           // the kernel takes the first ones
    ws.send(`4!burst 1 ${PAGE}`);
    most = Math.max(most, (await server.stats()).waiting);
  }
  all.push(ws);
  return most;
}

test('what waits for all together has a bound, also where it has left the queues', async () => {
  const s = await start({ ...quiet, 'queue-max': 8 << 20, 'queues-max': ALL });
  const all = [];
  let most = 0;
  for (let i = 0; i < 30; i += 1)
    most = Math.max(most, await deaf(s, all));
  const stats = await s.stats();
  assert.ok(stats.slow > 10, `${stats.slow} closed as slow`);
  assert.ok(most > ALL / 4 && most <= ALL, `${most} bytes waited`);
  const ws = await wsRaw(s);                 // little is for everybody
  await ws.next();
  ws.send('4!burst 20 30000');
  for (let i = 0; i < 20; i += 1)
    assert.equal((await ws.nextText()).length, 30001);
  const p = await open(s);
  await p.post(`4${'p'.repeat(30000)}`);
  assert.equal((await p.poll()).body.length, 30001);
  ws.destroy();
  all.forEach((x) => x.destroy());
  await ask(async () => (await s.stats()).waiting === 0, 8000, 'all to be given back');
  await s.stop();
}, 60000);

test('what is on its way counts until it is read, and no longer', async () => {
  const s = await start({ ...quiet, 'queue-max': 8 << 20 });
  const p = await open(s);
  await p.post('4!burst 8 900000');
  assert.ok((await s.stats()).waiting >= 8 * PAGE);
  const body = (await p.poll()).body;
  assert.ok(body.length >= 8 * PAGE);
  await ask(async () => (await s.stats()).waiting === 0, 8000, 'nothing to wait');
  const c = raw(s);                          // an answer that is asked for, and not read
  c.socket.pause();
  await p.post('4!burst 8 900000');
  c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const left = (n) => n > 8 * PAGE && n < 8 * PAGE + 400;      // the frames counted 50 each beside their text
  await ask(async () => left((await s.stats()).waiting), 8000, 'the answer to leave');
  c.socket.resume();
  await ask(async () => (await s.stats()).waiting === 0, 8000, 'the answer to be read');
  c.destroy();
  const ws = await wsRaw(s);
  await ws.next();
  ws.send('4!burst 8 900000');
  for (let i = 0; i < 8; i += 1)
    await ws.nextText();
  await ask(async () => (await s.stats()).waiting === 0, 8000, 'nothing to wait for the WebSocket');
  ws.destroy();
  await s.stop();
}, 60000);

test('whoever reads slowly gets all of a poll that was answered at once: only its heartbeat ends it', async () => {
  const s = await start({ ...quiet, 'queue-max': 16 << 20, 'header-timeout': 500, 'body-timeout': 500 });
  const p = await open(s);
  await p.post('4!burst 16 900000');
  const c = raw(s);
  let bytes = 0;
  c.socket.on('data', (d) => { bytes += d.length; });
  c.socket.pause();
  c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await pause(7000);                         // libwebsockets' own time for a request is 5 s here
  c.socket.resume();
  await ask(() => bytes > 16 * PAGE, 8000, 'the whole answer');
  assert.equal((await s.stats()).waiting, 0);
  c.destroy();
  await s.stop();
}, 30000);

test('a poll answer that is not read wholly ends its session, however it was asked for', async () => {
  const s = await start({ ...quiet, 'queue-max': 8 << 20 });
  for (const [how, extra] of [
    ['plainly', ''],
    ['as the connection\'s last', 'Connection: close\r\n'],
    ['with an offer of HTTP/2', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
    ['with an expectation', 'Expect: 100-continue\r\n'],
  ]) {
    const p = await open(s);
    const c = raw(s);
    c.socket.pause();
    await p.post('4!burst 8 900000');
    c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n${extra}\r\n`);
    await ask(async () => { const { waiting } = await s.stats(); return waiting > 8 * PAGE && waiting < 8 * PAGE + 400; }, 8000, 'the answer to leave');
    c.reset();
    await ask(async () => (await s.stats()).waiting === 0, 8000, `${how}: what waited to be given back`);
    const next = await p.poll();
    assert.deepEqual([next.status, JSON.parse(next.body).code], [400, 1], how);
  }
  await s.stop();
}, 60000);
