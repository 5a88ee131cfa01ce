/* joined.c - a matter is handled once, and who had one that was merged into it learns the result.
 *
 * Owns:    the rule of it: whoever opened a merged matter, and whoever held it then, comes to hold
 *          the events of the one that is handled for it: the earlier ones when the merge is known,
 *          each later one as it comes.
 * Promise: 2: whichever comes first, at each hop; 9: ST_JOINED_MAX merged matters of one are looked
 *          at.
 * Flow:    fold -> joined -> outbox */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/merge.h>

enum { WAYS_MAX = 2 * (ST_JOINED_MAX + 1) };

/* Children on the way down to stations. */
struct ways {
	size_t count;
	uint32_t list[WAYS_MAX];
};

/* A merged record, and all that were merged into it: they hear of what it joined. */
struct crowd {
	const struct st_record *first;
	struct st_record *list;
	size_t count;
};

static bool has_way(const struct ways *w, uint32_t child)
{
	st_assert(child > 0);
	for (size_t i = 0; i < w->count; i++)
		if (w->list[i] == child)
			return true;
	return false;
}

static int add_way(struct st_apply *a, uint32_t station, struct ways *w)
{
	uint32_t child = 0, self = a->self.station.number;
	int rc = station == self ? ST_ESUBTREE : st_station_branch_of(a->txn, station, self, &child);
	if (rc < 0)
		return rc == ST_ESUBTREE ? 0 : rc; /* not below us */
	st_assert(w->count < WAYS_MAX);
	if (!has_way(w, child))
		w->list[w->count++] = child;
	return 0;
}

static int add_ways(struct st_apply *a, const struct st_record *r, struct ways *w)
{
	st_assert(r->ref.opener > 0);
	int rc = add_way(a, r->ref.opener, w);
	return rc < 0 || r->holder == 0 ? rc : add_way(a, r->holder, w);
}

static bool among(const struct crowd *c, const struct st_record_ref *ref)
{
	if (st_record_same(&c->first->ref, ref))
		return true;
	for (size_t i = 0; i < c->count; i++)
		if (st_record_same(&c->list[i].ref, ref))
			return true;
	return false;
}

/* ---- whether there is anything to look for, which is asked of each event ---- */

_Static_assert((int)ST_KINDS_MAX <= 32, "kinds are bits of a word");

int joined_any(struct st_apply *a, const struct st_record *r)
{
	const struct st_kind *k = st_kind(r->kind);
	if (k == NULL)
		return 0; /* a later version's */
	uint32_t bit = UINT32_C(1) << k->number;
	int rc = (a->asked.merges & bit) != 0 ? 0 : st_merge_any_of(a->txn, k);
	if (rc < 0)
		return rc;
	a->asked.merges |= bit;
	a->asked.merged |= rc == 1 ? bit : 0;
	return (a->asked.merged & bit) != 0 ? st_merge_any(a->txn, r) : 0;
}

void joined_note(struct st_apply *a)
{
	const struct st_record *r = st_fold_row(a->fold);
	const struct st_kind *k = r == NULL ? NULL : st_kind(r->kind);
	uint32_t field = st_merge_names(k);
	if (field != 0 && st_record_facet(r, field) != 0)
		a->asked.merged |= UINT32_C(1) << k->number;
}

/* ---- a merge: what was joined, to the merged one's stations ---- */

/* Whether this event made it a merged one: it is the merge, or the last piece missing before it. */
static int merges(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		  const struct st_record *r, bool *ret_merges)
{
	const struct st_kind *k = st_kind(r->kind);
	struct st_change change;
	*ret_merges = false;
	if (e->type == ST_NOTE || !st_state_merged(k, r->state))
		return 0;
	if (r->head.log != log->number || r->head.seq != e->at.seq)
		return route_on_chain(a, r, log, e, ret_merges);
	st_assert(k != NULL);
	int rc = st_change_decode(e->type, e->body, &a->arena, &change);
	*ret_merges = rc < 0 || st_merge_field(k, st_kind_move(k, change.move)) != NULL;
	return 0;
}

