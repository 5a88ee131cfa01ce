/* up.c - the connection to the parent, as the daemon's link_up.c and link_session.c have it.
 *
 * Owns:    a station's attempts, its one connection upward, and when to try again.
 * Promise: 5: whatever happens to a connection, it is thrown away whole and tried anew.
 * Flow:    uplink -> frames -> net -> uplink */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { RECEIPTS_WAIT_MS = 50, FRAMES_PER_TURN = 8 };

static void attempt(struct station *s);
static void on_timer(struct sim *sim, void *station, uint64_t timer);

static void arm(struct station *s, uint64_t at_ms)
{
	uint64_t now = station_mono(s);
	sim_after(s->sim, at_ms > now ? at_ms - now : 0, on_timer, s, ++s->up.timer);
}

static void drop(struct station *s)
{
	if (s->up.conn != NULL)
		conn_close(s->sim, s->up.conn);
	s->up.conn = NULL;
	frames_clear(&s->up.frames);
	s->up.failed = false;
}

void up_failed(struct station *s, int rc)
{
	struct st_now now = station_now(s);
	drop(s);
	st_uplink_lost(s->up.session, &now);
	sim_trace(s->sim, s, "up lost", (uint64_t)-rc, s->up.state);
	s->up.state = UP_WAITING;
	arm(s, now.mono_ms + st_retry_failed(&s->up.retry, now.mono_ms, (uint32_t)sim_random(s->sim)));
}

static void on_pump(struct sim *sim, void *station, uint64_t life)
{
	struct station *s = station;
	struct st_span frame;
	size_t bytes = 0;
	if (!s->alive || s->life != life)
		return;
	s->up.pump_armed = false;
	for (int i = 0; i < FRAMES_PER_TURN && s->up.conn != NULL; i++) {
		if (!frames_peek(&s->up.frames, &frame))
			break;
		bytes += frame.size;
		conn_send(sim, s->up.conn, true, frame);
		if (s->up.conn != NULL)
			frames_pop(&s->up.frames);
	}
	if (s->up.conn == NULL || frames_empty(&s->up.frames))
		return;
	s->up.pump_armed = true;
	sim_after(sim, 1 + bytes / s->net.bytes_per_ms, on_pump, s, life);
}

static void queue_frame(void *arg, struct st_span frame, bool bulk)
{
	struct station *s = arg;
	if (frames_push(&s->up.frames, frame, bulk) < 0)
		s->up.failed = true;
	if (s->up.pump_armed)
		return;
	s->up.pump_armed = true;
	sim_after(s->sim, sim_below(s->sim, 2), on_pump, s, s->life);
}

static void receipts_done(struct station *s, struct job *j)
{
	if (j->work.rc < 0)
		return;
	/* A child that has said another's frame before that one itself gets the receipt for a log that it hasn't. */
	SIM_CHECK(s->sim, s, j->work.u.receipts.refused == 0 || s->mad,
		  "a receipt of an honest parent is refused");
	down_receipts(s, &j->work.u.receipts);
}

