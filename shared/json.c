/*
 * json: one strict scanner over untouched bytes, and slices out of it. (The writer is json_write.c.)
 *
 * Room: shared (foundation). Calls buf.
 * json_check walks each byte once with a bit stack instead of recursion. What follows it (kind, member, next, decode)
 * expects checked text and therefore only skips; it stays inside the slice whatever it is given.
 */
#include "json.h"
#include "json_text.h"

/* ---- the scanner ---- */

struct scan {
	const unsigned char *p, *end;
	bool bad_utf8, bad_text;
};

/* From behind the opening quote to behind the closing one. */
static bool scan_string(struct scan *s)
{
	uint32_t code;
	int len;

	for (;;) {
		s->p = skip_plain(s->p, s->end);
		if (s->p == s->end || *s->p < 0x20)
			return false;
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		if (*s->p == '\\') {
			len = escape_at(s->p, s->end, &code);
			if (len == 0)
				return false;
			if (code == 0 || (code >= 0xd800 && code <= 0xdfff))
				s->bad_text = true;
		} else {
			len = utf8_len(s->p, s->end);
			if (len == 0) {
				s->bad_utf8 = true;
				len = 1;
			}
		}
		s->p += len;
	}
}

static bool scan_digits(struct scan *s)
{
	const unsigned char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

static bool scan_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!scan_digits(s))
		return false;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p | 0x20) == 'e') {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!scan_digits(s))
			return false;
	}
	return true;
}

static bool scan_word(struct scan *s, const char *word, size_t n)
{
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool scan_scalar(struct scan *s)
{
	switch (*s->p) {
	case '"':
		s->p++;
		return scan_string(s);
	case 't':
		return scan_word(s, "true", 4);
	case 'f':
		return scan_word(s, "false", 5);
	case 'n':
		return scan_word(s, "null", 4);
	default:
		return scan_number(s);
	}
}

/* `"key":` and the blanks around it. */
static bool scan_key(struct scan *s)
{
	s->p = skip_blanks(s->p, s->end);
	if (s->p == s->end || *s->p++ != '"' || !scan_string(s))
		return false;
	s->p = skip_blanks(s->p, s->end);
	return s->p < s->end && *s->p++ == ':';
}

static bool scan_value(struct scan *s)
{
	uint32_t objects = 0; /* a bit per open container, the innermost lowest: 1 object, 0 array */
	int depth = 0;
	bool object;

	for (;;) {
		s->p = skip_blanks(s->p, s->end);
		if (s->p == s->end)
			return false;
		if (*s->p == '{' || *s->p == '[') {
			object = *s->p++ == '{';
			if (depth == JSON_DEPTH_MAX)
				return false;
			depth++;
			objects = objects << 1 | object;
			s->p = skip_blanks(s->p, s->end);
			if (s->p == s->end)
				return false;
			if (*s->p != (object ? '}' : ']')) {
				if (object && !scan_key(s))
					return false;
				continue;
			}
		} else if (!scan_scalar(s)) {
			return false;
		}
		/*
		 * behind a value, or at the end of an empty container: close what closes, or go on behind a
		 * comma
		 */
		for (;;) {
			if (depth == 0)
				return true;
			object = objects & 1;
			s->p = skip_blanks(s->p, s->end);
			if (s->p == s->end)
				return false;
			if (*s->p != (object ? '}' : ']'))
				break;
			s->p++;
			depth--;
			objects >>= 1;
		}
		if (*s->p++ != ',' || (object && !scan_key(s)))
			return false;
	}
}

enum json_fault json_check(struct slice text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	struct scan s = { p, text.n ? p + text.n : p, false, false };

	if (!scan_value(&s) || skip_blanks(s.p, s.end) != s.end)
		return JSON_BAD_SYNTAX;
	return s.bad_utf8 ? JSON_BAD_UTF8 : s.bad_text ? JSON_BAD_TEXT : JSON_OK;
}

bool json_is_utf8(struct slice text)
{
	const unsigned char *p = (const unsigned char *)text.p, *end = text.n ? p + text.n : p;
	uint64_t v;
	int len;

	while (p < end) {
		if (end - p >= 8) {
			memcpy(&v, p, 8);
			if (!(v & HIGHS)) {
				p += 8;
				continue;
			}
		}
		len = utf8_len(p, end);
		if (len == 0)
			return false;
		p += len;
	}
	return true;
}

size_t json_code_points(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

/* ---- reading checked text ---- */

struct slice json_trim(struct slice v)
{
	const unsigned char *p = (const unsigned char *)v.p, *end = v.n ? p + v.n : p;

	p = skip_blanks(p, end);
	while (end > p && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t'))
		end--;
	return (struct slice){ (const char *)p, (size_t)(end - p) };
}

/* Behind the string that begins at p. */
static const unsigned char *past_string(const unsigned char *p, const unsigned char *end)
{
	for (p++; p < end; p++) {
		p = skip_plain(p, end);
		if (p == end || *p == '"')
			break;
		if (*p == '\\' && p + 1 < end)
			p++;
	}
	return p < end ? p + 1 : end;
}

/* Behind the value that begins at p. */
static const unsigned char *past_value(const unsigned char *p, const unsigned char *end)
{
	int depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = past_string(p, end);
			if (depth == 0)
				return p;
			continue;
		}
		if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (--depth <= 0)
				return depth < 0 ? p : p + 1;
		} else if (depth == 0 && (*p == ',' || *p == ':' || skip_blanks(p, p + 1) != p)) {
			return p;
		}
		p++;
	}
	return end;
}

