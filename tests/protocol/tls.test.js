'use strict';
// Socket.IO over TLS by the library alone (sio_echo with a certificate): clients of three generations over each transport,
// text and binary both ways, large and in crowds, and nothing but TLS 1.2 and 1.3 on the port. The product's side
// (settings, renewal, recovery) is tests/talk/tls.test.js.
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { Duplex } = require('node:stream');
const tls = require('node:tls');
const { test, atEnd, ask, pause, within, assert } = require('../lib/check');
const certs = require('../lib/certs');
const clients = require('../lib/clients');

const build = path.resolve(process.env.BUILD || 'build');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-tls-'));
const open = [];
let pair;
let child;
let port;
let said = '';

atEnd(async () => {
  open.forEach((s) => s.close());
  if (child && child.exitCode === null) child.kill('SIGKILL');
  fs.rmSync(dir, { recursive: true, force: true });
});

test('a server with a certificate', async () => {
  pair = certs.make(dir, 'pair');
  child = spawn(path.join(build, 'tests/sio_echo'), ['0', pair.cert, pair.key], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (d) => { out += d; });
  child.stderr.on('data', (d) => { said += d; });
  port = Number((await ask(() => /^port (\d+)$/m.exec(out), 5000, `the server: ${said}`))[1]);
});

// connected, and over WebSocket where an upgrade was meant
async function client(version, transports) {
  const socket = clients.open(`https://127.0.0.1:${port}`, null, { version, ca: pair.ca, ...(transports && { transports }) });
  open.push(socket);
  let why = '';
  socket.on('connect_error', (e) => { why = `${e.message} ${e.description && e.description.message}`; });
  await ask(() => socket.connected, 10000, 'CONNECT').catch((e) => { throw new Error(`${e.message}; ${why}`); });
  const wanted = transports && transports[0] === 'polling' ? 'polling' : 'websocket';
  await ask(() => socket.io.engine.transport.name === wanted, 10000, wanted);
  return socket;
}

const ways = [['polling', ['polling']], ['WebSocket', ['websocket']], ['upgrade', undefined]];

for (const version of [2, 3, 4]) {
  for (const [name, transports] of ways) {
    test(`client ${version}, ${name}: text and binary both ways, small and large, in order`, async () => {
      const socket = await client(version, transports);
      const sizes = [0, 1, 125, 126, 16384, 65535, 65536, 300000];
      const parts = sizes.map((n) => crypto.randomBytes(n));
      for (const [i, part] of parts.entries()) {
        assert.deepEqual(await socket.call('bytes', { i, part }), { i, part: Buffer.from(part) });
        const text = part.toString('base64');
        assert.equal(await socket.call('text', text), text);
      }
      // the echoes of the events themselves, which came beside the acknowledgements
      await ask(() => socket.all('bytes').length === sizes.length && socket.all('text').length === sizes.length, 5000, 'the echoes');
      assert.deepEqual(socket.all('bytes').map((e) => e.i), sizes.map((_, i) => i));
      socket.all('bytes').forEach((e, i) => assert.ok(parts[i].equals(e.part), `${sizes[i]} bytes`));
      socket.close();
    }, 60000);
  }
}

test('500 events in one breath over WebSocket: each comes back once, in order', async () => {
  const socket = await client(4, ['websocket']);
  for (let i = 0; i < 500; i += 1) socket.emit('n', i, 'x'.repeat(i * 13 % 4000));
  await ask(() => socket.all('n').length >= 500, 20000, 'all echoes');
  assert.deepEqual(socket.all('n'), Array.from({ length: 500 }, (_, i) => i));
  socket.close();
}, 30000);

// what a handshake comes to: the connection, or the error's code
const shake = (options) => new Promise((resolve) => {
  const socket = tls.connect({ host: '127.0.0.1', port, ca: pair.ca, ...options }, () => resolve(socket));
  socket.on('error', (e) => resolve(e.code));
});

