/* question_records.c - single records of kinds that have few: what their events say, newest first.
 *
 * Owns:    that reading, and which entry speaks for a station or a deputy.
 * Flow:    indexes, events -> records -> questions */
#include "question.h"
#include "states.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { STATE_KEY = 6 + ST_REF_SIZE, FIRST_DEPUTIES = 64 };

uint32_t kind_number(const char *name)
{
	const struct st_kind *k = st_kind_named(name);
	ST_REQUIRE(k != NULL);
	return k->number;
}

uint32_t field_number(const char *kind, const char *name)
{
	const struct st_kind *k = st_kind_named(kind);
	ST_REQUIRE(k != NULL);
	const struct st_field_row *f = st_kind_field_named(k, st_span_text(name));
	ST_REQUIRE(f != NULL);
	return f->id;
}

uint32_t state_number(const char *kind, const char *name)
{
	const struct st_kind *k = st_kind_named(kind);
	ST_REQUIRE(k != NULL);
	const struct st_state_row *s = st_kind_state_named(k, st_span_text(name));
	ST_REQUIRE(s != NULL);
	return s->number;
}

uint32_t choice_number(const char *kind, const char *field, const char *name)
{
	const struct st_field_row *f =
		st_kind_field(st_kind_named(kind), field_number(kind, field));
	const struct st_choice *c = st_choice_named(f->choices, st_span_text(name));
	ST_REQUIRE(c != NULL);
	return c->number;
}

struct in_state {
	struct asking *a;
	record_fn *fn;
	void *arg;
};

static int one_in_state(struct st_span key, void *arg)
{
	struct in_state *x = arg;
	struct st_record r;
	if (key.size != STATE_KEY)
		return ST_ECORRUPT;
	int rc = looked_at(x->a);
	if (rc == 0)
		rc = st_record_indexed(x->a->txn, key, &r);
	return rc < 0 ? rc : x->fn(x->a, &r, x->arg);
}

int records_in_state(struct asking *a, uint32_t kind, uint32_t state, record_fn *fn, void *arg)
{
	const uint8_t prefix[2] = { (uint8_t)kind, (uint8_t)state };
	struct in_state x = { a, fn, arg };
	st_assert(kind < ST_KINDS_MAX);
	return st_index_each(a->txn, ST_INDEX_STATE, ST_SPAN(prefix), ST_SPAN_NONE, one_in_state,
			     &x);
}

int records_of_later(struct asking *a, const struct st_kind *k, record_fn *fn, void *arg)
{
	bool here[STATES_MAX];
	int rc = states_here(a->txn, k->number, here);
	for (uint32_t i = 0; rc == 0 && i < STATES_MAX; i++)
		if (here[i] && st_kind_state(k, i) == NULL)
			rc = records_in_state(a, k->number, i, fn, arg);
	return rc;
}

int records_open(struct asking *a, const struct st_kind *k, record_fn *fn, void *arg)
{
	int rc = 0;
	st_assert(k != NULL);
	for (size_t i = 0; rc == 0 && i < k->state_count; i++)
		if (k->states[i].class == ST_OPEN)
			rc = records_in_state(a, k->number, k->states[i].number, fn, arg);
	return rc < 0 ? rc : records_of_later(a, k, fn, arg);
}

/* ---- entries ---- */

struct entry {
	struct asking *a;
	struct st_record *best;
	bool found;
};

static int see_entry(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct entry *x = arg;
	struct st_record r;
	(void)value;
	(void)day;
	int rc = looked_at(x->a);
	if (rc == 0)
		rc = st_record_load(x->a->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (st_record_open(&r)) {
		st_record_copy(x->best, &r); /* they come in order of opening */
		x->found = true;
	}
	return 0;
}

int station_entry(struct asking *a, uint32_t number, struct st_record *ret)
{
	struct entry x = { a, ret, false };
	struct st_facet_query q = { .kind = kind_number("station"),
				    .field = field_number("station", "code"),
				    .value = number };
	st_assert(number != 0);
	int rc = st_facet_each(a->txn, &q, see_entry, &x);
	return rc < 0 ? rc : x.found;
}

struct deputies {
	struct deputy *rows;
	size_t count, room;
	uint32_t code_field, station_field;
};

/* Where its record says, or where it is held: a code that no station has leaves nobody out. */
static int serves_at(struct asking *a, const struct st_record *r, uint32_t station_field, uint32_t *ret)
{
	struct st_station s;
	*ret = st_record_facet(r, station_field);
	int rc = *ret == 0 ? ST_ENOTFOUND : st_station_get(a->txn, *ret, &s);
	if (rc == ST_ENOTFOUND)
		*ret = r->holder;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int add_deputy(struct asking *a, const struct st_record *r, void *arg)
{
	struct deputies *d = arg;
	uint32_t station;
	int rc = serves_at(a, r, d->station_field, &station);
	if (rc < 0)
		return rc;
	if (d->count == d->room) {
		size_t room = d->room == 0 ? FIRST_DEPUTIES : d->room * 2;
		struct deputy *rows = realloc(d->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		d->rows = rows;
		d->room = room;
	}
	struct deputy *one = &d->rows[d->count++];
	memset(one, 0, sizeof(*one));
	st_record_copy(&one->record, r);
	one->station = station;
	one->code = st_record_facet(r, d->code_field);
	return one->code == 0
		       ? 0
		       : st_name_text(a->txn, ST_NAMES_DEPUTY, (uint16_t)one->code, one->text);
}

static int by_code(const void *x, const void *y)
{
	const struct deputy *a = x, *b = y;
	int c = strcmp(a->text, b->text);
	if (c != 0)
		return c;
	if (a->record.opened_day != b->record.opened_day)
		return a->record.opened_day < b->record.opened_day ? -1 : 1;
	if (a->record.ref.opener != b->record.ref.opener)
		return a->record.ref.opener < b->record.ref.opener ? -1 : 1;
	return memcmp(a->record.ref.ulid.bytes, b->record.ref.ulid.bytes, ST_ULID_SIZE);
}

/* One person is one row, of the newest entry; where he serves by it is covered, or he is left out. */
static void keep_newest(struct asking *a, struct deputies *d)
{
	size_t kept = 0;
	for (size_t i = 0; i < d->count; i++) {
		const struct deputy *one = &d->rows[i];
		bool older = i + 1 < d->count && one->code != 0 && one->code == d->rows[i + 1].code;
		if (older || !is_covered(a, one->station))
			continue;
		if (kept != i)
			memcpy(&d->rows[kept], one, sizeof(*one));
		kept++;
	}
	st_assert(kept <= d->count);
	d->count = kept;
}

int deputies_read(struct asking *a, struct deputy **ret, size_t *ret_count)
{
	const struct st_kind *k = st_kind_named("deputy");
	struct deputies d = { .code_field = field_number("deputy", "deputy"),
			      .station_field = field_number("deputy", "station") };
	int rc = records_open(a, k, add_deputy, &d);
	if (rc < 0) {
		free(d.rows);
		return rc;
	}
	if (d.count > 1)
		qsort(d.rows, d.count, sizeof(*d.rows), by_code);
	keep_newest(a, &d);
	*ret = d.rows;
	*ret_count = d.count;
	return 0;
}

int row_deputy(struct asking *a, const struct deputy *d)
{
	struct newest name = { .id = field_number("deputy", "name") };
	int rc = newest_read(&a->life, &d->record, &name, 1);
	row_code(a, d->text);
	row_text(a, name.text);
	row_station(a, d->station);
	return rc;
}
