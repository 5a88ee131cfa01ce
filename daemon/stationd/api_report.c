/* api_report.c - the city office's figures, with what they cover.
 *
 * Owns:    a report's question, read from an address.
 * Promise: 6: no figure leaves without its coverage.
 * Flow:    api -> report, coverage -> api */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/report.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "api.h"

struct reporting {
	struct request *q;
	struct st_report_query query;
	struct st_report report;
	bool by_state;
	json_t *coverage; /* of the stations that the question takes in */
	int rc;
	int64_t now_ms;
};

static const char *dimension_name(const void *none, size_t i)
{
	(void)none;
	return i < ST_DIMENSION_COUNT ? st_dimension_text((enum st_dimension)i) : NULL;
}

static int refuse_dimension(struct request *q, const char *given)
{
	return api_place_among(q, ST_EFIELD, given, dimension_name, NULL);
}

static int read_by(struct reporting *x, const char *by)
{
	while (*by != 0) {
		size_t n = strcspn(by, ",");
		enum st_dimension d;
		if (x->query.by_count == ST_REPORT_BY_MAX || st_dimension_parse(st_span(by, n), &d) < 0)
			return refuse_dimension(x->q, "by");
		x->by_state |= d == ST_BY_STATE;
		x->query.by[x->query.by_count++] = d;
		by += n + (by[n] == ',');
	}
	return 0;
}

static void read_where(const char *name, const char *value, void *arg)
{
	struct reporting *x = arg;
	const char *equals = strchr(value, '=');
	if (strcmp(name, "where") != 0 || x->rc < 0)
		return;
	struct st_where *w = &x->query.where[x->query.where_count];
	if (x->query.where_count == ST_REPORT_WHERE_MAX ||
	    (equals != NULL && strlen(equals + 1) > ST_WHERE_VALUE_MAX)) {
		x->rc = api_place(x->q, ST_EFIELD, value);
		return;
	}
	if (equals == NULL ||
	    st_dimension_parse(st_span(value, (size_t)(equals - value)), &w->dimension) < 0) {
		x->rc = refuse_dimension(x->q, value);
		return;
	}
	(void)snprintf(w->value, sizeof(w->value), "%s", equals + 1);
	x->by_state |= w->dimension == ST_BY_STATE;
	x->query.where_count++;
}

/* A month, or a day at its edge: figures are kept by month. */
static int read_month(struct reporting *x, const char *name, bool last, uint32_t *to)
{
	const char *text = api_argument(x->q, name);
	uint32_t first = 0, end = 0;
	if (text == NULL)
		return 0;
	if (st_period_parse(st_span_text(text), &first, &end) < 0)
		return api_wrong(x->q, ST_EFIELD, "from");
	uint32_t month = st_month_of_day(first);
	bool edge = last ? end == st_month_first_day(month + 1) - 1 : first == st_month_first_day(month);
	if (!edge)
		return last ? api_because(x->q, "to", "须是某月的最后一天", "this must be the last day of a month")
			    : api_because(x->q, "from", "须是某月的第一天", "this must be the first day of a month");
	*to = month;
	return 0;
}

static json_t *days_json(double days)
{
	return isnan(days) ? json_null() : json_real(days);
}

/* What has no state has no figure in a question about states: null, since 0 would be an answer. */
static json_t *figures_json(const struct reporting *x, const struct st_report_row *r)
{
	static const char *const stateless[] = { "opened", "reopened", "rated", "satisfied" };
	json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I}", "opened", (json_int_t)r->opened,
			 "closed", (json_int_t)r->closed, "open_now", (json_int_t)r->open_now,
			 "overdue_now", (json_int_t)r->overdue_now, "reopened", (json_int_t)r->reopened,
			 "days_median", days_json(r->days_median), "days_p90", days_json(r->days_p90),
			 "rated", (json_int_t)r->rated, "satisfied", (json_int_t)r->satisfied);
	if (x->report.no_overdue)
		json_object_set_new(json, "overdue_now", json_null());
	for (size_t i = 0; x->by_state && i < sizeof(stateless) / sizeof(stateless[0]); i++)
		json_object_set_new(json, stateless[i], json_null());
	return json;
}

static int make(struct st_txn *t, void *arg)
{
	struct reporting *x = arg;
	char place[ST_PLACE_MAX];
	int rc = st_report_make(t, &x->query, &x->report, place);
	if (rc == ST_EFIELD && strchr(place, '=') != NULL)
		return api_because(x->q, place, "这一维没有这个值: 请照报表里的写法", "no such value: write it as the report does");
	if (rc < 0)
		return api_place(x->q, rc, place);
	struct api_covers covers = { .station = x->report.covers, .count = x->report.station_count };
	return api_coverage(t, &covers, x->now_ms, &x->coverage);
}

static json_t *row_json(const struct reporting *x, const struct st_report_row *r)
{
	json_t *json = figures_json(x, r), *key = json_array(), *label = json_array();
	for (size_t i = 0; i < x->query.by_count; i++) {
		json_array_append_new(key, json_string(r->key[i]));
		json_array_append_new(label, json_string(r->label[i]));
	}
	json_object_set_new(json, "key", key);
	json_object_set_new(json, "label", label);
	return json;
}

static json_t *report_json(struct reporting *x)
{
	json_t *by = json_array(), *rows = json_array();
	for (size_t i = 0; i < x->query.by_count; i++)
		json_array_append_new(by, json_string(st_dimension_text(x->query.by[i])));
	for (size_t i = 0; i < x->report.count; i++)
		json_array_append_new(rows, row_json(x, &x->report.rows[i]));
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind",
			 st_kind(x->query.kind)->name, "by", by, "rows", rows, "total",
			 figures_json(x, &x->report.total), "coverage", json_incref(x->coverage));
}

static int get_report(struct request *q)
{
	struct reporting x = { .q = q };
	const char *by = api_argument(q, "by"), *kind = api_argument(q, "kind");
	const struct st_kind *k = kind == NULL ? st_kind(ST_KIND_MATTER) : st_kind_named(kind);
	x.now_ms = api_now_ms();
	x.query.kind = k == NULL ? 0 : k->number;
	x.query.today = st_day_of_ms(x.now_ms);
	x.rc = k == NULL ? api_wrong(q, ST_EFIELD, "kind") : 0;
	if (x.rc == 0)
		x.rc = q->station->self.set_up ? read_by(&x, by == NULL ? "" : by) : ST_ENOSTATION;
	api_each_argument(q, read_where, &x);
	if (x.rc == 0)
		x.rc = read_month(&x, "from", false, &x.query.from_month);
	if (x.rc == 0)
		x.rc = read_month(&x, "to", true, &x.query.to_month);
	if (x.rc == 0 && x.query.to_month != 0 && x.query.from_month > x.query.to_month)
		x.rc = api_because(q, "to", "时段的末尾早于开头", "the period ends before it begins");
	if (x.rc == 0)
		x.rc = st_store_read(q->station->store, make, &x);
	if (x.rc == 0)
		x.rc = api_json(q, report_json(&x));
	st_report_done(&x.report);
	json_decref(x.coverage);
	return x.rc;
}

const struct route api_report_routes[] = {
	{ "GET", "/v1/report", get_report },
	{ NULL, NULL, NULL },
};
