/* fold.h - from a set of events to a record's state, the same whatever their order of arrival.
 *
 * The rule, on a record's set of events (design.md section 5, Holder):
 *   - start at the opening: no predecessor, written by the record's opener; of several, its first;
 *   - at each tip, of the events that name it as predecessor take the valid one that wins; valid: a
 *     move by the holder with the tip's term, or a reassignment with a higher term by a station above the holder;
 *     wins: higher term, then writer nearer the root, then lower epoch, then lower seq;
 *   - what stays: notes commute; an event whose predecessors haven't all come waits, and so does a reassignment while
 *     it isn't known here where the holder stands; the rest is set aside with all that follows it: kept, shown,
 *     counted, never folded.
 * st_chain_choose is that rule and nothing else. st_fold_event reaches the same answer one event
 * at a time: in the common case the event follows the head and only the row changes; otherwise the set
 * is gathered (the chain backward from the head, and what waits) and chosen anew. The chain has no
 * rows of its own: head and predecessors are the chain.
 * What was set aside isn't gathered: it never comes back. Who holds a record in which term behind an event is said by
 * that event's predecessors alone, so what wasn't valid there stays so; and of two that claim one predecessor the
 * loser still loses, whatever comes. So nobody's thousand claims on a record cost its holder anything. */
#pragma once
#include <station/base/arena.h>
#include <station/store/logs.h>
#include <station/store/stations.h>
#include <station/work/record.h>
#include <station/work/tally.h>

/* Of one record: its chain and what waits, and what may wait of one log. Of one log, over all records: how often it may
 * make something wait until a holder is known. What is beyond is set aside for good (st_crowded_put); an honest holder
 * has no more than a chain has room for, and is known before anybody gives it something. */
enum { ST_SET_MAX = 65536, ST_WAITING_MAX = ST_REVISIONS_MAX, ST_UNPLACED_MAX = 4096 };

/* One event of a record as the rule sees it. */
struct st_link {
	struct st_place at, previous; /* previous.seq 0: opening. previous.log 0 with a seq: not held here */
	uint32_t writer, depth, epoch; /* writer: station number; depth: stations above it */
	uint32_t term, type;          /* enum st_event_type */
	uint32_t holder;              /* the new holder; 0: unchanged */
	bool lost; /* set aside whatever is among the links: what it rests on was, or too many waited */
};
enum { ST_CHOICE_ROOM = 4 };
enum st_verdict { ST_ON_CHAIN = 1, ST_IS_NOTE, ST_WAITS, ST_IS_SET_ASIDE };
/* 1: station `above` is an ancestor of station `below`; 0: it isn't. < 0: that can't be said, most often since it isn't
 * known where `below` stands (ST_ENOTFOUND). */
typedef int st_above_fn(void *arg, uint32_t above, uint32_t below);
/* One of these that asks a store, and how that failed, if it did: the choice is then void. */
struct st_above_asking {
	struct st_txn *txn;
	int rc;
};
int st_above_in_store(void *asking, uint32_t above, uint32_t below);
struct st_choice_in {
	uint32_t opener;
	const struct st_link *links;
	size_t count;
	uint32_t *room; /* scratch: ST_CHOICE_ROOM * count of them */
	st_above_fn *above;
	void *above_arg;
};
/* Fills verdicts[count], and order[] with the chain's indexes from the opening to the tip; answers the chain's
 * length. Pure; any order of links gives the same chain. */
size_t st_chain_choose(const struct st_choice_in *in, enum st_verdict *verdicts, size_t *order);

/* The link of an event that stands in a log. depth stays 0: only a choice needs it, and it costs a
 * station's row. */
ST_MUST int st_link_of(struct st_txn *t, const struct st_log *log, const struct st_event *event,
		       const struct st_change *change, struct st_link *ret_link);

/* Row after one event of the chain; *r zeroed (but for ref) before the opening. Needs the txn for names only. */
ST_MUST int st_record_step(struct st_txn *t, struct st_record *r, const struct st_link *link,
			   const struct st_change *change);

/* What one transaction's folding carries along: scratch memory, and the tallies' changes, which go
 * to the store in one sorted sweep at st_fold_finish. */
struct st_fold;
ST_MUST int st_fold_new(struct st_fold **ret_fold);
void st_fold_free(struct st_fold *f);
void st_fold_begin(struct st_fold *f);
/* 1: the fold takes it, and this is its body; 0: it is no event of a record's life; < 0: it can't be read. */
ST_MUST int st_fold_reads(const struct st_event *event, struct st_arena *arena,
			  struct st_change *ret_change);
/* The key under which the row of a file is known that an opening says it came from; false: it doesn't say. */
bool st_change_source(const struct st_change *change, uint8_t hash[16]);
/* Each place that a record's row has in the lists. Non-zero from fn stops and is returned. */
typedef int st_record_place_fn(enum st_index which, struct st_span key, void *arg);
ST_MUST int st_record_places(const struct st_record *r, st_record_place_fn *fn, void *arg);
/* Folds an event that stands in the store at (log, seq). Not an error: an event that can't be read, or is of no record
 * (stored unread, counted, or nothing to fold). Errors are the store's alone. */
ST_MUST int st_fold_event(struct st_txn *t, struct st_fold *f, const struct st_log *log,
			  const struct st_event *event);
/* Folds anew what waits until it is known where a station stands, since now it is. fn is told of each record that
 * the station held, and whether its history has grown, when it is st_fold_row, too; non-zero from it stops. */
typedef int st_known_fn(const struct st_record *r, bool grew, void *arg);
ST_MUST int st_fold_known(struct st_txn *t, struct st_fold *f, uint32_t station, st_known_fn *fn, void *arg);
/* The row that the last event folded led to; NULL: it was of no record. Dies with the next one. */
const struct st_record *st_fold_row(const struct st_fold *f);
ST_MUST int st_fold_finish(struct st_txn *t, struct st_fold *f);
