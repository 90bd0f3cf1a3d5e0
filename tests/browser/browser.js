'use strict';
// A real Chromium for the tests of the page. What each page complains about (console errors, exceptions,
// breaches of the Content-Security-Policy) is gathered in page.complaints.
//
//   const ana = await person(house, '123', { dark: true, phone: true });
//   await shoot(ana, 'chat-dark');           build/screens/chat-dark.png
//   await close();
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');
const { BUILD } = require('../lib/house');

const SCREENS = path.join(BUILD, 'screens');
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run', '--mute-audio'];
let running;

function browser() {
  // people's browsers keep the page they came from
  running = running || chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS,
    ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  return running;
}

// A page in a context of its own, that is: another person at another machine. user '' is the first screen.
async function person(house, user, { dark = false, phone = false } = {}) {
  const context = await (await browser()).newContext({
    locale: 'es-MX',
    colorScheme: dark ? 'dark' : 'light',
    viewport: phone ? { width: 390, height: 780 } : { width: 1200, height: 760 },
    deviceScaleFactor: phone ? 2 : 1,
    hasTouch: phone,
  });
  context.setDefaultTimeout(10000);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') page.complaints.push(m.text()); });
  page.on('pageerror', (e) => page.complaints.push(e.stack || e.message));
  await page.exposeFunction('complain', (text) => page.complaints.push(text));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) => window.complain(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
  });
  await page.goto(`${house.webUrl}/${user ? `?usuario=${user}` : ''}`);
  if (user) await page.waitForSelector('#connection[data-state="conectado"]');
  return page;
}

// A page of nobody's, for a site of the test's own.
const blank = async () => (await (await browser()).newContext()).newPage();

// Opens the direct conversation with `id` by the dialog, as a person does.
async function openWith(page, id) {
  await page.click('#new-chat');
  await page.click(`#new-list [data-id="${id}"]`);
  await page.waitForSelector('#new-dialog:not([open])', { state: 'attached' });
  await page.waitForSelector('#thread-open:not([hidden])');
  await page.waitForSelector('#messages[aria-busy="false"]', { state: 'attached' });
}

async function write(page, text) {
  await page.fill('#composer-text', text);
  await page.press('#composer-text', 'Enter');
}

// How the page asks for the list of rooms.
const LIST = /\/salas\?nombres=1$/;

// The row of a conversation in the list, by its name.
const room = (page, name) => page.locator('.room', { has: page.locator(`.room-name:text-is("${name}")`) });

// The element of a message whose text holds `text`.
const bubble = (page, text) => page.locator('.message', { hasText: text }).last();

async function state(page, text, wanted, timeout = 10000) {
  await page.locator(`.message.mine[data-state="${wanted}"]`, { hasText: text }).waitFor({ timeout });
}

// Holds the first answer to a request that fits: { held, release }.
async function hold(page, pattern) {
  const gate = {};
  const open = new Promise((resolve) => { gate.release = resolve; });
  gate.held = new Promise((resolve) => {
    let first = true;
    page.route(pattern, async (route) => {
      if (!first) return route.continue();
      first = false;
      // a browser asks again by itself when an idle connection was just closed by the server
      const response = await route.fetch({ maxRetries: 2 });
      resolve();
      await open;
      return route.fulfill({ response });
    });
  });
  return gate;
}

// What has happened until now is on the screen (in a burst it may come later: ui/paced.js).
const drawn = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}));

async function shoot(page, name) {
  fs.mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENS, `${name}.png`) });
}

async function close() {
  if (running) await (await running).close();
}

module.exports = { LIST, person, blank, openWith, write, room, bubble, state, hold, drawn, shoot, close };
