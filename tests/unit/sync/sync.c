/* sync.c - tests of frames, arrived and whole sessions: two stations with their machines, frames passed by
 * hand, cut where a test wants it. */
#include <station/sync/downlink.h>
#include <station/sync/retry.h>
#include <station/sync/uplink.h>
#include "../apply/pair.h"

/* ---- frames ---- */

static struct st_arena arena;

static int frames_setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	return st_arena_init(&arena, ST_FRAME_ARENA);
}

static int frames_teardown(void **state)
{
	(void)state;
	st_arena_done(&arena);
	return 0;
}

static void test_frames(void **state)
{
	static struct st_log_state logs[ST_FRAME_LOGS_MAX];
	static uint8_t payload[ST_CHUNK_MAX];
	struct st_frame in, out;
	struct st_buf b;
	(void)state;
	for (size_t i = 0; i < ST_FRAME_LOGS_MAX; i++) {
		logs[i].log = (struct st_log_id){ code_of("410611003-01"), UINT32_MAX };
		logs[i].size = UINT64_MAX / 2;
		logs[i].origin.time_s = logs[i].receipt.time_s = UINT64_MAX / 2;
		logs[i].receipt_size = UINT64_MAX / 2;
		memset(logs[i].root.bytes, (int)i, ST_HASH_SIZE);
	}
	st_buf_init(&b, ST_FRAME_MAX);
	memset(&in, 0, sizeof(in));
	in.kind = ST_FRAME_LOGS;
	in.u.logs = (struct st_logs){ logs, ST_FRAME_LOGS_MAX, true };
	assert_int_equal(st_frame_encode(&in, &b), 0); /* the largest that is ever sent */
	assert_int_equal(st_frame_decode(st_buf_span(&b), &arena, &out), 0);
	assert_int_equal(out.u.logs.count, ST_FRAME_LOGS_MAX);
	assert_true(out.u.logs.last);
	assert_int_equal(out.u.logs.logs[47].root.bytes[0], 47);
	st_buf_clear(&b);
	st_arena_reset(&arena);
	in.kind = ST_FRAME_CHUNK;
	in.u.chunk = (struct st_chunk){ UINT32_MAX, UINT32_MAX, UINT32_MAX, true, true, ST_SPAN(payload) };
	assert_int_equal(st_frame_encode(&in, &b), 0);
	assert_int_equal(st_frame_decode(st_buf_span(&b), &arena, &out), 0);
	assert_int_equal(out.u.chunk.bytes.size, ST_CHUNK_MAX);
	for (size_t n = 0; n < 200; n++) {
		st_arena_reset(&arena);
		assert_true(st_frame_decode(st_span(b.data, n), &arena, &out) < 0);
	}
	st_buf_done(&b);
}

static void test_bad_frames(void **state)
{
	static uint8_t large[ST_FRAME_MAX + 1];
	/* hello and grant in one frame */
	static const uint8_t two[] = { 0x0a, 0x00, 0x42, 0x02, 0x08, 0x01 };
	/* empty log states, as many as fit: a frame that asks for more memory than it may */
	static uint8_t many[ST_FRAME_MAX];
	struct st_frame out;
	(void)state;
	st_arena_reset(&arena);
	assert_int_equal(st_frame_decode(ST_SPAN(large), &arena, &out), ST_ETOOBIG);
	assert_int_equal(st_frame_decode(ST_SPAN(two), &arena, &out), ST_EWIRE);
	assert_int_equal(st_frame_decode(ST_SPAN_NONE, &arena, &out), ST_EWIRE);
	size_t n = sizeof(many), inner = n - 4;
	many[0] = 0x1a;
	many[1] = (uint8_t)(inner | 0x80);
	many[2] = (uint8_t)(inner >> 7 | 0x80);
	many[3] = (uint8_t)(inner >> 14);
	for (size_t i = 4; i + 1 < n; i += 2)
		many[i] = 0x0a;
	st_arena_reset(&arena);
	assert_int_equal(st_frame_decode(ST_SPAN(many), &arena, &out), ST_ETOOBIG);
}

