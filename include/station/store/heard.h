/* heard.h - how far each directive has come: an event that gives a station a record, or a note to it.
 * The stages are what heard events say (event/event.h), so they can be told anew from the logs; the place in
 * the outbox is this store's own, and stands apart.
 *
 *   heard       writer u32 | epoch u32 | seq u64 | addressee u32 ->
 *               stage u8 | epoch u32 | position u64 | delivered ms u64 | seen ms u64
 *   left        writer u32 | epoch u32 | seq u64 | addressee u32 -> position u64
 *   directives  1 | ~epoch u32 | ~seq u64 | addressee u32               written here, newest first
 *               2 | addressee u32 | ~epoch | ~seq                       the same, by whom it is for
 *               3 | ~told epoch u32 | ~told seq u64 | writer u32 | ~epoch u32 | ~seq u64   for us
 *               4 | as 3                                                of those, not yet seen
 *               -> opener u32 | ulid 16
 * Writers and addressees are station numbers. Epoch and position of heard: at the addressee itself, the own event
 * that told of it ("told"); 0 anywhere else. Position of left: the place in the outbox on the way to it. */
#pragma once
#include <station/store/records.h>

struct st_heard_key {
	uint32_t writer, epoch;
	uint64_t seq;
	uint32_t addressee;
};
struct st_heard_row {
	uint8_t stage;     /* enum st_stage: 0 none, 1 delivered, 2 seen */
	uint32_t epoch;    /* of position */
	uint64_t position; /* seq of our own event that told of it; 0: none, or it isn't for us */
	uint64_t delivered_ms, seen_ms;
};
/* ST_ENOTFOUND: nothing is known. */
ST_MUST int st_heard_get(struct st_txn *t, const struct st_heard_key *key, struct st_heard_row *ret_row);
ST_MUST int st_heard_put(struct st_txn *t, const struct st_heard_key *key, const struct st_heard_row *row);
/* Where a directive left through an outbox; it is there no more once the child has taken it. ST_ENOTFOUND. */
ST_MUST int st_left_get(struct st_txn *t, const struct st_heard_key *key, uint64_t *ret_position);
ST_MUST int st_left_put(struct st_txn *t, const struct st_heard_key *key, uint64_t position);
typedef int st_heard_fn(const struct st_heard_key *key, const struct st_heard_row *row, void *arg);
ST_MUST int st_heard_each(struct st_txn *t, st_heard_fn *fn, void *arg);

enum st_directives { ST_DIRECTIVES_SENT = 1, ST_DIRECTIVES_TO = 2, ST_DIRECTIVES_FOR_US = 3,
		     ST_DIRECTIVES_UNSEEN = 4 };
enum { ST_DIRECTIVE_KEY_MAX = 32 };
struct st_directive_row {
	struct st_heard_key event; /* SENT, TO: its writer is this station (0 when read) */
	uint32_t told_epoch;       /* FOR_US, UNSEEN */
	uint64_t told_seq;
	struct st_record_ref record;
};
ST_MUST int st_directive_put(struct st_txn *t, enum st_directives which, const struct st_directive_row *row);
ST_MUST int st_directive_del(struct st_txn *t, enum st_directives which,
			     const struct st_directive_row *row); /* 0 if absent, too */
/* key: the row's own, to go on behind. Non-zero from fn stops and is returned. */
typedef int st_directive_fn(const struct st_directive_row *row, struct st_span key, void *arg);
/* Newest first. addressee: of ST_DIRECTIVES_TO. behind: a key that was given, or empty. */
struct st_directive_range {
	enum st_directives which;
	uint32_t addressee;
	struct st_span behind;
};
ST_MUST int st_directive_each(struct st_txn *t, const struct st_directive_range *range,
			      st_directive_fn *fn, void *arg);
