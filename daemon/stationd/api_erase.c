/* api_erase.c - a record's texts and personal fields erased, and which stations have confirmed it.
 *
 * Owns:    erasures as JSON.
 * Flow:    api -> erase job -> api; erased, heard -> erasures -> api */
#include <stdlib.h>
#include <string.h>
#include <station/ask/erasures.h>
#include <station/base/check.h>
#include "api.h"

/* ---- to have it erased ---- */

struct erasing {
	struct job job;
	struct request *request;
	json_t *object; /* the job's texts are borrowed from it */
};

static void free_erasing(void *work)
{
	struct erasing *e = work;
	json_decref(e->object);
	free(e);
}

static void erase_done(struct job *job)
{
	struct erasing *e = job->arg;
	const struct st_job_erase *x = &job->work.u.erase;
	if (job->work.rc < 0) {
		const char *record = json_string_value(json_object_get(e->object, "record"));
		(void)api_place(e->request, 0,
				x->place[0] != 0 ? x->place
				: record == NULL ? ""
						 : record);
		(void)api_refuse(e->request, job->work.rc);
		return;
	}
	(void)api_json(e->request, json_pack("{s:s, s:o, s:I, s:s}", "number", x->number, "event",
					     api_position(&x->at), "parts", (json_int_t)x->parts,
					     "scope", st_erase_scope_text(x->scope)));
}

static int read_erase(struct request *q, struct erasing *e)
{
	struct st_job_erase *to = &e->job.work.u.erase;
	const char *record = NULL, *reason = NULL, *author = NULL, *scope = NULL, *event = NULL;
	int rc = api_member(q, e->object, "record", true, &record);
	if (rc == 0)
		rc = api_member(q, e->object, "reason", true, &reason);
	if (rc == 0)
		rc = api_member(q, e->object, "author", false, &author);
	if (rc == 0)
		rc = api_member(q, e->object, "scope", false, &scope);
	if (rc == 0)
		rc = api_member(q, e->object, "event", false, &event);
	if (rc < 0)
		return rc;
	to->record = st_span_text(record);
	to->reason = st_span_text(reason);
	to->author = author == NULL ? ST_SPAN_NONE : st_span_text(author);
	to->event = event == NULL ? ST_SPAN_NONE : st_span_text(event);
	to->scope = event != NULL ? ST_ERASE_EVENT : ST_ERASE_ALL;
	if (scope == NULL)
		return 0;
	if (strcmp(scope, "private") == 0 && event == NULL)
		to->scope = ST_ERASE_PRIVATE;
	else if (strcmp(scope, st_erase_scope_text(to->scope)) != 0)
		return api_place(q, ST_EFIELD, "scope");
	return 0;
}

static int post_erase(struct request *q)
{
	struct erasing *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return ST_ENOMEM;
	q->work = e;
	q->work_free = free_erasing;
	e->request = q;
	e->job.arg = e;
	e->job.done = erase_done;
	e->job.bytes = sizeof(*e) + q->body.size;
	e->job.work.kind = ST_JOB_ERASE;
	int rc = api_object(q, &e->object);
	if (rc == 0)
		rc = read_erase(q, e);
	return rc < 0 ? rc : api_submit(q, &e->job);
}

/* ---- the list ---- */

/*      name         type     Chinese         English */
#define COLUMNS(X)                                     \
	X("event", "text", "事件", "event")            \
	X("from", "code", "发自", "from")              \
	X("number", "text", "编号", "number")          \
	X("kind", "text", "类别", "kind")              \
	X("scope", "text", "范围", "scope")            \
	X("parts", "count", "份数", "parts")           \
	X("written", "time", "时间", "written")        \
	X("author", "text", "经手", "author")          \
	X("reason", "text", "原因", "reason")          \
	X("state", "text", "本站", "here")             \
	X("confirmed", "count", "已确认", "confirmed") \
	X("expected", "count", "应确认", "expected")   \
	X("held_by", "text", "持有至", "held by")

struct listing {
	struct request *q;
	struct st_buf next;
	json_t *rows, *coverage;
};

