'use strict';
// timeout: 300
// The systemd units as they are installed: they name programs that are there, may read the settings as the README
// installs them (group upred), can be reloaded, and systemd finds no fault with them (where it is at hand).
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const { BUILD, TOP } = require('../lib/house');

const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-units-'));
const units = path.join(prefix, 'lib/systemd/system');
atEnd(() => fs.rmSync(prefix, { recursive: true }));

const run = (command, ...argv) => spawnSync(command, argv, { encoding: 'utf8', cwd: TOP });
const text = (name) => fs.readFileSync(path.join(units, name), 'utf8');
const values = (unit, key) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((m) => m[1]);
const names = () => fs.readdirSync(units).filter((f) => f.endsWith('.service'));

test('make install puts three units and what they start', () => {
  const { status, stdout, stderr } = run('make', '-s', 'install', `BUILD=${BUILD}`, `prefix=${prefix}`);
  assert.equal(status, 0, stdout + stderr);
  assert.deepEqual(names().sort(), ['upred-api-bus.service', 'upred-api-fcgi.service', 'upred-relay.service']);
  for (const name of names()) {
    const [start] = values(text(name), 'ExecStart');
    fs.accessSync(start.split(' ')[0], fs.constants.X_OK);
    assert.ok(start.endsWith(` --env ${prefix}/etc/upred/env`), start);
    assert.doesNotMatch(text(name), /@[A-Z]+@/);
  }
}, 200000);

test('each may read the settings, and reloads by HUP', () => {
  for (const name of names()) {
    const unit = text(name);
    assert.deepEqual(values(unit, 'User'), ['upred'], name);
    assert.ok([...values(unit, 'Group'), ...values(unit, 'SupplementaryGroups')].includes('upred'), name);
    assert.deepEqual(values(unit, 'ExecReload'), ['/bin/kill -HUP $MAINPID'], name);
  }
  // the web server's group reaches the socket of the REST API and not the bus
  assert.deepEqual(values(text('upred-api-fcgi.service'), 'Group'), ['www-data']);
  assert.deepEqual(values(text('upred-api-fcgi.service'), 'RuntimeDirectory'), ['upred-api']);
});

test('none is given up on, however often it fails', () => {
  for (const name of names()) {
    assert.deepEqual(values(text(name), 'StartLimitIntervalSec'), ['0'], name);
    assert.deepEqual(values(text(name), 'Restart'), ['always'], name);
  }
});

test('who needs the run directory starts behind those that make it', () => {
  const makers = names().filter((name) => values(text(name), 'RuntimeDirectory').includes('upred'));
  assert.deepEqual(makers.sort(), ['upred-api-bus.service', 'upred-relay.service']);
  const after = values(text('upred-api-fcgi.service'), 'After').join(' ').split(' ');
  for (const name of makers) assert.ok(after.includes(name), name);
});

test('the relay stops before its workers, who answer what waits', () => {
  assert.ok(values(text('upred-relay.service'), 'After').join(' ').split(' ').includes('upred-api-bus.service'));
  assert.ok(!values(text('upred-api-bus.service'), 'After').join(' ').includes('upred-relay'));
});

// A service manager's ear: each datagram a line.
const EAR = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True: print(s.recv(100).decode(), flush=True)`;

test('the relay says when it listens, that it goes round, and that it ends', async () => {
  assert.deepEqual(values(text('upred-relay.service'), 'Type'), ['notify']);
  assert.deepEqual(values(text('upred-relay.service'), 'WatchdogSec'), ['30']);
  const at = path.join(prefix, 'notify');
  const ear = spawn('/usr/bin/python3', ['-c', EAR, at], { stdio: ['ignore', 'pipe', 'inherit'] });
  let all = '';
  ear.stdout.on('data', (d) => { all += d; });
  const heard = () => all.split('\n').filter(Boolean);
  await ask(() => fs.existsSync(at), 10000, 'the ear');
  const relay = spawn(path.join(BUILD, 'bin/upred-relay'), { stdio: 'ignore', cwd: prefix,
    env: { RUN_DIR: path.join(prefix, 'run'), HOST: '127.0.0.1', PORT: '0', NOTIFY_SOCKET: at, WATCHDOG_USEC: '400000' } });
  try {
    await ask(() => heard().length > 3, 10000, 'its words');
    assert.deepEqual(heard().slice(0, 4), ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
    assert.ok(fs.existsSync(path.join(prefix, 'run/relay.port')));
    relay.kill('SIGTERM');
    await ask(() => heard().includes('STOPPING=1'), 10000, 'its last word');
    await ask(() => relay.exitCode !== null, 15000, 'its end');
    assert.equal(relay.exitCode, 0);
  } finally {
    relay.kill('SIGKILL');
    ear.kill('SIGKILL');
  }
}, 60000);

test('README starts the units that there are, the relay last', () => {
  for (const file of ['README.md', 'README.es.md']) {
    const started = [...fs.readFileSync(path.join(TOP, file), 'utf8').matchAll(/systemctl enable --now ([a-z -]+)/g)].map((m) => m[1].trim());
    assert.deepEqual(started, ['upred-api-fcgi upred-api-bus', 'upred-relay'], file);
  }
});

test('systemd-analyze has nothing to say', () => {
  const { error, status, stdout, stderr } = run('systemd-analyze', '--man=no', 'verify',
    ...names().map((name) => path.join(units, name)));
  if (error && error.code === 'ENOENT') return;
  const said = (stdout + stderr).split('\n').filter((line) => /upred/.test(line));
  assert.deepEqual(said, [], said.join('\n'));
  assert.equal(status, 0, stdout + stderr);
});
