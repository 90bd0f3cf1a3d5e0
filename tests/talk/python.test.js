'use strict';
// The client library of Python, itself: threads and asyncio, over each transport, direct and behind the web server. It
// calls a handler with as many arguments as an event has, so that one more (an offset, for clients that come back after
// a cut) would be an exception; a JavaScript client in the same room keeps its offsets. It takes no more than 16 packets
// in one poll, and the packet `close` for a word never to come back.
const { spawn } = require('node:child_process');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, words, say } = require('./cast');

let house;
let ana;
let luis;
let browser;
let room;
const children = [];

// Debian's own: its packages are not those of another python3 in the PATH
function python(...args) {
  const child = spawn('/usr/bin/python3', [path.join(__dirname, 'python_client.py'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const c = { child, out: '', err: '' };
  children.push(child);
  child.stdout.on('data', (d) => { c.out += d; });
  child.stderr.on('data', (d) => { c.err += d; });
  c.gone = new Promise((resolve) => { child.on('close', resolve); });
  c.all = (event) => c.out.split('\n').filter(Boolean).map((l) => JSON.parse(l)).filter(([e]) => e === event).map(([, d]) => d);
  c.count = (event, n) => ask(() => {
    if (c.all(event).length < n) throw new Error(`${c.out}${c.err}`);
    return true;
  }, 20000, `${n} of ${event}`);
  c.next = (event) => c.count(event, 1).then(() => c.all(event)[0]);
  return c;
}

test('a house with a JavaScript client that may come back', async () => {
  house = await House.open();
  [ana, luis] = await cast(house, 2);
  browser = await house.connect(luis, { version: 4, transports: ['websocket'] });
  room = (await joinDirect(browser, ana)).sala_uuid;
}, 60000);

for (const kind of ['sync', 'async']) {
  for (const [transports, web] of [['polling'], ['websocket'], ['both'], ['both', true]]) {
    test(`${kind}, ${transports}${web ? ', behind the web server' : ''}`, async () => {
      const c = python(web ? house.webUrl : house.relayUrl, kind, transports, ana, luis);
      const ack = await c.next('ack');
      assert.equal(ack.status, 'sent', JSON.stringify(ack));
      const heard = await browser.next('receive_message', { mensaje_id: ack.mensaje_id });
      assert.equal(heard.message, 'hola');
      await c.count('receive_message', 41);
      await say(browser, words(room, luis, 'adios'));
      assert.equal(await c.gone, 0, c.err);
      assert.doesNotMatch(c.err, /Traceback|Error/);  // its own words about unclosed sessions are its own
      const told = c.all('receive_message');
      if (kind === 'sync') told.sort((m, n) => Number(m.mensaje_id) - Number(n.mensaje_id));  // a thread for each event
      assert.deepEqual(told.map((m) => m.message), ['hola', ...Array.from({ length: 40 }, (_, i) => String(i)), 'adios']);
      assert.equal(told[0].mensaje_uuid, ack.mensaje_uuid);
      assert.equal(c.all('connected').length, 1);
      assert.deepEqual(c.all('transport'), [transports === 'polling' ? 'polling' : 'websocket']);
      const args = browser.heard.filter((e) => e.event === 'receive_message').at(-1).args;
      assert.equal(typeof args[1], 'string', 'the JavaScript client has its offset');
    }, 60000);
  }
}

for (const kind of ['sync', 'async']) {
  for (const transports of ['polling', 'websocket']) {
    test(`${kind}, ${transports}: it comes back when the relay is started again`, async () => {
      const own = await House.start({}, { name: `python-${kind}-${transports}-${process.pid}` });
      const other = await own.connect('456', { version: 4, transports: ['websocket'] });
      const there = (await joinDirect(other, '123')).sala_uuid;
      const c = python(own.relayUrl, kind, transports, '123', '456', 'again');
      await c.count('receive_message', 41);
      await own.restartPart('relay');
      await c.count('connected', 2);
      await say(await own.connect('456'), words(there, '456', 'adios'));
      assert.equal(await c.gone, 0, c.err);
      await own.stop();
    }, 90000);
  }
}

atEnd(() => { for (const child of children) child.kill('SIGKILL'); });
