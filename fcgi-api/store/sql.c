/*
 * sql: the text of a statement for a set. Pure.
 *
 * Room: fcgi-api/store, inside. Calls buf.
 */
#include "sql.h"

void sql_expand(struct buf *b, const char *text, size_t size)
{
	for (;;) {
		size_t plain = strcspn(text, "{"), whole, item, i;
		struct slice glue = SLICE(", ");

		buf_put(b, text, plain);
		text += plain;
		if (!*text++)
			return;
		whole = strcspn(text, "}");
		item = strcspn(text, "|}");
		if (item < whole)
			glue = (struct slice){ text + item + 1, whole - item - 1 };
		for (i = 0; i < size; i++) {
			if (i)
				buf_put_slice(b, glue);
			buf_put(b, text, item);
		}
		text += whole + 1;
	}
}
