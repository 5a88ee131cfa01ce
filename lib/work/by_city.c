/* by_city.c - what a city's settings say of a move beside its dates: the parties of key supervision, the quorum and
 * majority of a vote.
 *
 * Owns:    these values, written out with the move, so that no tier needs the city's tables to judge.
 * Flow:    terms -> by_city -> command */
#include "by_city.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>

static uint32_t opened_day(const struct checking *k)
{
	return k->r == NULL ? st_day_of_ms(k->out->at_ms) : k->r->opened_day;
}

/* ST_ENOTFOUND: the city has set nothing, or the command is another system's. */
static int setting(const struct checking *k, const char *name, struct st_span *ret_value)
{
	if (k->c->terms == NULL || name == NULL || k->c->foreign)
		return ST_ENOTFOUND;
	return st_terms_given(k->c->terms, name, opened_day(k), ret_value);
}

static const struct st_field *fact(const struct checking *k, uint32_t id)
{
	return st_field_find(k->out->facts, k->out->fact_count, id);
}

static bool is_named(const struct checking *k, uint32_t id, struct st_span name)
{
	for (size_t i = 0; i < k->out->fact_count; i++)
		if (k->out->facts[i].id == id && st_span_equal(k->out->facts[i].text, name))
			return true;
	return false;
}

int by_city_names(const struct checking *k, const struct st_when *w, struct st_span *ret_names)
{
	*ret_names = ST_SPAN_NONE;
	int rc = setting(k, w->by, ret_names);
	st_assert(rc < 0 || ret_names->size <= BY_CITY_NAMES_MAX);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int add_name(const struct checking *k, const struct st_field_row *row, struct st_span name)
{
	struct st_checked *out = k->out;
	if (out->fact_count == ST_FIELDS_MAX || name.size > row->max)
		return ST_ETOOBIG;
	st_assert(k->to->room - k->to->size >= name.size); /* so that no value before it moves */
	size_t from = k->to->size;
	st_buf_put_span(k->to, name);
	if (k->to->error < 0)
		return k->to->error;
	out->facts[out->fact_count++] =
		(struct st_field){ .id = row->id, .text = st_span(k->to->data + from, name.size) };
	return 0;
}

static int fill_names(const struct checking *k, const struct st_when *w)
{
	const struct st_field_row *row = st_kind_field(k->out->kind, w->needs);
	const struct st_field *f = fact(k, w->field);
	bool none = fact(k, w->needs) == NULL;
	struct st_span names;
	st_assert(row->place == ST_AS_FACT);
	int rc = f == NULL || f->number != w->value ? ST_ENOTFOUND : by_city_names(k, w, &names);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	for (struct st_span name = st_city_word(&names); rc == 0 && name.size > 0; name = st_city_word(&names)) {
		if (is_named(k, row->id, name))
			continue;
		if (!none)
			rc = ST_EFIELD;
		else
			rc = add_name(k, row, name);
		if (rc < 0)
			(void)snprintf(k->place, ST_PLACE_MAX, "%s (+ %.*s)", row->name,
				       (int)(name.size < ST_PLACE_MAX / 2 ? name.size : 0),
				       (const char *)name.data);
	}
	return rc;
}

/* Two thirds of 200 is 134 at least; more than half of them, 101. */
static int fill_part(const struct checking *k, const struct st_part_of *p)
{
	const struct st_field *of = fact(k, p->of);
	struct st_span text;
	uint32_t part = 0, whole = 1;
	if (of == NULL || fact(k, p->field) != NULL)
		return 0;
	int rc = setting(k, p->by, &text);
	if (rc == 0)
		rc = st_share_parse(text, &part, &whole);
	if (rc < 0)
		return rc == ST_ENOTFOUND || rc == ST_EFIELD ? 0 : rc; /* of a version that writes it otherwise */
	st_assert(whole > 0);
	uint64_t n = p->over ? of->number * part / whole + 1 : (of->number * part + whole - 1) / whole;
	if (n > of->number) /* more than all of them is all of them */
		n = of->number;
	if (k->out->fact_count == ST_FIELDS_MAX)
		return ST_ETOOBIG;
	k->out->facts[k->out->fact_count++] =
		(struct st_field){ .id = p->field, .is_number = true, .number = n > 0 ? n : 1 };
	return 0;
}

int by_city_fill(const struct checking *k)
{
	const struct st_kind *kind = k->out->kind;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < kind->when_count; i++)
		if (kind->whens[i].by != NULL)
			rc = fill_names(k, &kind->whens[i]);
	for (size_t i = 0; rc == 0 && st_move_opens(k->out->move) && i < kind->part_count; i++)
		rc = fill_part(k, &kind->parts[i]);
	return rc;
}
