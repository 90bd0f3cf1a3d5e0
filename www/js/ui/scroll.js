// Where one reads in the open conversation: at its end, or above it with a way down. Called by thread.js.

import { $, icon } from './dom.js';
import { paced } from './paced.js';

const NEAR_PX = 80;
const ABOVE_FRESH_PX = 8;

// onTop(): the beginning of what is loaded comes into view; onEnd(): the button that led to the end is gone.
export function setUpScroll({ store, onTop, onEnd }) {
	const scroller = $('scroller');
	let missed = 0;
	// The conversation has been put where its reading begins.
	let begun = false;
	// Whether the end is being read, and the size of the scroller when that was known.
	let atEnd = true;
	let size = '';

	const sizeNow = () => `${scroller.clientWidth} ${scroller.clientHeight}`;
	const nearBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;

	// Tells what is in view, and how many new ones are below it.
	function show(count) {
		const near = nearBottom();
		missed = near ? 0 : count;
		$('to-bottom').hidden = near;
		$('to-bottom').replaceChildren(icon('down'), missed ? `${missed} ${missed === 1 ? 'nuevo' : 'nuevos'}` : 'Al final');
		store.setEndInView(begun && near);
	}

	function toBottom() {
		scroller.scrollTop = scroller.scrollHeight;
		atEnd = true;
		show(0);
	}

	// At the end, or at the line above what is new where the end does not show it.
	function begin() {
		scroller.scrollTop = scroller.scrollHeight;
		const fresh = scroller.querySelector('.fresh');
		const above = fresh ? scroller.getBoundingClientRect().top - fresh.getBoundingClientRect().top : 0;
		if (above > 0) scroller.scrollTop -= above + ABOVE_FRESH_PX;
		atEnd = nearBottom();
		begun = true;
		show(store.rooms.get(store.current).unread);
	}

	const endOf = (element) => element.getBoundingClientRect().bottom;

	// Called before the messages are drawn anew: whether that is for the first time, whether the end is being read, and
	// settle. This is called after it, and keeps what is being read in its place: at the end when it was there, else by the
	// end of the first message in view (a name above its text may come or go). Its element may be another one then, its key
	// is the same.
	function hold() {
		const followsEnd = !begun || nearBottom();
		const top = scroller.getBoundingClientRect().top;
		const reading = followsEnd ? null : [...scroller.querySelectorAll('.message')].find((one) => endOf(one) > top);
		const was = reading && endOf(reading);
		function settle(loaded) {
			if (loaded && !begun) begin();
			else if (followsEnd) toBottom();
			else {
				const now = reading && scroller.querySelector(`.message[data-key="${CSS.escape(reading.dataset.key)}"]`);
				if (now) scroller.scrollTop += endOf(now) - was;
				show(missed);
			}
		}
		return { begins: !begun, followsEnd, settle };
	}

	$('to-bottom').onclick = () => {
		toBottom();
		onEnd();
	};
	scroller.addEventListener('scroll', () => {
		// Another size scrolls too; that is not the person's doing.
		if (sizeNow() === size) atEnd = nearBottom();
		show(missed);
		if (scroller.scrollTop < NEAR_PX) onTop();
	}, { passive: true });
	// A turned phone, its keyboard, a composer that grows: who reads the end goes on reading it, who reads above too.
	new ResizeObserver(() => {
		size = sizeNow();
		if (store.current && atEnd) toBottom();
		else show(missed);
	}).observe(scroller);
	const showMissed = paced(() => show(missed));
	store.on('arrival', ({ room }) => {
		if (room.uuid !== store.current) return;
		missed += 1;
		showMissed();
	});

	return {
		toBottom,
		hold,
		// Another conversation, or none.
		leave() {
			begun = false;
			store.setEndInView(false);
		},
	};
}
