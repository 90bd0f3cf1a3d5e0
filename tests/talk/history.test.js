'use strict';
// What was said can be read again: by socket and by REST, oldest first, in pages, without deleted messages, with the
// same fields; and the list of my rooms.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say, UUID, ISO } = require('./cast');

let house;
let me;
let other;
let third;
let ana;
let room;
let number;
const ids = [];

const load = async (more) => ana.call('load_message_history', { sala_uuid: room, ...more });
const texts = (answer) => answer.messages.map((m) => m.message);
const get = (where, user = me) => house.api('GET', `/api/mensajes/${where}`, { user });

test('a room with sixty messages, one of them deleted', async () => {
  house = await House.open();
  [me, other, third] = await cast(house, 3);
  ana = await house.connect(me);
  const luis = await house.connect(other);
  const joined = await joinDirect(ana, other);
  room = joined.sala_uuid;
  number = joined.sala_chat_id;
  for (let i = 0; i < 60; i += 1) {
    ids.push((await say(i % 2 ? luis : ana, words(room, i % 2 ? other : me, `m${i}`))).mensaje_id);
  }
  await house.rows('UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = ?', [ids[30]]);
}, 120000);

test('the newest fifty, oldest first', async () => {
  const answer = await load({});
  assert.equal(answer.status, 'ok');
  assert.equal(answer.sala_uuid, room);
  assert.equal(answer.message_count, 50);
  assert.equal(answer.messages.length, 50);
  assert.equal(answer.messages[0].message, 'm9');
  assert.equal(answer.messages[49].message, 'm59');
  assert.ok(!texts(answer).includes('m30'));
  assert.deepEqual(await ana.next('message_history_loaded'), answer);
  const m = answer.messages[49];
  assert.match(m.enviado_en, ISO);
  assert.match(m.mensaje_uuid, UUID);
  assert.deepEqual({ ...m, enviado_en: '', mensaje_uuid: '', id: 0 }, { id: 0, mensaje_id: ids[59], mensaje_uuid: '', sala_uuid: room,
    from: other, sender_name: 'Rosa Ñúñez', sender_email: `p${other}@upred.example`, message: 'm59', type: 'directo',
    message_type: 'texto', url_archivo: null, timestamp: '2026-02-25T10:00:00.000Z', enviado_en: '' });
  assert.equal(String(m.id), ids[59]);
});

test('limits, before and after', async () => {
  assert.deepEqual(texts(await load({ limit: 3 })), ['m57', 'm58', 'm59']);
  assert.equal((await load({ limit: 1000 })).message_count, 59);
  assert.deepEqual(texts(await load({ limit: 2, before: ids[5] })), ['m3', 'm4']);
  assert.deepEqual(texts(await load({ limit: 2, after: ids[5] })), ['m6', 'm7']);
  assert.equal((await load({ after: ids[59] })).message_count, 0);
});

test('the same over REST, by uuid and by number', async () => {
  const page = await get(`salas/${room}/mensajes?limit=3`);
  assert.equal(page.status, 200);
  assert.deepEqual(page.json.map((m) => m.contenido), ['m57', 'm58', 'm59']);
  const m = page.json[2];
  assert.deepEqual(Object.keys(m).sort(), ['contenido', 'editado_en', 'eliminado_en', 'enviado_en', 'id', 'mensaje_uuid',
    'metadatos', 'remitente', 'remitente_id', 'sala_chat_id', 'sala_uuid', 'tipo_mensaje', 'url_archivo']);
  assert.equal(m.id, Number(ids[59]));
  assert.equal(m.sala_chat_id, number);
  assert.equal(m.remitente_id, Number(other));
  assert.equal(m.metadatos.client_timestamp, '2026-02-25T10:00:00.000Z');
  assert.deepEqual(m.remitente, { id: Number(other), nombre: 'Rosa', apellido_paterno: 'Ñúñez', apellido_materno: null,
    foto_perfil_url: null });
  const contents = async (query) => (await get(`salas/${number}/mensajes?${query}`)).json.map((x) => x.contenido);
  assert.deepEqual(await contents('limit=2&skip=1'), ['m57', 'm58']);
  assert.deepEqual(await contents(`limit=2&after=${ids[5]}`), ['m6', 'm7']);
  assert.deepEqual(await contents(`limit=2&before=${ids[5]}`), ['m3', 'm4']);
  assert.deepEqual(await contents('limit=1&after=0'), ['m0']);
  assert.deepEqual(await contents('after=9223372036854775807'), []);
  assert.equal((await contents('')).length, 50);
});

test('bad pages and other people\'s rooms', async () => {
  for (const query of ['limit=0', 'limit=101', 'limit=', 'limit=x', 'skip=-1', `after=1&before=2`, 'after=1&skip=1']) {
    assert.equal((await get(`salas/${room}/mensajes?${query}`)).status, 422, query);
  }
  assert.equal((await get(`salas/${room}/mensajes`, third)).status, 403);
  assert.equal((await get(`salas/${room}`, third)).status, 403);
  assert.equal((await get('salas/no-hay/mensajes')).status, 404);
  assert.equal((await get(`salas/${room.toUpperCase()}`)).status, 404);
  const none = await house.api('GET', '/api/mensajes/salas');
  assert.equal(none.status, 401);
  assert.equal(none.headers['www-authenticate'], 'Bearer');
});

test('polling is cheap: ETag and 304, and access is looked at first', async () => {
  const where = `salas/${room}/mensajes?after=${ids[55]}`;
  const page = await get(where);
  assert.deepEqual(page.json.map((m) => m.contenido), ['m56', 'm57', 'm58', 'm59']);
  assert.ok(Number(page.headers['x-poll-interval']) > 0);
  const again = await house.api('GET', `/api/mensajes/${where}`, { user: me, headers: { 'If-None-Match': page.headers.etag } });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
  const stranger = await house.api('GET', `/api/mensajes/${where}`, { user: third, headers: { 'If-None-Match': page.headers.etag } });
  assert.equal(stranger.status, 403);
});

