'use strict';
// timeout: 90
// A trigger of the companion's that changes messages, or deletes them, as they are stored: those who hear a message at once
// hear what the row has, and what is deleted from the start is heard by nobody.
const { test, atEnd, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, joinDirect, say, words } = require('../talk/cast');

let house;
let ids;
let ana;
let luis;
let room;
atEnd(() => house && house.stop());

test('a house that moderates', async () => {
  house = await House.start();
  ids = await cast(house, 2);
  await house.rows(`CREATE TRIGGER modera BEFORE INSERT ON mensajes FOR EACH ROW SET
    NEW.eliminado_en = IF(NEW.contenido LIKE 'fuera%', NOW(), NEW.eliminado_en),
    NEW.contenido = REPLACE(NEW.contenido, 'feo', '***')`);
  [ana, luis] = [await house.connect(ids[0]), await house.connect(ids[1])];
  room = (await joinDirect(ana, ids[1])).sala_uuid;
}, 60000);

test('what is heard is what is stored', async () => {
  const ack = await say(ana, words(room, ids[0], 'muy feo'));
  const heard = await luis.next('receive_message', { mensaje_id: ack.mensaje_id });
  assert.equal(heard.message, 'muy ***');
  const sent = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: ids[0], body: { contenido: 'feo también' } });
  assert.equal(sent.json.contenido, '*** también', sent.text);
  await luis.next('receive_message', { message: '*** también' });
});

test('what is deleted as it is stored is heard by nobody', async () => {
  await say(ana, words(room, ids[0], 'fuera por socket'));
  const sent = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`, { user: ids[0], body: { contenido: 'fuera por REST' } });
  assert.ok(sent.json.eliminado_en, sent.text);
  await say(ana, words(room, ids[0], 'el último'));
  await luis.next('receive_message', { message: 'el último' });
  assert.deepEqual(luis.all('receive_message').map((m) => m.message), ['muy ***', '*** también', 'el último']);
});
