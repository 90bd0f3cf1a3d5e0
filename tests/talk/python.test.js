'use strict';
// The client library of Python, itself: threads and asyncio, over each transport, direct and behind the web server. It
// calls a handler with as many arguments as an event has, so that one more (an offset, for clients that come back after
// a cut) would be an exception; a JavaScript client in the same room keeps its offsets.
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
  c.next = (event) => ask(() => c.all(event)[0], 15000, `${event} in ${c.out}${c.err}`);
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
      await say(browser, words(room, luis, 'adios'));
      assert.equal(await c.gone, 0, c.err);
      assert.doesNotMatch(c.err, /Traceback|Error/);  // its own words about unclosed sessions are its own
      assert.deepEqual(c.all('receive_message').map((m) => m.message), ['hola', 'adios']);
      assert.equal(c.all('receive_message')[0].mensaje_uuid, ack.mensaje_uuid);
      assert.equal(c.all('connected').length, 1);
      assert.deepEqual(c.all('transport'), [transports === 'polling' ? 'polling' : 'websocket']);
      const args = browser.heard.filter((e) => e.event === 'receive_message').at(-1).args;
      assert.equal(typeof args[1], 'string', 'the JavaScript client has its offset');
    }, 60000);
  }
}

atEnd(() => { for (const child of children) child.kill('SIGKILL'); });
