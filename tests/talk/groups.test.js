'use strict';
// A group: who joins and leaves is told to those who are in it, members only, and what is said reaches who is there.
const { randomUUID } = require('node:crypto');
const { test, atEnd, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinGroup, words, say } = require('./cast');

let house;
let ids;
let club;
let room;
let ana;
let luis;
let eva;

test('three members, one of them with two devices, and an outsider', async () => {
  house = await House.open();
  ids = await cast(house, 5);
  club = await group(house, ids.slice(0, 3));
  await house.rows('INSERT INTO miembros_grupo (grupo_id, usuario_id, estado_membresia) VALUES (?, ?, ?)',
    [club, ids[4], 'pendiente']);
  [ana, luis, eva] = [await house.connect(ids[0]), await house.connect(ids[1]), await house.connect(ids[2])];
}, 120000);

test('joining is confirmed, and told to the others who are in', async () => {
  const joined = await joinGroup(ana, club);
  room = joined.sala_uuid;
  assert.equal(joined.status, 'ok');
  assert.equal(joined.room, `group_${room}`);
  assert.equal(typeof joined.sala_chat_id, 'number');
  assert.equal(typeof joined.cursor, 'string');
  await joinGroup(luis, Number(club));
  assert.deepEqual(await ana.next('user_joined_group'), { user_id: ids[1], group_id: club, sala_uuid: room });
  await luis.nothing('user_joined_group', undefined, 200);
});

test('joining again is confirmed and told to nobody', async () => {
  await joinGroup(luis, club);
  await ana.nothing('user_joined_group', undefined, 300);
});

test('only active members join', async () => {
  for (const id of [ids[3], ids[4]]) {
    const outsider = await house.connect(id);
    outsider.emit('join_group', { group_id: club });
    assert.deepEqual(await outsider.next('error'), { message: 'No eres miembro de este grupo', code: 'not_member' });
    outsider.close();
  }
  ana.emit('join_group', { group_id: '4611686018427387904' });
  assert.deepEqual(await ana.next('error'), { message: 'No eres miembro de este grupo', code: 'not_member' });
});

test('a message reaches those who are in the room, the sender included', async () => {
  const ack = await say(ana, words(room, ids[0], 'hola grupo', { type: 'grupal' }));
  for (const socket of [ana, luis]) {
    const m = await socket.next('receive_message', { mensaje_id: ack.mensaje_id });
    assert.equal(m.type, 'grupal');
    assert.equal(m.from, ids[0]);
  }
  await eva.nothing('receive_message', undefined, 1400);  // a member, connected, not in the room
  const rows = await house.rows('SELECT destinatario_id FROM destinatarios_mensaje WHERE mensaje_id = ? ORDER BY 1',
    [ack.mensaje_id]);
  assert.deepEqual(rows.map((r) => r.destinatario_id), [ids[1], ids[2]].sort());
});

test('a member who has not joined may write, and does not hear', async () => {
  const ack = await say(eva, words(room, ids[2], 'desde fuera', { type: 'grupal' }));
  await ana.next('receive_message', { mensaje_id: ack.mensaje_id });
  await eva.nothing('receive_message', undefined, 300);
});

test('leaving is confirmed, told to those still in, and changes no row', async () => {
  luis.emit('leave_group', { group_id: club });
  assert.deepEqual(await luis.next('group_left'), { status: 'ok', group_id: club });
  const left = await ana.next('user_left_group');
  assert.deepEqual(left, { user_id: ids[1], group_id: club, sala_uuid: room });
  luis.emit('leave_group', { group_id: club });
  assert.deepEqual(await luis.next('group_left'), { status: 'ok', group_id: club });
  await ana.nothing('user_left_group', undefined, 300);
  const [row] = await house.rows('SELECT estado_membresia FROM miembros_grupo WHERE grupo_id = ? AND usuario_id = ?',
    [club, ids[1]]);
  assert.equal(row.estado_membresia, 'activo');
  const ack = await say(ana, words(room, ids[0], 'sin luis', { type: 'grupal' }));
  await ana.next('receive_message', { mensaje_id: ack.mensaje_id });
  await luis.nothing('receive_message', { mensaje_id: ack.mensaje_id }, 1400);
});

test('a disconnect is told to nobody', async () => {
  await joinGroup(luis, club);
  await ana.next('user_joined_group');
  luis.close();
  await ana.nothing('user_left_group', undefined, 500);
});

