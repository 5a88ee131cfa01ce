/* refold.c - the uncommon way: a record's events gathered and chosen among anew.
 *
 * Owns:    the strays: what waits and what is set aside, and the move between them and the chain.
 * Promise: 2: whatever the order of arrival, the same chain.
 * Flow:    fold -> chain backward and strays -> choice -> row, strays */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/erased.h>
#include "fold.h"

_Static_assert((int)ST_WAITS != 0, "a verdict of 0 is: it wasn't there before");
enum { ROOM_LEAST = 256, HELD_SLICE = 64 };

struct gathering {
	struct st_txn *txn;
	struct st_fold *fold;
	uint32_t new_log;       /* of the event that is new; 0: none is */
	size_t count, same_log; /* same_log: of what waits, so many are of that log */
	uint32_t lost; /* strays that were set aside before: they never come back, and aren't in it */
};

static void *resized(void *of, size_t count, size_t size, bool *missing)
{
	void *to = reallocarray(of, count, size);
	*missing |= to == NULL;
	return to == NULL ? of : to;
}

static int room(struct st_fold *f, size_t count)
{
	bool missing = false;
	if (count <= f->set_room)
		return 0;
	count = count < ROOM_LEAST ? ROOM_LEAST : count + count / 2;
	f->links = resized(f->links, count, sizeof(*f->links), &missing);
	f->verdicts = resized(f->verdicts, count, sizeof(*f->verdicts), &missing);
	f->before = resized(f->before, count, sizeof(*f->before), &missing);
	f->order = resized(f->order, count, sizeof(*f->order), &missing);
	f->room = resized(f->room, count, ST_CHOICE_ROOM * sizeof(*f->room), &missing);
	if (!missing)
		f->set_room = count;
	return missing ? ST_ENOMEM : 0;
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
	if (g->count == g->fold->set_room)
		return ST_ECORRUPT; /* the row says that there are fewer */
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
	g->lost += stray->why == ST_STRAY_SET_ASIDE;
	if (stray->why != ST_STRAY_WAITING)
		return 0;
	int rc = read_at(g->txn, g->fold, &at, &link, &change);
	g->same_log += link.at.log == g->new_log;
	return rc < 0 ? rc : add(g, &link, ST_WAITS);
}

static int add_new(struct gathering *g, const struct st_record *r, const struct st_link *new)
{
	struct st_link first = *new;
	struct st_stray before = { new->previous.log, new->previous.seq, ST_STRAY_SET_ASIDE };
	int rc = new->previous.seq == 0 ? 0 : st_stray_has(g->txn, &r->ref, &before);
	first.lost |= rc == 1;
	g->new_log = new->at.log;
	return rc < 0 ? rc : add(g, &first, 0);
}

static int gather(struct gathering *g, const struct st_record *r)
{
	struct st_place at = r->head;
	int rc = 0;
	for (uint32_t n = 0; rc == 0 && at.seq != 0 && n < r->revision; n++) {
		struct st_change change;
		struct st_link link;
		rc = read_at(g->txn, g->fold, &at, &link, &change);
		if (rc == 0)
			rc = add(g, &link, ST_ON_CHAIN);
		at = link.previous;
	}
	g->lost = r->waiting == 0 ? r->set_aside : 0;
	return rc < 0 || r->waiting == 0 ? rc : st_stray_each(g->txn, &r->ref, add_stray, g);
}

