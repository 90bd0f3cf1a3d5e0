'use strict';
// A crowd for the faults shelf: people in one group, if wanted also in pairs, each with a connected socket, who talk while
// the test breaks things. Afterwards the audit compares three truths: what was acked, what is stored, what each ear heard.
const os = require('node:os');
const { execFileSync } = require('node:child_process');
const { io } = require('socket.io-client-4');
const { ask, pause } = require('../lib/check');

const FIRST_PERSON = 7000;
const GROUP = 7000;

// People FIRST_PERSON… and a group with all of them, by the admin connection.
async function people(db, count) {
  const ids = Array.from({ length: count }, (_, i) => FIRST_PERSON + i);
  await db.query('INSERT IGNORE INTO usuarios (id, correo_institucional, hash_contrasena, nombre, apellido_paterno, fecha_nacimiento) VALUES ?',
    [ids.map((id) => [id, `persona${id}@upred.example`, 'x', `Persona${id}`, 'Prueba', '2000-01-01'])]);
  await db.query('INSERT IGNORE INTO grupos (id, nombre, privacidad, usuario_dueno_id) VALUES (?, ?, ?, ?)',
    [GROUP, 'Grupo de averías', 'publico', ids[0]]);
  await db.query('INSERT IGNORE INTO miembros_grupo (grupo_id, usuario_id) VALUES ?', [ids.map((id) => [GROUP, id])]);
  return ids.map(String);
}

// One person: a socket that joins the group at each connection, and an ear that counts every message by its uuid.
// With a partner it also joins their direct chat; with `catchUp` it asks at each return for what it missed.
class Person {
  constructor(url, id, { partner, catchUp = false } = {}) {
    this.id = id;
    this.partner = partner;
    this.catchUp = catchUp;
    this.heard = new Map();
    this.caught = new Set();
    this.order = [];
    this.joined = false;
    this.joins = 0;
    this.socket = io(url, { query: { user_id: id }, transports: ['websocket'], reconnectionDelay: 100,
      reconnectionDelayMax: 500, forceNew: true });
    this.socket.on('connect', () => this.join());
    this.socket.on('disconnect', () => { this.joined = false; });
    this.socket.on('receive_message', (m) => {
      this.heard.set(m.mensaje_uuid, (this.heard.get(m.mensaje_uuid) || 0) + 1);
      this.order.push(BigInt(m.mensaje_id));
    });
  }

  // The acknowledgement of one emit, or null when the connection went away under it.
  call(event, payload) {
    return new Promise((resolve) => {
      const { socket } = this;
      const gone = () => { socket.off('disconnect', gone); resolve(null); };
      socket.once('disconnect', gone);
      socket.emit(event, payload, (answer) => {
        socket.off('disconnect', gone);
        resolve(answer);
      });
    });
  }

  async join() {
    const group = await this.call('join_group', { group_id: String(GROUP) });
    const direct = group && this.partner ? await this.call('join_direct_chat', { other_user_id: this.partner }) : group;
    const whole = direct && direct.sala_uuid && group.sala_uuid && (!this.catchUp || await this.askMissed());
    if (whole) {
      this.sala = group.sala_uuid;
      this.pair = this.partner ? direct.sala_uuid : undefined;
      this.joined = true;
      this.joins += 1;
    } else if (this.socket.connected) {
      setTimeout(() => this.join(), 100);
    }
  }

  // Page by page from the cursor that the last one left; the first time only the cursor. False: not to the end.
  async askMissed() {
    for (;;) {
      const page = await this.call('load_missed_messages', this.cursor === undefined ? {} : { after: this.cursor });
      if (!page || page.status !== 'ok') return false;
      this.cursor = page.cursor;
      for (const m of page.messages) this.caught.add(m.mensaje_uuid);
      if (!page.truncated) return true;
    }
  }

  // Sends one text; resolves with the acknowledgement, or null when the connection went away under it.
  send(text, clientId, { direct = false } = {}) {
    return this.call('send_message', { sala_uuid: direct ? this.pair : this.sala, message: text, sender_id: this.id,
      timestamp: new Date().toISOString(), type: direct ? 'directo' : 'grupal', client_id: clientId });
  }

  close() { this.socket.close(); }
}

// `direct`: two and two are also in a direct chat.
async function gather(url, db, count, { direct = false, catchUp = false } = {}) {
  const ids = await people(db, count);
  const crowd = ids.map((id, i) => new Person(url, id, { partner: direct ? ids[i ^ 1] : undefined, catchUp }));
  await ask(() => crowd.every((p) => p.joined), 20000, 'everybody to be in the group');
  return crowd;
}

