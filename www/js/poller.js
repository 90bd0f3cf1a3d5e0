// Hearing without a socket: asks GET /novedades every few seconds, from a cursor that may repeat a message
// and never skips one. Started and stopped by connection.js; calls conversation.js.

import { fromRest } from './messages.js';

const AGAIN_MS = 3000;

// caughtUp(): the rooms are loaded. working(): a poll was answered. trouble(error): one was not.
export function createPoller({ api, conversation }, { caughtUp, working, trouble }) {
	let run = null;

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
		if (!news) return false;
		for (const row of news.mensajes) await conversation.receive(fromRest(row));
		Object.assign(turn, { cursor: news.cursor, etag: news.etag, pollMs: news.pollMs });
		return news.truncated;
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
			turn.working = !failure;
			if (failure) trouble(failure);
			else working();
			if (!more) await new Promise((resolve) => setTimeout(resolve, failure ? AGAIN_MS : turn.pollMs));
		}
	}

	return {
		get working() {
			return Boolean(run?.working);
		},
		start() {
			if (run) return;
			run = { cursor: null, etag: null, pollMs: AGAIN_MS, working: false };
			go(run);
		},
		stop() {
			run = null;
		},
	};
}
