'use strict';
// The page where two things happen at once: what nobody saw is not read, what changed meanwhile is not undone, and what
// the badges say is what the server counts.
// timeout: 300
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { LIST, person, openWith, write, room, bubble, state, hold, drawn, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;
let luis;

atEnd(close);
atEnd(() => house && house.stop());

const shown = (page, text) => page.locator('.message', { hasText: text }).count();
const leave = (page) => page.evaluate(() => { location.hash = '#/'; });
const idOf = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text]))[0].id;

const send = (from, to, text) => house.rest('POST', `/directo/${to}`, from, { contenido: text });
const counted = async (user) => (await house.rest('GET', '/no-leidos/count', user)).total_no_leidos;
const readAt = async (text) => (await house.rows(`SELECT d.leido_en FROM mensajes m JOIN destinatarios_mensaje d
  ON d.mensaje_id = m.id WHERE m.contenido = ?`, [text]))[0]?.leido_en ?? null;
// A badge that is hidden says 0.
const badge = (page, name) => room(page, name).locator('.badge').evaluate((e) => (e.hidden ? 0 : parseInt(e.textContent, 10)));

test('a message that came after the person had left is not marked read with the one before', async () => {
  house = await House.open();
  // what other files left unread would be marked at the opening, and the list be read once more for that, amid what follows
  const { sala_uuid: uuid } = await house.rest('POST', '/salas/directa/123', 456);
  await house.rest('POST', `/salas/${uuid}/marcar-leidos`, 456);
  ana = await person(house, '123');
  luis = await person(house, '456');
  await openWith(ana, 456);
  await openWith(luis, 123);
  await ask(async () => await badge(luis, 'Ana García') === 0, 5000, 'all read');
  // the quarter of a second in which marks are gathered lasts until the test says
  await luis.evaluate(() => {
    const real = window.setTimeout;
    window.kept = [];
    window.setTimeout = (f, ms, ...more) => (ms === 250 ? window.kept.push(f) : real(f, ms, ...more));
  });
  await send(123, 456, say('visto'));
  await ask(() => luis.evaluate(() => window.kept.length === 1), 8000, 'the message seen');
  await leave(luis);
  await send(123, 456, say('no visto'));
  await ask(async () => await badge(luis, 'Ana García') === 1, 15000, 'the badge');
  await luis.evaluate(() => window.kept[0]());
  await ask(() => readAt(say('visto')), 8000, 'the mark');
  assert.equal(await readAt(say('no visto')), null);
  assert.equal(await badge(luis, 'Ana García'), 1);
  await luis.reload();
  await luis.waitForSelector('#connection[data-state="conectado"]');
}, 60000);

test('an edit and a deletion that are heard while the history is loading are not undone by it', async () => {
  await send(123, 456, say('sin corregir'));
  await send(123, 456, say('de más'));
  await ask(async () => await room(luis, 'Ana García').locator('.room-preview').textContent() === say('de más'), 8000, 'both');
  const page = await hold(luis, /\/mensajes\?limit=50$/);
  await room(luis, 'Ana García').click();
  await page.held;
  await house.rest('PUT', `/mensajes/${await idOf(say('sin corregir'))}`, 123, { contenido: say('corregido') });
  await house.rest('DELETE', `/mensajes/${await idOf(say('de más'))}`, 123);
  // the deletion shows in the list, and the edit was told before it
  await ask(async () => await room(luis, 'Ana García').locator('.room-preview').textContent() !== say('de más'), 8000, 'the deletion');
  page.release();
  await bubble(luis, say('no visto')).waitFor();
  await bubble(luis, say('corregido')).waitFor();
  assert.equal(await shown(luis, say('sin corregir')), 0);
  assert.equal(await shown(luis, say('de más')), 0);
}, 60000);

test('an unread message is deleted: the badge goes with it', async () => {
  await ask(async () => await badge(luis, 'Ana García') === 0, 8000, 'all read');
  await leave(luis);
  const before = await badge(luis, 'Ana García');
  await send(123, 456, say('queda'));
  await send(123, 456, say('se va'));
  await ask(async () => await badge(luis, 'Ana García') === before + 2, 8000, 'two more');
  await house.rest('DELETE', `/mensajes/${await idOf(say('se va'))}`, 123);
  await ask(async () => await badge(luis, 'Ana García') === before + 1, 8000, 'one less');
  assert.equal(await room(luis, 'Ana García').locator('.room-preview').textContent(), say('queda'));
});

