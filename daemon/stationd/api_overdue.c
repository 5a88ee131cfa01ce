/* api_overdue.c - what is past its due day here and below, and what soon will be, as a table.
 *
 * Owns:    its columns.
 * Promise: 6: the list says which stations it covers.
 * Flow:    api -> overdue, coverage -> api */
#include <stdlib.h>
#include <string.h>
#include <station/ask/overdue.h>
#include <station/base/clock.h>
#include "api.h"

enum { PAGE = 200 };

struct looking {
	struct request *q;
	struct st_overdue_query query;
	struct st_buf next;
	json_t *rows, *coverage;
	bool en;
	int64_t now_ms;
};

static json_t *columns(bool soon)
{
	json_t *list = json_array();
	json_array_append_new(list, api_column("holder", "code", "持有站", "holder"));
	json_array_append_new(list, api_column("holder_name", "text", "站名", "its name"));
	json_array_append_new(list, api_column("number", "code", "编号", "number"));
	json_array_append_new(list, api_column("kind", "text", "类", "kind"));
	json_array_append_new(list, api_column("state", "text", "状态", "state"));
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
	json_t *row = json_pack("[s, s, s, s, s, o, o, o, o, o, I, I]", r->holder.certificate.code.text,
				r->holder.certificate.name, r->number, k == NULL ? "" : x->en ? k->en : k->zh,
				s == NULL ? "" : x->en ? s->en : s->zh, api_span(st_span_text(r->category)),
				api_span(st_span_text(r->unit)), api_span(st_span_text(r->title)),
				api_day(r->record.due_day), api_day(r->record.first_due_day),
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
	struct looking x = { .q = q, .rows = json_array(), .en = api_lang(q) == ST_EN, .now_ms = api_now_ms() };
	st_buf_init(&x.next, 4 * ST_INDEX_KEY_MAX);
	int rc = q->station->self.set_up ? st_store_read(q->station->store, look, &x) : ST_ENOSTATION;
	bool soon = x.query.soon;
	const struct api_table t = { .name = soon ? "soon" : "overdue",
				     .zh = soon ? "即将到期" : "超期",
				     .en = soon ? "due soon" : "overdue",
				     .columns = columns(soon),
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