enum json_kind json_kind(struct slice value)
{
	value = json_trim(value);
	if (value.n == 0)
		return JSON_NONE;
	switch (value.p[0]) {
	case '{': return JSON_OBJECT;
	case '[': return JSON_ARRAY;
	case '"': return JSON_STRING;
	case 't': return JSON_TRUE;
	case 'f': return JSON_FALSE;
	case 'n': return JSON_NULL;
	default:  return JSON_NUMBER;
	}
}

/* Takes the value in front of *rest_r, which then begins with what follows: comma, bracket or nothing. */
static int take_value(struct slice *rest_r, struct slice *value_r)
{
	struct slice rest = json_trim(*rest_r);
	const unsigned char *p = (const unsigned char *)rest.p, *end = rest.n ? p + rest.n : p;
	const unsigned char *behind = past_value(p, end);

	if (behind == p) {
		*rest_r = SLICE_NONE;
		return 0;
	}
	*value_r = (struct slice){ rest.p, (size_t)(behind - p) };
	*rest_r = json_trim((struct slice){ (const char *)behind, (size_t)(end - behind) });
	return 1;
}

/* Steps over a comma, colon or bracket and the blanks around it, if it is there. */
static void skip_mark(struct slice *rest_r, char mark)
{
	*rest_r = json_trim(*rest_r);
	if (rest_r->n && rest_r->p[0] == mark)
		*rest_r = json_trim(slice_behind(*rest_r, 1));
}

int json_next_argument(struct slice *rest_r, struct slice *value_r)
{
	skip_mark(rest_r, ',');
	return take_value(rest_r, value_r);
}

int json_next(struct slice *rest_r, struct slice *value_r)
{
	struct slice rest = json_trim(*rest_r), whole;

	/* a bracket in front is the array's own only if it closes at the end: `[1],[2]` is a bare list */
	if (rest.n && rest.p[0] == '[' && take_value(&rest, &whole) && rest.n == 0)
		skip_mark(rest_r, '[');
	return json_next_argument(rest_r, value_r);
}

int json_next_member(struct slice *rest_r, struct slice *key_r, struct slice *value_r)
{
	skip_mark(rest_r, '{');
	skip_mark(rest_r, ',');
	if (rest_r->n == 0 || rest_r->p[0] != '"' || !take_value(rest_r, key_r))
		return 0;
	skip_mark(rest_r, ':');
	return take_value(rest_r, value_r);
}

static void put_code_point(struct buf *out, uint32_t c)
{
	int tail = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	buf_putc(out, (char)(lead[tail] | c >> 6 * tail));
	while (tail--)
		buf_putc(out, (char)(0x80 | (c >> 6 * tail & 0x3f)));
}

int json_decode(struct slice string, struct buf *out)
{
	const unsigned char *p, *end, *slash;
	uint32_t code;
	int len;

	string = json_trim(string);
	if (string.n < 2 || string.p[0] != '"' || string.p[string.n - 1] != '"')
		return -1;
	p = (const unsigned char *)string.p + 1;
	end = p + string.n - 2;
	buf_reserve(out, string.n);
	while ((slash = memchr(p, '\\', (size_t)(end - p)))) {
		buf_put(out, p, (size_t)(slash - p));
		len = escape_at(slash, end, &code);
		if (len == 0 || code == 0 || (code >= 0xd800 && code <= 0xdfff))
			return -1;
		put_code_point(out, code);
		p = slash + len;
	}
	buf_put(out, p, (size_t)(end - p));
	return 0;
}

static bool key_is(struct slice raw, const char *key, size_t len)
{
	struct buf text = BUF_INIT;
	bool same;

	if (raw.n < 2 || !memchr(raw.p, '\\', raw.n))
		return raw.n == len + 2 && memcmp(raw.p + 1, key, len) == 0;
	same = json_decode(raw, &text) == 0 && slice_eq(buf_slice(&text), (struct slice){ key, len });
	buf_fini(&text);
	return same;
}

size_t json_members(struct slice object, const char *const *keys, struct slice *values_r, size_t count)
{
	struct slice name, value;
	size_t found = 0, i;

	memset(values_r, 0, count * sizeof(*values_r));
	if (json_kind(object) != JSON_OBJECT)
		return 0;
	while (json_next_member(&object, &name, &value)) {
		for (i = 0; i < count && !key_is(name, keys[i], strlen(keys[i])); i++)
			;
		if (i == count)
			continue;
		found += values_r[i].n == 0;
		values_r[i] = value;
	}
	return found;
}

int json_member(struct slice object, const char *key, struct slice *value_r)
{
	struct slice value;

	if (json_members(object, &key, &value, 1))
		*value_r = value;
	return value.n > 0;
}
