'use strict';
// What has to stay within reach, whatever the size of the window, of the text and of the names.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, bubble, state, shoot, close } = require('./browser');

const LONG = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(3).slice(0, 80);
let house;
let ana;
let luis;

atEnd(close);
atEnd(() => house && house.stop());

const box = (page, selector) => page.locator(selector).boundingBox();
const shownAt = (page, locator) => locator.evaluate((e) => {
  const { left, top, width, height } = e.getBoundingClientRect();
  return e.contains(document.elementFromPoint(left + width / 2, top + height / 2));
});

test('names of 160 characters without a blank make nothing wider than its place', async () => {
  house = await House.start();
  await house.rows('UPDATE usuarios SET nombre = ?, apellido_paterno = ? WHERE id = 456', [LONG, LONG]);
  const { sala_uuid: uuid } = (await house.api('POST', '/api/mensajes/salas/grupal/789', { user: 456 })).json;
  await house.api('POST', `/api/mensajes/salas/${uuid}/mensajes`, { user: 456, body: { contenido: 'hola a todos' } });
  ana = await person(house, '123');
  await ana.setViewportSize({ width: 360, height: 640 });
  await ana.locator(`.room[data-room="${uuid}"]`).click();
  await bubble(ana, 'hola a todos').locator('.author').waitFor();
  luis = await house.connect('456');
  await luis.call('join_group', { group_id: '789' });
  const empty = (await box(ana, '#typing')).height;
  await luis.call('typing', { sala_uuid: uuid, typing: true });
  await ana.waitForSelector('#typing:text("escribiendo")');
  await shoot(ana, 'long-names');
  const wide = await ana.evaluate(() => ['scroller', 'typing', 'thread'].map((id) => document.getElementById(id).getBoundingClientRect().width));
  assert.deepEqual(wide, [360, 360, 360]);
  const inner = await ana.evaluate(() => {
    const scroller = document.getElementById('scroller');
    scroller.scrollLeft = 50;
    return [scroller.scrollWidth, scroller.scrollLeft];
  });
  assert.deepEqual(inner, [360, 0]);
  assert.equal((await box(ana, '#typing')).height, empty);
}, 90000);

test('a message taller than the window is edited and deleted wherever one is in it', async () => {
  await ana.setViewportSize({ width: 1200, height: 760 });
  await openWith(ana, 101);
  await write(ana, Array.from({ length: 80 }, (_, i) => `línea ${i}`).join('\n'));
  await state(ana, 'línea 79', 'enviado');
  const pencil = bubble(ana, 'línea 79').getByRole('button', { name: 'Editar' });
  for (const place of [0, 700, 1e6]) {
    await ana.evaluate((top) => { document.getElementById('scroller').scrollTop = top; }, place);
    // where it is seen: what stands above hangs on the time of the day, as days have their lines
    const { x, y, width, height } = await bubble(ana, 'línea 79').boundingBox();
    const seen = await box(ana, '#scroller');
    const [top, bottom] = [Math.max(y, seen.y), Math.min(y + height, seen.y + seen.height)];
    await ana.mouse.move(x + width - 20, (top + bottom) / 2);
    await ask(() => shownAt(ana, pencil), 3000, `the pencil at ${place}`);
  }
});

test('the way down stands above what is being written, however tall', async () => {
  await ana.fill('#composer-text', 'uno\n'.repeat(12));
  await ana.evaluate(() => { document.getElementById('scroller').scrollTop = 0; });
  await ana.locator('#to-bottom').waitFor();
  const button = await box(ana, '#to-bottom');
  assert.ok(button.y + button.height <= (await box(ana, '#composer')).y);
  assert.ok(await shownAt(ana, ana.locator('#to-bottom')));
  await shoot(ana, 'way-down');
});

test('a draft shows all its lines also when the window becomes narrower', async () => {
  const hidden = () => ana.locator('#composer-text').evaluate((e) => e.scrollHeight - e.clientHeight);
  await ana.fill('#composer-text', 'palabra '.repeat(12));
  assert.equal(await hidden(), 0);
  const { height } = await box(ana, '#composer-text');
  await ana.setViewportSize({ width: 800, height: 760 });
  await ask(async () => (await box(ana, '#composer-text')).height > height && await hidden() === 0, 3000, 'the draft taller');
  await ana.setViewportSize({ width: 1200, height: 760 });
  await ask(async () => (await box(ana, '#composer-text')).height === height, 3000, 'the draft as before');
});

test('at 400 % a long draft leaves room for the messages', async () => {
  await ana.setViewportSize({ width: 320, height: 256 });
  await ask(async () => (await box(ana, '#composer-text')).height <= 256 * 0.3 + 1, 3000, 'the draft small');
  assert.ok((await box(ana, '#scroller')).height > 40);
  await ana.fill('#composer-text', '');
});

test('letters twice as large make a phone\'s list and conversation no wider than it is', async () => {
  const page = await person(house, '123');
  await page.setViewportSize({ width: 320, height: 640 });
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  const within = (selector) => page.locator(selector).evaluateAll((all) => all.every((e) => {
    const { left, right } = e.getBoundingClientRect();
    return left >= 0 && right <= 320;
  }));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  assert.ok(await within('#me-change, #connection'));
  assert.ok((await box(page, '#me-name')).width > 40);
  await openWith(page, 456);
  await write(page, 'con letras grandes');
  await state(page, 'con letras grandes', 'enviado');
  assert.ok(await within('.message .actions button'));
  assert.ok(await page.locator('#skip').evaluate((e) => e.getBoundingClientRect().bottom) <= 0);
  await shoot(page, 'large-letters');
  await page.context().close();
});

test('a long name in the list of people makes it no wider', async () => {
  const page = await person(house, '');
  await page.setViewportSize({ width: 320, height: 640 });
  await page.route('**/demo.json', (route) => route.fulfill({ json: { personas: [{ id: 123, nombre: LONG }], grupos: [] } }));
  await page.reload();
  await page.waitForSelector('.person');
  assert.equal(await page.locator('#chooser-people').evaluate((e) => e.scrollWidth - e.clientWidth), 0);
  await page.context().close();
});
