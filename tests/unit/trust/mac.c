/* mac.c - HMAC-SHA-256 against the cases of RFC 4231. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/text.h>
#include <station/trust/key.h>
#include <station/trust/mac.h>

static void assert_mac(struct st_span key, const struct st_span *pieces, size_t count,
		       const char *hex)
{
	uint8_t want[ST_HASH_SIZE];
	size_t size = 0;
	assert_int_equal(st_hex_get(st_span_text(hex), want, sizeof(want), &size), 0);
	struct st_hash got = st_mac(key, pieces, count);
	assert_int_equal(size, ST_HASH_SIZE);
	assert_memory_equal(got.bytes, want, ST_HASH_SIZE);
}

static void test_rfc_4231(void **state)
{
	uint8_t key[131];
	const struct st_span hi = st_span_text("Hi There");
	const struct st_span what[] = { st_span_text("what do ya "),
					st_span_text("want for nothing?") };
	const struct st_span large =
		st_span_text("Test Using Larger Than Block-Size Key - Hash Key First");
	(void)state;
	memset(key, 0x0b, sizeof(key));
	assert_mac(st_span(key, 20), &hi, 1,
		   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_mac(st_span_text("Jefe"), what, 2,
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_mac(st_span(key, 131), &large, 1,
		   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(st_secret_equal("abcdef", "abcdeg", 5));
	assert_false(st_secret_equal("abcdef", "abcdeg", 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_4231),
		cmocka_unit_test(test_equal),
	};
	return st_trust_start() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
