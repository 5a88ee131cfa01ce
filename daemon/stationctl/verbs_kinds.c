/* verbs_kinds.c - the tables of record kinds, printed: for people, as a diagram, as documentation.
 *
 * Owns:    the shape of deploy/docs/kinds.md.
 * Flow:    tables -> verbs -> screen, documentation */
#include <stdio.h>
#include <string.h>
#include <station/base/bytes.h>
#include <station/work/kind.h>
#include "ctl.h"

static const char *const types[][2] = {
	[ST_FIELD_TEXT] = { "单行", "line" },	      [ST_FIELD_LONG] = { "多行", "lines" },
	[ST_FIELD_NUMBER] = { "数", "number" },	      [ST_FIELD_DAY] = { "日期", "day" },
	[ST_FIELD_CHOICE] = { "选项", "choice" },      [ST_FIELD_IDENTITY] = { "身份证号", "identity number" },
	[ST_FIELD_STATION] = { "站码", "station" },    [ST_FIELD_TIME] = { "时刻", "time" },
	[ST_FIELD_HASH] = { "文件指纹", "file hash" }, [ST_FIELD_RECORD] = { "记录", "record" },
};
static const char *const places[][2] = {
	[ST_AS_FACT] = { "事实", "fact" },
	[ST_AS_TEXT] = { "正文 (可抹除)", "text, erasable" },
	[ST_AS_PRIVATE] = { "个人信息 (加密)", "private, encrypted" },
};

/* What a value of the field is like, in one language. */
static void put_type(struct st_buf *to, const struct st_field_row *f, bool en)
{
	st_buf_put_text(to, types[f->type][en]);
	if (f->type == ST_FIELD_NUMBER)
		st_buf_printf(to, " %llu..%llu", (unsigned long long)f->min, (unsigned long long)f->max);
	if (f->type == ST_FIELD_TEXT || f->type == ST_FIELD_LONG)
		st_buf_printf(to, " ≤ %llu", (unsigned long long)f->max);
	if (f->type == ST_FIELD_RECORD && f->max != 0 && st_kind((uint32_t)f->max) != NULL)
		st_buf_printf(to, " (%s)", st_kind((uint32_t)f->max)->name);
	if ((f->flags & ST_MANY) != 0)
		st_buf_put_text(to, en ? ", several" : ", 可多个");
	if ((f->flags & ST_ONCE) != 0)
		st_buf_put_text(to, en ? ", on opening" : ", 登记时定");
	if ((f->flags & ST_FILLED) != 0)
		st_buf_put_text(to, en ? ", by the program" : ", 由程序填写");
}

static void put_from(struct st_buf *to, const struct st_kind *k, const struct st_move_row *m, bool en,
		     const char *between)
{
	size_t n = 0;
	for (size_t i = 0; i < k->state_count; i++)
		if (st_move_from(k, m, k->states[i].number))
			st_buf_printf(to, "%s%s", n++ == 0 ? "" : between,
				      en ? k->states[i].en : k->states[i].zh);
	if (st_move_opens(m))
		st_buf_put_text(to, "-");
}

static void put_needs(struct st_buf *to, const struct st_kind *k, const struct st_move_row *m)
{
	for (size_t n = 0; n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
		st_buf_printf(to, "%s%s", n == 0 ? "" : " ", st_kind_field(k, m->needs[n])->name);
}

static const char *to_text(const struct st_kind *k, const struct st_move_row *m, bool en)
{
	const struct st_state_row *s = m->to == 0 ? NULL : st_kind_state(k, m->to);
	return s == NULL ? "" : en ? s->en : s->zh;
}

static const char *ended(struct st_buf *b)
{
	st_buf_u8(b, 0);
	return b->error < 0 ? "" : (const char *)b->data;
}

/* ---- for people ---- */

static void print_list(void)
{
	struct table t;
	table_init(&t, 5, "llrrr");
	const char *head[] = { either("类", "kind"), either("名称", "name"), either("字段", "fields"),
			       either("状态", "states"), either("办法", "moves") };
	table_add(&t, head);
	for (size_t i = 0; i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		char counts[3][16];
		(void)snprintf(counts[0], 16, "%zu", k->field_count);
		(void)snprintf(counts[1], 16, "%zu", k->state_count);
		(void)snprintf(counts[2], 16, "%zu", k->move_count);
		const char *row[] = { k->name, either(k->zh, k->en), counts[0], counts[1], counts[2] };
		table_add(&t, row);
	}
	table_print(&t);
}

static void print_moves(const struct st_kind *k)
{
	bool en = ctl.lang == ST_EN;
	struct table t;
	const char *head[] = { either("命令", "verb"), either("办法", "move"), either("由", "from"),
			       either("到", "to"), either("需要", "needs") };
	table_init(&t, 5, "lllll");
	table_add(&t, head);
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		struct st_buf from, needs;
		st_buf_init(&from, 2000);
		st_buf_init(&needs, 2000);
		put_from(&from, k, m, en, " ");
		put_needs(&needs, k, m);
		const char *row[] = { m->who == ST_BY_PROGRAM ? m->example : m->name, either(m->zh, m->en), ended(&from), to_text(k, m, en),
				      ended(&needs) };
		table_add(&t, row);
		st_buf_done(&from);
		st_buf_done(&needs);
	}
	table_print(&t);
}

