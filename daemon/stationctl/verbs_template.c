/* verbs_template.c - a record that is opened after one of the city's templates.
 *
 * Owns:    how a row of such a table becomes fields, and what of it gives way to what is given.
 * Flow:    clerk, GET /v1/city/TABLE -> template -> verbs_record */
#include <stdio.h>
#include <string.h>
#include <station/work/city.h>
#include "ctl.h"

enum { NAME_COLUMN = 0 };

const struct st_city_table *template_table(const struct st_kind *k)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "%ss", k->name);
	return st_city_table_named(st_span(name, n > 0 && (size_t)n < sizeof(name) ? (size_t)n : 0));
}

/* The field that a column fills. */
static const struct st_field_row *field_of(const struct st_kind *k, const char *column)
{
	const char *name = strcmp(column, "topic") == 0 ? "title" : column;
	return st_kind_field_named(k, st_span_text(name));
}

/* Days are one thing: whoever gives some of them means no others. */
static bool gives_way(const json_t *given, const char *name)
{
	static const char *const days[] = { "weekdays", "weeks", "month_days" };
	bool of_days = false, some = false;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		of_days |= strcmp(name, days[i]) == 0;
		some |= json_object_get(given, days[i]) != NULL;
	}
	return json_object_get(given, name) != NULL || (of_days && some);
}

static json_t *values(const struct st_field_row *f, const json_t *cell)
{
	if (json_is_integer(cell))
		return json_sprintf("%lld", (long long)json_integer_value(cell));
	struct st_span text = st_span_text(json_string_value(cell));
	if ((f->flags & ST_MANY) == 0)
		return json_string(json_string_value(cell));
	json_t *list = json_array();
	for (struct st_span w = st_city_word(&text); w.size > 0; w = st_city_word(&text))
		json_array_append_new(list, json_stringn((const char *)w.data, w.size));
	return list;
}

static void fill(const struct st_kind *k, const json_t *columns, const json_t *row, json_t *fields)
{
	json_t *given = json_copy(fields);
	size_t i;
	json_t *column;
	json_array_foreach((json_t *)(uintptr_t)columns, i, column) {
		const json_t *cell = json_array_get(row, i);
		const struct st_field_row *f = field_of(k, member(column, "name"));
		bool empty = !json_is_integer(cell) &&
			     (!json_is_string(cell) || json_string_length(cell) == 0);
		if (f != NULL && !empty && !gives_way(given, f->name))
			json_object_set_new(fields, f->name, values(f, cell));
	}
	json_decref(given);
}

int template_fill(const struct st_kind *k, const char *name, json_t *fields)
{
	struct answer ans;
	char path[80];
	size_t i;
	json_t *row, *found = NULL;
	(void)snprintf(path, sizeof(path), "/v1/city/%.60s", template_table(k)->name);
	int rc = call_get(path, &ans);
	const json_t *all = rc == 0 ? json_object_get(ans.json, "rows") : NULL;
	json_array_foreach((json_t *)(uintptr_t)all, i, row) {
		const char *one = json_string_value(json_array_get(row, NAME_COLUMN));
		if (one != NULL && strcmp(one, name) == 0)
			found = row;
	}
	if (rc == 0 && found != NULL)
		fill(k, json_object_get(ans.json, "columns"), found, fields);
	if (rc == 0 && found == NULL) {
		complain(T_NO_TEMPLATE, name);
		json_array_foreach((json_t *)(uintptr_t)all, i, row) {
			const char *one = json_string_value(json_array_get(row, NAME_COLUMN));
			(void)fprintf(stderr, "  %s\n", one == NULL ? "" : one);
		}
		rc = CTL_USAGE;
	}
	answer_done(&ans);
	return rc;
}
