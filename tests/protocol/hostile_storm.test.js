'use strict';
// timeout: 180
// Descriptors and memory: what the limit of open files leaves room for is said and served, the rest is refused in words; and
// after a storm the memory goes back to the system.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { start, stopAll, request, raw, wsRaw } = require('./eio_lib');

const quiet = { 'ping-interval': 60000, 'ping-timeout': 60000, 'max-per-address': 20000, proxies: '' };
const MiB = 1048576;
const SANITIZED = process.env.SANITIZE === '1';
atEnd(stopAll);

const GET = 'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n';
const answered = (c) => /^HTTP\/1\.1 (\d+)/.exec(c.text())?.[1];

test('128 descriptors: room for 64 connections, 503 for the others, some kept back, no spinning', async () => {
  const s = await start({ ...quiet, log: 'info' }, { files: 128 });
  await ask(() => /room for 64 connections only/.test(s.log), 4000, 'the capacity');
  assert.equal((await s.stats()).refusedFull, 0);
  await ask(async () => (await s.stats()).connections === 1, 4000, 'nobody else');
  const all = [];
  for (let i = 0; i < 100; i += 1) {
    const c = raw(s);
    c.write(GET);
    all.push(c);
    await ask(() => answered(c) || c.isClosed());
  }
  const served = all.filter((c) => answered(c) === '200').length;
  assert.equal(served, 64);
  assert.ok(all.slice(64).every((c) => answered(c) === '503'), 'refused in words');
  assert.ok(s.fds() < 128 - 32, `${s.fds()} descriptors in use`);
  const before = s.cpu();
  await pause(1000);
  assert.ok(s.cpu() - before < 0.15);
  all.forEach((c) => c.destroy());
  await ask(async () => (await request(s, 'GET', '/stats')).status === 200, 8000, 'service again');
  await s.stop();
}, 60000);

test('of 4,096 descriptors a sixteenth is kept back', async () => {
  const s = await start({ ...quiet, log: 'info' }, { files: 4096 });
  await ask(() => /room for 3840 connections only/.test(s.log), 4000, 'the capacity');
  await s.stop();
});

async function storm(s, count, each) {
  const all = [];
  for (let i = 0; i < count; i += 50) {
    all.push(...await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => wsRaw(s))));
  }
  await each(all);
  return all;
}

async function returned(s, before, what) {
  await ask(async () => (await s.stats()).connections <= 1, 20000, 'all to be gone');
  await ask(() => s.rss() < before + 4 * MiB, 20000, 'the memory').catch((e) => {
    throw new Error(`${e.message} of ${what}: ${s.rss()} bytes, ${before} before`);
  });
}

test('2,000 clients that talk: their memory is given back', async () => {
  const s = await start(quiet);
  await (await wsRaw(s)).destroy();
  const before = s.rss();
  const all = await storm(s, SANITIZED ? 300 : 2000, async (clients) => {
    clients.forEach((c) => c.send(`4${'x'.repeat(20000)}`));
    await ask(() => clients.every((c) => c.frames.length >= 2), 60000, 'the echoes');
  });
  const full = s.rss();
  all.forEach((c) => c.destroy());
  if (SANITIZED) return;
  await returned(s, before, '2,000 clients');
  console.log(`# ${Math.round(before / MiB)} MiB before, ${Math.round(full / MiB)} with 2,000 clients, ${Math.round(s.rss() / MiB)} afterwards`);
  await s.stop();
}, 120000);

test('60 clients that read nothing, a megabyte each: the same', async () => {
  const s = await start(quiet);
  await (await wsRaw(s)).destroy();
  const before = s.rss();
  const all = await storm(s, 60, async (clients) => {
    clients.forEach((c) => { c.socket.pause(); for (let i = 0; i < 10; i += 1) c.send('4!burst 100 9000'); });
    await ask(async () => (await s.stats()).slow >= 50, 30000, 'them to be too slow');
  });
  const full = s.rss();
  all.forEach((c) => c.destroy());
  if (SANITIZED) return;
  await returned(s, before, '60 slow readers');
  console.log(`# ${Math.round(before / MiB)} MiB before, ${Math.round(full / MiB)} with 60 that read nothing, ${Math.round(s.rss() / MiB)} afterwards`);
  await s.stop();
}, 120000);
