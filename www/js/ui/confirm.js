// The question before a message is deleted for everybody. Called by main.js.

import { $ } from './dom.js';

// onYes(message) resolves when it is done; done(): the dialog is gone too, and so is the button it was opened with, which a
// receipt may have made anew also when nothing is deleted. Returns ask(message).
export function setUpDeletion({ onYes, done }) {
	const dialog = $('delete-dialog');
	let asked = null;
	// Counts the questions: what became of an earlier one says nothing in this one.
	let turn = 0;

	dialog.onclose = () => {
		const focused = document.activeElement;
		const givenBack = focused !== document.body && !dialog.contains(focused);
		if (!givenBack) done();
	};
	$('delete-no').onclick = () => dialog.close();
	$('delete-yes').onclick = async () => {
		const mine = turn;
		const open = () => mine === turn && dialog.open;
		try {
			await onYes(asked);
			if (!open()) return;
			dialog.close();
			done();
		} catch (error) {
			if (open()) $('delete-error').textContent = error.message;
		}
	};
	return (message) => {
		turn += 1;
		asked = message;
		$('delete-error').textContent = '';
		$('delete-what').textContent = message.text;
		dialog.showModal();
	};
}
