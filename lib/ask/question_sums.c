/* question_sums.c - sums over the cells of tallies.
 *
 * Owns:    the table of sums, and the walk over the cells of the covered stations.
 * Promise: 4 and 9: an answer's counts are tallies, and there are at most ST_ANSWER_ROWS_MAX of
 * them. Flow:    cells -> sums -> questions */
#include "question.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { FIRST_ROOM = 64, FIRST_DAYS = 128 };
_Static_assert(2 * ST_ANSWER_ROWS_MAX < UINT32_MAX, "a slot holds any row's number");
_Static_assert((FIRST_ROOM & (FIRST_ROOM - 1)) == 0, "slot_of takes the low bits");

static size_t slot_of(const struct sums *s, const uint32_t key[SUM_KEYS])
{
	st_assert(s->count < s->slot_count); /* a free slot ends the search */
	st_assert((s->slot_count & (s->slot_count - 1)) == 0);
	uint64_t h = 1469598103934665603ull;
	for (size_t i = 0; i < SUM_KEYS; i++)
		h = (h ^ key[i]) * 1099511628211ull;
	size_t at = (size_t)(h ^ h >> 32) & (s->slot_count - 1);
	while (s->slots[at] != 0 &&
	       memcmp(s->rows[s->slots[at] - 1].key, key, sizeof(uint32_t[SUM_KEYS])) != 0)
		at = (at + 1) & (s->slot_count - 1);
	return at;
}

static int grow(struct sums *s)
{
	size_t room = s->room == 0 ? FIRST_ROOM : s->room * 2;
	struct sum *rows = realloc(s->rows, room * sizeof(*rows));
	if (rows == NULL)
		return ST_ENOMEM;
	s->rows = rows;
	uint32_t *slots = calloc(room * 2, sizeof(*slots));
	if (slots == NULL)
		return ST_ENOMEM;
	free(s->slots);
	s->slots = slots;
	s->slot_count = room * 2;
	s->room = room;
	for (size_t i = 0; i < s->count; i++)
		s->slots[slot_of(s, s->rows[i].key)] = (uint32_t)i + 1;
	st_assert(s->count < s->room);
	return 0;
}

int sums_at(struct sums *s, uint32_t k0, uint32_t k1, uint32_t k2, struct sum **ret)
{
	const uint32_t key[SUM_KEYS] = { k0, k1, k2 };
	int rc = s->count == s->room ? grow(s) : 0;
	if (rc < 0)
		return rc;
	size_t at = slot_of(s, key);
	if (s->slots[at] == 0) {
		if (s->count == ST_ANSWER_ROWS_MAX)
			return ST_ETOOBIG;
		memset(&s->rows[s->count], 0, sizeof(*s->rows));
		memcpy(s->rows[s->count].key, key, sizeof(key));
		s->slots[at] = (uint32_t)++s->count;
	}
	*ret = &s->rows[s->slots[at] - 1];
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	for (size_t i = 0; i < SUM_KEYS; i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	if (x->n[0] != y->n[0])
		return x->n[0] > y->n[0] ? -1 : 1;
	return by_key(a, b);
}

void sums_sort(struct sums *s, int (*by)(const void *, const void *))
{
	if (s->count > 1)
		qsort(s->rows, s->count, sizeof(*s->rows), by);
	if (s->slots != NULL)
		memset(s->slots, 0, s->slot_count * sizeof(*s->slots));
}

void sums_by_key(struct sums *s)
{
	sums_sort(s, by_key);
}

void sums_by_count(struct sums *s)
{
	sums_sort(s, by_count);
}

void sums_done(struct sums *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->rows[i].days);
	free(s->rows);
	free(s->slots);
	*s = (struct sums){ .count = 0 };
}

int sum_days(struct sum *s, uint32_t days, uint64_t n)
{
	st_assert(n > 0);
	if (days > ST_DAYS_MAX)
		return ST_ECORRUPT;
	if (days >= s->days_room) {
		size_t room = s->days_room == 0 ? FIRST_DAYS : s->days_room;
		while (room <= days)
			room *= 2;
		uint32_t *more = realloc(s->days, room * sizeof(*more));
		if (more == NULL)
			return ST_ENOMEM;
		memset(more + s->days_room, 0, (room - s->days_room) * sizeof(*more));
		s->days = more;
		s->days_room = room;
	}
	st_assert(days < s->days_room);
	s->days[days] += (uint32_t)n;
	return 0;
}

double sum_percentile(const struct sum *s, unsigned percent)
{
	uint64_t all = 0, seen = 0;
	st_assert(percent <= 100);
	for (size_t i = 0; i < s->days_room; i++)
		all += s->days[i];
	uint64_t rank = (all * percent + 99) / 100;
	for (size_t i = 0; all > 0 && i < s->days_room; i++) {
		seen += s->days[i];
		if (seen >= rank)
			return (double)i;
	}
	return NAN;
}

/* ---- the walk ---- */

static int one_counter(const struct st_tally_key *key, uint32_t counter, int64_t n, void *arg)
{
	struct count *c = arg;
	c->add(c, key, counter, (uint64_t)n);
	return c->rc;
}

static int one_cell(struct st_span key, struct st_span cell, void *arg)
{
	struct count *c = arg;
	struct st_tally_key k;
	int rc = st_tally_key_decode(key, &k);
	if (rc < 0 || !is_covered(c->a, k.station) || (c->field != 0 && k.channel != c->field))
		return rc;
	c->at = NULL;
	rc = c->place(c, &k, &c->at);
	return rc < 0 || c->at == NULL ? rc
				       : st_cell_walk_of(&k, cell, c->measures, one_counter, c);
}

/* Few stations are looked up one by one; where most are covered, one walk passes over the others.
 */
int count_cells(struct count *c)
{
	ST_REQUIRE(c->place != NULL);
	ST_REQUIRE(c->add != NULL);
	ST_REQUIRE(c->measures != 0);
	uint8_t prefix[6] = { (uint8_t)c->view, (uint8_t)c->kind };
	int rc = 0;
	c->rc = 0;
	if (c->a->all_covered)
		return st_cell_each(c->a->txn, st_span(prefix, 2), one_cell, c);
	for (size_t i = 1; rc == 0 && i < c->a->places.row_count; i++) {
		uint32_t s = c->a->places.rows[i].number;
		if (!c->a->covers[s])
			continue;
		st_put_u32(prefix + 2, s);
		rc = st_cell_each(c->a->txn, ST_SPAN(prefix), one_cell, c);
	}
	return rc;
}
