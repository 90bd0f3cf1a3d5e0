'use strict';
// timeout: 240
// AUTH_MODE=token on all four web servers, configured as shipped: the token reaches the program, and nobody says who he is
// by a header or by the query. And with a list of origins: pages of the web server's own host may always connect.
const http = require('node:http');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { test, atEnd, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const { Rest } = require('../lib/documents');
const { cast } = require('../talk/cast');

const SECRET_KEY = 'una-clave-de-prueba-que-nadie-mas-tiene-0123456789';
const WHERE = '/api/mensajes/no-leidos/count';
const ELSEWHERE = 'https://tuapp.example';
const rules = new Rest();
let house;
let me;
let other;
let token;

test('a house that wants tokens', async () => {
  house = await House.start({ AUTH_MODE: 'token', SECRET_KEY, CORS_ALLOWED_ORIGINS: ELSEWHERE });
  [me, other] = await cast(house, 2);
  const env = { ...process.env, AUTH_MODE: 'token', SECRET_KEY, DB_USER: 'x', DB_NAME: 'x' };
  token = execFileSync(path.join(BUILD, 'bin/upred-api'), ['make-token', `p${me}@upred.example`], { env, encoding: 'utf8' }).trim();
}, 120000);

for (const web of ['apache', 'nginx', 'apache-fcgid', 'apache-cgid']) {
  test(`tokens through ${web}`, async () => {
    if (web !== 'apache') {
      await house.stopPart('web');
      await house.startPart('web', { WEB: web });
    }
    const ask = async (status, options, query = '') => {
      const answer = await house.api('GET', WHERE + query, options);
      assert.equal(answer.status, status, `${JSON.stringify(options)}${query}: ${answer.text}`);
      return rules.answer('GET', WHERE, answer);
    };
    const bearer = { Authorization: `Bearer ${token}` };
    await ask(200, { headers: bearer });
    await ask(200, { headers: bearer, user: other });
    await ask(401, {});
    await ask(401, { user: me });
    await ask(401, { headers: { X_User_Id: me } });
    await ask(401, {}, `?user_id=${me}`);
    await ask(401, { headers: { Authorization: `Bearer ${token}x` } });
    await ask(401, { headers: { Authorization: `Basic ${token}` } });
    const body = { contenido: web };
    const sent = await house.api('POST', `/api/mensajes/directo/${other}`, { headers: bearer, body });
    assert.equal(sent.json.remitente_id, Number(me), sent.text);
  }, 60000);

  test(`origins through ${web}`, async () => {
    const { protocol, port } = new URL(house.webUrl);
    const connects = (host, origin) => new Promise((done, failed) => {
      const headers = { Host: `${host}:${port}`, Origin: origin };
      http.get(`${house.webUrl}/socket.io/?EIO=4&transport=polling`, { headers }, (answer) => done(answer.resume().statusCode)).on('error', failed);
    });
    for (const host of ['127.0.0.1', 'localhost', 'chat.example']) {
      assert.equal(await connects(host, `${protocol}//${host}:${port}`), 200, host);
      assert.equal(await connects(host, ELSEWHERE), 200, host);
      assert.equal(await connects(host, 'https://mala.example'), 403, host);
    }
  }, 60000);
}

atEnd(() => house && house.stop());
