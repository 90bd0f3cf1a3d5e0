// The question before a message is deleted for everybody. Called by main.js.

import { $ } from './dom.js';

// onYes(message) resolves when it is done; done(): the dialog is gone too, and so is the button it was opened with.
// Returns ask(message).
export function setUpDeletion({ onYes, done }) {
	const dialog = $('delete-dialog');
	let asked = null;

	$('delete-no').onclick = () => dialog.close();
	$('delete-yes').onclick = async () => {
		try {
			await onYes(asked);
			dialog.close();
			done();
		} catch (error) {
			$('delete-error').textContent = error.message;
		}
	};
	return (message) => {
		asked = message;
		$('delete-error').textContent = '';
		dialog.showModal();
	};
}
