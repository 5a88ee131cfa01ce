/* verbs_matters.c - one matter, many doors: which may be the same, and who stands behind one.
 *
 * Owns:    how both look on the screen.
 * Flow:    clerk -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include <station/work/kind.h>
#include "ctl.h"

/* A cell as people read it: a state in their language, a likeness in per cent. */
static const char *cell_text(const json_t *column, const json_t *cell, char room[64])
{
	const char *name = member(column, "name");
	const struct st_state_row *s = NULL;
	if (strcmp(name, "state") == 0 && json_is_string(cell))
		s = st_kind_state_named(st_kind(ST_KIND_MATTER), st_span_text(json_string_value(cell)));
	if (s != NULL)
		return either(s->zh, s->en);
	if (json_is_string(cell))
		return json_string_value(cell);
	if (json_is_integer(cell))
		(void)snprintf(room, 64, "%lld", (long long)json_integer_value(cell));
	else if (json_is_real(cell))
		(void)snprintf(room, 64, "%.0f %%", 100 * json_real_value(cell));
	else if (json_is_boolean(cell))
		return json_is_true(cell) ? either("是", "yes") : either("否", "no");
	else
		return "";
	return room;
}

static void print_table(const json_t *answer)
{
	const json_t *columns = json_object_get(answer, "columns");
	size_t n = json_array_size(columns), i, k;
	json_t *row, *cell;
	struct table t;
	const char *cells[COLUMNS_MAX];
	char right[COLUMNS_MAX + 1] = "", room[COLUMNS_MAX][64];
	n = n < COLUMNS_MAX ? n : COLUMNS_MAX;
	for (i = 0; i < n; i++) {
		const json_t *c = json_array_get(columns, i);
		const char *type = member(c, "type");
		cells[i] = either(member(c, "zh"), member(c, "en"));
		right[i] = strcmp(type, "number") == 0 || strcmp(type, "count") == 0 ||
					   strcmp(type, "share") == 0 ? 'r' : 'l';
	}
	table_init(&t, n, right);
	table_add(&t, cells);
	json_array_foreach(json_object_get(answer, "rows"), k, row) {
		for (i = 0; i < n; i++) {
			cell = json_array_get(row, i);
			cells[i] = cell_text(json_array_get(columns, i), cell, room[i]);
		}
		table_add(&t, cells);
	}
	table_print(&t);
}

static int run_candidates(const struct args *a)
{
	static const char *const passed[] = { "category", "subcategory", "place", "title", "text", "phone",
					      "id", "limit", "days" };
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/matters/candidates");
	query_add(&q, "record", a->count > 0 ? a->words[0] : NULL);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		query_add(&q, passed[i], option(a, passed[i]));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		const json_t *looked = json_object_get(ans.json, "looked");
		print_table(ans.json);
		(void)printf("%s %lld; %s %lld; %s: %s %lld, %s %lld\n",
			     either("看过的事项", "matters looked at"), number(looked, "rows"),
			     either("比对了文字的", "texts compared"), number(looked, "texts"),
			     either("前后天数", "days on either side"), either("登记站", "its station"),
			     number(looked, "own_days"), either("其他站", "other stations"), number(looked, "days"));
	}
	answer_done(&ans);
	return rc;
}

static int run_voices(const struct args *a)
{
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/matters/voices");
	query_add(&q, "record", a->count > 0 ? a->words[0] : NULL);
	query_add(&q, "limit", option(a, "limit"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		print_table(ans.json);
	answer_done(&ans);
	return rc;
}

/* Under a matter that others were merged into: how many voices it has, and whose reporters know the result. */
int matters_merged(const char *number_text)
{
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/matters/voices");
	query_add(&q, "record", number_text);
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && number(ans.json, "voices") > 1) {
		(void)printf("  %s %lld; %s %lld\n", either("反映件数", "voices"), number(ans.json, "voices"),
			     either("未告知", "not told yet"), number(ans.json, "untold"));
		print_table(ans.json);
	}
	answer_done(&ans);
	return rc;
}

const struct verb matter_verbs[] = {
	{ "matter candidates",
	  "[NUMBER] [--category C] [--subcategory S] [--place P] [--title T] [--text T] [--phone P] [--id ID] [--days N] [--limit N]",
	  "category subcategory place title text phone id days limit", 0, 1, run_candidates,
	  "找可能是同一件事的事项 (登记前可按内容找), 说明各项理由; 是否并案由人定",
	  "matters that may be the same trouble, and why; before registering, by what it says. A person decides",
	  "stationctl matter candidates --category 环境卫生 --place 幸福里社区 --text 三号院门口垃圾三天没人清运" },
	{ "matter voices", "[NUMBER] [--limit N]", "limit", 0, 1, run_voices,
	  "反映件数最多的事项; 或某件并入了哪些件, 反映人是否已告知",
	  "the matters with the most voices; or what was merged into one, and whose reporters were told",
	  "stationctl matter voices --limit 10" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
