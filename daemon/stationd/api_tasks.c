/* api_tasks.c - long questions, on a thread of their own: verifying logs, recounting tallies.
 *
 * Owns:    the one task under way, and the last few answers.
 * Promise: 9: one at a time; the loop and the writer go on.
 * Flow:    api -> task thread -> verify, recount -> api */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/apply/rebuild.h>
#include <station/ask/verify.h>
#include <station/base/check.h>
#include "api.h"
#include "heads.h"

enum { LOGS_MAX = 65536 };

struct task {
	uv_work_t work;
	struct station *station;
	unsigned id;
	bool recount, running, finished;
	uint32_t *logs;
	size_t count;
	struct st_log_verdict *verdicts;
	bool carried; /* what came outside the logs, too */
	struct st_carried_verdict carries;
	struct st_heads_ask ask; /* of heads, with no patience: what isn't here at this moment */
	struct st_head_verdict missing; /* the first one; head.seq 0: none */
	uint64_t heads, heads_missing;
	struct st_recount counts;
	struct st_differences told;
	int rc;
	atomic_ullong done, total;
	atomic_bool cancelled;
};

static struct task *last; /* the newest: under way, or finished and kept for whoever asks */
static unsigned ids;

static bool progress(void *arg, uint64_t done, uint64_t total)
{
	struct task *k = arg;
	if (k->recount) {
		atomic_store(&k->done, done);
		atomic_store(&k->total, total);
	}
	return !atomic_load(&k->cancelled);
}

static int add_head(const struct st_head_verdict *v, void *arg)
{
	struct task *k = arg;
	k->heads++;
	if (v->missing > 0 && k->heads_missing == 0)
		k->missing = *v;
	k->heads_missing += v->missing;
	return 0;
}

static int read_heads(struct st_txn *t, void *arg)
{
	struct task *k = arg;
	return st_heads_each(t, &k->ask, add_head, k);
}

static void run(uv_work_t *work)
{
	struct task *k = work->data;
	if (k->recount) {
		k->rc = st_recount_run(k->station->store, progress, k, &k->counts);
		if (k->rc == 0)
			k->rc = st_retell_run(k->station->store, progress, k, &k->told);
		return;
	}
	atomic_store(&k->total, k->count);
	for (size_t i = 0; k->rc == 0 && i < k->count; i++) {
		k->rc = st_log_verify(k->station->store, k->logs[i], progress, k, &k->verdicts[i]);
		atomic_store(&k->done, i + 1);
	}
	if (k->rc == 0 && k->carried)
		k->rc = st_carried_verify(k->station->store, progress, k, &k->carries);
	if (k->rc == 0 && k->carried)
		k->rc = st_store_read(k->station->store, read_heads, k);
}

static void free_task(struct task *k)
{
	if (k == NULL)
		return;
	free(k->logs);
	free(k->verdicts);
	free(k);
}

static void finished(uv_work_t *work, int status)
{
	struct task *k = work->data;
	(void)status;
	k->running = false;
	k->finished = true;
	if (atomic_load(&k->cancelled)) {
		if (last == k)
			last = NULL;
		free_task(k);
	}
}

static int start(struct request *q, struct task *k)
{
	k->station = q->station;
	k->work.data = k;
	k->id = ++ids;
	free_task(last);
	last = k;
	k->running = true;
	ST_REQUIRE(uv_queue_work(&q->station->loop, &k->work, run, finished) == 0);
	int rc = api_json(q, json_pack("{s:i}", "task", (int)k->id));
	q->status = 202;
	return rc;
}

void api_tasks_close(struct station *s)
{
	(void)s;
	if (last == NULL)
		return;
	if (last->running) {
		atomic_store(&last->cancelled, true); /* freed when it has ended, before the loop closes */
		last = NULL;
		return;
	}
	free_task(last);
	last = NULL;
}

static int add_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct task *k = arg;
	(void)t;
	if (log->tree.size == 0)
		return 0; /* of a writer elsewhere: each carried event was verified by itself */
	if (k->count == LOGS_MAX)
		return ST_ETOOBIG;
	k->logs[k->count++] = log->number;
	return 0;
}

struct choosing {
	struct task *task;
	const char *log;
	uint32_t own;
};

static int choose_logs(struct st_txn *t, void *arg)
{
	struct choosing *c = arg;
	struct st_log log;
	c->task->carried = c->log != NULL && strcmp(c->log, "all") == 0;
	if (c->task->carried)
		return st_log_each(t, add_log, c->task);
	int rc = c->log == NULL ? st_log_get(t, c->own, &log) : api_read_log(t, c->log, &log);
	return rc < 0 ? rc : add_log(t, &log, c->task);
}

