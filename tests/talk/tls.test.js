'use strict';
// timeout: 240
// A relay with SSL_CERT_FILE and SSL_KEY_FILE: clients of all generations in one room over TLS, a new certificate by HUP
// while they talk, and everything that is no proper TLS sent away in its time. tests/protocol/tls.test.js has the wire.
const fs = require('node:fs');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const WebSocket = require('ws');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const certs = require('../lib/certs');
const { House } = require('../lib/house');
const { cast, group, joinGroup, words, say } = require('./cast');

const HEADER_MS = 2000;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-tls-'));
let house;
let ids;
let club;
let live;                                    // the pair whose files the relay reads
let ca;
let port;

atEnd(async () => { if (house) await house.stop(); fs.rmSync(dir, { recursive: true, force: true }); });

test('a house whose relay speaks TLS', async () => {
  live = certs.make(dir, 'live');
  ca = [live.ca];
  house = await House.start({ SSL_CERT_FILE: live.cert, SSL_KEY_FILE: live.key, HEADER_TIMEOUT_MS: HEADER_MS,
    SEND_QUEUE_MAX: 32 << 20 });
  assert.match(house.relayUrl, /^https:/);
  port = Number(new URL(house.relayUrl).port);
  ids = await cast(house, 9);
  club = await group(house, ids);
}, 60000);

const person = async (id, options = {}) => {
  const socket = await house.connect(id, { ca, ...options });
  socket.sala = (await joinGroup(socket, club)).sala_uuid;
  socket.texts = () => socket.all('receive_message').map((m) => m.message);
  return socket;
};
const talk = (socket, id, text) => say(socket, words(socket.sala, id, text, { type: 'grupal' }));

test('clients 2, 3 and 4 over polling, WebSocket and upgrade: all hear all, once', async () => {
  const people = [];
  for (const [i, id] of ids.entries()) {
    const transports = [['polling'], ['websocket'], undefined][i % 3];
    people.push(await person(id, { version: 2 + Math.floor(i / 3), ...(transports && { transports }) }));
  }
  await ask(() => people.every((p, i) => (p.io.engine.transport.name === 'polling') === (i % 3 === 0)), 10000, 'the upgrades');
  const texts = [];
  for (const [i, id] of ids.entries()) {
    texts.push(`soy ${i} ñ😀`);
    await talk(people[i], id, texts[i]);
  }
  await ask(() => people.every((p) => p.texts().length >= texts.length), 10000, 'everything everywhere');
  for (const p of people) assert.deepEqual(p.texts(), texts);
  people.forEach((p) => p.close());
}, 60000);

test('its pages answer by https, and the web server reaches it', async () => {
  for (const where of ['/', '/healthz', '/readyz']) {
    const { status, json } = await house.api('GET', where, { url: house.relayUrl });
    assert.equal(status, 200, where);
    assert.ok(json.status, where);
  }
  assert.equal((await house.api('GET', '/estado')).json.service, 'websocket_upred');
  const socket = await house.connect(ids[0], { url: house.webUrl, transports: ['websocket'] });
  socket.close();
});

// a raw client in the group; said: what it heard of the messages
async function raw(id) {
  const ws = new WebSocket(`wss://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket&user_id=${id}`, { ca });
  ws.said = [];
  ws.on('message', (m) => {
    const text = String(m);
    if (text[0] === '0') ws.send('40');
    if (text === '2') ws.send('3');
    if (text.startsWith('42["connected"')) ws.send(`42${JSON.stringify(['join_group', { group_id: club }])}`);
    if (text.startsWith('42["group_joined"')) ws.joined = true;
    if (text.startsWith('42["receive_message"')) ws.said.push(JSON.parse(text.slice(2))[1].message);
  });
  await ask(() => ws.joined, 10000, 'the group');
  return ws;
}

