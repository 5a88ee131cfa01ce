/* verbs_matter.c - the clerk's verbs. Options are the matter's fields, from its table.
 *
 * Owns:    how a matter looks on the screen.
 * Flow:    clerk -> verbs -> call */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/work/kind.h>
#include "ctl.h"

static const char *state_text(const char *name)
{
	const struct st_state_row *s =
		st_kind_state_named(st_kind_named("matter"), st_span_text(name));
	return s == NULL ? name : either(s->zh, s->en);
}

bool matter_explain(const char *place)
{
	const struct args *a = ctl.args;
	if (strncmp(a->verb->name, "matter ", 7) != 0 || place[0] == 0)
		return false;
	if (a->count > 0 && strcmp(a->words[0], place) == 0) {
		complain(T_NO_NUMBER, place);
		return true;
	}
	const struct st_field_row *f = st_kind_field_named(st_kind_named("matter"), st_span_text(place));
	if (f == NULL)
		return false;
	complain(option(a, place) == NULL ? T_NEED_OPTION : T_BAD_NUMBER, place);
	(void)fprintf(stderr, "  --%s %s", place, either(f->zh, f->en));
	for (const struct st_choice *c = f->choices; c != NULL && c->name != NULL; c++)
		(void)fprintf(stderr, "%s%s", c == f->choices ? ": " : " | ", c->name);
	(void)fputc('\n', stderr);
	return true;
}

static int run_move(const struct args *a)
{
	const char *move = a->verb->name + strlen("matter ");
	const struct st_kind *k = st_kind_named("matter");
	struct answer ans;
	json_t *fields = json_object(), *body = json_pack("{s:s, s:s}", "kind", "matter", "move", move);
	for (size_t i = 0; i < a->option_count; i++) {
		const char *name = a->options[i].name;
		if (st_kind_field_named(k, st_span_text(name)) != NULL)
			json_object_set_new(fields, name, json_string(a->options[i].value));
		else
			json_object_set_new(body, name, json_string(a->options[i].value));
	}
	json_object_set_new(body, "fields", fields);
	if (a->count > 0)
		json_object_set_new(body, "record", json_string(a->words[0]));
	int rc = call_post("/v1/commands", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0 && strcmp(move, "open") == 0)
		(void)puts(member(ans.json, "number"));
	else if (rc == 0)
		complain(strcmp(move, "note") == 0 ? T_NOTED : T_MOVED, member(ans.json, "number"),
			 state_text(member(ans.json, "state")));
	answer_done(&ans);
	return rc;
}

static void show_fields(const json_t *fields)
{
	const struct st_kind *k = st_kind_named("matter");
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
		const struct st_field_row *row = st_kind_field_named(k, st_span_text(name));
		const struct st_choice *c = NULL;
		if (row != NULL && row->choices != NULL)
			c = st_choice_named(row->choices, st_span_text(json_string_value(value)));
		(void)printf("    %s: %s\n", row == NULL ? name : either(row->zh, row->en),
			     c != NULL ? either(c->zh, c->en) : json_string_value(value));
	}
}

static void show_event(const json_t *e)
{
	const struct st_move_row *m = st_kind_move_named(st_kind_named("matter"), member(e, "move"));
	const char *held = member(e, "held_by");
	(void)printf("  %s %s %s  [%s, %s %s]%s%s\n", member(e, "at"),
		     m == NULL ? either("备注", "note") : either(m->zh, m->en), state_text(member(e, "state")),
		     member(e, "event"), either("持有至", "held by"),
		     held[0] == 0 ? either("仅本站", "this station only") : held,
		     member(e, "author")[0] ? " " : "", member(e, "author"));
	if (member(e, "stray")[0] != 0)
		(void)printf("    (%s)\n", strcmp(member(e, "stray"), "waiting") == 0
						  ? either("等待前一事件", "waits for an earlier event")
						  : either("未采纳", "set aside"));
	show_fields(json_object_get(e, "facts"));
	show_fields(json_object_get(e, "texts"));
	show_fields(json_object_get(e, "private"));
	if (truth(e, "private_elsewhere"))
		(void)printf("    (%s)\n", either("个人信息只在持有站可读", "personal fields are readable at the holder only"));
	if (truth(e, "texts_missing"))
		(void)printf("    (%s)\n", either("正文不在本站", "the text isn't here"));
}

static int run_show(const struct args *a)
{
	char path[256];
	struct answer ans;
	size_t i;
	json_t *e;
	(void)snprintf(path, sizeof(path), "/v1/records/%.200s?events=1", a->words[0]);
	int rc = call_get(path, &ans);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		const json_t *r = json_object_get(ans.json, "record");
		(void)printf("%s  %s  %s\n", member(r, "number"), state_text(member(r, "state")),
			     member(r, "category"));
		(void)printf("  %s %s; %s %s; %s %s; %s %s\n", either("登记", "opened"), member(r, "opened"),
			     either("期限", "due"), member(r, "due"), either("办结", "closed"),
			     member(r, "closed"), either("持有站", "holder"), member(r, "holder"));
		json_array_foreach(json_object_get(ans.json, "events"), i, e)
			show_event(e);
	}
	answer_done(&ans);
	return rc;
}

