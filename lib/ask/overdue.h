/* overdue.h - what the sources of the list of what is late share: the walk, and the page. */
#pragma once
#include <station/ask/overdue.h>
#include "life.h"

enum { LATE_KEY = 10 + ST_REF_SIZE };
_Static_assert((int)LATE_KEY <= (int)ST_INDEX_KEY_MAX, "keys of the indexes that are walked");

/* Where a page ends: the last row's section and key, and how many rows of that key were given. */
struct late_place {
	uint8_t section; /* enum st_overdue_what; 0: none */
	uint16_t rows;
	uint8_t key[LATE_KEY];
};

struct looking {
	struct st_txn *txn;
	const struct st_overdue_query *q;
	struct life life;
	struct st_terms *terms;
	st_overdue_fn *fn;
	void *arg;
	size_t count;
	struct late_place from, last;
	uint32_t skipped; /* rows of from's key */
	struct st_buf *next;
	struct st_station holder; /* at work */
	uint32_t *holders;
	size_t holder_count, holder_room;
	bool stopped;
};

/* overdue.c: what any row says of its record, but its day and the days over. 0. */
int late_fill(struct looking *l, struct st_overdue_row *row, uint32_t *ret_urgency,
	      char subcategory[ST_NAME_TEXT_MAX + 1]);
/* The days over or left of row->due, and then late_give. */
int late_row(struct looking *l, const uint8_t key[LATE_KEY], struct st_overdue_row *row);

/* overdue_opinions.c: of one holder and kind. */
int late_opinions(struct looking *l, uint32_t holder, const struct st_kind *k);
/* overdue_days.c: of all schedules that are asked for. */
int late_days(struct looking *l);
