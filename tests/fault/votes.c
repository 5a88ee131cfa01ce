/* votes.c - the jobs of a vote, of city tables, and of what a child has taken or a hook was told, with a fault at each
 * call. */
#include "stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/store/online.h>
#include <station/work/city.h>
#include <station/work/vote.h>

enum { PROJECTS = 2, PRESENT = 3, WORDS = 8 };
static char projects[PROJECTS][ST_NUMBER_TEXT], vote[ST_NUMBER_TEXT], number[ST_NUMBER_TEXT];
static struct st_token tokens[ST_TOKENS_MAX];
static struct st_job job;

static struct node *on_main(struct stage *s)
{
	return &s->main;
}

static struct node *on_branch(struct stage *s)
{
	return &s->branch;
}

static struct node *on_base(struct stage *s)
{
	return &s->base;
}

/* words: name, value ... NULL. */
static int command(struct node *n, const char *kind, const char *move, char *to, const char *const *words)
{
	struct st_command_field fields[WORDS];
	size_t count = 0;
	for (; words[2 * count] != NULL; count++) {
		ST_REQUIRE(count < WORDS);
		fields[count] = (struct st_command_field){ st_span_text(words[2 * count]), st_span_text(words[2 * count + 1]) };
	}
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_COMMAND;
	job.u.command.command = (struct st_command){ .kind = st_kind_named(kind)->number, .move = move,
						     .at_ms = n->world.now_ms, .fields = fields, .field_count = count };
	job.u.command.record = st_span_text(to);
	int rc = node_run(n, &job);
	if (rc == 0)
		memcpy(to, job.u.command.number, ST_NUMBER_TEXT);
	return rc;
}

/* ---- votes ---- */

static int prepared(struct stage *s)
{
	static const char *const proposed[] = { "origin", "citizen", "title", "p", NULL };
	static const char *const screened[] = { "round", "2026", NULL };
	const char *const words[] = { "method", "n_of_m", "title", "v", "seats", "1", "deputies", "3", "candidates",
				      projects[0], "candidates", projects[1], NULL };
	int rc = 0;
	memset(projects, 0, sizeof(projects));
	memset(vote, 0, sizeof(vote));
	for (size_t i = 0; rc == 0 && i < PROJECTS; i++) {
		rc = command(&s->base, "project", "propose", projects[i], proposed);
		if (rc == 0)
			rc = command(&s->base, "project", "screen", projects[i], screened);
	}
	return rc < 0 ? rc : command(&s->base, "vote", "prepare", vote, words);
}

static int issue_tokens(struct stage *s)
{
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_TOKENS;
	job.u.tokens = (struct st_job_tokens){ .vote = st_span_text(vote), .present = PRESENT, .tokens = tokens };
	return node_run(&s->base, &job);
}

static int opened(struct stage *s)
{
	static const char *const none[] = { NULL };
	int rc = prepared(s);
	if (rc == 0)
		rc = issue_tokens(s);
	return rc < 0 ? rc : command(&s->base, "vote", "open", vote, none);
}

/* A pile that is entered again adds nothing. */
static int enter_papers(struct stage *s)
{
	struct st_paper papers[PRESENT];
	memset(papers, 0, sizeof(papers));
	for (size_t i = 0; i < PRESENT; i++)
		papers[i] = (struct st_paper){ .token = tokens[i], .choice_count = 1, .choices = { (uint8_t)(1 + (i == 2)) } };
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_BALLOTS;
	job.u.ballots = (struct st_job_ballots){ .vote = st_span_text(vote), .papers = papers, .count = PRESENT,
						 .batch = st_span_text("a") };
	int rc = node_run(&s->base, &job);
	RIGHT(s, rc < 0 || job.u.ballots.written + job.u.ballots.known == PRESENT);
	return rc;
}

static int closed(struct stage *s)
{
	static const char *const none[] = { NULL };
	int rc = opened(s);
	if (rc == 0)
		rc = enter_papers(s);
	return rc < 0 ? rc : command(&s->base, "vote", "close", vote, none);
}

static int declare(struct stage *s)
{
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_DECLARE;
	job.u.declare.vote = st_span_text(vote);
	return node_run(&s->base, &job);
}

/* ---- city tables ---- */

static struct st_buf table;

static int table_read(struct stage *s)
{
	const struct st_city_table *focus = st_city_table_named(st_span_text("focus"));
	struct st_city_file *file = calloc(1, sizeof(*file));
	(void)s;
	ST_REQUIRE(focus != NULL && file != NULL);
	st_buf_done(&table);
	st_buf_init(&table, ST_CITY_ROWS_BYTES_MAX);
	int rc = st_city_read(focus, st_span_text("number,name\n1,征地拆迁\n"), &table, file);
	free(file);
	return rc;
}

