/*
 * store: the companion's tables as plain structs and functions.
 *
 * Room: fcgi-api/store, the one public header. Called by the doors (open, begin, commit) and by the handlers
 * (the rest). Nobody here knows events, JSON of clients or refusals. SQL lives in the .c files, every value
 * bound.
 *
 * Everything runs between store_begin and store_commit or store_rollback of the door; no function here
 * commits. Texts of results live in the arena given by the caller. A text that is NULL in the database is a
 * slice whose p is NULL; an empty one has p and n = 0; the same for texts given in. Times are seconds since
 * 1970 (UTC); 0 where the column is NULL. Ids are > 0; 0 where the column is NULL.
 */
#ifndef STORE_H
#define STORE_H

#include "arena.h"
#include "buf.h"
#include "ids.h"

#define STORE_SET_MAX 64        /* members of one set (sends, receipts, ids) */
#define STORE_TEXT_MAX 65535    /* bytes of contenido and url_archivo */
/*
 * What an answer may hold of messages, as JSON, where a control character is six bytes. Whole answers stay below what a web
 * server takes off our hands at once (8 MiB, apache-conf): who reads slowly holds no process.
 */
#define STORE_LIST_BYTES (6u << 20)     /* newest messages of a list of rooms */
#define STORE_NAMES_BYTES (512u * 1024) /* what those rooms are called */
#define STORE_PAGE_BYTES (512u * 1024)  /* a page, which has one message at least */
#define STORE_ROOMS_MAX 4096            /* rooms of a person that are looked at */

/*
 * What every function returns. OK and NONE are answers; the rest is trouble and goes up to the door
 * untouched: the door rolls back and decides (store_is_trouble). What the database said has been logged here.
 */
enum store_verdict {
	STORE_OK,      /* done, or found */
	STORE_NONE,    /* nothing there (look-ups only) */
	STORE_AGAIN,   /* deadlock, lock wait, statement killed: roll back, the same connection again */
	STORE_LOST,    /* the connection is gone (closed here already): the next begin makes a fresh one, run all again */
	STORE_REFUSED, /* the database does not take this value: the one command fails, the transaction lives */
	STORE_CONFIG   /* wrong password, missing table or right: only the administrator helps; connection closed */
};

#define STORE_CHECK __attribute__((warn_unused_result))

static inline bool store_is_trouble(enum store_verdict v)
{
	return v != STORE_OK && v != STORE_NONE;
}

/* ---- the connection ---- */

struct store;

struct store_settings {
	const char *hosts;      /* DB_HOST: "a", "a,b:3307"; tried in order, the one that answers is kept; one that
				   takes no writes only while no other answers */
	unsigned port;          /* DB_PORT, where a host names none */
	const char *user, *password, *database;
	const char *socket;     /* DB_SOCKET; given (and not empty): used instead of the hosts */
	const char *ssl_ca;     /* DB_SSL_CA: PEM file; given (and not empty): TCP is encrypted, and the host must be whom it
				   is named, by a certificate of these authorities */
	unsigned recipient_rows_max;  /* RECIPIENT_ROWS_MAX */
};

/* Whether each entry of DB_HOST names a host and, if any, a port from 1 to 65535. Empty: the local server. */
bool store_hosts_fine(const char *hosts);

/* Can commits that were answered be lost by a crash of the database's machine? Read once per connection. */
struct store_durability {
	bool known;
	int flush_log;     /* innodb_flush_log_at_trx_commit */
	int sync_binlog;   /* -1 when there is no binary log */
	bool can_lose;     /* true unless both are 1 */
};

/* Never fails and does not connect yet (call it after the fork). Borrows the texts of the settings. The caller closes. */
struct store *store_open(const struct store_settings *settings);
/* Rolls back what is open, closes, frees. NULL is allowed. */
void store_close(struct store *st);
/*
 * Starts a transaction; connects if there is no connection. One that died while idle is replaced unseen, at the first
 * statement. OK, LOST (no host answers) or CONFIG. Behind until_ms (clock_mono_ms, 0: never) its statements are AGAIN.
 */
