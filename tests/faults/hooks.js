'use strict';
// Programs with the steps of shared/fault.h, and the folders in which a test arms them: one for each part, so that a step
// of the store is met by the part that is meant.
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { ask } = require('../lib/check');
const { TOP, BUILD } = require('../lib/house');

const HOOKED = path.join(BUILD, 'hooked');
const BINARIES = ['upred-relay', 'upred-api'];

// The steps, by the part that comes by them.
const STORE = ['send.find', 'send.lock', 'send.insert', 'send.inserted', 'store.commit', 'store.committed'];
const WALK = {
  bus: ['worker.job', ...STORE, 'worker.done', 'worker.heard'],
  fcgi: [...STORE, 'rest.done', 'rest.signalled', 'rest.answered'],
  relay: ['relay.job', 'relay.job_sent', 'relay.answers', 'relay.push', 'fanout.next', 'relay.pushed', 'relay.reply',
    'relay.replied', 'feed.sweep', 'feed.swept', 'feed.fetched'],
};
// Bus messages by who has them in hand: those that the relay takes and gives, those that workers say and hear.
const MESSAGES = {
  relay: ['take.ready', 'take.answers', 'reply.job', 'reply.ack', 'take.signal'].map((name) => `nano.${name}`),
  bus: ['say.ready', 'say.answers', 'hear.job', 'hear.ack'].map((name) => `nano.${name}`),
  fcgi: ['nano.send.signal'],
};

function make(...words) {
  const env = { ...process.env };
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'RUN_DIR']) delete env[name];
  const made = spawnSync('make', ['-s', '-j2', '-C', TOP, ...words], { env, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`make ${words.join(' ')}: ${made.stdout}${made.stderr}`);
}

// Builds what is not up to date, beside the product; returns the settings with which a house takes them.
function build() {
  make(`BUILD=${HOOKED}`, 'FAULTS=1', 'all');
  const [RELAY_BIN, API_BIN] = BINARIES.map((name) => path.join(HOOKED, 'bin', name));
  return { RELAY_BIN, API_BIN };
}

// The words by which a program with steps gives itself away, as they stand in the one of this build.
function traces(folder) {
  return BINARIES.filter((name) => {
    const text = fs.readFileSync(path.join(folder, 'bin', name), 'latin1');
    return /FAULT_DIR|nano\.%s|fanout\.next|worker\.job|store\.commit/.test(text);
  });
}

class Steps {
  constructor(folder) {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true });
  }

  // The next `times` passings of a step, after `skip` that go by unharmed.
  arm(name, action, { value = 0, skip = 0, times = 1 } = {}) {
    this.before = this.fired().length;
    this.name = name;
    this.times = times;
    fs.writeFileSync(path.join(this.folder, 'arming'), `${action} ${value} ${skip} ${times}\n`);
    fs.renameSync(path.join(this.folder, 'arming'), path.join(this.folder, name));
  }

  fired() {
    const file = path.join(this.folder, 'fired');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  // All passings that were armed have been met.
  async met(ms = 10000) {
    await ask(() => this.fired().length >= this.before + this.times, ms, `the step ${this.name} to be reached`);
  }

  disarm() { fs.rmSync(path.join(this.folder, this.name), { force: true }); }
}

// The wall clock of the programs of a house (clock.c): settings for it, and jump(seconds).
class Clock {
  constructor(folder) {
    const library = path.join(BUILD, 'tests', 'clock.so');
    make(`BUILD=${BUILD}`, library);
    this.file = path.join(folder, 'shift');
    this.jump(0);
    this.settings = { LD_PRELOAD: library, CLOCK_SHIFT: this.file };
  }

  // In place: the file is mapped.
  jump(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    const fd = fs.openSync(this.file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
    fs.writeSync(fd, bytes, 0, 8, 0);
    fs.closeSync(fd);
  }
}

module.exports = { build, make, traces, Steps, Clock, HOOKED, WALK, MESSAGES };