/* The children that have a record's events already, for others that were merged into it. */
static int served(struct st_apply *a, struct st_merge_reader *x, const struct st_record *target,
		  const struct crowd *new, struct ways *w)
{
	struct st_record *list = NULL;
	size_t count = 0;
	w->count = 0;
	int rc = st_merge_under(x, target, &list, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (!among(new, &list[i].ref))
			rc = add_ways(a, &list[i], w);
	free(list);
	return rc;
}

static int bring(struct st_apply *a, struct st_merge_reader *x, const struct st_record *target,
		 const struct crowd *to, struct ways *room)
{
	struct ways *ways = &room[0], *have = &room[1];
	int rc = served(a, x, target, to, have);
	for (size_t i = 0; rc == 0 && i < ways->count; i++)
		if (!has_way(have, ways->list[i]))
			rc = route_whole(a, ways->list[i], target);
	return rc;
}

/* What it joined, what that joined, and so on, to its stations and those of all merged into it. */
static int bring_joined(struct st_apply *a, struct st_merge_reader *x, const struct crowd *c,
			struct ways *room)
{
	struct st_record at;
	struct st_merge joined;
	int rc = add_ways(a, c->first, &room[0]);
	for (size_t i = 0; rc == 0 && i < c->count; i++)
		rc = add_ways(a, &c->list[i], &room[0]);
	st_record_copy(&at, c->first);
	for (unsigned n = 0; rc == 0 && room[0].count > 0 && n < ST_MERGE_STEPS_MAX; n++) {
		rc = st_merge_read(x, &at, &joined);
		if (rc < 0 || !joined.here || st_record_same(&joined.target, &c->first->ref))
			return rc; /* not here yet, or a ring */
		rc = st_record_load(a->txn, &joined.target, &at);
		if (rc == 0)
			rc = bring(a, x, &at, c, room);
		if (!st_state_merged(st_kind(at.kind), at.state))
			return rc;
	}
	return rc;
}

/* ---- an event: to the stations of what was merged into its record ---- */

/* The opening comes behind others: those couldn't be passed on, since merges name its number. */
static bool opens_late(const struct st_event *e, const struct st_record *r)
{
	return e->type == ST_MOVE && e->previous.seq == 0 &&
	       (r->revision > 1 || r->notes > 0 || r->waiting > 0 || r->set_aside > 0);
}

static int pass_on(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		   const struct crowd *c, struct ways *w)
{
	const struct st_record *r = c->first;
	uint32_t held = 0, self = a->self.station.number;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < c->count; i++)
		rc = add_ways(a, &c->list[i], w);
	if (rc == 0 && r->handed > 0 && r->holder != self)
		rc = st_station_branch_of(a->txn, r->holder, self, &held);
	if (rc == ST_ESUBTREE)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < w->count; i++) {
		if (w->list[i] == held)
			continue; /* route_late saw to it */
		rc = opens_late(e, r) ? route_whole(a, w->list[i], r)
				      : route_also(a, log, e, w->list[i]);
	}
	return rc;
}

int route_joined(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	const struct st_record *r = st_fold_row(a->fold);
	struct st_merge_reader *x = NULL;
	struct ways *room = NULL; /* too large for the stack */
	struct crowd c = { .first = r };
	bool merged = false;
	if (r == NULL)
		return 0;
	int any = joined_any(a, r);
	int rc = any < 0 ? any : merges(a, log, e, r, &merged);
	if (rc < 0 || (any == 0 && !merged))
		return rc;
	room = calloc(2, sizeof(*room));
	rc = room == NULL ? ST_ENOMEM : st_merge_reader_new(a->txn, &x);
	if (rc == 0 && any == 1)
		rc = st_merge_under(x, r, &c.list, &c.count);
	if (rc == 0 && any == 1)
		rc = pass_on(a, log, e, &c, &room[0]);
	if (rc == 0 && merged)
		rc = bring_joined(a, x, &c, room);
	st_merge_reader_free(x);
	free(c.list);
	free(room);
	return rc;
}

/* ---- whom a writer knows of ---- */

int joined_each(struct st_apply *a, const struct st_record *r, joined_fn *fn, void *arg)
{
	struct st_merge_reader *x = NULL;
	struct st_record *under = NULL;
	size_t n = 0;
	ST_REQUIRE(fn != NULL);
	int rc = r->revision == 0 ? 0 : joined_any(a, r);
	if (rc <= 0)
		return rc;
	rc = st_merge_reader_new(a->txn, &x);
	if (rc == 0)
		rc = st_merge_under(x, r, &under, &n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = fn(under[i].ref.opener, arg);
		if (rc == 0 && under[i].holder != 0)
			rc = fn(under[i].holder, arg);
	}
	st_merge_reader_free(x);
	free(under);
	return rc;
}
