/* deeds.c - the records that name a deputy, and the day on which each was done.
 *
 * Owns:    the walk over a deputy's places in the index of facets.
 * Promise: cost grows with what he did, not with the store.
 * Flow:    facets -> deeds -> archive, points */
#include "deeds.h"
#include <string.h>
#include <station/base/check.h>

int deeds_open(struct deeds *d, struct st_txn *t, uint32_t from_day, uint32_t to_day)
{
	memset(d, 0, sizeof(*d));
	d->txn = t;
	d->from_day = from_day;
	d->to_day = to_day;
	return life_open(&d->life, t, NULL);
}

void deeds_close(struct deeds *d)
{
	life_close(&d->life);
}

struct walking {
	struct deeds *d;
	const struct deeds_wanted *w;
	uint32_t on; /* the field that says the day; 0: the opening does */
	deed_fn *fn;
	void *arg;
};

static int day_of(struct walking *x, const struct st_record *r, uint32_t *day)
{
	struct newest on = { .id = x->on };
	*day = r->opened_day;
	if (x->on == 0)
		return 0;
	int rc = newest_read(&x->d->life, r, &on, 1);
	if (rc == 0 && on.is_number && on.number > 0 && on.number <= ST_DAY_MAX)
		*day = (uint32_t)on.number;
	return rc;
}

static bool is_after(const struct deed_place *p, const struct st_record_ref *ref, uint32_t day)
{
	if (p == NULL || day != p->day)
		return p == NULL || day > p->day;
	if (ref->opener != p->ref.opener)
		return ref->opener > p->ref.opener;
	return memcmp(ref->ulid.bytes, p->ref.ulid.bytes, ST_ULID_SIZE) > 0;
}

static int look(struct walking *x, const struct st_record_ref *ref)
{
	struct st_record r;
	uint32_t day = 0;
	int rc = st_record_load(x->d->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	x->d->looked++;
	if (x->w->fits != NULL && !x->w->fits(&r, x->arg))
		return 0;
	rc = day_of(x, &r, &day);
	if (rc < 0)
		return rc;
	if (day < x->d->from_day || (x->d->to_day != 0 && day > x->d->to_day))
		return 0;
	return x->fn(&r, day, x->arg);
}

static int walk(const struct st_record_ref *ref, uint32_t value, uint32_t opened, void *arg)
{
	struct walking *x = arg;
	st_assert(value == x->w->deputy);
	if (!is_after(x->w->after, ref, opened))
		return 0;
	if (x->d->most != 0 && x->d->looked >= x->d->most)
		return 1;
	int rc = look(x, ref);
	if (rc == 0)
		x->d->last = (struct deed_place){ opened, *ref };
	return rc;
}

int deeds_each(struct deeds *d, const struct deeds_wanted *w, deed_fn *fn, void *arg)
{
	ST_REQUIRE(w->kind != NULL);
	ST_REQUIRE(w->deputy != 0);
	const struct st_field_row *on = st_kind_field_named(w->kind, st_span_text("on"));
	struct walking x = { .d = d, .w = w, .on = on == NULL ? 0 : on->id, .fn = fn, .arg = arg };
	struct st_facet_query q = { .kind = w->kind->number,
				    .field = w->field,
				    .value = w->deputy };
	if (w->after != NULL)
		q.from_day = w->after->day;
	if (on == NULL) { /* the opening's day is the deed's */
		q.from_day = q.from_day > d->from_day ? q.from_day : d->from_day;
		q.to_day = d->to_day;
	}
	return st_facet_each(d->txn, &q, walk, &x);
}

int deputy_number(struct st_txn *t, struct st_span code, uint32_t *ret_number)
{
	uint16_t number = 0;
	if (code.size == 0 || code.size > ST_DEPUTY_CODE_MAX)
		return ST_ENOTFOUND;
	int rc = st_name_find(t, ST_NAMES_DEPUTY, code, &number);
	st_assert(rc < 0 || number > 0);
	if (rc == 0)
		*ret_number = number;
	return rc;
}

const struct st_kind *deputy_kind(uint32_t *ret_code_field)
{
	const struct st_kind *k = st_kind_named("deputy");
	const struct st_field_row *f =
		k == NULL ? NULL : st_kind_field_named(k, st_span_text("deputy"));
	ST_REQUIRE(f != NULL);
	*ret_code_field = f->id;
	return k;
}

struct choosing {
	struct st_txn *txn;
	struct st_record best;
};

static int choose(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct choosing *c = arg;
	struct st_record r;
	(void)value;
	(void)day;
	int rc = st_record_load(c->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (c->best.revision == 0 || st_record_open(&r) || !st_record_open(&c->best))
		st_record_copy(&c->best, &r);
	return 0;
}

int deputy_best(struct st_txn *t, uint32_t number, struct st_record *ret_record)
{
	struct choosing c = { .txn = t };
	struct st_facet_query q = { .value = number };
	st_assert(number != 0);
	q.kind = deputy_kind(&q.field)->number;
	int rc = st_facet_each(t, &q, choose, &c);
	if (rc == 0 && c.best.revision == 0)
		rc = ST_ENOTFOUND;
	if (rc == 0)
		st_record_copy(ret_record, &c.best);
	return rc;
}