static void test_bad_pushes(void **state)
{
	struct st_assembly a;
	struct st_inbound *in = NULL;
	uint8_t bytes[100] = { 0 };
	struct st_chunk c = { .push = 1, .raw_size = 100, .bytes = ST_SPAN(bytes) };
	(void)state;
	st_assembly_init(&a);
	c.index = 1;
	assert_int_equal(st_assembly_add(&a, &c, &in), ST_ESEQ);
	c.index = 0;
	c.raw_size = ST_PUSH_RAW_MAX + 1;
	assert_int_equal(st_assembly_add(&a, &c, &in), ST_ETOOBIG);
	c.raw_size = 0;
	assert_int_equal(st_assembly_add(&a, &c, &in), ST_ETOOBIG);
	c.raw_size = 100;
	c.last = true;
	assert_int_equal(st_assembly_add(&a, &c, &in), ST_EWIRE); /* zeros are no push */
	c.compressed = true;
	assert_int_equal(st_assembly_add(&a, &c, &in), ST_ETOOBIG); /* nor a zstd frame of that size */
	c.last = false;
	assert_int_equal(st_assembly_add(&a, &c, &in), 0);
	assert_null(in);
	c.push = 2;
	c.index = 1;
	assert_int_equal(st_assembly_add(&a, &c, &in), ST_ESEQ);
	c.push = 1;
	c.index = 0;
	c.raw_size = 10;
	for (int i = 0; i < 20 && st_assembly_add(&a, &c, &in) == 0; i++)
		c.index++;
	assert_true(c.index < 20); /* more than it said */
	st_assembly_done(&a);
}

static void test_retry(void **state)
{
	struct st_retry r = { 0 };
	uint64_t now = 1;
	(void)state;
	for (int i = 0; i < 50; i++) {
		uint32_t wait = st_retry_failed(&r, now, UINT32_MAX - (uint32_t)i * 77);
		assert_in_range(wait, ST_RETRY_FIRST_MS / 2, ST_RETRY_SHORT_MAX_MS);
		now += wait;
	}
	st_retry_linked(&r, now);
	now += ST_RETRY_STABLE_MS - 1; /* a link that flaps isn't an outage's end */
	assert_true(st_retry_failed(&r, now, 0) >= ST_RETRY_SHORT_MAX_MS / 2);
	st_retry_linked(&r, now);
	now += ST_RETRY_STABLE_MS;
	assert_true(st_retry_failed(&r, now, 0) <= ST_RETRY_FIRST_MS);
	now += ST_RETRY_SHORT_FOR_MS;
	for (int i = 0; i < 20; i++)
		(void)st_retry_failed(&r, now, 0);
	assert_in_range(st_retry_failed(&r, now, 0), ST_RETRY_SHORT_MAX_MS, ST_RETRY_LONG_MAX_MS);
}

/* However long a link flaps, and however briefly it lives each time, the next wait is a short one. */
static void test_retry_of_a_link_that_flaps(void **state)
{
	struct st_retry r = { 0 };
	(void)state;
	for (uint64_t now = 1; now < 3 * ST_RETRY_SHORT_FOR_MS;) {
		uint32_t wait = st_retry_failed(&r, now, UINT32_MAX);
		assert_in_range(wait, ST_RETRY_FIRST_MS / 2, ST_RETRY_SHORT_MAX_MS);
		now += wait;
		st_retry_linked(&r, now);
		now += ST_RETRY_STABLE_MS - 1;
	}
}

/* ---- sessions ---- */

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

static void line_put(struct queue *l, struct st_span frame)
{
	size_t at = (l->first + l->count++) % LINE_FRAMES;
	assert_true(l->count < LINE_FRAMES);
	l->frames[at] = malloc(frame.size);
	memcpy(l->frames[at], frame.data, frame.size);
	l->sizes[at] = frame.size;
}

