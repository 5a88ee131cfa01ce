/* rate.c - tests of the token bucket: it gives a minute's worth at once, then so many a minute,
 * whatever the times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <station/base/rate.h>

static void test_burst_then_rate(void **state)
{
	struct st_rate r = { 0, 0 };
	(void)state;
	for (int i = 0; i < 60; i++)
		assert_true(st_rate_take(&r, 1000, 60, 1));
	assert_false(st_rate_take(&r, 1000, 60, 1));
	assert_int_equal(st_rate_wait(&r, 1000, 60, 1), 1001);
	assert_false(st_rate_take(&r, 1999, 60, 1));
	assert_true(st_rate_take(&r, 2001, 60, 1));
	assert_false(st_rate_take(&r, 2001, 60, 1));
	assert_true(st_rate_take(&r, 2001 + 60000, 60, 60));
}

static void test_charge_stops_at_nothing(void **state)
{
	struct st_rate r = { 0, 0 };
	(void)state;
	st_rate_charge(&r, 5, 10, 1000);
	assert_false(st_rate_take(&r, 5, 10, 1));
	assert_true(st_rate_take(&r, 5 + 6000, 10, 1)); /* nobody owes more than a minute */
}

static void test_clock_backward(void **state)
{
	struct st_rate r = { 0, 0 };
	(void)state;
	assert_true(st_rate_take(&r, 100000, 1, 1));
	assert_false(st_rate_take(&r, 0, 1, 1));
	assert_false(st_rate_take(&r, 100001, 1, 1));
	assert_true(st_rate_take(&r, 160000, 1, 1));
	assert_true(st_rate_take(&r, UINT64_MAX, 60000, 60000));
}

/* Asked at any times, however small the steps: never more than a minute's worth and the rate; and,
 * asked all the time, no less than the rate. */
static void test_any_times(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint64_t x = seed * 0x9e3779b97f4a7c15ull, now = seed, given = 0;
		uint32_t per_minute = (uint32_t)(1 + seed * 7 % 997);
		struct st_rate r = { 0, 0 };
		for (int i = 0; i < 3000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			now += x % 40;
			given += st_rate_take(&r, now, per_minute, 1);
		}
		uint64_t passed = now - seed;
		uint64_t most = per_minute + passed * per_minute / ST_RATE_MINUTE_MS + 1;
		uint64_t asked = 3000 < most ? 3000 : most;
		assert_true(given <= most);
		assert_true(given + 2 + passed / 500 >= (asked < per_minute ? asked : per_minute));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_rate),
		cmocka_unit_test(test_charge_stops_at_nothing),
		cmocka_unit_test(test_clock_backward),
		cmocka_unit_test(test_any_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
