'use strict';
// timeout: 120
// FEED_HOLE_S reaches the handlers: where no relay says how far is safe, a cursor passes rows of that age and no younger.
const fs = require('node:fs');
const path = require('node:path');
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');

let house;
let id;
atEnd(async () => { if (house) await house.stop(); });

const cursor = async () => Number((await house.api('GET', '/api/mensajes/novedades', { user: 123 })).json.cursor);

async function pool(hole) {
  await house.stopPart('fcgi');
  await house.startPart('fcgi', { FEED_HOLE_S: String(hole) });
}

test('a house without a relay, its newest row 60 s old', async () => {
  house = await House.start({});
  const sent = await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: 'hace un minuto' } });
  id = sent.json.id;
  await house.stopPart('relay');
  fs.rmSync(path.join(house.env.BUS_DIR, 'feed.mark'), { force: true });
  await house.rows('UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 60 SECOND WHERE id = ?', [id]);
}, 60000);

test('it is passed when rows are settled sooner, and not when they may come later', async () => {
  await pool(30);
  assert.equal(await cursor(), id);
  await pool(600);
  assert.ok(await cursor() < id);
}, 30000);

// Which id is whose nobody sees: behind what is old, a cursor passes no id that somebody may still hold.
test('a message in an open transaction is not passed for the younger ones that are there', async () => {
  await pool(30);
  await house.rows('UPDATE mensajes SET enviado_en = CURRENT_TIMESTAMP - INTERVAL 60 SECOND');
  const late = await house.db({ connections: 1 }).getConnection();
  await late.beginTransaction();
  const [held] = await late.query(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
    SELECT UUID(), sala_chat_id, 456, 'tarde' FROM mensajes WHERE id = ?`, [id]);
  const young = await house.api('POST', '/api/mensajes/directo/101', { user: 123, body: { contenido: 'antes' } });
  assert.ok(young.json.id > held.insertId, young.text);
  const from = await cursor();
  await late.commit();
  await late.destroy();
  const { json } = await house.api('GET', `/api/mensajes/novedades?after=${from}`, { user: 123 });
  assert.deepEqual(json.mensajes.map((m) => m.contenido), ['tarde', 'antes']);
});
