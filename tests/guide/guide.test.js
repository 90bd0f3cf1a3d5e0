'use strict';
// Every JavaScript example of the customer's guide, taken from its text and run as written, over WebSocket, over
// polling and with the default upgrade. Only the address is replaced, and the guide's own placeholder
// 'uuid-de-la-sala…' by the room that the example before it has joined.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test, atEnd, ask, pause, assert } = require('../lib/check');
const { House, BUILD } = require('../lib/house');
const { remember } = require('../lib/clients');
const { io } = require('socket.io-client-4');

const GUIDE = fs.readFileSync(path.join(__dirname, 'GUIA_USO.md'), 'utf8');
const examples = [...GUIDE.matchAll(/```javascript\n([\s\S]*?)```/g)].map((m) => m[1]);
const used = new Set();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
let house;

// The one example that has all of these texts.
function example(...texts) {
  const found = examples.filter((e) => texts.every((t) => e.includes(t)));
  assert.equal(found.length, 1, `examples with ${texts.join(', ')}: ${found.length}`);
  used.add(found[0]);
  return found[0];
}

// A reader of the guide: runs examples one behind the other in one program, and keeps what they print.
class Reader {
  constructor(options) {
    this.options = options;
    this.printed = [];
    this.console = {
      log: (...words) => this.printed.push(words),
      error: (...words) => this.printed.push(words),
    };
  }

  run(code, replace = {}) {
    let text = code.replace(/^import io from 'socket\.io-client';$/m, '');
    for (const [from, to] of Object.entries(replace)) text = text.replaceAll(from, to);
    const connects = /const socket = /.test(text);
    const connect = (url, options) => {
      assert.equal(url, 'http://localhost:5000');
      return remember(io(house.relayUrl, { forceNew: true, ...this.options, ...options }));
    };
    if (connects) this.socket = new Function('io', 'console', `${text}\nreturn socket;`)(connect, this.console);
    else new Function('socket', 'console', text)(this.socket, this.console);
  }

  // What an example printed behind this label; each is taken once.
  says(label, ms = 6000) {
    return ask(() => {
      const at = this.printed.findIndex((words) => words[0] === label);
      return at < 0 ? undefined : { value: this.printed.splice(at, 1)[0][1] };
    }, ms, `"${label}"`).then((found) => found.value);
  }

  close() { if (this.socket) this.socket.close(); }
}

function checkAck(ack, { room, type, text }) {
  assert.equal(ack.status, 'sent');
  assert.equal(ack.sender_id, '123');
  assert.equal(ack.type, type);
  assert.equal(ack.message_type, 'texto');
  assert.match(ack.mensaje_id, /^[1-9]\d*$/);
  assert.match(ack.mensaje_uuid, UUID);
  assert.equal(ack.sala_uuid, room);
  assert.equal(ack.message, 'Mensaje enviado y guardado en BD');
  assert.equal(typeof ack.timestamp, 'string');
  assert.ok(text === undefined || text);
}

function checkMessage(m, { from, room, type, text, ack }) {
  assert.equal(m.from, from);
  assert.equal(m.message, text);
  assert.equal(m.type, type);
  assert.equal(m.message_type, 'texto');
  assert.equal(m.url_archivo, null);
  assert.match(m.mensaje_id, /^[1-9]\d*$/);
  assert.match(m.mensaje_uuid, UUID);
  assert.match(m.enviado_en, ISO);
  assert.equal(m.sala_uuid, room);
  assert.equal(typeof m.sender_name, 'string');
  assert.match(m.sender_email, /@/);
  if (!ack) return;
  assert.equal(m.mensaje_id, ack.mensaje_id);
  assert.equal(m.mensaje_uuid, ack.mensaje_uuid);
  assert.equal(m.timestamp, ack.timestamp);
}

