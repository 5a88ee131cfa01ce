/* city.c - tests of city files: every table's right rows, every reason why one is wrong, and the calendar
 * against the state's holidays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../common/deploy.h"
#include <station/base/clock.h>
#include <station/event/event.h>
#include <station/work/assessment.h>
#include <station/work/calendar.h>
#include <station/work/points.h>
#include <station/work/register.h>

static struct st_city_file file;
static struct st_buf rows;

static int setup(void **state)
{
	(void)state;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	st_buf_done(&rows);
	return 0;
}

static int read_csv(const char *table, const char *csv)
{
	return st_city_read(st_city_table_named(st_span_text(table)), st_span_text(csv), &rows, &file);
}

/* The first complaint. */
static void wrong(const char *table, const char *csv, uint64_t row, const char *column, enum st_city_reason reason)
{
	assert_int_equal(read_csv(table, csv), ST_EFIELD);
	assert_true(file.bad_count > 0);
	assert_int_equal(file.bad[0].row, row);
	assert_string_equal(file.bad[0].column, column);
	assert_int_equal(file.bad[0].reason, reason);
}

static void test_tables_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < st_city_table_count(); i++) {
		const struct st_city_table *t = st_city_table_at(i);
		assert_int_equal(t->number, i + 1);
		assert_ptr_equal(st_city_table(t->number), t);
		assert_ptr_equal(st_city_table_named(st_span_text(t->name)), t);
		assert_true(t->column_count <= ST_CITY_COLUMNS_MAX && t->key != 0 && t->key >> t->column_count == 0);
	}
	assert_null(st_city_table(0));
	assert_null(st_city_table(200));
	assert_non_null(st_city_table_of_file("/a/b.c/focus.2026.csv"));
	assert_null(st_city_table_of_file("-"));
}

/* Each setting takes what holds without it, so that a city can write it out. */
static void test_settings_take_their_usual_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < st_setting_count(); i++) {
		const struct st_setting *s = st_setting_at(i);
		char csv[400];
		assert_ptr_equal(st_setting_named(st_span_text(s->name)), s);
		if (s->usual[0] == 0)
			continue;
		(void)snprintf(csv, sizeof(csv), "name,value\n%s,%s\n", s->name, s->usual);
		assert_int_equal(read_csv("settings", csv), 0);
	}
}

static void read_file(const char *table)
{
	assert_int_equal(read_csv(table, deploy_csv(table)), 0);
}

static void assert_text(struct st_span cell, const char *text)
{
	if (!st_span_equal(cell, st_span_text(text)))
		fail_msg("%.*s is not %s", (int)cell.size, (const char *)cell.data, text);
}

/* What ships for a city to begin with is what holds without it, row by row. */
static void test_files_are_the_defaults(void **state)
{
	size_t count = 0, n = 0;
	(void)state;
	const struct st_register_line *registers = st_register_defaults(&count);
	read_file("registers");
	assert_int_equal(file.rows, count);
	struct st_city_rows r = st_city_rows(st_buf_span(&rows), 5);
	for (n = 0; st_city_rows_next(&r); n++) {
		assert_true(st_span_equal(r.cells[0], registers[n].reg));
		assert_int_equal(st_city_number(r.cells[1], UINT64_MAX), registers[n].order);
		assert_true(st_span_equal(r.cells[2], registers[n].zh));
		assert_true(st_span_equal(r.cells[3], registers[n].en));
		assert_true(st_span_equal(r.cells[4], registers[n].source));
	}
	const struct st_points_line *points = st_points_defaults(&count);
	read_file("points");
	assert_int_equal(file.rows, count);
	r = st_city_rows(st_buf_span(&rows), 5);
	for (n = 0; st_city_rows_next(&r); n++) {
		assert_text(r.cells[0], points[n].item);
		assert_text(r.cells[1], points[n].source);
		assert_int_equal(st_city_number(r.cells[2], UINT64_MAX), points[n].first);
		assert_int_equal(st_city_number(r.cells[3], UINT64_MAX), points[n].further);
		assert_int_equal(st_city_number(r.cells[4], UINT64_MAX), points[n].at_most);
	}
	read_file("settings");
	r = st_city_rows(st_buf_span(&rows), 2);
	for (n = 0; st_city_rows_next(&r); n++) {
		const struct st_setting *s = st_setting_named(r.cells[0]);
		assert_non_null(s);
		if (s->usual[0] != 0) /* the five parties are the city's to name */
			assert_text(r.cells[1], s->usual);
	}
	assert_int_equal(n, st_setting_count());
}

#define POINTS_HEAD "item,source,first,further,at_most\n"

