'use strict';
// Wire cases of Engine.IO 3 on the echo server, written from the protocol document, revision 3: length-prefixed payloads,
// binary payloads, b64, JSONP, pings from the client; and the same sessions with socket.io-client 2's own transport.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { start, stopAll, request, open, wsRaw, ENGINE } = require('./eio_lib');

let server;
const S = async () => { server = server || await start({ 'ping-interval': 300, 'ping-timeout': 200 }); return server; };
let calm;
const C = async () => { calm = calm || await start({ 'ping-interval': 25000, 'ping-timeout': 20000 }); return calm; };
const b64 = '&b64=1';
atEnd(stopAll);

test('v3: the handshake is length-prefixed and has no maxPayload', async () => {
  const s = await C();
  const r = await request(s, 'GET', `${ENGINE}?EIO=3&transport=polling`);
  const [, n, json] = /^(\d+):0(\{.*\})$/.exec(r.body);
  assert.equal(Number(n), json.length + 1);
  assert.deepEqual(Object.keys(JSON.parse(json)), ['sid', 'upgrades', 'pingInterval', 'pingTimeout']);
});

test('v3: text payloads count UTF-16 units', async () => {
  const s = await C();
  const p = await open(s, { version: 3, query: b64 });
  const texts = ['4hola', '4ñandú', '4€', '4😀x', '4'];
  const body = texts.map((t) => `${t.length}:${t}`).join('');
  assert.equal((await p.post(body)).body, 'ok');
  assert.equal((await p.poll()).body, body);
});

test('v3: malformed payloads are 400 and end the session', async () => {
  const s = await C();
  for (const body of ['', '4hola', '5:4hol', '6:4hola', ':4a', '0:', '-1:4', '2:4😀', '3:9ab', '9999999999:4a', '4:b4!!', '4:b5AA', 'x:4a']) {
    const p = await open(s, { version: 3 });
    assert.equal((await p.post(body)).status, 400, body);
    assert.equal(JSON.parse((await p.poll()).body).code, 1, body);
  }
});

test('v3: binary by BASE64 for those who ask for it', async () => {
  const s = await C();
  const p = await open(s, { version: 3, query: b64 });
  await p.post('10:b4AQIDBA==');
  assert.equal((await p.poll()).body, '10:b4AQIDBA==');
});

test('v3: binary payloads', async () => {
  const s = await C();
  const p = await open(s, { version: 3 });
  const body = Buffer.concat([Buffer.from([0, 5, 255]), Buffer.from('4hola'), Buffer.from([1, 4, 255, 4, 1, 2, 3]),
    Buffer.from([0, 1, 1, 255]), Buffer.from('4ñandúes.')]);
  const octets = { 'Content-Type': 'application/octet-stream' };
  assert.equal((await p.post(body, { headers: octets })).status, 200);
  const r = await p.poll();
  assert.equal(r.headers['content-type'], 'application/octet-stream');
  assert.deepEqual(r.bytes, body);
  await p.post('4:4uno');
  assert.equal((await p.poll()).body, '4:4uno');                 // without binary it is text
  for (const bad of [[2, 1, 255, 52], [0, 255, 52], [0, 2, 255, 52], [1, 1, 255, 9], [0, 1], [0, 10, 255, 52], [1, 0, 255]]) {
    const q = await open(s, { version: 3 });
    assert.equal((await q.post(Buffer.from(bad), { headers: octets })).status, 400, String(bad));
  }
});

// python-engineio 3 counts characters of a text payload: an emoji cost it the rest. Its own form is the other one.
test('v3: Python\'s client gets payloads that count bytes', async () => {
  const s = await C();
  const texts = ['4uno 😀', '4dos ñ', '4tres'];
  const part = (t) => [0, ...String(Buffer.byteLength(t)).split('').map(Number), 255, ...Buffer.from(t)];
  const of = async (o) => {
    const p = await open(s, { version: 3, ...o });
    await p.post(texts.map((t) => `${t.length}:${t}`).join(''));
    return p.poll();
  };
  for (const one of [{ query: '&t=1732576000.4217' }, { headers: { 'User-Agent': 'python-requests/2.22.0' } },
    { headers: { 'User-Agent': 'Python/3.7 aiohttp/3.6.2' } }]) {
    const r = await of(one);
    assert.equal(r.headers['content-type'], 'application/octet-stream');
    assert.deepEqual([...r.bytes], texts.flatMap(part), JSON.stringify(one));
  }
  for (const one of [{ query: '&t=1732576000.4217&b64=1' }, { query: '&t=N9kd2x0' }, { query: '&t=1732576000000-0' }]) {
    assert.equal((await of(one)).body, texts.map((t) => `${t.length}:${t}`).join(''), JSON.stringify(one));
  }
});

