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

// Connects from a page of that origin and asks one thing: what is answered, or the client's word why not.
async function asks(origin, url, version, options) {
  const page = await blank();
  await page.goto(`${origin}/`);
  await page.addScriptTag({ url: `${origin}/${version}` });
  const said = await page.evaluate(([to, given]) => new Promise((resolve) => {
    const socket = window.io(to, { query: { user_id: '123' }, auth: { user_id: '123' }, forceNew: true, ...given });
    socket.on('connect', () => {
      socket.emit('get_presence', { user_ids: ['456'] }, (answer) => { resolve(Object.keys(answer)); socket.close(); });
    });
    socket.on('connect_error', (e) => { resolve(`refused: ${e}`); socket.close(); });
  }), [url, options]);
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
      answers[`${version} ${JSON.stringify(options)}`] = await asks(origin, houses.any.relayUrl, version, options);
    }
  }
  const first = Object.values(answers)[0];
  assert.ok(Array.isArray(first), JSON.stringify(answers));
  for (const [how, answer] of Object.entries(answers)) assert.deepEqual(answer, first, how);
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
