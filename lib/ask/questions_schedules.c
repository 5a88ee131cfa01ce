/* questions_schedules.c - schedules kept, moved and missed, leaders' visits against their plan, and
 * what the law officials did.
 *
 * Owns:    which days of schedules are counted, and whose visits are whose.
 * Flow:    schedules, visits, cells -> sums -> rows */
#include "question.h"
#include <stdio.h>
#include <string.h>
#include <station/ask/schedule.h>
#include <station/base/check.h>

enum { PERIOD_DAYS_MAX = ST_PERIOD_DAYS_MAX - ST_SHIFT_DAYS_MAX - 1 }; /* as a plan is asked */

/* Working days as the city has them today. */
struct working {
	const struct st_calendar *calendar;
};

static bool is_worked(void *arg, uint32_t day)
{
	const struct working *w = arg;
	st_assert(w->calendar != NULL);
	return st_calendar_working(w->calendar, day);
}

/* Days to come have no end: where none is named, they are counted up to today. */
static int settle_days(struct asking *a, struct st_schedule_query *q)
{
	uint32_t last = a->today > a->from ? a->today : a->from;
	q->from_day = a->from;
	q->to_day = a->to != 0 ? a->to : last;
	st_assert(q->from_day <= q->to_day);
	if (q->from_day != 0 && q->to_day - q->from_day < PERIOD_DAYS_MAX)
		return 0;
	(void)snprintf(a->place, ST_PLACE_MAX, "from, to: %s (%d)",
		       either_of(a, "四定按日计, 时段有最多天数, 请写明首日或用较短的时段",
				 "schedules are counted day by day, so many at most: name the "
				 "first day, or a shorter period"),
		       PERIOD_DAYS_MAX);
	return ST_EFIELD;
}

static int add_counts(struct asking *a, const struct st_schedule_count *n, struct sums *to)
{
	struct sum *s = NULL;
	st_assert(is_covered(a, n->station));
	int rc = sums_at(to, rank_of(a, n->station), 0, 0, &s);
	if (rc < 0)
		return rc;
	st_assert(n->planned == n->open + n->kept + n->moved + n->missed);
	s->n[OCC_SCHEDULES] += n->schedules;
	s->n[OCC_PLANNED] += n->planned;
	s->n[OCC_OPEN] += n->open;
	s->n[OCC_KEPT] += n->kept;
	s->n[OCC_MOVED] += n->moved;
	s->n[OCC_MISSED] += n->missed;
	return 0;
}

int occurrences_by_station(struct asking *a, uint32_t type, struct sums *to)
{
	struct working w = { NULL };
	struct st_schedule_counts all = { .count = 0 };
	struct st_schedule_query q = { .station = a->all_covered ? 0 : a->top,
				       .today = a->today,
				       .days_ahead = ST_DAYS_AHEAD, /* notices aren't asked for */
				       .working = { is_worked, &w } };
	ST_REQUIRE(a->terms != NULL);
	int rc = settle_days(a, &q);
	if (rc == 0)
		rc = st_terms_calendar(a->terms, a->today, &w.calendar);
	if (rc == 0)
		rc = st_schedule_count_all(a->txn, &q, &all);
	for (size_t i = 0; rc == 0 && i < all.count; i++)
		if (is_covered(a, all.rows[i].station) && (type == 0 || all.rows[i].type == type))
			rc = add_counts(a, &all.rows[i], to);
	st_schedule_counts_done(&all);
	return rc;
}

static bool is_nothing(const struct sum *s)
{
	for (size_t i = 0; i < SUM_COUNTS; i++)
		if (s->n[i] != 0)
			return false;
	return true;
}

/* ---- 9: kept, moved, missed ---- */

/* A row for each station with anything to say, up to a figure; with the share that was kept, or without. */
static int give_stations(struct asking *a, struct sums *sums, size_t last, bool share)
{
	int rc = 0;
	sums_by_key(sums);
	for (size_t i = 0; rc == 0 && i < sums->count; i++) {
		const struct sum *s = &sums->rows[i];
		if (is_nothing(s))
			continue;
		row_station(a, a->ranked[s->key[0]]);
		for (size_t k = OCC_SCHEDULES; k <= last; k++)
			row_count(a, s->n[k]);
		if (share)
			row_share(a, s->n[OCC_KEPT], s->n[OCC_PLANNED] - s->n[OCC_OPEN]);
		rc = row_give(a);
	}
	return rc;
}

int question_schedules(struct asking *a)
{
	struct sums sums = { .count = 0 };
	int rc = occurrences_by_station(a, 0, &sums);
	if (rc == 0)
		rc = give_stations(a, &sums, OCC_MISSED, true);
	sums_done(&sums);
	return rc;
}

/* ---- 10: leaders' visits ---- */

enum { L_VISITS = OCC_MISSED + 1, L_MATTERS };
_Static_assert((int)L_MATTERS < (int)SUM_COUNTS, "beside what the plan counts");

struct visiting {
	uint32_t recorded, who;
};

static int by_who(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	const struct visiting *v = c->arg;
	bool in = key->role == ST_ROLE_HOLDER && key->channel == v->who &&
		  month_in_period(c->a, key->month);
	return in ? sums_at(c->sums, rank_of(c->a, key->station), 0, 0, ret) : 0;
}

static void add_visits(struct count *c, const struct st_tally_key *key, uint32_t counter,
		       uint64_t n)
{
	const struct visiting *v = c->arg;
	(void)key;
	if (st_counter_measure(counter) == ST_IN_STATE && st_counter_bucket(counter) == v->recorded)
		c->at->n[L_VISITS] += n;
}

struct receiving {
	struct asking *a;
	struct sums *to;
};