test('who is removed hears it within five seconds and hears no more', async () => {
  await joinGroup(eva, club);
  await house.rows("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = ? AND usuario_id = ?", [club, ids[2]]);
  assert.deepEqual(await eva.next('group_left', undefined, 5000), { status: 'removed', group_id: club });
  const ack = await say(ana, words(room, ids[0], 'ya no está', { type: 'grupal' }));
  await ana.next('receive_message', { mensaje_id: ack.mensaje_id });
  await pause(300);
  assert.equal(eva.all('receive_message', { mensaje_id: ack.mensaje_id }).length, 0);
  const refused = await eva.call('send_message', words(room, ids[2], 'hola', { type: 'grupal' }));
  assert.equal(refused.status, 'error');
}, 20000);

// Nothing in the table forbids a second one, and an older program may have left it.
test('a second room of the group is heard where its members are, whichever way a message came', async () => {
  const pair = await group(house, ids.slice(0, 2));
  const { sala_uuid: first } = await joinGroup(ana, pair);
  const bea = await house.connect(ids[1]);
  await joinGroup(bea, pair);
  const second = randomUUID();
  await house.rows("INSERT INTO salas_chat (sala_uuid, tipo_sala, grupo_id) VALUES (?, 'grupal', ?)", [second, pair]);
  const heard = async (event, what) => {
    for (const socket of [ana, bea])
      assert.equal((await socket.next(event, what)).sala_uuid, second);
  };

  const { mensaje_id } = await say(bea, words(second, ids[1], 'por el socket', { type: 'grupal', client_id: 'uno' }));
  await heard('receive_message', { mensaje_id });
  await ana.nothing('receive_message', { mensaje_id }, 300);
  await bea.call('edit_message', { mensaje_id, message: 'otra cosa' });
  await heard('message_edited', { mensaje_id });
  await bea.call('delete_message', { mensaje_id });
  await heard('message_deleted', { mensaje_id });

  const posted = await house.api('POST', `/api/mensajes/salas/${second}/mensajes`, { user: ids[0], body: { contenido: 'por REST' } });
  assert.equal(posted.status, 201);
  await heard('receive_message', { mensaje_id: String(posted.json.id) });

  const foreign = randomUUID();
  await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
    SELECT ?, id, ?, 'por otro programa' FROM salas_chat WHERE sala_uuid = ?`, [foreign, ids[0], second]);
  await heard('receive_message', { mensaje_uuid: foreign });
  const last = await say(ana, words(first, ids[0], 'en la primera', { type: 'grupal' }));
  assert.equal((await bea.next('receive_message', { mensaje_id: last.mensaje_id })).sala_uuid, first);
  bea.close();
}, 20000);

test('a room with a lower number that appears later leaves nobody deaf', async () => {
  const pair = await group(house, ids.slice(0, 2));
  const earlier = randomUUID();
  const add = (id) => house.rows("INSERT INTO salas_chat (id, sala_uuid, tipo_sala, grupo_id) VALUES (?, ?, 'grupal', ?)", [id, earlier, pair]);
  const { insertId } = await add(null);
  await house.rows('DELETE FROM salas_chat WHERE id = ?', [insertId]);
  const { sala_uuid: old } = await joinGroup(ana, pair);
  const bea = await house.connect(ids[1]);
  await add(insertId);
  assert.equal((await joinGroup(bea, pair)).sala_uuid, earlier);

  const everybodyHears = async (what) => {
    for (const socket of [ana, bea]) await socket.next('receive_message', what);
  };
  for (const uuid of [old, earlier]) {
    await everybodyHears({ mensaje_id: (await say(bea, words(uuid, ids[1], 'hola', { type: 'grupal' }))).mensaje_id });
    const foreign = randomUUID();
    await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
      SELECT ?, id, ?, 'por otro programa' FROM salas_chat WHERE sala_uuid = ?`, [foreign, ids[0], uuid]);
    await everybodyHears({ mensaje_uuid: foreign });
  }
  ana.emit('leave_group', { group_id: pair });
  await ana.next('group_left', { group_id: pair });
  const { mensaje_id } = await say(bea, words(old, ids[1], 'sin ana', { type: 'grupal' }));
  await bea.next('receive_message', { mensaje_id });
  await ana.nothing('receive_message', { mensaje_id }, 1400);
  bea.close();
}, 20000);

test('to the collation equal is not equal: such a uuid of a group is unknown', async () => {
  for (const uuid of [room.toUpperCase(), `${room} `]) {
    const answer = await ana.call('send_message', words(uuid, ids[0], 'hola', { type: 'grupal' }));
    assert.equal(answer.code, 'not_found', JSON.stringify(answer));
  }
});

test('a group that is deleted: its members hear which room it was', async () => {
  const gone = await group(house, ids.slice(0, 2));
  const { sala_uuid } = await joinGroup(ana, gone);
  await house.rows('DELETE FROM grupos WHERE id = ?', [gone]);
  assert.deepEqual(await ana.next('group_left', undefined, 5000), { status: 'removed', sala_uuid });
}, 20000);

atEnd(() => house && house.stop());