// Everybody sends, waits for the answer, sends again, until `stop.now`. With `repeat`, a message without a clear answer is
// sent again under its client_id, as an app would. `gap`: milliseconds between two messages of one person. Those who have
// a direct chat say every third word there. Returns all attempts: { text, ack, sender, tries }.
async function talk(crowd, stop, { repeat = false, gap = 0 } = {}) {
  const log = [];
  await Promise.all(crowd.map(async (p) => {
    for (let n = 0; !stop.now; n++) {
      const entry = { text: `${p.id}·${n}·${Math.random()}`, sender: p.id, acks: [], tries: 0 };
      log.push(entry);
      const clientId = repeat ? entry.text : undefined;
      if (gap) await pause(gap);
      for (;;) {
        if (!p.joined) await ask(() => p.joined || stop.now, 30000, 'the way back into the group');
        if (!p.joined) break;
        entry.tries += 1;
        const ack = await p.send(entry.text, clientId, { direct: Boolean(p.partner) && n % 3 === 2 });
        if (ack) entry.acks.push(ack);
        if (ack && ack.status === 'sent') { entry.ack = ack; break; }
        if (!repeat || stop.now) break;
        await pause(50);
      }
    }
  }));
  return log;
}

const ROWS = `SELECT m.id, m.mensaje_uuid, m.contenido, s.grupo_id, s.usuario_a_id, s.usuario_b_id FROM mensajes m
  JOIN salas_chat s ON s.id = m.sala_chat_id
  WHERE s.grupo_id = ? OR (s.usuario_a_id BETWEEN ? AND ? AND s.usuario_b_id BETWEEN ? AND ?)`;

// The comparison. `ears`: those whose every hearing counts. Returns a list of faults, empty when the promise held. Not
// acked is absent or one row; what was said once is no repeat; every row is heard once by every ear that is in its room; who was away (`catchUp`) may know
// it from catching up instead.
async function audit(db, log, ears) {
  const faults = [];
  const last = FIRST_PERSON + 999;
  const [rows] = await db.query(ROWS, [GROUP, FIRST_PERSON, last, FIRST_PERSON, last]);
  const hears = (p, r) => r.grupo_id !== null || [r.usuario_a_id, r.usuario_b_id].some((id) => String(id) === p.id);
  const knows = (p, u) => p.heard.get(u) || p.caught.has(u);
  const byText = new Map();
  for (const r of rows) byText.set(r.contenido, [...(byText.get(r.contenido) || []), r]);
  for (const e of log) {
    const stored = byText.get(e.text) || [];
    if (e.ack && stored.length !== 1) faults.push(`acked ${e.text}: ${stored.length} rows`);
    if (e.ack && e.tries === 1 && e.ack.duplicate) faults.push(`said once, acked as a repeat: ${e.text}`);
    if (stored.length > 1) faults.push(`stored ${stored.length} times: ${e.text}`);
    if (e.ack && stored[0] && e.ack.mensaje_uuid !== stored[0].mensaje_uuid) faults.push(`ack names another row: ${e.text}`);
  }
  const texts = new Set(log.map((e) => e.text));
  const said = rows.filter((r) => texts.has(r.contenido));
  await ask(() => ears.every((p) => said.every((r) => !hears(p, r) || knows(p, r.mensaje_uuid))), 10000, 'every row to be heard')
    .catch(() => {});
  const known = new Set(rows.map((r) => r.mensaje_uuid));
  for (const p of ears) {
    for (const r of said) {
      const n = p.heard.get(r.mensaje_uuid) || 0;
      const good = !hears(p, r) ? n === 0 : n === 1 || (n === 0 && p.caught.has(r.mensaje_uuid));
      if (!good) faults.push(`${p.id} heard ${r.mensaje_uuid} ${n} times`);
    }
    for (const u of p.heard.keys()) if (!known.has(u)) faults.push(`${p.id} heard ${u}, which is no row`);
  }
  return faults;
}

// The house's admin may see and kill everybody's connections; those that are open already may not. By root, who comes in
// by his operating-system user alone.
function mayKill(house) {
  const { DB_ADMIN_USER, DB_SOCKET } = house.env;
  const sql = ['localhost', '127.0.0.1'].map((h) => `GRANT PROCESS, CONNECTION ADMIN ON *.* TO '${DB_ADMIN_USER}'@'${h}'`);
  execFileSync('mariadb', ['--no-defaults', `--socket=${DB_SOCKET}`, `--user=${os.userInfo().username}`, '-e', sql.join(';')]);
}

// Service is back: everybody in the group within so many ms, then a message acked.
async function served(crowd, joinedMs, ackedMs) {
  await ask(() => crowd.every((p) => p.joined), joinedMs, 'everybody to be back in the group');
  await ask(async () => {
    const ack = await crowd[0].send(`de vuelta ${Math.random()}`, `vuelta-${Math.random()}`);
    return ack && ack.status === 'sent';
  }, ackedMs, 'an acked message');
}

module.exports = { gather, talk, audit, served, mayKill, GROUP };
