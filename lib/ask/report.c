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
_Static_assert((int)ST_LABEL_MAX > (int)ST_NAME_MAX, "a station's name is a label");
_Static_assert((int)ST_LABEL_MAX > (int)ST_NAME_TEXT_MAX, "a category is a label");

static const char *const dimension_texts[ST_DIMENSION_COUNT] = {
#define X(name, text, zh, en) [ST_BY_##name] = text,
	ST_DIMENSIONS(X)
#undef X
};

int st_dimension_parse(struct st_span text, enum st_dimension *ret_d)
{
	for (int i = 0; i < ST_DIMENSION_COUNT; i++) {
		if (!st_span_equal(text, st_span_text(dimension_texts[i])))
			continue;
		*ret_d = (enum st_dimension)i;
		return 0;
	}
	return ST_EFIELD;
}

const char *st_dimension_text(enum st_dimension d)
{
	ST_REQUIRE(d < ST_DIMENSION_COUNT);
	return dimension_texts[d];
}

/* A report in the making. wanted[i] is what where[i] says, as the number that stands in keys. */
struct making {
	struct st_txn *txn;
	const struct st_report_query *q;
	const struct st_kind *kind;
	struct places places;
	struct groups groups;
	struct group total;
	uint32_t wanted[ST_REPORT_WHERE_MAX];
	bool by_state, full;
	enum st_role role;
};

static int find_station(const struct making *m, const char *value, enum st_dimension d,
			uint32_t *to)
{
	for (size_t i = 1; i < m->places.count; i++) {
		const struct place *p = &m->places.rows[i];
		if (p->tier == 0 || (strcmp(p->code.text, value) != 0 && strcmp(p->name, value) != 0))
			continue;
		*to = d == ST_BY_BRANCH ? p->branch : (uint32_t)i;
		return 0;
	}
	return ST_EFIELD;
}

static int wanted_number(const struct making *m, const struct st_where *w, uint32_t *to)
{
	st_assert(w->dimension < ST_DIMENSION_COUNT);
	struct st_span value = st_span_text(w->value);
	const struct st_field_row *channel = st_kind_field(m->kind, ST_F_CHANNEL);
	const struct st_choice *choice;
	const struct st_state_row *state;
	enum st_tier tier;
	uint16_t name = 0;
	uint32_t first = 0, last = 0;
	int rc = 0;
	switch (w->dimension) {
	case ST_BY_STATION:
	case ST_BY_BRANCH:
		return find_station(m, w->value, w->dimension, to);
	case ST_BY_TIER:
		rc = st_tier_parse(value, &tier);
		*to = rc == 0 ? (uint32_t)tier : 0;
		return rc;
	case ST_BY_CATEGORY:
		rc = st_name_find(m->txn, ST_NAMES_CATEGORY, value, &name);
		*to = name;
		return rc == ST_ENOTFOUND ? ST_EFIELD : rc;
	case ST_BY_CHANNEL:
		choice = channel == NULL ? NULL : st_choice_named(channel->choices, value);
		*to = choice == NULL ? 0 : choice->number;
		return choice == NULL ? ST_EFIELD : 0;
	case ST_BY_STATE:
		state = st_kind_state_named(m->kind, value);
		*to = state == NULL ? 0 : state->number;
		return state == NULL ? ST_EFIELD : 0;
	case ST_BY_MONTH:
		rc = value.size == 7 ? st_period_parse(value, &first, &last) : ST_EFIELD;
		*to = rc == 0 ? st_month_of_day(first) : 0;
		return rc;
	case ST_DIMENSION_COUNT:
		break;
	}
	return ST_EFIELD;
}

