// The page starts here: finds out who the person is, makes the parts and ties them together. Only this file and
// connection.js know them all; the parts know the store and what they are given.

import { createApi } from './api.js';
import { connect } from './connection.js';
import { createConversation } from './conversation.js';
import { createDrafts } from './drafts.js';
import { createOutbox, surplus } from './outbox.js';
import { createPresence } from './presence.js';
import { createReceipts } from './receipts.js';
import { createRemote } from './remote.js';
import { createRooms } from './rooms.js';
import { enter, forgetToken, leave, readSession, rememberPerson, rememberToken, takeReason, watchAddress } from './session.js';
import { askWho } from './socket.js';
import { createStore } from './store.js';
import { choosePerson, showWaiting } from './ui/chooser.js';
import { setUpComposer } from './ui/composer.js';
import { setUpDeletion } from './ui/confirm.js';
import { setUpDialog } from './ui/dialog.js';
import { $, setAvatar } from './ui/dom.js';
import { setUpNotices } from './ui/notify.js';
import { setUpRooms } from './ui/rooms.js';
import { announce, missedText, showNotice } from './ui/status.js';
import { setUpThread } from './ui/thread.js';

const NARROW = matchMedia('(max-width: 760px)');
const MISSED_ONE_BY_ONE = 3; // conversations; of more only the sum is said
const UNSENT_TEXT = 'Hay mensajes que no constan como enviados. Si sales, se borran de este navegador.';
const REFUSED_TEXT = 'No autorizado'; // the server's
const REFUSED_TOKEN_TEXT = 'El token no es válido o ha caducado. Pide uno nuevo.';
const UNKNOWN_ROOM_TEXT = 'Esa conversación no existe, o no estás en ella.';
const goneText = (room, title) =>
	(room.kind === 'grupal' ? `Ya no eres miembro de ${title}` : `La conversación con ${title} ya no está disponible`);
const DISCARDED_TEXT = 'Descartado aquí. Si llegó a enviarse, volverá a aparecer.';

// People and groups to offer. Without the file (a real campus) the page asks for the number or a token.
async function loadDemo() {
	try {
		const demo = await (await fetch('demo.json')).json();
		return { personas: demo.personas ?? [], grupos: demo.grupos ?? [] };
	} catch {
		return { personas: [], grupos: [] };
	}
}

function makeParts(me, demo) {
	const store = createStore(me.userId, demo);
	const parts = { store, api: createApi(me), socket: () => parts.connection, polling: () => parts.poller?.working };
	parts.remote = createRemote(parts);
	parts.rooms = createRooms(parts);
	parts.receipts = createReceipts(parts);
	parts.presence = createPresence(parts);
	parts.outbox = createOutbox(parts);
	parts.conversation = createConversation(parts);
	return parts;
}

// A first screen that the browser kept for "back" has been answered already, and hears nothing any more.
addEventListener('pageshow', (event) => {
	if (event.persisted) location.reload();
});

