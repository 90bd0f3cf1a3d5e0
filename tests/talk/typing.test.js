'use strict';
// What the relay answers by itself: typing (passed on, never stored, over after six seconds) and presence with its grace.
const { test, atEnd, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say, ISO } = require('./cast');

let house;
let ids;
let club;
let ana;
let luis;
let luis2;
let eva;
let room;

test('a chat, a group and a stranger', async () => {
  house = await House.open();
  ids = await cast(house, 5);
  club = await group(house, ids.slice(0, 4));
  [ana, luis, luis2, eva] = [await house.connect(ids[0]), await house.connect(ids[1]), await house.connect(ids[1]),
    await house.connect(ids[4])];
  room = (await joinDirect(ana, ids[1])).sala_uuid;
  await joinDirect(luis, ids[0]);
  await joinDirect(luis2, ids[0]);
}, 120000);

test('typing reaches the room, not the caller, and is acknowledged', async () => {
  assert.deepEqual(await ana.call('typing', { sala_uuid: room, typing: true }), { status: 'ok' });
  const started = Date.now();
  for (const socket of [luis, luis2]) {
    assert.deepEqual(await socket.next('user_typing'), { user_id: ids[0], sala_uuid: room, typing: true });
  }
  await ana.nothing('user_typing', undefined, 100);
  assert.deepEqual(await luis.next('user_typing', undefined, 8000), { user_id: ids[0], sala_uuid: room, typing: false });
  const lasted = Date.now() - started;
  assert.ok(lasted > 5500 && lasted < 7500, `${lasted} ms`);
  await luis2.next('user_typing', { typing: false });
  ana.emit('typing', { sala_uuid: room, typing: true });
  ana.emit('typing', { sala_uuid: room, typing: false });
  await luis.next('user_typing', { typing: true });
  await luis.next('user_typing', { typing: false });
  await luis.nothing('user_typing', undefined, 6500);
}, 40000);

test('only from a socket that is in the room', async () => {
  const refused = async (socket, payload, message, code = 'bad_request') => {
    assert.deepEqual(await socket.call('typing', payload), { message, code });
    assert.deepEqual(await socket.next('error'), { message, code });
  };
  await refused(eva, { sala_uuid: room, typing: true }, 'Sala de chat no encontrada', 'not_found');
  await refused(ana, { sala_uuid: room.toUpperCase(), typing: true }, 'Sala de chat no encontrada', 'not_found');
  await refused(ana, { sala_uuid: 'x'.repeat(5000), typing: true }, 'Sala de chat no encontrada', 'not_found');
  await refused(ana, { sala_uuid: `@${ids[0]}`, typing: true }, 'Sala de chat no encontrada', 'not_found');
  await refused(ana, 'x', 'Payload inválido para typing');
  await refused(ana, { typing: true }, 'sala_uuid es requerido');
  await refused(ana, { sala_uuid: null, typing: true }, 'sala_uuid es requerido');
  await refused(ana, { sala_uuid: 7, typing: true }, 'Payload inválido para typing');
  await refused(ana, { sala_uuid: room }, 'Payload inválido para typing');
  await refused(ana, { sala_uuid: room, typing: 'yes' }, 'Payload inválido para typing');
  await refused(ana, { sala_uuid: room, typing: true, x: '\ud800' }, 'Payload inválido para typing');
  await luis.nothing('user_typing', undefined, 200);
});

test('it stands in line with what else a socket emits', async () => {
  const order = [];
  const { sala_uuid } = await joinGroup(ana, club);
  luis.emit('join_group', { group_id: club }, () => order.push('joined'));
  luis.emit('typing', { sala_uuid, typing: true }, (a) => order.push(a.status));
  luis.emit('get_presence', { user_ids: [ids[0]] }, (a) => order.push(a.users[0].online));
  await ana.next('user_typing', { sala_uuid, typing: true });
  await luis.next('presence');
  await pause(50);
  assert.deepEqual(order, ['joined', 'ok', true]);
});

