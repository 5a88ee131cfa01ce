/* known.c - what a record says of itself so far, by which the city's tables are asked about a command.
 *
 * Owns:    that reading: category and subcategory from the row, the urgency from the newest event that tells it.
 * Flow:    record, chain -> known -> command */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

/* The newest number of a fact. An event that isn't here is as one that doesn't tell it. */
static int newest_number(struct st_apply *a, const struct st_record *r, uint32_t field, uint32_t *ret_number)
{
	struct st_step *steps = NULL;
	struct st_change change;
	struct st_event e;
	size_t count = 0;
	st_assert(r->revision > 0);
	int rc = st_record_chain(a->txn, r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		st_buf_clear(&a->scratch);
		st_arena_reset(&a->arena);
		rc = st_event_get(a->txn, steps[i].at.log, steps[i].at.seq, &a->scratch);
		if (rc == 0)
			rc = st_event_decode(st_buf_span(&a->scratch), &a->arena, &e);
		if (rc == 0)
			rc = st_change_decode(e.type, e.body, &a->arena, &change);
		const struct st_field *f =
			rc < 0 ? NULL : st_field_find(change.fields, change.field_count, field);
		if (f == NULL || !f->is_number)
			continue;
		*ret_number = f->number <= UINT32_MAX ? (uint32_t)f->number : 0;
		break;
	}
	free(steps);
	return rc;
}

static bool gives(const struct st_command *c, const char *name)
{
	for (size_t i = 0; i < c->field_count; i++)
		if (st_span_equal(c->fields[i].name, st_span_text(name)))
			return true;
	return false;
}

/* Only a move that sets the due day where none is given, touches the clock, or brings another due day asks a rule;
 * and only one that needs a unit that isn't given asks for it. */
static bool asks(const struct st_command *c, const struct st_kind *k, const struct st_move_row *m)
{
	bool due = gives(c, "due");
	if (m == NULL)
		return false;
	if (m->number == k->due_move)
		return !due;
	return (due || m->clock != ST_CLOCK_RUNS) && !c->foreign;
}

static bool needs_unit(const struct st_command *c, const struct st_move_row *m)
{
	return st_move_needs(m, ST_F_UNIT) && !gives(c, "unit");
}

static int default_unit(struct st_apply *a, const struct st_record *r, struct st_command *c, struct known *room)
{
	struct st_term_query q = { .kind = c->kind, .day = r->opened_day, .category = c->category,
				   .subcategory = c->subcategory };
	struct st_span unit;
	int rc = st_terms_unit(a->terms, &q, &unit);
	if (rc < 0 || unit.size >= sizeof(room->unit))
		return rc == ST_ENOTFOUND ? 0 : rc;
	memcpy(room->unit, unit.data, unit.size);
	c->unit = st_span(room->unit, unit.size);
	return 0;
}

static bool in_force(struct st_apply *a, enum st_city_table_number table, uint32_t day, int *rc)
{
	uint32_t version = 0;
	*rc = st_terms_version(a->terms, table, day, &version);
	bool there = *rc == 0;
	if (*rc == ST_ENOTFOUND)
		*rc = 0;
	return there;
}

int known_fill(struct st_apply *a, const struct st_record *r, struct st_command *c, struct known *room)
{
	const struct st_kind *k = st_kind(c->kind);
	const struct st_move_row *m = k == NULL ? NULL : st_kind_move_named(k, c->move);
	int rc = 0;
	c->terms = a->terms;
	if (r->revision == 0 || k == NULL || r->kind != c->kind)
		return 0;
	bool rule = asks(c, k, m) && in_force(a, ST_CITY_deadlines, r->opened_day, &rc);
	bool unit = rc == 0 && needs_unit(c, m) && in_force(a, ST_CITY_categories, r->opened_day, &rc);
	if (rc < 0 || (!rule && !unit))
		return rc;
	rc = st_name_text(a->txn, ST_NAMES_CATEGORY, r->category, room->category);
	if (rc == 0)
		rc = st_name_text(a->txn, ST_NAMES_SUBCATEGORY, r->subcategory, room->subcategory);
	if (rc < 0)
		return rc;
	c->category = st_span_text(room->category);
	c->subcategory = st_span_text(room->subcategory);
	if (unit)
		rc = default_unit(a, r, c, room);
	const struct st_field_row *urgency = st_kind_field_named(k, st_span_text("urgency"));
	if (rc < 0 || !rule || urgency == NULL || c->foreign)
		return rc; /* what is imported has none, and its events may not stand in the store yet */
	rc = newest_number(a, r, urgency->id, &c->urgency);
	st_assert(rc <= 0);
	return rc;
}
