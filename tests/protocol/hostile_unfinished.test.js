'use strict';
// Bodies and messages that never become whole, when they have taken every share there is, and the deadline of a message: who
// sends little is served, who is kept waiting by us is not late. And what the figures count of it.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { start, stopAll, request, open, raw, frame, wsRaw, upgradeText } = require('./eio_lib');

const quiet = { 'ping-interval': 60000, 'ping-timeout': 60000 };
const ALL = 64 * 1048576;                    // of all together; each an eighth of what is left
atEnd(stopAll);

// sockets that hold begun messages until an eighth of what is left is smaller than `left`
async function hoard(server, left) {
  const all = [];
  const ping = frame('', { opcode: 9 });
  for (let held = 0, size = Infinity; size > left; held += size) {
    size = Math.min(900000, Math.floor((ALL - held) / 9));        // its own counts
    const ws = await wsRaw(server);
    ws.write(Buffer.concat([frame(`4${'x'.repeat(size - 1)}`, { fin: false }), ping]));
    await ask(() => ws.frames.some((f) => f.opcode === 10) || ws.code !== null, 8000, 'it to be read');
    assert.equal(ws.code, null, `${size} bytes beside ${held}`);
    all.push(ws);
  }
  return all;
}

test('nothing is left to share: bodies and messages up to 4 KiB, and bodies that come at once, are taken', async () => {
  const s = await start({ ...quiet, 'body-timeout': 60000 });
  const p = await open(s);
  const all = await hoard(s, 100);
  for (const n of [1, 450, 3000]) {
    const text = 'y'.repeat(n);
    assert.equal((await p.post(`4${text}`)).status, 200, `a body of ${n + 1} bytes`);
    const ws = await wsRaw(s);
    await ws.next();
    ws.send(`4${text.slice(1)}`, { fin: false });
    ws.send('z', { opcode: 0 });
    assert.equal(await ws.nextText(), `4${text.slice(1)}z`);
    ws.destroy();
  }
  const body = `4${'w'.repeat(20000)}`;
  const c = raw(s);
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n`);
  await pause(50);
  c.write('4');
  await pause(50);
  c.write('v');
  await c.until(/^HTTP\/1.1 200/);
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await c.until(/HTTP\/1.1 200[^]*HTTP\/1.1 200/);
  c.destroy();
  const ws = await wsRaw(s);                 // and who wants more than that has come too late
  ws.send(`4${'x'.repeat(5000)}`, { fin: false });
  assert.equal(await ws.closeCode(), 1006);
  ws.destroy();
  all.forEach((x) => x.destroy());
  await s.stop();
}, 60000);

test('a message has its time; but while its session is not read it is not late', async () => {
  const s = await start({ ...quiet, 'body-timeout': 1000 });
  const ws = await wsRaw(s);
  await ws.next();
  ws.send('4!soon');                         // in 100 ms, for 3 s
  ws.send('4uno', { fin: false });
  await pause(1500);
  ws.send('dos', { opcode: 0 });
  assert.equal(await ws.nextText(8000), '4unodos');
  ws.send('4tres', { fin: false });
  assert.equal(await ws.closeCode(), 1008);
  const { messageSlow, bodyTimeouts } = await s.stats();
  assert.deepEqual({ messageSlow, bodyTimeouts }, { messageSlow: 1, bodyTimeouts: 0 });
  ws.destroy();
  await s.stop();
}, 30000);

test('a message that began with nothing is over when it is whole, and has its time only once', async () => {
  const s = await start({ ...quiet, 'body-timeout': 500 });
  const ws = await wsRaw(s);
  await ws.next();
  ws.send('', { fin: false });
  ws.send('4hola', { opcode: 0 });
  assert.equal(await ws.nextText(), '4hola');
  await pause(800);                          // nothing of it is late
  ws.send('4still');
  assert.equal(await ws.nextText(), '4still');
  ws.send('', { fin: false });
  const more = setInterval(() => ws.send('', { opcode: 0, fin: false }), 100);
  assert.equal(await ws.closeCode(), 1008);
  clearInterval(more);
  ws.destroy();
  await s.stop();
});

test('a foreign origin is counted where it is refused, and only there', async () => {
  const s = await start({ ...quiet, origins: 'http://a.example' });
  const headers = { origin: 'http://b.example' };
  assert.equal((await request(s, 'GET', '/stats', { headers })).status, 200);
  assert.equal((await s.stats()).refusedOrigin, 0);
  assert.equal((await request(s, 'GET', s.url(), { headers })).status, 403);
  assert.equal((await s.stats()).refusedOrigin, 1);
  const c = raw(s);
  c.write(upgradeText('', 'Origin: http://b.example\r\n'));
  await c.until(/^HTTP\/1.1 403/);
  assert.equal((await s.stats()).refusedOrigin, 2);
  c.destroy();
  await s.stop();
});
