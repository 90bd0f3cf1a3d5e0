'use strict';
// The relay is killed: the page goes on by REST polling, what is written meanwhile arrives once, also over a
// reload; the relay comes back: sockets again, nothing doubled.
// timeout: 600
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

const stored = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text])).length;
const shown = (page, text) => page.locator('.message', { hasText: text }).count();
const mode = (page, name) => page.waitForSelector(`#connection[data-state="${name}"]`, { timeout: 30000 });
const kept = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('upred.pendiente.')).length);

// The server says how often to ask; for these pages once a second, so that five polls are five seconds.
async function hurried(user) {
  const page = await person(house, user);
  await page.context().route(/\/novedades/, async (route) => {
    try {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'x-poll-interval': '1' } });
    } catch {
      await route.abort().catch(() => {});
    }
  });
  return page;
}

async function once(text) {
  for (const page of [ana, luis]) {
    await bubble(page, text).waitFor({ timeout: 20000 });
    assert.equal(await shown(page, text), 1, `${text} on the screen`);
  }
  assert.equal(await stored(text), 1, `${text} in the database`);
}

test('two people talk by WebSocket', async () => {
  house = await House.start();
  ana = await hurried('123');
  luis = await hurried('456');
  await openWith(ana, 456);
  await openWith(luis, 123);
  await ana.waitForSelector('#connection[title="En vivo, por WebSocket"]');
  await write(ana, say('con sockets'));
  await once(say('con sockets'));
}, 90000);

test('WebSocket blocked on the way: the same in Socket.IO polling, and the page says so', async () => {
  const page = await person(house, '');
  await page.addInitScript(() => {
    window.WebSocket = class {
      constructor() { throw new Error('blocked'); }
    };
  });
  await page.goto(`${house.webUrl}/?usuario=456`);
  await mode(page, 'conectado');
  await openWith(page, 123);
  await bubble(page, say('con sockets')).waitFor();
  await write(ana, say('hasta el sondeo'));
  await bubble(page, say('hasta el sondeo')).waitFor();
  await write(page, say('desde el sondeo'));
  await once(say('desde el sondeo'));
  assert.equal(await page.getAttribute('#connection', 'title'), 'En vivo, por sondeo largo');
  await page.context().close();
}, 60000);

test('relay killed: both pages say so and go on by REST polling, each message once', async () => {
  await house.stopPart('relay', 'KILL');
  await write(ana, say('recién cortado'));
  await mode(ana, 'sondeo');
  await mode(luis, 'sondeo');
  await write(ana, say('por consultas'));
  await write(luis, say('y la respuesta'));
  for (const text of ['recién cortado', 'por consultas', 'y la respuesta']) await once(say(text));
  await state(ana, say('por consultas'), 'leido', 30000);
  assert.equal(await kept(ana), 0);
  await shoot(ana, 'polling-light');
}, 90000);

