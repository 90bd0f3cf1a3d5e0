'use strict';
// Small things a person meets: an edit that somebody overtakes, the focus after a redrawing, addresses in texts, the
// first screen on a campus that is not the demo's, a browser that forbids or lacks something.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, room, bubble, state, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

const idOf = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text]))[0].id;
const connected = (page) => page.waitForSelector('#connection[data-state="conectado"]');
const button = (text, name) => bubble(ana, text).getByRole('button', { name });
const focused = () => ana.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id);

async function change(method, text, body) {
  const { status } = await house.api(method, `/api/mensajes/mensajes/${await idOf(text)}`, { user: 123, body });
  assert.ok(status < 300, String(status));
}

async function edit(text) {
  await write(ana, say(text));
  await state(ana, say(text), 'entregado');
  await button(say(text), 'Editar').focus();
  await ana.keyboard.press('Enter');
  await ana.locator('#composer-edit').waitFor();
}

test('an edit without a change writes nothing over what another machine made of the message', async () => {
  house = await House.open();
  await person(house, '456');
  ana = await person(house, '123');
  await openWith(ana, 456);
  await edit('primera versión');
  await change('PUT', say('primera versión'), { contenido: say('segunda versión') });
  await bubble(ana, say('segunda versión')).waitFor();
  await ana.press('#composer-text', 'Enter');
  await ana.locator('#composer-edit').waitFor({ state: 'hidden' });
  await write(ana, say('después'));
  await state(ana, say('después'), 'entregado');
  assert.ok(await idOf(say('segunda versión')));
  assert.equal(await bubble(ana, say('segunda versión')).count(), 1);
}, 60000);

test('what is typed while an edit is on its way stays in the box', async () => {
  await write(ana, say('con herror'));
  await state(ana, say('con herror'), 'entregado');
  const locked = await house.db().getConnection();
  try {
    await button(say('con herror'), 'Editar').focus();
    await ana.keyboard.press('Enter');
    await locked.query('BEGIN');
    await locked.query('SELECT id FROM mensajes WHERE id = ? FOR UPDATE', [await idOf(say('con herror'))]);
    await ana.fill('#composer-text', say('con error'));
    await ana.press('#composer-text', 'Enter');
    await ana.fill('#composer-text', say('sin error'));
  } finally {
    await locked.query('COMMIT');
    locked.release();
  }
  await bubble(ana, say('con error')).locator('.meta:has-text("editado")').waitFor();
  assert.equal(await ana.inputValue('#composer-text'), say('sin error'));
  await ana.press('#composer-text', 'Enter');
  await bubble(ana, say('sin error')).waitFor();
  await ana.locator('#composer-edit').waitFor({ state: 'hidden' });
}, 40000);

test('an edit that fails when one has gone elsewhere is told there, and waits where it was written', async () => {
  await openWith(ana, 101);
  await openWith(ana, 456);
  await edit('por corregir');
  const locked = await house.db().getConnection();
  try {
    await locked.query('BEGIN');
    await locked.query('UPDATE mensajes SET eliminado_en = CURRENT_TIMESTAMP WHERE id = ?', [await idOf(say('por corregir'))]);
    await ana.fill('#composer-text', say('corregido'));
    await ana.press('#composer-text', 'Enter');
    await room(ana, 'María Hernández').click();
    await ask(async () => (await ana.inputValue('#composer-text')) === '', 2000, 'the other conversation');
  } finally {
    await locked.query('COMMIT');
    locked.release();
  }
  await ask(async () => (await ana.textContent('#notice')) !== '', 10000, 'the notice');
  assert.equal(await ana.textContent('#composer-error'), '');
  await room(ana, 'Luis Martínez').click();
  await ask(async () => (await ana.inputValue('#composer-text')) === say('corregido'), 5000, 'the text that was refused');
  // still as an edit, which Escape ends also from the button beside the box, and nothing else
  assert.equal(await ana.isVisible('#composer-edit'), true);
  assert.equal(await ana.getByLabel('Edita el mensaje').getAttribute('aria-describedby'), 'composer-edit-text composer-error');
  await ana.focus('#composer-edit-cancel');
  await ana.keyboard.press('Escape');
  assert.equal(await ana.isVisible('#composer-edit'), false);
  assert.equal(await ana.isVisible('#thread-title'), true);
  assert.equal(await ana.inputValue('#composer-text'), '');
  assert.equal(await focused(), 'composer-text');
  assert.equal(await ana.getByLabel('Escribe un mensaje').getAttribute('aria-describedby'), 'composer-help composer-error');
}, 60000);

