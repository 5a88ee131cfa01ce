/* logs.h - the logs: events in order, the tree over them, checkpoints and receipts.
 * A log is one origin's one epoch, under a small local number. Events stand in blocks of a page:
 * a row (log, first seq) holds a run of events, so an event takes up its own bytes and no more.
 * Of the tree, the nodes of every fourth level are kept, 16 to a row (2.2 bytes an event); the rest is
 * hashed again from at most 16 events when a proof asks.
 *
 *   logs         what changes with every event      -> the log's row, its newest checkpoint, its newest events until
 *                                                      they fill a block, the newest receipts (with the checkpoints
 *                                                      under them)
 *   events       log u32 | first seq u64            -> { varint size, event }...
 *   tree         log u32 | level u8 | index/16 u64  -> up to 16 hashes
 *   checkpoints  log u32 | size u64                 -> cosignature, root, bytes so far: those that space the log
 *   parts        log u32 | seq u64 | n u8           -> the stored form of one part */
#pragma once
#include <station/store/store.h>
#include <station/trust/checkpoint.h>
#include <station/trust/merkle.h>

enum {
	ST_CHECKPOINT_EVENTS_MAX = 256,        /* no log runs longer without a checkpoint, */
	ST_CHECKPOINT_BYTES_MAX = 128 * 1024,  /* in events and clear parts */
};

struct st_log {
	uint32_t number;   /* from 1 */
	uint32_t station;  /* the origin's number */
	uint32_t epoch;
	uint64_t bytes;    /* of events and clear parts so far: spaces the checkpoints */
	struct st_frontier tree; /* tree.size is the log's size */
	uint64_t signed_size;    /* newest checkpoint */
	uint64_t kept_size, kept_bytes; /* newest checkpoint that stays for good */
	uint64_t refill_size;    /* our own receipt covers so much, more than we hold; 0: not so */
	bool closed;             /* a later epoch, or a revocation, has ended it */
};

ST_MUST int st_log_get(struct st_txn *t, uint32_t number, struct st_log *ret_log);
ST_MUST int st_log_find(struct st_txn *t, uint32_t station, uint32_t epoch, struct st_log *ret_log);
/* Creates an empty log and gives it the next number. ST_EEXIST. */
ST_MUST int st_log_create(struct st_txn *t, uint32_t station, uint32_t epoch,
			  struct st_log *ret_log);
ST_MUST int st_log_put(struct st_txn *t, const struct st_log *log);
typedef int st_log_fn(struct st_txn *t, const struct st_log *log, void *arg);
ST_MUST int st_log_each(struct st_txn *t, st_log_fn *fn, void *arg);
/* The id on the wire and in names. */
ST_MUST int st_log_id(struct st_txn *t, const struct st_log *log, struct st_log_id *ret_id);
/* The newest epoch of a station that is held here. */
ST_MUST int st_log_newest(struct st_txn *t, uint32_t station, struct st_log *ret_log);

/* Appends events (seq tree.size + 1 ...): blocks, tree rows, and *log itself in memory. leaves[i] is
 * the leaf hash of events[i]; bytes counts clear parts too. The caller puts the log row, once, after
 * the last append of its transaction. */
struct st_append {
	const struct st_span *events;
	const struct st_hash *leaves;
	size_t count;
	uint64_t part_bytes;
};
ST_MUST int st_log_append(struct st_txn *t, struct st_log *log, const struct st_append *append);
/* Copies one event, wherever it stands: in its log, or carried beside it (store/carried.h).
 * ST_ENOTFOUND; ST_ETOOBIG: to's limit. */
ST_MUST int st_event_get(struct st_txn *t, uint32_t log, uint64_t seq, struct st_buf *to);
/* Events from..to in order; spans die with the callback. Non-zero from fn stops and is returned. */
typedef int st_event_fn(uint64_t seq, struct st_span event, void *arg);
ST_MUST int st_event_each(struct st_txn *t, uint32_t log, uint64_t from, uint64_t to,
			  st_event_fn *fn, void *arg);

/* Tree reads for trust/merkle.h: pass st_tree_read with a struct st_tree. */
enum { ST_TREE_MEMO = 2048 };
/* Nodes that were read or hashed, for many proofs from one store: a node never changes. Zeroed: none. */
struct st_tree_memo {
	struct {
		uint64_t index;
		uint32_t log; /* 0: empty */
		unsigned level;
		struct st_hash node;
	} slots[ST_TREE_MEMO];
};
struct st_tree {
	struct st_txn *txn;
	uint32_t log;
	uint64_t size;
	struct st_tree_memo *memo; /* NULL: none */
};
int st_tree_read(void *tree, unsigned level, uint64_t index, struct st_hash *ret_node);

/* Writes the nodes of the tree anew that events from + 1 .. to complete; those up to from stand. from: a multiple of
 * ST_TREE_STEP. */
enum { ST_TREE_STEP = 16 };
ST_MUST int st_tree_retell(struct st_txn *t, const struct st_log *log, uint64_t from, uint64_t to);

/* Writes a checkpoint at log->tree.size in place of the newest, which stays where the spacing needs it
 * (ST_CHECKPOINT_*_MAX). Changes *log (not yet its row). */
ST_MUST int st_checkpoint_put(struct st_txn *t, struct st_log *log, const struct st_cosignature *c);
/* The checkpoint at exactly size; the largest at most size; the smallest at least size. The root
 * comes with it. ST_ENOTFOUND. */
struct st_checkpoint_row {
	uint64_t size, bytes;
	struct st_hash root;
	struct st_cosignature cosignature;
};
ST_MUST int st_checkpoint_get(struct st_txn *t, uint32_t log, uint64_t size,
			      struct st_checkpoint_row *ret_row);
ST_MUST int st_checkpoint_at_most(struct st_txn *t, uint32_t log, uint64_t size,
				  struct st_checkpoint_row *ret_row);
ST_MUST int st_checkpoint_at_least(struct st_txn *t, uint32_t log, uint64_t size,
				   struct st_checkpoint_row *ret_row);
/* Each copy that is kept of the checkpoint of that size: as the newest, under a receipt, to space the log. */
typedef int st_checkpoint_fn(const struct st_checkpoint_row *c, void *arg);
ST_MUST int st_checkpoint_each(struct st_txn *t, uint32_t log, uint64_t size, st_checkpoint_fn *fn, void *arg);

struct st_receipt {
	uint32_t log, signer; /* local numbers */
	uint64_t size;
	struct st_cosignature cosignature;
};
/* Keeps the larger size, and of one size the newer time, with the checkpoint of that size where there is one; 1:
 * stored, 0: what is there is as new. */
ST_MUST int st_receipt_put(struct st_txn *t, const struct st_receipt *r);
ST_MUST int st_receipt_get(struct st_txn *t, uint32_t log, uint32_t signer,
			   struct st_receipt *ret_r);
typedef int st_receipt_fn(const struct st_receipt *r, void *arg);
ST_MUST int st_receipt_each(struct st_txn *t, uint32_t log, st_receipt_fn *fn, void *arg);

ST_MUST int st_part_put_row(struct st_txn *t, uint32_t log, uint64_t seq, unsigned n,
			    struct st_span stored);
/* Drops a part for good: its bytes in this transaction's pages are written over first. ST_ENOTFOUND. */
ST_MUST int st_part_erase_row(struct st_txn *t, uint32_t log, uint64_t seq, unsigned n);
/* ST_ENOTFOUND: never came, or was dropped. */
ST_MUST int st_part_get_row(struct st_txn *t, uint32_t log, uint64_t seq, unsigned n,
			    struct st_buf *to);