static bool line_take(struct queue *l, uint8_t **frame, size_t *size)
{
	if (l->count == 0)
		return false;
	*frame = l->frames[l->first];
	*size = l->sizes[l->first];
	l->first = (l->first + 1) % LINE_FRAMES;
	l->count--;
	return true;
}

static void line_cut(struct queue *l)
{
	uint8_t *frame;
	size_t size;
	while (line_take(l, &frame, &size))
		free(frame);
}

static void up_frame(void *arg, struct st_span frame, bool bulk)
{
	(void)arg;
	assert_true(frame.size <= ST_FRAME_MAX);
	on_the_way += bulk ? frame.size : 0;
	line_put(bulk ? &upward_bulk : &upward, frame);
}

static void up_receipts(void *arg, const struct st_receipt_in *r, size_t count)
{
	(void)arg;
	for (size_t i = 0; i < count && receipts.count < ST_RECEIPTS_MAX; i++)
		receipts.receipts[receipts.count++] = r[i];
}

static void up_carry(void *arg, struct st_inbound_carry *in)
{
	(void)arg;
	assert_null(carry);
	carry = in;
}

static void down_taken(void *arg, uint64_t position)
{
	(void)arg;
	taken = position;
}

static void up_halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	(void)arg;
	(void)theirs;
	(void)c;
	halts++;
}

static void down_frame(void *arg, struct st_span frame, bool bulk)
{
	(void)arg;
	(void)bulk;
	line_put(&downward, frame);
}

static void down_push(void *arg, struct st_inbound *in)
{
	(void)arg;
	arrived[arrived_count++] = in;
}

static void down_claims(void *arg, const struct st_claim *claims, size_t count)
{
	(void)arg;
	(void)claims;
	(void)count;
}

static void down_refused(void *arg, int code, const struct st_log_id *log)
{
	(void)arg;
	(void)code;
	(void)log;
	refusals++;
}

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

static void open_up(void)
{
	struct st_self self;
	assert_int_equal(st_store_read(child.store, load_self, &self), 0);
	struct st_uplink_self u = { self.station.certificate.code, self.station.certificate.parent,
				    child.keys.identity.public, self.log, { 0 }, ST_PING_MS };
	struct st_uplink_to to = { NULL, up_frame, up_receipts, up_carry, up_halt };
	assert_int_equal(st_uplink_new(&u, &to, &up), 0);
}

static int number_of(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611003");
	return st_station_number(t, &code, arg);
}

static int sessions_setup(void **state)
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

static int sessions_teardown(void **state)
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

static int step_grown(struct st_txn *t, void *arg)
{
	const struct st_applied *a = arg;
	uint32_t logs[ST_GROWN_MAX];
	for (size_t i = 0; i < a->grown_count; i++)
		logs[i] = a->grown[i].log;
	return st_uplink_grown(up, t, &now, logs, a->grown_count);
}

static int step_up_frame(struct st_txn *t, void *arg)
{
	return st_uplink_frame(up, t, &now, *(struct st_span *)arg);
}

static int step_down_frame(struct st_txn *t, void *arg)
{
	return st_downlink_frame(down, t, &now, *(struct st_span *)arg);
}

static void apply_pushes(void)
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

static void apply_carry(void)
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

static void apply_taken(void)
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
static int run(size_t most)
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

static void link_up(void)
{
	assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
	assert_int_equal(run(100000), 0);
}

static struct st_uplink_info info(void)
{
	struct st_uplink_info i;
	st_uplink_info(up, &i);
	return i;
}

static void test_catch_up(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	for (int i = 0; i < 2500; i++)
		assert_int_equal(station_opens(&child, number), 0);
	link_up();
	assert_int_equal(info().state, ST_UPLINK_LINKED);
	assert_int_equal(info().logs[0].acked, 2501);
	assert_int_equal(info().waiting_bytes, 0);
	assert_true(receipts.count > 0);
	assert_int_equal(refusals, 0);
	assert_int_equal(pool.given, 0); /* what it had no use for came back */
	/* One more, while linked. */
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	assert_int_equal(run(1000), 0);
	assert_int_equal(info().logs[0].acked, 2502);
}