static void submit_receipts(struct sim *sim, void *station, uint64_t life)
{
	struct station *s = station;
	struct job *j = s->up.receipts;
	(void)sim;
	if (!s->alive || s->life != life || j == NULL)
		return;
	s->up.receipts = NULL;
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void take_receipts(void *arg, const struct st_receipt_in *receipts, size_t count)
{
	struct station *s = arg;
	for (size_t i = 0; i < count; i++) {
		if (s->up.receipts == NULL) {
			s->up.receipts = job_new(ST_JOB_RECEIPTS, receipts_done);
			sim_after(s->sim, RECEIPTS_WAIT_MS, submit_receipts, s, s->life);
		}
		struct st_job_receipts *to = &s->up.receipts->work.u.receipts;
		to->receipts[to->count++] = receipts[i];
		if (to->count == ST_RECEIPTS_MAX)
			submit_receipts(s->sim, s, s->life);
	}
}

static void carry_done(struct station *s, struct job *j)
{
	struct st_inbound_carry *in = j->arg;
	struct st_now now = station_now(s);
	const struct st_job_carry *c = &j->work.u.carry;
	sim_trace(s->sim, s, "carry", c->stored, (uint64_t)-j->work.rc);
	/* What a revoked station above signs is worth nothing; all else is honest. */
	SIM_CHECK(s->sim, s, j->work.rc < 0 || c->refused == 0 || c->why == ST_EREVOKED,
		  "an honest parent's carry is refused: %s", st_error_name(c->why));
	SIM_CHECK(s->sim, s, j->work.rc < 0 || c->heads.refused == 0 || c->heads.why == ST_EREVOKED,
		  "an honest parent's head is refused: %s", st_error_name(c->heads.why));
	j->arg = NULL;
	st_uplink_carried(s->up.session, in, &now, j->work.rc);
	uint64_t at = st_uplink_next_ms(s->up.session);
	if ((s->up.state == UP_LINKED || s->up.state == UP_GREETING) && at != 0)
		arm(s, at);
}

static void carry_gone(struct job *j)
{
	st_inbound_carry_free(j->arg);
}

static void take_carry(void *arg, struct st_inbound_carry *in)
{
	struct station *s = arg;
	struct st_now now = station_now(s);
	struct job *j = job_new(ST_JOB_CARRY, carry_done);
	j->arg = in;
	j->gone = carry_gone;
	j->bytes = sizeof(*j) + ST_CARRY_BYTES_MAX;
	j->work.u.carry.carry = in->carry;
	if (station_submit(s, j) == 0)
		return;
	j->arg = NULL;
	job_free(j);
	st_uplink_carried(s->up.session, in, &now, ST_EBUSY);
}

static void take_halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	struct station *s = arg;
	struct job *j = job_new(ST_JOB_HALT, NULL);
	j->work.u.halt = (struct st_job_halt){ .theirs = *theirs, .cosignature = *c };
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void settle(struct station *s, int rc)
{
	struct st_uplink_info info;
	if (rc == 0 && s->up.failed)
		rc = ST_EBUSY;
	if (rc < 0) {
		up_failed(s, rc);
		return;
	}
	st_uplink_info(s->up.session, &info);
	if (info.state == ST_UPLINK_LINKED && s->up.state != UP_LINKED) {
		s->up.state = UP_LINKED;
		st_retry_linked(&s->up.retry, station_mono(s));
		sim_trace(s->sim, s, "up linked", info.credit, info.log_count);
	}
	uint64_t at = st_uplink_next_ms(s->up.session);
	if (at != 0)
		arm(s, at);
}

struct step {
	struct station *station;
	enum { STEP_LINKED, STEP_TICK, STEP_READ, STEP_GROWN } kind;
	const struct st_applied *applied;
	struct st_span frame;
};

static int do_step(struct st_txn *t, void *arg)
{
	struct step *x = arg;
	struct station *s = x->station;
	struct st_now now = station_now(s);
	uint32_t logs[ST_GROWN_MAX];
	switch (x->kind) {
	case STEP_LINKED: return st_uplink_linked(s->up.session, t, &now);
	case STEP_TICK:   return st_uplink_tick(s->up.session, t, &now);
	case STEP_READ:   return st_uplink_frame(s->up.session, t, &now, x->frame);
	case STEP_GROWN:
		for (size_t i = 0; i < x->applied->grown_count; i++)
			logs[i] = x->applied->grown[i].log;
		return st_uplink_grown(s->up.session, t, &now, logs, x->applied->grown_count);
	}
	return 0;
}

static void run_step(struct step *x)
{
	settle(x->station, st_store_read(x->station->store, do_step, x));
}

void up_frame(struct station *s, struct st_span frame)
{
	struct step x = { .station = s, .kind = STEP_READ, .frame = frame };
	run_step(&x);
}

void up_connected(struct sim *sim, void *station, uint64_t timer)
{
	struct station *s = station;
	struct step x = { .station = s, .kind = STEP_LINKED };
	if (!s->alive || s->up.timer != timer || s->up.state != UP_CONNECTING)
		return;
	if (s->net.cut || !s->parent->alive) {
		if (sim_chance(sim, 500))
			up_failed(s, ST_EADDRESS);
		return; /* or nobody answers, until the deadline */
	}
	s->up.conn = conn_open(sim, s);
	s->up.state = UP_GREETING;
	run_step(&x);
}

static void attempt(struct station *s)
{
	s->up.state = UP_CONNECTING;
	s->up.deadline_ms = station_mono(s) + ST_RETRY_ATTEMPT_MS;
	arm(s, s->up.deadline_ms);
	sim_after(s->sim, 1 + sim_below(s->sim, 2 * s->net.latency_ms + 1), up_connected, s, s->up.timer);
}

static void on_timer(struct sim *sim, void *station, uint64_t timer)
{
	struct station *s = station;
	struct step x = { .station = s, .kind = STEP_TICK };
	(void)sim;
	if (!s->alive || s->up.timer != timer)
		return;
	switch (s->up.state) {
	case UP_NONE:
		return;
	case UP_WAITING:
		attempt(s);
		return;
	case UP_CONNECTING:
		if (station_mono(s) >= s->up.deadline_ms)
			up_failed(s, ST_ESILENT);
		else
			arm(s, s->up.deadline_ms);
		return;
	case UP_GREETING:
	case UP_LINKED:
		run_step(&x);
		return;
	}
}

void up_reload(struct station *s)
{
	struct st_uplink_self self = {
		.station = s->self.station.certificate.code,
		.parent = s->self.station.certificate.parent,
		.identity = s->keys.identity.public,
		.log = s->self.log,
		.ping_ms = ST_PING_MS,
	};
	struct st_uplink_to to = { .arg = s, .frame = queue_frame, .receipts = take_receipts,
				   .carry = take_carry, .halt = take_halt };
	if (s->up.session != NULL || s->tier == ST_MAIN)
		return;
	memcpy(self.incarnation, s->self.incarnation, sizeof(self.incarnation));
	SIM_DO(s->sim, s, st_uplink_new(&self, &to, &s->up.session));
	attempt(s);
}

void up_applied(struct station *s, const struct st_applied *applied)
{
	struct step x = { .station = s, .kind = STEP_GROWN, .applied = applied };
	if (s->up.session == NULL || applied->grown_count == 0 ||
	    (s->up.state != UP_LINKED && s->up.state != UP_GREETING))
		return;
	run_step(&x);
}

void up_ends(struct station *s)
{
	if (s->up.conn != NULL)
		conn_close(s->sim, s->up.conn);
	s->up.conn = NULL;
	frames_clear(&s->up.frames);
	if (s->up.receipts != NULL)
		job_free(s->up.receipts);
	s->up.receipts = NULL;
	st_uplink_free(s->up.session);
	s->up.session = NULL;
	s->up.state = UP_NONE;
	s->up.failed = s->up.pump_armed = false;
	s->up.timer++;
	memset(&s->up.retry, 0, sizeof(s->up.retry));
}
