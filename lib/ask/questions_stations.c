/* questions_stations.c - the questions about stations: silent ones, those without visits,
 * industries, and premises.
 *
 * Owns:    what a station's entry says beside its certificate, which alone makes it a station.
 * Promise: 6: silence isn't zero.
 * Flow:    stations, checkpoints, entries, cells -> rows */
#include "question.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { DAY_MS = 24 * 3600 * 1000 };

/* ---- 7: not heard from ---- */

struct silence {
	uint32_t station;
	int64_t since_ms; /* 0: never heard */
	uint64_t events;
};
struct silences {
	struct asking *a;
	struct silence *rows;
	size_t count, room;
};

static int see_silence(const struct st_coverage_row *row, void *arg)
{
	struct silences *x = arg;
	uint32_t number = row->station.number;
	int64_t since = (int64_t)row->checkpoint_time_s * 1000;
	bool heard = row->heard && since != 0 && since + SILENT_MS >= x->a->q->now_ms;
	if (heard || number == x->a->self || !is_here(x->a, number))
		return 0;
	if (x->count == x->room) {
		size_t room = x->room == 0 ? 64 : x->room * 2;
		struct silence *rows = realloc(x->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		x->rows = rows;
		x->room = room;
	}
	st_assert(x->count < x->room);
	x->rows[x->count++] = (struct silence){ number, row->heard ? since : 0, row->size };
	return 0;
}

static int by_silence(const void *a, const void *b)
{
	const struct silence *x = a, *y = b;
	if (x->since_ms != y->since_ms)
		return x->since_ms < y->since_ms ? -1 : 1;
	return x->station < y->station ? -1 : x->station > y->station;
}

int question_silent(struct asking *a)
{
	struct silences x = { .a = a };
	int rc = st_coverage_each(a->txn, see_silence, &x);
	if (x.count > 1)
		qsort(x.rows, x.count, sizeof(*x.rows), by_silence);
	for (size_t i = 0; rc == 0 && i < x.count; i++) {
		const struct silence *s = &x.rows[i];
		st_assert(is_here(a, s->station));
		st_assert(s->since_ms == 0 || s->since_ms < a->q->now_ms);
		row_station(a, s->station);
		row_tier(a, s->station);
		row_text(a, place_of(&a->places, branch_of(a, s->station))->name);
		row_time(a, s->since_ms);
		row_real(a, s->since_ms == 0 ? (double)NAN
					     : (double)((a->q->now_ms - s->since_ms) / DAY_MS));
		row_count(a, s->events);
		rc = row_give(a);
	}
	free(x.rows);
	return rc;
}

/* ---- 8: without a visit ---- */

enum { V_IN, V_LAST };

static int by_station(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	return key->role == ST_ROLE_OPENER ? 0 : sums_at(c->sums, key->station, 0, 0, ret);
}

static void add_visits(struct count *c, const struct st_tally_key *key, uint32_t counter,
		       uint64_t n)
{
	uint32_t recorded = *(const uint32_t *)c->arg;
	st_assert(key->view == ST_VIEW_MONTH);
	if (st_counter_measure(counter) != ST_IN_STATE || st_counter_bucket(counter) != recorded)
		return;
	if (month_in_period(c->a, key->month))
		c->at->n[V_IN] += n;
	if (key->month > c->at->n[V_LAST])
		c->at->n[V_LAST] = key->month;
}

int question_no_visit(struct asking *a)
{
	struct sums sums = { .count = 0 };
	uint32_t recorded = state_number("visit", "recorded");
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = kind_number("visit"),
			   .measures = OF(IN_STATE),
			   .place = by_station,
			   .add = add_visits,
			   .arg = &recorded };
	int rc = count_cells(&c);
	for (size_t i = 1; rc == 0 && i < a->places.row_count; i++) {
		uint32_t station = a->ranked[i];
		st_assert(rank_of(a, station) == i);
		struct sum *s = NULL;
		if (!is_here(a, station))
			continue;
		rc = sums_at(&sums, station, 0, 0, &s);
		if (rc < 0 || s->n[V_IN] > 0)
			continue;
		row_station(a, station);
		row_tier(a, station);
		row_text(a, place_of(&a->places, branch_of(a, station))->name);
		row_month(a, (uint32_t)s->n[V_LAST]);
		rc = row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- 19: specialty stations by industry ---- */

enum { I_STATIONS, I_MODEL, I_SUSPENDED };

static int add_specialty(struct asking *a, uint32_t station, struct sums *sums)
{
	struct st_record entry;
	struct sum *s = NULL;
	st_assert(place_of(&a->places, station)->tier == ST_SPECIALTY);
	int found = station_entry(a, station, &entry);
	if (found < 0)
		return found;
	uint32_t industry =
		found ? st_record_facet(&entry, field_number("station", "industry")) : 0;
	/* Without an entry, or with one that names no industry, behind the others. */
	int rc = sums_at(sums, !found ? 2 : industry == 0, industry, 0, &s);
	if (rc < 0)
		return rc;
	s->n[I_STATIONS]++;
	if (!found)
		return 0;
	s->n[I_MODEL] += st_record_facet(&entry, field_number("station", "standing")) ==
			 choice_number("station", "standing", "model");
	s->n[I_SUSPENDED] += entry.state == state_number("station", "suspended");
	return 0;
}

static int by_industry(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	if (x->key[0] != y->key[0])
		return x->key[0] < y->key[0] ? -1 : 1;
	if (x->n[I_STATIONS] != y->n[I_STATIONS])
		return x->n[I_STATIONS] > y->n[I_STATIONS] ? -1 : 1;
	return x->key[1] < y->key[1] ? -1 : 1;
}

int question_industries(struct asking *a)
{
	struct sums sums = { .count = 0 };
	int rc = 0;
	for (size_t i = 1; rc == 0 && i < a->places.row_count; i++)
		if (is_here(a, a->places.rows[i].number) && a->places.rows[i].tier == ST_SPECIALTY)
			rc = add_specialty(a, a->places.rows[i].number, &sums);
	if (sums.count > 1)
		qsort(sums.rows, sums.count, sizeof(*sums.rows), by_industry);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		if (s->key[0] == 0)
			rc = row_name(a, ST_NAMES_INDUSTRY, (uint16_t)s->key[1]);
		else if (s->key[0] == 1)
			row_text(a, either_of(a, "未填行业", "no industry said"));
		else
			row_text(a, either_of(a, "无站点登记", "without an entry"));
		row_count(a, s->n[I_STATIONS]);
		row_count(a, s->n[I_MODEL]);
		row_count(a, s->n[I_SUSPENDED]);
		rc = rc < 0 ? rc : row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- 20: shared premises ---- */

#define PREMISES(X) X(party_centre) X(civilisation_centre) X(other) X(own)
enum {
	P_STATIONS,
#define X(name) P_##name,
	PREMISES(X)
#undef X
		P_NOT_SAID,
	P_NO_ENTRY,
	P_COUNT
};

static int add_premises(struct asking *a, uint32_t station, struct sum *to)
{
	static const char *const names[] = {
#define X(name) [P_##name] = #name,
		PREMISES(X)
#undef X
	};
	struct st_record entry;
	uint32_t field = field_number("station", "premises");
	int found = station_entry(a, station, &entry);
	if (found < 0)
		return found;
	to->n[P_STATIONS]++;
	to->n[P_NO_ENTRY] += !found;
	to->n[P_NOT_SAID] += found && st_record_facet(&entry, field) == 0;
	for (uint16_t i = 0; found && i < entry.facet_count; i++)
		for (size_t p = P_party_centre; entry.facets[i].field == field && p < P_NOT_SAID;
		     p++)
			to->n[p] += entry.facets[i].value ==
				    choice_number("station", "premises", names[p]);
	return 0;
}

static int give_premises(struct asking *a, const struct sum *s)
{
	st_assert(s->n[P_NOT_SAID] + s->n[P_NO_ENTRY] <= s->n[P_STATIONS]);
	for (size_t p = 0; p < P_COUNT; p++)
		row_count(a, s->n[p]);
	row_share(a, s->n[P_party_centre], s->n[P_STATIONS]);
	return row_give(a);
}

int question_premises(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct sum total = { .n = { 0 } }, *to = NULL;
	int rc = 0;
	for (size_t i = 1; rc == 0 && i < a->places.row_count; i++) {
		uint32_t s = a->places.rows[i].number;
		if (!is_here(a, s))
			continue;
		rc = sums_at(&sums, rank_of(a, branch_of(a, s)), 0, 0, &to);
		if (rc == 0)
			rc = add_premises(a, s, to);
	}
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		for (size_t k = 0; k < SUM_COUNTS; k++)
			total.n[k] += sums.rows[i].n[k];
		row_station(a, a->ranked[sums.rows[i].key[0]]);
		rc = give_premises(a, &sums.rows[i]);
	}
	if (rc == 0) {
		row_code(a, NULL);
		row_text(a, either_of(a, "合计", "total"));
		rc = give_premises(a, &total);
	}
	sums_done(&sums);
	return rc;
}
