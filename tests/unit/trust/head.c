/* head.c - a head is its writer's word, and no other word of his. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <station/trust/head.h>

static struct st_signing_key key;

static struct st_head head(void)
{
	struct st_head h;
	memset(&h, 0, sizeof(h));
	assert_int_equal(st_code_parse(st_span_text("410611003-01"), &h.log.station), 0);
	assert_int_equal(st_code_parse(st_span_text("410621001-02"), &h.to), 0);
	h.log.epoch = UINT32_MAX;
	h.seq = h.count = h.time_s = UINT64_MAX;
	return h;
}

static void test_each_field_is_signed(void **state)
{
	(void)state;
	struct st_head h = head(), other;
	st_head_sign(&h, &key);
	assert_int_equal(st_head_verify(&h, &key.public), 0);
#define CHANGED(change)                                                                            \
	do {                                                                                       \
		other = h;                                                                         \
		change;                                                                            \
		assert_int_equal(st_head_verify(&other, &key.public), ST_ESIGNATURE);              \
	} while (0)
	CHANGED(other.log.epoch--);
	CHANGED(other.log.station.text[0] = '5');
	CHANGED(other.to.text[0] = '5');
	CHANGED(other.subtree = true);
	CHANGED(other.seq--);
	CHANGED(other.count--);
	CHANGED(other.time_s--);
	CHANGED(other.signature.bytes[0] ^= 1);
}

/* Each signed kind begins with its own line: the text of a head under another context is nothing. */
static void test_its_own_line(void **state)
{
	static const char text[] = "410611003-01/4294967295\n410621001-02\n18446744073709551615 "
				   "18446744073709551615\ntime 18446744073709551615\n";
	struct st_signature bare, lined;
	struct st_head h = head();
	(void)state;
	st_sign(&key, "", st_span_text(text), &bare);
	st_sign(&key, "stationd/head/v1\n", st_span_text(text), &lined);
	h.signature = bare;
	assert_int_equal(st_head_verify(&h, &key.public), ST_ESIGNATURE);
	h.signature = lined;
	assert_int_equal(st_head_verify(&h, &key.public), 0);
}

int main(void)
{
	static const uint8_t seed[ST_SEED_SIZE] = { 7 };
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_field_is_signed),
					    cmocka_unit_test(test_its_own_line) };
	if (st_trust_start() < 0)
		return 1;
	st_signing_key_from_seed(seed, &key);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
