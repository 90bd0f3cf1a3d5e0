'use strict';
// timeout: 300
// The table of limits: every row of LIMITS in socketio(3) and upred-relay(8) is crossed once; its counter goes up by one and
// no other does, and the peer sees what the manual says. Rows and counters are the same set.
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House, TOP, BUILD } = require('../lib/house');
const { cast } = require('./cast');
const wire = require('../protocol/eio_lib');
const { crossings, settings } = require('./limits_rows');

let house;
let server;
let agent;
const crossed = new Set();
atEnd(async () => { if (house) await house.stop(); });

// the rows of a manual's LIMITS: [name, bound, what the peer sees], below the subsection that a word is in
function rowsOf(file, heading) {
  const text = fs.readFileSync(path.join(TOP, file), 'utf8');
  const limits = text.slice(text.indexOf('.Sh LIMITS'));
  const part = limits.slice(limits.search(heading));
  const list = part.slice(0, part.indexOf('\n.El'));
  return [...list.matchAll(/^\.It (.+) Ta (.+) Ta (.+)$/gm)].map((m) => m.slice(1, 4).map((c) => c.replaceAll('\\', '').trim()));
}
const manual = {
  transport: rowsOf('relay/socketio/socketio.3', /^\.Ss Transport/m),
  socketio: rowsOf('relay/socketio/socketio.3', /^\.Ss Socket\.IO/m),
};
const product = rowsOf('relay/upred-relay.8', /^\.Ss Settings/m);

// the counters by layer and reason; over one connection that is kept, which no limit of connections meets
async function refused() {
  const { body } = await wire.request(server, 'GET', '/metrics', { agent });
  const found = {};
  for (const m of body.matchAll(/^upred_relay_(transport|socketio)_refused_total\{reason="(\w+)"\} (\d+)$/gm)) {
    found[`${m[1]} ${m[2]}`] = Number(m[3]);
  }
  return found;
}

function difference(before, after) {
  return Object.fromEntries(Object.keys(after).filter((k) => after[k] !== before[k]).map((k) => [k, after[k] - before[k]]));
}

async function relay(more) {
  await house.stopPart('relay', 'KILL');
  await house.startPart('relay', more);
  server = { port: Number(new URL(house.relayUrl).port), path: '/socket.io/', pid: house.pid('relay') };
  agent = new (require('node:http').Agent)({ keepAlive: true, maxSockets: 1 });
  await refused();
}

test('the manual names exactly the counters that there are', async () => {
  house = await House.start();
  await relay(settings.short);
  const named = Object.entries(manual).flatMap(([layer, rows]) => rows.map(([name]) => `${layer} ${name}`));
  assert.deepEqual(named.sort(), Object.keys(await refused()).sort());
  assert.deepEqual(Object.values(crossings).flatMap(Object.keys).sort(), named, 'each has its crossing');
}, 90000);

test('the settings that the manual names have the defaults it says, and bound what there is', async () => {
  const { stdout } = spawnSync(path.join(BUILD, 'bin/upred-relay'), ['--print-example'], { encoding: 'utf8' });
  const reasons = new Set([...manual.transport, ...manual.socketio].map(([name]) => name));
  assert.ok(product.length >= 10);
  for (const [setting, value, names] of product) {
    assert.ok(stdout.includes(`\n#${setting}=${value}\n`), `${setting}=${value}`);
    for (const name of names.split(' ')) assert.ok(reasons.has(name), `${setting}: ${name}`);
  }
});

function declare(kind) {
  for (const [key, cross] of Object.entries(crossings[kind])) {
    const [layer, name] = key.split(' ');
    test(`${key} (${kind})`, async () => {
      const row = manual[layer].find((r) => r[0] === name);
      const before = await refused();
      const clean = [];
      const seen = await cross({ server, house, wire, refused, keep: (x) => { clean.push(x); return x; } });
      let now;
      await ask(async () => { now = difference(before, await refused()); return now[key]; }, 8000, `the counter; ${JSON.stringify(now)}`)
        .finally(() => clean.forEach((x) => x.destroy()));
      await pause(50);
      now = difference(before, await refused());
      if (name === 'descriptors' && now[key] > 1) now[key] = 1;      // accepting is tried again each second
      assert.deepEqual(now, { [key]: 1 });
      assert.ok(row[2].split(' or ').includes(seen), `seen: ${seen}; the manual says: ${row[2]}`);
      crossed.add(key);
    }, 60000);
  }
}

