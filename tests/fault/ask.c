/* ask.c - every question, with a fault at each call: the right answer or a clean failure with the output
 * untouched, never another answer. */
#include "stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/heads.h>
#include <station/ask/deputy.h>
#include <station/ask/matter.h>
#include <station/ask/question.h>
#include <station/ask/report.h>
#include <station/ask/schedule.h>
#include <station/ask/verify.h>
#include <station/sync/pack.h>

static struct node *on_base(struct stage *s)
{
	return &s->base;
}

/* What an answer adds up to. The first play is without a fault: what it says is right. */
static const void *asked;
static uint64_t sum, right;

static void add(const void *data, size_t size)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ p[i]) * 1099511628211ull;
}

static int compare(struct stage *s, const void *question, int rc)
{
	if (asked != question)
		right = sum;
	asked = question;
	RIGHT(s, rc < 0 || sum == right);
	sum = 0;
	return rc;
}

static bool is_untouched(const void *data, size_t size)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < size; i++)
		if (p[i] != 0xa5)
			return false;
	return true;
}
#define UNTOUCHED(s, rc, x) RIGHT((s), (rc) == 0 || is_untouched(&(x), sizeof(x)))

static int read_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

static int self(struct stage *s)
{
	struct st_self x;
	memset(&x, 0xa5, sizeof(x));
	int rc = st_store_read(s->base.store, read_self, &x);
	UNTOUCHED(s, rc, x);
	if (rc == 0)
		add(x.incarnation, sizeof(x.incarnation));
	return compare(s, "self", rc);
}

static int read_report(struct st_txn *t, void *arg)
{
	char place[ST_PLACE_MAX];
	struct st_report_query q = { .kind = ST_KIND_MATTER, .by_count = 2,
				     .by = { ST_BY_CATEGORY, ST_BY_MONTH }, .where_count = 1,
				     .today = 19700 };
	q.where[0].dimension = ST_BY_STATION;
	(void)snprintf(q.where[0].value, sizeof(q.where[0].value), CITY_BASE);
	return st_report_make(t, &q, arg, place);
}

static int report(struct stage *s)
{
	struct st_report r;
	memset(&r, 0xa5, sizeof(r));
	int rc = st_store_read(s->base.store, read_report, &r);
	UNTOUCHED(s, rc, r);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r.count; i++)
		add(&r.rows[i].opened, sizeof(uint64_t) * 5);
	st_report_done(&r);
	return compare(s, "report", rc);
}

static int see_cells(const struct st_answer_cell *cells, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		add(&cells[i].number, sizeof(cells[i].number));
		if (!cells[i].empty && (cells[i].type == ST_ANSWER_TEXT || cells[i].type == ST_ANSWER_CODE))
			add(cells[i].text, strlen(cells[i].text));
	}
	return 0;
}

static int read_answer(struct st_txn *t, void *arg)
{
	struct st_ask q = { .question = arg, .now_ms = 1700000000000 };
	struct st_answered done;
	char place[ST_PLACE_MAX];
	if (q.question->of_record)
		return 0; /* lives and proofs are asked below */
	memset(&done, 0xa5, sizeof(done));
	int rc = st_ask(t, &q, see_cells, NULL, &done, place);
	if (rc == 0)
		free(done.covers);
	return rc == 0 || is_untouched(&done, sizeof(done)) ? rc : ST_ECORRUPT;
}

static int question(struct stage *s)
{
	return compare(s, s->of, st_store_read(s->base.store, read_answer, (void *)(uintptr_t)s->of));
}

struct showing {
	struct st_txn *txn;
	const struct st_box_key *grant;
};

static int see_event(const struct st_life_event *e, void *arg)
{
	size_t counts[4] = { e->fact_count, e->text_count, e->private_count, e->texts_missing };
	(void)arg;
	add(&e->at.seq, sizeof(e->at.seq));
	add(counts, sizeof(counts));
	add(e->held_by, strlen(e->held_by));
	return 0;
}

static int see_row(const struct st_list_row *row, void *arg)
{
	struct showing *x = arg;
	add(row->title, strlen(row->title));
	return st_life_each(x->txn, &row->record, x->grant, see_event, NULL);
}

static int read_list(struct st_txn *t, void *arg)
{
	struct showing *x = arg;
	struct st_list_query q = { .kind = ST_KIND_MATTER, .limit = 2, .open_only = true, .today = 19700 };
	struct st_buf next;
	x->txn = t;
	st_buf_init(&next, 256);
	int rc = st_list_each(t, &q, see_row, x, &next);
	if (rc == 0)
		rc = next.error;
	add(next.data, next.size);
	st_buf_done(&next);
	return rc;
}

static int lives(struct stage *s)
{
	struct showing x = { .grant = &s->base.keys.grant };
	return compare(s, "lives", st_store_read(s->base.store, read_list, &x));
}