test('TLS 1.2 and 1.3, HTTP/1.1 by ALPN; not 1.1, which is told so', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const socket = await shake({ minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.getProtocol && socket.getProtocol(), version, String(socket));
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.equal(socket.getPeerX509Certificate().fingerprint256, pair.fingerprint);
    socket.destroy();
  }
  for (const version of ['TLSv1', 'TLSv1.1']) {
    assert.equal(await shake({ minVersion: version, maxVersion: version, ciphers: 'ALL@SECLEVEL=0' }),
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', version);
  }
});

test('a keep-alive connection serves one request after the other, pipelined ones too', async () => {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: pair.ca });
  const get = () => new Promise((resolve, reject) => {
    https.get({ host: '127.0.0.1', port, path: '/socket.io/?EIO=4&transport=polling', agent }, (r) => {
      let text = '';
      r.on('data', (d) => { text += d; });
      r.on('end', () => resolve({ text, local: r.socket ? r.socket.localPort : 0, status: r.statusCode }));
    }).on('error', reject);
  });
  const local = new Set();
  for (let i = 0; i < 5; i += 1) {
    const { text, local: port_, status } = await get();
    assert.equal(status, 200);
    assert.match(text, /^0\{"sid"/);
    local.add(port_);
  }
  assert.equal(local.size, 1);
  agent.destroy();
  const socket = await shake({});
  let text = '';
  socket.on('data', (d) => { text += d; });
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
  await ask(() => text.split('HTTP/1.1 404').length === 4, 5000, 'three answers');
  socket.destroy();
});

const GET = 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
  + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

// a text frame up to 64 KiB, or whatever the first byte says; masked with zeros
const frame = (first, text) => Buffer.concat([Buffer.from([first]), text.length < 126 ? Buffer.from([0x80 + text.length])
  : Buffer.from([0x80 + 126, text.length >> 8, text.length & 255]), Buffer.alloc(4), Buffer.from(text, 'latin1')]);

async function served(beside) {
  const next = await within(shake({}), 5000, `a handshake beside ${beside}`);
  assert.equal(typeof next, 'object', `${beside}: ${next}`);
  let text = '';
  next.on('data', (d) => { text += d; });
  next.write(GET);
  await ask(() => text.startsWith('HTTP/1.1 404'), 5000, `an answer beside ${beside}`);
  next.destroy();
}

// bytes of one TLS record beyond what ended the reading: held, refused, closed; the server neither spins nor falls
test('more in a record than is read of it: no spinning, and the next is served', async () => {
  const cpu = () => fs.readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1].split(' ').slice(11, 13)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
  const polling = async () => {
    const socket = await shake({});
    socket.end('GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n');
    let text = '';
    socket.on('data', (d) => { text += d; });
    await ask(() => text.includes('"sid"'), 5000, 'a session');
    return `/socket.io/?EIO=4&transport=polling&sid=${/"sid":"([^"]+)"/.exec(text)[1]} HTTP/1.1\r\nHost: x\r\n`;
  };
  const rows = [
    ['a held poll and 400 requests behind it', null, `GET ${await polling()}\r\n${GET.repeat(400)}`],
    ['a POST and 400 requests behind it', null, `POST ${await polling()}Content-Length: 2\r\n\r\n40${GET.repeat(400)}`],
    ['a POST that is too large', null, `POST ${await polling()}Content-Length: 2000000\r\n\r\n${'4'.repeat(15000)}`],
    ['a chunked POST', null, `POST ${await polling()}Transfer-Encoding: chunked\r\n\r\n${'4'.repeat(15000)}`],
    ['no HTTP', null, 'x'.repeat(15000)],
    ['a close frame and 1,000 more', UPGRADE, Buffer.concat([frame(0x88, '\x03\xe8'), ...Array(1000).fill(frame(0x81, '2'))])],
    ['a reserved bit and more', UPGRADE, Buffer.concat([frame(0xc1, '40'), Buffer.alloc(15000)])],
    ['a bad packet and more', UPGRADE, Buffer.concat([frame(0x81, '4x'), ...Array(1000).fill(frame(0x81, '2'))])],
    ['the last packet and more', UPGRADE, Buffer.concat([frame(0x81, '1'), ...Array(1000).fill(frame(0x81, '42["x"]'))])],
  ];
  for (const [name, hello, bytes] of rows) {
    const socket = await shake({});
    let heard = '';
    socket.on('data', (d) => { heard += d.toString('latin1'); });
    if (hello) {
      socket.write(hello);
      await ask(() => heard.includes('"sid"'), 5000, 'the session');
    }
    const before = cpu();
    socket.write(bytes);
    await pause(300);
    await served(name);
    assert.ok(cpu() - before < 200, `${name}: ${cpu() - before} ms of CPU in 300 ms`);
    socket.destroy();
  }
}, 60000);

