'use strict';
// timeout: 400
// The answer to COMMIT is lost, and lost again at every further attempt: the message is stored and nobody could look. A
// refusal says then that the outcome is unknown, at every door; the repeat settles it.
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { Rest } = require('../lib/documents');
const { cast, joinDirect, words } = require('../talk/cast');
const { build, Steps } = require('./hooks');

const TRIES = 2;                       // of a transaction whose connection is lost
const ATTEMPTS = 2;                    // of a command on the bus

const steps = {};
const rules = new Rest();
let bins;
let house;
let ids;
let ana;
let luis;
let room;
atEnd(async () => { if (house) await house.stop(); });

const stored = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text])).length;
const arm = (part, times) => steps[part].arm('store.committed', 'fail', { times });

async function heardOnce(message) {
  for (const socket of [ana, luis]) await socket.next('receive_message', { message });
  await luis.nothing('receive_message', { message }, 1300);
}

test('a house with steps, Ana and Luis', async () => {
  bins = build();
  house = await House.start({ ...bins, BUS_WORKERS: 1, FCGI_WORKERS: 1 });
  for (const part of ['bus', 'fcgi', 'cgi']) steps[part] = new Steps(path.join(house.runDir, 'steps', part));
  for (const part of ['bus', 'fcgi']) {
    await house.stopPart(part);
    await house.startPart(part, { FAULT_DIR: steps[part].folder });
  }
  ids = await cast(house, 2);
  [ana, luis] = [await house.connect(ids[0]), await house.connect(ids[1])];
  room = (await joinDirect(ana, ids[1])).sala_uuid;
  await joinDirect(luis, ids[0]);
}, 280000);

test('on a socket', async () => {
  const message = words(room, ids[0], 'en duda', { client_id: 'en-duda' });
  arm('bus', TRIES * ATTEMPTS);
  const ack = await ana.call('send_message', message, 15000);
  assert.equal(ack.code, 'unavailable', JSON.stringify(ack));
  assert.equal(ack.outcome, 'unknown', JSON.stringify(ack));
  await steps.bus.met();
  assert.equal(await stored('en duda'), 1);
  const again = await ana.call('send_message', message);
  assert.equal(again.status, 'sent', JSON.stringify(again));
  assert.equal(await stored('en duda'), 1);
  await heardOnce('en duda');
}, 40000);

test('what comes next in its room is heard behind it', async () => {
  const texts = ['en duda también', 'enseguida'];
  arm('bus', TRIES * ATTEMPTS);
  const lost = await ana.call('send_message', words(room, ids[0], texts[0]), 15000);
  assert.equal(lost.outcome, 'unknown', JSON.stringify(lost));
  const ack = await luis.call('send_message', words(room, ids[1], texts[1]));
  assert.equal(ack.status, 'sent', JSON.stringify(ack));
  const order = [];
  for (const socket of [ana, luis]) {
    for (const message of texts) await socket.next('receive_message', { message });
    order.push(socket.all('receive_message', {}).map((m) => m.message).filter((m) => texts.includes(m)));
  }
  assert.deepEqual(order, [texts, texts]);
}, 40000);

const where = () => `/api/mensajes/salas/${room}/mensajes`;
const post = (text) => ({ user: ids[0], body: { contenido: text }, headers: { 'Idempotency-Key': text } });

test('by FastCGI; a question is only unavailable', async () => {
  arm('fcgi', TRIES);
  const answer = rules.answer('POST', where(), await house.api('POST', where(), post('por REST')));
  assert.equal(answer.status, 503);
  assert.equal(answer.json.outcome, 'unknown', answer.text);
  assert.equal(await stored('por REST'), 1);
  assert.equal((await house.api('POST', where(), post('por REST'))).status, 200);
  await heardOnce('por REST');
  arm('fcgi', TRIES);
  const look = rules.answer('GET', where(), await house.api('GET', where(), { user: ids[0] }));
  assert.equal(look.status, 503);
  assert.equal(look.json.outcome, undefined, look.text);
}, 40000);

