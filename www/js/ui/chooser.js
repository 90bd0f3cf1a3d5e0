// The first screen: who are you. Called by main.js.

import { $, parseId } from './dom.js';
import { fillPeople } from './people.js';

// Resolves with the id chosen. errorText: why the last choice did not work.
export function choosePerson(people, errorText = '') {
	$('app').hidden = true;
	$('chooser').hidden = false;
	$('chooser-error').textContent = errorText;
	return new Promise((resolve) => {
		fillPeople($('chooser-people'), people, { onPick: resolve });
		$('chooser-people').hidden = people.length === 0;
		$('chooser-form').onsubmit = (event) => {
			event.preventDefault();
			const id = parseId($('chooser-id').value);
			if (id) return resolve(id);
			$('chooser-error').textContent = 'Escribe un número de usuario, por ejemplo 123.';
			$('chooser-id').setAttribute('aria-invalid', 'true');
			$('chooser-id').focus();
		};
	});
}
