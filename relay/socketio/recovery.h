/*
 * recovery: connection state recovery: what was pushed lately, and the sessions that may come back for it.
 *
 * Room: relay/socketio. Called by server, namespace, socket, comeback and recovery_save. Weighing is recovery_network.c's.
 * One log per namespace: each kept push once, as the frame that was sent, with its rooms and a number. A session that
 * was cut keeps its memberships (numbers and all) under a peer that is away, so pushes to its rooms find it. What it missed
 * is read from the log: pushes behind its offset into rooms whose membership is older than the push. Source: Socket.IO
 * protocol 5 and the reference server 4.6 (pid in CONNECT, offset as an event's last argument).
 */
#ifndef SIO_RECOVERY_H
#define SIO_RECOVERY_H

#include <sys/queue.h>

#include "ids.h"
#include "inside.h"
#include "network.h"

#define SIO_RECOVERY_SESSIONS 65536         /* so many may be away */
#define SIO_RECOVERY_MEMBERSHIPS 262144     /* and have so many memberships together */

#define SIO_RECOVERY_MARKS 256

struct sio_kept {                           /* a push in the log */
	TAILQ_ENTRY(sio_kept) next;
	uint64_t number, after, at_ms;      /* after: the membership number given last when it was pushed */
	bool repeatable;                    /* carries no offset: its hearers do not say that they heard it */
	struct eio_frame *frame;
	size_t size, rooms_len;
	char except[IDS_SID_LEN + 1];
	char rooms[];                       /* packed: two bytes of length, and the name */
};

struct sio_mark {                           /* the first push of a time in which there were any */
	uint64_t ms, number;
};

struct sio_away {                           /* a session whose socket is gone */
	struct sio_peer peer;               /* first, so that a peer is its session */
	TAILQ_ENTRY(sio_away) next, beside; /* of all, of its network */
	struct sio_network *network;
	size_t weight;
	struct sio_back back;
	char id[IDS_SID_LEN + 1], pid[IDS_SID_LEN + 1];
};

TAILQ_HEAD(sio_kept_list, sio_kept);
TAILQ_HEAD(sio_away_list, sio_away);

struct sio_network {                        /* where sessions that are away came from (network.h) */
	struct sio_away_list list;          /* by the time they were cut */
	size_t weight;                      /* of them together */
	char name[NETWORK_MAX + 1];
};

struct sio_recovery {                       /* open to the files of recovery alone */
	struct eio_loop *loop;
	struct eio_timer *timer;
	struct sio_rooms *rooms;
	unsigned keep_ms;
	size_t bytes_max, bytes;
	struct sio_kept_list log;           /* by number */
	struct sio_away_list list;          /* by the time they were cut */
	struct map *away, *live;            /* by pid: sessions, open sockets */
	struct map *networks;               /* by name */
	struct sio_network *heaviest;       /* or near it; NULL: not known */
	size_t memberships;                       /* of all that are away */
	uint64_t looked, looked_since_ms;   /* pushes looked through in this second */
	uint64_t number, dropped;           /* the last push's, the last that was dropped from the log */
	struct sio_mark marks[SIO_RECOVERY_MARKS]; /* of the last times, at the places of a ring */
	size_t mark_count;                  /* of all that there ever were */
	char tag[IDS_SID_LEN + 1];          /* offsets of another log never fit */
};

struct sio_recovery *sio_recovery_new(struct eio_loop *l, unsigned keep_ms, size_t bytes_max,
				      struct sio_rooms *rooms);
/* Forgets everybody who is away. NULL is allowed. */
void sio_recovery_free(struct sio_recovery *r);
/* Forgets everything, and that nobody may come back with an offset of before. */
void sio_recovery_clear(struct sio_recovery *r);
size_t sio_recovery_away(const struct sio_recovery *r);

/* The offset of the push that is logged next. */
void sio_recovery_put_offset(const struct sio_recovery *r, struct buf *b);
/* Reads one of ours: 0 and its number, or -1. */
int sio_recovery_read_offset(const struct sio_recovery *r, struct slice text, uint64_t *number_r);
/* Keeps a push under the next number; takes its own reference of the frame. */
void sio_recovery_log(struct sio_recovery *r, struct eio_frame *frame, size_t size, bool repeatable, const struct slice *rooms,
		      size_t count, struct slice except);
/* Notes a push that is for this session: it says later that it heard it, or may hear it again. */
void sio_recovery_pushed(const struct sio_recovery *r, struct sio_back *b, uint64_t number, bool repeatable);

/* A socket with a pid, open or on its way back, and its end. */
void sio_recovery_open(struct sio_recovery *r, struct sio_socket *s);
void sio_recovery_closed(struct sio_recovery *r, const struct sio_socket *s);
struct sio_socket *sio_recovery_live(const struct sio_recovery *r, struct slice pid);
/*
 * A socket that ended: its memberships move to a session that is away. Where there are too many of these, the oldest of the
 * network that has the most goes first, so that nobody who comes and goes ends what others may come back to.
 */
void sio_recovery_keep(struct sio_recovery *r, struct sio_socket *s);
/* Counts a session, with the memberships that it has, for the network of an address; "": not known, and never the heaviest. */
void sio_recovery_weigh(struct sio_recovery *r, struct sio_away *w, const char *address);
/* It goes, or comes back. */
void sio_recovery_unweigh(struct sio_recovery *r, struct sio_away *w);
/* Whose turn it is where there are too many. NULL: nobody is away. */
struct sio_away *sio_recovery_first_to_go(const struct sio_recovery *r);
/*
 * The session of a pid, for a client that has heard up to push `from`, which is moved on where nothing before was missed, at most
 * to the cut. NULL when
 *   the pid is unknown or its time is over;
 *   something that it missed is not here any more, or is more than bytes_max (0: any number of bytes);
 *   more than 10,000 pushes, for whomever, came since it was cut;
 *   50,000 were looked through for it already, by those who were not accepted then;
 *   others took the time there is for looking.
 */
struct sio_away *sio_recovery_find(struct sio_recovery *r, struct slice pid, uint64_t *from_r, size_t bytes_max);
/* Whether that is still so for a socket that took over a session and waited to be accepted. */
bool sio_recovery_whole(const struct sio_recovery *r, const struct sio_socket *s);
/* The socket takes over the session's memberships and pid; the session is freed. */
void sio_recovery_take(struct sio_recovery *r, struct sio_away *w, struct sio_socket *s);
/* Sends what the socket missed behind push `from`. */
void sio_recovery_replay(struct sio_recovery *r, struct sio_socket *s, uint64_t from);

#endif
