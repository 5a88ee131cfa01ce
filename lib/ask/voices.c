/* voices.c - who stands behind a matter.
 *
 * Owns:    the tree of merges, in memory, for one question.
 * Promise: 9: bounded, and says when it stopped; a ring of merges ends.
 * Flow:    index of merged records -> voices -> api */
#include <station/ask/voices.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { KEY = 6 + ST_REF_SIZE }; /* of ST_INDEX_STATE */

struct reading {
	struct st_txn *txn;
	struct st_merge_reader *reader;
	struct st_voices *to;
	size_t room;
};

static int compare(const struct st_record_ref *a, const struct st_record_ref *b)
{
	if (a->opener != b->opener)
		return a->opener < b->opener ? -1 : 1;
	return memcmp(a->ulid.bytes, b->ulid.bytes, ST_ULID_SIZE);
}

static int by_key(const void *a, const void *b)
{
	return compare(&((const struct st_voice *)a)->record.ref,
		       &((const struct st_voice *)b)->record.ref);
}

static int grow(struct reading *x)
{
	size_t room = x->room == 0 ? 64 : 2 * x->room;
	st_assert(x->to->count == x->room);
	struct st_voice *list = realloc(x->to->list, room * sizeof(*list));
	if (list == NULL)
		return ST_ENOMEM;
	x->to->list = list;
	x->room = room;
	return 0;
}

static int take(struct st_span key, void *arg)
{
	struct reading *x = arg;
	struct st_merge joined;
	if (key.size != KEY)
		return ST_ECORRUPT;
	if (x->to->count == ST_MERGED_MAX) {
		x->to->left = true;
		return 1;
	}
	int rc = x->to->count == x->room ? grow(x) : 0;
	if (rc < 0)
		return rc;
	struct st_voice *v = &x->to->list[x->to->count];
	memset(v, 0, sizeof(*v));
	rc = st_record_indexed(x->txn, key, &v->record);
	if (rc == 0)
		rc = st_merge_read(x->reader, &v->record, &joined);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	v->told = joined.told;
	v->joins_here = joined.here;
	v->joins = v->end = joined.target;
	x->to->count++;
	return 0;
}

static const struct st_voice *find(const struct st_voices *v, const struct st_record_ref *ref)
{
	struct st_voice key;
	key.record.ref = *ref;
	return v->count == 0 ? NULL : bsearch(&key, v->list, v->count, sizeof(*v->list), by_key);
}

/* Each one's end, over those that were merged themselves. */
static void follow(struct st_voices *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct st_voice *on = &v->list[i];
		for (unsigned n = 0; on != NULL && on->joins_here && n < ST_MERGE_STEPS_MAX; n++) {
			v->list[i].end = on->joins;
			on = find(v, &on->joins);
		}
	}
}

int st_voices_read(struct st_txn *t, uint32_t kind, struct st_voices *ret)
{
	const struct st_kind *k = st_kind(kind);
	struct st_voices v = { .count = 0 };
	struct reading x = { .txn = t, .to = &v };
	ST_REQUIRE(k != NULL);
	int rc = st_merge_reader_new(t, &x.reader);
	for (size_t i = 0; rc >= 0 && i < k->state_count && !v.left; i++) {
		uint8_t prefix[2] = { (uint8_t)kind, (uint8_t)k->states[i].number };
		if (st_state_merged(k, k->states[i].number))
			rc = st_index_each(t, ST_INDEX_STATE, ST_SPAN(prefix), ST_SPAN_NONE, take,
					   &x);
	}
	st_merge_reader_free(x.reader);
	if (rc < 0) {
		st_voices_done(&v);
		return rc;
	}
	st_assert(v.count <= ST_MERGED_MAX);
	if (v.count > 0)
		qsort(v.list, v.count, sizeof(*v.list), by_key);
	follow(&v);
	*ret = v;
	return 0;
}

/* ---- of one record ---- */

