'use strict';
// Parses every script named on standard input, one line per fault: those below www/ are ES modules, the others not.
const fs = require('node:fs');
const vm = require('node:vm');

for (const file of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const text = fs.readFileSync(file, 'utf8').replace(/^#!.*/, '');
  try {
    if (file.startsWith('www/')) new vm.SourceTextModule(text, { identifier: file });
    else new vm.Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, { filename: file });
  } catch (e) {
    console.log(`${file}: ${e.message}`);
  }
}
