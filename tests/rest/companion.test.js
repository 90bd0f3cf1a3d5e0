'use strict';
// timeout: 120
// The companion API behind the same web server, by the lines that both READMEs give: its cookies, its uploads and its
// redirects pass as if we were not there, and /api/mensajes stays ours. And nginx over HTTP/2, whose own errors are our JSON.
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const path = require('node:path');
const { test, atEnd, assert } = require('../lib/check');
const { House, BUILD, TOP } = require('../lib/house');

const CONF = path.join(BUILD, 'houses', `companion-${process.pid}`);
const FILES = { apache: 'apache.conf', 'apache-fcgid': 'apache-fcgid.conf', 'apache-cgid': 'apache-cgid.conf', nginx: 'nginx.conf' };

let house;
let companion;                         // answers with what it was asked
atEnd(async () => {
  if (house) await house.stop();
  if (companion) companion.close();
  fs.rmSync(CONF, { recursive: true, force: true });
});

// The lines of a README for a web server, with the companion's port of today.
function lines(readme, web) {
  const text = fs.readFileSync(path.join(TOP, readme), 'utf8');
  const [, block] = new RegExp('```' + web + '\\n([^`]*)```').exec(text);
  return block.replaceAll(':8000', `:${companion.address().port}`);
}

// The shipped files with these lines where the READMEs say.
function configure(web, more = '') {
  fs.mkdirSync(CONF, { recursive: true });
  fs.cpSync(path.join(TOP, 'apache-conf'), path.join(CONF, 'apache-conf'), { recursive: true });
  const file = path.join(CONF, 'apache-conf', FILES[web]);
  const given = lines('README.md', web.replace(/-.*/, ''));
  const shipped = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, web === 'nginx' ? `${given}${more}${shipped}` : `${shipped}${given}`);
}

const request = (method, where, options = {}) => house.api(method, where, { headers: {}, ...options });

async function theCompanionIsItself() {
  const heard = await request('GET', '/api/usuarios/yo?x=1', { headers: { cookie: 'sesion=abc', 'x-forwarded-proto': 'https' } });
  assert.equal(heard.status, 200);
  assert.equal(heard.json.url, '/api/usuarios/yo?x=1');
  assert.equal(heard.json.headers.cookie, 'sesion=abc');
  assert.equal(heard.json.headers['x-forwarded-proto'], 'https');
  assert.equal(heard.headers['content-security-policy'], undefined);
  const upload = await request('POST', '/api/archivos', { body: 'x'.repeat(3e6), headers: { 'content-type': 'text/plain' } });
  assert.equal(upload.status, 200);
  assert.equal(upload.json.bytes, 3e6);
  const away = await request('GET', '/api/usuarios');
  assert.equal(away.status, 307);
  assert.equal(away.headers.location, `${house.webUrl}/api/usuarios/`);
  const ours = await request('GET', '/api/mensajes/salas', { user: 123 });
  assert.equal(ours.status, 200);
  assert.match(ours.headers['content-security-policy'], /^default-src 'none'/);
  assert.equal((await request('GET', '/api/mensajes/salas')).status, 401);
}

test('both READMEs give the same lines', () => {
  companion = http.createServer((q, a) => {
    let bytes = 0;
    q.on('data', (d) => { bytes += d.length; });
    q.on('end', () => {
      // as FastAPI does: with the slash, at the host that it was asked for
      if (q.url === '/api/usuarios') a.writeHead(307, { location: `http://${q.headers.host}/api/usuarios/` });
      a.end(JSON.stringify({ url: q.url, headers: q.headers, bytes }));
    });
  });
  return new Promise((resolve) => { companion.listen(0, '127.0.0.1', resolve); }).then(() => {
    for (const web of ['apache', 'nginx']) assert.equal(lines('README.md', web), lines('README.es.md', web));
  });
});

for (const web of ['apache', 'apache-fcgid', 'apache-cgid']) {
  test(`behind ${web}`, async () => {
    configure(web);
    house = await House.start({ CONF }, { web });
    await theCompanionIsItself();
    await house.stop();
  }, 60000);
}

test('behind nginx', async () => {
  const free = net.createServer();
  const port = await new Promise((resolve) => { free.listen(0, '127.0.0.1', () => resolve(free.address().port)); });
  await new Promise((resolve) => { free.close(resolve); });
  configure('nginx', `listen 127.0.0.1:${port} http2;\n`);
  house = await House.start({ CONF }, { web: 'nginx' });
  house.http2 = `http://127.0.0.1:${port}`;
  await theCompanionIsItself();
}, 60000);

test('nginx over HTTP/2: a body that is too large is refused in JSON', async () => {
  const session = http2.connect(house.http2);
  const stream = session.request({ ':method': 'POST', ':path': '/api/mensajes/directo/456', 'content-length': '5000000' });
  const answer = await new Promise((resolve, reject) => {
    let body = '';
    let status;
    stream.on('response', (head) => { status = head[':status']; }).on('data', (d) => { body += d; });
    stream.on('end', () => resolve({ status, body })).on('error', reject);
    stream.write('x'.repeat(1000));
  });
  session.destroy();
  assert.equal(answer.status, 413);
  assert.equal(JSON.parse(answer.body).code, 'too_large');
});
