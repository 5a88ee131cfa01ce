/* api_directives.c - how far what this station asked of others has come, and what was asked of it.
 *
 * Owns:    directives as JSON; that a record's opening at its addressee counts as seen.
 * Flow:    store -> directives, life -> api; api -> seen job */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/directives.h>
#include <station/base/check.h>
#include "api.h"

json_t *api_reaches(const struct st_life_event *e)
{
	json_t *list = json_array();
	for (size_t i = 0; i < e->reach_count; i++) {
		const struct st_reach *r = &e->reaches[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "to", r->to.text, "state",
					st_reach_text(r->state), "child", r->child.text, "revoked",
					(int)r->revoked, "delivered", api_time((int64_t)r->delivered_ms),
					"seen", api_time((int64_t)r->seen_ms)));
	}
	return list;
}

json_t *api_aside(const struct st_aside *a)
{
	if (a->why == ST_ASIDE_NONE)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "why", st_aside_text(a->why), "zh",
			 st_aside_words(a->why, ST_ZH), "en", st_aside_words(a->why, ST_EN), "first",
			 api_position(&a->first), "by", api_position(&a->by));
}

/* ---- seen ---- */

struct seeing {
	struct job job;
	struct request *request; /* NULL: nobody waits for it */
	json_t *object;
	char what[ST_RECORD_NAME_MAX];
};

static void free_seeing(void *work)
{
	struct seeing *s = work;
	json_decref(s->object);
	free(s);
}

static void drop_seeing(struct job *job)
{
	free_seeing(job->arg); /* refused or not: the next one who opens the record says it again */
}

bool api_is_unseen(const struct st_life_event *e)
{
	for (size_t i = 0; i < e->reach_count; i++)
		if (e->reaches[i].to_us && e->reaches[i].stage == ST_STAGE_DELIVERED)
			return true;
	return false;
}

void api_seen(struct station *station, const char *record)
{
	struct seeing *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return;
	(void)snprintf(s->what, sizeof(s->what), "%s", record);
	s->job.arg = s;
	s->job.done = drop_seeing;
	s->job.bytes = sizeof(*s);
	s->job.work.kind = ST_JOB_SEEN;
	s->job.work.u.seen.what = st_span_text(s->what);
	if (writer_submit(station->writer, &s->job) < 0)
		free_seeing(s);
}

static void seen_done(struct job *job)
{
	struct seeing *s = job->arg;
	const struct st_job_seen *work = &job->work.u.seen;
	if (job->work.rc < 0) {
		const char *what = json_string_value(json_object_get(s->object, "what"));
		bool author = job->work.rc == ST_EFIELD && work->author.size > ST_AUTHOR_MAX;
		(void)api_place(s->request, 0, author ? "author" : what == NULL ? "" : what);
		(void)api_refuse(s->request, job->work.rc);
		return;
	}
	(void)api_json(s->request, json_pack("{s:I, s:b}", "seen", (json_int_t)work->count, "more",
					     (int)work->more));
}

static int post_seen(struct request *q)
{
	struct seeing *s = calloc(1, sizeof(*s));
	const char *what = NULL, *author = NULL;
	if (s == NULL)
		return ST_ENOMEM;
	q->work = s;
	q->work_free = free_seeing;
	s->request = q;
	s->job.arg = s;
	s->job.done = seen_done;
	s->job.bytes = sizeof(*s) + q->body.size;
	s->job.work.kind = ST_JOB_SEEN;
	int rc = api_object(q, &s->object);
	if (rc == 0)
		rc = api_member(q, s->object, "what", true, &what);
	if (rc == 0)
		rc = api_member(q, s->object, "author", false, &author);
	if (rc < 0)
		return rc;
	if (what[0] == 0)
		return api_place(q, ST_EFIELD, "what");
	bool all = strcmp(what, "all") == 0;
	s->job.work.u.seen.what = all ? ST_SPAN_NONE : st_span_text(what);
	s->job.work.u.seen.author = author == NULL ? ST_SPAN_NONE : st_span_text(author);
	return api_submit(q, &s->job);
}

/* ---- the list ---- */

struct listing {
	struct request *q;
	struct st_directives_query query;
	struct st_buf next;
	json_t *rows, *coverage;
};

/*      name        type     Chinese       English */
#define COLUMNS(X)                                                                                 \
	X("event", "text", "事件", "event")                                                        \
	X("from", "code", "发自", "from")                                                          \
	X("to", "code", "发给", "to")                                                              \
	X("number", "text", "编号", "number")                                                      \
	X("kind", "text", "类别", "kind")                                                          \
	X("move", "text", "事项", "what")                                                          \
	X("title", "text", "标题", "title")                                                        \
	X("sent", "time", "发出", "sent")                                                          \
	X("state", "text", "进展", "state")                                                        \
	X("child", "code", "经由下级", "by way of")                                                \
	X("held_by", "text", "持有至", "held by")                                                  \
	X("delivered", "time", "送达", "delivered")                                                \
	X("seen", "time", "阅", "seen")                                                            \
	X("due", "day", "期限", "due")                                                             \
	X("late", "count", "逾期", "late")

static json_t *columns_json(void)
{
	json_t *list = json_array();
#define X(name, type, zh, en)                                                                      \
	json_array_append_new(list, api_column(name, type, zh, en));
	COLUMNS(X)
#undef X
	return list;
}