STORE_CHECK enum store_verdict store_begin(struct store *st, int64_t until_ms);
/* OK: stored. LOST: it may be stored, and running the job again settles it. Anything else: nothing is stored. */
STORE_CHECK enum store_verdict store_commit(struct store *st);
/* Ends the transaction without effect; on an error the connection is closed. */
void store_rollback(struct store *st);
/* Whether there is a connection (it may have died unseen); and how many were made: another one, another session. */
bool store_is_open(const struct store *st);
unsigned store_generation(const struct store *st);
/*
 * True while the host takes no writes, and no other answered: a replica. What it has not read yet is not there, so nothing
 * that must not skip a row may go by it. may_lag: and something was read there in this transaction.
 */
bool store_is_spare(const struct store *st);
bool store_may_lag(const struct store *st);
const struct store_durability *store_durability(const struct store *st);
/* Logs where a table lacks InnoDB or a unique key on which promises stand. */
STORE_CHECK enum store_verdict store_look_at_tables(struct store *st);
/* The last trouble as text, "1213 Deadlock found… (messages insert)"; "" when there was none. For logs, never for clients. */
const char *store_trouble(const struct store *st);

/* ---- people ---- */

struct store_person {
	int64_t id;
	struct slice nombre, apellido_paterno, apellido_materno;
	struct slice correo;          /* correo_institucional */
	struct slice foto;            /* foto_perfil_url */
	bool active;                  /* estado = 'activo' */
};

/* OK or NONE; inactive people are found too (look at `active`). */
STORE_CHECK enum store_verdict store_person_by_id(struct store *st, int64_t id, struct arena *a,
						  struct store_person *person_r);
/* The address byte for byte (the collation would take 'n' for 'ñ'). */
STORE_CHECK enum store_verdict store_person_by_correo(struct store *st, struct slice correo, struct arena *a,
						      struct store_person *person_r);

/* ---- rooms ---- */

#define STORE_TWINS_MAX 8        /* of more rooms of one group those with the lowest numbers are told */

enum store_kind { STORE_ANY, STORE_DIRECTO, STORE_GRUPAL };

struct store_room {
	int64_t id;
	struct slice uuid;            /* sala_uuid */
	enum store_kind kind;
	int64_t a_id, b_id;           /* directo: the pair, in the row's order */
	int64_t group_id;             /* grupal */
	struct slice *twins;          /* uuids of the other rooms of its group: store_room_twins, store_message_save */
	size_t twin_count;
	int64_t created_at, updated_at;
};

/* "directo" or "grupal". */
const char *store_kind_name(enum store_kind kind);

/*
 * The direct room of two different people, made if missing (created_r). The lowest id wins among several. The
 * caller has checked that both exist; somebody who does not gives REFUSED. OK or trouble.
 */
STORE_CHECK enum store_verdict store_room_direct(struct store *st, int64_t one, int64_t other,
						 struct arena *a, struct store_room *room_r, bool *created_r);
/* The same, found only: OK or NONE. */
STORE_CHECK enum store_verdict store_room_direct_find(struct store *st, int64_t one, int64_t other,
						      struct arena *a, struct store_room *room_r);
/*
 * The room of a group for an active member, made if missing. NONE when the group is unknown or the person is
 * no active member (group_known_r, may be NULL, tells which).
 */
STORE_CHECK enum store_verdict store_room_group(struct store *st, int64_t group_id, int64_t person_id,
						struct arena *a, struct store_room *room_r, bool *created_r,
						bool *group_known_r);
/*
 * The room of a group, made never: OK, or NONE when it has none yet. Whether the person is an active member,
 * and whether the group exists (may be NULL), is told in both cases.
 */
STORE_CHECK enum store_verdict store_room_group_find(struct store *st, int64_t group_id, int64_t person_id,
						     struct arena *a, struct store_room *room_r,
						     bool *member_r, bool *group_known_r);
