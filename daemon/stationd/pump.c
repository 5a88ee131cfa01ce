/* pump.c - the one place where ZeroMQ meets libuv.
 *
 * Owns:    which sockets are looked at, and that none is forgotten.
 * Promise: 8: a busy socket leaves the loop to others after its share.
 * Flow:    ZeroMQ -> pump -> zap, link */
#include "pump.h"
#include <stdlib.h>
#include <zmq.h>
#include <station/base/check.h>
#include <station/base/error.h>

enum {
	SHARE_US = 200,
	TRY_MS = 50, /* that a peer takes messages again is told, but any call may use that up */
};

struct pump {
	uv_loop_t *loop;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle;
	uv_timer_t again;
	struct pump_socket *sockets;
	bool changed; /* the list, while it was walked */
	int open_handles;
};

static bool ready(const struct pump_socket *s)
{
	int events = 0;
	size_t size = sizeof(events);
	if (zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &size) < 0)
		return false;
	return (events & ZMQ_POLLIN) != 0 || (s->wants_out && (events & ZMQ_POLLOUT) != 0);
}

static void nothing(uv_idle_t *idle)
{
	(void)idle;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events;
}

static void on_again(uv_timer_t *again)
{
	(void)again;
}

/* A ready socket forbids the loop to wait; one that tries lets it wait, but not for long. */
static void on_prepare(uv_prepare_t *prepare)
{
	struct pump *p = prepare->data;
	bool tries = false;
	for (struct pump_socket *s = p->sockets; s != NULL; s = s->next) {
		tries |= s->tries_out;
		if (!ready(s))
			continue;
		(void)uv_idle_start(&p->idle, nothing);
		return;
	}
	if (tries && !uv_is_active((uv_handle_t *)&p->again))
		(void)uv_timer_start(&p->again, on_again, TRY_MS, 0);
}

static void on_check(uv_check_t *check)
{
	struct pump *p = check->data;
	(void)uv_idle_stop(&p->idle);
	p->changed = false;
	struct pump_socket *next;
	for (struct pump_socket *s = p->sockets; s != NULL; s = next) {
		int events = 0;
		size_t size = sizeof(events);
		next = s->next;
		if (zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &size) < 0)
			continue;
		if ((events & ZMQ_POLLIN) != 0)
			s->in(s->arg);
		if (!p->changed && (s->wants_out || s->tries_out) && s->out != NULL)
			s->out(s->arg);
		if (p->changed) /* s or its neighbours may be gone: the rest has its turn next time */
			return;
	}
}

int pump_open(uv_loop_t *loop, struct pump **ret_p)
{
	struct pump *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ST_ENOMEM;
	p->loop = loop;
	p->open_handles = 4;
	ST_REQUIRE(uv_prepare_init(loop, &p->prepare) == 0 && uv_check_init(loop, &p->check) == 0 &&
		   uv_idle_init(loop, &p->idle) == 0 && uv_timer_init(loop, &p->again) == 0);
	p->prepare.data = p->check.data = p->idle.data = p->again.data = p;
	(void)uv_prepare_start(&p->prepare, on_prepare);
	(void)uv_check_start(&p->check, on_check);
	*ret_p = p;
	return 0;
}

int pump_add(struct pump *p, struct pump_socket *s)
{
	int fd = -1;
	size_t size = sizeof(fd);
	if (zmq_getsockopt(s->zmq, ZMQ_FD, &fd, &size) < 0)
		return ST_EIO;
	s->poll = calloc(1, sizeof(*s->poll));
	if (s->poll == NULL)
		return ST_ENOMEM;
	if (uv_poll_init(p->loop, s->poll, fd) != 0) {
		free(s->poll);
		return ST_EIO;
	}
	(void)uv_poll_start(s->poll, UV_READABLE, on_poll);
	s->next = p->sockets;
	p->sockets = s;
	p->changed = true;
	return 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

void pump_drop(struct pump *p, struct pump_socket *s)
{
	int none = 0;
	if (s->zmq == NULL)
		return;
	for (struct pump_socket **at = &p->sockets; *at != NULL; at = &(*at)->next) {
		if (*at != s)
			continue;
		*at = s->next;
		break;
	}
	p->changed = true;
	if (s->poll != NULL) {
		(void)uv_poll_stop(s->poll);
		uv_close((uv_handle_t *)s->poll, on_poll_closed);
		s->poll = NULL;
	}
	(void)zmq_setsockopt(s->zmq, ZMQ_LINGER, &none, sizeof(none));
	(void)zmq_close(s->zmq);
	s->zmq = NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct pump *p = handle->data;
	if (--p->open_handles == 0)
		free(p);
}

void pump_close(struct pump *p)
{
	if (p == NULL)
		return;
	st_assert(p->sockets == NULL);
	uv_close((uv_handle_t *)&p->prepare, on_closed);
	uv_close((uv_handle_t *)&p->check, on_closed);
	uv_close((uv_handle_t *)&p->idle, on_closed);
	uv_close((uv_handle_t *)&p->again, on_closed);
}

uint64_t pump_share_ends(void)
{
	return uv_hrtime() + (uint64_t)SHARE_US * 1000;
}
