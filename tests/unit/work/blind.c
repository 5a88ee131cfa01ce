/* blind.c - tests of blind indexes: one number in many forms is one, another station's key is
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/work/blind.h>

static struct st_box_key key_of(uint8_t n)
{
	uint8_t seed[ST_SEED_SIZE] = { n };
	struct st_box_key key;
	assert_int_equal(st_trust_start(), 0);
	st_box_key_from_seed(seed, &key);
	return key;
}

static bool meet(const struct st_box_key *k, uint8_t what, const char *a, const char *b)
{
	uint8_t x[ST_BLIND_ENTRY], y[ST_BLIND_ENTRY];
	assert_true(st_blind_of(k, what, st_span_text(a), x));
	assert_true(st_blind_of(k, what, st_span_text(b), y));
	return st_blinds_meet(ST_SPAN(x), ST_SPAN(y));
}

static void test_one_number_in_many_forms(void **state)
{
	struct st_box_key k = key_of(1);
	(void)state;
	assert_true(meet(&k, ST_BLIND_PHONE, "13800000000", "+86 138-0000-0000"));
	assert_true(meet(&k, ST_BLIND_PHONE, "13800000000", "008613800000000"));
	assert_true(meet(&k, ST_BLIND_PHONE, "13800000000", "１３８００００００００"));
	assert_true(meet(&k, ST_BLIND_PHONE, "0392-3312345", "(0392) 3312345"));
	assert_false(meet(&k, ST_BLIND_PHONE, "13800000000", "13800000001"));
	assert_true(meet(&k, ST_BLIND_IDENTITY, "11010519491231002X", "11010519491231002x"));
	assert_false(meet(&k, ST_BLIND_IDENTITY, "11010519491231002X", "110105194912310021"));
}

static void test_too_short_to_be_found(void **state)
{
	struct st_box_key k = key_of(1);
	uint8_t entry[ST_BLIND_ENTRY];
	(void)state;
	assert_false(st_blind_of(&k, ST_BLIND_PHONE, st_span_text("110"), entry));
	assert_false(st_blind_of(&k, ST_BLIND_PHONE, st_span_text("没有电话"), entry));
	assert_false(st_blind_of(&k, ST_BLIND_PHONE, ST_SPAN_NONE, entry));
}

static void test_another_station_has_another(void **state)
{
	struct st_box_key a = key_of(1), b = key_of(2);
	uint8_t x[ST_BLIND_ENTRY], y[ST_BLIND_ENTRY];
	struct st_span number = st_span_text("13800000000");
	(void)state;
	assert_true(st_blind_of(&a, ST_BLIND_PHONE, number, x));
	assert_true(st_blind_of(&b, ST_BLIND_PHONE, number, y));
	assert_false(st_blinds_meet(ST_SPAN(x), ST_SPAN(y)));
	assert_true(st_blind_of(&a, ST_BLIND_IDENTITY, number,
				y)); /* nor is a telephone an identity number */
	assert_false(st_blinds_meet(st_span(x + 1, ST_BLIND_SIZE), st_span(y + 1, ST_BLIND_SIZE)));
}

static void test_fields_that_are_to_be_found(void **state)
{
	const struct st_kind *k = st_kind_named("matter");
	struct st_box_key key = key_of(1);
	struct st_field fields[3];
	struct st_buf to;
	uint8_t cut[ST_BLIND_ENTRY + 3];
	(void)state;
	memset(fields, 0, sizeof(fields));
	fields[0].id = st_kind_field_named(k, st_span_text("reporter_name"))->id;
	fields[0].text = st_span_text("13800000000");
	fields[1].id = st_kind_field_named(k, st_span_text("reporter_phone"))->id;
	fields[1].text = st_span_text("13800000000");
	fields[2].id = st_kind_field_named(k, st_span_text("reporter_id"))->id;
	fields[2].text = st_span_text("11010519491231002X");
	st_buf_init(&to, 1024);
	assert_int_equal(st_blinds_put(&key, k, fields, 1, &to), 0);
	assert_int_equal(to.size, 0); /* a name is no number */
	assert_int_equal(st_blinds_put(&key, k, fields, 3, &to), 0);
	assert_int_equal(to.size, 2 * ST_BLIND_ENTRY);
	assert_int_equal(to.data[0], ST_BLIND_PHONE);
	assert_int_equal(to.data[ST_BLIND_ENTRY], ST_BLIND_IDENTITY);
	memcpy(cut, to.data, sizeof(cut));
	assert_true(st_blinds_meet(st_buf_span(&to), ST_SPAN(cut))); /* half an entry is left out */
	assert_false(st_blinds_meet(st_buf_span(&to), ST_SPAN_NONE));
	st_buf_done(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_number_in_many_forms),
		cmocka_unit_test(test_too_short_to_be_found),
		cmocka_unit_test(test_another_station_has_another),
		cmocka_unit_test(test_fields_that_are_to_be_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
