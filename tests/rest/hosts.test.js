'use strict';
// timeout: 240
// DB_HOST with several hosts: tried in order, and the one that answers is kept. And a server that is part of a cluster
// (MariaDB with wsrep_on; no provider is needed for that much): reads wait for what other nodes have committed.
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');

const NAME = `hosts-${process.pid}`;
const RUN = path.join(BUILD, 'houses', NAME);

// A host of the database: passes everything on to the house's server, until it is shut.
class Host {
  constructor() { this.count = 0; this.port = 0; this.mute = false; this.open = new Set(); }

  listen() {
    this.server = net.createServer((from) => {
      this.count += 1;
      this.open.add(from);
      from.on('close', () => this.open.delete(from)).on('error', () => {});
      if (this.mute) return;
      const to = net.connect(Number(fs.readFileSync(path.join(RUN, 'state/db_port'), 'utf8')), '127.0.0.1');
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
  const program = path.join(BUILD, `${NAME}.sh`);
  fs.writeFileSync(program, `#!/bin/sh\nunset DB_SOCKET\nDB_HOST='127.0.0.1:${first.port}, 127.0.0.1:${second.port}' exec '${path.join(BUILD, 'bin/upred-api')}' "$@"\n`,
    { mode: 0o755 });
  try {
    house = await House.start({ API_BIN: program, FCGI_WORKERS: 1, BUS_WORKERS: 1 }, { name: NAME });
  } finally {
    fs.unlinkSync(program);
  }
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

// ---- a cluster's node ----

// The house's database once more, with a log of every statement; returns that log's path.
async function serve(...more) {
  const db = path.join(RUN, 'db');
  const log = path.join(db, `general-${more.length}.log`);
  const args = ['--no-defaults', `--datadir=${db}/data`, `--socket=${house.env.DB_SOCKET}`, `--port=${house.env.DB_PORT}`,
    '--bind-address=127.0.0.1', '--skip-name-resolve', '--general-log', `--general-log-file=${log}`, '--max-connections=300', ...more];
  if (process.getuid() === 0) args.push('--user=root');
  own = spawn('mariadbd', args, { cwd: db, stdio: 'ignore' });
  await works(40000);
  return log;
}

async function end() {
  const gone = new Promise((resolve) => { own.on('exit', resolve); });
  own.kill('SIGTERM');
  await gone;
  own = undefined;
}

test('on a plain server nothing of it is set; on a node of a cluster every session waits for the others', async () => {
  await house.stopPart('db');
  const plain = await serve();
  await talk('en un servidor solo');
  await end();
  assert.match(fs.readFileSync(plain, 'latin1'), /wsrep_on/);
  assert.doesNotMatch(fs.readFileSync(plain, 'latin1'), /wsrep_sync_wait/);
  const node = await serve('--wsrep-on=ON', '--wsrep-provider=none', '--binlog-format=ROW');
  await talk('en un nodo');
  await end();
  const statements = fs.readFileSync(node, 'latin1').split('\n');
  const asked = statements.filter((line) => line.includes("LIKE 'wsrep_on'")).length;
  assert.ok(asked > 0);
  assert.equal(statements.filter((line) => /SET SESSION wsrep_sync_wait ?= ?1/.test(line)).length, asked);
  await house.startPart('db');
}, 150000);
