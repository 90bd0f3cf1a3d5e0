// A drawing that many events ask for. Called by thread.js and scroll.js.

const PAUSE_MS = 100;

// At the first event at once; what comes within a pause is drawn at its end, together. The pause is as long as the drawing
// took, where that is longer: half of the time is left to the person.
export function paced(draw) {
	let resting = false;
	let due = false;
	function run() {
		const began = performance.now();
		due = false;
		draw();
		resting = true;
		setTimeout(() => {
			resting = false;
			if (due) run();
		}, Math.max(PAUSE_MS, performance.now() - began));
	}
	return () => {
		if (resting) due = true;
		else run();
	};
}
