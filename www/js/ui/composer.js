// The box one writes in: a new message, or an edit of an own one. Called by main.js.

import { $, icon } from './dom.js';
import { showNotice } from './status.js';

// Something to see: blanks, marks of direction and fillers of scripts are nothing.
const visible = (text) => /[^\s\p{Cf}\u2800\u3164\u115f\u1160\uffa0]/u.test(text);

// onSend(uuid, text) returns a text of refusal, or nothing when it is on its way; onEdit(message, text) resolves
// when it is done; onWriting(uuid, yes) hears of each key. drafts: what was written elsewhere (drafts.js).
export function setUpComposer({ store, drafts, onSend, onEdit, onWriting }) {
	const box = $('composer-text');
	let shown = null;
	let edited = null;
	// What the box held when the edit began: unchanged, it is no edit, whatever the message says by now.
	let begun = '';

	// Through the style object: a style attribute would be against the page's own policy.
	function fit() {
		box.style.height = 'auto';
		box.style.height = `${box.scrollHeight + 2}px`;
		$('composer-send').disabled = !visible(box.value);
	}

	function setText(text) {
		box.value = text;
		$('composer-error').textContent = '';
		fit();
	}

	// What is being edited, null for a new message.
	function mark(message) {
		edited = message;
		$('composer-edit').hidden = !message;
		for (const name of ['aria-label', 'title']) $('composer-send').setAttribute(name, message ? 'Guardar' : 'Enviar');
	}

	// The draft waits until the edit is over.
	function edit(message) {
		if (!edited) drafts.set(shown, box.value);
		mark(message);
		begun = message.text;
		setText(message.text);
		box.focus();
	}

	// A text that did not go comes back, before what was written since.
	function takeBack(text) {
		endEdit();
		setText(box.value.trim() ? `${text}\n${box.value}` : text);
		drafts.set(shown, box.value);
		box.focus();
	}

	function endEdit() {
		if (!edited) return;
		mark(null);
		setText(drafts.get(shown));
	}

	async function submitEdit(message, text) {
		const where = shown;
		if (text === begun) return endEdit();
		try {
			await onEdit(message, text);
			if (edited !== message) return;
			begun = text;
			if (box.value === text) endEdit();
		} catch (error) {
			if (edited === message) {
				$('composer-error').textContent = error.message;
				return;
			}
			// One has gone elsewhere meanwhile: what was written waits there.
			if (where !== shown && !drafts.get(where)) drafts.set(where, text);
			showNotice(error.message);
		}
	}

	function submit() {
		const text = box.value;
		if (!visible(text) || !store.current) return;
		if (edited) return submitEdit(edited, text);
		const refusal = onSend(store.current, text);
		$('composer-error').textContent = refusal ?? '';
		if (refusal) return;
		box.value = '';
		drafts.set(shown, '');
		onWriting(shown, false);
		fit();
	}

	// Lines break elsewhere in another width. Of the whole conversation: its size does not depend on the box's.
	let width = 0;
	new ResizeObserver(([{ contentRect }]) => {
		if (contentRect.width !== width) fit();
		width = contentRect.width;
	}).observe($('thread'));
	$('composer-send').append(icon('send'));
	$('composer-edit-cancel').onclick = () => {
		endEdit();
		box.focus();
	};
	$('composer').onsubmit = (event) => {
		event.preventDefault();
		submit();
		box.focus();
	};
	box.addEventListener('keydown', (event) => {
		if (event.key === 'Escape' && edited) {
			event.stopPropagation();
			endEdit();
		}
		// 229: in Safari the composition is over when its Enter comes.
		if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
		event.preventDefault();
		submit();
	});
	box.addEventListener('input', () => {
		$('composer-error').textContent = '';
		fit();
		if (edited) return;
		drafts.set(shown, box.value);
		onWriting(shown, box.value !== '');
	});
	store.on('thread', () => {
		if (!edited?.deleted) return;
		endEdit();
		$('composer-error').textContent = 'El mensaje que editabas fue eliminado.';
	});
	store.on('select', () => {
		if (shown === store.current) return;
		endEdit();
		if (shown) {
			drafts.set(shown, box.value);
			onWriting(shown, false);
		}
		shown = store.current;
		setText(shown ? drafts.get(shown) : '');
	});
	return { focus: () => box.focus(), edit, takeBack };
}
