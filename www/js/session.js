// Who this page is: a person's number in the address (open identity) or a token, which is taken out of the
// address at once and lives in this tab only. Called by main.js.

import { forgetDrafts } from './drafts.js';
import { storage } from './storage.js';
import { parseId } from './ui/dom.js';

const TOKEN = 'upred.token';
const PERSON = 'upred.usuario';
const REASON = 'upred.rechazo';

// Takes ?token= or #token= out of the address; the second one does not even reach the web server.
function takeFromAddress() {
	const url = new URL(location.href);
	const fragment = new URLSearchParams(url.hash.startsWith('#token=') ? url.hash.slice(1) : '').get('token');
	const token = url.searchParams.get('token') ?? fragment;
	if (token === null) return;
	url.searchParams.delete('token');
	if (fragment !== null) url.hash = '';
	if (token) url.searchParams.delete('usuario');
	history.replaceState(null, '', url.pathname + url.search + url.hash);
	if (token) rememberToken(token.trim());
}

export function rememberToken(token) {
	storage.remove(PERSON);
	storage.set(TOKEN, token);
}

// { userId, token, number }: any may be null; with a token the server says who it is (rememberPerson), and the number in the
// address counts when that is no good.
export function readSession() {
	takeFromAddress();
	const named = new URLSearchParams(location.search).get('usuario') ?? '';
	const userId = parseId(named);
	const token = storage.get(TOKEN);
	if (userId && !token) return { userId, token: null };
	if (named && !token) storage.set(REASON, 'En la dirección no hay un número de usuario válido.');
	const known = storage.get(PERSON);
	if (token && known) dropNumber();
	return { userId: known, token, number: userId };
}

// A number in an old link does not end what a token began.
function dropNumber() {
	const url = new URL(location.href);
	if (!url.searchParams.has('usuario')) return;
	url.searchParams.delete('usuario');
	history.replaceState(null, '', url);
}

export function rememberPerson(userId) {
	storage.set(PERSON, userId);
	dropNumber();
}

// The token is no good: the number in the address, if there is one, counts.
export function forgetToken() {
	storage.remove(TOKEN);
	storage.remove(PERSON);
}

// The page anew, at the conversation that its address names.
export function enter(search = '') {
	const room = location.hash.startsWith('#/sala/') ? location.hash : '';
	const address = new URL(location.href);
	Object.assign(address, { search, hash: room });
	// The same address with a fragment would only be scrolled to.
	if (room && address.href === location.href) location.reload();
	else location.assign(address);
}

// Back to the first screen. A new page: no trace of the one before; but who is put out, with a reason to show there, finds
// the conversation and what he was writing in it when he is back.
export function leave(reason = '') {
	forgetToken();
	if (reason) {
		storage.set(REASON, reason);
		enter();
	} else {
		forgetDrafts();
		location.assign(location.pathname);
	}
}

// A token that is put into the address of an open page opens it anew.
export function watchAddress() {
	addEventListener('hashchange', () => {
		if (location.hash.startsWith('#token=')) location.reload();
	});
}

export function takeReason() {
	const reason = storage.get(REASON) ?? '';
	storage.remove(REASON);
	return reason;
}
