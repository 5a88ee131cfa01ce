/* points.c - tests of the points table: first, further, at most, and what a source may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <station/work/points.h>

static struct st_points_table table;

static const struct st_points_row *row(const char *item)
{
	for (size_t i = 0; i < table.count; i++)
		if (strcmp(table.rows[i].item, item) == 0)
			return &table.rows[i];
	fail_msg("no item %s", item);
	return NULL;
}

static void test_first_further_at_most(void **state)
{
	size_t count = 0, line = 0;
	const struct st_points_line *lines = st_points_defaults(&count);
	(void)state;
	assert_int_equal(st_points_read(lines, count, &table, &line), 0);
	assert_int_equal(st_points_of(row("出席人代会"), 0), 0);
	assert_int_equal(st_points_of(row("出席人代会"), 1), 15);
	assert_int_equal(st_points_of(row("出席人代会"), 9), 15);
	assert_int_equal(st_points_of(row("学习培训"), 2), 4);
	assert_int_equal(st_points_of(row("学习培训"), 3), 5);
	assert_int_equal(st_points_of(row("学习培训"), 4), 5);
	assert_int_equal(st_points_of(row("领衔提出建议"), 3), 10);
	assert_int_equal(st_points_of(row("附议建议"), 3), 3);
	assert_int_equal(st_points_of(row("附议建议"), 30), 4);
	assert_int_equal(st_points_of(row("接待选民"), 4), 10);
	assert_int_equal(st_points_of(row("接待选民"), 6), 12);
	assert_int_equal(st_points_of(row("述职"), 2),
			 3); /* no further ones, though it may be five */
	assert_int_equal(st_points_of(row("公益慈善"), UINT32_MAX), 8);
}

static void test_sources(void **state)
{
	static const char *const wrong[] = { "",
					     "activity",
					     "activity.title",
					     "nothing.deputies",
					     "activity.deputies kind=training",
					     "activity.deputies type=",
					     "activity.deputies type=nothing",
					     "activity.deputies type=training,nothing",
					     "deputy.name",
					     "activity.deputies type" };
	struct st_deed d;
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(st_deed_parse(st_span_text(wrong[i]), &d), ST_EFIELD);
	assert_int_equal(st_deed_parse(st_span_text("activity.deputies type=training,视察"), &d),
			 0);
	assert_int_equal(d.types, 1 << 1 | 1 << 2);
	struct st_record r = { .kind = d.kind->number, .channel = 2, .state = 2, .revision = 1 };
	assert_true(st_deed_fits(&d, &r));
	assert_true(st_deed_done(&r));
	r.channel = 3;
	assert_false(st_deed_fits(&d, &r));
	r.state = 1; /* planned */
	assert_false(st_deed_done(&r));
	r.state = 99; /* of a later version */
	assert_false(st_deed_done(&r));
}

static void test_a_table_is_taken_whole_or_not_at_all(void **state)
{
	const struct st_points_line lines[] = {
		{ "学习", NULL, "activity.deputies type=training", 1, 1, 9 },
		{ "坏的", NULL, "activity.deputies type=x", 1, 1, 9 }
	};
	struct st_points_table t = { .count = 77 };
	size_t line = 0;
	(void)state;
	assert_int_equal(st_points_read(lines, 2, &t, &line), ST_EFIELD);
	assert_int_equal(line, 1);
	assert_int_equal(t.count, 77);
	assert_int_equal(st_points_read(lines, ST_POINTS_ROWS_MAX + 1, &t, &line), ST_ETOOBIG);
	assert_int_equal(st_points_read(lines, 1, &t, &line), 0);
	assert_string_equal(t.rows[0].en, "学习");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_further_at_most),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_a_table_is_taken_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
