'use strict';
// timeout: 420
// DB_HOST with several hosts: tried in order, and the one that answers is kept, unless it takes no writes. And a
// server that is part of a cluster (MariaDB with wsrep_on; no provider is needed for that much): reads wait for what other
// nodes have committed.
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');

const NAME = `hosts-${process.pid}`;
const RUN = path.join(BUILD, 'houses', NAME);

const housePort = () => Number(fs.readFileSync(path.join(RUN, 'state/db_port'), 'utf8'));

const PROGRAM = path.join(BUILD, `${NAME}.sh`);

// The program of a house, from its next start on with these hosts.
const knowing = (...hosts) => fs.writeFileSync(PROGRAM, `#!/bin/sh\nunset DB_SOCKET
DB_HOST='${hosts.map((h) => `127.0.0.1:${h.port}`).join(', ')}' exec '${path.join(BUILD, 'bin/upred-api')}' "$@"\n`, { mode: 0o755 });

// A host of the database: passes everything on to the house's server (or to another), until it is shut.
class Host {
  constructor() { this.count = 0; this.port = 0; this.mute = false; this.open = new Set(); this.target = housePort; }

  listen() {
    this.server = net.createServer((from) => {
      this.count += 1;
      this.open.add(from);
      from.on('close', () => this.open.delete(from)).on('error', () => {});
      if (this.mute) return;
      const to = net.connect(this.target(), '127.0.0.1');
      to.on('error', () => from.destroy()).on('close', () => from.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to).pipe(from);
    });
    return new Promise((resolve) => {
      this.server.listen(this.port, '127.0.0.1', () => { this.port = this.server.address().port; resolve(this); });
    });
  }

  shut() {
    const closed = new Promise((resolve) => { this.server.close(resolve); });
    for (const socket of this.open) socket.destroy();
    this.count = 0;
    return closed;
  }
}

const first = new Host();
const second = new Host();
let house;
let own;                               // a database server of the test's own making
atEnd(async () => {
  if (own) own.kill('SIGKILL');
  if (house) await house.stop();
  fs.rmSync(PROGRAM, { force: true });
  for (const host of [first, second]) if (host.server?.listening) await host.shut();
});

const rooms = () => house.api('GET', '/api/mensajes/salas', { user: 123 });
const works = (ms) => ask(async () => (await rooms()).status === 200, ms, 'an answer');
const stored = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text])).length;

async function talk(text) {
  const ana = await house.connect('123', { transports: ['websocket'] });
  const { sala_uuid: room } = await ana.call('join_direct_chat', { other_user_id: '456' });
  const ack = await ana.call('send_message', { sala_uuid: room, message: text, sender_id: '123', timestamp: 't', type: 'directo' });
  ana.close();
  assert.equal(ack.status, 'sent', JSON.stringify(ack));
  assert.equal(await stored(text), 1);
}

let tries = 0;
const talkSoon = (text, ms) => ask(() => talk(`${text} ${tries += 1}`).then(() => true), ms, 'a message');

test('a house whose programs, one process each, know two hosts of the database', async () => {
  await first.listen();
  await second.listen();
  knowing(first, second);
  house = await House.start({ API_BIN: PROGRAM, FCGI_WORKERS: 1, BUS_WORKERS: 1 }, { name: NAME });
  await works(10000);
  await talk('por el primero');
  assert.ok(first.count > 0);
  assert.equal(second.count, 0, 'nobody asked the second host');
}, 60000);

test('the first host dies: the second is used', async () => {
  await first.shut();
  await works(10000);
  assert.ok(second.count > 0);
  await talk('por el segundo');
}, 40000);

test('the first host comes back: the second, which answers, is kept', async () => {
  await first.listen();
  for (let i = 0; i < 10; i += 1) assert.equal((await rooms()).status, 200);
  await talk('aún por el segundo');
  assert.equal(first.count, 0);
  const before = second.count;
  for (const socket of second.open) socket.destroy();
  await works(10000);
  await talkSoon('otra conexión', 10000);
  assert.ok(second.count > before, 'asked again');
  assert.equal(first.count, 0, 'and before the first');
}, 40000);

