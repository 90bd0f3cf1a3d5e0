'use strict';
// The whole REST table (www/openapi.yaml): one list of requests that every web server answers alike. walk(house, ask) makes
// its people, then asks; ask(status, method, path, options) is the test's, checks, and returns the answer.
const { assert } = require('../lib/check');
const { cast, group } = require('../talk/cast');

const FAR = '9223372036854775807';
const FORM = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'x=1' };

async function people(house) {
  const [ana, luis, eva, gone, bea] = await cast(house, 5);
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [gone]);
  return { ana, luis, eva, gone, bea, club: await group(house, [ana, luis]) };
}

// who asks: nobody, nobody known, somebody suspended, two at once
async function identity(p, ask) {
  const where = '/api/mensajes/no-leidos/count';
  for (const user of [undefined, 'x', '0', FAR, p.gone]) await ask(401, 'GET', where, { user });
  await ask(400, 'GET', where, { user: `${p.ana}, ${p.luis}` });
  await ask(200, 'GET', `${where}?user_id=${p.ana}`);
}

async function rooms(p, ask) {
  const to = (user, where, status) => ask(status, 'POST', `/api/mensajes/salas/${where}`, { user });
  const direct = (await to(p.ana, `directa/${p.luis}`, 201)).json;
  assert.equal((await to(p.luis, `directa/${p.ana}`, 200)).json.sala_uuid, direct.sala_uuid);
  await to(p.ana, `directa/${p.ana}`, 400);
  for (const id of [FAR, 'x', '0', p.gone]) await to(p.ana, `directa/${id}`, 404);
  await to(undefined, `directa/${p.luis}`, 401);
  const grupal = (await to(p.ana, `grupal/${p.club}`, 201)).json;
  assert.equal((await to(p.luis, `grupal/${p.club}`, 200)).json.id, grupal.id);
  await to(p.eva, `grupal/${p.club}`, 403);
  await to(p.ana, `grupal/${FAR}`, 404);
  await to(undefined, `grupal/${p.club}`, 401);
  for (const room of [direct, grupal]) {
    for (const name of [room.id, room.sala_uuid]) {
      const { json } = await ask(200, 'GET', `/api/mensajes/salas/${name}`, { user: p.ana });
      assert.equal(json.id, room.id);
    }
  }
  // what it is called for whoever asks; without the question the companion's object
  const name = async (method, status, where, user) => (await ask(status, method, `/api/mensajes/salas/${where}?nombres=1`, { user })).json.nombre;
  for (const [method, where] of [['GET', direct.id], ['GET', direct.sala_uuid], ['POST', `directa/${p.luis}`]]) {
    assert.equal(await name(method, 200, where, p.ana), 'Rosa Ñúñez');
  }
  assert.equal(await name('POST', 200, `grupal/${p.club}`, p.ana), `grupo ${p.club}`);
  for (const where of [direct.id, `${direct.id}?nombres=0`]) {
    assert.ok(!('nombre' in (await ask(200, 'GET', `/api/mensajes/salas/${where}`, { user: p.ana })).json));
  }
  for (const bad of ['', 'si', '2', '%ff']) {
    for (const where of ['', `/${direct.id}`]) await ask(422, 'GET', `/api/mensajes/salas${where}?nombres=${bad}`, { user: p.ana });
    for (const where of [`directa/${p.eva}`, `grupal/${p.club}`]) await to(p.ana, `${where}?nombres=${bad}`, 422);
  }
  await to(p.ana, `directa/${p.eva}?nombres=1`, 201); // it was not made by those
  await ask(401, 'GET', `/api/mensajes/salas/${direct.id}`);
  await ask(403, 'GET', `/api/mensajes/salas/${direct.id}`, { user: p.eva });
  await ask(404, 'GET', `/api/mensajes/salas/${FAR}`, { user: p.ana });
  await ask(404, 'GET', `/api/mensajes/salas/${direct.sala_uuid.toUpperCase()}`, { user: p.ana });
  return { direct, grupal };
}

