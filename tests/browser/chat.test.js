'use strict';
// Two people in two browsers: they find each other, write, and see what became of their messages.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, room, bubble, state, shoot, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;
let luis;

atEnd(close);
atEnd(() => house && house.stop());

test('the first screen offers the demo people and goes on as the one chosen', async () => {
  house = await House.open();
  const page = await person(house, '');
  await page.waitForSelector('.person');
  await shoot(page, 'chooser');
  await page.click('.person[data-id="456"]');
  await page.waitForSelector('#connection[data-state="conectado"]');
  assert.match(page.url(), /\?usuario=456/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}, 60000);

test('two people open the same conversation', async () => {
  ana = await person(house, '123');
  luis = await person(house, '456', { dark: true });
  await openWith(ana, 456);
  assert.equal(await ana.textContent('#thread-title'), 'Luis Martínez');
  await ask(async () => /^(\(\d+\) )?Luis Martínez · UPRed Push$/.test(await ana.title()), 3000, 'the title');
});

test('a message to somebody who is elsewhere is delivered and counted as unread', async () => {
  const row = room(luis, 'Ana García');
  const count = async () => parseInt(await row.locator('.badge').textContent(), 10);
  await row.waitFor();
  const before = await count();
  await write(ana, say('¡Hola, Luis! ¿Vienes al laboratorio 3?'));
  await state(ana, say('laboratorio 3?'), 'entregado');
  await ask(async () => await count() === before + 1, 5000, 'the badge');
  assert.equal(await row.locator('.badge').isVisible(), true);
  assert.match(await luis.title(), /^\(\d+\) UPRed Push$/);
  await shoot(luis, 'unread-dark');
});

test('opening the conversation reads it: leído for the author, no badge for the reader', async () => {
  await room(luis, 'Ana García').click();
  await bubble(luis, say('laboratorio 3?')).waitFor();
  await state(ana, say('laboratorio 3?'), 'leido');
  await room(luis, 'Ana García').locator('.badge').waitFor({ state: 'hidden' });
});

test('the answer arrives and is read at once by who is looking', async () => {
  await write(luis, say('Sí, en diez minutos.'));
  await bubble(ana, say('Sí, en diez minutos.')).waitFor();
  await state(luis, say('Sí, en diez minutos.'), 'leido');
});

test('text is shown as it was written: newlines, quotes, markup, and only http(s) become links', async () => {
  const text = say('línea 1\n"comillas" <img src=x onerror=alert(1)> https://example.org/a?b=1&c=2. fin');
  await write(ana, text);
  const theirs = bubble(luis, `fin ${stamp}`);
  await theirs.waitFor();
  assert.equal(await theirs.locator('.text').evaluate((e) => e.textContent), text);
  assert.equal(await theirs.locator('img').count(), 0);
  assert.equal(await theirs.locator('a').getAttribute('href'), 'https://example.org/a?b=1&c=2');
});

test('each message stands once on both screens, in the same order', async () => {
  for (let i = 1; i <= 12; i += 1) await write(i % 2 ? ana : luis, say(`orden ${String(i).padStart(2, '0')}`));
  const texts = (page) => page.locator('.message .text', { hasText: stamp }).allTextContents();
  await ask(async () => (await texts(ana)).length === 15 && (await texts(luis)).length === 15, 8000, '15 messages on each');
  assert.deepEqual(await texts(ana), await texts(luis));
  await state(ana, say('orden 11'), 'leido');
});

test('a reload shows the same conversation from the history', async () => {
  const before = await ana.locator('.message .text').allTextContents();
  await ana.reload();
  await bubble(ana, say('orden 12')).waitFor();
  const after = await ana.locator('.message .text').allTextContents();
  assert.deepEqual(after.slice(-15), before.slice(-15));
  await state(ana, say('orden 11'), 'leido');
});

test('a group: both are in it, the author is named', async () => {
  for (const page of [ana, luis]) {
    await page.click('#new-chat');
    await page.check('input[value="group"]', { force: true });
    await page.click('#new-list [data-id="789"]');
    await page.waitForSelector('#thread-sub:text("Grupo")');
  }
  await write(luis, say('¿A qué hora es la clase?'));
  const heard = bubble(ana, say('¿A qué hora es la clase?'));
  await heard.waitFor();
  assert.match(await heard.textContent(), /Luis Martínez/);
  await state(luis, say('¿A qué hora es la clase?'), 'leido');
  await room(ana, 'Ingeniería en Software 4°A').locator('.badge').waitFor({ state: 'hidden' });
});

test('who is no member is told so in the dialog', async () => {
  await ana.click('#new-chat');
  await ana.check('input[value="group"]', { force: true });
  await ana.fill('#new-id', '791');
  await ana.press('#new-id', 'Enter');
  await ana.waitForSelector('#new-error:text("No eres miembro de este grupo")');
  await ana.click('#new-cancel');
});

test('screens of the conversation, light and dark', async () => {
  await room(ana, 'Luis Martínez').click();
  await room(luis, 'Ana García').click();
  await bubble(ana, say('orden 12')).waitFor();
  await bubble(luis, say('orden 12')).waitFor();
  await shoot(ana, 'chat-light');
  await shoot(luis, 'chat-dark');
});

test('what came while somebody was away is delivered once his list shows it, not read', async () => {
  await openWith(ana, 457);
  for (const text of ['uno', 'dos']) await write(ana, say(`Carla, ${text}`));
  await state(ana, say('Carla, dos'), 'enviado');
  const carla = await person(house, '457');
  await room(carla, 'Ana García').locator('.badge').waitFor();
  for (const text of ['uno', 'dos']) await state(ana, say(`Carla, ${text}`), 'entregado');
  assert.equal(await room(carla, 'Ana García').locator('.badge').isVisible(), true);
  assert.deepEqual(carla.complaints, []);
  await carla.context().close();
  await openWith(ana, 456);
});

test('a phone: one thing at a time, back by the browser, nothing wider than the screen', async () => {
  const phone = await person(house, '123', { phone: true });
  await phone.locator('.room').first().waitFor();
  await shoot(phone, 'phone-list');
  await room(phone, 'Luis Martínez').tap();
  await bubble(phone, say('orden 12')).waitFor();
  assert.equal(await phone.locator('.side').isVisible(), false);
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 390);
  await shoot(phone, 'phone-chat');
  const change = bubble(phone, say('orden 11')).getByRole('button', { name: 'Editar' });
  assert.equal(await change.evaluate((e) => getComputedStyle(e.parentElement).opacity), '0');
  await bubble(phone, say('orden 11')).locator('.text').tap();
  await ask(async () => await change.evaluate((e) => getComputedStyle(e.parentElement).opacity) === '1', 3000, 'the buttons');
  await phone.goBack();
  await phone.locator('.side').waitFor();
  assert.equal(await phone.locator('#thread').isVisible(), false);
  // the page's own way back is a step back too, also after a reload
  await room(phone, 'Luis Martínez').tap();
  await bubble(phone, say('orden 12')).waitFor();
  const steps = await phone.evaluate(() => history.length);
  await phone.reload();
  await bubble(phone, say('orden 12')).waitFor();
  await phone.tap('#thread-back');
  await phone.locator('.side').waitFor();
  await phone.goForward();
  await bubble(phone, say('orden 12')).waitFor();
  assert.equal(await phone.evaluate(() => history.length), steps);
  await phone.goBack();
  await phone.locator('.side').waitFor();
  assert.deepEqual(phone.complaints, []);
  await phone.context().close();
});

test('nobody complained: no console error, no exception, no breach of the policy', () => {
  assert.deepEqual([...ana.complaints, ...luis.complaints], []);
});
