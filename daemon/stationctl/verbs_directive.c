/* verbs_directive.c - what this station asked of others and was asked of, and how far each has come.
 *
 * Owns:    how that looks on the screen.
 * Flow:    clerk -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include <station/ask/reach.h>
#include <station/work/kind.h>
#include "ctl.h"

static const char *state_words(const char *name)
{
#define X(id, text, zh, en)                                                                        \
	if (strcmp(name, text) == 0)                                                               \
		return either(zh, en);
	ST_REACHES(X)
#undef X
	return name;
}

void show_reaches(const json_t *event)
{
	const json_t *aside = json_object_get(event, "aside");
	size_t i;
	json_t *r;
	if (json_is_object(aside))
		(void)printf("    %s%s%s\n", spoken(aside),
			     member(aside, "by")[0] ? ": " : "", member(aside, "by"));
	json_array_foreach(json_object_get(event, "addressed"), i, r) {
		(void)printf("    -> %s: %s", member(r, "to"), state_words(member(r, "state")));
		if (member(r, "child")[0] != 0)
			(void)printf(" (%s)", member(r, "child"));
		if (member(r, "delivered")[0] != 0)
			(void)printf("; %s %s", either("送达", "delivered"), member(r, "delivered"));
		if (member(r, "seen")[0] != 0)
			(void)printf("; %s %s", either("阅", "seen"), member(r, "seen"));
		if (truth(r, "revoked"))
			(void)printf("; %s", either("该站已吊销, 请改派", "that station is revoked: reassign"));
		(void)putchar('\n');
	}
}

/* ---- list ---- */

static const char *move_words(const char *kind, const char *move)
{
	const struct st_kind *k = st_kind_named(kind);
	const struct st_move_row *m = k == NULL ? NULL : st_kind_move_named(k, move);
	return m != NULL ? either(m->zh, m->en) : strcmp(move, "note") == 0 ? either("备注", "note") : move;
}

static void print_rows(const struct args *a, const json_t *t)
{
	bool received = flag(a, "received") || flag(a, "unseen");
	const char *head[] = { either("编号", "number"), received ? either("发自", "from") : either("发给", "to"),
			       either("事项", "what"), either("进展", "state"), either("发出", "sent"),
			       either("送达", "delivered"), either("阅", "seen"), either("期限", "due"),
			       either("事件", "event"), either("标题", "title") };
	struct table to;
	size_t i;
	json_t *row;
	table_init(&to, sizeof(head) / sizeof(head[0]), "llllllllll");
	table_add(&to, head);
	json_array_foreach(json_object_get(t, "rows"), i, row) {
		char state[128];
		const char *child = column_text(t, row, "child");
		(void)snprintf(state, sizeof(state), "%s%s%s", state_words(column_text(t, row, "state")),
			       child[0] ? " " : "", child);
		const char *cells[] = { column_text(t, row, "number"),
					column_text(t, row, received ? "from" : "to"),
					move_words(column_text(t, row, "kind"), column_text(t, row, "move")),
					state, column_text(t, row, "sent"), column_text(t, row, "delivered"),
					column_text(t, row, "seen"), column_text(t, row, "due"),
					column_text(t, row, "event"), column_text(t, row, "title") };
		table_add(&to, cells);
	}
	table_print(&to);
}

static int run_list(const struct args *a)
{
	static const char *const passed[] = { "to", "open", "late", "received", "unseen", "limit" };
	struct query q;
	query_init(&q, "/v1/directives");
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		query_add(&q, passed[i], option(a, passed[i]));
	int rc = out_page(a, query_text(&q), print_rows);
	query_done(&q);
	return rc;
}

/* ---- show, seen ---- */

static int run_show(const struct args *a)
{
	struct query q;
	struct answer ans;
	size_t i;
	json_t *e;
	query_init(&q, "/v1/directives/");
	query_put(&q, a->words[0]);
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		const char *due = member(ans.json, "due");
		(void)printf("%s%s%s%s\n", member(ans.json, "number"), due[0] ? "  " : "",
			     due[0] ? either("期限 ", "due ") : "", due);
		json_array_foreach(json_object_get(ans.json, "directives"), i, e) {
			const char *move = member(e, "move")[0] ? member(e, "move") : member(e, "type");
			const char *held = member(e, "held_by");
			(void)printf("  %s %s  [%s, %s %s]\n", member(e, "at"),
				     move_words(member(ans.json, "kind"), move), member(e, "event"),
				     either("持有至", "held by"),
				     held[0] == 0 ? either("仅本站", "this station only") : held);
			show_reaches(e);
		}
	}
	answer_done(&ans);
	return rc;
}

static int see(const char *what, const char *author, long long *ret_count)
{
	struct answer ans;
	bool more = true;
	int rc = 0;
	while (rc == 0 && more) {
		json_t *body = json_pack("{s:s}", "what", what);
		if (author != NULL)
			json_object_set_new(body, "author", json_string(author));
		rc = call_post("/v1/directives/seen", body, &ans);
		more = rc == 0 && truth(ans.json, "more");
		*ret_count += rc == 0 ? number(ans.json, "seen") : 0;
		answer_done(&ans);
	}
	return rc;
}

static int run_seen(const struct args *a)
{
	long long count = 0;
	int rc = 0;
	if ((a->count == 0) != flag(a, "all")) {
		complain(T_BAD_COUNT, a->verb->name, a->verb->usage);
		return CTL_USAGE;
	}
	if (flag(a, "all"))
		rc = see("all", option(a, "author"), &count);
	for (size_t i = 0; rc == 0 && i < a->count; i++)
		rc = see(a->words[i], option(a, "author"), &count);
	json_t *seen = json_pack("{s:I}", "seen", (json_int_t)count);
	if (rc == 0 && ctl.json)
		json_print(seen);
	else if (rc == 0)
		complain(T_SEEN, count);
	json_decref(seen);
	return rc;
}

const struct verb directive_verbs[] = {
	{ "directive list", "[--to CODE] [--open] [--late] [--received [--unseen]] [--limit N] [--page TOKEN] " OUT_USAGE,
	  "to !open !late !received !unseen limit page " OUT_OPTIONS, 0, 0, run_list,
	  "本站下达与移交的, 各到了哪一步; --received 为发给本站的",
	  "what this station asked of others, and how far each has come; --received: what was asked of it",
	  "stationctl directive list --to 410611003 --open" },
	{ "directive show", "EVENT|NUMBER", "", 1, 1, run_show, "一件 (或一条记录的各件) 到了哪一步, 未采纳的为何",
	  "how far one, or each of a record, has come; why one was set aside",
	  "stationctl directive show 410600/1/42" },
	{ "directive seen", "EVENT|NUMBER... | --all [--author ID]", "!all author", 0, ARGS_MAX, run_seen,
	  "发给本站的记为已阅 (打开记录时自动记)", "mark what is for this station as seen (opening a record does it by itself)",
	  "stationctl directive seen --all" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