static int add_received(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct receiving *x = arg;
	struct sum *s = NULL;
	st_assert(value != 0);
	(void)day;
	int rc = looked_at(x->a);
	if (rc == 0 && is_covered(x->a, ref->opener))
		rc = sums_at(x->to, rank_of(x->a, ref->opener), 0, 0, &s);
	if (s != NULL)
		s->n[L_MATTERS]++;
	return rc;
}

int question_leaders(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct visiting v = { state_number("visit", "recorded"),
			      choice_number("visit", "who", "leader") };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = kind_number("visit"),
			   .measures = OF(IN_STATE),
			   .place = by_who,
			   .add = add_visits,
			   .arg = &v };
	struct st_facet_query q = { .kind = ST_KIND_MATTER,
				    .field = field_number("matter", "official"),
				    .from_day = a->from,
				    .to_day = a->to };
	struct receiving x = { a, &sums };
	int rc =
		occurrences_by_station(a, choice_number("schedule", "type", "leader_visit"), &sums);
	if (rc == 0)
		rc = count_cells(&c);
	if (rc == 0)
		rc = st_facet_each(a->txn, &q, add_received, &x);
	if (rc == 0)
		rc = give_stations(a, &sums, L_MATTERS, false);
	sums_done(&sums);
	return rc;
}

/* ---- 11: services of the law officials ---- */

#define SERVICES(X)      X(reception) X(law_advice) X(mediation) X(law_education) X(policy) X(other)
enum {
	L_ALL,
#define X(name) L_##name,
	SERVICES(X)
#undef X
		L_COUNT
};
enum { WHO_MAX = 16 };

struct serving {
	struct asking *a;
	uint32_t recorded, service;
	size_t column;
	uint64_t (*counts)[L_COUNT]; /* [who] */
};

static int add_served(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct serving *x = arg;
	struct st_record r;
	st_assert(value != 0);
	st_assert(x->column < L_COUNT);
	(void)day;
	int rc = looked_at(x->a);
	if (rc == 0 && is_covered(x->a, ref->opener)) {
		rc = st_record_load(x->a->txn, ref, &r);
		if (rc == 0 && r.state == x->recorded && r.channel < WHO_MAX)
			x->counts[r.channel][x->column]++;
	}
	return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
}

static int by_visitor(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	bool in = key->channel < WHO_MAX && month_in_period(c->a, key->month);
	return in && key->role == ST_ROLE_HOLDER ? sums_at(c->sums, key->channel, 0, 0, ret) : 0;
}

static void add_visitor(struct count *c, const struct st_tally_key *key, uint32_t counter,
			uint64_t n)
{
	const struct serving *x = c->arg;
	if (st_counter_measure(counter) == ST_IN_STATE && st_counter_bucket(counter) == x->recorded)
		x->counts[key->channel][L_ALL] += n;
}

static int count_served(struct asking *a, struct serving *x)
{
	static const char *const names[] = {
#define X(name) [L_##name] = #name,
		SERVICES(X)
#undef X
	};
	int rc = 0;
	for (size_t i = L_ALL + 1; rc == 0 && i < L_COUNT; i++) {
		struct st_facet_query q = { .kind = kind_number("visit"),
					    .from_day = a->from,
					    .to_day = a->to,
					    .field = field_number("visit", "services"),
					    .value = choice_number("visit", "services", names[i]) };
		x->column = i;
		rc = st_facet_each(a->txn, &q, add_served, x);
	}
	return rc;
}

/* Which visitors they are, in the order of the city's setting or of its default. */
static int read_officials(struct asking *a, const struct st_choice *choices,
			  const struct st_choice *officials[WHO_MAX], size_t *ret_count)
{
	struct st_span names;
	size_t at = 0, count = 0;
	uint32_t day = a->to != 0 && a->to < a->today ? a->to : a->today; /* the period's end */
	int rc = st_terms_text(a->terms, "law_officials", day, &names);
	while (rc == 0 && at < names.size && count < WHO_MAX) {
		size_t from = at;
		while (at < names.size && names.data[at] != ' ')
			at++;
		officials[count] = st_choice_named(choices, st_span(names.data + from, at - from));
		count += officials[count] != NULL; /* of a later version: not known here */
		at++;
	}
	st_assert(count <= WHO_MAX);
	*ret_count = count;
	return rc;
}

static int give_officials(struct asking *a, const struct st_choice *choices,
			  uint64_t (*counts)[L_COUNT])
{
	const struct st_choice *officials[WHO_MAX];
	size_t count = 0;
	int rc = read_officials(a, choices, officials, &count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		uint64_t number = officials[i]->number;
		st_assert(number < WHO_MAX);
		row_choice(a, choices, number);
		for (size_t k = 0; k < L_COUNT; k++)
			row_count(a, counts[number][k]);
		rc = row_give(a);
	}
	return rc;
}

int question_law_services(struct asking *a)
{
	uint64_t counts[WHO_MAX][L_COUNT] = { { 0 } };
	struct sums sums = { .count = 0 };
	struct serving x = { .a = a,
			     .recorded = state_number("visit", "recorded"),
			     .counts = counts };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = kind_number("visit"),
			   .measures = OF(IN_STATE),
			   .place = by_visitor,
			   .add = add_visitor,
			   .arg = &x };
	const struct st_field_row *who = st_kind_field(st_kind_named("visit"), ST_F_CHANNEL);
	int rc = count_cells(&c);
	st_assert(who != NULL);
	if (rc == 0)
		rc = count_served(a, &x);
	if (rc == 0)
		rc = give_officials(a, who->choices, counts);
	sums_done(&sums);
	return rc;
}
