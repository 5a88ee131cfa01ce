/* occurrence.h - the days of a schedule, 四定: when it falls, and what became of each time.
 * Pure: a pattern and a calendar in, days out; a plan (the schedule's chain, event by event) and
 * what met it in, occurrences with their states out. Days are business days (base/clock.h).
 *
 *   pattern    every Monday: weekdays. The first Friday: weekdays and weeks. The 15th of odd
 *              months: month_days and months. Both kinds together: either. Neither: the first day,
 *              once.
 *   holidays   a day on which nobody works moves by the pattern's rule. Where the pattern names
 *              Saturdays or Sundays themselves, these are meant and stay. One that would come to
 *              stand on another's day falls away.
 *   versions   an amendment, a pause and an end hold from their day on; the days before keep what
 *              was in force then.
 *   named      a move names an occurrence by its planned day, by the day it fell on after the
 *              rule, or by the day it was moved to; written is the planned one, so that no later
 *              calendar makes another of it. A day that the plan hasn't is refused, and counts for
 *              nothing where it was signed all the same. What was met stands when the plan is
 *              changed. */
#pragma once
#include <station/work/command.h>

enum {
	ST_PERIOD_DAYS_MAX = 1100,  /* of one question */
	ST_SHIFT_DAYS_MAX = 62,     /* how far a holiday rule moves a day */
	ST_OCCURRENCES_MAX = 4096,  /* of one plan in one question */
	ST_NEAR_DAYS = 400,         /* so far from a day that a plan hasn't its neighbours are looked for */
	ST_DAYS_AHEAD = 3,          /* announced so many days ahead where nobody says otherwise */
	ST_PLAN_PEOPLE_MAX = 1400,  /* bytes */
};

/* Whether a day is worked; fn NULL: Monday to Friday. */
struct st_working {
	bool (*fn)(void *arg, uint32_t day);
	void *arg;
};
bool st_is_working(const struct st_working *w, uint32_t day);
unsigned st_weekday(uint32_t day); /* 1 Monday .. 7 Sunday; day > 0 */

enum st_holiday_rule { ST_NEXT_WORKING_DAY = 1, ST_ONE_WEEK = 2, ST_STAYS = 3 };
struct st_pattern {
	uint32_t weekdays, weeks, month_days; /* bits 1 << value; 0: not given */
	uint32_t months;                      /* 0, 1 every; 2 odd, 3 even, 4 a quarter's first */
	uint32_t first, last;                 /* 0: no bound */
	enum st_holiday_rule holiday;         /* 0: the next working day */
};
/* Calls fn with each planned day from..to and the day it falls on. fn: non-zero stops, and is
 * answered. ST_ETOOBIG: a period of more than ST_PERIOD_DAYS_MAX. */
typedef int st_pattern_fn(uint32_t planned, uint32_t falls_on, void *arg);
ST_MUST int st_pattern_each(const struct st_pattern *p, const struct st_working *w, uint32_t from,
			    uint32_t to, st_pattern_fn *fn, void *arg);

/* A schedule as its chain tells it. Large: keep it on the heap. */
struct st_plan_version {
	uint32_t from; /* holds from this day on */
	bool in_force;
	struct st_pattern pattern;
};
struct st_told {
	uint32_t move, occurrence, day, new_day; /* day: when it was said */
	size_t version;             /* versions there were then */
	char met_by[ST_NUMBER_TEXT];
};
struct st_plan {
	size_t version_count, told_count;
	uint32_t type;              /* the choice's number */
	uint32_t days_ahead;        /* UINT32_MAX: not given */
	uint32_t starts, ends;      /* minutes of the day; UINT32_MAX: not given */
	char place[241], people[ST_PLAN_PEOPLE_MAX + 1]; /* people: with 、 between */
	struct st_plan_version versions[ST_REVISIONS_MAX];
	struct st_told told[ST_REVISIONS_MAX];
};
void st_plan_init(struct st_plan *p);
/* The chain's next event, from the opening on. What this version can't read in it is left out. */
void st_plan_take(struct st_plan *p, const struct st_change *change);

/* A visit or an activity that names the schedule. */
struct st_meeting {
	uint32_t day;
	char number[ST_NUMBER_TEXT];
};

/* Moved: by hand, and not missed. Open: today or to come. A day that is past and not met is
 * missed. */
enum st_occurrence_state { ST_OPEN_YET = 1, ST_MET, ST_MOVED, ST_MISSED };
/* In time: not yet announced, and there is time. None: not announced, and there was. */
enum st_notice { ST_NOTICE_IN_TIME = 1, ST_NOTICE_GIVEN, ST_NOTICE_LATE, ST_NOTICE_NONE };
struct st_occurrence {
	uint32_t planned, falls_on, new_day; /* new_day 0: not moved by hand */
	uint32_t day;                        /* new_day, else falls_on */
	enum st_occurrence_state state;
	enum st_notice notice;
	uint32_t announced;                  /* the day of it; 0: none */
	char met_by[ST_NUMBER_TEXT];         /* "": not met */
};
struct st_plan_query {
	uint32_t from, to, today;
	uint32_t days_ahead;                 /* where the plan doesn't say */
	struct st_working working;
	const struct st_meeting *meetings;   /* any order */
	size_t meeting_count;
};
/* Occurrences that fall from..to, or were moved there, in order of planned days. ST_ETOOBIG: a
 * period or an answer beyond the bounds. */
typedef int st_occurrence_fn(const struct st_occurrence *o, void *arg);
ST_MUST int st_plan_each(const struct st_plan *p, const struct st_plan_query *q,
			 st_occurrence_fn *fn, void *arg);

/* The days on either side of one that the plan hasn't; 0: none near. */
struct st_plan_near {
	uint32_t before, after;
};
/* The planned day of the occurrence that a day names. ST_ENOTFOUND: the plan hasn't it; near is written then. */
ST_MUST int st_plan_find(const struct st_plan *p, const struct st_working *working, uint32_t day, uint32_t *ret_planned,
			 struct st_plan_near *reterr_near);

/* A checked move of a schedule that names an occurrence: it gets the planned day, by the calendar in force on the
 * move's day. ST_ERULE with the rule, and the nearest days in the place. */
struct st_ruling; /* work/changes.h */
struct st_rule;
ST_MUST int st_occurrence_check(const struct st_ruling *q, struct st_checked *c, const struct st_rule **reterr_rule,
				char reterr_place[ST_PLACE_MAX]);
