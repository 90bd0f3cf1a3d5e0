'use strict';
// timeout: 240
// Unread counts, the newest message and the order of the rooms, after any mixture of our writes (REST and sockets) and
// the companion's (its SQL, and rows that somebody wrote by hand): what we answer is what the companion would count. The
// arithmetic here works on dumps of the tables and shares nothing with ours.
//   SEED=n repeats a run, STEPS=n makes it longer.
const { randomUUID } = require('node:crypto');
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, words } = require('../talk/cast');

const SEED = Number(process.env.SEED) || Math.floor(Math.random() * 2 ** 31);
const STEPS = Number(process.env.STEPS) || 400;
const COMPARE_EVERY = 4;

let house;
let db;
let people;
let rooms;                             // { id, uuid, kind, group, members }
const sockets = new Map();
const log = [];
atEnd(async () => { if (house) await house.stop(); });

// mulberry32
let state = SEED;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];

// ---- the tables, and what the companion counts in them ----

async function dump() {
  const [messages] = await db.query(`SELECT id, sala_chat_id room, remitente_id author, eliminado_en IS NOT NULL gone,
    UNIX_TIMESTAMP(enviado_en) at FROM mensajes WHERE sala_chat_id IN (?)`, [rooms.map((r) => r.id)]);
  const [marks] = await db.query(`SELECT mensaje_id id, destinatario_id who, leido_en IS NOT NULL seen
    FROM destinatarios_mensaje WHERE destinatario_id IN (?)`, [people]);
  const [members] = await db.query(`SELECT grupo_id grp, usuario_id who, UNIX_TIMESTAMP(unido_en) since
    FROM miembros_grupo WHERE estado_membresia = 'activo' AND usuario_id IN (?)`, [people]);
  const [times] = await db.query('SELECT id, UNIX_TIMESTAMP(actualizado_en) at FROM salas_chat WHERE id IN (?)',
    [rooms.map((r) => r.id)]);
  return { messages, marks: new Map(marks.map((m) => [`${m.id}/${m.who}`, m.seen])), members, times: new Map(times.map((t) => [String(t.id), t.at])) };
}

function since(tables, room, who) {
  if (room.kind === 'directo') return room.members.includes(who) ? 0 : undefined;
  return tables.members.find((m) => String(m.grp) === room.group && String(m.who) === who)?.since;
}

function unread(tables, room, who) {
  const here = tables.messages.filter((m) => String(m.room) === String(room.id));
  const mark = (m) => tables.marks.get(`${m.id}/${who}`);
  const rows = here.filter((m) => !m.gone && mark(m) === 0).length;
  const joined = since(tables, room, who);
  if (room.kind === 'directo' || joined === undefined) return rows;
  const newest = here.filter((m) => mark(m) === 1).reduce((max, m) => (BigInt(m.id) > max ? BigInt(m.id) : max), 0n);
  return rows + here.filter((m) => !m.gone && mark(m) === undefined && String(m.author) !== who
    && BigInt(m.id) > newest && m.at > joined).length;
}

async function compare() {
  const tables = await dump();
  for (const who of people) {
    const count = await house.api('GET', '/api/mensajes/no-leidos/count', { user: who });
    const total = rooms.reduce((sum, room) => sum + unread(tables, room, who), 0);
    assert.equal(count.json.total_no_leidos, total, `all of ${who}`);
    const { json: list } = await house.api('GET', '/api/mensajes/salas', { user: who });
    const mine = rooms.filter((room) => since(tables, room, who) !== undefined);
    const at = (room) => tables.times.get(String(room.id));
    const newest = (room) => tables.messages.filter((m) => String(m.room) === String(room.id) && !m.gone)
      .reduce((max, m) => (BigInt(m.id) > max ? BigInt(m.id) : max), 0n);
    mine.sort((a, b) => at(b) - at(a) || Number(newest(b) - newest(a)) || (BigInt(b.id) > BigInt(a.id) ? 1 : -1));
    assert.deepEqual(list.map((r) => r.id), mine.map((r) => Number(r.id)), `the order of ${who}'s rooms`);
    for (const [i, room] of mine.entries()) {
      const here = tables.messages.filter((m) => String(m.room) === String(room.id));
      assert.equal(list[i].no_leidos, unread(tables, room, who), `${who} in ${room.id}`);
      assert.equal(BigInt(list[i].ultimo_mensaje?.id ?? 0), newest(room), `the newest in ${room.id}`);
      assert.ok(here.every((m) => m.at <= at(room)), `${room.id} is as new as its messages`);
    }
  }
}

// ---- what both sides do ----

const member = (tables, room) => pick(people.filter((p) => since(tables, room, p) !== undefined));
const some = (tables, room) => pick(tables.messages.filter((m) => String(m.room) === String(room.id) && !m.gone));
const touch = (room) => db.query('UPDATE salas_chat SET actualizado_en = CURRENT_TIMESTAMP WHERE id = ?', [room.id]);

async function ok(method, where, user, body) {
  const answer = await house.api(method, `/api/mensajes/${where}`, { user, body });
  assert.ok(answer.status < 300, `${method} ${where} as ${user}: ${answer.status} ${answer.text}`);
  return answer.json;
}

async function companionRow(room, author) {
  const [done] = await db.query('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES (?, ?, ?, ?)',
    [randomUUID(), room.id, author, 'de la API']);
  await touch(room);
  return done.insertId;
}

