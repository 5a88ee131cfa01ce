/* report.c - the city office's figures, summed from cells.
 *
 * Owns:    which counters make which figure.
 * Promise: 4 and 6: figures are tallies, and never stand without their coverage.
 * Flow:    cells -> report -> api */
#include <station/ask/report.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/tally.h>
#include "report.h"

_Static_assert((int)GROUP_KEYS >= (int)ST_REPORT_BY_MAX, "a group has each dimension's key");

/* A report in the making. wanted[i] is what where[i] says, as the number that stands in keys. */
struct making {
	struct st_txn *txn;
	const struct st_report_query *q;
	const struct st_kind *kind;
	struct places places;
	struct dimensions dimensions;
	struct groups groups;
	struct group total;
	uint32_t wanted[ST_REPORT_WHERE_MAX];
	enum st_view view;
	bool by_state, by_channel, by_category, full; /* full: months are told apart */
};

/* The number of a cell's key in one dimension; the state isn't in the key. */
static uint32_t key_in(const struct making *m, const struct st_tally_key *key, enum st_dimension d,
		       uint32_t state)
{
	st_assert(d < ST_DIMENSION_COUNT);
	const struct place *p = place_of(&m->places, key->station);
	switch (d) {
	case ST_BY_STATION:  return key->station;
	case ST_BY_BRANCH:   return p->branch;
	case ST_BY_TIER:     return (uint32_t)p->tier;
	case ST_BY_CATEGORY: return key->category;
	case ST_BY_CHANNEL:  return key->channel;
	case ST_BY_MONTH:    return key->month;
	case ST_BY_STATE:    return state;
	default:             return key->category; /* a facet's value */
	}
}

/* Values of one dimension are alternatives, dimensions all hold. */
static bool matches(const struct making *m, const struct st_tally_key *key, uint32_t state)
{
	for (size_t i = 0; i < m->q->where_count; i++) {
		enum st_dimension d = m->q->where[i].dimension;
		bool any = false;
		for (size_t k = 0; k < m->q->where_count; k++)
			any |= m->q->where[k].dimension == d &&
			       m->wanted[k] == key_in(m, key, d, state);
		if (!any)
			return false;
	}
	return true;
}

static bool of_stations(enum st_dimension d)
{
	return d == ST_BY_STATION || d == ST_BY_BRANCH || d == ST_BY_TIER;
}

/* Which stations could have given a figure: coverage is told of these and of no others. */
static int find_covered(const struct making *m, struct st_report *to)
{
	to->covers = calloc(m->places.count + 1, sizeof(*to->covers));
	if (to->covers == NULL)
		return ST_ENOMEM;
	to->station_count = m->places.count;
	for (size_t i = 1; i < m->places.row_count; i++) {
		const struct st_tally_key key = { .station = m->places.rows[i].number };
		bool all = true;
		for (size_t w = 0; w < m->q->where_count; w++) {
			enum st_dimension d = m->q->where[w].dimension;
			bool any = !of_stations(d);
			for (size_t k = 0; k < m->q->where_count; k++)
				any |= m->q->where[k].dimension == d && m->wanted[k] == key_in(m, &key, d, 0);
			all &= any;
		}
		to->covers[key.station] = all;
	}
	return 0;
}

static bool in_period(const struct making *m, uint32_t month)
{
	return (m->q->from_month == 0 || month >= m->q->from_month) &&
	       (m->q->to_month == 0 || month <= m->q->to_month);
}

static int add_to(const struct making *m, struct group *g, const struct st_tally_key *key,
		  uint32_t counter, uint64_t n)
{
	uint32_t bucket = st_counter_bucket(counter);
	bool period = in_period(m, key->month) || !m->full;
	const struct st_state_row *s;
	switch (st_counter_measure(counter)) {
	case ST_OPENED:
		g->figures.opened += period ? n : 0;
		return 0;
	case ST_IN_STATE:
		s = st_kind_state(m->kind, bucket);
		if (m->by_state && (s == NULL || s->class == ST_OPEN))
			g->figures.open_now += n;
		else if (m->by_state)
			g->figures.closed += n;
		return 0;
	case ST_OPEN_DUE:
		g->figures.open_now += n;
		g->figures.overdue_now += bucket != 0 && bucket < m->q->today ? n : 0;
		return 0;
	case ST_DAYS:
		if (!period)
			return 0;
		g->figures.closed += n;
		return group_add_days(g, bucket, n);
	case ST_RATED:
		if (!period || st_rated(bucket) == 0)
			return 0;
		g->figures.rated += n;
		g->figures.satisfied += st_rated(bucket) <= 2 ? n : 0;
		return 0;
	case ST_REOPENED:
		g->figures.reopened += period ? n : 0;
		return 0;
	case ST_ENDED_ON:
	case ST_FROM_OUTSIDE:
	case ST_AWAY:
		return 0; /* other questions' */
	}
	return 0;
}

