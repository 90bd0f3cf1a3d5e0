'use strict';
// Back after a cut that the server recovers, and joined late: what it does not make up for, the page reads again.
// timeout: 300
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, room, bubble, state, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
const SOCKET = /\/socket\.io\/\?/;
const NEWS = /\/novedades/;
const GROUPS = 260;                    // more than the relay lets anybody join at once
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

const shown = (page, text) => page.locator('.message', { hasText: text }).count();
const preview = (page, name) => room(page, name).locator('.room-preview').textContent();
const idOf = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text]))[0].id;
const recovered = async () => (await house.metrics()).upred_relay_recovered_total;

const send = (from, to, text) => house.rest('POST', `/directo/${to}`, from, { contenido: text });

// A page whose connection the test cuts and gives back.
async function cuttable(user) {
  const page = await person(house, '');
  await page.addInitScript(() => {
    const Real = window.WebSocket;
    window.WebSocket = class extends Real {
      constructor(...words) {
        super(...words);
        window.line = this;
      }
    };
  });
  await page.goto(`${house.webUrl}/?usuario=${user}`);
  await page.waitForSelector('#connection[title="En vivo, por WebSocket"]');
  await page.locator('.room').first().waitFor();
  return page;
}

async function cut(page) {
  await page.route(SOCKET, (route) => route.abort());
  await page.evaluate(() => window.line.close());
  await page.waitForSelector('#connection:not([data-state="conectado"])', { state: 'attached' });
}

async function giveBack(page) {
  const before = await recovered();
  await page.unroute(SOCKET);
  await page.waitForSelector('#connection[data-state="conectado"]', { timeout: 20000 });
  await ask(async () => await recovered() === before + 1, 5000, 'the recovery');
}

test('what was edited and deleted during a cut shows when the connection is recovered', async () => {
  house = await House.start({ RATE_LIMITS: 'on' });
  ana = await cuttable('123');
  await openWith(ana, 457);
  await send(457, 123, say('de Carla, con herror'));
  await bubble(ana, say('de Carla, con herror')).waitFor();
  await openWith(ana, 456);
  for (const text of ['con herror', 'de más']) await send(456, 123, say(text));
  await bubble(ana, say('de más')).waitFor();
  // nor does a poll tell of it
  await ana.route(NEWS, (route) => route.abort());
  await cut(ana);
  await house.rest('PUT', `/mensajes/${await idOf(say('con herror'))}`, 456, { contenido: say('corregido') });
  await house.rest('DELETE', `/mensajes/${await idOf(say('de más'))}`, 456);
  await house.rest('PUT', `/mensajes/${await idOf(say('de Carla, con herror'))}`, 457, { contenido: say('de Carla, corregido') });
  await send(456, 123, say('mientras tanto'));
  await giveBack(ana);
  await ana.unroute(NEWS);
  await bubble(ana, say('mientras tanto')).waitFor();
  await bubble(ana, say('corregido')).waitFor();
  await ask(async () => await shown(ana, say('de más')) === 0, 8000, 'it gone');
  assert.equal(await shown(ana, say('con herror')), 0);
  assert.equal(await shown(ana, say('mientras tanto')), 1);
  await ask(async () => await preview(ana, 'Carla Domínguez') === say('de Carla, corregido'), 8000, 'the preview');
  await room(ana, 'Carla Domínguez').click();
  await bubble(ana, say('de Carla, corregido')).waitFor();
}, 90000);

