/* voices.h - one matter, many doors, counted both ways: matters are what is handled, voices who
 * brought them. A matter's voices are itself and all that were merged into it, by one step or
 * several. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/merge.h>

enum {
	ST_MERGED_MAX = 20000, /* merged records looked at by one question, the newest opened left
				  out beyond it */
	ST_VOICES_MAX = 500,   /* rows of an answer */
};

struct st_voice {
	struct st_record record;
	struct st_record_ref joins,
		end; /* what it was merged into; what is handled for it in the end */
	bool told;
	bool joins_here; /* joins and end are records of this store */
};
struct st_voices {
	struct st_voice *list; /* in order of record keys */
	size_t count;
	bool left; /* there are more merged ones than the bound */
};
/* All merged records of a kind. *ret is to be done. */
ST_MUST int st_voices_read(struct st_txn *t, uint32_t kind, struct st_voices *ret);
/* Those that were merged into one record, at most ST_VOICES_MAX of them, by the index of what joins
 * it: a cost that grows with the answer. Their `end` is that record. */
ST_MUST int st_voices_under(struct st_txn *t, const struct st_record *r, struct st_voices *ret);
void st_voices_done(struct st_voices *v);

struct st_voiced {
	struct st_record_ref ref;
	uint64_t voices, untold; /* of the merged ones: whose reporter hasn't been told */
};
/* The records with the most voices, at most `most` of them, most first; among equals in key order.
 * Records without a merged one have one voice and aren't listed. Answers how many. */
size_t st_voices_top(const struct st_voices *v, size_t most, struct st_voiced *to);
/* One record's own. */
struct st_voiced st_voices_of(const struct st_voices *v, const struct st_record_ref *ref);