static int issue_table(struct stage *s)
{
	const struct st_city_table *focus = st_city_table_named(st_span_text("focus"));
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_CITY;
	job.u.city.count = 1;
	job.u.city.issues[0] = (struct st_city_issue){ .table = focus->number, .rows = st_buf_span(&table),
						       .columns = (uint32_t)focus->column_count };
	int rc = node_run(&s->main, &job);
	RIGHT(s, rc < 0 || job.u.city.issues[0].version > 0);
	return rc;
}

/* ---- what was taken ---- */

static struct st_job taking;

static int handed(struct stage *s)
{
	const struct st_command_field to = { st_span_text("to"), st_span_text(CITY_BASE) };
	number[0] = 0;
	int rc = node_opens(&s->branch, number);
	if (rc == 0)
		rc = node_command(&s->branch, "hand", number, &to, 1);
	memset(&taking, 0, sizeof(taking));
	taking.kind = ST_JOB_TAKEN;
	taking.u.taken.position = UINT32_MAX;
	return rc < 0 ? rc : node_number(&s->branch, CITY_BASE, &taking.u.taken.child);
}

struct waiting {
	uint32_t child;
	uint64_t count;
};

static int count_waiting(struct st_txn *t, void *arg)
{
	struct waiting *w = arg;
	return st_outbox_count(t, w->child, &w->count);
}

/* All of the child's rows, or none. */
static int take(struct stage *s)
{
	struct waiting before = { .child = taking.u.taken.child }, after = before;
	int rc = st_store_read(s->branch.store, count_waiting, &before);
	if (rc < 0)
		return rc;
	rc = node_run(&s->branch, &taking);
	int looked = rc == 0 ? st_store_read(s->branch.store, count_waiting, &after) : -1;
	RIGHT(s, looked < 0 || after.count == 0);
	return rc;
}

/* ---- what was told ---- */

static struct st_job telling;
static struct st_hook hook;

static int find_hook(struct st_txn *t, void *arg)
{
	return st_hook_next(t, NULL, arg);
}

/* A message is answered, and the platform has taken that. */
static int hook_waits(struct stage *s)
{
	const struct st_command_field category = { st_span_text("category"), st_span_text("c") };
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("done") };
	memset(&telling, 0, sizeof(telling));
	telling.kind = ST_JOB_HOOKS;
	telling.u.hooks = true;
	int rc = node_run(&s->branch, &telling);
	if (rc == 0)
		rc = node_message(&s->branch, "410611", &telling, number);
	if (rc == 0)
		rc = node_command(&s->branch, "accept", number, &category, 1);
	if (rc == 0)
		rc = node_command(&s->branch, "answer", number, &reply, 1);
	if (rc == 0)
		rc = st_store_read(s->branch.store, find_hook, &hook);
	memset(&telling, 0, sizeof(telling));
	telling.kind = ST_JOB_TOLD;
	telling.u.told = (struct st_job_told){ hook.ref, hook.n };
	return rc;
}

/* Once it is acknowledged it is never sent again. */
static int hook_told(struct stage *s)
{
	struct st_hook left;
	int rc = node_run(&s->branch, &telling);
	RIGHT(s, rc < 0 || st_store_read(s->branch.store, find_hook, &left) != 0);
	return rc;
}

/* The platform took it, the answer was lost, and it was sent again. */
static int hook_gone(struct stage *s)
{
	int rc = hook_waits(s);
	return rc < 0 ? rc : node_run(&s->branch, &telling);
}

int main(void)
{
	static const struct scene scenes[] = {
		{ .name = "vote: tokens", .play = issue_tokens, .subject = on_base, .before = prepared },
		{ .name = "vote: papers", .play = enter_papers, .subject = on_base, .before = opened },
		{ .name = "vote: declared", .play = declare, .subject = on_base, .before = closed },
		{ .name = "city: table", .play = issue_table, .subject = on_main, .before = table_read },
		{ .name = "taken", .play = take, .subject = on_branch, .before = handed },
		{ .name = "hook: told", .play = hook_told, .subject = on_branch, .before = hook_waits },
		{ .name = "hook: told twice", .play = hook_told, .subject = on_branch, .before = hook_gone },
	};
	int rc = stage_run(scenes, sizeof(scenes) / sizeof(scenes[0]));
	st_buf_done(&table);
	return rc;
}
