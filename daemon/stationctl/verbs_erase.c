/* verbs_erase.c - a record's texts and personal fields erased at every tier, and which stations
 * have confirmed it.
 *
 * Owns:    the question before what can't be taken back.
 * Flow:    clerk -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include <station/ask/erasures.h>
#include "ctl.h"

static const char *words_of(const char *name)
{
#define X(id, text, zh, en)          \
	if (strcmp(name, text) == 0) \
		return either(zh, en);
	ST_ERASE_SCOPES(X)
	ST_ERASURE_STATES(X)
#undef X
	return name;
}

static int run_erase(const struct args *a)
{
	const char *event = option(a, "event"), *author = option(a, "author"),
		   *reason = option(a, "reason");
	const char *scope = event != NULL ? "event" : flag(a, "private") ? "private" : "all";
	struct answer ans;
	if (reason == NULL || reason[0] == 0 || (event != NULL && flag(a, "private"))) {
		if (event != NULL && flag(a, "private"))
			complain(T_ERASE_ONE);
		else
			complain(T_NEED_OPTION, "reason");
		return CTL_USAGE;
	}
	int sure = confirmed(a, T_ERASE_ASK, words_of(scope));
	if (sure != 0)
		return sure;
	json_t *body = json_pack("{s:s, s:s, s:s}", "record", a->words[0], "reason", reason,
				 "scope", scope);
	if (event != NULL)
		json_object_set_new(body, "event", json_string(event));
	if (author != NULL)
		json_object_set_new(body, "author", json_string(author));
	int rc = call_post("/v1/erasures", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		complain(T_ERASED, number(ans.json, "parts"), member(ans.json, "number"),
			 member(ans.json, "event"));
	answer_done(&ans);
	return rc;
}

/* ---- list ---- */

static void print_rows(const struct args *a, const json_t *t)
{
	const char *head[] = { either("编号", "number"),      either("范围", "scope"),
			       either("发自", "from"),        either("时间", "written"),
			       either("已确认", "confirmed"), either("本站", "here"),
			       either("原因", "reason"),      either("事件", "event") };
	struct table to;
	size_t i;
	json_t *row;
	(void)a;
	table_init(&to, sizeof(head) / sizeof(head[0]), "llllrlll");
	table_add(&to, head);
	json_array_foreach(json_object_get(t, "rows"), i, row) {
		char done[48];
		(void)snprintf(done, sizeof(done), "%lld/%lld", column_number(t, row, "confirmed"),
			       column_number(t, row, "expected"));
		const char *cells[] = { column_text(t, row, "number"),
					words_of(column_text(t, row, "scope")),
					column_text(t, row, "from"),
					column_text(t, row, "written"),
					done,
					words_of(column_text(t, row, "state")),
					column_text(t, row, "reason"),
					column_text(t, row, "event") };
		table_add(&to, cells);
	}
	table_print(&to);
}

static int run_list(const struct args *a)
{
	struct query q;
	query_init(&q, "/v1/erasures");
	query_add(&q, "limit", option(a, "limit"));
	int rc = out_page(a, query_text(&q), print_rows);
	query_done(&q);
	return rc;
}

/* ---- show ---- */

static const char *station_words(const json_t *s)
{
	if (truth(s, "confirmed"))
		return either("已抹除", "erased");
	if (truth(s, "revoked"))
		return either("未确认: 该站已吊销", "not confirmed: revoked");
	if (strcmp(member(s, "state"), "waiting") == 0)
		return either("未确认: 待下级取走", "not confirmed: waits for the child");
	return either("未确认", "not confirmed");
}

static void print_one(const json_t *e)
{
	const json_t *why = json_object_get(e, "why");
	size_t i;
	json_t *s;
	(void)printf("%s  %s  [%s]  %s %lld/%lld\n", member(e, "number"),
		     words_of(member(e, "scope")), member(e, "event"),
		     either("已确认", "confirmed"), number(e, "confirmed"), number(e, "expected"));
	(void)printf("  %s %s%s%s: %s\n", member(e, "written"), member(e, "author"),
		     member(e, "author")[0] ? " " : "", either("原因", "reason"),
		     member(e, "reason"));
	(void)printf("  %s", words_of(member(e, "state")));
	if (json_is_object(why))
		(void)printf(" (%s)", spoken(why));
	(void)putchar('\n');
	json_array_foreach(json_object_get(e, "stations"), i, s)
		(void)printf("    %-16s %s  %s %s\n", member(s, "station"), member(s, "name"),
			     station_words(s), member(s, "at"));
}

static int run_show(const struct args *a)
{
	struct query q;
	struct answer ans;
	size_t i;
	json_t *e;
	query_init(&q, "/v1/erasures/");
	query_put(&q, a->words[0]);
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		json_array_foreach(json_object_get(ans.json, "erasures"), i, e)
			print_one(e);
	if (rc == 0 && !ctl.json && json_array_size(json_object_get(ans.json, "erasures")) == 0)
		complain(T_ERASE_NONE, a->words[0]);
	answer_done(&ans);
	return rc;
}

const struct verb erase_verbs[] = {
	{ "erase", "NUMBER|RECORD --reason TEXT [--private | --event EVENT] [--author ID] [--yes]",
	  "reason !private event author !yes", 1, 1, run_erase,
	  "在各级抹除一条记录的正文与个人信息 (不可恢复; 日志仍可核验); --private 只抹个人信息, "
	  "--event 只抹一个事件的",
	  "erase a record's texts and personal fields at every tier (for good; logs still verify); "
	  "--private: personal "
	  "fields only; --event: what one event brought",
	  "stationctl erase 410611003-2026-000042-K7 --reason 本人书面要求 --yes" },
	{ "erase list", "[--limit N] [--page TOKEN] " OUT_USAGE, "limit page " OUT_OPTIONS, 0, 0,
	  run_list, "本站所知的抹除, 及几站已确认",
	  "what was erased, and how many stations have confirmed it", "stationctl erase list" },
	{ "erase show", "EVENT|NUMBER", "", 1, 1, run_show, "各站是否已抹除; 离线的站显示未确认",
	  "station by station, whether it is erased; who is offline shows as not confirmed",
	  "stationctl erase show 410611003-2026-000042-K7" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
