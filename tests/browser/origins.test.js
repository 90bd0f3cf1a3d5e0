'use strict';
// Pages of another origin than the relay's, in a real browser, where CORS is more than a header: with every client, by its
// own bundle for pages, with what it does by default and with credentials.
// timeout: 300
const fs = require('node:fs');
const http = require('node:http');
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { blank, close } = require('./browser');

const BUNDLES = {
  1: 'socket.io-client-1/dist/socket.io.js',
  2: 'socket.io-client-2/dist/socket.io.js',
  3: 'socket.io-client-3/dist/socket.io.js',
  4: 'socket.io-client-4/dist/socket.io.js',
};
const houses = {};
const sites = {};

atEnd(close);
atEnd(async () => {
  for (const site of Object.values(sites)) site.close();
  for (const house of Object.values(houses)) await house.stop();
});

// A web server of somebody else, with the bundles.
async function site(name) {
  sites[name] = http.createServer((request, response) => {
    const bundle = BUNDLES[request.url.slice(1)];
    response.setHeader('Content-Type', bundle ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8');
    response.end(bundle ? fs.readFileSync(require.resolve(bundle)) : '<!doctype html><title>otro sitio</title>');
  });
  await new Promise((resolve) => { sites[name].listen(0, '127.0.0.1', resolve); });
  return `http://127.0.0.1:${sites[name].address().port}`;
}

// Client 1 begins with polling, where it reads ASCII alone, and Ana García hears her name: to have come is enough for it.
const textFor = (version) => (version === 1 ? '' : 'año 😀 ñ');

// Connects from a page of that origin and writes: what is heard, or the client's word why not.
async function asks(origin, url, version, options) {
  const page = await blank();
  await page.goto(`${origin}/`);
  await page.addScriptTag({ url: `${origin}/${version}` });
  const said = await page.evaluate(([to, given]) => new Promise((resolve) => {
    const socket = window.io(to, { query: { user_id: '123' }, auth: { user_id: '123' }, forceNew: true, ...given });
    socket.on('connect', () => {
      if (!given.text) resolve(['']);
      socket.emit('join_direct_chat', { other_user_id: '456' }, ({ sala_uuid }) => {
        socket.on('receive_message', (heard) => { resolve([heard.message]); socket.close(); });
        socket.emit('send_message', { sala_uuid, message: given.text, sender_id: '123', timestamp: 'hoy', type: 'directo' });
      });
    });
    setTimeout(() => { resolve('nothing heard'); socket.close(); }, 8000);
    socket.on('connect_error', (e) => { resolve(`refused: ${e}`); socket.close(); });
  }), [url, { ...options, text: textFor(version) }]);
  await page.context().close();
  return said;
}

test('all origins, as a house has it at first', async () => {
  houses.any = await House.start();
  await site('theirs');
  const origin = `http://127.0.0.1:${sites.theirs.address().port}`;
  const answers = {};
  for (const version of [1, 2, 3, 4]) {
    for (const options of [{ transports: ['polling'] }, { transports: ['polling'], withCredentials: true }, {}]) {
      const how = `${version} ${JSON.stringify(options)}`;
      answers[how] = await asks(origin, houses.any.relayUrl, version, options);
      if (answers[how][0] === textFor(version)) delete answers[how];
    }
  }
  assert.deepEqual(answers, {});
}, 120000);

test('a list of origins: who is on it, and who is not', async () => {
  const friend = await site('friend');
  const stranger = await site('stranger');
  houses.list = await House.start({ CORS_ALLOWED_ORIGINS: `https://tuapp.com,${friend}` });
  for (const version of [2, 4]) {
    for (const options of [{ transports: ['polling'] }, { transports: ['websocket'] }]) {
      const how = `${version} ${options.transports}`;
      assert.ok(Array.isArray(await asks(friend, houses.list.relayUrl, version, options)), how);
      assert.match(await asks(stranger, houses.list.relayUrl, version, options), /^refused: /, how);
    }
  }
}, 120000);