test('a slow reader misses nothing: 15 MB wait for it in the relay, and come whole', async () => {
  const slow = await raw(ids[1]);
  const ana = await person(ids[0], { transports: ['websocket'] });
  slow._socket.pause();
  const texts = Array.from({ length: 250 }, (_, i) => `${i} ${String.fromCharCode(97 + i % 26).repeat(60000)}`);
  for (let i = 0; i < texts.length; i += 10) await Promise.all(texts.slice(i, i + 10).map((t) => talk(ana, ids[0], t)));
  assert.ok(slow.said.length < 200, `it was to be slow, and heard ${slow.said.length}`);
  slow._socket.resume();
  await ask(() => slow.said.length >= texts.length, 30000, 'the rest');
  const got = slow.said.map((t) => t.slice(0, 5));
  assert.deepEqual(got, ana.texts().map((t) => t.slice(0, 5)));
  assert.deepEqual([...slow.said].sort(), [...texts].sort());
  slow.terminate();
  ana.close();
}, 90000);

// one request of a poller; it looks at the answer only after `pause_ms`
const poll = (sid, { body, pause_ms = 0 } = {}) => new Promise((resolve, reject) => {
  const request = https.request(`${house.relayUrl}/socket.io/?EIO=4&transport=polling&${sid}`,
    { method: body ? 'POST' : 'GET', ca, agent: false }, async (r) => {
      r.pause();
      await pause(pause_ms);
      const parts = [];
      r.on('data', (d) => parts.push(d));
      r.on('end', () => resolve(Buffer.concat(parts).toString()));
      r.resume();
      r.on('error', reject);
    });
  request.on('error', reject);
  request.end(body);
});

test('a poller that takes its time gets an answer of 15 MB whole', async () => {
  const sid = `sid=${JSON.parse((await poll(`user_id=${ids[1]}`)).slice(1)).sid}`;
  const heard = [];
  const until = async (done, options) => {
    while (!done()) heard.push(...(await poll(sid, options)).split('\x1e'));
  };
  await poll(sid, { body: '40' });
  await until(() => heard.some((p) => p.startsWith('42["connected"')));
  await poll(sid, { body: `42${JSON.stringify(['join_group', { group_id: club }])}` });
  await until(() => heard.some((p) => p.startsWith('42["group_joined"')));
  const ana = await person(ids[0], { transports: ['websocket'] });
  const texts = Array.from({ length: 250 }, (_, i) => `${i} ${String.fromCharCode(97 + i % 26).repeat(60000)}`);
  for (let i = 0; i < texts.length; i += 10) await Promise.all(texts.slice(i, i + 10).map((t) => talk(ana, ids[0], t)));
  const said = () => heard.filter((p) => p.startsWith('42["receive_message"')).map((p) => JSON.parse(p.slice(2))[1].message);
  await until(() => said().length >= texts.length, { pause_ms: 1000 });
  assert.deepEqual(said(), ana.texts());
  assert.deepEqual([...said()].sort(), [...texts].sort());
  await poll(sid, { body: '1' });
  ana.close();
}, 90000);

test('3,000 messages sent in one breath are read in the pace they are answered, and none is lost', async () => {
  const ws = await raw(ids[2]);
  const ana = await person(ids[0]);
  const texts = Array.from({ length: 3000 }, (_, i) => `n${i} ${'z'.repeat(i * 7 % 1500)}`);
  for (const text of texts) ws.send(`42${JSON.stringify(['send_message', words(ana.sala, ids[2], text, { type: 'grupal' })])}`);
  await ask(() => ws.said.length >= texts.length, 60000, 'the echoes');
  assert.deepEqual(ws.said, texts);
  ws.terminate();
  ana.close();
}, 90000);

// ---- renewal ----

// what a handshake comes to: the connection, or the error's code
const shake = (options = {}) => new Promise((resolve) => {
  const socket = tls.connect({ host: '127.0.0.1', port, ca, ...options }, () => resolve(socket));
  socket.on('error', (e) => resolve(e.code || e.message));
});

async function shown(options) {
  const socket = await shake(options);
  assert.equal(typeof socket, 'object', String(socket));
  const { fingerprint256 } = socket.getPeerX509Certificate();
  socket.destroy();
  return fingerprint256;
}

