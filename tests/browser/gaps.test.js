'use strict';
// A cut that the server does not recover: no message is hidden by what was asked for before it, none goes by unsaid.
// timeout: 300
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, room, bubble, hold, drawn, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
const MORE_THAN_A_PAGE = 60;
let house;
let ana;
let luis;
let pattern;

atEnd(close);
atEnd(() => house && house.stop());

const send = (from, to, text) => house.rest('POST', `/directo/${to}`, from, { contenido: text });
const shown = (text) => ana.locator('.message', { hasText: text }).count();
const preview = (page, name) => room(page, name).locator('.room-preview').textContent();
const connected = (page) => page.waitForSelector('#connection[data-state="conectado"]', { timeout: 20000 });

// The relay is gone while said() speaks; no poll tells of it.
async function cut(pages, said) {
  for (const page of pages) await page.route(/\/novedades/, (route) => route.abort());
  await house.stopPart('relay', 'KILL');
  try {
    await said();
  } finally {
    await house.startPart('relay');
  }
  for (const page of pages) {
    await connected(page);
    await page.unroute(/\/novedades/);
  }
}

// What was held comes, and the page has made of it what it will.
async function release(gate) {
  const done = ana.waitForEvent('requestfinished', (request) => pattern.test(request.url()));
  gate.release();
  await done;
  await drawn(ana);
  await ana.unroute(pattern);
}

const lose = async (name) => {
  for (let i = 0; i < MORE_THAN_A_PAGE; i += 1) await send(456, 123, say(`${name} ${i}.`));
};

test('a page of history from before the cut is not taken for all there is', async () => {
  house = await House.open();
  ana = await person(house, '123');
  pattern = new RegExp(`${(await house.rest('POST', '/salas/directa/456', 123)).sala_uuid}/mensajes\\?limit=50$`);
  await openWith(ana, 101);
  const gate = await hold(ana, pattern);
  await room(ana, 'Luis Martínez').click();
  await gate.held;
  await room(ana, 'María Hernández').click();
  await cut([ana], async () => {
    for (let i = 0; i < 3; i += 1) await send(456, 123, say(`en el hueco ${i}`));
  });
  await ask(async () => await preview(ana, 'Luis Martínez') === say('en el hueco 2'), 8000, 'the list');
  await release(gate);
  await room(ana, 'Luis Martínez').click();
  await ask(async () => await shown(stamp) === 3, 5000, 'the three messages');
}, 60000);

test('nor where its conversation is open: nothing between it and the newest page is left out', async () => {
  const gate = await hold(ana, pattern);
  await ana.reload();
  await connected(ana);
  await gate.held;
  await cut([ana], () => lose('sin abrir'));
  await bubble(ana, say('sin abrir 59.')).waitFor();
  await release(gate);
  await ask(async () => {
    await ana.evaluate(() => { document.getElementById('scroller').scrollTop = 0; });
    return await shown(say('sin abrir 0.')) === 1;
  }, 10000, 'the first of them');
  assert.equal(await ana.locator('.message', { hasText: 'sin abrir' }).count(), MORE_THAN_A_PAGE);
}, 60000);

test('a conversation that begins again after a long cut leaves the one opened since as it is', async () => {
  await openWith(ana, 101);
  await openWith(ana, 456);
  const gate = await hold(ana, pattern);
  await cut([ana], () => lose('perdido'));
  await gate.held;
  await room(ana, 'María Hernández').click();
  await bubble(ana, 'Bienvenida').waitFor();
  await release(gate);
  assert.ok(await shown('Bienvenida') > 0);
  assert.equal(await ana.locator('#thread-empty').isVisible(), false);
  await room(ana, 'Luis Martínez').click();
  await bubble(ana, say('perdido 59.')).waitFor();
}, 60000);

test('what came during a cut is told once, by its number, and out of sight in one notice', async () => {
  luis = await person(house, '456');
  await luis.addInitScript(() => {
    window.notices = [];
    window.Notification = class {
      static permission = 'granted';
      constructor(title, { body }) { window.notices.push(`${title}: ${body}`); }
    };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  });
  await luis.reload();
  await connected(luis);
  await room(luis, 'Ana García').waitFor();
  await ana.evaluate(() => {
    window.told = [];
    new MutationObserver((all) => window.told.push(...all.flatMap((one) => [...one.addedNodes].map((node) => node.textContent))))
      .observe(document.getElementById('announcer'), { childList: true });
  });
  await cut([ana, luis], async () => {
    for (const text of ['uno', 'dos']) await send(456, 123, say(text));
    await send(101, 123, say('de María'));
    for (const text of ['tres', 'cuatro']) await send(123, 456, say(text));
    await send(457, 456, say('de Carla'));
  });
  await ask(() => ana.evaluate(() => window.told.length === 2), 8000, 'two sentences');
  await bubble(ana, say('cuatro')).waitFor();
  await send(456, 123, say('en vivo'));
  await ask(() => ana.evaluate(() => window.told.length > 2), 8000, 'the next one');
  assert.deepEqual(await ana.evaluate(() => window.told.sort()), ['1 mensaje nuevo de María Hernández',
    '2 mensajes nuevos de Luis Martínez', `Luis Martínez: ${say('en vivo')}`]);
  await ask(async () => await preview(luis, 'Carla Domínguez') === say('de Carla'), 8000, 'the list');
  await send(101, 456, say('aviso'));
  await ask(() => luis.evaluate(() => window.notices.length > 1), 8000, 'the next notice');
  assert.deepEqual(await luis.evaluate(() => window.notices), ['UPRed Push: 3 mensajes nuevos en 2 conversaciones',
    `María Hernández: ${say('aviso')}`]);
}, 60000);

test('while nothing answers, the state of the connection is written once', async () => {
  let tries = 0;
  ana.on('requestfailed', (request) => { if (/\/socket\.io\//.test(request.url())) tries += 1; });
  await ana.evaluate(() => {
    window.states = [];
    const line = document.getElementById('connection-text');
    new MutationObserver(() => window.states.push(line.textContent)).observe(line, { childList: true, characterData: true, subtree: true });
  });
  const patterns = [/\/socket\.io\//, /\/novedades/];
  for (const one of patterns) await ana.route(one, (route) => route.abort());
  await house.restartPart('relay', 'KILL');
  await ask(() => tries >= 3, 25000, 'three vain tries');
  assert.deepEqual(await ana.evaluate(() => window.states), ['Reconectando…']);
  for (const one of patterns) await ana.unroute(one);
  await connected(ana);
}, 60000);

test('nothing but the network complained', () => {
  const network = /Failed to load resource|WebSocket connection|WebSocket is already in CLOSING|ERR_/;
  assert.deepEqual([...ana.complaints, ...luis.complaints].filter((text) => !network.test(text)), []);
});
