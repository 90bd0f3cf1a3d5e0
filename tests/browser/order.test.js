'use strict';
// What is sent goes in the order written, also past the server's limits, and what was discarded goes not at all.
const { randomUUID } = require('node:crypto');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, bubble, state, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;

atEnd(() => house && house.stop());
atEnd(close);

const stored = async (like) => (await house.rows('SELECT contenido FROM mensajes WHERE contenido LIKE ? ORDER BY id', [like]))
  .map((row) => row.contenido);

// Uses up what the relay allows a person at once.
async function exhaust(user, uuid) {
  const socket = await house.connect(user);
  const once = () => socket.call('send_message', {
    sala_uuid: uuid, message: 'mucho', sender_id: user, timestamp: new Date().toISOString(), type: 'directo', client_id: randomUUID(),
  });
  const answers = Array.from({ length: 400 }, once);
  await Promise.any(answers.map(async (answer) => assert.equal((await answer).code, 'too_fast')));
  Promise.allSettled(answers);
}

test('faster than the server takes them: stored in the order written', async () => {
  house = await House.start({ RATE_LIMITS: 'on' });
  ana = await person(house, '123');
  await openWith(ana, 457);
  const uuid = await ana.evaluate(() => location.hash.slice('#/sala/'.length));
  await openWith(ana, 456);
  await exhaust('123', uuid);
  const texts = Array.from({ length: 25 }, (_, i) => say(`${String(i).padStart(2, '0')} en fila`));
  await ana.evaluate((all) => {
    const box = document.getElementById('composer-text');
    for (const text of all) {
      box.value = text;
      box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    }
  }, texts);
  await ask(async () => (await stored(`%${say('en fila')}`)).length === 25, 20000, 'all of them');
  assert.deepEqual(await stored(`%${say('en fila')}`), texts);
  await state(ana, texts.at(-1), 'enviado');
}, 90000);

test('a message discarded in one tab is not sent by the other', async () => {
  const away = (page) => page.waitForSelector('#connection:not([data-state="conectado"]):not([data-state="sondeo"])', { timeout: 20000 });
  await house.stopPart('relay', 'KILL');
  await house.stopPart('fcgi', 'KILL');
  await away(ana);
  // 12 s without a connection are failure enough; here they are short
  await ana.evaluate(() => {
    const real = window.setTimeout;
    window.setTimeout = (f, ms, ...more) => real(f, ms === 12000 ? 500 : ms, ...more);
  });
  for (const text of ['mejor no', 'mejor sí']) await write(ana, say(text));
  const other = await ana.context().newPage();
  await other.goto(ana.url());
  await other.waitForSelector('#app:not([hidden])');
  await state(ana, say('mejor no'), 'fallo', 30000);
  await bubble(ana, say('mejor no')).getByRole('button', { name: 'Descartar' }).click();
  await ana.close();
  await house.startPart('fcgi');
  await house.startPart('relay');
  await other.waitForSelector('#connection[data-state="conectado"]', { timeout: 30000 });
  await ask(async () => (await stored(say('mejor sí'))).length === 1, 20000, 'the other message');
  await bubble(other, say('mejor sí')).waitFor();
  assert.deepEqual(await stored(say('mejor no')), []);
  assert.equal(await other.locator('.message', { hasText: say('mejor no') }).count(), 0);
}, 120000);
