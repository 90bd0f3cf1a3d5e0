// Hearing without a socket: asks GET /novedades every few seconds, from a cursor that may repeat a message
// and never skips one. Started and stopped by connection.js; calls conversation.js and rooms.js.

import { fromRest } from './messages.js';

const AGAIN_MS = 3000;
const REFRESH_POLLS = 5;

// caughtUp(): the rooms are loaded. working(fresh): a poll was answered; fresh: the one before was not. trouble(error): one
// was not.
export function createPoller({ store, api, conversation, rooms }, { caughtUp, working, trouble }) {
	let run = null;

	// Edits, deletions and receipts are no news. What fails here comes with the next time, but that one is no longer in the
	// room: the list of rooms says so.
	async function refresh() {
		if (!run || document.visibilityState !== 'visible') return;
		await conversation.refresh().catch(({ status }) => [403, 404].includes(status) && rooms.reloadSoon());
	}
	store.on('select', refresh);
	document.addEventListener('visibilitychange', refresh);

	// The cursor first, what is there after it: so nothing falls between the two.
	async function begin(turn) {
		const { cursor, pollMs } = await api.news();
		await conversation.catchUp();
		Object.assign(turn, { cursor, pollMs });
		caughtUp();
	}

	// Returns whether more is waiting.
	async function poll(turn) {
		if (!turn.cursor) {
			await begin(turn);
			return false;
		}
		const news = await api.news({ after: turn.cursor, etag: turn.etag });
		for (const row of news?.mensajes ?? []) await conversation.receive(fromRest(row));
		if (news) Object.assign(turn, { cursor: news.cursor, etag: news.etag, pollMs: news.pollMs });
		if (news?.truncated) return true;
		turn.polls += 1;
		if (turn.polls % REFRESH_POLLS === 0) {
			await refresh();
			// Of those not read some may be deleted, or read elsewhere.
			if (store.unreadTotal()) rooms.reloadSoon();
		}
		return false;
	}

	async function go(turn) {
		while (run === turn) {
			let more = false;
			let failure = null;
			try {
				more = await poll(turn);
			} catch (error) {
				failure = error;
			}
			if (run !== turn) return;
			const fresh = !failure && !turn.working;
			turn.working = !failure;
			if (failure) trouble(failure);
			else working(fresh);
			if (!more) await new Promise((resolve) => setTimeout(resolve, failure ? AGAIN_MS : turn.pollMs));
		}
	}

	return {
		get working() {
			return Boolean(run?.working);
		},
		start() {
			if (run) return;
			run = { cursor: null, etag: null, pollMs: AGAIN_MS, polls: 0, working: false };
			go(run);
		},
		stop() {
			run = null;
		},
	};
}
