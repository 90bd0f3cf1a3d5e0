/*
 * ids: canonical decimal ids, uuids, random names.
 *
 * Room: shared (foundation). Calls buf, libuuid, getrandom and the clock.
 */
#include "ids.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define IDS_DIGITS_MAX 19 /* of 2^63-1 */
#define IDS_SPARE 4096

static const char sid_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int ids_parse(struct slice text, int64_t *id_r)
{
	uint64_t v = 0;

	if (text.n == 0 || text.n > IDS_DIGITS_MAX || text.p[0] == '0')
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	if (v > INT64_MAX) /* 19 digits never pass 2^64 */
		return -1;
	*id_r = (int64_t)v;
	return 0;
}

int ids_parse_edge(struct slice text, int64_t *id_r)
{
	if (!slice_is(text, "0"))
		return ids_parse(text, id_r);
	*id_r = 0;
	return 0;
}

bool ids_is_uuid(struct slice text)
{
	if (text.n != IDS_UUID_LEN)
		return false;
	for (size_t i = 0; i < IDS_UUID_LEN; i++) {
		char c = text.p[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-')
				return false;
		} else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
			return false;
		}
	}
	return true;
}

void ids_uuid_named(struct slice name, char out[IDS_UUID_LEN + 1])
{
	static uuid_t space;
	static bool ready;
	uuid_t id;

	if (!ready) {
		uuid_parse(IDS_NAMESPACE, space);
		ready = true;
	}
	uuid_generate_sha1(id, space, name.n ? name.p : "", name.n);
	uuid_unparse_lower(id, out);
}

static void random_bytes(void *p, size_t n)
{
	char *at = p;
	ssize_t got;

	while (n) {
		got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fputs("error random getrandom failed\n", stderr);
			_exit(1);
		}
		at += got;
		n -= (size_t)got;
	}
}

/*
 * For names drawn by the thousand: the kernel is asked for some hundred at a time. Cleared by a fork: two
 * processes never draw the same. Not for secrets.
 */
static void random_spare(void *p, size_t n)
{
	static unsigned char spare[IDS_SPARE];
	static size_t left;
	static pid_t owner;

	if (left < n || owner != getpid()) {
		random_bytes(spare, sizeof(spare));
		left = sizeof(spare);
		owner = getpid();
	}
	memcpy(p, spare + sizeof(spare) - left, n);
	left -= n;
}

/* RFC 9562, 5.7; behind the milliseconds what is left of them in 1/4096 (6.2, method 3), so that uuids mostly ascend. */
void ids_uuid_new(char out[IDS_UUID_LEN + 1])
{
	struct timespec t;
	uint64_t ms, rest;
	uuid_t id;

	clock_gettime(CLOCK_REALTIME, &t);
	ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
	rest = (uint64_t)t.tv_nsec % 1000000 * 4096 / 1000000;
	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char)(ms >> (40 - 8 * i));
	id[6] = (unsigned char)(0x70 | rest >> 8); /* version 7 */
	id[7] = (unsigned char)rest;
	random_spare(id + 8, 8);
	id[8] = (id[8] & 0x3f) | 0x80; /* RFC 9562 variant */
	uuid_unparse_lower(id, out);
}

void ids_uuid_message(int64_t sender_id, struct slice client_id, char out[IDS_UUID_LEN + 1])
{
	struct buf name = BUF_INIT;

	buf_put_u64(&name, (uint64_t)sender_id);
	buf_putc(&name, '/');
	buf_put_slice(&name, client_id);
	ids_uuid_named(buf_slice(&name), out);
	buf_fini(&name);
}

void ids_uuid_direct(int64_t a, int64_t b, char out[IDS_UUID_LEN + 1])
{
	char name[64];
	int n = snprintf(name, sizeof(name), "directo/%lld/%lld", (long long)(a < b ? a : b),
			 (long long)(a < b ? b : a));

	ids_uuid_named((struct slice){ name, (size_t)n }, out);
}

void ids_uuid_group(int64_t group_id, char out[IDS_UUID_LEN + 1])
{
	char name[64];
	int n = snprintf(name, sizeof(name), "grupal/%lld", (long long)group_id);

	ids_uuid_named((struct slice){ name, (size_t)n }, out);
}

void ids_sid(char out[IDS_SID_LEN + 1])
{
	unsigned char raw[IDS_SID_LEN];

	/* a whole byte per letter is drawn and six bits of it used: 120 random bits, no shifting */
	random_bytes(raw, sizeof(raw));
	for (int i = 0; i < IDS_SID_LEN; i++)
		out[i] = sid_letters[raw[i] & 63];
	out[IDS_SID_LEN] = '\0';
}

uint64_t ids_random64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}