/* A table of points is read whole or not at all; the default's items keep their English names. */
static void test_points_of_a_city(void **state)
{
	static struct st_points_table t;
	struct st_span word;
	size_t line = 0;
	(void)state;
	assert_int_equal(read_csv("points", POINTS_HEAD "学习培训,activity.deputies type=training,9,8,77\n"
				  "走访,visit.deputies,1,2,3\n"), 0);
	assert_int_equal(st_points_of_rows(st_buf_span(&rows), 5, &t, &line, &word), 0);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.rows[0].en, "training");
	assert_string_equal(t.rows[1].en, "走访");
	assert_int_equal(st_points_of(&t.rows[0], 3), 25);
	assert_int_equal(t.rows[1].at_most, 3);
	assert_int_equal(st_points_of_rows(st_buf_span(&rows), 4, &t, &line, &word), ST_EFIELD);
	assert_int_equal(t.count, 2);
	wrong("points", POINTS_HEAD "a,visit.deputies,1,1,1\nb,vist.deputies,1,1,1\n", 3, "source: vist",
	      ST_CITY_BAD_POINTS);
	wrong("points", POINTS_HEAD "a,visit.title,1,1,1\n", 2, "source: visit.title", ST_CITY_BAD_POINTS);
	wrong("points", POINTS_HEAD "a,visit.deputies who=nobody,1,1,1\n", 2, "source: who=nobody",
	      ST_CITY_BAD_POINTS);
	wrong("points", POINTS_HEAD "a,visit.deputies 一二三四五六七八九十一二三四五六七八九十,1,1,1\n", 2,
	      "source: 一二三四五六七八九十一二三四五六七", ST_CITY_BAD_POINTS);
}

#define ASSESSMENT_HEAD "line,most,full_at,of_nothing\n"

/* What ships reads; a row that can't be scored by is refused by row and column. */
static void test_assessment_of_a_city(void **state)
{
	struct st_assessment a = { .lines = { { 0 } } };
	struct st_assessment_wrong w;
	(void)state;
	read_file("assessment");
	assert_int_equal(st_assessment_of_rows(st_buf_span(&rows), 4, &a, &w), 0);
	assert_int_equal(file.rows, ST_ASSESSED_END - 1);
	assert_int_equal(a.lines[ST_ASSESSED_in_time].of_nothing, 30);
	assert_true(st_assessment_share(&a.lines[ST_ASSESSED_in_time], 2, 3) == 20);
	assert_true(st_assessment_share(&a.lines[ST_ASSESSED_ended], 1, 3) == 6.7);
	assert_true(st_assessment_share(&a.lines[ST_ASSESSED_in_time], 0, 0) == 30);
	assert_true(st_assessment_count(&a.lines[ST_ASSESSED_visits], 5) == 2.5);
	assert_true(st_assessment_count(&a.lines[ST_ASSESSED_visits], 21) == 10);
	const struct st_assessment_line odd = { .most = 23 };
	assert_true(st_assessment_share(&odd, 7, 20) == 8.1); /* 8.05: a half goes up, which no binary fraction holds */
	assert_int_equal(read_csv("assessment", ASSESSMENT_HEAD "heard,5,,\n"), 0);
	assert_int_equal(st_assessment_of_rows(st_buf_span(&rows), 4, &a, &w), 0);
	assert_true(st_assessment_count(&a.lines[ST_ASSESSED_visits], 7) == 0); /* left out */
	assert_int_equal(read_csv("assessment", ASSESSMENT_HEAD "进站次数,5,4,\n"), 0); /* by its text, too */
	assert_int_equal(st_assessment_of_rows(st_buf_span(&rows), 2, &a, &w), ST_EFIELD); /* of fewer columns */
	assert_string_equal(w.column, "full_at");
	assert_int_equal(a.lines[ST_ASSESSED_heard].most, 5); /* nothing of it was taken */
	wrong("assessment", ASSESSMENT_HEAD "heard,5,,\nvisits,5,,\n", 3, "full_at", ST_CITY_BAD_NEEDED);
	wrong("assessment", ASSESSMENT_HEAD "kept,5,4,\n", 2, "full_at", ST_CITY_BAD_COUNTED);
	wrong("assessment", ASSESSMENT_HEAD "kept,5,,6\n", 2, "of_nothing", ST_CITY_BAD_MOST);
	wrong("assessment", ASSESSMENT_HEAD "charm,5,,\n", 2, "line", ST_CITY_BAD_CHOICE);
	wrong("assessment", ASSESSMENT_HEAD "kept,5,,\nkept,6,,\n", 3, "", ST_CITY_BAD_TWICE);
	wrong("assessment", ASSESSMENT_HEAD "kept,1001,,\n", 2, "most", ST_CITY_BAD_NUMBER);
}

