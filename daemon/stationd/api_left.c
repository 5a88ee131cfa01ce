/* api_left.c - what is still to be done of what a record names: co-signers who haven't been
 * answered.
 *
 * Owns:    that difference of two fields (work/kind.h, st_left).
 * Flow:    events as JSON -> left -> api */
#include <string.h>
#include <station/work/kind.h>
#include "api.h"

static bool has(const json_t *list, const json_t *value)
{
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one) if (json_equal(one, value)) return true;
	return false;
}

static void add_one(json_t *to, json_t *value)
{
	if (!has(to, value))
		json_array_append(to, value);
}

/* Each value that the field was given in events that count, once. */
static json_t *values_of(const json_t *events, const char *name)
{
	json_t *to = json_array(), *event, *one;
	size_t i, n;
	json_array_foreach(events, i, event)
	{
		json_t *value = json_object_get(json_object_get(event, "facts"), name);
		const char *stray = json_string_value(json_object_get(event, "stray"));
		if (value == NULL || (stray != NULL && stray[0] != 0))
			continue;
		if (!json_is_array(value))
			add_one(to, value);
		json_array_foreach(value, n, one) add_one(to, one);
	}
	return to;
}

json_t *api_left(const struct st_kind *k, const json_t *events)
{
	json_t *all = json_array(), *one;
	size_t i;
	for (size_t l = 0; k != NULL && l < k->left_count; l++) {
		const struct st_left *left = &k->lefts[l];
		const char *of = st_kind_field(k, left->of)->name;
		json_t *named = values_of(events, of), *values = json_array();
		json_t *done = values_of(events, st_kind_field(k, left->done)->name);
		json_array_foreach(named, i, one) if (!has(done, one))
			json_array_append(values, one);
		json_decref(named);
		json_decref(done);
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:o}", "of", of, "zh",
						     left->zh, "en", left->en, "values", values));
	}
	return all;
}
