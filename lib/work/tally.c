/* tally.c - counters gathered in memory as rows change, and swept into the store.
 *
 * Owns:    the changes of one transaction, each counter once.
 * Promise: 4, tallies equal a recount: counters are changed with the rows, in one transaction.
 * Flow:    fold -> tally -> cells */
#include <station/work/tally.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "tally_cell.h"

enum { FIRST_ROOM = 1024, SPARSE = 16 };
_Static_assert((FIRST_ROOM & (FIRST_ROOM - 1)) == 0, "slot_of takes the low bits");

/* An open-addressing table: a slot of counter 0, which no measure has, is free; one of count 0 is of a counter
 * whose changes cancelled out. */
struct st_tally {
	struct tally_delta *slots;
	size_t room, filled;
	struct st_buf old_cell, new_cell;
};

int st_tally_new(struct st_tally **ret_tally)
{
	struct st_tally *y = calloc(1, sizeof(*y));
	if (y == NULL)
		return ST_ENOMEM;
	st_buf_init(&y->old_cell, ST_CELL_MAX);
	st_buf_init(&y->new_cell, ST_CELL_MAX);
	*ret_tally = y;
	return 0;
}

void st_tally_free(struct st_tally *y)
{
	if (y == NULL)
		return;
	free(y->slots);
	st_buf_done(&y->old_cell);
	st_buf_done(&y->new_cell);
	free(y);
}

void st_tally_clear(struct st_tally *y)
{
	if (y->filled == 0)
		return;
	if (y->room > FIRST_ROOM && y->filled * SPARSE < y->room) { /* not so much to clear for a few each time */
		free(y->slots);
		y->slots = NULL;
		y->room = 0;
	} else {
		memset(y->slots, 0, y->room * sizeof(*y->slots));
	}
	y->filled = 0;
}

static bool key_is(const uint8_t key[ST_TALLY_KEY_SIZE], uint64_t first, uint32_t rest)
{
	return memcmp(key, &first, sizeof(first)) == 0 && memcmp(key + sizeof(first), &rest, sizeof(rest)) == 0;
}

static size_t slot_of(const struct st_tally *y, const uint8_t *key, uint32_t counter)
{
	st_assert((y->room & (y->room - 1)) == 0);
	st_assert(y->filled < y->room); /* a free slot ends the search */
	st_assert(counter != 0);
	uint64_t first;
	uint32_t rest;
	_Static_assert(sizeof(first) + sizeof(rest) == ST_TALLY_KEY_SIZE, "these are the key");
	memcpy(&first, key, sizeof(first)); /* by words: an import comes here for each counter */
	memcpy(&rest, key + sizeof(first), sizeof(rest));
	uint64_t h = (first ^ (uint64_t)counter << 32) * 0x9e3779b97f4a7c15ull;
	h = (h ^ h >> 32 ^ rest) * 0x9e3779b97f4a7c15ull;
	h ^= h >> 32;
	size_t i = (size_t)h & (y->room - 1);
	while (y->slots[i].counter != 0 &&
	       (y->slots[i].counter != counter || !key_is(y->slots[i].key, first, rest)))
		i = (i + 1) & (y->room - 1);
	return i;
}

static int grow(struct st_tally *y)
{
	struct st_tally bigger = { .room = y->room == 0 ? FIRST_ROOM : y->room * 2 };
	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return ST_ENOMEM;
	for (size_t i = 0; i < y->room; i++)
		if (y->slots[i].counter != 0)
			bigger.slots[slot_of(&bigger, y->slots[i].key, y->slots[i].counter)] = y->slots[i];
	free(y->slots);
	y->slots = bigger.slots;
	y->room = bigger.room;
	return 0;
}

static int add(struct st_tally *y, const struct st_tally_one *one, int64_t by)
{
	uint8_t key[ST_TALLY_KEY_SIZE];
	if (y->filled * 2 >= y->room) {
		int rc = grow(y);
		if (rc < 0)
			return rc;
	}
	st_tally_key_encode(&one->key, key);
	size_t i = slot_of(y, key, one->counter);
	if (y->slots[i].counter == 0) {
		y->filled++;
		memcpy(y->slots[i].key, key, sizeof(key));
		y->slots[i].counter = one->counter;
	}
	y->slots[i].count += by;
	st_assert(y->filled <= y->room);
	return 0;
}

int st_tally_add(struct st_tally *y, const struct st_tally_key *key, uint32_t counter, int64_t by)
{
	struct st_tally_one one = { *key, counter };
	return counter == 0 ? ST_ECORRUPT : add(y, &one, by);
}

static bool same(const struct st_tally_one *a, const struct st_tally_one *b)
{
	const struct st_tally_key *x = &a->key, *z = &b->key;
	return a->counter == b->counter && x->category == z->category && x->view == z->view &&
	       x->station == z->station && x->month == z->month && x->channel == z->channel &&
	       x->role == z->role && x->kind == z->kind;
}

/* Most of a record's counters outlast a move, and stand at the same place of both lists. */
int st_tally_change(struct st_tally *y, const struct st_record *before, const struct st_record *after)
{
	struct st_tally_one old[ST_TALLIES_OF_MAX], new[ST_TALLIES_OF_MAX];
	size_t had = st_tally_of(before, old), has = st_tally_of(after, new);
	int rc = 0;
	for (size_t i = 0; rc == 0 && (i < had || i < has); i++) {
		if (i < had && i < has && same(&old[i], &new[i]))
			continue;
		if (i < had)
			rc = add(y, &old[i], -1);
		if (rc == 0 && i < has)
			rc = add(y, &new[i], 1);
	}
	return rc;
}

static int by_key(const void *a, const void *b)
{
	const struct tally_delta *x = a, *z = b;
	int c = memcmp(x->key, z->key, ST_TALLY_KEY_SIZE);
	return c != 0 ? c : x->counter < z->counter ? -1 : x->counter > z->counter;
}

/* The changes that are left, packed to the front and sorted; the table is to be cleared after. */
static size_t sorted(struct st_tally *y)
{
	size_t n = 0;
	for (size_t i = 0; i < y->room; i++)
		if (y->slots[i].count != 0)
			y->slots[n++] = y->slots[i];
	if (n > 1)
		qsort(y->slots, n, sizeof(*y->slots), by_key);
	st_assert(n <= y->filled);
	return n;
}

int st_tally_sweep(struct st_txn *t, struct st_tally *y)
{
	size_t n = sorted(y);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n;) {
		size_t end = i + 1;
		while (end < n && memcmp(y->slots[end].key, y->slots[i].key, ST_TALLY_KEY_SIZE) == 0)
			end++;
		struct st_span key = ST_SPAN(y->slots[i].key);
		st_buf_clear(&y->old_cell);
		rc = st_cell_get(t, key, &y->old_cell);
		if (rc == ST_ENOTFOUND)
			rc = 0;
		if (rc == 0)
			rc = tally_cell_merge(st_buf_span(&y->old_cell), &y->slots[i], end - i,
					      &y->new_cell);
		if (rc == 0)
			rc = st_cell_put(t, key, st_buf_span(&y->new_cell));
		st_assert(end <= n);
		i = end;
	}
	st_tally_clear(y);
	return rc;
}

int st_tally_each(struct st_tally *y, st_counter_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	size_t n = sorted(y);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct st_tally_key key;
		rc = st_tally_key_decode(ST_SPAN(y->slots[i].key), &key);
		if (rc == 0)
			rc = fn(&key, y->slots[i].counter, y->slots[i].count, arg);
	}
	st_tally_clear(y);
	return rc;
}
