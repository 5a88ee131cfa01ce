/* calendar.c - which days are worked, and counting them.
 *
 * Owns:    the rule: the table's word for a day, else the week's.
 * Flow:    workdays -> calendar -> terms, ask */
#include <station/work/calendar.h>
#include <stdlib.h>
#include <station/base/check.h>
#include <station/base/clock.h>

enum { MONTHS = 12, WEEK = 7, WORKED_OF_WEEK = 5, THURSDAY = 3, STEPS_MAX = 1 << 20 };
_Static_assert(ST_CALENDAR_MARKS_MAX >= 2000, "a whole table of workdays");

void st_calendar_init(struct st_calendar *c)
{
	c->count = 0;
}

static int by_day(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a >> 1, y = *(const uint32_t *)b >> 1;
	return x < y ? -1 : x > y;
}

void st_calendar_fill(struct st_calendar *c, struct st_span rows, uint32_t columns)
{
	struct st_city_rows r = st_city_rows(rows, columns);
	c->count = 0;
	while (st_city_rows_next(&r) && c->count < ST_CALENDAR_MARKS_MAX) {
		uint32_t first = 0, last = 0;
		bool worked = st_span_equal(r.cells[1], st_span_text("work"));
		if (st_period_parse(r.cells[0], &first, &last) < 0 || first != last)
			continue;
		c->marks[c->count++] = first << 1 | worked;
	}
	qsort(c->marks, c->count, sizeof(c->marks[0]), by_day);
	st_assert(c->count <= ST_CALENDAR_MARKS_MAX);
}

uint32_t st_calendar_until(const struct st_calendar *c)
{
	st_assert(c->count <= ST_CALENDAR_MARKS_MAX);
	if (c->count == 0)
		return 0;
	uint32_t month = st_month_of_day(c->marks[c->count - 1] >> 1);
	return st_day_of_date((int)(month / MONTHS), MONTHS, 31);
}

bool st_calendar_ends_soon(uint32_t until, uint32_t today)
{
	return until != 0 && today + ST_CALENDAR_WARN_DAYS >= until;
}

bool st_calendar_working(const struct st_calendar *c, uint32_t day)
{
	st_assert(c->count <= ST_CALENDAR_MARKS_MAX);
	uint32_t key = day << 1;
	const uint32_t *mark = c->count == 0 ? NULL
					      : bsearch(&key, c->marks, c->count, sizeof(c->marks[0]), by_day);
	if (mark != NULL)
		return (*mark & 1) != 0;
	return (day - 1 + THURSDAY) % WEEK < WORKED_OF_WEEK; /* day 1 was a Thursday; Monday is 0 */
}

uint32_t st_calendar_add(const struct st_calendar *c, uint32_t day, uint32_t n)
{
	ST_REQUIRE(day > 0);
	for (uint32_t steps = 0; n > 0 && steps < STEPS_MAX; steps++)
		n -= st_calendar_working(c, ++day);
	st_assert(n == 0);
	return day;
}

uint32_t st_calendar_between(const struct st_calendar *c, uint32_t from, uint32_t to)
{
	uint32_t n = 0;
	for (uint32_t steps = 0; from < to && steps < STEPS_MAX; steps++)
		n += st_calendar_working(c, ++from);
	st_assert(n <= STEPS_MAX);
	return n;
}
