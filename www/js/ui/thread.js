// The open conversation: head and messages. Called by main.js.
// Elements are kept by the message's key and made anew only when what they show has changed.

import { $, h, icon, setAvatar } from './dom.js';
import { brief, day, sameDay } from './format.js';
import { markState, messageElement } from './message.js';
import { paced } from './paced.js';
import { setUpScroll } from './scroll.js';

const OLDER_TEXT = 'Ver mensajes anteriores';
const EMPTY_TEXT = 'Aún no hay mensajes. Escribe el primero.';
const LOADING_TEXT = 'Cargando…';
const FAILED_TEXT = 'No se pudieron cargar los mensajes. Reintentar';
const GROUP_MS = 5 * 60000;
// So many messages are drawn at the end of a conversation, up to twice as many while they come in; those before, which the
// store has, by pages.
const DRAWN = 150;
const PAGE = 50;

// on: { retry, rewrite, discard, edit, remove (of a message), older, back, lostFocus (what had it is gone) }
export function setUpThread({ store, on }) {
	const scroller = $('scroller');
	const list = $('messages');
	let elements = new Map();
	let loadingOlder = false;
	// Where nothing came when it was asked for: scrolling does not ask again until the connection is another.
	const stuck = new Set();
	// The key of the first message that is drawn; null: all are.
	let from = null;
	const scroll = setUpScroll({
		store,
		onTop() {
			const thread = store.current && store.thread(store.current);
			if (thread?.loaded && (from || (!thread.complete && !stuck.has(store.current)))) older();
		},
		onEnd: on.lostFocus,
	});

	function viewOf(message, previous, room) {
		const mine = message.from === store.me;
		const isGroup = room.kind === 'grupal';
		const first = !previous || previous.from !== message.from
			|| message.at - previous.at > GROUP_MS || !sameDay(previous.at, message.at);
		return {
			mine,
			first,
			isGroup,
			sender: store.personName(message.from),
			author: isGroup && !mine && first ? store.personName(message.from) : null,
			state: mine && !message.deleted ? store.messageState(message) : null,
			changeable: mine && Boolean(message.id) && !message.deleted && store.features.edits,
			onRetry: () => on.retry(message),
			onRewrite: () => on.rewrite(message),
			onDiscard: () => on.discard(message),
			onEdit: () => on.edit(message),
			onDelete: () => on.remove(message),
		};
	}

	const firstDrawn = ({ messages }) => (from ? Math.max(0, messages.findIndex(({ key }) => key === from)) : 0);

	// Leaves out what is far above where reading begins, and then above the end as long as that is read.
	function moveWindow({ messages, freshKey }, begins) {
		const fresh = begins && freshKey ? messages.findIndex(({ key }) => key === freshKey) : messages.length;
		const first = Math.min(messages.length - DRAWN, fresh - PAGE);
		if (first > firstDrawn({ messages }) + DRAWN) from = messages[first].key;
	}

	// The wanted children in order: [key, what it shows, how to make it, its state, how to change that alone].
	function plan(room, thread) {
		const rows = [];
		let previous = null;
		for (const message of thread.messages.slice(firstDrawn(thread))) {
			if (!previous || !sameDay(previous.at, message.at)) {
				const name = day(message.at);
				rows.push(['day ' + message.key, name, () => h('li', { class: 'day' }, name)]);
			}
			if (message.key === thread.freshKey) {
				rows.push(['fresh', '', () => h('li', { class: 'fresh' }, 'Mensajes nuevos')]);
			}
			const view = viewOf(message, previous, room);
			const { id, text, url, edited, deleted, error, textRefused, at } = message;
			// Its state alone changes in its place: one may be selecting the text.
			const failed = view.state?.state === 'fallo';
			const shows = JSON.stringify([id, text, url, edited, deleted, error, textRefused, at, { ...view, state: failed }]);
			const mark = JSON.stringify(view.state);
			rows.push([message.key, shows, () => messageElement(message, view), mark, (element) => markState(element, view)]);
			previous = message;
		}
		return rows;
	}

	// The focus stays on the same control of the message, or goes where one writes.
	function replace(old, fresh) {
		const had = old.contains(document.activeElement) ? document.activeElement : null;
		const name = (control) => control.getAttribute('aria-label') ?? control.textContent;
		old.replaceWith(fresh);
		if (!had) return;
		const same = had === old ? fresh : [...fresh.querySelectorAll('a, button')].find((one) => name(one) === name(had));
		same?.focus({ preventScroll: true });
		if (!fresh.contains(document.activeElement)) on.lostFocus();
	}

	function reconcile(rows) {
		const next = new Map();
		let place = list.firstChild;
		for (const [key, shows, make, mark, remark] of rows) {
			const old = elements.get(key);
			const entry = old?.shows === shows ? old : { shows, mark, element: make() };
			if (entry.mark !== mark) {
				entry.mark = mark;
				remark(entry.element);
			}
			if (old && old !== entry) {
				if (place === old.element) place = entry.element;
				replace(old.element, entry.element);
			}
			if (entry.element === place) place = place.nextSibling;
			else list.insertBefore(entry.element, place);
			next.set(key, entry);
		}
		for (const [key, { element }] of elements) {
			if (next.has(key)) continue;
			const focused = element.contains(document.activeElement);
			element.remove();
			if (focused) on.lostFocus();
		}
		elements = next;
	}

	function render() {
		const room = store.rooms.get(store.current);
		if (!room) return;
		const thread = store.thread(room.uuid);
		const { begins, followsEnd, settle } = scroll.hold();
		if (followsEnd) moveWindow(thread, begins);
		reconcile(plan(room, thread));
		const noOlder = thread.loaded ? thread.complete && !firstDrawn(thread) : !thread.failed;
		// A control that goes does not take the focus along.
		if (noOlder && document.activeElement === $('older')) scroller.focus({ preventScroll: true });
		$('older').hidden = noOlder;
		$('older').textContent = thread.loaded ? OLDER_TEXT : FAILED_TEXT;
		$('thread-empty').hidden = (thread.failed && !thread.loaded) || thread.messages.length > 0;
		$('thread-empty').textContent = thread.loaded ? EMPTY_TEXT : LOADING_TEXT;
		$('thread-empty').classList.toggle('late', !thread.loaded);
		list.setAttribute('aria-busy', String(!thread.loaded && !thread.failed));
		settle(thread.loaded);
	}

	function subtitle(room) {
		if (room.kind === 'grupal') return 'Grupo';
		if (store.isOnline(room.otherId)) return 'En línea';
		const seen = store.lastSeen(room.otherId);
		return seen ? `Última conexión: ${brief(seen)}` : 'Conversación directa';
	}

	function showWriters() {
		const names = store.current ? store.writers(store.current).map(store.personName) : [];
		const list = names.length > 2 ? 'Varias personas' : names.join(' y ');
		$('typing').textContent = list && `${list} ${names.length > 1 ? 'están' : 'está'} escribiendo…`;
	}

	function head() {
		const room = store.rooms.get(store.current);
		$('thread-none').hidden = Boolean(room);
		$('thread-open').hidden = !room;
		document.body.dataset.view = room ? 'thread' : 'list';
		if (!room) return;
		const title = store.roomTitle(room);
		$('thread-title').textContent = title;
		$('thread-sub').textContent = subtitle(room);
		setAvatar($('thread-avatar'), title, room.otherId ?? room.groupId, room.kind === 'grupal');
	}

	async function older() {
		if (loadingOlder) return;
		const thread = store.thread(store.current);
		const first = firstDrawn(thread);
		if (first) {
			from = first > PAGE ? thread.messages[first - PAGE].key : null;
			render();
			return;
		}
		loadingOlder = true;
		from = null;
		const [where, before] = [store.current, thread.messages.length];
		try {
			await on.older();
		} finally {
			loadingOlder = false;
			if (thread.messages.length === before) stuck.add(where);
			else stuck.delete(where);
		}
	}

	$('thread-back').append(icon('back'));
	$('thread-back').onclick = on.back;
	$('older').onclick = older;

	let shown = null;
	store.on('select', () => {
		head();
		showWriters();
		if (shown === store.current) return;
		shown = store.current;
		elements = new Map();
		from = null;
		list.replaceChildren();
		scroll.leave();
		render();
	});
	store.on('rooms', head);
	store.on('typing', showWriters);
	let wasConnected = false;
	store.on('connection', () => {
		if (store.connected !== wasConnected) stuck.clear();
		wasConnected = store.connected;
	});
	store.on('thread', paced(render));
	return { toBottom: scroll.toBottom, focusTitle: () => $('thread-title').focus() };
}