static int see_coverage(const struct st_coverage_row *row, void *arg)
{
	(void)arg;
	add(&row->size, sizeof(row->size));
	return 0;
}

static int read_coverage(struct st_txn *t, void *arg)
{
	return st_coverage_each(t, see_coverage, arg);
}

static int coverage(struct stage *s)
{
	return compare(s, "coverage", st_store_read(s->base.store, read_coverage, NULL));
}

static int verify(struct stage *s)
{
	struct st_log_verdict v;
	memset(&v, 0xa5, sizeof(v));
	int rc = st_log_verify(s->base.store, 1, NULL, NULL, &v);
	UNTOUCHED(s, rc, v);
	RIGHT(s, rc < 0 || v.rc == 0); /* a failure to read is no verdict over a log */
	if (rc == 0)
		add(&v.size, sizeof(v.size) * 2);
	return compare(s, "verify", rc);
}

static int recount(struct stage *s)
{
	struct st_recount r;
	memset(&r, 0xa5, sizeof(r));
	int rc = st_recount_run(s->base.store, NULL, NULL, &r);
	UNTOUCHED(s, rc, r);
	RIGHT(s, rc < 0 || r.wrong + r.wrong_records == 0);
	if (rc == 0)
		add(&r.events, sizeof(r.events) * 3);
	return compare(s, "recount", rc);
}

/* ---- a deputy, and a schedule ---- */

static int command(struct node *n, const char *kind, const char *move, const char *words[][2],
		   char number[ST_NUMBER_TEXT])
{
	struct st_job job;
	struct st_command_field fields[8];
	size_t count = 0;
	for (; words[count][0] != NULL; count++)
		fields[count] = (struct st_command_field){ st_span_text(words[count][0]),
							   st_span_text(words[count][1]) };
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_COMMAND;
	job.u.command.command = (struct st_command){ .kind = st_kind_named(kind)->number, .move = move,
						     .at_ms = n->world.now_ms, .fields = fields,
						     .field_count = count };
	int rc = node_run(n, &job);
	if (rc == 0)
		memcpy(number, job.u.command.number, ST_NUMBER_TEXT);
	return rc;
}

static int work_of_a_deputy(struct stage *s)
{
	char number[ST_NUMBER_TEXT];
	const char *enter[][2] = { { "deputy", "D-1" }, { "name", "李某" }, { "levels", "city" }, { NULL, NULL } };
	const char *plan[][2] = { { "type", "reception" }, { "title", "物业" },  { "weekdays", "friday" },
				  { "starts", "15:00" },   { "place", "一楼" }, { "people", "D-1" },
				  { NULL, NULL } };
	const char *visit[][2] = { { "who", "masses" },  { "title", "噪声" }, { "deputies", "D-1" },
				   { "schedule", number }, { NULL, NULL } };
	const char *activity[][2] = { { "type", "training" }, { "title", "学习" }, { "deputies", "D-1" },
				      { "on", "2023-11-10" },  { NULL, NULL } };
	int rc = command(&s->base, "deputy", "enter", enter, number);
	if (rc == 0)
		rc = command(&s->base, "activity", "record", activity, number);
	if (rc == 0)
		rc = command(&s->base, "schedule", "plan", plan, number);
	if (rc == 0)
		rc = command(&s->base, "visit", "record", visit, number);
	return rc;
}

static int see_archive(const struct st_archive_row *row, void *arg)
{
	(void)arg;
	add(row->title, strlen(row->title));
	add(row->result, strlen(row->result));
	add(&row->day, sizeof(row->day));
	return 0;
}

static int see_deputy(const struct st_deputy_row *row, void *arg)
{
	(void)arg;
	add(row->name, strlen(row->name));
	add(row->counts, sizeof(row->counts));
	add(&row->total, sizeof(row->total) * 2);
	return 0;
}

static int read_deputy(struct st_txn *t, void *arg)
{
	static struct st_points_table table;
	struct st_card card;
	struct st_census census;
	struct st_archive_query archive = { .code = st_span_text("D-1"), .limit = 2 };
	struct st_deputies_query points = { .table = &table, .floors = true, .limit = 5 };
	size_t count = 0, line = 0;
	const struct st_points_line *lines = st_points_defaults(&count);
	int rc = st_points_read(lines, count, &table, &line);
	if (rc == 0)
		rc = st_archive_each(t, &archive, see_archive, NULL, arg);
	if (rc == 0)
		rc = st_deputies_each(t, &points, see_deputy, NULL, arg);
	if (rc == 0)
		rc = st_deputy_card(t, st_span_text("D-1"), &card);
	if (rc == 0)
		add(card.name, strlen(card.name));
	if (rc == 0)
		rc = st_census_make(t, &census);
	if (rc == 0)
		add(&census.seats, sizeof(census.seats) * 2);
	return rc;
}

