/* occurrence.c - tests of schedules: the patterns that stations post, past the holidays of 2026,
 * and what became of each day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/clock.h>
#include <station/work/occurrence.h>

static uint32_t d(int month, int day)
{
	uint32_t n = st_day_of_date(2026, month, day);
	assert_true(n > 0);
	return n;
}

/* The state's calendar of 2026: days off from..to, and the weekend days that are worked for them.
 */
static bool works_2026(void *arg, uint32_t day)
{
	static const int off[][4] = { { 1, 1, 1, 3 },  { 2, 15, 2, 23 }, { 4, 4, 4, 6 },
				      { 5, 1, 5, 5 },  { 6, 19, 6, 21 }, { 9, 25, 9, 27 },
				      { 10, 1, 10, 7 } };
	static const int worked[][2] = { { 1, 4 }, { 2, 14 }, { 2, 28 },
					 { 5, 9 }, { 9, 20 }, { 10, 10 } };
	(void)arg;
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		if (day >= d(off[i][0], off[i][1]) && day <= d(off[i][2], off[i][3]))
			return false;
	for (size_t i = 0; i < sizeof(worked) / sizeof(worked[0]); i++)
		if (day == d(worked[i][0], worked[i][1]))
			return true;
	return st_weekday(day) < 6;
}
static const struct st_working year = { works_2026, NULL };

struct days {
	size_t count;
	uint32_t planned[400], on[400];
};

static int take(uint32_t planned, uint32_t on, void *arg)
{
	struct days *x = arg;
	x->planned[x->count] = planned;
	x->on[x->count++] = on;
	return 0;
}

static struct days days_of(const struct st_pattern *p, uint32_t from, uint32_t to)
{
	struct days x = { .count = 0 };
	assert_int_equal(st_pattern_each(p, &year, from, to, take, &x), 0);
	return x;
}

static void test_weekdays(void **state)
{
	(void)state;
	assert_int_equal(st_weekday(st_day_of_date(1970, 1, 1)), 4);
	assert_int_equal(st_weekday(d(11, 26)), 4);
	assert_int_equal(st_weekday(d(11, 29)), 7);
	struct st_working usual = { NULL, NULL };
	assert_true(st_is_working(&usual, d(10, 1)));
	assert_false(st_is_working(&usual, d(10, 10)));
	assert_true(st_is_working(&year, d(10, 10))); /* a Saturday that is worked */
}

static void test_every_monday(void **state)
{
	struct st_pattern p = { .weekdays = 1 << 1, .holiday = ST_NEXT_WORKING_DAY };
	(void)state;
	struct days x = days_of(&p, d(3, 1), d(3, 31));
	assert_int_equal(x.count, 5);
	assert_int_equal(x.on[0], d(3, 2));
	assert_int_equal(x.on[4], d(3, 30));
	x = days_of(&p, d(4, 1), d(4, 12)); /* the 6th is a holiday */
	assert_int_equal(x.count, 1);
	assert_int_equal(x.planned[0], d(4, 6));
	assert_int_equal(x.on[0], d(4, 7));
	p.holiday = ST_ONE_WEEK; /* it would stand on the next Monday's day: it falls away */
	x = days_of(&p, d(4, 1), d(4, 14));
	assert_int_equal(x.count, 1);
	assert_int_equal(x.planned[0], d(4, 13));
	p.holiday = ST_STAYS;
	x = days_of(&p, d(4, 1), d(4, 12));
	assert_int_equal(x.on[0], d(4, 6));
}

static void test_first_friday(void **state)
{
	struct st_pattern p = { .weekdays = 1 << 5, .weeks = 1 << 1, .holiday = ST_ONE_WEEK };
	(void)state;
	struct days x = days_of(&p, d(1, 1), d(12, 31));
	assert_int_equal(x.count, 12);
	assert_int_equal(x.planned[0], d(1, 2)); /* New Year's days off */
	assert_int_equal(x.on[0], d(1, 9));
	assert_int_equal(x.on[1], d(2, 6));
	assert_int_equal(x.planned[4], d(5, 1));
	assert_int_equal(x.on[4], d(5, 8));
	assert_int_equal(x.planned[9], d(10, 2));
	assert_int_equal(x.on[9], d(10, 9));
	p.holiday = 0; /* not said: the next working day */
	x = days_of(&p, d(10, 1), d(10, 31));
	assert_int_equal(x.on[0], d(10, 8));
	p.weeks = 1 << 5; /* a fifth Friday, where there is one */
	x = days_of(&p, d(1, 1), d(6, 30));
	assert_int_equal(x.count, 2);
	assert_int_equal(x.planned[0], d(1, 30));
	assert_int_equal(x.planned[1], d(5, 29));
}

