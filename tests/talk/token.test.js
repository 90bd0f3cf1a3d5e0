'use strict';
// AUTH_MODE=token: the companion API's JWT on every door, bad ones refused on every door, the end of a token is the end of
// the session, a newer one prolongs it, and no log holds one.
const { createHmac } = require('node:crypto');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test, atEnd, pause, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const clients = require('../lib/clients');
const { cast, joinDirect, words, say } = require('./cast');

const KEY = 'llave de prueba, con ñ y bastante larga';
const now = () => Math.floor(Date.now() / 1000);
const part = (x) => Buffer.from(typeof x === 'string' ? x : JSON.stringify(x)).toString('base64url');
const HEAD = { alg: 'HS256', typ: 'JWT' };
const made = [];
let house;
let ids;
let suspended;

function sign(head, claims, { key = KEY, hash = 'sha256' } = {}) {
  const text = `${part(head)}.${part(claims)}`;
  const token = `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
  made.push(token);
  return token;
}

const mail = (id) => `p${id}@upred.example`;
const token = (id, more = {}, options = {}) => sign(HEAD, { sub: mail(id), exp: now() + 600, ...more }, options);
const enter = (options) => house.connect(undefined, options);

// What a CONNECT ends as: the welcome, or the refusal's object.
function knock(options) {
  const socket = clients.open(house.relayUrl, undefined, { transports: ['websocket'], ...options });
  return new Promise((resolve) => {
    socket.once('connect_error', (e) => { socket.close(); resolve({ message: e.message, data: e.data }); });
    socket.next('connected').then((welcome) => { socket.close(); resolve(welcome); }, () => {});
  });
}

test('a house that wants tokens, and its people', async () => {
  house = await House.start({ AUTH_MODE: 'token', SECRET_KEY: KEY, LOG_LEVEL: 'trace' });
  ids = await cast(house, 4);
  suspended = ids[3];
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [suspended]);
}, 120000);

test('a token opens every door', async () => {
  const good = token(ids[0]);
  for (const options of [{ auth: { token: good } }, { query: { token: good } }, { extraHeaders: { Authorization: `Bearer ${good}` } },
    { auth: { token: good }, query: { user_id: ids[0] } }, { auth: { token: good, user_id: Number(ids[0]) } }]) {
    assert.equal((await knock(options)).user_id, ids[0], JSON.stringify(options));
  }
  for (const version of [2, 3]) {
    const socket = await enter({ version, query: { token: good } });
    assert.equal(socket.welcome.user_id, ids[0]);
  }
  const rest = await house.api('GET', '/api/mensajes/salas', { headers: { Authorization: `Bearer ${good}` } });
  assert.equal(rest.status, 200, rest.text);
});

test('identity from headers and queries is nothing in this mode', async () => {
  const good = token(ids[0]);
  for (const options of [{ query: { user_id: ids[0] } }, { auth: { user_id: ids[0] } }, {},
    { query: { user_id: ids[1], token: good } }, { auth: { token: good, user_id: ids[1] } }, { auth: { token: good }, query: { user_id: 'x' } }]) {
    assert.deepEqual((await knock(options)).data, { code: 'unauthorized' }, JSON.stringify(options));
  }
  const status = async (where, headers) => (await house.api('GET', where, { headers })).status;
  assert.equal(await status('/api/mensajes/salas', { 'X-User-Id': ids[0] }), 401);
  assert.equal(await status(`/api/mensajes/salas?user_id=${ids[0]}`, {}), 401);
  assert.equal(await status(`/api/mensajes/salas?token=${good}`, {}), 401);
  const both = { Authorization: `Bearer ${good}`, 'X-User-Id': ids[1] };
  assert.equal(await status('/api/mensajes/salas', both), 200);
  assert.equal(await status(`/api/mensajes/salas?user_id=${ids[0]}`, both), 200);
  assert.equal(await status(`/api/mensajes/salas?user_id=${ids[1]}`, both), 401);
  // the room that the other one sees is the token's, not the header's
  const { json } = await house.api('POST', `/api/mensajes/directo/${ids[2]}`, { headers: both, body: { contenido: 'x' } });
  assert.equal(String(json.remitente_id), ids[0]);
});

// name, token: none of them is anybody's
function bad() {
  const sub = mail(ids[0]);
  const exp = now() + 600;
  const [h, c, s] = token(ids[0]).split('.');
  const raw = (claims, head = HEAD) => sign(head, claims);
  return [
    ['no token', undefined], ['empty', ''], ['a word', 'x'], ['two parts', `${h}.${c}`], ['four parts', `${h}.${c}.${s}.${s}`],
    ['dots', '..'], ['no signature', `${h}.${c}.`], ['no claims', `${h}..${s}`], ['no header', `.${c}.${s}`],
    ['blank before', ` ${h}.${c}.${s}`], ['blank behind', `${h}.${c}.${s} `], ['padding', `${h}.${c}.${s}=`],
    ['a line behind', `${h}.${c}.${s}\n`], ['quotes', `"${h}.${c}.${s}"`], ['Bearer twice', `Bearer ${h}.${c}.${s}`],
    ['base64, not base64url', `${h}.${c}.${s.replaceAll('-', '+').replaceAll('_', '/')}+`],
    ['a cut signature', `${h}.${c}.${s.slice(0, -4)}`], ['a longer signature', `${h}.${c}.${s}AAAA`],
    ['an altered signature', `${h}.${c}.${s[0] === 'A' ? 'B' : 'A'}${s.slice(1)}`],
    ['altered claims', `${h}.${part({ sub: mail(ids[1]), exp })}.${s}`],
    ['another key', token(ids[0], {}, { key: 'otra' })], ['an empty key', token(ids[0], {}, { key: '' })],
    ['alg none', `${part({ alg: 'none' })}.${c}.`], ['alg none, signed', raw({ sub, exp }, { alg: 'none' })],
    ['alg None', raw({ sub, exp }, { alg: 'None' })], ['alg hs256', raw({ sub, exp }, { alg: 'hs256' })],
    ['alg HS512', sign({ alg: 'HS512' }, { sub, exp }, { hash: 'sha512' })], ['alg HS384', sign({ alg: 'HS384' }, { sub, exp }, { hash: 'sha384' })],
    ['alg RS256', raw({ sub, exp }, { alg: 'RS256' })], ['alg ES256', raw({ sub, exp }, { alg: 'ES256' })],
    ['alg is a list', raw({ sub, exp }, { alg: ['HS256'] })], ['no alg', raw({ sub, exp }, { typ: 'JWT' })],
    ['alg twice', raw({ sub, exp }, '{"alg":"HS256","alg":"none"}')], ['crit', raw({ sub, exp }, { ...HEAD, crit: ['b64'] })],
    ['expired', raw({ sub, exp: now() - 1 })], ['expired now', raw({ sub, exp: now() })], ['no exp', raw({ sub })],
    ['exp a text', raw({ sub, exp: String(exp) })], ['exp a fraction of the past', raw({ sub, exp: now() - 0.5 })], ['exp null', raw({ sub, exp: null })],
    ['exp an exponent of the past', raw(`{"sub":"${sub}","exp":1e9}`)], ['exp too large', raw(`{"sub":"${sub}","exp":99999999999999999999}`)],
    ['exp negative', raw({ sub, exp: -exp })], ['exp twice', raw(`{"sub":"${sub}","exp":1,"exp":${exp}}`)],
    ['exp twice, spelled', raw(`{"sub":"${sub}","exp":${exp},"\\u0065xp":${exp}}`)], ['sub twice', raw(`{"sub":"x","sub":"${sub}","exp":${exp}}`)],
    ['nbf in the future', raw({ sub, exp, nbf: now() + 300 })], ['nbf a text', raw({ sub, exp, nbf: '1' })],
    ['no sub', raw({ exp })], ['sub empty', raw({ sub: '', exp })], ['sub a number', raw({ sub: Number(ids[0]), exp })],
    ['sub the id', raw({ sub: ids[0], exp })], ['sub nobody', raw({ sub: 'nadie@upred.example', exp })],
    ['sub in capitals', raw({ sub: sub.toUpperCase(), exp })], ['sub with a blank', raw({ sub: `${sub} `, exp })],
    ['sub of somebody suspended', token(suspended)], ['sub with SQL', raw({ sub: "' OR 1=1 -- ", exp })],
    ['claims a list', raw([sub, exp])], ['claims cut', raw('{"sub":"')], ['claims not JSON', raw(`{sub:"${sub}"}`)],
    ['claims with a comma more', raw(`{"sub":"${sub}","exp":${exp},}`)], ['header a list', raw({ sub, exp }, '[]')],
    ['deep claims', raw(`{"sub":"${sub}","exp":${exp},"x":${'['.repeat(64)}${']'.repeat(64)}}`)],
    ['huge', token(ids[0], { x: 'x'.repeat(5000) })],
  ];
}

test('bad tokens are nobody, on sockets and in REST', async () => {
  const list = bad();
  assert.ok(list.length >= 50, String(list.length));
  for (const [name, text] of list) {
    const refused = await knock({ auth: text === undefined ? {} : { token: text } });
    assert.deepEqual(refused.data, { code: 'unauthorized' }, name);
    assert.equal(refused.message, 'No autorizado', name);
    if (text !== undefined && /[\n]/.test(text)) continue;
    const rest = await house.api('GET', '/api/mensajes/salas', { headers: text === undefined ? {} : { Authorization: `Bearer ${text}` } });
    // blanks around a header's value are not part of it
    if (name === 'blank behind') continue;
    assert.equal(rest.status, 401, `${name}: ${rest.text}`);
    assert.equal(rest.headers['www-authenticate'], 'Bearer');
    assert.equal(rest.json.code, 'unauthorized');
  }
  for (const other of [5, true, {}, ['x'], 0]) {
    const good = token(ids[0]);
    assert.deepEqual((await knock({ auth: { token: other }, query: { token: good } })).data, { code: 'unauthorized' }, String(other));
  }
  const good = token(ids[0]);
  assert.deepEqual((await knock({ auth: { token: 'x' }, query: { token: good } })).data, { code: 'unauthorized' });
  for (const header of [`Basic ${good}`, good, 'Bearer', `Token ${good}`]) {
    assert.equal((await house.api('GET', '/api/mensajes/salas', { headers: { Authorization: header } })).status, 401, header);
  }
}, 120000);

test('the end of the token is the end of the session', async () => {
  const exp = now() + 3;
  const socket = await enter({ auth: { token: token(ids[0], { exp }) } });
  const error = await socket.next('error', undefined, 6000);
  assert.equal(error.code, 'unauthorized');
  assert.ok(Date.now() / 1000 >= exp && Date.now() / 1000 < exp + 1.5);
  await pause(200);
  assert.equal(socket.connected, false);
  assert.equal((await knock({ auth: { token: made[made.length - 1] } })).data.code, 'unauthorized');
});

test('a newer token prolongs it; a bad one, or somebody else\'s, changes nothing', async () => {
  const exp = now() + 4;
  const socket = await enter({ auth: { token: token(ids[0], { exp }) } });
  const other = await enter({ auth: { token: token(ids[1], { exp: now() + 4 }) } });
  assert.deepEqual(await socket.call('refresh_token', { token: token(ids[0], { exp: now() + 60 }) }), { status: 'ok' });
  for (const [payload, message, code] of [[{ token: token(ids[0]) }, 'No autorizado', 'unauthorized'],
    [{ token: token(ids[1], { exp: now() - 1 }) }, 'No autorizado', 'unauthorized'], [{ token: 'x' }, 'No autorizado', 'unauthorized'],
    [{ token: 7 }, 'No autorizado', 'unauthorized'], [{}, 'token es requerido', 'bad_request'],
    ['x', 'Payload inválido para refresh_token', 'bad_request']]) {
    assert.deepEqual(await other.call('refresh_token', payload), { message, code });
    assert.deepEqual(await other.next('error'), { message, code });
  }
  await other.next('error', { message: 'Tu sesión ha expirado' }, 6000);
  await pause(1500);
  assert.ok(socket.connected);
  assert.equal(other.connected, false);
  assert.equal((await socket.call('load_rooms', {})).status, 'ok');
  assert.deepEqual(await socket.call('refresh_token', { token: token(ids[0], { exp: now() + 2 }) }), { status: 'ok' });
  await socket.next('error', { code: 'unauthorized' }, 5000);
}, 30000);

test('a token with an end far away is one of today', async () => {
  const socket = await enter({ auth: { token: token(ids[0], { exp: 9007199254740991 }) } });
  await pause(300);
  assert.ok(socket.connected);
});

test('who is suspended meanwhile is out, whatever his token says', async () => {
  const socket = await enter({ auth: { token: token(ids[2]) } });
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [ids[2]]);
  await socket.next('error', { code: 'unauthorized' }, 5000);
  await pause(100);
  assert.equal(socket.connected, false);
  await house.rows("UPDATE usuarios SET estado = 'activo' WHERE id = ?", [ids[2]]);
});

test('nobody sends messages of type sistema', async () => {
  const socket = await enter({ auth: { token: token(ids[0]) } });
  const { sala_uuid } = await joinDirect(socket, ids[1]);
  const refused = await socket.call('send_message', words(sala_uuid, ids[0], 'x', { message_type: 'sistema' }));
  assert.equal(refused.code, 'forbidden');
  await say(socket, words(sala_uuid, ids[0], 'Texto muy secreto'));
});

test('make-token makes one that opens the door', async () => {
  const env = { ...process.env, AUTH_MODE: 'token', SECRET_KEY: KEY, DB_USER: 'x', DB_NAME: 'x' };
  const run = (...args) => execFileSync(path.join(BUILD, 'bin/upred-api'), ['make-token', ...args], { env, encoding: 'utf8', stdio: 'pipe' }).trim();
  const text = run(mail(ids[1]));
  made.push(text);
  assert.equal((await knock({ auth: { token: text } })).user_id, ids[1]);
  const claims = JSON.parse(Buffer.from(run(mail(ids[1]), '60').split('.')[1], 'base64url'));
  assert.ok(Math.abs(claims.exp - now() - 60) < 3);
  assert.throws(() => run());
  assert.throws(() => run(mail(ids[1]), '-1'));
});

test('no log holds a token or a message', async () => {
  const logs = fs.readdirSync(path.join(house.runDir, 'log')).map((f) => fs.readFileSync(path.join(house.runDir, 'log', f), 'utf8')).join('');
  const more = fs.readdirSync(house.runDir).filter((f) => f.endsWith('.log')).map((f) => fs.readFileSync(path.join(house.runDir, f), 'utf8')).join('');
  const all = logs + more;
  assert.ok(all.length > 1000);
  for (const text of made) {
    const signature = text.split('.')[2] || '';
    if (signature.length > 20) assert.ok(!all.includes(signature), `a token's signature in a log`);
  }
  assert.ok(!all.includes('secreto'));
  assert.ok(!all.includes(KEY));
});

atEnd(() => house && house.stop());
