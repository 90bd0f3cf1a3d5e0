'use strict';
// Messages that their author changes or takes back, by event and by REST; nobody else can, and the room hears it.
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say, ISO } = require('./cast');

let house;
let ids;
let club;
let ana;
let ana2;
let luis;
let room;

test('two people, one with two devices, and a group', async () => {
  house = await House.open();
  ids = await cast(house, 4);
  club = await group(house, [ids[0], ids[1]]);
  [ana, ana2, luis] = [await house.connect(ids[0]), await house.connect(ids[0]), await house.connect(ids[1])];
  room = (await joinDirect(ana, ids[1])).sala_uuid;
  await joinDirect(luis, ids[0]);
}, 120000);

const row = async (id) => (await house.rows(`SELECT contenido, editado_en IS NOT NULL AS e, eliminado_en IS NOT NULL AS d
  FROM mensajes WHERE id = ?`, [id]))[0];

test('an edit is acknowledged, stored and heard by everybody, joined or not', async () => {
  const { mensaje_id } = await say(ana, words(room, ids[0], 'hola'));
  const ack = await ana.call('edit_message', { mensaje_id: Number(mensaje_id), message: 'hola ñ 😀 "x"\n' });
  assert.deepEqual(ack, { status: 'edited', mensaje_id, sala_uuid: room });
  assert.deepEqual(await ana.next('ack', { status: 'edited' }), ack);
  for (const socket of [ana, ana2, luis]) {
    const heard = await socket.next('message_edited', { mensaje_id });
    assert.deepEqual(Object.keys(heard).sort(), ['editado_en', 'mensaje_id', 'message', 'sala_uuid']);
    assert.equal(heard.message, 'hola ñ 😀 "x"\n');
    assert.equal(heard.sala_uuid, room);
    assert.match(heard.editado_en, ISO);
  }
  const stored = await row(mensaje_id);
  assert.equal(stored.contenido, 'hola ñ 😀 "x"\n');
  assert.equal(Number(stored.e), 1);
  await pause(1300);
  for (const socket of [ana, ana2, luis]) {
    assert.equal(socket.all('message_edited', { mensaje_id }).length, 1);
    assert.equal(socket.all('receive_message', { mensaje_id }).length, 1);
  }
});

test('a message taken back is hidden from every list, and once is enough', async () => {
  const { mensaje_id } = await say(ana, words(room, ids[0], 'adiós'));
  const ack = await ana.call('delete_message', { mensaje_id });
  assert.deepEqual(ack, { status: 'deleted', mensaje_id, sala_uuid: room });
  for (const socket of [ana, ana2, luis]) {
    const heard = await socket.next('message_deleted', { mensaje_id });
    assert.deepEqual(Object.keys(heard).sort(), ['eliminado_en', 'mensaje_id', 'sala_uuid']);
    assert.match(heard.eliminado_en, ISO);
  }
  assert.equal((await ana.call('delete_message', { mensaje_id })).status, 'deleted');
  await luis.nothing('message_deleted', { mensaje_id }, 300);
  assert.equal((await ana.call('edit_message', { mensaje_id, message: 'x' })).code, 'not_found');
  const history = await luis.call('load_message_history', { sala_uuid: room });
  assert.ok(!history.messages.some((m) => m.mensaje_id === mensaje_id));
  assert.equal(Number((await row(mensaje_id)).d), 1);
});

test('two devices of the author take it back at one moment: it is told once', async () => {
  const gone = [];
  for (let i = 0; i < 20; i += 1) {
    const { mensaje_id } = await say(ana, words(room, ids[0], `uno ${i}`));
    const acks = await Promise.all([ana, ana2].map((socket) => socket.call('delete_message', { mensaje_id })));
    assert.deepEqual(acks.map((ack) => ack.status), ['deleted', 'deleted']);
    gone.push(mensaje_id);
  }
  const { mensaje_id: last } = await say(ana, words(room, ids[0], 'el último'));
  await luis.next('receive_message', { mensaje_id: last });  // what was told before it has come
  assert.deepEqual(gone.map((mensaje_id) => luis.all('message_deleted', { mensaje_id }).length), gone.map(() => 1));
});

test('the other one is told that he is not the author, a stranger nothing', async () => {
  const { mensaje_id } = await say(ana, words(room, ids[0], 'mío'));
  const eva = await house.connect(ids[3]);
  for (const [event, payload] of [['edit_message', { mensaje_id, message: 'x' }], ['delete_message', { mensaje_id }]]) {
    const other = await luis.call(event, payload);
    assert.deepEqual(other, { status: 'error', message: 'Solo el autor puede modificar este mensaje', code: 'not_author' });
    assert.deepEqual(await luis.next('ack', { status: 'error' }), other);
    for (const id of [mensaje_id, '9223372036854775807']) {
      assert.deepEqual(await eva.call(event, { ...payload, mensaje_id: id }),
        { status: 'error', message: 'Mensaje no encontrado', code: 'not_found' });
    }
  }
  assert.equal((await row(mensaje_id)).contenido, 'mío');
});

