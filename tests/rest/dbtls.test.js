'use strict';
// timeout: 240
// DB_SSL_CA: the way to a database on another machine. A server that takes nothing in clear is reached; one whose certificate
// is somebody else's, or that has none, or another name, is told no password and no word.
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const certs = require('../lib/certs');

const NAME = `dbtls-${process.pid}`;
const RUN = path.join(BUILD, 'houses', NAME);
const program = path.join(BUILD, `${NAME}.sh`);
const settings = path.join(BUILD, `${NAME}.conf`);
let house;
let own;                               // a database server of the test's own making, over the house's data
let good;
let other;
atEnd(async () => {
  if (own) own.kill('SIGKILL');
  if (house) await house.stop();
  for (const file of [program, settings]) fs.rmSync(file, { force: true });
});

const rooms = () => house.api('GET', '/api/mensajes/salas', { user: 123 });

// The programs begin anew with these settings of the database.
async function begin(host, ca, more = {}) {
  const others = Object.entries(more).map(([name, value]) => `${name}='${value}'`).join(' ');
  fs.writeFileSync(settings, `export DB_HOST=${host} ${ca ? `DB_SSL_CA='${ca.cert}'` : ''} ${others}\n`);
  for (const part of ['fcgi', 'bus']) {
    await house.stopPart(part);
    await house.startPart(part);
  }
}

async function refused(why) {
  const from = house.log('fcgi').length;
  assert.equal((await rooms()).status, 503);
  assert.match(house.log('fcgi').slice(from), why);
}

async function works(text) {
  await ask(async () => (await rooms()).status === 200, 20000, 'an answer');
  const ana = await house.connect('123', { transports: ['websocket'] });
  const ack = await ana.call('send_message', { to: '456', message: text, sender_id: '123', timestamp: 't', type: 'directo' });
  ana.close();
  assert.equal(ack.status, 'sent', JSON.stringify(ack));
}

async function end() {
  const gone = new Promise((resolve) => { own.on('exit', resolve); });
  own.kill('SIGTERM');
  await gone;
  own = undefined;
}

// The house's database once more, at an address of this machine.
async function serve(address, ...more) {
  if (own) await end();
  const db = path.join(RUN, 'db');
  const args = ['--no-defaults', `--datadir=${db}/data`, `--socket=${house.env.DB_SOCKET}`, `--port=${house.env.DB_PORT}`,
    `--bind-address=${address}`, '--skip-name-resolve', '--max-connections=300', ...more];
  if (process.getuid() === 0) args.push('--user=root');
  own = spawn('mariadbd', args, { cwd: db, stdio: 'ignore' });
  await ask(() => house.rows('SELECT 1').then(() => true, () => false), 40000, 'the server');
}

const tls = (pair) => [`--ssl-cert=${pair.cert}`, `--ssl-key=${pair.key}`, '--require-secure-transport=ON'];

test('a house, and a database that takes nothing in clear', async () => {
  fs.writeFileSync(settings, 'export DB_HOST=127.0.0.1\n');
  fs.writeFileSync(program, `#!/bin/sh\nunset DB_SOCKET\n. '${settings}'\nexec '${path.join(BUILD, 'bin/upred-api')}' "$@"\n`,
    { mode: 0o755 });
  house = await House.start({ API_BIN: program, FCGI_WORKERS: 1, BUS_WORKERS: 1 }, { name: NAME });
  good = certs.make(RUN, 'good');
  other = certs.make(RUN, 'other', 'rsa:2048');
  await works('en claro');
  await house.stopPart('db');
  await serve('127.0.0.1', ...tls(good));
  await begin('127.0.0.1');
  await refused(/1045|3159/);
}, 90000);

test('with the authority of its certificate it is reached, by address and by name', async () => {
  await begin('127.0.0.1', good);
  await works('cifrado');
  await begin('localhost', good);
  await works('cifrado, por su nombre');
}, 60000);

test('the certificate is somebody else\'s', async () => {
  await begin('127.0.0.1', other);
  await refused(/2026/);
}, 30000);

test('the certificate names another host', async () => {
  await serve('127.0.0.2', ...tls(good));
  await begin('127.0.0.2', good);
  await refused(/2026/);
}, 60000);

test('a server without TLS', async () => {
  await serve('127.0.0.1', '--skip-ssl');
  await begin('127.0.0.1', good);
  await refused(/2026/);
  await begin('127.0.0.1');
  await works('otra vez en claro');
}, 60000);

// By the library's socket some server answers; it may be another than the one that DB_PORT means.
test('localhost by its socket: the server of that port, or one that has none', async () => {
  const socket = { MYSQL_UNIX_PORT: house.env.DB_SOCKET };
  await begin('localhost:9', null, socket);
  await refused(/2002 .*connect to localhost:9\)/);
  await serve('127.0.0.1', '--skip-networking');
  await begin('localhost', null, socket);
  await works('por su socket');
  await begin('localhost', null, { ...socket, DB_PASSWORD: 'mal' });
  await refused(/1045 .*connect to localhost by its socket\)/);
}, 60000);

test('a file that is not there stops the program, and the setting is named', async () => {
  await assert.rejects(begin('127.0.0.1', { cert: path.join(RUN, 'none.pem') }));
  assert.match(house.log('fcgi'), /DB_SSL_CA: .*none\.pem: No such file/);
}, 30000);
