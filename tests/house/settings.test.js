'use strict';
// A wrong setting stops a program at once, with one line that names it; --check-config sees what a start would.
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const { BUILD, TOP } = require('../lib/house');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-settings-'));
const base = { PATH: process.env.PATH, RUN_DIR: dir, DB_USER: 'x', DB_NAME: 'x' };

function check(program, settings) {
  const { status, stdout, stderr } = spawnSync(path.join(BUILD, 'bin', program), ['--check-config'],
    { env: { ...base, ...settings }, cwd: dir, encoding: 'utf8' });
  return { status, text: (stdout + stderr).trim() };
}

test('the relay: lists, addresses, places', () => {
  for (const [name, ...values] of [['TRUSTED_PROXIES', 'zzz', '10.0.0.1,x', '10.0.0.0/8', '1.2.3.4:80'],
    ['CORS_ALLOWED_ORIGINS', 'foo', 'https://', 'https://a.mx/', '*,b', 'https://a.mx b', 'https://a.mx:443', 'http://a.mx:80', 'https://ñandú.mx',
      "['https://a.mx']", 'https://[::1', 'https://[*]', 'https://[]', 'https://a.mx:8a', 'https://a.mx:', 'https://a.mx:0443'], ['HOST', 'no such host', '1.2.3'.repeat(9)],
    ['RUN_DIR', '', '/nonexistent/x', '/etc/passwd', `/${'x'.repeat(90)}`], ['PORT', '65536', 'x', '-1'],
    ['METRICS_ADDRESS', '9464', ':9464', '127.0.0.1:', '127.0.0.1:0', '127.0.0.1:65536', '::1:9464', '[::1]', '[]:1', ' 127.0.0.1:9464', '127.0.0.1:5000'], ['MAX_PAYLOAD', '1', 'x'],
    ['AUTH_MODE', 'maybe'], ['LOG_LEVEL', 'loud'], ['RATE_LIMITS', '2'], ['JOBS_ADDRESS', 'tcp://*:1', 'x']]) {
    for (const value of values) {
      const { status, text } = check('upred-relay', { [name]: value });
      assert.equal(status, 2, `${name}=${value}: ${text}`);
      assert.equal(text.split('\n').length, 1, text);
      assert.ok(text.includes(name), text);
    }
  }
  for (const settings of [{}, { TRUSTED_PROXIES: '127.0.0.1, ::1' }, { TRUSTED_PROXIES: '' }, { CORS_ALLOWED_ORIGINS: '' },
    { CORS_ALLOWED_ORIGINS: '*' }, { CORS_ALLOWED_ORIGINS: 'https://a.mx,http://localhost:3000, app://x,https://a.mx:80,http://[::1]:3000,null' }, { HOST: '::' },
    { HOST: '127.0.0.1' }, { METRICS_ADDRESS: '' }, { METRICS_ADDRESS: '127.0.0.1:9464' }, { METRICS_ADDRESS: '[::1]:9464' }]) {
    assert.deepEqual(check('upred-relay', settings), { status: 0, text: 'ok' }, JSON.stringify(settings));
  }
});

