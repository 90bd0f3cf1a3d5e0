'use strict';
// The other doors to the same store: send_message with `to`, send_direct_message, send_group_message, and REST. A direct
// message arrives before anybody ever opened the chat, once on each socket. A CGI program reads no more than its body.
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, atEnd, pause, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, ISO } = require('./cast');

let house;
let ids;
let club;
let ana;
let luis;
let luis2;

test('people who never opened a chat', async () => {
  house = await House.open();
  ids = await cast(house, 4);
  club = await group(house, [ids[0], ids[1]]);
  [ana, luis, luis2] = [await house.connect(ids[0]), await house.connect(ids[1]), await house.connect(ids[1])];
}, 120000);

async function arrives(mensaje_id, fields) {
  for (const socket of [ana, luis, luis2]) {
    const m = await socket.next('receive_message', { mensaje_id });
    for (const [k, v] of Object.entries(fields)) assert.deepEqual(m[k], v, k);
    assert.match(m.enviado_en, ISO);
  }
  await pause(200);
  for (const socket of [ana, luis, luis2]) assert.equal(socket.all('receive_message', { mensaje_id }).length, 1);
}

test('send_message with `to`', async () => {
  const ack = await ana.call('send_message', { ...words(undefined, ids[0], 'hola'), to: Number(ids[1]) });
  assert.equal(ack.status, 'sent', JSON.stringify(ack));
  await arrives(ack.mensaje_id, { message: 'hola', type: 'directo', from: ids[0], sala_uuid: ack.sala_uuid });
  assert.equal((await joinDirect(luis, ids[0])).sala_uuid, ack.sala_uuid);
});

test('send_direct_message', async () => {
  const payload = { sender_id: ids[0], recipient_id: ids[1], content: 'dos', type: 'imagen', file_url: 'u', timestamp: 'ayer' };
  const ack = await ana.call('send_direct_message', payload);
  assert.equal(ack.status, 'sent', JSON.stringify(ack));
  assert.equal(ack.message_type, 'imagen');
  assert.equal(ack.type, 'directo');
  await arrives(ack.mensaje_id, { message: 'dos', url_archivo: 'u', message_type: 'imagen', timestamp: 'ayer' });
  const bare = await ana.call('send_direct_message', { sender_id: ids[0], recipient_id: ids[1], file_url: 'solo' });
  assert.equal(bare.status, 'sent', JSON.stringify(bare));
  await arrives(bare.mensaje_id, { url_archivo: 'solo', message_type: 'texto' });
});

test('send_group_message, and send_message with `to` a group', async () => {
  await joinGroup(luis, club);
  const one = await ana.call('send_group_message', { sender_id: ids[0], group_id: club, content: 'grupo' });
  assert.equal(one.status, 'sent', JSON.stringify(one));
  assert.equal(one.type, 'grupal');
  assert.equal((await luis.next('receive_message', { mensaje_id: one.mensaje_id })).message, 'grupo');
  const two = await ana.call('send_message', { ...words(undefined, ids[0], 'g2', { type: 'grupal' }), to: club });
  assert.equal(two.sala_uuid, one.sala_uuid);
  await luis.next('receive_message', { mensaje_id: two.mensaje_id });
  await luis2.nothing('receive_message', { mensaje_id: two.mensaje_id }, 200);
});

test('their errors are error events', async () => {
  for (const [event, payload, code] of [
    ['send_direct_message', { sender_id: ids[1], recipient_id: ids[1], content: 'x' }, 'forbidden'],
    ['send_direct_message', { sender_id: ids[0], recipient_id: ids[1] }, 'bad_request'],
    ['send_group_message', { sender_id: ids[0], group_id: '4611686018427387904', content: 'x' }, 'not_member'],
    ['send_group_message', { sender_id: ids[0], content: 'x' }, 'bad_request']]) {
    const answer = await ana.call(event, payload);
    assert.equal(answer.code, code, `${event} ${JSON.stringify(answer)}`);
    assert.equal((await ana.next('error')).message, answer.message);
  }
});

test('POST to a person and to a room', async () => {
  const one = await house.api('POST', `/api/mensajes/directo/${ids[1]}`, { user: ids[0], body: { contenido: 'por REST ñ😀' } });
  assert.equal(one.status, 201, one.text);
  assert.equal(one.json.contenido, 'por REST ñ😀');
  assert.equal(one.json.metadatos, null);
  await arrives(String(one.json.id), { message: 'por REST ñ😀', from: ids[0], type: 'directo' });
  const body = { url_archivo: 'x', tipo_mensaje: 'archivo', metadatos: { peso: 7, nombre: 'á' } };
  const two = await house.api('POST', `/api/mensajes/salas/${one.json.sala_chat_id}/mensajes`, { user: ids[1], body });
  assert.equal(two.status, 201, two.text);
  assert.equal(two.json.metadatos.peso, 7);
  await arrives(String(two.json.id), { url_archivo: 'x', message_type: 'archivo', from: ids[1] });
});

