/* text.c - tests of codes, ULIDs, times, base64, hex and the text check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <utf8proc.h>
#include <station/base/clock.h>
#include <station/base/code.h>
#include <station/base/text.h>
#include <station/base/utf8.h>

static void test_codes(void **state)
{
	static const char *const good[] = { "410600", "410611003", "410600-01", "410611003-99" };
	static const char *const bad[] = { "",	      "4106",	   "41060a",	"4106001",    "410600-1",
					   "410600-", "410600-0a", "-01",	"4106110030", "410611003-001" };
	struct st_code c;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(st_code_parse(st_span_text(good[i]), &c), 0);
		assert_string_equal(c.text, good[i]);
		assert_int_equal(st_code_span(&c).size, strlen(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(st_code_parse(st_span_text(bad[i]), &c), ST_EFIELD);
}

static void test_codes_within(void **state)
{
	static const struct {
		const char *code, *in;
		bool within;
	} cases[] = {
		{ "410611", "410600", true },	 { "410611003", "410611", true },    { "410611003-01", "410611003", true },
		{ "410600-01", "410600", true }, { "410611003", "410600", true },    { "410600", "410000", true },
		{ "411002", "410600", false },	 { "410621001", "410611", false },   { "410611003", "410622", false },
		{ "410701", "410700", true },	 { "410611101", "410611100", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct st_code c, in;
		assert_int_equal(st_code_parse(st_span_text(cases[i].code), &c), 0);
		assert_int_equal(st_code_parse(st_span_text(cases[i].in), &in), 0);
		assert_int_equal(st_code_within(&c, &in), cases[i].within);
	}
}

static void test_ulids(void **state)
{
	/* The example of the ULID specification: 01ARZ3NDEKTSV4RRFFQ69G5FAV. */
	struct st_ulid u, v;
	char text[ST_ULID_TEXT + 1];
	(void)state;
	assert_int_equal(st_ulid_parse(st_span_text("01ARZ3NDEKTSV4RRFFQ69G5FAV"), &u), 0);
	st_ulid_text(&u, text);
	assert_string_equal(text, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	assert_int_equal(st_ulid_parse(st_span_text("01arz3ndektsv4rrffq69g5fav"), &v), 0);
	assert_memory_equal(&u, &v, sizeof(u));
	assert_int_equal(st_ulid_parse(st_span_text("81ARZ3NDEKTSV4RRFFQ69G5FAV"), &u), ST_EFIELD);
	assert_int_equal(st_ulid_parse(st_span_text("01ARZ3NDEKTSV4RRFFQ69G5FAU"), &u), ST_EFIELD);
	uint8_t random[10] = { 0 };
	u = st_ulid_make(1000, random);
	v = st_ulid_make(1001, random);
	assert_true(memcmp(&u, &v, sizeof(u)) < 0);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2011-07-01T01:32:33-04:00", 1309498353000 },
		{ "2026-11-24T22:00:00.250+08:00", 1795528800250 },
		{ "2024-02-29T23:59:60Z", 1709251200000 },
	};
	static const char *const bad[] = { "", "2011-07-01", "2011-07-01T01:32:33", "2011-02-29T00:00:00Z",
					   "2011-13-01T00:00:00Z", "2011-07-01T24:00:00Z", "2011-07-01T00:00:00+8",
					   "2011-07-01T00:00:00.Z", "x011-07-01T00:00:00Z" };
	int64_t ms = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(st_time_parse(st_span_text(good[i].text), &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(st_time_parse(st_span_text(bad[i]), &ms), ST_EFIELD);
}

static void test_days(void **state)
{
	char text[ST_DAY_TEXT], when[ST_TIME_TEXT];
	uint32_t first = 0, last = 0;
	(void)state;
	assert_int_equal(st_day_of_date(1970, 1, 1), 1);
	assert_int_equal(st_day_of_ms(0), 1);
	assert_int_equal(st_day_of_ms(16 * 3600 * 1000LL - 1), 1); /* midnight of UTC+8 */
	assert_int_equal(st_day_of_ms(16 * 3600 * 1000LL), 2);
	assert_int_equal(st_day_of_ms(-1), 0);
	for (uint32_t day = 2; day < 40000; day += 7) { /* day 1 begins before 1970 in UTC */
		st_day_text(day, text);
		assert_int_equal(st_period_parse(st_span_text(text), &first, &last), 0);
		assert_int_equal(first, day);
		assert_int_equal(last, day);
		assert_int_equal(st_day_of_ms(st_day_start_ms(day)), day);
		uint32_t month = st_month_of_day(day);
		assert_in_range(day, st_month_first_day(month), st_month_first_day(month + 1) - 1);
	}
	assert_int_equal(st_period_parse(st_span_text("2012-02"), &first, &last), 0);
	assert_int_equal(last - first + 1, 29);
	assert_int_equal(st_period_parse(st_span_text("2012-2"), &first, &last), ST_EFIELD);
	st_time_text(1309498353000, when);
	assert_string_equal(when, "2011-07-01T13:32:33+08:00");
	st_time_text(INT64_MAX, when); /* an event may say so */
	assert_string_equal(when, "");
	st_time_text(INT64_MIN, when);
	assert_string_equal(when, "");
	st_time_text(253402271999000, when);
	assert_string_equal(when, "9999-12-31T23:59:59+08:00");
	st_time_text(253402272000000, when);
	assert_string_equal(when, "");
}

static void test_base64(void **state)
{
	/* RFC 4648 section 10. */
	static const char *const pairs[][2] = { { "", "" },	       { "f", "Zg==" },	       { "fo", "Zm8=" },
						{ "foo", "Zm9v" },     { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
						{ "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zm9v\n", "Zm-v" };
	struct st_buf b;
	uint8_t out[64];
	size_t size = 0;
	(void)state;
	st_buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		st_buf_clear(&b);
		st_base64_put(&b, st_span_text(pairs[i][0]));
		assert_true(st_span_equal(st_buf_span(&b), st_span_text(pairs[i][1])));
		assert_int_equal(st_base64_get(st_span_text(pairs[i][1]), out, sizeof(out), &size), 0);
		assert_true(st_span_equal(st_span(out, size), st_span_text(pairs[i][0])));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(st_base64_get(st_span_text(bad[i]), out, sizeof(out), &size), ST_EFIELD);
	assert_int_equal(st_base64_get(st_span_text("Zm9vYmFy"), out, 5, &size), ST_ETOOBIG);
	assert_int_equal(st_hex_get(st_span_text("00fFa"), out, sizeof(out), &size), ST_EFIELD);
	assert_int_equal(st_hex_get(st_span_text("00fF"), out, sizeof(out), &size), 0);
	assert_int_equal(out[1], 0xff);
	st_buf_done(&b);
}

static void test_text(void **state)
{
	struct st_buf b;
	(void)state;
	assert_int_equal(st_text_check(st_span_text("群众事项 A"), 100, false), 0);
	assert_true(st_text_blank(st_span_text("")) && st_text_blank(st_span_text(" \n\t\xe3\x80\x80\xc2\xa0")));
	assert_false(st_text_blank(st_span_text(" \xe3\x80\x82")) || st_text_blank(st_span_text("\xff")));
	assert_int_equal(st_text_check(st_span_text("a\nb"), 100, false), ST_EFIELD);
	assert_int_equal(st_text_check(st_span_text("a\nb\tc"), 100, true), 0);
	assert_int_equal(st_text_check(st_span_text("a\x07"), 100, true), ST_EFIELD);
	assert_int_equal(st_text_check(st_span_text("\xff"), 100, true), ST_EFIELD);
	assert_int_equal(st_text_check(st_span_text("\xc0\x80"), 100, true), ST_EFIELD);
	assert_int_equal(st_text_check(st_span_text("\xed\xa0\x80"), 100, true), ST_EFIELD);
	assert_int_equal(st_text_check(st_span_text("abc"), 2, true), ST_ETOOBIG);
	st_buf_init(&b, 100);
	assert_int_equal(st_text_nfc(st_span_text("e\xcc\x81"), &b), 0);
	assert_true(st_span_equal(st_buf_span(&b), st_span_text("\xc3\xa9")));
	assert_int_equal(st_text_nfc(st_span_text("\xff"), &b), ST_EFIELD);
	st_buf_done(&b);
}

/* The short way for Chinese text gives what the library of Unicode gives, of each character by itself, between
 * others, and of bytes that are none. */
static void test_normal_form(void **state)
{
	(void)state;
	struct st_buf b;
	st_buf_init(&b, 64);
	for (uint32_t c = 0x20; c < 0x20000; c++) {
		uint8_t text[16] = { 'a' };
		utf8proc_uint8_t *expected = NULL;
		utf8proc_ssize_t n = utf8proc_codepoint_valid((utf8proc_int32_t)c)
					     ? utf8proc_encode_char((utf8proc_int32_t)c, text + 1)
					     : 0;
		if (n == 0)
			continue;
		struct st_span s = st_span(text, (size_t)n + 4);
		memcpy(text + 1 + n, "\xe7\xbe\xa4", 3); /* a Chinese character behind it */
		st_buf_clear(&b);
		n = utf8proc_map(s.data, (utf8proc_ssize_t)s.size, &expected,
				 UTF8PROC_STABLE | UTF8PROC_COMPOSE);
		assert_true(n > 0);
		assert_int_equal(st_text_nfc(s, &b), 0);
		assert_true(st_span_equal(st_buf_span(&b), st_span(expected, (size_t)n)));
		free(expected);
	}
	static const char *const broken[] = { "\xe7", "\xe7\xbe", "\xe7\xbeg", "\xe7g\xbe", "\xef\xbc", "\xe3\x80",
					      "\x80\xe7\xbe\xa4", "\xe4\xc0\x80" };
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(st_text_nfc(st_span_text(broken[i]), &b), ST_EFIELD);
	st_buf_done(&b);
}

static struct st_utf8_sum sum_of(const char *text, size_t size, size_t step)
{
	struct st_utf8_sum s = { .size = 0 };
	for (size_t i = 0; i < size; i += step)
		st_utf8_add(&s, st_span(text + i, size - i < step ? size - i : step));
	return s;
}

static void test_another_encoding_is_told_by_the_whole(void **state)
{
	static const char gbk[] = "a,b\n\xc0\xac\xbb\xf8\xc7\xe5\xd4\xcb\n"; /* 垃圾清运 */
	static const char utf16[] = "\xff\xfe" "a\0,\0";
	(void)state;
	for (size_t step = 1; step < 6; step++) { /* however it is cut */
		struct st_utf8_sum s = sum_of(gbk, sizeof(gbk) - 1, step);
		assert_false(st_utf8_is(&s));
		assert_false(st_utf8_is_wide(&s));
		assert_int_equal(s.bad_line, 2);
		s = sum_of("垃圾\xff\n\xe5\x9e", 10, step); /* a damaged byte, and a cut at the end */
		assert_true(st_utf8_is(&s));
		assert_int_equal(s.good, 2);
		assert_int_equal(s.bad, 1);
		assert_int_equal(s.bad_line, 1);
		s = sum_of(utf16, sizeof(utf16) - 1, step);
		assert_false(st_utf8_is(&s));
		assert_true(st_utf8_is_wide(&s));
	}
	struct st_utf8_sum s = sum_of("\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80\xe0\x80\x80", 12, 12); /* none of them is one */
	assert_int_equal(s.good, 0);
	for (uint32_t c = 0x80; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
		uint8_t text[4];
		if (!utf8proc_codepoint_valid((utf8proc_int32_t)c))
			continue;
		s = sum_of((const char *)text, (size_t)utf8proc_encode_char((utf8proc_int32_t)c, text), 1);
		assert_true(s.good == 1 && s.bad == 0 && s.left == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_encoding_is_told_by_the_whole), cmocka_unit_test(test_normal_form), cmocka_unit_test(test_codes),
		cmocka_unit_test(test_codes_within), cmocka_unit_test(test_ulids),  cmocka_unit_test(test_times),
		cmocka_unit_test(test_days),  cmocka_unit_test(test_base64), cmocka_unit_test(test_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