// the two doors by which a message is sent; `forbidden`: what a stranger gets
async function sends(p, ask, where, forbidden) {
  const post = (status, options) => ask(status, 'POST', where, { user: p.ana, ...options });
  const key = { 'Idempotency-Key': `clave ${where.split('/')[3]}` };
  const first = (await post(201, { body: { contenido: 'hola ñ😀' }, headers: key })).json;
  assert.equal(first.contenido, 'hola ñ😀');
  const again = (await post(200, { body: { contenido: 'otra cosa' }, headers: key })).json;
  assert.deepEqual(again, { ...first, duplicate: true });
  const file = { url_archivo: 'u', tipo_mensaje: 'imagen', metadatos: { peso: 3 } };
  const second = (await post(201, { body: file })).json;
  assert.equal(second.metadatos.peso, 3);
  await post(201, { body: { contenido: 'x'.repeat(65535) } });
  // behind Apache with mod_proxy_fcgi a body has to say its length
  await post(p.web === 'apache' ? 411 : 201, { body: JSON.stringify({ contenido: 'a trozos' }), headers: { 'Transfer-Encoding': 'chunked' } });
  for (const body of ['', '{no', {}, { contenido: '' }, { contenido: null, url_archivo: null }]) await post(400, { body });
  await post(400, { body: { contenido: 'x' }, headers: { 'Idempotency-Key': 'a, b' } });
  await post(201, { body: { contenido: 'x' }, headers: { 'Idempotency-Key': `a,b ${where.split('/')[3]}` } });
  for (const body of [{ contenido: 7 }, { contenido: 'x', tipo_mensaje: 'video' }, { contenido: 'x', metadatos: [1] },
    { contenido: 'a\0b' }, { contenido: 'x'.repeat(65536) }, { contenido: 'x', metadatos: { m: 'x'.repeat(17000) } }]) {
    await post(422, { body });
  }
  const filled = JSON.stringify({ contenido: 'x' }).padEnd(1048576);
  await post(201, { body: filled });
  await post(413, { body: `${filled} ` });
  await post(413, { body: `${filled}${'x'.repeat(900000)}` });
  await post(415, FORM);
  await post(401, { body: { contenido: 'x' }, user: undefined });
  if (forbidden) await post(forbidden, { body: { contenido: 'x' }, user: p.eva });
  return [first, second];
}

async function lists(p, ask, room) {
  const where = `/api/mensajes/salas/${room.id}/mensajes`;
  const list = (query, status = 200, headers = {}) => ask(status, 'GET', where + query, { user: p.ana, headers });
  const all = await list('');
  const ids = all.json.map((m) => m.id);
  assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
  assert.equal(all.headers['x-cursor'], undefined);
  assert.deepEqual((await list('?limit=2')).json.map((m) => m.id), ids.slice(-2));
  assert.deepEqual((await list('?limit=2&skip=1')).json.map((m) => m.id), ids.slice(-3, -1));
  assert.deepEqual((await list(`?before=${ids[2]}&limit=1`)).json.map((m) => m.id), [ids[1]]);
  const newer = await list(`?after=${ids[0]}&limit=2`);
  assert.deepEqual(newer.json.map((m) => m.id), ids.slice(1, 3));
  assert.ok(newer.headers['x-cursor'] && newer.headers['x-poll-interval']);
  assert.deepEqual((await list(`?after=${newer.headers['x-cursor']}&limit=1`)).json.map((m) => m.id), [ids[3]]);
  assert.deepEqual((await list(`?after=${FAR}`)).json, []);
  const { etag } = all.headers;
  for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) await list('', 304, { 'If-None-Match': tag });
  await list('', 200, { 'If-None-Match': '"x"' });
  const polled = await list(`?after=${ids[0]}`);
  assert.ok((await list(`?after=${ids[0]}`, 304, { 'If-None-Match': polled.headers.etag })).headers['x-poll-interval']);
  for (const query of ['?limit=0', '?limit=101', '?limit=', '?skip=-1', '?after=x', `?after=${ids[0]}&skip=1`,
    `?after=${ids[0]}&before=${ids[1]}`, '?before=1.5']) await list(query, 422);
  await ask(401, 'GET', where);
  await ask(403, 'GET', where, { user: p.eva, headers: { 'If-None-Match': etag } });
  await ask(404, 'GET', `/api/mensajes/salas/${FAR}/mensajes`, { user: p.ana });
  assert.equal((await ask(200, 'HEAD', where, { user: p.ana })).headers.etag, etag);
  const mine = await ask(200, 'GET', '/api/mensajes/salas', { user: p.ana });
  const same = { user: p.ana, headers: { 'If-None-Match': mine.headers.etag } };
  await ask(304, 'GET', '/api/mensajes/salas', same);
  assert.deepEqual((await ask(200, 'GET', '/api/mensajes/salas', { user: p.bea })).json, []);
  await ask(401, 'GET', '/api/mensajes/salas');
}

