'use strict';
// timeout: 300
// What "make install" puts is what README and the manuals call, and "make uninstall" takes that away and nothing else,
// wherever the GNU directory variables point. The examples of socketio(3) are built from what was installed.
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, ask, assert } = require('../lib/check');
const { BUILD, TOP } = require('../lib/house');

const dest = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-install-'));
atEnd(() => fs.rmSync(dest, { recursive: true }));

const at = (...parts) => path.join(dest, ...parts);
const run = (...words) => {
  const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8', cwd: TOP,
    env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '' } });
  return { status, out: stdout + stderr };
};
const places = ['prefix=/usr', 'includedir=/usr/include', 'sysconfdir=/etc'];
const make = (goal) => run('make', '-s', goal, `BUILD=${BUILD}`, `DESTDIR=${dest}`, ...places);
const things = () => run('find', dest, '!', '-type', 'd').out.trim().split('\n').filter(Boolean);

// what the machine and its people have in the same folders
const others = ['usr/include/stdio.h', 'usr/include/libsocketio/mine.h', 'usr/share/upred/notes', 'usr/libexec/upred/mine',
  'usr/share/upred/www/mine.html', 'usr/share/upred/www/css/mine.css', 'usr/share/upred/sql/mine.sql',
  'usr/sbin/nologin', 'usr/lib/libmine.a', 'usr/share/man/man8/mine.8'].map((f) => at(f));

test('make install beside what is there already', () => {
  for (const file of others) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, 'mine');
  }
  const { status, out } = make('install');
  assert.equal(status, 0, out);
}, 200000);

test('both programs are where a root finds them, by the names of README and manuals', () => {
  assert.equal(fs.readlinkSync(at('usr/sbin/upred-api')), '/usr/libexec/upred/upred-api');
  for (const program of [at('usr/sbin/upred-relay'), at('usr/libexec/upred/upred-api')]) {
    assert.match(run(program, '--version').out, /^upred-(relay|api) \d/);
  }
});

test('whom the first screen lists is the site\'s own from then on', () => {
  const list = at('usr/share/upred/www/demo.json');
  assert.deepEqual(fs.readFileSync(list), fs.readFileSync(path.join(TOP, 'www/demo.json')));
  fs.writeFileSync(list, '{}');
  assert.equal(make('install').status, 0);
  assert.equal(fs.readFileSync(list, 'utf8'), '{}');
  fs.rmSync(list);
  assert.equal(make('install').status, 0);
  assert.ok(!fs.existsSync(list));
  fs.writeFileSync(list, '{}');
  others.push(list);
}, 100000);

test('the examples of socketio(3) are built from the installed headers and library alone', async () => {
  const examples = fs.readdirSync(path.join(TOP, 'tests/protocol')).filter((f) => /^[es]io_.*\.c$/.test(f));
  assert.ok(examples.includes('sio_echo.c') && examples.includes('sio_keep.c'), examples.join(' '));
  const manual = fs.readFileSync(at('usr/share/man/man3/socketio.3'), 'utf8');
  const libs = /^\.Fl (lwebsockets .*)$/m.exec(manual)[1].split(' ').map((l) => `-${l}`);
  const asan = process.env.SANITIZE === '1' ? ['-fsanitize=address,undefined'] : [];
  fs.mkdirSync(at('examples'));
  for (const name of examples) {
    fs.copyFileSync(path.join(TOP, 'tests/protocol', name), at('examples', name));
    const { status, out } = run(process.env.CC || 'gcc', '-std=gnu11', '-Wall', '-Wextra', '-Werror', ...asan, '-o',
      at('examples', name.slice(0, -2)), at('examples', name), `-I${at('usr/include/libsocketio')}`, `-L${at('usr/lib')}`,
      '-lsocketio', ...libs);
    assert.equal(status, 0, out);
  }
  const echo = spawn(at('examples/sio_echo'), { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  echo.stdout.on('data', (d) => { said += d; });
  try {
    await ask(() => /^port \d+$/m.test(said), 10000, 'the port of sio_echo');
  } finally {
    echo.kill();
  }
  fs.rmSync(at('examples'), { recursive: true });
}, 60000);

test('make uninstall leaves the others\' files, and none of ours', () => {
  assert.equal(make('uninstall').status, 0);
  assert.deepEqual(things().sort(), [...others].sort());
  for (const file of others) fs.rmSync(file);
  assert.equal(make('install').status, 0);
  assert.equal(make('uninstall').status, 0);
  assert.deepEqual(things(), []);
  for (const folder of ['include/libsocketio', 'libexec/upred', 'share/upred']) assert.ok(!fs.existsSync(at('usr', folder)), folder);
}, 100000);
