'use strict';
// What clients ask for beside the answer: JSONP in revision 4 (engine.io-client 4 and 5 still have it), a 100 before they
// send a body, a subprotocol.
const { test, atEnd, assert } = require('../lib/check');
const { start, stopAll, request, open, raw, wsRaw, upgradeText, ENGINE } = require('./eio_lib');

let server;
const S = async () => { server = server || await start({ 'max-payload': 1000, 'ping-interval': 25000, 'ping-timeout': 20000 }); return server; };

const unwrap = (text, i) => {
  const m = new RegExp(`^___eio\\[${i}\\]\\((".*")\\);$`).exec(text);
  assert.ok(m, text);
  return JSON.parse(m[1]);
};
const form = (payload) => `d=${encodeURIComponent(payload.replace(/\\n/g, '\\\\n').replace(/\n/g, '\\n'))}`;

test('JSONP in revision 4: several packets, a separator, binary, line ends', async () => {
  const s = await S();
  const r = await request(s, 'GET', `${ENGINE}?EIO=4&transport=polling&j=0`);
  assert.match(r.headers['content-type'], /^text\/javascript/);
  const { sid } = JSON.parse(unwrap(r.body, 0).slice(1));
  const url = `${ENGINE}?EIO=4&transport=polling&sid=${sid}`;
  const packets = ['4uno\\n dos\n"tres" \u2028 ñ 😀 & + =', '4', 'bAQL/'];
  const post = await request(s, 'POST', `${url}&j=1`, { body: form(packets.join('\x1e')), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.deepEqual([post.status, post.body], [200, 'ok']);
  const back = await request(s, 'GET', `${url}&j=2`);
  assert.doesNotMatch(back.body, /\u2028|\x1e/);
  assert.deepEqual(unwrap(back.body, 2).split('\x1e'), packets);
  for (const j of ['x', '-1', 'alert(1)', '99999999999']) {
    assert.equal((await request(s, 'GET', `${ENGINE}?EIO=4&transport=polling&j=${encodeURIComponent(j)}`)).status, 400, j);
  }
});

test('a body that waits for 100 gets it at once; where there is nothing to wait for, the connection ends', async () => {
  const s = await S();
  const p = await open(s);
  const head = (length, more = 'Expect: 100-continue\r\n', version = '1.1') => `POST ${p.url} HTTP/${version}\r\nHost: x\r\n${more}Content-Length: ${length}\r\n\r\n`;
  const c = raw(s);
  for (let i = 0; i < 2; i += 1) {
    c.write(head(5));
    await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    c.write('4hola');
    await c.until(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
    assert.doesNotMatch(c.text(), /close/);
    c.clear();
  }
  assert.equal((await p.poll()).body, '4hola\x1e4hola');
  c.write(head(5000));
  await c.closed();
  assert.match(c.text(), /^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/);
  for (const [more, version] of [['', '1.1'], ['Expect: tea\r\n', '1.1'], ['Expect: 100-continue\r\n', '1.0']]) {
    const other = raw(s);
    other.write(`${head(5, more, version)}4hola`);
    await other.until(/\r\n\r\nok$/);
    assert.match(other.text(), /^HTTP\/1\.1 200 /, `${more} ${version}`);
    other.destroy();
  }
});

test('of the subprotocols offered the first is spoken; a list that cannot be read is refused in words', async () => {
  const s = await S();
  for (const [list, want] of [['chat', 'chat'], ['v1.b-c_d+e , engine.io', 'v1.b-c_d+e'], ['engine.io', 'engine.io'], [`${'x'.repeat(62)},b`, 'x'.repeat(62)]]) {
    const ws = await wsRaw(s, '', { extra: `Sec-WebSocket-Protocol: ${list}\r\n` });
    assert.match(await ws.nextText(), /^0\{/);
    assert.match(ws.head, /^HTTP\/1\.1 101 /);
    assert.equal(/^Sec-WebSocket-Protocol: (.*)$/im.exec(ws.head)[1].trim(), want);
    ws.send('4hola');
    assert.equal(await ws.nextText(), '4hola');
    ws.destroy();
  }
  const plain = await wsRaw(s);
  assert.match(await plain.nextText(), /^0\{/);
  assert.doesNotMatch(plain.head, /Sec-WebSocket-Protocol/i);
  plain.destroy();
  const bad = [',a', 'a b', 'a=b', '"a"', 'a/b', '7', '1.2', 'x'.repeat(63), `a,${'b'.repeat(126)}`, 'ñ'];
  for (const list of bad) {
    const c = raw(s);
    c.write(upgradeText('', `Sec-WebSocket-Protocol: ${list}\r\n`));
    await c.until(/"code":3/);
    assert.match(c.text(), /^HTTP\/1\.1 400 /, list);
    c.destroy();
  }
  assert.equal((await s.stats()).upgrade, bad.length);
});

atEnd(stopAll);