test('the answer to "all read" is late and something came meanwhile: the badge says so', async () => {
  const mark = await hold(luis, /\/marcar-leidos$/);
  // the server tells of the marks beside its answer, and the list is read anew for that
  const told = luis.waitForResponse(LIST, { timeout: 8000 });
  await room(luis, 'Ana García').click();
  await mark.held;
  await leave(luis);
  await told;
  await send(123, 456, say('mientras tanto'));
  await ask(async () => await room(luis, 'Ana García').locator('.room-preview').textContent() === say('mientras tanto'), 8000, 'it');
  const list = luis.waitForResponse(LIST, { timeout: 8000 });
  mark.release();
  await list;
  await ask(async () => await badge(luis, 'Ana García') === 1, 5000, 'the badge');
  await luis.unroute(/\/marcar-leidos$/);
});

test('"all read" that the server could not take is said again', async () => {
  let refused = 0;
  await luis.route(/\/marcar-leidos$/, (route) => {
    refused += 1;
    if (refused > 1) return route.continue();
    return route.fulfill({ status: 503, contentType: 'application/json', body: '{"detail":"Ahora no","code":"unavailable"}' });
  });
  const before = await counted(456);
  await room(luis, 'Ana García').click();
  await ask(async () => await counted(456) === before - 1, 15000, 'the mark');
  await ask(async () => await badge(luis, 'Ana García') === 0, 5000, 'no badge');
  await luis.unroute(/\/marcar-leidos$/);
}, 40000);

test('what is said in a group between the list and the join is counted', async () => {
  const name = 'Ingeniería en Software 4°A';
  const page = await person(house, '');
  const list = await hold(page, LIST);
  await page.goto(`${house.webUrl}/?usuario=456`);
  await list.held;
  const { sala_uuid: uuid, no_leidos: before } = (await house.rest('GET', '/salas', 456)).find((one) => one.tipo_sala === 'grupal');
  await house.rest('POST', `/salas/${uuid}/mensajes`, 123, { contenido: say('entre la lista y la entrada') });
  list.release();
  await ask(async () => await badge(page, name) === before + 1, 15000, 'the badge');
  await page.context().close();
}, 60000);

test('a room that the list has no place for opens all the same, by the dialog and by its address', async () => {
  await send(106, 123, say('fuera de la lista'));
  const { sala_uuid: uuid } = await house.rest('POST', '/salas/directa/106', 123);
  const page = await person(house, '');
  // a page that leaves takes its question along
  await page.route(LIST, (route) => route.fetch()
    .then(async (response) => route.fulfill({ response, json: (await response.json()).filter((one) => one.sala_uuid !== uuid) }))
    .catch(() => route.abort().catch(() => {})));
  await page.goto(`${house.webUrl}/?usuario=123`);
  await page.locator('.room').first().waitFor();
  assert.equal(await page.locator(`[data-room="${uuid}"]`).count(), 0);
  await openWith(page, 106);
  await bubble(page, say('fuera de la lista')).waitFor();
  await page.goto('about:blank');
  await page.goto(`${house.webUrl}/?usuario=123#/sala/${uuid}`);
  await bubble(page, say('fuera de la lista')).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}, 60000);

test('taken out of the open group and back in: its row opens it again', async () => {
  const name = 'Ingeniería en Software 4°A';
  const member = (how, when) => house.rows(`UPDATE miembros_grupo SET estado_membresia = ?, salio_en = ${when}
    WHERE grupo_id = 789 AND usuario_id = 456`, [how]);
  await room(luis, name).click();
  await luis.waitForSelector('#thread-sub:text("Grupo")');
  await luis.waitForSelector('#messages[aria-busy="false"]');
  try {
    await member('salio', 'NOW()');
    await ask(async () => await room(luis, name).count() === 0, 20000, 'the row gone');
    assert.equal(await luis.locator('#thread-open').isVisible(), false);
    assert.equal(await luis.evaluate(() => location.hash), '#/');
  } finally {
    await member('activo', 'NULL');
  }
  // something read on another machine makes the page read its list anew
  const { sala_uuid: uuid } = await house.rest('POST', '/salas/directa/457', 456);
  await send(457, 456, say('léeme en otra parte'));
  await ask(async () => await badge(luis, 'Carla Domínguez') > 0, 8000, 'the badge');
  await house.rest('POST', `/salas/${uuid}/marcar-leidos`, 456);
  await room(luis, name).click();
  await luis.waitForSelector('#thread-sub:text("Grupo")');
  assert.equal(await luis.textContent('#thread-title'), name);
}, 60000);

