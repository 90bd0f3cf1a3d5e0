'use strict';
// What "make packages-build" asks of a machine that serves already, seen by an apt-get that only writes it down: no
// server, no browser, and never a package removed for another.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, assert } = require('../lib/check');
const { TOP } = require('../lib/house');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-packages-'));
atEnd(() => fs.rmSync(dir, { recursive: true }));

// a machine on which nothing is installed, and its root
for (const [name, text] of [['dpkg-query', ''], ['id', 'echo 0'], ['apt-get', `echo "$*" >>${dir}/asked`]]) {
  fs.writeFileSync(path.join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
const run = (...words) => spawnSync(words[0], words.slice(1), { encoding: 'utf8', cwd: TOP,
  env: { ...process.env, PATH: `${dir}:${process.env.PATH}`, MAKEFLAGS: '', MAKELEVEL: '' } });

test('make packages-build installs what a build needs, and no server', () => {
  const { status, stdout, stderr } = run('make', '-s', 'packages-build');
  assert.equal(status, 0, stdout + stderr);
  const asked = fs.readFileSync(path.join(dir, 'asked'), 'utf8').trim().split('\n');
  assert.equal(asked.length, 1, asked.join('\n'));
  const words = asked[0].split(' ');
  for (const wanted of ['install', '--no-remove', '--no-install-recommends', 'gcc', 'libwebsockets-dev', 'libmariadb-dev']) {
    assert.ok(words.includes(wanted), `${wanted} in: ${asked[0]}`);
  }
  assert.doesNotMatch(asked[0], /server|client|apache|nginx|clang|chromium|curl/);
});

test('each list holds what the one before holds', () => {
  const list = (name) => run('sh', 'tests/house/packages.sh', 'list', name).stdout.trim().split(' ');
  const [build, house, all] = ['build', 'run', 'test'].map(list);
  assert.ok(build.length > 10 && build.every((p) => house.includes(p)), build.join(' '));
  assert.ok(house.every((p) => all.includes(p)), house.join(' '));
});

test('what is installed and held back is installed, and Oracle\'s headers are headers', () => {
  const answers = ['dpkg-query', 'id'].map((name) => [name, fs.readFileSync(path.join(dir, name))]);
  const build = run('sh', 'tests/house/packages.sh', 'list', 'build').stdout.trim().split(' ').filter((p) => p !== 'libmariadb-dev');
  const said = [...build, 'libmysqlclient-dev'].map((p) => `hi |${p} `).join('');
  fs.writeFileSync(path.join(dir, 'dpkg-query'), `#!/bin/sh\ncase $* in *'|' | *'| libmysqlclient-dev') echo 'ii |' ;; *) echo '${said}' ;; esac\n`);
  fs.writeFileSync(path.join(dir, 'id'), '#!/bin/sh\necho 1000\n');
  const { status, stderr } = run('sh', 'tests/house/packages.sh', 'build');
  assert.deepEqual([status, stderr], [0, '']);
  for (const [name, text] of answers) fs.writeFileSync(path.join(dir, name), text);
});

test('README names it, in both languages', () => {
  for (const name of ['README.md', 'README.es.md']) {
    assert.match(fs.readFileSync(path.join(TOP, name), 'utf8'), /make packages-build && make && make install/);
  }
});
