/* overdue.h - what is past its due day here and below, or will be within the days that its rule warns ahead.
 * Judged on the day that is given: the dates stand in the records, so nothing has to happen at midnight.
 * In order of holder, kind and due day, a page at a time. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/terms.h>

enum { ST_SOON_USUAL = 7 }; /* calendar days ahead, where no rule of the city's says */

struct st_overdue_query {
	uint32_t kind;       /* 0: every kind that has due days */
	uint32_t holder;     /* station number; 0: this station and all below it */
	uint32_t self, today;
	bool soon;           /* what is due from today on, within the days its rule warns ahead */
	uint32_t soon_days;  /* so many calendar days for all instead; 0: by the rules */
	size_t limit;        /* 1 .. ST_LIST_MAX */
	struct st_span from; /* where the page before ended; empty: from the start */
};
struct st_overdue_row {
	struct st_record record;
	struct st_record_id id;
	struct st_station holder;
	char number[ST_NUMBER_TEXT], category[ST_NAME_TEXT_MAX + 1], unit[ST_NAME_TEXT_MAX + 1], title[304];
	uint32_t days, working_days; /* past the due day, or until it */
};
typedef int st_overdue_fn(const struct st_overdue_row *row, void *arg);
/* *ret_next gets the place to go on from, empty at the end. ST_EFIELD: `from` is no such place. */
ST_MUST int st_overdue_each(struct st_txn *t, const struct st_overdue_query *q, st_overdue_fn *fn, void *arg,
			    struct st_buf *ret_next);
