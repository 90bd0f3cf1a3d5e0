'use strict';
// JSONP with the clients that have it, socket.io-client 2 (Engine.IO 3) and 3 (Engine.IO 4), in as much of a page as it
// takes: scripts that are fetched and run, forms that are sent. Server: sio_echo.
const http = require('node:http');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, atEnd, ask, assert } = require('../lib/check');

const child = spawn(path.join(path.resolve(process.env.BUILD || 'build'), 'tests/sio_echo'), { stdio: ['ignore', 'pipe', 'inherit'] });
atEnd(() => child.kill('SIGKILL'));
let out = '';
child.stdout.on('data', (d) => { out += d; });

const asked = [];
function fetchText(method, url, body, done) {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) };
  const r = http.request(url, { method, headers, agent: false }, (res) => {
    let text = '';
    res.on('data', (d) => { text += d; });
    res.on('end', () => { asked.push(`${method} ${res.statusCode}`); done(text, res); });
  });
  r.on('error', () => {});
  r.end(body);
}

let frame;
function element(tag) {
  const e = {
    tag, style: {}, children: [], parentNode: null,
    setAttribute(k, v) { e[k] = v; },
    appendChild(c) { e.children.push(c); c.parentNode = e; return c; },
    removeChild(c) { c.parentNode = null; },
    insertBefore(c) {
      c.parentNode = e;
      fetchText('GET', c.src, undefined, (text, res) => {
        if (/^text\/javascript/.test(res.headers['content-type'])) (0, eval)(text);
        else if (c.onerror) c.onerror(new Error(text));
      });
      return c;
    },
    submit() {
      const { value } = e.children.find((c) => c.tag === 'textarea');
      fetchText('POST', e.action, `d=${encodeURIComponent(value).replace(/%20/g, '+')}`, () => frame && frame.onload && frame.onload());
    },
  };
  if (/iframe/.test(tag)) frame = e;
  return e;
}
const first = element('script');
first.parentNode = element('head');
global.document = { createElement: element, getElementsByTagName: () => [first], body: element('body'), head: element('head') };

for (const which of [2, 3]) {
  test(`socket.io-client ${which} by JSONP alone`, async () => {
    const [, port] = await ask(() => /port (\d+)/.exec(out), 5000, 'sio_echo to listen');
    const io = require(`socket.io-client-${which}`);
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['polling'], forceJSONP: true, reconnection: false, forceNew: true });
    atEnd(() => socket.close());
    asked.length = 0;
    await new Promise((resolve, reject) => { socket.on('connect', resolve); socket.on('connect_error', reject); });
    const text = 'ñ 😀\n\\n"\u2028';
    const heard = [];
    socket.on('hola', (...args) => heard.push(args));
    const answered = await new Promise((resolve) => { socket.emit('hola', text, { a: [text] }, resolve); });
    assert.equal(answered, text);
    await ask(() => heard.length === 1);
    assert.deepEqual(heard[0], [text, { a: [text] }]);
    await ask(() => asked.includes('POST 200'));
    assert.ok(asked.every((a) => a.endsWith(' 200')), asked.join());
    socket.close();
  });
}
