/* http_turn.c - the server's turns on the loop: when it is called, who waits, who is cut off.
 *
 * Owns:    the one timer of a listener.
 * Promise: 9: whoever sends a byte now and then keeps no connection for ever; a wait has an end.
 * Flow:    loop -> server -> requests that wait -> server */
#include <sys/socket.h>
#include <station/base/check.h>
#include "http.h"

/* Whoever sends a byte now and then keeps no connection for ever. How long until the next is due. */
static uint64_t cut_slow(struct api *a, uint64_t now)
{
	uint64_t wait = UINT64_MAX;
	bool any = false;
	for (struct connection *c = a->connections; c != NULL; c = c->next) {
		uint64_t due = c->since_ms + a->conf.request_ms;
		if (c->cut || c->working)
			continue;
		if (now >= due) {
			any = c->cut = true;
			a->cuts++;
			(void)shutdown(c->fd, SHUT_RDWR); /* the server sees an end, and closes */
		} else if (due - now < wait) {
			wait = due - now;
		}
	}
	return any ? 0 : wait;
}

static void on_timer(uv_timer_t *timer);

/* Runs the server, and asks to be called when it next wants to be, or when a wait ends. */
static void pump(struct api *a)
{
	MHD_UNSIGNED_LONG_LONG http = 0;
	uint64_t now = uv_now(&a->station->loop), wait = UINT64_MAX;
	if (a->closing)
		return;
	(void)MHD_run(a->http);
	if (MHD_get_timeout(a->http, &http) == MHD_YES)
		wait = http;
	uint64_t slow = cut_slow(a, now);
	wait = slow < wait ? slow : wait;
	for (const struct request *q = a->requests; q != NULL; q = q->next)
		if (q->again != NULL && q->suspended) {
			uint64_t left = q->deadline_ms > now ? q->deadline_ms - now : 1;
			wait = left < wait ? left : wait;
		}
	if (wait == UINT64_MAX)
		(void)uv_timer_stop(a->timer);
	else
		(void)uv_timer_start(a->timer, on_timer, wait, 0);
	for (struct request *q = a->requests; q != NULL; q = q->next)
		if (q->again != NULL && q->suspended && now >= q->deadline_ms) {
			api_moved(a); /* time is up: each one looks and answers */
			return;
		}
}

static void on_timer(uv_timer_t *timer)
{
	pump(timer->data);
}

void http_on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	pump(poll->data);
}

static void resume(struct request *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	q->again = NULL;
	MHD_resume_connection(q->connection);
	/* Nothing happens until the server runs: on the loop's next turn, at once. */
	if (!q->api->closing)
		(void)uv_timer_start(q->api->timer, on_timer, 0, 0);
}

void api_answered(struct request *q, unsigned status)
{
	st_assert(!q->answered);
	q->status = status;
	q->answered = true;
	resume(q);
}

void api_keep(struct request *q)
{
	st_assert(!q->answered && !q->suspended);
	q->suspended = true;
	MHD_suspend_connection(q->connection);
}

void api_wait(struct request *q, bool (*again)(struct request *q), uint64_t timeout_ms)
{
	q->again = again;
	q->deadline_ms = uv_now(&q->station->loop) + timeout_ms;
	api_keep(q);
	(void)uv_timer_start(q->api->timer, on_timer, 0, 0);
}

void api_moved(struct api *a)
{
	bool any = false;
	for (struct request *q = a->requests; q != NULL; q = q->next)
		if (q->again != NULL && q->suspended)
			any |= q->again(q);
	if (any && !a->closing)
		(void)uv_timer_start(a->timer, on_timer, 0, 0);
}