/* A room by number or by uuid (byte for byte), and whether the person is in it (pair, or active member). OK or NONE. */
STORE_CHECK enum store_verdict store_room_by_id(struct store *st, int64_t id, int64_t person_id,
						struct arena *a, struct store_room *room_r, bool *member_r);
STORE_CHECK enum store_verdict store_room_by_uuid(struct store *st, struct slice uuid, int64_t person_id,
						  struct arena *a, struct store_room *room_r, bool *member_r);
/*
 * Fills the twins of rooms of groups: nothing in the table forbids a group several, whoever joined may be in any of them,
 * and what is pushed to one goes to all. Those of pairs are passed over. OK or trouble.
 */
STORE_CHECK enum store_verdict store_room_twins(struct store *st, struct store_room *const *rooms, size_t count,
						struct arena *a);

/* ---- messages ---- */

struct store_message {
	int64_t id;
	struct slice uuid;            /* mensaje_uuid */
	struct store_room room;       /* created_at and updated_at are not filled */
	struct store_person sender;
	struct slice tipo;            /* tipo_mensaje */
	struct slice contenido, url;  /* url_archivo */
	struct slice metadatos;       /* JSON text */
	int64_t sent_at, edited_at, deleted_at;
};

enum store_send_verdict {
	STORE_SEND_STORED,
	STORE_SEND_DUPLICATE,  /* the row that has this uuid already is in `message`, whatever this send says */
	STORE_SEND_NOT_FOUND,  /* no such room */
	STORE_SEND_NOT_MEMBER, /* the room is there (`message.room`), the sender is not in it or not active */
	STORE_SEND_TYPE_MISMATCH, /* the room is of the other kind */
	STORE_SEND_REFUSED /* the database refuses the values, or the uuid belongs to somebody else's message */
};

/* One message of a set. The first part is given, the second filled. */
struct store_send {
	struct slice sala_uuid;
	enum store_kind expected;     /* STORE_ANY: either */
	int64_t sender_id;
	struct slice uuid;            /* 36 characters, lower case */
	bool fresh; /* drawn at random for this very attempt: no row can have it, it is not looked up */
	struct slice tipo;            /* one of the five words; checked by the caller */
	struct slice contenido, url, metadatos;  /* p NULL: NULL */

	enum store_send_verdict verdict;
	struct store_message message; /* STORED and DUPLICATE: complete; its texts may borrow from the first part */
};

/*
 * Stores a set (1..STORE_SET_MAX) in the order given, which becomes the order of ids: looks up repeats,
 * authorizes, locks the rooms in id order, inserts, writes recipient rows, touches the rooms. OK: each member
 * has its verdict. Equal uuids within the set: the first that passes is stored, the later are its duplicates.
 * Trouble: nothing holds, the door rolls back.
 */
STORE_CHECK enum store_verdict store_message_save(struct store *st, struct store_send *set, size_t count,
						  struct arena *a);
/*
 * The look-up of repeats alone, whatever room the send names: OK, with the verdict DUPLICATE or REFUSED and the message, or
 * NONE when no row has its uuid.
 */
STORE_CHECK enum store_verdict store_message_repeat(struct store *st, struct store_send *send, struct arena *a);

/* One message with its room, whatever its state (deleted_at), and whether the reader is in the room. OK or NONE. */
STORE_CHECK enum store_verdict store_message_find(struct store *st, int64_t id, int64_t reader_id,
						  struct arena *a, struct store_message *message_r,
						  bool *member_r);
/* Full messages of up to STORE_SET_MAX ids, in id order; deleted ones and ids that are not there are left out. */
STORE_CHECK enum store_verdict store_message_fetch(struct store *st, const int64_t *ids, size_t count,
						   struct arena *a, struct store_message **messages_r,
						   size_t *count_r);

