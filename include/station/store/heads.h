/* heads.h - the newest head of each (log, addressee), and the ways that it still has to go (trust/head.h).
 * Not events: what a newer one replaces is gone. A store without the table has none, and gets them with their next
 * signing. Its key begins with what the row is:
 *
 *   1 | log u32 | to u32 | subtree u8   -> the head, and how far what it names is here
 *   2 | log u32 | stamp u64             -> to u32 | subtree u8: it goes up, in the order in which it came
 *   3 | child u32 | log u32 | to u32 | subtree u8 -> position u64 in the child's outbox
 *
 * In an outbox a head is a row like an event's, behind the events that it names; a newer head takes the place of one
 * that still waits, at the end. So a child that is away for months finds one of each. */
#pragma once
#include <station/store/carried.h>
#include <station/trust/head.h>

struct st_head_key {
	uint32_t log; /* number of the writer's log */
	uint32_t to;  /* station number */
	bool subtree;
};
struct st_head_row {
	uint64_t seq, count, time_s;
	struct st_signature signature;
	uint64_t kept_s;   /* this clock, when it was signed or came */
	uint64_t behind_s; /* this clock, when what it names wasn't all here for the first time; 0: it was */
	uint64_t whole_seq, whole_count; /* nothing is missing up to there; 0: not looked at yet */
	uint64_t stamp;    /* of its row in the order of those that go up; 0: it doesn't */
};
ST_MUST int st_head_get(struct st_txn *t, const struct st_head_key *key, struct st_head_row *ret_row);
ST_MUST int st_head_put(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *row);
typedef int st_head_fn(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *row,
		       void *arg);
/* log 0: of all logs. Non-zero from fn stops and is returned. */
ST_MUST int st_head_each(struct st_txn *t, uint32_t log, st_head_fn *fn, void *arg);
/* Everything but the signature's check: names by which the wire knows it. */
ST_MUST int st_head_read(struct st_txn *t, const struct st_head_key *key, struct st_head *ret_head);

/* It is to go up, behind all that do already. Changes *row, and not yet the store's. */
ST_MUST int st_head_goes_up(struct st_txn *t, const struct st_head_key *key, struct st_head_row *row);
ST_MUST int st_head_up_newest(struct st_txn *t, uint32_t log, uint64_t *ret_stamp); /* 0: none goes up */
typedef int st_head_up_fn(struct st_txn *t, const struct st_head_key *key, uint64_t stamp, void *arg);
ST_MUST int st_head_up_each(struct st_txn *t, uint32_t log, uint64_t after, st_head_up_fn *fn, void *arg);

/* It is to go down to a child, behind all that waits for it there. */
ST_MUST int st_head_goes_down(struct st_txn *t, const struct st_head_key *key, uint32_t child);
/* Whether an outbox's row is a head. */
bool st_outbox_head(const struct st_outbox_row *row, struct st_head_key *ret_key);
