'use strict';
// SSL_CERT_FILE and SSL_KEY_FILE at the start: files that do not serve stop the relay with one line that names the setting.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, assert } = require('../lib/check');
const certs = require('../lib/certs');
const { BUILD } = require('../lib/house');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-tls-'));
const file = (name, text) => { fs.writeFileSync(path.join(dir, name), text); return path.join(dir, name); };
atEnd(() => fs.rmSync(dir, { recursive: true, force: true }));

function relay(settings, ...words) {
  const env = { PATH: process.env.PATH, RUN_DIR: dir, PORT: '0', ...settings };
  const { status, stdout, stderr } = spawnSync(path.join(BUILD, 'bin/upred-relay'), words, { env, cwd: dir, encoding: 'utf8', timeout: 20000 });
  return { status, text: (stdout + stderr).trim() };
}

test('files that do not serve', () => {
  const { cert, key } = certs.make(dir, 'one');
  const other = certs.make(dir, 'other', 'rsa:2048').key;
  const weak = certs.make(dir, 'weak', 'rsa:1024');
  const locked = path.join(dir, 'locked.key');
  spawnSync('openssl', ['ec', '-in', key, '-aes128', '-passout', 'pass:llave', '-out', locked]);
  const cases = [[{ SSL_KEY_FILE: key }, 'SSL_CERT_FILE', /missing/]];
  for (const bad of [path.join(dir, 'none'), dir, '/dev/zero', file('rubbish', 'x'.repeat(99)), file('empty', ''), file('large', Buffer.alloc(2 << 20)), key]) {
    cases.push([{ SSL_CERT_FILE: bad, SSL_KEY_FILE: key }, 'SSL_CERT_FILE', new RegExp(bad)]);
  }
  for (const bad of [path.join(dir, 'none'), dir, '/dev/zero', file('rubbish.key', 'x'.repeat(99)), cert]) {
    cases.push([{ SSL_CERT_FILE: cert, SSL_KEY_FILE: bad }, 'SSL_KEY_FILE', new RegExp(bad)]);
  }
  cases.push([{ SSL_CERT_FILE: cert, SSL_KEY_FILE: other }, 'SSL_KEY_FILE', /not the key of the certificate/]);
  cases.push([{ SSL_CERT_FILE: cert, SSL_KEY_FILE: locked }, 'SSL_KEY_FILE', /passphrase/]);
  cases.push([{ SSL_CERT_FILE: weak.cert, SSL_KEY_FILE: weak.key }, 'SSL_CERT_FILE', /too small/]);
  for (const [settings, name, why] of cases) {
    // as --check-config sees it, and as a start does
    for (const words of [['--check-config'], []]) {
      const { status, text } = relay(settings, ...words);
      assert.equal(status, 2, `${JSON.stringify(settings)}: ${text}`);
      assert.equal(text.split('\n').length, 1, text);
      assert.ok(text.startsWith(`upred-relay: ${name}: `), text);
      assert.match(text, why);
    }
  }
}, 60000);

test('a pair, an empty pair, a pair in the file', () => {
  const { cert, key } = certs.make(dir, 'two');
  assert.deepEqual(relay({ SSL_CERT_FILE: cert, SSL_KEY_FILE: key }, '--check-config'), { status: 0, text: 'ok' });
  assert.deepEqual(relay({ SSL_CERT_FILE: '', SSL_KEY_FILE: '' }, '--check-config'), { status: 0, text: 'ok' });
  const env = file('settings', `SSL_CERT_FILE=${cert}\nSSL_KEY_FILE=${key}\n`);
  assert.deepEqual(relay({}, '--env', env, '--check-config'), { status: 0, text: 'ok' });
  assert.match(relay({}, '--env', file('half', `SSL_CERT_FILE=${cert}\n`), '--check-config').text, /SSL_KEY_FILE: missing/);
});

test("OpenSSL's own SSL_CERT_FILE in the environment is not ours", () => {
  const { cert, key } = certs.make(dir, 'three');
  const env = file('settings', `SSL_CERT_FILE=${cert}\nSSL_KEY_FILE=${key}\n`);
  const authorities = { SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt' };
  const without = relay(authorities, '--check-config');
  assert.equal(without.status, 0, without.text);
  assert.match(without.text, /SSL_CERT_FILE of the environment is OpenSSL's/);
  const { text } = relay(authorities, '--env', env, '--print-config');
  assert.ok(text.includes(`SSL_CERT_FILE=${cert}\n`), text);
});
