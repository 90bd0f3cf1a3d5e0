/*
 * nano: the one place that speaks nanomsg.
 *
 * Room: shared (foundation). Calls buf and nanomsg.
 * Raw sockets carry their own header: the relay's names the pipe and the request, the worker's is the request id alone.
 * Nothing here runs in a signal handler, and nothing calls nn_term: after it a process can open no socket any more.
 */
#include "nano.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nanomsg/nn.h>
#include <nanomsg/pipeline.h>
#include <nanomsg/reqrep.h>

#include "clock.h"
#include "fault.h"
#include "wire.h"

#define NANO_SCHEME "ipc://"
#define NANO_PATH_MAX 107              /* from 108 on nanomsg aborts */
#define NANO_HEADER 64                 /* the library counts its header as part of a message */
#define NANO_JOB_MAX (WIRE_MESSAGE_MAX + NANO_HEADER)
#define NANO_SIGNAL_MAX (WIRE_SIGNAL_MAX + NANO_HEADER)
#define NANO_KERNEL_BUFFER (1024 * 1024)
#define NANO_FREE_DESCRIPTORS 64       /* with fewer the first nn_socket aborts or hangs */
#define NANO_REOPEN_MS 5000            /* a spoiled connection (oversize answer) is mended only by a new socket */
#define NANO_ID_LEN 4
#define NANO_ID_BIT 0x80000000u        /* marks the last word of a header */

struct nano_asker {
	char *url;
	int sock;
	int repeat_ms;
	int send_ms, receive_ms;  /* the time-outs that the socket has now */
	uint32_t id;
};

static int set(int sock, int level, int option, int value)
{
	return nn_setsockopt(sock, level, option, &value, sizeof(value));
}

int nano_check_address(const char *setting, const char *url, char *error_r, size_t error_size)
{
	size_t n = sizeof(NANO_SCHEME) - 1;
	const char *path = strncmp(url, NANO_SCHEME, n) == 0 ? url + n : NULL;
	struct stat st;

	if (!path)
		snprintf(error_r, error_size, "%s: only ipc://PATH addresses are accepted", setting);
	else if (*path == '\0')
		snprintf(error_r, error_size, "%s: the path behind ipc:// is empty", setting);
	else if (strlen(path) > NANO_PATH_MAX)
		snprintf(error_r, error_size, "%s: the path has %zu bytes, at most %d are possible", setting,
			 strlen(path), NANO_PATH_MAX);
	else if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) /* nn_bind would delete it */
		snprintf(error_r, error_size, "%s: %s is there already and is no socket", setting, path);
	else
		return 0;
	return -1;
}

/* Moves to the next name of a path: its length, 0 at the end. */
static size_t next_name(const char **at)
{
	size_t n;

	do {
		*at += strspn(*at, "/");
		n = strcspn(*at, "/");
	} while (n == 1 && **at == '.' && ++*at);
	return n;
}

bool nano_same_address(const char *a, const char *b)
{
	size_t n = sizeof(NANO_SCHEME) - 1;

	if (strncmp(a, b, n) != 0 || (a[n] == '/') != (b[n] == '/'))
		return false;
	for (a += n, b += n; (n = next_name(&a)) == next_name(&b) && memcmp(a, b, n) == 0; a += n, b += n)
		if (n == 0)
			return true;
	return false;
}

/* The same where the sentence is not asked for: errno. */
static int usable(const char *url)
{
	if (nano_check_address("", url, NULL, 0) == 0)
		return 0;
	errno = EINVAL;
	return -1;
}

