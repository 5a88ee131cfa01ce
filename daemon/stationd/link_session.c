/* link_session.c - the session with the parent: its steps, each in one snapshot, and its frames.
 *
 * Owns:    what is on its way between the machine, the socket and the writer.
 * Promise: 2: a gap in what we say ends the session; what can't be stored is asked for again.
 * Flow:    uplink -> frames -> DEALER -> parent -> DEALER -> uplink -> writer */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>
#include <station/sync/retry.h>
#include "link_state.h"
#include "say.h"

enum { FRAMES_PER_TURN = 64, SKEW_MAX_MS = ST_SKEW_MAX_S * 1000 };

struct carry_job {
	struct job job;
	struct link *link;
	struct st_inbound_carry *in;
};

static void arm_session(struct link *l)
{
	uint64_t at = st_uplink_next_ms(l->up.session);
	if (at != 0)
		link_up_arm(l, at);
}

static void queue_frame(void *arg, struct st_span frame, bool bulk)
{
	struct link *l = arg;
	if (frames_push(&l->up.frames, frame, bulk) < 0)
		l->up.failed = true; /* a gap in what we say would confuse both: begin again */
	l->up.socket.wants_out = true;
}

static void carry_done(struct job *j)
{
	struct carry_job *c = j->arg;
	struct link *l = c->link;
	struct st_now now = link_now(l);
	const struct st_job_carry *carry = &j->work.u.carry;
	const char *parent = l->self.station.certificate.parent.text;
	if (j->work.rc == 0) {
		link_refused(l, parent, carry->refused, carry->why);
		link_refused(l, parent, carry->heads.refused, carry->heads.why);
	}
	st_uplink_carried(l->up.session, c->in, &now, j->work.rc);
	free(c);
	if (l->up.state == UP_LINKED || l->up.state == UP_GREETING)
		arm_session(l);
	l->conf.moved(l->conf.arg);
}

/* What can't be queued now is answered as what can't be stored: it is asked for again. */
static void take_carry(void *arg, struct st_inbound_carry *in)
{
	struct link *l = arg;
	struct st_now now = link_now(l);
	struct carry_job *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		st_uplink_carried(l->up.session, in, &now, ST_ENOMEM);
		return;
	}
	c->link = l;
	c->in = in;
	c->job.arg = c;
	c->job.done = carry_done;
	c->job.bytes = sizeof(*c) + in->raw_size;
	c->job.patient = true;
	c->job.bulk = in->raw_size > LINK_PROMPT_MAX; /* none passes another: one is on its way at a time */
	c->job.work.kind = ST_JOB_CARRY;
	c->job.work.u.carry.carry = in->carry;
	if (writer_submit(l->conf.writer, &c->job) == 0)
		return;
	free(c);
	st_uplink_carried(l->up.session, in, &now, ST_EBUSY);
}

static void halt_done(struct job *j)
{
	free(j);
}

static void take_halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	struct link *l = arg;
	char size[64];
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return; /* the next greeting says it again */
	j->done = halt_done;
	j->bytes = sizeof(*j);
	j->work.kind = ST_JOB_HALT;
	j->work.u.halt = (struct st_job_halt){ .theirs = *theirs, .cosignature = *c };
	if (link_submit(l, j) < 0)
		free(j);
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)theirs->size);
	say_seldom(link_now_ms(l), SAY_HALTED, size, NULL, NULL);
}

void link_session_calls(struct st_uplink_to *to)
{
	to->frame = queue_frame;
	to->receipts = link_receipts_take;
	to->carry = take_carry;
	to->halt = take_halt;
}

void link_session_out(void *arg)
{
	struct link *l = arg;
	struct st_span frame;
	for (int i = 0; i < FRAMES_PER_TURN && frames_peek(&l->up.frames, &frame); i++) {
		if (zmq_send(l->up.socket.zmq, frame.data, frame.size, ZMQ_DONTWAIT) < 0)
			return; /* full, or not connected: later */
		frames_pop(&l->up.frames);
	}
	l->up.socket.wants_out = !frames_empty(&l->up.frames);
}