test('the badges say what the server counts, whatever a cursor repeats', async () => {
  for (const text of ['uno', 'dos']) {
    await house.api('POST', '/api/mensajes/directo/123', { user: 457, body: { contenido: say(text) } });
  }
  await ask(async () => (await ana.textContent('.room:has-text("Carla") .room-preview')) === say('dos'), 15000, 'the message in the list');
  const counted = async () => (await house.api('GET', '/api/mensajes/no-leidos/count', { user: 123 })).json.total_no_leidos;
  const badges = () => ana.locator('.badge:visible').evaluateAll((all) => all.reduce((sum, one) => sum + parseInt(one.textContent, 10), 0));
  await ask(async () => await badges() === await counted(), 8000, 'equal counts');
  await ana.waitForTimeout(7000);
  assert.equal(await badges(), await counted());
  const [{ id }] = await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [say('dos')]);
  const before = await counted();
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${id}`, { user: 457 })).status, 200);
  assert.equal(await counted(), before - 1);
  await ask(async () => await badges() === before - 1, 20000, 'one less');
}, 90000);

test('several at once keep their order', async () => {
  for (let i = 0; i < 5; i += 1) await write(ana, say(`serie ${i}`));
  await once(say('serie 4'));
  const texts = await luis.locator('.message .text', { hasText: say('serie').slice(0, 6) }).allTextContents();
  assert.deepEqual(texts.filter((one) => one.endsWith(stamp)), [0, 1, 2, 3, 4].map((i) => say(`serie ${i}`)));
}, 60000);

test('a new conversation, an edit and a deletion go by REST too', async () => {
  await bubble(ana, say('serie 0')).hover();
  await bubble(ana, say('serie 0')).getByRole('button', { name: 'Eliminar' }).click();
  await ana.click('#delete-yes');
  await ask(async () => await shown(ana, say('serie 0')) === 0, 5000, 'the deletion');
  await bubble(ana, say('serie 1')).hover();
  await bubble(ana, say('serie 1')).getByRole('button', { name: 'Editar' }).click();
  await write(ana, say('serie uno'));
  await bubble(ana, say('serie uno')).locator('.meta:has-text("editado")').waitFor();
  await openWith(ana, 103);
  await write(ana, say('para Sofía'));
  await ask(() => stored(say('para Sofía')), 10000, 'the row');
  await room(ana, 'Luis Martínez').click();
}, 60000);

test("the other person's edits and deletions show while polling, and an unchanged page costs a 304", async () => {
  const edited = (page) => page.locator('.message', { hasText: say('corregido') }).locator('.meta', { hasText: 'editado' });
  const statuses = [];
  ana.on('response', (r) => { if (/\/mensajes\?limit=/.test(r.url())) statuses.push(r.status()); });
  await write(luis, say('con un herror'));
  await write(luis, say('me arrepiento'));
  for (const text of ['con un herror', 'me arrepiento']) await once(say(text));
  const [fix] = await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [say('con un herror')]);
  const [gone] = await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [say('me arrepiento')]);
  const done = await house.api('PUT', `/api/mensajes/mensajes/${fix.id}`, { user: 456, body: { contenido: say('corregido') } });
  assert.equal(done.status, 200);
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${gone.id}`, { user: 456 })).status, 200);
  for (const page of [ana, luis]) {
    await edited(page).waitFor({ timeout: 30000 });
    await page.locator('.message', { hasText: 'Mensaje eliminado' }).last().waitFor({ timeout: 30000 });
    await ask(async () => await shown(page, say('me arrepiento')) === 0, 30000, 'it gone');
    assert.equal(await shown(page, say('con un herror')), 0);
  }
  await ask(() => statuses.at(-1) === 304, 30000, 'a page that has not changed');
}, 120000);

// Requests of a page while it polls: for what is new, and for the newest messages of the room with Luis.
const isNews = (r) => /\/novedades\?/.test(r.url());
const isRecent = (r) => /\/mensajes\?limit=50$/.test(r.url());

test('the newest page is asked for at every fifth poll, and at once when a conversation is selected again', async () => {
  const asked = [];
  const note = (r) => { if (isNews(r) || isRecent(r)) asked.push(r); };
  const recents = () => asked.filter(isRecent).length;
  await openWith(ana, 103);
  await room(ana, 'Luis Martínez').click();
  const first = await ana.waitForResponse(isRecent, { timeout: 30000 });
  ana.on('request', note);
  await ask(() => recents() === 2, 60000, 'two rounds');
  assert.ok(asked.length - recents() >= 5, `${asked.length - recents()} polls in two rounds`);
  asked.length = 0;
  await room(ana, 'Sofía Ramírez').click();
  await room(ana, 'Luis Martínez').click();
  await ask(() => asked.some((r) => r.url() === first.url()), 30000, 'the page of the room selected again');
  const before = asked.slice(0, asked.findIndex((r) => r.url() === first.url()));
  assert.ok(before.filter(isNews).length < 4, 'it did not wait for its turn');
  ana.off('request', note);
}, 150000);

test('a late answer does not undo an edit that was made meanwhile', async () => {
  let held = false;
  let release;
  const gate = new Promise((resolve) => { release = resolve; });
  await ana.route(/\/mensajes\?limit=50$/, async (route) => {
    const response = await route.fetch({ maxRetries: 2 });
    if (!held && (await response.text()).includes(say('demasiado tarde'))) {
      held = true;
      await gate;
    }
    await route.fulfill({ response });
  });
  await write(ana, say('demasiado tarde'));
  await once(say('demasiado tarde'));
  await ask(() => held, 30000, 'the answer on its way');
  await bubble(ana, say('demasiado tarde')).hover();
  await bubble(ana, say('demasiado tarde')).getByRole('button', { name: 'Editar' }).click();
  await write(ana, say('a tiempo'));
  await bubble(ana, say('a tiempo')).locator('.meta:has-text("editado")').waitFor();
  await ana.evaluate((old) => {
    window.undone = false;
    const look = () => { window.undone ||= document.getElementById('messages').textContent.includes(old); };
    new MutationObserver(look).observe(document.getElementById('messages'), { childList: true, subtree: true, characterData: true });
  }, say('demasiado tarde'));
  const next = ana.waitForRequest(isNews, { timeout: 20000 });
  release();
  await next;
  assert.equal(await ana.evaluate(() => window.undone), false);
  await ana.unroute(/\/mensajes\?limit=50$/);
}, 120000);

