// objects: shared/conf_env.o shared/buf.o
/* Any .env text: every pair has a proper name, and a fault names a line that exists. */
#include <assert.h>

#include "conf.h"

static void pair(void *ctx, struct slice name, struct slice value)
{
	(void)ctx;
	assert(name.n > 0 && !(name.p[0] >= '0' && name.p[0] <= '9'));
	for (size_t i = 0; i < name.n; i++)
		assert(name.p[i] != '=' && name.p[i] != ' ');
	for (size_t i = 0; i < value.n; i++)
		assert(value.p[i] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned line = 0, lines = 1;
	int rc = conf_parse_env((struct slice){ (const char *)data, size }, pair, NULL, &line);

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	assert(rc == 0 || (rc == -1 && line >= 1 && line <= lines));
	return 0;
}
