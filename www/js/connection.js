// Keeps the page connected: the socket (WebSocket, else Socket.IO's own polling) and, while there is none,
// REST polling; changes over by itself and says honestly which it is. Called by main.js; hands what comes in
// to the parts.

import { fromPush } from './messages.js';
import { createPoller } from './poller.js';
import { openSocket } from './socket.js';
import { showConnection, showNotice } from './ui/status.js';

const AGAIN_MS = 3000;
// A short cut is mended before the first poll; the rest keeps a campus of pages from asking all at once.
const POLL_AFTER_MS = 1500;

export function connect(parts, { me, navigation, refused }) {
	const { store, rooms, receipts, conversation, outbox, presence } = parts;
	let socketState = 'conectando';
	let upToDate = false;
	let mendings = 0;
	let pollTimer = null;

	parts.poller = createPoller(parts, {
		caughtUp: navigation.follow,
		working(fresh) {
			show();
			outbox.resume(fresh);
		},
		trouble(error) {
			if (error.status === 401) refused(error.message);
			else show();
		},
	});

	function show() {
		const polled = socketState !== 'conectado' && parts.poller.working;
		showConnection(polled ? 'sondeo' : socketState, parts.connection?.transport);
		store.setConnected(polled || socketState === 'conectado');
	}

	function onState(state) {
		const before = socketState;
		socketState = state;
		if (state === 'conectado') {
			clearTimeout(pollTimer);
			pollTimer = null;
			parts.poller.stop();
			// The browser was offline for a moment and the socket did not notice: nobody else will ask.
			if (before === 'sin-conexion' && upToDate) presence.ask();
		} else {
			presence.forget();
			if (before === 'conectado') rooms.reloadLater();
			pollTimer ??= setTimeout(parts.poller.start, POLL_AFTER_MS * (1 + Math.random()));
		}
		show();
	}

	// After a cut, and after rooms that were joined late. heard: the server has made up for what was said, and for
	// nothing else. The REST API may be away although the relay is there: asked again until it answers; only the
	// newest mending counts.
	async function mend(heard) {
		const mine = ++mendings;
		upToDate = false;
		try {
			await conversation.catchUp(heard);
			if (mine !== mendings) return;
			upToDate = true;
			navigation.follow();
			presence.ask();
		} catch (error) {
			if (error.status === 401) return refused(error.message);
			if (mine !== mendings) return;
			showNotice(error.message);
			setTimeout(() => mine === mendings && parts.connection.connected && mend(heard), AGAIN_MS);
		}
	}
	store.on('joined-late', () => mend(false));

	function removed(push) {
		if (push.status !== 'removed') return;
		const gone = store.roomList().filter((one) => one.groupId === String(push.group_id) || one.uuid === push.sala_uuid);
		for (const room of gone) store.dropRoom(room.uuid);
	}

	parts.connection = openSocket(me, {
		state: onState,
		refused,
		connected() {
			const { recovered } = parts.connection;
			show();
			outbox.resume(true);
			// A new socket is in no room; one that was recovered is where it was.
			if (!recovered) rooms.forgetJoins();
			mend(recovered && upToDate);
		},
		receive_message(push) {
			const message = fromPush(push);
			presence.heard(message);
			navigation.attempt(conversation.receive(message));
		},
		message_delivered: receipts.onDelivered,
		message_read(push) {
			if (receipts.onRead(push)) rooms.reloadSoon();
		},
		message_edited: conversation.edited,
		message_deleted: conversation.deleted,
		user_typing: presence.onTyping,
		user_online: presence.onOnline,
		user_offline: presence.onOffline,
		group_left: removed,
	});
	onState('conectando');
}