// HUP, and the lines that it caused
async function hup() {
  const before = house.log('relay').length;
  process.kill(house.pid('relay'), 'SIGHUP');
  const news = await ask(() => {
    const text = house.log('relay').slice(before);
    return text.includes('read again') && text;
  }, 5000, 'the settings to be read again');
  const lines = news.split('\n').filter((l) => l.includes(' tls '));
  assert.equal(news.includes('SSL files read again'), !lines.some((l) => l.includes(' error ')), news);
  return lines;
}

test('HUP with a good pair of another kind: new for new connections, the old ones go on', async () => {
  const next = certs.make(dir, 'next', 'rsa:2048');
  ca = [live.ca, next.ca];
  const ana = await person(ids[0], { transports: ['websocket'] });
  const luis = await person(ids[1], { transports: ['polling'] });
  const old = live.fingerprint;
  const ec = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' };
  assert.equal(await shown(), old);
  assert.equal(await shown(ec), old);
  const first = await shake({ maxVersion: 'TLSv1.2' });
  const session = first.getSession();
  first.destroy();
  const again = await shake({ maxVersion: 'TLSv1.2', session });
  assert.equal(again.isSessionReused(), true);
  again.destroy();

  certs.put(next, live);
  const lines = await hup();
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0], / info tls \S+live\.pem: the certificate is valid until \d{4}-\d\d-\d\d$/);
  live = { ...next, cert: live.cert, key: live.key };
  assert.notEqual(live.fingerprint, old);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) assert.equal(await shown({ maxVersion }), live.fingerprint);
  assert.equal(typeof await shake(ec), 'string', 'nothing of the old certificate is left');
  const back = await shake({ maxVersion: 'TLSv1.2', session });
  assert.equal(back.isSessionReused(), false);
  back.destroy();
  for (const text of ['tras', 'el', 'cambio']) {
    await talk(ana, ids[0], text);
    await luis.next('receive_message', { message: text });     // each by another poll, that is, another connection
  }
  assert.ok(ana.connected && luis.connected);
  ana.close();
  luis.close();
}, 30000);

test('HUP with rubbish, a foreign key or no file: the old pair stays, one line says why', async () => {
  const ana = await person(ids[0]);
  const kept = { cert: fs.readFileSync(live.cert), key: fs.readFileSync(live.key) };
  const foreign = certs.make(dir, 'foreign');
  for (const [what, fault, word] of [
    ['rubbish', () => fs.writeFileSync(live.cert, 'rubbish'), /live\.pem: no usable certificate in PEM form/],
    ['half a file', () => fs.writeFileSync(live.cert, kept.cert.subarray(0, 300)), /live\.pem: no usable certificate in PEM form/],
    ['a foreign key', () => fs.copyFileSync(foreign.key, live.key), /live\.key: not the key of the certificate in \S+live\.pem/],
    ['no key', () => fs.rmSync(live.key), /live\.key: No such file or directory/],
  ]) {
    fault();
    const lines = await hup();
    assert.equal(lines.length, 1, `${what}: ${lines.join('\n')}`);
    assert.match(lines[0], / error tls the certificate stays as it was: /);
    assert.match(lines[0], word, what);
    assert.equal(await shown(), live.fingerprint, what);
    fs.writeFileSync(live.cert, kept.cert);
    fs.writeFileSync(live.key, kept.key);
  }
  await talk(ana, ids[0], 'todavía');
  ana.close();
}, 30000);

// ---- what is no TLS ----

// sends bytes on a plain connection; what came back, and when it was closed
const plain = (bytes) => new Promise((resolve) => {
  const began = Date.now();
  let text = '';
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('data', (d) => { text += d.toString('latin1'); });
  socket.on('error', () => {});
  socket.on('close', () => resolve({ text, ms: Date.now() - began }));
  socket.on('end', () => socket.end());
  if (bytes) socket.write(bytes);
});

const alone = () => ask(async () => (await house.metrics()).upred_relay_connections === 1, 10000, 'all connections to be gone');

