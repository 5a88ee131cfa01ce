/* pile.c - tests of papers as people write them down: what is right is read as it stands, and
 * nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <station/work/vote.h>

enum { MAX = 3 };
static char token[ST_TOKEN_TEXT];
static struct st_paper papers[MAX];
static size_t count, line;

static int setup(void **state)
{
	const struct st_token t = { .bytes = { 7, 1 } };
	(void)state;
	st_token_text(&t, token);
	return 0;
}

static int read_bytes(struct st_span text)
{
	count = line = 0;
	memset(papers, 0, sizeof(papers));
	return st_pile_read(text, papers, MAX, &count, &line);
}

/* T in it stands for a token. */
static int read_pile(const char *form)
{
	char text[1024];
	size_t n = 0;
	for (; *form != 0; form++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, *form == 'T' ? "%s" : "%.1s",
				      *form == 'T' ? token : form);
	return read_bytes(st_span(text, n));
}

static void test_a_pile(void **state)
{
	(void)state;
	assert_int_equal(read_pile("\xef\xbb\xbf# box 1\r\n\r\nT 1, 32\r\n  -  \n\tT"), 0);
	assert_int_equal(count, 3);
	assert_false(papers[0].spoiled);
	assert_int_equal(papers[0].choice_count, 2);
	assert_int_equal(papers[0].choices[0], 1);
	assert_int_equal(papers[0].choices[1], 32);
	assert_true(papers[1].spoiled);
	assert_int_equal(papers[2].choice_count, 0);
	assert_int_equal(papers[2].token.bytes[0], 7);
	assert_int_equal(read_pile(""), 0);
	assert_int_equal(count, 0);
}

static void test_a_wrong_line_is_named(void **state)
{
	static const char *const wrong[] = { "T 0",  "T 33", "T x", "T 1x", "T -1",
					     "T +1", "- 1",  "x",   "1",    "T T" };
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(text, sizeof(text), "T 1\n# T\n%s\n-\n", wrong[i]);
		if (read_pile(text) != ST_EFIELD || line != 3)
			fail_msg("%s: line %zu", wrong[i], line);
		assert_int_equal(count, 0);
	}
}

/* A line's end is its end: what stands behind a NUL isn't left out unseen. */
static void test_nothing_is_passed_over(void **state)
{
	char text[64];
	(void)state;
	int n = snprintf(text, sizeof(text), "%s 1%c 2", token, 0);
	assert_int_equal(read_bytes(st_span(text, (size_t)n)), ST_EFIELD);
	n = snprintf(text, sizeof(text), "%c%s 1", 0, token);
	assert_int_equal(read_bytes(st_span(text, (size_t)n)), ST_EFIELD);
}

static void test_bounds(void **state)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", token);
	(void)state;
	for (size_t i = 0; i < ST_BALLOT_CHOICES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " 1");
	assert_int_equal(read_bytes(st_span(text, n)), 0);
	assert_int_equal(papers[0].choice_count, ST_BALLOT_CHOICES_MAX);
	n += (size_t)snprintf(text + n, sizeof(text) - n, " 1");
	assert_int_equal(read_bytes(st_span(text, n)), ST_EFIELD);
	assert_int_equal(read_pile("-\n-\n-\n# that is all\n"), 0);
	assert_int_equal(read_pile("-\n-\n-\n-\n"), ST_ETOOBIG);
	assert_int_equal(line, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pile),
		cmocka_unit_test(test_a_wrong_line_is_named),
		cmocka_unit_test(test_nothing_is_passed_over),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