test('a POST is heard within 300 ms', async () => {
  for (let i = 0; i < 5; i += 1) {
    const start = Date.now();
    const { json } = await house.api('POST', `/api/mensajes/directo/${ids[1]}`, { user: ids[0], body: { contenido: `r${i}` } });
    await luis.next('receive_message', { mensaje_id: String(json.id) });
    const entry = luis.heard.find((e) => e.args[0] && e.args[0].mensaje_id === String(json.id));
    assert.ok(entry.at - start < 300, `${entry.at - start} ms`);
  }
});

test('rooms by REST, and what REST refuses', async () => {
  const direct = await house.api('POST', `/api/mensajes/salas/directa/${ids[2]}`, { user: ids[0] });
  assert.ok([200, 201].includes(direct.status), direct.text);
  assert.equal(direct.json.tipo_sala, 'directo');
  const again = await house.api('POST', `/api/mensajes/salas/directa/${ids[0]}`, { user: ids[2] });
  assert.equal(again.json.id, direct.json.id);
  const grupal = await house.api('POST', `/api/mensajes/salas/grupal/${club}`, { user: ids[0] });
  assert.equal(grupal.json.grupo_id, Number(club));
  const status = async (method, where, options) => {
    const answer = await house.api(method, `/api/mensajes/${where}`, { user: ids[0], ...options });
    assert.equal(typeof answer.json.detail, 'string', answer.text);
    assert.equal(typeof answer.json.code, 'string');
    return answer.status;
  };
  assert.equal(await status('POST', `salas/directa/${ids[0]}`), 400);
  assert.equal(await status('POST', 'salas/directa/9223372036854775807'), 404);
  assert.equal(await status('POST', `directo/${ids[0]}`, { body: { contenido: 'x' } }), 400);
  assert.equal(await status('POST', `salas/grupal/${club}`, { user: ids[3] }), 403);
  assert.equal(await status('POST', 'salas/grupal/4611686018427387904'), 404);
  const where = `salas/${direct.json.id}/mensajes`;
  assert.equal(await status('POST', where, { body: '{no' }), 400);
  assert.equal(await status('POST', where, { body: {} }), 400);
  assert.equal(await status('POST', where, { body: { contenido: '' } }), 400);
  assert.equal(await status('POST', where, { body: { contenido: 7 } }), 422);
  assert.equal(await status('POST', where, { body: { contenido: 'x', tipo_mensaje: 'video' } }), 422);
  assert.equal(await status('POST', where, { body: { contenido: 'x', metadatos: [1] } }), 422);
  assert.equal(await status('POST', where, { body: { contenido: 'x' }, user: ids[3] }), 403);
  assert.equal(await status('POST', where, { body: 'x=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }), 415);
  assert.equal(await status('POST', where, { body: { contenido: 'x'.repeat(1100000) } }), 413);
  assert.equal(await status('DELETE', 'salas'), 405);
  assert.equal(await status('GET', 'nada'), 404);
});

// One request to the handlers as a CGI program whose standard input nobody closes; its whole answer.
function cgi(method, where, input, more) {
  return new Promise((resolve) => {
    const program = spawn(process.env.API_BIN || path.join(BUILD, 'bin/upred-api'), [], { env: { ...process.env, ...house.env,
      RUN_DIR: house.env.BUS_DIR, AUTH_MODE: 'open', GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: method,
      REQUEST_URI: `/api/mensajes/${where}`, HTTP_X_USER_ID: ids[0], ...more } });
    const end = setTimeout(() => program.kill('SIGKILL'), 10000);
    let out = '';
    program.stdout.on('data', (d) => { out += d; });
    program.stdout.on('end', () => { clearTimeout(end); program.stdin.destroy(); resolve(out); });
    program.stdin.on('error', () => {});
    program.stdin.write(input);
  });
}

test('as CGI the body ends at its length, not with the input', async () => {
  assert.match(await cgi('GET', 'salas', ''), /^Status: 200/);
  assert.match(await cgi('GET', 'salas', '', { CONTENT_LENGTH: '' }), /^Status: 200/);
  const body = JSON.stringify({ contenido: 'por CGI ñ' });
  const more = { CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(Buffer.byteLength(body)) };
  const out = await cgi('POST', `directo/${ids[1]}`, `${body}GET / HTTP/1.1`, more);
  assert.match(out, /^Status: 201/);
  await arrives(String(JSON.parse(out.split('\r\n\r\n')[1]).id), { message: 'por CGI ñ', from: ids[0], type: 'directo' });
}, 40000);

atEnd(() => house && house.stop());
