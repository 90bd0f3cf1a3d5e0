// Times and days as people say them, in the browser's own zone.

const clock = new Intl.DateTimeFormat('es', { hour: '2-digit', minute: '2-digit', hour12: false });
const weekday = new Intl.DateTimeFormat('es', { weekday: 'long', day: 'numeric', month: 'long' });
const fullDay = new Intl.DateTimeFormat('es', { day: 'numeric', month: 'long', year: 'numeric' });
const shortDay = new Intl.DateTimeFormat('es', { day: 'numeric', month: 'short' });
const shortYear = new Intl.DateTimeFormat('es', { day: 'numeric', month: 'short', year: 'numeric' });
const exact = new Intl.DateTimeFormat('es', { dateStyle: 'long', timeStyle: 'short' });

const dayNumber = (date) => Math.floor((date.getTime() - date.getTimezoneOffset() * 60000) / 86400000);

export const sameDay = (a, b) => dayNumber(a) === dayNumber(b);
export const time = (date) => clock.format(date);
export const moment = (date) => exact.format(date);

export function day(date, now = new Date()) {
	const ago = dayNumber(now) - dayNumber(date);
	if (ago === 0) return 'Hoy';
	if (ago === 1) return 'Ayer';
	return date.getFullYear() === now.getFullYear() ? weekday.format(date) : fullDay.format(date);
}

// For the list: the time today, else the day, with its year when that is another.
export function brief(date, now = new Date()) {
	const ago = dayNumber(now) - dayNumber(date);
	if (ago === 0) return clock.format(date);
	if (ago === 1) return 'ayer';
	return (date.getFullYear() === now.getFullYear() ? shortDay : shortYear).format(date);
}