struct store_page {
	int64_t room_id;
	int64_t before, after; /* ids, exclusive; -1: not asked. after gives the oldest of the newer ones */
	unsigned skip, limit;         /* skip counts from the newest; not with after */
	size_t bytes;                 /* the page ends before it has more; 0: STORE_PAGE_BYTES */
	bool pictures;                /* the senders' count, too */
};
struct store_history {
	struct store_message *messages;  /* oldest first, deleted ones left out */
	size_t count;
	bool truncated;               /* ended by its bytes before its limit */
	int64_t last_id;              /* news, truncated: the next page begins behind it */
};
STORE_CHECK enum store_verdict store_message_history(struct store *st, const struct store_page *page,
						     struct arena *a, struct store_history *history_r);

/*
 * The author's change of a message that is not deleted; message_r is the row as it is then (a deleted one is
 * left as it was: look at deleted_at). The caller has asked store_message_find who may. OK, NONE when it is
 * gone, or trouble.
 */
STORE_CHECK enum store_verdict store_message_edit(struct store *st, int64_t id, int64_t author_id,
						  struct slice contenido, struct arena *a,
						  struct store_message *message_r);
/* The same for deleting: a message deleted before keeps its time. */
STORE_CHECK enum store_verdict store_message_delete(struct store *st, int64_t id, int64_t author_id,
						    struct arena *a, struct store_message *message_r);

struct store_news {
	int64_t person_id;
	int64_t after;                /* id, exclusive */
	unsigned limit;               /* 1..300 */
	bool pictures;                /* the senders' count in its bytes, too */
};
/*
 * The oldest of the messages behind `after` in all rooms of a person, own ones included, deleted ones left
 * out. `truncated`: there is more, behind last_id.
 */
STORE_CHECK enum store_verdict store_message_news(struct store *st, const struct store_news *news,
						  struct arena *a, struct store_history *history_r);

/* ---- my rooms and unread ---- */

struct store_room_entry {
	struct store_room room;
	struct store_message *last;   /* newest not deleted; NULL: none, or left out */
	bool left_out;                /* STORE_LIST_BYTES would be passed */
	int64_t unread;               /* -1: not asked */
	bool named;                   /* store_room_names was asked */
	struct slice name;            /* the other person's ("Luis Martínez") or the group's; p NULL: none */
};
/* The person's rooms (direct ones and groups with active membership), latest activity first, at most `limit`. */
STORE_CHECK enum store_verdict store_room_list(struct store *st, int64_t person_id, unsigned limit,
					       struct arena *a, struct store_room_entry **rooms_r,
					       size_t *count_r);
/* What the rooms are called for the person, up to STORE_NAMES_BYTES of it, the first rooms first. */
STORE_CHECK enum store_verdict store_room_names(struct store *st, int64_t person_id, struct arena *a,
						struct store_room_entry *rooms, size_t count);
/* The newest message of one room that is not deleted. OK or NONE. */
STORE_CHECK enum store_verdict store_room_last(struct store *st, int64_t room_id, struct arena *a, struct store_message *message_r);
/*
 * Unread of a person over all rooms, by the formula that the companion's clients see, as long as there are not
 * more than 100,000 (unread.h).
 */
STORE_CHECK enum store_verdict store_unread_count(struct store *st, int64_t person_id, int64_t *count_r);

/* ---- receipts ---- */

enum store_mark { STORE_DELIVERED, STORE_READ };  /* read implies delivered */

enum store_receipt_verdict {
	STORE_RECEIPT_STORED,     /* it is marked now; `changed` tells whether this call did it */
	STORE_RECEIPT_OWN,        /* the author's own message: nothing is stored */
	STORE_RECEIPT_NOT_FOUND,  /* no such message */
	STORE_RECEIPT_NOT_MEMBER  /* it is there, the person is not in its room */
};

struct store_receipt {
	int64_t message_id, person_id;
	enum store_mark mark;