test('a conversation that was given up while it was being opened does not open', async () => {
  await openWith(ana, 456);
  const list = await hold(ana, LIST);
  await ana.click('#new-chat');
  await ana.click('#new-list [data-id="108"]');
  await list.held;
  await ana.click('#new-cancel');
  await ana.click('#new-chat');
  list.release();
  await room(ana, 'Mateo Jiménez').waitFor();
  await drawn(ana);
  assert.equal(await ana.textContent('#thread-title'), 'Luis Martínez');
  assert.equal(await ana.locator('#new-dialog[open]').count(), 1);
  await ana.click('#new-cancel');
  await ana.unroute(LIST);
});

test('Escape closes the question about a deletion, not the conversation', async () => {
  await write(ana, say('se queda'));
  await state(ana, say('se queda'), 'entregado');
  await bubble(ana, say('se queda')).getByRole('button', { name: 'Eliminar' }).focus();
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#delete-dialog[open]');
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('#delete-dialog:not([open])', { state: 'attached' });
  // what a key does to the address is done a turn later
  await ana.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }));
  assert.equal(await ana.locator('#thread-open').isVisible(), true);
});

const top = (page) => page.evaluate(() => document.getElementById('scroller').scrollTop);
const below = (page) => page.evaluate(() => {
  const box = document.getElementById('scroller');
  return box.scrollHeight - box.scrollTop - box.clientHeight;
});

test('much that is unread opens at its line, and is read when its end has been seen', async () => {
  await leave(luis);
  await ask(() => luis.evaluate(() => document.getElementById('thread-open').hidden), 5000, 'the list');
  const before = await badge(luis, 'Ana García');
  for (let i = 0; i < 20; i += 1) await send(123, 456, say(`por leer\n\n${i}.`));
  await ask(async () => await badge(luis, 'Ana García') === before + 20, 8000, 'twenty unread');
  await room(luis, 'Ana García').click();
  await luis.waitForSelector('#messages[aria-busy="false"]');
  await luis.locator('.fresh').waitFor();
  const box = await luis.locator('#scroller').boundingBox();
  const line = await luis.locator('.fresh').boundingBox();
  assert.ok(line.y >= box.y && line.y < box.y + 100, `the line at ${line.y - box.y}`);
  assert.equal(await luis.textContent('#to-bottom'), `${before + 20} nuevos`);
  await drawn(luis);
  assert.equal(await badge(luis, 'Ana García'), before + 20);
  assert.equal(await readAt(say('por leer\n\n19.')), null);
  await luis.click('#to-bottom');
  await ask(() => readAt(say('por leer\n\n19.')), 8000, 'the mark');
  await ask(async () => await badge(luis, 'Ana García') === 0, 5000, 'no badge');
}, 40000);

test('what comes while one reads far above is delivered, and read when one gets there', async () => {
  await luis.evaluate(() => { document.getElementById('scroller').scrollTop = 200; });
  await ask(() => luis.locator('#to-bottom').isVisible(), 5000, 'the way down');
  await send(123, 456, say('muy abajo'));
  await luis.waitForSelector('#to-bottom:text("1 nuevo")');
  await state(ana, say('muy abajo'), 'entregado');
  // a quarter of a second later it would have been marked
  await luis.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 300); }));
  assert.equal(await readAt(say('muy abajo')), null);
  await luis.evaluate(() => { document.getElementById('scroller').scrollTop = 1e6; });
  await state(ana, say('muy abajo'), 'leido');
});

test('another size of the window, or a longer draft, moves nobody from where he reads', async () => {
  for (let i = 0; i < 25; i += 1) await send(456, 123, say(`una\ndos\nlínea ${i}`));
  await bubble(ana, say('línea 24')).waitFor();
  await ask(async () => await below(ana) < 2, 5000, 'the end');
  await ana.fill('#composer-text', 'uno\ndos\ntres\ncuatro\ncinco');
  await drawn(ana);
  assert.ok(await below(ana) < 2, 'the newest is hidden by the draft');
  await ana.fill('#composer-text', '');
  await drawn(ana);
  await ana.evaluate(() => { document.getElementById('scroller').scrollTop = 300; });
  await ask(() => ana.locator('#to-bottom').isVisible(), 5000, 'the way back');
  await ana.setViewportSize({ width: 1200, height: 700 });
  await drawn(ana);
  assert.ok(Math.abs(await top(ana) - 300) < 5, `at ${await top(ana)} instead of 300`);
  await ana.click('#to-bottom');
  await ana.setViewportSize({ width: 1000, height: 560 });
  await drawn(ana);
  assert.ok(await below(ana) < 2, 'the newest is below the window');
  await ana.setViewportSize({ width: 1200, height: 760 });
}, 40000);

test('nobody complained', () => assert.deepEqual([...ana.complaints, ...luis.complaints].filter((text) => !/status of (403|503)/.test(text)), []));