static int add_row(const struct st_erasure_shown *e, void *arg)
{
	struct listing *x = arg;
	const struct st_kind *k = st_kind(e->kind);
	json_t *row = json_pack("[o, s, s, s, s, I, o, o, o, s, I, I, s]", api_position(&e->at),
				e->at.station.text, e->number, k == NULL ? "" : k->name,
				st_erase_scope_text(e->scope), (json_int_t)e->parts,
				api_time((int64_t)e->row.wall_ms), api_span(e->author),
				api_span(e->reason), st_erasure_state_text(e->row.state),
				(json_int_t)e->confirmed, (json_int_t)e->expected, e->held_by);
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

static int read_list(struct st_txn *t, void *arg)
{
	struct listing *x = arg;
	const char *page = api_argument(x->q, "page");
	struct st_erasures_query q = { .from = page == NULL ? ST_SPAN_NONE : st_span_text(page) };
	int rc = api_limit(x->q, 50, ST_LIST_MAX, &q.limit);
	if (rc < 0)
		return rc;
	rc = st_erasures_each(t, &q, add_row, x, &x->next);
	if (rc < 0)
		return rc == ST_EFIELD ? api_wrong(x->q, rc, "page") : rc;
	const struct api_covers all = { .station = NULL };
	return x->next.size > 0 ? 0 : api_coverage(t, &all, api_now_ms(), &x->coverage);
}

static int get_list(struct request *q)
{
	struct listing x = { .q = q, .rows = json_array() };
	json_t *columns = json_array();
#define X(name, type, zh, en) json_array_append_new(columns, api_column(name, type, zh, en));
	COLUMNS(X)
#undef X
	st_buf_init(&x.next, 256);
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read_list, &x)
					 : ST_ENOSTATION;
	struct api_table t = { .name = "erasures",
			       .zh = "抹除",
			       .en = "erasures",
			       .columns = columns,
			       .rows = x.rows,
			       .coverage = x.coverage,
			       .next = st_buf_span(&x.next) };
	json_t *json = api_table(&t);
	st_buf_done(&x.next);
	if (rc == 0)
		return api_json(q, json);
	json_decref(json);
	return rc;
}

/* ---- those of a record, or one, station by station ---- */

struct showing {
	struct request *q;
	struct st_txn *txn;
	struct st_position at; /* seq 0: all of the record's */
	json_t *list, *stations;
};

static int add_station(const struct st_erasure_station *s, void *arg)
{
	struct showing *x = arg;
	bool done = s->reach.stage >= ST_STAGE_DELIVERED;
	json_t *one = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:b, s:o}", "station",
				s->reach.to.text, "name", s->station.certificate.name, "tier",
				st_tier_name(s->station.certificate.tier), "confirmed", (int)done,
				"state", st_reach_text(s->reach.state), "child",
				s->reach.child.text, "revoked", (int)s->reach.revoked, "at",
				api_time((int64_t)s->reach.delivered_ms));
	return json_array_append_new(x->stations, one) == 0 ? 0 : ST_ENOMEM;
}

static int add_shown(const struct st_erasure_shown *e, void *arg)
{
	struct showing *x = arg;
	const struct st_kind *k = st_kind(e->kind);
	if (x->at.seq != 0 && (e->at.seq != x->at.seq || e->at.epoch != x->at.epoch ||
			       !st_code_equal(&e->at.station, &x->at.station)))
		return 0;
	x->stations = json_array();
	int rc = st_erasure_stations(x->txn, &e->row, add_station, x);
	json_t *one =
		json_pack("{s:o, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:s, s:o}",
			  "event", api_position(&e->at), "number", e->number, "kind",
			  k == NULL ? "" : k->name, "scope", st_erase_scope_text(e->scope), "parts",
			  (json_int_t)e->parts, "written", api_time((int64_t)e->row.wall_ms),
			  "author", api_span(e->author), "reason", api_span(e->reason), "state",
			  st_erasure_state_text(e->row.state), "why", api_why(e->row.why),
			  "confirmed", (json_int_t)e->confirmed, "expected",
			  (json_int_t)e->expected, "held_by", e->held_by, "stations", x->stations);
	if (rc < 0) {
		json_decref(one);
		return rc;
	}
	return json_array_append_new(x->list, one) == 0 ? 0 : ST_ENOMEM;
}

static int read_shown(struct st_txn *t, void *arg)
{
	struct showing *x = arg;
	struct st_span what = st_span_text(x->q->rest);
	struct st_record_ref ref;
	x->txn = t;
	int rc = st_position_parse(what, &x->at);
	if (rc == 0)
		rc = st_erasure_record(t, &x->at, &ref);
	else
		rc = st_record_resolve(t, what, &ref);
	if (rc == 0)
		rc = st_erasures_of(t, &ref, add_shown, x);
	return rc < 0 ? api_place(x->q, rc, x->q->rest) : 0;
}

static int get_one(struct request *q)
{
	struct showing x = { .q = q, .list = json_array() };
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read_shown, &x)
					 : ST_ENOSTATION;
	if (rc == 0)
		return api_json(q, json_pack("{s:o}", "erasures", x.list));
	json_decref(x.list);
	return rc;
}

const struct route api_erase_routes[] = {
	{ "GET", "/v1/erasures", get_list },
	{ "POST", "/v1/erasures", post_erase },
	{ "GET", "/v1/erasures/", get_one },
	{ NULL, NULL, NULL },
};
