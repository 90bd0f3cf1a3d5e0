// One message as an element. Called by thread.js.

import { safeLink } from '../messages.js';
import { h, icon } from './dom.js';
import { moment, time } from './format.js';

const STATES = {
	enviando: { icon: 'clock', text: 'enviando' },
	enviado: { icon: 'check', text: 'enviado' },
	entregado: { icon: 'checks', text: 'entregado' },
	leido: { icon: 'checks', text: 'leído' },
	fallo: { icon: 'alert', text: 'falló' },
};
const FILE_TEXT = { imagen: 'Ver imagen', audio: 'Escuchar audio' };

const link = (href, ...children) =>
	h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);

// Where an address ends: not with a mark of the sentence around it, nor with a bracket that it did not open.
function endOf(address) {
	const count = (sign) => address.split(sign).length - 1;
	const surplus = { ')': count(')') - count('('), ']': count(']') - count('[') };
	let end = address.length;
	for (; end > 0; end -= 1) {
		const last = address[end - 1];
		if (surplus[last] > 0) surplus[last] -= 1;
		else if (!'.,;:!?…*'.includes(last)) break;
	}
	return end;
}

// Text with its http(s) addresses as links; everything else stays text.
function richText(text) {
	return text.split(/(https?:\/\/[^\s<>"'`«»“”‘’]+)/i).flatMap((part, i) => {
		if (i % 2 === 0) return part;
		const end = endOf(part);
		const href = safeLink(part.slice(0, end));
		return href ? [link(href, part.slice(0, end)), part.slice(end)] : part;
	});
}

function fileLine(message) {
	if (!message.url) return null;
	const href = safeLink(message.url);
	const name = FILE_TEXT[message.kind] ?? 'Abrir archivo';
	return h('p', { class: 'file' }, icon('file'), href ? link(href, name) : `Archivo: ${message.url}`);
}

function body(message) {
	if (message.deleted) return [h('p', { class: 'text gone' }, 'Mensaje eliminado')];
	return [fileLine(message), message.text ? h('p', { class: 'text', dir: 'auto' }, ...richText(message.text)) : null];
}

function stateMark({ state, readers }, isGroup) {
	const { icon: name, text } = STATES[state];
	const words = isGroup && readers ? `${text} por ${readers}` : text;
	return h('span', { class: 'state', data: { state }, title: words },
		icon(name),
		h('span', { class: 'visually-hidden' }, words));
}

// Another state of a message that has one and has not failed.
export function markState(element, { state, isGroup }) {
	element.dataset.state = state.state;
	element.querySelector('.state').replaceWith(stateMark(state, isGroup));
}

// What the author can do with a stored message.
function actions({ onEdit, onDelete }) {
	const button = (name, label, onclick) =>
		h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, icon(name));
	return h('div', { class: 'beside' },
		h('div', { class: 'actions' }, button('pencil', 'Editar mensaje', onEdit), button('bin', 'Eliminar mensaje', onDelete)));
}

// A text that was refused is refused again: it is to be written anew.
function failure(message, { onRetry, onRewrite, onDiscard }) {
	const button = (text, onclick) => h('button', { type: 'button', class: 'button quiet', onclick }, text);
	return h('div', { class: 'retry-row' },
		h('span', {}, `${message.error}.`),
		message.textRefused ? button('Editar', onRewrite) : button('Reintentar', onRetry),
		button('Descartar', onDiscard));
}

// view: { mine, first, author (shown above, or null), state (null for others' messages), isGroup, changeable,
//         onRetry, onRewrite, onDiscard, onEdit, onDelete }
export function messageElement(message, view) {
	const failed = view.state?.state === 'fallo';
	const classes = ['message', view.mine && 'mine', view.first && 'first', failed && 'failed'].filter(Boolean);
	return h('li', { class: classes.join(' '), tabindex: view.changeable ? '-1' : null, data: { key: message.key, state: view.state?.state ?? '' } },
		view.author ? h('p', { class: 'author', dir: 'auto' }, view.author) : null,
		h('div', { class: 'bubble' },
			view.mine || view.author ? null : h('span', { class: 'visually-hidden' }, view.sender + ': '),
			view.mine ? h('span', { class: 'visually-hidden' }, 'Tú: ') : null,
			...body(message),
			h('p', { class: 'meta' },
				message.edited && !message.deleted ? h('span', {}, 'editado') : null,
				h('time', { datetime: message.at.toISOString(), title: moment(message.at) }, time(message.at)),
				view.state ? stateMark(view.state, view.isGroup) : null)),
		view.changeable ? actions(view) : null,
		failed ? failure(message, view) : null);
}
