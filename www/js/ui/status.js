// Short words to the person: the connection, notices that go away, and what a screen reader should say.

import { $ } from './dom.js';

const CONNECTION = {
	conectando: 'Conectando…',
	conectado: 'Conectado',
	reconectando: 'Reconectando…',
	'sin-conexion': 'Sin conexión',
};
const NOTICE_MS = 6000;

export function showConnection(state) {
	$('connection').dataset.state = state;
	$('connection-text').textContent = CONNECTION[state];
}

let noticeTimer;
export function showNotice(text) {
	$('notice').textContent = text;
	clearTimeout(noticeTimer);
	noticeTimer = setTimeout(() => {
		$('notice').textContent = '';
	}, NOTICE_MS);
}

export function announce(text) {
	$('announcer').textContent = text;
}