static int add_row(const struct st_directive *d, void *arg)
{
	struct listing *x = arg;
	const struct st_life_event *e = d->event;
	const struct st_kind *k = st_kind(d->record->kind);
	const char *move = e->move != NULL ? e->move->name : st_event_type_name(e->type);
	json_t *row = json_pack("[o, s, s, s, s, s, s, o, s, o, s, o, o, o, i]", api_position(&e->at),
				e->at.station.text, d->reach->to.text, d->number,
				k == NULL ? "" : k->name, move, d->title, api_time((int64_t)e->wall_ms),
				st_reach_text(d->reach->state),
				d->reach->child.text[0] == 0 ? json_null()
							     : json_string(d->reach->child.text),
				e->held_by, api_time((int64_t)d->reach->delivered_ms),
				api_time((int64_t)d->reach->seen_ms), api_day(d->record->due_day),
				(int)d->late);
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

static int read_query(struct listing *x, struct st_txn *t)
{
	struct request *q = x->q;
	struct st_directives_query *to = &x->query;
	const char *code = api_argument(q, "to"), *page = api_argument(q, "page");
	struct st_code addressee;
	int rc = api_limit(q, 50, ST_LIST_MAX, &to->limit);
	if (rc < 0)
		return rc;
	to->today = api_today();
	to->open_only = api_argument(q, "open") != NULL;
	to->late = api_argument(q, "late") != NULL;
	to->from = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	bool unseen = api_argument(q, "unseen") != NULL;
	bool received = unseen || api_argument(q, "received") != NULL;
	if (received && code != NULL)
		return api_wrong(q, ST_EFIELD, "to");
	to->which = unseen ? ST_DIRECTIVES_UNSEEN : received ? ST_DIRECTIVES_FOR_US
			   : code != NULL ? ST_DIRECTIVES_TO : ST_DIRECTIVES_SENT;
	if (code != NULL && (st_code_parse(st_span_text(code), &addressee) < 0 ||
			     st_station_number(t, &addressee, &to->addressee) < 0))
		return api_wrong(q, ST_EFIELD, "to");
	return 0;
}

static int read_list(struct st_txn *t, void *arg)
{
	struct listing *x = arg;
	int rc = read_query(x, t);
	if (rc < 0)
		return rc;
	rc = st_directives_each(t, &x->query, add_row, x, &x->next);
	if (rc < 0)
		return rc == ST_EFIELD ? api_wrong(x->q, rc, "page") : rc;
	const struct api_covers all = { .station = NULL };
	return x->next.size > 0 ? 0 : api_coverage(t, &all, api_now_ms(), &x->coverage);
}

static int get_list(struct request *q)
{
	struct listing x = { .q = q, .rows = json_array() };
	st_buf_init(&x.next, 256);
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read_list, &x) : ST_ENOSTATION;
	struct api_table t = { .name = "directives", .zh = "下达与移交", .en = "directives",
			       .columns = columns_json(), .rows = x.rows, .coverage = x.coverage,
			       .next = st_buf_span(&x.next) };
	json_t *json = api_table(&t);
	st_buf_done(&x.next);
	if (rc == 0)
		return api_json(q, json);
	json_decref(json);
	return rc;
}

/* ---- one, or those of a record ---- */

struct showing {
	struct request *q;
	struct st_position at; /* seq 0: all of the record's */
	struct st_record record;
	const struct st_kind *kind;
	json_t *list;
	char number[ST_NUMBER_TEXT];
};

static int add_shown(const struct st_life_event *e, void *arg)
{
	struct showing *x = arg;
	bool asked = x->at.seq == 0 ? e->reach_count > 0
				    : st_code_equal(&e->at.station, &x->at.station) &&
					      e->at.epoch == x->at.epoch && e->at.seq == x->at.seq;
	if (!asked)
		return 0;
	const char *stray = e->stray == ST_STRAY_WAITING      ? "waiting"
			    : e->stray == ST_STRAY_SET_ASIDE ? "set_aside"
							     : "";
	json_t *one = json_pack("{s:o, s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:o}", "event",
				api_position(&e->at), "type", st_event_type_name(e->type), "move",
				e->move == NULL ? "" : e->move->name, "at", api_time(e->at_ms), "author",
				api_span(e->author), "held_by", e->held_by, "stray", stray, "aside",
				api_aside(&e->aside), "addressed", api_reaches(e));
	return json_array_append_new(x->list, one) == 0 ? 0 : ST_ENOMEM;
}

static int read_shown(struct st_txn *t, void *arg)
{
	struct showing *x = arg;
	struct st_record_ref ref;
	struct st_record_id id;
	struct st_span what = st_span_text(x->q->rest);
	int rc = st_position_parse(what, &x->at);
	if (rc == 0) {
		rc = st_event_record(t, &x->at, &x->record);
	} else {
		rc = st_record_resolve(t, what, &ref);
		if (rc == 0)
			rc = st_record_load(t, &ref, &x->record);
	}
	if (rc == 0)
		rc = st_record_id(t, &x->record.ref, &id);
	if (rc < 0)
		return api_place(x->q, rc, x->q->rest);
	x->kind = st_kind(x->record.kind);
	st_number_text(&x->record.number, &id.opener, &id.ulid, x->number);
	return st_life_each(t, &x->record, NULL, add_shown, x);
}

static int get_one(struct request *q)
{
	struct showing x = { .q = q, .list = json_array() };
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read_shown, &x)
					 : ST_ENOSTATION;
	if (rc < 0) {
		json_decref(x.list);
		return rc;
	}
	return api_json(q, json_pack("{s:s, s:s, s:o, s:o}", "number", x.number, "kind",
				     x.kind == NULL ? "" : x.kind->name, "due",
				     api_day(x.record.due_day), "directives", x.list));
}

const struct route api_directive_routes[] = {
	{ "GET", "/v1/directives", get_list },
	{ "POST", "/v1/directives/seen", post_seen },
	{ "GET", "/v1/directives/", get_one },
	{ NULL, NULL, NULL },
};
