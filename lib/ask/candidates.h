/* candidates.h - between the search for like matters and its walk over the rows. */
#pragma once
#include <station/ask/candidates.h>

/* A row that may be worth its text. */
struct kept_row {
	int points;
	uint64_t apart_ms;
	struct st_record_ref ref;
};

struct best_rows {
	/* asked */
	struct st_txn *txn;
	struct st_door door; /* the asker's, without texts and place: rows say nothing of them */
	const struct st_record_ref *self; /* left out; NULL: not registered yet */
	uint32_t kind, home, days; /* home: its station, which is walked by itself; 0: none */
	/* found: a heap with the worst on top */
	struct kept_row kept[ST_CANDIDATES_TEXTS_MAX];
	size_t count;
	bool left;                 /* there were more */
	uint64_t rows;             /* looked at */
	uint32_t own_whole, whole; /* days on either side that were looked at whole */
	/* the walk's own */
	uint64_t from_ms, to_ms, rows_left;
	struct st_record_ref at; /* where the next stretch begins */
	bool again, own;
};
int best_rows_find(struct best_rows *f);
/* What a row says of its record. */
struct st_door candidate_door(const struct st_record *r);