test('v3: WebSocket: text as it is, binary with its type in front', async () => {
  const s = await C();
  const ws = await wsRaw(s, '', { version: 3 });
  assert.match(await ws.nextText(), /^0\{/);
  ws.send('4hola');
  assert.equal(await ws.nextText(), '4hola');
  ws.send(Buffer.from([4, 1, 2, 3]), { opcode: 2 });
  const f = await ws.next();
  assert.deepEqual([f.opcode, ...f.data], [2, 4, 1, 2, 3]);
  ws.send('2eco');
  assert.equal(await ws.nextText(), '3eco');
  ws.send(Buffer.from([9]), { opcode: 2 });
  assert.equal(await ws.closeCode(), 1002);
  ws.destroy();
});

test('v3: the client pings; who does not is closed; the server never does', async () => {
  const s = await S();
  const p = await open(s, { version: 3 });
  for (let i = 0; i < 4; i++) {
    await pause(150);
    await p.post('1:2');
    assert.equal((await p.poll()).body, '1:3');
  }
  const began = Date.now();
  const r = await p.poll();
  assert.equal(r.body, '1:1');
  assert.ok(Date.now() - began > 350, `${Date.now() - began} ms`);
  const ws = await wsRaw(s, '', { version: 3 });
  await ws.next();
  ws.send('3');
  await ws.closeCode();
  ws.destroy();
});

// Its ping may lie behind a long upload.
test('v3: whatever the client says is a sign of life', async () => {
  const s = await S();
  const ws = await wsRaw(s, '', { version: 3 });
  await ws.next();
  const began = Date.now();
  for (let i = 0; Date.now() - began < 1500; i += 1) {
    ws.send(`4${i}`);
    assert.equal(await ws.nextText(), `4${i}`);
    await pause(100);
  }
  await ws.closeCode();
  ws.destroy();
});

test('v3: upgrade', async () => {
  const s = await C();
  const p = await open(s, { version: 3 });
  const held = p.poll();
  await pause(30);
  const ws = await wsRaw(s, `&sid=${p.sid}`, { version: 3 });
  ws.send('2probe');
  assert.equal(await ws.nextText(), '3probe');
  assert.equal((await held).body, '1:6');
  ws.send('5');
  ws.send('4up');
  assert.equal(await ws.nextText(), '4up');
  ws.destroy();
});

test('v3: JSONP', async () => {
  const s = await C();
  const r = await request(s, 'GET', `${ENGINE}?EIO=3&transport=polling&j=0`);
  assert.match(r.headers['content-type'], /^text\/javascript/);
  const unwrap = (t, i) => { const m = new RegExp(`^___eio\\[${i}\\]\\((".*")\\);$`).exec(t); assert.ok(m, t); return JSON.parse(m[1]); };
  const payload = unwrap(r.body, 0);
  const sid = /"sid":"([^"]+)"/.exec(payload)[1];
  const url = `${ENGINE}?EIO=3&transport=polling&sid=${sid}`;
  const text = '4uno\\n dos\n"tres" \u2028 ñ & + =';
  const form = `d=${encodeURIComponent(`${text.length}:${text}`.replace(/\\n/g, '\\\\n').replace(/(^|[^\\])\n/g, '$1\\n'))}`;
  const post = await request(s, 'POST', `${url}&j=1`, { body: form, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  assert.equal(post.status, 200);
  const back = await request(s, 'GET', `${url}&j=2`);
  assert.doesNotMatch(back.body, /\u2028/);
  assert.equal(unwrap(back.body, 2), `${text.length}:${text}`);
  for (const j of ['x', '-1', 'alert(1)', '99999999999']) {
    assert.equal((await request(s, 'GET', `${ENGINE}?EIO=3&transport=polling&j=${encodeURIComponent(j)}`)).status, 400, j);
  }
});

test('v3: the client of socket.io-client 2 over polling, WebSocket and upgrade', async () => {
  const s = await C();
  const eio = require(require.resolve('engine.io-client', { paths: [require.resolve('socket.io-client-2')] }));
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    const c = eio(`ws://127.0.0.1:${s.port}`, { path: '/engine.io', transports });
    const got = [];
    c.on('message', (m) => got.push(m === undefined ? '' : typeof m === 'string' ? m : Buffer.from(m).toString('hex')));
    await new Promise((resolve, reject) => { c.on('open', resolve); c.on('error', reject); });
    if (transports.length > 1) await new Promise((resolve) => { c.on('upgrade', resolve); });
    c.send('hola ñ 😀');
    c.send(Buffer.from([0, 1, 255]));
    c.send('');
    await ask(() => got.length === 3, 4000, `3 messages over ${transports}: ${JSON.stringify(got)}`);
    assert.deepEqual(got, ['hola ñ 😀', '0001ff', '']);
    const closed = new Promise((resolve) => { c.on('close', resolve); });
    c.send('!close');
    await closed;
  }
});

test('v4: the client of socket.io-client 4 over polling, WebSocket and upgrade', async () => {
  const s = await C();
  const { Socket } = require(require.resolve('engine.io-client', { paths: [require.resolve('socket.io-client-4')] }));
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    const c = new Socket(`ws://127.0.0.1:${s.port}`, { path: '/engine.io', transports });
    const got = [];
    c.binaryType = 'nodebuffer';
    c.on('message', (m) => got.push(m === undefined ? '' : typeof m === 'string' ? m : Buffer.from(m).toString('hex')));
    await new Promise((resolve, reject) => { c.on('open', resolve); c.on('error', reject); });
    if (transports.length > 1) await new Promise((resolve) => { c.on('upgrade', resolve); });
    c.send('hola ñ 😀');
    c.send(Buffer.from([0, 1, 255]));
    c.send('');
    await ask(() => got.length === 3, 4000, `3 messages over ${transports}: ${JSON.stringify(got)}`);
    assert.deepEqual(got, ['hola ñ 😀', '0001ff', '']);
    const closed = new Promise((resolve) => { c.on('close', resolve); });
    c.send('!close');
    await closed;
  }
});

test('v3 switched off: code 5', async () => {
  const s = await start({ v3: 0 });
  assert.equal(JSON.parse((await request(s, 'GET', `${ENGINE}?EIO=3&transport=polling`)).body).code, 5);
  await s.stop();
});
