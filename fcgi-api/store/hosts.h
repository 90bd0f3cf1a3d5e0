/*
 * hosts: DB_HOST, a comma list of servers, each "name", "name:port" or "[v6]:port".
 *
 * Room: fcgi-api/store, inside. Called by connect and session. Pure.
 * store_hosts_fine of store.h is here too.
 */
#ifndef STORE_HOSTS_H
#define STORE_HOSTS_H

#include <stdbool.h>

#define HOSTS_NAME_MAX 255

struct hosts_entry {
	char name[HOSTS_NAME_MAX + 1];
	unsigned port;
};

/*
 * The n-th (from 0) of the list; `port` where it names none. False behind the last. An empty list is one host without a
 * name, which the client library takes for the local one. Of a malformed entry (store_hosts_fine) something is made.
 */
bool hosts_at(const char *list, unsigned n, unsigned port, struct hosts_entry *entry_r);

#endif
