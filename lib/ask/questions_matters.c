/* questions_matters.c - the common questions of matters: opened and closed by month, overdue,
 * reopened.
 *
 * Owns:    which counters answer them.
 * Promise: 4: all of it from tallies.
 * Flow:    cells -> sums -> rows */
#include "question.h"
#include <station/base/check.h>

static bool is_ended(uint32_t kind, uint32_t state)
{
	st_assert(st_kind(kind) != NULL);
	const struct st_state_row *s = st_kind_state(st_kind(kind), state);
	return s != NULL && s->class == ST_ENDED;
}

static uint32_t branch_rank(const struct asking *a, uint32_t station)
{
	uint32_t branch = branch_of(a, station);
	st_assert(branch < a->places.count);
	return rank_of(a, branch);
}

/* ---- 1: opened, closed, open now, by county and month ---- */

static int by_branch_and_month(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	if (!month_in_period(c->a, key->month))
		return 0;
	return sums_at(c->sums, branch_rank(c->a, key->station), key->month, 0, ret);
}

enum { OPENED, CLOSED, OPEN_NOW, OVERDUE, MATTERS, ENDED, REOPENED };

static void add_flow(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n)
{
	uint32_t bucket = st_counter_bucket(counter);
	(void)key;
	switch (st_counter_measure(counter)) {
	case ST_OPENED: c->at->n[OPENED] += n; break;
	case ST_ENDED_ON: c->at->n[CLOSED] += n; break;
	case ST_OPEN_DUE:
		c->at->n[OPEN_NOW] += n;
		c->at->n[OVERDUE] += bucket != 0 && bucket < c->a->today ? n : 0;
		break;
	default: break;
	}
}

int question_opened(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(OPENED) | OF(OPEN_DUE) | OF(ENDED_ON),
			   .place = by_branch_and_month,
			   .add = add_flow };
	int rc = count_cells(&c);
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		st_assert(s->n[OVERDUE] <= s->n[OPEN_NOW]);
		if (s->n[OPENED] + s->n[CLOSED] + s->n[OPEN_NOW] == 0)
			continue;
		row_station(a, a->ranked[s->key[0]]);
		row_month(a, s->key[1]);
		row_count(a, s->n[OPENED]);
		row_count(a, s->n[CLOSED]);
		row_count(a, s->n[OPEN_NOW]);
		rc = row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- 2: overdue by county and unit ---- */

enum { ALL_UNITS = 0, NO_UNIT = UINT16_MAX + 1 };

static int by_branch_and_unit(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	uint32_t unit = c->view == ST_VIEW_COARSE ? ALL_UNITS : key->category;
	if (key->role != ST_ROLE_HOLDER)
		return 0;
	return sums_at(c->sums, branch_rank(c->a, key->station), unit, 0, ret);
}

/* What no unit has: the county's sum without those of its units. */
static int add_rests(struct sums *sums)
{
	size_t count = sums->count;
	for (size_t i = 0; i < count; i++) {
		uint64_t open = sums->rows[i].n[OPEN_NOW], overdue = sums->rows[i].n[OVERDUE];
		uint32_t branch = sums->rows[i].key[0];
		struct sum *rest = NULL;
		if (sums->rows[i].key[1] != ALL_UNITS)
			continue;
		for (size_t k = 0; k < count; k++) {
			const struct sum *s = &sums->rows[k];
			if (s->key[0] != branch || s->key[1] == ALL_UNITS)
				continue;
			st_assert(s->n[OPEN_NOW] <= open);
			st_assert(s->n[OVERDUE] <= overdue);
			open -= s->n[OPEN_NOW];
			overdue -= s->n[OVERDUE];
		}
		int rc = open == 0 ? 0 : sums_at(sums, branch, NO_UNIT, 0, &rest);
		if (rc < 0)
			return rc;
		if (rest != NULL) {
			rest->n[OPEN_NOW] = open;
			rest->n[OVERDUE] = overdue;
		}
	}
	return 0;
}

