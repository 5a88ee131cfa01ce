/* verbs_record.c - the clerk's verbs, made from the tables: each kind has one for each of its moves,
 * and note, show and list. Options are the kind's fields.
 *
 * Owns:    how a record looks on the screen.
 * Flow:    tables -> verbs; clerk -> verbs -> call */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/work/kind.h>
#include "ctl.h"

enum { VERBS_MAX = 320 };
static struct verb rows[VERBS_MAX + 1]; /* ends with a NULL name */
static struct {
	const struct st_kind *kind;
	const struct st_move_row *move; /* NULL: note, show, list */
} of[VERBS_MAX];
static size_t row_count;

static bool is_ours(const struct verb *v)
{
	return v >= rows && v < rows + row_count;
}

static const struct st_kind *kind_of(const struct args *a)
{
	return of[a->verb - rows].kind;
}

static const char *state_text(const struct st_kind *k, const char *name)
{
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state_named(k, st_span_text(name));
	return s == NULL ? name : either(s->zh, s->en);
}

/* Several values of one field go as a list; a second one of a field that has one value would take the first's place. */
static int add_field(json_t *fields, const struct st_field_row *f, const char *value)
{
	json_t *list = json_object_get(fields, f->name);
	if ((f->flags & ST_MANY) == 0 && list != NULL) {
		complain(T_TWICE, f->name);
		return CTL_USAGE;
	}
	if ((f->flags & ST_MANY) == 0)
		json_object_set_new(fields, f->name, json_string(value));
	else if (list != NULL)
		json_array_append_new(list, json_string(value));
	else
		json_object_set_new(fields, f->name, json_pack("[s]", value));
	return 0;
}

static int run_move(const struct args *a)
{
	const struct st_kind *k = kind_of(a);
	const struct st_move_row *m = of[a->verb - rows].move; /* NULL: a note */
	struct answer ans;
	json_t *fields = json_object();
	json_t *body = json_pack("{s:s, s:s}", "kind", k->name, "move", m == NULL ? "note" : m->name);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < a->option_count; i++) {
		const char *name = a->options[i].name;
		if (strcmp(name, "template") == 0)
			continue;
		const struct st_field_row *f = st_kind_field_named(k, st_span_text(name));
		if (f != NULL)
			rc = add_field(fields, f, a->options[i].value);
		else
			json_object_set_new(body, name, json_string(a->options[i].value));
	}
	json_object_set_new(body, "fields", fields);
	if (rc == 0 && option(a, "template") != NULL)
		rc = template_fill(k, option(a, "template"), fields);
	if (rc != 0) {
		json_decref(body);
		return rc;
	}
	if (a->count > 0)
		json_object_set_new(body, "record", json_string(a->words[0]));
	rc = call_post("/v1/commands", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0 && m != NULL && st_move_opens(m))
		(void)puts(member(ans.json, "number"));
	else if (rc == 0)
		complain(m == NULL ? T_NOTED : T_MOVED, member(ans.json, "number"),
			 state_text(k, member(ans.json, "state")));
	answer_done(&ans);
	return rc;
}

static void show_value(const struct st_field_row *row, const char *name, const json_t *value)
{
	const struct st_choice *c = NULL;
	const char *words = json_is_string(value) ? json_string_value(value) : "";
	if (row != NULL && row->choices != NULL)
		c = st_choice_named(row->choices, st_span_text(words));
	(void)printf("    %s: %s\n", row == NULL ? name : either(row->zh, row->en),
		     c != NULL ? either(c->zh, c->en) : words);
}

static void show_fields(const struct st_kind *k, const json_t *fields)
{
	const char *name;
	json_t *value, *one;
	size_t i;
	json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
		const struct st_field_row *row =
			k == NULL ? NULL : st_kind_field_named(k, st_span_text(name));
		if (!json_is_array(value))
			show_value(row, name, value);
		json_array_foreach(value, i, one)
			show_value(row, name, one);
	}
}

