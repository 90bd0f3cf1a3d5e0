'use strict';
// The Socket.IO room on the wire: what exactly is answered to which packet (raw WebSocket and polling), and what real
// clients of three generations make of it. Servers: sio_echo (echoes) and sio_chat (rooms, refusals, ends); their heads
// say what they do.
const { spawn } = require('node:child_process');
const path = require('node:path');
const WebSocket = require('ws');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const clients = {
  2: require('socket.io-client-2'),
  3: require('socket.io-client-3').io,
  4: require('socket.io-client-4').io,
};

const build = path.resolve(process.env.BUILD || 'build');
const running = new Set();
const sockets = new Set();

// ---- servers, raw connections, clients ----

function serve(name, ...args) {
  const child = spawn(path.join(build, 'tests', name), ['0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { child, out: '', err: '', port: 0 };
  running.add(child);
  server.gone = new Promise((resolve) => {
    child.on('exit', (code, signal) => { running.delete(child); resolve({ code, signal }); });
  });
  child.stdout.on('data', (d) => { server.out += d; });
  child.stderr.on('data', (d) => { server.err += d; });
  return ask(() => /^port (\d+)$/m.exec(server.out), 5000, `${name} to listen: ${server.err}`).then((found) => {
    server.port = Number(found[1]);
    server.url = `http://127.0.0.1:${server.port}`;
    return server;
  });
}

const stopped = async (server) => {
  server.child.kill('SIGTERM');
  const { code } = await server.gone;
  assert.equal(code, 0, server.err);
};

// A WebSocket that remembers its messages: say(text), next() in order, closed (resolves to the close code).
async function raw(server, query = 'EIO=4') {
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?${query}&transport=websocket`);
  const inbox = [];
  let wake = () => {};
  sockets.add(ws);
  ws.on('message', (data, binary) => { inbox.push(binary ? data : String(data)); wake(); });
  ws.closed = new Promise((resolve) => { ws.on('close', (code) => { resolve(code); wake(); }); });
  ws.inbox = inbox;
  ws.say = (...texts) => texts.forEach((t) => ws.send(t));
  ws.next = async (ms = 3000) => {
    const end = Date.now() + ms;
    while (inbox.length === 0) {
      const left = end - Date.now();
      if (left <= 0) throw new Error('nothing came');
      await Promise.race([new Promise((r) => { wake = r; }), pause(Math.min(left, 200))]);
    }
    return inbox.shift();
  };
  await new Promise((resolve, reject) => { ws.on('open', resolve); ws.on('error', reject); });
  ws.hello = JSON.parse((await ws.next()).slice(1));
  return ws;
}

async function joined(server, query) {
  const ws = await raw(server, query);
  ws.say('40');
  ws.sid = JSON.parse((await ws.next()).slice(2)).sid;
  return ws;
}

// Plain long polling: say(payload), take() one response.
async function polling(server) {
  const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const hello = JSON.parse((await (await fetch(base)).text()).slice(1));
  const url = `${base}&sid=${hello.sid}`;
  return {
    hello,
    say: async (body) => {
      const r = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain;charset=UTF-8' } });
      assert.equal(r.status, 200);
      assert.equal(await r.text(), 'ok');
    },
    take: async () => (await fetch(url)).text(),
    status: async () => (await fetch(url)).status,
  };
}

function client(server, version, options = {}) {
  const socket = clients[version](server.url, { forceNew: true, reconnection: false, ...options });
  sockets.add(socket);
  return socket;
}

const once = (socket, event, ms = 5000) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no ${event} in ${ms} ms`)), ms);
  socket.once(event, (...args) => { clearTimeout(timer); resolve(args); });
});
const call = (socket, event, ...args) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no acknowledgement of ${event}`)), 5000);
  socket.emit(event, ...args, (...answer) => { clearTimeout(timer); resolve(answer); });
});
const connected = async (server, version, options) => {
  const socket = client(server, version, options);
  await once(socket, 'connect');
  return socket;
};
const named = (version, name) => (version === 2 ? { query: { name } } : { auth: { name } });
const quoted = (version, name) => (version === 2 ? name : JSON.stringify(name));

let echo;
let chat;
let old = true; // Engine.IO 3 is served

test('the example servers start', async () => {
  echo = await serve('sio_echo');
  chat = await serve('sio_chat');
  const r = await fetch(`${echo.url}/socket.io/?EIO=3&transport=polling`);
  old = r.status === 200;
  if (!old) console.log('# Engine.IO 3 is not served here');
});

// ---- wire ----

test('CONNECT is answered with an id that is not the session\'s', async () => {
  const ws = await raw(echo);
  ws.say('40');
  const answer = await ws.next();
  assert.match(answer, /^40\{"sid":"[A-Za-z0-9_-]{16,}"\}$/);
  assert.notEqual(JSON.parse(answer.slice(2)).sid, ws.hello.sid);
});

test('an unknown namespace is refused and harms nobody', async () => {
  const ws = await joined(echo);
  ws.say('40/nowhere,', '40/else,{"a":1}', '42["still",1]');
  assert.equal(await ws.next(), '44/nowhere,{"message":"Invalid namespace"}');
  assert.equal(await ws.next(), '44/else,{"message":"Invalid namespace"}');
  assert.equal(await ws.next(), '42["still",1]');
});

test('an application\'s refusal carries its object', async () => {
  const ws = await raw(chat);
  ws.say('40{"name":"x"}');
  assert.match(await ws.next(), /^40/);
  const nameless = await raw(chat);
  nameless.say('40{}');
  assert.equal(await nameless.next(), '44{"message":"name is missing","data":{"code":"nameless"}}');
});

test('events and acknowledgements, byte for byte', async () => {
  const ws = await joined(echo);
  for (const [said, ...heard] of [
    ['42["a"]', '42["a"]'],
    ['42["a",{"x":[1,"ñ😀\\"\\n"]},null]', '42["a",{"x":[1,"ñ😀\\"\\n"]},null]'],
    ['427["a",1,"2"]', '42["a",1,"2"]', '437[1,"2"]'],
    ['42/,9007199254740992["a"]', '42["a"]', '439007199254740992[]'],
    ['420["a"]', '42["a"]', '430[]'],
    ['42 [ "a" , 1 ]', '42["a",1]'],
    ['450-["a"]', '42["a"]'],
  ]) {
    ws.say(said);
    for (const h of heard) assert.equal(await ws.next(), h, said);
  }
});

test('binary events and acknowledgements over WebSocket', async () => {
  const ws = await joined(echo);
  ws.say('452-3["b",{"_placeholder":true,"num":0},{"k":{"_placeholder":true,"num":1}}]');
  ws.send(Buffer.from([1, 2, 3]));
  ws.send(Buffer.alloc(0));
  assert.equal(await ws.next(), '452-["b",{"_placeholder":true,"num":0},{"k":{"_placeholder":true,"num":1}}]');
  assert.deepEqual([...await ws.next()], [1, 2, 3]);
  assert.equal((await ws.next()).length, 0);
  assert.equal(await ws.next(), '462-3[{"_placeholder":true,"num":0},{"k":{"_placeholder":true,"num":1}}]');
  assert.deepEqual([...await ws.next()], [1, 2, 3]);
  assert.equal((await ws.next()).length, 0);
});

test('the same over polling, many packets in one body, in order', async () => {
  const p = await polling(echo);
  await p.say('40');
  assert.match(await p.take(), /^40\{"sid":"/);
  await p.say('42["a",1]\x1e451-["b",{"_placeholder":true,"num":0}]\x1ebAQIDBA==\x1e421["c"]');
  let got = '';
  while (!got.includes('431[]')) got += (got ? '\x1e' : '') + await p.take();
  assert.equal(got, ['42["a",1]', '451-["b",{"_placeholder":true,"num":0}]', 'bAQIDBA==', '42["c"]', '431[]'].join('\x1e'));
});

test('after 41 the transport stays; a new CONNECT makes a new socket in no room', async () => {
  const ws = await raw(chat);
  ws.say('40{"name":"leaver"}');
  const first = JSON.parse((await ws.next()).slice(2)).sid;
  ws.say('421["join","leavers"]');
  assert.equal(await ws.next(), '431[1]');
  ws.say('41');
  await ask(() => chat.out.includes('gone "leaver" client namespace disconnect'));
  ws.say('40{"name":"leaver"}');
  assert.notEqual(JSON.parse((await ws.next()).slice(2)).sid, first);
  ws.say('422["count","leavers"]');
  assert.equal(await ws.next(), '432[0]');
});

const deadly = [
  ['a second CONNECT', '40'], ['a second CONNECT with payload', '40{}'],
  ['an event for a namespace that is not connected', '42/other,["a"]'],
  ['an acknowledgement for one', '43/other,1[]'], ['a DISCONNECT for one', '41/other,'],
  ['CONNECT_ERROR from a client', '44{"message":"x"}'], ['DISCONNECT with a payload', '41{}'],
  ['an unknown type', '4abc'], ['an empty packet', '4'], ['an event without an array', '42{}'],
  ['an event without a payload', '42'], ['an event without a name', '42[]'], ['a name that is null', '42[null]'],
  ['an id that is no number', '42abc["a","b"]'], ['an id above 2^53', '429007199254740993["a"]'],
  ['a reserved name', '42["disconnect"]'], ['a reserved name with escapes', '42["\\u0063onnect"]'],
  ['half JSON', '42["a"'], ['a leading zero', '42["a",01]'], ['a raw control character', '42["a","\u0001"]'],
  ['something behind the JSON', '42["a"]]'], ['too deep', `42["a",${'['.repeat(40)}${']'.repeat(40)}]`],
  ['an acknowledgement without an id', '43[]'], ['an acknowledgement that is no array', '431{}'],
  ['too many attachments', '4511-["a"]'], ['an absurd number of attachments', '45999999999999-["a"]'],
  ['attachments without a number', '45-["a"]'], ['a placeholder out of range', '451-["a",{"_placeholder":true,"num":1}]'],
  ['text while an attachment is awaited', '451-["a",{"_placeholder":true,"num":0}]', '42["a"]'],
  ['an attachment nobody announced', Buffer.from([1])],
  ['one attachment more', '451-["a",{"_placeholder":true,"num":0}]', Buffer.from([1]), Buffer.from([2])],
];
test('what closes the transport', async () => {
  for (const [what, ...packets] of deadly) {
    const ws = await joined(echo);
    ws.say(...packets);
    await Promise.race([ws.closed, pause(2000).then(() => assert.fail(`${what} closed nothing`))]);
  }
}, 60000);

test('before CONNECT everything else closes', async () => {
  for (const packet of ['41', '42["a"]', '431[]', '44{}', '451-["a"]', Buffer.from([1])]) {
    const ws = await raw(echo);
    ws.say(packet);
    await Promise.race([ws.closed, pause(2000).then(() => assert.fail(`${packet} closed nothing`))]);
  }
});

test('the same over polling: the session is unknown afterwards', async () => {
  const p = await polling(echo);
  await p.say('40');
  await p.take();
  await p.say('42{}').catch(() => {});
  await ask(async () => (await p.status()) === 400, 2000, 'the session to be gone');
});

test('U+0000 and lone surrogates in an event close nothing', async () => {
  const ws = await joined(chat, 'EIO=4&name=u');
  ws.say('421["x","\\u0000"]', '422["\\ud800","\\udc00x"]');
  assert.equal(await ws.next(), '431[0]');
  assert.equal(await ws.next(), '432[0]');
});

test('who joins no namespace in time is closed', async () => {
  const began = Date.now();
  const ws = await raw(chat);
  await ws.closed;
  const took = Date.now() - began;
  assert.ok(took > 800 && took < 4000, `${took} ms`);
});

test('an Engine.IO 3 client is in "/" unasked and uses the session\'s id', async () => {
  if (!old) return;
  const ws = await raw(echo, 'EIO=3');
  assert.equal(await ws.next(), '40');
  ws.say('427["a",1]', '40/nowhere?x=1,');
  assert.equal(await ws.next(), '42["a",1]');
  assert.equal(await ws.next(), '437[1]');
  assert.equal(await ws.next(), '44/nowhere,{"message":"Invalid namespace"}');
});

// ---- real clients ----

const ways = { polling: { transports: ['polling'] }, websocket: { transports: ['websocket'] }, upgrade: {} };
for (const version of [2, 3, 4]) {
  for (const [way, options] of Object.entries(ways)) {
    test(`socket.io-client ${version}, ${way}: events, acknowledgements, binary both ways`, async () => {
      if (version === 2 && !old) return;
      const socket = await connected(echo, version, options);
      assert.match(socket.id, /^[A-Za-z0-9_-]{16,}$/);
      if (way === 'upgrade') {
        await ask(() => socket.io.engine.transport.name === 'websocket', 5000, 'the upgrade');
      }
      assert.deepEqual(await call(socket, 'a', 1, { b: ['ñ😀'] }, null), [1, { b: ['ñ😀'] }, null]);
      const heard = once(socket, 'bin');
      const bytes = Buffer.from([0, 1, 2, 254, 255]);
      const [back, nested] = await call(socket, 'bin', bytes, { deep: [bytes] });
      assert.deepEqual(Buffer.from(back), bytes);
      assert.deepEqual(Buffer.from(nested.deep[0]), bytes);
      assert.deepEqual(Buffer.from((await heard)[1].deep[0]), bytes);
      const big = 'x'.repeat(200000);
      assert.equal((await call(socket, 'big', big))[0], big);
      const numbers = [];
      socket.on('n', (n) => numbers.push(n));
      for (let i = 0; i < 300; i++) socket.emit('n', i);
      await ask(() => numbers.length === 300, 10000, '300 echoes');
      assert.deepEqual(numbers, [...Array(300).keys()]);
      socket.disconnect();
    });
  }
}

test('all generations in one room: everybody hears everything once, in one order', async () => {
  const kinds = [2, 3, 4].filter((v) => v !== 2 || old).flatMap((v) => Object.values(ways).map((o) => [v, o]));
  const people = await Promise.all(kinds.map(([v, o], i) => connected(chat, v, { ...o, ...named(v, `p${i}`) })));
  const heard = people.map((s) => { const all = []; s.on('said', (...args) => all.push(JSON.stringify(args))); return all; });
  await Promise.all(people.map((s) => call(s, 'join', 'square')));
  assert.deepEqual(await call(people[0], 'join', 'square'), [people.length]);
  people.forEach((s, i) => { for (let n = 0; n < 20; n++) s.emit('say', 'square', i, { n }); });
  await ask(() => heard.every((h) => h.length >= people.length * 20), 10000, 'everything');
  await pause(200);
  for (const h of heard) {
    assert.equal(h.length, people.length * 20);
    assert.deepEqual(h, heard[0]);
  }
  await call(people[1], 'leave', 'square');
  people[0].emit('say', 'square', 'last');
  await ask(() => heard[0].length === people.length * 20 + 1);
  await pause(200);
  assert.equal(heard[1].length, people.length * 20);
  people.forEach((s) => s.disconnect());
});

test('clients that come and upgrade while the room speaks hear each message once, in order', async () => {
  const speaker = await connected(chat, 4, { transports: ['websocket'], ...named(4, 'speaker') });
  let spoken = 0;
  await call(speaker, 'join', 'stage');
  const speech = setInterval(() => speaker.emit('say', 'stage', spoken++), 20);
  const listeners = [];
  for (let i = 0; i < 40; i++) {
    const socket = client(chat, i % 2 ? 4 : 3, named(4, `l${i}`));
    const heard = [];
    socket.on('said', (n) => heard.push(n));
    socket.on('connect', () => socket.emit('join', 'stage'));
    listeners.push({ socket, heard });
    await pause(20);
  }
  await ask(() => listeners.every((l) => l.socket.io.engine.transport.name === 'websocket'), 10000, 'all upgrades');
  await pause(500);
  clearInterval(speech);
  await ask(() => listeners.every((l) => l.heard.at(-1) === spoken - 1), 5000, 'the last word everywhere');
  for (const { heard } of listeners) {
    assert.ok(heard.length > 10);
    heard.forEach((n, i) => assert.equal(n, heard[0] + i));
  }
  [speaker, ...listeners.map((l) => l.socket)].forEach((c) => c.disconnect());
}, 60000);

for (const version of [2, 3, 4]) {
  test(`socket.io-client ${version}: the server asks and gets its answer, or learns that none comes`, async () => {
    if (version === 2 && !old) return;
    const socket = await connected(chat, version, named(version, 'asked'));
    socket.on('question', (n, answer) => answer({ twice: 2 * n }, Buffer.from([7])));
    socket.emit('ask');
    const [outcome, args] = await once(socket, 'answered');
    assert.equal(outcome, 0);
    assert.deepEqual(args[0], { twice: 12 });
    assert.deepEqual([...args[1]], [7]);
    socket.off('question');
    socket.emit('ask');
    assert.deepEqual(await once(socket, 'answered'), [1, []]);
    socket.disconnect();
  });

  test(`socket.io-client ${version}: a refusal reaches the application with its data`, async () => {
    if (version === 2 && !old) return;
    const socket = client(chat, version);
    const [e] = await once(socket, version === 2 ? 'error' : 'connect_error');
    assert.equal(e.message, 'name is missing');
    assert.deepEqual(e.data, { code: 'nameless' });
    socket.close();
  });

  for (const way of ['polling', 'websocket']) {
    test(`socket.io-client ${version}, ${way}: how it ends, told on both sides`, async () => {
      if (version === 2 && !old) return;
      const end = async (name, act, atClient, atServer) => {
        const socket = await connected(chat, version, { transports: [way], ...named(version, name) });
        const gone = once(socket, 'disconnect');
        act(socket);
        assert.equal((await gone)[0], atClient, name);
        await ask(() => chat.out.includes(`gone ${quoted(version, name)} ${atServer}\n`), 3000, `${name}: ${atServer}`);
        socket.close();
      };
      const v = `v${version}${way}`;
      await end(`${v}leave`, (s) => s.disconnect(), 'io client disconnect', 'client namespace disconnect');
      await end(`${v}kick`, (s) => s.emit('kick'), 'io server disconnect', 'server namespace disconnect');
      await end(`${v}bye`, (s) => s.emit('bye'), 'io server disconnect', 'server namespace disconnect');
      await end(`${v}drop`, (s) => s.emit('drop'), 'transport close', 'forced close');
      await end(`${v}parse`, (s) => s.io.engine.write('2{}'), 'transport close', 'parse error');
      await end(`${v}turn`, (s) => s.io.engine.write('0'), 'transport close', 'forced server close');
      await end(`${v}gone`, (s) => s.io.engine.close(), 'forced close', 'transport close');
    });
  }

  test(`socket.io-client ${version}: comes back by itself after the transport went, not after a kick`, async () => {
    if (version === 2 && !old) return;
    const socket = await connected(chat, version, { reconnection: true, reconnectionDelay: 50, ...named(version, 'back') });
    const id = socket.id;
    socket.emit('drop');
    await once(socket, 'disconnect');
    await once(socket, 'connect');
    assert.notEqual(socket.id, id);
    socket.emit('kick');
    await once(socket, 'disconnect');
    await pause(400);
    assert.equal(socket.connected, false);
    socket.close();
  });
}

test('a client that is dropped while it upgrades hears of it at once', async () => {
  for (let i = 0; i < 25; i++) {
    const socket = await connected(chat, 3 + (i % 2), named(4, `mid${i}`));
    if (i % 5) await pause(i % 5);
    const gone = once(socket, 'disconnect', 3000);
    socket.emit('drop');
    assert.equal((await gone)[0], 'transport close');
    socket.close();
  }
}, 60000);

test('a client that answers no ping: ping timeout; one whose TCP ends: transport close', async () => {
  const server = await serve('sio_chat', '200', '200');
  const ws = await raw(server);
  ws.say('40{"name":"mute"}');
  await ask(() => server.out.includes('gone "mute" ping timeout'), 3000, 'the ping timeout');
  const cut = await raw(server);
  cut.say('40{"name":"cut"}');
  await ask(() => cut.inbox.length > 0);
  cut.terminate();
  await ask(() => /gone "cut" transport (close|error)/.test(server.out), 3000, 'the end');
  const steady = await connected(server, 4, named(4, 'steady'));
  await pause(1500);
  assert.equal(steady.connected, true);
  steady.close();
  await stopped(server);
});

test('a stopping server says so to its sockets, ends cleanly, and its clients know it is the transport', async () => {
  const server = await serve('sio_chat');
  const ws = await connected(server, 4, { transports: ['websocket'], ...named(4, 'ws') });
  const poll = await connected(server, 4, { transports: ['polling'], ...named(4, 'poll') });
  const gone = [once(ws, 'disconnect'), once(poll, 'disconnect')];
  await stopped(server);
  for (const g of gone) assert.match((await g)[0], /^transport (close|error)$/);
  assert.match(server.out, /gone "ws" server shutting down\n/);
  assert.match(server.out, /gone "poll" server shutting down\n/);
});

test('the example servers end cleanly', async () => {
  for (const s of sockets) { if (s.terminate) s.terminate(); else s.close(); }
  await stopped(echo);
  await stopped(chat);
});

atEnd(() => { for (const child of running) child.kill('SIGKILL'); });
