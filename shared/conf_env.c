/*
 * conf_env: the grammar of a .env file (the pure half of conf.h).
 *
 * Room: shared (foundation). Called by conf; calls buf.
 * One NAME=value a line. A bare value ends at the line's end or at a blank followed by #; 'single' quotes
 * keep all but \' and \\; "double" quotes know \n \r \t \\ \" \$ as well. Nothing is expanded and nothing
 * goes over a line's end.
 */
#include "conf.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c, bool first)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (!first && c >= '0' && c <= '9');
}

static struct slice trim(struct slice s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* What an escape stands for inside these quotes, or 0 when the backslash stands for itself. */
static char escaped(char quote, char c)
{
	if (c == quote || c == '\\')
		return c;
	if (quote == '\'')
		return 0;
	return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == '$' ? '$' : 0;
}

/* A quoted value, decoded into out; behind its end only blanks and a comment may follow. */
static int parse_quoted(struct slice text, struct buf *out)
{
	char quote = text.p[0], c;
	size_t i;

	for (i = 1; i < text.n && text.p[i] != quote; i++) {
		c = text.p[i] == '\\' && i + 1 < text.n ? escaped(quote, text.p[i + 1]) : 0;
		if (c)
			i++;
		buf_putc(out, c ? c : text.p[i]);
	}
	if (i >= text.n)
		return -1;
	text = trim(slice_behind(text, i + 1));
	return text.n == 0 || text.p[0] == '#' ? 0 : -1;
}

static struct slice parse_bare(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '#' && i > 0 && is_blank(text.p[i - 1]))
			text.n = i;
	return trim(text);
}

static int parse_line(struct slice line, struct buf *value, void (*fn)(void *, struct slice, struct slice),
		      void *ctx)
{
	struct slice name, bare;
	size_t n = 0;

	line = trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (memchr(line.p, '\0', line.n))
		return -1;
	if (line.n > 7 && memcmp(line.p, "export", 6) == 0 && is_blank(line.p[6]))
		line = trim(slice_behind(line, 7));
	while (n < line.n && is_name(line.p[n], n == 0))
		n++;
	name = (struct slice){ line.p, n };
	line = trim(slice_behind(line, n));
	if (n == 0 || line.n == 0 || line.p[0] != '=')
		return -1;
	bare = slice_behind(line, 1);
	line = trim(bare);
	if (line.n == 0 || (line.p[0] != '"' && line.p[0] != '\'')) {
		fn(ctx, name, parse_bare(bare));
		return 0;
	}
	buf_reset(value);
	if (parse_quoted(line, value) < 0)
		return -1;
	fn(ctx, name, buf_slice(value));
	return 0;
}

int conf_parse_env(struct slice text, void (*fn)(void *ctx, struct slice name, struct slice value), void *ctx,
		   unsigned *line_r)
{
	struct buf value = BUF_INIT;
	const char *end;
	struct slice line;
	int rc = 0;

	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = slice_behind(text, 3);
	for (*line_r = 1; text.n && rc == 0; *line_r += rc == 0) {
		end = memchr(text.p, '\n', text.n);
		line = (struct slice){ text.p, end ? (size_t)(end - text.p) : text.n };
		text = slice_behind(text, end ? line.n + 1 : line.n);
		rc = parse_line(line, &value, fn, ctx);
	}
	buf_fini(&value);
	return rc;
}