static int count_one(const struct st_tally_key *key, uint32_t counter, int64_t n, void *arg)
{
	struct making *m = arg;
	st_assert(m->q->by_count <= GROUP_KEYS);
	struct group *g = NULL;
	uint32_t keys[GROUP_KEYS] = { 0 };
	bool in_state = st_counter_measure(counter) == ST_IN_STATE;
	uint32_t state = in_state ? st_counter_bucket(counter) : 0;
	if (m->by_state != in_state)
		return 0; /* the same records, counted the other way */
	if ((m->dimensions.facet != NULL && key->channel != m->dimensions.facet->id) || !matches(m, key, state))
		return 0;
	for (size_t i = 0; i < m->q->by_count; i++)
		keys[i] = key_in(m, key, m->q->by[i], state);
	int rc = groups_find(&m->groups, keys, &g);
	if (rc == 0)
		rc = add_to(m, g, key, counter, (uint64_t)n);
	if (rc == 0)
		rc = add_to(m, &m->total, key, counter, (uint64_t)n);
	return rc;
}

static int count_cell(struct st_span key, struct st_span cell, void *arg)
{
	struct st_tally_key k;
	int rc = st_tally_key_decode(key, &k);
	return rc < 0 ? rc : st_cell_walk(&k, cell, count_one, arg);
}

static int count_all(struct making *m)
{
	const uint8_t prefix[2] = { (uint8_t)m->view, (uint8_t)m->kind->number };
	return st_cell_each(m->txn, ST_SPAN(prefix), count_cell, m);
}

/* A late record counts as overdue wherever it counts as in its state: in the same cells. */
static int count_late(const struct st_record *r, void *arg)
{
	struct making *m = arg;
	struct st_tally_one ones[ST_TALLIES_OF_MAX];
	size_t n = st_tally_of(r, ones);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct st_tally_key *key = &ones[i].key;
		struct group *g = NULL;
		uint32_t keys[GROUP_KEYS] = { 0 };
		bool counts = key->view == m->view &&
			      st_counter_measure(ones[i].counter) == ST_IN_STATE;
		bool other = m->dimensions.facet != NULL && key->channel != m->dimensions.facet->id;
		if (!counts || other || !matches(m, key, r->state))
			continue;
		for (size_t k = 0; k < m->q->by_count; k++)
			keys[k] = key_in(m, key, m->q->by[k], r->state);
		rc = groups_find(&m->groups, keys, &g);
		if (rc < 0)
			return rc;
		g->figures.overdue_now++;
		m->total.figures.overdue_now++;
		st_assert(m->total.figures.overdue_now <= m->total.figures.open_now);
	}
	return rc;
}

/* Beyond the bound there is no such figure. */
static int count_all_late(struct making *m, struct st_report *to)
{
	int rc = m->by_state ? late_each(m->txn, m->kind->number, m->q->today, count_late, m) : 0;
	to->no_overdue = rc == ST_ETOOBIG;
	for (size_t i = 0; to->no_overdue && i < m->groups.count; i++)
		m->groups.rows[i].figures.overdue_now = 0;
	if (to->no_overdue)
		m->total.figures.overdue_now = 0;
	return to->no_overdue ? 0 : rc;
}

static int by_keys(const void *a, const void *b)
{
	const struct st_report_row *x = a, *y = b;
	for (size_t i = 0; i < ST_REPORT_BY_MAX; i++) {
		int c = strcmp(x->key[i], y->key[i]);
		if (c != 0)
			return c;
	}
	return 0;
}

static bool is_nothing(const struct st_report_row *r)
{
	return r->opened == 0 && r->closed == 0 && r->open_now == 0 && r->overdue_now == 0 &&
	       r->reopened == 0 && r->rated == 0;
}

static int answer(struct making *m, struct st_report *to)
{
	to->rows = calloc(m->groups.count + 1, sizeof(*to->rows));
	if (to->rows == NULL)
		return ST_ENOMEM;
	for (size_t i = 0; i < m->groups.count; i++) {
		struct group *g = &m->groups.rows[i];
		if (is_nothing(&g->figures))
			continue;
		struct st_report_row *row = &to->rows[to->count++];
		group_close(g);
		*row = g->figures;
		for (size_t k = 0; k < m->q->by_count; k++) {
			int rc = dimension_label(&m->dimensions, m->q->by[k], g->keys[k], row->key[k],
						 row->label[k]);
			if (rc < 0)
				return rc;
		}
	}
	st_assert(to->count <= m->groups.count);
	if (to->count > 1)
		qsort(to->rows, to->count, sizeof(*to->rows), by_keys);
	group_close(&m->total);
	to->total = m->total.figures;
	return 0;
}

