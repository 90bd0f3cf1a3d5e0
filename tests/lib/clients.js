'use strict';
// Socket.IO clients of every generation as a test wants them: connected, and remembering what they heard.
const generations = {
  1: require('socket.io-client-1'),
  2: require('socket.io-client-2'),
  3: require('socket.io-client-3').io,
  4: require('socket.io-client-4').io,
};

// The memory is filled from the moment the socket exists, so nothing is missed between two lines of a test.
// Adds to the socket:
//   heard                        every event so far: [{ event, args, at }]
//   all(event, match)            payloads (first arguments) of the events of this name so far
//   next(event, match, ms)       the next not yet taken event of this name that fits; match: function or fields
//   nothing(event, match, ms)    throws if such an event comes (or came, not yet taken) within ms
//   call(event, payload, ms)     emits and returns what the acknowledgement carries
function remember(socket) {
  const waiting = new Set();
  socket.heard = [];
  const note = (event, args) => {
    socket.heard.push({ event, args, at: Date.now(), taken: false });
    for (const look of [...waiting]) look();
  };
  if (socket.onAny) {
    socket.onAny((event, ...args) => note(event, args));
  } else {
    const onevent = socket.onevent;
    socket.onevent = function (packet) {
      note(packet.data[0], packet.data.slice(1));
      onevent.call(this, packet);
    };
  }
  const fits = (entry, event, match) => entry.event === event && (!match
    || (typeof match === 'function' ? match(entry.args[0])
      : Object.entries(match).every(([k, v]) => entry.args[0] && entry.args[0][k] === v)));

  socket.all = (event, match) => socket.heard.filter((e) => fits(e, event, match)).map((e) => e.args[0]);

  socket.next = (event, match, ms = 5000) => new Promise((resolve, reject) => {
    let timer;
    const look = () => {
      const entry = socket.heard.find((e) => !e.taken && fits(e, event, match));
      if (!entry) return;
      entry.taken = true;
      waiting.delete(look);
      clearTimeout(timer);
      resolve(entry.args[0]);
    };
    timer = setTimeout(() => {
      waiting.delete(look);
      reject(new Error(`no ${event} in ${ms} ms; heard: ${JSON.stringify(socket.heard.slice(-5)).slice(0, 600)}`));
    }, ms);
    waiting.add(look);
    look();
  });

  socket.nothing = async (event, match, ms = 400) => {
    const found = await socket.next(event, match, ms).catch(() => undefined);
    if (found !== undefined) throw new Error(`unexpected ${event}: ${JSON.stringify(found).slice(0, 600)}`);
  };

  socket.call = (event, payload, ms = 8000) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no acknowledgement of ${event} in ${ms} ms`)), ms);
    socket.emit(event, payload, (answer) => { clearTimeout(timer); resolve(answer); });
  });
  return socket;
}

// open(url, user, options): a socket that is connecting. options: version 1|2|3|4, query, auth, and every option of
// the client; without "transports" the client's default (polling, then upgrade).
function open(url, user, { version = 4, query = {}, url: _, ...rest } = {}) {
  const who = user === undefined || user === null ? query : { user_id: String(user), ...query };
  return remember(generations[version](url, { forceNew: true, reconnection: false, query: who, ...rest }));
}

// connect(url, user, options): resolves when "connected" was heard; the payload is in socket.welcome
function connect(url, user, options = {}) {
  const socket = open(url, user, options);
  return new Promise((resolve, reject) => {
    const fail = (e) => {
      socket.close();
      reject(e instanceof Error ? e : Object.assign(new Error(`refused: ${JSON.stringify(e)}`), { data: e }));
    };
    socket.once('connect_error', fail);
    socket.once('error', fail);
    socket.next('connected', undefined, options.ms || 10000).then((welcome) => {
      socket.off('connect_error', fail);
      socket.off('error', fail);
      socket.welcome = welcome;
      resolve(socket);
    }, fail);
  });
}

module.exports = { open, connect, remember };
