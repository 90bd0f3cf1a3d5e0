'use strict';
// People who chat in a group while somebody else attacks; in a process of their own, so that the attacker's work does not
// count as theirs. Started by hostile.test.js and faults/feed.test.js with the relay's address, the group and the people; ends
// when its input ends, and prints { waits, sent, heard, troubles } then: how long each acknowledgement took in ms and when it
// came, and what each heard.
const clients = require('../lib/clients');

const [url, group, ...ids] = process.argv.slice(2);
const ways = [['websocket'], ['websocket'], ['polling'], ['polling', 'websocket']];
const BEAT_MS = 150;
const waits = [];
const troubles = [];
let going = true;
let sent = 0;

async function chat(socket, id, room) {
  while (going) {
    const began = performance.now();
    const answer = await socket.call('send_message', {
      sala_uuid: room, sender_id: id, message: `${id}-${sent += 1}`, timestamp: '2026-02-25T10:00:00.000Z', type: 'grupal', message_type: 'texto',
    }, 20000).catch((e) => ({ status: e.message }));
    waits.push([Math.round((performance.now() - began) * 10) / 10, Date.now()]);
    if (answer.status !== 'sent') troubles.push(`${id}: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(0, BEAT_MS - (performance.now() - began))); });
  }
}

async function main() {
  const people = await Promise.all(ids.map((id, i) => clients.connect(url, id, { transports: ways[i % ways.length] })));
  let room;
  for (const socket of people) {
    socket.emit('join_group', { group_id: group });
    room = (await socket.next('group_joined')).sala_uuid;
    socket.on('disconnect', (reason) => { if (going) troubles.push(`disconnected: ${reason}`); });
  }
  process.stdout.write('ready\n');
  const chats = people.map((socket, i) => chat(socket, ids[i], room));
  process.stdin.resume();
  await new Promise((resolve) => { process.stdin.on('end', resolve); });
  going = false;
  await Promise.all(chats);
  await new Promise((resolve) => { setTimeout(resolve, 1000); });      // the last echoes
  const heard = people.map((s) => {
    const ids = s.all('receive_message').map((m) => m.mensaje_id);
    return [ids.length, new Set(ids).size];
  });
  process.stdout.write(`${JSON.stringify({ waits, sent, heard, troubles })}\n`, () => process.exit(0));
}

main().catch((e) => {
  process.stderr.write(`${e.stack}\n`);
  process.exit(1);
});