static int run_list(const struct args *a)
{
	struct query q;
	struct answer ans;
	struct table t;
	size_t i;
	json_t *r;
	query_init(&q, "/v1/records");
	query_add(&q, "holder", option(a, "holder"));
	query_add(&q, "state", option(a, "state"));
	query_add(&q, "limit", option(a, "limit"));
	query_add(&q, "from", option(a, "from"));
	query_add(&q, "overdue", option(a, "overdue"));
	query_add(&q, "open", option(a, "open"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc != 0 || ctl.json) {
		if (rc == 0)
			answer_print(&ans);
		answer_done(&ans);
		return rc;
	}
	const char *head[] = { either("编号", "number"), either("状态", "state"), either("登记", "opened"),
			       either("期限", "due"), either("持有站", "holder"),
			       either("类别", "category"), either("标题", "title") };
	table_init(&t, 7, "lllllll");
	table_add(&t, head);
	json_array_foreach(json_object_get(ans.json, "records"), i, r) {
		const char *row[] = { member(r, "number"), state_text(member(r, "state")),
				      member(r, "opened"), member(r, "due"), member(r, "holder"),
				      member(r, "category"), member(r, "title") };
		table_add(&t, row);
	}
	table_print(&t);
	if (member(ans.json, "next")[0] != 0)
		complain(T_MORE, member(ans.json, "next"));
	answer_done(&ans);
	return 0;
}

#define MOVE(name, words, zh, en, example)                                                         \
	{ "matter " name, words " [--FIELD VALUE ...] [--at TIME] [--author ID]", "*matter at author", \
	  (sizeof(words) > 1), (sizeof(words) > 1), run_move, zh, en, example }

const struct verb matter_verbs[] = {
	MOVE("open", "", "登记一件群众事项, 打印编号", "register a matter; prints its number",
	     "stationctl matter open --channel visit --category 环境卫生 --title 垃圾清运 --reporter_name 王某"),
	MOVE("accept", "NUMBER", "受理", "accept", "stationctl matter accept 410611003-2026-000001-K7"),
	MOVE("refuse", "NUMBER", "不予受理 (理由与另行途径)", "refuse (reason and where to go instead)",
	     "stationctl matter refuse NUMBER --reason 已由法院受理 --elsewhere 淇滨区人民法院"),
	MOVE("merge", "NUMBER", "并案", "merge into another", "stationctl matter merge NUMBER --joins NUMBER"),
	MOVE("withdraw", "NUMBER", "撤回", "withdraw", "stationctl matter withdraw NUMBER --reason 本人撤回"),
	MOVE("assign", "NUMBER", "交办给承办单位", "assign to a handling unit",
	     "stationctl matter assign NUMBER --unit 区城管局"),
	MOVE("answer", "NUMBER", "答复", "answer", "stationctl matter answer NUMBER --reply 已清运"),
	MOVE("return", "NUMBER", "退办", "hand back by the unit", "stationctl matter return NUMBER --reason 非本单位职责"),
	MOVE("extend", "NUMBER", "延期", "extend the due day",
	     "stationctl matter extend NUMBER --due 2026-12-31 --reason 待施工"),
	MOVE("echo", "NUMBER", "向反映人反馈", "echo to the reporter",
	     "stationctl matter echo NUMBER --rating_answer satisfied --told_how phone"),
	MOVE("rework", "NUMBER", "重办", "rework", "stationctl matter rework NUMBER --reason 未解决"),
	MOVE("close", "NUMBER", "办结", "close", "stationctl matter close NUMBER"),
	MOVE("reopen", "NUMBER", "重开 (办结 30 天内)", "reopen (within 30 days of closing)",
	     "stationctl matter reopen NUMBER --reason 反复"),
	MOVE("rate", "NUMBER", "记结果满意度", "rate the result",
	     "stationctl matter rate NUMBER --rating_result satisfied"),
	MOVE("hand", "NUMBER", "移交给另一站 (上报, 下派, 平级)", "hand on to another station: up, down or across",
	     "stationctl matter hand NUMBER --to 410611001 --reason 属该街道"),
	MOVE("reassign", "NUMBER", "改派 (上级站指定新的持有站)", "name a new holder, from a station above",
	     "stationctl matter reassign NUMBER --to 410611001"),
	MOVE("note", "NUMBER", "加备注", "add a note", "stationctl matter note NUMBER --remark 已电话联系"),
	{ "matter show", "NUMBER", "", 1, 1, run_show, "看一件事项的经过, 每步由哪级持有",
	  "one matter's life, and which tier holds each step", "stationctl matter show NUMBER" },
	{ "matter list", "[--open] [--overdue] [--state S] [--holder CODE] [--limit N] [--from TOKEN]",
	  "!open !overdue state holder limit from", 0, 0, run_list, "列出事项", "list matters",
	  "stationctl matter list --overdue" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
