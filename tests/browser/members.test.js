'use strict';
// Into a group and out of it while the page is open, and rooms that the list has no place for.
// timeout: 300
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { LIST, person, openWith, room, bubble, drawn, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
const GROUP = 'Proyecto Integrador';
const OLD_MS = 30000;
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

const mode = (page, name) => page.waitForSelector(`#connection[data-state="${name}"]`, { timeout: 30000 });
const focused = (page) => page.evaluate(() => document.activeElement.id);
const look = (page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
const see = (page, how) => page.evaluate((word) => {
  Object.defineProperty(document, 'visibilityState', { get: () => word, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}, how);
const enter = (user) => house.rows(`INSERT INTO miembros_grupo (grupo_id, usuario_id, rol_miembro, estado_membresia, unido_en)
  VALUES (790, ?, 'miembro', 'activo', NOW()) ON DUPLICATE KEY UPDATE estado_membresia = 'activo', salio_en = NULL`, [user]);
const leave = (user) => house.rows(`UPDATE miembros_grupo SET estado_membresia = 'salio', salio_en = NOW()
  WHERE grupo_id = 790 AND usuario_id = ?`, [user]);

async function told() {
  await ana.waitForSelector(`#notice:text("Ya no eres miembro de ${GROUP}")`, { timeout: 30000 });
  assert.equal(await ana.locator('#thread-open').isVisible(), false);
  await ask(async () => await focused(ana) === 'new-chat', 3000, 'the focus');
  await ask(async () => await ana.textContent('#notice') === '', 10000, 'the end of the notice');
}

async function backIn() {
  await enter(123);
  await ask(async () => {
    await look(ana);
    await room(ana, GROUP).click({ timeout: 1000 });
    return true;
  }, 15000, 'the group');
  await ana.waitForSelector('#thread-open');  // (the address changes first)
  await ana.waitForSelector('#messages[aria-busy="false"]', { state: 'attached' });
}

test('who is put into a group sees it when he looks at the page again, and hears it', async () => {
  house = await House.open();
  const page = await person(house, '456');
  await page.locator('.room').first().waitFor();
  const { sala_uuid: uuid } = await house.rest('POST', '/salas/grupal/790', 101);
  await enter(456);
  try {
    await look(page);
    await room(page, GROUP).waitFor({ timeout: 5000 });
    await house.rest('POST', `/salas/${uuid}/mensajes`, 101, { contenido: say('bienvenida') });
    await ask(async () => (await room(page, GROUP).locator('.room-preview').textContent()).endsWith(say('bienvenida')), 8000, 'the message');
  } finally {
    await leave(456);
  }
  await page.context().close();
}, 60000);

test('and half a minute after the list was read, when he goes on looking; out of sight nothing is read', async () => {
  const page = await person(house, '');
  const lists = [];
  page.on('request', (request) => { if (LIST.test(request.url())) lists.push(request); });
  await page.clock.install();
  await page.goto(`${house.webUrl}/?usuario=106`);
  await mode(page, 'conectado');
  await page.locator('#rooms-wait').waitFor({ state: 'hidden' });
  await see(page, 'hidden');
  const before = lists.length;
  for (const ms of [OLD_MS, 1000]) await page.clock.fastForward(ms);
  await drawn(page);
  assert.equal(lists.length, before);
  const read = page.waitForResponse(LIST, { timeout: 8000 });
  await see(page, 'visible');
  await read;
  await enter(106);
  try {
    await page.clock.fastForward(OLD_MS);
    await room(page, GROUP).waitFor({ timeout: 5000 });
  } finally {
    await leave(106);
  }
  await page.context().close();
}, 60000);

test('put out of the open group: one is told, and the focus is where one goes on', async () => {
  ana = await person(house, '123');
  await backIn();
  await ana.fill('#composer-text', say('a medias'));
  await leave(123);
  await told();
}, 60000);

test('put out during a cut: the same, and the draft is kept', async () => {
  await backIn();
  assert.equal(await ana.inputValue('#composer-text'), say('a medias'));
  await house.stopPart('relay', 'KILL');
  await leave(123);
  await house.startPart('relay');
  await told();
}, 60000);

test('put out while the page polls: the same', async () => {
  await backIn();
  for (const one of await house.rest('GET', '/salas', 123)) await house.rest('POST', `/salas/${one.sala_uuid}/marcar-leidos`, 123);
  await house.stopPart('relay');
  await mode(ana, 'sondeo');
  await leave(123);
  try {
    await told();
  } finally {
    await house.startPart('relay');
    await mode(ana, 'conectado');
    await enter(123);
  }
}, 90000);

test('a list that was cut for its size says nothing of what it does not know, and drops nothing', async () => {
  const page = await person(house, '');
  let cut = [];
  await page.route(LIST, async (route) => {
    try {
      const response = await route.fetch();
      const rows = (await response.json()).filter((one) => !cut.includes(one.sala_uuid));
      await route.fulfill({ response, headers: { ...response.headers(), 'x-truncated': 'true' },
        json: rows.map((one) => ({ ...one, ultimo_mensaje: null })) });
    } catch {
      await route.abort().catch(() => {});
    }
  });
  await page.goto(`${house.webUrl}/?usuario=123`);
  await mode(page, 'conectado');
  await room(page, 'Luis Martínez').waitFor();
  assert.equal(await room(page, 'Luis Martínez').locator('.room-preview').textContent(), '');
  await house.rest('POST', '/directo/123', 456, { contenido: say('se queda') });
  const preview = () => room(page, 'Luis Martínez').locator('.room-preview').textContent();
  await ask(async () => await preview() === say('se queda'), 8000, 'the message');
  const { sala_uuid: uuid } = await house.rest('POST', '/salas/directa/101', 123);
  cut = [uuid];
  const asked = page.waitForResponse(new RegExp(`/salas/${uuid}\\?nombres=1$`), { timeout: 8000 });
  await look(page);
  await asked;
  await drawn(page);
  assert.equal(await preview(), say('se queda'));
  assert.equal(await room(page, 'María Hernández').count(), 1);
  assert.equal(await page.textContent('#notice'), '');
  await openWith(page, 101);
  await bubble(page, 'Bienvenida').waitFor();
  await page.context().close();
}, 60000);

test('nothing but the network complained', () => {
  const network = /Failed to load resource|WebSocket connection|WebSocket is already in CLOSING|ERR_/;
  assert.deepEqual(ana.complaints.filter((text) => !network.test(text)), []);
});
