/* deputy_points.c - what deputies' work counts for, and who is below the yearly floors.
 *
 * Owns:    the counting of deeds by the rows of a points table, in one walk for each field that
 * names deputies. Promise: equal to a recount of all records that name him. Flow:    deeds, points
 * table -> deputy_points -> api */
#include <station/ask/deputy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "deeds.h"

enum { PAGE_SIZE = 4 };

struct counting {
	const struct st_deputies_query *q;
	struct deeds deeds;
	st_deputies_fn *fn;
	void *arg;
	struct st_buf *next;
	size_t count;
	/* of the deputy that is counted */
	struct st_deputy_row row;
	const struct st_kind *kind; /* of the walk under way */
	uint32_t field;
	struct st_deed visits, activities, reports, meets, receptions, masses;
	uint32_t *days, *reception_days;
	size_t day_count, day_room, reception_count, reception_room;
};

static int keep_day(uint32_t **days, size_t *count, size_t *room, uint32_t day)
{
	st_assert(*count <= *room);
	if (*count > 0 && (*days)[*count - 1] == day)
		return 0;
	if (*count == *room) {
		size_t more = *room == 0 ? 64 : *room * 2;
		uint32_t *grown = realloc(*days, more * sizeof(**days));
		if (grown == NULL)
			return ST_ENOMEM;
		*days = grown;
		*room = more;
	}
	(*days)[(*count)++] = day;
	return 0;
}

