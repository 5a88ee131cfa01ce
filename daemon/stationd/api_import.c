/* api_import.c - the rows of a body, as one import job after another.
 *
 * Owns:    the way from rows to jobs, in the body's order, and the list of what was wrong. The next job's rows are
 *          read while the writer has the one before.
 * Promise: 8: bad rows are named; good ones beside them are taken. What couldn't be taken, and what comes after
 *          it, isn't: the answer says how many rows it is about, counted from the first.
 * Flow:    api -> import reader -> import jobs -> api */
#include <stdlib.h>
#include <string.h>
#include <station/base/text.h>
#include <station/base/check.h>
#include <station/work/import.h>
#include "api.h"

/* The reader is fed so few bytes at a time that the rows which end among them still fit into the part: a row has a byte
 * for each column at least. */
enum { FEED = 1024, ROWS_ENOUGH = ST_IMPORT_ROWS_MAX - FEED / ST_IMPORT_COLUMNS - 1, PART_BYTES = 512 * 1024 };

/* The rows of one job. */
struct part {
	struct st_import_case cases[ST_IMPORT_ROWS_MAX];
	struct st_buf values; /* columns of the cases, one after another */
	json_t *bad;
	size_t count, rows;   /* cases, and all that was read */
	bool last;            /* the body has ended, or is not to be read on */
	bool stopped;
	int rc;
};

struct import_job {
	struct job job;
	struct request *request;
	struct st_import_reader *reader;
	struct st_span left; /* of the body */
	struct part parts[2];
	struct st_import_bad applied_bad[ST_IMPORT_ROWS_MAX]; /* of the part that the writer has */
	unsigned at;         /* the part that the writer has, or is to have next */
	char *source, *author;
	bool stop;
	/* of the parts that are done */
	json_t *bad;
	uint64_t rows, opened, moved, unchanged, events;
	bool stopped;
};

static void free_import(void *work)
{
	struct import_job *j = work;
	st_import_reader_free(j->reader);
	for (size_t i = 0; i < 2; i++) {
		st_buf_done(&j->parts[i].values);
		json_decref(j->parts[i].bad);
	}
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

static void add_bad(json_t *list, uint64_t row, const char *column, const char *reason, int code)
{
	const char *zh = st_error_text(code, ST_ZH), *en = st_error_text(code, ST_EN);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].name, reason) == 0) {
			zh = reasons[i].zh;
			en = reasons[i].en;
		}
	json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:o}", "row", (json_int_t)row, "column", column,
					      "error", st_error_name(code), "reason", api_two(zh, en)));
}

/* Columns die with the callback: copied, and pointed at once the buffer has stopped growing. */
static void keep_columns(struct part *p, struct st_import_case *c)
{
	for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++) {
		size_t at = p->values.size;
		st_buf_put_span(&p->values, c->column[i]);
		c->column[i] = st_span((const uint8_t *)(uintptr_t)at, c->column[i].size);
	}
}

static void point_at_columns(struct part *p)
{
	for (size_t n = 0; n < p->count; n++)
		for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++) {
			struct st_span *c = &p->cases[n].column[i];
			c->data = p->values.data + (uintptr_t)c->data;
		}
}

static struct part *other_part(struct import_job *j)
{
	return &j->parts[j->at ^ 1];
}

static int take_row(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	struct import_job *j = arg;
	struct part *p = other_part(j);
	const char *reason = "";
	p->rows++;
	st_assert(p->count < ST_IMPORT_ROWS_MAX);
	if (rc == 0)
		rc = st_import_check(row, &p->cases[p->count], &column, &reason);
	if (rc == ST_ENOMEM)
		return rc;
	if (rc < 0) {
		add_bad(p->bad, row->row, column, reason, rc);
		p->stopped = j->stop;
		return j->stop ? 1 : 0;
	}
	keep_columns(p, &p->cases[p->count]);
	p->count++;
	return p->values.error;
}

static int feed(struct import_job *j, struct part *p)
{
	int rc = 0;
	while (rc == 0 && j->left.size > 0 && p->rows < ROWS_ENOUGH && p->values.size < PART_BYTES) {
		size_t n = j->left.size < FEED ? j->left.size : FEED;
		rc = st_import_feed(j->reader, st_span(j->left.data, n));
		j->left = st_span(j->left.data + n, j->left.size - n);
	}
	if (rc == 0 && j->left.size == 0) {
		p->last = true;
		rc = st_import_end(j->reader);
	}
	return rc;
}

/* Reads the next rows into the part that the writer hasn't. */
static void read_part(struct import_job *j)
{
	struct part *p = other_part(j);
	json_array_clear(p->bad);
	st_buf_clear(&p->values);
	p->count = p->rows = 0;
	p->rc = feed(j, p);
	/* Broken quoting has been told as a bad row; what came before it stands. */
	if (p->rc == 1 || (p->rc == ST_EWIRE && json_array_size(p->bad) > 0)) {
		p->last = p->stopped = true;
		p->rc = 0;
	}
	point_at_columns(p);
}

static void answer(struct import_job *j)
{
	(void)api_json(j->request,
		       json_pack("{s:I, s:I, s:I, s:I, s:I, s:O, s:b}", "rows", (json_int_t)j->rows, "opened",
				 (json_int_t)j->opened, "moved", (json_int_t)j->moved, "unchanged",
				 (json_int_t)j->unchanged, "events", (json_int_t)j->events, "bad", j->bad,
				 "stopped", (int)j->stopped));
}