test('a message deleted elsewhere ends its edit', async () => {
  await edit('por borrar');
  await change('DELETE', say('por borrar'));
  await ana.locator('#composer-edit').waitFor({ state: 'hidden' });
  assert.match(await ana.textContent('#composer-error'), /eliminado/);
  assert.equal(await ana.inputValue('#composer-text'), '');
});

test('a receipt leaves the focus on the button and the text selected; a deletion gives the focus to the box', async () => {
  await write(ana, say('foco'));
  await state(ana, say('foco'), 'entregado');
  await button(say('foco'), 'Eliminar').focus();
  await bubble(ana, say('foco')).locator('.text').evaluate((text) => getSelection().selectAllChildren(text));
  const { sala_uuid: uuid } = (await house.api('POST', '/api/mensajes/salas/directa/123', { user: 456 })).json;
  await house.api('POST', `/api/mensajes/salas/${uuid}/marcar-leidos`, { user: 456 });
  await state(ana, say('foco'), 'leido');
  assert.equal(await ana.evaluate(() => getSelection().toString()), say('foco'));
  assert.equal(await focused(), 'Eliminar mensaje');
  await ana.keyboard.press('Enter');
  assert.equal(await ana.innerText('#delete-what'), say('foco'));
  await ana.focus('#delete-yes');
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#delete-dialog:not([open])', { state: 'attached' });
  await ask(async () => await focused() === 'composer-text', 5000, 'the box');
});

test('a deletion given up after an edit elsewhere has redrawn its message gives the focus to the box', async () => {
  await write(ana, say('mejor se queda'));
  await state(ana, say('mejor se queda'), 'entregado');
  await button(say('mejor se queda'), 'Eliminar').focus();
  await ana.keyboard.press('Enter');
  await ana.waitForSelector('#delete-dialog[open]');
  await change('PUT', say('mejor se queda'), { contenido: say('así se queda') });
  await bubble(ana, say('así se queda')).waitFor();
  await ana.keyboard.press('Escape');
  await ana.waitForSelector('#delete-dialog:not([open])', { state: 'attached' });
  await ask(async () => await focused() === 'composer-text', 5000, 'the box');
});

test('an address ends where a reader would end it', async () => {
  const pairs = [
    ['(véase https://example.org/a).', 'https://example.org/a'],
    ['https://es.wikipedia.org/wiki/Go_(lenguaje)', 'https://es.wikipedia.org/wiki/Go_(lenguaje)'],
    ['[https://example.org/b_(c)], y ya', 'https://example.org/b_(c)'],
    ['«https://example.org/c»', 'https://example.org/c'],
    ['“https://example.org/d”.', 'https://example.org/d'],
    ['`https://example.org/e`', 'https://example.org/e'],
    ['**https://example.org/f**', 'https://example.org/f'],
    ['https://example.org/g…', 'https://example.org/g'],
    ['HTTPS://example.org/H', 'https://example.org/H'],
  ];
  for (const [text, href] of pairs) {
    await write(ana, `${say('enlace')} ${text}`);
    await ask(async () => await bubble(ana, text).locator('a').getAttribute('href') === href, 5000, href);
    assert.ok((await bubble(ana, text).locator('.text').textContent()).endsWith(text));
  }
});

test('what cannot be seen is not sent, nor is what an input method has not finished', async () => {
  for (const text of ['\u200b', ' \u2800\n', '\u3164', '\u2066\u2069']) {
    await ana.fill('#composer-text', text);
    assert.equal(await ana.isDisabled('#composer-send'), true);
    await ana.press('#composer-text', 'Enter');
    assert.equal(await ana.inputValue('#composer-text'), text);
  }
  await ana.fill('#composer-text', 'へん');
  const enter = (keyCode) => ana.evaluate((code) => document.getElementById('composer-text')
    .dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: code, bubbles: true, cancelable: true })), keyCode);
  await enter(229);
  assert.equal(await ana.inputValue('#composer-text'), 'へん');
  await ana.fill('#composer-text', say('👍🏽 へん'));
  await enter(13);
  await state(ana, say('👍🏽 へん'), 'entregado');
});

