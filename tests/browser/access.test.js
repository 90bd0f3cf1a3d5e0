'use strict';
// The page without a mouse, and as a screen reader sees it.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, bubble, close } = require('./browser');

const stamp = Date.now().toString(36);
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className);

// Every control of the accessibility tree has a name.
async function nameless(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const controls = ['button', 'textbox', 'link', 'radio', 'dialog', 'navigation', 'region', 'log', 'complementary'];
  return nodes.filter((n) => !n.ignored && controls.includes(n.role?.value) && !n.name?.value).map((n) => n.role.value);
}

test('back on the first screen one can choose anew', async () => {
  house = await House.open();
  const page = await person(house, '');
  for (const name of ['Ana García', 'Luis Martínez']) {
    await page.click(`.person:has-text("${name}")`);
    await page.waitForSelector('#connection[data-state="conectado"]');
    await page.goBack();
    await page.waitForSelector('.person');
  }
  await page.context().close();
}, 60000);

// What a screen reader jumps to: where the page's own begins, and what it is called.
test('list and conversation each have their main part and a heading above, in a wide and in a narrow window', async () => {
  const page = await person(house, '123');
  const marks = async () => {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    const level = (n) => n.properties.find((p) => p.name === 'level')?.value.value;
    const seen = nodes.filter((n) => !n.ignored);
    return [seen.filter((n) => n.role.value === 'main').length, seen.filter((n) => n.role.value === 'heading' && level(n) === 1).length];
  };
  for (const width of [1200, 400]) {
    await page.setViewportSize({ width, height: 700 });
    assert.deepEqual(await marks(), [1, 1], `${width}, list`);
    await page.locator('.room').first().click();
    await page.waitForSelector('#messages[aria-busy="false"]');
    assert.deepEqual(await marks(), [1, 1], `${width}, conversation`);
    await page.goBack();
    await page.waitForSelector('body[data-view="list"]');
  }
  await page.context().close();
}, 60000);

test('from the first screen into a conversation by the keyboard alone', async () => {
  ana = await person(house, '');
  await ana.waitForSelector('.person');
  await ana.focus('#chooser-id');
  await ana.keyboard.type('cero');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#chooser-error:text("número de usuario")');
  assert.equal(await ana.getAttribute('#chooser-id', 'aria-invalid'), 'true');
  await ana.fill('#chooser-id', '123');
  assert.equal(await ana.getAttribute('#chooser-id', 'aria-invalid'), null);
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#connection[data-state="conectado"]');
  await ana.locator('.room').first().waitFor();
  await ana.locator('.room').first().focus();
  await ana.keyboard.press('ArrowDown');
  const second = await ana.locator('.room').nth(1).getAttribute('data-room');
  assert.equal(await ana.evaluate(() => document.activeElement.dataset.room), second);
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#messages[aria-busy="false"]');
  assert.equal(await focused(ana), 'composer-text');
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('#thread-none:not([hidden])');
  assert.equal(await ana.evaluate(() => document.activeElement.dataset.room), second);
}, 60000);

test('the dialog keeps the focus, names its fault, and gives the focus back', async () => {
  const size = ana.viewportSize();
  await ana.setViewportSize({ width: 640, height: 360 });
  await ana.focus('#new-chat');
  await ana.keyboard.press('Enter');
  // it opens at its beginning, also where it is taller than the window
  assert.equal(await ana.evaluate(() => document.activeElement.value), 'person');
  assert.equal(await ana.evaluate(() => document.getElementById('new-dialog').scrollTop), 0);
  await ana.focus('#new-id');
  await ana.keyboard.type('x');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#new-error:text("número de usuario")');
  const seen = (id) => ana.evaluate((one) => document.getElementById('new-dialog')
    .contains(document.elementFromPoint(...(({ x, y }) => [x + 5, y + 5])(document.getElementById(one).getBoundingClientRect()))), id);
  assert.ok(await seen('new-error'));
  await ana.fill('#new-id', '99999');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#new-error:text("No hay ninguna persona con ese número")');
  await ana.setViewportSize(size);
  assert.deepEqual(await nameless(ana), []);
  await ana.keyboard.press('Escape');
  assert.equal(await focused(ana), 'new-chat');
});

