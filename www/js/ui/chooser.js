// The first screen: who are you, by a number (open identity) or by a token. Called by main.js.

import { $, parseId } from './dom.js';
import { fillPeople } from './people.js';

function wrong(input, text) {
	$('chooser-error').textContent = text;
	input.setAttribute('aria-invalid', 'true');
	input.focus();
}

function show(text, waiting) {
	$('starting').hidden = true;
	$('app').hidden = true;
	$('chooser').hidden = false;
	$('chooser-error').textContent = text;
	$('chooser-cancel').hidden = !waiting;
	for (const part of document.querySelectorAll('.choice')) part.hidden = waiting;
}

// Nothing to choose until the server answers, but to give it up.
export function showWaiting(text, onCancel) {
	show(text, true);
	$('chooser-cancel').onclick = () => onCancel();
}

// Resolves with { userId } or { token }. entrance: 'people' (those given, or another number), 'number' or 'token'; errorText:
// why the last choice did not work.
export function choosePerson({ people, entrance, errorText }) {
	show(errorText, false);
	for (const part of document.querySelectorAll('.by-number')) part.hidden = entrance !== 'people';
	$('chooser-id-label').textContent = entrance === 'people' ? 'Otro número de usuario' : 'Número de usuario';
	$('chooser-form').hidden = entrance === 'token';
	$('chooser-token-box').open = entrance === 'token';
	return new Promise((resolve) => {
		// What is being mended is not wrong until it is sent again.
		for (const input of [$('chooser-id'), $('chooser-token')]) input.oninput = () => input.removeAttribute('aria-invalid');
		fillPeople($('chooser-people'), people, { onPick: (userId) => resolve({ userId }) });
		$('chooser-form').onsubmit = (event) => {
			event.preventDefault();
			const userId = parseId($('chooser-id').value);
			if (userId) resolve({ userId });
			else wrong($('chooser-id'), 'Escribe un número de usuario, por ejemplo 123.');
		};
		$('chooser-token-form').onsubmit = (event) => {
			event.preventDefault();
			const token = $('chooser-token').value.trim();
			$('chooser-token').value = '';
			if (token.split('.').length === 3) resolve({ token });
			else wrong($('chooser-token'), 'Pega el token completo: tres partes separadas por puntos.');
		};
	});
}