test('what is wrong with it is said', async () => {
  const { mensaje_id } = await say(ana, words(room, ids[0], 'z'));
  const refused = async (event, payload, message, code = 'bad_request') => assert.deepEqual(await ana.call(event, payload),
    { status: 'error', message, code });
  await refused('edit_message', 'x', 'Payload inválido');
  await refused('edit_message', {}, 'Faltan campos: mensaje_id, message');
  await refused('edit_message', { mensaje_id }, 'Faltan campos: message');
  await refused('edit_message', { message: 'x' }, 'Faltan campos: mensaje_id');
  await refused('edit_message', { mensaje_id: '01', message: 'x' }, 'Payload inválido');
  await refused('edit_message', { mensaje_id, message: 7 }, 'Payload inválido');
  await refused('edit_message', { mensaje_id, message: '' }, 'Faltan campos: message');
  await refused('edit_message', { mensaje_id, message: 'a\u0000b' }, 'El texto contiene caracteres no permitidos');
  assert.equal((await ana.call('edit_message', { mensaje_id, message: 'x'.repeat(65536) })).code, 'too_long');
  await refused('delete_message', {}, 'Faltan campos: mensaje_id');
  await refused('delete_message', { mensaje_id: 0 }, 'Payload inválido');
  const file = await say(ana, words(room, ids[0], 'foto', { url_archivo: 'u' }));
  assert.equal((await ana.call('edit_message', { mensaje_id: file.mensaje_id, message: '' })).status, 'edited');
});

test('the same by REST, heard by the sockets', async () => {
  const { mensaje_id } = await say(ana, words(room, ids[0], 'antes'));
  const where = `/api/mensajes/mensajes/${mensaje_id}`;
  const edited = await house.api('PUT', where, { user: ids[0], body: { contenido: 'después' } });
  assert.equal(edited.status, 200, edited.text);
  assert.equal(edited.json.contenido, 'después');
  assert.match(edited.json.editado_en, ISO);
  assert.equal((await luis.next('message_edited', { mensaje_id })).message, 'después');
  const status = async (method, path, options) => (await house.api(method, path, { user: ids[0], ...options })).status;
  const body = { contenido: 'x' };
  assert.equal(await status('PUT', where, { body, user: ids[1] }), 403);
  assert.equal(await status('PUT', where, { body, user: ids[3] }), 403);
  assert.equal(await status('PUT', '/api/mensajes/mensajes/9223372036854775807', { body }), 404);
  assert.equal(await status('PUT', where, { body: '{' }), 400);
  assert.equal(await status('PUT', where, { body: {} }), 400);
  assert.equal(await status('PUT', where, { body: { contenido: '' } }), 400);
  assert.equal(await status('PUT', where, { body: { contenido: 7 } }), 422);
  assert.equal(await status('PATCH', where, { body }), 405);
  assert.equal(await status('DELETE', where, { user: ids[1] }), 403);
  const gone = await house.api('DELETE', where, { user: ids[0] });
  assert.equal(gone.status, 200);
  assert.equal(typeof gone.json.message, 'string');
  await luis.next('message_deleted', { mensaje_id });
  assert.equal(await status('DELETE', where), 200);
  assert.equal(await status('PUT', where, { body }), 404);
});

test('in a group the room hears it; who left it may not any more', async () => {
  const { sala_uuid } = await joinGroup(ana, club);
  await joinGroup(luis, club);
  const { mensaje_id } = await say(luis, words(sala_uuid, ids[1], 'g', { type: 'grupal' }));
  await luis.call('edit_message', { mensaje_id, message: 'g2' });
  assert.equal((await ana.next('message_edited', { mensaje_id })).sala_uuid, sala_uuid);
  await house.rows("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = ? AND usuario_id = ?", [club, ids[1]]);
  assert.equal((await luis.call('delete_message', { mensaje_id })).code, 'not_found');
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${mensaje_id}`, { user: ids[1] })).status, 403);
});

test('who was just suspended changes nothing in the time that his socket still has', async () => {
  const { mensaje_id } = await say(ana, words(room, ids[0], 'queda'));
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [ids[0]]);
  const acks = [];
  for (const socket of [ana, ana2]) {
    socket.emit('edit_message', { mensaje_id, message: 'cambia' }, (ack) => acks.push(ack.code || ack.status));
    socket.emit('delete_message', { mensaje_id }, (ack) => acks.push(ack.code || ack.status));
  }
  await ask(() => !ana.connected && !ana2.connected);
  assert.deepEqual(acks.filter((code) => code !== 'not_found'), []);
  const { contenido, d } = await row(mensaje_id);
  assert.deepEqual([contenido, Number(d)], ['queda', 0]);
});

atEnd(() => house && house.stop());
