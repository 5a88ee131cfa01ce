/* link_push.c - what a child brings, as jobs for the writer.
 *
 * Owns:    whose pushes wait for the writer, which of them are bulk, and whose turn it is to be granted credit.
 * Promise: 5: urgent things first; 9: what waits is bounded by the children's credit.
 * Flow:    downlink -> writer -> downlink */
#include <stdio.h>
#include <stdlib.h>
#include <station/event/event.h>
#include "link_state.h"
#include "say.h"

struct push_job {
	struct job job;
	struct child *child;
	struct st_inbound *in;
	struct push_job *next;  /* in child's pending */
	struct push_job *after; /* in child's bulk */
};

void link_push_grant(struct link *l)
{
	struct child *first = l->down.turn != NULL ? l->down.turn : l->down.children, *c = first;
	do {
		struct child *next = c->next != NULL ? c->next : l->down.children;
		if (c->session != NULL && st_downlink_grant(c->session))
			l->down.turn = next;
		c = next;
	} while (c != first);
}

static bool same_log(const struct push_job *a, const struct st_push *push)
{
	const struct st_log_id *x = &a->in->push.checkpoint.log, *y = &push->checkpoint.log;
	return x->epoch == y->epoch && st_code_equal(&x->station, &y->station);
}

/* A push is bulk by its size, and whatever follows bulk of its log, so that it stays behind it. */
static bool is_bulk(const struct child *c, const struct st_inbound *in)
{
	if (in->raw_size > LINK_PROMPT_MAX)
		return true;
	for (const struct push_job *p = c->bulk; p != NULL; p = p->after)
		if (same_log(p, &in->push))
			return true;
	return false;
}

/* That something was heard, nobody waits for: it comes while bulk goes down, and as its echo. */
static bool is_prompt(const struct push_job *p)
{
	const struct st_push *push = &p->in->push;
	for (size_t i = 0; !p->job.bulk && i < push->event_count; i++)
		if (st_event_type_in(push->events[i]) != ST_HEARD)
			return true;
	return false;
}

static void leave_bulk(struct child *c, const struct push_job *p)
{
	for (struct push_job **at = &c->bulk; *at != NULL; at = &(*at)->after) {
		if (*at != p)
			continue;
		*at = p->after;
		return;
	}
}

static void push_done(struct job *j)
{
	struct push_job *p = j->arg;
	struct child *c = p->child;
	leave_bulk(c, p);
	const struct st_job_push *push = &j->work.u.push;
	struct st_push_result result = { .rc = j->work.rc, .held = push->held,
					 .receipt = push->receipted ? &push->receipt : NULL };
	st_downlink_applied(c->session, p->in, &result);
	if (j->work.rc == 0)
		link_refused(c->link, c->code.text, push->heads.refused, push->heads.why);
	link_push_grant(c->link);
	free(p);
}

static void take_push(void *arg, struct st_inbound *in)
{
	struct child *c = arg;
	struct push_job *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		struct st_push_result result = { .rc = ST_ENOMEM };
		st_downlink_applied(c->session, in, &result);
		return;
	}
	p->child = c;
	p->in = in;
	p->job.arg = p;
	p->job.done = push_done;
	p->job.bytes = sizeof(*p) + in->raw_size;
	p->job.patient = true;
	p->job.bulk = is_bulk(c, in);
	p->job.prompt = is_prompt(p);
	if (p->job.bulk) {
		p->after = c->bulk;
		c->bulk = p;
	}
	p->job.work.kind = ST_JOB_PUSH;
	p->job.work.u.push.push = in->push;
	p->job.work.u.push.child = c->number;
	if (c->pending == NULL && writer_submit(c->link->conf.writer, &p->job) == 0)
		return;
	*c->pending_end = p; /* bounded by the child's credit */
	c->pending_end = &p->next;
}

void link_push_pending(struct child *c)
{
	while (c->pending != NULL && writer_submit(c->link->conf.writer, &c->pending->job) == 0) {
		c->pending = c->pending->next;
		if (c->pending == NULL)
			c->pending_end = &c->pending;
	}
}

static void claims_done(struct job *j)
{
	if (j->work.rc == 0 && j->work.u.claims.refilling > 0) {
		char n[16];
		(void)snprintf(n, sizeof(n), "%u", j->work.u.claims.refilling);
		say(SAY_REFILLING, n, NULL, NULL);
	}
	free(j);
}

static void take_claims(void *arg, const struct st_claim *claims, size_t count)
{
	struct child *c = arg;
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return; /* shown again on the next greeting */
	j->done = claims_done;
	j->bytes = sizeof(*j);
	j->patient = true;
	j->work.kind = ST_JOB_CLAIMS;
	struct st_job_claims *to = &j->work.u.claims;
	for (size_t i = 0; i < count && i < ST_RECEIPTS_MAX; i++)
		to->claims[to->count++] = claims[i];
	if (link_submit(c->link, j) < 0)
		free(j);
}

static void take_refused(void *arg, int code, const struct st_log_id *log)
{
	struct child *c = arg;
	link_count(c->link, code);
	say_seldom(link_now_ms(c->link), SAY_REFUSED, c->code.text, st_error_name(code),
		   log == NULL ? link_code_text(code) : log->station.text);
}

static void taken_done(struct job *j)
{
	free(j);
}

/* Rows that stay for want of a job fall to the next one: the position only rises. */
static void take_taken(void *arg, uint64_t position)
{
	struct child *c = arg;
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return;
	j->done = taken_done;
	j->bytes = sizeof(*j);
	j->patient = true;
	j->work.kind = ST_JOB_TAKEN;
	j->work.u.taken = (struct st_job_taken){ .child = c->number, .position = position };
	if (link_submit(c->link, j) < 0)
		free(j);
}

void link_push_calls(struct st_downlink_to *to)
{
	to->push = take_push;
	to->claims = take_claims;
	to->refused = take_refused;
	to->taken = take_taken;
}

void link_push_drop(struct child *c)
{
	while (c->pending != NULL) {
		struct push_job *p = c->pending;
		c->pending = p->next;
		st_inbound_free(p->in);
		free(p);
	}
}
