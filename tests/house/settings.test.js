'use strict';
// A wrong setting stops a program at once, with one line that names it; --check-config sees what a start would.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, assert } = require('../lib/check');
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
    ['CORS_ALLOWED_ORIGINS', 'foo', 'https://', 'https://a.mx/', '*,b', 'https://a.mx b'], ['HOST', 'no such host', '1.2.3'.repeat(9)],
    ['RUN_DIR', '/nonexistent/x', '/etc/passwd', `/${'x'.repeat(200)}`], ['PORT', '65536', 'x', '-1'], ['MAX_PAYLOAD', '1', 'x'],
    ['AUTH_MODE', 'maybe'], ['LOG_LEVEL', 'loud'], ['RATE_LIMITS', '2'], ['JOBS_ADDRESS', 'tcp://*:1', 'x']]) {
    for (const value of values) {
      const { status, text } = check('upred-relay', { [name]: value });
      assert.equal(status, 2, `${name}=${value}: ${text}`);
      assert.equal(text.split('\n').length, 1, text);
      assert.ok(text.includes(name), text);
    }
  }
  for (const settings of [{}, { TRUSTED_PROXIES: '127.0.0.1, ::1' }, { TRUSTED_PROXIES: '' }, { CORS_ALLOWED_ORIGINS: '' },
    { CORS_ALLOWED_ORIGINS: '*' }, { CORS_ALLOWED_ORIGINS: 'https://a.mx,http://localhost:3000, app://x' }, { HOST: '::' },
    { HOST: '127.0.0.1' }]) {
    assert.deepEqual(check('upred-relay', settings), { status: 0, text: 'ok' }, JSON.stringify(settings));
  }
});

test('the handlers: keys, modes, database', () => {
  for (const [settings, name] of [[{ AUTH_MODE: 'token' }, 'SECRET_KEY'], [{ UPRED_ENV: 'production' }, 'AUTH_MODE'],
    [{ FLASK_ENV: 'production', SECRET_KEY: 'llave' }, 'AUTH_MODE'], [{ UPRED_ENV: 'production', AUTH_MODE: 'token' }, 'SECRET_KEY'],
    [{ UPRED_ENV: 'production', AUTH_MODE: 'token', SECRET_KEY: 'dev-secret-key' }, 'SECRET_KEY'], [{ AUTH_MODE: 'x' }, 'AUTH_MODE'],
    [{ DB_USER: '' }, 'DB_USER'], [{ DB_NAME: '' }, 'DB_NAME'], [{ DB_PORT: '0' }, 'DB_PORT'], [{ FCGI_SOCKET_MODE: '9' }, 'FCGI_SOCKET_MODE']]) {
    const { status, text } = check('upred-api', settings);
    assert.equal(status, 2, JSON.stringify(settings) + text);
    assert.equal(text.split('\n').length, 1, text);
    assert.ok(text.includes(name), text);
  }
  assert.equal(check('upred-api', {}).text, 'ok');
  assert.equal(check('upred-api', { UPRED_ENV: 'production', AUTH_MODE: 'open' }).text, 'ok');
});

test('.env.example is what both programs know', () => {
  const { stdout } = spawnSync('sh', [path.join(TOP, 'tests/house/env-example.sh'), path.join(BUILD, 'bin')], { encoding: 'utf8' });
  assert.equal(fs.readFileSync(path.join(TOP, '.env.example'), 'utf8'), stdout, 'run "make env-example"');
});

atEnd(() => fs.rmSync(dir, { recursive: true, force: true }));
