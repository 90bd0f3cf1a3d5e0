'use strict';
// A planned restart of the relay while a client is between two polls: it comes back as who it was.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const wire = require('../protocol/eio_lib');

let house;

const server = () => ({ port: Number(new URL(house.relayUrl).port), path: '/socket.io/' });

// A client that polls only here: { sid, pid, recovered } as the relay names it.
async function poller(auth) {
  const p = await wire.open(server(), { query: '&user_id=123' });
  assert.equal((await p.post(`40${JSON.stringify(auth)}`)).status, 200);
  let text = '';
  await ask(async () => { text += (await p.poll()).body; return text.includes('"connected"'); });
  const [, json] = /40(\{[^}]*\})/.exec(text);
  return JSON.parse(json);
}

test('between two polls: the same id before and after', async () => {
  house = await House.start();
  const before = await poller({});
  assert.ok(before.pid);
  await house.stopPart('relay');
  await house.startPart('relay');
  const after = await poller({ pid: before.pid });
  assert.deepEqual(after, before);
}, 60000);

atEnd(() => house && house.stop());