const OURS = {
  send: (room, who) => ok('POST', `salas/${room.id}/mensajes`, who, { contenido: 'por REST' }),
  emit: async (room, who) => {
    const ack = await sockets.get(who).call('send_message', words(room.uuid, who, 'por socket', { type: room.kind }));
    assert.equal(ack.status, 'sent', JSON.stringify(ack));
  },
  read: (room, who, m) => m && ok('PUT', `mensajes/${m.id}/leer`, who),
  delivered: (room, who, m) => m && ok('PUT', `mensajes/${m.id}/entregado`, who),
  readAll: async (room, who, m, tables) => {
    const { message } = await ok('POST', `salas/${room.id}/marcar-leidos`, who);
    assert.equal(parseInt(message, 10), unread(tables, room, who), `marked by ${who} in ${room.id}`);
    assert.equal(unread(await dump(), room, who), 0, `left unread by ${who} in ${room.id}`);
  },
  remove: (room, who, m, tables) => m && since(tables, room, String(m.author)) !== undefined
    && ok('DELETE', `mensajes/${m.id}`, String(m.author)),
};

const THEIRS = {
  send: async (room, who, m, tables) => {
    const id = await companionRow(room, who);
    const others = people.filter((p) => p !== who && since(tables, room, p) !== undefined);
    await db.query('INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, creado_en) VALUES ?', [others.map((p) => [id, p, new Date()])]);
  },
  byHand: (room, who) => companionRow(room, who),
  read: (room, who, m) => m && db.query(`UPDATE destinatarios_mensaje SET leido_en = CURRENT_TIMESTAMP,
    entregado_en = COALESCE(entregado_en, CURRENT_TIMESTAMP) WHERE mensaje_id = ? AND destinatario_id = ? AND leido_en IS NULL`, [m.id, who]),
  readNew: (room, who, m) => m && String(m.author) !== who && db.query(`INSERT INTO destinatarios_mensaje
    (mensaje_id, destinatario_id, entregado_en, leido_en, creado_en) VALUES (?, ?, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)
    ON DUPLICATE KEY UPDATE leido_en = COALESCE(leido_en, VALUES(leido_en))`, [m.id, who]),
  readAll: (room, who) => db.query(`UPDATE destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id SET d.leido_en = CURRENT_TIMESTAMP
    WHERE d.destinatario_id = ? AND d.leido_en IS NULL AND m.sala_chat_id = ?`, [who, room.id]),
  hide: (room, who, m) => m && db.query('UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = ?', [m.id]),
  erase: (room, who, m) => m && db.query('DELETE FROM mensajes WHERE id = ?', [m.id]),
  leave: (room, who) => room.group && people.indexOf(who) > 1 && db.query("UPDATE miembros_grupo SET estado_membresia = 'salio', salio_en = CURRENT_TIMESTAMP WHERE grupo_id = ? AND usuario_id = ?",
    [room.group, who]),
  rejoin: (room) => room.group && db.query("UPDATE miembros_grupo SET unido_en = CURRENT_TIMESTAMP, estado_membresia = 'activo' WHERE grupo_id = ? AND estado_membresia = 'salio'",
    [room.group]),
};

// Words and marks often, what takes away seldom.
const BAG = [
  ...['send', 'emit', 'send', 'emit', 'read', 'read', 'delivered', 'readAll', 'remove'].map((name) => ['ours', name, OURS[name]]),
  ...['send', 'send', 'byHand', 'byHand', 'read', 'readNew', 'readAll', 'hide', 'erase', 'leave', 'rejoin'].map((name) => ['theirs', name, THEIRS[name]]),
];

async function step() {
  const tables = await dump();
  const room = pick(rooms);
  const who = member(tables, room);
  const message = some(tables, room);
  const [side, name, act] = pick(BAG);
  log.push(`${side}.${name}(${room.kind} ${room.id}, ${who}, ${message?.id})`);
  await act(room, who, message, tables);
}

test('a house; five people, rooms of both sides, a group with recipient rows and one without', async () => {
  house = await House.start({ RECIPIENT_ROWS_MAX: 3 });
  db = house.db();
  people = await cast(house, 5);
  const [a, b, c] = people;
  for (const p of people) sockets.set(p, await house.connect(p, { transports: ['websocket'] }));
  const made = await ok('POST', `salas/directa/${b}`, a);
  const [theirs] = await db.query("INSERT INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id) VALUES (?, 'directo', ?, ?)", [randomUUID(), c, a]);
  const groups = [await group(house, people.slice(0, 3)), await group(house, people)];
  for (const [i, id] of groups.entries()) await ok('POST', `salas/grupal/${id}`, people[i]);
  const [all] = await db.query('SELECT * FROM salas_chat WHERE id IN (?, ?) OR grupo_id IN (?)', [made.id, theirs.insertId, groups]);
  rooms = all.map((r) => ({ id: r.id, uuid: r.sala_uuid, kind: r.tipo_sala, group: r.grupo_id && String(r.grupo_id),
    members: [String(r.usuario_a_id), String(r.usuario_b_id)] }));
  assert.equal(rooms.length, 4);
}, 60000);

test(`${STEPS} writes of both sides, seed ${SEED}`, async () => {
  try {
    for (let n = 1; n <= STEPS; n += 1) {
      await step();
      if (n % COMPARE_EVERY === 0) await compare();
    }
  } catch (e) {
    e.message += `\nSEED=${SEED}; the last steps: ${log.slice(-8).join(', ')}`;
    throw e;
  }
}, 200000);