static void test_fifteenth_of_odd_months(void **state)
{
	struct st_pattern p = { .month_days = 1 << 15, .months = 2 };
	(void)state;
	struct days x = days_of(&p, d(1, 1), d(12, 31));
	assert_int_equal(x.count, 6);
	assert_int_equal(x.on[0], d(1, 15));
	assert_int_equal(x.planned[1], d(3, 15)); /* a Sunday */
	assert_int_equal(x.on[1], d(3, 16));
	assert_int_equal(x.on[2], d(5, 15));
	assert_int_equal(x.on[5], d(11, 16));
	p.months = 3;
	x = days_of(&p, d(1, 1), d(12, 31));
	assert_int_equal(x.planned[0], d(2, 15)); /* Spring Festival */
	assert_int_equal(x.on[0], d(2, 24));
	p.months = 4;
	x = days_of(&p, d(1, 1), d(12, 31));
	assert_int_equal(x.count, 4);
	assert_int_equal(x.planned[3], d(10, 15));
}

static void test_twice_a_month(void **state)
{
	struct st_pattern p = { .month_days = 1u << 3 | 1u << 6,
				.first = d(9, 1),
				.last = d(10, 31) };
	(void)state;
	struct days x = days_of(&p, d(1, 1), d(12, 31));
	assert_int_equal(x.count,
			 3); /* both of October would stand on the 8th: the earlier stays */
	assert_int_equal(x.on[0], d(9, 3));
	assert_int_equal(x.on[1], d(9, 7));
	assert_int_equal(x.planned[2], d(10, 3));
	assert_int_equal(x.on[2], d(10, 8));
	p = (struct st_pattern){ .weekdays = 1 << 3, .weeks = 1 << 2 | 1 << 4 };
	x = days_of(&p, d(11, 1), d(11, 30));
	assert_int_equal(x.count, 2);
	assert_int_equal(x.on[0], d(11, 11));
	assert_int_equal(x.on[1], d(11, 25));
	p = (struct st_pattern){ .weekdays = 1 << 1, .weeks = 1 << 1, .month_days = 1u << 31 };
	x = days_of(&p, d(8, 1), d(9, 30)); /* either of both; September has no 31st */
	assert_int_equal(x.count, 3);
}

static void test_weekends_that_are_meant_stay(void **state)
{
	struct st_pattern p = { .weekdays = 1 << 6 };
	(void)state;
	struct days x = days_of(&p, d(11, 1), d(11, 30));
	assert_int_equal(x.count, 4);
	assert_int_equal(x.on[0], d(11, 7));
}

static void test_once(void **state)
{
	struct st_pattern p = { .first = d(10, 1) };
	(void)state;
	struct days x = days_of(&p, d(1, 1), d(12, 31));
	assert_int_equal(x.count, 1);
	assert_int_equal(x.on[0], d(10, 8));
	p.first = 0;
	assert_int_equal(st_pattern_each(&p, &year, d(1, 1), d(1, 1) + ST_PERIOD_DAYS_MAX, take,
					 &x),
			 ST_ETOOBIG);
}

static bool never(void *arg, uint32_t day)
{
	(void)arg;
	(void)day;
	return false;
}

static void test_a_calendar_without_work_moves_nothing(void **state)
{
	struct st_pattern p = { .weekdays = 1 << 1 };
	struct st_working none = { never, NULL };
	struct days x = { .count = 0 };
	(void)state;
	assert_int_equal(st_pattern_each(&p, &none, d(3, 1), d(3, 31), take, &x), 0);
	assert_int_equal(x.count, 5);
	assert_int_equal(x.on[0], x.planned[0]);
}

/* ---- plans ---- */

static struct st_plan *plan;
static struct st_occurrence seen[400];
static size_t seen_count;

enum {
	F_WEEKDAYS = ST_F_OWN + 1,
	F_PEOPLE = F_WEEKDAYS + 7,
	F_OCCURRENCE = F_WEEKDAYS + 13,
	F_NEW_DAY,
	F_NOTICE,
	F_MET_BY
};
enum { PLAN = 1, AMEND, ANNOUNCE, MEET, MOVE, MISS, PAUSE, RESUME, END };

static void told(uint32_t move, uint32_t day, struct st_field one, struct st_field two)
{
	struct st_field fields[] = { one, two };
	struct st_change c = { .kind = 6,
			       .move = move,
			       .at_ms = st_day_start_ms(day) + 3600000,
			       .fields = fields,
			       .field_count = two.id != 0   ? 2
					      : one.id != 0 ? 1
							    : 0 };
	st_plan_take(plan, &c);
}

#define NUM(i, n) ((struct st_field){ .id = (i), .is_number = true, .number = (n) })
#define TXT(i, t) ((struct st_field){ .id = (i), .text = st_span_text(t) })
#define NONE      ((struct st_field){ .id = 0 })

