'use strict';
// timeout: 420
// The REST API on all four web servers, configured as shipped, by one list of requests; each answer is held against
// www/openapi.yaml, and at the end the document against what was seen: no path and no status that nobody ever got.
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test, atEnd, ask: until, assert } = require('../lib/check');
const { House, BUILD, TOP } = require('../lib/house');
const { Rest } = require('../lib/documents');
const { walk, everything } = require('./walk');

const rules = new Rest();
const people = {};
let house;

async function ask(status, method, where, options = {}) {
  const answer = await house.api(method, where, options);
  const what = `${method} ${where.slice(0, 200)} as ${options.user}: ${answer.status} ${answer.text.slice(0, 300)}`;
  assert.ok([status].flat().includes(answer.status), `${status} wanted, ${what}`);
  return rules.answer(method, where, answer);
}

test('openapi.yaml is valid OpenAPI 3.1', async () => {
  const { Validator } = await import('@seriousme/openapi-schema-validator');
  const { valid, errors } = await new Validator().validate(path.join(TOP, 'www/openapi.yaml'));
  assert.ok(valid, JSON.stringify(errors));
});

test('its paths are those of the router', () => {
  const source = fs.readFileSync(path.join(TOP, 'fcgi-api/router.c'), 'utf8').split('struct path_row paths[]')[1];
  const rows = [...source.split('};')[0].matchAll(/\{ "([A-Z]+)",\s*"([^"]+)"/g)].map(([, m, p]) => `${m} /api/mensajes/${p}`);
  const told = rules.operations().map((o) => o.replace(/\{[^}]+\}/g, '{}')).filter((o) => !o.endsWith('/estado'));
  assert.deepEqual(told.sort(), rows.sort());
});

test('a house', async () => {
  house = await House.start({}, { web: 'apache-cgid' });
}, 120000);

for (const web of ['apache-cgid', 'apache-fcgid', 'nginx', 'apache']) {
  test(`the whole table on ${web}`, async () => {
    if (web !== 'apache-cgid') {
      await house.stopPart('web');
      await house.startPart('web', { WEB: web });
    }
    people[web] = await walk(house, ask, web);
  }, 120000);

  test(`what is sent, marked, edited and taken back through ${web} is heard, once`, async () => {
    const p = people[web];
    const [ana, luis] = [await house.connect(p.ana), await house.connect(p.luis)];
    const { json } = await ask(201, 'POST', `/api/mensajes/directo/${p.luis}`, { user: p.ana, body: { contenido: web } });
    const mensaje_id = String(json.id);
    assert.equal((await luis.next('receive_message', { mensaje_id })).message, web);
    await ask(200, 'PUT', `/api/mensajes/mensajes/${mensaje_id}/entregado`, { user: p.luis });
    await ana.next('message_delivered', { mensaje_id });
    await ask(200, 'PUT', `/api/mensajes/mensajes/${mensaje_id}/leer`, { user: p.luis });
    await ana.next('message_read', { mensaje_id });
    await ask(200, 'PUT', `/api/mensajes/mensajes/${mensaje_id}`, { user: p.ana, body: { contenido: 'otra' } });
    assert.equal((await luis.next('message_edited', { mensaje_id })).message, 'otra');
    await ask(200, 'DELETE', `/api/mensajes/mensajes/${mensaje_id}`, { user: p.ana });
    await luis.next('message_deleted', { mensaje_id });
    await ask(201, 'POST', `/api/mensajes/directo/${p.luis}`, { user: p.ana, body: { contenido: 'y ya' } });
    await luis.next('receive_message', { message: 'y ya' });
    for (const event of ['receive_message', 'message_edited', 'message_deleted']) assert.equal(luis.all(event, { mensaje_id }).length, 1, event);
    for (const event of ['message_delivered', 'message_read']) assert.equal(ana.all(event, { mensaje_id }).length, 1, event);
    ana.close();
    luis.close();
  });

  test(`sockets through ${web}: without a slash at the end, and with 7 KB of other programs' cookies`, async () => {
    for (const transport of ['polling', 'websocket']) {
      const ana = await house.connect(people[web].ana, { url: house.webUrl, transports: [transport], addTrailingSlash: false,
        extraHeaders: { Cookie: `otra=${'x'.repeat(7000)}` } });
      ana.close();
    }
  });
}

test('a list of readers that ends says so', async () => {
  const [p] = Object.values(people);
  const db = house.db();
  const where = `/api/mensajes/salas/${p.grupal.id}/recibos`;
  const { json: said } = await ask(201, 'POST', `/api/mensajes/salas/${p.grupal.id}/mensajes`, { user: p.ana, body: { contenido: 'a todos' } });
  await db.query('DELETE FROM destinatarios_mensaje WHERE mensaje_id IN (SELECT id FROM mensajes WHERE sala_chat_id = ?)', [p.grupal.id]);
  const readers = Array.from({ length: 501 }, (_, i) => 7000501 - i);
  await db.query(`INSERT INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno, fecha_nacimiento, rol)
    VALUES ?`, [readers.map((id) => [id, `p${id}@upred.example`, '!', 'Uno', 'Más', '2000-01-01', 'estudiante'])]);
  const read = (ids) => db.query('INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, leido_en) VALUES ?', [ids.map((id) => [said.id, id, new Date()])]);
  await read(readers.slice(1));
  const whole = await ask(200, 'GET', where, { user: p.ana });
  assert.deepEqual([whole.json.length, whole.headers['x-truncated']], [500, undefined]);
  await read(readers.slice(0, 1));
  const part = await ask(200, 'GET', where, { user: p.ana });
  assert.deepEqual(part.json.map((r) => r.usuario_id), readers.slice(1).reverse());
  assert.equal(part.headers['x-truncated'], 'true');
});

