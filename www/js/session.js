// Who this page is: a person's number in the address (open identity) or a token, which is taken out of the
// address at once and lives in this tab only. Called by main.js.

import { parseId } from './ui/dom.js';

const TOKEN = 'upred.token';
const PERSON = 'upred.usuario';
const REASON = 'upred.rechazo';

// Takes ?token= or #token= out of the address; the second one does not even reach the web server.
function takeFromAddress() {
	const url = new URL(location.href);
	const fragment = /^#token=([^&]+)$/.exec(url.hash);
	const token = url.searchParams.get('token') ?? (fragment && decodeURIComponent(fragment[1]));
	if (token === null) return;
	url.searchParams.delete('token');
	if (fragment) url.hash = '';
	history.replaceState(null, '', url.pathname + url.search + url.hash);
	if (token) rememberToken(token.trim());
}

export function rememberToken(token) {
	sessionStorage.removeItem(PERSON);
	sessionStorage.setItem(TOKEN, token);
}

// { userId, token }: one of them may be null; with a token the server says who it is (rememberPerson).
export function readSession() {
	takeFromAddress();
	const userId = parseId(new URLSearchParams(location.search).get('usuario') ?? '');
	if (userId) return { userId, token: null };
	return { userId: sessionStorage.getItem(PERSON), token: sessionStorage.getItem(TOKEN) };
}

export function rememberPerson(userId) {
	sessionStorage.setItem(PERSON, userId);
}

// Back to the first screen, with a reason to show there or none. A new page: no trace of the one before.
export function leave(reason = '') {
	sessionStorage.removeItem(TOKEN);
	sessionStorage.removeItem(PERSON);
	if (reason) sessionStorage.setItem(REASON, reason);
	location.assign(location.pathname);
}

export function takeReason() {
	const reason = sessionStorage.getItem(REASON) ?? '';
	sessionStorage.removeItem(REASON);
	return reason;
}
