/* verify.h - is it all true? Whole logs against their signatures and the city's root key, one
 * event's proof, and the tallies against a recount. Long work runs in slices over append-only rows, so no
 * snapshot is held for long; each call says how far it came. */
#pragma once
#include <station/event/event.h>
#include <station/store/logs.h>
#include <station/store/stations.h>
#include <station/store/tables.h>

enum { ST_SLICE_EVENTS = 4096 };

struct st_log_verdict {
	struct st_log_id log;
	uint64_t size, checkpoints; /* events hashed, checkpoint signatures that hold */
	uint64_t receipts;          /* of upper tiers, that hold */
	int rc;                     /* 0, ST_EROOT, ST_ESIGNATURE, ST_ECHAIN, ST_ECORRUPT, ST_ESEQ */
	uint64_t bad_seq;           /* first event that isn't right, or isn't there; 0: none */
};
/* Reads every event of a log, rebuilds the tree, and checks every stored checkpoint, each copy of it, every receipt and the
 * origin's certificate chain up to the root key. Parts that are here are checked against their hashes. */
ST_MUST int st_log_verify(struct st_store *s, uint32_t log, st_progress_fn *progress, void *arg,
			  struct st_log_verdict *ret_verdict);
/* What came outside the logs: each carried event against its proof, its writer's checkpoint and chain, and the
 * writer's event to us before it, by which what was withheld on the way shows. */
struct st_carried_verdict {
	uint64_t events, wrong, missing;
	int rc;                            /* of the first that is wrong; 0: none */
	struct st_position first_wrong;
	struct st_position first_missing;  /* an event to us that isn't here */
};
ST_MUST int st_carried_verify(struct st_store *s, st_progress_fn *progress, void *arg,
			      struct st_carried_verdict *ret_verdict);
/* The certificate chain of a station, main's first: verified up to the city's root. */
ST_MUST int st_chain_verify(struct st_txn *t, uint32_t station);

/* Notes: a log's newest checkpoint with its receipts, as a C2SP signed note. station 0: own. */
ST_MUST int st_log_note(struct st_txn *t, const struct st_log *log, struct st_buf *to);
/* The tlog-proof of one event, under the checkpoint with the receipt nearest to the root, so that it shows
 * what main holds; under the smallest that covers the event while nobody above has receipted it. */
ST_MUST int st_event_proof(struct st_txn *t, const struct st_log *log, uint64_t seq,
			   struct st_buf *to);

struct st_recount {
	uint64_t events, records, counters; /* looked at */
	uint64_t wrong;                     /* counters that differ */
	uint64_t wrong_records;             /* rows that differ from what their events add up to */
	uint64_t wrong_rows;                /* of lists: strays, index, numbers, sources, names */
	char first_wrong[200];              /* in words: which, stored, recounted */
};
bool st_recount_right(const struct st_recount *r);
/* Folds every record anew from the raw events (not from its row) and compares all folded tables (store/tables.h)
 * with the store, all in one snapshot, so the comparison is exact; the snapshot keeps old pages for as
 * long as it runs. Memory is bounded: records are taken in passes of about ST_RECOUNT_EVENTS events. */
enum { ST_RECOUNT_EVENTS = 262144 };
ST_MUST int st_recount_run(struct st_store *s, st_progress_fn *progress, void *arg,
			   struct st_recount *ret_recount);
