// Short words to the person: the connection, notices that go away, and what a screen reader should say.

import { $, h } from './dom.js';

const CONNECTION = {
	conectando: 'Conectando…',
	conectado: 'Conectado',
	sondeo: 'Sin tiempo real',
	reconectando: 'Reconectando…',
	'sin-conexion': 'Sin conexión',
};
const HOW = {
	websocket: 'En vivo, por WebSocket',
	polling: 'En vivo, por sondeo largo',
	sondeo: 'Sin conexión en vivo: se pregunta al servidor cada pocos segundos',
};
const NOTICE_MS = 6000;
const SPOKEN_MS = 10000;

// transport: the socket's, 'websocket' or 'polling'; counts while it is connected.
export function showConnection(state, transport) {
	// Beside the list, and on a phone, where the list is away, over the open conversation.
	for (const place of ['connection', 'thread-connection']) {
		$(place).dataset.state = state;
		$(place).title = HOW[state === 'conectado' ? transport : state] ?? '';
		// Said anew at each writing, also of the same.
		const text = $(`${place}-text`);
		if (text.textContent !== CONNECTION[state]) text.textContent = CONNECTION[state];
	}
}

let noticeTimer;
export function showNotice(text) {
	$('notice').textContent = text;
	clearTimeout(noticeTimer);
	noticeTimer = setTimeout(() => {
		$('notice').textContent = '';
	}, NOTICE_MS);
}

// What is added is spoken: each text is an element of its own, also one that is equal to the last or comes right after it.
export function announce(text) {
	const line = h('span', {}, text);
	$('announcer').append(line);
	setTimeout(() => line.remove(), SPOKEN_MS);
}

// What came unheard, in one sentence. news: [{ room, count }], at least one.
export function missedText(store, news) {
	const total = news.reduce((sum, { count }) => sum + count, 0);
	const what = total === 1 ? '1 mensaje nuevo' : `${total} mensajes nuevos`;
	if (news.length > 1) return `${what} en ${news.length} conversaciones`;
	const [{ room }] = news;
	return `${what} ${room.kind === 'grupal' ? 'en' : 'de'} ${store.roomTitle(room)}`;
}