/* What was wrong when rows were read, and when they were applied, in the body's order: the first alone where that
 * stops all. */
static void add_bad_rows(struct import_job *j, const struct part *p, const struct st_job_import *applied)
{
	size_t i = 0, n = 0, read = json_array_size(p->bad), count = applied == NULL ? 0 : applied->bad_count;
	while ((i < read || n < count) && !(j->stop && i + n > 0)) {
		json_t *one = json_array_get(p->bad, i);
		const struct st_import_bad *b = n < count ? &applied->bad[n] : NULL;
		if (b == NULL || (i < read && (uint64_t)json_integer_value(json_object_get(one, "row")) < b->row)) {
			json_array_append(j->bad, one);
			i++;
		} else {
			add_bad(j->bad, b->row, b->column, b->reason, b->rc);
			n++;
		}
	}
	j->stopped |= p->stopped || (j->stop && n > 0);
}

static void add_part(struct import_job *j, const struct part *p, const struct st_job_import *applied)
{
	add_bad_rows(j, p, applied);
	j->rows += p->rows;
	if (applied == NULL)
		return;
	j->opened += applied->opened;
	j->moved += applied->moved;
	j->unchanged += applied->unchanged;
	j->events += applied->events;
}

/* Gives the writer the rows that were read, and reads on meanwhile. 1: it has some; 0: there is nothing left, or bad
 * rows alone, which are told before the loop reads more. */
static int go_on(struct import_job *j)
{
	struct st_job_import *to = &j->job.work.u.import;
	struct part *p = other_part(j);
	if (p->rc < 0)
		return p->rc;
	if (p->count == 0) {
		add_part(j, p, NULL);
		return 0;
	}
	to->cases = p->cases;
	to->case_count = p->count;
	j->at ^= 1;
	int rc = writer_submit(j->request->station->writer, &j->job);
	if (rc < 0)
		return rc;
	if (!j->parts[j->at].last)
		read_part(j);
	return 1;
}

/* 0: answered, or the writer is at it. What has been done is told, and rows that are missing in its count are those
 * to send again; where nothing has, it is refused. */
static int proceed(struct import_job *j)
{
	int rc = go_on(j);
	if (rc == 1 || (rc < 0 && j->rows == 0))
		return rc == 1 ? 0 : rc;
	answer(j);
	return 0;
}

static void import_done(struct job *job)
{
	struct import_job *j = job->arg;
	const struct part *p = &j->parts[j->at];
	int rc = job->work.rc;
	if (rc == 0)
		add_part(j, p, &job->work.u.import);
	else if (j->rows == 0)
		(void)api_place(j->request, 0, job->work.u.import.place);
	if (rc == 0 && !j->stopped && !p->last)
		rc = proceed(j);
	else if (rc == 0 || j->rows > 0)
		answer(j);
	if (rc < 0 && !j->request->answered)
		(void)api_refuse(j->request, rc);
}

static struct import_job *new_import(struct request *q, const char *source, const char *author)
{
	struct import_job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return NULL;
	q->work = j;
	q->work_free = free_import;
	j->request = q;
	j->left = st_buf_span(&q->body);
	j->bad = json_array();
	for (size_t i = 0; i < 2; i++) {
		st_buf_init(&j->parts[i].values, 2 * API_BODY_MAX);
		j->parts[i].bad = json_array();
	}
	j->source = strdup(source);
	j->author = strdup(author == NULL ? "" : author);
	return j->source == NULL || j->author == NULL || st_import_reader_new(take_row, j, &j->reader) < 0 ? NULL : j;
}

static int post_import(struct request *q)
{
	const char *source = api_argument(q, "source"), *author = api_argument(q, "author");
	const char *row = api_argument(q, "row"), *on_error = api_argument(q, "on_error");
	if (source == NULL || source[0] == 0 || strlen(source) > 120)
		return api_place(q, ST_EFIELD, "source");
	if (author != NULL && st_text_check(st_span_text(author), ST_AUTHOR_MAX, false) < 0)
		return api_place(q, ST_EFIELD, "author");
	struct import_job *j = new_import(q, source, author);
	if (j == NULL)
		return ST_ENOMEM;
	st_import_reader_start_at(j->reader, row == NULL ? 0 : strtoull(row, NULL, 10));
	j->stop = on_error != NULL && strcmp(on_error, "stop") == 0;
	j->job.arg = j;
	j->job.done = import_done;
	j->job.bytes = sizeof(*j) / 2 + PART_BYTES;
	j->job.work.kind = ST_JOB_IMPORT;
	struct st_job_import *to = &j->job.work.u.import;
	to->source = st_span_text(j->source);
	to->author = st_span_text(j->author);
	to->source_assumed = api_argument(q, "source_assumed") != NULL;
	to->stop_on_error = j->stop;
	to->bad = j->applied_bad;
	to->bad_room = ST_IMPORT_ROWS_MAX;
	read_part(j);
	int rc = proceed(j);
	if (rc == 0 && !q->answered)
		api_keep(q);
	return rc == ST_EFIELD ? api_place(q, rc, "header") : rc;
}

const struct route api_import_routes[] = {
	{ "POST", "/v1/import", post_import },
	{ NULL, NULL, NULL },
};
