'use strict';
// timeout: 400
// The two commands themselves: houses side by side, data kept, ports taken, Ctrl-C, an installed house with a .env.
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { spawn, execFileSync } = require('node:child_process');
const mysql = require('mysql2/promise');
const { test, atEnd, ask, assert } = require('../lib/check');
const { House, readEnv, TOP, BUILD } = require('../lib/house');
const clients = require('../lib/clients');

const houses = path.join(BUILD, 'houses');
const base = { ...process.env, BUILD, RELAY_PORT: '0', WEB_PORT: '0', MAKEFLAGS: '', MAKELEVEL: '' };
let first;

// processes that carry this folder in their command line or environment
function inhabitants(folder) {
  return fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p) && Number(p) !== process.pid).filter((p) => {
    try {
      const stat = fs.readFileSync(`/proc/${p}/stat`, 'utf8');
      if (/\) [ZX] /.test(stat)) return false;
      return ['cmdline', 'environ'].some((f) => fs.readFileSync(`/proc/${p}/${f}`, 'utf8').includes(folder));
    } catch {
      return false;
    }
  });
}

// a command that is expected to end: { code, out }
function command(words, env, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(words[0], words.slice(1), { cwd: TOP, env, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { out += d; });
    child.on('close', (code, signal) => resolve({ code, signal, out }));
    if (options.started) options.started(child, () => out);
  });
}
const script = ['sh', path.join(TOP, 'tests/house/house.sh')];

// Ana writes to Luis; he hears it
async function chat(url) {
  const ana = await clients.connect(url, '123');
  const luis = await clients.connect(url, '456');
  const { sala_uuid } = await ana.call('join_direct_chat', { other_user_id: '456' });
  const ack = await ana.call('send_message', { sala_uuid, message: 'Hola', sender_id: '123', timestamp: 'hoy', type: 'directo' });
  assert.equal(ack.status, 'sent');
  await luis.next('receive_message', { mensaje_uuid: ack.mensaje_uuid });
  ana.close();
  luis.close();
  return ack;
}

test('start answers on every address and writes house.env', async () => {
  first = await House.start({}, { name: 'first' });
  for (const name of ['RELAY_URL', 'WEB_URL', 'DB_SOCKET', 'DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME',
    'DB_ADMIN_USER', 'DB_ADMIN_PASSWORD', 'RELAY_PID', 'BUS_PID', 'FCGI_PID', 'DB_PID', 'WEB_PID']) {
    assert.ok(first.env[name], `${name} in house.env`);
  }
  assert.equal((await first.api('GET', '/estado')).json.service, 'websocket_upred');
  assert.equal((await first.api('GET', '/', { url: first.relayUrl })).json.status, 'ok');
  assert.equal((await first.api('GET', '/')).status, 200);
  assert.equal((await first.api('GET', '/vendor/socket.io/socket.io.esm.min.js')).status, 200);
  const rooms = await first.api('GET', '/api/mensajes/salas', { user: 123 });
  assert.equal(rooms.status, 200);
  assert.ok(Array.isArray(rooms.json));
  for (const transports of [['websocket'], ['polling']]) {
    const ana = await clients.connect(first.webUrl, '123', { transports });
    assert.equal(ana.io.engine.transport.name, transports[0]);
    ana.close();
  }
}, 90000);

test('pages of other origins read the guide\'s object, and no figures', async () => {
  for (const [place, value] of [['/', 'https://a.example'], ['/metrics', null], ['/healthz', null], ['/readyz', null], ['/nada', null]]) {
    const { headers } = await fetch(first.relayUrl + place, { headers: { Origin: 'https://a.example' } });
    assert.equal(headers.get('access-control-allow-origin'), value, place);
  }
  // behind the web server they do not exist
  for (const place of ['/metrics', '/healthz', '/readyz']) assert.equal((await first.api('GET', place)).status, 404, place);
});

test('the shell reads house.env', () => {
  const seen = execFileSync('sh', ['-c', '. "$1"; printf "%s|%s" "$RELAY_URL" "$DB_PASSWORD"', '-',
    path.join(first.runDir, 'house.env')], { encoding: 'utf8' });
  assert.equal(seen, `${first.relayUrl}|${first.env.DB_PASSWORD}`);
});

