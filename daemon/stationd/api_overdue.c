/* api_overdue.c - what is past its due day here and below, and what soon will be, as a table.
 *
 * Owns:    its columns.
 * Promise: 6: the list says which stations it covers.
 * Flow:    api -> overdue, report, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/overdue.h>
#include <station/ask/report.h>
#include <station/base/clock.h>
#include "api.h"

enum { PAGE = 200 };

struct looking {
	struct request *q;
	struct st_overdue_query query;
	struct st_buf next;
	json_t *rows, *coverage;
	bool en, by_state;
	struct st_code holder; /* where one is asked for */
	int64_t now_ms;
};

static const struct {
	const char *name, *text[2]; /* in Chinese, in English */
} whats[ST_OVERDUE_WHATS] = {
#define X(name, zh, en) [ST_OVERDUE_##name] = { #name, { zh, en } },
	ST_OVERDUE_WHAT(X)
#undef X
};

static json_t *columns(bool soon)
{
	json_t *list = json_array();
	json_array_append_new(list, api_column("holder", "code", "持有站", "holder"));
	json_array_append_new(list, api_column("holder_name", "text", "站名", "its name"));
	json_array_append_new(list, api_column("number", "code", "编号", "number"));
	json_array_append_new(list, api_column("kind", "text", "类", "kind"));
	json_array_append_new(list, api_column("state", "text", "状态", "state"));
	json_array_append_new(list, api_column("what", "text", "事由", "what is late"));
	json_array_append_new(list, api_column("category", "text", "类别", "category"));
	json_array_append_new(list, api_column("unit", "text", "承办单位", "unit"));
	json_array_append_new(list, api_column("title", "text", "标题", "title"));
	json_array_append_new(list, api_column("due", "day", "期限", "due"));
	json_array_append_new(list, api_column("first_due", "day", "原期限", "first due"));
	json_array_append_new(list, soon ? api_column("days", "days", "剩余天数", "days left")
					 : api_column("days", "days", "超期天数", "days over"));
	json_array_append_new(list, soon ? api_column("working_days", "days", "剩余工作日", "working days left")
					 : api_column("working_days", "days", "超期工作日", "working days over"));
	return list;
}

static int add_row(const struct st_overdue_row *r, void *arg)
{
	struct looking *x = arg;
	const struct st_kind *k = st_kind(r->record.kind);
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, r->record.state);
	json_t *row = json_pack("[s, s, s, s, s, s, o, o, o, o, o, I, I]", r->holder.certificate.code.text,
				r->holder.certificate.name, r->number, k == NULL ? "" : x->en ? k->en : k->zh,
				s == NULL ? "" : x->en ? s->en : s->zh, whats[r->what].text[x->en],
				api_span(st_span_text(r->category)), api_span(st_span_text(r->unit)),
				api_span(st_span_text(r->title)), api_day(r->due), api_day(r->first_due),
				(json_int_t)r->days, (json_int_t)r->working_days);
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

/* Of one holder, or of everybody here and below. */
static int cover(struct looking *x, struct st_txn *t)
{
	uint32_t holder = x->query.holder;
	if (x->next.size > 0)
		return 0; /* it comes with the last page */
	bool *only = holder == 0 ? NULL : calloc((size_t)holder + 1, sizeof(*only));
	if (holder != 0 && only == NULL)
		return ST_ENOMEM;
	if (only != NULL)
		only[holder] = true;
	const struct api_covers covers = { .station = only, .count = (size_t)holder + 1 };
	int rc = api_coverage(t, &covers, x->now_ms, &x->coverage);
	free(only);
	return rc;
}

static int read_number(struct request *q, const char *name, long most, uint32_t *to)
{
	const char *text = api_argument(q, name);
	char *end = NULL;
	long n = text == NULL ? 0 : strtol(text, &end, 10);
	if (text == NULL)
		return 0;
	if (n < 1 || n > most || *end != 0) {
		char place[ST_PLACE_MAX];
		(void)snprintf(place, sizeof(place), "%s (1..%ld)", name, most);
		return api_place(q, ST_EFIELD, place);
	}
	*to = (uint32_t)n;
	return 0;
}

static int read_what(struct looking *x)
{
	const char *what = api_argument(x->q, "what");
	for (int i = 1; what != NULL && i < ST_OVERDUE_WHATS; i++)
		if (strcmp(what, whats[i].name) == 0)
			x->query.what = (enum st_overdue_what)i;
	return what != NULL && x->query.what == 0 ? api_place(x->q, ST_EFIELD, "what (record opinion missed)") : 0;
}

