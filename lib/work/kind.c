/* kind.c - looking things up in the tables of record kinds.
 *
 * Owns:    the list of kinds.
 * Flow:    tables -> kind -> command, fold, ask */
#include <station/work/kind.h>
#include <string.h>
#include <station/base/check.h>
#include "kinds.h"

/* By number, so that the fold finds an event's kind without a search. */
static const struct st_kind *const kinds[ST_KINDS_MAX] = {
#define X(number, name) [number] = &kind_##name,
	KINDS(X)
#undef X
};
/* And in a row, for those who walk them all. */
static const struct st_kind *const listed[] = {
#define X(number, name) &kind_##name,
	KINDS(X)
#undef X
};
enum { LISTED = sizeof(listed) / sizeof(listed[0]) };
_Static_assert((int)LISTED < (int)ST_KINDS_MAX, "each kind has its place");
_Static_assert(ST_KINDS_MAX <= UINT8_MAX, "a kind is one byte in keys");

size_t st_kind_count(void)
{
	return LISTED;
}

const struct st_kind *st_kind_at(size_t i)
{
	ST_REQUIRE(i < LISTED);
	return listed[i];
}

const struct st_kind *st_kind(uint32_t number)
{
	st_assert(number >= ST_KINDS_MAX || kinds[number] == NULL || kinds[number]->number == number);
	return number < ST_KINDS_MAX ? kinds[number] : NULL;
}

const struct st_kind *st_kind_named(const char *name)
{
	ST_REQUIRE(name != NULL);
	for (size_t i = 0; i < LISTED; i++)
		if (strcmp(listed[i]->name, name) == 0)
			return listed[i];
	return NULL;
}

const struct st_field_row *st_kind_field(const struct st_kind *k, uint32_t id)
{
	for (size_t i = 0; i < k->field_count; i++)
		if (k->fields[i].id == id)
			return &k->fields[i];
	return NULL;
}

const struct st_field_row *st_kind_field_named(const struct st_kind *k, struct st_span name)
{
	const char *text = (const char *)name.data;
	for (size_t i = 0; name.size > 0 && i < k->field_count; i++) {
		const char *its = k->fields[i].name;
		if (its[0] == text[0] && st_span_equal(name, st_span_text(its)))
			return &k->fields[i];
	}
	return NULL;
}

const struct st_state_row *st_kind_state(const struct st_kind *k, uint32_t number)
{
	if (number == 0 || number > k->state_count)
		return NULL;
	st_assert(k->states[number - 1].number == number); /* tables list states from 1 on, in order */
	return &k->states[number - 1];
}

const struct st_state_row *st_kind_state_named(const struct st_kind *k, struct st_span name)
{
	for (size_t i = 0; i < k->state_count; i++)
		if (st_span_equal(name, st_span_text(k->states[i].name)) ||
		    st_span_equal(name, st_span_text(k->states[i].zh)))
			return &k->states[i];
	return NULL;
}

const struct st_move_row *st_kind_move(const struct st_kind *k, uint32_t number)
{
	for (size_t i = 0; i < k->move_count; i++)
		if (k->moves[i].number == number)
			return &k->moves[i];
	return NULL;
}

const struct st_move_row *st_kind_move_named(const struct st_kind *k, const char *name)
{
	ST_REQUIRE(name != NULL);
	for (size_t i = 0; i < k->move_count; i++)
		if (strcmp(k->moves[i].name, name) == 0)
			return &k->moves[i];
	return NULL;
}

const struct st_choice *st_choice_named(const struct st_choice *choices, struct st_span name)
{
	ST_REQUIRE(choices != NULL);
	for (const struct st_choice *c = choices; c->name != NULL; c++)
		if (st_span_equal(name, st_span_text(c->name)) ||
		    st_span_equal(name, st_span_text(c->zh)))
			return c;
	return NULL;
}

const struct st_choice *st_choice_numbered(const struct st_choice *choices, uint64_t number)
{
	ST_REQUIRE(choices != NULL);
	for (const struct st_choice *c = choices; c->name != NULL; c++)
		if (c->number == number)
			return c;
	return NULL;
}

bool st_move_opens(const struct st_move_row *m)
{
	return m->from[0] == 0;
}

bool st_move_needs(const struct st_move_row *m, uint32_t field)
{
	for (size_t i = 0; m != NULL && i < ST_NEEDS_MAX && m->needs[i] != 0; i++)
		if (m->needs[i] == field)
			return true;
	return false;
}

bool st_field_is_given(const struct st_kind *k, const struct st_move_row *m,
		       const struct st_field_row *f)
{
	ST_REQUIRE(f != NULL);
	if (f->id == ST_F_SERIAL || f->id == ST_F_YEAR || f->id == ST_F_FIRST_DUE_DAY || f->id == ST_F_RULE ||
	    f->id == ST_F_DAYS_LEFT || (f->flags & ST_FILLED) != 0 ||
	    (k->mark.of != 0 && f->id == k->mark.field))
		return false;
	if ((f->flags & ST_NEEDED) != 0 && !st_move_needs(m, f->id))
		return false;
	return (f->flags & ST_ONCE) == 0 || (m != NULL && st_move_opens(m));
}

bool st_field_is_past(const struct st_kind *k, const struct st_move_row *m, uint32_t state,
		      const struct st_field_row *f)
{
	ST_REQUIRE(f != NULL);
	uint32_t after = m != NULL && m->to != 0 ? m->to : state;
	for (size_t i = 0; i < k->order_count; i++) {
		const struct st_order *o = &k->orders[i];
		if (o->earlier == f->id && o->later == 0 && (o->state == 0 || o->state == after))
			return true;
	}
	return false;
}

bool st_move_from(const struct st_kind *k, const struct st_move_row *m, uint32_t state)
{
	ST_REQUIRE(m != NULL);
	const struct st_state_row *s = state == 0 ? NULL : st_kind_state(k, state);
	if (state == 0)
		return st_move_opens(m);
	for (size_t n = 0; n < ST_FROM_MAX && m->from[n] != 0; n++)
		if (m->from[n] == state || m->from[n] == ST_FROM_ANY ||
		    (m->from[n] == ST_FROM_ANY_OPEN && s != NULL && s->class == ST_OPEN))
			return true;
	return false;
}

bool st_left_open(const struct st_kind *k, const struct st_left *left, uint32_t state)
{
	ST_REQUIRE(left != NULL);
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		for (size_t n = 0; n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
			if (m->needs[n] == left->done && st_move_from(k, m, state))
				return true;
	}
	return false;
}

uint64_t st_kind_moves_from(const struct st_kind *k, uint32_t state)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < k->move_count; i++) {
		st_assert(k->moves[i].number < 64);
		if (st_move_from(k, &k->moves[i], state))
			bits |= 1ull << k->moves[i].number;
	}
	return bits;
}
