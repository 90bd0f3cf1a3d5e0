// The tab's storage; where it is forbidden, this page's memory. Called by session.js and drafts.js.

const memory = new Map();

export const storage = {
	get(name) {
		try {
			return sessionStorage.getItem(name);
		} catch {
			return memory.get(name) ?? null;
		}
	},
	set(name, value) {
		try {
			sessionStorage.setItem(name, value);
		} catch {
			memory.set(name, value);
		}
	},
	remove(name) {
		try {
			sessionStorage.removeItem(name);
		} catch {
			memory.delete(name);
		}
	},
	names() {
		try {
			return Object.keys(sessionStorage);
		} catch {
			return [...memory.keys()];
		}
	},
};