// One request to the handlers as a CGI program; its whole answer.
function cgi(body, more) {
  return new Promise((resolve) => {
    const program = spawn(bins.API_BIN, [], { env: { ...process.env, ...house.env, RUN_DIR: house.env.BUS_DIR,
      AUTH_MODE: 'open', GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: 'POST', REQUEST_URI: where(), SCRIPT_NAME: '', PATH_INFO: where(),
      CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(Buffer.byteLength(body)), HTTP_X_USER_ID: ids[0], ...more } });
    let out = '';
    program.stdout.on('data', (d) => { out += d; });
    program.on('close', () => resolve(out));
    program.stdin.end(body);
  });
}

test('by CGI', async () => {
  const body = JSON.stringify({ contenido: 'por CGI' });
  arm('cgi', TRIES);
  const out = await cgi(body, { FAULT_DIR: steps.cgi.folder });
  assert.match(out, /^Status: 503/m);
  assert.match(out, /"outcome":"unknown"/);
  assert.equal(await stored('por CGI'), 1);
  await heardOnce('por CGI');
}, 30000);

test('a database that is away before anything was written is no doubt', async () => {
  await house.stopPart('db');
  const ack = await ana.call('send_message', words(room, ids[0], 'sin base'), 15000);
  assert.equal(ack.code, 'unavailable');
  assert.equal(ack.outcome, undefined, JSON.stringify(ack));
  const answer = await house.api('POST', where(), post('sin base por REST'));
  assert.equal(answer.status, 503);
  assert.equal(answer.json.outcome, undefined, answer.text);
  await house.startPart('db');
  await ask(async () => (await house.api('GET', where(), { user: ids[0] })).status === 200, 15000, 'an answer');
  assert.equal(await stored('sin base'), 0);
}, 60000);

test('what the first attempt did, whose COMMIT had no answer, is told by the second', async () => {
  const send = async (text) => (await house.api('POST', where(), post(text))).json.id;
  const first = await send('leído con duda');
  await send('leído con los demás');
  arm('fcgi', 1);
  assert.equal((await house.api('PUT', `/api/mensajes/mensajes/${first}/leer`, { user: ids[1] })).status, 200);
  await ana.next('message_read', { mensaje_id: String(first) });
  const unread = (await house.api('GET', '/api/mensajes/no-leidos/count', { user: ids[1] })).json.total_no_leidos;
  assert.ok(unread > 0);
  arm('fcgi', 1);
  const marked = await house.api('POST', `/api/mensajes/salas/${room}/marcar-leidos`, { user: ids[1] });
  assert.equal(marked.json.message, `${unread} mensajes marcados como leídos`);
  await ana.next('message_read', { user_id: ids[1] });
  const gone = await send('se borra con duda');
  arm('fcgi', 1);
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${gone}`, { user: ids[0] })).status, 200);
  await luis.next('message_deleted', { mensaje_id: String(gone) });
  await steps.fcgi.met();
}, 40000);

test('a second attempt is not counted as a second request', async () => {
  await house.stopPart('fcgi');
  await house.startPart('fcgi', { FAULT_DIR: steps.fcgi.folder, RATE_LIMITS: 'on' });
  const mark = () => house.api('PUT', '/api/mensajes/mensajes/1/leer', { user: ids[0] });
  let full;
  for (let asked = 0; !full && asked < 5000; asked += 50) {
    full = (await Promise.all(Array.from({ length: 50 }, mark))).find((answer) => answer.status === 429);
  }
  assert.ok(full, 'nothing was too fast');
  let answer = full;
  for (let i = 0; answer.status === 429 && i < 50; i++) {
    await pause(answer.json.retry_ms);   // one more request has room then
    arm('fcgi', 1);
    answer = await house.api('POST', where(), post('con la última ficha'));
    assert.equal(await stored('con la última ficha'), answer.status === 429 ? 0 : 1, answer.text);
  }
  assert.equal(answer.status, 201, answer.text);
}, 40000);
