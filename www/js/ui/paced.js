// A drawing that many events ask for. Called by thread.js and scroll.js.

const FREE = 10;
const PAUSE_MS = 100;

// At once as long as it is asked for now and then; in a burst one for each pause, of all that came in it, and no more than
// half of the time is spent on drawing.
export function paced(draw) {
	let credit = FREE;
	let counted = performance.now();
	let timer = null;
	function run() {
		const began = performance.now();
		draw();
		credit -= Math.max(1, 2 * (performance.now() - began) / PAUSE_MS);
	}
	function wanted() {
		if (timer) return;
		const now = performance.now();
		credit = Math.min(FREE, credit + (now - counted) / PAUSE_MS);
		counted = now;
		if (credit >= 1) {
			run();
			return;
		}
		timer = setTimeout(() => {
			timer = null;
			wanted();
		}, Math.ceil((1 - credit) * PAUSE_MS));
	}
	return wanted;
}
