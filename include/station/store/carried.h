/* carried.h - events that travel outside their log, and the rows that say where they go on to.
 * A carried event stands with what proves it: the inclusion path and a checkpoint of its writer. It is kept
 * beside the logs, is never pushed up, and is read by place like any other (st_event_get).
 *
 *   carried   log u32 | seq u64         -> size u64 | time u64 | signature | path count u8 | path | event
 *   outbox    child u32 | position u64  -> log u32 | seq u64; position 0: the last position given. A seq with the mark
 *                                          ST_OUTBOX_HEAD is a head (store/heads.h)
 *   addressed code 12 | subtree u8      -> epoch u32 | seq u64 | count u64: this station's newest event to it, and how many
 *
 * Positions rise for ever, so what a child has taken is one number under this store's incarnation: at the child it is
 * a row of the table meta. */
#pragma once
#include <station/store/logs.h>
#include <station/trust/paths.h>

struct st_carried {
	uint32_t log; /* local number */
	uint64_t seq;
	uint64_t size; /* of the checkpoint that the path leads to */
	struct st_cosignature cosignature;
	struct st_proof proof;
	struct st_span event; /* dies at the transaction's next write */
};
ST_MUST int st_carried_put(struct st_txn *t, const struct st_carried *c);
ST_MUST int st_carried_get(struct st_txn *t, uint32_t log, uint64_t seq, struct st_carried *ret_c);
typedef int st_carried_fn(struct st_txn *t, const struct st_carried *c, void *arg);
/* Those behind (log, seq), in that order; all of them from (0, 0). Non-zero from fn stops and is returned. */
ST_MUST int st_carried_each(struct st_txn *t, uint32_t log, uint64_t seq, st_carried_fn *fn, void *arg);
/* The event at a place with its proof, from its log or from where it is carried. ST_ENOTFOUND. Several of one log are
 * proven under its newest checkpoint, so that they have as much as possible in common. */
struct st_proving {
	struct st_txn *txn;
	struct st_tree_memo *memo; /* of the same store; NULL: none */
	struct st_buf *to;         /* gets the event; empty */
	struct st_log log;         /* of the one before; number 0: none */
	struct st_checkpoint_row newest;
	struct st_paths *paths; /* cleared; what the proofs share. NULL: each proof is whole */
	uint32_t paths_log;
	bool shared; /* of the newest proof: it is what those before it don't tell */
};
ST_MUST int st_carried_prove(struct st_proving *p, uint32_t log, uint64_t seq, struct st_carried *ret_c);

#define ST_OUTBOX_HEAD (UINT64_C(1) << 63)
struct st_outbox_row {
	uint32_t child; /* station number */
	uint64_t position;
	uint32_t log;
	uint64_t seq;
};
/* The place that it got; *ret_position may be of use to st_outbox_has. */
ST_MUST int st_outbox_put(struct st_txn *t, uint32_t child, uint32_t log, uint64_t seq,
			  uint64_t *ret_position);
/* 1: the row at that position waits; 0: the child has taken it, or there never was one. */
ST_MUST int st_outbox_has(struct st_txn *t, uint32_t child, uint64_t position);
typedef int st_outbox_fn(const struct st_outbox_row *row, void *arg);
/* Rows of a child after a position, in order. Non-zero from fn stops and is returned. */
ST_MUST int st_outbox_each(struct st_txn *t, uint32_t child, uint64_t after, st_outbox_fn *fn,
			   void *arg);
/* Whether there is any. ST_ENOTFOUND: none. */
ST_MUST int st_outbox_waits(struct st_txn *t, uint32_t child, uint64_t after);
/* Drops what the child has taken, up to and with a position. */
ST_MUST int st_outbox_taken(struct st_txn *t, uint32_t child, uint64_t position);
/* One row, whether the child has it or not. 0 if absent, too. */
ST_MUST int st_outbox_drop(struct st_txn *t, uint32_t child, uint64_t position);
/* How far a child has its parent's outbox: a position under that store's incarnation. */
struct st_taken {
	uint8_t incarnation[16];
	uint64_t position;
};
/* This station's, of its parent's outbox. Position 0: nothing yet. */
ST_MUST int st_taken_get(struct st_txn *t, struct st_taken *ret_taken);
ST_MUST int st_taken_put(struct st_txn *t, const struct st_taken *taken);
/* Events that wait; heads aren't counted. */
ST_MUST int st_outbox_count(struct st_txn *t, uint32_t child, uint64_t *ret_count);

struct st_addressed {
	uint32_t epoch;
	uint64_t seq;   /* 0: nothing yet */
	uint64_t count; /* of this epoch's events to it */
};
ST_MUST int st_addressed_get(struct st_txn *t, const struct st_code *to, bool subtree,
			     struct st_addressed *ret_a);
ST_MUST int st_addressed_put(struct st_txn *t, const struct st_code *to, bool subtree,
			     const struct st_addressed *a);
typedef int st_addressed_fn(struct st_txn *t, const struct st_code *to, bool subtree,
			    const struct st_addressed *a, void *arg);
/* Non-zero from fn stops and is returned. */
ST_MUST int st_addressed_each(struct st_txn *t, st_addressed_fn *fn, void *arg);
