'use strict';
// What clients in other languages put on the wire, each form as such a client writes it: socket.io-client-java 1 and 2,
// Socket.IO-Client-Swift 15 (which says its EIO only when told to) and 16, the Dart and Python clients of both generations. Server: sio_chat, which wants a
// name by auth or by query and tells of whom it let in.
const { spawn } = require('node:child_process');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const lib = require('./eio_lib');

const build = path.resolve(process.env.BUILD || 'build');
const PATH = '/socket.io/';
let server;
const open = [];

test('the server starts', async () => {
  const child = spawn(path.join(build, 'tests/sio_chat'), ['0', '400', '400'], { stdio: ['ignore', 'pipe', 'pipe'] });
  server = { child, out: '', err: '', path: PATH, gone: new Promise((resolve) => { child.on('exit', resolve); }) };
  child.stdout.on('data', (d) => { server.out += d; });
  child.stderr.on('data', (d) => { server.err += d; });
  server.port = Number((await ask(() => /^port (\d+)$/m.exec(server.out), 5000, 'sio_chat to listen'))[1]);
});

// ---- one request, written by hand: its head and its body as they stand ----

async function http(head, body = '') {
  const s = lib.raw(server);
  s.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from(body)]));
  await s.until(/\r\n\r\n/);
  const length = Number(/content-length: *(\d+)/i.exec(s.text())?.[1] || 0);
  await ask(() => s.text().split('\r\n\r\n').slice(1).join('\r\n\r\n').length >= length, 3000, 'the body');
  const text = s.text();
  s.destroy();
  const bytes = Buffer.from(text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), 'latin1');
  return { status: Number(text.split(' ')[1]), head: text.split('\r\n\r\n')[0], body: bytes.toString(), bytes };
}

const sidOf = (body) => JSON.parse(body.slice(body.indexOf('{'), body.indexOf('}') + 1)).sid;
const utf16 = (packets) => packets.map((p) => `${p.length}:${p}`).join('');
// the packets of a poll's answer, of either revision and each form
const packetsOf = ({ body, bytes }, eio) => {
  if (eio === 4) return body.split('\x1e');
  const all = [];
  for (let at = 0; bytes[0] <= 1 && at < bytes.length;) {
    const end = bytes.indexOf(255, at);
    const n = Number([...bytes.subarray(at + 1, end)].join(''));
    all.push(bytes.subarray(end + 1, end + 1 + n).toString());
    at = end + 1 + n;
  }
  if (all.length) return all;
  for (let at = 0; at < body.length;) {
    const colon = body.indexOf(':', at);
    const n = Number(body.slice(at, colon));
    all.push(body.slice(colon + 1, colon + 1 + n));
    at = colon + 1 + n;
  }
  return all;
};

// ---- long polling ----

// get(params, sid): the target of a poll; post: the head of one; joins: the packet that joins "/" (none: by the query)
const okhttp = ['Host: chat.example', 'Connection: Keep-Alive', 'Accept-Encoding: gzip', 'User-Agent: okhttp/3.12.12'];
const pollers = [
  { name: 'Java 2', eio: 4, query: 'EIO=4&transport=polling&t=OqKbb7G', headers: [...okhttp, 'accept: */*'],
    type: 'Content-type: text/plain;charset=UTF-8', joins: '40{"name":"poll"}' },
  { name: 'Java 2, arguments in another order', eio: 4, query: 't=OqKbb7G&transport=polling&EIO=4', headers: okhttp,
    type: 'Content-Type: text/plain; charset=utf-8', joins: '40{"name":"poll"}' },
  { name: 'Java 1', eio: 3, query: 'EIO=3&name=poll&b64=1&transport=polling&t=N9kd2x0', headers: [...okhttp, 'accept: */*'],
    type: 'Content-type: text/plain;charset=UTF-8' },
  { name: 'Swift 16', eio: 4, query: 'transport=polling&b64=1&EIO=4', headers: ['Host: chat.example', 'Accept: */*',
    'Accept-Language: es-PE,es;q=0.9', 'User-Agent: Chat/1 CFNetwork/1410.0.3 Darwin/22.6.0'],
  type: 'Content-Type: text/plain; charset=UTF-8', joins: '40{"name":"poll"}' },
  { name: 'Swift 15 with connectParams EIO 3', eio: 3, query: 'transport=polling&b64=1&EIO=3&name=poll', headers: ['Host: chat.example', 'Accept: */*'],
    type: 'Content-Type: text/plain; charset=UTF-8' },
  { name: 'Dart 2', eio: 4, query: 'EIO=4&transport=polling&t=1732576000000-0&b64=1', headers: ['user-agent: Dart/3.4 (dart:io)',
    'accept: */*', 'accept-encoding: gzip', 'host: chat.example'], type: 'content-type: text/plain;charset=UTF-8',
  joins: '40{"name":"poll"}' },
  { name: 'Python 5', eio: 4, query: 'transport=polling&EIO=4&t=1732576000.4217', headers: ['Host: chat.example',
    'User-Agent: python-requests/2.32.3', 'Accept-Encoding: gzip, deflate', 'Accept: */*', 'Connection: keep-alive'],
  type: 'Content-Type: text/plain', joins: '40{"name":"poll"}' },
  { name: 'Python 4', eio: 3, query: 'transport=polling&EIO=3&name=poll&t=1732576000.4217', headers: ['Host: chat.example',
    'User-Agent: python-requests/2.22.0', 'Accept: */*', 'Connection: keep-alive'], type: 'Content-Type: application/octet-stream',
  binary: true },
];