/* The session changed, or may have: what follows from it. */
static void settle(struct link *l, int rc)
{
	struct st_uplink_info info;
	if (rc == 0 && l->up.failed)
		rc = ST_EBUSY;
	if (rc < 0) {
		link_up_failed(l, rc);
		return;
	}
	st_uplink_info(l->up.session, &info);
	if (info.state == ST_UPLINK_LINKED && l->up.state != UP_LINKED) {
		link_up_enter(l, UP_LINKED);
		l->up.why = 0;
		st_retry_linked(l->up.retry, link_now_ms(l));
		say(SAY_UP_LINKED, info.parent.text, NULL, NULL);
		if (info.skew_ms > SKEW_MAX_MS || info.skew_ms < -SKEW_MAX_MS) {
			char seconds[32];
			(void)snprintf(seconds, sizeof(seconds), "%lld", (long long)info.skew_ms / 1000);
			say_seldom(link_now_ms(l), SAY_SKEWED, seconds, NULL, NULL);
		}
		l->conf.moved(l->conf.arg);
	}
	arm_session(l);
}

/* A step of the session within one snapshot. */
struct step {
	struct link *link;
	enum { STEP_LINKED, STEP_TICK, STEP_READ, STEP_GROWN } kind;
	const struct st_applied *applied;
};

static int read_frames(struct link *l, struct st_txn *t)
{
	uint8_t bytes[ST_FRAME_MAX];
	uint64_t ends = pump_share_ends();
	while (uv_hrtime() < ends) {
		struct st_now now = link_now(l);
		int more = 0;
		size_t size = sizeof(more);
		int n = zmq_recv(l->up.socket.zmq, bytes, sizeof(bytes), ZMQ_DONTWAIT);
		if (n < 0)
			return 0;
		(void)zmq_getsockopt(l->up.socket.zmq, ZMQ_RCVMORE, &more, &size);
		if (more != 0 || (size_t)n > sizeof(bytes))
			return ST_EWIRE;
		int rc = st_uplink_frame(l->up.session, t, &now, st_span(bytes, (size_t)n));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int do_step(struct st_txn *t, void *arg)
{
	struct step *s = arg;
	struct link *l = s->link;
	struct st_now now = link_now(l);
	uint32_t logs[ST_GROWN_MAX];
	switch (s->kind) {
	case STEP_LINKED: return st_uplink_linked(l->up.session, t, &now);
	case STEP_TICK:   return st_uplink_tick(l->up.session, t, &now);
	case STEP_READ:   return read_frames(l, t);
	case STEP_GROWN:
		for (size_t i = 0; i < s->applied->grown_count; i++)
			logs[i] = s->applied->grown[i].log;
		return st_uplink_grown(l->up.session, t, &now, logs, s->applied->grown_count);
	}
	return 0;
}

void link_session_in(void *arg)
{
	struct link *l = arg;
	struct step s = { .link = l, .kind = STEP_READ };
	settle(l, st_store_read(l->conf.store, do_step, &s));
}

void link_session_begins(struct link *l)
{
	struct step s = { .link = l, .kind = STEP_LINKED };
	link_up_enter(l, UP_GREETING);
	l->up.receipts_lost = false;
	settle(l, st_store_read(l->conf.store, do_step, &s));
}

void link_session_tick(struct link *l)
{
	struct step s = { .link = l, .kind = STEP_TICK };
	settle(l, st_store_read(l->conf.store, do_step, &s));
}

void link_session_grown(struct link *l, const struct st_applied *applied)
{
	struct step s = { .link = l, .kind = STEP_GROWN, .applied = applied };
	settle(l, st_store_read(l->conf.store, do_step, &s));
}