static void test_every_reason(void **state)
{
	(void)state;
	wrong("focus", "number,name,nam\n1,a,b\n", 1, "nam", ST_CITY_BAD_HEADER);
	wrong("focus", "number,name,name\n1,a,b\n", 1, "name", ST_CITY_BAD_DOUBLE);
	wrong("focus", "number\n1\n", 1, "name", ST_CITY_BAD_MISSING);
	wrong("focus", "", 1, "number", ST_CITY_BAD_MISSING);
	wrong("focus", "number,name\n1,\n", 2, "name", ST_CITY_BAD_NEEDED);
	wrong("focus", "number,name\n7,a\n", 2, "number", ST_CITY_BAD_NUMBER);
	wrong("focus", "number,name\n-1,a\n", 2, "number", ST_CITY_BAD_NUMBER);
	wrong("focus", "number,name\n99999999999999999999,a\n", 2, "number", ST_CITY_BAD_NUMBER);
	wrong("workdays", "date,kind\n2026-02-30,off\n", 2, "date", ST_CITY_BAD_DAY);
	wrong("workdays", "date,kind\n2026-02,off\n", 2, "date", ST_CITY_BAD_DAY);
	wrong("workdays", "date,kind\n2026-02-17,half\n", 2, "kind", ST_CITY_BAD_CHOICE);
	wrong("guides", "station,guide\n410600,nobody\n", 2, "guide", ST_CITY_BAD_CODE);
	wrong("deadlines", "kind,category,urgency,days,unit,stops\nvisit,*,*,1,working,no\n", 2, "kind",
	      ST_CITY_BAD_KIND);
	wrong("deadlines", "kind,category,urgency,days,unit,stops\nmatter,*,soon,1,working,no\n", 2, "urgency",
	      ST_CITY_BAD_CHOICE);
	wrong("settings", "name,value\nreturn_day,7\n", 2, "name", ST_CITY_BAD_SETTING);
	wrong("settings", "name,value\nreturn_days,0\n", 2, "value", ST_CITY_BAD_NUMBER);
	wrong("settings", "name,value\nballot_quorum,3/2\n", 2, "value", ST_CITY_BAD_SHARE);
	wrong("settings", "name,value\npromise_classes,B X\n", 2, "value", ST_CITY_BAD_CHOICE);
	wrong("focus", "number,name\n1,a\xff\n", 2, "name", ST_CITY_BAD_TEXT);
	wrong("focus", "number,name\n1,abc\n2,\xc0\xac\xbb\xf8\xc7\xe5\xd4\xcb\n", 3, "", ST_CITY_BAD_ENCODING);
	assert_int_equal(file.bad_count, 1); /* said once */
	wrong("focus", "number,name\n1,\"a\nb\"\n", 2, "name", ST_CITY_BAD_TEXT);
	wrong("focus", "number,name\n1,a\n2,b\n1,c\n", 4, "", ST_CITY_BAD_TWICE);
	wrong("focus", "number,name\n1,a,b\n", 2, "", ST_CITY_BAD_WIDTH);
	wrong("focus", "number,name\n1,\"a\n", 2, "", ST_CITY_BAD_QUOTES);
	wrong("focus", "number,name\n1,a\"b\n", 2, "", ST_CITY_BAD_QUOTES);
}

static void test_limits_are_reached(void **state)
{
	static char csv[ST_CITY_FILE_MAX + 2];
	size_t used = (size_t)snprintf(csv, sizeof(csv), "level1,level2\n");
	(void)state;
	for (unsigned i = 0; i < 3001; i++)
		used += (size_t)snprintf(csv + used, sizeof(csv) - used, "a,%u\n", i);
	wrong("categories", csv, 3002, "", ST_CITY_BAD_ROWS);
	assert_int_equal(file.rows, 3000);
	used = (size_t)snprintf(csv, sizeof(csv), "level1,level2\n");
	for (unsigned i = 0; i < 700; i++)
		used += (size_t)snprintf(csv + used, sizeof(csv) - used, "%0100u,%u\n", i, i);
	wrong("categories", csv, 558, "", ST_CITY_BAD_SIZE);
	assert_true(rows.size <= ST_CITY_ROWS_BYTES_MAX);
	used = (size_t)snprintf(csv, sizeof(csv), "number,name\n");
	for (unsigned i = 0; i < 60; i++)
		used += (size_t)snprintf(csv + used, sizeof(csv) - used, "9,a\n");
	wrong("focus", csv, 2, "number", ST_CITY_BAD_NUMBER);
	assert_int_equal(file.bad_count, ST_CITY_BAD_MAX);
	memset(csv, 'a', sizeof(csv) - 1);
	assert_int_equal(read_csv("focus", csv), ST_ETOOBIG);
	csv[1000] = 0;
	wrong("focus", csv, 1, "", ST_CITY_BAD_HEADER); /* a name too long to be told */
}