/* Bursts of every size, told while earlier ones are on the way, all arrive, and the pool gets all back:
 * no want is answered by credit that the chunks before it have used. */
static void test_bursts(void **state)
{
	char number[ST_NUMBER_TEXT];
	uint64_t size = 1, seed = 5;
	(void)state;
	link_up();
	for (int round = 0; round < 60; round++) {
		for (int part = 0; part < 4; part++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			for (uint64_t n = (seed >> 33) % 60 + 1; n > 0; n--, size++)
				assert_int_equal(station_opens(&child, number), 0);
			assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
			assert_int_equal(run((seed >> 40) % 8), 0);
		}
		assert_int_equal(run(100000), 0);
		assert_int_equal(info().logs[0].acked, size);
		assert_int_equal(pool.given, 0);
	}
}

/* Little that waits goes with the ack of what is on the way: a busy clerk isn't a push an event. */
static void test_gathers(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	link_up();
	for (int i = 0; i < 30; i++) {
		assert_int_equal(station_opens(&child, number), 0);
		assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	}
	assert_int_equal(upward.count, 1); /* the first went at once, and waits for nothing */
	assert_int_equal(run(1000), 0);
	assert_int_equal(info().logs[0].acked, 31);
}

/* A child that fell silent holds nothing of the pool, and begins again with a hello. */
static void test_lost_child(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_downlink_info d;
	(void)state;
	for (int i = 0; i < 600; i++)
		assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
	for (size_t n = 0; n < 200 && pool.given == 0; n++)
		assert_int_equal(run(1), 0);
	assert_true(pool.given > 0);
	st_downlink_lost(down);
	assert_int_equal(pool.given, 0);
	(void)run(1000);
	st_downlink_info(down, &d);
	assert_int_equal(d.state, ST_DOWNLINK_NEW); /* frames of before don't bring it back */
	st_uplink_lost(up, &now);
	line_cut(&upward);
	line_cut(&upward_bulk);
	line_cut(&downward);
	link_up();
	assert_int_equal(info().logs[0].acked, 601);
}

/* Cut after every number of steps: it always resumes at what the parent has, and nothing is twice. */
static void test_cut_anywhere(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	for (int i = 0; i < 300; i++)
		assert_int_equal(station_opens(&child, number), 0);
	for (size_t steps = 1; steps < 40; steps++) {
		assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
		(void)run(steps);
		line_cut(&upward);
		line_cut(&upward_bulk);
		line_cut(&downward);
		st_uplink_lost(up, &now);
		assert_int_equal(station_opens(&child, number), 0);
	}
	link_up();
	assert_int_equal(info().logs[0].acked, 340);
	assert_int_equal(info().parent_size, 340);
}

static void test_silence(void **state)
{
	(void)state;
	link_up();
	now.mono_ms += ST_PING_MS;
	assert_int_equal(run(100), 0); /* a ping, and its pong */
	assert_int_equal(info().parent_size, 1);
	now.mono_ms += ST_PING_MS;
	assert_int_equal(st_store_read(child.store, step_tick, NULL), 0);
	line_cut(&upward);
	now.mono_ms += ST_PING_MS * 9 / 4;
	assert_int_equal(st_store_read(child.store, step_tick, NULL), ST_ESILENT);
	st_uplink_lost(up, &now);
	assert_int_equal(st_uplink_next_ms(up), 0);
	assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
	now.mono_ms += ST_GREETING_MS;
	assert_int_equal(st_store_read(child.store, step_tick, NULL), ST_ESILENT);
}

