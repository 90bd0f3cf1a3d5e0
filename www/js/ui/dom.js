// Building elements. Text goes in as text nodes only: no markup is ever made from data.

const SVG = 'http://www.w3.org/2000/svg';

// Line drawings on a 24 x 24 field.
const ICONS = {
	back: ['M15 5l-7 7 7 7'],
	send: ['M5 12h13', 'M12 5l7 7-7 7'],
	down: ['M12 5v14', 'M6 13l6 6 6-6'],
	clock: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7.5V12l3 2'],
	check: ['M5 12.5l4.5 4.5L19 7.5'],
	checks: ['M2 12.5l4 4L14.5 8', 'M11 15.5l1 1L21 8'],
	alert: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7.5v5.5', 'M12 16.5v.01'],
	pencil: ['M4 20h4L19 9l-4-4L4 16z', 'M13.5 6.5l4 4'],
	bin: ['M4 7h16', 'M9 7V4h6v3', 'M6 7l1 13h10l1-13'],
	bell: ['M6 16v-5a6 6 0 0 1 12 0v5l2 2H4z', 'M10 21h4'],
	file: ['M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8z', 'M14 3v5h5'],
};

// h('li', { class: 'x', data: { id: 1 }, onclick: f }, 'text', child…). null children are left out.
export function h(tag, props = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(props)) {
		if (value === null || value === undefined || value === false) continue;
		if (name === 'data') Object.assign(element.dataset, value);
		else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
		else element.setAttribute(name, value === true ? '' : value);
	}
	element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
	return element;
}

export function icon(name) {
	const svg = document.createElementNS(SVG, 'svg');
	svg.setAttribute('viewBox', '0 0 24 24');
	svg.setAttribute('class', 'icon');
	svg.setAttribute('aria-hidden', 'true');
	for (const d of ICONS[name]) {
		const path = document.createElementNS(SVG, 'path');
		path.setAttribute('d', d);
		svg.append(path);
	}
	return svg;
}

export const $ = (id) => document.getElementById(id);

// "Ana López" gives AL; "Usuario 456" gives 56, which tells more than U4.
export function initials(name) {
	const words = name.split(/\s+/).filter(Boolean);
	if (/^\d+$/.test(words.at(-1) ?? '')) return words.at(-1).slice(-2);
	return words.slice(0, 2).map((word) => Array.from(word)[0].toUpperCase()).join('');
}

export function setAvatar(element, name, seed, isGroup = false) {
	element.textContent = initials(name);
	element.dataset.tone = Number(BigInt(seed || 0) % 8n);
	element.classList.toggle('group', isGroup);
	return element;
}

export function avatar(name, seed, { small = false, group = false } = {}) {
	return setAvatar(h('span', { class: small ? 'avatar small' : 'avatar', 'aria-hidden': 'true' }), name, seed, group);
}

// A decimal id as the server takes it: 1..2^63-1 without leading zeros. Returns it or null.
export function parseId(text) {
	const id = text.trim();
	return /^[1-9]\d{0,18}$/.test(id) && BigInt(id) < 2n ** 63n ? id : null;
}