/* Columns in any order, left out where they may be; values in their one form; a byte order mark; no rows. */
static void test_one_form(void **state)
{
	struct st_buf first;
	(void)state;
	st_buf_init(&first, ST_CITY_ROWS_BYTES_MAX);
	assert_int_equal(read_csv("workdays", "date,kind,name\n2026-02-17,off,春节\n"), 0);
	st_buf_put_span(&first, st_buf_span(&rows));
	assert_int_equal(read_csv("workdays", "\xef\xbb\xbfname,kind,date\r\n春节,休,2026-02-17\r\n\r\n"), 0);
	assert_true(st_span_equal(st_buf_span(&first), st_buf_span(&rows)));
	assert_int_equal(read_csv("workdays", "date,kind\n"), 0);
	assert_int_equal(rows.size, 0);
	assert_int_equal(read_csv("schedules", "name,tier,type,starts,weekdays,weeks\na,*,代表接待日,9:00,周一  friday,1 3\n"), 0);
	struct st_city_rows r = st_city_rows(st_buf_span(&rows), 14);
	assert_true(st_city_rows_next(&r));
	assert_true(st_span_equal(r.cells[4], st_span_text("monday friday")));
	assert_false(st_city_rows_next(&r));
	assert_int_equal(read_csv("focus", "number,name,note\n1,产业,重点\n"), 0);
	st_buf_clear(&first);
	st_buf_put_span(&first, st_buf_span(&rows));
	assert_int_equal(read_csv("focus", "number,name,note\n\" 1\",\"产业  \",\"\t重点 \"\n"), 0);
	assert_true(st_span_equal(st_buf_span(&first), st_buf_span(&rows)));
	wrong("focus", "number,name,note\n1,\"  \",重点\n", 2, "name", ST_CITY_BAD_NEEDED);
	st_buf_done(&first);
}

static void test_csv_cells(void **state)
{
	static const char *const cells[][2] = {
		{ "产业", "产业" }, { "", "" }, { "a,b", "\"a,b\"" }, { "a\"b", "\"a\"\"b\"" },
	};
	struct st_buf csv;
	(void)state;
	st_buf_init(&csv, 64);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		st_buf_clear(&csv);
		st_city_put_csv(&csv, st_span_text(cells[i][0]));
		assert_true(st_span_equal(st_buf_span(&csv), st_span_text(cells[i][1])));
	}
	st_buf_done(&csv);
}

/* Rows of another version: more columns than ours are passed over, fewer are empty. */
static void test_other_versions(void **state)
{
	static const uint8_t bytes[] = "\x01" "1\x01" "a\x01" "n\x02" "zz";
	struct st_city_rows r = st_city_rows(st_span(bytes, 9), 4);
	(void)state;
	assert_true(st_city_rows_next(&r));
	assert_true(st_span_equal(r.cells[3], st_span_text("zz")));
	assert_false(st_city_rows_next(&r));
	r = st_city_rows(st_span(bytes, 9), 1);
	assert_true(st_city_rows_next(&r));
	assert_int_equal(r.cells[1].size, 0);
	r = st_city_rows(st_span(bytes, 9), 99);
	assert_false(st_city_rows_next(&r));
}

static void test_body_of_an_event(void **state)
{
	struct st_buf body;
	struct st_city c = { .table = 2, .version = 3, .from_day = 20000, .columns = 3 }, d;
	(void)state;
	st_buf_init(&body, ST_EVENT_MAX);
	assert_int_equal(read_csv("focus", "number,name\n1,a\n2,b\n"), 0);
	c.rows = st_buf_span(&rows);
	assert_int_equal(st_city_encode(&c, &body), 0);
	assert_int_equal(st_city_decode(st_buf_span(&body), &d), 0);
	assert_int_equal(d.table, 2);
	assert_int_equal(d.version, 3);
	assert_int_equal(d.from_day, 20000);
	assert_true(st_span_equal(d.rows, c.rows));
	for (size_t n = 0; n < body.size; n++) /* cut anywhere: an error, or fewer whole rows */
		if (st_city_decode(st_span(body.data, n), &d) == 0)
			assert_int_equal(d.rows.size, 0);
	c.columns = 2; /* six cells; of four columns they are no rows */
	st_buf_clear(&body);
	assert_int_equal(st_city_encode(&c, &body), 0);
	assert_int_equal(st_city_decode(st_buf_span(&body), &d), 0);
	c.columns = 4;
	st_buf_clear(&body);
	assert_int_equal(st_city_encode(&c, &body), 0);
	assert_int_equal(st_city_decode(st_buf_span(&body), &d), ST_EWIRE);
	st_buf_done(&body);
}