test('get_presence answers in the order asked', async () => {
  const answer = await ana.call('get_presence', { user_ids: [ids[3], Number(ids[1]), ids[0], ids[3]] });
  assert.deepEqual(answer, { users: [
    { user_id: ids[3], online: false, last_seen: null }, { user_id: ids[1], online: true, last_seen: null },
    { user_id: ids[0], online: true, last_seen: null }, { user_id: ids[3], online: false, last_seen: null }] });
  assert.deepEqual(await ana.next('presence'), answer);
  assert.deepEqual(await ana.call('get_presence', { user_ids: [] }), { users: [] });
  assert.equal((await ana.call('get_presence', { user_ids: Array(200).fill('9') })).users.length, 200);
  for (const payload of ['x', { user_ids: 'x' }, { user_ids: ['x'] }, { user_ids: ['0'] }, { user_ids: [1.5] }, { user_ids: [null] },
    { user_ids: Array(201).fill('9') }]) {
    assert.deepEqual(await ana.call('get_presence', payload),
      { message: 'Payload inválido para get_presence', code: 'bad_request' }, JSON.stringify(payload));
  }
  assert.equal((await ana.call('get_presence', {})).message, 'user_ids es requerido');
});

test('who enters a room is announced once to the others, and when he is gone for good', async () => {
  const carla = await house.connect(ids[2]);
  await joinGroup(carla, club);
  assert.deepEqual(await ana.next('user_online', { user_id: ids[2] }), { user_id: ids[2] });
  await carla.nothing('user_online', { user_id: ids[2] }, 300);
  const second = await house.connect(ids[2]);
  await joinGroup(second, club);
  await ana.nothing('user_online', { user_id: ids[2] }, 1500);
  // they share two rooms
  await joinDirect(ana, ids[2]);
  await joinDirect(carla, ids[0]);
  await ana.next('user_online', { user_id: ids[2] });
  carla.close();
  await pause(300);
  second.close();
  const left = Date.now();
  await pause(1000);
  assert.equal((await ana.call('get_presence', { user_ids: [ids[2]] })).users[0].online, true);
  const gone = await ana.next('user_offline', { user_id: ids[2] }, 15000);
  const took = Date.now() - left;
  assert.ok(took > 9500 && took < 13000, `${took} ms`);
  assert.match(gone.last_seen, ISO);
  await ana.nothing('user_offline', { user_id: ids[2] }, 1500);
  assert.ok(Math.abs(Date.parse(gone.last_seen) - left) < 2500);
  assert.deepEqual((await ana.call('get_presence', { user_ids: [ids[2]] })).users[0],
    { user_id: ids[2], online: false, last_seen: gone.last_seen });
  await eva.nothing('user_offline', undefined, 100);
}, 60000);

test('who is back within the grace was never away; who only leaves the room is not offline', async () => {
  let carla = await house.connect(ids[2]);
  await joinGroup(carla, club);
  await ana.next('user_online', { user_id: ids[2] });
  carla.close();
  await pause(500);
  carla = await house.connect(ids[2]);
  await joinGroup(carla, club);
  await ana.nothing('user_online', { user_id: ids[2] }, 1500);
  carla.emit('leave_group', { group_id: club });
  await carla.next('group_left');
  await ana.nothing('user_offline', { user_id: ids[2] }, 11500);
  await joinGroup(carla, club);
  await ana.next('user_online', { user_id: ids[2] });
}, 60000);

test('none of it was stored', async () => {
  const ack = await say(ana, words(room, ids[0], 'fin'));
  const [{ n }] = await house.rows('SELECT COUNT(*) AS n FROM mensajes WHERE sala_chat_id = (SELECT id FROM salas_chat WHERE sala_uuid = ?)', [room]);
  assert.equal(Number(n), 1);
  await luis.next('receive_message', { mensaje_id: ack.mensaje_id });
});

test('who writes too often is slowed down, and told how long', async () => {
  const strict = await House.start({ RATE_LIMITS: 'on' });
  try {
    const [me, other] = await cast(strict, 2);
    const socket = await strict.connect(me);
    const { sala_uuid } = await joinDirect(socket, other);
    const answers = await Promise.all(Array.from({ length: 60 }, () => socket.call('typing', { sala_uuid, typing: true })));
    const fast = answers.filter((a) => a.code === 'too_fast');
    assert.ok(fast.length >= 20 && fast.length <= 35, String(fast.length));
    assert.ok(fast.every((a) => a.retry_ms > 0 && typeof a.message === 'string'));
    assert.equal((await socket.call('send_message', words(sala_uuid, me, 'esto sí'))).status, 'sent');
  } finally {
    await strict.stop();
  }
}, 60000);

atEnd(() => house && house.stop());