/* What a child has is known here before it has come, and isn't forgotten while the child is away. */
static void test_own_size(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_downlink_info d;
	(void)state;
	st_downlink_info(down, &d);
	assert_false(d.own_told);
	link_up();
	st_downlink_info(down, &d);
	assert_true(d.own_told);
	assert_int_equal(d.own_size, 1);
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	line_cut(&upward); /* the push is lost, and the next ping tells */
	now.mono_ms += ST_PING_MS;
	assert_int_equal(run(100), 0);
	st_downlink_lost(down);
	st_downlink_info(down, &d);
	assert_int_equal(d.own_size, 2);
	st_uplink_lost(up, &now);
	for (int i = 0; i < 3; i++)
		assert_int_equal(station_opens(&child, number), 0);
	link_up();
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	assert_int_equal(run(1000), 0);
	st_downlink_info(down, &d); /* a push tells it, too */
	assert_int_equal(d.own_size, 6);
}

static void test_nonsense_from_parent(void **state)
{
	static const uint8_t rubbish[] = { 0xde, 0xad };
	struct st_frame f = { .kind = ST_FRAME_ACK };
	struct st_buf b;
	(void)state;
	link_up();
	struct st_span s = ST_SPAN(rubbish);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), ST_EWIRE);
	st_buf_init(&b, ST_FRAME_MAX);
	f.u.ack = (struct st_ack){ .log = { code_of("410611003"), 1 }, .size = 1000 };
	assert_int_equal(st_frame_encode(&f, &b), 0);
	s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), ST_EWIRE); /* more than there is */
	st_buf_clear(&b);
	f = (struct st_frame){ .kind = ST_FRAME_HELLO };
	f.u.hello = (struct st_hello){ .version_min = 1, .version_max = 1, .station = code_of("410611") };
	assert_int_equal(st_frame_encode(&f, &b), 0);
	s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), ST_ESTATE);
	/* More of our log, and not under our signature: refused, and no halt. */
	struct st_log_state theirs = { .log = { code_of("410611003"), 1 }, .size = 50, .origin.time_s = 1 };
	st_uplink_lost(up, &now);
	assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
	st_buf_clear(&b);
	f = (struct st_frame){ .kind = ST_FRAME_WELCOME };
	f.u.welcome = (struct st_welcome){ .version = 1, .station = code_of("410611"), .credit = 100 };
	assert_int_equal(st_frame_encode(&f, &b), 0);
	s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), 0);
	st_buf_clear(&b);
	f = (struct st_frame){ .kind = ST_FRAME_LOGS };
	f.u.logs = (struct st_logs){ &theirs, 1, true };
	assert_int_equal(st_frame_encode(&f, &b), 0);
	s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), ST_ESIGNATURE);
	assert_int_equal(halts, 0);
	st_buf_done(&b);
}

/* The child's store is put back to an older copy; its parent shows it more. */
static void test_older_copy(void **state)
{
	char number[ST_NUMBER_TEXT], command[256];
	(void)state;
	station_close(&child);
	(void)snprintf(command, sizeof(command), "cp %s/data.mdb %s.old", child.directory, child.directory);
	assert_int_equal(system(command), 0);
	station_open(&child);
	assert_int_equal(station_opens(&child, number), 0);
	link_up();
	st_uplink_free(up);
	station_close(&child);
	(void)snprintf(command, sizeof(command), "mv %s.old %s/data.mdb", child.directory, child.directory);
	assert_int_equal(system(command), 0);
	station_open(&child);
	open_up();
	assert_int_equal(st_store_read(child.store, step_link, NULL), 0);
	assert_int_equal(run(100), ST_EFORKED);
	assert_int_equal(halts, 1);
	struct st_downlink_info d;
	st_downlink_info(down, &d);
	assert_true(d.behind);
}

/* A refused log whose wait is over, and that needs credit, waits for the parent's word, not for a time
 * that has passed: else the station would turn in circles. */