test('the programs\' database user may read and write rows, the admin everything, by socket and by TCP', async () => {
  const e = first.env;
  for (const where of [{ socketPath: e.DB_SOCKET }, { host: e.DB_HOST, port: Number(e.DB_PORT) }]) {
    const user = await mysql.createConnection({ ...where, user: e.DB_USER, password: e.DB_PASSWORD, database: e.DB_NAME });
    const [grants] = await user.query('SHOW GRANTS');
    assert.match(JSON.stringify(grants), /GRANT SELECT, INSERT, UPDATE ON/);
    await assert.rejects(user.query('DELETE FROM mensajes WHERE id = 0'), /denied/);
    await user.end();
    const admin = await mysql.createConnection({ ...where, user: e.DB_ADMIN_USER, password: e.DB_ADMIN_PASSWORD, database: e.DB_NAME });
    await admin.query('CREATE TABLE IF NOT EXISTS house_test (a INT)');
    await admin.query('DROP TABLE house_test');
    await admin.end();
  }
});

test('a second house lives beside it, behind nginx', async () => {
  const second = await House.start({}, { web: 'nginx', name: 'second' });
  assert.notEqual(second.relayUrl, first.relayUrl);
  await chat(second.relayUrl);
  await chat(second.webUrl);
  assert.equal((await second.api('GET', '/estado')).json.status, 'ok');
  assert.equal((await first.api('GET', '/estado')).json.status, 'ok');
  await second.stop();
  assert.deepEqual(inhabitants(second.runDir), []);
  assert.equal((await first.api('GET', '/estado')).json.status, 'ok');
}, 90000);

test('a message goes through relay, workers and database', async () => {
  const ack = await chat(first.relayUrl);
  const rows = await first.rows('SELECT contenido FROM mensajes WHERE mensaje_uuid = ?', [ack.mensaje_uuid]);
  assert.deepEqual(rows.map((r) => r.contenido), ['Hola']);
});

test('each part can be stopped and started alone', async () => {
  for (const part of ['bus', 'fcgi', 'web', 'db', 'relay']) {
    await first.stopPart(part, 'KILL');
    await first.startPart(part);
  }
  await ask(() => chat(first.relayUrl), 10000, 'the chat after each part was replaced');
}, 90000);

test('start brings back what ended by itself', async () => {
  for (const part of ['relay', 'bus', 'db']) process.kill(first.pid(part), 'SIGKILL');
  await ask(() => !['relay', 'bus', 'db'].some((part) => fs.existsSync(`/proc/${first.pid(part)}/exe`)), 5000, 'them to be dead');
  const web = first.pid('web');
  const { code, out } = await command([...script, 'start'], first.environment);
  assert.equal(code, 0, out);
  first.refresh();
  assert.equal(first.pid('web'), web, 'the others stay');
  await ask(() => chat(first.relayUrl), 10000, 'the chat');
}, 60000);

test('stop leaves no process, the next start keeps the data', async () => {
  const ack = await chat(first.relayUrl);
  for (const pool of first.pools.splice(0)) await pool.end();
  first.admin = undefined;
  const stopped = await command([...script, 'stop'], first.environment);
  assert.equal(stopped.code, 0);
  assert.deepEqual(inhabitants(first.runDir), []);
  assert.equal(fs.existsSync(path.join(first.runDir, 'house.env')), false);
  const started = await command([...script, 'start'], first.environment);
  assert.equal(started.code, 0, started.out);
  first.refresh();
  const rows = await first.rows('SELECT id FROM mensajes WHERE mensaje_uuid = ?', [ack.mensaje_uuid]);
  assert.equal(rows.length, 1);
}, 90000);

test('a taken port is said with the way out', async () => {
  const server = net.createServer().listen(0);
  await new Promise((resolve) => { server.once('listening', resolve); });
  for (const name of ['RELAY_PORT', 'WEB_PORT']) {
    const port = String(server.address().port);
    const { code, out } = await command([...script, 'start'], { ...base, RUN_DIR: path.join(houses, 'taken'), [name]: port });
    assert.notEqual(code, 0);
    assert.match(out, new RegExp(`port ${port} is taken.*${name}=`));
  }
  server.close();
});

test('a wrong setting stops the start with its name, and nothing stays', async () => {
  const runDir = path.join(houses, 'wrong');
  const { code, out } = await command([...script, 'start'], { ...base, RUN_DIR: runDir, PING_INTERVAL_MS: 'often' });
  assert.notEqual(code, 0);
  assert.match(out, /PING_INTERVAL_MS/);
  assert.deepEqual(inhabitants(runDir), []);
}, 60000);