test('plain HTTP is told to speak TLS', async () => {
  const before = (await house.metrics()).upred_relay_tls_clear_total;
  for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'G', `POST /socket.io/ HTTP/1.1\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(500000)}`]) {
    const { text } = await plain(bytes);
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(text, /\r\nContent-Length: 35\r\nConnection: close\r\n\r\nThis port speaks TLS; use https:\/\/\n$/);
  }
  assert.equal((await house.metrics()).upred_relay_tls_clear_total, before + 3);
  await alone();
});

test('whoever says nothing, or never ends a handshake, is cut when the time for a head is over', async () => {
  const before = (await house.metrics()).upred_relay_header_timeouts_total;
  const cut = await Promise.all([plain(''), plain('\x16'), plain('\x16\x03\x01\x02\x00\x01')]);
  for (const { ms } of cut) assert.ok(ms >= HEADER_MS - 100 && ms < HEADER_MS * 4, `${ms} ms`);
  assert.equal((await house.metrics()).upred_relay_header_timeouts_total, before + 3);
  await alone();
}, 20000);

test('handshakes that fail leave nothing behind', async () => {
  const before = await house.metrics();
  const fds = () => fs.readdirSync(`/proc/${house.pid('relay')}/fd`).length;
  await alone();
  const had = fds();
  await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? plain('\x16\x03\x01\x00\x05hello')
    : shake({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }))));
  await alone();
  const after = await house.metrics();
  assert.ok(after.upred_relay_tls_handshakes_begun_total - before.upred_relay_tls_handshakes_begun_total >= 100);
  assert.ok(fds() <= had + 1, `${had} descriptors before, ${fds()} after`);
}, 20000);

// ---- ends ----

test('a stop over TLS: the end without a close frame, a close packet to a poll; and a recovered client misses nothing', async () => {
  const ana = await person(ids[0], { transports: ['websocket'] });
  const luis = await person(ids[1], { transports: ['websocket'], reconnection: true, reconnectionDelay: 2000 });
  await talk(ana, ids[0], 'uno');
  await luis.next('receive_message', { message: 'uno' });
  const { id } = luis;
  const ws = await raw(ids[2]);
  const code = new Promise((resolve) => { ws.on('close', resolve); });
  const hello = await house.api('GET', `/socket.io/?EIO=4&transport=polling&user_id=${ids[3]}`, { url: house.relayUrl });
  const { sid } = JSON.parse(hello.text.slice(1));
  const poll = house.api('GET', `/socket.io/?EIO=4&transport=polling&sid=${sid}`, { url: house.relayUrl });
  const held = async () => (await house.metrics()).upred_relay_sessions === 4;
  await ask(held, 5000, 'four sessions');
  await house.stopPart('relay');
  assert.equal(await code, 1006);
  assert.equal((await poll).text, '1');
  const { sala } = ana;
  ana.close();
  await house.startPart('relay');
  const posted = await house.api('POST', `/api/mensajes/salas/${sala}/mensajes`, { user: ids[0], body: { contenido: 'dos' } });
  assert.equal(posted.status, 201, posted.text);
  await ask(() => luis.connected && luis.all('connected').length > 1, 20000, 'the way back');
  await luis.next('receive_message', { message: 'dos' }, 10000);
  assert.equal(luis.recovered, true);
  assert.equal(luis.id, id);
  assert.deepEqual(luis.texts(), ['uno', 'dos']);
  luis.close();
}, 60000);

test('no room: an alert to who speaks TLS, 503 to who does not', async () => {
  await house.stopPart('relay');
  await house.startPart('relay', { MAX_CONNECTIONS: 2 });
  await alone();
  const two = [await shake(), await shake()];
  two.forEach((s) => assert.equal(typeof s, 'object', String(s)));
  assert.equal(await shake(), 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR');
  assert.match((await plain('GET / HTTP/1.1\r\n\r\n')).text, /^HTTP\/1\.1 503 /);
  two.forEach((s) => s.destroy());
  await alone();
}, 30000);
