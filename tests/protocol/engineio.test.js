'use strict';
// Wire cases of Engine.IO 4 on the echo server: handshake, polling, WebSocket, upgrade, heartbeat, origins.
// The order of sections and many cases follow the protocol's own test suite (engine.io-protocol, test-suite).
const fs = require('node:fs');
const http = require('node:http');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { start, stopAll, request, open, raw, wsRaw, beating, upgradeText, frame, ENGINE } = require('./eio_lib');

let server;
const S = async () => { server = server || await start(); return server; };
const PEER_CLOSED = 0, TRANSPORT_ERROR = 1;   // of the reasons that the server counts
const quiet = { 'ping-interval': 25000, 'ping-timeout': 20000 };
let calm;
const C = async () => { calm = calm || await start(quiet); return calm; };
const met = async (s) => { await s.stats(); await s.stats(); };   // whatever was written before has been read
const refused = (r, status, code) => {
  assert.equal(r.status, status, r.body);
  assert.equal(JSON.parse(r.body).code, code);
};
atEnd(stopAll);

// ---- handshake

test('a polling handshake answers OPEN with its five members', async () => {
  const s = await S();
  const r = await request(s, 'GET', s.url());
  assert.equal(r.status, 200);
  assert.equal(r.headers['content-type'], 'text/plain; charset=UTF-8');
  assert.equal(r.body[0], '0');
  const hello = JSON.parse(r.body.slice(1));
  assert.deepEqual(Object.keys(hello), ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload']);
  assert.match(hello.sid, /^[A-Za-z0-9_-]{16,}$/);
  assert.deepEqual({ ...hello, sid: 0 }, { sid: 0, upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000 });
});

test('a WebSocket handshake answers OPEN without upgrades', async () => {
  const ws = await wsRaw(await S());
  const hello = JSON.parse((await ws.nextText()).slice(1));
  assert.deepEqual(hello.upgrades, []);
  assert.equal(hello.pingInterval, 300);
  assert.doesNotMatch(ws.head, /extensions|protocol:/i);
  ws.destroy();
});

test('handshakes are refused with the reference codes', async () => {
  const s = await S();
  const cases = [
    ['GET', '?EIO=4', 400, 0], ['GET', '?EIO=4&transport=abc', 400, 0], ['GET', '', 400, 0],
    ['GET', '?transport=polling', 400, 5], ['GET', '?EIO=abc&transport=polling', 400, 5],
    ['GET', '?EIO=2&transport=polling', 400, 5], ['GET', '?EIO=44&transport=polling', 400, 5],
    ['GET', '?EIO=4&transport=polling&sid=abc', 400, 1], ['POST', '?EIO=4&transport=polling&sid=', 400, 2],
    ['POST', '?EIO=4&transport=polling', 400, 2], ['PUT', '?EIO=4&transport=polling', 400, 2],
    ['DELETE', '?EIO=4&transport=polling', 400, 2], ['PATCH', '?EIO=4&transport=polling', 400, 2],
    ['GET', '?EIO=4&transport=websocket', 400, 3],
    ['GET', '?EIO=4&transport=polling&transport=polling', 400, 0],
    ['GET', '?EIO=4&EIO=3&transport=polling', 400, 3], ['GET', '?EIO=4&transport=polling&sid=a&sid=b', 400, 3],
  ];
  const texts = ['Transport unknown', 'Session ID unknown', 'Bad handshake method', 'Bad request', 'Forbidden', 'Unsupported protocol version'];
  for (const [method, query, status, code] of cases) {
    const r = await request(s, method, ENGINE + query, method === 'GET' ? {} : { body: 'x' });
    assert.equal(r.status, status, `${method} ${query}`);
    assert.deepEqual(JSON.parse(r.body), { code, message: texts[code] }, `${method} ${query}`);
    assert.match(r.headers['content-type'], /^application\/json/);
  }
});

test('an empty sid is none', async () => {
  const s = await C();
  const url = s.url(`&sid=${(await open(s, { query: '&sid=' })).sid}`);
  await request(s, 'POST', url, { body: '4hola' });
  assert.equal((await request(s, 'GET', url)).body, '4hola');
  const ws = await wsRaw(s, '&sid=');
  assert.match(await ws.nextText(), /^0\{"sid"/);
  ws.destroy();
});

test('an upgrade request is refused with JSON before the 101', async () => {
  const s = await S();
  const ask400 = async (text, status, code) => {
    const c = raw(s);
    c.write(text);
    await c.until(new RegExp(`^HTTP/1\\.[01] ${status}`));
    await c.until(new RegExp(`"code":${code}`));
    c.destroy();
  };
  await ask400(upgradeText('&sid=unknown'), 400, 1);
  await ask400(upgradeText('', '', { target: `${ENGINE}?EIO=4&transport=polling` }), 400, 3);
  await ask400(upgradeText('', '', { target: `${ENGINE}?EIO=abc&transport=websocket` }), 400, 5);
  await ask400(upgradeText('', '', { target: `${ENGINE}?EIO=4` }), 400, 0);
  await ask400(upgradeText('', '', { target: '/other' }), 400, 3);
  await ask400(upgradeText().replace('Version: 13', 'Version: 8'), 400, 3);
  await ask400(upgradeText().replace('Sec-WebSocket-Version: 13\r\n', ''), 400, 3);
  await ask400(upgradeText().replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'), 400, 3);
  await ask400(upgradeText().replace('Connection: Upgrade', 'Connection: up'), 400, 3);
  await ask400(upgradeText('', 'Content-Length: 0\r\n', { method: 'POST' }), 400, 2);
});

// ---- polling

test('polling: messages go both ways, several in one payload, binary as BASE64', async () => {
  const s = await C();
  const p = await open(s);
  const r = await p.post('4uno\x1e4dos ñ 😀\x1ebAQIDBA==');
  assert.deepEqual([r.status, r.body, r.headers['content-type']], [200, 'ok', 'text/html']);
  assert.equal((await p.poll()).body, '4uno\x1e4dos ñ 😀\x1ebAQIDBA==');
  await p.post('4');
  assert.equal((await p.poll()).body, '4');
  for (const n of [1, 2, 3, 255, 65536]) {
    const b = Buffer.alloc(n, 0xfe).toString('base64');
    await p.post(`b${b}`);
    assert.equal((await p.poll()).body, `b${b}`);
  }
});

test('polling: a poll is held until there is something', async () => {
  const s = await C();
  const p = await open(s);
  const held = p.poll();
  await pause(200);
  assert.equal((await p.post('4hola')).body, 'ok');
  assert.equal((await held).body, '4hola');
});

test('polling: 300 rounds on one kept connection', async () => {
  const s = await C();
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const other = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const p = await open(s);
  for (let i = 0; i < 300; i++) {
    const held = p.poll({ agent });
    await p.post(`4n${i}`, { agent: other });
    assert.equal((await held).body, `4n${i}`);
  }
  agent.destroy();
  other.destroy();
});

test('polling: malformed payloads are 400 and end the session', async () => {
  const s = await C();
  for (const body of ['abc', '', '4a\x1e', '\x1e4a', '4a\x1e\x1e4b', '7', 'b====', 'bA', 'b!!!!', 'b', '0{}', '5', '2', Buffer.from('34ff', 'hex')].slice(0)) {
    const p = await open(s);
    const r = await p.post(body);
    const bad = !['b', '0{}', '5', '2'].includes(body);
    if (bad) assert.equal(r.status, 400, JSON.stringify(body));
    if (body !== 'b') refused(await p.poll(), 400, 1);
  }
});

// engine.io-client-java 2 writes binary with Android's Base64.DEFAULT: a line break behind every 76 characters and at the end
test('polling: BASE64 with line breaks is what the Java client sends', async () => {
  const s = await C();
  const p = await open(s);
  for (const n of [1, 3, 57, 58, 1000]) {
    const text = Buffer.alloc(n, 0xfe).toString('base64');
    for (const eol of ['\n', '\r\n']) {
      const lines = text.replace(/.{1,76}/g, (line) => line + eol);
      assert.equal((await p.post(`b${lines}\x1e4x`)).status, 200);
      assert.equal((await p.poll()).body, `b${text}\x1e4x`);
    }
  }
});

test('polling: nothing of a malformed payload is handled', async () => {
  const s = await C();
  const before = (await s.stats()).messagesIn;
  const p = await open(s);
  assert.equal((await p.post('4one\x1eXtwo')).status, 400);
  assert.equal((await s.stats()).messagesIn, before);
});

test('polling: an octet-stream body is refused in revision 4', async () => {
  const s = await C();
  const p = await open(s);
  refused(await p.post('4a', { headers: { 'Content-Type': 'application/octet-stream' } }), 400, 3);
  refused(await p.poll(), 400, 1);
});

test('polling: a second GET is 400, the first gets a close packet, the session is gone', async () => {
  const s = await C();
  const p = await open(s);
  const first = p.poll();
  await pause(50);
  refused(await p.poll(), 400, 3);
  const r = await first;
  assert.deepEqual([r.status, r.body], [200, '1']);
  refused(await p.poll(), 400, 1);
});

test('polling: a second POST is 400, the first is 400 in the middle of it, the session is gone', async () => {
  const s = await C();
  const p = await open(s);
  const c = raw(s);
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n4ab`);
  await pause(50);
  refused(await p.post('4x'), 400, 3);
  await c.until(/^HTTP\/1.1 400/, 1000);
  await c.closed(1000);
  refused(await p.poll(), 400, 1);
  c.destroy();
});

test('upgrade: a POST that was left behind and breaks off takes nothing with it', async () => {
  const s = await C();
  const p = await open(s);
  const c = raw(s);
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4ab`);
  await met(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  ws.send('5');
  ws.send('4hola');
  assert.equal(await ws.nextText(), '4hola');
  c.reset();
  await met(s);
  ws.send('4still');
  assert.equal(await ws.nextText(), '4still');
  ws.destroy();
});

test('upgrade: a withheld POST that breaks off behind it ends the session: the rest would be lost unseen', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  const c = raw(s);
  c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4!pause\x1e4b`);
  await met(s);
  ws.send('5');
  await met(s);
  c.reset();
  assert.equal((await ws.next()).opcode, 8);
});

test('polling: a close packet from the client frees a held poll with a noop', async () => {
  const s = await C();
  const p = await open(s);
  const held = p.poll();
  await pause(50);
  assert.equal((await p.post('1')).status, 200);
  const r = await held;
  assert.deepEqual([r.status, r.body], [200, '6']);
  refused(await p.poll(), 400, 1);
});

test('polling: a close packet met before the poll sent with it waits for it, and not for long', async () => {
  const s = await C();
  for (const [body, answer] of [['1', '6'], ['4last\x1e1', '4last']]) {
    let p, post, r, began;
    for (let tries = 0; tries < 10 && !(Date.now() - began < 45); tries++) {   // later is too late
      p = await open(s);
      began = Date.now();
      post = p.post(body);
      await pause(10);
      r = await p.poll();
      assert.deepEqual([(await post).status, (await post).body], [200, 'ok']);
    }
    assert.deepEqual([r.status, r.body], [200, answer]);
    refused(await p.poll(), 400, 1);
  }
  const alone = await open(s);         // no poll comes: the answer says that the session is closed
  assert.equal((await alone.post('1')).body, 'ok');
  refused(await alone.poll(), 400, 1);
  const twice = await open(s);         // nothing more is taken from who has left
  const first = twice.post('1');
  await pause(15);
  refused(await twice.post('4x'), 400, 1);
  assert.equal((await first).body, 'ok');
  const gone = await open(s);          // and who does not even wait for that has left, not failed
  const before = (await s.stats()).reasons;
  const c = raw(s);
  c.write(`GET /stats HTTP/1.1\r\nHost: x\r\n\r\n`);
  await c.until(/opened/);
  c.write(`POST ${gone.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1`);
  await met(s);
  c.reset();
  await ask(async () => (await s.stats()).reasons[PEER_CLOSED] === before[PEER_CLOSED] + 1, 2000, 'its end');
  before[PEER_CLOSED]++;
  assert.deepEqual((await s.stats()).reasons, before);
});

test('polling: closed from above: what is queued comes first, the close packet alone behind it', async () => {
  const s = await C();
  const p = await open(s);
  const held = p.poll();
  await pause(30);
  await p.post('4!close');
  assert.equal((await held).body, '4bye');
  assert.equal((await p.poll()).body, '1');
  refused(await p.poll(), 400, 1);
  const q = await open(s);            // and with no poll held
  await q.post('4!close');
  assert.equal((await q.poll()).body, '4bye');
  assert.equal((await q.poll()).body, '1');
  refused(await q.poll(), 400, 1);
});

test('polling: a client that drops its held poll and asks again ends its session', async () => {
  const s = await C();
  const p = await open(s);
  const c = raw(s);
  c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await pause(50);
  c.reset();
  await pause(20);
  refused(await p.poll(), 400, 1);
  refused(await p.poll(), 400, 1);
});

test('polling: EIO of another revision and transport=websocket: 400, code 3, the session lives', async () => {
  const s = await C();
  const p = await open(s);
  refused(await request(s, 'GET', p.url.replace('EIO=4', 'EIO=3')), 400, 3);
  refused(await request(s, 'GET', p.url.replace('polling', 'websocket')), 400, 3);
  refused(await request(s, 'PUT', p.url, { body: 'x' }), 400, 3);
  await p.post('4still');
  assert.equal((await p.poll()).body, '4still');
});

test('polling: a paused session answers its POST late', async () => {
  const s = await C();
  const p = await open(s);
  const began = Date.now();
  await p.post('4!pause');
  assert.ok(Date.now() - began >= 500);
  await p.post('4go');
  assert.equal((await p.poll()).body, '4go');
});

test('polling: HEAD and OPTIONS', async () => {
  const s = await C();
  refused({ ...(await request(s, 'HEAD', s.url())), body: '{"code":2}' }, 400, 2);
  const o = await request(s, 'OPTIONS', s.url(), { headers: { Origin: 'http://a.example', 'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'content-type,x-mine' } });
  assert.equal(o.status, 204);
  assert.equal(o.headers['access-control-allow-origin'], 'http://a.example');
  assert.equal(o.headers['access-control-allow-headers'], 'content-type,x-mine');
  assert.match(o.headers['access-control-allow-methods'], /GET, POST/);
});

// ---- WebSocket

test('websocket: text, empty text, binary, large; order kept', async () => {
  const ws = await wsRaw(await C());
  await ws.next();
  ws.send('4hola ñ 😀');
  assert.equal(await ws.nextText(), '4hola ñ 😀');
  ws.send('4');
  assert.equal(await ws.nextText(), '4');
  ws.send(Buffer.from([0, 1, 254, 255]), { opcode: 2 });
  const b = await ws.next();
  assert.deepEqual([b.opcode, b.masked, ...b.data], [2, 0, 0, 1, 254, 255]);
  for (const n of [124, 125, 126, 65534, 65535, 65536, 999998]) {
    ws.send(`4${'x'.repeat(n)}`);
    assert.equal((await ws.next()).data.length, n + 1);
  }
  ws.write(Buffer.concat([...Array(300).keys()].map((i) => frame(`4n${i}`))));
  for (let i = 0; i < 300; i++) assert.equal(await ws.nextText(), `4n${i}`);
  ws.destroy();
});

test('websocket: fragments, with a ping in between', async () => {
  const ws = await wsRaw(await C());
  await ws.next();
  ws.send('4uno ', { fin: false });
  ws.send('dos ', { opcode: 0, fin: false });
  ws.send('eco', { opcode: 9 });
  const pong = await ws.next();
  assert.deepEqual([pong.opcode, pong.text], [10, 'eco']);
  ws.send('tres', { opcode: 0 });
  assert.equal(await ws.nextText(), '4uno dos tres');
  ws.destroy();
});

test('websocket: a frame behind the upgrade request in the same segment is handled', async () => {
  const s = await C();
  const ws = await wsRaw(s, '', { first: frame('4temprano') });
  assert.equal((await ws.nextText())[0], '0');
  assert.equal(await ws.nextText(), '4temprano');
  ws.destroy();
});

test('websocket: what the protocol does not know closes it', async () => {
  const s = await C();
  const cases = [['7', {}, 1002], ['', {}, 1002], ['abc', {}, 1002], ['0{}', {}, 1002], ['2', {}, 1002], ['2probex', {}, 1002],
    [Buffer.from('34c328', 'hex'), {}, 1007], [Buffer.from('34eda080', 'hex'), {}, 1007], ['1', {}, 1000],
    ['x', { rsv: 0x40 }, 1002], ['x', { opcode: 3 }, 1002], ['x', { opcode: 0 }, 1002]];
  for (const [data, o, code] of cases) {
    const ws = await wsRaw(s);
    await ws.next();
    ws.send(data, o);
    assert.equal(await ws.closeCode(), code, JSON.stringify([String(data), o]));
    ws.destroy();
  }
});

// Links2004's SocketIOclient (ESP32) says so, older ones "5" alone.
test('websocket: an upgrade that nobody needs is passed over', async () => {
  const s = await C();
  for (const version of [4, 3]) {
    const ws = await wsRaw(s, '', { version });
    await ws.next();
    ws.send('2probe');
    if (version === 3) assert.equal(await ws.nextText(), '3probe');
    ws.send('5');
    ws.send('4hola');
    assert.equal(await ws.nextText(), '4hola');
    ws.destroy();
  }
});

test('websocket: closed from above: queue first, close frame, then the end', async () => {
  const s = await C();
  const ws = await wsRaw(s);
  await ws.next();
  ws.send('4!close');
  assert.equal(await ws.nextText(), '4bye');
  assert.equal(await ws.closeCode(), 1000);
  ws.send(Buffer.from([3, 232]), { opcode: 8 });
  await ask(() => ws.ended);
});

test('websocket: closed by the peer: the close is echoed, on_close comes once', async () => {
  const s = await C();
  const before = await s.stats();
  const ws = await wsRaw(s);
  await ws.next();
  ws.write(Buffer.concat([frame(Buffer.from([3, 232]), { opcode: 8 }), frame('4ignored')]));
  assert.equal(await ws.closeCode(), 1000);
  const reset = await wsRaw(s);
  await reset.next();
  reset.socket.resetAndDestroy();
  const fin = await wsRaw(s);
  await fin.next();
  fin.socket.end();
  await ask(async () => {
    const st = await s.stats();
    return st.closed - before.closed === 3 && st.reasons[0] - before.reasons[0] === 3 && st.messagesIn === before.messagesIn;
  });
  ws.destroy();
});

test('websocket: paused: nothing is read, then everything, in order', async () => {
  const s = await C();
  const ws = await wsRaw(s);
  await ws.next();
  ws.send('4!pause');
  await pause(50);
  const began = Date.now();
  for (let i = 0; i < 200; i++) ws.send(`4${i} ${'y'.repeat(500)}`);
  for (let i = 0; i < 200; i++) assert.match(await ws.nextText(), new RegExp(`^4${i} `));
  assert.ok(Date.now() - began > 300);
  ws.destroy();
});

test('websocket: a volatile message goes out when there is room', async () => {
  const ws = await wsRaw(await C());
  await ws.next();
  ws.send('4!volatile');
  assert.equal(await ws.nextText(), '4volatile');
  ws.destroy();
});

// ---- heartbeat

test('heartbeat: pings over polling, answered, keep the session', async () => {
  const s = await S();
  const p = await open(s);
  for (let i = 0; i < 3; i++) {
    assert.equal((await p.poll()).body, '2');
    assert.equal((await p.post('3')).status, 200);
  }
});

test('heartbeat: a polling session that does not answer is closed', async () => {
  const s = await S();
  const p = await open(s);
  assert.equal((await p.poll()).body, '2');
  const r = await p.poll();
  assert.deepEqual([r.status, r.body], [200, '1']);
  refused(await p.poll(), 400, 1);
});

test('heartbeat: a server that stood still pings by the clock of its peers, and waits for the pong by its own', async () => {
  const s = await start({ 'ping-interval': 6000, 'ping-timeout': 1500 });
  const ws = await wsRaw(s);
  await ws.nextText();
  const began = Date.now();
  const stand = async (ms) => {
    process.kill(s.pid, 'SIGSTOP');
    await pause(ms);
    process.kill(s.pid, 'SIGCONT');
  };
  await stand(4000);
  assert.equal(await ws.nextText(8000), '2');
  const after = Date.now() - began;
  assert.ok(after > 5500 && after < 8000, `the ping came after ${after} ms`);
  ws.send('3');
  await ws.nextText(8000);
  await stand(3000);                   // longer than it would wait
  ws.send('3');
  ws.send('4still here');
  assert.equal(await ws.nextText(2000), '4still here');
  ws.destroy();
}, 40000);

test('heartbeat: WebSocket pings come each interval; unanswered ones close', async () => {
  const s = await S();
  const ws = await wsRaw(s);
  await ws.next();
  for (let i = 0; i < 3; i++) {
    const began = Date.now();
    assert.equal(await ws.nextText(), '2');
    const waited = Date.now() - began;
    assert.ok(waited > 200 && waited < 600, `${waited} ms`);
    ws.send('3');
  }
  assert.equal(await ws.nextText(), '2');
  const began = Date.now();
  await ws.closeCode();
  assert.ok(Date.now() - began < 500);
  await ask(async () => (await s.stats()).reasons[2] >= 1);
});

test('heartbeat: the deadline stands still while a session is paused', async () => {
  const s = await S();
  const ws = await wsRaw(s);
  await ws.next();
  ws.send('4!pause');
  await pause(550);                    // more than a ping and its deadline, less than the pause
  assert.equal(ws.ended, false);
  beating(ws);
  await pause(900);
  assert.equal(ws.ended, false);
  ws.destroy();
});

test('polling: a held poll whose client has gone away is noticed at once, long before a ping', async () => {
  const s = await C();
  for (const leave of [(c) => c.reset(), (c) => c.destroy(), (c) => c.socket.end()]) {
    const before = await s.stats();
    const p = await open(s);
    const c = raw(s);
    for (let i = 0; i < 3; i++) {      // also on a connection that held polls before
      c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await pause(20);
      await p.post('4x');
      await c.until(/4x$/);
      c.clear();
    }
    c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await met(s);
    leave(c);
    await ask(async () => (await s.stats()).reasons[TRANSPORT_ERROR] > before.reasons[TRANSPORT_ERROR], 2000);
    refused(await p.poll(), 400, 1);
    await ask(async () => (await s.stats()).connections <= before.connections, 2000);
  }
});

test('polling: what a client sent before it hung up is heard, whatever the loop meets first', async () => {
  const s = await C();
  for (const [body, reason, messages] of [['4last', TRANSPORT_ERROR, 1], ['4last\x1e1', PEER_CLOSED, 1], ['1', PEER_CLOSED, 0]]) {
    const p = await open(s);
    const before = await s.stats();
    const [c, d] = [raw(s), raw(s)];
    for (const r of [c, d]) {
      r.write(`GET /stats HTTP/1.1\r\nHost: x\r\n\r\n`);
      await r.until(/opened/);
    }
    c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await met(s);
    process.kill(s.pid, 'SIGSTOP');
    // not before it stands still: on its way there it may still learn what is ready
    await ask(() => /^\d+ \(.*\) T/.test(fs.readFileSync(`/proc/${s.pid}/stat`, 'latin1')), 5000, 'it to stand still');
    d.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await pause(20);
    c.destroy();
    await pause(20);
    process.kill(s.pid, 'SIGCONT');
    await d.until(/ok$/);
    const now = await ask(async () => {
      const st = await s.stats();
      return st.closed > before.closed && st;
    }, 2000);
    assert.equal(now.reasons[reason], before.reasons[reason] + 1);
    assert.equal(now.messagesIn, before.messagesIn + messages);
    d.destroy();
  }
});

test('polling: a poll that is dropped takes nothing from the POST that waits behind it', async () => {
  const s = await C();
  const before = await s.stats();
  const p = await open(s);
  const c = raw(s);
  c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await pause(30);
  const post = p.post('4!pause\x1e4one\x1e4two');
  await pause(30);
  c.destroy();
  assert.equal((await post).body, 'ok');
  assert.equal((await s.stats()).messagesIn, before.messagesIn + 3);
  await p.post('1');
});

test('polling: 200 held polls whose clients go at once: all noticed, no connection stays', async () => {
  const s = await C();
  const before = await s.stats();
  const held = await Promise.all([...Array(200).keys()].map(async () => {
    const p = await open(s);
    const c = raw(s);
    c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return c;
  }));
  await ask(async () => (await s.stats()).connections >= before.connections + 200);
  await pause(50);
  for (const c of held) c.destroy();
  await ask(async () => {
    const now = await s.stats();
    return now.sessions === before.sessions && now.connections <= before.connections;
  }, 3000);
});

// ---- upgrade

test('upgrade: probe, noop to the held poll, 5, then frames', async () => {
  const s = await C();
  const p = await open(s);
  const held = p.poll();
  await pause(30);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  assert.equal((await held).body, '6');
  ws.send('5');
  ws.send('4hola');
  assert.equal(await ws.nextText(), '4hola');
  refused(await p.poll(), 400, 3);
  refused(await p.post('4x'), 400, 3);
  ws.send('4still');
  assert.equal(await ws.nextText(), '4still');
  ws.destroy();
});

test('upgrade: what is queued during the probe goes by the poll or by the WebSocket, once', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  await p.post('4uno');
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  await p.post('4dos');
  assert.equal((await p.poll()).body, '4uno\x1e4dos');
  await p.post('4tres');
  assert.equal((await p.poll()).body, '4tres');
  await p.post('4cuatro');
  ws.send('5');
  assert.equal(await ws.nextText(), '4cuatro');
  ws.destroy();
});

test('upgrade: a poll while probing is answered at once', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  await ws.next();
  assert.equal((await p.poll()).body, '6');
  ws.destroy();
});

test('upgrade: noops to a client that polls on while it probes have 100 ms between them', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  await ws.next();
  const first = Date.now();
  for (let n = 0; n < 3; n++) assert.equal((await p.poll()).body, '6');
  assert.ok(Date.now() - first >= 195, `${Date.now() - first} ms`);
  let held = p.poll();                      // what comes meanwhile is not held up
  await p.post('4hola');
  let body;
  while ((body = (await held).body) === '6') held = p.poll();
  assert.equal(body, '4hola');
  const last = p.poll();
  await pause(30);
  ws.send('5');
  assert.equal((await last).body, '6');
  ws.send('4up');
  assert.equal(await ws.nextText(), '4up');
  ws.destroy();
});

// SocketIOClient 4 of .NET and elephant.io of PHP
test('upgrade: "5" without a probe', async () => {
  const s = await C();
  const p = await open(s);
  await p.post('4antes');
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('5');
  ws.send('4tras');
  assert.deepEqual([await ws.nextText(), await ws.nextText()], ['4antes', '4tras']);
  refused(await p.poll(), 400, 3);
  ws.destroy();
});

test('upgrade: "5" while a poll is held frees the poll', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  const c = raw(s);
  ws.send('2probe');
  await ws.next();
  ws.write(Buffer.concat([frame('5'), frame('4tras')]));
  c.write(`GET ${p.url} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await c.until(/^HTTP\/1.1 (200 OK[^]*6$|400)/);
  assert.equal(await ws.nextText(), '4tras');
  ws.destroy();
  c.destroy();
});

test('upgrade: anything but the probe closes that WebSocket alone; the session may upgrade again', async () => {
  const s = await C();
  const p = await open(s);
  const before = (await s.stats()).messagesIn;
  for (const first of ['4early', '2', '2probex', '3probe', 'abc', '']) {
    const ws = await wsRaw(s, `&sid=${p.sid}`);
    ws.send(first);
    await ws.closeCode();
    ws.destroy();
  }
  const after = await wsRaw(s, `&sid=${p.sid}`);
  after.send('2probe');
  await after.next();
  after.send('4between');
  await after.closeCode();
  after.destroy();
  assert.equal((await s.stats()).messagesIn, before);
  await p.post('4alive');
  assert.equal((await p.poll()).body, '4alive');
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  ws.send('5');
  ws.send('4up');
  assert.equal(await ws.nextText(), '4up');
  ws.destroy();
});

test('upgrade: a second WebSocket for the session is closed, the first goes on', async () => {
  const s = await C();
  const p = await open(s);
  const one = await wsRaw(s, `&sid=${p.sid}`);
  const two = await wsRaw(s, `&sid=${p.sid}`);
  assert.equal(await two.closeCode(), 1008);
  one.send('2probe');
  assert.equal(await one.nextText(), '3probe');
  one.send('5');
  one.send('4one');
  assert.equal(await one.nextText(), '4one');
  const three = await wsRaw(s, `&sid=${p.sid}`);
  three.send('2probe');
  assert.equal(await three.closeCode(), 1008);
  one.send('4still');
  assert.equal(await one.nextText(), '4still');
  for (const w of [one, two, three]) w.destroy();
});

test('upgrade: the client goes away in the middle of it: polling lives on', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  await ws.next();
  ws.socket.resetAndDestroy();
  await pause(100);
  const held = p.poll();
  await pause(100);
  await p.post('4alive');
  assert.equal((await held).body, '4alive');
});

test('upgrade: a WebSocket that does not come to its end is cut after the timeout', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  const began = Date.now();
  assert.equal(await ws.closeCode(), 1008);
  assert.ok(Date.now() - began > 800);
  await p.post('4alive');
  assert.equal((await p.poll()).body, '4alive');
});

test('upgrade: the session ends while it is being probed', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  await ws.next();
  await p.post('1');
  await ws.closeCode();
  refused(await p.poll(), 400, 1);
  ws.destroy();
});

