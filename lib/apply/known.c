/* known.c - what a record says of itself so far, by which the city's tables are asked about a command.
 *
 * Owns:    that reading: category and subcategory from the row, the urgency from the newest event that tells it, and since
 *          when it is in its state.
 * Flow:    record, chain -> known -> command */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>

/* Looks at one event of a record; 1: it has seen enough. */
typedef int back_fn(const struct st_event *e, const struct st_change *change, void *arg);

/* From the head back. An event that isn't here ends it with ST_ENOTFOUND. */
static int walk_back(struct st_apply *a, const struct st_record *r, back_fn *fn, void *arg)
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
		if (rc == 0)
			rc = fn(&e, &change, arg);
	}
	free(steps);
	return rc < 0 ? rc : 0;
}

struct newest_number {
	uint32_t field, number;
};

static int tells(const struct st_event *e, const struct st_change *change, void *arg)
{
	struct newest_number *x = arg;
	const struct st_field *f = st_field_find(change->fields, change->field_count, x->field);
	(void)e;
	if (f == NULL || !f->is_number)
		return 0;
	x->number = f->number <= UINT32_MAX ? (uint32_t)f->number : 0;
	return 1;
}

/* Of the moves that leave a record in its state, the first brought it there. */
struct entering {
	uint32_t state, day;
};

static int enters(const struct st_event *e, const struct st_change *change, void *arg)
{
	struct entering *x = arg;
	if (e->type != ST_MOVE || change->state == 0)
		return 0;
	if (change->state != x->state)
		return 1;
	x->day = st_day_of_ms(change->at_ms);
	return 0;
}

static int state_day(struct st_apply *a, const struct st_record *r, uint32_t *ret_day)
{
	struct entering x = { .state = r->state };
	int rc = walk_back(a, r, enters, &x);
	*ret_day = rc < 0 ? 0 : x.day;
	return rc == ST_ENOTFOUND ? 0 : rc; /* of another branch: what isn't here can't say */
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
	if (m != NULL && m->since == ST_SINCE_STATE)
		rc = state_day(a, r, &c->state_day);
	if (rc < 0)
		return rc;
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
	struct newest_number x = { .field = urgency->id };
	rc = walk_back(a, r, tells, &x);
	c->urgency = x.number;
	return rc;
}
