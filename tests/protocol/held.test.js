'use strict';
// A POST in the middle of which its session is paused: what is behind that waits in it, in every form of a payload, and is
// handled in its order when the session is read again. And what may happen to it meanwhile.
const { test, atEnd, ask, assert } = require('../lib/check');
const { start, stopAll, request, open, raw, wsRaw } = require('./eio_lib');

const quiet = { 'ping-interval': 60000, 'ping-timeout': 60000 };
let s;
atEnd(stopAll);

test('the server starts', async () => { s = await start(quiet); });

const octets = (list) => Buffer.concat(list.map((t) => Buffer.concat([
  Buffer.from([0, ...String(t.length).split('').map(Number), 255]), Buffer.from(t)])));
const list3 = (list) => list.map((t) => `${t.length}:${t}`).join('');
const said = ['4a', '4!pause', '4b', '4c', '4!pause', '4d'];
const forms = [
  { name: 'revision 4', version: 4, body: said.join('\x1e') },
  { name: 'revision 3', version: 3, body: list3(said) },
  { name: 'revision 3, bytes', version: 3, body: octets(said), headers: { 'Content-Type': 'application/octet-stream' } },
  { name: 'revision 3, JSONP', version: 3, query: '&j=0', body: `d=${encodeURIComponent(list3(said))}` },
];

for (const f of forms) {
  test(`${f.name}: a paused session handles no more of a POST until it goes on`, async () => {
    const p = await open(s, { version: f.version });
    const { messagesIn } = await s.stats();
    const heard = async () => (await s.stats()).messagesIn - messagesIn;
    const answer = request(s, 'POST', `${p.url}${f.query || ''}`, { body: f.body, headers: f.headers });
    await ask(heard, 3000, 'the POST');
    assert.equal(await heard(), 2);
    assert.match((await p.poll()).body, /4a$/);
    await ask(async () => await heard() > 2, 3000, 'it to go on');
    assert.equal(await heard(), 5);
    assert.match((await p.poll()).body, /4b(2:|\x1e)4c$/);
    assert.equal((await answer).body, 'ok');
    assert.equal(await heard(), 6);
    assert.match((await p.poll()).body, /4d$/);
  });
}

test('its answer comes when the last of it is handled, and a request behind it is answered then', async () => {
  const p = await open(s);
  const c = raw(s);
  const body = said.join('\x1e');
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const { messagesIn } = await s.stats();
  await ask(async () => (await s.stats()).messagesIn - messagesIn >= 3, 3000, 'it to go on once');
  assert.equal(c.text(), '');
  await c.until(/^HTTP\/1.1 200[^]*\r\n\r\nokHTTP\/1.1 200[^]*4a\x1e4b\x1e4c\x1e4d$/);
  assert.equal((await p.post('4e')).body, 'ok');
  assert.equal((await p.poll()).body, '4e');
  c.destroy();
});

test('whoever leaves it has ended the session: what is behind it would come without it', async () => {
  const p = await open(s);
  const c = raw(s);
  const before = await s.stats();
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n4!pause\x1e4bcd`);
  await ask(async () => (await s.stats()).messagesIn > before.messagesIn, 3000, 'the POST');
  c.destroy();
  await ask(async () => (await s.stats()).closed > before.closed, 3000, 'the end of the session');
  assert.equal((await p.poll()).status, 400);
});

test('a session that is closed meanwhile answers it, and hears no more of it', async () => {
  const p = await open(s);
  const answer = p.post('4!pause\x1e4!close\x1e4lost');
  assert.equal((await answer).body, 'ok');
  assert.match((await p.poll()).body, /^4bye/);
});

test('it is answered also when the session has left polling meanwhile', async () => {
  const p = await open(s);
  const { messagesIn } = await s.stats();
  const answer = p.post('4!pause\x1e4late');
  await ask(async () => (await s.stats()).messagesIn > messagesIn, 3000, 'the POST');
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  ws.send('5');
  assert.equal((await answer).body, 'ok');
  assert.equal(await ws.nextText(), '4late');
  ws.send('4more');
  assert.equal(await ws.nextText(), '4more');
  ws.destroy();
});

test('the server ends well', async () => { await s.stop(); });
