// The box one writes in: a new message, or an edit of an own one. Called by main.js.

import { compareIds } from '../store.js';
import { $, icon } from './dom.js';
import { showNotice } from './status.js';

// Something to see: blanks, marks of direction and fillers of scripts are nothing.
const visible = (text) => /[^\s\p{Cf}\u2800\u3164\u115f\u1160\uffa0]/u.test(text);

// onSend(uuid, text) returns a text of refusal, or nothing when it is on its way; onEdit(message, text) resolves
// when it is done; onWriting(uuid, yes) hears of each key. drafts: what was written elsewhere (drafts.js).
export function setUpComposer({ store, drafts, onSend, onEdit, onWriting }) {
	const box = $('composer-text');
	let shown = null;
	// What is being edited, one message per conversation: { message, begun, text }. begun: what the box held when the edit
	// began; unchanged, it is no edit, whatever the message says by now.
	const edits = new Map();
	// That of the conversation shown, null for a new message.
	let edited = null;

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

	function showEdited() {
		$('composer-edit').hidden = !edited;
		$('composer-label').textContent = edited ? 'Edita el mensaje' : 'Escribe un mensaje';
		box.setAttribute('aria-describedby', edited ? 'composer-edit-text composer-error' : 'composer-help composer-error');
		for (const name of ['aria-label', 'title']) $('composer-send').setAttribute(name, edited ? 'Guardar' : 'Enviar');
	}

	// The draft waits until the edit is over.
	function edit(message) {
		if (!edited) drafts.set(shown, box.value);
		edited = { message, begun: message.text, text: message.text };
		edits.set(shown, edited);
		showEdited();
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
		edits.delete(shown);
		edited = null;
		showEdited();
		setText(drafts.get(shown));
	}

	// By its id: after a cut the store has other objects. What a loaded conversation does not have between others is gone.
	function isGone({ id }) {
		const { loaded, messages } = store.thread(shown);
		const here = messages.find((one) => one.id === id);
		if (here) return here.deleted;
		return loaded && messages.some((one) => one.id && compareIds(one.id, id) < 0);
	}

	function dropDeleted() {
		if (!edited || !isGone(edited.message)) return;
		endEdit();
		$('composer-error').textContent = 'El mensaje que editabas fue eliminado.';
	}

	// One may go elsewhere meanwhile: until it is done, it waits there.
	async function submitEdit(text) {
		const [where, mine] = [shown, edited];
		if (text === mine.begun) return endEdit();
		try {
			await onEdit(mine.message, text);
			mine.begun = text;
			if (mine.text !== text) return;
			if (edited === mine) endEdit();
			else if (edits.get(where) === mine) edits.delete(where);
		} catch (error) {
			if (edited === mine) $('composer-error').textContent = error.message;
			else showNotice(error.message);
		}
	}

	function submit() {
		const text = box.value;
		if (!visible(text) || !store.current) return;
		if (edited) return submitEdit(text);
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
	// Also on the buttons around the box.
	$('composer').addEventListener('keydown', (event) => {
		if (event.key !== 'Escape' || event.isComposing || !edited) return;
		event.stopPropagation();
		endEdit();
		box.focus();
	});
	box.addEventListener('keydown', (event) => {
		// 229: in Safari the composition is over when its Enter comes.
		if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
		event.preventDefault();
		submit();
	});
	box.addEventListener('input', () => {
		$('composer-error').textContent = '';
		fit();
		if (edited) {
			edited.text = box.value;
			return;
		}
		drafts.set(shown, box.value);
		onWriting(shown, box.value !== '');
	});
	store.on('thread', dropDeleted);
	store.on('select', () => {
		if (shown === store.current) return;
		if (shown) {
			if (!edited) drafts.set(shown, box.value);
			onWriting(shown, false);
		}
		shown = store.current;
		edited = edits.get(shown) ?? null;
		showEdited();
		if (edited) setText(edited.text);
		else setText(shown ? drafts.get(shown) : '');
		dropDeleted();
	});
	return { focus: () => box.focus(), edit, takeBack };
}
