'use strict';
// Clients for whom an open transport is a connection: of Socket.IO's revision 4 (Engine.IO 3), python-socketio 4 and
// Swift 15 emit before they have heard our CONNECT. The workers are made slow here, so that it comes late.
const { test, atEnd, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, words } = require('./cast');
const wire = require('../protocol/eio_lib');

let house;
let server;
let me;
let other;
let room;

const signal = (name) => { for (const pid of house.children('bus')) process.kill(pid, name); };
atEnd(async () => {
  if (house) signal('SIGCONT');
  if (house) await house.stop();
});

// Runs `speak` while no worker works, for so long that it must have been read if it is read too soon.
async function unheard(speak) {
  signal('SIGSTOP');
  await speak();
  await pause(300);
  signal('SIGCONT');
}

test('a room', async () => {
  house = await House.open();
  [me, other] = await cast(house, 2);
  room = (await house.api('POST', `/api/mensajes/salas/directa/${other}`, { user: me })).json.sala_uuid;
  server = { port: Number(new URL(house.relayUrl).port), path: '/socket.io/' };
});

test('over WebSocket: it waits for its turn, in its order', async () => {
  const say = (text) => `42${JSON.stringify(['send_message', words(room, me, text)])}`;
  let ws;
  await unheard(async () => {
    ws = await wire.wsRaw(server, `&user_id=${me}`, { version: 3 });
    assert.match(await ws.nextText(), /^0\{/);
    ws.write(Buffer.concat(['primero', 'segundo'].map((text) => wire.frame(say(text)))));
    ws.send('2');
    ws.send(say('tercero'));
  });
  const heard = [];
  while (heard.filter((text) => text.startsWith('42["ack"')).length < 3) heard.push(await ws.nextText());
  assert.equal(heard[0], '40');
  assert.ok(heard.includes('3'), 'its ping was answered');
  const said = await house.rows('SELECT contenido FROM mensajes WHERE remitente_id = ? ORDER BY id', [me]);
  assert.deepEqual(said.map((row) => row.contenido), ['primero', 'segundo', 'tercero']);
  ws.destroy();
});

test('over polling: the POST is answered when it is heard', async () => {
  let p;
  let posted;
  await unheard(async () => {
    p = await wire.open(server, { version: 3, query: `&user_id=${me}&b64=1` });
    const event = '420["get_presence",{"user_ids":["1"]}]';
    posted = p.post(`${event.length}:${event}`);
  });
  assert.equal((await posted).body, 'ok');
  let all = '';
  while (!all.includes('430')) all += (await p.poll()).body;
  assert.match(all, /^2:40/);
});

// Of today's revision: an application that calls connect() again before the answer makes its client say CONNECT again.
test('CONNECT said again before it is answered is answered once, and cuts nobody', async () => {
  let ws;
  await unheard(async () => {
    ws = await wire.wsRaw(server, '', { version: 4 });
    assert.match(await ws.nextText(), /^0\{/);
    for (let i = 0; i < 3; i += 1) ws.send(`40{"user_id":"${me}"}`);
  });
  assert.match(await ws.nextText(), /^40\{"sid"/);
  assert.match(await ws.nextText(), /^42\["connected"/);
  ws.send('421["get_presence",{"user_ids":["1"]}]');
  assert.match(await ws.nextText(), /^(42\["presence|431)/);
  ws.send('40');                       // but not when it has been
  assert.equal(await ws.closeCode(), 1008);
  for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    const { io } = require('socket.io-client-4');
    const socket = io(house.relayUrl, { query: { user_id: me }, transports, forceNew: true });
    const told = [];
    for (const event of ['connect', 'connected', 'disconnect']) socket.on(event, () => told.push(event));
    await unheard(() => new Promise((resolve) => { socket.io.on('open', () => { socket.connect(); resolve(); }); }));
    const answer = await socket.timeout(5000).emitWithAck('get_presence', { user_ids: ['1'] });
    assert.ok(answer, 'an answer');
    assert.deepEqual(told, ['connect', 'connected'], transports.join());
    socket.close();
  }
});

// The application changed its mind, or its token: as with the reference, the last word counts.
test('CONNECT with another auth before the first is answered counts in its place', async () => {
  for (const first of [me, '999999999', { token: 'x' }]) {
    let ws;
    await unheard(async () => {
      ws = await wire.wsRaw(server, '', { version: 4 });
      assert.match(await ws.nextText(), /^0\{/);
      ws.send(`40${JSON.stringify(typeof first === 'string' ? { user_id: first } : first)}`);
      for (let i = 0; i < 2; i += 1) ws.send(`40{"user_id":"${other}"}`);
    });
    assert.match(await ws.nextText(), /^40\{"sid"/);
    assert.equal(JSON.parse((await ws.nextText()).slice(2))[1].user_id, other);
    ws.send('421["get_presence",{"user_ids":[]}]');
    assert.match(await ws.nextText(), /^(42\["presence|431)/);
    ws.destroy();
  }
  let ws;                                       // and if the last word cannot be understood, nobody is let in
  await unheard(async () => {
    ws = await wire.wsRaw(server, '', { version: 4 });
    assert.match(await ws.nextText(), /^0\{/);
    ws.send(`40{"user_id":"${me}"}`);
    ws.send(`40{"user_id":"${other}","x":"\\ud800"}`);
  });
  assert.match(await ws.nextText(), /^44\{"message":"Invalid payload"/);
  ws.send(`40{"user_id":"${other}"}`);
  assert.match(await ws.nextText(), /^40\{"sid"/);
  assert.equal(JSON.parse((await ws.nextText()).slice(2))[1].user_id, other);
  ws.destroy();
  const { io } = require('socket.io-client-4');
  const socket = io(house.relayUrl, { auth: { user_id: me }, transports: ['websocket'], forceNew: true });
  const told = [];
  socket.on('connected', (o) => told.push(o.user_id));
  socket.on('disconnect', (why) => told.push(why));
  socket.io.socket('/x').on('connect_error', () => {});   // keeps the transport while the other namespace is left
  await unheard(() => new Promise((resolve) => {
    socket.io.once('open', () => process.nextTick(() => {
      socket.disconnect();
      socket.auth = { user_id: other };
      socket.connect();
      resolve();
    }));
  }));
  assert.ok(await socket.timeout(5000).emitWithAck('get_presence', { user_ids: ['1'] }));
  assert.deepEqual(told, [other]);
  socket.io.engine.close();
  socket.close();
});

test('of who is refused nothing is heard, and he is told why', async () => {
  let ws;
  await unheard(async () => {
    ws = await wire.wsRaw(server, '&user_id=nadie', { version: 3 });
    await ws.nextText();
    ws.send(`42["join_direct_chat",{"other_user_id":"${other}"}]`);
  });
  assert.match(await ws.nextText(), /^44/);
  ws.send('2');
  assert.equal(await ws.nextText(), '3', 'it is not closed for what it said before it was told');
  ws.destroy();
});