static int see(const struct st_occurrence *o, void *arg)
{
	(void)arg;
	seen[seen_count++] = *o;
	return 0;
}

static void look(uint32_t from, uint32_t to, uint32_t today, const struct st_meeting *m,
		 size_t count)
{
	struct st_plan_query q = { .from = from,
				   .to = to,
				   .today = today,
				   .days_ahead = ST_DAYS_AHEAD,
				   .working = year,
				   .meetings = m,
				   .meeting_count = count };
	seen_count = 0;
	assert_int_equal(st_plan_each(plan, &q, see, NULL), 0);
}

static int setup(void **state)
{
	(void)state;
	plan = malloc(sizeof(*plan));
	st_plan_init(plan);
	told(PLAN, d(9, 1), NUM(F_WEEKDAYS, 5), TXT(F_PEOPLE, "D-17"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(plan);
	return 0;
}

static void test_what_became_of_each_day(void **state)
{
	struct st_meeting m[] = { { d(9, 11), "V-1" }, { d(9, 28), "V-2" } };
	(void)state;
	told(ANNOUNCE, d(9, 1), NUM(F_OCCURRENCE, d(9, 4)), NONE);
	told(MEET, d(9, 4), NUM(F_OCCURRENCE, d(9, 4)), TXT(F_MET_BY, "A-1"));
	told(ANNOUNCE, d(9, 10), NUM(F_OCCURRENCE, d(9, 11)), NONE);
	told(MOVE, d(9, 21), NUM(F_OCCURRENCE, d(9, 25)), NUM(F_NEW_DAY, d(9, 29)));
	told(MISS, d(10, 8), NUM(F_OCCURRENCE, d(10, 2)), NONE);
	look(d(9, 1), d(10, 31), d(10, 16), m, 2);
	assert_int_equal(seen_count, 9);
	assert_int_equal(seen[0].state, ST_MET); /* by a move, announced in time */
	assert_string_equal(seen[0].met_by, "A-1");
	assert_int_equal(seen[0].notice, ST_NOTICE_GIVEN);
	assert_int_equal(seen[1].state,
			 ST_MET); /* by a visit that names it, announced a day before */
	assert_string_equal(seen[1].met_by, "V-1");
	assert_int_equal(seen[1].notice, ST_NOTICE_LATE);
	assert_int_equal(seen[2].state, ST_MISSED); /* the 18th: past, and nothing met it */
	assert_int_equal(seen[2].notice, ST_NOTICE_NONE);
	assert_int_equal(seen[3].planned,
			 d(9, 25)); /* Mid-autumn: falls on the 28th, moved to the 29th */
	assert_int_equal(seen[3].falls_on, d(9, 28));
	assert_int_equal(seen[3].day, d(9, 29));
	assert_int_equal(seen[3].state, ST_MISSED);
	assert_int_equal(seen[4].state, ST_MISSED);   /* said to be */
	assert_int_equal(seen[6].planned, d(10, 16)); /* today is open */
	assert_int_equal(seen[6].state, ST_OPEN_YET);
	assert_int_equal(seen[6].notice, ST_NOTICE_NONE);
	assert_int_equal(seen[7].notice, ST_NOTICE_IN_TIME);
	look(d(9, 29), d(9, 30), d(9, 20), NULL, 0); /* one that is moved there shows there */
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].state, ST_MOVED);
}

static void test_a_change_holds_from_its_day_on(void **state)
{
	(void)state;
	told(ANNOUNCE, d(10, 1), NUM(F_OCCURRENCE, d(11, 6)), NONE);
	told(AMEND, d(10, 20), NUM(F_WEEKDAYS, 2), NONE); /* Tuesdays from now on */
	told(PAUSE, d(11, 9), NONE, NONE);
	told(RESUME, d(11, 23), NONE, NONE);
	told(END, d(12, 14), NONE, NONE);
	look(d(10, 10), d(12, 31), d(12, 31), NULL, 0);
	const uint32_t days[] = { d(10, 16), d(10, 20), d(10, 27), d(11, 3),
				  d(11, 24), d(12, 1),  d(12, 8) };
	assert_int_equal(seen_count, 7); /* what was announced of a Friday is void, too */
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(seen[i].day, days[i]);
}

static void test_a_day_that_the_plan_never_had_counts_for_nothing(void **state)
{
	(void)state; /* a rogue's signed words, or an older version's */
	told(MEET, d(9, 9), NUM(F_OCCURRENCE, d(9, 9)), TXT(F_MET_BY, "A-9"));
	told(MISS, d(9, 9), NUM(F_OCCURRENCE, d(9, 10)), NONE);
	told(ANNOUNCE, d(9, 9), NUM(F_OCCURRENCE, d(9, 14)), NONE);
	told(MOVE, d(9, 9), NUM(F_OCCURRENCE, d(9, 15)), NUM(F_NEW_DAY, d(9, 16)));
	look(d(9, 7), d(9, 17), d(9, 30), NULL, 0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].planned, d(9, 11));
	assert_int_equal(seen[0].state, ST_MISSED);
}

