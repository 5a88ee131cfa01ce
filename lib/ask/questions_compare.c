/* questions_compare.c - one side against another: online and on site, this year and last.
 *
 * Owns:    which channel is online, and what the same days of last year are counted by.
 * Promise: 4: all of it from tallies.
 * Flow:    cells -> sums -> rows */
#include "question.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "question_period.h"

enum { OPENED, CLOSED, OPEN_NOW, RATED, SATISFIED };

/* ---- 18: online against on site ---- */

static int by_side(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	uint32_t online = *(const uint32_t *)c->arg;
	if (!month_in_period(c->a, key->month))
		return 0;
	return sums_at(c->sums, key->channel == online ? 1 : 2, key->channel, 0, ret);
}

static void add_online(struct count *c, const struct st_tally_key *key, uint32_t counter,
		       uint64_t n)
{
	uint32_t bucket = st_counter_bucket(counter);
	(void)key;
	switch (st_counter_measure(counter)) {
	case ST_OPENED: c->at->n[OPENED] += n; break;
	case ST_OPEN_DUE: c->at->n[OPEN_NOW] += n; break;
	case ST_DAYS:
		c->at->n[CLOSED] += n;
		c->rc = sum_days(c->at, bucket, n);
		break;
	case ST_RATED:
		c->at->n[RATED] += st_rated(bucket) != 0 ? n : 0;
		c->at->n[SATISFIED] += st_rated(bucket) != 0 && st_rated(bucket) <= 2 ? n : 0;
		break;
	default: break;
	}
}

static int give_online(struct asking *a, const struct sum *s, uint64_t all, bool whole_side)
{
	const struct st_field_row *f = st_kind_field(st_kind(ST_KIND_MATTER), ST_F_CHANNEL);
	st_assert(f != NULL);
	st_assert(s->n[RATED] <= s->n[CLOSED]);
	row_text(a,
		 s->key[0] == 1 ? either_of(a, "线上", "online") : either_of(a, "线下", "on site"));
	if (whole_side)
		row_text(a, either_of(a, "合计", "total"));
	else
		row_choice(a, f->choices, s->key[1]);
	row_count(a, s->n[OPENED]);
	row_share(a, s->n[OPENED], all);
	row_count(a, s->n[CLOSED]);
	row_count(a, s->n[OPEN_NOW]);
	row_real(a, sum_percentile(s, 50));
	row_count(a, s->n[RATED]);
	row_share(a, s->n[SATISFIED], s->n[RATED]);
	return row_give(a);
}

static int add_up(struct sum *to, const struct sum *s)
{
	int rc = 0;
	for (size_t k = 0; k < SUM_COUNTS; k++)
		to->n[k] += s->n[k];
	for (size_t d = 0; rc == 0 && d < s->days_room; d++)
		if (s->days[d] > 0)
			rc = sum_days(to, (uint32_t)d, s->days[d]);
	return rc;
}

int question_online(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct sum sides[3] = { [1] = { .key = { 1 } }, [2] = { .key = { 2 } } };
	uint32_t online = choice_number("matter", "channel", "online");
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = ST_KIND_MATTER,
			   .arg = &online,
			   .measures = OF(OPENED) | OF(OPEN_DUE) | OF(DAYS) | OF(RATED),
			   .place = by_side,
			   .add = add_online };
	int rc = count_cells(&c);
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++)
		rc = add_up(&sides[sums.rows[i].key[0]], &sums.rows[i]);
	uint64_t all = sides[1].n[OPENED] + sides[2].n[OPENED];
	for (uint32_t side = 1; rc == 0 && side <= 2; side++) {
		rc = give_online(a, &sides[side], all, true);
		for (size_t i = 0; rc == 0 && i < sums.count; i++) {
			const struct sum *s = &sums.rows[i];
			if (s->key[0] == side && s->n[OPENED] + s->n[CLOSED] + s->n[OPEN_NOW] > 0)
				rc = give_online(a, s, all, false);
		}
	}
	free(sides[1].days);
	free(sides[2].days);
	sums_done(&sums);
	return rc;
}

/* ---- 21: this year against last, to date ---- */

struct years {
	uint32_t from[2], to[2]; /* last year's days, this year's */
};

static int by_branch_of_years(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	const struct years *y = c->arg;
	bool in = false;
	st_assert(y->from[0] < y->from[1]);
	st_assert(y->to[0] < y->to[1]);
	for (size_t i = 0; i < 2; i++)
		in |= key->month >= st_month_of_day(y->from[i]) &&
		      key->month <= st_month_of_day(y->to[i]);
	return in ? sums_at(c->sums, rank_of(c->a, branch_of(c->a, key->station)), 0, 0, ret) : 0;
}

static void add_years(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n)
{
	const struct years *y = c->arg;
	enum st_measure m = st_counter_measure(counter);
	if (m != ST_OPENED && m != ST_ENDED_ON)
		return;
	uint32_t day = st_month_first_day(key->month) + st_counter_bucket(counter) - 1;
	for (size_t i = 0; i < 2; i++)
		if (day >= y->from[i] && day <= y->to[i])
			c->at->n[(m == ST_ENDED_ON ? 2 : 0) + i] += n;
}

/* In percent, to one place behind the point, halves away from none. */
static double more(uint64_t before, uint64_t now)
{
	uint64_t by = now < before ? before - now : now - before;
	if (before == 0)
		return NAN;
	double percent = (double)((2000 * by + before) / (2 * before)) / 10;
	return now < before && percent > 0 ? -percent : percent;
}

static int give_year(struct asking *a, const struct sum *s)
{
	row_count(a, s->n[0]);
	row_count(a, s->n[1]);
	row_real(a, more(s->n[0], s->n[1]));
	row_count(a, s->n[2]);
	row_count(a, s->n[3]);
	row_real(a, more(s->n[2], s->n[3]));
	return row_give(a);
}

/* To date: no later than today. */
static int settle_years(struct asking *a, struct years *y)
{
	uint32_t first = st_day_of_date(1971, 1, 1); /* no day is earlier than a year before */
	if (a->to == 0 || a->to > a->today)
		a->to = a->today;
	if (a->from == 0)
		a->from = st_month_first_day(st_month_of_day(a->to) / 12 * 12);
	if (a->from > a->to || a->from < first) {
		(void)snprintf(a->place, ST_PLACE_MAX, "from: %s",
			       either_of(a, "应不晚于今天, 且不早于1971年",
					 "no later than today, and not before 1971"));
		return ST_EFIELD;
	}
	y->from[1] = a->from;
	y->to[1] = a->to;
	period_year_before(a->from, a->to, &y->from[0], &y->to[0]);
	return 0;
}

int question_year(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct sum total = { .n = { 0 } };
	struct years y;
	int rc = settle_years(a, &y);
	if (rc < 0)
		return rc;
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = ST_KIND_MATTER,
			   .arg = &y,
			   .measures = OF(OPENED) | OF(ENDED_ON),
			   .place = by_branch_of_years,
			   .add = add_years };
	rc = count_cells(&c);
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		rc = add_up(&total, &sums.rows[i]);
		if (sums.rows[i].n[0] + sums.rows[i].n[1] + sums.rows[i].n[2] + sums.rows[i].n[3] ==
		    0)
			continue;
		row_station(a, a->ranked[sums.rows[i].key[0]]);
		rc = give_year(a, &sums.rows[i]);
	}
	if (rc == 0) {
		row_code(a, NULL);
		row_text(a, either_of(a, "合计", "total"));
		rc = give_year(a, &total);
	}
	sums_done(&sums);
	return rc;
}
