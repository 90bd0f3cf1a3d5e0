'use strict';
// The page where the server wants tokens: pasted or in the address, kept in the tab, over when it ends.
const { createHmac } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, bubble, state, shoot, close } = require('./browser');

const KEY = 'una llave de prueba bastante larga para la página';
const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
const made = [];
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

async function token(id, seconds = 600) {
  const [{ correo }] = await house.rows('SELECT correo_institucional AS correo FROM usuarios WHERE id = ?', [id]);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: correo, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  made.push(`${text}.${createHmac('sha256', KEY).update(text).digest('base64url')}`);
  return made.at(-1);
}

const connected = (page) => page.waitForSelector('#connection[data-state="conectado"]', { timeout: 20000 });
const refusal = (page) => page.waitForFunction(() => {
  const text = document.getElementById('chooser-error')?.textContent;  // (the page may just be coming)
  return text && text !== 'Conectando…';
}, null, { timeout: 20000 });

async function paste(page, text) {
  await page.fill('#chooser-token', text);
  await page.press('#chooser-token', 'Enter');
}

test('the first screen asks for a token and offers no numbers', async () => {
  house = await House.start({ AUTH_MODE: 'token', SECRET_KEY: KEY });
  ana = await person(house, '');
  await ana.waitForSelector('#chooser-token');
  assert.equal(await ana.locator('#chooser-form').isVisible(), false);
  assert.equal(await ana.locator('#chooser-people').isVisible(), false);
  assert.doesNotMatch(await ana.innerText('#chooser'), /número/i);
  await shoot(ana, 'login-token');
  await ana.route('**/demo.json', (route) => route.fulfill({ status: 404, body: '' }));
  await ana.reload();
  await ana.waitForSelector('#chooser-token');
  assert.equal(await ana.locator('#chooser-form').isVisible(), false);
  await ana.unroute('**/demo.json');
  await paste(ana, 'no es un token');
  assert.match(await ana.textContent('#chooser-error'), /tres partes/);
}, 90000);

test('a token that is no good brings back the first screen with the reason', async () => {
  await paste(ana, await token(123, -5));
  await refusal(ana);
  assert.match(await ana.textContent('#chooser-error'), /no es válido o ha caducado/);
  assert.equal(await ana.evaluate(() => sessionStorage.length), 0);
}, 40000);

test('a good one opens the page; a reload needs no second', async () => {
  await paste(ana, await token(123));
  await connected(ana);
  await ana.waitForSelector('#me-name:text("Ana García")');
  await openWith(ana, 456);
  await write(ana, say('con token'));
  await state(ana, say('con token'), 'enviado');
  await ana.reload();
  await connected(ana);
  await bubble(ana, say('con token')).waitFor();
}, 60000);

for (const where of ['?', '#']) {
  test(`${where}token= enters and is gone from the address at once`, async () => {
    const luis = await person(house, '');
    await luis.goto('about:blank');
    await luis.goto(`${house.webUrl}/${where}token=${await token(456)}`);
    await connected(luis);
    assert.doesNotMatch(luis.url(), /token/);
    assert.equal(await luis.textContent('#me-name'), 'Luis Martínez');
    await openWith(luis, 123);
    await bubble(luis, say('con token')).waitFor();
    await luis.context().close();
  }, 60000);
}

test('a token put into the address of an open page enters with it', async () => {
  const page = await person(house, '');
  await page.goto(`${house.webUrl}/#token=${await token(456)}`);
  await connected(page);
  assert.doesNotMatch(page.url(), /token/);
  await page.waitForSelector('#me-name:text("Luis Martínez")');
  assert.equal(await page.textContent('#me-change'), 'Salir');
  await page.context().close();
}, 40000);

test('the relay away at the login: nothing to fill in meanwhile, and it goes on by itself', async () => {
  await house.stopPart('relay', 'KILL');
  const page = await person(house, '');
  await page.goto('about:blank');
  await page.goto(`${house.webUrl}/#token=${await token(456)}`);
  await page.waitForSelector('#chooser-error:text("se sigue intentando")', { timeout: 20000 });
  assert.equal(await page.locator('#chooser form:visible').count(), 0);
  assert.equal(await page.locator('#chooser-cancel').isVisible(), true);
  await house.startPart('relay');
  await connected(page);
  await connected(ana);
  await page.context().close();
}, 60000);

test('the relay away: the token opens REST polling too', async () => {
  await house.stopPart('relay', 'KILL');
  await ana.waitForSelector('#connection[data-state="sondeo"]', { timeout: 30000 });
  await write(ana, say('por consultas'));
  await state(ana, say('por consultas'), 'enviado');
  await house.startPart('relay');
  await connected(ana);
}, 90000);

test('the conversation in the address is there behind the login, and a number in an old link ends no session', async () => {
  const page = await person(house, '');
  const uuid = /#\/sala\/(.+)$/.exec(ana.url())[1];
  await page.goto(`${house.webUrl}/#/sala/${uuid}`);
  await paste(page, await token(123));
  await page.waitForSelector('#thread-title:text("Luis Martínez")');
  await page.goto(`${house.webUrl}/?usuario=456#/sala/${uuid}`);
  await page.waitForSelector('#thread-title:text("Luis Martínez")');
  assert.equal(await page.textContent('#me-name'), 'Ana García');
  assert.doesNotMatch(page.url(), /usuario/);
  // put out, and in again
  await page.evaluate(() => { sessionStorage.setItem('upred.token', 'a.b.c'); location.reload(); });
  await refusal(page);
  await paste(page, await token(123));
  await page.waitForSelector('#thread-title:text("Luis Martínez")');
  await page.click('#me-change');
  await page.waitForSelector('#chooser-token');
  assert.doesNotMatch(page.url(), /sala/);
  await page.context().close();
}, 60000);

test('when the token ends, so does the session, with the reason', async () => {
  await ana.click('#me-change');
  await ana.waitForSelector('#chooser-token');
  await paste(ana, await token(123, 8));
  await connected(ana);
  await refusal(ana);
  assert.equal(await ana.evaluate(() => sessionStorage.length), 0);
}, 60000);

test('no log holds a token, no complaint of the page does', () => {
  const folder = path.join(house.runDir, 'log');
  const texts = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
  for (const one of made) {
    const signature = one.split('.')[2];
    assert.ok(!texts.some((text) => text.includes(signature)), 'a log holds a token');
  }
  assert.deepEqual(ana.complaints.filter((text) => !/Failed to load resource|WebSocket connection|ERR_/.test(text)), []);
});
