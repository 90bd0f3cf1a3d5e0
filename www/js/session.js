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

// { userId, token }: one of them may be null; with a token the server says who it is (rememberPerson).
export function readSession() {
	takeFromAddress();
	const named = new URLSearchParams(location.search).get('usuario') ?? '';
	const userId = parseId(named);
	const token = storage.get(TOKEN);
	// A number in an old link does not end what a token began.
	if (userId && !token) return { userId, token: null };
	if (named && token) history.replaceState(null, '', location.pathname + location.hash);
	if (named && !token) storage.set(REASON, 'En la dirección no hay un número de usuario válido.');
	return { userId: storage.get(PERSON), token };
}

export function rememberPerson(userId) {
	storage.set(PERSON, userId);
}

// The page anew, at the conversation that its address names.
export function enter(search = '') {
	const room = location.hash.startsWith('#/sala/') ? location.hash : '';
	const address = new URL(location.pathname + search + room, location.href);
	// The same address with a fragment would only be scrolled to.
	if (room && address.href === location.href) location.reload();
	else location.assign(address);
}

// Back to the first screen. A new page: no trace of the one before; but who is put out, with a reason to show there, finds
// the conversation and what he was writing in it when he is back.
export function leave(reason = '') {
	storage.remove(TOKEN);
	storage.remove(PERSON);
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