async function receipts(p, ask, room, message) {
  const count = async () => (await ask(200, 'GET', '/api/mensajes/no-leidos/count', { user: p.luis })).json.total_no_leidos;
  const before = await count();
  assert.ok(before > 0);
  for (const mark of ['entregado', 'leer']) {
    const where = `/api/mensajes/mensajes/${message.id}/${mark}`;
    for (const user of [p.luis, p.luis, p.ana]) await ask(200, 'PUT', where, { user });
    await ask(401, 'PUT', where);
    await ask(403, 'PUT', where, { user: p.eva });
    for (const id of [FAR, 'x']) await ask(404, 'PUT', `/api/mensajes/mensajes/${id}/${mark}`, { user: p.ana });
  }
  assert.equal(await count(), before - 1);
  const all = `/api/mensajes/salas/${room.sala_uuid}/marcar-leidos`;
  assert.match((await ask(200, 'POST', all, { user: p.luis })).json.message, /^\d+ mensajes marcados como leídos$/);
  assert.deepEqual((await ask(200, 'POST', all, { user: p.luis })).json, { message: '0 mensajes marcados como leídos' });
  await ask(401, 'POST', all);
  await ask(403, 'POST', all, { user: p.eva });
  await ask(404, 'POST', `/api/mensajes/salas/${FAR}/marcar-leidos`, { user: p.luis });
}

// how far the others got and read my messages
async function readers(p, ask, room) {
  const where = `/api/mensajes/salas/${room.sala_uuid}/recibos`;
  const said = [];
  for (const contenido of ['uno', 'dos', 'tres']) {
    said.push((await ask(201, 'POST', `/api/mensajes/salas/${room.id}/mensajes`, { user: p.ana, body: { contenido } })).json.id);
  }
  const list = async (user) => (await ask(200, 'GET', where, { user })).json;
  const before = (await list(p.ana))[0];
  assert.equal(before.usuario_id, Number(p.luis));
  assert.ok(before.leido_hasta < said[0], 'what was read before');
  await ask(200, 'PUT', `/api/mensajes/mensajes/${said[0]}/leer`, { user: p.luis });
  await ask(200, 'PUT', `/api/mensajes/mensajes/${said[1]}/entregado`, { user: p.luis });
  const row = { usuario_id: Number(p.luis), entregado_hasta: said[1], leido_hasta: said[0] };
  const answer = await ask(200, 'GET', where, { user: p.ana });
  assert.deepEqual(answer.json, [row]);
  await ask(304, 'GET', where, { user: p.ana, headers: { 'If-None-Match': answer.headers.etag } });
  assert.deepEqual(await list(p.luis), [], 'of the messages of others nothing is told');
  const mine = (await ask(201, 'POST', `/api/mensajes/salas/${room.id}/mensajes`, { user: p.luis, body: { contenido: 'y yo' } })).json.id;
  assert.ok(mine > said[2]);
  assert.deepEqual(await list(p.luis), [{ usuario_id: Number(p.ana), entregado_hasta: null, leido_hasta: null }]);
  await ask(401, 'GET', where);
  await ask(403, 'GET', where, { user: p.eva });
  await ask(404, 'GET', `/api/mensajes/salas/${FAR}/recibos`, { user: p.ana });
}

async function edits(p, ask, message) {
  const where = `/api/mensajes/mensajes/${message.id}`;
  const put = (status, options) => ask(status, 'PUT', where, { user: p.ana, ...options });
  const changed = (await put(200, { body: { contenido: 'corregido' } })).json;
  assert.equal(changed.contenido, 'corregido');
  assert.ok(changed.editado_en);
  for (const body of ['', '{no', { contenido: '' }]) await put(400, { body });
  await put(422, { body: { contenido: 7 } });
  await put(415, FORM);
  await put(413, { body: JSON.stringify({ contenido: 'x' }).padEnd(1048577) });
  await put(401, { body: { contenido: 'x' }, user: undefined });
  for (const user of [p.luis, p.eva]) await put(403, { body: { contenido: 'x' }, user });
  await ask(404, 'PUT', `/api/mensajes/mensajes/${FAR}`, { user: p.ana, body: { contenido: 'x' } });
  await ask(401, 'DELETE', where);
  for (const user of [p.luis, p.eva]) await ask(403, 'DELETE', where, { user });
  await ask(404, 'DELETE', `/api/mensajes/mensajes/${FAR}`, { user: p.ana });
  for (let i = 0; i < 2; i += 1) await ask(200, 'DELETE', where, { user: p.ana });
  await put(404, { body: { contenido: 'x' } });
}