declare('short');
for (const kind of ['connects', 'pongs', 'few', 'calm']) {
  test(`the relay, with settings: ${kind}`, () => relay(settings[kind]), 60000);
  declare(kind);
}
test('every row was crossed', () => {
  assert.equal(crossed.size, manual.transport.length + manual.socketio.length);
});
test('what the chat bounds: the buckets of the manual are those of limits.c', () => {
  const source = fs.readFileSync(path.join(TOP, 'relay/chat/limits.c'), 'utf8');
  const rates = [...source.matchAll(/\[RATE_(\w+)\]\s*= \{ (\d+), (\d+) \}/g)].map(([, name, second, burst]) => [name, `${burst}, then ${second} a second`]);
  const [user, address] = [rates.slice(0, rates.length / 2), rates.slice(rates.length / 2)].map((half) => Object.fromEntries(half));
  const said = Object.fromEntries(rowsOf('relay/upred-relay.8', /^\.Ss What the chat/m).slice(1).map(([name, ...of]) => [name, of]));
  const words = { SEND: 'sends', RECEIPT: 'receipts', TYPING: 'signs of typing', OTHER: 'others', CONNECT: 'CONNECTs' };
  assert.deepEqual(Object.keys(user).sort(), Object.keys(words).sort());
  for (const [name, word] of Object.entries(words)) {
    assert.deepEqual(said[word], [user[name], address[name]], word);
  }
});
test('what the chat bounds: the counters that the manual names, and the answers', async () => {
  await relay({ ...settings.calm, RATE_LIMITS: 'on' });
  const page = fs.readFileSync(path.join(TOP, 'relay/upred-relay.8'), 'utf8');
  const part = page.slice(page.indexOf('.Ss What the chat'), page.indexOf('.Sh FILES'));
  const names = part.match(/\b\w+_total\b|\bcommands_waiting\b/g);
  const figures = async () => house.metrics();
  const before = await figures();
  assert.equal(new Set(names).size, 7, names.join(' '));
  for (const name of names) assert.ok(`upred_relay_${name}` in before, name);
  const someone = (await cast(house, 1))[0];
  const long = await wire.wsRaw(server, `&user_id=${someone}`);
  long.send(`40{"token":"${'x'.repeat(16 * 1024 - 11)}"}`);
  await ask(() => long.frames.some((f) => f.text.startsWith('44{')), 8000, 'CONNECT_ERROR');
  long.destroy();
  const ws = await wire.wsRaw(server, `&user_id=${someone}`);
  ws.send(`40{"token":"${'x'.repeat(16 * 1024 - 12)}"}`);       // a byte less
  await ask(() => ws.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
  ws.send('42999["nada"]');
  await ask(() => ws.frames.some((f) => /^43999\[.*bad_request/.test(f.text)), 8000, 'the refusal');
  for (let i = 0; i < 260; i += 1) ws.send(`42${i}["get_presence",{}]`);
  await ask(() => ws.frames.filter((f) => /^43\d{1,3}\[/.test(f.text)).length === 261, 8000, 'all answers');
  const fast = ws.frames.filter((f) => /^43\d+\[.*too_fast/.test(f.text)).length;
  const after = await figures();
  const grown = (name) => after[`upred_relay_${name}`] - before[`upred_relay_${name}`];
  assert.ok(fast > 0 && fast <= 61, `${fast} too fast`);
  assert.equal(grown('arrivals_closed_total'), 0);
  const again = await wire.wsRaw(server, `&user_id=${someone}`);
  for (let i = 0; i < 30; i += 1) ['40', '41'].forEach((word) => again.send(word));
  await ask(async () => (await figures()).upred_relay_arrivals_closed_total === 1, 8000, 'who comes and goes to be cut');
  await (await house.connect(someone)).close();
  assert.deepEqual([grown('refused_fast_total'), grown('unknown_events_total'), grown('arrivals_refused_total')], [fast, 1, 1]);
  ws.destroy();
}, 60000);
test('a log line for each kind, without what clients say', async () => {
  const log = house.log('relay');
  assert.match(log, /refused: /);
  assert.doesNotMatch(log, /secreto/);
  const someone = (await cast(house, 1))[0];
  await relay(settings.short);
  const ws = await wire.wsRaw(server, `&user_id=${someone}`);
  ws.send('40');
  await ask(() => ws.frames.some((f) => f.text.startsWith('42')), 8000, 'the welcome');
  ws.send('40');
  assert.equal(await ws.closeCode(), 1008);
  await ask(() => /user \d+ left: forced server close, packet out of turn/.test(house.log('relay')), 4000, 'the true reason');
}, 60000);
