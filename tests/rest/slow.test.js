'use strict';
// timeout: 300
// Slow peers of the REST API, behind all four web servers as shipped: strangers who never finish what they send, and people
// who never read what they asked for. The others are served meanwhile.
const net = require('node:net');
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast } = require('../talk/cast');

const SENDERS = 12;                    // of each kind more than there are handlers
const READERS = 6;
const MESSAGES = 100;                  // of the greatest size: a page that no socket's buffers hold, and that ends by its bytes
let house;
let me;
let other;
let room;
const open = new Set();

// below the 20 s after which a web server drops who sends nothing
const served = async (what) => {
  const answer = await house.api('GET', '/api/mensajes/no-leidos/count', { user: other, ms: 12000 });
  assert.equal(answer.status, 200, `${what}: ${answer.text}`);
};

// `head` is sent, and then nothing is done any more; resolves when it is on its way.
const send = (head) => new Promise((done, failed) => {
  const socket = net.connect({ port: new URL(house.webUrl).port, host: '127.0.0.1' }, () => {
    socket.pause();
    socket.write(head, done);
  });
  socket.on('error', failed);
  open.add(socket);
});
// the first of what is answered
const first = (head) => new Promise((done, failed) => {
  const socket = net.connect({ port: new URL(house.webUrl).port, host: '127.0.0.1' }, () => socket.write(head));
  socket.setTimeout(20000, () => socket.destroy(new Error('no answer')));
  socket.once('data', (data) => {
    done(data.toString('latin1'));
    socket.destroy();
  }).on('error', failed);
});
const hangUp = () => {
  for (const socket of open) socket.removeAllListeners('error').on('error', () => {}).destroy();
  open.clear();
};

test('a house, and a long page', async () => {
  house = await House.start({ FCGI_WORKERS: 4 });
  [me, other] = await cast(house, 2);
  room = (await house.api('POST', `/api/mensajes/salas/directa/${other}`, { user: me })).json.id;
  const body = { contenido: 'x'.repeat(65535), url_archivo: 'x'.repeat(65535) };
  for (let i = 0; i < MESSAGES; i++) {
    const sent = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: me, body });
    assert.equal(sent.status, 201, sent.text);
  }
  const page = await house.api('GET', `/api/mensajes/salas/${room}/mensajes?limit=${MESSAGES}`, { user: me });
  assert.equal(page.headers['x-truncated'], 'true');
  assert.ok(page.text.length > 7e6 && page.text.length < 7.5e6, `${page.text.length} bytes`);
}, 120000);

for (const web of ['apache', 'nginx', 'apache-fcgid', 'apache-cgid']) {
  test(`slow senders and readers behind ${web}`, async () => {
    if (web !== 'apache') {
      await house.stopPart('web');
      await house.startPart('web', { WEB: web });
    }
    const post = `POST /api/mensajes/salas/${room}/mensajes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    if (web === 'apache') assert.match(await first(`${post}Transfer-Encoding: chunked\r\n\r\n100000\r\n`), /^HTTP\/1\.1 411 /, 'never on disk');
    assert.match(await first(`${post}Content-Length: 50000000\r\n\r\n{`), /^HTTP\/1\.1 413 /, 'before it comes');
    for (let i = 0; i < SENDERS; i++) {
      await send(i % 2 || web === 'apache' ? `${post}Content-Length: 900000\r\n\r\n{"contenido":"` : `${post}Transfer-Encoding: chunked\r\n\r\ne\r\n{"contenido":"\r\n`);
    }
    for (let i = 0; i < 3; i++) await served('beside senders');
    hangUp();
    const get = `GET /api/mensajes/salas/${room}/mensajes?limit=${MESSAGES} HTTP/1.1\r\nHost: localhost\r\nX-User-Id: ${me}\r\n\r\n`;
    for (let i = 0; i < READERS; i++) await send(get);
    for (let i = 0; i < 3; i++) await served('beside readers');
    hangUp();
  }, 150000);
}

atEnd(async () => {
  hangUp();
  if (house) await house.stop();
});