test('a folder with a very long name, and blanks in it', async () => {
  const runDir = path.join(houses, 'a folder', 'with-a-name-that-is-far-too-long-for-the-name-of-a-socket'.repeat(2));
  const env = { ...base, RUN_DIR: runDir };
  const { code, out } = await command([...script, 'start'], env);
  assert.equal(code, 0, out);
  const { RELAY_URL, BUS_DIR } = readEnv(path.join(runDir, 'house.env'));
  await chat(RELAY_URL);
  await command([...script, 'stop'], env);
  assert.deepEqual(inhabitants(runDir), []);
  assert.equal(fs.existsSync(BUS_DIR), false);
  fs.rmSync(path.join(houses, 'a folder'), { recursive: true });
}, 90000);

test('make run, Ctrl-C: everything ends', async () => {
  const runDir = path.join(houses, 'foreground');
  let interrupted = false;
  const started = (child, sofar) => {
    child.stdout.on('data', () => {
      if (interrupted || !sofar().includes('Ctrl-C')) return;
      interrupted = true;
      chat(readEnv(path.join(runDir, 'house.env')).RELAY_URL).catch((e) => { interrupted = e; })
        .then(() => process.kill(-child.pid, 'SIGINT'));
    });
  };
  const { out } = await command(['make', 'run'], { ...base, RUN_DIR: runDir }, { detached: true, started });
  assert.match(out, /The chat is running/);
  assert.equal(interrupted, true, String(interrupted));
  assert.match(out, /stopped/);
  assert.deepEqual(inhabitants(runDir), []);
}, 120000);

// The terminal is closed, the reader of a pipe goes, somebody is impatient: what was begun to be stopped is stopped.
for (const [name, leave] of [
  ['and Ctrl-C again while it stops', (child) => { for (const ms of [0, 100, 600]) setTimeout(() => process.kill(-child.pid, 'SIGINT'), ms); }],
  ['and nobody reads what it says', (child) => { child.stdout.destroy(); child.stderr.destroy(); process.kill(-child.pid, 'SIGINT'); }],
  ['hung up', (child) => { child.stdout.destroy(); child.stderr.destroy(); process.kill(-child.pid, 'SIGHUP'); }],
]) {
  test(`make run, Ctrl-C ${name}: everything ends`, async () => {
    const runDir = path.join(houses, 'foreground');
    let left = false;
    const started = (child, sofar) => {
      child.stdout.on('data', () => {
        if (left || !sofar().includes('Ctrl-C')) return;
        left = true;
        leave(child);
      });
    };
    await command(['make', 'run'], { ...base, RUN_DIR: runDir }, { detached: true, started });
    await ask(() => inhabitants(runDir).length === 0, 20000, 'everything to be gone');
    assert.equal(left, true);
  }, 120000);
}

// What a machine that went down leaves behind; its numbers are somebody else's by now.
test('a process that has the number of one of ours is left alone', async () => {
  const runDir = path.join(houses, 'stale');
  const bystander = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' });
  const [, started] = /^\d+ \(.*\) (.*)$/.exec(fs.readFileSync(`/proc/${bystander.pid}/stat`, 'utf8').trim());
  const began = started.split(' ')[19];
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  try {
    fs.mkdirSync(path.join(runDir, 'pids'), { recursive: true });
    for (const rest of [`1 ${boot}`, '1', `${began} 00000000-0000-0000-0000-000000000000`, '']) {
      fs.writeFileSync(path.join(runDir, 'pids/web'), `${bystander.pid} ${rest}\n`);
      const { code, out } = await command([...script, 'stop'], { ...base, RUN_DIR: runDir });
      assert.equal(code, 0, out);
      process.kill(bystander.pid, 0);
      assert.equal(fs.existsSync(path.join(runDir, 'pids/web')), false);
    }
  } finally {
    bystander.kill();
  }
}, 30000);

