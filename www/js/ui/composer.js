// The box one writes in. Called by main.js; keeps a draft per conversation.

import { $, icon } from './dom.js';

// onSend(uuid, text) returns a text of refusal, or nothing when it is on its way.
export function setUpComposer({ store, onSend }) {
	const box = $('composer-text');
	const drafts = new Map();
	let shown = null;

	// Through the style object: a style attribute would be against the page's own policy.
	function fit() {
		box.style.height = 'auto';
		box.style.height = `${box.scrollHeight + 2}px`;
		$('composer-send').disabled = box.value.trim() === '';
	}

	function submit() {
		const text = box.value;
		if (text.trim() === '' || !store.current) return;
		const refusal = onSend(store.current, text);
		$('composer-error').textContent = refusal ?? '';
		if (refusal) return;
		box.value = '';
		fit();
	}

	$('composer-send').append(icon('send'));
	$('composer').onsubmit = (event) => {
		event.preventDefault();
		submit();
		box.focus();
	};
	box.addEventListener('keydown', (event) => {
		if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
		event.preventDefault();
		submit();
	});
	box.addEventListener('input', () => {
		$('composer-error').textContent = '';
		fit();
	});
	store.on('select', () => {
		if (shown === store.current) return;
		if (shown) drafts.set(shown, box.value);
		shown = store.current;
		box.value = drafts.get(shown) ?? '';
		$('composer-error').textContent = '';
		fit();
	});
	return { focus: () => box.focus() };
}
