'use strict';
// A lively group: the page draws many messages together, and of a conversation what is near its end; nothing is lost by it.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { io } = require('socket.io-client-4');
const { person, hold, close } = require('./browser');

const COUNT = 700;
const stamp = Date.now().toString(36);
const said = (i) => `${stamp} ráfaga ${i}.`;
let house;
let ana;
let luis;

atEnd(close);
atEnd(() => luis && luis.close());
atEnd(() => house && house.stop());

const heard = (event) => new Promise((resolve) => { luis.once(event, resolve); });
const shown = () => ana.evaluate(() => [...document.querySelectorAll('#messages .message')].map((one) => one.textContent));
const has = async (i) => (await shown()).some((text) => text.includes(said(i)));

// 20 on their way at any time.
async function burst(from, count, sala) {
  let next = from;
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (next < from + count) {
      const i = next++;
      const answer = await luis.timeout(10000).emitWithAck('send_message',
        { sala_uuid: sala, message: said(i), sender_id: '456', timestamp: 'x', type: 'grupal' });
      assert.equal(answer.status, 'sent', JSON.stringify(answer));
    }
  }));
}

let sala;

test('a burst is drawn together, its end is shown, and its beginning is there for who goes up', async () => {
  house = await House.open();
  luis = io(house.relayUrl, { query: { user_id: '456' }, transports: ['websocket'], forceNew: true });
  await heard('connected');
  luis.emit('join_group', { group_id: '789' });
  sala = (await heard('group_joined')).sala_uuid;
  await burst(-1, 1, sala);
  ana = await person(house, '123');
  await ana.click(`.room[data-room="${sala}"]`);
  await ask(() => has(-1), 10000, 'the room');
  await ana.evaluate(() => {
    window.drawings = 0;
    new MutationObserver(() => { window.drawings += 1; }).observe(document.querySelector('#messages'), { childList: true });
  });
  await burst(0, COUNT, sala);
  await ask(() => has(COUNT - 1), 30000, 'the last one');
  const drawings = await ana.evaluate(() => window.drawings);
  assert.ok(drawings < COUNT / 3, `${drawings} drawings`);
  const texts = await shown();
  assert.ok(texts.length <= 300, `${texts.length} drawn`);
  const numbers = (all) => all.map((text) => / ráfaga (-?\d+)\./.exec(text)?.[1]).filter(Boolean);
  assert.equal(new Set(numbers(texts)).size, numbers(texts).length, 'each once');
  assert.equal(await ana.locator('#to-bottom').isVisible(), false);
  await ask(async () => {
    await ana.evaluate(() => { document.querySelector('#scroller').scrollTop = 0; });
    return has(0);
  }, 30000, 'the first one');
  const all = numbers(await shown());
  assert.equal(new Set(all).size, all.length, 'each once');
  for (let i = 0; i < COUNT; i += 1) assert.ok(all.includes(String(i)), said(i));
}, 120000);

test('who reads above loses nothing of what is before the eyes, and is told how many came', async () => {
  const top = await ana.evaluate(() => {
    const scroller = document.querySelector('#scroller');
    scroller.scrollTop = 400;
    const first = [...document.querySelectorAll('#messages .message')].find((one) => one.getBoundingClientRect().top >= scroller.getBoundingClientRect().top);
    window.first = first;
    return first.getBoundingClientRect().top;
  });
  await burst(COUNT, 400, sala);
  await ask(async () => /400 nuevos/.test(await ana.textContent('#to-bottom')), 20000, 'the count');
  const now = await ana.evaluate(() => (window.first.isConnected ? window.first.getBoundingClientRect().top : null));
  assert.ok(now !== null && Math.abs(now - top) < 2, `${top} ${now}`);
  await ana.click('#to-bottom');
  await ask(() => has(COUNT + 399), 10000, 'the last one');
}, 60000);

test('older ones that come while new ones do move nothing', async () => {
  await ana.reload();
  await ana.click(`.room[data-room="${sala}"]`);
  await ask(() => has(COUNT + 399), 10000, 'the room');
  const gate = await hold(ana, /mensajes\?.*before=/);
  await ana.evaluate(() => { document.querySelector('#scroller').scrollTop = 0; });
  await gate.held;
  const before = await ana.evaluate(() => {
    const first = document.querySelector('#messages .message');
    window.key = first.dataset.key;
    return first.getBoundingClientRect().bottom;
  });
  const more = burst(COUNT + 400, 100, sala);
  gate.release();
  await more;
  await ask(async () => (await shown()).length >= 200, 10000, 'older and new ones');
  const after = await ana.evaluate(() => document.querySelector(`[data-key="${window.key}"]`).getBoundingClientRect().bottom);
  assert.ok(Math.abs(after - before) < 2, `${before} ${after}`);
  assert.deepEqual(ana.complaints, []);
}, 60000);
