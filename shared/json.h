/*
 * json: one strict scanner over untouched bytes, slices out of it, and a writer.
 *
 * Room: shared (foundation). Called by socketio (each packet), the doors, fields, the handlers.
 * RFC 8259 exactly, UTF-8 exactly, depth and size bounded. What it passes, cJSON must parse (fuzzed together), numbers
 * too long for cJSON apart: whoever reads a number looks at its length himself.
 */
#ifndef JSON_H
#define JSON_H

#include "buf.h"

#define JSON_DEPTH_MAX 32

enum json_kind {
	JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL, JSON_NONE
};

enum json_fault {
	JSON_OK,
	JSON_BAD_SYNTAX,    /* not RFC 8259, too deep, trailing bytes */
	JSON_BAD_UTF8,      /* raw invalid UTF-8: the transport is closed with 1007 */
	/* well-formed, but an escape gives U+0000 or a lone surrogate: the event is refused, nothing closed */
	JSON_BAD_TEXT
};

/*
 * Scans one whole value with optional blanks around it. The worst fault found counts in the order above
 * (syntax first).
 */
enum json_fault json_check(struct slice text);
/* Without the blanks that JSON allows around a value (RFC 8259 section 2). Of any bytes. */
struct slice json_trim(struct slice v);

/*
 * The functions below expect text that json_check called JSON_OK or JSON_BAD_TEXT, and give slices into it.
 * The kind of a value; JSON_NONE for an empty slice.
 */
enum json_kind json_kind(struct slice value);
/*
 * Member by decoded key, compared byte for byte; the last of equal keys counts, as in JavaScript and Python (RFC 8259
 * leaves it open). Returns 1 and the value, or 0.
 */
int json_member(struct slice object, const char *key, struct slice *value_r);
/* The same for several keys in one pass; n = 0 where there is none. Returns how many there are. */
size_t json_members(struct slice object, const char *const *keys, struct slice *values_r, size_t count);
/*
 * Iterates an array, or bare comma-separated values ("{…},{…}" as in an event's arguments): start with
 * *rest_r = the text (an array with or without its brackets); returns 1 and the next value, or 0 at the end.
 */
int json_next(struct slice *rest_r, struct slice *value_r);
/* The same for a bare list only: the values of an event's arguments, of which the first may itself be an array. */
int json_next_argument(struct slice *rest_r, struct slice *value_r);
/* Iterates an object's members like json_next; the key is the raw string including quotes. */
int json_next_member(struct slice *rest_r, struct slice *key_r, struct slice *value_r);
/*
 * Decoded bytes of a JSON string appended to out. -1 when it is no string, or holds U+0000 or a lone surrogate (out is
 * then undefined).
 */
int json_decode(struct slice string, struct buf *out);
/* True when the bytes are valid UTF-8. U+0000 passes; surrogates and over-long forms do not. */
bool json_is_utf8(struct slice text);
/* Code points of valid UTF-8. */
size_t json_code_points(struct slice text);

/* Writer: the string with quotes and the escapes RFC 8259 demands, nothing more (emoji stay bytes). */
void json_put_string(struct buf *b, struct slice text);
/* How many bytes that would be. */
size_t json_string_size(struct slice text);
/* `"key":` with a comma in front unless the byte before is `{`. Key is a plain literal without escapes. */
void json_put_key(struct buf *b, const char *key);
/* `"key":"text"`, `"key":null` when text.p is NULL; `"key":123`; `"key":"123"`. All with json_put_key's comma. */
void json_put_text_member(struct buf *b, const char *key, struct slice text);
void json_put_number_member(struct buf *b, const char *key, int64_t v);
void json_put_id_member(struct buf *b, const char *key, int64_t v);
void json_put_raw_member(struct buf *b, const char *key, struct slice json);

#endif
