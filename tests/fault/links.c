/* links.c - a whole session of a child and its parent, with a fault at each call of both: whatever is
 * lost on the way, the link ends with everything at the parent, once. Time passes only when nothing moves. */
#include "stage.h"
#include <stdlib.h>
#include <string.h>
#include <station/sync/downlink.h>
#include <station/sync/uplink.h>

enum { LINE_FRAMES = 512, STEPS_MAX = 4000, TURNS_MAX = 60 };

struct line {
	uint8_t *frames[LINE_FRAMES];
	size_t sizes[LINE_FRAMES], first, count;
};

static struct line upward, downward;
static struct st_uplink *up;
static struct st_downlink *down;
static struct st_pool pool;
static struct st_now now;
static struct st_inbound *waiting[64];
static struct st_inbound_carry *carry; /* that came down and isn't applied yet */
static size_t waiting_count;
static struct st_job receipts;
static unsigned halts;
static bool lost;
static bool came_to_it; /* the frame was looked at: else it stays in its socket */
static bool up_stands; /* the connection, as the child sees it */

static struct node *on_branch(struct stage *s)
{
	return &s->branch;
}

static void put(void *arg, struct st_span frame, bool bulk)
{
	struct line *l = arg;
	size_t at = (l->first + l->count) % LINE_FRAMES;
	(void)bulk;
	uint8_t *copy = malloc(frame.size);
	if (copy == NULL || l->count == LINE_FRAMES) {
		free(copy);
		lost = true; /* as the daemons do: a frame that can't be queued ends the connection */
		return;
	}
	memcpy(copy, frame.data, frame.size);
	l->frames[at] = copy;
	l->sizes[at] = frame.size;
	l->count++;
}

static bool take(struct line *l, struct st_span *frame)
{
	if (l->count == 0)
		return false;
	*frame = st_span(l->frames[l->first], l->sizes[l->first]);
	l->first = (l->first + 1) % LINE_FRAMES;
	l->count--;
	return true;
}

static void cut(void)
{
	struct st_span frame;
	while (take(&upward, &frame) || take(&downward, &frame))
		free((void *)(uintptr_t)frame.data);
	if (up_stands)
		st_uplink_lost(up, &now);
	up_stands = false;
}

static void take_receipts(void *arg, const struct st_receipt_in *r, size_t count)
{
	struct st_job_receipts *to = &receipts.u.receipts;
	(void)arg;
	for (size_t i = 0; i < count && to->count < ST_RECEIPTS_MAX; i++)
		to->receipts[to->count++] = r[i];
}

static void halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	(void)arg;
	(void)theirs;
	(void)c;
	halts++;
}

static void take_carry(void *arg, struct st_inbound_carry *in)
{
	(void)arg;
	st_inbound_carry_free(carry);
	carry = in;
}

static void taken(void *arg, uint64_t position)
{
	(void)arg;
	(void)position;
}

static void push(void *arg, struct st_inbound *in)
{
	(void)arg;
	waiting[waiting_count++ % 64] = in;
}

static void claims(void *arg, const struct st_claim *c, size_t count)
{
	(void)arg;
	(void)c;
	(void)count;
}

static void refused(void *arg, int code, const struct st_log_id *log)
{
	(void)arg;
	(void)code;
	(void)log;
}

static int step_link(struct st_txn *t, void *arg)
{
	(void)arg;
	return st_uplink_linked(up, t, &now);
}

static int step_tick(struct st_txn *t, void *arg)
{
	(void)arg;
	return st_uplink_tick(up, t, &now);
}

static int step_up(struct st_txn *t, void *arg)
{
	return st_uplink_frame(up, t, &now, *(struct st_span *)arg);
}

static int step_down(struct st_txn *t, void *arg)
{
	came_to_it = true;
	return st_downlink_frame(down, t, &now, *(struct st_span *)arg);
}

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

static int make_uplink(struct stage *s)
{
	struct st_self self;
	struct st_uplink_to to = { &upward, put, take_receipts, take_carry, halt };
	int rc = st_store_read(s->base.store, load_self, &self);
	if (rc < 0)
		return rc;
	struct st_uplink_self u = { self.station.certificate.code, self.station.certificate.parent,
				    s->base.keys.identity.public, self.log, { 1 }, ST_PING_MS };
	return st_uplink_new(&u, &to, &up);
}

static int make_downlink(struct stage *s)
{
	struct st_downlink_to to = { &downward, put, push, claims, refused, taken };
	struct st_downlink_self d = { .station = code_of("410611"), .child = code_of(CITY_BASE) };
	int rc = node_number(&s->branch, "410611", &d.station_number);
	if (rc == 0)
		rc = node_number(&s->branch, CITY_BASE, &d.child_number);
	return rc < 0 ? rc : st_downlink_new(&d, &to, &pool, &down);
}

static int make_machines(struct stage *s)
{
	int rc = make_uplink(s);
	return rc < 0 ? rc : make_downlink(s);
}

/* A daemon ends at an I/O error, and is started anew. The parent's pushes die with it. */
static void restart_parent(struct stage *s)
{
	for (size_t i = 0; i < waiting_count; i++)
		st_inbound_free(waiting[i]);
	waiting_count = 0;
	cut();
	st_downlink_free(down);
	down = NULL;
	node_close(&s->branch);
	RIGHT(s, node_open(&s->branch) == 0);
	RIGHT(s, make_downlink(s) == 0);
}