test('Enter sends, Shift+Enter breaks the line', async () => {
  await openWith(ana, 456);
  assert.equal(await focused(ana), 'composer-text');
  await ana.keyboard.type('uno');
  await ana.keyboard.press('Shift+Enter');
  await ana.keyboard.type(`dos ${stamp}`);
  await ana.keyboard.press('Enter');
  await bubble(ana, stamp).waitFor();
  assert.equal(await bubble(ana, stamp).locator('.text').evaluate((e) => e.textContent), `uno\ndos ${stamp}`);
  assert.equal(await ana.inputValue('#composer-text'), '');
});

test('the skip link leads into the conversation that is open, or to a new one', async () => {
  const skip = async () => {
    await ana.focus('#skip');
    await ana.keyboard.press('Enter');
    return focused(ana);
  };
  const address = ana.url();
  assert.equal(await skip(), 'composer-text');
  assert.equal(ana.url(), address);
  assert.equal(await ana.isVisible('#thread-open'), true);
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('#thread-none:not([hidden])');
  assert.equal(await skip(), 'new-chat');
  await openWith(ana, 456);
});

test('what arrives is announced, with who wrote it', async () => {
  const luis = await person(house, '456');
  await openWith(luis, 123);
  await write(luis, `anuncio ${stamp}`);
  await ask(async () => await ana.textContent('#announcer') === `Luis Martínez: anuncio ${stamp}`, 5000, 'the announcement');
});

test('equal texts in a row are announced each for itself, and so is the first one of a new conversation', async () => {
  const told = (text) => ana.locator('#announcer').evaluate((e, wanted) => [...e.children].filter((one) => one.textContent === wanted).length, text);
  const send = (user, text) => house.api('POST', '/api/mensajes/directo/123', { user, body: { contenido: text } });
  for (let i = 0; i < 2; i += 1) await send(456, `¿hola? ${stamp}`);
  await ask(async () => await told(`Luis Martínez: ¿hola? ${stamp}`) === 2, 8000, 'both');
  await send(108, `soy nuevo ${stamp}`);
  await ask(async () => await told(`Mateo Jiménez: soy nuevo ${stamp}`) === 1, 8000, 'the new one');
  await ask(async () => await ana.locator('#announcer > *').count() === 0, 15000, 'the end of it');
});

test('controls and regions have names, states are words', async () => {
  assert.deepEqual(await nameless(ana), []);
  assert.match(await bubble(ana, `dos ${stamp}`).locator('.state').textContent(), /^(enviado|entregado|leído)$/);
  assert.equal(await ana.getAttribute('html', 'lang'), 'es');
  assert.equal(await ana.getAttribute('#announcer', 'aria-live'), 'polite');
  assert.equal(await ana.getAttribute('#connection', 'role'), 'status');
});

test('an older page of history keeps the place that was being read', async () => {
  for (let i = 0; i < 70; i += 1) {
    const { status } = await house.api('POST', '/api/mensajes/directo/457', { user: 123, body: { contenido: `nota ${i} ${stamp}` } });
    assert.equal(status, 201);
  }
  await ana.goto(`${house.webUrl}/?usuario=123`);
  await openWith(ana, 457);
  await bubble(ana, `nota 69 ${stamp}`).waitFor();
  assert.equal(await ana.locator('.message').count(), 50);
  await ana.locator('#older').scrollIntoViewIfNeeded();
  await bubble(ana, `nota 0 ${stamp}`).waitFor({ state: 'attached' });
  const first = ana.locator('.message', { hasText: `nota 20 ${stamp}` });
  assert.ok(await first.evaluate((e) => e.getBoundingClientRect().top < innerHeight && e.getBoundingClientRect().bottom > 0));
}, 60000);