test('the handlers: keys, modes, database', () => {
  for (const [settings, name] of [[{ AUTH_MODE: 'token' }, 'SECRET_KEY'], [{ UPRED_ENV: 'production' }, 'AUTH_MODE'],
    [{ FLASK_ENV: 'production', SECRET_KEY: 'llave' }, 'AUTH_MODE'], [{ UPRED_ENV: 'production', AUTH_MODE: 'token' }, 'SECRET_KEY'],
    [{ UPRED_ENV: 'production', AUTH_MODE: 'token', SECRET_KEY: 'dev-secret-key' }, 'SECRET_KEY'],
    [{ UPRED_ENV: 'production', AUTH_MODE: 'token', SECRET_KEY: 'Your-Secret-Key' }, 'SECRET_KEY'],
    [{ AUTH_MODE: 'token', SECRET_KEY: ' \t ' }, 'SECRET_KEY'], [{ AUTH_MODE: 'x' }, 'AUTH_MODE'],
    [{ DB_USER: '' }, 'DB_USER'], [{ DB_NAME: '' }, 'DB_NAME'], [{ DB_PORT: '0' }, 'DB_PORT'], [{ FCGI_SOCKET_MODE: '9' }, 'FCGI_SOCKET_MODE'], [{ RUN_DIR: '' }, 'RUN_DIR'],
    [{ CORS_ALLOWED_ORIGINS: 'https://a.mx/' }, 'CORS_ALLOWED_ORIGINS'], [{ RUN_DIR: `/${'x'.repeat(90)}`, JOBS_ADDRESS: 'ipc:///tmp/a', SIGNALS_ADDRESS: 'ipc:///tmp/b' }, 'RUN_DIR'],
    [{ RELAY_SIGNALS: ' , ' }, 'RELAY_SIGNALS'], [{ JOBS_ADDRESS: 'ipc:///tmp/a', SIGNALS_ADDRESS: 'ipc:///tmp/a' }, 'SIGNALS_ADDRESS']]) {
    const { status, text } = check('upred-api', settings);
    assert.equal(status, 2, JSON.stringify(settings) + text);
    assert.equal(text.split('\n').length, 1, text);
    assert.ok(text.includes(name), text);
  }
  assert.equal(check('upred-api', {}).text, 'ok');
  // blanks around an entry are none of its path, which could not be longer
  const socket = path.join(dir, 'x'.repeat(107 - dir.length - 1));
  assert.equal(check('upred-api', { RELAY_SIGNALS: `ipc://${socket} ,\tipc://${socket}\t` }).text, 'ok');
  assert.equal(check('upred-api', { RELAY_SIGNALS: `ipc://${socket}x` }).status, 2);
  assert.equal(check('upred-api', { UPRED_ENV: 'production', AUTH_MODE: 'open' }).text, 'ok');
  for (const program of ['upred-api', 'upred-relay']) {
    assert.equal(check(program, { RUN_DIR: 'rel' }).text, 'ok');
    assert.match(check(program, { RUN_DIR: 'rel', UPRED_ENV: 'production', AUTH_MODE: 'open' }).text, /RUN_DIR: production wants a whole path/);
  }
});

const api = (env, ...words) => {
  const { status, stdout, stderr } = spawnSync(path.join(BUILD, 'bin/upred-api'), words, { env, cwd: dir, encoding: 'utf8' });
  return { status, out: stdout.trim(), said: stderr.split('\n')[0] };
};

