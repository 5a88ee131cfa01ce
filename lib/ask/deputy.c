/* deputy.c - a deputy's card, and how many deputies there are.
 *
 * Owns:    which of his fields are public.
 * Promise: 7: a card shows what he has chosen to show, read from facts alone.
 * Flow:    code -> record -> card, census */
#include <station/ask/deputy.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include "deeds.h"

int st_deputy_find(struct st_txn *t, struct st_span code, struct st_record *ret_record)
{
	ST_REQUIRE(ret_record != NULL);
	uint32_t number = 0;
	int rc = deputy_number(t, code, &number);
	return rc < 0 ? rc : deputy_best(t, number, ret_record);
}

enum { NAME, POST, CONSTITUENCY, PHONE, DAYS, QR, SHOWN };
static const char *const shown[SHOWN] = { "name",         "post",        "constituency",
					  "public_phone", "public_days", "qr" };

static int read_station(struct st_txn *t, const struct st_record *r, uint32_t field,
			struct st_card *c)
{
	struct st_station s;
	uint32_t number = st_record_facet(r, field);
	if (number == 0)
		return 0;
	int rc = st_station_code(t, number, &c->station);
	if (rc == 0)
		rc = st_station_get(t, number, &s);
	if (rc == 0)
		(void)snprintf(c->station_name, sizeof(c->station_name), "%s", s.certificate.name);
	return rc == ST_ENOTFOUND ? 0 : rc; /* one that isn't enrolled here has a code alone */
}

static void read_levels(const struct st_record *r, uint32_t field, struct st_card *c)
{
	st_assert(r->facet_count <= ST_FACETS_MAX);
	for (size_t i = 0; i < r->facet_count && c->level_count < ST_DEPUTY_LEVELS_MAX; i++)
		if (r->facets[i].field == field)
			c->levels[c->level_count++] = r->facets[i].value;
}

static uint32_t field_of(const struct st_kind *k, const char *name)
{
	const struct st_field_row *f = st_kind_field_named(k, st_span_text(name));
	ST_REQUIRE(f != NULL);
	ST_REQUIRE(f->place == ST_AS_FACT); /* what is private is no word of ours */
	return f->id;
}

int st_deputy_card(struct st_txn *t, struct st_span code, struct st_card *ret_card)
{
	struct st_record r;
	struct st_card c;
	struct life l;
	struct newest values[SHOWN];
	uint32_t code_field;
	const struct st_kind *k = deputy_kind(&code_field);
	char *const to[SHOWN] = { c.name, c.post, c.constituency, c.phone, c.days, c.qr };
	memset(&c, 0, sizeof(c));
	int rc = st_deputy_find(t, code, &r);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < SHOWN; i++)
		values[i] = (struct newest){ .id = field_of(k, shown[i]) };
	rc = life_open(&l, t, NULL);
	if (rc == 0)
		rc = newest_read(&l, &r, values, SHOWN);
	life_close(&l);
	for (size_t i = 0; rc == 0 && i < SHOWN; i++)
		newest_text(st_span_text(values[i].text), to[i], ST_DEPUTY_TEXT);
	if (rc == 0)
		rc = read_station(t, &r, field_of(k, "station"), &c);
	newest_text(code, c.code, sizeof(c.code));
	read_levels(&r, field_of(k, "levels"), &c);
	c.state = r.state;
	if (rc == 0)
		*ret_card = c;
	return rc;
}

/* ---- the census ---- */

struct persons {
	struct st_txn *txn;
	uint32_t code, level_field; /* code: the one at hand, whose entries come one behind the other */
	const struct st_choice *choices;
	uint64_t persons, seats[ST_DEPUTY_LEVELS_MAX]; /* by level, as the choices stand */
};

static int add_person(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct persons *p = arg;
	struct st_record r;
	(void)ref;
	(void)day;
	st_assert(value != 0);
	if (value == p->code)
		return 0;
	p->code = value;
	int rc = deputy_best(p->txn, value, &r);
	if (rc < 0 || !st_record_open(&r))
		return rc;
	p->persons++;
	for (size_t i = 0; i < r.facet_count; i++)
		for (size_t n = 0; n < ST_DEPUTY_LEVELS_MAX && p->choices[n].name != NULL; n++)
			p->seats[n] += r.facets[i].field == p->level_field &&
				       r.facets[i].value == p->choices[n].number;
	return 0;
}

int st_census_make(struct st_txn *t, struct st_census *ret_census)
{
	ST_REQUIRE(ret_census != NULL);
	struct st_facet_query q = { .value = 0 };
	const struct st_kind *k = deputy_kind(&q.field);
	struct persons p = { .txn = t, .level_field = field_of(k, "levels") };
	struct st_census c;
	memset(&c, 0, sizeof(c));
	p.choices = st_kind_field(k, p.level_field)->choices;
	q.kind = k->number;
	int rc = st_facet_each(t, &q, add_person, &p);
	if (rc < 0)
		return rc;
	c.persons = p.persons;
	for (size_t n = 0; n < ST_DEPUTY_LEVELS_MAX && p.choices[n].name != NULL; n++) {
		if (p.seats[n] == 0)
			continue;
		c.levels[c.level_count].level = &p.choices[n];
		c.levels[c.level_count++].deputies = p.seats[n];
		c.seats += p.seats[n];
	}
	*ret_census = c;
	return 0;
}