test('my rooms, latest activity first, with the last message and what is unread', async () => {
  const club = await group(house, [other, me]);
  const luis = await house.connect(other);
  const joined = await joinGroup(luis, club);
  await house.rows('UPDATE salas_chat SET actualizado_en = CURRENT_TIMESTAMP - INTERVAL 1 HOUR WHERE sala_uuid = ?', [room]);
  await say(luis, words(joined.sala_uuid, other, 'al grupo', { type: 'grupal' }));
  const { json } = await get('salas');
  assert.equal(json.length, 2);
  assert.deepEqual(Object.keys(json[0]).filter((k) => k !== 'no_leidos').sort(), ['actualizado_en', 'creado_en', 'grupo_id', 'id',
    'sala_uuid', 'tipo_sala', 'ultimo_mensaje', 'usuario_a_id', 'usuario_b_id']);
  assert.equal(json[0].tipo_sala, 'grupal');
  assert.equal(json[0].grupo_id, Number(club));
  assert.equal(json[0].usuario_a_id, null);
  assert.equal(json[0].ultimo_mensaje.contenido, 'al grupo');
  assert.equal(json[0].no_leidos, 1);
  assert.equal(json[1].sala_uuid, room);
  assert.equal(json[1].ultimo_mensaje.contenido, 'm59');
  assert.equal(json[1].no_leidos, 30);
  const one = await get(`salas/${number}`);
  assert.equal(one.json.sala_uuid, room);
  assert.deepEqual((await get('salas', third)).json, []);
});

// A client that counts by `skip` takes a short page for the end.
test('long messages do not shorten a page', async () => {
  const luis = await house.connect(other);
  const { sala_uuid: long } = await joinDirect(luis, third);
  const text = (i) => `${String(i).padStart(2, '0')}${'x'.repeat(64990)}`;
  for (let i = 0; i < 14; i += 1) await say(luis, words(long, other, text(i)));
  const page = async (query) => (await get(`salas/${long}/mensajes${query}`, other)).json.map((m) => Number(m.contenido.slice(0, 2)));
  assert.deepEqual(await page('?limit=10'), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  assert.deepEqual(await page('?limit=10&skip=10'), [0, 1, 2, 3]);
}, 60000);

// Each is told twice, as event and as acknowledgement, and a poller fetches it all at once.
test('pages that the caller asked for do not count as slowness', async () => {
  for (const version of [2, 4]) {
    const luis = await house.connect(other, { version, transports: ['polling'] });
    const { sala_uuid: long } = await joinDirect(luis, third);
    const { id } = luis;
    const answers = await Promise.all([luis.call('load_message_history', { sala_uuid: long }),
      luis.call('load_missed_messages', { after: 0 }), luis.call('load_message_history', { sala_uuid: long, limit: 9 })]);
    for (const answer of answers) assert.ok(answer.messages.length >= 7, JSON.stringify(answer).slice(0, 200));
    await luis.next('missed_messages_loaded');
    assert.equal(luis.id, id, 'the connection was kept');
    luis.close();
  }
}, 60000);

// A control character is one byte in the table and six in JSON.
test('nor do pages of messages that are six times as long as JSON', async () => {
  const luis = await house.connect(other, { transports: ['polling'] });
  const { sala_uuid: wild, sala_chat_id: at } = await joinDirect(luis, (await cast(house, 1))[0]);
  await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
    SELECT UUID(), ?, ?, REPEAT(CHAR(1), 65535) FROM seq_1_to_12`, [at, other]);
  const { id } = luis;
  const pages = await Promise.all([luis.call('load_message_history', { sala_uuid: wild }),
    luis.call('load_missed_messages', { after: ids[59] })]);
  for (const page of pages) {
    assert.equal(page.truncated, true);
    assert.ok(JSON.stringify(page).length < 600000, `${JSON.stringify(page).length} bytes`);
  }
  assert.equal(pages[0].messages[0].message, '\u0001'.repeat(65535));
  assert.equal(luis.id, id, 'the connection was kept');
  luis.close();
  const rest = await get(`salas/${at}/mensajes`, other);
  assert.equal(rest.json.length, 12);
  assert.equal(rest.headers['x-truncated'], undefined);
}, 60000);

test('every room is in the list, however many there are and however long their last words', async () => {
  await house.rows(`INSERT INTO usuarios (nombre, apellido_paterno, correo_institucional, hash_contrasena)
    SELECT 'Mil', seq, CONCAT('mil', seq, '@upred.example'), '-' FROM seq_1_to_1001`);
  await house.rows(`INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id)
    SELECT UUID(), 'directo', ?, id FROM usuarios WHERE nombre = 'Mil'`, [third]);
  await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
    SELECT UUID(), id, usuario_b_id, REPEAT('"', 65000) FROM salas_chat WHERE usuario_a_id = ? ORDER BY id LIMIT 12`, [third]);
  const eva = await house.connect(third);
  const answer = await eva.call('load_rooms', {}, 20000);
  assert.equal(answer.rooms.length, 1000);
  assert.equal(answer.truncated, true);
  const said = answer.rooms.filter((r) => r.ultimo_mensaje);
  assert.ok(said.length >= 1 && said.length < 13, `${said.length} newest messages`);
  const { json, headers } = await get('salas', third);
  assert.equal(json.length, 1002);
  assert.equal(json.filter((r) => r.ultimo_mensaje).length, 13);
  assert.equal(headers['x-truncated'], undefined);
}, 60000);

atEnd(() => house && house.stop());
