'use strict';
// Triggers of the companion's database: what they refuse is refused for good, what they write themselves is no trouble, what they
// change is heard changed, and a command that has to be tried again is not overtaken by what its socket said later.
const { test, atEnd, ask, assert } = require('../lib/check');
const { House } = require('../lib/house');
const { cast, group, joinDirect, joinGroup, words, say } = require('./cast');

const LOCK_WAIT = 1205;                // passing trouble, to whoever hears of it

let house;
let ids;
let club;
let ana;
let luis;
let room;
atEnd(async () => { if (house) await house.stop(); });

const stored = async (text) => (await house.rows('SELECT id FROM mensajes WHERE contenido = ?', [text])).length;

async function withTrigger(body, run, when = 'BEFORE') {
  await house.rows(`CREATE TRIGGER ajeno ${when} INSERT ON mensajes FOR EACH ROW ${body}`);
  try {
    await run();
  } finally {
    await house.rows('DROP TRIGGER ajeno');
  }
}
const refusing = (errno) => `IF NEW.contenido = 'despacio' THEN DO SLEEP(0.3); ELSEIF NEW.contenido LIKE 'veneno%' THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no se admite', MYSQL_ERRNO = ${errno}; END IF`;

test('two people, one bus worker', async () => {
  house = await House.start({ BUS_WORKERS: 1 });
  ids = await cast(house, 2);
  club = await group(house, ids);
  [ana, luis] = [await house.connect(ids[0]), await house.connect(ids[1])];
  room = (await joinDirect(ana, ids[1])).sala_uuid;
  await joinDirect(luis, ids[0]);
}, 60000);

test('a column without a value (1364) is the administrator\'s to repair: a warning says so', async () => {
  await house.rows('ALTER TABLE mensajes ADD COLUMN obligatorio INT NOT NULL');
  try {
    const ack = await ana.call('send_message', words(room, ids[0], 'sin columna'), 15000);
    assert.equal(ack.code, 'unavailable');
    assert.match(house.log('bus'), / warn store 1364 /);
  } finally {
    await house.rows('ALTER TABLE mensajes DROP COLUMN obligatorio');
  }
  await say(ana, words(room, ids[0], 'con columna'));
}, 30000);

test('what a trigger refuses (SIGNAL) is refused at once, and the others of the set are stored', async () => {
  await withTrigger(refusing(1644), async () => {
    const began = Date.now();
    const [bad, good] = await Promise.all([
      ana.call('send_message', words(room, ids[0], 'veneno puro')), luis.call('send_message', words(room, ids[1], 'agua'))]);
    assert.equal(bad.message, 'No se pudo guardar el mensaje', JSON.stringify(bad));
    assert.equal(good.status, 'sent', JSON.stringify(good));
    assert.ok(Date.now() - began < 2000);
    const answer = await house.api('POST', `/api/mensajes/salas/${room}/mensajes`,
      { user: ids[0], body: { contenido: 'veneno REST' } });
    assert.equal(answer.json.detail, 'No se pudo guardar el mensaje', answer.text);
  });
  assert.equal(await stored('veneno puro'), 0);
  assert.match(house.log('bus'), / info store 1644 /);
}, 30000);

// Sends all at once; the answers in the order in which they came: 'text status'.
async function inOrder(texts) {
  const came = [];
  await Promise.all(texts.map(async (text) => {
    const ack = await ana.call('send_message', words(room, ids[0], text), 15000);
    came.push(`${text} ${ack.status}`);
  }));
  return came;
}

test('commands of one socket are answered and done in order, also when the first is tried again in vain', async () => {
  await withTrigger(refusing(LOCK_WAIT), async () => {
    // the one worker is busy meanwhile: the three go in one job
    const slow = luis.call('send_message', words(room, ids[1], 'despacio'));
    await ask(async () => (await house.rows(
      "SELECT id FROM information_schema.processlist WHERE state = 'User sleep'")).length, 3000, 'it to sleep');
    assert.deepEqual(await inOrder(['veneno', 'segundo', 'tercero']), ['veneno error', 'segundo sent', 'tercero sent']);
    assert.equal((await slow).status, 'sent');
  });
  const rows = await house.rows("SELECT contenido FROM mensajes WHERE contenido IN ('veneno', 'segundo', 'tercero') ORDER BY id");
  assert.deepEqual(rows.map((r) => r.contenido), ['segundo', 'tercero']);
}, 40000);

test('recipient rows that a trigger has written already are no trouble, in pairs and groups', async () => {
  const rows = async (id) => (await house.rows('SELECT destinatario_id FROM destinatarios_mensaje WHERE mensaje_id = ?', [id]))
    .map((r) => String(r.destinatario_id));
  const body = `INSERT INTO destinatarios_mensaje (mensaje_id, destinatario_id, creado_en) VALUES (NEW.id, ${ids[1]}, NOW())`;
  const { sala_uuid: salon } = await joinGroup(ana, club);
  await withTrigger(body, async () => {
    const direct = await say(ana, words(room, ids[0], 'con fila'));
    assert.deepEqual(await rows(direct.mensaje_id), [ids[1]]);
    const grouped = await say(ana, words(salon, ids[0], 'con fila en grupo', { type: 'grupal' }));
    assert.deepEqual(await rows(grouped.mensaje_id), [ids[1]]);
  }, 'AFTER');
  await luis.next('receive_message', { message: 'con fila' });
}, 30000);

test('what a trigger changes is heard changed; what it deletes at once is heard by nobody', async () => {
  const moderates = `SET NEW.eliminado_en = IF(NEW.contenido LIKE 'fuera%', NOW(), NEW.eliminado_en),
    NEW.contenido = REPLACE(NEW.contenido, 'feo', '***')`;
  const where = `/api/mensajes/salas/${room}/mensajes`;
  await withTrigger(moderates, async () => {
    const ack = await say(ana, words(room, ids[0], 'muy feo'));
    assert.equal((await luis.next('receive_message', { mensaje_id: ack.mensaje_id })).message, 'muy ***');
    const sent = await house.api('POST', where, { user: ids[0], body: { contenido: 'feo también' } });
    assert.equal(sent.json.contenido, '*** también', sent.text);
    await luis.next('receive_message', { message: '*** también' });
    await say(ana, words(room, ids[0], 'fuera por socket'));
    const gone = await house.api('POST', where, { user: ids[0], body: { contenido: 'fuera por REST' } });
    assert.ok(gone.json.eliminado_en, gone.text);
    await say(ana, words(room, ids[0], 'el último'));
    await luis.next('receive_message', { message: 'el último' });
    await luis.nothing('receive_message', (m) => m.message.startsWith('fuera'), 1300);  // the feed looks once a second
  });
}, 30000);
