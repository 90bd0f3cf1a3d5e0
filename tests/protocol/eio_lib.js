'use strict';
// Tools for the wire cases of Engine.IO: the echo server, plain HTTP, raw sockets, raw WebSocket frames.
// A server is anything with a port; `path` (else the echo server's), and `from`, the address to come from, if it likes.
const http = require('node:http');
const net = require('node:net');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { ask, assert } = require('../lib/check');

const BUILD = path.resolve(process.env.BUILD || path.join(__dirname, '../../build'));
const ENGINE = '/engine.io/';
const running = new Set();

// start(args, { files }): an echo server on a free port, with so many descriptors; { port, pid, url(query), stats(), cpu(), stop() }
async function start(args = {}, { files } = {}) {
  const argv = Object.entries(args).flatMap(([k, v]) => [`--${k}`, String(v)]);
  const line = [...files ? ['prlimit', `--nofile=${files}:${files}`] : [], path.join(BUILD, 'tests/eio_echo'), ...argv];
  const child = spawn(line[0], line.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { child, pid: child.pid, log: '' };
  running.add(server);
  child.stderr.on('data', (d) => { server.log += d; });
  const ended = new Promise((resolve) => { child.on('exit', (code, signal) => resolve(signal || code)); });
  server.port = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (d) => {
      text += d;
      const m = /port (\d+)/.exec(text);
      if (m) resolve(Number(m[1]));
    });
    ended.then((code) => reject(new Error(`the server ended with ${code}: ${server.log}`)));
  });
  server.url = (query = '') => `${ENGINE}?EIO=4&transport=polling${query}`;
  server.stats = async () => JSON.parse((await request(server, 'GET', '/stats')).body);
  server.cpu = () => {
    const f = fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(f[11]) + Number(f[12])) / 100;
  };
  server.rss = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) * 1024;
  server.fds = () => fs.readdirSync(`/proc/${child.pid}/fd`).length;
  server.stop = async () => {
    running.delete(server);
    if (child.exitCode === null) child.kill('SIGTERM');
    const code = await ended;
    assert.equal(code, 0, `the server ended with ${code}: ${server.log.slice(-4000)}`);
  };
  return server;
}

async function stopAll() {
  for (const s of running) await s.stop();
}

// request(server, method, path, { headers, body, agent }): { status, headers, body, bytes }
function request(server, method, target, { headers = {}, body, agent = false } = {}) {
  return new Promise((resolve, reject) => {
    const r = http.request({ port: server.port, host: '127.0.0.1', localAddress: server.from, method, path: target, headers, agent }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d));
      res.on('error', reject);
      res.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({ status: res.statusCode, headers: res.headers, body: bytes.toString(), bytes });
      });
    });
    r.on('error', reject);
    r.end(body);
  });
}

// open(server): a polling session { sid, url, poll(), post(body) }
async function open(server, { version = 4, query = '', headers } = {}) {
  const base = `${server.path || ENGINE}?EIO=${version}&transport=polling${query}`;
  const r = await request(server, 'GET', base, { headers });
  assert.equal(r.status, 200, r.body);
  const json = r.body.slice(r.body.indexOf('{'));
  const hello = JSON.parse(json.slice(0, json.indexOf('}') + 1));
  const url = `${base}&sid=${hello.sid}`;
  return {
    sid: hello.sid,
    hello,
    url,
    poll: (o) => request(server, 'GET', url, o),
    post: (body, o = {}) => request(server, 'POST', url, { body, ...o }),
  };
}

// raw(server): a bare socket { write, until(re), rest(), text(), closed, end, destroy }
function raw(server, { encoding = 'latin1' } = {}) {
  const s = net.connect({ port: server.port, host: '127.0.0.1', localAddress: server.from });
  let text = '';
  let ended = false;
  s.setNoDelay(true);
  s.on('data', (d) => { text += d.toString(encoding); });
  s.on('error', () => {});
  s.on('close', () => { ended = true; });
  s.on('end', () => { ended = true; });
  return {
    socket: s,
    write: (t) => s.write(Buffer.isBuffer(t) ? t : Buffer.from(t, 'latin1')),
    until: async (re, ms = 15000) => ask(() => re.exec(text), ms, `${re} in ${JSON.stringify(text.slice(-300))}`),
    closed: async (ms = 15000) => ask(() => ended, ms, 'the end of the connection'),
    isClosed: () => ended,
    text: () => text,
    clear: () => { text = ''; },
    destroy: () => s.destroy(),
    reset: () => s.resetAndDestroy(),
  };
}

