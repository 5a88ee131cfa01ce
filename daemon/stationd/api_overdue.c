/* api_overdue.c - what is past its due day here and below, and what soon will be, as a table.
 *
 * Owns:    its columns.
 * Promise: 6: the list says which stations it covers.
 * Flow:    api -> overdue, coverage -> api */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/ask/overdue.h>
#include <station/ask/report.h>
#include <station/base/clock.h>
#include "api.h"

enum { PAGE = 200 };

struct looking {
	struct request *q;
	struct st_overdue_query query;
	struct st_buf next;
	json_t *rows, *silent, *coverage;
	bool en;
	int64_t now_ms;
};

static json_t *column(const char *name, const char *zh, const char *en, const char *type)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "zh", zh, "en", en, "type", type);
}

static json_t *columns(bool soon)
{
	json_t *list = json_array();
	json_array_append_new(list, column("holder", "持有站", "holder", "code"));
	json_array_append_new(list, column("holder_name", "站名", "its name", "text"));
	json_array_append_new(list, column("number", "编号", "number", "code"));
	json_array_append_new(list, column("kind", "类", "kind", "text"));
	json_array_append_new(list, column("state", "状态", "state", "text"));
	json_array_append_new(list, column("category", "类别", "category", "text"));
	json_array_append_new(list, column("unit", "承办单位", "unit", "text"));
	json_array_append_new(list, column("title", "标题", "title", "text"));
	json_array_append_new(list, column("due", "期限", "due", "day"));
	json_array_append_new(list, column("first_due", "原期限", "first due", "day"));
	json_array_append_new(list, soon ? column("days", "剩余天数", "days left", "days")
					 : column("days", "超期天数", "days over", "days"));
	json_array_append_new(list, soon ? column("working_days", "剩余工作日", "working days left", "days")
					 : column("working_days", "超期工作日", "working days over", "days"));
	return list;
}

static int add_row(const struct st_overdue_row *r, void *arg)
{
	struct looking *x = arg;
	const struct st_kind *k = st_kind(r->record.kind);
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, r->record.state);
	json_t *row = json_pack("[s, s, s, s, s, o, o, o, o, o, I, I]", r->holder.certificate.code.text,
				r->holder.certificate.name, r->number, k == NULL ? "" : x->en ? k->en : k->zh,
				s == NULL ? "" : x->en ? s->en : s->zh, api_span(st_span_text(r->category)),
				api_span(st_span_text(r->unit)), api_span(st_span_text(r->title)),
				api_day(r->record.due_day), api_day(r->record.first_due_day),
				(json_int_t)r->days, (json_int_t)r->working_days);
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

static int add_silent(const struct st_coverage_row *row, void *arg)
{
	struct looking *x = arg;
	const struct st_certificate *c = &row->station.certificate;
	if (row->heard && !row->refilling)
		return 0;
	json_array_append_new(x->silent, json_pack("{s:s, s:s, s:b, s:b}", "code", c->code.text, "name", c->name,
						   "heard", (int)row->heard, "refilling", (int)row->refilling));
	return 0;
}

static int cover(struct looking *x, struct st_txn *t)
{
	struct st_coverage_sum sum;
	int rc = st_coverage_sum(t, &sum);
	if (rc == 0)
		rc = st_coverage_each(t, add_silent, x);
	if (rc < 0)
		return rc;
	x->coverage = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:[]}", "stations",
				(json_int_t)sum.stations, "heard", (json_int_t)sum.heard, "refilling",
				(json_int_t)sum.refilling, "events", (json_int_t)sum.events, "unread",
				(json_int_t)sum.unread, "waiting", (json_int_t)sum.waiting, "set_aside",
				(json_int_t)sum.set_aside, "oldest_checkpoint_s",
				(json_int_t)sum.oldest_checkpoint_s, "now_ms", (json_int_t)x->now_ms, "rows",
				x->silent, "invited");
	return 0;
}

static int read_number(struct request *q, const char *name, long most, uint32_t *to)
{
	const char *text = api_argument(q, name);
	char *end = NULL;
	long n = text == NULL ? 0 : strtol(text, &end, 10);
	if (text == NULL)
		return 0;
	if (n < 1 || n > most || *end != 0)
		return api_place(q, ST_EFIELD, name);
	*to = (uint32_t)n;
	return 0;
}

static int read_query(struct looking *x, struct st_txn *t)
{
	struct request *q = x->q;
	const char *kind = api_argument(q, "kind"), *holder = api_argument(q, "holder"), *page = api_argument(q, "page");
	const struct st_kind *k = kind == NULL ? NULL : st_kind_named(kind);
	uint32_t limit = PAGE;
	struct st_code code;
	x->query.self = q->station->self.station.number;
	x->query.today = st_day_of_ms(x->now_ms);
	x->query.soon = api_argument(q, "soon") != NULL;
	x->query.from = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	if (kind != NULL && (k == NULL || st_kind_field(k, ST_F_DUE_DAY) == NULL))
		return api_place(q, ST_EFIELD, "kind");
	x->query.kind = k == NULL ? 0 : k->number;
	int rc = read_number(q, "limit", ST_LIST_MAX, &limit);
	if (rc == 0)
		rc = read_number(q, "days", 365, &x->query.soon_days);
	x->query.limit = limit;
	if (rc < 0 || holder == NULL)
		return rc;
	rc = st_code_parse(st_span_text(holder), &code);
	if (rc == 0)
		rc = st_station_number(t, &code, &x->query.holder);
	return rc < 0 ? api_place(q, ST_EFIELD, "holder") : 0;
}

static int look(struct st_txn *t, void *arg)
{
	struct looking *x = arg;
	int rc = read_query(x, t);
	if (rc == 0)
		rc = st_overdue_each(t, &x->query, add_row, x, &x->next);
	if (rc == ST_EFIELD && x->q->place[0] == 0)
		rc = api_place(x->q, rc, "page");
	return rc < 0 ? rc : cover(x, t);
}

static int get_overdue(struct request *q)
{
	const char *lang = api_argument(q, "lang");
	struct timespec now;
	struct looking x = { .q = q, .rows = json_array(), .silent = json_array(),
			     .en = lang != NULL && strcmp(lang, "en") == 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	x.now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	st_buf_init(&x.next, 4 * ST_INDEX_KEY_MAX);
	int rc = q->station->self.set_up ? st_store_read(q->station->store, look, &x) : ST_ENOSTATION;
	json_t *next = x.next.size == 0 ? json_null() : api_span(st_buf_span(&x.next));
	st_buf_done(&x.next);
	json_decref(x.silent);
	if (rc < 0) {
		json_decref(next);
		json_decref(x.rows);
		json_decref(x.coverage);
		return rc;
	}
	bool soon = x.query.soon;
	return api_json(q, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", soon ? "soon" : "overdue", "title",
				     soon ? api_two("即将到期", "due soon") : api_two("超期", "overdue"), "columns",
				     columns(soon), "rows", x.rows, "next", next, "coverage", x.coverage));
}

const struct route api_overdue_routes[] = {
	{ "GET", "/v1/overdue", get_overdue },
	{ NULL, NULL, NULL },
};
