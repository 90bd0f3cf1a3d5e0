'use strict';
// Catching up: load_missed_messages, GET novedades and load_rooms: everything new in all my rooms, nothing of others,
// never a hole, cheap when there is nothing.
const { randomUUID } = require('node:crypto');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say } = require('./cast');

let house;
let ids;
let club;
let ana;
let luis;
let room;
let team;

test('a chat, a group, and what others say elsewhere', async () => {
  house = await House.open();
  ids = await cast(house, 5);
  club = await group(house, [ids[0], ids[1], ids[2]]);
  [ana, luis] = [await house.connect(ids[0]), await house.connect(ids[1])];
  room = (await joinDirect(luis, ids[0])).sala_uuid;
  team = (await joinGroup(luis, club)).sala_uuid;
}, 120000);

const missed = (socket, payload) => socket.call('load_missed_messages', payload);
const novedades = (user, query, headers) => house.api('GET', `/api/mensajes/novedades${query}`, { user, headers });

test('without `after`: no messages, the present cursor', async () => {
  const now = await missed(ana, {});
  assert.deepEqual(Object.keys(now).sort(), ['cursor', 'message_count', 'messages', 'status', 'truncated']);
  assert.equal(now.status, 'ok');
  assert.equal(now.message_count, 0);
  assert.deepEqual(now.messages, []);
  assert.match(now.cursor, /^\d+$/);
  assert.deepEqual(await ana.next('missed_messages_loaded'), now);
  const rest = await novedades(ids[0], '');
  assert.equal(rest.status, 200, rest.text);
  assert.deepEqual(Object.keys(rest.json).sort(), ['cursor', 'mensajes', 'truncated']);
  assert.deepEqual(rest.json.mensajes, []);
  assert.match(rest.headers['x-poll-interval'], /^\d+$/);
});

test('what is new in all rooms, oldest first, own ones included, deleted ones and strangers\' left out', async () => {
  const start = (await missed(ana, {})).cursor;
  const one = await say(luis, words(room, ids[1], 'uno'));
  const two = await say(luis, words(team, ids[1], 'dos', { type: 'grupal' }));
  const gone = await say(luis, words(room, ids[1], 'fuera'));
  await luis.call('delete_message', { mensaje_id: gone.mensaje_id });
  const eva = await house.connect(ids[3]);
  const theirs = (await joinDirect(eva, ids[4])).sala_uuid;
  await say(eva, words(theirs, ids[3], 'secreto'));
  const mine = await say(ana, words(room, ids[0], 'mío'));
  const wanted = [one, two, mine].map((a) => a.mensaje_id);
  const got = await missed(ana, { after: start });
  assert.deepEqual(got.messages.map((m) => m.mensaje_id).filter((id) => Number(id) >= Number(one.mensaje_id)), wanted);
  assert.equal(got.truncated, false);
  const m = got.messages.find((x) => x.mensaje_id === two.mensaje_id);
  assert.equal(m.from, ids[1]);
  assert.equal(m.sala_uuid, team);
  assert.equal(m.type, 'grupal');
  assert.equal(m.sender_name, 'Rosa Ñúñez');
  assert.equal(m.id, two.mensaje_id);
  const rest = await novedades(ids[0], `?after=${start}`);
  assert.deepEqual(rest.json.mensajes.map((x) => String(x.id)), got.messages.map((x) => x.mensaje_id));
  assert.equal(rest.json.mensajes[0].remitente.nombre, 'Rosa');
  const nobody = await novedades(ids[4], `?after=${start}`);
  assert.ok(!nobody.json.mensajes.some((x) => wanted.includes(String(x.id))));
  await ask(async () => Number((await missed(ana, {})).cursor) >= Number(mine.mensaje_id), 20000, 'the cursor to pass them');
  assert.deepEqual((await missed(ana, { after: (await missed(ana, {})).cursor })).messages, []);
}, 40000);

test('pages by cursor lead through everything, from near and from far behind', async () => {
  const start = (await missed(ana, {})).cursor;
  const [{ id: sala }] = await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [room]);
  const [{ id: other }] = await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [team]);
  const fill = async (count, where, from) => {
    for (let i = 0; i < count; i += 500) {
      await house.rows('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES ?',
        [Array.from({ length: Math.min(500, count - i) }, (_, k) => [randomUUID(), where, from, `n${i + k}`])]);
    }
  };
  const lonely = (await joinDirect(await house.connect(ids[3]), ids[4])).sala_chat_id;
  const walk = async () => {
    const seen = [];
    let after = start;
    for (let i = 0; i < 40; i += 1) {
      const page = await missed(ana, { after, limit: 50 });
      seen.push(...page.messages.map((m) => m.mensaje_id));
      after = page.cursor;
      if (!page.truncated) return { seen, after };
      assert.equal(page.message_count, 50);
    }
    throw new Error('no end');
  };
  await fill(120, sala, ids[1]);
  const near = await walk();
  assert.equal(new Set(near.seen).size, 120);
  await fill(3000, lonely, ids[3]);
  await fill(40, other, ids[2]);
  const far = await walk();
  const rows = await house.rows('SELECT id FROM mensajes WHERE id > ? AND sala_chat_id IN (?, ?) ORDER BY id', [start, sala, other]);
  assert.deepEqual(far.seen, rows.map((r) => String(r.id)));
  const big = await novedades(ids[0], `?after=${start}`);
  assert.equal(big.json.mensajes.length, 160);
  assert.equal(big.json.truncated, false);
  assert.equal((await novedades(ids[0], `?after=${start}&limit=7`)).json.mensajes.length, 7);
}, 60000);

