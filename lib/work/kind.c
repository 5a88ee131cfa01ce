/* kind.c - looking things up in the tables of record kinds.
 *
 * Owns:    the list of kinds.
 * Flow:    tables -> kind -> command, fold, ask */
#include <station/work/kind.h>
#include <string.h>
#include <station/base/check.h>
#include "kind_matter.h"

static const struct st_kind *const kinds[] = { &kind_matter };
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const struct st_kind *st_kind(uint32_t number)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i]->number == number)
			return kinds[i];
	return NULL;
}

const struct st_kind *st_kind_named(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
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
	for (size_t i = 0; i < k->field_count; i++)
		if (st_span_equal(name, st_span_text(k->fields[i].name)))
			return &k->fields[i];
	return NULL;
}

const struct st_state_row *st_kind_state(const struct st_kind *k, uint32_t number)
{
	for (size_t i = 0; i < k->state_count; i++)
		if (k->states[i].number == number)
			return &k->states[i];
	return NULL;
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
	for (size_t i = 0; i < k->move_count; i++)
		if (strcmp(k->moves[i].name, name) == 0)
			return &k->moves[i];
	return NULL;
}

const struct st_choice *st_choice_named(const struct st_choice *choices, struct st_span name)
{
	for (const struct st_choice *c = choices; c->name != NULL; c++)
		if (st_span_equal(name, st_span_text(c->name)) ||
		    st_span_equal(name, st_span_text(c->zh)))
			return c;
	return NULL;
}

const struct st_choice *st_choice_numbered(const struct st_choice *choices, uint64_t number)
{
	for (const struct st_choice *c = choices; c->name != NULL; c++)
		if (c->number == number)
			return c;
	return NULL;
}

uint64_t st_kind_moves_from(const struct st_kind *k, uint32_t state)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		st_assert(m->number < 64);
		bool from = state == 0 && m->from[0] == 0;
		for (size_t n = 0; n < ST_FROM_MAX && m->from[n] != 0; n++)
			from |= m->from[n] == state;
		if (from)
			bits |= 1ull << m->number;
	}
	return bits;
}