test('upgrade: closed from above while a WebSocket probes', async () => {
  const s = await C();
  const p = await open(s);
  const ws = await wsRaw(s, `&sid=${p.sid}`);
  ws.send('2probe');
  await ws.next();
  await p.post('4!close');
  await pause(50);
  assert.equal(ws.ended, false);       // the client polls no more: it hears the goodbye over there
  ws.send('5');
  assert.equal(await ws.nextText(), '4bye');
  assert.equal(await ws.closeCode(), 1000);
  refused(await p.poll(), 400, 1);
  ws.destroy();
  const q = await open(s);             // or by a poll, when it comes
  const probe = await wsRaw(s, `&sid=${q.sid}`);
  probe.send('2probe');
  await probe.next();
  await q.post('4!close');
  assert.equal((await q.poll()).body, '4bye');
  assert.equal((await q.poll()).body, '1');
  await probe.closeCode();
  probe.destroy();
});

test('upgrade: 40 sessions upgrade while each receives a stream: all of it, once, in order', async () => {
  const s = await C();
  await Promise.all([...Array(40).keys()].map(async () => {
    const p = await open(s);
    const got = [];
    const take = (body) => body.split('\x1e').forEach((t) => { if (t[0] === '4') got.push(Number(t.slice(1))); });
    let n = 0;
    const feed = (async () => { for (; n < 15; n++) { await p.post(`4${n}`); await pause(Math.random() * 10); } })();
    let polling = true;
    const pump = (async () => { while (polling) { const r = await p.poll(); if (r.status !== 200) break; take(r.body); } })();
    await pause(Math.random() * 60);
    const ws = await wsRaw(s, `&sid=${p.sid}`);
    ws.send('2probe');
    assert.equal(await ws.nextText(), '3probe');
    polling = false;
    await pump;
    await feed;
    ws.send('5');
    for (; n < 30; n++) ws.send(`4${n}`);
    while (got.length < 30) take(await ws.nextText());
    assert.deepEqual(got, [...Array(30).keys()]);
    ws.destroy();
  }));
});

