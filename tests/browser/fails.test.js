'use strict';
// A message that does not go: what the person is told, where, and what goes again by itself.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { person, openWith, write, room, bubble, state, shoot, close } = require('./browser');

const stamp = Date.now().toString(36);
const say = (text) => `${text} ${stamp}`;
let house;
let ana;

atEnd(close);
atEnd(() => house && house.stop());

const stored = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text])).length;
const shown = (page, text) => page.locator('.message', { hasText: text }).count();
const button = (text, name) => bubble(ana, text).getByRole('button', { name });
// What the page sends with a text goes through this: answer(object) answers in the server's place, pass() sends it on.
const rules = [];
const rule = (text, then) => rules.push({ text, then });

async function ruled(user) {
  const page = await person(house, '');
  await page.routeWebSocket(/\/socket\.io\//, (ws) => {
    const server = ws.connectToServer();
    ws.onMessage((packet) => {
      const found = rules.find((one) => typeof packet === 'string' && packet.startsWith('42') && packet.includes(one.text));
      if (!found) return server.send(packet);
      const id = /^42(\d+)/.exec(packet)[1];
      return found.then({
        clientId: /"client_id":"(\w+)"/.exec(packet)?.[1],
        answer: (object) => ws.send(`43${id}${JSON.stringify([object])}`),
        pass: () => server.send(packet),
      });
    });
  });
  await page.goto(`${house.webUrl}/?usuario=${user}`);
  await page.waitForSelector('#connection[title="En vivo, por WebSocket"]');
  return page;
}

const refusal = (code, message, more) => ({ status: 'error', code, message, ...more });

test('what the server cannot take for a while goes by itself, as the same message', async () => {
  house = await House.open();
  ana = await ruled('123');
  await openWith(ana, 101);
  await openWith(ana, 456);
  const ids = [];
  rule(say('a la segunda'), ({ clientId, answer, pass }) => {
    ids.push(clientId);
    if (ids.length === 1) answer(refusal('unavailable', 'Servicio no disponible, intenta de nuevo'));
    else pass();
  });
  await write(ana, say('a la segunda'));
  await state(ana, say('a la segunda'), 'enviado');
  assert.equal(ids.length, 2);
  assert.equal(ids[0], ids[1]);
  assert.equal(await stored(say('a la segunda')), 1);
}, 60000);

test('a failure in a conversation that one has left is told, and marked in the list', async () => {
  let late;
  rule(say('se queda atrás'), (sent) => { late = sent; });
  await write(ana, say('se queda atrás'));
  await ask(() => late, 5000, 'it sent');
  await room(ana, 'María Hernández').click();
  late.answer(refusal('forbidden', 'Ahora no'));
  await ana.waitForSelector('#notice:text("No se envió el mensaje a Luis Martínez")');
  const preview = room(ana, 'Luis Martínez').locator('.room-preview');
  await ask(async () => await preview.textContent() === `No enviado: ${say('se queda atrás')}`, 5000, 'the mark');
  await shoot(ana, 'failed-elsewhere');
  await room(ana, 'Luis Martínez').click();
  await button(say('se queda atrás'), 'Descartar').click();
  await ask(async () => await preview.textContent() === `Tú: ${say('a la segunda')}`, 5000, 'the mark gone');
});

test('without an answer nothing is said about what became of it, nor when it is discarded', async () => {
  rule(say('quién sabe'), ({ answer, pass }) => {
    answer(refusal('unavailable', 'Servicio no disponible, intenta de nuevo', { outcome: 'unknown' }));
    rules.pop();
    setTimeout(pass, 1500);
  });
  await write(ana, say('quién sabe'));
  await state(ana, say('quién sabe'), 'fallo');
  const text = await bubble(ana, say('quién sabe')).locator('.retry-row').textContent();
  assert.match(text, /Sin respuesta: puede que se haya enviado/);
  assert.doesNotMatch(text, /No se envió/);
  await button(say('quién sabe'), 'Descartar').click();
  assert.match(await ana.textContent('#notice'), /Si llegó a enviarse, volverá a aparecer/);
  // it had been stored, and comes as such
  await state(ana, say('quién sabe'), 'enviado');
  assert.equal(await shown(ana, say('quién sabe')), 1);
});

test('a text that is refused comes back to be written anew, before what was written since', async () => {
  rule(say('mal escrito'), ({ answer }) => answer(refusal('bad_request', 'El texto contiene caracteres no permitidos')));
  await write(ana, say('mal escrito'));
  await state(ana, say('mal escrito'), 'fallo');
  assert.equal(await button(say('mal escrito'), 'Reintentar').count(), 0);
  await ana.fill('#composer-text', 'y más');
  await button(say('mal escrito'), 'Editar').click();
  assert.equal(await ana.inputValue('#composer-text'), `${say('mal escrito')}\ny más`);
  assert.equal(await shown(ana, say('mal escrito')), 0);
  await ana.fill('#composer-text', '');
});

test('a text that is too long is refused with how much is too much', async () => {
  await ana.fill('#composer-text', `${'ñ'.repeat(32767)}xyz`);
  await ana.press('#composer-text', 'Enter');
  assert.match(await ana.textContent('#composer-error'), /sobran 2 caracteres/);
  await ana.fill('#composer-text', '');
});

test('nobody complained', () => assert.deepEqual(ana.complaints, []));
