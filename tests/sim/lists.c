/* lists.c - each record stands in the lists that its row says, and nothing else does.
 *
 * Owns:    the keys of every list made anew from the rows, as store/records.h draws them.
 * Promise: 4: lists, like tallies, equal a recount; a list of what is late leaves nothing out.
 * Flow:    rows, indexes -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/ask/matter.h>
#include <station/ask/voices.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "sim.h"

struct entry {
	uint8_t which, size, bytes[ST_INDEX_KEY_MAX];
};
struct entries {
	struct entry *list;
	size_t count, room;
};
struct lists {
	struct station *station;
	struct entries wanted, there;
	enum st_index which; /* that is being read */
	size_t late;         /* open and past their day, of one kind */
	uint32_t kind, today;
};

static struct entry *add(struct entries *e, enum st_index which)
{
	if (e->count == e->room) {
		e->room = e->room == 0 ? 1024 : e->room * 2;
		e->list = realloc(e->list, e->room * sizeof(*e->list));
		ST_REQUIRE(e->list != NULL);
	}
	struct entry *x = &e->list[e->count++];
	memset(x, 0, sizeof(*x));
	x->which = (uint8_t)which;
	return x;
}

static void put_u8(struct entry *x, uint32_t v)
{
	x->bytes[x->size++] = (uint8_t)v;
}

static void put_u32(struct entry *x, uint32_t v)
{
	st_put_u32(x->bytes + x->size, v);
	x->size += 4;
}

static void put_ref(struct entry *x, const struct st_record_ref *ref)
{
	put_u32(x, ref->opener);
	memcpy(x->bytes + x->size, ref->ulid.bytes, ST_ULID_SIZE);
	x->size += ST_ULID_SIZE;
}

static void want(struct lists *l, const struct st_record *r)
{
	struct entry *x = add(&l->wanted, ST_INDEX_DUE);
	const struct st_kind *k = st_kind(r->kind);
	put_u32(x, r->holder);
	put_u8(x, r->kind);
	put_u8(x, st_record_open(r) ? ST_OPEN : ST_ENDED);
	put_u32(x, r->due_day);
	put_ref(x, &r->ref);
	x = add(&l->wanted, ST_INDEX_STATE);
	put_u8(x, r->kind);
	put_u8(x, r->state);
	put_u32(x, r->opened_day);
	put_ref(x, &r->ref);
	for (size_t i = 0; i < r->facet_count; i++) {
		if ((st_kind_field(k, r->facets[i].field)->flags & ST_INDEXED) == 0)
			continue;
		x = add(&l->wanted, ST_INDEX_FACET);
		put_u8(x, r->kind);
		put_u8(x, r->facets[i].field);
		put_u32(x, r->facets[i].value);
		put_u32(x, r->opened_day);
		put_ref(x, &r->ref);
	}
	l->late += r->kind == l->kind && st_record_open(r) && r->due_day != 0 && r->due_day < l->today;
}

static int read_row(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct lists *l = arg;
	struct st_record r;
	int rc = st_record_decode(ref, row, &r);
	if (rc == 0 && r.revision > 0)
		want(l, &r);
	return rc;
}

static int read_key(struct st_span key, void *arg)
{
	struct lists *l = arg;
	struct entry *x = add(&l->there, l->which);
	ST_REQUIRE(key.size <= sizeof(x->bytes));
	x->size = (uint8_t)key.size;
	memcpy(x->bytes, key.data, key.size);
	return 0;
}

static int count_row(const struct st_list_row *row, void *arg)
{
	(void)row;
	++*(size_t *)arg;
	return 0;
}

/* The list of what is late, asked as a person asks it. */
static int count_late(struct st_txn *t, struct lists *l, size_t *ret_listed)
{
	struct st_list_query q = { .kind = l->kind, .overdue = true, .open_only = true,
				   .today = l->today, .limit = ST_LIST_MAX };
	struct st_buf next;
	st_buf_init(&next, 256);
	int rc = st_list_each(t, &q, count_row, ret_listed, &next);
	SIM_CHECK(l->station->sim, l->station, next.size == 0 || *ret_listed == ST_LIST_MAX,
		  "a list of %zu goes on", *ret_listed);
	st_buf_done(&next);
	return rc;
}

static int read_all(struct st_txn *t, void *arg)
{
	struct lists *l = arg;
	struct st_voices v;
	size_t listed = 0;
	int rc = st_record_each(t, NULL, read_row, l);
	for (unsigned which = ST_INDEX_DUE; rc == 0 && which <= ST_INDEX_FACET; which++) {
		l->which = (enum st_index)which;
		rc = st_index_each(t, l->which, ST_SPAN_NONE, ST_SPAN_NONE, read_key, l);
	}
	if (rc == 0)
		rc = count_late(t, l, &listed);
	SIM_CHECK(l->station->sim, l->station, rc < 0 || listed == l->late || listed == ST_LIST_MAX,
		  "lists %zu of kind %u as late; they are %zu", listed, l->kind, l->late);
	for (size_t i = 0; rc == 0 && i < st_kind_count(); i++) {
		rc = st_voices_read(t, st_kind_at(i)->number, &v);
		if (rc == 0)
			st_voices_done(&v);
	}
	return rc;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct entry));
}

static void sort(struct entries *e)
{
	if (e->count > 1)
		qsort(e->list, e->count, sizeof(*e->list), by_bytes);
}

void check_lists(struct station *s)
{
	struct sim *sim = s->sim;
	struct lists l = { .station = s };
	const struct st_kind *k = st_kind_at(sim_below(sim, st_kind_count()));
	l.kind = k->number;
	l.today = st_day_of_ms(station_wall(s)) + (uint32_t)sim_below(sim, 90);
	SIM_DO(sim, s, st_store_read(s->store, read_all, &l));
	sort(&l.wanted);
	sort(&l.there);
	size_t n = l.wanted.count < l.there.count ? l.wanted.count : l.there.count, i = 0;
	while (i < n && by_bytes(&l.wanted.list[i], &l.there.list[i]) == 0)
		i++;
	bool same = i == l.wanted.count && i == l.there.count;
	unsigned which = i < l.there.count ? l.there.list[i].which : 0;
	size_t wanted = l.wanted.count, there = l.there.count;
	free(l.wanted.list);
	free(l.there.list);
	SIM_CHECK(sim, s, same, "has %zu places in its lists, its rows ask for %zu; list %u differs", there,
		  wanted, which);
}