// ---- origins, addresses, limits of the door

test('origins: a list allows its entries with credentials and refuses others', async () => {
  const s = await start({ ...quiet, origins: ' http://a.example , https://b.example/' });
  const get = (Origin, extra) => request(s, 'GET', s.url(), { headers: { Origin, ...extra } });
  const a = await get('http://a.example');
  assert.equal(a.status, 200);
  assert.equal(a.headers['access-control-allow-origin'], 'http://a.example');
  assert.equal(a.headers['access-control-allow-credentials'], 'true');
  assert.equal(a.headers.vary, 'Origin');
  assert.equal((await get('https://b.example')).status, 200);
  for (const o of ['http://evil.example', 'http://a.example.evil', 'https://a.example', 'null', 'a.example']) refused(await get(o), 403, 4);
  assert.equal((await request(s, 'GET', s.url())).status, 200);
  assert.equal((await get(`http://127.0.0.1:${s.port}`)).status, 200);     // the page of this very host
  refused(await request(s, 'OPTIONS', s.url(), { headers: { Origin: 'http://evil.example' } }), 403, 4);
  // a script's page is known by its Referer alone
  const script = (headers) => request(s, 'GET', s.url('&j=0'), { headers });
  for (const Referer of ['http://evil.example/', 'http://evil.example/http://a.example/']) refused(await script({ Referer }), 403, 4);
  refused(await script({}), 403, 4);
  for (const Referer of ['http://a.example/page', `http://127.0.0.1:${s.port}/`]) assert.equal((await script({ Referer })).status, 200);
  const c = raw(s);
  c.write(upgradeText('', 'Origin: http://evil.example\r\n'));
  await c.until(/^HTTP\/1\.[01] 403[^]*"code":4/);
  // the last is what Starscream (Swift) says
  for (const origin of ['https://b.example', 'http://x', 'wss://x', 'ws://x:80']) {
    const ws = await wsRaw(s, '', { extra: `Origin: ${origin}\r\n` });
    assert.match(ws.head, /^HTTP\/1.1 101/, origin);
    ws.destroy();
  }
  await s.stop();
});