test('a list of readers looks at a bounded number of rows, and says so', async () => {
  const [p] = Object.values(people);
  const db = house.db();
  const where = `/api/mensajes/salas/${p.grupal.id}/recibos`;
  const crowd = Array.from({ length: 500 }, (_, i) => 7100001 + i);
  await db.query(`INSERT INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno, fecha_nacimiento, rol)
    VALUES ?`, [crowd.map((id) => [id, `p${id}@upred.example`, '!', 'Uno', 'Más', '2000-01-01', 'estudiante'])]);
  await db.query('DELETE FROM mensajes WHERE sala_chat_id = ?', [p.grupal.id]);
  const ids = [];
  for (let i = 0; i < 41; i++) {
    const [{ insertId }] = await db.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES (UUID(), ?, ?, ?)', [p.grupal.id, p.ana, `${i}`]);
    ids.push(insertId);
  }
  // Everybody read the first of them.
  await db.query(`INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, leido_en)
    SELECT m.id, u.id, IF(m.id = ?, NOW(), NULL) FROM mensajes m JOIN usuarios u ON u.id IN (?) WHERE m.id IN (?)`, [ids[0], crowd, ids]);
  const part = await ask(200, 'GET', where, { user: p.ana });
  assert.deepEqual([part.json.length, part.headers['x-truncated']], [500, 'true']);
  await db.query('DELETE FROM destinatarios_mensaje WHERE mensaje_id = ?', [ids[40]]);
  const whole = await ask(200, 'GET', where, { user: p.ana });
  assert.equal(whole.headers['x-truncated'], undefined);
  assert.deepEqual(whole.json.map((r) => [r.usuario_id, r.leido_hasta]), crowd.map((id) => [id, ids[0]]));
});

test('without its database every call says when to come back', async () => {
  await house.stopPart('db', 'KILL');
  const [p] = Object.values(people);
  for (const [method, where, body] of everything(p)) {
    const answer = await ask(503, method, `/api/mensajes/${where}`, { user: p.ana, body });
    assert.ok(Number(answer.headers['retry-after']) > 0);
  }
  await house.startPart('db');
  await until(async () => (await house.api('GET', '/api/mensajes/salas', { user: p.ana })).status === 200, 20000, 'the database');
}, 120000);

test('who asks too often is told when to come back, whatever he asks for', async () => {
  await house.stopPart('fcgi');
  await house.startPart('fcgi', { RATE_LIMITS: 'on' });
  const [p] = Object.values(people);
  const end = Date.now() + 60000;
  const call = ([method, where, body]) => ask([200, 201, 404, 429], method, `/api/mensajes/${where}`, { user: p.ana, body });
  const fill = [['GET', 'no-leidos/count'], ['GET', 'novedades'], ['POST', `salas/directa/${p.luis}`]];
  let left = everything(p);
  while (left.length && Date.now() < end) {
    await Promise.all(Array.from({ length: 24 }, (_, i) => call(fill[i % 3])));
    const answers = await Promise.all(left.map(call));
    left = left.filter((_, i) => answers[i].status !== 429);
  }
  assert.deepEqual(left, []);
}, 90000);

test('with tokens nobody sends messages of type sistema', async () => {
  const [p] = Object.values(people);
  const settings = { AUTH_MODE: 'token', SECRET_KEY: 'una llave de las pruebas, y larga' };
  await house.stopPart('fcgi');
  await house.startPart('fcgi', settings);
  const [{ correo }] = await house.rows('SELECT correo_institucional AS correo FROM usuarios WHERE id = ?', [p.ana]);
  const made = spawnSync(path.join(BUILD, 'bin/upred-api'), ['make-token', correo], { env: { ...settings, DB_USER: 'x', DB_NAME: 'x' }, encoding: 'utf8' });
  await ask(403, 'POST', `/api/mensajes/directo/${p.luis}`, { headers: { Authorization: `Bearer ${made.stdout.trim()}` },
    body: { contenido: 'x', tipo_mensaje: 'sistema' } });
}, 60000);

test('without the relay /estado says when to come back', async () => {
  await house.stopPart('relay');
  await ask(503, 'GET', '/estado');
}, 60000);

test('every status of openapi.yaml was seen', () => {
  assert.deepEqual(rules.statuses().filter((s) => !rules.shown.has(s)), []);
});

atEnd(() => house && house.stop());