// The address names the open conversation, so that "back" works on a phone.
function roomInAddress() {
	try {
		return decodeURIComponent(/^#\/sala\/([^/]+)$/.exec(location.hash)?.[1] ?? '') || null;
	} catch {
		return null;
	}
}

function setUpNavigation(parts, screen) {
	const { store, conversation, rooms } = parts;
	const attempt = (promise) => promise.catch((error) => showNotice(error.message));

	// Not one more step to go back over.
	function replaceWithList() {
		history.replaceState(null, '', '#/');
		follow();
	}

	// The list may have had no place for it.
	async function find(uuid) {
		const room = await rooms.find(uuid);
		if (roomInAddress() !== uuid) return;
		if (room) return follow();
		showNotice(UNKNOWN_ROOM_TEXT);
		replaceWithList();
	}

	function follow() {
		const uuid = roomInAddress();
		if (uuid === store.current) return;
		const left = store.current;
		if (uuid && store.rooms.has(uuid)) {
			attempt(conversation.open(uuid));
			screen.focusThread();
		} else {
			store.select(null);
			if (left) screen.rooms.focusRoom(left);
			if (uuid && store.loaded) attempt(find(uuid));
		}
	}
	addEventListener('hashchange', follow);
	store.on('dropped', (room) => {
		showNotice(goneText(room, store.roomTitle(room)));
		if (room.uuid !== roomInAddress()) return;
		goTo(null);
		if (!$('side').contains(document.activeElement)) $('new-chat').focus();
	});
	addEventListener('keydown', (event) => {
		if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
		if (store.current) goTo(null);
	});
	function goTo(uuid) {
		const hash = uuid ? `#/sala/${encodeURIComponent(uuid)}` : '#/';
		if (location.hash === hash) return follow();
		const fromList = Boolean(uuid) && !roomInAddress();
		location.hash = hash;
		if (fromList) history.replaceState({ fromList }, '');
	}
	// The way back to the list is one step of the browser's where the list is what comes before, also after a reload.
	function back() {
		if (history.state?.fromList) history.back();
		else replaceWithList();
	}
	return { goTo, back, follow, attempt };
}

// The refusal of a text that is too long, or nothing.
function tooLong(text) {
	const many = surplus(text);
	if (many) return `El mensaje es demasiado largo: ${many === 1 ? 'sobra 1 carácter' : `sobran ${many} caracteres`}.`;
}

function setUpWriting({ store, outbox, conversation, presence }, screen, attempt) {
	// On a phone the box would bring up the keyboard.
	screen.focusThread = () => {
		if (NARROW.matches) screen.thread.focusTitle();
		else screen.composer.focus();
	};
	const lostFocus = () => {
		if (store.current) screen.focusThread();
		else $('new-chat').focus();
	};
	// In a narrow window the list goes, with what had the focus in it.
	NARROW.addEventListener('change', (event) => {
		if (!event.matches) return;
		if (document.activeElement === document.body || $('side').contains(document.activeElement)) lostFocus();
	});
	const askDeletion = setUpDeletion({ onYes: conversation.remove, done: lostFocus });
	screen.thread = setUpThread({
		store,
		on: {
			retry: outbox.retry,
			rewrite(message) {
				outbox.discard(message);
				screen.composer.takeBack(message.text);
			},
			discard(message) {
				outbox.discard(message);
				if (message.doubtful) showNotice(DISCARDED_TEXT);
			},
			edit: (message) => screen.composer.edit(message),
			remove: askDeletion,
			older: () => attempt(conversation.loadOlder()),
			back: screen.back,
			lostFocus,
		},
	});
	screen.composer = setUpComposer({
		store,
		drafts: createDrafts(store.me),
		onSend(uuid, text) {
			const refusal = tooLong(text);
			if (refusal) return refusal;
			outbox.send(store.rooms.get(uuid), text);
			screen.thread.toBottom();
		},
		async onEdit(message, text) {
			const refusal = tooLong(text);
			if (refusal) throw new Error(refusal);
			await conversation.edit(message, text);
		},
		onWriting: presence.writing,
	});
}

function setUpScreen(parts, demo) {
	const { store, conversation } = parts;
	const screen = {};
	const navigation = setUpNavigation(parts, screen);
	screen.back = navigation.back;
	screen.rooms = setUpRooms({ store, onOpen: navigation.goTo });
	setUpWriting(parts, screen, navigation.attempt);
	store.on('select', () => {
		$('skip').textContent = store.current ? 'Saltar a escribir un mensaje' : 'Saltar a nueva conversación';
	});
	// Not by its address: that names the open conversation.
	$('skip').onclick = (event) => {
		event.preventDefault();
		if (store.current) screen.composer.focus();
		else $('new-chat').focus();
	};
	setUpNotices({ store, onOpen: navigation.goTo });
	setUpDialog({
		me: store.me,
		demo,
		actions: {
			openPerson: conversation.openPerson,
			openGroup: conversation.openGroup,
			// Not the current one: an address that named no room may have been followed meanwhile.
			opened(uuid) {
				navigation.attempt(conversation.open(uuid));
				navigation.goTo(uuid);
				screen.focusThread();
			},
		},
	});
	store.on('failed', (message) => {
		if (message.room === store.current) return announce(message.error);
		const room = store.rooms.get(message.room);
		const what = message.doubtful ? 'Sin respuesta al mensaje' : 'No se envió el mensaje';
		showNotice(room ? `${what} a ${store.roomTitle(room)}` : what);
	});
	store.on('arrival', ({ room, message }) => {
		const where = room.kind === 'grupal' ? ` en ${store.roomTitle(room)}` : '';
		announce(`${store.personName(message.from)}${where}: ${message.text || 'archivo'}`);
	});
	store.on('missed', (news) => {
		const sentences = news.length > MISSED_ONE_BY_ONE ? [news] : news.map((one) => [one]);
		for (const part of sentences) announce(missedText(store, part));
	});
	return navigation;
}

// What is being looked at is read, also when the list of rooms has just come with a count for it.
function watchAttention({ store, receipts }) {
	const look = () => {
		const room = store.rooms.get(store.current);
		if (room && receipts.watching(room.uuid)) receipts.readAll(room);
	};
	addEventListener('focus', look);
	store.on('end-in-view', look);
	store.on('rooms-loaded', look);
	document.addEventListener('visibilitychange', look);
}

// How one comes in here: 'people', those of the demo, by their numbers; 'number', other people's, as the demo's are none of this
// server's; or 'token' alone. Asked with the first person's number, and where that is refused, or nobody is listed, with two
// numbers at once: a bad request where numbers count, no token where they do not.
async function entrance(people) {
	const status = async (userId) => {
		const answer = await createApi({ userId }).rooms().catch((error) => error);
		return answer.status;
	};
	if (people.length && await status(String(people[0].id)) !== 401) return 'people';
	return await status('1, 1') === 401 ? 'token' : 'number';
}

async function choose(demo) {
	const people = demo.personas;
	const choice = await choosePerson({ people, entrance: await entrance(people), errorText: takeReason() });
	if (choice.token) rememberToken(choice.token);
	enter(choice.userId ? `?usuario=${choice.userId}` : '');
}

// Resolves with { userId, token }, or null when the page goes to another address.
async function whoAmI(session, demo) {
	if (session.userId) return session;
	if (!session.token) return choose(demo);
	showWaiting('Conectando…', leave);
	try {
		const userId = await askWho(session.token, () => showWaiting('Sin conexión con el servidor; se sigue intentando…', leave));
		rememberPerson(userId);
		$('chooser').hidden = true;
		return { userId, token: session.token };
	} catch (error) {
		if (!session.number) return leave(refusal(session, error.message));
		forgetToken();
		location.reload();
	}
}

// What was today is yesterday then.
function watchMidnight(store) {
	const now = new Date();
	const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
	setTimeout(() => {
		store.emit('thread');
		store.emit('rooms');
		watchMidnight(store);
	}, next - now + 1000);
}

function showMe({ me, personName }) {
	$('me-name').textContent = personName(me);
	setAvatar($('me-avatar'), personName(me), me);
}

// Whom the server does not take it tells no more than that: the word of why is ours.
function refusal(me, text) {
	if (text !== REFUSED_TEXT) return text;
	return me.token ? REFUSED_TOKEN_TEXT : `El usuario ${me.userId} no puede entrar.`;
}

async function start() {
	const session = readSession();
	watchAddress();
	const demo = await loadDemo();
	const me = await whoAmI(session, demo);
	if (!me) return;
	const parts = makeParts(me, demo);
	const { store } = parts;
	$('starting').hidden = true;
	$('app').hidden = false;
	showMe(store);
	if (me.token) $('me-change').textContent = 'Salir';
	$('me-change').onclick = () => {
		if (parts.outbox.count && !confirm(UNSENT_TEXT)) return;
		parts.outbox.discardAll();
		leave();
	};
	watchMidnight(store);
	store.on('rooms', () => showMe(store));
	const navigation = setUpScreen(parts, demo);
	watchAttention(parts);
	connect(parts, { me, navigation, refused: (text) => leave(refusal(me, text)) });
}

start();
