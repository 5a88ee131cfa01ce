/* api_kinds.c - the tables of record kinds as JSON.
 *
 * Owns:    their JSON shape.
 * Flow:    tables -> api */
#include "api.h"
#include <station/work/kind.h>

static json_t *states_json(const struct st_kind *k)
{
	json_t *list = json_array();
	for (size_t i = 0; i < k->state_count; i++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s, s:b}", "number",
						      (int)k->states[i].number, "name", k->states[i].name,
						      "zh", k->states[i].zh, "en", k->states[i].en, "open",
						      (int)(k->states[i].class == ST_OPEN)));
	return list;
}

static json_t *moves_json(const struct st_kind *k)
{
	json_t *list = json_array();
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		const struct st_state_row *to = m->to == 0 ? NULL : st_kind_state(k, m->to);
		json_t *from = json_array(), *needs = json_array();
		for (size_t n = 0; n < k->state_count; n++)
			if (st_move_from(k, m, k->states[n].number))
				json_array_append_new(from, json_string(k->states[n].name));
		for (size_t n = 0; n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
			json_array_append_new(needs, json_string(st_kind_field(k, m->needs[n])->name));
		static const char *const clocks[] = { "runs", "extend", "wait", "resume" };
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s, s:b, s:o, s:s, s:o, s:i, s:s, s:i, s:s, s:s, s:s}", "number",
						      (int)m->number, "name", m->name,
						      "zh", m->zh, "en", m->en, "opens", (int)st_move_opens(m), "from", from, "to",
						      to == NULL ? "" : to->name, "needs", needs, "days",
						      (int)m->days, "since",
						      m->since == ST_SINCE_STATE ? "state" : "end",
						      "due_most", (int)m->due_most, "example", m->example,
						      "clock", clocks[m->clock], "within",
						      m->city.within == NULL ? "" : m->city.within));
	}
	return list;
}

static json_t *fields_json(const struct st_kind *k)
{
	static const char *const places[] = { "fact", "text", "private" };
	static const char *const types[] = { "text", "long", "number", "day", "choice", "identity",
					     "station", "time", "hash", "record" };
	json_t *list = json_array();
	for (size_t i = 0; i < k->field_count; i++) {
		const struct st_field_row *f = &k->fields[i];
		json_t *choices = json_array();
		for (const struct st_choice *c = f->choices; c != NULL && c->name != NULL; c++)
			json_array_append_new(choices, json_pack("{s:s, s:s, s:s}", "name", c->name, "zh",
								 c->zh, "en", c->en));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:o}", "name", f->name,
						      "zh", f->zh, "en", f->en, "type", types[f->type], "place",
						      places[f->place], "min", (json_int_t)f->min, "max",
						      (json_int_t)f->max, "many",
						      (int)((f->flags & ST_MANY) != 0), "once",
						      (int)((f->flags & ST_ONCE) != 0), "choices", choices));
	}
	return list;
}

static int get_kinds(struct request *q)
{
	json_t *list = json_array();
	for (size_t i = 0; i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "number",
						      (int)k->number, "name", k->name, "zh", k->zh, "en", k->en,
						      "states", states_json(k), "moves", moves_json(k),
						      "fields", fields_json(k)));
	}
	return api_json(q, json_pack("{s:o}", "kinds", list));
}

const struct route api_kind_routes[] = {
	{ "GET", "/v1/kinds", get_kinds },
	{ NULL, NULL, NULL },
};
