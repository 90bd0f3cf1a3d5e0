// How far each reader of a room has got and read: "up to here", which is what the ticks mean on a screen. Kept over a
// reload. Called by store.js.

const WRITE_MS = 500;

export function createMarks(me) {
	const key = 'upred.recibos.' + me;
	const marks = read(key);
	let timer = null;

	function write() {
		clearTimeout(timer);
		timer = null;
		try {
			localStorage.setItem(key, JSON.stringify(marks));
		} catch {
			// A full or forbidden storage costs only the ticks after a reload.
		}
	}
	// A hundred readers of one message are one writing.
	const writeSoon = () => {
		timer ??= setTimeout(write, WRITE_MS);
	};
	addEventListener('pagehide', () => timer && write());

	return {
		// reader: { delivered, read }, ids as decimal strings; what is there may be filled in, then told by changed().
		reader: (uuid, userId) => ((marks[uuid] ??= {})[userId] ??= {}),
		readers: (uuid) => Object.values(marks[uuid] ?? {}),
		changed: writeSoon,
		drop(uuid) {
			if (!marks[uuid]) return;
			delete marks[uuid];
			writeSoon();
		},
	};
}

function read(key) {
	try {
		return JSON.parse(localStorage.getItem(key)) ?? {};
	} catch {
		return {};
	}
}
