/*
 * comeback: a CONNECT that names a session it had.
 *
 * Room: relay/socketio. Calls socket and recovery.
 * The client tells by its pid which session was its own and by its offset what it has. Whoever is still thought to be
 * connected under that pid is a connection that died unnoticed: its time is over. Nobody says before that whether
 * coming back is known to him, and the offset is one more argument of an event. Most clients pass by what a handler did
 * not ask for. Two do not, and are known by their handshakes: Python's calls the handler with as many arguments as
 * there are, Dart's with a list of them in place of the first (socket.io-client-dart, issue 359). Dart in a browser
 * looks like JavaScript.
 */
#include "comeback.h"
#include "json.h"
#include "log.h"
#include "recovery.h"
#include "socket.h"

#define CLOSE_NORMAL 1000                   /* RFC 6455 §7.4.1 */
#define TAKEN_OVER "transport close"

/* A string member as it stands, without quotes: ids of ours have nothing to decode. 1, 0 absent, -1 no string. */
static int text_member(struct slice object, const char *key, struct slice *text_r)
{
	struct slice value;

	if (json_kind(object) != JSON_OBJECT || !json_member(object, key, &value))
		return 0;
	if (json_kind(value) != JSON_STRING)
		return -1;
	*text_r = (struct slice){ value.p + 1, value.n - 2 };
	return 1;
}

/* Once for each namespace there is, as clients do: looking for what was missed takes time that others wait. */
static bool may_ask(struct sio_client *c)
{
	const struct sio_namespace *n = c->server->namespaces;
	unsigned most = 0;

	for (; n && most < UINT8_MAX; n = n->next)
		most++;
	if (c->asked >= most)
		return false;
	c->asked++;
	return true;
}

/* Half the queue at most: the rest is for what goes on meanwhile. */
static struct sio_away *session_of(struct sio_client *c, struct sio_recovery *r, struct slice auth, uint64_t *has_r)
{
	struct slice pid, offset;
	struct sio_socket *live;
	int told;

	if (eio_session_version(c->session) == 3 || text_member(auth, "pid", &pid) != 1 || !may_ask(c))
		return NULL;
	told = text_member(auth, "offset", &offset);
	*has_r = 0;
	if (told < 0 || (told == 1 && sio_recovery_read_offset(r, offset, has_r) < 0))
		return NULL;
	live = sio_recovery_live(r, pid);
	if (live && live->client != c) {
		log_debug(live->id, "its client is back on another connection");
		sio_socket_end(live, TAKEN_OVER);
		sio_socket_close_transport(live, CLOSE_NORMAL);
	}
	return sio_recovery_find(r, pid, has_r, c->server->config.transport.send_queue_max / 2);
}

static bool bears_an_offset(const struct eio_session *session)
{
	static const char dart[] = "Dart/";
	struct slice agent;

	if (eio_session_of_python(session))
		return false;
	return !eio_session_header(session, "user-agent", &agent) || agent.n < sizeof(dart) ||
	       memcmp(agent.p, dart, sizeof(dart) - 1) != 0;
}

struct sio_socket *sio_comeback_socket(struct sio_client *c, struct sio_namespace *n, struct slice auth)
{
	struct sio_away *w = NULL;
	struct sio_socket *s;
	uint64_t has = 0;

	if (n->recovery)
		w = session_of(c, n->recovery, auth, &has);
	s = sio_socket_new(c, n, w ? slice_of(w->id) : SLICE_NONE);
	s->may_return = n->recovery && eio_session_version(c->session) != 3 && (w || bears_an_offset(c->session));
	if (!w)
		return s;
	sio_recovery_take(n->recovery, w, s);
	s->returns = true;
	s->has = has;
	return s;
}

bool sio_socket_returns(const struct sio_socket *s)
{
	return s->returns && s->state != SIO_SOCKET_ENDED;
}

bool sio_socket_whole(const struct sio_socket *s)
{
	return s->returns && sio_recovery_whole(s->nsp->recovery, s);
}

void sio_socket_replay(struct sio_socket *s)
{
	if (!s->returns || s->state != SIO_SOCKET_OPEN)
		return;
	s->returns = false;
	s->nsp->server->stats.recovered++;
	if (!s->client->over)
		sio_recovery_replay(s->nsp->recovery, s, s->has);
}

void sio_socket_forget(struct sio_socket *s)
{
	s->forgotten = true;
}
