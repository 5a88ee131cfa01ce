/* occurrence.c - the days on which a pattern falls, past holidays.
 *
 * Owns:    what "the first Friday" and "the 15th of odd months" are, and where a holiday moves
 * them. Promise: a function of the pattern and the calendar alone; 9: no question is longer than
 * its bound. Flow:    pattern, calendar -> occurrence -> plan */
#include <station/work/occurrence.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "kind_schedule.h"

_Static_assert((int)ST_NEXT_WORKING_DAY == (int)SCHEDULE_NEXT_WORKING_DAY, "as the table has it");
_Static_assert((int)ST_ONE_WEEK == (int)SCHEDULE_ONE_WEEK, "as the table has it");
_Static_assert((int)ST_STAYS == (int)SCHEDULE_STAYS, "as the table has it");

enum { WEEK = 7, SATURDAY = 6 };

unsigned st_weekday(uint32_t day)
{
	st_assert(day > 0);
	return (day + 2) % WEEK + 1; /* day 1 was a Thursday */
}

bool st_is_working(const struct st_working *w, uint32_t day)
{
	st_assert(w != NULL);
	return w->fn != NULL ? w->fn(w->arg, day) : st_weekday(day) < SATURDAY;
}

static bool month_fits(const struct st_pattern *p, uint32_t month)
{
	uint32_t m = month % 12 + 1;
	switch (p->months) {
	case SCHEDULE_ODD: return m % 2 == 1;
	case SCHEDULE_EVEN: return m % 2 == 0;
	case SCHEDULE_QUARTER: return m % 3 == 1;
	default: return true;
	}
}

/* *chosen: it falls there because of its weekday. */
static bool falls(const struct st_pattern *p, uint32_t day, bool *chosen)
{
	*chosen = false;
	if (day == 0 || day < p->first || (p->last != 0 && day > p->last))
		return false;
	if (p->weekdays == 0 && p->month_days == 0)
		return day == p->first;
	bool weekday = (p->weekdays >> st_weekday(day) & 1) != 0;
	if (!weekday && p->month_days == 0)
		return false; /* most days of most plans; months cost more to tell */
	uint32_t month = st_month_of_day(day);
	if (!month_fits(p, month))
		return false;
	uint32_t of_month = day - st_month_first_day(month) + 1;
	st_assert(of_month >= 1);
	st_assert(of_month <= 31);
	uint32_t week = (of_month - 1) / WEEK + 1;
	*chosen = weekday && (p->weeks == 0 || (p->weeks >> week & 1) != 0);
	return *chosen || (p->month_days >> of_month & 1) != 0;
}

/* Where a planned day comes to stand. A calendar without a working day leaves it where it is. */
static uint32_t moved(const struct st_pattern *p, const struct st_working *w, uint32_t day,
		      bool chosen)
{
	uint32_t step = p->holiday == ST_ONE_WEEK ? WEEK : 1;
	st_assert(day > 0);
	if (p->holiday == ST_STAYS || st_is_working(w, day) ||
	    (chosen && st_weekday(day) >= SATURDAY))
		return day;
	for (uint32_t to = day + step; to <= day + ST_SHIFT_DAYS_MAX; to += step)
		if (st_is_working(w, to))
			return to;
	return day;
}

/* One that a holiday moves onto the day of another falls away: of two, the earlier stays. */
static bool taken(const struct st_pattern *p, const struct st_working *w, uint32_t planned,
		  uint32_t to)
{
	bool chosen;
	st_assert(to > planned);
	if (falls(p, to, &chosen))
		return true;
	for (uint32_t n = 1; n <= ST_SHIFT_DAYS_MAX && n < planned; n++)
		if (falls(p, planned - n, &chosen) && moved(p, w, planned - n, chosen) == to)
			return true;
	return false;
}

int st_pattern_each(const struct st_pattern *p, const struct st_working *w, uint32_t from,
		    uint32_t to, st_pattern_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	st_assert(p->months <= SCHEDULE_QUARTER);
	if (from < p->first)
		from = p->first;
	if (p->last != 0 && to > p->last)
		to = p->last;
	if (from == 0)
		from = 1;
	if (to >= from && to - from >= ST_PERIOD_DAYS_MAX)
		return ST_ETOOBIG;
	for (uint32_t day = from; day <= to; day++) {
		bool chosen;
		if (!falls(p, day, &chosen))
			continue;
		uint32_t on = moved(p, w, day, chosen);
		st_assert(on >= day);
		if (on != day && taken(p, w, day, on))
			continue;
		int rc = fn(day, on, arg);
		if (rc != 0)
			return rc;
	}
	return 0;
}