test('the button for older messages gives the focus to the messages when there are none', async () => {
  const page = await person(house, '457');
  await openWith(page, 123);
  const older = page.locator('#older');
  await older.focus();
  await ask(async () => {
    if (await older.isVisible()) await page.keyboard.press('Enter');
    return older.isHidden();
  }, 10000, 'the oldest');
  assert.equal(await focused(page), 'scroller');
  await page.route(/limit=50/, (route) => route.abort());
  await page.goto('about:blank');
  await page.goto(`${house.webUrl}/?usuario=457`);
  await page.locator('.room').first().click();
  await page.waitForSelector('#older:text("Reintentar")');
  assert.equal(await page.getAttribute('#messages', 'aria-busy'), 'false');
  await page.context().close();
}, 60000);

test('who reads above hears of what is new below, and gets there by one button', async () => {
  await house.api('POST', '/api/mensajes/directo/123', { user: 457, body: { contenido: `abajo ${stamp}` } });
  await ana.waitForSelector('#to-bottom:text("1 nuevo")');
  const low = () => bubble(ana, `abajo ${stamp}`).evaluate((e) => e.getBoundingClientRect().bottom <= innerHeight);
  assert.equal(await low(), false);
  await ana.click('#to-bottom');
  await ask(low, 3000, 'the end of the conversation');
  assert.equal(await ana.locator('#to-bottom').isVisible(), false);
});

// How an edge of 1 px, or of a shadow, stands out from what is on both sides of it.
const edge = (page, selector) => page.locator(selector).evaluate((element) => {
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const light = (text) => rgb(text).slice(0, 3).map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    const colour = getComputedStyle(e).backgroundColor;
    return rgb(colour)[3] === 0 ? ground(e.parentElement) : colour;
  };
  const { borderTopWidth, borderTopColor, boxShadow } = getComputedStyle(element);
  const line = borderTopWidth === '0px' ? /^rgba?\([^)]*\)/.exec(boxShadow)[0] : borderTopColor;
  return Math.min(...[ground(element), ground(element.parentElement)].map((other) => {
    const [low, high] = [light(line), light(other)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  }));
});

test('what one fills in or has chosen has an edge that one sees, in light and in dark', async () => {
  for (const dark of [false, true]) {
    const page = await person(house, '', { dark });
    await page.click('#chooser-token-box summary');
    for (const field of ['#chooser-id', '#chooser-token']) assert.ok(await edge(page, field) >= 3, `${field}, dark: ${dark}`);
    await page.goto(`${house.webUrl}/?usuario=457`);
    await openWith(page, 123);
    await page.click('#new-chat');
    for (const field of ['#composer-text', '#new-id', '.segmented input:checked + span']) {
      assert.ok(await edge(page, field) >= 3, `${field}, dark: ${dark}`);
    }
    await page.context().close();
  }
}, 40000);

test('days are told apart', async () => {
  const [{ sala }] = await house.rows(`SELECT sala_chat_id AS sala FROM mensajes WHERE contenido = ?`, [`abajo ${stamp}`]);
  for (const [days, text] of [[400, 'antiguo'], [1, 'de ayer'], [0, 'de hoy']]) {
    await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido, enviado_en)
      VALUES (UUID(), ?, 457, ?, NOW() - INTERVAL ? DAY)`, [sala, `${text} ${stamp}`, days]);
  }
  await bubble(ana, `de hoy ${stamp}`).waitFor();
  const days = await ana.locator('.day').allTextContents();
  assert.deepEqual(days.slice(-2), ['Ayer', 'Hoy']);
  assert.match(days.at(-3), /^\d+ de [a-z]+ de \d{4}$/);
  const brief = (then) => ana.evaluate(async (date) => {
    const format = await import('/js/ui/format.js');
    return format.brief(new Date(date), new Date('2025-11-28T12:00'));
  }, then);
  assert.deepEqual([await brief('2025-11-20T12:00'), await brief('2024-11-27T12:00')], ['20 nov', '27 nov 2024']);
});

test('nobody complained', () => assert.deepEqual(ana.complaints, []));
