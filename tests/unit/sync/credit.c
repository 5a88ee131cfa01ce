/* credit.c - tests of credit: what is refused, wanted or granted holds up nothing for ever, and nobody sends
 * beyond it. */
#include "line.h"

static void child_opens(int count)
{
	char number[ST_NUMBER_TEXT];
	for (int i = 0; i < count; i++) {
		assert_int_equal(station_opens(&child, number), 0);
		assert_int_equal(st_store_read(child.store, step_grown, &child.applied), 0);
	}
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
		SESSION(test_beyond_credit), SESSION(test_refused_waits_for_credit),
		SESSION(test_refused_without_credit), SESSION(test_full_parent),
		SESSION(test_grant_with_refusal), SESSION(test_want_outlives_pushes),
	};
	return cmocka_run_group_tests(tests, line_setup, NULL);
}
