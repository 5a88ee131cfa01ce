/* bytes.c - tests of buffers, readers and the arena: limits are met, and errors stick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/arena.h>
#include <station/base/bytes.h>

static void test_limit_sticks(void **state)
{
	struct st_buf b;
	(void)state;
	st_buf_init(&b, 100);
	st_buf_put(&b, "0123456789", 10);
	uint8_t many[95] = { 0 };
	st_buf_put(&b, many, sizeof(many));
	assert_int_equal(b.error, ST_ETOOBIG);
	assert_int_equal(b.size, 10);
	st_buf_u8(&b, 1);
	assert_int_equal(b.size, 10);
	st_buf_clear(&b);
	assert_int_equal(b.error, 0);
	st_buf_put(&b, many, 95);
	st_buf_put(&b, many, 5);
	assert_int_equal(b.error, 0);
	st_buf_done(&b);
}

static void test_reserved_stays(void **state)
{
	struct st_buf b;
	(void)state;
	st_buf_init(&b, 100000);
	st_buf_reserve(&b, 50000);
	const uint8_t *before = b.data;
	for (int i = 0; i < 50000; i++)
		st_buf_u8(&b, 7);
	assert_ptr_equal(b.data, before);
	st_buf_done(&b);
}

static void test_numbers(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX };
	struct st_buf b;
	(void)state;
	st_buf_init(&b, 1000);
	for (size_t i = 0; i < 8; i++) {
		st_buf_varint(&b, values[i]);
		st_buf_u16(&b, (uint16_t)values[i]);
		st_buf_u32(&b, (uint32_t)values[i]);
		st_buf_u64(&b, values[i]);
	}
	struct st_reader r = st_reader(st_buf_span(&b));
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(st_read_varint(&r), values[i]);
		assert_int_equal(st_read_u16(&r), (uint16_t)values[i]);
		assert_int_equal(st_read_u32(&r), (uint32_t)values[i]);
		assert_int_equal(st_read_u64(&r), values[i]);
	}
	assert_true(st_reader_done(&r));
	assert_int_equal(st_read_u8(&r), 0);
	assert_true(r.failed);
	st_buf_done(&b);
}

static void test_varint_too_long(void **state)
{
	static const uint8_t eleven[11] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 };
	static const uint8_t beyond[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 };
	(void)state;
	struct st_reader r = st_reader(ST_SPAN(eleven));
	(void)st_read_varint(&r);
	assert_true(r.failed);
	r = st_reader(ST_SPAN(beyond));
	(void)st_read_varint(&r);
	assert_true(r.failed);
}

static void test_order(void **state)
{
	uint8_t a[8], b[8];
	(void)state;
	for (uint64_t v = 1; v < UINT64_MAX / 3; v *= 3) {
		st_put_u64(a, v - 1);
		st_put_u64(b, v);
		assert_true(memcmp(a, b, 8) < 0);
	}
}

static void test_arena(void **state)
{
	struct st_arena a;
	(void)state;
	assert_int_equal(st_arena_init(&a, 1024), 0);
	uint8_t *p = st_arena_alloc(&a, 1000);
	assert_non_null(p);
	assert_int_equal(p[999], 0);
	assert_false(st_arena_spent(&a));
	assert_null(st_arena_alloc(&a, 100));
	assert_true(st_arena_spent(&a));
	st_arena_reset(&a);
	assert_ptr_equal(st_arena_alloc(&a, 1024), p);
	assert_null(st_arena_alloc(&a, 1));
	assert_null(st_arena_alloc(&a, SIZE_MAX));
	st_arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_sticks), cmocka_unit_test(test_reserved_stays),
		cmocka_unit_test(test_numbers),      cmocka_unit_test(test_varint_too_long),
		cmocka_unit_test(test_order),        cmocka_unit_test(test_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