test('Ctrl-C while the database starts does not wait for one that takes no notice', async () => {
  const runDir = path.join(houses, 'foreground');
  const bin = path.join(houses, 'deaf');
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, 'mariadbd'), "#!/bin/sh\ntrap '' TERM\nexec sleep 100\n", { mode: 0o755 });
  const env = { ...base, RUN_DIR: runDir, PATH: `${bin}:${process.env.PATH}` };
  const started = (child) => ask(() => fs.existsSync(path.join(runDir, 'pids/db')), 10000, 'the database to be started')
    .then(() => process.kill(-child.pid, 'SIGINT'));
  const { out } = await command([...script, 'run'], env, { detached: true, started });
  assert.match(out, /db did not end within 5 s: killed/);
  assert.deepEqual(inhabitants(runDir), []);
  // and the next start finds everything as it was
  const again = await command([...script, 'start'], { ...base, RUN_DIR: runDir });
  assert.equal(again.code, 0, again.out);
  await command([...script, 'stop'], { ...base, RUN_DIR: runDir });
  assert.equal(fs.existsSync(path.join(runDir, 'db/db.sock')), false);
}, 50000);

test('with tokens, start says how to get one, and the line works as it stands', async () => {
  const runDir = path.join(houses, 'tokens');
  const env = { ...base, RUN_DIR: runDir, AUTH_MODE: 'token', SECRET_KEY: 'una clave larga: $HOME "y" comillas' };
  const { code, out } = await command([...script, 'start'], env);
  assert.equal(code, 0, out);
  assert.doesNotMatch(out, /usuario=/);
  const [, line] = /^ +(RUN_DIR=.* token 123)$/m.exec(out);
  const token = execFileSync('sh', ['-c', line], { cwd: '/', env: { PATH: process.env.PATH }, encoding: 'utf8' }).trim();
  const { WEB_URL } = readEnv(path.join(runDir, 'house.env'));
  const ask123 = (headers) => fetch(`${WEB_URL}/api/mensajes/salas`, { headers }).then((r) => r.status);
  assert.equal(await ask123({ Authorization: `Bearer ${token}` }), 200);
  assert.equal(await ask123({ 'X-User-Id': '123' }), 401);
  await command([...script, 'stop'], env);
  assert.deepEqual(inhabitants(runDir), []);
}, 60000);

test('make install DESTDIR: the installed programs run with a .env as in the guide', async () => {
  const dest = path.join(houses, 'installed');
  const made = await command(['make', 'install', `DESTDIR=${dest}`, 'prefix=/usr', 'sysconfdir=/etc'],
    { ...base, SANITIZE: process.env.SANITIZE || '' });
  assert.equal(made.code, 0, made.out);
  for (const file of ['share/upred/www/index.html', 'share/upred/www/vendor/socket.io/socket.io.esm.min.js',
    'share/upred/sql/setup_database.sql', 'share/upred/apache-conf/apache.conf', 'share/man/man8/upred-api.8',
    'lib/systemd/system/upred-relay.service']) assert.ok(fs.existsSync(path.join(dest, 'usr', file)), file);

  const run = fs.mkdtempSync('/tmp/upred-');
  const e = first.env;
  fs.writeFileSync(path.join(run, '.env'), [`DB_HOST=${e.DB_HOST}`, `DB_PORT=${e.DB_PORT}`, `DB_USER=${e.DB_USER}`,
    `DB_PASSWORD=${e.DB_PASSWORD}`, `DB_NAME=${e.DB_NAME}`, 'SECRET_KEY=una-clave-larga-para-la-prueba-0123456789',
    'CORS_ALLOWED_ORIGINS=*', 'HOST=0.0.0.0', 'PORT=0', `RUN_DIR=${run}`, ''].join('\n'));
  const options = { cwd: run, env: { PATH: process.env.PATH }, stdio: 'ignore' };
  const api = path.join(dest, 'usr/libexec/upred/upred-api');
  const children = [spawn(api, ['bus'], options), spawn(path.join(dest, 'usr/sbin/upred-relay'), [], options)];
  const ends = children.map((c) => new Promise((resolve) => { c.on('exit', (code) => resolve(code)); }));
  try {
    const port = await ask(() => fs.readFileSync(path.join(run, 'relay.port'), 'utf8').trim(), 10000, 'relay.port');
    await ask(() => chat(`http://127.0.0.1:${port}`), 10000, 'the chat of the installed programs');
  } finally {
    for (const c of children) c.kill('SIGTERM');
  }
  assert.deepEqual(await Promise.all(ends), [0, 0]);
  fs.rmSync(run, { recursive: true });
  await command(['make', 'uninstall', `DESTDIR=${dest}`, 'prefix=/usr'], base);
  const left = execFileSync('find', [dest, '-type', 'f'], { encoding: 'utf8' });
  assert.equal(left, '');
  fs.rmSync(dest, { recursive: true });
}, 120000);

atEnd(async () => {
  if (first) await first.stop();
});
