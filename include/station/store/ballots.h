/* ballots.h - where a vote's own events stand: its tokens and the papers that came back.
 * They are no state changes, so they are on no chain; this list finds them without a walk through
 * the log. It is made from the events and can be made again.
 *
 *   ballots  opener u32 | ulid | log u32 | seq u64 -> empty */
#pragma once
#include <station/store/records.h>

ST_MUST int st_ballot_put(struct st_txn *t, const struct st_record_ref *vote, uint32_t log,
			  uint64_t seq);
typedef int st_ballot_fn(uint32_t log, uint64_t seq, void *arg);
/* All of one vote, by log and seq. Non-zero from fn stops and is returned. */
ST_MUST int st_ballot_each(struct st_txn *t, const struct st_record_ref *vote, st_ballot_fn *fn,
			   void *arg);
