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
enum { PLACES_FIRST = 64 };

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

struct gathering {
	struct places *to;
	size_t room;
};

static int add_place(const struct st_station *s, void *arg)
{
	struct gathering *g = arg;
	struct places *p = g->to;
	if (p->row_count == g->room) {
		size_t room = g->room * 2;
		struct place *rows = realloc(p->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		p->rows = rows;
		g->room = room;
	}
	st_assert(s->number > p->rows[p->row_count - 1].number);
	struct place *to = &p->rows[p->row_count++];
	*to = (struct place){ .number = s->number,
			      .parent = s->parent,
			      .tier = s->certificate.tier,
			      .revoked = s->standing == ST_REVOKED,
			      .code = s->certificate.code };
	memcpy(to->name, s->certificate.name, sizeof(to->name));
	return 0;
}

const struct place *place_of(const struct places *p, uint32_t number)
{
	size_t low = 1, high = p->row_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (p->rows[middle].number == number)
			return &p->rows[middle];
		if (p->rows[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return &p->rows[0];
}

static uint32_t find_branch(const struct places *p, uint32_t number)
{
	const struct place *at = place_of(p, number);
	for (unsigned d = 0; d < ST_DEPTH_MAX && at->tier != 0 && at->tier != ST_BRANCH; d++)
		at = place_of(p, at->parent);
	return at->tier == ST_BRANCH ? at->number : number;
}

int report_places(struct st_txn *t, struct places *ret_places)
{
	struct places p = { .row_count = 1 };
	struct gathering g = { &p, PLACES_FIRST };
	p.rows = calloc(g.room, sizeof(*p.rows));
	int rc = p.rows == NULL ? ST_ENOMEM : st_station_each(t, add_place, &g);
	if (rc == 0 && p.rows[p.row_count - 1].number > STATION_NUMBER_MAX)
		rc = ST_ECORRUPT;
	if (rc < 0) {
		report_places_done(&p);
		return rc;
	}
	p.count = (size_t)p.rows[p.row_count - 1].number + 1;
	for (size_t i = 1; i < p.row_count; i++)
		p.rows[i].branch = find_branch(&p, p.rows[i].number);
	*ret_places = p;
	return 0;
}

void report_places_done(struct places *p)
{
	free(p->rows);
	*p = (struct places){ .rows = NULL };
}
