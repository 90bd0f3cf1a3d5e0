'use strict';
// Ana and Luis, two devices each: everything is heard exactly once by each of the four sockets, and the database
// holds what was written, byte for byte. Eva hears nothing.
const { randomUUID } = require('node:crypto');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, words, say, UUID, ISO } = require('./cast');

let house;
let ana;
let luis;
let eva;
let room;
const four = [];

test('four sockets, one of them in no room, and a stranger', async () => {
  house = await House.open();
  [ana, luis, eva] = await cast(house, 3);
  four.push(await house.connect(ana, { transports: ['websocket'] }), await house.connect(ana, { transports: ['polling'] }),
    await house.connect(luis), await house.connect(luis, { version: 4 }));
  four.stranger = await house.connect(eva);
  const joined = await joinDirect(four[0], luis);
  room = joined.sala_uuid;
  assert.deepEqual(await joinDirect(four[2], ana), { ...joined, other_user_id: ana, cursor: four[2].all('direct_chat_joined')[0].cursor });
  await joinDirect(four[1], luis);
  // the fourth never joins: a direct message reaches every device all the same
}, 120000);

async function heardOnce(text, from, ack) {
  const seen = [];
  for (const socket of four) seen.push(await socket.next('receive_message', { mensaje_id: ack.mensaje_id }));
  for (const m of seen) assert.deepEqual(m, seen[0]);
  const [m] = seen;
  assert.equal(m.message, text);
  assert.equal(m.from, from);
  assert.equal(m.type, 'directo');
  assert.equal(m.mensaje_uuid, ack.mensaje_uuid);
  assert.equal(m.timestamp, ack.timestamp);
  assert.equal(m.sala_uuid, room);
  assert.match(m.enviado_en, ISO);
  assert.match(m.mensaje_uuid, UUID);
  assert.equal(m.sender_name, 'Rosa Ñúñez');
  assert.equal(m.sender_email, `p${from}@upred.example`);
  const [row] = await house.rows('SELECT HEX(contenido) AS hex, sala_chat_id, remitente_id, tipo_mensaje, metadatos'
    + ' FROM mensajes WHERE id = ? AND mensaje_uuid = ?', [m.mensaje_id, m.mensaje_uuid]);
  assert.equal(row.hex, Buffer.from(text).toString('hex').toUpperCase());
  assert.equal(row.remitente_id, from);
  const kept = typeof row.metadatos === 'string' ? JSON.parse(row.metadatos) : row.metadatos;
  assert.equal(kept.client_timestamp, ack.timestamp);
}

const texts = {
  plain: 'Hola!',
  'emoji and accents': '👩‍👩‍👧‍👦 ñandú ¿qué tal? 🇲🇽 e\u0301',
  'quotes and control characters': '"comillas" \'simples\' \\ barra \n salto \t tab \u0001 \u2028 </script> %s {0}',
  'numbers that are no ids': '9007199254740993 01 1e400',
  '60,000 bytes': 'ñ'.repeat(30000),
  'the whole TEXT column': 'x'.repeat(65535),
  'blanks at the end': '  a  ',
};

for (const [name, text] of Object.entries(texts)) {
  test(`both ways: ${name}`, async () => {
    await heardOnce(text, ana, await say(four[0], words(room, ana, text)));
    await heardOnce(text, luis, await say(four[3], words(room, luis, text)));
  });
}

test('types and fields: numbers as ids, kinds of messages, url_archivo', async () => {
  const ack = await say(four[1], words(room, Number(ana), 'foto', {
    message_type: 'imagen', url_archivo: 'https://x.example/á.png', timestamp: 1700000000000 }));
  assert.equal(ack.sender_id, ana);
  assert.equal(ack.message_type, 'imagen');
  assert.equal(ack.timestamp, 1700000000000);
  const m = await four[2].next('receive_message', { mensaje_id: ack.mensaje_id });
  assert.equal(m.url_archivo, 'https://x.example/á.png');
  assert.equal(m.timestamp, 1700000000000);
  assert.equal(m.message_type, 'imagen');
  const only = await say(four[1], words(room, ana, '', { message_type: 'archivo', url_archivo: 'u' }));
  assert.equal((await four[2].next('receive_message', { mensaje_id: only.mensaje_id })).message, '');
});

test('an ack event comes with the acknowledgement, to the caller alone', async () => {
  const ack = await say(four[0], words(room, ana, 'una vez'));
  assert.deepEqual(await four[0].next('ack', { mensaje_id: ack.mensaje_id }), ack);
  await pause(200);
  for (const socket of four.slice(1)) assert.equal(socket.all('ack', { mensaje_id: ack.mensaje_id }).length, 0);
});

test('nobody heard anything twice, and the stranger nothing', async () => {
  await pause(1500);  // longer than a sweep of the feed
  for (const socket of four) {
    const ids = socket.all('receive_message').map((m) => m.mensaje_id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(ids, [...ids].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
  }
  assert.equal(four.stranger.all('receive_message').length, 0);
  const [{ n }] = await house.rows('SELECT COUNT(*) AS n FROM mensajes m JOIN salas_chat s ON s.id = m.sala_chat_id'
    + ' WHERE s.sala_uuid = ?', [room]);
  await ask(() => four[0].all('receive_message').length === Number(n));
});

test('a row that another program inserts is heard too, once', async () => {
  const uuid = '00000000-0000-4000-8000-' + Date.now().toString().padStart(12, '0').slice(-12);
  await house.rows('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)'
    + ' SELECT ?, id, ?, ? FROM salas_chat WHERE sala_uuid = ?', [uuid, luis, 'desde fuera', room]);
  for (const socket of four) {
    const m = await socket.next('receive_message', { mensaje_uuid: uuid }, 3000);
    assert.equal(m.message, 'desde fuera');
    assert.equal(m.from, luis);
    assert.equal(m.timestamp, m.enviado_en);
  }
  await pause(2200);
  for (const socket of four) assert.equal(socket.all('receive_message', { mensaje_uuid: uuid }).length, 1);
});

test('rows that another program inserts at once, more than one answer of the bus holds: each is heard, once', async () => {
  const mark = `bloque ${Date.now()} `;
  const [{ id }] = await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [room]);
  await house.rows('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES ?',
    [Array.from({ length: 40 }, (_, i) => [randomUUID(), id, luis, mark + 'x'.repeat(60000) + i])]);
  const ours = (socket) => socket.all('receive_message', (m) => m.message.startsWith(mark));
  for (const socket of four) {
    await ask(() => ours(socket).length >= 40, 8000, '40 rows').catch((e) => assert.fail(`${e.message}: ${ours(socket).length}`));
  }
  await pause(1500);
  for (const socket of four) assert.equal(new Set(ours(socket).map((m) => m.mensaje_id)).size, ours(socket).length);
}, 60000);

test('what somebody sent before leaving is stored, all of it', async () => {
  const socket = await house.connect(ana, { transports: ['websocket'] });
  const text = `adiós ${Date.now()}`;
  for (let i = 0; i < 300; i += 1) socket.emit('send_message', words(room, ana, text));
  socket.disconnect();
  const stored = async () => Number((await house.rows('SELECT COUNT(*) AS n FROM mensajes WHERE remitente_id = ? AND contenido = ?',
    [ana, text]))[0].n);
  let n;
  await ask(async () => { n = await stored(); return n === 300; }, 8000, 'all 300').catch((e) => assert.fail(`${e.message}: ${n}`));
});

atEnd(() => house && house.stop());
