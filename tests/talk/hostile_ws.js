'use strict';
// Hostile WebSocket frames and Socket.IO packets: [name, fn(ws, wire), what comes back]: a close code, `alive` (it is ignored or
// refused by an answer, and the connection goes on), `cut` (without a close frame), or a text that begins a frame.
const bytes = (...list) => Buffer.from(list);
const say = (text, options) => (ws) => ws.send(text, options);
const both = (...frames) => (ws, wire) => ws.write(Buffer.concat(frames.map(([data, options]) => wire.frame(data, options))));
const many = (count, text) => (ws) => { for (let i = 0; i < count; i += 1) ws.send(typeof text === 'function' ? text(i) : text); };
const place = (num) => `{"_placeholder":true,"num":${num}}`;

// a fresh WebSocket that has heard OPEN and joined nothing
const frames = [
  ['RSV2', say('4x', { rsv: 0x20 }), 1002],
  ['RSV3', say('4x', { rsv: 0x10 }), 1002],
  ['all reserved bits on a ping', say('x', { rsv: 0x70, opcode: 9 }), 1002],
  ['opcode 3', say('4x', { opcode: 3 }), 1002],
  ['opcode 15', say('4x', { opcode: 15 }), 1002],
  ['a continuation of nothing', say('4x', { opcode: 0 }), 1002],
  ['a message within a message', both(['4a', { fin: false }], ['4b', {}]), 1002],
  ['a ping in pieces', say('x', { opcode: 9, fin: false }), 1002],
  ['a ping of 130 bytes', say('x'.repeat(130), { opcode: 9 }), 'cut'],
  ['a message of a tebibyte, announced', (ws, wire) => ws.write(wire.frame('4abc', { length: 2 ** 40 })), 1009],
  ['a length with its highest bit', (ws) => ws.write(Buffer.concat([bytes(0x81, 0xff, 0xff), Buffer.alloc(11, 1)])), 'cut'],
  ['a message in 1,100 pieces, too large', (ws) => {
    ws.send('4', { fin: false });
    for (let i = 0; i < 1100; i += 1) ws.send('x'.repeat(1000), { opcode: 0, fin: false });
  }, 1009],
  ['10,000 empty pieces', (ws) => { ws.send('4', { fin: false }); for (let i = 0; i < 10000; i += 1) ws.send('', { opcode: 0, fin: false }); }, 1008],
  ['half a frame, then nothing', (ws, wire) => ws.write(wire.frame('4hola').subarray(0, 4)), 'alive'],
  ['a close frame of one byte', say('x', { opcode: 8 }), 'cut'],
  ['10,000 pings', (ws) => { for (let i = 0; i < 10000; i += 1) ws.send('x', { opcode: 9 }); }, 'alive'],
  ['an empty text', say(''), 1002],
  ['a text that is a NUL', say('\0'), 1002],
  ['an over-long UTF-8 form', say(bytes(0x34, 0xc0, 0xaf)), 1007],
  ['a surrogate in UTF-8', say(bytes(0x34, 0xed, 0xa0, 0x80)), 1007],
  ['an open packet', say('0{"sid":"x"}'), 1002],
  ['a ping of the client', say('2'), 1002],
  ['ends of an upgrade', many(5000, '5'), 'alive'],
  ['probes', many(5000, '2probe'), 'alive'],
  ['pongs nobody asked for', many(5000, '3'), 'alive'],
  ['noops', many(5000, '6'), 'alive'],
];

// the same, a probe for a polling session that must live on
const probes = [
  ['4 behind 2probe', both(['2probe'], ['4hola']), 1002],
  ['2probe twice', both(['2probe'], ['2probe']), 1002],
  ['a binary probe', say('2probe', { opcode: 2 }), 1002],
  ['a message instead of a probe', say('4hola'), 1002],
  ['a probe that is not UTF-8', say(bytes(0x32, 0xff)), 1002],
  ['an enormous probe', (ws, wire) => ws.write(wire.frame('2probe', { length: 2 ** 33 })), 1009],
];