async function connectionAndDirectChat(reader, luis) {
  reader.run(example('import io from'));
  const welcome = await reader.says('Conectado:');
  assert.deepEqual(welcome, { status: 'connected', user_id: '123', sid: reader.socket.id });

  reader.run(example("emit('join_direct_chat'", 'Unido al chat directo:'));
  const joined = await reader.says('Unido al chat directo:');
  assert.equal(joined.status, 'ok');
  assert.equal(joined.other_user_id, '456');
  assert.equal(typeof joined.sala_chat_id, 'number');
  assert.match(joined.sala_uuid, UUID);
  assert.equal(joined.room, `chat_${joined.sala_uuid}`);

  const room = { 'uuid-de-la-sala': joined.sala_uuid };
  reader.run(example("type: 'directo'", "socket.on('ack'"), room);
  reader.run(example("socket.on('receive_message'", 'Mensaje recibido:'));
  const ack = await reader.says('ACK:');
  checkAck(ack, { room: joined.sala_uuid, type: 'directo' });
  const wanted = { from: '123', room: joined.sala_uuid, type: 'directo', text: 'Hola!', ack };
  checkMessage(await reader.says('Mensaje recibido:'), wanted);
  checkMessage(await luis.next('receive_message', { mensaje_id: ack.mensaje_id }), wanted);
  const [row] = await house.rows('SELECT contenido, remitente_id FROM mensajes WHERE id = ?', [ack.mensaje_id]);
  assert.deepEqual({ ...row }, { contenido: 'Hola!', remitente_id: '123' });
}

async function groupChat(reader, luis) {
  reader.run(example("emit('join_group'", 'Unido al grupo:'));
  const joined = await reader.says('Unido al grupo:');
  assert.equal(joined.status, 'ok');
  assert.equal(joined.group_id, '789');
  assert.equal(typeof joined.sala_chat_id, 'number');
  assert.equal(joined.room, `group_${joined.sala_uuid}`);

  luis.emit('join_group', { group_id: '789' });
  await luis.next('group_joined');
  assert.deepEqual(await reader.says('Usuario se unió al grupo:'),
    { user_id: '456', group_id: '789', sala_uuid: joined.sala_uuid });

  reader.run(example("message: 'Hola grupo!'", "'uuid-de-la-sala-grupal'"), { 'uuid-de-la-sala-grupal': joined.sala_uuid });
  const ack = await reader.says('ACK:');
  checkAck(ack, { room: joined.sala_uuid, type: 'grupal' });
  const wanted = { from: '123', room: joined.sala_uuid, type: 'grupal', text: 'Hola grupo!', ack };
  checkMessage(await reader.says('Mensaje recibido:'), wanted);
  checkMessage(await luis.next('receive_message', { mensaje_id: ack.mensaje_id }), wanted);

  reader.run(example("emit('leave_group'", 'Saliste del grupo:'));
  assert.deepEqual(await reader.says('Saliste del grupo:'), { status: 'ok', group_id: '789' });
  assert.equal((await luis.next('user_left_group')).user_id, '123');

  reader.socket.emit('join_group', { group_id: '789' });
  await reader.says('Unido al grupo:');
  luis.emit('leave_group', { group_id: '789' });
  const left = await reader.says('Usuario salió del grupo:');
  assert.equal(left.user_id, '456');
  assert.equal(left.group_id, '789');
}

async function receiptsAndErrors(reader) {
  reader.run(example("emit('mark_delivered'"));
  assert.deepEqual(await reader.says('Mensaje marcado como entregado:'), { status: 'ok', mensaje_id: '999', user_id: '123' });
  reader.run(example("emit('mark_read'", 'Mensaje marcado como leído:'));
  assert.deepEqual(await reader.says('Mensaje marcado como leído:'), { status: 'ok', mensaje_id: '999', user_id: '123' });

  reader.run(example("socket.on('error'"));
  reader.socket.emit('join_direct_chat', {});
  assert.equal((await reader.says('Error del servidor:')).message, 'other_user_id es requerido');
}

async function directFlow(options, luis) {
  const reader = new Reader(options);
  reader.run(example('Unirse al chat con otro usuario'));
  assert.equal(await reader.says('Nuevo mensaje:'), 'Hola!');
  const confirmed = await reader.socket.next('read_confirmed');
  assert.equal(confirmed.status, 'ok');
  assert.equal(confirmed.user_id, '123');
  checkMessage(await luis.next('receive_message', { mensaje_id: confirmed.mensaje_id }),
    { from: '123', room: reader.socket.all('direct_chat_joined')[0].sala_uuid, type: 'directo', text: 'Hola!' });
  reader.close();
}

// The example leaves at once after joining: the message is stored, and whoever is in the group hears it.
async function groupFlow(options, luis) {
  const reader = new Reader(options);
  luis.emit('join_group', { group_id: '789' });
  await luis.next('group_joined');
  reader.run(example('3. Enviar mensaje al grupo'));
  const ack = await reader.socket.next('ack');
  checkAck(ack, { room: reader.socket.all('group_joined')[0].sala_uuid, type: 'grupal' });
  await reader.socket.next('group_left');
  const m = await luis.next('receive_message', { mensaje_id: ack.mensaje_id });
  assert.equal(m.message, 'Hola grupo!');
  luis.emit('leave_group', { group_id: '789' });
  await luis.next('group_left');
  reader.close();
}

