/* recount.h - the lists that follow from a record's row, compared while its events are at hand. */
#pragma once
#include <station/ask/verify.h>
#include <station/work/fold.h>

struct recount_lists {
	struct st_txn *txn;
	struct st_recount *out;
	uint64_t strays, places, numbers, sources; /* rows that must be there */
	bool many_openings; /* of one record: whose number and source came first can't be told any more */
};

/* One record: its row as recounted, and what was chosen of its events. */
struct recount_record {
	const struct st_record *row;
	const struct st_link *links;
	const enum st_verdict *verdicts;
	size_t count;
	const uint8_t *source; /* 16 bytes, of the opening; NULL: it names none */
};
int recount_lists_of(struct recount_lists *l, const struct recount_record *r);
/* Once all records have been looked at: that no list has more. */
int recount_lists_done(struct recount_lists *l);
void recount_wrong(struct st_recount *out, uint64_t *count, const char *what, const char *how);
