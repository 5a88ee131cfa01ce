/* erased.h - which erase events this store holds of each record, and the hashes of parts that they
 * name. All of `erased` follows from the events, in whatever order they came, and can be made
 * again; the parts that are gone can't.
 *
 *   erased  1 | opener u32 | ulid | log u32 | seq u64 -> state u8 | why u32 | written ms u64
 *           2 | opener u32 | ulid | hash 32 | by u32  -> log u32 | seq u64 of the erase that
 *                                                     names it; of several the lowest
 *           3 | ~written ms u64 | log u32 | seq u64   -> opener u32 | ulid           newest first
 *           4 | station u32 | opener u32 | ulid -> -    an erase waits for that station to be known
 *   crowded log u32 | seq u64 -> -      what wasn't let wait here, erases and moves: too many did already
 *           log u32 | 0 u64   -> u64    how often it had something wait for a holder to be known
 *
 * by: the one station whose own parts are meant (0: anybody's). */
#pragma once
#include <station/base/digest.h>
#include <station/store/records.h>

enum st_erasure_state {
	ST_ERASURE_WAITS = 1,   /* what it rests on hasn't come */
	ST_ERASURE_REFUSED = 2, /* its writer had no power to, or too many waited: why says which */
	ST_ERASURE_DONE = 3,    /* what it names is gone from this store */
};
struct st_erasure {
	struct st_record_ref record;
	uint32_t log; /* the erase event's place */
	uint64_t seq;
	enum st_erasure_state state;
	int why; /* enum st_error; 0: not refused */
	uint64_t wall_ms;
};
/* New, or in another state than before. */
ST_MUST int st_erasure_put(struct st_txn *t, const struct st_erasure *e);
ST_MUST int st_erasure_get(struct st_txn *t, const struct st_record_ref *record, uint32_t log,
			   uint64_t seq, struct st_erasure *ret_e); /* ST_ENOTFOUND */
typedef int st_erasure_fn(const struct st_erasure *e, void *arg);   /* non-zero stops the scan */
/* Those of one record behind (log, seq), by log and seq; all of them from (0, 0). */
ST_MUST int st_erasure_each(struct st_txn *t, const struct st_record_ref *record, uint32_t log,
			    uint64_t seq, st_erasure_fn *fn, void *arg);
/* Newest first, behind one of them (NULL: all). */
ST_MUST int st_erasure_newest(struct st_txn *t, const struct st_erasure *behind, st_erasure_fn *fn,
			      void *arg);
ST_MUST int st_erasure_any(struct st_txn *t); /* 1: this store holds one; 0: none */

ST_MUST int st_erased_put(struct st_txn *t, const struct st_erasure *by_event,
			  const struct st_hash *part, uint32_t by);
/* 1: a part of the record with that hash, beside an event that `writer` wrote, is to be nowhere; 0:
 * not so. */
ST_MUST int st_erased_has(struct st_txn *t, const struct st_record_ref *record,
			  const struct st_hash *part, uint32_t writer);

/* One of a record's erases waits for a station to be known here. */
struct st_awaited {
	uint32_t station;
	struct st_record_ref record;
};
ST_MUST int st_erasure_await(struct st_txn *t, uint32_t station,
			     const struct st_record_ref *record);
ST_MUST int st_erasure_arrived(struct st_txn *t, const struct st_awaited *w); /* it waits no more */
typedef int st_awaited_fn(const struct st_awaited *w, void *arg); /* non-zero stops the scan */
ST_MUST int st_erasure_awaited(struct st_txn *t, st_awaited_fn *fn, void *arg);

ST_MUST int st_crowded_put(struct st_txn *t, uint32_t log, uint64_t seq);
/* Counts once more what a log had wait for a holder to be known. */
ST_MUST int st_crowding_count(struct st_txn *t, uint32_t log, uint64_t *ret_count);
ST_MUST int st_crowded_has(struct st_txn *t, uint32_t log, uint64_t seq); /* 1 or 0 */