static void test_a_day_from_afar_shows_where_it_was_moved_to(void **state)
{
	(void)state;
	told(MOVE, d(9, 3), NUM(F_OCCURRENCE, d(9, 4)), NUM(F_NEW_DAY, d(12, 24)));
	told(MEET, d(12, 24), NUM(F_OCCURRENCE, d(12, 24)), TXT(F_MET_BY, "A-1"));
	look(d(12, 21), d(12, 24), d(12, 31), NULL, 0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].planned, d(9, 4));
	assert_int_equal(seen[0].day, d(12, 24));
	assert_string_equal(seen[0].met_by, "A-1");
}

static void test_what_was_met_stands_when_the_plan_is_changed(void **state)
{
	(void)state;
	told(MEET, d(10, 16), NUM(F_OCCURRENCE, d(10, 16)), TXT(F_MET_BY, "A-1"));
	told(MEET, d(10, 16), NUM(F_OCCURRENCE, d(10, 17)), TXT(F_MET_BY, "A-2")); /* never planned */
	told(AMEND, d(10, 16), NUM(F_WEEKDAYS, 2), NONE); /* Tuesdays, on the afternoon of that day */
	look(d(10, 15), d(10, 19), d(10, 31), NULL, 0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].planned, d(10, 16));
	assert_int_equal(seen[0].state, ST_MET);
}

static void test_a_day_is_found_by_each_of_its_names(void **state)
{
	uint32_t planned = 0;
	struct st_plan_near near = { 0, 0 };
	(void)state;
	told(MOVE, d(9, 21), NUM(F_OCCURRENCE, d(9, 25)), NUM(F_NEW_DAY, d(9, 29)));
	const uint32_t names[] = { d(9, 25), d(9, 28), d(9, 29) }; /* planned, past the holiday, moved by hand */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(st_plan_find(plan, &year, names[i], &planned, &near), 0);
		assert_int_equal(planned, d(9, 25));
	}
	assert_int_equal(near.before + near.after, 0); /* written on failure only */
	assert_int_equal(st_plan_find(plan, &year, d(9, 21), &planned, &near), ST_ENOTFOUND);
	assert_int_equal(near.before, d(9, 18));
	assert_int_equal(near.after, d(9, 29));
	assert_int_equal(st_plan_find(plan, &year, d(8, 31), &planned, &near), ST_ENOTFOUND);
	assert_int_equal(near.before, 0);
	assert_int_equal(near.after, d(9, 4));
	assert_int_equal(planned, d(9, 25));
}

static void test_bounds(void **state)
{
	struct st_plan_query q = { .from = d(1, 1), .to = d(1, 1) + ST_PERIOD_DAYS_MAX };
	(void)state;
	assert_int_equal(st_plan_each(plan, &q, see, NULL), ST_ETOOBIG);
	q.to = q.from - 1;
	assert_int_equal(st_plan_each(plan, &q, see, NULL), ST_EFIELD);
	for (size_t i = 0; i < ST_REVISIONS_MAX + 5; i++)
		told(ANNOUNCE, d(9, 2), NUM(F_OCCURRENCE, d(9, 4)), NONE);
	assert_int_equal(plan->told_count, ST_REVISIONS_MAX);
	char many[ST_PLAN_PEOPLE_MAX * 2];
	memset(many, 'x', sizeof(many));
	struct st_field people = { .id = F_PEOPLE, .text = st_span(many, sizeof(many)) };
	st_plan_init(plan);
	told(PLAN, d(9, 1), people, NONE);
	assert_int_equal(strlen(plan->people), ST_PLAN_PEOPLE_MAX);
	told(ANNOUNCE, d(9, 1), NUM(F_OCCURRENCE, UINT64_MAX), NONE); /* rubbish is left out */
	assert_int_equal(plan->told_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weekdays),
		cmocka_unit_test(test_every_monday),
		cmocka_unit_test(test_first_friday),
		cmocka_unit_test(test_fifteenth_of_odd_months),
		cmocka_unit_test(test_twice_a_month),
		cmocka_unit_test(test_weekends_that_are_meant_stay),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_a_calendar_without_work_moves_nothing),
		cmocka_unit_test_setup_teardown(test_what_became_of_each_day, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_change_holds_from_its_day_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_day_that_the_plan_never_had_counts_for_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_day_from_afar_shows_where_it_was_moved_to, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_was_met_stands_when_the_plan_is_changed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_day_is_found_by_each_of_its_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
