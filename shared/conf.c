/*
 * conf: settings as one table; a row is a setting.
 *
 * Room: shared (foundation). Calls log, buf and libc (the .env grammar: conf_env.c).
 * Everything is read and checked before the first value moves, so that a bad file at a reload changes nothing.
 */
#include "conf.h"
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONF_FILE_MAX (64 * 1024)
#define CONF_DOTENV ".env"

struct pair {
	char *name;
	char *value;
};

struct pairs {
	struct pair *at;
	size_t count;
};

/* A row's value on its way in: the text and where it came from. */
struct found {
	char *text;          /* owned by the conf; NULL: none */
	const char *source;  /* "the environment", a file's name, NULL: the default */
	int64_t number;
};

struct conf {
	const struct conf_row *rows;
	size_t count;
	struct found *found;
	struct pairs file;
	char *file_name;
};

struct fault {
	char *text;
	size_t size;
};

static int __attribute__((format(printf, 2, 3))) fail(struct fault *fault, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault->text, fault->size, fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- sources ---- */

static void pairs_add(void *ctx, struct slice name, struct slice value)
{
	struct pairs *p = ctx;

	p->at = mem_resize(p->at, (p->count + 1) * sizeof(*p->at));
	p->at[p->count++] = (struct pair){ mem_copy(name), mem_copy(value) };
}

/* The last line of a name counts, as in a shell. */
static const char *pairs_find(const struct pairs *p, const char *name)
{
	for (size_t i = p->count; i-- > 0;)
		if (strcmp(p->at[i].name, name) == 0)
			return p->at[i].value;
	return NULL;
}

/* The whole of a small file: 0; -1 with errno (EFBIG when it is over the cap). */
static int read_small(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	size_t n;
	int rc = 0;

	if (!f)
		return -1;
	n = fread(buf_reserve(out, CONF_FILE_MAX + 1), 1, CONF_FILE_MAX + 1, f);
	if (ferror(f))
		rc = -1;
	out->len = n;
	out->data[n] = '\0';
	if (n > CONF_FILE_MAX) {
		errno = EFBIG;
		rc = -1;
	}
	fclose(f);
	return rc;
}

static int read_env_file(struct conf *c, const char *env_file, struct fault *fault)
{
	struct buf text = BUF_INIT;
	unsigned line = 0;
	int rc = 0;

	if (!env_file && access(CONF_DOTENV, F_OK) < 0)
		return 0;
	c->file_name = mem_copy(slice_of(env_file ? env_file : CONF_DOTENV));
	if (read_small(c->file_name, &text) < 0)
		rc = fail(fault, "%s: %s", c->file_name, strerror(errno));
	else if (conf_parse_env(buf_slice(&text), pairs_add, &c->file, &line) < 0)
		rc = fail(fault, "%s line %u: not a NAME=value line", c->file_name, line);
	buf_fini(&text);
	return rc;
}

/* A secret from its own file; one line end behind it does not count. */
static char *read_secret(const char *name, const char *path, struct fault *fault)
{
	struct buf text = BUF_INIT;

	if (read_small(path, &text) < 0) {
		fail(fault, "%s_FILE: %s: %s", name, path, strerror(errno));
		buf_fini(&text);
		return NULL;
	}
	if (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	if (text.len && text.data[text.len - 1] == '\r')
		text.len--;
	text.data[text.len] = '\0';
	if (strlen(text.data) != text.len) {
		fail(fault, "%s_FILE: %s holds a zero byte", name, path);
		buf_fini(&text);
		return NULL;
	}
	return buf_take(&text);
}

static int find_text(struct conf *c, const struct conf_row *row, struct found *f, struct fault *fault)
{
	char file_name[128];
	const char *text, *path = NULL;

	snprintf(file_name, sizeof(file_name), "%s_FILE", row->name);
	text = getenv(row->name);
	f->source = "the environment";
	if (!text && row->type == CONF_TEXT)
		path = getenv(file_name);
	if (!text && !path) {
		f->source = c->file_name;
		text = pairs_find(&c->file, row->name);
		if (!text && row->type == CONF_TEXT)
			path = pairs_find(&c->file, file_name);
	}
	if (!text && path) {
		f->text = read_secret(row->name, path, fault);
		f->source = "its file";
		return f->text ? 0 : -1;
	}
	if (!text) {
		f->source = NULL;
		text = row->fallback;
	}
	f->text = text ? mem_copy(slice_of(text)) : NULL;
	return 0;
}

/* ---- checking ---- */

static bool is_choice(const char *choices, const char *text)
{
	struct slice list = slice_of(choices), choice;

	while (slice_cut(&list, '|', &choice))
		if (slice_is(choice, text))
			return true;
	return false;
}

static int parse_number(const struct conf_row *row, struct found *f)
{
	char *end;

	if (!(*f->text == '-' || (*f->text >= '0' && *f->text <= '9')))
		return -1;
	errno = 0;
	f->number = strtoll(f->text, &end, 10);
	return errno || *end || f->number < row->min || f->number > row->max ? -1 : 0;
}

static int check_row(const struct conf_row *row, struct found *f, struct fault *fault)
{
	const char *from = f->source ? f->source : "its default";

	switch (row->type) {
	case CONF_NUMBER:
		if (!f->text || parse_number(row, f) < 0)
			return fail(fault, "%s: \"%s\" (from %s) is not a whole number from %lld to %lld",
				    row->name, f->text ? f->text : "", from, (long long)row->min,
				    (long long)row->max);
		return 0;
	case CONF_CHOICE:
		if (f->text && !is_choice(row->choices, f->text))
			return fail(fault, "%s: \"%s\" (from %s) is none of %s", row->name, f->text, from,
				    row->choices);
		return 0;
	case CONF_SWITCH:
		if (!f->text || !is_choice("on|off", f->text))
			return fail(fault, "%s: \"%s\" (from %s) is neither on nor off", row->name,
				    f->text ? f->text : "", from);
		f->number = f->text[1] == 'n';
		return 0;
	default:
		return 0;
	}
}

/* A setting's own name, or NAME_FILE where a file can give it: to another program's it may. */
static bool is_known(const struct conf *c, const char *name)
{
	size_t len = strlen(name);
	const char *tail = len > 5 ? name + len - 5 : "";

	for (size_t i = 0; i < c->count; i++) {
		const struct conf_row *row = &c->rows[i];
		bool from_file = row->type == CONF_TEXT || row->type == CONF_FOREIGN;

		if (strcmp(row->name, name) == 0)
			return true;
		if (from_file && strcmp(tail, "_FILE") == 0 && strlen(row->name) == len - 5 &&
		    strncmp(row->name, name, len - 5) == 0)
			return true;
	}
	return false;
}

static void hand_over(struct conf *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct conf_row *row = &c->rows[i];

		if (row->type == CONF_TEXT || row->type == CONF_CHOICE)
			*(const char **)row->value = c->found[i].text;
		else if (row->type == CONF_NUMBER)
			*(int64_t *)row->value = c->found[i].number;
		else if (row->type == CONF_SWITCH)
			*(bool *)row->value = c->found[i].number != 0;
	}
}

/* ---- the calls ---- */

struct conf *conf_load(const struct conf_row *rows, size_t count, const char *env_file, char *error_r,
		       size_t error_size)
{
	struct conf *c = mem_zero(1, sizeof(*c));
	struct fault fault = { error_r, error_size };
	int rc;

	c->rows = rows;
	c->count = count;
	c->found = mem_zero(count, sizeof(*c->found));
	rc = read_env_file(c, env_file, &fault);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (rows[i].type == CONF_FOREIGN)
			continue;
		rc = find_text(c, &rows[i], &c->found[i], &fault);
		if (rc == 0)
			rc = check_row(&rows[i], &c->found[i], &fault);
	}
	if (rc < 0) {
		conf_free(c);
		return NULL;
	}
	for (size_t i = 0; i < c->file.count; i++)
		if (!is_known(c, c->file.at[i].name))
			log_warn("settings", "%s: unknown setting %s", c->file_name, c->file.at[i].name);
	hand_over(c);
	return c;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		free(c->found[i].text);
	for (size_t i = 0; i < c->file.count; i++) {
		free(c->file.at[i].name);
		free(c->file.at[i].value);
	}
	free(c->found);
	free(c->file.at);
	free(c->file_name);
	free(c);
}

static void print_text(const char *text)
{
	if (text[strcspn(text, " \t\r\n\"'\\#$")] == '\0') {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '\n') {
			fputs("\\n", stdout);
			continue;
		}
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void print_value(const struct conf_row *row)
{
	const char *text;

	if (row->type == CONF_NUMBER) {
		printf("%lld", (long long)*(const int64_t *)row->value);
	} else if (row->type == CONF_SWITCH) {
		fputs(*(const bool *)row->value ? "on" : "off", stdout);
	} else {
		text = *(const char *const *)row->value;
		if (text && *text && row->secret)
			fputs("***", stdout);
		else if (text)
			print_text(text);
	}
}

void conf_print(const struct conf_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].type == CONF_FOREIGN)
			continue;
		printf("%s=", rows[i].name);
		print_value(&rows[i]);
		putchar('\n');
	}
}

void conf_print_example(const struct conf_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].type == CONF_FOREIGN)
			continue;
		printf("# %s\n#%s=", rows[i].sentence ? rows[i].sentence : rows[i].name, rows[i].name);
		print_text(rows[i].fallback ? rows[i].fallback : "");
		fputs("\n\n", stdout);
	}
}
