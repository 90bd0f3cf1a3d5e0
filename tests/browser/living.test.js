'use strict';
// What moves in a conversation beside its messages: who is there, who is writing, edits, deletions, notices.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, room, bubble, state, drawn, shoot, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;
let luis;

atEnd(close);
atEnd(() => house && house.stop());

const row = async (text) => (await house.rows('SELECT contenido, editado_en, eliminado_en FROM mensajes WHERE contenido = ?', [text]))[0];

// The buttons of a message are there while the pointer is on it; an answer that comes meanwhile draws the message anew.
async function press(page, text, name) {
  await ask(async () => {
    await bubble(page, text).hover({ timeout: 1000 });
    await bubble(page, text).getByRole('button', { name }).click({ timeout: 1000 });
    return true;
  }, 10000, `the button ${name}`);
}

test('who is there is said in the list and above the conversation', async () => {
  house = await House.open();
  ana = await person(house, '123');
  await openWith(ana, 456);
  luis = await person(house, '456');
  await openWith(luis, 123);
  await ana.waitForSelector('#thread-sub:text("En línea")', { timeout: 15000 });
  await luis.waitForSelector('#thread-sub:text("En línea")', { timeout: 15000 });
  await room(ana, 'Luis Martínez').locator('.avatar.online').waitFor();
}, 90000);

test('"está escribiendo…" comes while somebody writes and goes with the message', async () => {
  await luis.type('#composer-text', 'Ya casi');
  await ana.waitForSelector('#typing:text("Luis Martínez está escribiendo…")');
  assert.equal(await luis.textContent('#typing'), '');
  await shoot(ana, 'typing-light');
  await write(luis, say('Ya casi llego'));
  await bubble(ana, say('Ya casi llego')).waitFor();
  await ask(async () => await ana.textContent('#typing') === '', 3000, 'the end of it');
});

test('one does not hear of oneself writing in another tab', async () => {
  const heard = [];
  const other = await person(house, '');
  other.on('websocket', (ws) => ws.on('framereceived', ({ payload }) => String(payload).includes('"user_typing"') && heard.push(payload)));
  await other.goto(`${house.webUrl}/?usuario=456`);
  await openWith(other, 123);
  await luis.type('#composer-text', 'Otra cosa');
  await ana.waitForSelector('#typing:text("Luis Martínez está escribiendo…")');
  await ask(() => heard.length, 5000, 'the event');
  await drawn(other);
  assert.equal(await other.textContent('#typing'), '');
  await luis.fill('#composer-text', '');
  await other.context().close();
});

test('a burst of messages is few drawings of the list', async () => {
  const page = await person(house, '');
  await page.clock.install();
  await page.goto(`${house.webUrl}/?usuario=101`);
  await room(page, 'Ana García').waitFor();
  // no pause between two drawings ends while the clock stands
  await page.clock.pauseAt(Date.now() + 5000);
  await page.evaluate(() => {
    window.drawings = 0;
    new MutationObserver(() => { window.drawings += 1; }).observe(document.getElementById('rooms'), { childList: true, subtree: true });
  });
  const texts = Array.from({ length: 20 }, (_, i) => say(`ráfaga ${i}`));
  for (const text of texts) await house.api('POST', '/api/mensajes/directo/101', { user: 123, body: { contenido: text } });
  const told = () => page.locator('#announcer').evaluate((e) => [...e.children].filter((one) => one.textContent.includes('ráfaga')).length);
  await ask(async () => await told() === texts.length, 8000, 'all of them');
  assert.ok(await page.evaluate(() => window.drawings) <= 1);
  await page.clock.resume();
  await ask(async () => await room(page, 'Ana García').locator('.room-preview').textContent() === texts.at(-1), 5000, 'the last one');
  await page.context().close();
}, 40000);

test('an own message is edited: both see the new text and the word', async () => {
  await write(ana, say('Nos vemos a las 3'));
  await state(ana, say('Nos vemos a las 3'), 'leido');
  await press(ana, say('Nos vemos a las 3'), 'Editar');
  assert.equal(await ana.inputValue('#composer-text'), say('Nos vemos a las 3'));
  await shoot(ana, 'edit-light');
  await write(ana, say('Nos vemos a las 4'));
  for (const page of [ana, luis]) await bubble(page, say('Nos vemos a las 4')).locator('.meta:has-text("editado")').waitFor();
  assert.equal(await ana.locator('#composer-edit').isVisible(), false);
  assert.ok((await row(say('Nos vemos a las 4'))).editado_en);
});

test('an edit given up changes nothing and gives the draft back', async () => {
  await ana.fill('#composer-text', 'a medias');
  await press(ana, say('Nos vemos a las 4'), 'Editar');
  await ana.press('#composer-text', 'Escape');
  assert.equal(await ana.inputValue('#composer-text'), 'a medias');
  assert.equal(await ana.locator('#thread-open').isVisible(), true);
  await ana.fill('#composer-text', '');
});

test('an own message is deleted after a question: both see that it is gone', async () => {
  await write(ana, say('Esto no iba aquí'));
  await bubble(luis, say('Esto no iba aquí')).waitFor();
  await press(ana, say('Esto no iba aquí'), 'Eliminar');
  await ana.click('#delete-no');
  assert.equal(await bubble(luis, say('Esto no iba aquí')).count(), 1);
  await press(ana, say('Esto no iba aquí'), 'Eliminar');
  await ana.click('#delete-yes');
  for (const page of [ana, luis]) {
    await ask(async () => await page.locator('.message', { hasText: say('Esto no iba aquí') }).count() === 0, 5000, 'it gone');
    await bubble(page, 'Mensaje eliminado').waitFor();
  }
  assert.ok((await row(say('Esto no iba aquí'))).eliminado_en);
});

test("others' messages have no such buttons", async () => {
  assert.equal(await bubble(luis, say('Nos vemos a las 4')).getByRole('button').count(), 0);
});

test('out of sight: a message is a notice of the system, one per conversation', async () => {
  const page = await person(house, '');
  await page.context().grantPermissions(['notifications']);
  await page.addInitScript(() => {
    window.notices = [];
    window.Notification = class {
      static permission = 'granted';
      constructor(title, { body, tag }) { window.notices.push({ title, body, tag }); }
      close() {}
    };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  });
  // not by a reload: a session that is cut off in its upgrade is Luis's until its ping is missed
  await page.goto(`${house.webUrl}/?usuario=456`);
  await page.waitForSelector('#connection[data-state="conectado"]');
  await room(page, 'Ana García').waitFor();
  await write(ana, say('¿Dónde andas?'));
  const notice = await ask(async () => (await page.evaluate(() => window.notices)).find((n) => n.body.endsWith(stamp)), 8000, 'the notice');
  assert.equal((await page.evaluate(() => window.notices)).length, 1);
  assert.equal(notice.title, 'Ana García');
  assert.equal(notice.body, say('¿Dónde andas?'));
  assert.match(notice.tag, /^[0-9a-f-]{36}$/);
  assert.equal(await page.locator('#me-notices').isVisible(), false);
  await page.context().close();
}, 60000);

test('who leaves is seen as gone after the grace', async () => {
  await luis.context().close();
  await ana.waitForSelector('#thread-sub:text("Última conexión")', { timeout: 40000 });
}, 60000);

test('nobody complained', () => assert.deepEqual(ana.complaints, []));