	enum store_receipt_verdict verdict;
	bool changed;
	bool read_too;                /* a delivered mark made it read: it did not count as unread before */
	int64_t author_id;
	struct store_room room;       /* id, uuid, kind, pair or group */
	int64_t delivered_at, read_at;  /* as in the row now; 0 for OWN */
};
/* Marks a set (1..STORE_SET_MAX). A mark once made is never moved or taken back. */
STORE_CHECK enum store_verdict store_receipt_mark(struct store *st, struct store_receipt *set, size_t count,
						  struct arena *a);

struct store_read_author { int64_t author_id, newest_id; };  /* and his newest message that was marked */
struct store_read_all {
	int64_t count;                /* messages that were unread before */
	int64_t read_at;
	struct store_read_author *authors;  /* of more than 1,000 perhaps not all */
	size_t author_count;
};
/*
 * Marks everything in a room as read for the person, whose membership the caller has checked; of more than
 * 20,000 recipient rows the oldest ones, 40,000 at most, and a further call goes on.
 */
STORE_CHECK enum store_verdict store_receipt_read_all(struct store *st, const struct store_room *room, int64_t person_id,
						      struct arena *a, struct store_read_all *all_r);

struct store_reader { int64_t person_id, delivered_id, read_id; };  /* newest ids, 0: none; read is delivered too */
#define STORE_READERS_MAX 500
/*
 * How far others got and read the person's own messages among the newest of a room. By person, STORE_READERS_MAX at most;
 * more_r: there are more people, or more recipient rows than were looked at, so that older marks may be missing.
 */
STORE_CHECK enum store_verdict store_receipt_readers(struct store *st, int64_t room_id, int64_t person_id, struct arena *a,
						     struct store_reader **readers_r, size_t *count_r, bool *more_r);

/* ---- the relay's own questions ---- */

#define STORE_SWEEP_PAGE 200     /* new rows of one sweep */
#define STORE_SWEEP_WINDOW 1000  /* ids of the first sweep's window */

struct store_range { int64_t first, last; };  /* inclusive */
struct store_sweep {
	int64_t high;                 /* greatest id seen; ignored when first */
	bool first;
	const struct store_range *holes;
	size_t hole_count;
};
struct store_sweep_row {
	int64_t id;
	struct slice uuid;
	struct store_room room;       /* with its twins */
	bool deleted;
};
struct store_swept {
	int64_t max_id;               /* MAX(id) of mensajes, 0 when empty; never below the last row */
	int64_t from;                 /* first: start of the window; else high */
	int64_t upto;                 /* everything visible with id in (high, upto] is in the rows */
	bool truncated;
	struct store_sweep_row *rows; /* ids ascending within holes, and within the new ones behind them */
	size_t count;
};
STORE_CHECK enum store_verdict store_feed_sweep(struct store *st, const struct store_sweep *sweep, struct arena *a,
						struct store_swept *swept_r);
#define STORE_CHANGES_WINDOW 10000  /* ids below max_id, which is MAX(id) */
/* What was edited or deleted in the last `age_s` seconds, newest first, as much as a page holds; rooms without twins. */
STORE_CHECK enum store_verdict store_feed_changes(struct store *st, int64_t max_id, unsigned age_s, struct arena *a,
						  struct store_message **messages_r, size_t *count_r);
/*
 * The newest row that is at least `age_s` old, as are all below it; for handlers that have no feed.mark. 0: none. Behind it
 * an id without a row may still be that of somebody's open transaction.
 */
STORE_CHECK enum store_verdict store_feed_cursor(struct store *st, unsigned age_s, int64_t *cursor_r);

struct store_member {
	int64_t person_id;
	struct slice sala_uuid;       /* n = 0: only the person's state is asked */

	bool active;                  /* the person exists and is 'activo' */
	bool member;                  /* in the pair, or active member of the group */
	int64_t group_id;             /* grupal rooms */
};
/* Who is still what they were, for a set (1..STORE_SET_MAX). */
STORE_CHECK enum store_verdict store_member_check(struct store *st, struct store_member *set, size_t count, struct arena *a);

#endif
