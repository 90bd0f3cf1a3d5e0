'use strict';
// timeout: 120
// A database that is 200 ms away, and more asked of it than it can do. What a job has done in its time is kept, and the rest
// goes again: with a deadline for all of it alone nearly nothing was done, and each worker was busy with what it threw away.
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { test, atEnd, pause, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const { cast, joinDirect, words, say } = require('../talk/cast');

const NAME = `far-${process.pid}`;
const PROGRAM = path.join(BUILD, `${NAME}.sh`);
const HALF_MS = 100;
const port = () => Number(fs.readFileSync(path.join(BUILD, 'houses', NAME, 'state/db_port'), 'utf8'));
let house;
let server;
atEnd(async () => {
  if (house) await house.stop();
  if (server) server.close();
  fs.rmSync(PROGRAM, { force: true });
});

// What comes from one goes to the other so much later, in order.
const late = (from, to) => {
  from.on('data', (bytes) => setTimeout(() => { if (!to.destroyed) to.write(bytes); }, HALF_MS));
  from.on('close', () => setTimeout(() => to.destroy(), HALF_MS)).on('error', () => {});
};

test('of too much that is asked of a far database some is done', async () => {
  server = net.createServer({ noDelay: true }, (from) => {
    const to = net.connect({ port: port(), host: '127.0.0.1', noDelay: true });
    late(from, to);
    late(to, from);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  fs.writeFileSync(PROGRAM, `#!/bin/sh\nunset DB_SOCKET\nDB_HOST='127.0.0.1:${server.address().port}' exec '${path.join(BUILD, 'bin/upred-api')}' "$@"\n`, { mode: 0o755 });
  house = await House.start({ API_BIN: PROGRAM, BUS_WORKERS: 4 }, { name: NAME });
  const ids = await cast(house, 2);
  const ana = await house.connect(ids[0], { transports: ['websocket'] }, 20000);
  const { sala_uuid: room } = await joinDirect(ana, ids[1]);
  await say(ana, words(room, ids[0], 'hola'));
  const answers = [];
  for (let i = 0; i < 16; i += 1) {
    const began = Date.now();
    for (const [event, data] of [['load_message_history', { sala_uuid: room }], ['load_rooms', {}]]) {
      answers.push(ana.call(event, data, 20000).then((a) => [a.status, Date.now() - began]));
    }
    await pause(500);
  }
  const got = await Promise.all(answers);
  const done = got.filter(([status]) => status === 'ok').length;
  assert.ok(done >= 5, `${done} of ${got.length}`);
}, 90000);