static void print_fields(const struct st_kind *k)
{
	bool en = ctl.lang == ST_EN;
	struct table t;
	const char *head[] = { either("字段", "field"), either("名称", "name"), either("值", "value"),
			       either("存放", "kept as") };
	table_init(&t, 4, "llll");
	table_add(&t, head);
	for (size_t i = 0; i < k->field_count; i++) {
		const struct st_field_row *f = &k->fields[i];
		struct st_buf type;
		st_buf_init(&type, 500);
		put_type(&type, f, en);
		const char *row[] = { f->name, either(f->zh, f->en), ended(&type), places[f->place][en] };
		table_add(&t, row);
		st_buf_done(&type);
	}
	table_print(&t);
}

static void print_states(const struct st_kind *k)
{
	struct table t;
	const char *head[] = { either("状态", "state"), either("名称", "name"), "" };
	table_init(&t, 3, "lll");
	table_add(&t, head);
	for (size_t i = 0; i < k->state_count; i++) {
		const struct st_state_row *s = &k->states[i];
		const char *row[] = { s->name, either(s->zh, s->en),
				      s->class == ST_OPEN ? either("在办", "open") : either("已结", "ended") };
		table_add(&t, row);
	}
	table_print(&t);
}

/* ---- as documentation, both languages side by side ---- */

static void markdown_diagram(const struct st_kind *k)
{
	(void)printf("```mermaid\nstateDiagram-v2\n");
	for (size_t i = 0; i < k->state_count; i++)
		(void)printf("    state \"%s %s\" as %s\n", k->states[i].zh, k->states[i].en, k->states[i].name);
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		const struct st_state_row *to = m->to == 0 ? NULL : st_kind_state(k, m->to);
		if (to != NULL && st_move_opens(m))
			(void)printf("    [*] --> %s: %s %s\n", to->name, m->zh, m->name);
		for (size_t n = 0; to != NULL && n < k->state_count; n++)
			if (st_move_from(k, m, k->states[n].number))
				(void)printf("    %s --> %s: %s %s\n", k->states[n].name, to->name, m->zh, m->name);
	}
	for (size_t i = 0; i < k->state_count; i++)
		if (k->states[i].class == ST_ENDED)
			(void)printf("    %s --> [*]\n", k->states[i].name);
	(void)printf("```\n\n");
}

static void markdown_moves(const struct st_kind *k)
{
	(void)printf("| 命令 verb | 办法 move | 由 from | 到 to | 需要 needs |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		struct st_buf zh, en, needs;
		st_buf_init(&zh, 2000);
		st_buf_init(&en, 2000);
		st_buf_init(&needs, 2000);
		put_from(&zh, k, m, false, " ");
		put_from(&en, k, m, true, ", ");
		put_needs(&needs, k, m);
		bool program = m->who == ST_BY_PROGRAM; /* then the example is the verb that runs it */
		(void)printf("| `%s%s%s` | %s %s | %s %s | %s %s | %s |\n", program ? "" : k->name,
			     program ? "" : " ", program ? m->example : m->name, m->zh, m->en,
			     ended(&zh), st_move_opens(m) ? "" : ended(&en),
			     m->to == 0 ? "不变" : to_text(k, m, false),
			     m->to == 0 ? "as it was" : to_text(k, m, true), ended(&needs));
		st_buf_done(&zh);
		st_buf_done(&en);
		st_buf_done(&needs);
	}
}

