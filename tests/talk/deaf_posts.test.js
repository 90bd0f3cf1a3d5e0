'use strict';
// timeout: 120
// Whoever posts a great many events and never polls waits alone: the rest of a POST stays where it is while the line of its
// session is full, and nobody else is refused for it.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const wire = require('../protocol/eio_lib');
const { cast, joinDirect, words, say } = require('./cast');

const SESSIONS = 8;
const UNANSWERED = 1024;                     // of a socket: there its reading stops, until half of them have gone
const forms = [
  ['revision 4', 4, (list) => list.join('\x1e')],
  ['revision 3', 3, (list) => list.map((t) => `${t.length}:${t}`).join('')],
];

let house;
let ids;
atEnd(async () => { if (house) await house.stop(); });

test('a house of its own', async () => {
  house = await House.start({});
  ids = await cast(house, 3);
}, 60000);

for (const [name, version, body] of forms) {
  test(`${name}: ${SESSIONS} sessions post 32,000 events each and take no answer; another user's messages are sent`, async () => {
    const server = { port: Number(new URL(house.relayUrl).port), path: '/socket.io/' };
    const waiting = async () => (await house.metrics()).upred_relay_commands_waiting;
    const bea = await house.connect(ids[1], { transports: ['websocket'] });
    const room = (await joinDirect(bea, ids[2])).sala_uuid;
    const sessions = [];
    const before = await waiting();
    for (let i = 0; i < SESSIONS; i += 1) {
      const p = await wire.open(server, { version, query: `&user_id=${ids[0]}` });
      if (version === 4) await p.post('40');
      await ask(async () => /connected/.test((await p.poll()).body), 5000, 'to be let in');
      p.post(body(Array.from({ length: 32000 }, () => '420["x"]'))).catch(() => {});
      sessions.push(p);
    }
    await ask(async () => await waiting() - before > SESSIONS * UNANSWERED / 2, 20000, 'the lines to be full');
    for (let i = 0; i < 20; i += 1) await say(bea, words(room, ids[1], `${i}`));
    const { upred_relay_refused_full_waiting_total: refused } = await house.metrics();
    assert.ok(await waiting() - before <= SESSIONS * UNANSWERED + 8, `${await waiting()} wait`);
    assert.equal(refused, 0);
    for (const p of sessions) await p.post('x');   // a second POST ends its session
    await ask(async () => await waiting() === before, 5000, 'their lines to be gone');
    bea.close();
  }, 60000);
}
