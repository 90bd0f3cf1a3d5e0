'use strict';
// How each limit is crossed: by the settings it wants, `layer counter` => fn({ server, house, wire, refused, keep }), which
// crosses it once and returns what the peer saw: a status with its code, a close code, or a word of the manual.
const fs = require('node:fs');
const { execFileSync } = require('node:child_process');
const { ask, pause, assert } = require('../lib/check');
const { cast } = require('./cast');

const LONG = 600000;
const settings = {
  short: {
    HEADER_TIMEOUT_MS: 700, BODY_TIMEOUT_MS: 700, UPGRADE_TIMEOUT_MS: 700, CONNECT_TIMEOUT_MS: LONG, PING_INTERVAL_MS: LONG,
    SEND_QUEUE_MAX: 65536, CORS_ALLOWED_ORIGINS: 'https://a.example',
  },
  connects: { CONNECT_TIMEOUT_MS: 300 },
  pongs: { PING_INTERVAL_MS: 200, PING_TIMEOUT_MS: 200 },
  few: { MAX_CONNECTIONS: 20, MAX_CONNECTIONS_PER_ADDRESS: 6, PING_INTERVAL_MS: LONG, CONNECT_TIMEOUT_MS: LONG },
  calm: { PING_INTERVAL_MS: LONG, CONNECT_TIMEOUT_MS: LONG, BODY_TIMEOUT_MS: LONG },
};

