/*
 * ids: canonical decimal ids, uuids, random names.
 *
 * Room: shared (foundation). Called by every room.
 */
#ifndef IDS_H
#define IDS_H

#include "buf.h"

#define IDS_UUID_LEN 36
#define IDS_SID_LEN 20

/*
 * The one namespace of all name-based uuids (of messages and of rooms); printed in WIRE.md. Never change
 * it: identities of stored rows depend on it.
 */
#define IDS_NAMESPACE "6d1f6c0e-0b6e-5c51-9a0b-8f7d6a3c2e10"

/* Canonical decimal 1..2^63-1, nothing around it: 0 and the value, or -1. */
int ids_parse(struct slice text, int64_t *id_r);
/* The same, or 0: where a page begins. */
int ids_parse_edge(struct slice text, int64_t *id_r);
/* True for 8-4-4-4-12 lower-case hexadecimal digits. */
bool ids_is_uuid(struct slice text);
/* UUIDv5 of the name in IDS_NAMESPACE, lower case, NUL-terminated. */
void ids_uuid_named(struct slice name, char out[IDS_UUID_LEN + 1]);
/*
 * A new UUIDv7 with 62 random bits, lower case, NUL-terminated. They ascend with the clock, so that what is stored
 * together lies together in an index; a clock that goes back costs nothing but that.
 */
void ids_uuid_new(char out[IDS_UUID_LEN + 1]);
/* Message identity of a client_id: UUIDv5(ns, sender_id "/" client_id). */
void ids_uuid_message(int64_t sender_id, struct slice client_id, char out[IDS_UUID_LEN + 1]);
/* Room identity of a pair (either order) and of a group. */
void ids_uuid_direct(int64_t a, int64_t b, char out[IDS_UUID_LEN + 1]);
void ids_uuid_group(int64_t group_id, char out[IDS_UUID_LEN + 1]);
/*
 * IDS_SID_LEN characters of A-Za-z0-9_- from 120 random bits, NUL-terminated; getrandom failing ends the
 * process.
 */
void ids_sid(char out[IDS_SID_LEN + 1]);
uint64_t ids_random64(void);

#endif