// A page of socket.io-client 1 or 2 asks with credentials; a browser lets it read nothing that is allowed to "*".
test('origins: where all may, each is named, also in the answer to a held poll', async () => {
  const s = await C();
  const p = await open(s, { headers: { Origin: 'http://a.example' } });
  const held = request(s, 'GET', p.url, { headers: { Origin: 'http://b.example' } });
  const post = await request(s, 'POST', p.url, { body: '4hola', headers: { Origin: 'null' } });
  for (const [answer, origin] of [[await held, 'http://b.example'], [post, 'null']]) {
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.equal(answer.headers['access-control-allow-credentials'], 'true');
    assert.equal(answer.headers.vary, 'Origin');
  }
  const plain = await request(s, 'GET', s.url());
  assert.equal(plain.headers['access-control-allow-origin'], '*');
  assert.equal(plain.headers['access-control-allow-credentials'], undefined);
});

test('origins: a page reads why its request was refused, whatever was wrong with it', async () => {
  const s = await start({ ...quiet, origins: 'http://a.example' });
  const answer = async (rest, origin) => {
    const c = raw(s);
    c.write(`POST ${s.url()} HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\n${rest}`);
    await c.until(/\r\n\r\n\{.*\}$/);
    await c.closed();
    return c.text();
  };
  const rests = [['\r\n', 411], ['Transfer-Encoding: chunked\r\n\r\n', 501], ['Content-Length: 3x\r\n\r\n', 400]];
  for (const [rest, status] of rests) {
    assert.match(await answer(rest, 'http://a.example'),
      new RegExp(`^HTTP/1.1 ${status}[^]*\r\nAccess-Control-Allow-Origin: http://a.example\r\n`), `${status}`);
    const other = await answer(rest, 'http://b.example');
    assert.match(other, new RegExp(`^HTTP/1.1 ${status} `));
    assert.doesNotMatch(other, /Access-Control/);
  }
  await s.stop();
});

