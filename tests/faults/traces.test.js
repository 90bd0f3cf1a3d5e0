'use strict';
// timeout: 300
// What an operator sees: each refusal and each fault leaves one line, and where the relay knows of it one counter goes up
// by one. No line holds a word of a message or a token, at any level.
const { createHmac } = require('node:crypto');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const clients = require('../lib/clients');
const { cast, group, joinDirect, joinGroup, words, say } = require('../talk/cast');
const { build, Steps } = require('./hooks');

const KEY = 'llave de las huellas, bastante larga';
const WORD = 'palabra-que-nadie-escribe';
const ENOSPC = 28;
const made = [];                       // tokens
const steps = {};                      // part -> Steps
const metrics = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-metrics-'));
let house;
let ids;
let club;
let ana;
let room;
atEnd(async () => {
  if (house) await house.stop();
  fs.rmSync(metrics, { recursive: true });
});

const part64 = (x) => Buffer.from(JSON.stringify(x)).toString('base64url');
function token(id, seconds = 600, key = KEY) {
  const text = `${part64({ alg: 'HS256', typ: 'JWT' })}.${part64({ sub: `p${id}@upred.example`, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  made.push(`${text}.${createHmac('sha256', key).update(text).digest('base64url')}`);
  return made.at(-1);
}
const enter = (id, options = {}) => house.connect(undefined, { auth: { token: token(id, options.seconds) }, transports: ['websocket'], ...options });
const bearer = (id) => ({ Authorization: `Bearer ${token(id)}` });

async function start(part) {
  await house.startPart(part, { FAULT_DIR: steps[part].folder });
}

test('a house that wants tokens, tells all it can, and bounds its clients', async () => {
  house = await House.start({ ...build(), METRICS_DIR: metrics, AUTH_MODE: 'token', SECRET_KEY: KEY, RATE_LIMITS: 'on', LOG_LEVEL: 'trace',
    BUS_WORKERS: 2, FCGI_WORKERS: 2 });
  for (const part of ['bus', 'fcgi', 'relay']) {
    steps[part] = new Steps(path.join(house.runDir, 'steps', part));
    await house.stopPart(part);
    await start(part);
  }
  ids = await cast(house, 6);
  club = await group(house, [ids[0], ids[1], ids[2]]);
  ana = await enter(ids[0], { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
  room = (await joinDirect(ana, ids[1])).sala_uuid;
  await say(ana, words(room, ids[0], `${WORD} primero`));
}, 300000);

const send = (text, more) => ana.call('send_message', words(room, ids[0], `${WORD} ${text}`, more), 12000);

// What a pool counted: its file, as an object.
function counted(pool) {
  const text = fs.readFileSync(path.join(metrics, `upred-api-${pool}.prom`), 'utf8');
  return Object.fromEntries(text.split('\n').filter((l) => l && l[0] !== '#').map((l) => {
    const [, name, more, number] = /^upred_api_(\w+)_total\{pool="\w+"(?:,status="(\w+)")?\} (\d+)$/.exec(l);
    return [more ? `${name} ${more}` : name, Number(number)];
  }));
}

// trace(name, { counters, api, logs }, trouble): while `trouble` happens each counter (relay_…_total without its ends) rises by
// one, and each log (part -> regular expression) gets one such line. api: pool -> the
// counter of its file that does so too. `times`: trouble returns how often instead.
function trace(name, { counters = [], api = {}, logs = {}, ms = 60000 }, trouble) {
  test(name, async () => {
    const before = counters.length ? await house.metrics() : {};
    const pools = Object.fromEntries(Object.keys(api).map((pool) => [pool, counted(pool)]));
    const from = Object.fromEntries(Object.keys(logs).map((part) => [part, house.log(part).length]));
    const times = await trouble() ?? 1;
    const lines = (part) => house.log(part).slice(from[part]).split('\n').filter((l) => logs[part].test(l));
    for (const part of Object.keys(logs)) {
      await ask(() => lines(part).length >= times, 8000, `a line in ${part}.log: ${logs[part]}`);
      assert.deepEqual(lines(part).length, times, lines(part).join('\n'));
    }
    const grown = (after, c) => after[`upred_relay_${c}_total`] - (before[`upred_relay_${c}_total`] || 0);
    for (const c of counters) {
      await ask(async () => grown(await house.metrics(), c) >= times, 5000, `the counter ${c}`);
      assert.equal(grown(await house.metrics(), c), times, c);
    }
    for (const [pool, c] of Object.entries(api)) {
      await ask(() => counted(pool)[c] >= pools[pool][c] + times, 5000, `the counter ${c} of ${pool}`);
      assert.equal(counted(pool)[c], pools[pool][c] + times, c);
    }
  }, ms);
}

// ---- refusals ----

trace('an event that is none of ours', { counters: ['unknown_events', 'refused'], logs: { relay: / info \S+ user \d+: unknown event refused: bad_request$/ } },
  async () => { assert.equal((await ana.call('no_such_event', {})).code, 'bad_request'); });

trace('the same from somebody who waits for no answer', { counters: ['unknown_events'], logs: { relay: / info \S+ user \d+: unknown event, nobody to tell$/ } },
  async () => { ana.emit('no_such_event', {}); });

trace('a payload that the relay refuses', { counters: ['refused'], logs: { relay: / info \S+ user \d+: typing refused: / } },
  async () => { assert.equal((await ana.call('typing', 'x')).code, 'bad_request'); });

trace('too fast', { counters: ['refused_fast'], logs: { relay: / info \S+ user \d+: typing refused: too_fast$/ } }, async () => {
  let slow = 0;
  // more lines than ten in a second are left out
  for (let n = 0; n < 1000 && slow < 4; n += 1) slow += (await ana.call('typing', { sala_uuid: room, typing: true })).code === 'too_fast';
  return slow;
});

trace('an event that a handler refuses', { counters: ['refused_by_handlers'], api: { bus: 'refused 403' }, logs: { bus: / info refused user \d+: join_group: 403 not_member$/ } },
  async () => {
    const eva = await enter(ids[3]);
    assert.equal((await eva.call('join_group', { group_id: club })).code, 'not_member');
  });

trace('a message that a handler refuses', { counters: ['refused_by_handlers'], api: { bus: 'refused 404' }, logs: { bus: / info refused user \d+: send_message: 404 not_found$/ } },
  async () => { assert.equal((await ana.call('send_message', words('no-hay', ids[0], WORD))).code, 'not_found'); });

trace('a REST request refused', { api: { fcgi: 'refused 404' }, logs: { fcgi: / info refused user \d+: GET \/api\/mensajes\/salas\/no-hay: 404 not_found$/ } },
  async () => { assert.equal((await house.api('GET', `/api/mensajes/salas/no-hay?q=${WORD}`, { headers: bearer(ids[0]) })).status, 404); });

trace('a REST request with a bad token', { api: { fcgi: 'refused 401' }, logs: { fcgi: / info refused user 0: GET \/api\/mensajes\/salas: 401 unauthorized, the signature is wrong$/ } },
  async () => { assert.equal((await house.api('GET', '/api/mensajes/salas', { headers: { Authorization: `Bearer ${token(ids[0], 600, 'otra llave')}` } })).status, 401); });

async function refusedAtTheDoor(auth) {
  const socket = clients.open(house.relayUrl, undefined, { auth, transports: ['websocket'] });
  house.sockets.push(socket);
  await new Promise((resolve) => { socket.once('connect_error', resolve); });
}

trace('a connection with a bad token', { counters: ['arrivals_refused'],
  logs: { relay: / info \S+ connection from \S+ refused$/, bus: / info refused user 0: connect: 401 unauthorized, the signature is wrong$/ } },
() => refusedAtTheDoor({ token: token(ids[0], 600, 'otra llave') }));

trace('a connection that brings too much', { counters: ['arrivals_refused'], logs: { relay: / info \S+ connection from \S+ refused: too much auth$/ } },
  () => refusedAtTheDoor({ token: 'x'.repeat(17000) }));

trace('a token that expires', { counters: ['expired'], logs: { relay: / info \S+ user \d+: token expired$/ } }, async () => {
  const eva = await enter(ids[3], { seconds: 5 });
  await eva.next('error', { code: 'unauthorized' }, 12000);
});

trace('a person who is suspended', { counters: ['dismissed'], logs: { relay: / info members user \d+ may no longer connect$/ } }, async () => {
  const eva = await enter(ids[4]);
  await house.rows("UPDATE usuarios SET estado = 'suspendido' WHERE id = ?", [ids[4]]);
  await eva.next('error', { code: 'unauthorized' }, 8000);
});

trace('a member who is removed', { counters: ['removed'], logs: { relay: / info members \S+ leaves group_\S+: no longer a member$/ } }, async () => {
  const luis = await enter(ids[2]);
  await joinGroup(luis, club);
  await house.rows("UPDATE miembros_grupo SET estado_membresia = 'salio' WHERE grupo_id = ? AND usuario_id = ?", [club, ids[2]]);
  await luis.next('group_left', { status: 'removed' }, 8000);
});

// ---- faults on the bus ----

trace('a worker that dies with a job', { counters: ['jobs_lost', 'workers_died'],
  logs: { relay: / warn bus job \d+ \(1 commands\) lost: its worker is gone$/, bus: / warn bus worker \d+ died of signal 9; another in / } }, async () => {
  steps.bus.arm('send.find', 'kill');
  assert.equal((await send('muere')).status, 'sent');
});

trace('a job that is answered too late', { counters: ['answers_late'],
  logs: { relay: / info bus answers to job \d+ came late$/ } }, async () => {
  steps.bus.arm('send.find', 'delay', { value: 3000 });
  assert.equal((await send('tarde')).status, 'sent');
  await steps.bus.met();
});

trace('a job that younger ones no longer wait for', { counters: ['jobs_slow'],
  logs: { relay: / info dispatch job \d+ is late: what younger ones answer no longer waits for it$/ } }, async () => {
  const eva = await enter(ids[3]);
  const other = (await joinDirect(eva, ids[5])).sala_uuid;
  steps.bus.arm('send.find', 'delay', { value: 1000 });
  const late = send('despacio');
  await steps.bus.met();
  assert.equal((await eva.call('send_message', words(other, ids[3], `${WORD} deprisa`))).status, 'sent');
  assert.equal((await late).status, 'sent');
});

trace('a job that does not arrive', { counters: ['jobs_again'], logs: { relay: / info bus job \d+ never arrived and is given again$/ } }, async () => {
  steps.bus.arm('nano.hear.job', 'drop');
  await steps.bus.met();
});

trace('rubbish on the bus', { counters: ['bus_malformed'], logs: { relay: / warn bus malformed SIGNAL dropped$/ } }, async () => {
  const folder = house.env.BUS_DIR;
  const at = fs.readdirSync(folder).find((f) => /signal/.test(f) && fs.statSync(path.join(folder, f)).isSocket());
  const socket = net.connect(path.join(folder, at));
  const body = Buffer.from(`\x01\x05${WORD}`);
  const head = Buffer.alloc(9);
  head[0] = 1;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    // nanomsg's greeting of a PUSH, then one message
    socket.write(Buffer.from([0, 0x53, 0x50, 0, 0, 0x50, 0, 0]));
    socket.once('data', () => socket.write(Buffer.concat([head, body]), resolve));
  });
  await pause(200);
  socket.destroy();
});

trace('workers that say nothing, and somebody at the door', { counters: ['arrivals_closed'],
  logs: { relay: / info \S+ \S+ sent away: nobody let it in$/ } }, async () => {
  const workers = house.children('bus');
  workers.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  try {
    const eva = clients.open(house.relayUrl, undefined, { auth: { token: token(ids[3]) }, transports: ['websocket'] });
    house.sockets.push(eva);
    await new Promise((resolve) => { eva.once('disconnect', resolve); eva.io.engine.once('close', resolve); });
  } finally {
    workers.forEach((pid) => process.kill(pid, 'SIGCONT'));
  }
  await ask(async () => (await send('otra vez', { client_id: `otra-${Math.random()}` })).status === 'sent', 10000, 'service');
});

trace('no worker at all', { counters: ['unavailable', 'refused'], logs: { relay: / info \S+ user \d+: send_message refused: unavailable$/ } }, async () => {
  await house.stopPart('bus');
  await ask(async () => (await house.api('GET', '/socket.io/?EIO=4&transport=polling&user_id=456', { url: house.relayUrl })).status === 503,
    8000, 'the relay to notice');
  assert.equal((await send('sin manos')).code, 'unavailable');
  await start('bus');
  await ask(async () => (await house.api('GET', '/readyz', { url: house.relayUrl })).status === 200, 8000, 'ready');
});

// ---- faults of the feed and of the restart ----

trace('feed.mark cannot be written', { counters: ['feed_marks_failed'], logs: { relay: / warn feed \S+feed\.mark: No space left on device$/ } }, async () => {
  steps.relay.arm('feed.mark', 'fail', { value: ENOSPC });
  const mended = () => house.log('relay').split('feed.mark can be written again').length;
  const before = mended();
  await steps.relay.met();
  await ask(() => mended() > before, 8000, 'that it can be written again');
});

trace('the table goes back', { counters: ['feed_went_back'], logs: { relay: / warn feed newest id \d+ is below \d+: the table went back$/ } }, async () => {
  await send('se va');
  await pause(1500);
  await house.rows('DELETE FROM mensajes WHERE id = (SELECT id FROM (SELECT MAX(id) AS id FROM mensajes) AS newest)');
  await pause(1500);
});

test('a relay that comes back: what it finds, and answers to the one before', async () => {
  steps.bus.arm('worker.done', 'delay', { value: 6000 });
  const unheard = send('para otro').catch(() => {});
  await steps.bus.met();
  await house.stopPart('relay', 'KILL');
  const from = house.log('relay').length;
  const file = path.join(house.env.BUS_DIR, 'relay.handover');
  fs.writeFileSync(file, `${WORD} no es un relevo`.repeat(10), { mode: 0o600 });
  await start('relay');
  await unheard;
  const mine = () => house.log('relay').slice(from).split('\n');
  await steps.bus.met();
  await pause(6000);                   // (whoever else had a job of the one before, too)
  const foreign = (await house.metrics()).upred_relay_answers_foreign_total;
  assert.ok(foreign >= 1 && foreign <= 2, `${foreign} answers to another relay`);
  assert.equal(mine().filter((l) => / info bus answers of worker \d+ are for an earlier relay$/.test(l)).length, foreign);
  assert.equal((await house.metrics()).upred_relay_handovers_bad_total, 1);
  assert.equal(mine().filter((l) => / warn relay \S+ is torn: nobody is recovered$/.test(l)).length, 1);
}, 60000);

// ---- faults of the database ----

trace('no database: the workers say so, the feed too, the client is told', { counters: ['unavailable'],
  logs: { relay: / info \S+ user \d+: send_message refused: unavailable/ }, ms: 90000 }, async () => {
  await ask(() => ana.connected, 5000, 'Ana to be back');
  const before = await house.metrics();
  const from = house.log('bus').length;
  const lost = counted('bus').database_lost;
  await house.stopPart('db');
  let refused = 0;
  const tried = async (text) => {
    const answer = await send(text);
    refused += answer.code === 'unavailable';
    return answer;
  };
  assert.equal((await tried('sin base')).code, 'unavailable');
  await ask(async () => (await house.metrics()).upred_relay_feed_sweeps_failed_total > before.upred_relay_feed_sweeps_failed_total, 8000, 'a failed sweep');
  assert.match(house.log('bus').slice(from), / warn store 20\d\d .*\(connect to /);
  assert.match(house.log('relay'), / warn feed a question to the database had no answer; asked again$/m);
  await ask(() => counted('bus').database_lost > lost, 5000, 'its counter');
  await house.startPart('db');
  await ask(async () => (await tried('con base')).status === 'sent', 15000, 'service');
  return refused;
});

test('a database that can lose commits: each worker says so, and it is counted', async () => {
  const flush = (how) => execFileSync('mariadb', ['--no-defaults', `--socket=${house.env.DB_SOCKET}`,
    `--user=${os.userInfo().username}`, '-e', `SET GLOBAL innodb_flush_log_at_trx_commit = ${how}`]);
  flush(2);
  await house.restartPart('bus');
  await ask(async () => (await send('en peligro')).status === 'sent' && counted('bus').database_unsafe > 0, 10000, 'its counter');
  assert.match(house.log('bus'), / warn store a crash of the database can lose commits: innodb_flush_log_at_trx_commit=2 /);
  flush(1);
});

trace('a signal that no relay takes', { logs: { fcgi: / info signals a relay does not take signals now; \d+ lost so far$/ } }, async () => {
  const more = { headers: bearer(ids[0]), body: { contenido: `${WORD} por REST` } };
  const post = () => house.api('POST', `/api/mensajes/salas/${room}/mensajes`, more);
  await house.stopPart('relay', 'KILL');
  // the first goes into a connection that is not known to be dead yet
  await ask(async () => {
    assert.equal((await post()).status, 201);
    return / does not take signals/.test(house.log('fcgi'));
  }, 8000, 'a lost signal');
  await ask(() => counted('fcgi').signals_lost > 0, 5000, 'its counter');
});

test('no log holds a word of a message, or a token', async () => {
  const folder = path.join(house.runDir, 'log');
  const logs = fs.readdirSync(folder).map((f) => path.join(folder, f));
  assert.ok(logs.length >= 4 && made.length >= 8);
  for (const file of logs) {
    const text = fs.readFileSync(file, 'utf8');
    assert.ok(!text.includes(WORD), `${file}: ${text.slice(text.indexOf(WORD) - 200).slice(0, 300)}`);
    for (const t of made) assert.ok(!text.includes(t) && !text.includes(t.split('.')[2]), `${file} holds a token`);
  }
});