async function news(p, ask) {
  const where = '/api/mensajes/novedades';
  const first = await ask(200, 'GET', where, { user: p.ana });
  const now = first.json;
  assert.deepEqual(now.mensajes, []);
  assert.equal(first.headers['cache-control'], 'no-store');
  await ask(201, 'POST', `/api/mensajes/directo/${p.luis}`, { user: p.ana, body: { contenido: 'nuevo' } });
  const heard = await ask(200, 'GET', `${where}?after=${now.cursor}`, { user: p.luis });
  assert.ok(heard.json.mensajes.some((m) => m.contenido === 'nuevo'));
  assert.equal(heard.headers['cache-control'], 'private, no-cache');
  const same = { user: p.luis, headers: { 'If-None-Match': heard.headers.etag } };
  assert.ok((await ask(304, 'GET', `${where}?after=${now.cursor}`, same)).headers['x-poll-interval']);
  assert.ok((await ask(200, 'GET', where, same)).json.cursor);  // who asks for a cursor gets one, whatever he kept
  const one = (await ask(200, 'GET', `${where}?after=0&limit=1`, { user: p.luis })).json;
  assert.deepEqual([one.mensajes.length, one.truncated], [1, true]);
  for (const query of ['?after=x', '?after=', '?limit=0', '?limit=301']) await ask(422, 'GET', where + query, { user: p.ana });
  await ask(401, 'GET', where);
}

// what is no row of the table
async function elsewhere(p, ask, room) {
  const allowed = async (method, where, list) => {
    const { headers } = await ask(405, method, `/api/mensajes/${where}`, { user: p.ana });
    assert.deepEqual(headers.allow.split(', ').sort(), list);
  };
  await allowed('DELETE', 'salas', ['GET', 'HEAD']);
  await allowed('PATCH', `salas/${room.id}/mensajes`, ['GET', 'HEAD', 'POST']);
  await allowed('POST', 'mensajes/1', ['DELETE', 'PUT']);
  await allowed('GET', 'mensajes/1/leer', ['PUT']);
  assert.ok((await ask(405, 'TRACE', '/api/mensajes/salas', { user: p.ana })).headers.allow.includes('GET'));
  assert.equal((await ask(405, 'TRACE', '/')).headers.allow, 'GET, HEAD');
  for (const where of ['', '/', '/nada', '/salas/', '/salas/1/nada', '/salas%2F1', '/salas/%', '/salas?--help', '/salas?fcgi+/x.sock',
    '/mensajes/1/leer/otra', `/salas/${'a'.repeat(2000)}`]) {
    await ask(where.includes('?') ? 200 : where.endsWith('%') ? [400, 404] : 404, 'GET', `/api/mensajes${where}`, { user: p.ana });
  }
  for (const where of ['/api/mensajesX', '/api/otra', '/api', '/api/.env']) await ask(404, 'GET', where, { user: p.ana });
  await ask([404, 414], 'GET', `/api/mensajes/${'a'.repeat(20000)}`, { user: p.ana });
  await ask(200, 'GET', '/estado');
}

async function walk(house, ask, web) {
  const p = { ...await people(house), web };
  await identity(p, ask);
  const { direct, grupal } = await rooms(p, ask);
  const [first, second] = await sends(p, ask, `/api/mensajes/salas/${direct.sala_uuid}/mensajes`, 403);
  await ask(404, 'POST', `/api/mensajes/salas/${FAR}/mensajes`, { user: p.ana, body: { contenido: 'x' } });
  await sends(p, ask, `/api/mensajes/directo/${p.luis}`);
  await ask(400, 'POST', `/api/mensajes/directo/${p.ana}`, { user: p.ana, body: { contenido: 'x' } });
  await ask(404, 'POST', `/api/mensajes/directo/${FAR}`, { user: p.ana, body: { contenido: 'x' } });
  await ask(201, 'POST', `/api/mensajes/salas/${grupal.id}/mensajes`, { user: p.ana, body: { contenido: 'al grupo' } });
  await lists(p, ask, direct);
  await receipts(p, ask, direct, second);
  await readers(p, ask, direct);
  await edits(p, ask, first);
  await news(p, ask);
  await elsewhere(p, ask, direct);
  return { ...p, room: direct, grupal, message: second };
}

// every operation, of somebody who may, for when nothing can be answered
function everything(p) {
  const body = { contenido: 'x' };
  return [['GET', 'salas'], ['GET', `salas/${p.room.id}`], ['POST', `salas/directa/${p.luis}`], ['POST', `salas/grupal/${p.club}`],
    ['GET', `salas/${p.room.id}/mensajes`], ['POST', `salas/${p.room.id}/mensajes`, body], ['POST', `directo/${p.luis}`, body],
    ['POST', `salas/${p.room.id}/marcar-leidos`], ['GET', `salas/${p.room.id}/recibos`], ['PUT', `mensajes/${p.message.id}/leer`],
    ['PUT', `mensajes/${p.message.id}/entregado`], ['PUT', `mensajes/${p.message.id}`, body], ['DELETE', `mensajes/${p.message.id}`],
    ['GET', 'novedades'], ['GET', 'no-leidos/count']];
}

module.exports = { walk, everything };
