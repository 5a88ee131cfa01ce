/* schedule.h - 四定 kept, moved, missed: the occurrences of one schedule, or of all of a subtree.
 * Nothing is stored for it: each schedule's chain is read, and the visits and activities that name
 * it are found by the index of facets. An occurrence belongs to the period that it falls in by its
 * pattern and the holidays, so that no later move takes it out of a count; lists show it where it
 * was moved to, too. Cost: what the schedules' own chains and meetings hold, not what the store
 * does. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/occurrence.h>

enum { ST_SCHEDULE_TITLE = 304, ST_SCHEDULES_MAX = 100 * 1000 };

struct st_schedule_query {
	const struct st_record_ref *one; /* this one alone; NULL: all */
	uint32_t station;                /* held by it or below it; 0: any */
	uint32_t from_day, to_day, today;
	uint32_t days_ahead;             /* so announced where a schedule doesn't say */
	struct st_working working;       /* fn NULL: Monday to Friday */
	bool untitled;                   /* titles aren't wanted, which stand in parts of their own */
	bool open_only;                  /* what is open yet, or was moved to a day to come */
	size_t limit;                    /* schedules read for a page; 0: all of them */
	struct st_span page;             /* where the page before ended; empty: from the start */
	bool page_again;                 /* begin with the schedule that stands there, not behind it */
};
struct st_schedule {
	struct st_record record;
	struct st_record_id id;
	char number[ST_NUMBER_TEXT], title[ST_SCHEDULE_TITLE];
	struct st_code station;
	const struct st_plan *plan;
};
typedef int st_schedule_fn(const struct st_schedule *s, const struct st_occurrence *o, void *arg);
/* Schedule by schedule, in order of state and opening; of each in order of planned days.
 * ST_EFIELD: no place of a page, or a period that ends before it begins; ST_ETOOBIG: a longer
 * period than ST_PERIOD_DAYS_MAX. */
ST_MUST int st_schedule_each(struct st_txn *t, const struct st_schedule_query *q,
			     st_schedule_fn *fn, void *arg, struct st_buf *ret_next);

/* By station and type: planned = open + kept + moved + missed. Late: announced too late; silent:
 * not at all, though it was time. */
struct st_schedule_count {
	uint32_t station, type; /* numbers: of the station that holds it, of the choice */
	uint32_t schedules;     /* that have any in the period */
	uint64_t planned, open, kept, moved, missed, late, silent;
};
struct st_schedule_counts {
	size_t count;
	struct st_schedule_count *rows; /* in order of station and type */
};
/* limit, page and open_only are not looked at. */
ST_MUST int st_schedule_count_all(struct st_txn *t, const struct st_schedule_query *q,
				  struct st_schedule_counts *ret_counts);
void st_schedule_counts_done(struct st_schedule_counts *c);
