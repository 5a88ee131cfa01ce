/* questions_ranking.c - the ranking of stations for assessment, by the city's table of points.
 *
 * Owns:    what each line of the table measures.
 * Promise: 4: what is measured is what the other questions answer. Without a table of the city
 *          nobody has points or a rank, and the answer says which table is lacking.
 * Flow:    cells, schedules, checkpoints, city's table -> points -> rows */
#include "question.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/assessment.h>

enum { LINES = ST_ASSESSED_END }; /* [number]; [0] isn't used */

enum {
	N_OPEN,
	N_OVERDUE,
	N_MATTERS,
	N_ENDED,
	N_RATED,
	N_SATISFIED,
	N_VISITS,
	N_SINCE,
	N_HEARD,
	N_COUNT
};
_Static_assert((int)N_COUNT <= (int)SUM_COUNTS, "a sum has each of them");

struct scored {
	uint32_t station, by_code;
	enum st_tier tier;
	struct sum measured;
	uint64_t kept, due;
	double points[LINES], sum; /* NAN: the city has no table */
	uint32_t rank;
};

static int by_station(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	return key->role == ST_ROLE_HOLDER ? sums_at(c->sums, key->station, 0, 0, ret) : 0;
}

static void add_matters(struct count *c, const struct st_tally_key *key, uint32_t counter,
			uint64_t n)
{
	uint32_t bucket = st_counter_bucket(counter);
	const struct st_state_row *s;
	bool in = month_in_period(c->a, key->month);
	switch (st_counter_measure(counter)) {
	case ST_OPEN_DUE: /* as it stands now, whenever it was opened */
		c->at->n[N_OPEN] += n;
		c->at->n[N_OVERDUE] += bucket != 0 && bucket < c->a->today ? n : 0;
		break;
	case ST_IN_STATE:
		s = st_kind_state(st_kind(key->kind), bucket);
		c->at->n[N_MATTERS] += in ? n : 0;
		c->at->n[N_ENDED] += in && s != NULL && s->class == ST_ENDED ? n : 0;
		break;
	case ST_RATED:
		if (!in || st_rated(bucket) == 0)
			break;
		c->at->n[N_RATED] += n;
		c->at->n[N_SATISFIED] += st_rated(bucket) <= 2 ? n : 0;
		break;
	default: break;
	}
}

static void add_visits(struct count *c, const struct st_tally_key *key, uint32_t counter,
		       uint64_t n)
{
	bool recorded = st_counter_measure(counter) == ST_IN_STATE &&
			st_counter_bucket(counter) == *(const uint32_t *)c->arg;
	if (recorded && month_in_period(c->a, key->month))
		c->at->n[N_VISITS] += n;
}

struct hearing {
	struct asking *a;
	struct sums *sums;
};

static int see_station(const struct st_coverage_row *row, void *arg)
{
	struct hearing *h = arg;
	struct sum *s = NULL;
	int rc = sums_at(h->sums, row->station.number, 0, 0, &s);
	if (rc < 0)
		return rc;
	s->n[N_SINCE] = row->heard ? row->checkpoint_time_s : 0;
	bool fresh =
		s->n[N_SINCE] != 0 && (int64_t)s->n[N_SINCE] * 1000 + SILENT_MS >= h->a->q->now_ms;
	s->n[N_HEARD] = fresh || row->station.number == h->a->self;
	return 0;
}

static int measure(struct asking *a, struct sums *sums)
{
	uint32_t recorded = state_number("visit", "recorded");
	struct hearing h = { a, sums };
	struct count c = { .a = a,
			   .sums = sums,
			   .view = ST_VIEW_MONTH,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(IN_STATE) | OF(OPEN_DUE) | OF(RATED),
			   .place = by_station,
			   .add = add_matters };
	int rc = count_cells(&c);
	c.kind = kind_number("visit");
	c.add = add_visits;
	c.arg = &recorded;
	if (rc == 0)
		rc = count_cells(&c);
	return rc < 0 ? rc : st_coverage_each(a->txn, see_station, &h);
}

static void score(struct scored *x, const struct st_assessment *table)
{
	const uint64_t *n = x->measured.n;
	st_assert(n[N_OVERDUE] <= n[N_OPEN]);
	st_assert(n[N_SATISFIED] <= n[N_RATED]);
	const uint64_t shares[LINES][2] = {
		[ST_ASSESSED_in_time] = { n[N_OPEN] - n[N_OVERDUE], n[N_OPEN] },
		[ST_ASSESSED_ended] = { n[N_ENDED], n[N_MATTERS] },
		[ST_ASSESSED_satisfied] = { n[N_SATISFIED], n[N_RATED] },
		[ST_ASSESSED_kept] = { x->kept, x->due },
		[ST_ASSESSED_heard] = { n[N_HEARD] != 0, 1 },
	};
	x->sum = table == NULL ? (double)NAN : 0;
	for (size_t i = 1; i < LINES; i++) {
		const struct st_assessment_line *l = table == NULL ? NULL : &table->lines[i];
		x->points[i] = l == NULL ? (double)NAN
			       : i == ST_ASSESSED_visits
				       ? st_assessment_count(l, n[N_VISITS])
				       : st_assessment_share(l, shares[i][0], shares[i][1]);
		st_assert(l == NULL || x->points[i] <= l->most);
		x->sum += x->points[i];
	}
	if (table != NULL) /* a sum of tenths, which no binary fraction holds */
		x->sum = (double)(int64_t)(10 * x->sum + 0.5) / 10;
}