static int by_day(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t distinct(uint32_t *days, size_t count)
{
	uint64_t n = 0;
	if (count > 1)
		qsort(days, count, sizeof(*days), by_day);
	for (size_t i = 0; i < count; i++)
		n += i == 0 || days[i] != days[i - 1];
	st_assert(n <= count);
	return n;
}

static bool is_of(const struct counting *c, const struct st_deed *d)
{
	return d->kind == c->kind && d->field == c->field;
}

static bool done(const struct st_record *r, void *arg)
{
	(void)arg;
	return st_deed_done(r);
}

/* People met: as many as the record says, and one where it doesn't. */
static int count_people(struct counting *c, const struct st_record *r)
{
	const struct st_field_row *f = st_kind_field_named(c->kind, st_span_text("people"));
	struct newest people = { .id = f == NULL ? 0 : f->id };
	int rc = newest_read(&c->deeds.life, r, &people, 1);
	c->row.voters += people.found && people.is_number ? people.number : 1;
	return rc;
}

static int count_floors(struct counting *c, const struct st_record *r, uint32_t day)
{
	bool masses = is_of(c, &c->masses) && st_deed_fits(&c->masses, r);
	bool themed = is_of(c, &c->receptions) && st_deed_fits(&c->receptions, r);
	int rc = 0;
	c->row.reports += is_of(c, &c->reports) && st_deed_fits(&c->reports, r);
	if (masses || themed)
		rc = keep_day(&c->reception_days, &c->reception_count, &c->reception_room, day);
	if (rc == 0 && (masses || (is_of(c, &c->meets) && st_deed_fits(&c->meets, r))))
		rc = count_people(c, r);
	return rc;
}

static int count_deed(const struct st_record *r, uint32_t day, void *arg)
{
	struct counting *c = arg;
	const struct st_points_table *t = c->q->table;
	st_assert(r->kind == c->kind->number);
	st_assert(t->count <= ST_POINTS_ROWS_MAX);
	for (size_t i = 0; i < t->count; i++)
		c->row.counts[i] += is_of(c, &t->rows[i].deed) && st_deed_fits(&t->rows[i].deed, r);
	int rc = 0;
	if (is_of(c, &c->visits) || is_of(c, &c->activities))
		rc = keep_day(&c->days, &c->day_count, &c->day_room, day);
	return rc < 0 || !c->q->floors ? rc : count_floors(c, r, day);
}

static int walk(struct counting *c, uint32_t deputy, const struct st_deed *d)
{
	c->kind = d->kind;
	c->field = d->field;
	struct deeds_wanted w = { deputy, d->kind, d->field, done, NULL };
	return deeds_each(&c->deeds, &w, count_deed, c);
}

/* Each field that names deputies is walked once, however many rows of the table it serves. */
static int count_all(struct counting *c, uint32_t deputy)
{
	const struct st_points_table *t = c->q->table;
	c->day_count = c->reception_count = 0;
	int rc = walk(c, deputy, &c->visits);
	if (rc == 0)
		rc = walk(c, deputy, &c->activities);
	for (size_t i = 0; rc == 0 && i < t->count; i++) {
		const struct st_deed *d = &t->rows[i].deed;
		bool walked = (d->kind == c->visits.kind && d->field == c->visits.field) ||
			      (d->kind == c->activities.kind && d->field == c->activities.field);
		for (size_t n = 0; n < i; n++)
			walked |= t->rows[n].deed.kind == d->kind &&
				  t->rows[n].deed.field == d->field;
		if (!walked)
			rc = walk(c, deputy, d);
	}
	for (size_t i = 0; i < t->count; i++) {
		c->row.points[i] = st_points_of(&t->rows[i], c->row.counts[i]);
		c->row.total += c->row.points[i];
	}
	c->row.days_served = distinct(c->days, c->day_count);
	c->row.receptions = distinct(c->reception_days, c->reception_count);
	return rc;
}

static bool did_anything(const struct st_deputy_row *row, size_t items)
{
	uint64_t sum = row->days_served + row->reports + row->voters;
	for (size_t i = 0; i < items; i++)
		sum += row->counts[i];
	return sum > 0;
}

/* 1: his record stands where the question asks; 0: it doesn't. */
static int is_asked(struct counting *c, const struct st_record *r, uint32_t assigned)
{
	uint32_t top = c->q->station;
	if (top == 0)
		return 1;
	int below = st_station_below(c->deeds.txn, r->holder, top);
	return below != 0 || assigned == 0 ? below : st_station_below(c->deeds.txn, assigned, top);
}

/* record: NULL, he has none here. */
static int tell(struct counting *c, uint32_t deputy, const struct st_record *record)
{
	uint32_t code_field;
	const struct st_kind *k = deputy_kind(&code_field);
	char code[ST_NAME_TEXT_MAX + 1];
	memset(&c->row, 0, sizeof(c->row));
	int rc = st_name_text(c->deeds.txn, ST_NAMES_DEPUTY, (uint16_t)deputy, code);
	if (rc < 0)
		return rc;
	newest_text(st_span_text(code), c->row.code, sizeof(c->row.code));
	if (record != NULL) {
		struct newest name = { .id = st_kind_field_named(k, st_span_text("name"))->id };
		uint32_t at = st_record_facet(record,
					      st_kind_field_named(k, st_span_text("station"))->id);
		int asked = is_asked(c, record, at);
		if (asked <= 0)
			return asked;
		rc = newest_read(&c->deeds.life, record, &name, 1);
		if (rc == 0)
			rc = st_station_code(c->deeds.txn, at != 0 ? at : record->holder,
					     &c->row.station);
		memcpy(c->row.name, name.text, sizeof(c->row.name));
		c->row.serving = st_record_open(record);
	}
	if (rc == 0)
		rc = count_all(c, deputy);
	if (rc < 0 ||
	    (c->q->code.size == 0 && !c->row.serving && !did_anything(&c->row, c->q->table->count)))
		return rc;
	c->count++;
	return c->fn(&c->row, c->arg);
}

/* ---- one after the other ---- */

struct listing {
	struct counting *c;
	uint32_t before,
		last; /* numbers of codes: where the page before ended, the one seen last */
};

static int each(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct listing *l = arg;
	struct counting *c = l->c;
	struct st_record best;
	(void)ref;
	(void)day;
	if (value <= l->before || value == l->last)
		return 0;
	st_assert(value <= UINT16_MAX);
	if (l->last != 0 && (c->count >= c->q->limit || c->deeds.looked >= ST_DEPUTY_SCAN_MAX)) {
		uint8_t place[PAGE_SIZE];
		st_put_u32(place, l->last);
		st_hex_put(c->next, ST_SPAN(place));
		return 1;
	}
	l->last = value;
	c->deeds.looked++;
	int rc = deputy_best(c->deeds.txn, value, &best);
	return rc < 0 ? rc : tell(c, value, &best);
}

static int list(struct counting *c)
{
	struct listing l = { .c = c };
	struct st_facet_query q = { .value = 0 };
	uint8_t place[PAGE_SIZE];
	size_t size = 0;
	q.kind = deputy_kind(&q.field)->number;
	if (c->q->page.size > 0) {
		if (st_hex_get(c->q->page, place, sizeof(place), &size) < 0 || size != PAGE_SIZE)
			return ST_EFIELD;
		l.before = st_get_u32(place);
	}
	return st_facet_each(c->deeds.txn, &q, each, &l);
}

static int one(struct counting *c)
{
	struct st_record best;
	uint32_t deputy = 0;
	int rc = deputy_number(c->deeds.txn, c->q->code, &deputy);
	if (rc < 0)
		return rc;
	rc = deputy_best(c->deeds.txn, deputy, &best);
	return rc < 0 && rc != ST_ENOTFOUND ? rc : tell(c, deputy, rc == 0 ? &best : NULL);
}

static void set(struct st_deed *d, const char *source)
{
	int rc = st_deed_parse(st_span_text(source), d);
	ST_REQUIRE(rc == 0);
}

int st_deputies_each(struct st_txn *t, const struct st_deputies_query *q, st_deputies_fn *fn,
		     void *arg, struct st_buf *ret_next)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(q->table != NULL);
	ST_REQUIRE(q->limit > 0);
	struct counting *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ST_ENOMEM;
	c->q = q;
	c->fn = fn;
	c->arg = arg;
	c->next = ret_next;
	set(&c->visits, "visit.deputies");
	set(&c->masses, "visit.deputies who=masses");
	set(&c->activities, "activity.deputies");
	set(&c->reports, "activity.deputies type=report_to_voters");
	set(&c->receptions, "activity.deputies type=themed_reception");
	set(&c->meets, "activity.deputies type=voters_visited,evening_talk,grid,themed_reception");
	int rc = deeds_open(&c->deeds, t, q->from_day, q->to_day);
	if (rc == 0)
		rc = q->code.size > 0 ? one(c) : list(c);
	deeds_close(&c->deeds);
	free(c->days);
	free(c->reception_days);
	free(c);
	return rc < 0 ? rc : ret_next->error;
}
