'use strict';
// The documents of the API, www/openapi.yaml and www/asyncapi.yaml, as rules: what an answer or an event may carry.
// Objects are closed here: a field that the document does not name is a fault, as is one that it requires and that
// is not there. Both remember what was shown, so that a test can say what no program ever did.
const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv/dist/2020');
const { parse } = require('yaml');

const WWW = path.resolve(__dirname, '../../www');
const OURS = ['etag', 'x-cursor', 'x-poll-interval', 'retry-after', 'www-authenticate'];
const HEADERS_OF_ALL = ['allow', 'retry-after'];

function read(name) {
  return parse(fs.readFileSync(path.join(WWW, name), 'utf8'));
}

// every object that names its members has no others
function close(node) {
  if (!node || typeof node !== 'object') return node;
  for (const value of Object.values(node)) close(value);
  if (!Array.isArray(node) && node.type && node.properties && node.additionalProperties === undefined) {
    node.additionalProperties = false;
  }
  return node;
}

const escape = (part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

class Rules {
  constructor() {
    this.ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false, validateSchema: false });
    this.docs = {};
    for (const name of ['openapi.yaml', 'asyncapi.yaml']) {
      this.docs[name] = read(name);
      this.ajv.addSchema(close(read(name)), name);
    }
    this.shown = new Set();
  }

  // throws unless the value is what the schema at this place of the document says
  fits(name, place, value, what) {
    const check = this.ajv.getSchema(`${name}#/${place.map(escape).join('/')}`);
    if (!check) throw new Error(`${what}: ${name} has nothing at ${place.join('/')}`);
    if (check(value)) return;
    const [e] = check.errors;
    throw new Error(`${what} is not what ${name} says: ${e.instancePath} ${e.message} ${JSON.stringify(e.params)}\n`
      + JSON.stringify(value).slice(0, 900));
  }
}

// [what stands at the place, the place], references followed
function follow(doc, place) {
  let node = place.reduce((n, part) => n && n[part], doc);
  while (node && node.$ref) {
    place = node.$ref.replace('#/', '').split('/');
    node = place.reduce((n, part) => n && n[part], doc);
  }
  return [node, place];
}

class Rest extends Rules {
  constructor() {
    super();
    this.doc = this.docs['openapi.yaml'];
    this.paths = Object.keys(this.doc.paths).map((p) => [p, new RegExp(`^${p.replace(/\{[^}]+\}/g, '[^/]+')}$`)])
      .sort((a, b) => (a[0].includes('{') ? 1 : 0) - (b[0].includes('{') ? 1 : 0));
  }

  // ['GET /path', …]: every operation of the document
  operations() {
    return Object.entries(this.doc.paths).flatMap(([p, item]) => Object.keys(item).filter((m) => m !== 'parameters')
      .map((m) => `${m.toUpperCase()} ${p}`));
  }

  // ['GET /path 200', …]: every status that the document names
  statuses() {
    return this.operations().flatMap((o) => {
      const [method, p] = o.split(' ');
      return Object.keys(this.doc.paths[p][method.toLowerCase()].responses).filter((s) => s !== 'default').map((s) => `${o} ${s}`);
    });
  }

  // the operation of a request, or undefined
  find(method, where) {
    const found = this.paths.find(([, re]) => re.test(where.split('?')[0]));
    const m = method === 'HEAD' ? 'get' : method.toLowerCase();
    return found && this.doc.paths[found[0]][m] ? ['paths', found[0], m] : undefined;
  }

  // answer: what House.api returns. Refusals of paths and methods that the document lacks are errors too.
  answer(method, where, answer) {
    const what = `${method} ${where.slice(0, 200)} -> ${answer.status}`;
    const operation = this.find(method, where);
    let place = ['components', 'responses', 'Error'];
    let response = this.doc.components.responses.Error;
    if (operation) {
      const [{ responses }] = follow(this.doc, operation);
      const named = responses[answer.status];
      [response, place] = follow(this.doc, [...operation, 'responses', named ? String(answer.status) : 'default']);
      if (named) this.shown.add(`${method === 'HEAD' ? 'GET' : method} ${operation[1]} ${answer.status}`);
      if (!named && answer.status < 400) throw new Error(`${what} is not in openapi.yaml`);
    } else if (answer.status < 400) {
      throw new Error(`${what}, which openapi.yaml does not have`);
    }
    this.headers(response, place, answer, what);
    if (response.content && method !== 'HEAD') {
      this.fits('openapi.yaml', [...place, 'content', 'application/json', 'schema'], answer.json, what);
    } else if (answer.text) {
      throw new Error(`${what} has a body`);
    }
    return answer;
  }

  headers(response, place, answer, what) {
    const named = Object.keys(response.headers || {});
    for (const key of OURS) {
      if (answer.headers[key] === undefined || named.some((n) => n.toLowerCase() === key)) continue;
      if (answer.status >= 400 && HEADERS_OF_ALL.includes(key)) continue;
      throw new Error(`${what} has a header ${key} that openapi.yaml does not name`);
    }
    for (const name of named) {
      const [header, at] = follow(this.doc, [...place, 'headers', name]);
      const text = answer.headers[name.toLowerCase()];
      if (text === undefined && header.required) throw new Error(`${what} lacks ${name}`);
      if (text === undefined) continue;
      const [schema] = follow(this.doc, [...at, 'schema']);
      this.fits('openapi.yaml', [...at, 'schema'], schema.type === 'integer' ? Number(text) : text, `${what}: ${name}`);
    }
    if (answer.status === 405 && !answer.headers.allow) throw new Error(`${what} lacks Allow`);
    if (response.content && !/^application\/json\b/.test(answer.headers['content-type'] || '')) {
      throw new Error(`${what} is ${answer.headers['content-type']}`);
    }
  }
}

class Events extends Rules {
  constructor() {
    super();
    this.doc = this.docs['asyncapi.yaml'];
    const names = (way) => this.doc.channels['/'][way].message.oneOf.map((m) => m.$ref.split('/').pop());
    this.emitted = names('publish');
    this.heard = names('subscribe');
  }

  hear(event, payload) {
    if (!this.heard.includes(event)) throw new Error(`${event} is heard, and asyncapi.yaml does not name it`);
    this.fits('asyncapi.yaml', ['components', 'messages', event, 'payload'], payload, event);
    this.shown.add(event);
  }

  emit(event, payload) {
    this.fits('asyncapi.yaml', ['components', 'messages', event, 'payload'], payload, `emitting ${event}`);
    this.shown.add(event);
  }

  // the event that refuses this one
  refusal(event) {
    return this.doc.components.messages[event]['x-rechaza'] || 'error';
  }

  // what an acknowledgement of the event carries
  acknowledge(event, answer) {
    const [name] = this.doc.components.messages[event]['x-responde'];
    if (name) this.fits('asyncapi.yaml', ['components', 'messages', name, 'payload'], answer, `${event}'s acknowledgement`);
    else this.fits('asyncapi.yaml', ['components', 'schemas', 'Recibido'], answer, `${event}'s acknowledgement`);
  }
}

module.exports = { Rest, Events, read, WWW };
