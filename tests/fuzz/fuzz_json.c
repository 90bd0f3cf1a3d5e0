// objects: shared/json.o shared/json_write.o shared/buf.o
/*
 * What json_check passes, cJSON must parse with nothing left over, and reading and writing it again must give
 * the same. What it does not pass must at least not lead the readers out of the slice.
 */
#include <assert.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "json.h"

static void walk(struct slice value, bool checked)
{
	struct slice rest = value, key, item;
	struct buf text = BUF_INIT, again = BUF_INIT;

	switch (json_kind(value)) {
	case JSON_OBJECT:
		while (json_next_member(&rest, &key, &item) == 1) {
			assert(item.p >= value.p && item.p + item.n <= value.p + value.n);
			if (checked) {
				assert(json_decode(key, &text) == 0);
				walk(item, true);
			}
		}
		break;
	case JSON_ARRAY:
		while (json_next(&rest, &item) == 1) {
			assert(item.p >= value.p && item.p + item.n <= value.p + value.n);
			if (checked)
				walk(item, true);
		}
		break;
	case JSON_STRING:
		if (json_decode(value, &text) == 0 && checked) {
			json_put_string(&again, buf_slice(&text));
			assert(json_check(buf_slice(&again)) == JSON_OK);
			assert(json_is_utf8(buf_slice(&text)));
		} else {
			assert(!checked);
		}
		break;
	default:
		break;
	}
	buf_fini(&text);
	buf_fini(&again);
}

static void same_string(struct slice raw, const char *theirs)
{
	struct buf text = BUF_INIT;

	assert(json_decode(raw, &text) == 0 && slice_is(buf_slice(&text), theirs));
	buf_fini(&text);
}

/* Both see the same tree: as many members, in the same order, with the same names, texts and kinds. */
static void compare(const cJSON *theirs, struct slice ours)
{
	struct slice rest = ours, key, item;
	const cJSON *child = theirs->child;

	switch (json_kind(ours)) {
	case JSON_OBJECT:
		assert(cJSON_IsObject(theirs));
		for (; json_next_member(&rest, &key, &item) == 1; child = child->next) {
			assert(child);
			same_string(key, child->string);
			compare(child, item);
		}
		assert(!child);
		break;
	case JSON_ARRAY:
		assert(cJSON_IsArray(theirs));
		for (; json_next(&rest, &item) == 1; child = child->next) {
			assert(child);
			compare(child, item);
		}
		assert(!child);
		break;
	case JSON_STRING:
		assert(cJSON_IsString(theirs));
		same_string(ours, theirs->valuestring);
		break;
	case JSON_NUMBER:
		assert(cJSON_IsNumber(theirs));
		break;
	default:
		assert(cJSON_IsBool(theirs) || cJSON_IsNull(theirs));
	}
}

static void compare_with_cjson(struct slice text)
{
	const char *end = NULL;
	cJSON *tree = cJSON_ParseWithLengthOpts(text.p, text.n, &end, 0);

	assert(tree);
	for (; end < text.p + text.n; end++)
		assert(*end == ' ' || *end == '\t' || *end == '\r' || *end == '\n');
	compare(tree, text);
	cJSON_Delete(tree);
}

/* Numbers may be of any length; those of 64 characters and more cJSON cuts. */
static bool long_number(struct slice text)
{
	size_t run = 0;

	for (size_t i = 0; i < text.n && run < 64; i++)
		run = text.p[i] && strchr("0123456789+-.eE", text.p[i]) ? run + 1 : 0;
	return run == 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size }, value = SLICE_NONE, rest = text;
	enum json_fault fault = json_check(text);

	walk(text, fault == JSON_OK);
	json_member(text, "sala_uuid", &value);
	while (json_next_argument(&rest, &value) == 1)
		;
	json_code_points(text);
	assert(json_is_utf8(text) || fault != JSON_OK);
	if (fault == JSON_OK && !long_number(text))
		compare_with_cjson(text);
	return 0;
}
