'use strict';
// The smallest test frame that the shelves in JavaScript need: tests run one after the other, each prints
// "ok - name" or "not ok - name" with its reason, and tests/run.sh counts these lines.
const assert = require('node:assert/strict');

const tests = [];
const enders = [];
const onlyText = process.env.ONLY || '';

// test(name, fn, ms): fn may be async; it fails by throwing, or when ms (default 30 s) are over
function test(name, fn, ms = 30000) {
  tests.push({ name, fn, ms });
}

// atEnd(fn): runs after the last test, whatever happened
function atEnd(fn) {
  enders.push(fn);
}

// ask(fn, ms, what): calls fn until it returns something true, and returns that; throws when ms are over
async function ask(fn, ms = 5000, what = 'the condition') {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      const value = await fn();
      if (value) return value;
      last = undefined;
    } catch (e) {
      last = e;
    }
    if (Date.now() >= end) {
      throw new Error(`waited ${ms} ms for ${what}${last ? `; last: ${last.message}` : ''}`);
    }
    await pause(20);
  }
}

// pause(ms): for the moment between two questions, and for showing that nothing more comes
function pause(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

function within(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runAll() {
  let failed = 0;
  for (const { name, fn, ms } of tests) {
    if (onlyText && !name.includes(onlyText)) continue;
    try {
      await within((async () => fn())(), ms, 'the test');
      console.log(`ok - ${name}`);
    } catch (e) {
      failed += 1;
      console.log(`not ok - ${name}`);
      console.log(String((e && e.stack) || e).replace(/^/gm, '# '));
    }
  }
  for (const fn of enders.reverse()) {
    try {
      await within((async () => fn())(), 90000, 'the end');
    } catch (e) {
      failed += 1;
      console.log(`not ok - the end of the file\n# ${e && e.stack}`);
    }
  }
  return failed;
}

setImmediate(() => {
  runAll().then((failed) => process.exit(failed ? 1 : 0));
});

module.exports = { test, atEnd, ask, pause, within, assert };
