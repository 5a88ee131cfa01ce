/* heard.c - the body that says what has come and been seen, and positions as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <station/event/event.h>

static struct st_arena arena;

static struct st_position position(const char *code, uint32_t epoch, uint64_t seq)
{
	struct st_position p = { .epoch = epoch, .seq = seq };
	assert_int_equal(st_code_parse(st_span_text(code), &p.station), 0);
	return p;
}

static void test_what_is_written_is_read(void **state)
{
	struct st_position in[] = { position("410600", 1, 1), position("410600", 1, 300),
				    position("410600", 2, 7), position("410611003-01", 1, UINT64_MAX),
				    position("410600", 1, 301) };
	struct st_heard h = { .stage = ST_STAGE_SEEN, .count = 5, .positions = in }, out;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	st_arena_reset(&arena);
	assert_int_equal(st_heard_encode(&h, &b), 0);
	assert_int_equal(st_heard_decode(st_buf_span(&b), &arena, &out), 0);
	assert_int_equal(out.stage, ST_STAGE_SEEN);
	assert_int_equal(out.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(out.positions[i].station.text, in[i].station.text);
		assert_int_equal(out.positions[i].epoch, in[i].epoch);
		assert_true(out.positions[i].seq == in[i].seq);
	}
	for (size_t n = 0; n < b.size; n++) { /* any cut: an error, or fewer of them */
		st_arena_reset(&arena);
		if (st_heard_decode(st_span(b.data, n), &arena, &out) == 0)
			assert_true(out.count < 5);
	}
	st_buf_done(&b);
}

static void test_the_longest_list_fits(void **state)
{
	static struct st_position in[ST_HEARD_MAX];
	struct st_heard h = { .stage = ST_STAGE_DELIVERED, .count = ST_HEARD_MAX, .positions = in }, out;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	for (int one = 0; one < 2; one++) { /* of as many logs, or of one */
		for (size_t i = 0; i < ST_HEARD_MAX; i++)
			in[i] = position(one || i % 2 ? "410600" : "410611", 1, UINT64_MAX - i);
		st_buf_clear(&b);
		st_arena_reset(&arena);
		assert_int_equal(st_heard_encode(&h, &b), 0);
		assert_true(b.size < ST_EVENT_MAX / 2);
		assert_int_equal(st_heard_decode(st_buf_span(&b), &arena, &out), 0);
		assert_int_equal(out.count, ST_HEARD_MAX);
	}
	st_buf_u8(&b, 2 << 3 | 2); /* one more log with one more seq */
	st_buf_u8(&b, 11);
	st_buf_put_text(&b, "\x0a\x06" "410600" "\x1a\x01\x05");
	st_arena_reset(&arena);
	assert_int_equal(st_heard_decode(st_buf_span(&b), &arena, &out), ST_EWIRE);
	st_buf_done(&b);
}

static void test_rubbish_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{ "", 0 },
		{ "\x08\x01", 2 },                                           /* of nothing */
		{ "\x12\x0b\x0a\x06" "410600" "\x1a\x01\x05", 13 },          /* no stage */
		{ "\x08\x01\x12\x0b\x0a\x06" "410600" "\x1a\x01\x00", 15 },  /* seq 0 */
		{ "\x08\x01\x12\x0b\x0a\x06" "41060x" "\x1a\x01\x05", 15 },  /* no code */
		{ "\x08\x01\x12\x0b\x0a\x06" "410600" "\x1a\x01\x85", 15 },  /* a cut number */
		{ "\x08\x01\x12\x03\x1a\x01\x05", 7 },                       /* of nobody */
		{ "\x08\x01\x10\x05", 4 },                                   /* a log that is a number */
	};
	struct st_heard out;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		st_arena_reset(&arena);
		assert_int_equal(st_heard_decode(st_span(bad[i].bytes, bad[i].size), &arena, &out), ST_EWIRE);
	}
}

static void test_positions_are_read_as_written(void **state)
{
	static const char *const bad[] = { "", "410600", "410600/1", "410600/1/", "410600//1", "410600/0/1",
		"410600/1/0", "410600/1/2/3", "410600/1/x", "x/1/1", "410600/4294967296/1",
		"410600/1/99999999999999999999", "410600/1/-1", "410600/01A/1" };
	struct st_position at;
	(void)state;
	assert_int_equal(st_position_parse(st_span_text("410611003-01/2/1234567890123"), &at), 0);
	assert_string_equal(at.station.text, "410611003-01");
	assert_int_equal(at.epoch, 2);
	assert_true(at.seq == 1234567890123ull);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(st_position_parse(st_span_text(bad[i]), &at), ST_EFIELD);
}

static void test_only_what_asks_something_directs(void **state)
{
	struct st_event e = { .type = ST_MOVE, .has_record = true };
	struct st_addressee to = { .station = position("410611", 1, 1).station };
	struct st_code holder = to.station, other = position("410621", 1, 1).station, none;
	(void)state;
	memset(&none, 0, sizeof(none));
	assert_true(st_event_directs(&e, &holder, &to));
	assert_false(st_event_directs(&e, &other, &to)); /* it is told, no more */
	assert_false(st_event_directs(&e, &none, &to));
	e.type = ST_NOTE;
	assert_true(st_event_directs(&e, &none, &to));
	to.subtree = true;
	assert_false(st_event_directs(&e, &none, &to));
	to.subtree = false;
	e.type = ST_HEARD;
	assert_false(st_event_directs(&e, &holder, &to)); /* else it would be heard, and that again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_the_longest_list_fits),
		cmocka_unit_test(test_rubbish_is_refused),
		cmocka_unit_test(test_positions_are_read_as_written),
		cmocka_unit_test(test_only_what_asks_something_directs),
	};
	assert_int_equal(st_arena_init(&arena, ST_EVENT_ARENA), 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	st_arena_done(&arena);
	return failed;
}