/* Opens a socket once enough descriptors are free for the library to start with. */
static int open_socket(int domain, int protocol)
{
	int held[NANO_FREE_DESCRIPTORS], n = 0;

	while (n < NANO_FREE_DESCRIPTORS && (held[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	for (int i = 0; i < n; i++)
		close(held[i]);
	if (n < NANO_FREE_DESCRIPTORS) {
		errno = EMFILE;
		return -1;
	}
	return nn_socket(domain, protocol);
}

static int close_keep_errno(int sock)
{
	int saved = errno;

	nn_close(sock);
	errno = saved;
	return -1;
}

static void set_job_options(int sock)
{
	set(sock, NN_SOL_SOCKET, NN_RCVMAXSIZE, NANO_JOB_MAX);
	set(sock, NN_SOL_SOCKET, NN_SNDBUF, NANO_KERNEL_BUFFER);
	set(sock, NN_SOL_SOCKET, NN_RCVBUF, NANO_KERNEL_BUFFER);
}

/* Binds with mode 0660: whoever may write to the socket can abort any process that listens there. */
static int bind_door(int sock, const char *url)
{
	mode_t mask = umask(0117);
	int rc = nn_bind(sock, url);

	umask(mask);
	return rc < 0 ? close_keep_errno(sock) : sock;
}

static int open_checked(const char *url, int domain, int protocol)
{
	return usable(url) < 0 ? -1 : open_socket(domain, protocol);
}

int nano_listen_jobs(const char *url)
{
	int sock = open_checked(url, AF_SP_RAW, NN_REP);

	if (sock < 0)
		return -1;
	set_job_options(sock);
	return bind_door(sock, url);
}

int nano_listen_signals(const char *url)
{
	int sock = open_checked(url, AF_SP, NN_PULL);

	if (sock < 0)
		return -1;
	set(sock, NN_SOL_SOCKET, NN_RCVMAXSIZE, NANO_SIGNAL_MAX);
	set(sock, NN_SOL_SOCKET, NN_RCVBUF, NANO_KERNEL_BUFFER);
	return bind_door(sock, url);
}

int nano_descriptor(int sock)
{
	int fd = -1;
	size_t size = sizeof(fd);

	return nn_getsockopt(sock, NN_SOL_SOCKET, NN_RCVFD, &fd, &size) < 0 ? -1 : fd;
}

/* Takes the header of a raw message out of its control data. One that does not fit is left empty: nobody to answer. */
static void read_header(struct nn_msghdr *message, struct nano_peer *peer)
{
	size_t len;

	peer->len = 0;
	for (struct nn_cmsghdr *c = NN_CMSG_FIRSTHDR(message); c; c = NN_CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != PROTO_SP || c->cmsg_type != SP_HDR)
			continue;
		memcpy(&len, NN_CMSG_DATA(c), sizeof(len));
		if (len > sizeof(peer->header))
			continue;
		memcpy(peer->header, NN_CMSG_DATA(c) + sizeof(len), len);
		peer->len = len;
	}
}

/* -1 and errno, else 0 and a message of the library's. */
static int receive(int sock, struct nano_peer *peer, struct slice *message_r, int flags)
{
	void *control = NULL, *body = NULL;
	struct nn_iovec part = { &body, NN_MSG };
	struct nn_msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int n;

	if (peer) {
		message.msg_control = &control;
		message.msg_controllen = NN_MSG;
	}
	n = nn_recvmsg(sock, &message, flags);
	if (n < 0)
		return -1;
	if (peer) {
		read_header(&message, peer);
		if (control)
			nn_freemsg(control);
	}
	*message_r = (struct slice){ body, (size_t)n };
	return 0;
}

static int send_raw(int sock, const struct nano_peer *peer, struct slice body, int flags)
{
	enum { CONTROL_SIZE = NN_CMSG_SPACE(sizeof(size_t) + sizeof(peer->header)) };
	_Alignas(struct nn_cmsghdr) unsigned char control[CONTROL_SIZE] = { 0 };
	struct nn_cmsghdr *c = (struct nn_cmsghdr *)control;
	struct nn_iovec part = { (void *)body.p, body.n };
	struct nn_msghdr message = { &part, 1, control, NN_CMSG_SPACE(sizeof(size_t) + peer->len) };

	c->cmsg_level = PROTO_SP;
	c->cmsg_type = SP_HDR;
	c->cmsg_len = message.msg_controllen; /* SPACE, not LEN: so the library reads it */
	memcpy(NN_CMSG_DATA(c), &peer->len, sizeof(peer->len));
	memcpy(NN_CMSG_DATA(c) + sizeof(peer->len), peer->header, peer->len);
	return nn_sendmsg(sock, &message, flags);
}

int nano_take(int sock, struct nano_peer *peer, struct slice *message_r)
{
	/* EAGAIN may also mean that one malformed message was dropped; the descriptor then stays readable */
	if (receive(sock, peer, message_r, NN_DONTWAIT) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (FAULT_MESSAGE("take", *message_r)) {
		nano_free(*message_r);
		return 0;
	}
	return 1;
}

void nano_reply(int sock, const struct nano_peer *peer, struct slice message)
{
	if (peer->len && message.n <= NANO_JOB_MAX - NANO_HEADER && !FAULT_MESSAGE("reply", message))
		(void)send_raw(sock, peer, message, NN_DONTWAIT);
}

void nano_free(struct slice message)
{
	if (message.p)
		nn_freemsg((void *)message.p);
}

void nano_close(int sock)
{
	nn_close(sock);
}

/* ---- worker ---- */

static int asker_connect(struct nano_asker *a)
{
	a->sock = open_socket(AF_SP_RAW, NN_REQ);
	if (a->sock < 0)
		return -1;
	set_job_options(a->sock);
	a->send_ms = a->receive_ms = 0;
	if (nn_connect(a->sock, a->url) < 0) {
		close_keep_errno(a->sock);
		a->sock = -1;
		return -1;
	}
	return 0;
}

struct nano_asker *nano_asker_open(const char *url, int repeat_ms)
{
	struct nano_asker *a;

	if (usable(url) < 0)
		return NULL;
	a = mem_zero(1, sizeof(*a));
	a->url = mem_copy(slice_of(url));
	a->repeat_ms = repeat_ms;
	if (asker_connect(a) == 0)
		return a;
	a->sock = -1;
	nano_asker_close(a);
	return NULL;
}

void nano_asker_close(struct nano_asker *a)
{
	int saved = errno;

	if (!a)
		return;
	if (a->sock >= 0)
		nn_close(a->sock);
	free(a->url);
	free(a);
	errno = saved;
}

static bool is_waiting(int error)
{
	return error == EAGAIN || error == ETIMEDOUT || error == EINTR;
}

static void set_wait(struct nano_asker *a, int option, int *has, int64_t ms)
{
	int wait = ms < 1 ? 1 : ms > a->repeat_ms ? a->repeat_ms : (int)ms;

	if (wait != *has)
		set(a->sock, NN_SOL_SOCKET, option, wait);
	*has = wait;
}

/* Says it once and waits till `until` for the answer to just this saying; answers to earlier ones are dropped. */
static int ask_once(struct nano_asker *a, struct slice message, const volatile sig_atomic_t *stop,
		    int64_t until, struct slice *answer_r)
{
	uint32_t id = htonl(++a->id | NANO_ID_BIT);
	struct nano_peer request = { .len = NANO_ID_LEN }, from;
	int64_t left;

	memcpy(request.header, &id, NANO_ID_LEN);
	set_wait(a, NN_SNDTIMEO, &a->send_ms, until - clock_mono_ms());
	if (!FAULT_MESSAGE("say", message) && send_raw(a->sock, &request, message, 0) < 0)
		return is_waiting(errno) ? 0 : -1;
	while (!*stop && (left = until - clock_mono_ms()) > 0) {
		set_wait(a, NN_RCVTIMEO, &a->receive_ms, left);
		if (receive(a->sock, &from, answer_r, 0) < 0) {
			if (!is_waiting(errno))
				return -1;
			continue;
		}
		if (from.len == NANO_ID_LEN && memcmp(from.header, &id, NANO_ID_LEN) == 0 &&
		    !FAULT_MESSAGE("hear", *answer_r))
			return 1;
		nano_free(*answer_r);
	}
	return 0;
}

int nano_ask(struct nano_asker *a, struct slice message, const volatile sig_atomic_t *stop, int once_ms,
	     struct slice *answer_r)
{
	int64_t now = clock_mono_ms(), end = once_ms > 0 ? now + once_ms : INT64_MAX;
	int64_t reopen = now + NANO_REOPEN_MS, until;
	int rc;

	if (message.n > NANO_JOB_MAX - NANO_HEADER) {
		errno = EMSGSIZE;
		return -1;
	}
	for (; !*stop && now < end; now = clock_mono_ms()) {
		if (a->sock < 0 || now >= reopen) {
			if (a->sock >= 0)
				nn_close(a->sock);
			if (asker_connect(a) < 0)
				return -1;
			reopen = now + NANO_REOPEN_MS;
		}
		until = now + a->repeat_ms < end ? now + a->repeat_ms : end;
		rc = ask_once(a, message, stop, until, answer_r);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ---- signals out ---- */

int nano_signal_open(const char *url)
{
	int sock = open_checked(url, AF_SP, NN_PUSH);

	if (sock < 0)
		return -1;
	return nn_connect(sock, url) < 0 ? close_keep_errno(sock) : sock;
}

int nano_signal_send(int sock, struct slice message, int ms)
{
	if (message.n > NANO_SIGNAL_MAX - NANO_HEADER)
		return -1;
	if (FAULT_MESSAGE("send", message))
		return 0;
	nn_setsockopt(sock, NN_SOL_SOCKET, NN_SNDTIMEO, &ms, sizeof(ms));
	return nn_send(sock, message.p, message.n, ms ? 0 : NN_DONTWAIT) < 0 ? -1 : 0;
}