test('pages that end at their bytes: all of the history is reached and nothing of it counts as deleted', async () => {
  const big = (i) => `${say(`grande ${i}.`)} ${'palabra '.repeat(7500)}`;
  for (let i = 0; i < 24; i += 1) {
    const { status } = await house.api('POST', '/api/mensajes/directo/123', { user: 104, body: { contenido: big(i) } });
    assert.equal(status, 201);
  }
  const page = await hurried('');
  await page.goto(`${house.webUrl}/?usuario=123`);
  await mode(page, 'sondeo');
  await openWith(page, 104);
  await bubble(page, say('grande 23.')).waitFor();
  await ask(async () => {
    if (await page.locator('#older').isVisible()) await page.locator('#older').click({ timeout: 2000 });
    return await page.locator('#older').isHidden() && await shown(page, say('grande 0.')) === 1;
  }, 30000, 'the oldest');
  const [{ id }] = await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [big(23)]);
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${id}`, { user: 104 })).status, 200);
  await bubble(page, 'Mensaje eliminado').waitFor({ timeout: 40000 });
  assert.equal(await shown(page, 'Mensaje eliminado'), 1);
  await page.context().close();
}, 120000);

test('the first message of a short conversation is deleted: that shows too', async () => {
  for (const text of ['primera', 'segunda']) {
    await house.api('POST', '/api/mensajes/directo/123', { user: 105, body: { contenido: say(text) } });
  }
  await openWith(ana, 105);
  await bubble(ana, say('segunda')).waitFor();
  assert.equal(await ana.locator('#older').isVisible(), false);
  const [{ id }] = await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [say('primera')]);
  assert.equal((await house.api('DELETE', `/api/mensajes/mensajes/${id}`, { user: 105 })).status, 200);
  await ask(async () => await shown(ana, say('primera')) === 0, 40000, 'it gone');
  await room(ana, 'Luis Martínez').click();
}, 90000);

test('what the other has read shows while polling, and on a machine that heard nothing of it', async () => {
  await write(ana, say('léelo'));
  await once(say('léelo'));
  await state(ana, say('léelo'), 'leido', 30000);
  const elsewhere = await hurried('');
  await elsewhere.goto(`${house.webUrl}/?usuario=123`);
  await mode(elsewhere, 'sondeo');
  await openWith(elsewhere, 456);
  await state(elsewhere, say('léelo'), 'leido', 30000);
  await elsewhere.context().close();
}, 60000);

test('REST away too: what is written is kept over a reload and sent once', async () => {
  await house.stopPart('fcgi', 'KILL');
  await mode(ana, 'reconectando');
  await write(ana, say('sin nada'));
  await state(ana, say('sin nada'), 'enviando');
  assert.equal(await kept(ana), 1);
  await ana.reload();
  assert.equal(await kept(ana), 1);
  await house.startPart('fcgi');
  await mode(ana, 'sondeo');
  await ask(() => stored(say('sin nada')), 20000, 'the row');
  await once(say('sin nada'));
  assert.equal(await kept(ana), 0);
}, 90000);

test('relay back: sockets again, nothing doubled', async () => {
  await house.startPart('relay');
  await mode(ana, 'conectado');
  await mode(luis, 'conectado');
  await write(luis, say('otra vez en vivo'));
  await once(say('otra vez en vivo'));
  for (const text of ['con sockets', 'recién cortado', 'por consultas', 'y la respuesta', 'serie 4', 'sin nada']) await once(say(text));
  await shoot(ana, 'sockets-again');
}, 90000);

test('an answer that never came: the message is stored once all the same', async () => {
  let cut = true;
  await house.stopPart('relay');
  await mode(ana, 'sondeo');
  await ana.route('**/api/mensajes/salas/*/mensajes', async (route) => {
    if (route.request().method() !== 'POST' || !cut) return route.continue();
    cut = false;
    await route.fetch();
    return route.abort();
  });
  await write(ana, say('sin respuesta'));
  await state(ana, say('sin respuesta'), 'leido', 30000);
  await once(say('sin respuesta'));
  assert.equal(cut, false);
  await house.startPart('relay');
  await mode(ana, 'conectado');
  await once(say('sin respuesta'));
}, 90000);

test('nothing but the network complained', () => {
  // (one is the client library's: it may answer a ping between the end of a connection and the news of it)
  const network = /Failed to load resource|WebSocket connection|ERR_|^WebSocket is already in CLOSING or CLOSED state\.$/;
  const own = [...ana.complaints, ...luis.complaints].filter((text) => !network.test(text));
  assert.deepEqual(own, []);
});
