'use strict';
// A house for a test: started by tests/house/house.sh with the settings the test wants, or the one that
// tests/run.sh shares within a shelf (HOUSE_ENV names its house.env). Talks to it as its users do.
//
//   const house = await House.open();                          the shared one if there is one, else a house of its own
//   const house = await House.start({ PING_INTERVAL_MS: 300 }, { web: 'nginx' });    always its own
//   const alice = await house.connect('123');                  see clients.js
//   const { status, json } = await house.api('GET', '/api/mensajes/salas', { user: 123 });
//   const rows = await house.rows('SELECT …', [values]);       as the database's admin
//   await house.stopPart('relay', 'KILL'); await house.startPart('relay');
//   await house.stop();                                        a shared house stays
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const mysql = require('mysql2/promise');
const clients = require('./clients');

const TOP = path.resolve(__dirname, '../..');
const BUILD = path.resolve(TOP, process.env.BUILD || 'build');
const SCRIPT = path.join(TOP, 'tests/house/house.sh');
const own = new Set();
let count = 0;

// house.env is shell: NAME='value', with '\'' for a quote inside
function readEnv(file) {
  const env = {};
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    const m = /^([A-Z_]+)='(.*)'$/.exec(line);
    if (m) env[m[1]] = m[2].replaceAll("'\\''", "'");
  }
  return env;
}

// every value of the caller's environment that is a setting must not leak into a test's house
function cleanEnvironment() {
  const env = { ...process.env };
  for (const name of ['AUTH_MODE', 'SECRET_KEY', 'UPRED_ENV', 'FLASK_ENV', 'HOST', 'PORT', 'RUN_DIR', 'WEB', 'WWW',
    'RELAY_PORT', 'WEB_PORT', 'DB_NAME', 'HOUSE_ENV', 'SSL_CERT_FILE', 'SSL_KEY_FILE']) delete env[name];
  return env;
}

function script(environment, ...words) {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', [SCRIPT, ...words], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { out += d; });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`house.sh ${words.join(' ')} ended with ${code}:\n${out}`));
    });
  });
}

class House {
  constructor(runDir, environment, shared) {
    this.runDir = runDir;
    this.environment = environment;
    this.shared = shared;
    this.sockets = [];
    this.pools = [];
    this.refresh();
  }

  // A house of the test's own. settings: any of the programs' and of house.sh; options: { web, name }.
  static async start(settings = {}, { web = 'apache', name = '' } = {}) {
    count += 1;
    const file = path.basename(process.argv[1] || 'test').replace(/\W.*/, '');
    const runDir = path.join(BUILD, 'houses', name || `${file}-${process.pid}-${count}`);
    const environment = cleanEnvironment();
    Object.assign(environment, { BUILD, RUN_DIR: runDir, WEB: web, RELAY_PORT: '0', WEB_PORT: '0', RATE_LIMITS: 'off' });
    for (const [key, value] of Object.entries(settings)) environment[key] = String(value);
    own.add(environment);
    await script(environment, 'start');
    return new House(runDir, environment, false);
  }

  static async open(settings = {}) {
    const file = process.env.HOUSE_ENV;
    if (!file || Object.keys(settings).length) return House.start(settings);
    const runDir = path.dirname(file);
    return new House(runDir, { ...cleanEnvironment(), BUILD, RUN_DIR: runDir }, true);
  }

  refresh() {
    this.env = readEnv(path.join(this.runDir, 'house.env'));
    this.relayUrl = this.env.RELAY_URL;
    this.webUrl = this.env.WEB_URL;
  }

  // parts: db fcgi bus relay web
  async stopPart(part, signal = 'TERM') { await script(this.environment, 'stop-part', part, signal); }

  async startPart(part, settings = {}) {
    const words = Object.entries(settings).map(([k, v]) => `${k}=${v}`);
    await script(this.environment, 'start-part', part, ...words);
    this.refresh();
  }

  async restartPart(part, signal = 'TERM') {
    await this.stopPart(part, signal);
    await this.startPart(part);
  }

