// The page starts here: chooses the person, makes the parts and ties them together. Only this file knows
// them all; the parts know the store and what they are given.

import { createApi } from './api.js';
import { createConversation } from './conversation.js';
import { createOutbox, tooLong } from './outbox.js';
import { createReceipts } from './receipts.js';
import { createRooms } from './rooms.js';
import { openSocket } from './socket.js';
import { createStore } from './store.js';
import { choosePerson } from './ui/chooser.js';
import { setUpComposer } from './ui/composer.js';
import { setUpDialog } from './ui/dialog.js';
import { $, parseId, setAvatar } from './ui/dom.js';
import { setUpRooms } from './ui/rooms.js';
import { announce, showConnection, showNotice } from './ui/status.js';
import { setUpThread } from './ui/thread.js';

const AGAIN_MS = 3000;
const NARROW = matchMedia('(max-width: 760px)');

// People and groups to offer. Without the file (a real campus) the page asks for the number alone.
async function loadDemo() {
	try {
		const demo = await (await fetch('demo.json')).json();
		return { personas: demo.personas ?? [], grupos: demo.grupos ?? [] };
	} catch {
		return { personas: [], grupos: [] };
	}
}

// A new page for each person: no trace of the one before.
function enterAs(userId) {
	location.assign(userId ? `?usuario=${userId}` : location.pathname);
}

function makeParts(me, demo) {
	const store = createStore(me, demo);
	const parts = { store, api: createApi(me), socket: () => parts.connection };
	parts.rooms = createRooms(parts);
	parts.receipts = createReceipts(parts);
	parts.outbox = createOutbox(parts);
	parts.conversation = createConversation(parts);
	return parts;
}

// The address names the open conversation, so that "back" works on a phone.
const roomInAddress = () => /^#\/sala\/([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;

function setUpNavigation(parts, screen) {
	const { store, conversation } = parts;
	const attempt = (promise) => promise.catch((error) => showNotice(error.message));

	function follow() {
		const uuid = roomInAddress();
		if (uuid === store.current) return;
		const left = store.current;
		if (uuid && store.rooms.has(uuid)) {
			attempt(conversation.open(uuid));
			if (NARROW.matches) screen.thread.focusTitle();
			else screen.composer.focus();
		} else {
			store.select(null);
			if (left) screen.rooms.focusRoom(left);
		}
	}
	addEventListener('hashchange', follow);
	addEventListener('keydown', (event) => {
		if (event.key === 'Escape' && store.current && !$('new-dialog').open) goTo(null);
	});
	function goTo(uuid) {
		location.hash = uuid ? `#/sala/${uuid}` : '#/';
	}
	return { goTo, follow, attempt };
}

function setUpScreen(parts, demo) {
	const { store, conversation, outbox } = parts;
	const screen = {};
	const navigation = setUpNavigation(parts, screen);
	screen.rooms = setUpRooms({ store, onOpen: navigation.goTo });
	screen.thread = setUpThread({
		store,
		onRetry: outbox.retry,
		onOlder: () => navigation.attempt(conversation.loadOlder()),
		onBack: () => navigation.goTo(null),
	});
	screen.composer = setUpComposer({
		store,
		onSend(uuid, text) {
			if (tooLong(text)) return 'El mensaje es demasiado largo: caben 65 535 bytes.';
			outbox.send(uuid, text);
			screen.thread.toBottom();
		},
	});
	setUpDialog({
		me: store.me,
		demo,
		actions: {
			openPerson: conversation.openPerson,
			openGroup: conversation.openGroup,
			opened() {
				navigation.goTo(store.current);
				screen.composer.focus();
			},
		},
	});
	store.on('arrival', ({ room, message }) => {
		const where = room.kind === 'grupal' ? ` en ${store.roomTitle(room)}` : '';
		announce(`${store.personName(message.from)}${where}: ${message.text || 'archivo'}`);
	});
	return navigation;
}

function connect(parts, navigation) {
	const { store, rooms, receipts, conversation, outbox } = parts;
	let reloadTimer;
	let upToDate = false;

	// The REST API may be away although the relay is there: asked again until it answers.
	async function bringUpToDate() {
		upToDate = false;
		try {
			await conversation.catchUp();
			upToDate = true;
			navigation.follow();
		} catch (error) {
			showNotice(error.message);
			setTimeout(() => parts.connection.connected && !upToDate && bringUpToDate(), AGAIN_MS);
		}
	}

	parts.connection = openSocket(store.me, {
		state: showConnection,
		refused(text) {
			sessionStorage.setItem('upred.rechazo', text);
			enterAs(null);
		},
		connected() {
			outbox.resume();
			if (!parts.connection.recovered || !upToDate) bringUpToDate();
		},
		receive_message: (push) => navigation.attempt(conversation.receive(push)),
		message_delivered: receipts.onDelivered,
		message_read(push) {
			if (!receipts.onRead(push)) return;
			clearTimeout(reloadTimer);
			reloadTimer = setTimeout(() => navigation.attempt(rooms.reload()), 400);
		},
		message_edited: conversation.edited,
		message_deleted: conversation.deleted,
		group_left(push) {
			if (push.status !== 'removed') return;
			const room = store.findRoom((one) => one.groupId === String(push.group_id));
			if (!room) return;
			showNotice(`Ya no eres miembro de ${store.roomTitle(room)}`);
			store.dropRoom(room.uuid);
		},
	});
}

function watchAttention({ store, receipts }) {
	const look = () => {
		const room = store.rooms.get(store.current);
		if (room && receipts.watching(room.uuid)) receipts.readAll(room);
	};
	addEventListener('focus', look);
	document.addEventListener('visibilitychange', look);
}

async function start() {
	const demo = await loadDemo();
	const me = parseId(new URLSearchParams(location.search).get('usuario') ?? '');
	if (!me) {
		const why = sessionStorage.getItem('upred.rechazo') ?? '';
		sessionStorage.removeItem('upred.rechazo');
		return enterAs(await choosePerson(demo.personas, why));
	}
	const parts = makeParts(me, demo);
	$('app').hidden = false;
	$('me-name').textContent = parts.store.personName(me);
	setAvatar($('me-avatar'), parts.store.personName(me), me);
	$('me-change').onclick = () => enterAs(null);
	parts.store.on('rooms', () => {
		$('me-name').textContent = parts.store.personName(me);
	});
	const navigation = setUpScreen(parts, demo);
	watchAttention(parts);
	connect(parts, navigation);
}

start();
