'use strict';
// Certificates for tests of TLS, made on the spot by openssl(1): self-signed, for localhost and 127.0.0.1.
//
//   const one = certs.make(dir, 'one');                { cert, key, ca, fingerprint }: two files, the PEM text, SHA-256
//   const two = certs.make(dir, 'two', 'rsa:2048');    another kind of key; a third argument more: days of validity
//   certs.put(two, one);                               the files of one now hold the pair two
const { execFileSync } = require('node:child_process');
const { X509Certificate } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

function make(dir, name, kind = 'ec', days = 30) {
  const cert = path.join(dir, `${name}.pem`);
  const key = path.join(dir, `${name}.key`);
  const kinds = kind === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', kind];
  execFileSync('openssl', ['req', '-x509', ...kinds, '-nodes', '-subj', '/CN=localhost', '-days', String(days),
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const ca = fs.readFileSync(cert, 'utf8');
  return { cert, key, ca, fingerprint: new X509Certificate(ca).fingerprint256 };
}

function put(from, to) {
  fs.copyFileSync(from.cert, to.cert);
  fs.copyFileSync(from.key, to.key);
}

module.exports = { make, put };
