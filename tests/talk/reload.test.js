'use strict';
// Settings read again: what needs a restart is not looked at, nor may a slow name server hold everybody up for it.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const { BUILD } = require('../lib/house');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-reload-'));
atEnd(() => fs.rmSync(dir, { recursive: true, force: true }));

test('HUP with a HOST that nobody knows: the rest is read again', async () => {
  const file = path.join(dir, 'relay.env');
  const write = (host) => fs.writeFileSync(file, `HOST=${host}\nPORT=0\nRUN_DIR=${dir}\n`);
  write('127.0.0.1');
  const relay = spawn(path.join(BUILD, 'bin/upred-relay'), ['--env', file], { env: {}, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  relay.stderr.on('data', (d) => { said += d; });
  try {
    await ask(() => /listens on/.test(said), 10000, 'the relay');
    write('nobody.invalid');
    relay.kill('SIGHUP');
    const [line] = await ask(() => /.*(read again|as they were).*/.exec(said), 10000, 'the answer to HUP');
    assert.match(line, /read again/);
  } finally {
    relay.kill();
  }
});