// frame(text or buffer, options): a masked client frame
function frame(data, { opcode = 1, fin = true, mask = true, rsv = 0, length } = {}) {
  const body = Buffer.from(data);
  const n = length === undefined ? body.length : length;
  const head = [(fin ? 0x80 : 0) | rsv | opcode];
  if (n < 126) head.push((mask ? 0x80 : 0) | n);
  else if (n < 65536) head.push((mask ? 0x80 : 0) | 126, n >> 8, n & 255);
  else {
    const b = Buffer.alloc(8);
    b.writeBigUInt64BE(BigInt(n));
    head.push((mask ? 0x80 : 0) | 127, ...b);
  }
  if (!mask) return Buffer.concat([Buffer.from(head), body]);
  const key = crypto.randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, Buffer.from(body.map((c, i) => c ^ key[i & 3]))]);
}

function upgradeText(query = '', extra = '', { version = 4, method = 'GET', target, path: where = ENGINE } = {}) {
  return `${method} ${target || `${where}?EIO=${version}&transport=websocket${query}`} HTTP/1.1\r\nHost: x\r\n` +
    `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`;
}

// wsRaw(server, query): a bare WebSocket { send, sendFrame, next(ms), closeCode(ms), frames, socket }
async function wsRaw(server, query = '', { extra = '', version = 4, first } = {}) {
  const s = net.connect({ port: server.port, host: '127.0.0.1', localAddress: server.from });
  let bytes = Buffer.alloc(0);
  let upgraded = false;
  const frames = [];
  const ws = { socket: s, frames, ended: false, code: null, head: '' };
  s.setNoDelay(true);
  s.on('error', () => {});
  s.on('close', () => { ws.ended = true; });
  s.on('data', (d) => {
    bytes = Buffer.concat([bytes, d]);
    if (!upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      ws.head = bytes.subarray(0, end).toString();
      bytes = bytes.subarray(end + 4);
      upgraded = true;
    }
    for (;;) {
      if (bytes.length < 2) return;
      let n = bytes[1] & 127;
      let at = 2;
      if (n === 126) { if (bytes.length < 4) return; n = bytes.readUInt16BE(2); at = 4; }
      else if (n === 127) { if (bytes.length < 10) return; n = Number(bytes.readBigUInt64BE(2)); at = 10; }
      if (bytes.length < at + n) return;
      const f = { fin: bytes[0] >> 7, opcode: bytes[0] & 15, bits: bytes[0], masked: bytes[1] >> 7, data: bytes.subarray(at, at + n) };
      f.text = f.data.toString();
      bytes = bytes.subarray(at + n);
      if (f.opcode === 8) ws.code = f.data.length >= 2 ? f.data.readUInt16BE(0) : 1005;
      frames.push(f);
    }
  });
  s.write(upgradeText(query, extra, { version, path: server.path }), 'latin1');
  if (first) s.write(first);
  await ask(() => upgraded || ws.ended, 15000, 'the answer to the upgrade');
  ws.send = (t, o) => s.write(frame(t, o));
  ws.write = (b) => s.write(b);
  ws.next = async (ms = 15000) => {
    await ask(() => frames.length > 0, ms, 'a frame');
    return frames.shift();
  };
  ws.nextText = async (ms) => (await ws.next(ms)).text;
  ws.message = async (ms = 15000) => {        // the next that is no heartbeat
    for (;;) {
      const f = await ws.next(ms);
      if (f.text !== '2' || f.opcode !== 1) return f;
      ws.send('3');
    }
  };
  ws.closeCode = async (ms = 15000) => {
    await ask(() => ws.code !== null || ws.ended, ms, 'a close frame, or the end');
    return ws.code === null ? 1006 : ws.code;  // as browsers say it
  };
  ws.destroy = () => s.destroy();
  return ws;
}

// beating(ws): answers pings until the socket ends
function beating(ws) {
  const t = setInterval(() => {
    for (let i = 0; i < ws.frames.length; i++) {
      if (ws.frames[i].opcode === 1 && ws.frames[i].text === '2') { ws.frames.splice(i--, 1); ws.send('3'); }
    }
    if (ws.ended) clearInterval(t);
  }, 20);
  ws.socket.on('close', () => clearInterval(t));
  return ws;
}

module.exports = { start, stopAll, request, open, raw, frame, wsRaw, upgradeText, beating, ENGINE };
