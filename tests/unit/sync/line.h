/* line.h - two stations with their machines, for tests: frames are passed by hand, and the line is cut where a
 * test wants it. */
#pragma once
#include <station/sync/downlink.h>
#include <station/sync/uplink.h>
#include "../apply/pair.h"

enum { LINE_FRAMES = 4096 };
struct queue {
	uint8_t *frames[LINE_FRAMES];
	size_t sizes[LINE_FRAMES], first, count;
};

static struct station main_station, parent, child;
static struct st_signing_key root;
static struct st_uplink *up;
static struct st_downlink *down;
static struct st_pool pool;
static struct queue upward, upward_bulk, downward; /* what is urgent overtakes what is bulk */
static struct st_inbound *arrived[LINE_FRAMES];
static size_t arrived_count, halts, refusals;
static struct st_inbound_carry *carry; /* that came down and isn't applied yet */
static uint64_t taken;                 /* what the child has, to be told to the parent's store; 0: nothing */
static struct st_job_receipts receipts;
static struct st_now now = { 1000, 1700000000000 };
static uint64_t on_the_way; /* chunk bytes sent and not applied */
static bool full; /* the parent's disk */
static uint64_t parent_holds;

static inline void line_put(struct queue *l, struct st_span frame)
{
	size_t at = (l->first + l->count++) % LINE_FRAMES;
	assert_true(l->count < LINE_FRAMES);
	l->frames[at] = malloc(frame.size);
	memcpy(l->frames[at], frame.data, frame.size);
	l->sizes[at] = frame.size;
}

static inline bool line_take(struct queue *l, uint8_t **frame, size_t *size)
{
	if (l->count == 0)
		return false;
	*frame = l->frames[l->first];
	*size = l->sizes[l->first];
	l->first = (l->first + 1) % LINE_FRAMES;
	l->count--;
	return true;
}

static inline void line_cut(struct queue *l)
{
	uint8_t *frame;
	size_t size;
	while (line_take(l, &frame, &size))
		free(frame);
}

static inline void up_frame(void *arg, struct st_span frame, bool bulk)
{
	(void)arg;
	assert_true(frame.size <= ST_FRAME_MAX);
	on_the_way += bulk ? frame.size : 0;
	line_put(bulk ? &upward_bulk : &upward, frame);
}

static inline void up_receipts(void *arg, const struct st_receipt_in *r, size_t count)
{
	(void)arg;
	for (size_t i = 0; i < count && receipts.count < ST_RECEIPTS_MAX; i++)
		receipts.receipts[receipts.count++] = r[i];
}

static inline void up_carry(void *arg, struct st_inbound_carry *in)
{
	(void)arg;
	st_inbound_carry_free(carry); /* of a session that was cut */
	carry = in;
}

static inline void down_taken(void *arg, uint64_t position)
{
	(void)arg;
	taken = position;
}

static inline void up_halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	(void)arg;
	(void)theirs;
	(void)c;
	halts++;
}

static inline void down_frame(void *arg, struct st_span frame, bool bulk)
{
	(void)arg;
	(void)bulk;
	line_put(&downward, frame);
}

static inline void down_push(void *arg, struct st_inbound *in)
{
	(void)arg;
	arrived[arrived_count++] = in;
}

static inline void down_claims(void *arg, const struct st_claim *claims, size_t count)
{
	(void)arg;
	(void)claims;
	(void)count;
}

static inline void down_refused(void *arg, int code, const struct st_log_id *log)
{
	(void)arg;
	(void)code;
	(void)log;
	refusals++;
}

static inline int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

static inline void open_up(void)
{
	struct st_self self;
	assert_int_equal(st_store_read(child.store, load_self, &self), 0);
	struct st_uplink_self u = { self.station.certificate.code, self.station.certificate.parent,
				    child.keys.identity.public, self.log, { 0 }, ST_PING_MS };
	struct st_uplink_to to = { NULL, up_frame, up_receipts, up_carry, up_halt };
	assert_int_equal(st_uplink_new(&u, &to, &up), 0);
}

static inline int number_of(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611003");
	return st_station_number(t, &code, arg);
}

static inline int line_setup(void **state)
{
	(void)state;
	return st_trust_start();
}

static inline int sessions_setup(void **state)
{
	struct st_self self;
	struct st_downlink_to to = { NULL, down_frame, down_push, down_claims, down_refused,
				       down_taken };
	(void)state;
	station_new(&main_station, 1);
	station_new(&parent, 2);
	station_new(&child, 3);
	station_found(&main_station, "410600", &root);
	station_join(&main_station, &parent, "410611", ST_BRANCH, &root.public);
	station_join(&parent, &child, "410611003", ST_BASE, &root.public);
	pool = (struct st_pool){ .size = ST_SHARE_MIN };
	assert_int_equal(st_store_read(parent.store, load_self, &self), 0);
	struct st_downlink_self d = { .station = self.station.certificate.code, .child = code_of("410611003"),
				      .station_number = self.station.number };
	assert_int_equal(st_store_read(parent.store, number_of, &d.child_number), 0);
	assert_int_equal(st_downlink_new(&d, &to, &pool, &down), 0);
	open_up();
	receipts.count = arrived_count = halts = refusals = 0;
	taken = 0;
	on_the_way = 0;
	full = false;
	return 0;
}