static void test_refused_waits_for_credit(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	struct st_buf b;
	(void)state;
	link_up();
	for (int i = 0; i < 600; i++) {
		assert_int_equal(station_opens(&child, number), 0);
		if (i == 0 || i == 599)
			assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	}
	line_cut(&upward);
	line_cut(&upward_bulk);
	f.u.refusal = (struct st_refusal){ .log = { code_of("410611003"), 1 }, .first_seq = 2, .held = 1,
					   .push = 2, .code = ST_EFULL };
	st_buf_init(&b, ST_FRAME_MAX);
	assert_int_equal(st_frame_encode(&f, &b), 0);
	struct st_span s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), 0);
	assert_true(st_uplink_next_ms(up) > now.mono_ms);
	now.mono_ms = st_uplink_next_ms(up);
	assert_int_equal(st_store_read(child.store, step_tick, NULL), 0);
	assert_true(st_uplink_next_ms(up) > now.mono_ms);
	st_buf_done(&b);
}

static void test_beyond_credit(void **state)
{
	static uint8_t bytes[ST_CHUNK_MAX];
	struct st_frame f = { .kind = ST_FRAME_CHUNK };
	struct st_buf b;
	(void)state;
	link_up();
	f.u.chunk = (struct st_chunk){ .push = 9, .raw_size = 50000, .bytes = ST_SPAN(bytes) };
	st_buf_init(&b, ST_FRAME_MAX);
	assert_int_equal(st_frame_encode(&f, &b), 0);
	struct st_span s = st_buf_span(&b);
	assert_int_equal(st_store_read(parent.store, step_down_frame, &s), ST_ECREDIT);
	assert_int_equal(refusals, 1);
	/* A want for more than a push can be would wait for ever. */
	st_buf_clear(&b);
	f = (struct st_frame){ .kind = ST_FRAME_WANT };
	f.u.want = (struct st_want){ .bytes = UINT64_MAX, .next = UINT64_MAX };
	assert_int_equal(st_frame_encode(&f, &b), 0);
	s = st_buf_span(&b);
	assert_int_equal(st_store_read(parent.store, step_down_frame, &s), ST_ETOOBIG);
	f.u.want = (struct st_want){ .back = UINT64_MAX };
	st_buf_clear(&b);
	assert_int_equal(st_frame_encode(&f, &b), 0);
	s = st_buf_span(&b);
	assert_int_equal(st_store_read(parent.store, step_down_frame, &s), ST_ECREDIT);
	st_buf_done(&b);
}

/* A log that was refused is tried again in time; if it then waits for credit, the uplink waits too. */
static void test_refused_without_credit(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	struct st_buf b;
	(void)state;
	link_up();
	for (int i = 0; i < 340; i++) {
		assert_int_equal(station_opens(&child, number), 0);
		assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	}
	assert_true(info().waiting_bytes > 0); /* for want of credit */
	f.u.refusal = (struct st_refusal){ .log = { code_of("410611003"), 1 }, .first_seq = 2, .held = 1,
					   .push = 1000, .code = ST_EFULL };
	st_buf_init(&b, ST_FRAME_MAX);
	assert_int_equal(st_frame_encode(&f, &b), 0);
	struct st_span s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), 0);
	uint64_t again = st_uplink_next_ms(up);
	assert_int_equal(again, now.mono_ms + ST_REFUSED_WAIT_MS);
	now.mono_ms = again;
	assert_int_equal(st_store_read(child.store, step_tick, NULL), 0);
	assert_true(st_uplink_next_ms(up) > now.mono_ms); /* or the daemon would do nothing else */
	st_buf_done(&b);
}

/* A parent's disk is full for a while, at any point of a catch-up: afterwards all of it goes up. */
static void test_full_parent(void **state)
{
	char number[ST_NUMBER_TEXT];
	uint64_t opened = 1;
	(void)state;
	link_up();
	for (size_t steps = 1; steps < 40; steps += 3) {
		for (int i = 0; i < 300; i++, opened++) {
			assert_int_equal(station_opens(&child, number), 0);
			assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
		}
		assert_int_equal(run(steps), 0);
		parent_holds = info().logs[0].acked;
		full = arrived_count > 0 || info().logs[0].acked < opened;
		for (int tries = 0; tries < 3; tries++) {
			assert_int_equal(run(1000), 0);
			now.mono_ms += ST_REFUSED_WAIT_MS << tries;
		}
		full = false;
		for (int tries = 0; tries < 6 && info().logs[0].acked < opened; tries++) {
			assert_int_equal(run(100000), 0);
			now.mono_ms += ST_PING_MS;
		}
		assert_int_equal(info().logs[0].acked, opened);
	}
}

