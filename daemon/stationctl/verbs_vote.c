/* verbs_vote.c - a vote's tokens, papers, count and declaration.
 *
 * Owns:    how a count looks on the screen.
 * Promise: 8: a file is read whole, and a line that isn't right is named before anything is sent.
 * Flow:    teller -> verbs -> call -> stationd */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/work/vote.h>
#include "ctl.h"

enum { PILE_BYTES_MAX = 1 << 20 };

static int run_tokens(const struct args *a)
{
	const char *present = option(a, "present"), *author = option(a, "author");
	struct answer ans;
	size_t i;
	json_t *one;
	char *end = NULL;
	long n = present == NULL ? 0 : strtol(present, &end, 10);
	if (present == NULL || *end != 0 || n < 1) {
		complain(present == NULL ? T_NEED_OPTION : T_BAD_NUMBER, "present");
		return CTL_USAGE;
	}
	json_t *body = json_pack("{s:s, s:I}", "vote", a->words[0], "present", (json_int_t)n);
	if (author != NULL)
		json_object_set_new(body, "author", json_string(author));
	int rc = call_post("/v1/votes/tokens", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	json_array_foreach(rc == 0 && !ctl.json ? json_object_get(ans.json, "tokens") : NULL, i,
			   one)(void) puts(json_string_value(one));
	if (rc == 0)
		complain(T_TOKENS, n, member(ans.json, "vote"));
	if (rc == 0 && !truth(ans.json, "quorum"))
		complain(T_NO_QUORUM);
	answer_done(&ans);
	return rc;
}

/* ---- papers ---- */

/* In the form in which the daemon is told of one. */
static void add_paper(json_t *papers, const struct st_paper *p)
{
	char token[ST_TOKEN_TEXT];
	if (p->spoiled) {
		json_array_append_new(papers, json_pack("{s:b}", "spoiled", 1));
		return;
	}
	json_t *choose = json_array();
	for (size_t i = 0; i < p->choice_count; i++)
		json_array_append_new(choose, json_integer(p->choices[i]));
	st_token_text(&p->token, token);
	json_array_append_new(papers, json_pack("{s:s, s:o}", "token", token, "choose", choose));
}

static int read_pile(const char *path, json_t *papers)
{
	struct st_paper *pile = calloc(ST_BALLOTS_MAX, sizeof(*pile));
	struct st_buf text;
	size_t count = 0, line = 0;
	if (pile == NULL) {
		complain(T_BAD_FILE, path, st_error_text(ST_ENOMEM, ctl.lang));
		return CTL_WRONG;
	}
	st_buf_init(&text, PILE_BYTES_MAX);
	int rc = file_load(path, &text);
	int read = rc == 0 ? st_pile_read(st_buf_span(&text), pile, ST_BALLOTS_MAX, &count, &line) : 0;
	if (read == ST_ETOOBIG)
		complain(T_BAD_FILE, path, st_error_text(read, ctl.lang));
	else if (read < 0)
		complain(T_BAD_PAPER, path, (unsigned long long)line);
	for (size_t i = 0; i < count; i++)
		add_paper(papers, &pile[i]);
	st_buf_done(&text);
	free(pile);
	return read < 0 ? CTL_USAGE : rc;
}

static int one_paper(const struct args *a, json_t *papers)
{
	struct st_span words[OPTIONS_MAX + 1];
	struct st_paper p;
	const char *token = option(a, "token");
	size_t count = 1;
	if ((token == NULL) != flag(a, "spoiled")) {
		complain(T_NEED_OPTION, "token");
		return CTL_USAGE;
	}
	words[0] = st_span_text(token == NULL ? "-" : token);
	for (size_t i = 0; i < a->option_count; i++)
		if (strcmp(a->options[i].name, "choose") == 0)
			words[count++] = st_span_text(a->options[i].value);
	if (st_paper_read(words, count, &p) < 0 || p.spoiled != (token == NULL)) {
		complain(T_BAD_TOKEN);
		return CTL_USAGE;
	}
	add_paper(papers, &p);
	return 0;
}

/* A pile is named by its file, so that a file that is sent again, or has grown, adds just what is
 * new. */
static const char *batch_of(const struct args *a)
{
	const char *file = option(a, "file"), *batch = option(a, "batch");
	if (batch != NULL || file == NULL)
		return batch;
	const char *slash = strrchr(file, '/');
	return slash == NULL ? file : slash + 1;
}

static int run_ballot(const struct args *a)
{
	struct answer ans;
	const char *file = option(a, "file"), *author = option(a, "author"), *batch = batch_of(a);
	json_t *papers = json_array();
	int rc = file == NULL ? one_paper(a, papers) : read_pile(file, papers);
	if (rc != 0) {
		json_decref(papers);
		return rc;
	}
	json_t *body = json_pack("{s:s, s:o}", "vote", a->words[0], "papers", papers);
	if (author != NULL)
		json_object_set_new(body, "author", json_string(author));
	if (batch != NULL)
		json_object_set_new(body, "batch", json_string(batch));
	rc = call_post("/v1/votes/papers", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	if (rc == 0) {
		complain(T_PAPERS, number(ans.json, "written"), number(ans.json, "known"));
		if (truth(ans.json, "late"))
			complain(T_PAPERS_LATE);
		if (file == NULL && number(ans.json, "known") > 0)
			complain(T_PAPER_KNOWN);
	}
	answer_done(&ans);
	return rc;
}

/* ---- the count ---- */

static void print_void(const json_t *v)
{
	static const char *const texts[][3] = {
#define X(name, number, text, zh, en) { text, zh, en },
		ST_VERDICTS(X)
#undef X
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (number(v, texts[i][0]) > 0)
			(void)printf("    %lld  %s\n", number(v, texts[i][0]),
				     either(texts[i][1], texts[i][2]));
}

static const char *standing_text(const char *standing)
{
	if (strcmp(standing, "elected") == 0)
		return either("入选", "elected");
	return strcmp(standing, "tied") == 0
		       ? either("相等, 须再次票决", "tied: to be voted on again")
		       : "";
}

static void print_candidates(const json_t *ans)
{
	struct table t;
	size_t i;
	json_t *c;
	bool priority = strcmp(member(ans, "method"), "priority") == 0;
	const char *head[] = { either("票上", "place"), either("项目", "project"),
			       either("名称", "title"), either("得票", "votes"),
			       either("分", "points"),  either("结果", "result") };
	table_init(&t, 6, "rllrrl");
	table_add(&t, head);
	for (long long rank = 1;
	     rank <= (long long)json_array_size(json_object_get(ans, "candidates")); rank++)
		json_array_foreach(json_object_get(ans, "candidates"), i, c)
		{
			char place[24], votes[24], points[24] = "";
			if (number(c, "rank") != rank)
				continue;
			(void)snprintf(place, sizeof(place), "%lld", number(c, "place"));
			(void)snprintf(votes, sizeof(votes), "%lld", number(c, "votes"));
			if (priority)
				(void)snprintf(points, sizeof(points), "%lld", number(c, "points"));
			const char *row[] = { place,
					      member(c, "project"),
					      member(c, "title"),
					      votes,
					      points,
					      standing_text(member(c, "standing")) };
			table_add(&t, row);
		}
	table_print(&t);
}

static void print_rests_on(const json_t *on)
{
	size_t i;
	json_t *one;
	static const char *const names[][3] = {
		{ "prepared", "筹备", "prepared" },       { "issued", "制票", "tokens issued" },
		{ "opened", "开始", "opened" },           { "closed", "结束", "closed" },
		{ "first_paper", "首票", "first paper" }, { "last_paper", "末票", "last paper" },
		{ "declared", "公布", "declared" },
	};
	(void)printf(
		"%s\n",
		either("依据的事件 (站/期/序号; stationctl event, proof 可取可验):",
		       "events it rests on (station/epoch/seq; see stationctl event and proof):"));
	json_array_foreach(json_object_get(on, "tokens"), i, one)(void)
		printf("    %s  %s\n", json_string_value(one),
		       either("票号指纹", "hashes of tokens"));
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (member(on, names[n][0])[0] != 0)
			(void)printf("    %s  %s\n", member(on, names[n][0]),
				     either(names[n][1], names[n][2]));
	if (number(on, "checkpoint") > 0)
		(void)printf("    %s %lld, %s\n",
			     either("签名检查点覆盖到", "signed checkpoint over"),
			     number(on, "checkpoint"), member(on, "checkpoint_at"));
}

static void print_count(const json_t *ans)
{
	const json_t *message = json_object_get(ans, "message");
	const json_t *v = json_object_get(ans, "void"), *one;
	const char *key;
	long long voids = 0;
	json_object_foreach((json_t *)(uintptr_t)v, key, one) voids += json_integer_value(one);
	(void)printf("%s  %s\n", member(ans, "vote"),
		     spoken(message));
	(void)printf("  %s %lld, %s %lld (%s %lld: %s), %s %lld\n",
		     either("全体代表", "all deputies"), number(ans, "deputies"),
		     either("到会", "present"), number(ans, "present"), either("法定", "quorum"),
		     number(ans, "quorum"),
		     truth(ans, "quorum_met") ? either("达到", "met") : either("未达到", "missed"),
		     either("当选须得票", "votes needed"), number(ans, "majority"));
	(void)printf("  %s %lld, %s %lld, %s %lld (%s %lld), %s %lld\n", either("发出", "issued"),
		     number(ans, "issued"), either("收回", "returned"), number(ans, "returned"),
		     either("有效", "valid"), number(ans, "valid"), either("其中空白", "blank"),
		     number(ans, "blank"), either("无效", "void"), voids);
	print_void(v);
	if (strcmp(member(ans, "end"), "stands") == 0) {
		print_candidates(ans);
		(void)printf("%s %lld / %lld", either("入选", "elected"), number(ans, "elected"),
			     number(ans, "seats"));
		if (number(ans, "tied") > 0)
			(void)printf("; %s", either("末位得票相等, 须再次票决",
						    "tied at the last seat: vote again"));
		(void)puts("");
	}
	print_rests_on(json_object_get(ans, "rests_on"));
	if (json_is_false(json_object_get(ans, "declared_agrees")))
		(void)puts(
			either("公布的数与重算不符", "what was declared differs from this count"));
}

/* To the screen, or with --json to a list. */
static int get_proofs(const json_t *on, json_t *list)
{
	size_t i;
	json_t *one;
	int rc = 0;
	json_array_foreach(json_object_get(on, "tokens"), i, one)
	{
		struct query q;
		struct answer ans;
		query_init(&q, "/v1/proof");
		query_add(&q, "event", json_string_value(one));
		rc = call_bytes(query_text(&q), &ans);
		query_done(&q);
		if (rc == 0 && ctl.json)
			json_array_append_new(list, json_stringn(ans.body, ans.size));
		else if (rc == 0)
			answer_print(&ans);
		answer_done(&ans);
		if (rc != 0)
			break;
	}
	return rc;
}

/* As the daemon answered, with the proofs, where they are asked for, as one member more. */
static void count_json(const struct answer *ans, json_t *proofs)
{
	json_t *whole = proofs == NULL ? NULL : json_loadb(ans->body, ans->size, 0, NULL);
	if (whole == NULL) {
		answer_print(ans);
		return;
	}
	(void)json_object_set(whole, "proofs", proofs);
	json_print(whole);
	json_decref(whole);
}

static int run_count(const struct args *a)
{
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/votes/");
	query_put(&q, a->words[0]);
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc != 0) {
		answer_done(&ans);
		return rc;
	}
	if (!ctl.json)
		print_count(ans.json);
	json_t *proofs = json_array();
	if (flag(a, "proof"))
		rc = get_proofs(json_object_get(ans.json, "rests_on"), proofs);
	if (rc == 0 && ctl.json)
		count_json(&ans, flag(a, "proof") ? proofs : NULL);
	json_decref(proofs);
	const char *end = member(ans.json, "end");
	bool fine = (strcmp(end, "stands") == 0 || strcmp(end, "not_closed") == 0) &&
		    !json_is_false(json_object_get(ans.json, "declared_agrees"));
	answer_done(&ans);
	return rc != 0 ? rc : fine ? CTL_RIGHT : CTL_WRONG;
}

static int run_declare(const struct args *a)
{
	struct answer ans;
	json_t *body = json_pack("{s:s}", "vote", a->words[0]);
	if (option(a, "author") != NULL)
		json_object_set_new(body, "author", json_string(option(a, "author")));
	int rc = call_post("/v1/votes/declare", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	if (rc == 0)
		complain(T_DECLARED, member(ans.json, "vote"), number(ans.json, "elected"));
	if (rc == 0 && number(ans.json, "tied") > 0)
		complain(T_TIED, number(ans.json, "tied"), number(ans.json, "seats_left"));
	answer_done(&ans);
	return rc;
}

const struct verb vote_verbs[] = {
	{ "project tokens", "VOTE --present N [--author ID]", "present author", 1, 1, run_tokens,
	  "为到会代表制一次性票号, 每行一个",
	  "one single-use token for each deputy present, one a line",
	  "stationctl project tokens VOTE --present 198 > slips.txt" },
	{ "project ballot",
	  "VOTE (--token T [--choose PLACE ...] | --spoiled | --file FILE) [--batch NAME] "
	  "[--author ID]",
	  "token choose !spoiled file batch author", 1, 1, run_ballot,
	  "录入收回的票, 一张或一叠 (文件每行: 票号 序号 序号...; 无法辨认写 -)",
	  "enter papers that came back, one or a pile (a line each: TOKEN PLACE PLACE...; "
	  "unreadable: -)",
	  "stationctl project ballot VOTE --file box1.txt --author teller-2" },
	{ "project count", "VOTE [--proof]", "!proof", 1, 1, run_count, "只凭事件重算票决",
	  "recount a vote from its events alone", "stationctl project count VOTE" },
	{ "project declare", "VOTE [--author ID]", "author", 1, 1, run_declare,
	  "公布票决结果, 各项目随之定单或落选", "declare the result: projects are chosen, or not",
	  "stationctl project declare VOTE" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