test('the second dies: back to the first', async () => {
  await second.shut();
  await works(10000);
  assert.ok(first.count > 0);
  await talk('otra vez por el primero');
}, 40000);

test('a host that takes connections and says nothing holds nobody up for long', async () => {
  second.mute = true;
  await second.listen();
  await first.shut();
  await ask(() => second.count > 0, 20000, 'a try at the silent host');
  await first.listen();
  await works(15000);
  await talkSoon('a pesar del mudo', 20000);
}, 60000);

// ---- servers of the test's own ----

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

// A database server over this folder of the house's.
function serve(data, socket, port, ...more) {
  const db = path.join(RUN, 'db');
  const args = ['--no-defaults', `--datadir=${db}/${data}`, `--socket=${socket}`, `--port=${port}`,
    '--bind-address=127.0.0.1', '--skip-name-resolve', '--max-connections=300', ...more];
  if (process.getuid() === 0) args.push('--user=root');
  if (own) own.kill('SIGKILL');        // a test that failed left it
  own = spawn('mariadbd', args, { cwd: db, stdio: 'ignore' });
}

// The house's database once more, with a log of every statement; returns that log's path.
async function serveHouse(...more) {
  const log = path.join(RUN, 'db', `general-${more.length}.log`);
  serve('data', house.env.DB_SOCKET, house.env.DB_PORT, '--general-log', `--general-log-file=${log}`, ...more);
  await works(40000);
  return log;
}

async function end() {
  const gone = new Promise((resolve) => { own.on('exit', resolve); });
  own.kill('SIGTERM');
  await gone;
  own = undefined;
}

// ---- a host that takes no writes ----

const open = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
});

test('a host that has become read only is left for the one that takes writes', async () => {
  await second.shut();
  second.mute = false;
  await house.stopPart('db');
  fs.cpSync(path.join(RUN, 'db/data'), path.join(RUN, 'db/copy'), { recursive: true });
  await house.startPart('db');
  await talkSoon('antes del cambio', 15000);
  const port = await freePort();
  serve('copy', path.join(RUN, 'db/copy.sock'), port, '--read-only');
  await ask(() => open(port), 40000, 'the second server');
  await second.listen();
  await first.shut();
  first.target = () => port;
  await first.listen();
  await talkSoon('en el que escribe', 10000);
  const post = () => house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: 'por REST' } });
  await ask(async () => (await post()).status === 201, 10000, 'a message by REST');
}, 90000);