/* ---- working days ---- */

static struct st_calendar calendar;

static void test_until_when_a_calendar_speaks(void **state)
{
	(void)state;
	st_calendar_init(&calendar);
	assert_int_equal(st_calendar_until(&calendar), 0);
	assert_false(st_calendar_ends_soon(0, st_day_of_date(2026, 12, 31))); /* there is no table to end */
	assert_int_equal(read_csv("workdays", "date,kind,name\n2026-10-10,work,x\n2025-12-31,off,x\n"), 0);
	st_calendar_fill(&calendar, st_buf_span(&rows), 3);
	uint32_t until = st_calendar_until(&calendar);
	assert_int_equal(until, st_day_of_date(2026, 12, 31)); /* a year's days off are published as one */
	assert_false(st_calendar_ends_soon(until, st_day_of_date(2026, 10, 31)));
	assert_true(st_calendar_ends_soon(until, st_day_of_date(2026, 11, 1)));
	assert_true(st_calendar_ends_soon(until, st_day_of_date(2027, 3, 1)));
}

static void load_calendar(void)
{
	static char csv[65536];
	FILE *f = fopen("deploy/city/workdays.csv", "rb");
	assert_non_null(f);
	csv[fread(csv, 1, sizeof(csv) - 1, f)] = 0;
	(void)fclose(f);
	assert_int_equal(read_csv("workdays", csv), 0);
	st_calendar_fill(&calendar, st_buf_span(&rows), 3);
	assert_int_equal(calendar.count, file.rows);
}

static void test_the_states_holidays(void **state)
{
	(void)state;
	st_calendar_init(&calendar);
	assert_true(st_calendar_working(&calendar, st_day_of_date(2026, 2, 17))); /* a Tuesday, by the week */
	assert_false(st_calendar_working(&calendar, st_day_of_date(2026, 2, 14)));
	load_calendar();
	assert_false(st_calendar_working(&calendar, st_day_of_date(2026, 2, 17))); /* Spring Festival */
	assert_true(st_calendar_working(&calendar, st_day_of_date(2026, 2, 14)));  /* the Saturday worked for it */
	assert_false(st_calendar_working(&calendar, st_day_of_date(2026, 10, 1)));
	assert_false(st_calendar_working(&calendar, st_day_of_date(2015, 9, 3)));  /* once only */
	assert_true(st_calendar_working(&calendar, st_day_of_date(2016, 9, 2)));
	assert_true(st_calendar_working(&calendar, st_day_of_date(2031, 10, 1)));  /* nobody has said yet */
}

/* The n-th working day after a day, and counting back, over ten years and more. */
static void test_counting(void **state)
{
	(void)state;
	load_calendar();
	uint32_t friday = st_day_of_date(2026, 2, 13);
	assert_int_equal(st_calendar_add(&calendar, friday, 1), st_day_of_date(2026, 2, 14));
	assert_int_equal(st_calendar_add(&calendar, friday, 2), st_day_of_date(2026, 2, 24));
	assert_int_equal(st_calendar_add(&calendar, friday, 0), friday);
	for (uint32_t day = st_day_of_date(2015, 1, 1); day < st_day_of_date(2027, 1, 1); day += 3)
		for (uint32_t n = 1; n < 25; n += 4) {
			uint32_t to = st_calendar_add(&calendar, day, n);
			assert_true(st_calendar_working(&calendar, to));
			assert_int_equal(st_calendar_between(&calendar, day, to), n);
			assert_int_equal(st_calendar_between(&calendar, day, to - 1), n - 1);
		}
	assert_int_equal(st_calendar_between(&calendar, friday, friday), 0);
	assert_int_equal(st_calendar_between(&calendar, friday, friday - 9), 0);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_until_when_a_calendar_speaks),
		EACH(test_tables_are_in_order), EACH(test_settings_take_their_usual_values), EACH(test_every_reason),
		EACH(test_files_are_the_defaults), EACH(test_points_of_a_city),
		EACH(test_assessment_of_a_city),
		EACH(test_limits_are_reached), EACH(test_one_form), EACH(test_csv_cells), EACH(test_other_versions),
		EACH(test_body_of_an_event), EACH(test_the_states_holidays), EACH(test_counting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