test('and what was, among the messages far above that had been loaded before', async () => {
  await openWith(ana, 106);
  const uuid = await ana.evaluate(() => decodeURIComponent(location.hash.split('/').pop()));
  await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) WITH RECURSIVE n (i) AS (
    SELECT 100 UNION SELECT i + 1 FROM n WHERE i < 229) SELECT UUID(), s.id, 106, CONCAT('lejos ', n.i, ' ${stamp}') FROM n
    JOIN salas_chat s ON s.sala_uuid = ?`, [uuid]);
  await bubble(ana, say('lejos 229')).waitFor();
  await ana.evaluate(() => { document.getElementById('scroller').scrollTop = 0; });
  await bubble(ana, say('lejos 100')).waitFor();
  await ana.route(NEWS, (route) => route.abort());
  await cut(ana);
  await house.rest('PUT', `/mensajes/${await idOf(say('lejos 102'))}`, 106, { contenido: say('lejos y corregido') });
  for (const i of [101, 185]) await house.rest('DELETE', `/mensajes/${await idOf(say(`lejos ${i}`))}`, 106);
  await giveBack(ana);
  await ana.unroute(NEWS);
  await bubble(ana, say('lejos y corregido')).waitFor();
  for (const i of [101, 102, 185]) await ask(async () => await shown(ana, say(`lejos ${i}`)) === 0, 8000, `${i} gone`);
  for (const i of [100, 103, 229]) assert.equal(await shown(ana, say(`lejos ${i}`)), 1);
}, 90000);

test('a group that a poll told of is heard when the connection is recovered', async () => {
  const name = 'Fútbol los jueves ⚽';
  const { sala_uuid: uuid } = await house.rest('POST', '/salas/grupal/791', 456);
  const sendGroup = (text) => house.rest('POST', `/salas/${uuid}/mensajes`, 456, { contenido: text });
  await cut(ana);
  await ana.waitForSelector('#connection[data-state="sondeo"]', { timeout: 20000 });
  await house.rows(`INSERT INTO miembros_grupo (grupo_id, usuario_id, rol_miembro, estado_membresia, unido_en)
    VALUES (791, 123, 'miembro', 'activo', NOW())`);
  await sendGroup(say('bienvenida'));
  await ask(async () => await preview(ana, name) === `Luis Martínez: ${say('bienvenida')}`, 20000, 'the group');
  await giveBack(ana);
  await ask(async () => {
    await sendGroup(say(`¿me oyes? ${Date.now()}`));
    return (await preview(ana, name)).includes('¿me oyes?');
  }, 8000, 'the group heard');
}, 90000);

test('somebody in more groups than can be joined at once hears all of them', async () => {
  const ids = Array.from({ length: GROUPS }, (_, i) => 20000 + i);
  await house.rows('INSERT INTO grupos (id, nombre, privacidad, usuario_dueno_id) VALUES ?',
    [ids.map((id) => [id, `Grupo ${id}`, 'privado', 456])]);
  await house.rows('INSERT INTO miembros_grupo (grupo_id, usuario_id, rol_miembro, estado_membresia, unido_en) VALUES ?',
    [ids.flatMap((id) => [456, 108].map((user) => [id, user, 'miembro', 'activo', new Date()]))]);
  await house.rows(`INSERT INTO salas_chat (sala_uuid, tipo_sala, grupo_id) SELECT UUID(), 'grupal', id FROM grupos WHERE id >= 20000`);
  const page = await person(house, '108');
  await ask(async () => await page.locator('.room').count() >= GROUPS, 10000, 'the list');
  const uuids = await page.locator('.room').evaluateAll((all) => all.slice(-10).map((one) => one.dataset.room));
  for (const uuid of uuids) await house.rest('POST', `/salas/${uuid}/mensajes`, 456, { contenido: say('a todos') });
  for (const uuid of uuids) {
    await ask(async () => (await page.locator(`[data-room="${uuid}"] .room-preview`).textContent()).endsWith(say('a todos')), 15000, uuid);
  }
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}, 90000);

test('a burst of receipts is few writings, the last one when the page goes', async () => {
  const page = await person(house, '');
  await page.addInitScript(() => {
    const real = Storage.prototype.setItem;
    window.writings = 0;
    Storage.prototype.setItem = function setItem(key, value) {
      if (key.startsWith('upred.recibos.')) window.writings += 1;
      real.call(this, key, value);
    };
  });
  await page.goto(`${house.webUrl}/?usuario=104`);
  await page.waitForSelector('#connection[data-state="conectado"]');
  const texts = Array.from({ length: 20 }, (_, i) => say(`recibo ${i}`));
  for (const text of texts) await send(104, 105, text);
  await openWith(page, 105);
  await state(page, texts.at(-1), 'enviado');
  const kept = () => page.evaluate(() => localStorage.getItem('upred.recibos.104') ?? '');
  const newest = await idOf(texts.at(-1));
  const reader = await house.connect('105');
  await Promise.all(texts.map(async (text) => reader.call('mark_read', { mensaje_id: await idOf(text), user_id: '105' })));
  await state(page, texts.at(-1), 'leido');
  await page.evaluate(() => dispatchEvent(new Event('pagehide')));
  assert.match(await kept(), new RegExp(`"read":"${newest}"`));
  const writings = await page.evaluate(() => window.writings);
  assert.ok(writings < texts.length, `${writings} writings`);
  await page.context().close();
}, 60000);

// CLOSING: cut() closes behind the client's back, who may be sending a mark just then
test('nothing but the network complained', () => {
  const network = /Failed to load resource|WebSocket connection|WebSocket is already in CLOSING|ERR_/;
  assert.deepEqual(ana.complaints.filter((text) => !network.test(text)), []);
});