static int read_query(struct looking *x, struct st_txn *t)
{
	struct request *q = x->q;
	const char *kind = api_argument(q, "kind"), *holder = api_argument(q, "holder"), *page = api_argument(q, "page");
	const struct st_kind *k = kind == NULL ? NULL : st_kind_named(kind);
	const char *by = api_argument(q, "by");
	uint32_t limit = PAGE;
	x->query.self = q->station->self.station.number;
	x->query.today = st_day_of_ms(x->now_ms);
	x->query.soon = api_argument(q, "soon") != NULL;
	x->query.from = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	if (kind != NULL && (k == NULL || (st_kind_field(k, ST_F_DUE_DAY) == NULL && strcmp(kind, "schedule") != 0)))
		return api_wrong(q, ST_EFIELD, "kind");
	const char *beside = x->query.soon                      ? "by, soon"
			     : api_argument(q, "what") != NULL   ? "by, what"
			     : api_argument(q, "missed") != NULL ? "by, missed"
								 : NULL;
	if (by != NULL && (strcmp(by, "state") != 0 || beside != NULL))
		return api_place(q, ST_EFIELD, beside != NULL ? beside : "by (state)");
	x->by_state = by != NULL;
	x->query.kind = k == NULL ? 0 : k->number;
	int rc = read_number(q, "limit", ST_LIST_MAX, &limit);
	if (rc == 0)
		rc = read_number(q, "days", 365, &x->query.soon_days);
	if (rc == 0)
		rc = read_number(q, "missed", ST_MISSED_MOST, &x->query.missed_days);
	if (rc == 0)
		rc = read_what(x);
	x->query.limit = limit;
	if (rc < 0 || holder == NULL)
		return rc;
	rc = st_code_parse(st_span_text(holder), &x->holder);
	if (rc == 0)
		rc = st_station_number(t, &x->holder, &x->query.holder);
	return rc < 0 ? api_wrong(q, ST_EFIELD, "holder") : 0;
}

/* ---- by state ---- */

static json_t *state_columns(void)
{
	json_t *list = json_array();
	json_array_append_new(list, api_column("kind", "text", "类", "kind"));
	json_array_append_new(list, api_column("state", "text", "状态", "state"));
	json_array_append_new(list, api_column("open_now", "count", "在办", "open"));
	json_array_append_new(list, api_column("overdue_now", "count", "超期", "overdue"));
	return list;
}

static int add_states(struct looking *x, struct st_txn *t, const struct st_kind *k)
{
	struct st_report_query q = { .kind = k->number, .today = x->query.today, .by_count = 1, .by = { ST_BY_STATE } };
	struct st_report report;
	char place[ST_PLACE_MAX];
	if (x->query.holder != 0) {
		q.where_count = 1;
		q.where[0].dimension = ST_BY_STATION;
		(void)snprintf(q.where[0].value, sizeof(q.where[0].value), "%s", x->holder.text);
	}
	int rc = st_report_make(t, &q, &report, place);
	if (rc < 0)
		return rc;
	if (report.no_overdue)
		rc = ST_ETOOBIG;
	for (size_t i = 0; rc == 0 && i < report.count; i++) {
		const struct st_report_row *r = &report.rows[i];
		const struct st_state_row *s = st_kind_state_named(k, st_span_text(r->key[0]));
		const char *state = s == NULL ? r->key[0] : x->en ? s->en : s->zh;
		if (r->overdue_now > 0)
			json_array_append_new(x->rows, json_pack("[s, s, I, I]", x->en ? k->en : k->zh, state,
								 (json_int_t)r->open_now, (json_int_t)r->overdue_now));
	}
	st_report_done(&report);
	return rc;
}

/* As the reports of the kinds have it, without what has nothing overdue. */
static int look_by_state(struct looking *x, struct st_txn *t)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		if (st_kind_field(k, ST_F_DUE_DAY) != NULL && (x->query.kind == 0 || x->query.kind == k->number))
			rc = add_states(x, t, k);
	}
	return rc < 0 ? rc : cover(x, t);
}

static int look(struct st_txn *t, void *arg)
{
	struct looking *x = arg;
	int rc = read_query(x, t);
	if (rc == 0 && x->by_state)
		return look_by_state(x, t);
	if (rc == 0)
		rc = st_overdue_each(t, &x->query, add_row, x, &x->next);
	if (rc == ST_EFIELD && x->q->place[0] == 0)
		rc = api_wrong(x->q, rc, "page");
	return rc < 0 ? rc : cover(x, t);
}

static int get_overdue(struct request *q)
{
	struct looking x = { .q = q, .rows = json_array(), .en = api_lang(q) == ST_EN, .now_ms = api_now_ms() };
	st_buf_init(&x.next, 4 * ST_INDEX_KEY_MAX);
	int rc = q->station->self.set_up ? st_store_read(q->station->store, look, &x) : ST_ENOSTATION;
	bool soon = x.query.soon;
	const struct api_table t = { .name = soon ? "soon" : "overdue",
				     .zh = soon ? "即将到期" : x.by_state ? "超期 (按状态)" : "超期",
				     .en = soon ? "due soon" : x.by_state ? "overdue by state" : "overdue",
				     .columns = x.by_state ? state_columns() : columns(soon),
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

const struct route api_overdue_routes[] = {
	{ "GET", "/v1/overdue", get_overdue },
	{ NULL, NULL, NULL },
};
