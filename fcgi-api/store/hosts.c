/*
 * hosts: DB_HOST.
 *
 * Room: fcgi-api/store, inside. Pure.
 */
#include "hosts.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

#define PORT_DIGITS 5

/* Name and port of an entry; no port: none, a NULL slice. Colons without brackets are an IPv6 address's own. */
static void split(struct slice entry, struct slice *name_r, struct slice *port_r)
{
	const char *colon = entry.n ? memrchr(entry.p, ':', entry.n) : NULL;
	bool bracketed = entry.n && entry.p[0] == '[';

	*name_r = entry;
	*port_r = SLICE_NONE;
	if (colon && (bracketed ? colon[-1] == ']' : memchr(entry.p, ':', entry.n) == colon)) {
		name_r->n = (size_t)(colon - entry.p);
		*port_r = (struct slice){ colon + 1, entry.n - name_r->n - 1 };
	}
	if (name_r->n >= 2 && bracketed && name_r->p[name_r->n - 1] == ']')
		*name_r = (struct slice){ name_r->p + 1, name_r->n - 2 };
}

/* 1..65535, else 0. */
static unsigned port_of(struct slice text)
{
	unsigned long port = 0;

	if (text.n == 0 || text.n > PORT_DIGITS)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		port = port * 10 + (unsigned long)(text.p[i] - '0');
	}
	return port <= 65535 ? (unsigned)port : 0;
}

bool hosts_at(const char *list, unsigned n, unsigned port, struct hosts_entry *entry_r)
{
	struct slice rest = slice_of(list), entry = SLICE_NONE, name, own_port;

	for (unsigned i = 0; i <= n; i++)
		if (!slice_cut(&rest, ',', &entry))
			return false;
	split(entry, &name, &own_port);
	entry_r->port = own_port.p ? port_of(own_port) : port;
	if (name.n > HOSTS_NAME_MAX)
		name.n = HOSTS_NAME_MAX;
	if (name.n)
		memcpy(entry_r->name, name.p, name.n);
	entry_r->name[name.n] = '\0';
	return true;
}

bool store_hosts_fine(const char *hosts)
{
	struct slice list = slice_of(hosts), entry, name, port;

	if (list.n == 0)
		return true;
	while (slice_cut(&list, ',', &entry)) {
		split(entry, &name, &port);
		if (name.n == 0 || name.n > HOSTS_NAME_MAX || (port.p && !port_of(port)))
			return false;
	}
	return true;
}
