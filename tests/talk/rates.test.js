'use strict';
// Who asks too often by REST is told to wait, and how long; others do not notice.
const { test, atEnd, pause, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast } = require('./cast');

let house;
let ids;

test('a house with its bounds', async () => {
  house = await House.start({ RATE_LIMITS: 'on' });
  ids = await cast(house, 3);
}, 120000);

test('a flood of writes is 429 with Retry-After, the same person may read, another may write', async () => {
  const write = (user) => house.api('POST', `/api/mensajes/salas/directa/${ids[1]}`, { user });
  const answers = [];
  // on a slow machine it takes longer to be faster than twenty a second
  while (answers.length < 3000 && answers.filter((a) => a.status === 429).length < 20) answers.push(...await Promise.all(Array.from({ length: 20 }, () => write(ids[0]))));
  const refused = answers.filter((a) => a.status === 429);
  assert.ok(answers.every((a) => [200, 201, 429].includes(a.status)));
  assert.ok(answers.length - refused.length >= 200 && refused.length > 0, `${refused.length} of ${answers.length}`);
  for (const answer of refused) {
    assert.deepEqual(Object.keys(answer.json).sort(), ['code', 'detail', 'retry_ms']);
    assert.equal(answer.json.code, 'too_fast');
    assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
  }
  assert.equal((await house.api('GET', '/api/mensajes/salas', { user: ids[0] })).status, 200);
  assert.ok([200, 201].includes((await write(ids[2])).status));
  await pause(refused[refused.length - 1].json.retry_ms + 100);
  assert.equal((await write(ids[0])).status, 200);
}, 60000);

atEnd(() => house && house.stop());
