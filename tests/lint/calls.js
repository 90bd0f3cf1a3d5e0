'use strict';
// Who calls whom, read from the objects (nm): calls.js BUILD
// Prints one line per call that goes up or sideways between rooms, per group of files that call each other in a circle,
// and per header whose "Called by" does not name the files of its own folder that call it. Calls through callbacks leave
// no trace in an object, which is what makes them allowed upward.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const objects = path.join(process.argv[2] || 'build', 'obj');

// [pattern, rank, rooms it may not call although they are lower]
const relay = [
  [/^relay\/main$/, 9, []],
  [/^relay\/chat\//, 7, []],
  // the bus has neighbours of its own beside bus.c
  [/^relay\/(?!main$|settings)[^/]*$/, 5, [/^relay\/socketio\//]],
  [/^relay\/socketio\//, 5, [/^relay\/settings/]],
  [/^relay\/settings/, 4, [/^relay\/engineio\//]],
  [/^relay\/engineio\//, 3, []],
  [/^shared\/log$/, 0, []],
  [/^shared\//, 1, []],
];
const api = [
  [/^fcgi-api\/main$/, 9, []],
  [/^fcgi-api\/door_/, 8, [/^fcgi-api\/handlers\//]],
  [/^fcgi-api\/router/, 7, []],
  [/^fcgi-api\/handlers\//, 6, []],
  [/^fcgi-api\/store\//, 3, []],
  [/^fcgi-api\//, 4, []],
  [/^shared\/log$/, 0, []],
  [/^shared\//, 1, []],
];
// within one folder of these, files stand side by side: order is free, circles are not
const row = (rows, file) => rows.find(([pattern]) => pattern.test(file));

function files(folder) {
  const dir = path.join(objects, folder);
  if (!fs.existsSync(dir)) return [];
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory()
    ? files(path.join(folder, e.name))
    : e.name.endsWith('.o') ? [path.join(folder, e.name.slice(0, -2))] : []));
}

// objects whose source is gone are left over from an earlier build
const alive = (file) => fs.existsSync(`${file}.c`);

function symbols(file) {
  const out = execFileSync('nm', [path.join(objects, `${file}.o`)], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const defines = [];
  const needs = [];
  for (const line of out.split('\n')) {
    const m = /^[0-9a-f ]{16} ([A-Z]) (\S+)$/i.exec(line);
    if (m && m[1] === 'T') defines.push(m[2]);
    if (m && m[1] === 'U') needs.push(m[2]);
  }
  return { defines, needs };
}

function edges(list) {
  const home = new Map();
  const all = new Map(list.map((f) => [f, symbols(f)]));
  for (const [file, { defines }] of all) for (const name of defines) home.set(name, file);
  const graph = new Map();
  for (const [file, { needs }] of all) {
    const to = new Map();
    for (const name of needs) {
      const other = home.get(name);
      if (other && other !== file && !to.has(other)) to.set(other, name);
    }
    graph.set(file, to);
  }
  return graph;
}

function direction(graph, rows) {
  for (const [file, to] of graph) {
    const from = row(rows, file);
    for (const [other, name] of to) {
      const target = row(rows, other);
      if (target === from) continue;
      if (target[1] >= from[1] || from[2].some((p) => p.test(other))) {
        console.log(`${file}.c calls ${name} of ${other}.c: not allowed in this direction`);
      }
    }
  }
}

// groups in a circle (Tarjan)
function circles(graph) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const visit = (v) => {
    index.set(v, index.size);
    low.set(v, index.get(v));
    stack.push(v);
    for (const w of graph.get(v).keys()) {
      if (!index.has(w)) {
        visit(w);
        low.set(v, Math.min(low.get(v), low.get(w)));
      } else if (stack.includes(w)) {
        low.set(v, Math.min(low.get(v), index.get(w)));
      }
    }
    if (low.get(v) !== index.get(v)) return;
    const group = stack.splice(stack.indexOf(v));
    if (group.length > 1) {
      const why = group.flatMap((a) => [...graph.get(a)].filter(([b]) => group.includes(b))
        .map(([b, name]) => `${a} -> ${b} (${name})`));
      console.log(`files that call each other: ${why.join(', ')}`);
    }
  };
  for (const v of graph.keys()) if (!index.has(v)) visit(v);
}

// "Called by a, b and c." in the head of a header against who needs a symbol of its source; whoever is not in its folder may
// be named by the room, and a sentence without a file's name ("every room") says nothing that could be wrong
function callers(graph) {
  for (const file of graph.keys()) {
    const head = fs.existsSync(`${file}.h`) ? /^\/\*[^]*?\*\//.exec(fs.readFileSync(`${file}.h`, 'utf8'))?.[0].replace(/\s*\n \*\s*/g, ' ') : '';
    const [, list] = /Called by ((?:\([^)]*\)|[^.;(]|\.[ch]\b)*)/.exec(head) ?? [];
    if (!list) continue;
    const near = [...graph.keys()].filter((f) => f !== file && path.dirname(f) === path.dirname(file));
    const names = near.filter((f) => new RegExp(`(^|[\\s/])${path.basename(f)}(?![\\w])`).test(list.replace(/\([^)]*\)/g, '')));
    if (!names.length) continue;
    for (const f of near) {
      const real = graph.get(f).get(file);
      if (real && !names.includes(f) && !(/door_/.test(f) && /\bdoors\b/.test(list))) console.log(`${file}.h: ${path.basename(f)} calls it too (${real})`);
      if (!real && names.includes(f)) console.log(`${file}.h: ${path.basename(f)} does not call it`);
    }
  }
}

const shared = files('shared').filter(alive);
const seen = new Set();
const log = console.log;
console.log = (line) => { if (!seen.has(line)) { seen.add(line); log(line); } };
for (const [folder, rows] of [['relay', relay], ['fcgi-api', api]]) {
  const graph = edges([...files(folder).filter(alive), ...shared]);
  direction(graph, rows);
  circles(graph);
  callers(graph);
}
