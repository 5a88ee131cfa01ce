/* verbs_matters.c - one matter, many doors: which may be the same, and who stands behind one.
 *
 * Owns:    how both look on the screen.
 * Flow:    clerk -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include <station/work/kind.h>
#include "ctl.h"

/* States in the language of the call; a program that reads --json gets their names. */
static void name_states(const json_t *answer)
{
	size_t n, i;
	json_t *column, *row;
	json_array_foreach(json_object_get(answer, "columns"), n, column) {
		if (strcmp(member(column, "name"), "state") != 0)
			continue;
		json_array_foreach(json_object_get(answer, "rows"), i, row) {
			const char *name = json_string_value(json_array_get(row, n));
			const struct st_state_row *s =
				name == NULL ? NULL
					     : st_kind_state_named(st_kind(ST_KIND_MATTER),
								   st_span_text(name));
			if (s != NULL)
				(void)json_array_set_new(row, n, json_string(either(s->zh, s->en)));
		}
	}
}

static bool to_file(const struct args *a)
{
	return option(a, "csv") != NULL || option(a, "xlsx") != NULL;
}

static int print(const struct args *a, const struct answer *ans)
{
	if (ctl.json && !to_file(a)) {
		answer_print(ans);
		return 0;
	}
	name_states(ans->json);
	return out_table(a, ans->json);
}

static int run_candidates(const struct args *a)
{
	static const char *const passed[] = { "category", "subcategory", "place", "title", "text",
					      "phone",    "id",          "limit", "days" };
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/matters/candidates");
	query_add(&q, "record", a->count > 0 ? a->words[0] : NULL);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		query_add(&q, passed[i], option(a, passed[i]));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0)
		rc = print(a, &ans);
	if (rc == 0 && !ctl.json && !to_file(a)) {
		const json_t *looked = json_object_get(ans.json, "looked");
		(void)printf("%s %lld; %s %lld; %s: %s %lld, %s %lld\n",
			     either("看过的事项", "matters looked at"), number(looked, "rows"),
			     either("比对了文字的", "texts compared"), number(looked, "texts"),
			     either("前后天数", "days on either side"),
			     either("登记站", "its station"), number(looked, "own_days"),
			     either("其他站", "other stations"), number(looked, "days"));
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
	if (rc == 0)
		rc = print(a, &ans);
	answer_done(&ans);
	return rc;
}

static const char *text_at(const json_t *row, size_t n)
{
	const char *text = json_string_value(json_array_get(row, n));
	return text == NULL ? "" : text;
}

/* Under a matter that others were merged into: how many voices it has, and whose reporters know the
 * result. */
int matters_merged(const char *number_text)
{
	struct query q;
	struct answer ans;
	size_t i;
	json_t *row;
	query_init(&q, "/v1/matters/voices");
	query_add(&q, "record", number_text);
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && number(ans.json, "voices") > 1) {
		(void)printf("  %s %lld; %s %lld\n", either("反映件数", "voices"),
			     number(ans.json, "voices"), either("未告知", "not told yet"),
			     number(ans.json, "untold"));
		json_array_foreach(json_object_get(ans.json, "rows"), i, row) {
			bool told = json_is_true(json_array_get(row, 4));
			(void)printf("    %s  %s  %s  %s\n", text_at(row, 0), text_at(row, 1),
				     text_at(row, 2),
				     told ? either("已告知", "told") : either("未告知", "not told"));
		}
	}
	answer_done(&ans);
	return rc;
}

const struct verb matter_verbs[] = {
	{ "matter candidates",
	  "[NUMBER] [--category C] [--subcategory S] [--place P] [--title T] [--text T] [--phone "
	  "P] [--id ID] [--days N] [--limit N] " OUT_USAGE,
	  "category subcategory place title text phone id days limit " OUT_OPTIONS, 0, 1,
	  run_candidates, "找可能是同一件事的事项 (登记前可按内容找), 说明各项理由; 是否并案由人定",
	  "matters that may be the same trouble, and why; before registering, by what it says. A "
	  "person decides",
	  "stationctl matter candidates --category 环境卫生 --place 幸福里社区 --text "
	  "三号院门口垃圾三天没人清运" },
	{ "matter voices", "[NUMBER] [--limit N] " OUT_USAGE, "limit " OUT_OPTIONS, 0, 1,
	  run_voices, "反映件数最多的事项; 或某件并入了哪些件, 反映人是否已告知",
	  "the matters with the most voices; or what was merged into one, and whose reporters were "
	  "told",
	  "stationctl matter voices --limit 10" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