static int deputy(struct stage *s)
{
	struct st_buf next;
	st_buf_init(&next, 256);
	int rc = st_store_read(s->base.store, read_deputy, &next);
	st_buf_done(&next);
	return compare(s, "deputy", rc);
}

static int see_occurrence(const struct st_schedule *x, const struct st_occurrence *o, void *arg)
{
	(void)arg;
	add(x->title, strlen(x->title));
	add(o->met_by, strlen(o->met_by));
	add(&o->day, sizeof(o->day));
	return 0;
}

static int read_schedules(struct st_txn *t, void *arg)
{
	struct st_schedule_counts counts;
	struct st_schedule_query q = { .from_day = 19675, .to_day = 19700, .today = 19690, .limit = 10 };
	int rc = st_schedule_each(t, &q, see_occurrence, NULL, arg);
	if (rc == 0)
		rc = st_schedule_count_all(t, &q, &counts);
	if (rc < 0)
		return rc;
	add(&counts.rows[0].planned, sizeof(uint64_t) * 5);
	st_schedule_counts_done(&counts);
	return 0;
}

static int schedules(struct stage *s)
{
	struct st_buf next;
	st_buf_init(&next, 256);
	int rc = st_store_read(s->base.store, read_schedules, &next);
	st_buf_done(&next);
	return compare(s, "schedules", rc);
}

static int read_note(struct st_txn *t, void *arg)
{
	struct st_log log;
	int rc = st_log_get(t, 1, &log);
	if (rc == 0)
		rc = st_log_note(t, &log, arg);
	return rc < 0 ? rc : st_event_proof(t, &log, 2, arg);
}

static int notes(struct stage *s)
{
	struct st_buf text;
	st_buf_init(&text, 65536);
	int rc = st_store_read(s->base.store, read_note, &text);
	add(text.data, text.size);
	st_buf_done(&text);
	return compare(s, "notes", rc);
}

static int pack(struct stage *s)
{
	struct st_inbound *in = NULL;
	int rc = node_push(&s->base, CITY_BASE, 0, &in);
	RIGHT(s, (rc == 0) == (in != NULL));
	if (in != NULL)
		add(in->push.checkpoint.root.bytes, ST_HASH_SIZE);
	st_inbound_free(in);
	return compare(s, "pack", rc);
}

/* Main's head names an event to the base that hasn't come. */
static int head_without_event(struct stage *s)
{
	static struct st_job job;
	struct st_head h;
	memset(&job, 0, sizeof(job));
	memset(&h, 0, sizeof(h));
	h.log = (struct st_log_id){ code_of("410600"), 1 };
	h.to = code_of(CITY_BASE);
	h.seq = 9;
	h.count = h.time_s = 3;
	st_head_sign(&h, &s->main.keys.identity);
	job.kind = ST_JOB_CARRY;
	job.u.carry.carry = (struct st_carry){ .position = 1, .heads = &h, .head_count = 1 };
	int rc = node_run(&s->base, &job);
	RIGHT(s, rc < 0 || job.u.carry.heads.kept == 1);
	return rc;
}

static int see_head(const struct st_head_verdict *v, void *arg)
{
	(void)arg;
	add(&v->missing, sizeof(v->missing));
	add(&v->first, sizeof(v->first));
	return 0;
}

static int read_heads(struct st_txn *t, void *arg)
{
	struct st_heads_ask now = { .now_s = 1 };
	return st_heads_each(t, &now, see_head, arg);
}

static int heads(struct stage *s)
{
	return compare(s, "heads", st_store_read(s->base.store, read_heads, NULL));
}

int main(void)
{
	static const struct scene scenes[] = {
		{ .name = "self", .play = self, .subject = on_base },
		{ .name = "report", .play = report, .subject = on_base },
		{ .name = "list and lives", .play = lives, .subject = on_base },
		{ .name = "coverage", .play = coverage, .subject = on_base },
		{ .name = "verify", .play = verify, .subject = on_base },
		{ .name = "recount", .play = recount, .subject = on_base },
		{ .name = "deputies", .play = deputy, .subject = on_base, .before = work_of_a_deputy },
		{ .name = "schedules", .play = schedules, .subject = on_base, .before = work_of_a_deputy },
		{ .name = "note and proof", .play = notes, .subject = on_base },
		{ .name = "heads", .play = heads, .subject = on_base, .before = head_without_event },
		{ .name = "pack and unpack", .play = pack, .subject = on_base },
	};
	enum { OTHERS = sizeof(scenes) / sizeof(scenes[0]), QUESTIONS_MAX = 64 };
	struct scene all[OTHERS + QUESTIONS_MAX];
	size_t count = OTHERS;
	memcpy(all, scenes, sizeof(scenes));
	for (size_t i = 0; i < st_question_count() && i < QUESTIONS_MAX; i++) {
		const struct st_question *q = st_question_at(i);
		all[count++] = (struct scene){ .name = q->name, .play = question, .subject = on_base, .of = q };
	}
	return stage_run(all, count);
}
