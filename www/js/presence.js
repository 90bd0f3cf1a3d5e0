// Who is there and who is writing; both only while a socket says so. Called by connection.js and main.js;
// calls remote.js.

const TYPING_EVERY_MS = 3000;
const TYPING_ENDS_MS = 6000;
const ASK_EVERY_MS = 30000;
const ASK_MAX = 200;

export function createPresence({ store, remote }) {
	const timers = new Map();
	let told = { uuid: null, at: 0 };
	let timer = null;

	function setTyping(uuid, userId, typing) {
		const key = `${uuid}/${userId}`;
		clearTimeout(timers.get(key));
		timers.delete(key);
		if (typing) timers.set(key, setTimeout(() => setTyping(uuid, userId, false), TYPING_ENDS_MS));
		store.setTyping(uuid, userId, typing);
	}

	function ask() {
		clearTimeout(timer);
		timer = setTimeout(ask, ASK_EVERY_MS);
		if (document.visibilityState !== 'visible') return;
		askAbout(store.roomList().map((room) => room.otherId).filter(Boolean).slice(0, ASK_MAX));
	}

	async function askAbout(ids) {
		const users = await remote.presence([...new Set(ids)]).catch(() => []);
		for (const user of users) store.setPresence(String(user.user_id), user.online, user.last_seen);
	}

	// Of somebody with whom one has just begun to talk nothing is known yet.
	store.on('select', () => {
		const other = store.rooms.get(store.current)?.otherId;
		if (other && timer !== null && !store.knowsPresence(other)) askAbout([other]);
	});

	return {
		// After each loading of the rooms, and from then on every half minute.
		ask,
		// Without a socket nobody knows.
		forget() {
			clearTimeout(timer);
			timer = null;
			store.forgetPresence();
		},
		// I am writing in this room, or no longer: said again while it lasts, before the others' 6 s are over.
		writing(uuid, typing) {
			const now = Date.now();
			if (typing ? told.uuid === uuid && now - told.at < TYPING_EVERY_MS : told.uuid !== uuid) return;
			told = typing ? { uuid, at: now } : { uuid: null, at: 0 };
			remote.typing(uuid, typing);
		},
		// Another tab or machine of mine writes too.
		onTyping(push) {
			const writer = String(push.user_id);
			if (writer !== store.me) setTyping(push.sala_uuid, writer, push.typing === true);
		},
		onOnline: (push) => store.setPresence(String(push.user_id), true, null),
		onOffline: (push) => store.setPresence(String(push.user_id), false, push.last_seen),
		// Who has written is not writing any more.
		heard: (message) => setTyping(message.room, message.from, false),
	};
}