static void restart_child(struct stage *s)
{
	cut();
	st_uplink_free(up);
	up = NULL;
	node_close(&s->base);
	RIGHT(s, node_open(&s->base) == 0);
	RIGHT(s, make_uplink(s) == 0);
}

/* As the writer does: the job's result is what the child is told. */
static void apply_waiting(struct stage *s)
{
	for (size_t i = 0; i < waiting_count; i++) {
		struct st_job_push got;
		uint64_t size = waiting[i]->push.checkpoint.size;
		memset(&got, 0, sizeof(got));
		int rc = node_give(&s->branch, CITY_BASE, &waiting[i]->push, &got);
		RIGHT(s, rc == 0 || got.held < size);
		if (rc == ST_EIO) {
			restart_parent(s);
			return;
		}
		struct st_push_result r = { rc, got.held, got.receipted ? &got.receipt : NULL };
		st_downlink_applied(down, waiting[i], &r);
		waiting[i] = NULL;
	}
	waiting_count = 0;
}

/* What couldn't be stored isn't said to be taken. */
static void apply_carry(struct stage *s)
{
	struct st_inbound_carry *in = carry;
	struct st_job *job = calloc(1, sizeof(*job));
	int rc = ST_ENOMEM;
	carry = NULL;
	if (job != NULL) {
		job->kind = ST_JOB_CARRY;
		job->u.carry.carry = in->carry;
		rc = node_run(&s->base, job);
	}
	free(job);
	if (rc != ST_EIO) {
		st_uplink_carried(up, in, &now, rc);
		return;
	}
	st_inbound_carry_free(in);
	restart_child(s);
}

static bool all_acked(void)
{
	struct st_uplink_info i;
	st_uplink_info(up, &i);
	bool all = i.state == ST_UPLINK_LINKED && i.log_count == 2;
	for (size_t n = 0; all && n < i.log_count; n++)
		all = i.logs[n].acked == i.logs[n].size && i.logs[n].size > 0;
	return all;
}

/* One thing that is to be done; false: nothing is. Any error of the child's side throws the connection away. */
static bool move(struct stage *s)
{
	struct st_span frame;
	int rc = 0;
	if (take(&upward, &frame)) {
		came_to_it = false;
		(void)(st_store_read(s->branch.store, step_down, &frame) == 0);
		if (!came_to_it)
			(void)(st_store_read(s->branch.store, step_down, &frame) == 0);
		free((void *)(uintptr_t)frame.data);
	} else if (take(&downward, &frame)) {
		rc = st_store_read(s->base.store, step_up, &frame);
		free((void *)(uintptr_t)frame.data);
	} else if (carry != NULL) {
		apply_carry(s);
	} else if (waiting_count > 0) {
		apply_waiting(s);
	} else if (up_stands && st_uplink_next_ms(up) != 0 && st_uplink_next_ms(up) <= now.mono_ms) {
		rc = st_store_read(s->base.store, step_tick, NULL);
	} else {
		return false;
	}
	if (rc < 0 || lost)
		cut();
	lost = false;
	return true;
}

static int converge(struct stage *s)
{
	for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
		if (!up_stands) {
			now.mono_ms += 200;
			up_stands = true;
			if (st_store_read(s->base.store, step_link, NULL) < 0)
				cut();
		}
		for (unsigned n = 0; n < STEPS_MAX && move(s); n++)
			;
		if (all_acked())
			return 0;
		now.mono_ms += 5000;
	}
	return ST_ESILENT;
}

static void end(void)
{
	cut();
	for (size_t i = 0; i < waiting_count; i++)
		st_inbound_free(waiting[i]);
	waiting_count = 0;
	st_inbound_carry_free(carry);
	carry = NULL;
	st_uplink_free(up);
	st_downlink_free(down);
	up = NULL;
	down = NULL;
}

/* What was set up, or nothing. */
static int machines(struct stage *s)
{
	pool = (struct st_pool){ .size = ST_SHARE_MIN };
	now = (struct st_now){ 1000, 1700000000000 };
	up_stands = false;
	int rc = make_machines(s);
	if (up != NULL && down != NULL)
		rc = 0;
	end();
	RIGHT(s, pool.given == 0);
	return rc;
}

static int session_ready(struct stage *s)
{
	end(); /* gives its part of the pool back */
	pool = (struct st_pool){ .size = ST_SHARE_MIN };
	now = (struct st_now){ 1000, 1700000000000 };
	up_stands = false;
	memset(&receipts, 0, sizeof(receipts));
	return make_machines(s);
}

/* Everything that the base holds is at the branch, and the base has the branch's receipts for it. */
static int session(struct stage *s)
{
	int rc = converge(s);
	RIGHT(s, rc == 0);
	receipts.kind = ST_JOB_RECEIPTS;
	RIGHT(s, receipts.u.receipts.count > 0 && halts == 0);
	RIGHT(s, pool.given <= pool.size);
	cut();
	return rc;
}

int main(void)
{
	static const struct scene scenes[] = {
		{ .name = "machines", .play = machines, .subject = on_branch },
		{ .name = "session", .play = session, .subject = on_branch, .before = session_ready,
		  .ends_well = true },
	};
	int rc = stage_run(scenes, sizeof(scenes) / sizeof(scenes[0]));
	end();
	return rc;
}
