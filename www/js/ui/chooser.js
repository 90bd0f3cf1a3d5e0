// The first screen: who are you, by a number (open identity) or by a token. Called by main.js.

import { $, parseId } from './dom.js';
import { fillPeople } from './people.js';

function wrong(input, text) {
	$('chooser-error').textContent = text;
	input.setAttribute('aria-invalid', 'true');
	input.focus();
}

export function showChooser(text = '') {
	$('app').hidden = true;
	$('chooser').hidden = false;
	$('chooser-error').textContent = text;
}

// Resolves with { userId } or { token }. byNumber: whether the server takes a number at all; errorText: why the
// last choice did not work.
export function choosePerson({ people, byNumber, errorText }) {
	showChooser(errorText);
	for (const part of document.querySelectorAll('.by-number')) part.hidden = !byNumber;
	$('chooser-token-box').open = !byNumber || people.length === 0;
	return new Promise((resolve) => {
		fillPeople($('chooser-people'), people, { onPick: (userId) => resolve({ userId }) });
		if (people.length === 0) $('chooser-people').hidden = true;
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
