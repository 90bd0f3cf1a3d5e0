// The name-based uuid (RFC 4122, version 5) that the server gives to a message with a client_id: known before
// the answer, so a message on its way and the stored one are never shown as two. Pure: called by outbox.js.
// SHA-1 is written out because crypto.subtle is not there on plain http.

const NAMESPACE = '6d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e10';

const turn = (word, bits) => (word << bits) | (word >>> (32 - bits));

function paddedWords(bytes) {
	const words = new Uint32Array((((bytes.length + 8) >> 6) + 1) * 16);
	bytes.forEach((byte, i) => {
		words[i >> 2] |= byte << (24 - (i % 4) * 8);
	});
	words[bytes.length >> 2] |= 0x80 << (24 - (bytes.length % 4) * 8);
	words[words.length - 1] = bytes.length * 8;
	return words;
}

// One block of 16 words into the five of the state.
function digestBlock(state, block) {
	const w = [...block];
	for (let i = 16; i < 80; i += 1) w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	let [a, b, c, d, e] = state;
	for (let i = 0; i < 80; i += 1) {
		const [mix, add] = i < 20 ? [(b & c) | (~b & d), 0x5a827999]
			: i < 40 ? [b ^ c ^ d, 0x6ed9eba1]
				: i < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
					: [b ^ c ^ d, 0xca62c1d6];
		[a, b, c, d, e] = [(turn(a, 5) + mix + e + add + w[i]) | 0, a, turn(b, 30), c, d];
	}
	[a, b, c, d, e].forEach((word, i) => {
		state[i] += word;
	});
}

function sha1(bytes) {
	const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
	const words = paddedWords(bytes);
	for (let at = 0; at < words.length; at += 16) digestBlock(state, words.subarray(at, at + 16));
	return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

// The uuid of the message that `sender` (decimal id) sends with this client_id.
export function messageUuid(sender, clientId) {
	const space = NAMESPACE.replaceAll('-', '').match(/../g).map((hex) => parseInt(hex, 16));
	const name = new TextEncoder().encode(`${sender}/${clientId}`);
	const hex = sha1(Uint8Array.of(...space, ...name));
	const variant = ((parseInt(hex[16], 16) & 3) | 8).toString(16);
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