test('a page ends by bytes too, and the next one goes on there', async () => {
  const [{ id: sala }] = await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [room]);
  const [{ top }] = await house.rows('SELECT MAX(id) AS top FROM mensajes');
  await house.rows('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES ?',
    [Array.from({ length: 24 }, (_, i) => [randomUUID(), sala, ids[1], `${i}`.padEnd(30000, 'ñ')])]);
  for (const load of [(after) => missed(ana, { after, limit: 300 }), async (after) => {
    const { json } = await novedades(ids[0], `?after=${after}`);
    return { ...json, messages: json.mensajes.map((m) => ({ message: m.contenido })) };
  }]) {
    const seen = [];
    let after = top;
    let pages = 0;
    for (let more = true; more; pages += 1) {
      const page = await load(after);
      seen.push(...page.messages.map((m) => parseInt(m.message, 10)));
      assert.ok(JSON.stringify(page).length < 1500000);
      more = page.truncated;
      after = page.cursor;
    }
    assert.deepEqual(seen, Array.from({ length: 24 }, (_, i) => i));
    assert.ok(pages >= 3, String(pages));
  }
}, 60000);

test('a page that has not changed is not sent again, whatever the cursor says', async () => {
  const [{ top }] = await house.rows('SELECT MAX(id) AS top FROM mensajes');
  await ask(async () => Number((await missed(ana, {})).cursor) >= Number(top), 25000, 'the cursor to pass all there is');
  const start = (await missed(ana, {})).cursor;
  const first = await novedades(ids[0], `?after=${start}`);
  const tag = first.headers.etag;
  assert.ok(tag);
  const again = await novedades(ids[0], `?after=${start}`, { 'If-None-Match': tag });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
  assert.match(again.headers['x-poll-interval'], /^\d+$/);
  await say(luis, words(room, ids[1], 'nuevo'));
  const changed = await novedades(ids[0], `?after=${start}`, { 'If-None-Match': tag });
  assert.equal(changed.status, 200);
  assert.equal((await house.api('GET', '/api/mensajes/novedades', { headers: { 'If-None-Match': tag } })).status, 401);
}, 40000);

test('what is no cursor is refused; a future one is empty', async () => {
  for (const after of ['x', '-1', '01', '1-', '-', '1--2', '1.5', '', [1], {}, true, 1.5, -1]) {
    const answer = await missed(ana, { after });
    assert.deepEqual(answer, { message: 'Payload inválido para load_missed_messages', code: 'bad_request' }, JSON.stringify(after));
  }
  for (const after of ['x', '-1', '', '1-', '%00']) assert.equal((await novedades(ids[0], `?after=${after}`)).status, 422, after);
  for (const limit of ['0', '301', 'x', '']) assert.equal((await novedades(ids[0], `?after=0&limit=${limit}`)).status, 422, limit);
  assert.equal((await missed(ana, { after: '9223372036854775807' })).message_count, 0);
  assert.ok((await missed(ana, { after: 0, limit: 9999 })).message_count > 0);
  assert.equal((await missed(ana, { after: '0', limit: -3 })).message_count, 1);
  assert.equal((await missed(ana, { limit: 'x' })).code, 'bad_request');
});

test('load_rooms is what REST says', async () => {
  const loaded = await ana.call('load_rooms', {});
  assert.equal(loaded.status, 'ok');
  const { json } = await house.api('GET', '/api/mensajes/salas', { user: ids[0] });
  assert.deepEqual(loaded.rooms, json);
  assert.equal((await ana.next('rooms_loaded')).rooms.length, json.length);
  const named = await house.api('GET', '/api/mensajes/salas?nombres=1', { user: ids[0] });
  const { rooms } = await ana.call('load_rooms', { nombres: true });
  assert.deepEqual(rooms, named.json);
  assert.equal(rooms.find((r) => r.sala_uuid === room).nombre, 'Rosa Ñúñez');
  assert.equal(rooms.find((r) => r.sala_uuid === team).nombre, `grupo ${club}`);
  assert.equal((await ana.call('load_rooms', { nombres: 'sí' })).code, 'bad_request');
  ana.emit('load_rooms');
  await ana.next('rooms_loaded');
});

atEnd(() => house && house.stop());