/* The facet that the question has, if it has one, and the view that counts by it. */
static int prepare_facet(struct making *m, enum st_dimension d, const char **reterr_place)
{
	const struct st_field_row *row = st_kind_field_named(m->kind, st_span_text(st_dimension_text(d)));
	*reterr_place = st_dimension_text(d);
	if (row == NULL || (row->flags & (ST_TALLIED | ST_MONTHLY)) == 0)
		return ST_EFIELD;
	if (m->dimensions.facet != NULL && m->dimensions.facet != row)
		return ST_EFIELD;
	m->dimensions.facet = row;
	m->view = (row->flags & ST_MONTHLY) != 0 ? ST_VIEW_MONTHLY : ST_VIEW_FACET;
	return 0;
}

/* One dimension that the question names, by or where. */
static int prepare_one(struct making *m, enum st_dimension d, const char **reterr_place)
{
	m->by_state |= d == ST_BY_STATE;
	m->full |= d == ST_BY_MONTH;
	m->by_channel |= d == ST_BY_CHANNEL;
	m->by_category |= d == ST_BY_CATEGORY;
	return dimension_is_facet(d) ? prepare_facet(m, d, reterr_place) : 0;
}

static int prepare_view(struct making *m, const char **reterr_place)
{
	bool months = m->full;
	m->full |= m->by_channel;
	if (m->dimensions.facet == NULL) {
		m->view = !m->full         ? ST_VIEW_COARSE
			  : m->by_category ? ST_VIEW_FULL
					   : ST_VIEW_MONTH;
		return 0;
	}
	*reterr_place = m->dimensions.facet->name;
	if (m->by_channel || m->by_category || (months && m->view != ST_VIEW_MONTHLY))
		return ST_EFIELD;
	m->full = months;
	return 0;
}

static int prepare(struct making *m, char reterr_place[ST_PLACE_MAX])
{
	const struct st_report_query *q = m->q;
	const char *place = "";
	int rc = 0;
	m->full = q->from_month != 0 || q->to_month != 0;
	m->dimensions = (struct dimensions){ m->txn, m->kind, &m->places, NULL };
	for (size_t i = 0; rc == 0 && i < q->by_count; i++)
		rc = prepare_one(m, q->by[i], &place);
	for (size_t i = 0; rc == 0 && i < q->where_count; i++)
		rc = prepare_one(m, q->where[i].dimension, &place);
	if (rc == 0)
		rc = prepare_view(m, &place);
	if (rc < 0) {
		(void)snprintf(reterr_place, ST_PLACE_MAX, "%s", place);
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < q->where_count; i++) {
		const struct st_where *w = &q->where[i];
		rc = dimension_wanted(&m->dimensions, w, &m->wanted[i]);
		if (rc < 0)
			(void)snprintf(reterr_place, ST_PLACE_MAX, "%s=%s", st_dimension_text(w->dimension),
				       w->value);
	}
	return rc;
}

int st_report_make(struct st_txn *t, const struct st_report_query *q, struct st_report *ret_report,
		   char reterr_place[ST_PLACE_MAX])
{
	struct making m = { .txn = t, .q = q, .kind = st_kind(q->kind) };
	struct st_report report = { .count = 0 };
	ST_REQUIRE(q->by_count <= ST_REPORT_BY_MAX);
	ST_REQUIRE(q->where_count <= ST_REPORT_WHERE_MAX);
	ST_REQUIRE(ret_report != NULL);
	reterr_place[0] = 0;
	if (m.kind == NULL)
		return ST_EFIELD;
	int rc = report_places(t, &m.places);
	if (rc < 0)
		return rc;
	rc = prepare(&m, reterr_place);
	if (rc == 0)
		rc = count_all(&m);
	if (rc == 0)
		rc = count_all_late(&m, &report);
	if (rc == 0)
		rc = answer(&m, &report);
	if (rc == 0)
		rc = find_covered(&m, &report);
	if (rc == 0)
		*ret_report = report;
	else
		st_report_done(&report);
	free(m.total.days);
	groups_done(&m.groups);
	report_places_done(&m.places);
	return rc;
}

void st_report_done(struct st_report *r)
{
	free(r->rows);
	free(r->covers);
	*r = (struct st_report){ .count = 0 };
}
