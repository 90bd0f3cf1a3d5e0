// What is being written, one text per conversation, kept in the tab over a reload until it is sent or the person leaves.
// Called by main.js and session.js; ui/composer.js is given it.

import { storage } from './storage.js';

const PREFIX = 'upred.borrador.';

export function createDrafts(me) {
	// The tab's storage may be full; this page knows better then.
	const texts = new Map();
	const name = (uuid) => `${PREFIX}${me}.${uuid}`;
	return {
		get: (uuid) => texts.get(uuid) ?? storage.get(name(uuid)) ?? '',
		set(uuid, text) {
			texts.set(uuid, text);
			if (text) storage.set(name(uuid), text);
			else storage.remove(name(uuid));
		},
	};
}

export function forgetDrafts() {
	for (const name of storage.names()) if (name.startsWith(PREFIX)) storage.remove(name);
}
