'use strict';
// Without sockets, and the server answers but does not take what is written: it fails at its own time, holds up nobody for
// longer, and goes once when it can.
// timeout: 300
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, room, bubble, state, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
const POST_TO_ROOM = /\/salas\/[^/]+\/mensajes$/;
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

const stored = async (...texts) => (await house.rows('SELECT contenido FROM mensajes WHERE contenido IN (?) ORDER BY id', [texts]))
  .map((row) => row.contenido);
const mode = (page, name) => page.waitForSelector(`#connection[data-state="${name}"]`, { timeout: 30000 });
const button = (text, name) => bubble(ana, text).getByRole('button', { name });

// It polls once a second, and 12 s of waiting are 4.
async function hurried(user, { state: wanted, hoursAhead = 0 }) {
  const page = await person(house, '');
  await page.route(/\/novedades/, async (route) => {
    try {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'x-poll-interval': '1' } });
    } catch {
      await route.abort().catch(() => {});
    }
  });
  await page.addInitScript((ahead) => {
    const real = window.setTimeout;
    window.setTimeout = (f, ms, ...more) => real(f, ms === 12000 ? 4000 : ms, ...more);
    const Now = Date;
    window.Date = class extends Now {
      constructor(...words) { super(...(words.length ? words : [Now.now() + ahead])); }
      static now() { return Now.now() + ahead; }
    };
  }, hoursAhead * 3600000);
  await page.goto(`${house.webUrl}/?usuario=${user}`);
  await mode(page, wanted);
  return page;
}

test('a text that never gets through fails while the page polls, and what waits behind it goes', async () => {
  house = await House.open();
  ana = await hurried('123', { state: 'conectado' });
  await openWith(ana, 456);
  await house.stopPart('relay');
  await mode(ana, 'sondeo');
  await ana.route(POST_TO_ROOM, (route) => ((route.request().postData() ?? '').includes('veneno') ? route.abort() : route.continue()));
  await write(ana, say('veneno'));
  await write(ana, say('detrás'));
  await state(ana, say('veneno'), 'fallo', 20000);
  assert.equal(await button(say('veneno'), 'Descartar').count(), 1);
  await state(ana, say('detrás'), 'enviado', 20000);
  await ana.unroute(POST_TO_ROOM);
  await button(say('veneno'), 'Reintentar').click();
  await state(ana, say('veneno'), 'enviado', 20000);
  assert.deepEqual(await stored(say('veneno'), say('detrás')), [say('detrás'), say('veneno')]);
}, 120000);

test('the clock of the person is ahead: the list goes by the times of the server', async () => {
  const page = await hurried('105', { state: 'sondeo', hoursAhead: 3 });
  await openWith(page, 103);
  // no poll corrects what the answer to the POST says
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  await page.route(/\/novedades/, (route) => gate.then(() => route.continue()).catch(() => {}));
  await write(page, say('desde el futuro'));
  await state(page, say('desde el futuro'), 'enviado', 20000);
  const [{ at }] = await house.rows('SELECT UNIX_TIMESTAMP(enviado_en) AS at FROM mensajes WHERE contenido = ?', [say('desde el futuro')]);
  const shown = await bubble(page, say('desde el futuro')).locator('time').getAttribute('datetime');
  assert.equal(Math.floor(Date.parse(shown) / 1000), Math.floor(at));
  await house.api('POST', '/api/mensajes/directo/105', { user: 101, body: { contenido: say('más nuevo') } });
  open();
  // at once: a later reading of the list would put it right
  const list = await ask(async () => {
    const all = await page.locator('.room .room-preview').allTextContents();
    return all.includes(say('más nuevo')) && all;
  }, 10000, 'the newer one');
  assert.equal(list[0], say('más nuevo'));
  await page.context().close();
}, 90000);

test('a room that takes nothing: its messages fail, and go in their order, once, with the next connection', async () => {
  const uuid = await ana.evaluate(() => location.hash.slice('#/sala/'.length));
  const locked = await house.db().getConnection();
  const texts = [say('primero'), say('segundo')];
  const keys = [];
  ana.on('request', (request) => { if (request.method() === 'POST' && POST_TO_ROOM.test(request.url())) keys.push(request.headers()['idempotency-key']); });
  try {
    await locked.query('BEGIN');
    await locked.query('SELECT id FROM salas_chat WHERE sala_uuid = ? FOR UPDATE', [uuid]);
    for (const text of texts) await write(ana, text);
    for (const text of texts) await state(ana, text, 'fallo', 40000);
    const preview = room(ana, 'Luis Martínez').locator('.room-preview');
    await ask(async () => await preview.textContent() === `Sin respuesta: ${texts[1]}`, 5000, 'the mark in the list');
  } finally {
    await locked.query('COMMIT');
    locked.release();
    await house.startPart('relay');
  }
  assert.equal(new Set(keys).size, 2);
  await mode(ana, 'conectado');
  for (const text of texts) await state(ana, text, 'enviado', 20000);
  assert.deepEqual(await stored(...texts), texts);
}, 120000);

test('nothing but the network complained', () => {
  const network = /Failed to load resource|WebSocket connection|WebSocket is already in CLOSING|ERR_/;
  assert.deepEqual(ana.complaints.filter((text) => !network.test(text)), []);
});