static void markdown_fields(const struct st_kind *k)
{
	(void)printf("\n| 字段 field | 名称 name | 值 value | 存放 kept as |\n|---|---|---|---|\n");
	for (size_t i = 0; i < k->field_count; i++) {
		const struct st_field_row *f = &k->fields[i];
		struct st_buf zh, en;
		st_buf_init(&zh, 500);
		st_buf_init(&en, 500);
		put_type(&zh, f, false);
		put_type(&en, f, true);
		(void)printf("| `%s` | %s %s | %s; %s", f->name, f->zh, f->en, ended(&zh), ended(&en));
		for (const struct st_choice *c = f->choices; c != NULL && c->name != NULL; c++)
			(void)printf("%s`%s` %s", c == f->choices ? ": " : ", ", c->name, c->zh);
		(void)printf(" | %s; %s |\n", places[f->place][0], places[f->place][1]);
		st_buf_done(&zh);
		st_buf_done(&en);
	}
}

static void markdown_rules(const struct st_kind *k)
{
	for (size_t i = 0; i < k->rule_count; i++) {
		const struct st_rule *r = &k->rules[i];
		(void)printf("%s-", i == 0 ? "\n" : "");
		for (size_t n = 0; n < ST_RULE_MOVES_MAX && r->moves[n] != 0; n++)
			(void)printf(" `%s`", st_kind_move(k, r->moves[n])->name);
		(void)printf(": %s。%s.\n", r->zh, r->en);
	}
}

static void markdown(const struct st_kind *k)
{
	(void)printf("\n## %s %s\n\n", k->zh, k->en);
	markdown_diagram(k);
	markdown_moves(k);
	markdown_rules(k);
	markdown_fields(k);
}

static void markdown_all(const struct st_kind *only)
{
	(void)printf("# 记录种类 Record kinds\n\n"
		     "由 `make docs` 按程序内的表生成, 勿手改。Made by `make docs` from the program's tables; "
		     "not to be edited.\n\n"
		     "状态图中双圈为结束。不改状态的办法只列在表中。In the diagrams a ring is an end; moves that leave "
		     "the state as it was stand in the tables only.\n");
	for (size_t i = 0; i < st_kind_count(); i++)
		if (only == NULL || only == st_kind_at(i))
			markdown(st_kind_at(i));
}

/* ---- as a graph ---- */

static void dot(const struct st_kind *k)
{
	bool en = ctl.lang == ST_EN;
	(void)printf("digraph %s {\n\trankdir=LR;\n\tstart [shape=point];\n", k->name);
	for (size_t i = 0; i < k->state_count; i++)
		(void)printf("\t%s [label=\"%s\"%s];\n", k->states[i].name,
			     en ? k->states[i].en : k->states[i].zh,
			     k->states[i].class == ST_ENDED ? ", peripheries=2" : "");
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		const struct st_state_row *to = m->to == 0 ? NULL : st_kind_state(k, m->to);
		if (st_move_opens(m) && to != NULL)
			(void)printf("\tstart -> %s [label=\"%s\"];\n", to->name, en ? m->en : m->zh);
		for (size_t n = 0; to != NULL && n < k->state_count; n++)
			if (st_move_from(k, m, k->states[n].number))
				(void)printf("\t%s -> %s [label=\"%s\"];\n", k->states[n].name, to->name,
					     en ? m->en : m->zh);
	}
	(void)printf("}\n");
}

static int print_json(const char *name)
{
	struct answer ans;
	size_t i;
	json_t *one;
	int rc = call_get("/v1/kinds", &ans);
	if (rc == 0 && name == NULL)
		answer_print(&ans);
	json_array_foreach(rc == 0 && name != NULL ? json_object_get(ans.json, "kinds") : NULL, i, one)
		if (strcmp(member(one, "name"), name) == 0)
			json_print(one);
	answer_done(&ans);
	return rc;
}

static int run_kinds(const struct args *a)
{
	const struct st_kind *k = a->count > 0 ? st_kind_named(a->words[0]) : NULL;
	if (a->count > 0 && k == NULL) {
		complain(T_BAD_KIND, a->words[0]);
		return CTL_USAGE;
	}
	if (ctl.json) {
		return print_json(k == NULL ? NULL : k->name);
	} else if (flag(a, "markdown")) {
		markdown_all(k);
	} else if (flag(a, "dot")) {
		for (size_t i = 0; i < st_kind_count(); i++)
			if (k == NULL || k == st_kind_at(i))
				dot(st_kind_at(i));
	} else if (k == NULL) {
		print_list();
	} else {
		(void)printf("%s %s\n\n", k->name, either(k->zh, k->en));
		print_states(k);
		(void)puts("");
		print_moves(k);
		(void)puts("");
		print_fields(k);
	}
	return CTL_RIGHT;
}

const struct verb kind_verbs[] = {
	{ "kinds", "[KIND] [--dot | --markdown]", "!dot !markdown", 0, 1, run_kinds,
	  "各类记录的字段、状态与办法表", "the kinds of records: fields, states and moves",
	  "stationctl kinds suggestion" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
