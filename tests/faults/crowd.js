'use strict';
// A crowd for the faults shelf: people in one group, each with a connected socket, who talk without a pause while the
// test breaks things. Afterwards the audit compares three truths: what was acked, what is stored, what each ear heard.
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
class Person {
  constructor(url, id) {
    this.id = id;
    this.heard = new Map();
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

  join() {
    const { socket } = this;
    socket.emit('join_group', { group_id: String(GROUP) }, (answer) => {
      if (answer && answer.sala_uuid) {
        this.sala = answer.sala_uuid;
        this.joined = true;
        this.joins += 1;
      } else if (socket.connected) {
        setTimeout(() => this.join(), 100);
      }
    });
  }

  // Sends one text; resolves with the acknowledgement, or null when the connection went away under it.
  send(text, clientId) {
    return new Promise((resolve) => {
      const { socket } = this;
      const gone = () => { socket.off('disconnect', gone); resolve(null); };
      socket.once('disconnect', gone);
      socket.emit('send_message', { sala_uuid: this.sala, message: text, sender_id: this.id,
        timestamp: new Date().toISOString(), type: 'grupal', client_id: clientId }, (answer) => {
        socket.off('disconnect', gone);
        resolve(answer);
      });
    });
  }

  close() { this.socket.close(); }
}

async function gather(url, db, count) {
  const ids = await people(db, count);
  const crowd = ids.map((id) => new Person(url, id));
  await ask(() => crowd.every((p) => p.joined), 20000, 'everybody to be in the group');
  return crowd;
}

// Everybody sends, waits for the answer, sends again, until `stop.now`. With `repeat`, a message without a clear answer is
// sent again under its client_id, as an app would. Returns all attempts: { text, ack, sender }.
async function talk(crowd, stop, { repeat = false } = {}) {
  const log = [];
  await Promise.all(crowd.map(async (p) => {
    for (let n = 0; !stop.now; n++) {
      const entry = { text: `${p.id}·${n}·${Math.random()}`, sender: p.id, acks: [] };
      log.push(entry);
      const clientId = repeat ? entry.text : undefined;
      for (;;) {
        if (!p.joined) await ask(() => p.joined || stop.now, 30000, 'the way back into the group');
        if (!p.joined) break;
        const ack = await p.send(entry.text, clientId);
        if (ack) entry.acks.push(ack);
        if (ack && ack.status === 'sent') { entry.ack = ack; break; }
        if (!repeat || stop.now) break;
        await pause(50);
      }
    }
  }));
  return log;
}

// The comparison. `ears`: those whose every hearing counts (connected all along). Returns a list of faults, empty when the
// promise held. Not acked is absent or one row; every row is heard once by every ear.
async function audit(db, log, ears) {
  const faults = [];
  const [rows] = await db.query('SELECT m.id, m.mensaje_uuid, m.contenido FROM mensajes m JOIN salas_chat s ON s.id = m.sala_chat_id WHERE s.grupo_id = ?', [GROUP]);
  const byText = new Map();
  for (const r of rows) byText.set(r.contenido, [...(byText.get(r.contenido) || []), r]);
  for (const e of log) {
    const stored = byText.get(e.text) || [];
    if (e.ack && stored.length !== 1) faults.push(`acked ${e.text}: ${stored.length} rows`);
    if (stored.length > 1) faults.push(`stored ${stored.length} times: ${e.text}`);
    if (e.ack && stored[0] && e.ack.mensaje_uuid !== stored[0].mensaje_uuid) faults.push(`ack names another row: ${e.text}`);
  }
  const texts = new Set(log.map((e) => e.text));
  const uuids = rows.filter((r) => texts.has(r.contenido)).map((r) => r.mensaje_uuid);
  await ask(() => ears.every((p) => uuids.every((u) => p.heard.get(u))), 10000, 'every row to be heard').catch(() => {});
  const known = new Set(rows.map((r) => r.mensaje_uuid));
  for (const p of ears) {
    for (const u of uuids) {
      const n = p.heard.get(u) || 0;
      if (n !== 1) faults.push(`${p.id} heard ${u} ${n} times`);
    }
    for (const u of p.heard.keys()) if (!known.has(u)) faults.push(`${p.id} heard ${u}, which is no row`);
  }
  return faults;
}

module.exports = { gather, talk, audit, GROUP };