test('a peer who takes nothing and then breaks the frames: the others are served', async () => {
  const socket = await shake({});
  let heard = '';
  const listen = (d) => { heard += d.toString('latin1'); };
  socket.on('data', listen);
  socket.write(UPGRADE);
  await ask(() => heard.includes('"sid"'), 5000, 'the session');
  socket.write(frame(0x81, '40'));
  await ask(() => heard.split('"sid"').length === 3, 5000, 'CONNECT');
  socket.pause();
  for (let i = 0; i < 200; i += 1) socket.write(frame(0x81, `42["x","${'y'.repeat(30000)}"]`));
  await ask(() => socket.writableLength === 0, 10000, 'six megabytes to be sent');
  await served('one who takes nothing');
  socket.write(Buffer.concat([frame(0xc1, '40'), Buffer.alloc(15000)]));
  await pause(300);
  await served('one who breaks the frames');
  socket.destroy();
}, 60000);

test('a WebSocket whose peer says goodbye by TLS alone is closed, and is no broken frame', async () => {
  const bare = net.connect({ host: '127.0.0.1', port });
  const under = new Duplex({ read() {}, write(bytes, coding, done) { bare.write(bytes, done); }, final(done) { done(); } });
  let closed = false;
  bare.on('data', (d) => under.push(d)).on('close', () => { closed = true; }).on('end', () => { closed = true; }).on('error', () => {});
  const frames = () => said.split('refused: frame').length;
  const websocket = async (socket) => {
    let heard = '';
    socket.on('data', (d) => { heard += d.toString('latin1'); });
    socket.write(UPGRADE);
    await ask(() => heard.includes('"sid"'), 5000, 'the session');
    return socket;
  };
  const before = frames();
  (await websocket(await shake({ socket: under, host: undefined, port: undefined }))).end();      // close_notify, no FIN
  await ask(() => closed, 5000, 'the end');
  await pause(100);
  assert.equal(frames(), before);
  (await websocket(await shake({}))).write(frame(0xc1, '40'));
  await ask(() => frames() === before + 1, 5000, 'a frame that is broken');
  bare.destroy();
});

test('it ends with 0, without a word of trouble', async () => {
  const code = new Promise((resolve) => { child.on('exit', (c, signal) => resolve(c ?? signal)); });
  child.kill('SIGTERM');
  assert.equal(await code, 0, said);
  assert.doesNotMatch(said, / error |Sanitizer|runtime error/);
});

test('a pair that does not fit: no server, one line', async () => {
  const other = certs.make(dir, 'other');
  const bad = spawn(path.join(build, 'tests/sio_echo'), ['0', pair.cert, other.key], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  bad.stderr.on('data', (d) => { text += d; });
  assert.equal(await new Promise((resolve) => { bad.on('close', resolve); }), 1);
  assert.match(text, /^\S+ (sio_echo )?error tls \S+other\.key: not the key of the certificate in \S+pair\.pem\n$/);
});