/* The number of a cell's key in one dimension; the state isn't in the key. */
static uint32_t key_in(const struct making *m, const struct st_tally_key *key, enum st_dimension d,
		       uint32_t state)
{
	st_assert(d < ST_DIMENSION_COUNT);
	const struct place *p = key->station < m->places.count ? &m->places.rows[key->station] : NULL;
	switch (d) {
	case ST_BY_STATION:  return key->station;
	case ST_BY_BRANCH:   return p == NULL ? 0 : p->branch;
	case ST_BY_TIER:     return p == NULL ? 0 : (uint32_t)p->tier;
	case ST_BY_CATEGORY: return key->category;
	case ST_BY_CHANNEL:  return key->channel;
	case ST_BY_MONTH:    return key->month;
	case ST_BY_STATE:    return state;
	case ST_DIMENSION_COUNT: break;
	}
	return 0;
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
	for (size_t s = 1; s < m->places.count; s++) {
		const struct st_tally_key key = { .station = (uint32_t)s };
		bool all = true;
		for (size_t i = 0; i < m->q->where_count; i++) {
			enum st_dimension d = m->q->where[i].dimension;
			bool any = !of_stations(d);
			for (size_t k = 0; k < m->q->where_count; k++)
				any |= m->q->where[k].dimension == d && m->wanted[k] == key_in(m, &key, d, 0);
			all &= any;
		}
		to->covers[s] = all;
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
	case ST_SATISFACTION:
		if (!period)
			return 0;
		g->figures.rated += n;
		g->figures.satisfied += bucket <= 2 ? n : 0;
		return 0;
	case ST_REOPENED:
		g->figures.reopened += period ? n : 0;
		return 0;
	case ST_RATED_ANSWER:
	case ST_RATED_RESULT:
	case ST_FROM_OUTSIDE:
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
	if (!matches(m, key, state))
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
	static const enum st_role roles[2] = { ST_ROLE_OPENER, ST_ROLE_HOLDER };
	for (size_t i = 0; i < 2; i++) {
		const uint8_t prefix[3] = { m->full ? ST_VIEW_FULL : ST_VIEW_COARSE,
					    (uint8_t)roles[i], (uint8_t)m->kind->number };
		int rc = st_cell_each(m->txn, ST_SPAN(prefix), count_cell, m);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void put(char to[ST_LABEL_MAX], const char *text)
{
	(void)snprintf(to, ST_LABEL_MAX, "%s", text);
}

static int label(const struct making *m, enum st_dimension d, uint32_t key, char k[ST_LABEL_MAX],
		 char l[ST_LABEL_MAX])
{
	const struct st_field_row *channel = st_kind_field(m->kind, ST_F_CHANNEL);
	const struct st_choice *choice;
	const struct st_state_row *state;
	char name[ST_NAME_TEXT_MAX + 1] = "", month[ST_MONTH_TEXT];
	int rc = 0;
	k[0] = l[0] = 0;
	switch (d) {
	case ST_BY_STATION:
	case ST_BY_BRANCH:
		if (key < m->places.count) {
			put(k, m->places.rows[key].code.text);
			put(l, m->places.rows[key].name);
		}
		return 0;
	case ST_BY_TIER:
		put(k, st_tier_name((enum st_tier)key));
		break;
	case ST_BY_CATEGORY:
		rc = st_name_text(m->txn, ST_NAMES_CATEGORY, (uint16_t)key, name);
		put(k, name);
		break;
	case ST_BY_CHANNEL:
		choice = channel == NULL ? NULL : st_choice_numbered(channel->choices, key);
		put(k, choice == NULL ? "" : choice->name);
		break;
	case ST_BY_STATE:
		state = st_kind_state(m->kind, key);
		if (state != NULL)
			put(k, state->name);
		else
			(void)snprintf(k, ST_LABEL_MAX, "%u", key);
		break;
	case ST_BY_MONTH:
		st_month_text(key, month);
		put(k, month);
		break;
	case ST_DIMENSION_COUNT:
		break;
	}
	put(l, k);
	return rc;
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
			int rc = label(m, m->q->by[k], g->keys[k], row->key[k], row->label[k]);
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

static int prepare(struct making *m, char reterr_place[ST_PLACE_MAX])
{
	const struct st_report_query *q = m->q;
	m->full = q->from_month != 0 || q->to_month != 0;
	for (size_t i = 0; i < q->by_count; i++) {
		m->by_state |= q->by[i] == ST_BY_STATE;
		m->full |= q->by[i] == ST_BY_CHANNEL || q->by[i] == ST_BY_MONTH;
	}
	for (size_t i = 0; i < q->where_count; i++) {
		const struct st_where *w = &q->where[i];
		m->by_state |= w->dimension == ST_BY_STATE;
		m->full |= w->dimension == ST_BY_CHANNEL || w->dimension == ST_BY_MONTH;
		int rc = wanted_number(m, w, &m->wanted[i]);
		if (rc < 0) {
			(void)snprintf(reterr_place, ST_PLACE_MAX, "%s=%s",
				       st_dimension_text(w->dimension), w->value);
			return rc;
		}
	}
	return 0;
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
		rc = answer(&m, &report);
	if (rc == 0)
		rc = find_covered(&m, &report);
	if (rc == 0)
		*ret_report = report;
	else
		st_report_done(&report);
	free(m.total.days);
	groups_done(&m.groups);
	free(m.places.rows);
	return rc;
}

void st_report_done(struct st_report *r)
{
	free(r->rows);
	free(r->covers);
	*r = (struct st_report){ .count = 0 };
}
