'use strict';
// timeout: 120
// Tables that grew for years beside another program: what is not as the guide has it is served as far as it goes, stops nobody
// else, and the log says what to repair.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say } = require('./cast');

let house;
let ids;
let ana;
let luis;
let room;
let salon;
atEnd(async () => { if (house) await house.stop(); });

const sala = async (uuid) => (await house.rows('SELECT id FROM salas_chat WHERE sala_uuid = ?', [uuid]))[0].id;
const inserts = async (uuid, sender, text) => (await house.rows(`INSERT INTO mensajes (mensaje_uuid, sala_chat_id, remitente_id, contenido)
  VALUES (UUID(), ?, ?, ?)`, [await sala(uuid), sender, text])).insertId;
// Warnings of a part since `from`.
const warned = (part, from) => house.log(part).slice(from).split('\n').filter((l) => / warn /.test(l));

test('two people with a direct room and a group', async () => {
  house = await House.start({ BUS_WORKERS: 2 });
  ids = await cast(house, 2);
  const club = await group(house, ids);
  [ana, luis] = [await house.connect(ids[0]), await house.connect(ids[1])];
  room = (await joinDirect(ana, ids[1])).sala_uuid;
  await joinDirect(luis, ids[0]);
  salon = (await joinGroup(ana, club)).sala_uuid;
  await joinGroup(luis, club);
  assert.doesNotMatch(house.log('bus'), /UNIQUE|InnoDB/);
}, 60000);

test('a text of 5 MB (MEDIUMTEXT): events go without it, others are not held up, REST has it', async () => {
  const { mensaje_id: before } = await say(ana, words(room, ids[0], 'antes'));
  await house.rows('ALTER TABLE mensajes MODIFY contenido MEDIUMTEXT NULL');
  const from = house.log('bus').length;
  const large = String(await inserts(room, ids[0], 'x'.repeat(5000000)));
  await inserts(salon, ids[1], 'en otra sala');
  await ana.next('receive_message', { message: 'en otra sala' });
  assert.equal((await luis.next('receive_message', { mensaje_id: large })).message, '');
  const { mensaje_id: after } = await say(ana, words(room, ids[0], 'después'));
  await luis.next('receive_message', { mensaje_id: after });
  const history = await luis.call('load_message_history', { sala_uuid: room, after: before });
  assert.deepEqual(history.messages.map((m) => [m.mensaje_id, m.message]), [[large, '']]);  // such a page is full
  const missed = await luis.call('load_missed_messages', { after: large });
  assert.ok(missed.messages.some((m) => m.mensaje_id === after));
  const page = await house.api('GET', `/api/mensajes/salas/${room}/mensajes?after=${before}&limit=1`, { user: ids[1] });
  assert.equal(page.json[0].contenido.length, 5000000);
  assert.match(warned('bus', from).join(), new RegExp(`message ${large} has a text too large for an event`));
  // what is too much by itself for the list of rooms is left out of it alone
  const larger = String(await inserts(room, ids[0], 'x'.repeat(7000000)));
  await house.rows('UPDATE salas_chat SET actualizado_en = CURRENT_TIMESTAMP + INTERVAL 1 MINUTE WHERE sala_uuid = ?', [room]);
  const list = await house.api('GET', '/api/mensajes/salas', { user: ids[0] });
  assert.deepEqual(list.json.map((r) => [r.sala_uuid, r.ultimo_mensaje?.contenido]), [[room, undefined], [salon, 'en otra sala']]);
  await house.rows('DELETE FROM mensajes WHERE id IN (?, ?)', [large, larger]);
}, 60000);

