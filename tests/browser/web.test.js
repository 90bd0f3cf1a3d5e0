'use strict';
// The web server's part, for Apache and nginx as shipped: the page's headers, what passes, and errors that
// are its own but look like ours.
// timeout: 300
const net = require('node:net');
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');

const houses = {};

atEnd(async () => {
  for (const house of Object.values(houses)) await house.stop();
});

const isOurs = ({ json }) => assert.deepEqual(Object.keys(json).sort(), ['code', 'detail']);

// A request that no client library would send; the answer's whole text.
function raw(house, text) {
  const { hostname, port } = new URL(house.webUrl);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    let out = '';
    socket.setTimeout(10000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (d) => { out += d; });
    socket.on('error', reject);
    socket.on('close', () => resolve(out));
  });
}

for (const web of ['apache', 'nginx']) {
  test(`${web}: the page comes with its policy and its types`, async () => {
    houses[web] = await House.start({}, { web });
    const page = await houses[web].api('GET', '/');
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html; charset=utf-8$/i);
    assert.match(page.headers['content-security-policy'], /^default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(page.headers['content-security-policy'], /unsafe/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    for (const file of ['/js/main.js', '/vendor/socket.io/socket.io.esm.min.js']) {
      const { status, headers } = await houses[web].api('GET', file);
      assert.equal(status, 200, file);
      assert.match(headers['content-type'], /^text\/javascript/);
    }
    const again = await houses[web].api('GET', '/js/main.js', { headers: { 'If-None-Match': (await houses[web].api('GET', '/js/main.js')).headers.etag } });
    assert.equal(again.status, 304);
  }, 120000);

  test(`${web}: /estado is the guide's health object`, async () => {
    const { status, json } = await houses[web].api('GET', '/estado');
    assert.equal(status, 200);
    assert.equal(json.service, 'websocket_upred');
    assert.equal((await houses[web].api('GET', '/estado/mas')).status, 404);
  });

  test(`${web}: answers of the API pass unchanged, with their headers`, async () => {
    const house = houses[web];
    const mine = await house.api('GET', '/api/mensajes/salas', { user: 123 });
    assert.equal(mine.status, 200);
    assert.ok(Array.isArray(mine.json));
    const nobody = await house.api('GET', '/api/mensajes/salas');
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers['www-authenticate'], /^Bearer/);
    isOurs(nobody);
    isOurs(await house.api('GET', '/api/mensajes/salas/nada', { user: 123 }));
    const wrong = await house.api('PATCH', '/api/mensajes/salas', { user: 123 });
    assert.equal(wrong.status, 405);
    assert.ok(wrong.headers.allow);
  });

  test(`${web}: errors of the server's own under /api/ are our JSON`, async () => {
    const house = houses[web];
    for (const [where, wanted] of [['/api/otra', [404]], ['/api/mensajesX', [404]], ['/api/%00', [400, 404]], ['/api/%zz', [400]],
      [`/api/mensajes/${'a'.repeat(9000)}`, [414]]]) {
      const answer = await house.api('GET', where, { user: 123 });
      assert.ok(wanted.includes(answer.status), `${where.slice(0, 20)}: ${answer.status}`);
      assert.match(answer.headers['content-type'], /^application\/json/);
      isOurs(answer);
    }
    for (const head of ['GET /api/mensajes/salas HTTP/1.1\r\n', `GET /api/x HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(40000)}\r\n`]) {
      const answer = await raw(house, `${head}Connection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(answer, /\r\n\r\n\{"detail":".*","code":"bad_request"\}/s);
    }
    const odd = [['HTTP/1.1\r\nExpect: zzz', /^HTTP\/1\.1 (200|417) /], ['HTTP/3.0', /^HTTP\/1\.1 (200|400|505) /]];
    for (const [line, status] of odd) {
      const answer = await raw(house, `GET /api/mensajes/salas?user_id=123 ${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, status);
      if (!answer.startsWith('HTTP/1.1 200')) assert.match(answer, /\r\n\r\n\{"detail":".*","code":"bad_request"\}/s);
    }
    const large = await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: JSON.stringify({ contenido: 'x'.repeat(3000000) }) });
    assert.equal(large.status, 413);
    assert.equal(large.json.code, 'too_large');
  });

  test(`${web}: no FastCGI pool: our 50x with Retry-After; it works again by itself`, async () => {
    const house = houses[web];
    await house.stopPart('fcgi');
    const away = await house.api('GET', '/api/mensajes/salas', { user: 123 });
    assert.ok([502, 503].includes(away.status), String(away.status));
    assert.equal(away.json.code, 'unavailable');
    assert.match(away.headers['retry-after'], /^\d+$/);
    await house.startPart('fcgi');
    assert.equal((await house.api('GET', '/api/mensajes/salas', { user: 123 })).status, 200);
  }, 60000);

  test(`${web}: a socket upgrades through it and hears what REST sends`, async () => {
    const house = houses[web];
    const luis = await house.connect('456', { url: house.webUrl });
    const { status } = await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: `por ${web}` } });
    assert.equal(status, 201);
    const heard = await luis.next('receive_message', { message: `por ${web}` });
    assert.equal(heard.from, '123');
  });

  test(`${web}: what is for this machine alone is not reached through the relay's path`, async () => {
    for (const place of ['metrics', 'healthz', 'readyz']) {
      for (const way of ['#/../../', '../', '..%2f', '%2e%2e/', '..%252f', '/../', 'x/../../', '?/../../']) {
        const answer = await raw(houses[web], `GET /socket.io/${way}${place} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        assert.match(answer, /^HTTP\/1\.1 4\d\d /, `${way}${place}`);
      }
    }
  });
}
