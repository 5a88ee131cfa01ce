/* api_import.c - a piece of a CSV file of cases.
 *
 * Owns:    the way from rows to one import job, and the list of what was wrong.
 * Promise: 8: bad rows are named; good ones beside them are taken.
 * Flow:    api -> import reader -> import job -> api */
#include <stdlib.h>
#include <string.h>
#include <station/base/text.h>
#include <station/base/check.h>
#include <station/work/import.h>
#include "api.h"

struct import_job {
	struct job job;
	struct request *request;
	struct st_import_case cases[ST_IMPORT_ROWS_MAX];
	struct st_buf values; /* columns of the cases, one after another */
	char *source, *author;
	json_t *bad;
	size_t rows;
	bool stop, stopped;
};

static void free_import(void *work)
{
	struct import_job *j = work;
	st_buf_done(&j->values);
	json_decref(j->bad);
	free(j->source);
	free(j->author);
	free(j);
}

static const struct {
	const char *name, *zh, *en;
} reasons[] = {
	{ "missing", "缺少此值", "missing" },
	{ "time", "时间应为 RFC 3339, 带时区, 如 2026-01-02T03:04:05+08:00",
	  "not an RFC 3339 time with offset, e.g. 2026-01-02T03:04:05+08:00" },
	{ "order", "办结早于登记", "closed before it was opened" },
	{ "state", "应为 open 或 closed", "must be open or closed" },
	{ "due", "期限早于登记", "due before it was opened" },
	{ "ahead", "晚于本站时钟一天以上", "later than this station's clock by more than a day" },
	{ "open", "状态为 open 时应为空", "must be empty while the state is open" },
	{ "gone", "此件在本站已办结, 与此行不符", "here the matter has ended, and not as the row says" },
	{ "value", "应为一行文字, 不含控制字符", "must be text of one line without control characters" },
	{ "channel", "应为 visit phone letter online deputy partner other 之一",
	  "must be one of visit phone letter online deputy partner other" },
	{ "encoding", "不是 UTF-8 文字, 请改正此值", "isn't UTF-8 text; put this value right" },
	{ "length", "超过长度上限", "too long" },
};

static void add_bad(struct import_job *j, uint64_t row, const char *column, const char *reason,
		    int code)
{
	const char *zh = st_error_text(code, ST_ZH), *en = st_error_text(code, ST_EN);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].name, reason) == 0) {
			zh = reasons[i].zh;
			en = reasons[i].en;
		}
	json_array_append_new(j->bad, json_pack("{s:I, s:s, s:s, s:o}", "row", (json_int_t)row, "column",
						column, "error", st_error_name(code), "reason",
						api_two(zh, en)));
}

/* Columns die with the callback: copied, and pointed at once the buffer has stopped growing. */
static void keep_columns(struct import_job *j, struct st_import_case *c)
{
	for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++) {
		size_t at = j->values.size;
		st_buf_put_span(&j->values, c->column[i]);
		c->column[i] = st_span((const uint8_t *)(uintptr_t)at, c->column[i].size);
	}
}

static int take_row(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	struct import_job *j = arg;
	const char *reason = "";
	struct st_job_import *to = &j->job.work.u.import;
	j->rows++;
	if (rc == 0 && to->case_count == ST_IMPORT_ROWS_MAX)
		return ST_ETOOBIG;
	if (rc == 0)
		rc = st_import_check(row, &j->cases[to->case_count], &column, &reason);
	if (rc == ST_ENOMEM)
		return rc;
	if (rc < 0) {
		add_bad(j, row->row, column, reason, rc);
		j->stopped = j->stop;
		return j->stop ? 1 : 0;
	}
	keep_columns(j, &j->cases[to->case_count]);
	to->case_count++;
	return j->values.error;
}

static void answer(struct import_job *j)
{
	struct st_job_import *i = &j->job.work.u.import;
	for (size_t n = 0; n < i->bad_count; n++)
		add_bad(j, i->bad[n].row, i->bad[n].column, i->bad[n].reason, i->bad[n].rc);
	bool stopped = j->stopped || (j->stop && i->bad_count > 0);
	(void)api_json(j->request,
		       json_pack("{s:I, s:I, s:I, s:I, s:I, s:O, s:b}", "rows", (json_int_t)j->rows,
				 "opened", (json_int_t)i->opened, "moved", (json_int_t)i->moved,
				 "unchanged", (json_int_t)i->unchanged, "events", (json_int_t)i->events,
				 "bad", j->bad, "stopped", (int)stopped));
}

static void import_done(struct job *job)
{
	struct import_job *j = job->arg;
	if (job->work.rc < 0) {
		(void)api_place(j->request, 0, job->work.u.import.place);
		(void)api_refuse(j->request, job->work.rc);
	} else {
		answer(j);
	}
}

static int read_rows(struct import_job *j, struct st_span body, uint64_t first)
{
	struct st_import_reader *reader = NULL;
	int rc = st_import_reader_new(take_row, j, &reader);
	if (rc < 0)
		return rc;
	st_import_reader_start_at(reader, first);
	rc = st_import_feed(reader, body);
	if (rc == 0)
		rc = st_import_end(reader);
	st_import_reader_free(reader);
	struct st_job_import *to = &j->job.work.u.import;
	for (size_t n = 0; n < to->case_count; n++)
		for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++) {
			struct st_span *c = &j->cases[n].column[i];
			c->data = j->values.data + (uintptr_t)c->data;
		}
	to->cases = j->cases;
	/* Broken quoting has been told as a bad row; what came before it stands. */
	if (rc == 1 || (rc == ST_EWIRE && json_array_size(j->bad) > 0)) {
		j->stopped = true;
		return 0;
	}
	return rc;
}

static int post_import(struct request *q)
{
	const char *source = api_argument(q, "source"), *author = api_argument(q, "author");
	const char *row = api_argument(q, "row"), *on_error = api_argument(q, "on_error");
	struct import_job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ST_ENOMEM;
	q->work = j;
	q->work_free = free_import;
	j->request = q;
	j->bad = json_array();
	j->stop = on_error != NULL && strcmp(on_error, "stop") == 0;
	st_buf_init(&j->values, 2 * API_BODY_MAX);
	if (source == NULL || source[0] == 0 || strlen(source) > 120)
		return api_place(q, ST_EFIELD, "source");
	if (author != NULL && st_text_check(st_span_text(author), ST_AUTHOR_MAX, false) < 0)
		return api_place(q, ST_EFIELD, "author");
	j->source = strdup(source);
	j->author = strdup(author == NULL ? "" : author);
	if (j->source == NULL || j->author == NULL)
		return ST_ENOMEM;
	j->job.arg = j;
	j->job.done = import_done;
	j->job.bytes = sizeof(*j) + 2 * q->body.size;
	j->job.work.kind = ST_JOB_IMPORT;
	struct st_job_import *to = &j->job.work.u.import;
	to->source = st_span_text(j->source);
	to->author = st_span_text(j->author);
	to->source_assumed = api_argument(q, "source_assumed") != NULL;
	to->stop_on_error = j->stop;
	int rc = read_rows(j, st_buf_span(&q->body), row == NULL ? 0 : strtoull(row, NULL, 10));
	if (rc < 0)
		return rc == ST_EFIELD ? api_place(q, rc, "header") : rc;
	if (to->case_count == 0) {
		answer(j);
		return 0;
	}
	return api_submit(q, &j->job);
}

const struct route api_import_routes[] = {
	{ "POST", "/v1/import", post_import },
	{ NULL, NULL, NULL },
};