test('the button says what it does, and a deleted message has no ticks', async () => {
  await edit('por quitar');
  assert.equal(await ana.getAttribute('#composer-send', 'aria-label'), 'Guardar');
  await ana.keyboard.press('Escape');
  assert.equal(await ana.getAttribute('#composer-send', 'aria-label'), 'Enviar');
  await change('DELETE', say('por quitar'));
  await ask(async () => /^Mensaje eliminado/.test(await ana.locator('.message').last().locator('.text').textContent()), 5000, 'it gone');
  assert.equal(await ana.locator('.message').last().locator('.state').count(), 0);
});

test('right to left stands right to left', async () => {
  await write(ana, 'مرحبا');
  await bubble(ana, 'مرحبا').waitFor();
  const direction = () => bubble(ana, 'مرحبا').locator('.text').evaluate((e) => getComputedStyle(e).direction);
  await ask(async () => await direction() === 'rtl', 5000, 'the direction');
});

test('who asks for the present cursor gets it, whatever the browser keeps', async () => {
  const page = await person(house, '123');
  const cursor = () => page.evaluate(async () => (await (await fetch('/api/mensajes/novedades', { headers: { 'X-User-Id': '123' } })).json()).cursor);
  const first = await cursor();
  await house.rest('POST', '/directo/456', 123, { contenido: say('otro cursor') });
  await ask(async () => await cursor() !== first, 10000, 'another cursor');
  await page.context().close();
}, 30000);

test('the people of the demo are not of this campus: a number opens the page all the same', async () => {
  const page = await person(house, '');
  await page.route('**/demo.json', (route) => route.fulfill({ json: { personas: [{ id: 999999999, nombre: 'Nadie' }], grupos: [] } }));
  await page.reload();
  await page.waitForSelector('#chooser-id-label:text-is("Número de usuario")');
  assert.equal(await page.locator('.person').isVisible(), false);
  await page.fill('#chooser-id', '123');
  await page.press('#chooser-id', 'Enter');
  await connected(page);
  await page.context().close();
});

test('without a list of people the first screen asks for a number, and all are shown by their names', async () => {
  await house.api('POST', '/api/mensajes/salas/directa/108', { user: 123 });
  const page = await person(house, '');
  await page.route('**/demo.json', (route) => route.fulfill({ status: 404, body: '' }));
  await page.reload();
  await page.waitForSelector('#chooser-id-label:text-is("Número de usuario")');
  assert.equal(await page.locator('#chooser-form').isVisible(), true);
  assert.equal(await page.locator('#chooser-people').isVisible(), false);
  await page.fill('#chooser-id', '123');
  await page.press('#chooser-id', 'Enter');
  await page.waitForSelector('#me-name:text("Ana García")');
  assert.equal(await page.textContent('#me-avatar'), 'AG');
  await room(page, 'Mateo Jiménez').waitFor();
  await room(page, 'Ingeniería en Software 4°A').waitFor();
  assert.equal(await page.locator('.room-name', { hasText: /^(Usuario|Grupo) \d/ }).count(), 0);
  await page.context().close();
});

test('what is being written outlives a reload, each in its conversation, and not the person', async () => {
  await openWith(ana, 101);
  await ana.fill('#composer-text', say('para María'));
  await openWith(ana, 456);
  await ana.fill('#composer-text', say('para Luis'));
  await ana.reload();
  await connected(ana);
  const holds = (text) => ask(async () => await ana.inputValue('#composer-text') === text, 5000, text);
  await holds(say('para Luis'));
  await ana.press('#composer-text', 'Enter');
  await state(ana, say('para Luis'), 'entregado');
  await room(ana, 'María Hernández').click();
  await holds(say('para María'));
  await ana.reload();
  await connected(ana);
  await room(ana, 'Luis Martínez').click();
  await holds('');
  const page = await ana.context().newPage();
  await page.goto(`${house.webUrl}/?usuario=123`);
  await connected(page);
  await openWith(page, 101);
  await page.fill('#composer-text', say('se va conmigo'));
  await page.click('#me-change');
  await page.waitForSelector('.person');
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.close();
}, 60000);

test('who is put out finds what he was writing when he is back', async () => {
  const page = await person(house, '107');
  const estado = (word) => house.rows('UPDATE usuarios SET estado = ? WHERE id = 107', [word]);
  await openWith(page, 123);
  await page.fill('#composer-text', say('a medias'));
  try {
    await estado('suspendido');
    await page.waitForSelector('#chooser-error:text("no puede entrar")', { timeout: 15000 });
  } finally {
    await estado('activo');
  }
  await ask(async () => {
    await page.goto(`${house.webUrl}/?usuario=107`);
    return page.waitForSelector('#connection[data-state="conectado"]', { timeout: 4000 }).catch(() => null);
  }, 15000, 'the page');
  await openWith(page, 123);
  assert.equal(await page.inputValue('#composer-text'), say('a medias'));
  await page.context().close();
}, 60000);

