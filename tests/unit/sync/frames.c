/* frames.c - tests of what neighbours say, byte by byte, of pushes that are not what they should be, and of
 * the waits between two attempts. */
#include <station/sync/retry.h>
#include <station/sync/uplink.h>
#include "../apply/pair.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames), cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_bad_pushes), cmocka_unit_test(test_retry),
		cmocka_unit_test(test_retry_of_a_link_that_flaps),
	};
	return cmocka_run_group_tests(tests, frames_setup, frames_teardown);
}
