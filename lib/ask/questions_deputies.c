/* questions_deputies.c - deputies without a reception, trainings per deputy, and suggestions by the
 * class of their answers.
 *
 * Owns:    what a reception and a training of a deputy is.
 * Flow:    deputies, visits, activities, suggestions -> rows */
#include "question.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

/* ---- 12: no reception ---- */

struct received {
	struct asking *a;
	uint32_t voided; /* a visit's state that doesn't count; 0: of another kind */
	uint32_t last;
	bool in_period;
};

static int see_reception(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct received *x = arg;
	struct st_record r;
	(void)value;
	int rc = looked_at(x->a);
	if (rc == 0 && x->voided != 0)
		rc = st_record_load(x->a->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (x->voided != 0 && r.state == x->voided)
		return 0;
	st_assert(day != 0);
	x->in_period |= in_period(x->a, day);
	x->last = day > x->last ? day : x->last;
	return 0;
}

/* First within the period, where most have one, so that the years before are looked at for few. */
static int find_receptions(struct received *x, uint32_t code, uint32_t from, uint32_t to)
{
	struct st_facet_query visits = { .kind = kind_number("visit"),
					 .value = code,
					 .from_day = from,
					 .field = field_number("visit", "deputies"),
					 .to_day = to };
	struct st_facet_query matters = { .kind = ST_KIND_MATTER,
					  .value = code,
					  .from_day = from,
					  .field = field_number("matter", "deputy"),
					  .to_day = to };
	st_assert(code != 0);
	x->voided = state_number("visit", "voided");
	int rc = st_facet_each(x->a->txn, &visits, see_reception, x);
	x->voided = 0;
	return rc < 0 || x->in_period ? rc : st_facet_each(x->a->txn, &matters, see_reception, x);
}

static int give_unreceived(struct asking *a, const struct deputy *d)
{
	struct received x = { .a = a };
	int rc = d->code == 0 ? 0 : find_receptions(&x, d->code, a->from, a->to);
	if (rc < 0 || x.in_period)
		return rc;
	if (d->code != 0)
		rc = find_receptions(&x, d->code, 0, a->to);
	if (rc == 0)
		rc = row_deputy(a, d);
	if (rc < 0)
		return rc;
	row_day(a, x.last);
	return row_give(a);
}

int question_no_reception(struct asking *a)
{
	struct deputy *all = NULL;
	size_t count = 0;
	uint32_t serving = state_number("deputy", "serving");
	int rc = deputies_read(a, &all, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (all[i].record.state == serving)
			rc = give_unreceived(a, &all[i]);
	free(all);
	return rc;
}

/* ---- 23: trainings ---- */

enum { T_COUNT, T_HOURS, T_LAST, T_OURS };

struct training {
	struct sums *by_code;
	uint32_t training, deputies, hours, on;
};

static int add_training(struct asking *a, const struct st_record *r, void *arg)
{
	struct training *x = arg;
	struct newest said[] = { { .id = x->on }, { .id = x->hours } };
	if (r->channel != x->training)
		return 0;
	int rc = newest_read(&a->life, r, said, 2);
	uint32_t day = said[0].is_number && said[0].number > 0 && said[0].number <= ST_DAY_MAX
			       ? (uint32_t)said[0].number
			       : r->opened_day;
	if (rc < 0 || !in_period(a, day))
		return rc;
	for (uint16_t i = 0; rc == 0 && i < r->facet_count; i++) {
		struct sum *s = NULL;
		if (r->facets[i].field != x->deputies)
			continue;
		rc = sums_at(x->by_code, r->facets[i].value, 0, 0, &s);
		if (rc < 0)
			break;
		s->n[T_COUNT]++;
		s->n[T_HOURS] += said[1].number;
		s->n[T_LAST] = day > s->n[T_LAST] ? day : s->n[T_LAST];
		s->n[T_OURS] += is_covered(a, r->holder);
	}
	return rc;
}

static int give_trainings(struct asking *a, const struct sum *s)
{
	st_assert((s->n[T_COUNT] == 0) == (s->n[T_LAST] == 0));
	st_assert(s->n[T_OURS] <= s->n[T_COUNT]);
	row_count(a, s->n[T_COUNT]);
	row_count(a, s->n[T_HOURS]);
	row_day(a, (uint32_t)s->n[T_LAST]);
	return row_give(a);
}

struct known {
	uint32_t known;
	struct asking *a;
};

static int see_deputy(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct known *k = arg;
	(void)ref;
	(void)value;
	(void)day;
	k->known++;
	return looked_at(k->a);
}

/* Codes that took part here and that no deputy's record has. */
static int give_unknown(struct asking *a, const struct sum *s)
{
	struct st_facet_query q = { .kind = kind_number("deputy"),
				    .field = field_number("deputy", "deputy"),
				    .value = s->key[0] };
	struct known k = { .a = a };
	char code[ST_NAME_TEXT_MAX + 1] = "";
	st_assert(s->key[0] != 0);
	int rc = st_facet_each(a->txn, &q, see_deputy, &k);
	if (rc < 0 || k.known > 0 || s->n[T_OURS] == 0)
		return rc;
	rc = st_name_text(a->txn, ST_NAMES_DEPUTY, (uint16_t)s->key[0], code);
	if (rc < 0)
		return rc;
	row_code(a, code);
	row_text(a, either_of(a, "(无代表登记)", "(no entry)"));
	row_station(a, 0);
	return give_trainings(a, s);
}

int question_trainings(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct deputy *all = NULL;
	size_t count = 0;
	struct training x = { &sums, choice_number("activity", "type", "training"),
			      field_number("activity", "deputies"),
			      field_number("activity", "hours"), field_number("activity", "on") };
	int rc = records_in_state(a, kind_number("activity"), state_number("activity", "held"),
				  add_training, &x);
	if (rc == 0)
		rc = deputies_read(a, &all, &count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct sum *s = NULL;
		const struct sum none = { .n = { 0 } };
		if (all[i].code != 0)
			rc = sums_at(&sums, all[i].code, 0, 0, &s);
		if (rc == 0)
			rc = row_deputy(a, &all[i]);
		if (rc == 0)
			rc = give_trainings(a, s == NULL ? &none : s);
	}
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++)
		rc = give_unknown(a, &sums.rows[i]);
	free(all);
	sums_done(&sums);
	return rc;
}

/* ---- 13: suggestions by class ---- */

enum { G_ALL, G_OPEN, G_ENDED, G_TRACKED, G_PAST };
enum { NO_CLASS = 0, ALL_CLASSES = 1000 };

struct classing {
	uint32_t promised, class_field, promise;
	struct sums *sums;
};

static int by_class(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	uint32_t class = c->view == ST_VIEW_MONTHLY ? key->category : ALL_CLASSES;
	bool in = key->role == ST_ROLE_HOLDER && month_in_period(c->a, key->month);
	return in ? sums_at(c->sums, class, 0, 0, ret) : 0;
}

static void add_class(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n)
{
	const struct classing *x = c->arg;
	st_assert(key->role == ST_ROLE_HOLDER);
	if (st_counter_measure(counter) != ST_IN_STATE)
		return;
	uint32_t bucket = st_counter_bucket(counter);
	const struct st_state_row *s = st_kind_state(st_kind(key->kind), bucket);
	bool ended = s != NULL && s->class == ST_ENDED;
	c->at->n[G_ALL] += n;
	c->at->n[ended ? G_ENDED : G_OPEN] += n;
	c->at->n[G_TRACKED] += bucket == x->promised ? n : 0;
}

static int add_past(struct asking *a, const struct st_record *r, void *arg)
{
	struct classing *x = arg;
	struct newest promise = { .id = x->promise };
	struct sum *s = NULL;
	if (!is_covered(a, r->holder) ||
	    ((a->from != 0 || a->to != 0) && !in_period(a, r->opened_day)))
		return 0;
	int rc = newest_read(&a->life, r, &promise, 1);
	if (rc < 0 || !promise.found || promise.number >= a->today)
		return rc;
	rc = sums_at(x->sums, st_record_facet(r, x->class_field), 0, 0, &s);
	if (rc == 0)
		s->n[G_PAST]++;
	return rc;
}

/* What no class has: all without those that have one. */
static int add_unclassed(struct sums *sums)
{
	struct sum *none = NULL, *all = NULL;
	int rc = sums_at(sums, NO_CLASS, 0, 0, &none);
	if (rc == 0)
		rc = sums_at(sums, ALL_CLASSES, 0, 0, &all);
	if (rc == 0)
		rc = sums_at(sums, NO_CLASS, 0, 0, &none); /* the table may have moved */
	for (size_t k = G_ALL; rc == 0 && k <= G_TRACKED; k++) {
		none->n[k] = all->n[k];
		for (size_t i = 0; i < sums->count; i++)
			if (sums->rows[i].key[0] != NO_CLASS && sums->rows[i].key[0] != ALL_CLASSES)
				none->n[k] -= sums->rows[i].n[k];
		st_assert(none->n[k] <= all->n[k]); /* nothing has two classes */
	}
	return rc;
}

static int give_class(struct asking *a, const struct sum *s, const struct st_choice *c)
{
	row_code(a, c == NULL ? NULL : c->name);
	row_text(a,
		 c == NULL ? either_of(a, "尚无分类", "no class yet") : either_of(a, c->zh, c->en));
	st_assert(s->n[G_OPEN] + s->n[G_ENDED] == s->n[G_ALL]);
	st_assert(s->n[G_PAST] <= s->n[G_TRACKED]);
	for (size_t k = G_ALL; k <= G_PAST; k++)
		row_count(a, s->n[k]);
	return row_give(a);
}

int question_suggestions(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct classing x = { state_number("suggestion", "promised"),
			      field_number("suggestion", "class"),
			      field_number("suggestion", "promise"), &sums };
	uint32_t kind = kind_number("suggestion");
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTH,
			   .kind = kind,
			   .measures = OF(IN_STATE),
			   .place = by_class,
			   .add = add_class,
			   .arg = &x };
	const struct st_choice *choice = st_kind_field(st_kind(kind), x.class_field)->choices;
	int rc = count_cells(&c);
	c.view = ST_VIEW_MONTHLY;
	c.field = x.class_field;
	if (rc == 0)
		rc = count_cells(&c);
	if (rc == 0)
		rc = add_unclassed(&sums);
	if (rc == 0)
		rc = records_in_state(a, kind, x.promised, add_past, &x);
	struct sum *s = NULL;
	for (; rc == 0 && choice->name != NULL; choice++) {
		rc = sums_at(&sums, choice->number, 0, 0, &s);
		if (rc == 0)
			rc = give_class(a, s, choice);
	}
	if (rc == 0)
		rc = sums_at(&sums, NO_CLASS, 0, 0, &s);
	if (rc == 0)
		rc = give_class(a, s, NULL);
	sums_done(&sums);
	return rc;
}