test('addresses: the forwarded one is believed from a trusted proxy, the last element only', async () => {
  const s = await C();
  const address = async (headers) => {
    const p = await open(s, { headers });
    await p.post('4!address');
    return (await p.poll()).body.slice(1);
  };
  assert.equal(await address({}), '127.0.0.1');
  assert.equal(await address({ 'X-Forwarded-For': '10.0.0.1, 192.0.2.7' }), '192.0.2.7');
  assert.equal(await address({ 'X-Forwarded-For': '2001:db8::1' }), '2001:db8::1');
  assert.equal(await address({ 'X-Forwarded-For': 'rubbish' }), '127.0.0.1');
  const strict = await start({ ...quiet, proxies: '' });
  const p = await open(strict, { headers: { 'X-Forwarded-For': '192.0.2.7' } });
  await p.post('4!address');
  assert.equal((await p.poll()).body, '4127.0.0.1');
  await strict.stop();
});

test('addresses: the log names who was refused, not the proxy; on one connection each its own', async () => {
  const s = await start({ ...quiet, log: 'info' });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (const a of ['192.0.2.7', '192.0.2.8', undefined])
    await request(s, 'GET', s.url('&sid=nobody'), { agent, headers: a ? { 'X-Forwarded-For': a } : {} });
  const ws = raw(s);
  ws.write(upgradeText('&sid=nobody', 'X-Forwarded-For: 192.0.2.9\r\n'));
  await ws.until(/"code":1/);
  const said = () => [...s.log.matchAll(/(\S+) refused: session unknown/g)].map((m) => m[1]);
  await ask(() => said().length === 4, 5000, 'four lines');
  assert.deepEqual(said(), ['192.0.2.7', '192.0.2.8', '127.0.0.1', '192.0.2.9']);
  ws.destroy();
  agent.destroy();
  await s.stop();
});

