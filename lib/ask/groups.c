/* groups.c - rows of a report while they are counted.
 *
 * Owns:    the table of groups, and the percentiles.
 * Promise: 9: no more rows than ST_REPORT_ROWS_MAX.
 * Flow:    cells -> groups -> report */
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/stations.h>

_Static_assert(2 * ST_REPORT_ROWS_MAX < UINT32_MAX, "a slot holds any row's number");

/* Stations are numbered one after the other: what is so far behind the others is damage. */
enum { NUMBERS_GAP_MAX = 65536 };

static size_t slot_of(const struct groups *g, const uint32_t keys[GROUP_KEYS])
{
	st_assert(g->count < g->slot_count); /* a free slot ends the search */
	st_assert((g->slot_count & (g->slot_count - 1)) == 0);
	uint64_t h = 1469598103934665603ull;
	for (size_t i = 0; i < GROUP_KEYS; i++)
		h = (h ^ keys[i]) * 1099511628211ull;
	size_t at = (size_t)(h ^ h >> 32) & (g->slot_count - 1);
	while (g->slots[at] != 0 &&
	       memcmp(g->rows[g->slots[at] - 1].keys, keys, sizeof(uint32_t[GROUP_KEYS])) != 0)
		at = (at + 1) & (g->slot_count - 1);
	return at;
}

static int grow(struct groups *g)
{
	size_t room = g->room == 0 ? 64 : g->room * 2;
	struct group *rows = realloc(g->rows, room * sizeof(*rows));
	if (rows == NULL)
		return ST_ENOMEM;
	g->rows = rows;
	uint32_t *slots = calloc(room * 2, sizeof(*slots));
	if (slots == NULL)
		return ST_ENOMEM;
	free(g->slots);
	g->slots = slots;
	g->slot_count = room * 2;
	g->room = room;
	for (size_t i = 0; i < g->count; i++)
		g->slots[slot_of(g, g->rows[i].keys)] = (uint32_t)i + 1;
	st_assert(g->count < g->room);
	return 0;
}

int groups_find(struct groups *g, const uint32_t keys[GROUP_KEYS], struct group **ret_group)
{
	if (g->count == g->room) {
		int rc = grow(g);
		if (rc < 0)
			return rc;
	}
	size_t at = slot_of(g, keys);
	if (g->slots[at] == 0) {
		if (g->count == ST_REPORT_ROWS_MAX)
			return ST_ETOOBIG;
		memset(&g->rows[g->count], 0, sizeof(*g->rows));
		memcpy(g->rows[g->count].keys, keys, sizeof(uint32_t[GROUP_KEYS]));
		g->slots[at] = (uint32_t)++g->count;
	}
	st_assert(g->count <= ST_REPORT_ROWS_MAX);
	st_assert(g->slots[at] <= g->count);
	*ret_group = &g->rows[g->slots[at] - 1];
	return 0;
}

void groups_done(struct groups *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->rows[i].days);
	free(g->rows);
	free(g->slots);
}

int group_add_days(struct group *g, uint32_t days, uint64_t count)
{
	st_assert(count > 0);
	if (g->days_count == g->days_room) {
		size_t room = g->days_room == 0 ? 32 : g->days_room * 2;
		struct days_count *rows = realloc(g->days, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		g->days = rows;
		g->days_room = room;
	}
	st_assert(g->days_count < g->days_room);
	g->days[g->days_count++] = (struct days_count){ days, count };
	return 0;
}

static int by_days(const void *a, const void *b)
{
	const struct days_count *x = a, *y = b;
	return x->days < y->days ? -1 : x->days > y->days;
}

/* The value at the nearest rank: ceil(percent * n / 100), from 1. */
static double percentile(const struct group *g, uint64_t n, unsigned percent)
{
	st_assert(n > 0);
	st_assert(percent <= 100);
	uint64_t rank = (n * percent + 99) / 100, seen = 0;
	for (size_t i = 0; i < g->days_count; i++) {
		seen += g->days[i].count;
		if (seen >= rank)
			return g->days[i].days;
	}
	return NAN;
}

void group_close(struct group *g)
{
	uint64_t n = 0;
	if (g->days_count > 1)
		qsort(g->days, g->days_count, sizeof(*g->days), by_days);
	for (size_t i = 0; i < g->days_count; i++)
		n += g->days[i].count;
	g->figures.days_median = n == 0 ? NAN : percentile(g, n, 50);
	g->figures.days_p90 = n == 0 ? NAN : percentile(g, n, 90);
}

static int add_place(const struct st_station *s, void *arg)
{
	struct places *p = arg;
	if (s->number >= p->count) {
		if (s->number - p->count > NUMBERS_GAP_MAX)
			return ST_ECORRUPT;
		size_t count = (size_t)s->number + 64;
		struct place *rows = realloc(p->rows, count * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		memset(rows + p->count, 0, (count - p->count) * sizeof(*rows));
		p->rows = rows;
		p->count = count;
	}
	st_assert(s->number < p->count);
	struct place *to = &p->rows[s->number];
	to->parent = s->parent;
	to->tier = s->certificate.tier;
	to->revoked = s->standing == ST_REVOKED;
	to->code = s->certificate.code;
	memcpy(to->name, s->certificate.name, sizeof(to->name));
	return 0;
}

int report_places(struct st_txn *t, struct places *ret_places)
{
	struct places p = { .rows = NULL };
	int rc = st_station_each(t, add_place, &p);
	for (size_t i = 1; rc == 0 && i < p.count; i++) {
		size_t at = i;
		for (unsigned d = 0; d < ST_DEPTH_MAX && at != 0 && at < p.count &&
				     p.rows[at].tier != ST_BRANCH; d++)
			at = p.rows[at].parent;
		bool found = at != 0 && at < p.count && p.rows[at].tier == ST_BRANCH;
		p.rows[i].branch = (uint32_t)(found ? at : i);
		st_assert(p.rows[i].branch < p.count);
	}
	if (rc < 0) {
		free(p.rows);
		return rc;
	}
	*ret_places = p;
	return 0;
}