for (const p of pollers) {
  test(`polling as ${p.name} does it`, async () => {
    const opened = await http([`GET ${PATH}?${p.query} HTTP/1.1`, ...p.headers]);
    assert.equal(opened.status, 200, opened.head);
    const target = `${PATH}?${p.query}&sid=${sidOf(opened.body)}`;
    const poll = async () => packetsOf(await http([`GET ${target} HTTP/1.1`, ...p.headers]), p.eio);
    const post = async (...packets) => {
      const body = p.binary ? Buffer.concat(packets.map((t) => {
        const bytes = Buffer.from(t);
        return Buffer.concat([Buffer.from([0, ...String(bytes.length).split('').map(Number), 255]), bytes]);
      })) : Buffer.from(p.eio === 4 ? packets.join('\x1e') : utf16(packets));
      const r = await http([`POST ${target} HTTP/1.1`, ...p.headers, p.type, `Content-Length: ${body.length}`], body);
      assert.equal(r.status, 200, r.head);
      assert.equal(r.body, 'ok');
    };
    const heard = [];
    const until = (re) => ask(async () => {
      if (heard.some((t) => re.test(t))) return true;
      heard.push(...await poll());
      if (p.eio === 4 && heard.includes('2')) { heard.splice(heard.indexOf('2'), 1); await post('3'); }
      return heard.some((t) => re.test(t));
    }, 4000, `${re} in ${JSON.stringify(heard)}`);
    if (p.joins) await post(p.joins);
    // the answer to the handshake of revision 3 may bring the namespace with it
    if (p.joins || !packetsOf(opened, p.eio).includes('40')) await until(p.joins ? /^40\{"sid":"[\w-]+"\}$/ : /^40$/);
    await post('421["join","patio"]', '42["say","patio","¿qué tal?","😀"]');
    await until(/^42\["said","¿qué tal\?","😀"\]$/);
    assert.ok(heard.some((t) => /^431\[\d+\]$/.test(t)), heard.join(' '));
    if (p.eio === 3) { await post('2'); await until(/^3$/); }
    await post('41');
  });
}