static int give_overdue(struct asking *a, const struct sum *s)
{
	int rc = 0;
	st_assert(s->n[OPEN_NOW] > 0);
	row_station(a, a->ranked[s->key[0]]);
	if (s->key[1] == ALL_UNITS)
		row_text(a, either_of(a, "合计", "total"));
	else if (s->key[1] == NO_UNIT)
		row_text(a, either_of(a, "未交办", "no unit"));
	else
		rc = row_name(a, ST_NAMES_UNIT, (uint16_t)s->key[1]);
	row_count(a, s->n[OPEN_NOW]);
	row_count(a, s->n[OVERDUE]);
	row_share(a, s->n[OVERDUE], s->n[OPEN_NOW]);
	return rc < 0 ? rc : row_give(a);
}

/* A county's sum, then its units: who has most that is overdue stands first. */
static int by_overdue(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	bool x_all = x->key[1] == ALL_UNITS, y_all = y->key[1] == ALL_UNITS;
	if (x->key[0] != y->key[0])
		return x->key[0] < y->key[0] ? -1 : 1;
	if (x_all != y_all)
		return x_all ? -1 : 1;
	if (x->n[OVERDUE] != y->n[OVERDUE])
		return x->n[OVERDUE] > y->n[OVERDUE] ? -1 : 1;
	return x->key[1] < y->key[1] ? -1 : x->key[1] > y->key[1];
}

int question_overdue(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_COARSE,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(OPEN_DUE),
			   .place = by_branch_and_unit,
			   .add = add_flow };
	int rc = count_cells(&c);
	c.view = ST_VIEW_FACET;
	c.field = ST_F_UNIT;
	if (rc == 0)
		rc = count_cells(&c);
	if (rc == 0)
		rc = add_rests(&sums);
	sums_sort(&sums, by_overdue);
	for (size_t i = 0; rc == 0 && i < sums.count; i++)
		if (sums.rows[i].n[OPEN_NOW] > 0)
			rc = give_overdue(a, &sums.rows[i]);
	sums_done(&sums);
	return rc;
}

/* ---- 6: reopened share ---- */

static int by_branch(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	if (c->view == ST_VIEW_MONTH && !month_in_period(c->a, key->month))
		return 0;
	return sums_at(c->sums, branch_rank(c->a, key->station), 0, 0, ret);
}

static void add_reopened(struct count *c, const struct st_tally_key *key, uint32_t counter,
			 uint64_t n)
{
	if (st_counter_measure(counter) == ST_IN_STATE) {
		c->at->n[MATTERS] += n;
		c->at->n[ENDED] += is_ended(key->kind, st_counter_bucket(counter)) ? n : 0;
	} else if (st_counter_measure(counter) == ST_REOPENED) {
		c->at->n[REOPENED] += n;
	}
}

static void put_reopened(struct asking *a, const struct sum *s)
{
	st_assert(s->n[ENDED] <= s->n[MATTERS]);
	row_count(a, s->n[MATTERS]);
	row_count(a, s->n[ENDED]);
	row_count(a, s->n[REOPENED]);
	row_share(a, s->n[REOPENED], s->n[MATTERS]);
}

int question_reopened(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct sum total = { .n = { 0 } };
	struct count c = { .a = a,
			   .sums = &sums,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(IN_STATE) | OF(REOPENED),
			   .place = by_branch,
			   .add = add_reopened,
			   .view = a->from == 0 && a->to == 0 ? ST_VIEW_COARSE : ST_VIEW_MONTH };
	int rc = count_cells(&c);
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		for (size_t k = 0; k < SUM_COUNTS; k++)
			total.n[k] += s->n[k];
		if (s->n[MATTERS] == 0)
			continue;
		row_station(a, a->ranked[s->key[0]]);
		put_reopened(a, s);
		rc = row_give(a);
	}
	if (rc == 0) {
		row_code(a, NULL);
		row_text(a, either_of(a, "合计", "total"));
		put_reopened(a, &total);
		rc = row_give(a);
	}
	sums_done(&sums);
	return rc;
}
