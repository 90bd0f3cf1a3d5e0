'use strict';
// Hostile requests: [name, bytes or fn(session url), what comes back: statuses with the reference's code, or `closed` in silence].
const HELLO = '/socket.io/?EIO=4&transport=polling';
const get = (target, extra = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${extra}\r\n`;
const post = (target, extra, body = '') => `POST ${target} HTTP/1.1\r\nHost: x\r\n${extra}\r\n${body}`;
const posted = (body, more = '') => (url) => post(url, `Content-Length: ${body.length}\r\n${more}`, body);
const old = (body, more = '') => (url, old3) => post(old3, `Content-Length: ${body.length}\r\n${more}`, body);
const upgrade = (lines, target = '/socket.io/?EIO=4&transport=websocket') => get(target, lines);
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const SOCKET = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n${KEY}`;
const BAD = '400 code 3';

const rows = [
  // lengths, and what hides a request in another
  ['length and transfer coding', (url) => post(url, 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), '501'],
  ['transfer coding, then length', (url) => post(url, 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'), '501'],
  ['a transfer coding that is none', (url) => post(url, 'Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n', '4a'), '501'],
  ['two lengths', (url) => post(url, 'Content-Length: 3\r\nContent-Length: 5\r\n', '4ab'), BAD],
  ['the same length twice', (url) => post(url, 'Content-Length: 3\r\nContent-Length: 3\r\n', '4ab'), BAD],
  ['a negative length', (url) => post(url, 'Content-Length: -5\r\n', '4ab'), BAD],
  ['a length with a sign', (url) => post(url, 'Content-Length: +3\r\n', '4ab'), BAD],
  ['a length in hexadecimal', (url) => post(url, 'Content-Length: 0x3\r\n', '4ab'), BAD],
  ['a length of 23 digits', (url) => post(url, 'Content-Length: 99999999999999999999999\r\n', '4ab'), BAD],
  ['a length of a terabyte', (url) => post(url, 'Content-Length: 999999999999\r\n', '4ab'), '413'],
  ['a request behind the body', (url) => `${post(url, 'Content-Length: 1\r\n', '6')}GET /metrics HTTP/1.1\r\n\r\n`, '200 200'],
  ['a POST behind a GET', (url) => get('/healthz') + post(url, 'Content-Length: 2\r\n', '4a'), `200 ${BAD}`],
  ['a GET with a body behind a GET', () => get('/healthz') + get('/healthz', 'Content-Length: 40\r\n') + 'x'.repeat(40), `200 ${BAD}`],
  ['300 requests at once', () => get('/healthz').repeat(300), Array(300).fill('200').join(' ')],
  // heads
  ['a line that never ends', () => 'A'.repeat(20000), '403'],
  ['a header of 9,000 bytes', () => get(HELLO, `Cookie: ${'a'.repeat(9000)}\r\n`), 'closed'],
  ['400 headers', () => get(HELLO, [...Array(400).keys()].map((i) => `X-${i}: ${i}\r\n`).join('')), '200'],
  ['a URL of 20,000 bytes', () => get(`${HELLO}&x=${'a'.repeat(20000)}`), 'closed'],
  ['an empty line first', () => `\r\n${get('/healthz')}`, 'closed'],
  ['bare line feeds', () => 'GET /healthz HTTP/1.1\n\n', '200'],
  ['no Host', () => 'GET /healthz HTTP/1.1\r\n\r\n', '200'],
  ['HTTP/0.9', () => 'GET /healthz\r\n', 'closed'],
  ['TLS hello', () => Buffer.from('160301020001000001fc0303', 'hex'), '403'],
  ['HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '403'],
  ['HTTP/2 offered', () => get('/healthz', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'), '200'],
  ['an upgrade to nothing known', () => get('/healthz', 'Upgrade: gopher\r\nConnection: Upgrade\r\n'), '403'],
  ['absolute form', () => 'GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n', '403'],
  ['CONNECT', () => 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'closed'],
  ['TRACE', () => `TRACE ${HELLO} HTTP/1.1\r\nHost: x\r\n\r\n`, '403'],
  ['a method that is none', () => `BREW ${HELLO} HTTP/1.1\r\nHost: x\r\n\r\n`, '403'],
  ['a NUL in the query', () => get(`${HELLO}&a=%00`), 'closed'],
  ['an escape that is none', () => get(`${HELLO}&a=%zz`), '403'],
  ['a header in the query', () => get(`${HELLO}&a=%0d%0aSet-Cookie:%20own=1`), BAD],
  ['out of the tree', () => get('/../../../etc/passwd'), '404'],
  ['a preflight that asks for markup', () => `OPTIONS ${HELLO} HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccess-Control-Request-Headers: <script>\r\n\r\n`, '204'],
  ['an origin that begins like an allowed one', () => get(HELLO, 'Origin: https://a.example.evil.example\r\n'), '403 code 4'],
  ['an origin that is null', () => get(HELLO, 'Origin: null\r\n'), '403 code 4'],
  ['a foreign origin over WebSocket', () => upgrade(`${SOCKET}Origin: https://evil.example\r\n`), '403 code 4'],
  // arguments
  ['EIO twice', () => get(`${HELLO}&EIO=3`), BAD],
  ['transport twice', () => get(`${HELLO}&transport=websocket`), '400 code 0'],
  ['sid twice', (url) => get(`${url}&sid=x`), BAD],
  ['EIO with more behind it', () => get('/socket.io/?EIO=4x&transport=polling'), '400 code 5'],
  ['a WebSocket asked for by polling', () => get('/socket.io/?EIO=4&transport=websocket'), BAD],
  ['the sid of nobody', () => get(`${HELLO}&sid=../../../../etc`), '400 code 1'],
  ['a JSONP callback that is code', () => get('/socket.io/?EIO=3&transport=polling&j=alert(1)'), BAD],
  ['a JSONP callback that overflows', () => get('/socket.io/?EIO=3&transport=polling&j=99999999999999999999'), BAD],
  ['HEAD for a handshake', () => `HEAD ${HELLO} HTTP/1.1\r\nHost: x\r\n\r\n`, '400'],
  // WebSocket handshakes
  ['a WebSocket without a key', () => upgrade('Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'), BAD],
  ['a WebSocket with a short key', () => upgrade(SOCKET.replace('dGhlIHNhbXBsZSBub25jZQ==', 'eA==')), BAD],
  ['a WebSocket that does not upgrade', () => upgrade(SOCKET.replace('Connection: Upgrade', 'Connection: close')), BAD],
  ['a WebSocket for nobody', () => upgrade(SOCKET, '/socket.io/?EIO=4&transport=websocket&sid=nobody'), '400 code 1'],
  ['a WebSocket by POST', () => upgrade(SOCKET).replace('GET', 'POST'), '400 code 2'],
  ['a list of subprotocols that is none', () => upgrade(`${SOCKET}Sec-WebSocket-Protocol: evil=1\r\n`), BAD],
  // payloads
  ['an empty payload', (url) => post(url, 'Content-Length: 0\r\n'), BAD],
  ['separators alone', posted('\x1e\x1e\x1e'), BAD],
  ['base64 that is none', posted('b!!!!'), BAD],
  ['a payload that is not UTF-8', posted('4\xff\xfe'), BAD],
  ['an upgrade packet by POST: its session ends', posted('5'), '200'],
  ['an open packet by POST: its session ends', posted('0{"sid":"x"}'), '200'],
  ['binary for revision 4', posted('4a', 'Content-Type: application/octet-stream\r\n'), BAD],
  ['revision 3: too short', old('9:4a'), BAD],
  ['revision 3: a length that is huge', old('999999999999:4a'), BAD],
  ['revision 3: a length that is none', old('-1:4a'), BAD],
  ['revision 3: binary lengths that lie', old('\x00\x09\x09\x09\xff4', 'Content-Type: application/octet-stream\r\n'), BAD],
  ['revision 3: form without data', (url, old3) => post(`${old3}&j=0`, 'Content-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n', 'x=4'), BAD],
];

// what came back on a bare connection
function seen(text) {
  const heads = [...text.matchAll(/HTTP\/1\.[01] (\d{3})[^]*?(?=HTTP\/1\.[01] \d{3}|$)/g)];
  if (heads.length === 0) return 'closed';
  return heads.map((m) => {
    const code = /\r\n\r\n\{"code":(\d)/.exec(m[0]);
    return m[1] + (code && /^40/.test(m[1]) ? ` code ${code[1]}` : '');
  }).join(' ');
}

module.exports = { rows, seen };
