/* link_receipts.c - receipts from above, on their way into the store.
 *
 * Owns:    those that have come and aren't stored yet; a full disk or a busy writer only delays them.
 * Promise: 2: a receipt that was told counts, or is told again.
 * Flow:    uplink -> receipts job -> link, children */
#include <stdlib.h>
#include <station/base/check.h>
#include "link_state.h"

enum {
	RECEIPTS_WAIT_MS = 50,
	RECEIPTS_AGAIN_MS = 1000, /* after the disk was full, or where too much waits for the writer */
};

struct receipts_job {
	struct job job;
	struct link *link;
};

static void on_timer(uv_timer_t *timer);

/* Keeps them for another try, unless newer ones are being gathered. */
static void keep_receipts(struct link *l, struct receipts_job *r)
{
	if (l->up.receipts != NULL) {
		l->up.receipts_lost = true;
		free(r);
		return;
	}
	l->up.receipts = r;
	(void)uv_timer_start(l->up.receipts_timer, on_timer, RECEIPTS_AGAIN_MS, 0);
}

static void receipts_done(struct job *j)
{
	struct receipts_job *r = j->arg;
	struct link *l = r->link;
	if (j->work.rc == ST_EFULL) {
		keep_receipts(l, r);
		return;
	}
	if (j->work.rc == 0)
		link_down_receipts(l, j->work.u.receipts.receipts, j->work.u.receipts.stored,
				   j->work.u.receipts.count);
	for (unsigned i = 0; i < j->work.u.receipts.refused; i++)
		link_count(l, ST_ESIGNATURE);
	bool greet = j->work.rc == 0 && l->up.receipts_lost && l->up.state == UP_LINKED;
	free(r);
	if (greet)
		link_up_failed(l, ST_EBUSY); /* greeting brings them all */
	l->conf.moved(l->conf.arg);
}

static void submit_receipts(struct link *l)
{
	struct receipts_job *r = l->up.receipts;
	(void)uv_timer_stop(l->up.receipts_timer);
	if (r == NULL)
		return;
	if (link_submit(l, &r->job) == 0)
		l->up.receipts = NULL;
	else
		(void)uv_timer_start(l->up.receipts_timer, on_timer, RECEIPTS_AGAIN_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
	submit_receipts(timer->data);
}

/* Where the next receipt goes; NULL: no room, since too much waits for the writer at the moment. */
static struct st_job_receipts *gather(struct link *l)
{
	if (l->up.receipts != NULL && l->up.receipts->job.work.u.receipts.count == ST_RECEIPTS_MAX)
		submit_receipts(l);
	if (l->up.receipts == NULL) {
		struct receipts_job *r = calloc(1, sizeof(*r));
		if (r == NULL)
			return NULL;
		r->link = l;
		r->job.arg = r;
		r->job.done = receipts_done;
		r->job.bytes = sizeof(*r);
		r->job.patient = true;
		r->job.work.kind = ST_JOB_RECEIPTS;
		l->up.receipts = r;
		(void)uv_timer_start(l->up.receipts_timer, on_timer, RECEIPTS_WAIT_MS, 0);
	}
	struct st_job_receipts *to = &l->up.receipts->job.work.u.receipts;
	return to->count < ST_RECEIPTS_MAX ? to : NULL;
}

void link_receipts_take(void *arg, const struct st_receipt_in *receipts, size_t count)
{
	struct link *l = arg;
	for (size_t i = 0; i < count; i++) {
		struct st_job_receipts *to = gather(l);
		if (to == NULL) {
			l->up.receipts_lost = true;
			return;
		}
		to->receipts[to->count++] = receipts[i];
	}
}

int link_receipts_open(struct link *l)
{
	l->up.receipts_timer = calloc(1, sizeof(*l->up.receipts_timer));
	if (l->up.receipts_timer == NULL)
		return ST_ENOMEM;
	ST_REQUIRE(uv_timer_init(l->conf.loop, l->up.receipts_timer) == 0);
	l->up.receipts_timer->data = l;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

void link_receipts_close(struct link *l)
{
	if (l->up.receipts_timer != NULL)
		uv_close((uv_handle_t *)l->up.receipts_timer, on_timer_closed);
	free(l->up.receipts);
}
