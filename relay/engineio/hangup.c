/*
 * hangup: see hangup.h.
 *
 * Room: relay/engineio. An epoll descriptor of its own: libev has no word for EPOLLRDHUP, and reading is what must
 * not happen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "hangup.h"
#include "log.h"

#define BATCH 256

struct hangup {
	int fd;
	struct eio_watch *watch;
	void (*gone)(void *ctx);
};

static void on_readable(void *ctx)
{
	struct hangup *h = ctx;
	struct epoll_event batch[BATCH];
	int count = epoll_wait(h->fd, batch, BATCH, 0);

	for (int i = 0; i < count; i++)
		h->gone(batch[i].data.ptr);
}

struct hangup *hangup_new(struct eio_loop *l, void (*gone)(void *ctx))
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0) {
		log_error("listen", "cannot watch for peers that go: %s", strerror(errno));
		return NULL;
	}
	struct hangup *h = mem_zero(1, sizeof *h);
	h->fd = fd;
	h->gone = gone;
	h->watch = eio_watch_new(l, fd, on_readable, h);
	return h;
}

void hangup_free(struct hangup *h)
{
	if (!h)
		return;
	eio_watch_free(h->watch);
	close(h->fd);
	free(h);
}

bool hangup_await(struct hangup *h, int fd, void *ctx, bool again)
{
	struct epoll_event e = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = ctx };

	return epoll_ctl(h->fd, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) == 0;
}