int st_above_in_store(void *asking, uint32_t upper, uint32_t lower)
{
	struct st_above_asking *a = asking;
	int rc = upper == lower ? 0 : st_station_stands_below(a->txn, lower, upper);
	if (rc < 0 && rc != ST_ENOTFOUND)
		a->rc = rc;
	return rc;
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
		st_assert(f->order[i] < f->set_room);
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

/* The chain's length. */
static int choose(struct gathering *g, const struct st_record *r, size_t *ret_length)
{
	struct st_fold *f = g->fold;
	struct st_above_asking asking = { .txn = g->txn };
	struct st_choice_in in = { .opener = r->ref.opener, .links = f->links, .count = g->count,
				   .room = f->room, .above = st_above_in_store, .above_arg = &asking };
	*ret_length = st_chain_choose(&in, f->verdicts, f->order);
	st_assert(*ret_length <= g->count);
	return asking.rc;
}

/* ---- what it names hasn't come, so nothing else changes ---- */

struct counting {
	uint32_t log;
	size_t waiting;
};

static int count_waiting(const struct st_stray *stray, void *arg)
{
	struct counting *c = arg;
	c->waiting += stray->why == ST_STRAY_WAITING && stray->log == c->log;
	return 0;
}

/* 1: the event that it follows isn't here. */
static int is_early(struct st_txn *t, struct st_fold *f, const struct st_link *link)
{
	if (link->previous.seq == 0 || link->lost)
		return 0;
	if (link->previous.log == 0)
		return 1;
	st_buf_clear(&f->event);
	int rc = st_event_get(t, link->previous.log, link->previous.seq, &f->event);
	return rc == ST_ENOTFOUND ? 1 : rc;
}

/* 1: it waits, and so does whatever rests on it. 0: there is more to it, or no room. */
static int joins_waiting(struct st_txn *t, struct st_fold *f, struct st_record *r, const struct st_link *link)
{
	struct counting c = { .log = link->at.log };
	int rc = is_early(t, f, link);
	if (rc != 1)
		return rc;
	rc = st_stray_each(t, &r->ref, count_waiting, &c);
	if (rc < 0 || c.waiting >= ST_WAITING_MAX || r->waiting >= ST_SET_MAX)
		return rc;
	r->waiting++;
	rc = put_stray(t, r, link, 0, ST_WAITS);
	return rc < 0 ? rc : 1;
}

/* Too many of its log's wait already. */
static int crowd_out(struct gathering *g, const struct st_record *r, size_t *length)
{
	struct st_link *new = &g->fold->links[0];
	if (g->fold->verdicts[0] != ST_WAITS || (g->same_log < ST_WAITING_MAX && r->waiting < ST_SET_MAX))
		return 0;
	new->lost = true;
	int rc = st_crowded_put(g->txn, new->at.log, new->at.seq);
	return rc < 0 ? rc : choose(g, r, length);
}

/* Strays as the choice says, and the row of its chain. */
static int keep(struct gathering *g, struct st_record *r, size_t length)
{
	struct st_fold *f = g->fold;
	struct st_record after;
	int rc = 0;
	memset(&after, 0, sizeof(after));
	after.ref = r->ref;
	after.notes = r->notes;
	after.set_aside = g->lost;
	for (size_t i = 0; rc == 0 && i < g->count; i++) {
		after.waiting += f->verdicts[i] == ST_WAITS;
		after.set_aside += f->verdicts[i] == ST_IS_SET_ASIDE;
		rc = put_stray(g->txn, r, &f->links[i], f->before[i], f->verdicts[i]);
	}
	if (rc == 0)
		rc = replay(g->txn, f, length, &after);
	if (rc == 0)
		st_record_copy(r, &after);
	return rc;
}

/* Whether it can't be said yet if that reassignment is the chain's next: nobody knows where the holder stands. */
static bool waits_for_holder(const struct gathering *g, size_t i, const struct st_link *tip)
{
	const struct st_link *l = &g->fold->links[i];
	return g->fold->verdicts[i] == ST_WAITS && l->type == ST_REASSIGN && l->previous.log == tip->at.log &&
	       l->previous.seq == tip->at.seq;
}

/* Whoever comes to be known has all of it folded in one transaction, so there is a bound for what a log may have wait
 * so, over all records. */
static int bound_waiting(struct gathering *g, const struct st_record *r, size_t *length)
{
	struct st_fold *f = g->fold;
	uint64_t count = 0;
	size_t n = 0;
	const struct st_link tip = *length == 0 ? (struct st_link){ .writer = 0 } : f->links[f->order[*length - 1]];
	for (size_t i = 0; i < g->count; i++)
		n += waits_for_holder(g, i, &tip);
	int rc = n == 0 ? 0 : st_crowding_count(g->txn, g->new_log, &count);
	if (rc < 0 || count <= ST_UNPLACED_MAX)
		return rc;
	for (size_t i = 0; rc == 0 && i < g->count; i++) {
		if (!waits_for_holder(g, i, &tip))
			continue;
		f->links[i].lost = true;
		rc = st_crowded_put(g->txn, f->links[i].at.log, f->links[i].at.seq);
	}
	return rc < 0 ? rc : choose(g, r, length);
}

int fold_refold(struct st_txn *t, struct st_fold *f, struct st_record *r, const struct st_link *link)
{
	st_assert(link->type != ST_NOTE);
	struct gathering g = { .txn = t, .fold = f };
	size_t length = 0;
	int rc = joins_waiting(t, f, r, link);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = room(f, (size_t)r->revision + r->waiting + 1);
	if (rc == 0)
		rc = add_new(&g, r, link);
	if (rc == 0)
		rc = gather(&g, r);
	if (rc == 0)
		rc = choose(&g, r, &length);
	if (rc == 0)
		rc = crowd_out(&g, r, &length);
	if (rc == 0)
		rc = bound_waiting(&g, r, &length);
	return rc < 0 ? rc : keep(&g, r, length);
}

/* ---- a station that is known from now on ---- */

/* 1: its history has grown. */
static int refold_one(struct st_txn *t, struct st_fold *f, const struct st_record_ref *ref, struct st_record *ret_after)
{
	struct gathering g = { .txn = t, .fold = f };
	struct st_record before;
	size_t length = 0;
	int rc = st_record_load(t, ref, &before);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc; /* a list names it */
	st_record_copy(ret_after, &before);
	if (before.waiting == 0)
		return 0;
	rc = room(f, (size_t)before.revision + before.waiting);
	if (rc == 0)
		rc = gather(&g, &before);
	if (rc == 0)
		rc = choose(&g, &before, &length);
	if (rc == 0)
		rc = keep(&g, ret_after, length);
	if (rc == 0)
		rc = fold_put(t, f, &before, ret_after);
	return rc < 0 ? rc : ret_after->revision > before.revision;
}

struct held {
	struct st_record_ref refs[HELD_SLICE];
	size_t count;
	struct st_buf last; /* the key */
};

static int take_held(struct st_span key, void *arg)
{
	struct held *h = arg;
	int rc = st_index_ref(key, &h->refs[h->count++]);
	if (rc < 0 || h->count < HELD_SLICE)
		return rc;
	st_buf_clear(&h->last);
	st_buf_put_span(&h->last, key);
	return h->last.error < 0 ? h->last.error : 1;
}

/* While it isn't known where a holder stands nothing can follow what gave it the record, so what waits for that is among
 * the records that it holds. */
int st_fold_known(struct st_txn *t, struct st_fold *f, uint32_t station, st_known_fn *fn, void *arg)
{
	struct held h = { .count = HELD_SLICE };
	struct st_record r;
	uint8_t prefix[4];
	int rc = 0;
	ST_REQUIRE(station > 0);
	st_put_u32(prefix, station);
	st_buf_init(&h.last, ST_INDEX_KEY_MAX);
	while (rc == 0 && h.count == HELD_SLICE) {
		h.count = 0;
		rc = st_index_each(t, ST_INDEX_DUE, ST_SPAN(prefix), st_buf_span(&h.last), take_held, &h);
		rc = rc < 0 ? rc : 0;
		for (size_t i = 0; rc == 0 && i < h.count; i++) {
			f->folded = false;
			rc = refold_one(t, f, &h.refs[i], &r);
			if (rc >= 0)
				rc = fn(&r, rc == 1, arg);
		}
	}
	f->folded = false;
	st_buf_done(&h.last);
	return rc;
}