// joined to `/`, or not yet
const packets = [
  ['an event before CONNECT', say('42["x"]'), 1008, false],
  ['a type that is none', say('47'), 1008, false],
  ['a number that runs over', say('42184467440737095516160["x"]'), 1008],
  ['a namespace of 600 bytes', say(`40/${'n'.repeat(600)},`), 1008, false],
  ['CONNECT with a text', say('40"x"'), 1008, false],
  ['CONNECT with a list', say('40[]'), 1008, false],
  ['CONNECT with 20 KB of auth', say(`40{"token":"${'x'.repeat(20000)}"}`), '44{', false],
  ['CONNECT to 300 namespaces that are none', many(300, (i) => `40/n${i},`), '44/n299,', false],
  ['CONNECT twice', say('40'), 1008],
  ['CONNECT_ERROR of a client', say('44{"message":"x"}'), 1008],
  ['DISCONNECT with words', say('41{}'), 1008],
  ['an event that is an object', say('42{"x":1}'), 1008],
  ['an event without a name', say('42[]'), 1008],
  ['an event named by an object', say('42[{}]'), 1008],
  ['a reserved name', say('42["disconnecting"]'), 1008],
  ['the prototype by name', say('42["__proto__",{"constructor":{"prototype":{"x":1}}}]'), 'alive'],
  ['the prototype by key, asked', say('427["join_direct_chat",{"__proto__":{"other_user_id":"456"}}]'), '437[{"message":"other_user_id es requerido"'],
  ['an unknown event, asked', say('429["rm -rf",{}]'), '439[{'],
  ['a name of 900,000 bytes', say(`42["${'n'.repeat(900000)}"]`), 'alive'],
  ['an array of 300,000', say(`4211["join_group",[${'0,'.repeat(300000)}0]]`), '4311[{"message":"Payload inválido'],
  ['NaN', say('42["x",NaN]'), 1008],
  ['a comma too many', say('42["x",]'), 1008],
  ['bytes behind the end', say('42["x"]]'), 1008],
  ['a text that does not end', say('42["x'), 1008],
  ['a tab within a text', say('42["x\t"]'), 1008],
  ['a lone surrogate, asked', say('4212["join_group",{"group_id":"\\ud800"}]'), '4312[{'],
  ['U+0000, asked', say('4213["send_message",{"message":"\\u0000"}]'), '4313[{'],
  ['a number of 10,000 digits, asked', say(`4214["join_group",{"group_id":${'9'.repeat(10000)}}]`), '4314[{'],
  ['a million attachments', say('451000000-["x"]'), 1008],
  ['attachments without a count', say('45-["x"]'), 1008],
  ['a placeholder below nothing', say(`451-["x",${place(-1)}]`), 1008],
  ['a placeholder that is a text', say(`451-["x",${place('"0"')}]`), 1008],
  ['a placeholder with a fraction', say(`451-["x",${place(0.5)}]`), 1008],
  ['a placeholder that is huge', say(`451-["x",${place('9'.repeat(30))}]`), 1008],
  ['a placeholder deep within', say(`451-["x",{"a":[{"b":${place(1)}}]}]`), 1008],
  ['the same attachment a thousand times', (ws) => { ws.send(`451-["x",${Array(1000).fill(place(0))}]`); ws.send('x', { opcode: 2 }); }, 'alive'],
  ['an event between attachments', (ws) => { ws.send(`452-["x",${place(0)},${place(1)}]`); ws.send('x', { opcode: 2 }); ws.send('42["x"]'); }, 1008],
  ['2,000 acknowledgements nobody asked for', many(2000, (i) => `43${i}[]`), 'alive'],
  ['an acknowledgement without an id', say('43[]'), 1008],
  ['1,000 events at once', many(1000, (i) => `42${i}["get_presence",{}]`), '43999['],
];

module.exports = { frames, probes, packets };
