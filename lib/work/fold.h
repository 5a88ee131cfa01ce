/* fold.h - what the sources of the fold share: its scratch memory, and the gathering of a set. */
#pragma once
#include <station/base/arena.h>
#include <station/work/fold.h>

struct st_fold {
	struct st_tally *tally;
	struct st_arena arena; /* one body */
	struct st_arena event_arena;
	struct st_buf row, event;
	/* The record that was put last, as the tallies have it and as it is: events of one record come together, and
	 * are counted once. counted.ref.opener 0: all is counted. */
	struct st_record counted, last;
	bool folded; /* the last event led to it */
	size_t set_room; /* of a set that is gathered: so many of each */
	struct st_link *links;
	enum st_verdict *verdicts, *before;
	size_t *order;
	uint32_t *room; /* of a choice */
};

/* Chooses anew among all of the record's events and this one; writes strays; *r is what it adds up to. */
int fold_refold(struct st_txn *t, struct st_fold *f, struct st_record *r, const struct st_link *link);
/* Rows that follow from a record's: its own, its places in lists, its tallies. */
int fold_put(struct st_txn *t, struct st_fold *f, const struct st_record *before,
	     const struct st_record *after);