static inline int sessions_teardown(void **state)
{
	(void)state;
	line_cut(&upward);
	line_cut(&upward_bulk);
	line_cut(&downward);
	for (size_t i = 0; i < arrived_count; i++)
		st_inbound_free(arrived[i]);
	st_inbound_carry_free(carry);
	carry = NULL;
	st_uplink_free(up);
	st_downlink_free(down);
	assert_int_equal(pool.given, 0);
	station_gone(&main_station);
	station_gone(&parent);
	station_gone(&child);
	return 0;
}

static inline int step_link(struct st_txn *t, void *arg)
{
	(void)arg;
	return st_uplink_linked(up, t, &now);
}

static inline int step_tick(struct st_txn *t, void *arg)
{
	(void)arg;
	return st_uplink_tick(up, t, &now);
}

static inline int step_grown(struct st_txn *t, void *arg)
{
	const struct st_applied *a = arg;
	uint32_t logs[ST_GROWN_MAX];
	for (size_t i = 0; i < a->grown_count; i++)
		logs[i] = a->grown[i].log;
	return st_uplink_grown(up, t, &now, logs, a->grown_count);
}

static inline int step_up_frame(struct st_txn *t, void *arg)
{
	return st_uplink_frame(up, t, &now, *(struct st_span *)arg);
}

static inline int step_down_frame(struct st_txn *t, void *arg)
{
	return st_downlink_frame(down, t, &now, *(struct st_span *)arg);
}

static inline void apply_pushes(void)
{
	for (size_t i = 0; i < arrived_count; i++) {
		struct st_job *job = calloc(1, sizeof(*job));
		job->kind = ST_JOB_PUSH;
		job->u.push.push = arrived[i]->push;
		assert_int_equal(st_store_read(parent.store, number_of, &job->u.push.child), 0);
		int rc = full ? ST_EFULL : station_run(&parent, job);
		if (full)
			job->u.push.held = parent_holds;
		struct st_push_result result = { rc, job->u.push.held,
						 job->u.push.receipted ? &job->u.push.receipt : NULL };
		st_downlink_applied(down, arrived[i], &result);
		(void)st_downlink_grant(down);
		free(job);
	}
	arrived_count = 0;
	on_the_way = 0;
}

static inline void apply_carry(void)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_inbound_carry *in = carry;
	job->kind = ST_JOB_CARRY;
	job->u.carry.carry = in->carry;
	int rc = station_run(&child, job);
	assert_int_equal(job->u.carry.refused, 0);
	carry = NULL;
	st_uplink_carried(up, in, &now, rc);
	free(job);
}

static inline void apply_taken(void)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_TAKEN;
	assert_int_equal(st_store_read(parent.store, number_of, &job->u.taken.child), 0);
	job->u.taken.position = taken;
	taken = 0;
	assert_int_equal(station_run(&parent, job), 0);
	free(job);
}

/* Passes frames until both lines are empty; what the uplink's last error was. */
static inline int run(size_t most)
{
	uint8_t *frame;
	size_t size;
	int rc = 0;
	for (size_t n = 0; n < most && rc == 0; n++) {
		if (line_take(&upward, &frame, &size) || line_take(&upward_bulk, &frame, &size)) {
			struct st_span s = { frame, size };
			(void)(st_store_read(parent.store, step_down_frame, &s) == 0);
			free(frame);
		} else if (line_take(&downward, &frame, &size)) {
			struct st_span s = { frame, size };
			rc = st_store_read(child.store, step_up_frame, &s);
			free(frame);
		} else if (carry != NULL) {
			apply_carry();
		} else if (taken > 0) {
			apply_taken();
		} else if (arrived_count > 0) {
			apply_pushes();
		} else if (st_uplink_next_ms(up) != 0 && st_uplink_next_ms(up) <= now.mono_ms) {
			rc = st_store_read(child.store, step_tick, NULL);
		} else {
			break;
		}
		/* Promise 9: standing credit and the pool bound what is on the way, frames' heads aside. */
		assert_true(on_the_way <= ST_CREDIT_STANDING + pool.size + 64 * 64);
	}
	return rc;
}

static inline void link_up(void)
{
	assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
	assert_int_equal(run(100000), 0);
}

static inline struct st_uplink_info info(void)
{
	struct st_uplink_info i;
	st_uplink_info(up, &i);
	return i;
}