struct under {
	struct reading reading;
	struct st_record root;
	const struct st_record *target; /* whose direct ones are looked for */
};

static int joins(const struct st_record *r, const struct st_merge *merge, void *arg)
{
	struct under *u = arg;
	struct st_voices *to = u->reading.to;
	if (compare(&r->ref, &u->root.ref) == 0)
		return 0; /* a ring ends at its first record */
	if (to->count == ST_VOICES_MAX) {
		to->left = true;
		return 1;
	}
	int rc = to->count == u->reading.room ? grow(&u->reading) : 0;
	if (rc < 0)
		return rc;
	to->list[to->count++] = (struct st_voice){ .record = *r,
						   .joins = u->target->ref,
						   .end = u->root.ref,
						   .told = merge->told,
						   .joins_here = true };
	return 0;
}

static int direct(struct under *u, const struct st_record *target)
{
	u->target = target;
	return st_merge_each(u->reading.reader, target, joins, u);
}

int st_voices_under(struct st_txn *t, const struct st_record *r, struct st_voices *ret)
{
	struct st_voices v = { .count = 0 };
	struct under u = { .reading = { .txn = t, .to = &v }, .root = *r };
	int rc = st_merge_reader_new(t, &u.reading.reader);
	if (rc == 0)
		rc = direct(&u, r);
	for (size_t i = 0; rc == 0 && i < v.count; i++) {
		struct st_record next = v.list[i].record; /* the list may move as it grows */
		rc = direct(&u, &next);
	}
	st_merge_reader_free(u.reading.reader);
	if (rc < 0) {
		st_voices_done(&v);
		return rc;
	}
	st_assert(v.count <= ST_VOICES_MAX);
	if (v.count > 0)
		qsort(v.list, v.count, sizeof(*v.list), by_key);
	*ret = v;
	return 0;
}

void st_voices_done(struct st_voices *v)
{
	free(v->list);
	*v = (struct st_voices){ .list = NULL };
}

struct st_voiced st_voices_of(const struct st_voices *v, const struct st_record_ref *ref)
{
	struct st_voiced one = { .ref = *ref, .voices = 1 };
	for (size_t i = 0; i < v->count; i++) {
		const struct st_voice *m = &v->list[i];
		if (!m->joins_here || compare(&m->end, ref) != 0 ||
		    compare(&m->record.ref, ref) == 0)
			continue;
		one.voices++;
		one.untold += !m->told;
	}
	return one;
}

static int by_end(const void *a, const void *b)
{
	const struct st_voiced *x = a, *y = b;
	return compare(&x->ref, &y->ref);
}

static int by_voices(const void *a, const void *b)
{
	const struct st_voiced *x = a, *y = b;
	if (x->voices != y->voices)
		return x->voices > y->voices ? -1 : 1;
	return compare(&x->ref, &y->ref);
}

size_t st_voices_top(const struct st_voices *v, size_t most, struct st_voiced *to)
{
	size_t n = 0, ends = 0;
	struct st_voiced *all = calloc(v->count + 1, sizeof(*all));
	ST_REQUIRE(most > 0);
	for (size_t i = 0; all != NULL && i < v->count; i++)
		if (v->list[i].joins_here)
			all[n++] = (struct st_voiced){ v->list[i].end, 1, !v->list[i].told };
	if (n > 0)
		qsort(all, n, sizeof(*all), by_end);
	for (size_t i = 0; i < n; i++) {
		if (ends > 0 && compare(&all[ends - 1].ref, &all[i].ref) == 0) {
			all[ends - 1].voices += all[i].voices;
			all[ends - 1].untold += all[i].untold;
		} else {
			all[ends] = all[i];
			all[ends++].voices++; /* and its own */
		}
	}
	st_assert(ends <= n);
	if (ends > 0)
		qsort(all, ends, sizeof(*all), by_voices);
	if (ends > most)
		ends = most;
	for (size_t i = 0; i < ends; i++)
		to[i] = all[i];
	free(all);
	return ends;
}
