/* questions_schedules.c - schedules kept, moved and missed, leaders' visits against their plan, and
 * what the law officials did.
 *
 * Owns:    what counts as an occurrence's outcome, and whose visits are whose.
 * Flow:    schedules, visits, cells -> sums -> rows */
#include "question.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/terms.h>

enum { WORDS_MAX = ST_REVISIONS_MAX };

/* The last word on each occurrence. */
struct words {
	struct occurrences *to;
	uint32_t occurrence, meet, move, miss; /* the field, and the moves by number */
	uint32_t *days;
	size_t count;
};

static int see_word(struct asking *a, const struct st_event *e, const struct st_change *c,
		    void *arg)
{
	struct words *w = arg;
	const struct st_field *f = st_field_find(c->fields, c->field_count, w->occurrence);
	bool outcome = c->move == w->meet || c->move == w->move || c->move == w->miss;
	if (e->type != ST_MOVE || !outcome || f == NULL || !f->is_number || f->number > UINT32_MAX)
		return 0;
	uint32_t day = (uint32_t)f->number;
	st_assert(w->count <= WORDS_MAX);
	if (!in_period(a, day) || w->count == WORDS_MAX)
		return 0;
	for (size_t i = 0; i < w->count; i++)
		if (w->days[i] == day)
			return 0; /* a later word has been seen: the newest comes first */
	w->days[w->count++] = day;
	w->to->kept += c->move == w->meet;
	w->to->moved += c->move == w->move;
	w->to->missed += c->move == w->miss;
	return 0;
}

static uint32_t move_number(const char *name)
{
	const struct st_move_row *m = st_kind_move_named(st_kind_named("schedule"), name);
	ST_REQUIRE(m != NULL);
	return m->number;
}

/* From what was written of them; an occurrence that nobody wrote of isn't known here. */
int occurrences_of(struct asking *a, const struct st_record *schedule, struct occurrences *to)
{
	struct words w = { .to = to,
			   .occurrence = field_number("schedule", "occurrence"),
			   .meet = move_number("meet"),
			   .move = move_number("move"),
			   .miss = move_number("miss") };
	*to = (struct occurrences){ .planned = 0 };
	w.days = calloc(WORDS_MAX, sizeof(*w.days));
	if (w.days == NULL)
		return ST_ENOMEM;
	int rc = changes_each(a, schedule, see_word, &w);
	to->planned = to->kept + to->moved + to->missed;
	st_assert(rc < 0 || to->planned == w.count);
	free(w.days);
	return rc;
}

struct by_station {
	uint32_t type;
	struct sums *to;
};

static int add_schedule(struct asking *a, const struct st_record *r, void *arg)
{
	struct by_station *x = arg;
	struct occurrences o;
	struct sum *s = NULL;
	if (!is_covered(a, r->holder) || (x->type != 0 && r->channel != x->type))
		return 0;
	int rc = occurrences_of(a, r, &o);
	if (rc == 0)
		rc = sums_at(x->to, a->rank[r->holder], 0, 0, &s);
	if (rc < 0)
		return rc;
	st_assert(o.kept <= o.planned);
	s->n[OCC_SCHEDULES] += st_record_open(r);
	s->n[OCC_PLANNED] += o.planned;
	s->n[OCC_KEPT] += o.kept;
	s->n[OCC_MOVED] += o.moved;
	s->n[OCC_MISSED] += o.missed;
	return 0;
}

int occurrences_by_station(struct asking *a, uint32_t type, struct sums *to)
{
	const struct st_kind *k = st_kind_named("schedule");
	struct by_station x = { type, to };
	int rc = 0;
	st_assert(k != NULL);
	for (size_t i = 0; rc == 0 && i < k->state_count; i++)
		rc = records_in_state(a, k->number, k->states[i].number, add_schedule, &x);
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

int question_schedules(struct asking *a)
{
	struct sums sums = { .count = 0 };
	int rc = occurrences_by_station(a, 0, &sums);
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		if (is_nothing(s))
			continue;
		row_station(a, a->ranked[s->key[0]]);
		for (size_t k = OCC_SCHEDULES; k <= OCC_MISSED; k++)
			row_count(a, s->n[k]);
		row_share(a, s->n[OCC_KEPT], s->n[OCC_PLANNED]);
		rc = row_give(a);
	}
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
	return in ? sums_at(c->sums, c->a->rank[key->station], 0, 0, ret) : 0;
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
		rc = sums_at(x->to, x->a->rank[ref->opener], 0, 0, &s);
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
			   .view = ST_VIEW_FULL,
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
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		if (is_nothing(s))
			continue;
		row_station(a, a->ranked[s->key[0]]);
		for (size_t k = OCC_SCHEDULES; k <= L_MATTERS; k++)
			row_count(a, s->n[k]);
		rc = row_give(a);
	}
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

static int row_served(struct asking *a, const struct st_choice *who, const uint64_t counts[L_COUNT])
{
	row_text(a, either_of(a, who->zh, who->en));
	for (size_t k = 0; k < L_COUNT; k++)
		row_count(a, counts[k]);
	return row_give(a);
}

/* Those whom the city counts as law officials at the end of the period, in its order. */
static int each_official(struct asking *a, uint64_t (*counts)[L_COUNT])
{
	const struct st_field_row *row = st_kind_field(st_kind_named("visit"), ST_F_CHANNEL);
	uint32_t day = a->to != 0 && a->to < a->today ? a->to : a->today;
	struct st_terms *terms = NULL;
	struct st_span text = ST_SPAN_NONE;
	int rc = st_terms_new(&terms);
	st_assert(row != NULL);
	if (rc < 0)
		return rc;
	st_terms_begin(terms, a->txn);
	rc = st_terms_text(terms, "law_officials", day, &text);
	while (rc == 0 && text.size > 0) {
		const struct st_choice *who = st_choice_named(row->choices, st_city_word(&text));
		if (who != NULL && who->number < WHO_MAX) /* else of a version with other choices */
			rc = row_served(a, who, counts[who->number]);
	}
	st_terms_free(terms);
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
			   .view = ST_VIEW_FULL,
			   .kind = kind_number("visit"),
			   .measures = OF(IN_STATE),
			   .place = by_visitor,
			   .add = add_visitor,
			   .arg = &x };
	int rc = count_cells(&c);
	if (rc == 0)
		rc = count_served(a, &x);
	if (rc == 0)
		rc = each_official(a, counts);
	sums_done(&sums);
	return rc;
}
