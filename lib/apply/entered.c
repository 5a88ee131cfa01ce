/* entered.c - is the person, or the station, that a command enters here already?
 *
 * Owns:    that question, of the kinds whose table names the field by which one is known. Other stations' entries
 *          don't count: they may not be here, and whoever reads from above takes the newest.
 * Promise: 8: a second entry of one at the same station is refused before anything is written.
 * Flow:    command -> entered -> own log */
#include "group.h"
#include <station/base/check.h>

struct entered {
	struct st_apply *a;
	const struct st_record *r;
	char *place;
};

static int see(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct entered *x = arg;
	struct st_record other;
	(void)value;
	(void)day;
	if (st_record_same(ref, &x->r->ref))
		return 0;
	int rc = st_record_load(x->a->txn, ref, &other);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (!st_record_open(&other) || other.holder != x->a->self.station.number)
		return 0;
	rc = st_record_number(x->a->txn, &other, x->place);
	return rc < 0 ? rc : ST_EENTERED;
}

/* The value as the index has it. ST_ENOTFOUND: no record has it. */
static int value_of(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		    uint32_t *ret_value)
{
	const struct st_field_row *row = st_kind_field(c->kind, c->kind->entered);
	const struct st_field *f = st_field_find(c->facts, c->fact_count, c->kind->entered);
	struct st_code code;
	uint16_t name = 0;
	st_assert(row != NULL && (row->flags & ST_INDEXED) != 0);
	*ret_value = r->revision > 0 ? st_record_facet(r, row->id) : 0;
	if (f == NULL)
		return *ret_value == 0 ? ST_ENOTFOUND : 0;
	if (row->type == ST_FIELD_STATION) {
		int rc = st_code_parse(f->text, &code);
		return rc < 0 ? rc : st_station_number(a->txn, &code, ret_value);
	}
	int rc = st_name_find(a->txn, (uint8_t)row->names, f->text, &name);
	*ret_value = name;
	return rc;
}

int entered_check(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		  char place[ST_PLACE_MAX])
{
	_Static_assert((int)ST_NUMBER_TEXT <= (int)ST_PLACE_MAX, "a number is a place");
	const struct st_state_row *to = st_kind_state(c->kind, c->state);
	struct st_facet_query q = { .kind = c->kind->number, .field = c->kind->entered };
	struct entered x = { a, r, place };
	bool enters = c->move != NULL && (r->revision == 0 || !st_record_open(r));
	if (c->kind->entered == 0 || !enters || to == NULL || to->class != ST_OPEN)
		return 0;
	int rc = value_of(a, c, r, &q.value);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_assert(q.value != 0);
	return st_facet_each(a->txn, &q, see, &x);
}
