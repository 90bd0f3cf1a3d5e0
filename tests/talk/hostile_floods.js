'use strict';
// Hostile peers in numbers, and peers that are slow: [name, fn({ server, house, wire, evil, keep, rss }), ms].
const net = require('node:net');
const { ask, pause, assert } = require('../lib/check');

const HELLO = '/socket.io/?EIO=4&transport=polling';
const GET = (target, extra = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${extra}\r\n`;
const range = (n) => [...Array(n).keys()];

async function drip(c, text) {
  for (let i = 0; i < text.length && !c.isClosed(); i += 1) {
    c.write(text[i]);
    await pause(100);
  }
}

async function joined({ server, wire, evil, keep }) {
  const ws = keep(await wire.wsRaw(server, `&user_id=${evil}`));
  await ws.next();
  ws.send('40');
  await ask(() => ws.frames.some((f) => f.text.startsWith('42["connected"')), 8000, 'the welcome');
  return ws;
}

// Memory that the relay may grow by; the sanitizers keep for a while what was freed.
const MIB = 1048576 * (process.env.SANITIZE === '1' ? 10 : 1);
const turnedDown = async (house) => {
  const m = await house.metrics();
  return m.upred_relay_refused_total + m.upred_relay_refused_by_handlers_total;
};

// Lets peers that read nothing say `count` events; the relay takes and answers each, and grows by less than so many bytes.
async function deafening({ house, rss }, count, bytes, say) {
  const before = await turnedDown(house);
  const memory = rss();
  say();
  await ask(async () => await turnedDown(house) - before >= count, 20000, 'every event to be answered');
  assert.ok(rss() - memory < bytes, `${rss() - memory} bytes more`);
}

const refused = async (house, layer, reason) => (await house.metrics())[`upred_relay_${layer}_refused_total{reason="${reason}"}`];

const rows = [
  ['5,000 connections of one address', async ({ server, house, keep }) => {
    const before = await refused(house, 'transport', 'connections_address');
    let answered = 0;
    let ended = 0;
    let most = 0;
    for (let i = 0; i < 5000; i += 1) {
      const s = keep(net.connect({ port: server.port, host: '127.0.0.1', localAddress: server.from }));
      s.on('error', () => {});
      s.on('data', (d) => { if (String(d).includes(' 503 ')) answered += 1; });
      s.on('close', () => { ended += 1; });
      s.write(GET(HELLO).slice(0, 20));
      if (i % 50 === 49) await pause(2);
      if (i % 1000 === 999) most = Math.max(most, (await house.metrics()).upred_relay_connections);
    }
    await ask(() => ended === 5000, 30000, 'the end of all');
    const turned = await refused(house, 'transport', 'connections_address') - before;
    assert.ok(turned >= 1000 && most < 1100, `${turned} refused, ${most} at a time`);   // the others' heads were too slow
    assert.ok(answered > 0, 'some could read why');
  }, 60000],
  ['1,000 silent connections', async ({ server, wire, keep }) => {
    const all = range(900).map(() => keep(wire.raw(server)));
    await ask(() => all.every((c) => c.isClosed()), 15000, 'their deadline');
  }],
  ['connections that open and shut', async ({ server, wire }) => {
    for (let round = 0; round < 20; round += 1) {
      const all = range(50).map(() => wire.raw(server));
      await pause(10);
      all.forEach((c, i) => { if (i % 3 === 0) c.reset(); else if (i % 3 === 1) c.socket.end(); else c.destroy(); });
    }
  }],
  ['connections that are closed on one side, 200', async ({ server, wire, keep }) => {
    const asked = range(100).map(() => keep(wire.raw(server)));
    const silent = range(100).map(() => keep(wire.raw(server)));
    asked.forEach((c) => { c.write(GET('/healthz')); c.socket.end(); });
    silent.forEach((c, i) => { if (i % 2) c.write('GET /he'); c.socket.end(); });
    await ask(() => asked.every((c) => c.isClosed() && c.text().includes(' 200 ')), 10000, 'the answers');
    await ask(() => silent.every((c) => c.isClosed()), 10000, 'their end');
  }],
  ['heads cut in the middle', async ({ server, wire }) => {
    const text = GET(HELLO, `X-Own: ${'x'.repeat(100)}\r\n`);
    for (let at = 1; at < text.length; at += 3) {
      const c = wire.raw(server);
      c.write(text.slice(0, at));
      await pause(2);
      c.reset();
    }
  }],
  ['a head that drips', async ({ server, wire, keep }) => {
    const c = keep(wire.raw(server));
    await Promise.all([drip(c, GET(HELLO, `X-Own: ${'x'.repeat(500)}\r\n`)), c.closed(10000)]);
    assert.equal(c.text(), '');
  }],
  ['a body that drips', async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    const c = keep(wire.raw(server));
    c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`);
    await Promise.all([drip(c, `4${'x'.repeat(400)}`), c.until(/^HTTP\/1.1 408/, 10000)]);
  }],
  ['a body that is promised and does not come', async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    const c = keep(wire.raw(server));
    c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n`);
    await c.until(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 408/, 10000);
  }],
  ['300 bodies begun', async ({ server, wire, keep }) => {
    const all = [];
    for (const i of range(300)) {
      const p = await wire.open(server);
      const c = keep(wire.raw(server));
      c.write(`POST ${p.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n4${'x'.repeat(i * 1000)}`);
      all.push(c);
    }
    await ask(() => all.every((c) => c.isClosed()), 20000, 'their end');
  }, 60000],
  ['messages begun, 90 of 900,000 bytes', async ({ server, wire, keep }) => {
    const half = wire.frame(`4${'x'.repeat(900000)}`, { fin: false });
    const all = [];
    for (const i of range(90)) { all.push(keep(await wire.wsRaw(server))); all[i].write(half); }
    await ask(() => all.every((w) => w.code !== null || w.ended), 20000, 'their end');
    assert.ok(all.every((w) => (w.ended && w.code === null) || w.code === 1008), 'too many, or too slow');
  }, 60000],
  ['a WebSocket that is half asked for', async ({ server, wire, keep }) => {
    const c = keep(wire.raw(server));
    c.write(wire.upgradeText('', '', { path: server.path }).slice(0, 80));
    await c.closed(10000);
  }],
  ['a probe that never speaks', async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    const ws = keep(await wire.wsRaw(server, `&sid=${p.sid}`));
    assert.equal(await ws.closeCode(10000), 1008);
    assert.equal((await p.post('6')).status, 200);
  }],
  ['50 probes one after another', async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    for (let i = 0; i < 50; i += 1) {
      const ws = keep(await wire.wsRaw(server, `&sid=${p.sid}`));
      ws.send('2probe');
      // the one before may not be gone yet: then it is not wanted
      await ask(() => ws.frames.some((f) => f.text === '3probe') || ws.code === 1008, 8000, '3probe');
      ws.destroy();
      assert.equal((await p.post('6')).status, 200);
    }
    assert.equal((await p.post('6')).status, 200);
  }, 60000],
  ['50 probes at once', async ({ server, wire, keep }) => {
    const p = await wire.open(server);
    const all = await Promise.all(range(50).map(async () => keep(await wire.wsRaw(server, `&sid=${p.sid}`))));
    await ask(() => all.filter((w) => w.code === 1008).length === 49, 8000, '49 refusals');
  }],
  ['two polls of one session, 100 times', async ({ server, wire, keep }) => {
    for (let i = 0; i < 100; i += 1) {
      const p = await wire.open(server);
      const held = keep(wire.raw(server));
      held.write(GET(p.url));
      await p.post('6');
      assert.equal((await p.poll()).status, 400);
      held.destroy();
    }
  }, 60000],
  ['sessions that nobody uses, 800', async ({ server, house, wire }) => {
    const opened = await Promise.all(range(800).map(() => wire.open(server).catch(() => null)));
    assert.ok(opened.filter(Boolean).length > 300);
    await Promise.all(opened.filter(Boolean).map((p) => p.post('1').catch(() => {})));
    assert.ok((await house.metrics()).upred_relay_sessions < 1000);
  }, 60000],
  ['guessing sids, 1,000', async ({ server, wire }) => {
    const agent = new (require('node:http').Agent)({ keepAlive: true, maxSockets: 4 });
    const all = await Promise.all(range(1000).map((i) => wire.request(server, 'GET', `${HELLO}&sid=${String(i).padStart(20, 'A')}`, { agent })));
    assert.ok(all.every((r) => r.status === 400 && JSON.parse(r.body).code === 1));
    agent.destroy();
  }, 60000],
  ['a payload of 32,000 packets', async ({ server, wire }) => {
    const p = await wire.open(server);
    assert.equal((await p.post(Array(32000).fill('6').join('\x1e'))).status, 200);
    assert.equal((await p.post(Array(33000).fill('6').join('\x1e'))).status, 400);
  }],
  ['2,000 events faster than allowed', async (ctx) => {
    const ws = await joined(ctx);
    const before = (await ctx.house.metrics()).upred_relay_refused_fast_total;
    for (let i = 0; i < 2000; i += 1) ws.send(`42${i}["join_group",{"group_id":"1"}]`);
    await ask(() => ws.frames.some((f) => f.text.startsWith('431999[')), 20000, 'the last answer');
    assert.ok((await ctx.house.metrics()).upred_relay_refused_fast_total > before);
  }, 60000],
  ['300 clients that connect and go', async ({ server, wire, evil }) => {
    for (const part of range(6)) {
      await Promise.all(range(50).map(async () => {
        const ws = await wire.wsRaw(server, `&user_id=${evil}`);
        ws.send('40');
        await pause(part * 5);
        ws.destroy();
      }));
    }
  }, 60000],
  ['a reader that reads nothing', async (ctx) => {
    const ws = await joined(ctx);
    ws.socket.pause();
    await deafening(ctx, 3000, 4 * MIB, () => {
      for (let i = 0; i < 3000; i += 1) ws.send(`42${i}["${'x'.repeat(2000)}"]`);
    });
  }],
  ['30 deaf peers with a megabyte each', async (ctx) => {
    const all = [];
    for (let i = 0; i < 30; i += 1) all.push(await joined(ctx));
    for (const ws of all) ws.socket.pause();
    await deafening(ctx, 600, 16 * MIB, () => {
      for (const ws of all) {
        for (let i = 0; i < 20; i += 1) ws.send(`42${i}["load_message_history",{"sala_uuid":"${'x'.repeat(50000)}"}]`);
      }
    });
  }, 60000],
  ['revision 3 pings with 60,000 bytes that nobody reads', async ({ server, wire, evil, keep }) => {
    const ws = keep(await wire.wsRaw(server, `&user_id=${evil}`, { version: 3 }));
    await ask(() => ws.frames.length > 1, 8000, 'the welcome');
    ws.socket.pause();
    for (let i = 0; i < 400; i += 1) ws.send(`2${'x'.repeat(60000)}`);
    await pause(500);
    ws.socket.resume();
    assert.equal(await ws.closeCode(20000), 1006);
  }],
];

module.exports = { rows };