static void child_opens(int count)
{
	char number[ST_NUMBER_TEXT];
	for (int i = 0; i < count; i++) {
		assert_int_equal(station_opens(&child, number), 0);
		assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	}
}

/* A grant may come with a refusal. If it isn't enough for what is sent next, the child asks again. */
static void test_grant_with_refusal(void **state)
{
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	struct st_buf b;
	(void)state;
	link_up();
	child_opens(700);
	line_cut(&upward);
	line_cut(&upward_bulk); /* what there was credit for, and the want of more */
	f.u.refusal = (struct st_refusal){ .log = { code_of("410611003"), 1 }, .first_seq = 2, .held = 1,
					   .credit = 4096, .push = 1000, .code = ST_EFULL };
	st_buf_init(&b, ST_FRAME_MAX);
	assert_int_equal(st_frame_encode(&f, &b), 0);
	struct st_span s = st_buf_span(&b);
	assert_int_equal(st_store_read(child.store, step_up_frame, &s), 0);
	now.mono_ms += ST_REFUSED_WAIT_MS;
	line_cut(&upward_bulk); /* what it has no use for meanwhile, given back */
	assert_int_equal(st_store_read(child.store, step_tick, NULL), 0);
	assert_true(upward_bulk.count > 0);
	st_buf_done(&b);
}

/* The child's next push is wanted until it is granted, whatever else of its comes meanwhile. */
static void test_want_outlives_pushes(void **state)
{
	struct st_frame f = { .kind = ST_FRAME_WANT };
	struct st_buf b;
	uint8_t *frame;
	size_t size;
	(void)state;
	link_up();
	child_opens(1);
	pool.given += pool.size; /* the others have it all */
	f.u.want = (struct st_want){ .bytes = ST_CREDIT_STANDING + 100, .next = ST_CREDIT_STANDING + 100 };
	st_buf_init(&b, ST_FRAME_MAX);
	assert_int_equal(st_frame_encode(&f, &b), 0);
	struct st_span s = st_buf_span(&b);
	assert_int_equal(st_store_read(parent.store, step_down_frame, &s), 0);
	while (line_take(&upward, &frame, &size) || line_take(&upward_bulk, &frame, &size)) {
		struct st_span pushed = { frame, size };
		assert_int_equal(st_store_read(parent.store, step_down_frame, &pushed), 0);
		free(frame);
	}
	assert_int_equal(arrived_count, 1);
	apply_pushes();
	assert_false(st_downlink_grant(down));
	pool.given -= pool.size;
	assert_true(st_downlink_grant(down));
	st_buf_done(&b);
}

#define SESSION(f) cmocka_unit_test_setup_teardown(f, sessions_setup, sessions_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames), cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_bad_pushes), cmocka_unit_test(test_retry),
		cmocka_unit_test(test_retry_of_a_link_that_flaps),
		SESSION(test_catch_up), SESSION(test_bursts),
		SESSION(test_gathers), SESSION(test_lost_child), SESSION(test_cut_anywhere), SESSION(test_silence),
		SESSION(test_own_size),
		SESSION(test_nonsense_from_parent), SESSION(test_older_copy), SESSION(test_beyond_credit),
		SESSION(test_refused_waits_for_credit),
		SESSION(test_refused_without_credit), SESSION(test_full_parent),
		SESSION(test_grant_with_refusal), SESSION(test_want_outlives_pushes),
	};
	return cmocka_run_group_tests(tests, frames_setup, frames_teardown);
}