static void show_event(const struct st_kind *k, const json_t *e)
{
	const struct st_move_row *m = k == NULL ? NULL : st_kind_move_named(k, member(e, "move"));
	const char *held = member(e, "held_by");
	(void)printf("  %s %s %s  [%s, %s %s]%s%s\n", member(e, "at"),
		     m != NULL ? either(m->zh, m->en)
		     : strcmp(member(e, "type"), "reassign") == 0 ? either("改派", "reassigned")
								  : either("备注", "note"),
		     state_text(k, member(e, "state")), member(e, "event"), either("持有至", "held by"),
		     held[0] == 0 ? either("仅本站", "this station only") : held,
		     member(e, "author")[0] ? " " : "", member(e, "author"));
	if (member(e, "stray")[0] != 0)
		(void)printf("    (%s)\n", strcmp(member(e, "stray"), "waiting") == 0
						  ? either("等待前一事件, 或等待在办站登记",
							   "waits for an earlier event, or for its holder to be enrolled")
						  : either("未采纳", "set aside"));
	show_reaches(e);
	show_fields(k, json_object_get(e, "facts"));
	show_fields(k, json_object_get(e, "texts"));
	show_fields(k, json_object_get(e, "private"));
	if (truth(e, "private_erased"))
		(void)printf("    (%s)\n", either("个人信息已抹除", "personal fields were erased"));
	else if (truth(e, "private_elsewhere"))
		(void)printf("    (%s)\n", either("个人信息只在持有站可读", "personal fields are readable at the holder only"));
	if (truth(e, "texts_erased"))
		(void)printf("    (%s)\n", either("正文已抹除", "the text was erased"));
	else if (truth(e, "texts_missing"))
		(void)printf("    (%s)\n", either("正文不在本站", "the text isn't here"));
}

static void show_left(const json_t *left)
{
	size_t i;
	json_t *one;
	if (json_array_size(json_object_get(left, "values")) == 0)
		return;
	(void)printf("  %s:", spoken(left));
	json_array_foreach(json_object_get(left, "values"), i, one)
		(void)printf(" %s", json_is_string(one) ? json_string_value(one) : "");
	(void)puts("");
}

/* Of a merged one: what is handled for it, and whether its reporter has heard. */
static void show_joined(const struct st_kind *k, const json_t *j)
{
	const char *reply = member(j, "reply");
	if (!json_is_object(j))
		return;
	(void)printf("  %s %s  ", either("并入, 一并办理", "handled as"), member(j, "number"));
	if (truth(j, "here"))
		(void)printf("%s  %s %s; ", state_text(k, member(j, "state")), either("持有站", "holder"),
			     member(j, "holder"));
	else
		(void)printf("(%s); ", either("不在本站", "not here"));
	(void)printf("%s\n", truth(j, "told") ? either("反映人已告知", "its reporter has been told")
					      : either("反映人未告知", "its reporter hasn't been told"));
	if (reply[0] != 0)
		(void)printf("    %s: %s\n", either("答复", "reply"), reply);
}