static int post_verify(struct request *q)
{
	struct choosing c = { .log = api_argument(q, "log"), .own = q->station->self.log };
	if (!q->station->self.set_up)
		return ST_ENOSTATION;
	if (last != NULL && last->running)
		return ST_EBUSY;
	struct task *k = calloc(1, sizeof(*k));
	if (k == NULL)
		return ST_ENOMEM;
	c.task = k;
	k->ask = heads_ask(q->station);
	k->ask.patience_s = 0;
	k->logs = calloc(LOGS_MAX, sizeof(*k->logs));
	int rc = k->logs == NULL ? ST_ENOMEM : st_store_read(q->station->store, choose_logs, &c);
	if (rc == 0 && k->count == 0 && !k->carried)
		rc = ST_ENOTFOUND; /* nothing of it is here: that is no verdict */
	if (rc == 0) {
		k->verdicts = calloc(k->count + 1, sizeof(*k->verdicts));
		rc = k->verdicts == NULL ? ST_ENOMEM : 0;
	}
	if (rc < 0) {
		free_task(k);
		return rc == ST_ENOTFOUND || rc == ST_EFIELD ? api_wrong(q, rc, "log") : rc;
	}
	return start(q, k);
}

static int post_recount(struct request *q)
{
	if (!q->station->self.set_up)
		return ST_ENOSTATION;
	if (last != NULL && last->running)
		return ST_EBUSY;
	struct task *k = calloc(1, sizeof(*k));
	if (k == NULL)
		return ST_ENOMEM;
	k->recount = true;
	return start(q, k);
}

static json_t *verdict_json(const struct st_log_verdict *v)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:b, s:o, s:I}", "log", api_log_name(&v->log), "size",
			 (json_int_t)v->size, "checkpoints", (json_int_t)v->checkpoints, "receipts",
			 (json_int_t)v->receipts, "ok", (int)(v->rc == 0), "error", api_why(v->rc),
			 "bad_seq", (json_int_t)v->bad_seq);
}

static json_t *carries_json(const struct st_carried_verdict *v)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "events", (json_int_t)v->events, "wrong",
			 (json_int_t)v->wrong, "missing", (json_int_t)v->missing, "error", api_why(v->rc),
			 "first_wrong", api_position(&v->first_wrong), "first_missing",
			 api_position(&v->first_missing));
}

/* By the writers' own heads: what is missing at the end, where no later event names it. */
static json_t *heads_json(const struct task *k)
{
	struct st_position first = { k->missing.head.log.station, k->missing.head.log.epoch,
				     k->missing.first };
	int64_t as_of = (int64_t)k->missing.head.time_s * 1000;
	return json_pack("{s:I, s:I, s:o, s:o}", "heads", (json_int_t)k->heads, "missing",
			 (json_int_t)k->heads_missing, "first_missing", api_position(&first), "as_of",
			 api_time(as_of));
}

static json_t *recount_json(const struct task *k)
{
	const struct st_recount *r = &k->counts;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:{s:I, s:I, s:s, s:s}}", "events",
			 (json_int_t)r->events, "records", (json_int_t)r->records, "counters",
			 (json_int_t)r->counters, "wrong", (json_int_t)r->wrong, "wrong_records",
			 (json_int_t)r->wrong_records, "wrong_rows", (json_int_t)r->wrong_rows,
			 "first_wrong", r->first_wrong, "told", "rows", (json_int_t)k->told.rows, "wrong",
			 (json_int_t)k->told.wrong, "tables", k->told.tables, "first_wrong",
			 k->told.first_wrong);
}

static int get_task(struct request *q)
{
	const struct task *k = last;
	if (k == NULL || strtoul(q->rest, NULL, 10) != k->id)
		return api_place(q, ST_ENOTFOUND, q->rest);
	if (k->finished && k->rc < 0)
		return k->rc;
	json_t *json = json_pack("{s:I, s:I, s:b}", "done", (json_int_t)atomic_load(&k->done), "total",
				 (json_int_t)atomic_load(&k->total), "finished", (int)k->finished);
	if (k->finished && !k->recount) {
		json_t *list = json_array();
		for (size_t i = 0; i < k->count; i++)
			json_array_append_new(list, verdict_json(&k->verdicts[i]));
		json_object_set_new(json, "verdicts", list);
		if (k->carried)
			json_object_set_new(json, "carried", carries_json(&k->carries));
		if (k->carried)
			json_object_set_new(json, "heads", heads_json(k));
	}
	if (k->finished && k->recount)
		json_object_set_new(json, "recount", recount_json(k));
	return api_json(q, json);
}

const struct route api_task_routes[] = {
	{ "POST", "/v1/log/verify", post_verify },
	{ "POST", "/v1/recount", post_recount },
	{ "GET", "/v1/tasks/", get_task },
	{ NULL, NULL, NULL },
};
