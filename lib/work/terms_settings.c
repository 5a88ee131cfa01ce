/* terms_settings.c - what the city has set, and what holds where it hasn't.
 *
 * Owns:    the reading of a setting's value by its type.
 * Promise: a value beyond this version's bounds counts as none.
 * Flow:    terms -> settings -> command, apply, ask */
#include "terms_state.h"
#include <station/base/check.h>

static int value_of(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value)
{
	const struct terms_held *h = NULL;
	int rc = terms_rows(s, ST_CITY_settings, day, &h);
	if (rc < 0)
		return rc;
	struct st_city_rows r = terms_walk(h);
	while (st_city_rows_next(&r))
		if (st_span_equal(r.cells[0], st_span_text(name))) {
			*ret_value = r.cells[1];
			return 0;
		}
	return ST_ENOTFOUND;
}

int st_terms_setting(struct st_terms *s, const char *name, uint32_t day, uint32_t *ret_value)
{
	const struct st_setting *setting = st_setting_named(st_span_text(name));
	struct st_span text;
	ST_REQUIRE(setting != NULL);
	ST_REQUIRE(setting->type == ST_SETTING_COUNT);
	int rc = value_of(s, name, day, &text);
	uint64_t v = rc < 0 ? 0 : st_city_number(text, UINT64_MAX);
	if (rc < 0)
		return rc;
	if (v < setting->min || v > setting->max)
		return ST_ENOTFOUND; /* of a version with other bounds */
	*ret_value = (uint32_t)v;
	return 0;
}

int st_terms_text(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value)
{
	const struct st_setting *setting = st_setting_named(st_span_text(name));
	ST_REQUIRE(setting != NULL);
	int rc = value_of(s, name, day, ret_value);
	if (rc == ST_ENOTFOUND)
		*ret_value = st_span_text(setting->usual);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int st_terms_given(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value)
{
	ST_REQUIRE(st_setting_named(st_span_text(name)) != NULL);
	return value_of(s, name, day, ret_value);
}

int st_terms_choices(struct st_terms *s, const char *name, uint32_t day, uint64_t *ret_bits)
{
	const struct st_setting *setting = st_setting_named(st_span_text(name));
	struct st_span text;
	uint64_t bits = 0;
	ST_REQUIRE(setting != NULL);
	ST_REQUIRE(setting->type == ST_SETTING_FIELDS);
	int rc = st_terms_text(s, name, day, &text);
	if (rc < 0)
		return rc;
	const struct st_choice *choices = st_city_field(setting->field)->choices;
	for (struct st_span word = st_city_word(&text); word.size > 0; word = st_city_word(&text)) {
		const struct st_choice *c = st_choice_named(choices, word);
		if (c != NULL && c->number < 64) /* else of a version with other choices */
			bits |= 1ull << c->number;
	}
	*ret_bits = bits;
	return 0;
}