static int run_show(const struct args *a)
{
	const struct st_kind *k = kind_of(a);
	struct answer ans;
	struct query q;
	size_t i;
	json_t *e;
	query_init(&q, "/v1/records/");
	query_put(&q, a->words[0]);
	query_add(&q, "events", "1");
	query_add(&q, "kind", k->name);
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		const json_t *r = json_object_get(ans.json, "record");
		(void)printf("%s  %s  %s\n", member(r, "number"), state_text(k, member(r, "state")),
			     member(r, "category"));
		char due[80];
		if (json_is_integer(json_object_get(r, "days_left")))
			(void)snprintf(due, sizeof(due), "%s %lld", either("停表, 剩余天数", "stopped, days left"),
				       number(r, "days_left"));
		else
			(void)snprintf(due, sizeof(due), "%s", member(r, "due"));
		(void)printf("  %s %s; %s %s; %s %s; %s %s\n", either("登记", "opened"), member(r, "opened"),
			     either("期限", "due"), due, either("办结", "closed"),
			     member(r, "closed"), either("持有站", "holder"), member(r, "holder"));
		json_array_foreach(json_object_get(ans.json, "events"), i, e)
			show_event(k, e);
		json_array_foreach(json_object_get(ans.json, "left"), i, e)
			show_left(e);
		show_joined(k, json_object_get(ans.json, "joined"));
		if (k->number == ST_KIND_MATTER)
			rc = matters_merged(member(r, "number"));
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
	query_add(&q, "kind", kind_of(a)->name);
	query_add(&q, "holder", option(a, "holder"));
	query_add(&q, "state", option(a, "state"));
	query_add(&q, "limit", option(a, "limit"));
	query_add(&q, "page", option(a, "page"));
	query_add(&q, "overdue", option(a, "overdue"));
	query_add(&q, "open", option(a, "open"));
	query_add(&q, "untold", option(a, "untold"));
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
		const char *row[] = { member(r, "number"), state_text(kind_of(a), member(r, "state")),
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

/* ---- the rows ---- */

/* Four texts as one, which lives as long as the program. */
static const char *words_of(const char *a, const char *b, const char *c, const char *d)
{
	char *to = NULL;
	return asprintf(&to, "%s%s%s%s", a, b, c, d) < 0 ? "" : to;
}

static struct verb *add_verb(const struct st_kind *k, const char *name)
{
	if (row_count == VERBS_MAX)
		abort(); /* a table has grown: so must VERBS_MAX */
	of[row_count].kind = k;
	struct verb *v = &rows[row_count++];
	v->name = words_of(k->name, " ", name, "");
	return v;
}

static void add_move(const struct st_kind *k, const struct st_move_row *m)
{
	bool opens = st_move_opens(m);
	struct verb *v = add_verb(k, m->name);
	of[v - rows].move = m;
	v->usage = opens ? "[--FIELD VALUE ...] [--at TIME] [--author ID]"
			 : "NUMBER [--FIELD VALUE ...] [--at TIME] [--author ID]";
	v->options = "at author";
	if (opens && template_table(k) != NULL) {
		v->usage = "[--template NAME] [--FIELD VALUE ...] [--at TIME] [--author ID]";
		v->options = "at author template";
	}
	v->least = v->most = opens ? 0 : 1;
	v->run = run_move;
	v->zh = m->zh;
	v->en = m->en;
	v->example = words_of("stationctl ", v->name, opens ? " " : m->example[0] ? " NUMBER " : " NUMBER",
			      m->example);
}

static void add_rest(const struct st_kind *k)
{
	struct verb *note = add_verb(k, "note"), *show = add_verb(k, "show"), *list = add_verb(k, "list");
	note->usage = "NUMBER [--FIELD VALUE ...] [--at TIME] [--author ID]";
	note->options = "at author";
	note->least = note->most = 1;
	note->run = run_move;
	note->zh = "加备注";
	note->en = "add a note";
	note->example = words_of("stationctl ", note->name, " NUMBER --remark 已电话联系", "");
	show->usage = "NUMBER";
	show->options = "";
	show->least = show->most = 1;
	show->run = run_show;
	show->zh = "看一条记录的经过, 每步由哪级持有";
	show->en = "one record's life, and which tier holds each step";
	show->example = words_of("stationctl ", show->name, " NUMBER", "");
	list->usage = "[--open] [--overdue] [--untold] [--state S] [--holder CODE] [--limit N] [--page TOKEN]";
	list->options = "!open !overdue !untold state holder limit page";
	list->run = run_list;
	list->zh = words_of("列出", k->zh, "", "");
	list->en = words_of("list: ", k->en, "", "");
	list->example = words_of("stationctl ", list->name, " --open", "");
}

const struct verb *record_verbs(void)
{
	if (row_count > 0)
		return rows;
	for (size_t i = 0; i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		for (size_t n = 0; n < k->move_count; n++)
			if (k->moves[n].who != ST_BY_PROGRAM) /* their verbs do more (verbs_vote.c) */
				add_move(k, &k->moves[n]);
		add_rest(k);
	}
	return rows;
}

/* ---- help ---- */

static bool is_needed(const struct st_move_row *m, uint32_t id)
{
	for (size_t n = 0; m != NULL && n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
		if (m->needs[n] == id)
			return true;
	return false;
}

static void help_field(const struct st_field_row *f, bool needed)
{
	(void)printf("  --%-18s %s%s", f->name, needed ? either("[必填] ", "[needed] ") : "",
		     either(f->zh, f->en));
	for (const struct st_choice *c = f->choices; c != NULL && c->name != NULL; c++)
		(void)printf("%s%s", c == f->choices ? ": " : " | ", c->name);
	if ((f->flags & ST_MANY) != 0)
		(void)printf("%s", either(" (可多次)", " (may be repeated)"));
	(void)puts(f->place == ST_AS_PRIVATE ? either(" (保密, 只存本站)", " (private: stays here)") : "");
}

static void help_states(const struct st_kind *k, const struct st_move_row *m)
{
	const struct st_state_row *to = m->to == 0 ? NULL : st_kind_state(k, m->to);
	(void)printf("%s:", either("状态", "State"));
	if (st_move_opens(m))
		(void)printf(" %s", either("(新记录)", "(a new record)"));
	for (size_t i = 0; i < k->state_count; i++)
		if (st_move_from(k, m, k->states[i].number))
			(void)printf(" %s", either(k->states[i].zh, k->states[i].name));
	(void)printf(" -> %s\n", to == NULL ? either("不变", "as it was") : either(to->zh, to->name));
	if (m->days != 0)
		(void)printf("%s %u %s\n", either("限", "within"), m->days, either("天内", "days"));
}

static const char *const forms[][2] = {
	[ST_FIELD_TEXT] = { "一行文字, 不能全是空白", "one line, not only blanks" },
	[ST_FIELD_LONG] = { "文字, 不能全是空白", "text, not only blanks" },
	[ST_FIELD_NUMBER] = { "整数, 半角数字", "a whole number" },
	[ST_FIELD_DAY] = { "日期, 如 2026-07-01", "a day, as 2026-07-01" },
	[ST_FIELD_CHOICE] = { "", "" }, /* its names say it */
	[ST_FIELD_IDENTITY] = { "18 位身份证号, 末位须相符", "18 characters, the last of which must fit" },
	[ST_FIELD_STATION] = { "已加入的站的站码, 如 410611003", "the code of a station that has joined, as 410611003" },
	[ST_FIELD_TIME] = { "时刻, 如 15:00", "a time of day, as 15:00" },
	[ST_FIELD_HASH] = { "SHA-256, 64 位十六进制小写", "a SHA-256, 64 lower-case hexadecimal digits" },
	[ST_FIELD_RECORD] = { "记录编号, 请核对", "a record's number; this one is mistyped" },
};

/* What a value of the field is to be. */
static void explain_value(const struct st_field_row *f)
{
	unsigned long long min = f->min, max = f->max;
	const char *form = either(forms[f->type][0], forms[f->type][1]);
	if (form[0] != 0)
		(void)fprintf(stderr, ": %s", form);
	if (f->type == ST_FIELD_NUMBER)
		(void)fprintf(stderr, ", %llu..%llu", min, max);
	if (f->type == ST_FIELD_TEXT || f->type == ST_FIELD_LONG)
		(void)fprintf(stderr, ", <= %llu %s", max, either("字节 (一个汉字 3 字节)", "bytes of UTF-8"));
	if ((f->flags & ST_MANY) != 0)
		(void)fprintf(stderr, ", <= %d %s", ST_MANY_MAX, either("个", "of them"));
}

/* What stands in brackets behind a field, where it asks for more than a bound says; false: it is one. */
static bool explain_bound(const struct st_field_row *f, const char *bound)
{
	char other[64];
	unsigned n;
	int end = 0;
	if ((f->flags & ST_MANY) != 0 && sscanf(bound, " (>= %u)%n", &n, &end) == 1 && bound[end] == 0)
		complain(T_AT_LEAST, n, f->name);
	else if (sscanf(bound, " (< %63[a-z_]: %u)", other, &n) == 2)
		complain(T_FEWER_THAN, other, n);
	else if (sscanf(bound, " (+ %63[^)])", other) == 1)
		complain(T_CITY_NAMES, other, f->name);
	else
		return false;
	return true;
}

bool kind_explain(const char *place)
{
	const struct st_kind *k = st_kind_named(place);
	if (k == NULL)
		return false;
	complain(T_OTHER_KIND, either(k->zh, k->en), k->name);
	return true;
}

bool record_moves_explain(const char *place)
{
	char first[40];
	if (!is_ours(ctl.args->verb) || sscanf(place, "%39s", first) != 1 ||
	    st_kind_move_named(kind_of(ctl.args), first) == NULL)
		return false;
	complain(T_MOVES, place);
	return true;
}

bool record_explain(const char *place)
{
	const struct args *a = ctl.args;
	if (!is_ours(a->verb) || place[0] == 0)
		return false;
	if (strcmp(place, "at") == 0) {
		complain(T_BAD_AT);
		return true;
	}
	const char *colon = strchr(place, ':'), *bound = strstr(place, " (");
	if (bound != NULL && colon != NULL && bound < colon)
		colon = NULL;
	size_t size = colon != NULL ? (size_t)(colon - place) : bound != NULL ? (size_t)(bound - place) : strlen(place);
	struct st_span field = st_span(place, size);
	const struct st_field_row *f = st_kind_field_named(kind_of(a), field);
	if (f == NULL)
		return false;
	if (colon != NULL) { /* the city's table hasn't it; what is like it stands behind */
		complain(T_NOT_IN_TABLE, f->name, colon[1] == 0 ? "" : either("; 相近的有:", "; like it are:"), colon + 1);
		return true;
	}
	complain(option(a, f->name) == NULL ? T_NEED_OPTION : T_BAD_NUMBER, f->name);
	if (bound != NULL && explain_bound(f, bound))
		bound = "";
	(void)fprintf(stderr, "  --%s %s%s", f->name, either(f->zh, f->en), bound == NULL ? "" : bound);
	if (bound == NULL && option(a, f->name) != NULL)
		explain_value(f);
	for (const struct st_choice *c = f->choices; c != NULL && c->name != NULL; c++)
		(void)fprintf(stderr, "%s%s", c == f->choices ? ": " : " | ", c->name);
	(void)fputc('\n', stderr);
	return true;
}

void record_help(const struct verb *v)
{
	if (!is_ours(v) || v->run != run_move)
		return;
	const struct st_kind *k = of[v - rows].kind;
	const struct st_move_row *m = of[v - rows].move;
	if (m != NULL)
		help_states(k, m);
	for (size_t i = 0; i < k->field_count; i++)
		if (is_needed(m, k->fields[i].id))
			help_field(&k->fields[i], true);
	for (size_t i = 0; i < k->field_count; i++)
		if (!is_needed(m, k->fields[i].id) && st_field_is_given(k, m, &k->fields[i]))
			help_field(&k->fields[i], false);
}

bool record_takes(const struct verb *v, const char *name)
{
	if (!is_ours(v) || v->run != run_move)
		return false;
	const struct st_kind *k = of[v - rows].kind;
	const struct st_field_row *f = st_kind_field_named(k, st_span_text(name));
	return f != NULL && st_field_is_given(k, of[v - rows].move, f);
}