  // the master's process id, and those of its children
  pid(part) { return Number(this.env[`${part.toUpperCase()}_PID`]); }

  children(part) {
    const parent = this.pid(part);
    return fs.readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  }

  log(part) { return fs.readFileSync(path.join(this.runDir, 'log', `${part}.log`), 'utf8'); }

  // A connection pool to the house's database: the admin's, or { user: 'program' }.
  db({ user = 'admin', connections = 4 } = {}) {
    const admin = user === 'admin';
    const pool = mysql.createPool({
      // by its socket: a database that is started again may have to take another port
      socketPath: this.env.DB_SOCKET, database: this.env.DB_NAME,
      user: admin ? this.env.DB_ADMIN_USER : this.env.DB_USER,
      password: admin ? this.env.DB_ADMIN_PASSWORD : this.env.DB_PASSWORD,
      charset: 'utf8mb4', supportBigNumbers: true, bigNumberStrings: true, connectionLimit: connections,
    });
    this.pools.push(pool);
    return pool;
  }

  async rows(sql, values = []) {
    this.admin = this.admin || this.db();
    const [rows] = await this.admin.query(sql, values);
    return rows;
  }

  // A connected client, closed with the house; options as in clients.js.
  async connect(user, options = {}) {
    const socket = await clients.connect(options.url || this.relayUrl, user, options);
    this.sockets.push(socket);
    return socket;
  }

  // One REST call through the web server: { status, headers, text, json }.
  api(method, where, { user, body, headers = {}, url = this.webUrl, ms = 10000 } = {}) {
    const out = { ...headers };
    if (user !== undefined) out['X-User-Id'] = String(user);
    const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    if (text !== undefined && !Object.keys(out).some((k) => k.toLowerCase() === 'content-type')) {
      out['Content-Type'] = 'application/json';
    }
    if (text !== undefined && !out['Transfer-Encoding']) out['Content-Length'] = Buffer.byteLength(text);
    return new Promise((resolve, reject) => {
      const { request: ask } = url.startsWith('https:') ? https : http;
      const options = { method, headers: out, agent: false, timeout: ms, rejectUnauthorized: false };
      const request = ask(url + where, options, (response) => {
        const parts = [];
        response.on('data', (d) => parts.push(d));
        response.on('error', reject);
        response.on('end', () => {
          const answer = { status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() };
          try { answer.json = JSON.parse(answer.text); } catch { answer.json = undefined; }
          resolve(answer);
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${method} ${where}: no answer in ${ms} ms`)));
      request.on('error', reject);
      request.end(text);
    });
  }

  // What a call of the messages' REST API answers, when it is one that has to go well.
  async rest(method, where, user, body) {
    const { status, json } = await this.api(method, `/api/mensajes${where}`, { user, body });
    if (status >= 300) throw new Error(`${method} ${where}: ${status}`);
    return json;
  }

  // The relay's counters: { name: number }, names with their labels as printed.
  async metrics() {
    const { text } = await this.api('GET', '/metrics', { url: this.relayUrl });
    const values = {};
    for (const line of text.split('\n')) {
      const m = /^([a-z_:]+(?:\{[^}]*\})?) ([0-9.e+-]+)/i.exec(line);
      if (m) values[m[1]] = Number(m[2]);
    }
    return values;
  }

  async stop() {
    for (const socket of this.sockets.splice(0)) socket.close();
    for (const pool of this.pools.splice(0)) await pool.end().catch(() => {});
    this.admin = undefined;
    if (this.shared) return;
    await script(this.environment, 'stop');
    own.delete(this.environment);
    // what a test leaves for reading are the logs
    fs.rmSync(path.join(this.runDir, 'db'), { recursive: true, force: true });
    fs.rmSync(path.join(this.runDir, 'state'), { recursive: true, force: true });
  }
}

// a test that ends early takes its houses along
process.on('exit', () => {
  for (const env of own) spawnSync('sh', [SCRIPT, 'stop'], { env, stdio: 'ignore' });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

module.exports = { House, readEnv, TOP, BUILD };