test('make-token needs the key alone; the environment of a production, too', () => {
  for (const env of [{ SECRET_KEY: 'llave' }, { SECRET_KEY: 'llave', UPRED_ENV: 'production' }]) {
    const { status, out, said } = api(env, 'make-token', 'ana@upred.example');
    assert.equal(status, 0, said);
    assert.match(out, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  }
  fs.writeFileSync(path.join(dir, 'key'), 'SECRET_KEY=llave\n');
  assert.equal(api({}, 'make-token', 'ana@upred.example', '60', '--env', path.join(dir, 'key')).status, 0);
  assert.match(api({ SECRET_KEY: 'llave' }, 'make-token', '').said, /needs an address/);
  assert.deepEqual(api({}, 'make-token', 'ana@upred.example'), { status: 2, out: '', said: 'upred-api: SECRET_KEY: make-token needs one' });
});

test('only a text comes from a file of its own', () => {
  const secret = path.join(dir, 'secret');
  fs.writeFileSync(secret, 'clave\n');
  fs.writeFileSync(path.join(dir, 'files'), `DB_PASSWORD_FILE=${secret}\nDB_PORT_FILE=${secret}\nLOG_LEVEL_FILE=${secret}\n`);
  for (const program of ['upred-api', 'upred-relay']) {
    const { status, stdout, stderr } = spawnSync(path.join(BUILD, 'bin', program), ['--check-config', '--env', path.join(dir, 'files')],
      { env: base, cwd: dir, encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, 'ok\n'], stderr);
    assert.deepEqual([...stderr.matchAll(/unknown setting (\w+)/g)].map((m) => m[1]), program === 'upred-api' ? ['DB_PORT_FILE', 'LOG_LEVEL_FILE'] : ['LOG_LEVEL_FILE']);
  }
});

test('a word too many, or one too few, is said', () => {
  for (const [words, what] of [[['make-secret', 'extra'], 'unknown: extra'], [['--version', 'x'], 'unknown: x'],
    [['--help', 'x'], 'unknown: x'], [['--env'], '--env needs a file'], [['fcgi', 'bus'], 'unknown: bus'], [[], 'what?'],
    [['make-token', '--seconds'], 'unknown: --seconds'], [['make-token', 'a@b', '5', '6'], 'unknown: 6']]) {
    assert.deepEqual(api({}, ...words), { status: 2, out: '', said: `upred-api: ${what}` }, words.join(' '));
  }
  assert.match(api({}, 'make-secret').out, /^[0-9a-f]{64}$/);
  assert.match(api({}, '--version').out, /^upred-api \d/);
  assert.match(api({}, 'fcgi', '--help').out, /^usage: upred-api/);
  const relay = (...words) => spawnSync(path.join(BUILD, 'bin/upred-relay'), words, { env: {}, cwd: dir, encoding: 'utf8' });
  assert.match(relay('--env').stderr, /^upred-relay: a file is missing behind --env\n/);
  assert.match(relay('--version', 'x').stderr, /^upred-relay: unknown argument x\n/);
  assert.match(relay('--version').stdout, /^upred-relay \d/);
  assert.match(relay('--help').stdout, /^usage: upred-relay/);
});

test('an answer that finds no place is a failure', () => {
  const full = fs.openSync('/dev/full', 'w');
  for (const [program, word] of [['upred-api', 'make-secret'], ['upred-api', '--print-config'], ['upred-api', '--version'],
    ['upred-relay', '--print-example'], ['upred-relay', '--check-config']]) {
    const { status, stderr } = spawnSync(path.join(BUILD, 'bin', program), [word], { env: base, cwd: dir, encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
    assert.deepEqual([status, stderr], [1, `${program}: stdout: No space left on device\n`], word);
  }
  fs.closeSync(full);
});

// A program that runs, what it says, and its end.
async function running(program, words, stdio, use, settings = {}) {
  const child = spawn(path.join(BUILD, 'bin', program), words, { env: { ...base, PORT: '0', ...settings }, cwd: dir, stdio });
  const said = { text: '' };
  if (child.stderr) child.stderr.on('data', (d) => { said.text += d; });
  try {
    await use(child, said);
  } finally {
    child.kill();
    await ask(() => child.exitCode !== null || child.signalCode !== null, 15000, `the end of ${program}`);
  }
}

test('a relay without TLS that is told to read again speaks of no certificate', async () => {
  await running('upred-relay', [], ['ignore', 'ignore', 'pipe'], async (relay, said) => {
    await ask(() => /listens on/.test(said.text), 10000, 'the relay');
    relay.kill('SIGHUP');
    const [line] = await ask(() => /.*read again.*/.exec(said.text), 5000, 'the reload');
    assert.match(line, /LOG_LEVEL, LOG_FORMAT, RATE_LIMITS, FEED_INTERVAL_MS read again; the others need a restart$/);
  });
});

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

test('with METRICS_ADDRESS the figures are told there and nowhere else, and nobody chats there', async () => {
  const port = await freePort();
  const aside = { METRICS_ADDRESS: `127.0.0.1:${port}` };
  await running('upred-relay', [], ['ignore', 'ignore', 'pipe'], async (relay, said) => {
    const [, own] = await ask(() => /listens on \S+ port (\d+)/.exec(said.text), 10000, 'the relay');
    const get = async (where, what) => {
      const answer = await fetch(`http://127.0.0.1:${where}${what}`);
      return { status: answer.status, text: await answer.text() };
    };
    assert.match((await get(port, '/metrics')).text, /^upred_relay_up_seconds /m);
    assert.equal((await get(own, '/metrics')).status, 404);
    assert.equal((await get(port, '/healthz')).status, 200);
    assert.equal((await get(own, '/healthz')).status, 200);
    for (const what of ['/socket.io/?EIO=4&transport=polling', '/socket.io/?EIO=4&transport=polling&sid=x', '/otra']) {
      assert.equal((await get(port, what)).status, 404, what);
    }
    await running('upred-relay', [], ['ignore', 'ignore', 'pipe'], async (other, heard) => {
      await ask(() => other.exitCode !== null, 10000, 'the second relay to give up');
      assert.match(heard.text, /METRICS_ADDRESS/);
    }, { ...aside, RUN_DIR: fs.mkdtempSync(path.join(dir, 'other-')) });
  }, aside);
});

test('log lines can be JSON, one object each, and at a reload become so', async () => {
  const env = path.join(dir, 'json.env');
  fs.writeFileSync(env, 'LOG_FORMAT=text\n');
  for (const [program, words] of [['upred-relay', ['--env', env]], ['upred-api', ['bus', '--env', env]]]) {
    await running(program, words, ['ignore', 'ignore', 'pipe'], async (child, said) => {
      await ask(() => /listens on|started|ready|workers/.test(said.text), 10000, program);
      assert.doesNotMatch(said.text, /^\{/);
      said.text = '';
      fs.writeFileSync(env, 'LOG_FORMAT=json\n');
      child.kill('SIGHUP');
      await ask(() => /read again.*\n/.test(said.text), 10000, 'the reload');
      const line = JSON.parse(said.text.split('\n').find((l) => /read again/.test(l)));
      assert.deepEqual(Object.keys(line), ['time', 'program', 'pid', 'level', 'subject', 'text']);
      assert.deepEqual([line.program, line.level], [program, 'info']);
      assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 60000, line.time);
    });
    fs.writeFileSync(env, 'LOG_FORMAT=text\n');
  }
});

test('workers that are told to read again take no RUN_DIR with which they would not start', async () => {
  const env = path.join(dir, 'env');
  fs.writeFileSync(env, `RUN_DIR=${dir}\n`);
  const bus = spawn(path.join(BUILD, 'bin/upred-api'), ['bus', '--env', env],
    { env: { ...base, RUN_DIR: undefined, BUS_WORKERS: '1' }, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  bus.stderr.on('data', (d) => { said += d; });
  const workers = () => fs.readFileSync(`/proc/${bus.pid}/task/${bus.pid}/children`, 'utf8').trim();
  try {
    const first = await ask(workers, 10000, 'a worker');
    fs.writeFileSync(env, 'RUN_DIR=/nonexistent/x\n');
    bus.kill('SIGHUP');
    await ask(() => said.includes('not taken over: RUN_DIR: /nonexistent/x is not a directory'), 5000, 'the refusal');
    assert.equal(workers(), first);
    fs.writeFileSync(env, `RUN_DIR=${dir}\n`);
    bus.kill('SIGHUP');
    let last = await ask(() => workers() !== first && workers(), 10000, 'another worker');
    for (let i = 0; i < 5; i += 1) {           // whoever was told to end is no crash, however young
      const before = last;
      bus.kill('SIGHUP');
      last = await ask(() => workers() !== before && workers(), 3000, 'the next worker');
    }
    assert.match(said, /another in 0 ms/);
    assert.doesNotMatch(said, /another in [1-9]/);
  } finally {
    bus.kill();
    await ask(() => bus.exitCode !== null, 15000, 'the end');
  }
});

test('a relay for which nobody works says so, once, and when somebody does', async () => {
  await running('upred-relay', [], ['ignore', 'ignore', 'pipe'], async (relay, said) => {
    await ask(() => said.text.includes(`nobody asks for work at ipc://${dir}/jobs.ipc`), 10000, 'the warning');
    await running('upred-api', ['bus'], 'ignore', () => ask(() => said.text.includes('workers are here'), 10000, 'the good news'));
    assert.equal(said.text.split('nobody asks').length, 2);
  });
});

test('a standard stream that is closed is taken by nothing else', async () => {
  for (const [program, words] of [['upred-relay', ''], ['upred-api', 'bus']]) {
    const child = spawn('sh', ['-c', `exec "$0" ${words} <&- >&- 2>&-`, path.join(BUILD, 'bin', program)],
      { env: { ...base, PORT: '0' }, cwd: dir, stdio: 'ignore' });
    const at = (fd) => fs.readlinkSync(`/proc/${child.pid}/fd/${fd}`);
    try {
      await ask(() => at(0) && at(1) && at(2), 10000, `${program} with its streams`);
      assert.deepEqual([at(0), at(1), at(2)], ['/dev/null', '/dev/null', '/dev/null'], program);
    } finally {
      child.kill();
      await ask(() => child.exitCode !== null || child.signalCode !== null, 15000, 'its end');
    }
  }
});

test('a pool that ends leaves the socket that another has made in its place', async () => {
  const socket = path.join(dir, 'api.sock');
  const settings = { FCGI_SOCKET: socket, FCGI_WORKERS: '1' };
  const quiet = ['ignore', 'ignore', 'ignore'];
  await running('upred-api', ['fcgi'], quiet, async (first) => {
    await ask(() => fs.existsSync(socket), 10000, 'its socket');
    fs.unlinkSync(socket);
    await running('upred-api', ['fcgi'], quiet, async () => {
      await ask(() => fs.existsSync(socket), 10000, "the other's socket");
      first.kill();
      await ask(() => first.exitCode !== null, 15000, 'the end of the first');
      assert.ok(fs.existsSync(socket));
    }, settings);
    assert.ok(!fs.existsSync(socket));
  }, settings);
}, 60000);

test('.env.example is what both programs know', () => {
  const { stdout } = spawnSync('sh', [path.join(TOP, 'tests/house/env-example.sh'), path.join(BUILD, 'bin')], { encoding: 'utf8' });
  assert.equal(fs.readFileSync(path.join(TOP, '.env.example'), 'utf8'), stdout, 'run "make env-example"');
});

atEnd(() => fs.rmSync(dir, { recursive: true, force: true }));
