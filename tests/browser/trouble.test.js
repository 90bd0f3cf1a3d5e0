'use strict';
// The page when something is away: nothing is lost, nothing is doubled, and the person is told.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { LIST, person, openWith, write, bubble, state, shoot, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;
let luis;

atEnd(close);
atEnd(() => house && house.stop());

const stored = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text])).length;

test('an unknown person comes back to the first screen with the reason', async () => {
  house = await House.open();
  const page = await person(house, '');
  await page.goto(`${house.webUrl}/?usuario=999999999`);
  await page.waitForSelector('#chooser-error:text("El usuario 999999999 no puede entrar.")');
  assert.equal(new URL(page.url()).search, '');
  await page.goto(`${house.webUrl}/?usuario=abc`);
  await page.waitForSelector('#chooser-error:text("no hay un número de usuario válido")');
  await page.goto(`${house.webUrl}/?usuario=123#/sala/no-hay-tal`);
  await page.waitForSelector('#notice:text("Esa conversación no existe")');
  assert.equal(new URL(page.url()).hash, '#/');
  await page.context().close();
}, 60000);

test('no worker: the message fails and says so, "Reintentar" sends it, once', async () => {
  ana = await person(house, '123');
  luis = await person(house, '456');
  await openWith(ana, 456);
  await openWith(luis, 123);
  await house.stopPart('bus');
  await write(ana, say('sin trabajadores'));
  await state(ana, say('sin trabajadores'), 'fallo', 15000);
  await shoot(ana, 'failed-light');
  assert.equal(await stored(say('sin trabajadores')), 0);
  await write(ana, say('mejor no'));
  await state(ana, say('mejor no'), 'fallo', 15000);
  await bubble(ana, say('mejor no')).getByRole('button', { name: 'Descartar' }).click();
  assert.equal(await ana.locator('.message', { hasText: say('mejor no') }).count(), 0);
  await house.startPart('bus');
  await ana.click('.failed button:text("Reintentar")');
  await state(ana, say('sin trabajadores'), 'leido', 15000);
  assert.equal(await luis.locator('.message', { hasText: say('sin trabajadores') }).count(), 1);
  assert.equal(await stored(say('sin trabajadores')), 1);
  assert.equal(await stored(say('mejor no')), 0);
}, 90000);

test('relay away and back at once: the page says it, and what was written meanwhile goes by itself, once', async () => {
  await house.stopPart('relay');
  await ana.waitForSelector('#connection:not([data-state="conectado"])');
  const over = ana.locator('#thread-connection');
  assert.equal(await over.isVisible(), false);
  const size = ana.viewportSize();
  await ana.setViewportSize({ width: 390, height: 780 });
  await over.waitFor();                // the list is away on a phone, and says nothing
  await ana.setViewportSize(size);
  await write(ana, say('mientras tanto'));
  const { status } = await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: say('por REST') } });
  assert.equal(status, 201);
  await house.startPart('relay');
  await ana.waitForSelector('#connection[data-state="conectado"]', { timeout: 20000 });
  await state(ana, say('mientras tanto'), 'leido', 20000);
  for (const page of [ana, luis]) {
    await bubble(page, say('por REST')).waitFor();
    await ask(async () => await page.locator('.message', { hasText: say('mientras tanto') }).count() === 1, 5000, 'it once');
  }
  assert.equal(await stored(say('mientras tanto')), 1);
}, 90000);

test('a relay that stands still: after a request without an answer the page does not call it connected, and goes on by REST', async () => {
  process.kill(house.pid('relay'), 'SIGSTOP');
  try {
    await write(ana, say('a quien calla'));
    await ana.waitForSelector('#connection[data-state="sondeo"]', { timeout: 30000 });
    await ask(async () => await stored(say('a quien calla')) === 1, 20000, 'the row');
    await state(ana, say('a quien calla'), 'enviado', 10000);
  } finally {
    process.kill(house.pid('relay'), 'SIGCONT');
  }
  await ana.waitForSelector('#connection[data-state="conectado"]', { timeout: 20000 });
  await state(ana, say('a quien calla'), 'leido', 20000);
  for (const page of [ana, luis]) {
    await ask(async () => await page.locator('.message', { hasText: say('a quien calla') }).count() === 1, 5000, 'it once');
  }
}, 90000);

test('a part of the page that does not come: it says so', async () => {
  const page = await person(house, '');
  await page.route('**/socket.io.esm.min.js', (route) => route.abort());
  await page.goto(`${house.webUrl}/?usuario=123`);
  await page.waitForSelector('#starting:text("No se pudo cargar la página")');
  await page.unroute('**/socket.io.esm.min.js');
  await page.reload();
  await page.waitForSelector('#connection[data-state="conectado"]');
  assert.equal(await page.locator('#starting').isVisible(), false);
  await page.context().close();
});

test('a list and a conversation that are long in coming say so', async () => {
  const page = await person(house, '');
  const open = {};
  for (const [name, pattern] of [['list', LIST], ['thread', /limit=50/]]) {
    const gate = new Promise((resolve) => { open[name] = resolve; });
    await page.route(pattern, (route) => gate.then(() => route.continue()));
  }
  await page.clock.install();
  await page.goto(`${house.webUrl}/?usuario=123`);
  await page.waitForSelector('#connection[data-state="conectado"]');
  await page.clock.fastForward(3500);  // longer than a connection may take
  assert.equal(await page.textContent('#rooms-wait'), 'Cargando…');
  assert.equal(await page.locator('#rooms-wait').isVisible(), true);
  open.list();
  await page.locator('.room').first().click();
  await page.waitForSelector('#thread-empty:text("Cargando…")');
  assert.equal(await page.locator('#rooms-wait').isVisible(), false);
  open.thread();
  await page.locator('.message').first().waitFor();
  assert.equal(await page.locator('#thread-empty').isVisible(), false);
  await page.context().close();
}, 40000);

test('a page that finds no server says that the list comes with it', async () => {
  for (const part of ['relay', 'fcgi']) await house.stopPart(part);
  const page = await person(house, '');
  await page.goto(`${house.webUrl}/?usuario=123`);
  await page.locator('#rooms-wait:text("vuelven con la conexión")').waitFor({ timeout: 15000 });
  for (const part of ['fcgi', 'relay']) await house.startPart(part);
  await page.locator('#rooms .room').first().waitFor({ timeout: 20000 });
  await page.locator('#rooms-wait').waitFor({ state: 'hidden' });
  await page.context().close();
  await ana.waitForSelector('#connection[data-state="conectado"]', { timeout: 20000 });
}, 90000);

test('a message of another program appears', async () => {
  const [{ id }] = await house.rows(`SELECT id FROM salas_chat WHERE tipo_sala = 'directo' AND
    ((usuario_a_id = 123 AND usuario_b_id = 456) OR (usuario_a_id = 456 AND usuario_b_id = 123)) ORDER BY id LIMIT 1`);
  await house.rows('INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) VALUES (UUID(), ?, 456, ?)',
    [id, say('a mano')]);
  await bubble(ana, say('a mano')).waitFor();
  await bubble(luis, say('a mano')).waitFor();
});
