'use strict';
// timeout: 240
// Pages of other sites: those that CORS_ALLOWED_ORIGINS lists, as for sockets, may ask REST and read its answers. A browser asks
// first (a preflight) and is answered without a look at person, path or database.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');

const PATH = '/api/mensajes/salas';
const APP = 'https://app.upred.mx';
let house;
atEnd(async () => { if (house) await house.stop(); });

const ask = (origin, more = {}) => house.api(more.method || 'GET', more.path || PATH,
  { user: more.user, headers: { ...(origin && { Origin: origin }), ...more.headers } });
const preflight = (origin, method = 'PUT') => ask(origin, { method: 'OPTIONS', path: `${PATH}/x/y`,
  headers: { 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization,idempotency-key' } });
const head = (answer, name) => answer.headers[`access-control-${name}`];
const varies = (answer) => /\borigin\b/i.test(answer.headers.vary || '');

for (const web of ['apache', 'nginx']) {
  test(`${web}: a list of sites`, async () => {
    house = await House.start({ WEB: web, CORS_ALLOWED_ORIGINS: ` https://otra.mx , ${APP}` });
    const good = await ask(APP, { user: 123 });
    assert.equal(good.status, 200);
    assert.equal(head(good, 'allow-origin'), APP);
    assert.match(head(good, 'expose-headers'), /X-Cursor/);
    assert.equal(head(good, 'allow-credentials'), undefined);
    assert.ok(varies(good));
    const refused = await ask(APP);          // what is refused may be read too
    assert.equal(refused.status, 401);
    assert.equal(head(refused, 'allow-origin'), APP);
    for (const origin of ['https://mala.mx', `${APP}.mala.mx`, `${APP}/`, 'null', 'x'.repeat(3000)]) {
      const bad = await ask(origin, { user: 123 });
      assert.equal(bad.status, 200, origin);
      assert.equal(head(bad, 'allow-origin'), undefined, origin);
      assert.ok(varies(bad), origin);
    }
    const none = await ask(undefined, { user: 123 });
    assert.equal(head(none, 'allow-origin'), undefined);
    assert.ok(varies(none));
  }, 90000);

  test(`${web}: the question before a request`, async () => {
    await house.stopPart('db');              // nobody is asked about it
    const yes = await preflight(APP);
    assert.equal(yes.status, 204, yes.text);
    assert.equal(yes.text, '');
    assert.equal(head(yes, 'allow-origin'), APP);
    assert.match(head(yes, 'allow-methods'), /\bPUT\b.*\bDELETE\b/);
    assert.match(head(yes, 'allow-headers'), /Authorization.*Idempotency-Key.*X-User-Id/);
    const no = await preflight('https://mala.mx');
    assert.equal(no.status, 204);
    for (const name of ['allow-origin', 'allow-methods', 'allow-headers']) assert.equal(head(no, name), undefined);
    await house.startPart('db');
    const plain = await ask(APP, { method: 'OPTIONS', user: 123 });
    assert.equal(plain.status, 405);         // none of a browser's
    await house.stop();
  }, 60000);
}

test('all sites, and none', async () => {
  house = await House.start({ CORS_ALLOWED_ORIGINS: '*' });
  const all = await ask('https://cualquiera.mx', { user: 123 });
  assert.equal(head(all, 'allow-origin'), '*');
  assert.equal(head(await preflight('https://cualquiera.mx'), 'allow-origin'), '*');
  assert.ok(!varies(all));
  await house.stopPart('fcgi');
  await house.startPart('fcgi', { CORS_ALLOWED_ORIGINS: '' });
  const none = await ask('https://cualquiera.mx', { user: 123 });
  assert.equal(none.status, 200);
  assert.equal(head(none, 'allow-origin'), undefined);
}, 60000);
