/* refold.c - the uncommon way: a record's events gathered and chosen among anew.
 *
 * Owns:    the strays: what waits and what is set aside, and the move between them and the chain.
 * Promise: 2: whatever the order of arrival, the same chain.
 * Flow:    fold -> chain backward and strays -> choice -> row, strays */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "fold.h"

_Static_assert((int)ST_WAITS != 0, "a verdict of 0 is: it wasn't there before");

struct gathering {
	struct st_txn *txn;
	struct st_fold *fold;
	size_t count;
	bool full;
	int rc;
};

static int room(struct st_fold *f)
{
	if (f->links == NULL)
		f->links = calloc(ST_SET_MAX, sizeof(*f->links));
	if (f->verdicts == NULL)
		f->verdicts = calloc(ST_SET_MAX, sizeof(*f->verdicts));
	if (f->before == NULL)
		f->before = calloc(ST_SET_MAX, sizeof(*f->before));
	if (f->order == NULL)
		f->order = calloc(ST_SET_MAX, sizeof(*f->order));
	return f->links && f->verdicts && f->before && f->order ? 0 : ST_ENOMEM;
}

/* The event at a place, as a change and a link. Spans live until the fold's next event. */
static int read_at(struct st_txn *t, struct st_fold *f, const struct st_place *at,
		   struct st_link *link, struct st_change *change)
{
	struct st_event e;
	struct st_log log;
	st_buf_clear(&f->event);
	st_arena_reset(&f->event_arena);
	int rc = st_event_get(t, at->log, at->seq, &f->event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&f->event), &f->event_arena, &e);
	if (rc == 0)
		rc = st_change_decode(e.type, e.body, &f->event_arena, change);
	if (rc == 0)
		rc = st_log_get(t, at->log, &log);
	if (rc == 0)
		rc = st_link_of(t, &log, &e, change, link);
	return rc < 0 && rc != ST_ENOMEM && rc != ST_EIO ? ST_ECORRUPT : rc;
}

static int depth_of(struct st_txn *t, struct st_link *link)
{
	st_assert(link->writer > 0);
	struct st_station s;
	int rc = st_station_get(t, link->writer, &s);
	link->depth = rc == 0 ? s.depth : 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int add(struct gathering *g, const struct st_link *link, enum st_verdict before)
{
	if (g->count == ST_SET_MAX) {
		g->full = true;
		return 0;
	}
	st_assert(g->count < ST_SET_MAX);
	g->fold->links[g->count] = *link;
	g->fold->before[g->count] = before;
	return depth_of(g->txn, &g->fold->links[g->count++]);
}

static int add_stray(const struct st_stray *stray, void *arg)
{
	struct gathering *g = arg;
	struct st_change change;
	struct st_link link;
	struct st_place at = { stray->log, stray->seq };
	if (stray->why == ST_STRAY_NOTE)
		return 0;
	int rc = read_at(g->txn, g->fold, &at, &link, &change);
	return rc < 0 ? rc : add(g, &link, stray->why == ST_STRAY_WAITING ? ST_WAITS : ST_IS_SET_ASIDE);
}

static int gather(struct gathering *g, const struct st_record *r, const struct st_link *new)
{
	struct st_place at = r->head;
	int rc = add(g, new, 0);
	for (uint32_t n = 0; rc == 0 && at.seq != 0 && n < r->revision; n++) {
		struct st_change change;
		struct st_link link;
		rc = read_at(g->txn, g->fold, &at, &link, &change);
		if (rc == 0)
			rc = add(g, &link, ST_ON_CHAIN);
		at = link.previous;
	}
	return rc < 0 ? rc : st_stray_each(g->txn, &r->ref, add_stray, g);
}

bool st_above_in_store(void *asking, uint32_t upper, uint32_t lower)
{
	struct st_above_asking *a = asking;
	int below = upper == lower ? 0 : st_station_below(a->txn, lower, upper);
	if (below < 0)
		a->rc = below;
	return below == 1;
}

static int put_stray(struct st_txn *t, const struct st_record *r, const struct st_link *link,
		     enum st_verdict before, enum st_verdict now)
{
	st_assert(now != 0);
	struct st_stray stray = { link->at.log, link->at.seq, 0 };
	if (before == now)
		return 0;
	if (now == ST_ON_CHAIN) {
		int rc = before == 0 ? 0 : st_stray_del(t, &r->ref, &stray);
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	}
	stray.why = now == ST_WAITS ? ST_STRAY_WAITING : ST_STRAY_SET_ASIDE;
	return st_stray_put(t, &r->ref, &stray);
}

/* The row of the chain that was chosen, from its opening on. */
static int replay(struct st_txn *t, struct st_fold *f, size_t length, struct st_record *r)
{
	for (size_t i = 0; i < length; i++) {
		st_assert(f->order[i] < ST_SET_MAX);
		struct st_change change;
		struct st_link link;
		int rc = read_at(t, f, &f->links[f->order[i]].at, &link, &change);
		if (rc == 0)
			rc = st_record_step(t, r, &link, &change);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int fold_refold(struct st_txn *t, struct st_fold *f, struct st_record *r, const struct st_link *link)
{
	st_assert(link->type != ST_NOTE);
	struct gathering g = { .txn = t, .fold = f };
	struct st_record after;
	int rc = room(f);
	if (rc == 0)
		rc = gather(&g, r, link);
	if (rc < 0)
		return rc;
	if (g.full) { /* more claims on one record than are chosen among: the newest loses */
		r->set_aside++;
		return put_stray(t, r, link, 0, ST_IS_SET_ASIDE);
	}
	struct st_above_asking asking = { .txn = t };
	struct st_choice_in in = { .opener = r->ref.opener, .links = f->links, .count = g.count,
				   .above = st_above_in_store, .above_arg = &asking };
	size_t length = st_chain_choose(&in, f->verdicts, f->order);
	st_assert(length <= g.count);
	rc = asking.rc;
	memset(&after, 0, sizeof(after));
	after.ref = r->ref;
	after.notes = r->notes;
	for (size_t i = 0; rc == 0 && i < g.count; i++) {
		after.waiting += f->verdicts[i] == ST_WAITS;
		after.set_aside += f->verdicts[i] == ST_IS_SET_ASIDE;
		rc = put_stray(t, r, &f->links[i], f->before[i], f->verdicts[i]);
	}
	if (rc == 0)
		rc = replay(t, f, length, &after);
	if (rc == 0)
		st_record_copy(r, &after);
	return rc;
}
