/* report_late.c - what is open and past its due day, one by one, from the index of due days.
 *
 * Owns:    the walk over that index, holder after holder. Tallies keep what is open by due day, but not
 * by state, too: that would be a counter more in every cell for one rare question, whose answer is no
 * longer than this walk.
 * Promise: 9: no longer than REPORT_LATE_MAX records.
 * Flow:    index -> late -> report */
#include <string.h>
#include <station/base/check.h>
#include "report.h"

enum { KEY = 10 + ST_REF_SIZE };
_Static_assert((int)KEY <= (int)ST_INDEX_KEY_MAX, "a key of the index of due days");

struct late {
	struct st_txn *txn;
	uint32_t kind, today, holder;
	bool found; /* a holder from `holder` on */
	size_t seen;
	late_fn *fn;
	void *arg;
};

/* Whose records stand next, of any kind. */
static int next_holder(struct st_span key, void *arg)
{
	struct late *l = arg;
	if (key.size != KEY)
		return ST_ECORRUPT;
	l->holder = st_get_u32(key.data);
	l->found = true;
	return 1;
}

static int one(struct st_span key, void *arg)
{
	struct late *l = arg;
	struct st_record r;
	if (key.size != KEY)
		return ST_ECORRUPT;
	uint32_t due = st_get_u32(key.data + 6);
	st_assert(due > 0);
	if (due >= l->today)
		return 1; /* nor is any later one of this holder */
	if (l->seen++ == REPORT_LATE_MAX)
		return ST_ETOOBIG;
	int rc = st_record_indexed(l->txn, key, &r);
	return rc < 0 ? rc : l->fn(&r, l->arg);
}

static int of_holder(struct late *l)
{
	uint8_t prefix[6], from[KEY] = { 0 };
	st_put_u32(prefix, l->holder);
	prefix[4] = (uint8_t)l->kind;
	prefix[5] = ST_OPEN;
	memcpy(from, prefix, sizeof(prefix));
	st_put_u32(from + 6, 1); /* 0: none is set */
	int rc = st_index_each(l->txn, ST_INDEX_DUE, ST_SPAN(prefix), ST_SPAN(from), one, l);
	return rc < 0 ? rc : 0;
}

int late_each(struct st_txn *t, uint32_t kind, uint32_t today, late_fn *fn, void *arg)
{
	struct late l = { .txn = t, .kind = kind, .today = today, .fn = fn, .arg = arg };
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(kind <= UINT8_MAX);
	for (;;) {
		uint8_t from[KEY] = { 0 };
		st_put_u32(from, l.holder);
		l.found = false;
		int rc = st_index_each(t, ST_INDEX_DUE, ST_SPAN_NONE, ST_SPAN(from), next_holder, &l);
		if (rc >= 0 && l.found)
			rc = of_holder(&l);
		if (rc < 0 || !l.found || l.holder == UINT32_MAX)
			return rc < 0 ? rc : 0;
		l.holder++;
	}
}
