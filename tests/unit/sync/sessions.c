/* sessions.c - tests of whole sessions: what is owed goes up once and in order, whatever becomes of the line. */
#include <lib/store/log_rows.h>
#include "line.h"

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
		on_the_way = 0;
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

static int read_signed(struct st_txn *t, void *arg)
{
	uint32_t number = 0;
	struct st_log log;
	struct st_checkpoint_row cp;
	int rc = number_of(t, &number);
	if (rc == 0)
		rc = st_log_newest(t, number, &log);
	if (rc == 0)
		rc = st_checkpoint_get(t, log.number, log.signed_size, &cp);
	if (rc == 0)
		*(uint64_t *)arg = cp.cosignature.time_s;
	return rc;
}

/* When the child's log was signed, as its parent has it, once the child has signed it afresh. */
static uint64_t signed_afresh(int64_t child_ms, int64_t parent_ms, bool linked)
{
	struct st_job job = { .kind = ST_JOB_REFRESH };
	uint64_t at_s = 0;
	child.world.now_ms = child_ms;
	parent.world.now_ms = parent_ms;
	assert_int_equal(station_run(&child, &job), 0);
	if (!linked)
		link_up();
	else
		assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	assert_int_equal(run(1000), 0);
	assert_int_equal(upward.count + upward_bulk.count + arrived_count, 0); /* it comes to rest */
	assert_int_equal(st_store_read(parent.store, read_signed, &at_s), 0);
	return at_s * 1000;
}

/* What is signed afresh goes up also where it is dated before what the parent has: a clock was ahead, and was set right. */
static void test_clock_set_right(void **state)
{
	static const int64_t HOUR = 3600 * 1000, YEAR = 365 * 24 * HOUR;
	int64_t t = child.world.now_ms;
	(void)state;
	assert_int_equal(signed_afresh(t + 5 * YEAR, t, false), t + 5 * YEAR);
	assert_int_equal(signed_afresh(t + HOUR, t + HOUR, true), t + HOUR);
	assert_int_equal(signed_afresh(t + 5 * YEAR, t + 2 * HOUR, true), t + 5 * YEAR);
	st_uplink_lost(up, &now);
	assert_int_equal(signed_afresh(t + 3 * HOUR, t + 3 * HOUR, false), t + 3 * HOUR);
}

/* The same where the session meets it in the store, and is told of it only later: it goes once. */
static void test_clock_set_right_untold(void **state)
{
	static const int64_t YEAR = 365 * 24 * 3600 * 1000ll;
	char number[ST_NUMBER_TEXT];
	struct st_job job = { .kind = ST_JOB_REFRESH };
	int64_t t = child.world.now_ms;
	(void)state;
	link_up();
	child.world.now_ms = t + 5 * YEAR;
	for (int i = 0; i < 2; i++) { /* one goes, and one waits for its ack */
		assert_int_equal(station_opens(&child, number), 0);
		assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	}
	child.world.now_ms = t;
	assert_int_equal(station_run(&child, &job), 0);
	assert_int_equal(run(1000), 0);
	assert_int_equal(upward.count + upward_bulk.count + downward.count + arrived_count, 0);
	assert_int_equal(info().logs[0].acked, 3);
}

/* ---- a log that is damaged ---- */

static int spoil_own(struct st_txn *t, void *arg)
{
	struct key k = log_row_key(*(uint32_t *)arg, LOG_TAIL);
	struct st_span tail;
	uint8_t row[4096];
	assert_int_equal(kv_get(t, TABLE_LOGS, key_span(&k), &tail), 0);
	assert_true(tail.size <= sizeof(row));
	memcpy(row, tail.data, tail.size);
	row[0] ^= 1; /* it begins where no log does */
	return kv_put(t, TABLE_LOGS, key_span(&k), st_span(row, tail.size));
}

static int pack_own(struct st_txn *t, void *arg)
{
	struct st_packed *packed = arg;
	static struct st_packer *packer;
	struct st_self self;
	struct st_log log;
	st_packer_free(packer);
	packer = NULL;
	if (t == NULL)
		return 0;
	assert_int_equal(st_self_load(t, &self), 0);
	assert_int_equal(st_log_get(t, self.log, &log), 0);
	assert_int_equal(st_packer_new(&packer), 0);
	return st_push_pack(packer, t, &log, 0, packed);
}

static int number_of_specialty(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611003-01");
	return st_station_number(t, &code, arg);
}

static void test_a_damaged_log_stops_no_other(void **state)
{
	struct station specialty;
	struct st_packed packed;
	struct st_inbound *in = NULL;
	struct st_assembly a;
	char number[ST_NUMBER_TEXT];
	uint32_t own = 0;
	(void)state;
	station_new(&specialty, 4);
	station_join(&child, &specialty, "410611003-01", ST_SPECIALTY, &root.public);
	link_up(); /* the parent knows the specialty */
	own = info().logs[0].number;
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(st_store_write(child.store, spoil_own, &own), 0);
	assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	assert_int_equal(info().logs[0].refused, ST_ECORRUPT);
	assert_int_equal(st_store_read(specialty.store, pack_own, &packed), 0);
	st_assembly_init(&a);
	struct st_chunk c = st_packed_chunk(&packed, 1, 0);
	assert_int_equal(st_assembly_add(&a, &c, &in), 0);
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_PUSH;
	job->u.push.push = in->push;
	assert_int_equal(st_store_read(child.store, number_of_specialty, &job->u.push.child), 0);
	assert_int_equal(station_run(&child, job), 0);
	assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	assert_int_equal(run(1000), 0);
	assert_int_equal(info().log_count, 2);
	assert_int_equal(info().logs[1].acked, 1);
	free(job);
	st_inbound_free(in);
	st_assembly_done(&a);
	assert_int_equal(pack_own(NULL, NULL), 0);
	station_gone(&specialty);
}

#define SESSION(f) cmocka_unit_test_setup_teardown(f, sessions_setup, sessions_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION(test_catch_up), SESSION(test_bursts), SESSION(test_gathers),
		SESSION(test_lost_child), SESSION(test_cut_anywhere), SESSION(test_silence),
		SESSION(test_own_size),
		SESSION(test_nonsense_from_parent), SESSION(test_older_copy), SESSION(test_clock_set_right),
		SESSION(test_clock_set_right_untold),
		SESSION(test_a_damaged_log_stops_no_other),
	};
	return cmocka_run_group_tests(tests, line_setup, NULL);
}
