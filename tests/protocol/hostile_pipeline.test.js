'use strict';
// Requests that lie behind others in the same read. libwebsockets 4.1 takes the head of such a request for its body and then
// reads it for ever; it must never come to that: a body behind an unanswered request is refused, everything else is served.
const net = require('node:net');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { start, stopAll, open, raw, frame, upgradeText } = require('./eio_lib');

const GET = 'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n';
let server;
let session;
atEnd(stopAll);

const post = (body, length = body.length, url = session.url) => `POST ${url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
const h2c = 'Host: x\r\nUpgrade: h2c\r\nConnection: Upgrade';
const hello = frame('4hola').toString('latin1');

// name, what is written (one read each: the next part only after an answer to the one before), the statuses that come back
const rows = [
  ['a whole POST behind a GET', () => [GET + post('4x')], '200 400'],
  ['a part of a POST behind a GET', () => [GET + post('4x', 10)], '200 400'],
  ['a POST behind a POST', () => [post('4a') + post('4x')], '200 400'],
  ['a GET with a body behind a GET', () => [`${GET}${GET.slice(0, -2)}Content-Length: 5\r\n\r\nabcde`], '200 400'],
  ['a POST behind the body of a refused one', () => [post('', 5, `${session.url}x`), `abcde${post('4x')}`], '400 400'],
  ['a POST behind a refused one', () => [post('abcde', 5, `${session.url}x`) + post('4x')], '400 400'],
  ['a GET behind a refused POST', () => [post('abcde', 5, `${session.url}x`) + GET], '400 200'],
  ['a POST whose head is cut in two', () => [GET + post('4b').slice(0, 30), post('4b').slice(30)], '200 200'],
  ['one after the other', () => [GET, post('4c'), post('4d'), GET], '200 200 200 200'],
  ['many GETs', () => [GET.repeat(200)], Array(200).fill('200').join(' ')],
  ['an upgrade and its first frame behind a GET', () => [GET + upgradeText() + hello], '200 101'],
  ['an upgrade with a body behind a GET', () => [`${GET}${upgradeText('', 'Content-Length: 3\r\n')}abc`], '200'],
  ['a POST after a refused one', () => [post('abcde', 5, `${session.url}x`), post('4e')], '400 200'],
  ['a POST after the body of a refused one', () => [post('', 5, `${session.url}x`), `abcde${GET}`, post('4f')], '400 200 200'],
  ['a POST after a GET with a body', () => [`${GET.slice(0, -2)}Content-Length: 5\r\n\r\nabcde`, post('4g')], '200 200'],
  ['a POST after a GET with a body of nothing', () => [`${GET.slice(0, -2)}Content-Length: 0\r\n\r\n`, post('4h')], '200 200'],
  ['a GET in the body of a refused upgrade', () => [GET, upgradeText('&sid=no', `Content-Length: ${GET.length}\r\n`) + GET], '200 400'],
  ['a GET after the head of a refused upgrade with a body', () => [GET, upgradeText('&sid=no', 'Transfer-Encoding: chunked\r\n'), GET], '200 400'],
  ['a GET in the body of a refused offer of HTTP/2', () => [GET, post(GET, GET.length, `${session.url}x`).replace('Host: x', h2c)], '200 400'],
  ['an offer of HTTP/2 with a body behind a GET', () => [`${GET}${post('4x').replace('Host: x', h2c)}`], '200 400'],
];

test('a server with a session', async () => {
  server = await start({ 'ping-interval': 25000, 'ping-timeout': 20000 });
  session = await open(server);
});

for (const [name, parts, statuses] of rows) {
  test(name, async () => {
    const c = raw(server);
    const seen = () => [...c.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => m[1]);
    for (const [i, part] of parts().entries()) {
      await ask(() => seen().length === i, 5000, `${i} answers before the next part`);
      c.write(part);
    }
    await ask(() => seen().join(' ') === statuses, 5000, statuses).catch((e) => { throw new Error(`${e.message}; seen: ${seen().join(' ')}`); });
    if (name.startsWith('an upgrade and')) await c.until(/4hola/);
    if (/400$/.test(statuses)) await c.closed();
    assert.equal(seen().join(' '), statuses);
    c.destroy();
    const before = server.cpu();
    await pause(200);
    assert.ok(server.cpu() - before < 0.1, 'nothing is read again and again');
  });
}

test('what was taken is there once, what was refused is not', async () => {
  assert.equal((await session.poll()).body, [...'abcdefgh'].map((x) => `4${x}`).join('\x1e'));
});

test('a poll behind another request in one read is answered by a noop, not held with the loop awake', async () => {
  const quiet = await open(server);
  const c = raw(server);
  c.write(`${GET}GET ${quiet.url} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3));
  await ask(() => [...c.text().matchAll(/\r\n\r\n6(?=HTTP|$)/g)].length === 3, 5000, 'three noops').catch((e) => {
    throw new Error(`${e.message}; seen: ${c.text()}`);
  });
  const before = server.cpu();
  await pause(200);
  assert.ok(server.cpu() - before < 0.1, 'the loop sleeps');
  c.destroy();
});

// What comes while the server counts what it has read must not make it believe that the second request came alone.
test('a POST behind a GET, and more of it a moment later, thousands of times: the server lives', async () => {
  const text = Buffer.from(`${GET}${post('6', 1, `${session.url}x`)}`);
  const spin = (us) => { const end = process.hrtime.bigint() + BigInt(us) * 1000n; while (process.hrtime.bigint() < end); };
  for (let i = 0; i < 4000; i += 1) {
    await new Promise((resolve) => {
      const socket = net.connect({ port: server.port, host: '127.0.0.1', noDelay: true }, () => {
        socket.write(text);
        spin(i % 400);
        socket.end(Buffer.alloc(51, 'c'));
      });
      socket.on('error', () => {}).on('close', resolve).resume();
    });
  }
  const c = raw(server);
  c.write(GET);
  await c.until(/HTTP\/1\.1 200/);
  c.destroy();
}, 60000);