// ---- WebSocket ----

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const sockets = [
  { name: 'Java 2', eio: 4, target: 'EIO=4&transport=websocket', headers: ['Upgrade: websocket', 'Connection: Upgrade', key,
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Extensions: permessage-deflate', 'Host: x', 'Accept-Encoding: gzip',
    'User-Agent: okhttp/4.12.0'], joins: '40{"name":"ws"}' },
  { name: 'Swift 16', eio: 4, target: 'transport=websocket&EIO=4', headers: ['Host: x', 'Upgrade: websocket', 'Connection: Upgrade',
    key, 'Sec-WebSocket-Version: 13', 'Origin: wss://x', 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=15'],
  joins: '40{"name":"ws"}' },
  { name: 'Swift 15 with connectParams EIO 3', eio: 3, target: 'transport=websocket&EIO=3&name=ws', headers: ['Host: x', 'Upgrade: websocket',
    'Connection: Upgrade', key, 'Sec-WebSocket-Version: 13'] },
  { name: 'Dart 2', eio: 4, target: 'EIO=4&transport=websocket', headers: ['user-agent: Dart/3.4 (dart:io)', 'connection: Upgrade',
    'cache-control: no-cache', 'accept-encoding: gzip', 'sec-websocket-version: 13', 'host: x',
    'sec-websocket-extensions: permessage-deflate; client_max_window_bits', key.toLowerCase().replace(/:.*/, key.slice(17)), 'upgrade: websocket'],
  joins: '40{"name":"ws"}' },
  { name: 'Dart 1', eio: 3, target: 'name=ws&EIO=3&transport=websocket', headers: ['connection: Upgrade', 'sec-websocket-version: 13',
    'host: x', `sec-websocket-key:${key.slice(18)}`, 'upgrade: websocket'] },
  { name: 'Python 5', eio: 4, target: 'transport=websocket&EIO=4&t=1732576000.5', headers: ['Upgrade: websocket', 'Host: x',
    'Origin: http://x', key, 'Sec-WebSocket-Version: 13', 'Connection: Upgrade'], joins: '40{"name":"ws"}' },
  { name: 'Python 4', eio: 3, target: 'transport=websocket&EIO=3&name=ws&t=1732576000.5', headers: ['Upgrade: websocket', 'Host: x',
    'Origin: http://x', key, 'Sec-WebSocket-Version: 13', 'Connection: keep-alive, Upgrade'] },
  { name: 'a browser\'s', eio: 4, target: 'EIO=4&transport=websocket', headers: ['Host: x', 'Connection: keep-alive, Upgrade',
    'Pragma: no-cache', 'Upgrade: WebSocket', 'Origin: http://x', 'Sec-WebSocket-Version: 13', key, 'Sec-Fetch-Mode: websocket',
    'Cookie: a=b; io=zzz'], joins: '40/,{"name":"ws"}' },
];

// A WebSocket past its 101: say(text or bytes), hears(re): a text that fits, binary(): the first binary frame.
async function upgraded(target, headers) {
  const s = lib.raw(server);
  open.push(s);
  s.write(`GET ${PATH}?${target} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
  await s.until(/\r\n\r\n/);
  assert.match(s.text(), /^HTTP\/1\.1 101 /);
  assert.doesNotMatch(s.text().split('\r\n\r\n')[0], /extensions|set-cookie/i);
  let seen = 0;
  const texts = [];
  const read = () => {
    const bytes = Buffer.from(s.text(), 'latin1').subarray(Buffer.from(s.text(), 'latin1').indexOf('\r\n\r\n') + 4);
    while (bytes.length - seen >= 2) {
      let n = bytes[seen + 1] & 127;
      let at = seen + 2;
      if (n === 126) { n = bytes.readUInt16BE(at); at += 2; }
      if (bytes.length < at + n) return;
      texts.push(bytes[seen] === 0x81 ? bytes.subarray(at, at + n).toString() : bytes.subarray(at, at + n));
      seen = at + n;
      if (texts.at(-1) === '2') s.write(lib.frame('3'));
    }
  };
  return {
    say: (t, o) => s.write(lib.frame(t, o)),
    texts,
    hears: (re, ms = 4000) => ask(() => { read(); return texts.find((t) => typeof t === 'string' && re.test(t)); }, ms, `${re} in ${texts.join(' ')}`),
    binary: () => ask(() => { read(); return texts.find((t) => typeof t !== 'string'); }, 4000, 'a binary frame'),
    close: () => s.destroy(),
  };
}

for (const c of sockets) {
  test(`WebSocket as ${c.name} does it`, async () => {
    const ws = await upgraded(c.target, c.headers);
    await ws.hears(/^0\{"sid":/);
    if (c.joins) ws.say(c.joins);
    await ws.hears(c.joins ? /^40\{"sid":"[\w-]+"\}$/ : /^40$/);
    ws.say('4217["join","patio"]');
    await ws.hears(/^4317\[\d+\]$/);
    // binary, with the placeholder's members in either order; revision 3 puts the packet's type before the bytes
    ws.say('451-["say","patio",{"num":0,"_placeholder":true}]');
    ws.say(Buffer.from(c.eio === 3 ? [4, 9, 8] : [9, 8]), { opcode: 2 });
    await ws.hears(/^451-\["said",\{"num":0,"_placeholder":true\}\]$/);
    assert.deepEqual([...await ws.binary()], c.eio === 3 ? [4, 9, 8] : [9, 8]);
    if (c.eio === 3) { ws.say('2'); await ws.hears(/^3$/); ws.say('2probe'); await ws.hears(/^3probe$/); }
    ws.say('41');
    ws.close();
  });
}

const plain = ['Host: x', 'Upgrade: websocket', 'Connection: Upgrade', key, 'Sec-WebSocket-Version: 13'];

// clients that cannot take binary frames write text ones, and are written text ones; both are understood of everybody
for (const [eio, mark] of [[4, 'b'], [3, 'b4']]) {
  test(`revision ${eio}: BASE64 on a WebSocket`, async () => {
    const target = `EIO=${eio}&transport=websocket&name=b64`;
    const people = [await upgraded(`${target}&b64=1`, plain), await upgraded(target, plain)];
    for (const ws of people) {
      await ws.hears(/^0\{/);
      if (eio === 4) ws.say('40');
      await ws.hears(/^40/);
      ws.say(`420["join","b64 ${eio}"]`);
      await ws.hears(/^430\[/);
    }
    people[1].say(`451-["say","b64 ${eio}",{"_placeholder":true,"num":0}]`);
    people[1].say(`${mark}CQj/AA==`);
    await people[0].hears(new RegExp(`^${mark}CQj/AA==$`));
    assert.deepEqual([...await people[1].binary()], [...(eio === 3 ? [4] : []), 9, 8, 255, 0]);
    assert.ok(people[0].texts.every((t) => typeof t === 'string'));
    people[0].say(`${mark}CQj/A`);
    await ask(() => server.out.includes('gone b64 parse error'), 3000, server.out);
    people.forEach((ws) => ws.close());
  });
}

// ---- how a namespace is joined ----

const ask4 = 'EIO=4&transport=websocket';
const joins = [
  ['40{"name":"a","token":"eyJhbGciOi.J9.x-_"}', /^40\{"sid"/],
  ['40{ "name" : "a" }', /^40\{"sid"/],
  ['40/,{"name":"a"}', /^40\{"sid"/],
  ['40{"name":"ñ\\u00e9😀"}', /^40\{"sid"/],
  ['40', /^44\{"message":"name is missing","data":\{"code":"nameless"\}\}$/],
  ['40{}', /^44\{"message":"name is missing"/],
  ['40/nowhere,{"name":"a"}', /^44\/nowhere,\{"message":"Invalid namespace"\}$/],
  ['40/nowhere,', /^44\/nowhere,\{"message":"Invalid namespace"\}$/],
  ['40/nowhere', /^44\/nowhere,\{"message":"Invalid namespace"\}$/],
];
for (const [packet, answer] of joins) {
  test(`revision 4: ${packet}`, async () => {
    const ws = await upgraded(ask4, plain);
    ws.say(packet);
    await ws.hears(answer);
    ws.close();
  });
}

test('revision 4: the query of the connection names who has no auth', async () => {
  for (const packet of ['40', '40/,']) {
    const ws = await upgraded(`${ask4}&name=Ana+Mar%C3%ADa`, plain);
    ws.say(packet);
    await ws.hears(/^40\{"sid"/);
    ws.close();
    await ask(() => server.out.includes('gone Ana'), 3000, server.out);
  }
});

test('revision 3: namespaces with a query, CONNECT to "/" that nobody asked for, and one that somebody did', async () => {
  const ws = await upgraded('EIO=3&transport=websocket&name=v3', plain);
  await ws.hears(/^40$/);
  ws.say('40/nowhere?token=abc%20def&name=x,');
  await ws.hears(/^44\/nowhere,/);
  ws.say('40/nowhere?token=abc');
  await ask(async () => ws.texts.filter((t) => String(t).startsWith('44/nowhere')).length === 2 || (await ws.hears(/^44/), false), 3000, 'the second');
  ws.say('420["join","v3"]');
  await ws.hears(/^430\[1\]$/);
  ws.close();
});

test('an EIO that nobody knows, and none at all', async () => {
  for (const query of ['EIO=5&transport=polling', 'EIO=44&transport=polling', 'EIO=x&transport=polling']) {
    const r = await http([`GET ${PATH}?${query} HTTP/1.1`, 'Host: x']);
    assert.equal(r.status, 400, query);
    assert.equal(JSON.parse(r.body).code, 5, query);
  }
});

test('the server ends cleanly', async () => {
  open.forEach((s) => s.destroy());
  server.child.kill('SIGTERM');
  assert.equal(await server.gone, 0, server.err);
});

atEnd(() => { open.forEach((s) => s.destroy()); if (server) server.child.kill('SIGKILL'); });
