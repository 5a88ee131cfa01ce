/* ballots.c - the places of a vote's own events.
 *
 * Owns:    the table ballots.
 * Flow:    apply -> ballots -> count */
#include <station/store/ballots.h>
#include <station/base/check.h>
#include "kv.h"

enum { PREFIX = ST_REF_SIZE, WHOLE = PREFIX + 4 + 8 };
_Static_assert((int)WHOLE <= (int)KV_KEY_MAX, "a key fits");

static struct key vote_key(const struct st_record_ref *vote)
{
	struct key k = key_new();
	key_ref(&k, vote);
	st_assert(k.size == PREFIX);
	return k;
}

int st_ballot_put(struct st_txn *t, const struct st_record_ref *vote, uint32_t log, uint64_t seq)
{
	ST_REQUIRE(log > 0);
	ST_REQUIRE(seq > 0);
	struct key k = vote_key(vote);
	key_u32(&k, log);
	key_u64(&k, seq);
	st_assert(k.size == WHOLE);
	return kv_put(t, TABLE_BALLOTS, key_span(&k), ST_SPAN_NONE);
}

struct each {
	st_ballot_fn *fn;
	void *arg;
};

static int each_ballot(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	(void)t;
	if (row->key.size != WHOLE)
		return ST_ECORRUPT;
	return e->fn(st_get_u32(row->key.data + PREFIX), st_get_u64(row->key.data + PREFIX + 4),
		     e->arg);
}

int st_ballot_each(struct st_txn *t, const struct st_record_ref *vote, st_ballot_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { fn, arg };
	struct key k = vote_key(vote);
	struct kv_range range = { .table = TABLE_BALLOTS, .prefix = key_span(&k) };
	return kv_scan(t, &range, each_ballot, &e);
}