/* By tier, then most points first, then by code. */
static int by_points(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->tier != y->tier)
		return x->tier < y->tier ? -1 : 1;
	if (x->sum < y->sum || x->sum > y->sum) /* neither: equal, or without points */
		return x->sum > y->sum ? -1 : 1;
	return x->by_code < y->by_code ? -1 : 1;
}

/* Equal points share a rank, and the next one counts those before it. */
static void rank(struct scored *all, size_t count)
{
	size_t first = 0;
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && all[i].tier != all[i - 1].tier)
			first = i;
		bool tie = i > first && all[i].sum == all[i - 1].sum;
		if (isnan(all[i].sum))
			continue; /* 0: none */
		st_assert(i == first || all[i].sum <= all[i - 1].sum);
		all[i].rank = tie ? all[i - 1].rank : (uint32_t)(i - first) + 1;
	}
}

static void put_share(struct asking *a, const struct scored *x, size_t line, uint64_t of,
		      uint64_t whole)
{
	row_share(a, of, whole);
	row_real(a, x->points[line]);
}

static int give(struct asking *a, const struct scored *x)
{
	const uint64_t *n = x->measured.n;
	int64_t silent = a->q->now_ms - (int64_t)n[N_SINCE] * 1000;
	row_tier(a, x->station);
	row_rank(a, x->rank);
	row_station(a, x->station);
	row_real(a, x->sum);
	put_share(a, x, ST_ASSESSED_in_time, n[N_OPEN] - n[N_OVERDUE], n[N_OPEN]);
	put_share(a, x, ST_ASSESSED_ended, n[N_ENDED], n[N_MATTERS]);
	put_share(a, x, ST_ASSESSED_satisfied, n[N_SATISFIED], n[N_RATED]);
	row_count(a, n[N_VISITS]);
	row_real(a, x->points[ST_ASSESSED_visits]);
	put_share(a, x, ST_ASSESSED_kept, x->kept, x->due);
	if (x->station == a->self || silent < 0)
		row_real(a, 0);
	else
		row_real(a, n[N_SINCE] == 0 ? (double)NAN : (double)(silent / (24 * 3600 * 1000)));
	row_real(a, x->points[ST_ASSESSED_heard]);
	return row_give(a);
}

/* One station's measures in one place. */
static int gather(struct asking *a, uint32_t station, struct sums *measured, struct sums *schedules,
		  struct scored *x)
{
	struct sum *s = NULL;
	*x = (struct scored){ .station = station,
			      .by_code = rank_of(a, station),
			      .tier = place_of(&a->places, station)->tier };
	int rc = sums_at(schedules, rank_of(a, station), 0, 0, &s);
	if (rc < 0)
		return rc;
	st_assert(s->n[OCC_KEPT] <= s->n[OCC_PLANNED]);
	x->kept = s->n[OCC_KEPT];
	x->due = s->n[OCC_PLANNED] - s->n[OCC_OPEN];
	rc = sums_at(measured, station, 0, 0, &s);
	if (rc < 0)
		return rc;
	memcpy(x->measured.n, s->n, sizeof(x->measured.n));
	return 0;
}

/* The table at the end of the period, or today's while it lasts. */
static int score_all(struct asking *a, struct scored *all, size_t count)
{
	struct st_assessment table;
	uint32_t day = a->to == 0 || a->to > a->today ? a->today : a->to;
	int rc = st_assessment_load(a->txn, day, &table);
	bool none = rc == ST_ENOTFOUND;
	if (rc < 0 && !none)
		return rc;
	if (none)
		a->lacks = st_city_table(ST_CITY_assessment);
	for (size_t i = 0; i < count; i++)
		score(&all[i], none ? NULL : &table);
	if (count > 1)
		qsort(all, count, sizeof(*all), by_points);
	rank(all, count);
	return 0;
}

int question_ranking(struct asking *a)
{
	struct sums measured = { .count = 0 }, schedules = { .count = 0 };
	struct scored *all = calloc(a->places.row_count, sizeof(*all));
	size_t count = 0;
	int rc = all == NULL ? ST_ENOMEM : measure(a, &measured);
	if (rc == 0)
		rc = occurrences_by_station(a, 0, &schedules);
	for (size_t i = 1; rc == 0 && i < a->places.row_count; i++)
		if (is_here(a, a->places.rows[i].number))
			rc = gather(a, a->places.rows[i].number, &measured, &schedules, &all[count++]);
	if (rc == 0)
		rc = score_all(a, all, count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = give(a, &all[i]);
	sums_done(&measured);
	sums_done(&schedules);
	free(all);
	return rc;
}