const ways = {
  websocket: { transports: ['websocket'] },
  polling: { transports: ['polling'], upgrade: false },
  'the default upgrade': {},
};

test('the guide is the customer\'s, with its examples', async () => {
  assert.equal(examples.length, 12);
  house = await House.open();
}, 120000);

for (const [name, options] of Object.entries(ways)) {
  test(`the examples of the guide, one behind the other, over ${name}`, async () => {
    const luis = await house.connect('456');
    const reader = new Reader(options);
    try {
      await connectionAndDirectChat(reader, luis);
      await groupChat(reader, luis);
      await receiptsAndErrors(reader);
      if (name === 'the default upgrade') await ask(() => reader.socket.io.engine.transport.name === 'websocket');
      if (name === 'polling') assert.equal(reader.socket.io.engine.transport.name, 'polling');
    } finally {
      reader.close();
      luis.close();
    }
  }, 60000);

  test(`the two complete flows of the guide, over ${name}`, async () => {
    const luis = await house.connect('456');
    try {
      await directFlow(options, luis);
      await groupFlow(options, luis);
    } finally {
      luis.close();
    }
  }, 60000);
}

test('every example of the guide has been run', () => {
  assert.deepEqual(examples.filter((e) => !used.has(e)), []);
});

// ---- what is no JavaScript ----

const others = [...GUIDE.matchAll(/```(?!javascript)(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({ language, text: text.trim() }));
const block = (language, part = '') => others.find((one) => one.language === language && one.text.includes(part)).text;

test('of the other blocks only those remain unrun that belong to the old server', () => {
  const blocks = others.filter(({ language, text }) => !['env', 'json'].includes(language) && !text.startsWith('curl'));
  assert.deepEqual(blocks.map((one) => one.text), ['pip install -r requirements.txt', 'cp .env.example .env', 'python app.py', 'python generate_secret.py']);
  assert.equal(others.length, 8);
});

test("the guide's .env is taken by both programs as it stands", () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'upred-guide-'));
  const lines = others.filter((one) => one.language === 'env').flatMap((one) => one.text.split('\n'));
  assert.equal(lines.length, 6);
  fs.writeFileSync(path.join(dir, '.env'), `${lines.join('\n')}\n`);
  for (const program of ['upred-api', 'upred-relay']) {
    const call = (word) => spawnSync(path.join(BUILD, 'bin', program), [word], { cwd: dir, env: { PATH: process.env.PATH, RUN_DIR: dir }, encoding: 'utf8' });
    const { status, stdout, stderr } = call('--check-config');
    assert.equal(status, 0, program + stdout + stderr);
    const printed = call('--print-config').stdout;
    const known = lines.filter((one) => one.startsWith(program === 'upred-relay' ? 'CORS_' : 'DB_') && !one.startsWith('DB_PASSWORD'));
    for (const line of known) assert.ok(printed.includes(line), line);
    assert.ok(!printed.includes('tu_password_aqui'));
  }
  fs.rmSync(dir, { recursive: true });
});

test('the curl of the guide, and the answer that it shows', async () => {
  const luis = await house.connect('456');
  await pause(100);
  const { json, headers } = await house.api('GET', '/', { url: house.relayUrl });
  const [, address] = /^curl (\S+)$/.exec(block('bash', 'curl'));
  const { stdout } = spawnSync('curl', ['-sS', address.replace('http://localhost:5000', house.relayUrl)], { encoding: 'utf8' });
  luis.close();
  assert.match(headers['content-type'], /^application\/json/);
  const shown = JSON.parse(block('json'));
  for (const answer of [json, JSON.parse(stdout)]) {
    assert.deepEqual(Object.keys(answer), Object.keys(shown));
    assert.deepEqual({ ...answer, connected_users: 5 }, shown);
    assert.ok(Number.isInteger(answer.connected_users) && answer.connected_users >= 1);
  }
});

test('a connection without a person is refused, as the guide warns', async () => {
  const socket = io(house.relayUrl, { forceNew: true, reconnection: false });
  const error = await new Promise((resolve, reject) => {
    socket.on('connect_error', resolve);
    socket.on('connected', () => reject(new Error('connected without user_id')));
    setTimeout(() => reject(new Error('neither refused nor connected')), 8000);
  });
  socket.close();
  assert.equal(error.data && error.data.code, 'unauthorized');
});

atEnd(() => house && house.stop());