test('where no host takes writes the others are read, and what is left for the one that does is taken up by itself', async () => {
  const news = async (after) => (await house.api('GET', `/api/mensajes/novedades${after ? `?after=${after}` : ''}`, { user: 456 })).json;
  const { cursor } = await news();
  const page = async (after) => (await house.api('GET', `/api/mensajes/novedades?limit=1&after=${after}`, { user: 456 })).json;
  assert.equal((await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: 'que la copia no tiene' } })).status, 201);
  await ask(async () => Number((await news()).cursor) > Number(cursor), 20000, 'the cursor to pass it');
  const begun = await page('0');         // a walk that ends on the other host
  assert.match(begun.cursor, /^\d+-\d+$/);
  await house.rows("INSERT INTO grupos (id, nombre, privacidad, usuario_dueno_id) VALUES (9001, 'que la copia no tiene', 'privado', 123)");
  await house.rows('INSERT INTO miembros_grupo (grupo_id, usuario_id) VALUES (9001, 123), (9001, 456)');
  const ana = await house.connect('123', { transports: ['websocket'], reconnection: true, reconnectionDelay: 100 });
  const { sala_uuid: club } = await ana.call('join_group', { group_id: '9001' });
  await second.shut();
  await works(15000);                  // reads go on
  ana.io.engine.close();               // who comes back there stays in a group of which that host knows nothing
  await ask(() => ana.connected && ana.recovered, 10000, 'Ana to be back');
  const there = await news(cursor);
  const has = (page) => page.mensajes.some((m) => m.contenido === 'que la copia no tiene');
  assert.equal(has(there), false);
  assert.ok(Number(there.cursor) <= Number(cursor), `a host that lags moved the cursor from ${cursor} to ${there.cursor}`);
  let walk = begun;
  for (let n = 0; n < 300 && (n === 0 || walk.truncated); n += 1) walk = await page(walk.cursor);
  const luis = await house.connect('456', { transports: ['websocket'] });
  const joined = await luis.call('join_direct_chat', { other_user_id: '123' });
  // what that host does not know may be there
  assert.equal((await luis.call('join_group', { group_id: '9001' }, 15000)).code, 'unavailable');
  luis.close();
  await house.stopPart('relay');         // and a relay that begins there lets people in
  await house.startPart('relay');
  (await house.connect('456', { transports: ['websocket'] })).close();
  assert.equal((await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: 'nunca' } })).status, 503);
  // what is refused there costs the connection nothing: both programs look for another host each 10 s, and not for each write
  const before = first.count;
  for (let i = 0; i < 12; i += 1) {
    assert.equal((await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: 'nunca' } })).status, 503);
    assert.equal((await rooms()).status, 200);
  }
  assert.ok(first.count - before <= 8, `${first.count - before} connections for 12 writes`);
  const told = () => house.log('fcgi').lastIndexOf('no host of DB_HOST takes writes');
  assert.ok(told() > 0);
  await second.listen();
  // who writes need not wait as long as readers
  await ask(async () => (await house.api('POST', '/api/mensajes/directo/456', { user: 123, body: { contenido: 'pronto' } })).status === 201, 3500, 'a write');
  await ask(async () => (await rooms()).status === 200 && house.log('fcgi').lastIndexOf('the database is back') > told(),
    30000, 'a reader to come back');
  for (const from of [there.cursor, walk.cursor, joined.cursor]) assert.equal(has(await news(from)), true, `skipped behind ${from}`);
  await talkSoon('de vuelta', 15000);
  assert.equal((await house.api('POST', `/api/mensajes/salas/${club}/mensajes`, { user: 456, body: { contenido: 'al grupo' } })).status, 201);
  await ana.next('receive_message', { message: 'al grupo' }, 10000);
  assert.equal(ana.all('group_left').length, 0);
  ana.close();
}, 120000);

test('one name that moves from a host that takes no writes to one that does: sockets hear what is written there', async () => {
  knowing(first);
  for (const part of ['bus', 'fcgi']) await house.restartPart(part);
  const luis = await house.connect('456', { transports: ['websocket'] });
  const { sala_uuid } = await luis.call('join_direct_chat', { other_user_id: '123' });
  first.target = housePort;              // for new connections; those that are open stay where they are
  await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido) SELECT UUID(), id, 123, 'en el nuevo'
    FROM salas_chat WHERE sala_uuid = ?`, [sala_uuid]);
  await luis.next('receive_message', { message: 'en el nuevo' }, 25000);
  luis.close();
  await second.shut();
  await end();
  await talkSoon('uno solo', 20000);
}, 90000);

// ---- a cluster's node ----

test('on a plain server nothing of it is set; on a node of a cluster every session waits for the others', async () => {
  await house.stopPart('db');
  const plain = await serveHouse();
  await talk('en un servidor solo');
  await end();
  assert.match(fs.readFileSync(plain, 'latin1'), /wsrep_on/);
  assert.doesNotMatch(fs.readFileSync(plain, 'latin1'), /wsrep_sync_wait/);
  const node = await serveHouse('--wsrep-on=ON', '--wsrep-provider=none', '--binlog-format=ROW');
  await talk('en un nodo');
  await end();
  const statements = fs.readFileSync(node, 'latin1').split('\n');
  const asked = statements.filter((line) => line.includes("LIKE 'wsrep_on'")).length;
  assert.ok(asked > 0);
  assert.equal(statements.filter((line) => /SET SESSION wsrep_sync_wait ?= ?1/.test(line)).length, asked);
  await house.startPart('db');
}, 150000);