// At `localhost` the client takes no notice of it.
test('a browser that was offline for a moment asks again who is there', async () => {
  const page = await person(house, '');
  await page.goto(`${house.webUrl.replace('127.0.0.1', 'localhost')}/?usuario=456`);
  await connected(page);
  const online = room(page, 'Ana García').locator('.avatar.online');
  await online.waitFor();
  await page.evaluate(() => dispatchEvent(new Event('offline')));
  await online.waitFor({ state: 'detached' });
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await online.waitFor();
  await page.context().close();
}, 30000);

test('a token that is no good gives way to the number in the address', async () => {
  const page = await person(house, '');
  await page.evaluate(() => sessionStorage.setItem('upred.token', 'a.b.c'));
  await page.goto(`${house.webUrl}/?usuario=123`);
  await connected(page);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('upred.token')), null);
  await page.context().close();
});

test('an edit that waits elsewhere ends when its message is deleted while the page was cut off', async () => {
  await openWith(ana, 101);
  await openWith(ana, 456);
  await edit('por borrar a escondidas');
  await room(ana, 'María Hernández').click();
  await house.stopPart('relay');
  await ana.waitForSelector('#connection:not([data-state="conectado"])');
  await change('DELETE', say('por borrar a escondidas'));
  await house.startPart('relay');
  await connected(ana);
  await room(ana, 'Luis Martínez').click();
  await ask(async () => /eliminado/.test(await ana.textContent('#composer-error')), 10000, 'the end of the edit');
  assert.equal(await ana.isVisible('#composer-edit'), false);
}, 60000);

test('a broken token in the address is only a broken token', async () => {
  const page = await person(house, '');
  await page.goto('about:blank');
  await page.goto(`${house.webUrl}/#token=%zz`);
  await page.waitForSelector('.person');
  assert.doesNotMatch(page.url(), /token/);
  await page.context().close();
});

test('a browser that keeps nothing, and one whose notices throw, show the messages', async () => {
  const page = await person(house, '');
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
    }
    window.Notification = class {
      static permission = 'granted';
      constructor() { throw new TypeError('Illegal constructor'); }
    };
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  });
  await house.api('POST', '/api/mensajes/directo/107', { user: 123, body: { contenido: say('ya estaba') } });
  await page.goto(`${house.webUrl}/?usuario=107`);
  await connected(page);
  await room(page, 'Ana García').waitFor();
  // what a reading of the list brings before its push is told by its number instead
  await page.waitForLoadState('networkidle');
  await house.api('POST', '/api/mensajes/directo/107', { user: 123, body: { contenido: say('llega') } });
  await ask(async () => await room(page, 'Ana García').locator('.room-preview').textContent() === say('llega'), 8000, 'it');
  await ask(async () => (await page.textContent('#announcer')).endsWith(say('llega')), 8000, 'its announcement');
  assert.equal(await page.textContent('#notice'), '');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}, 40000);

test('a server that marks a part of very many messages is asked again, until all are read', async () => {
  let asked = 0;
  for (const text of ['uno', 'dos']) await house.api('POST', '/api/mensajes/directo/123', { user: 107, body: { contenido: say(text) } });
  await ask(async () => (await room(ana, 'Lucía Méndez').locator('.badge').textContent()).startsWith('2'), 8000, 'two unread');
  await ana.route('**/marcar-leidos', (route) => {
    asked += 1;
    return asked > 2 ? route.continue() : route.fulfill({ json: { message: '40002 mensajes marcados como leídos' } });
  });
  await room(ana, 'Lucía Méndez').click();
  const unread = () => house.rows(`SELECT d.mensaje_id FROM destinatarios_mensaje d JOIN mensajes m ON m.id = d.mensaje_id
    WHERE m.contenido IN (?, ?) AND d.leido_en IS NULL`, [say('uno'), say('dos')]);
  await ask(async () => (await unread()).length === 0, 8000, 'all to be read');
  assert.equal(asked, 3);
  await room(ana, 'Lucía Méndez').locator('.badge').waitFor({ state: 'hidden' });
}, 40000);

test('nobody complained', () => assert.deepEqual(ana.complaints, []));