test('limits: sessions of one address, connections of one address, connections in all', async () => {
  const s = await start({ ...quiet, 'max-per-address': 3 });
  const from = (a) => request(s, 'GET', s.url(), { headers: { 'X-Forwarded-For': a } });
  for (let i = 0; i < 3; i++) assert.equal((await from('192.0.2.1')).status, 200);
  const r = await from('192.0.2.1');
  assert.equal(r.status, 503);
  assert.ok(Number(r.headers['retry-after']) > 0);
  // a WebSocket hears it before it is one: a client whose WebSocket ends without an OPEN waits for its own timeout
  const ws = raw(s);
  ws.write(upgradeText('', 'X-Forwarded-For: 192.0.2.1\r\n'));
  await ws.until(/^HTTP\/1\.[01] 503[^]*Retry-After: \d/);
  assert.equal((await from('192.0.2.2')).status, 200);
  // whoever has an IPv6 address has a /64 of them
  for (let i = 1; i <= 3; i++) assert.equal((await from(`2001:db8::${i}`)).status, 200);
  assert.equal((await from('2001:DB8:0:0:f::4')).status, 503);
  assert.equal((await from('2001:db8:0:1::1')).status, 200);
  await s.stop();

  for (const args of [{ 'max-per-address': 5, proxies: '' }, { 'max-connections': 5 }]) {
    const t = await start({ ...quiet, ...args });
    const held = [];
    for (let i = 0; i < 5; i++) { const c = raw(t); held.push(c); }
    await pause(100);
    const c = raw(t);
    c.write('GET /stats HTTP/1.1\r\nHost: x\r\n\r\n');
    await c.until(/^HTTP\/1.1 503[^]*Retry-After: \d/);
    await c.closed();
    held.forEach((h) => h.destroy());
    await ask(async () => (await request(t, 'GET', '/stats')).status === 200);
    await t.stop();
  }
});

