/* merge.h - what has been merged into what.
 * A move that ends a record and needs a link to another of its kind is a merge; which one that is,
 * a kind's table says, and the merged record's own event. A merge goes into a record that is open,
 * and from then on the merged one moves no more, so merges make trees; two stations that merge two
 * records into each other at one time make a ring, and every walk here ends in one, too. */
#pragma once
#include <station/work/record.h>

enum {
	ST_MERGE_STEPS_MAX = 32, /* of a walk from a merged record to the one that is handled */
	ST_JOINED_MAX = 500,     /* that were merged into one, and hear of it at once */
};

/* The field by which this move merges; NULL: it doesn't. */
const struct st_field_row *st_merge_field(const struct st_kind *k, const struct st_move_row *m);
/* The field by which records of a kind name what they were merged into; 0: no move of it merges. */
uint32_t st_merge_names(const struct st_kind *k);
/* Whether a record in this state has been merged. */
bool st_state_merged(const struct st_kind *k, uint32_t state);
/* Whether a record in this state has a reporter who is still to be told (a "tell" is open to it,
 * which leaves the state as it is). */
bool st_state_tells(const struct st_kind *k, uint32_t state);

/* Whether there is something to tell of it: it has been answered (it may be echoed, or has been) or
 * has ended. */
bool st_state_answered(const struct st_kind *k, uint32_t state);

struct st_merge_reader; /* memory for reading events, for many records in a row */
ST_MUST int st_merge_reader_new(struct st_txn *t, struct st_merge_reader **ret_x);
void st_merge_reader_free(struct st_merge_reader *x);

struct st_merge {
	bool told; /* its reporter has been */
	bool here; /* target is a record of this store */
	struct st_record_ref target;
	char name[ST_RECORD_NAME_MAX + 1]; /* as the event has it; "": not merged, or into nothing */
};
/* What a merged record joins, and for any record that tells, whether it was told. ST_ECORRUPT. */
ST_MUST int st_merge_read(struct st_merge_reader *x, const struct st_record *r,
			  struct st_merge *ret_merge);
/* Follows merges from *r, which becomes the record at their end: one that isn't merged, the last
 * that is here, or in a ring the one that the walk ended at. */
ST_MUST int st_merge_end(struct st_merge_reader *x, struct st_record *r);

/* The records that were merged into this one itself, in order of opening. fn: non-zero stops. */
typedef int st_merged_fn(const struct st_record *r, const struct st_merge *m, void *arg);
ST_MUST int st_merge_each(struct st_merge_reader *x, const struct st_record *target, st_merged_fn *fn,
			  void *arg);
/* All that were merged into it, over those that were merged themselves: the direct ones first, each set in order of
 * opening, ST_JOINED_MAX at most; not the target itself, in a ring. *ret_list is the caller's to free. */
ST_MUST int st_merge_under(struct st_merge_reader *x, const struct st_record *target,
			   struct st_record **ret_list, size_t *ret_count);
/* 1: there may be any; without a reader, for whoever asks of each event. */
ST_MUST int st_merge_any(struct st_txn *t, const struct st_record *target);
/* 1: some record of the kind has been merged. */
ST_MUST int st_merge_any_of(struct st_txn *t, const struct st_kind *k);