const GET = (target, extra = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${extra}\r\n`;
const POST = (target, extra, body = '') => `POST ${target} HTTP/1.1\r\nHost: x\r\n${extra}\r\n${body}`;
const HELLO = '/socket.io/?EIO=4&transport=polling';

// the status of the (last) answer, and the reference's code in it
async function answer(c, re = /^HTTP\/1\.[01] (\d+)[^]*?\r\n\r\n([^]*)/) {
  const m = await c.until(re, 15000);
  const code = /"code":(\d)/.exec(m[2]);
  return code && /^40/.test(m[1]) ? `${m[1]} code ${code[1]}` : m[1];
}
const said = (text) => async ({ server, wire, keep }) => {
  const c = keep(wire.raw(server));
  c.write(typeof text === 'function' ? await text(server, wire) : text);
  return answer(c);
};
const cut = (text) => async ({ server, wire, keep }) => {
  const c = keep(wire.raw(server));
  c.write(text);
  await c.closed(15000);
  assert.equal(c.text(), '');
  return 'closed';
};
const posted = (body, more = '') => said(async (server, wire) => {
  const p = await wire.open(server);
  return POST(p.url, `Content-Length: ${Buffer.byteLength(body)}\r\n${more}`, body);
});
// the close code as the manual writes it; 1006 stands for an end without one
const by = (code) => (code === 1006 ? 'closed' : String(code));
// a WebSocket that says something (after CONNECT, with a user), and the code it is closed with
const closedFor = (act, { query = '', first, joined } = {}) => async ({ server, wire, keep }) => {
  const ws = keep(await wire.wsRaw(server, `${joined ? '&user_id=123' : ''}${query}`));
  await ask(() => ws.frames.length > 0, 8000, 'OPEN');
  if (joined) {
    ws.send('40');
    await ask(() => ws.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
  }
  if (first) ws.send(first);
  await act(ws, wire);
  return by(await ws.closeCode(15000));
};
const probing = (act) => async ({ server, wire, keep }) => {
  const p = await wire.open(server);
  const ws = keep(await wire.wsRaw(server, `&sid=${p.sid}`));
  await act(ws, { server, wire, keep, p });
  return by(await ws.closeCode(15000));
};
const heard = (text, event) => async ({ server, wire, keep }) => {
  const ws = keep(await wire.wsRaw(server, '&user_id=123'));
  ws.send(text);
  await ask(() => ws.frames.some((f) => f.text.startsWith(event)), 8000, event);
  return 'CONNECT_ERROR';
};

const short = {
  'transport head': cut(GET('/healthz', `X-Own: ${'a'.repeat(20000)}\r\n`)),
  'transport head_slow': cut('GET /healthz'),
  'transport method': said('DELETE /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'),
  'transport line': said(GET(`${HELLO}&x=%0AReferer:https://app.example/`)),
  'transport pipelined': async ({ server, wire, keep }) => {
    const c = keep(wire.raw(server));
    c.write(GET('/healthz') + POST(HELLO, 'Content-Length: 10\r\n', '4ab'));
    return answer(c, /"ok"[^]*HTTP\/1\.[01] (\d+)[^]*?\r\n\r\n([^]*)/);
  },
  'transport coding': said(POST(HELLO, 'Transfer-Encoding: chunked\r\n', '0\r\n\r\n')),
  'transport no_length': said(POST(HELLO, '')),
  'transport length': said(POST(HELLO, 'Content-Length: 3x\r\n', '4ab')),
  'transport body_large': said(async (server, wire) => POST((await wire.open(server)).url, 'Content-Length: 1000001\r\n')),
  'transport body_slow': said(async (server, wire) => POST((await wire.open(server)).url, 'Content-Length: 10\r\n', '4ab')),
  'transport query': said(GET(`${HELLO}&${'a&'.repeat(70)}`)),
  'transport origin': said(GET(HELLO, 'Origin: https://evil.example\r\n')),
  'transport transport': said(GET('/socket.io/?EIO=4&transport=carrier-pigeon')),
  'transport sid': said(GET(`${HELLO}&sid=AAAAAAAAAAAAAAAAAAAA`)),
  'transport handshake_method': said(POST(HELLO, 'Content-Length: 1\r\n', '1')),
  'transport request': said(async (server, wire) => GET((await wire.open(server)).url.replace('EIO=4', 'EIO=3'))),
  'transport version': said(GET('/socket.io/?EIO=2&transport=polling')),
  'transport upgrade': said((server, wire) => wire.upgradeText('', '', { path: server.path }).replace('Version: 13', 'Version: 8')),
  'transport second_poll': async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    const held = keep(wire.raw(server));
    held.write(GET(p.url));
    await ask(async () => (await p.post('6')).status === 200);
    return said(GET(p.url))({ server, wire, keep });
  },
  'transport second_post': async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    const first = keep(wire.raw(server));
    first.write(POST(p.url, 'Content-Length: 10\r\n', '4ab'));
    for (let i = 0; i < 3; i += 1) await wire.request(server, 'GET', '/healthz');
    return said(POST(p.url, 'Content-Length: 1\r\n', '6'))({ server, wire, keep });
  },
  'transport second_websocket': probing(async (ws, { server, wire, keep, p }) => {
    const second = keep(await wire.wsRaw(server, `&sid=${p.sid}`));
    assert.equal(await second.closeCode(8000), 1008);
    ws.send('2probe');
    await ask(() => ws.frames.some((f) => f.text === '3probe'));
    ws.send('5');
    ws.code = 1008;              // the first goes on, the second was closed
  }),
  'transport payload': posted('tres'),
  'transport packets': posted(`${'6\x1e'.repeat(32768)}6`),
  'transport probe': probing((ws) => ws.send('2prueba')),
  'transport probe_slow': probing(() => {}),
  'transport frame': closedFor((ws) => ws.send('4x', { rsv: 0x40 })),
  'transport message_large': closedFor((ws) => ws.send(`4${'x'.repeat(1000000)}`)),
  'transport message_slow': closedFor((ws) => ws.send('4x', { fin: false })),
  'transport utf8': closedFor((ws) => ws.send(Buffer.from([0x34, 0xff, 0xfe]))),
  'transport packet': closedFor((ws) => ws.send('9')),
  'transport turn': closedFor((ws) => ws.send('2')),
  'transport queue': async ({ server, wire, keep }) => {
    const ws = keep(await wire.wsRaw({ ...server, path: '/socket.io/' }, '&user_id=123', { version: 3 }));
    await ask(() => ws.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
    ws.socket.pause();           // what revision 3 pings comes back as its pong
    for (let i = 0; i < 400; i += 1) ws.send(`2${'x'.repeat(60000)}`);
    await ask(() => ws.socket.writableLength === 0 || ws.socket.destroyed, 8000, 'all to be written').catch(() => {});
    ws.socket.resume();
    return by(await ws.closeCode(15000));
  },
  'socketio packet': closedFor((ws) => ws.send('49')),
  'socketio depth': closedFor((ws) => ws.send(`42["secreto",${'['.repeat(40)}${']'.repeat(40)}]`)),
  'socketio turn': closedFor((ws) => ws.send('42["secreto"]')),
  'socketio attachments': closedFor((ws) => ws.send('4517-["secreto",{"_placeholder":true,"num":0}]'), { joined: true }),
  'socketio placeholder': closedFor((ws) => ws.send('451-["secreto",{"_placeholder":true,"num":1}]'), { joined: true }),
  'socketio attached': closedFor((ws) => {
    ws.send(`455-["secreto",${[0, 1, 2, 3, 4].map((i) => `{"_placeholder":true,"num":${i}}`)}]`);
    for (let i = 0; i < 5; i += 1) ws.send(Buffer.alloc(900000), { opcode: 2 });
  }, { joined: true }),
  'socketio missing': closedFor((ws) => ws.send('451-["secreto",{"_placeholder":true,"num":0}]'), { joined: true }),   // nothing follows
  'socketio unannounced': closedFor((ws) => ws.send('x', { opcode: 2 }), { joined: true }),
  'socketio namespace': heard('40/nadie,', '44/nadie,{"message":"Invalid namespace"}'),
  'socketio payload': heard('40{"token":"\\u0000"}', '44{"message":"Invalid payload"'),
  'socketio ack': async ({ server, wire, keep }) => {
    const ws = keep(await wire.wsRaw(server, '&user_id=123'));
    ws.send('40');
    await ask(() => ws.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
    ws.send('4377["secreto"]');
    ws.send('', { opcode: 9 });
    await ask(() => ws.frames.some((f) => f.opcode === 10), 8000, 'a sign of life');
    return 'ignored';
  },
  'socketio rooms': async ({ server, house, wire, keep }) => {
    const [me, ...others] = await cast(house, 1001);      // 1,000 rooms: the personal one, and 999 of these
    const ws = keep(await wire.wsRaw(server, `&user_id=${me}`));
    ws.send('40');
    await ask(() => ws.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
    for (const other of others) ws.send(`42["join_direct_chat",{"other_user_id":"${other}"}]`);
    await ask(() => ws.frames.some((f) => f.text.includes('Demasiados chats')), 40000, 'the refusal');
    ws.send('427["get_presence",{}]');                     // behind whatever else the last one might have heard
    await ask(() => ws.frames.some((f) => f.text.startsWith('437[')), 8000, 'the next answer');
    assert.equal(ws.frames.filter((f) => f.text.startsWith('42["direct_chat_joined"')).length, 999);
    return '-1';
  },
};

const connects = {
  'socketio connect_slow': closedFor(() => {}),
};
const pongs = {
  'transport pong': closedFor(() => {}),
};

async function served(ctx, from, count) {
  for (let i = 0; i < count; i += 1) {
    const c = ctx.keep(ctx.wire.raw({ ...ctx.server, from }));
    c.write(GET('/healthz'));
    await c.until(/"ok"/);
  }
}
const hello = (ctx, address) => ctx.wire.request(ctx.server, 'GET', HELLO, { headers: { 'X-Forwarded-For': address } });

const few = {
  'transport connections_address': async (ctx) => {
    await served(ctx, '127.0.0.9', 6);
    return said(GET('/healthz'))({ ...ctx, server: { ...ctx.server, from: '127.0.0.9' } });
  },
  'transport connections': async (ctx) => {
    await ask(async () => (await ctx.house.api('GET', '/metrics', { url: ctx.house.relayUrl })).text.includes('relay_connections 2\n'), 8000, 'nobody else');
    await served(ctx, undefined, 19);                      // one more reads the figures
    return said(GET('/healthz'))(ctx);
  },
  'transport sessions_address': async (ctx) => {
    for (let i = 0; i < 6; i += 1) assert.equal((await hello(ctx, '10.9.9.9')).status, 200);
    return String((await hello(ctx, '10.9.9.9')).status);
  },
  'transport sessions': async (ctx) => {
    for (let i = 0; i < 14; i += 1) assert.equal((await hello(ctx, `10.8.8.${i}`)).status, 200);
    return String((await hello(ctx, '10.7.7.7')).status);
  },
};

const calm = {
  'transport unfinished': async ({ server, wire, keep }) => {
    const half = wire.frame(`4${'x'.repeat(998999)}`, { fin: false });
    const ping = wire.frame('', { opcode: 9 });
    for (let i = 0; i < 68; i += 1) {
      const ws = keep(await wire.wsRaw(server));
      ws.write(Buffer.concat([half, ping]));
      await ask(() => ws.frames.some((f) => f.opcode === 10) || ws.ended, 8000, 'it to be read');
      if (!ws.ended) continue;
      const small = keep(await wire.wsRaw(server, '&user_id=123'));      // who needs little is served all the same
      small.send('4', { fin: false });
      small.send('0', { opcode: 0 });
      await ask(() => small.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
      assert.ok(i >= 55, `${i}`);
      return by(await ws.closeCode());
    }
    return 'all taken';
  },
  'transport idle': async ({ server, wire, refused, keep }) => {
    const c = keep(wire.raw(server));
    c.write(GET('/healthz'));
    await c.until(/"ok"/);
    for (let s = 0; s < 45 && !c.isClosed(); s += 1) {     // who reads the figures must not be idle for so long
      await pause(1000);
      await refused();
    }
    assert.ok(c.isClosed());
    return 'closed';
  },
  'transport descriptors': async ({ server, wire, refused, keep }) => {
    const before = (await refused())['transport descriptors'];
    const open = new Set(fs.readdirSync(`/proc/${server.pid}/fd`).map(Number));
    let free = 0;
    while (open.has(free)) free += 1;
    const was = /Max open files +(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/limits`, 'utf8'))[1];
    let c;
    execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${free}:`]);
    try {
      c = keep(wire.raw(server));
      c.write(GET('/healthz'));
      await ask(async () => (await refused())['transport descriptors'] > before, 8000, 'the counter');
      assert.equal(c.text(), '');
    } finally {
      execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${was}:`]);
    }
    await c.until(/"ok"/, 8000);                           // it was only kept waiting
    return 'no answer';
  },
  'transport busy': async ({ server, house, wire }) => {
    await house.stopPart('bus', 'KILL');
    const { status } = await ask(async () => {
      const r = await wire.request(server, 'GET', HELLO);
      return r.status !== 200 && r;
    }, 10000, 'the relay to notice');
    await house.startPart('bus');
    return String(status);
  },
};

module.exports = { settings, crossings: { short, connects, pongs, few, calm } };