test('messages of nobody (no foreign key) are shown, and pages do not end where there are only such', async () => {
  const [{ name }] = await house.rows(`SELECT constraint_name AS name FROM information_schema.key_column_usage
    WHERE table_schema = DATABASE() AND table_name = 'mensajes' AND column_name = 'remitente_id' AND referenced_table_name = 'usuarios'`);
  await house.rows(`ALTER TABLE mensajes DROP FOREIGN KEY ${name}, MODIFY remitente_id BIGINT NULL`);
  const first = await say(ana, words(room, ids[0], 'de alguien'));
  const gone = String(await inserts(room, 999999999, 'de quien ya no está'));
  const none = String(await inserts(room, null, 'del sistema'));
  assert.equal((await luis.next('receive_message', { mensaje_id: gone })).from, '999999999');
  assert.equal((await luis.next('receive_message', { mensaje_id: none })).sender_name, '');
  const page = await house.api('GET', `/api/mensajes/salas/${room}/mensajes?after=${first.mensaje_id}`, { user: ids[1] });
  assert.deepEqual(page.json.map((m) => [m.contenido, m.remitente_id, m.remitente.id, m.remitente.nombre]),
    [['de quien ya no está', 999999999, 999999999, null], ['del sistema', null, null, null]]);
  const { messages } = await ana.call('load_message_history', { sala_uuid: room, limit: 2 });
  assert.deepEqual(messages.map((m) => m.mensaje_id), [gone, none]);
}, 60000);

test('a trigger that meets a key of its own table: refused, and the log says which key', async () => {
  await house.rows('CREATE TABLE resumen (sala BIGINT PRIMARY KEY, n INT)');
  await house.rows('CREATE TRIGGER ajeno AFTER INSERT ON mensajes FOR EACH ROW INSERT INTO resumen VALUES (NEW.sala_chat_id, 1)');
  const from = house.log('bus').length;
  await say(ana, words(room, ids[0], 'la primera'));
  const ack = await ana.call('send_message', words(room, ids[0], 'la segunda'));
  assert.equal(ack.message, 'No se pudo guardar el mensaje');
  await house.rows('DROP TRIGGER ajeno');
  assert.match(warned('bus', from).join(), /1062 Duplicate entry for key \S+ \(send insert\): no message has its uuid: not stored/);
}, 30000);

test('a recipient row that cannot be written: the log names the statement', async () => {
  await house.rows('ALTER TABLE destinatarios_mensaje ADD canal INT NOT NULL');
  const from = house.log('bus').length;
  assert.equal((await ana.call('send_message', words(room, ids[0], 'sin canal'), 15000)).code, 'unavailable');
  assert.match(warned('bus', from).join(), / warn store 1364 .*\(send direct recipients\)/);
  await house.rows('ALTER TABLE destinatarios_mensaje DROP canal');
}, 30000);

test('keys, engines and character sets on which promises stand are looked at, at the start', async () => {
  await house.rows('ALTER TABLE mensajes MODIFY url_archivo TEXT CHARACTER SET utf8mb3 NULL');
  await house.rows('ALTER TABLE mensajes DROP INDEX mensaje_uuid, ADD INDEX (mensaje_uuid)');
  await house.rows('ALTER TABLE destinatarios_mensaje DROP FOREIGN KEY fk_destinatarios_mensaje, DROP FOREIGN KEY fk_destinatarios_usuario');
  await house.rows('ALTER TABLE destinatarios_mensaje ENGINE=MyISAM');
  const from = house.log('bus').length;
  await house.restartPart('bus');
  await ask(async () => (await ana.call('load_rooms', {}, 5000)).status === 'ok', 10000, 'the new workers');
  const said = await ask(() => /is MyISAM/.test(house.log('bus').slice(from)) && / UNIQUE /.test(house.log('bus').slice(from)) &&
    warned('bus', from).join(), 5000, 'what they saw');
  assert.match(said, /mensajes\.mensaje_uuid has no UNIQUE key of its own/);
  assert.match(said, /table destinatarios_mensaje is MyISAM: only InnoDB/);
  assert.match(said, /mensajes\.url_archivo is utf8mb3, not utf8mb4/);
  assert.doesNotMatch(said, /sala_uuid/);
}, 60000);
