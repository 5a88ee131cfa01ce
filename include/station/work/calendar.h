/* calendar.h - working days: Monday to Friday, but for the days that the city's table names.
 * A pure object: filled from rows of the table workdays, then asked. Days are business days (base/clock.h). */
#pragma once
#include <station/work/city.h>

enum { ST_CALENDAR_MARKS_MAX = 2000, ST_CALENDAR_WARN_DAYS = 60 };
struct st_calendar {
	size_t count;
	uint32_t marks[ST_CALENDAR_MARKS_MAX]; /* day << 1 | worked, in order */
};
void st_calendar_init(struct st_calendar *c); /* Monday to Friday */
/* What can't be read in rows is left out. */
void st_calendar_fill(struct st_calendar *c, struct st_span rows, uint32_t columns);
/* The last day that the table speaks of: the end of its newest year, for the state publishes a whole year's days
 * off at a time. 0: it has none. */
uint32_t st_calendar_until(const struct st_calendar *c);
/* From ST_CALENDAR_WARN_DAYS before that day on; never where there is none. */
bool st_calendar_ends_soon(uint32_t until, uint32_t today);
bool st_calendar_working(const struct st_calendar *c, uint32_t day);
/* The n-th working day after a day; n 0: the day itself. Bounded: a table can't mark all days off. */
uint32_t st_calendar_add(const struct st_calendar *c, uint32_t day, uint32_t n);
/* Working days after `from`, up to and with `to`; 0 where `to` isn't later. */
uint32_t st_calendar_between(const struct st_calendar *c, uint32_t from, uint32_t to);
