'use strict';
// timeout: 180
// A database that takes fewer connections than there are processes (max_user_connections, as shared hosting has it): those
// that got one do the work, and who got none does not take it from them.
const os = require('node:os');
const { execFileSync } = require('node:child_process');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');

const REST_S = 3;                      // so long who met no database leaves the work to others (workers.c, door_fcgi.c)

let house;
let people;
atEnd(async () => { if (house) await house.stop(); });

// As the database's owner; whoever is connected has to do it again.
function limit(connections) {
  const user = `'${house.env.DB_USER}'@localhost`;
  execFileSync('mariadb', ['--socket', house.env.DB_SOCKET, '-u', os.userInfo().username, '-e',
    `ALTER USER ${user} WITH MAX_USER_CONNECTIONS ${connections}; KILL USER ${user}`]);
}

test('a house with four workers and four handlers', async () => {
  house = await House.start({ BUS_WORKERS: 4, FCGI_WORKERS: 4, RELAY_SIGNALS: '' });
  people = await Promise.all(['123', '456', '101'].map((id) => house.connect(id, { transports: ['websocket'] })));
}, 60000);

test('three connections for four workers: no question of a client is refused', async () => {
  limit(3);
  const refused = [];
  await Promise.all(people.map(async (one) => {
    for (let i = 0; i < 60; i += 1) {
      const answer = await one.call('load_rooms', {});
      if (!answer.rooms) refused.push(answer);
      await pause(30);                 // the workers repeat that they wait: which one is asked next changes
    }
  }));
  assert.deepEqual(refused.slice(0, 3), [], `${refused.length} of 180 refused`);
  const { text } = await house.api('GET', '/metrics', { url: house.relayUrl });
  assert.match(text, /^upred_relay_workers_no_database \d+$/m);
}, 60000);

test('two connections for four handlers: they do not take the requests from each other', async () => {
  await house.stopPart('bus');
  limit(2);
  const began = Date.now();
  let refused = 0;
  for (let i = 0; i < 100; i += 1) {
    const round = await Promise.all(people.map(() => house.api('GET', '/api/mensajes/salas', { user: 123 })));
    refused += round.filter((r) => r.status === 503).length;
    assert.ok(round.every((r) => r.status === 200 || r.status === 503));
  }
  // the two without, once for each time of rest
  const most = 2 * (1 + Math.ceil((Date.now() - began) / 1000 / REST_S));
  assert.ok(refused <= most, `${refused} of 300 refused, in ${Date.now() - began} ms`);
}, 60000);

test('with the limit gone all work again', async () => {
  limit(0);
  await house.startPart('bus');
  const done = async () => (await people[0].call('load_rooms', {})).status !== 'error';
  await ask(done, 8000, 'an answer');
}, 60000);
