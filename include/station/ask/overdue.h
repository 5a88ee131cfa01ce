/* overdue.h - what is past its day here and below, or will be within the days that its rule warns ahead.
 * Judged on the day that is given: the dates stand in the records, so nothing has to happen at midnight.
 *
 *   record    open, and past its due day: in order of holder, kind and due day
 *   opinion   a co-handling unit's, asked for and not given by its day (work/kind.h, st_left): a row a unit
 *   missed    a day of a schedule, past and met by nothing (ask/schedule.h judges), within missed_days: no
 *             later deed ends it, so the list would never be done with it; in the order of schedules
 * One after the other, a page at a time. What is soon due is told of the first two. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/terms.h>

/*      name     Chinese          English */
#define ST_OVERDUE_WHAT(X)                                                                         \
	X(record, "办理期限", "due day")                                                           \
	X(opinion, "会办意见", "co-handling opinion")                                              \
	X(missed, "四定未落实", "reception day missed")
enum st_overdue_what {
	ST_OVERDUE_ANY,
#define X(name, zh, en) ST_OVERDUE_##name,
	ST_OVERDUE_WHAT(X)
#undef X
	ST_OVERDUE_WHATS
};

enum { ST_SOON_USUAL = 7 };    /* calendar days ahead, where no rule of the city's says */
enum { ST_MISSED_USUAL = 92, ST_MISSED_MOST = 731 }; /* calendar days back */

struct st_overdue_query {
	enum st_overdue_what what; /* 0: each of them */
	uint32_t kind;       /* 0: every kind */
	uint32_t holder;     /* station number; 0: this station and all below it */
	uint32_t self, today;
	bool soon;           /* what is due from today on, within the days its rule warns ahead */
	uint32_t soon_days;  /* so many calendar days for all instead; 0: by the rules */
	uint32_t missed_days; /* at most ST_MISSED_MOST; 0: ST_MISSED_USUAL */
	size_t limit;        /* 1 .. ST_LIST_MAX */
	struct st_span from; /* where the page before ended; empty: from the start */
};
struct st_overdue_row {
	enum st_overdue_what what;
	struct st_record record;
	struct st_record_id id;
	struct st_station holder;
	/* unit: of an opinion the one that owes it */
	char number[ST_NUMBER_TEXT], category[ST_NAME_TEXT_MAX + 1], unit[ST_NAME_TEXT_MAX + 1], title[304];
	uint32_t due, first_due;     /* first_due: before it was put off; 0: it wasn't, or nobody says */
	uint32_t days, working_days; /* past the due day, or until it */
};
typedef int st_overdue_fn(const struct st_overdue_row *row, void *arg);
/* *ret_next gets the place to go on from, empty at the end. ST_EFIELD: `from` is no such place. */
ST_MUST int st_overdue_each(struct st_txn *t, const struct st_overdue_query *q, st_overdue_fn *fn, void *arg,
			    struct st_buf *ret_next);