test('refusing handshakes: 503 with Retry-After on both transports, sessions go on', async () => {
  const s = await start(quiet);
  const p = await open(s);
  await p.post('4!busy');
  const r = await request(s, 'GET', s.url());
  assert.deepEqual([r.status, Number(r.headers['retry-after']) > 0], [503, true]);
  const c = raw(s);
  c.write(upgradeText());
  await c.until(/^HTTP\/1\.[01] 503[^]*Retry-After: \d/);
  await p.post('4alive');
  assert.equal((await p.poll()).body, '4alive');
  await request(s, 'GET', '/free');
  assert.equal((await request(s, 'GET', s.url())).status, 200);
  await s.stop();
});

test('other paths go to the application, only GET and HEAD', async () => {
  const s = await C();
  assert.equal((await request(s, 'GET', '/stats?a=1%202&b')).status, 200);
  assert.equal(JSON.parse((await request(s, 'GET', '/stats?a=1%202&b')).body).query, 'a=1 2&b=');
  const h = await request(s, 'HEAD', '/stats');
  assert.deepEqual([h.status, h.body], [200, '']);
  assert.ok(Number(h.headers['content-length']) > 10);
  assert.equal((await request(s, 'GET', '/nope')).status, 404);
  const p = await request(s, 'POST', '/stats', { body: 'x' });
  assert.deepEqual([p.status, p.headers.allow], [405, 'GET, HEAD']);
});

test('draining: the end to WebSockets, a close packet to polls, then the process ends with 0', async () => {
  const s = await start(quiet);
  const sockets = await Promise.all([...Array(50).keys()].map(() => wsRaw(s)));
  const polls = await Promise.all([...Array(20).keys()].map(() => open(s)));
  const held = polls.map((p) => p.poll());
  await pause(100);
  const stopped = s.stop();
  for (const ws of sockets) {
    assert.equal(await ws.closeCode(), 1006);
    ws.destroy();
  }
  for (const h of held) assert.equal((await h).body, '1');
  await stopped;
  const c = raw(s);
  await c.closed();
});
