/* dimensions.c - what a report is asked by: texts into the numbers of keys, and back.
 *
 * Owns:    the names of dimensions, and of the values in each.
 * Flow:    question -> dimensions -> report -> dimensions -> api */
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "report.h"

_Static_assert((int)ST_LABEL_MAX > (int)ST_NAME_MAX, "a station's name is a label");
_Static_assert((int)ST_LABEL_MAX > (int)ST_NAME_TEXT_MAX, "a category is a label");

static const char *const dimension_texts[ST_DIMENSION_COUNT] = {
#define X(name, text, zh, en) [ST_BY_##name] = text,
	ST_DIMENSIONS(X)
#undef X
};

int st_dimension_parse(struct st_span text, enum st_dimension *ret_d)
{
	for (int i = 0; i < ST_DIMENSION_COUNT; i++) {
		if (!st_span_equal(text, st_span_text(dimension_texts[i])))
			continue;
		*ret_d = (enum st_dimension)i;
		return 0;
	}
	return ST_EFIELD;
}

const char *st_dimension_text(enum st_dimension d)
{
	ST_REQUIRE(d < ST_DIMENSION_COUNT);
	return dimension_texts[d];
}

static int find_station(const struct dimensions *m, const char *value, enum st_dimension d,
			uint32_t *to)
{
	for (size_t i = 1; i < m->places->row_count; i++) {
		const struct place *p = &m->places->rows[i];
		if (strcmp(p->code.text, value) != 0 && strcmp(p->name, value) != 0)
			continue;
		*to = d == ST_BY_BRANCH ? p->branch : p->number;
		return 0;
	}
	return ST_EFIELD;
}

bool dimension_is_facet(enum st_dimension d)
{
	return d >= ST_BY_UNIT && d < ST_DIMENSION_COUNT;
}

static int wanted_facet(const struct dimensions *m, struct st_span value, uint32_t *to)
{
	const struct st_field_row *row = m->facet;
	struct st_buf none;
	struct st_field f;
	uint16_t name = 0;
	st_assert(row != NULL);
	st_buf_init(&none, 1); /* choices and numbers need no room */
	if (row->type != ST_FIELD_TEXT) {
		int rc = st_field_parse(row, value, &none, &f);
		*to = rc == 0 ? (uint32_t)f.number : 0;
		return rc;
	}
	int rc = st_name_find(m->txn, (uint8_t)row->names, value, &name);
	*to = name;
	return rc == ST_ENOTFOUND ? ST_EFIELD : rc;
}

int dimension_wanted(const struct dimensions *m, const struct st_where *w, uint32_t *to)
{
	st_assert(w->dimension < ST_DIMENSION_COUNT);
	struct st_span value = st_span_text(w->value);
	const struct st_field_row *channel = st_kind_field(m->kind, ST_F_CHANNEL);
	const struct st_choice *choice;
	const struct st_state_row *state;
	enum st_tier tier;
	uint16_t name = 0;
	uint32_t first = 0, last = 0;
	int rc = 0;
	if (dimension_is_facet(w->dimension))
		return wanted_facet(m, value, to);
	switch (w->dimension) {
	case ST_BY_STATION:
	case ST_BY_BRANCH:
		return find_station(m, w->value, w->dimension, to);
	case ST_BY_TIER:
		rc = st_tier_parse(value, &tier);
		*to = rc == 0 ? (uint32_t)tier : 0;
		return rc;
	case ST_BY_CATEGORY:
		rc = st_name_find(m->txn, ST_NAMES_CATEGORY, value, &name);
		*to = name;
		return rc == ST_ENOTFOUND ? ST_EFIELD : rc;
	case ST_BY_CHANNEL:
		choice = channel == NULL ? NULL : st_choice_named(channel->choices, value);
		*to = choice == NULL ? 0 : choice->number;
		return choice == NULL ? ST_EFIELD : 0;
	case ST_BY_STATE:
		state = st_kind_state_named(m->kind, value);
		*to = state == NULL ? 0 : state->number;
		return state == NULL ? ST_EFIELD : 0;
	case ST_BY_MONTH:
		rc = value.size == 7 ? st_period_parse(value, &first, &last) : ST_EFIELD;
		*to = rc == 0 ? st_month_of_day(first) : 0;
		return rc;
	default:
		break;
	}
	return ST_EFIELD;
}

static void put(char to[ST_LABEL_MAX], const char *text)
{
	(void)snprintf(to, ST_LABEL_MAX, "%s", text);
}

static int label_facet(const struct dimensions *m, uint32_t key, char k[ST_LABEL_MAX])
{
	const struct st_field_row *row = m->facet;
	char name[ST_NAME_TEXT_MAX + 1] = "";
	st_assert(row != NULL);
	if (row->type == ST_FIELD_TEXT) {
		int rc = st_name_text(m->txn, (uint8_t)row->names, (uint16_t)key, name);
		put(k, name);
		return rc;
	}
	const struct st_choice *choice =
		row->type == ST_FIELD_CHOICE ? st_choice_numbered(row->choices, key) : NULL;
	if (choice != NULL)
		put(k, choice->name);
	else
		(void)snprintf(k, ST_LABEL_MAX, "%u", key);
	return 0;
}

int dimension_label(const struct dimensions *m, enum st_dimension d, uint32_t key, char k[ST_LABEL_MAX],
		 char l[ST_LABEL_MAX])
{
	const struct st_field_row *channel = st_kind_field(m->kind, ST_F_CHANNEL);
	const struct st_choice *choice;
	const struct st_state_row *state;
	char name[ST_NAME_TEXT_MAX + 1] = "", month[ST_MONTH_TEXT];
	int rc = 0;
	k[0] = l[0] = 0;
	switch (d) {
	case ST_BY_STATION:
	case ST_BY_BRANCH:
		put(k, place_of(m->places, key)->code.text);
		put(l, place_of(m->places, key)->name);
		return 0;
	case ST_BY_TIER:
		put(k, st_tier_name((enum st_tier)key));
		break;
	case ST_BY_CATEGORY:
		rc = st_name_text(m->txn, ST_NAMES_CATEGORY, (uint16_t)key, name);
		put(k, name);
		break;
	case ST_BY_CHANNEL:
		choice = channel == NULL ? NULL : st_choice_numbered(channel->choices, key);
		put(k, choice == NULL ? "" : choice->name);
		break;
	case ST_BY_STATE:
		state = st_kind_state(m->kind, key);
		if (state != NULL)
			put(k, state->name);
		else
			(void)snprintf(k, ST_LABEL_MAX, "%u", key);
		break;
	case ST_BY_MONTH:
		st_month_text(key, month);
		put(k, month);
		break;
	default:
		rc = label_facet(m, key, k);
		break;
	}
	put(l, k);
	return rc;
}

