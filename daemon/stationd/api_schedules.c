/* api_schedules.c - the calendar of schedules, 四定, and how many were kept.
 *
 * Owns:    an occurrence as a row of a table.
 * Promise: 6: the last page says what it covers.
 * Flow:    api -> schedule, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/schedule.h>
#include <station/base/check.h>
#include <station/work/terms.h>
#include "api.h"

enum { PAGE_SCHEDULES = 100, ROWS_MAX = 20000, USUAL_DAYS = 14, MINUTES = 24 * 60 };

struct row {
	uint32_t day;
	size_t order;
	json_t *json;
};
struct asking {
	struct request *q;
	struct st_schedule_query query;
	struct st_terms *terms;             /* the city's tables, within the transaction */
	const struct st_calendar *calendar;
	enum st_lang lang;
	struct st_txn *txn;
	struct st_record_ref one;
	struct row *rows;
	size_t count, room;
	struct st_buf next;
	json_t *coverage, *counts;
};

static const char *in(const struct asking *x, const char *zh, const char *en)
{
	return x->lang == ST_EN ? en : zh;
}

static json_t *minutes(uint32_t from, uint32_t to)
{
	if (from >= MINUTES)
		return json_string("");
	if (to >= MINUTES)
		return json_sprintf("%02u:%02u", from / 60, from % 60);
	return json_sprintf("%02u:%02u-%02u:%02u", from / 60, from % 60, to / 60, to % 60);
}

static const char *state_text(const struct asking *x, const struct st_occurrence *o)
{
	switch (o->state) {
	case ST_OPEN_YET: return in(x, "待开展", "open");
	case ST_MET: return in(x, "已落实", "met");
	case ST_MOVED:
		return o->met_by[0] != 0 ? in(x, "改期落实", "moved and met")
					 : in(x, "改期", "moved");
	case ST_MISSED: return in(x, "缺失", "missed");
	}
	return "";
}

static const char *notice_text(const struct asking *x, const struct st_occurrence *o)
{
	switch (o->notice) {
	case ST_NOTICE_IN_TIME: return in(x, "未到期", "not due yet");
	case ST_NOTICE_GIVEN: return in(x, "已公告", "in time");
	case ST_NOTICE_LATE: return in(x, "公告迟", "late");
	case ST_NOTICE_NONE: return in(x, "未公告", "none");
	}
	return "";
}

static const char *type_text(const struct asking *x, uint32_t type)
{
	const struct st_kind *k = st_kind_named("schedule");
	const struct st_choice *c =
		st_choice_numbered(st_kind_field(k, ST_F_CHANNEL)->choices, type);
	return c == NULL ? "" : in(x, c->zh, c->en);
}

static json_t *columns(void)
{
	return json_pack("[o, o, o, o, o, o, o, o, o, o, o, o, o, o]",
			 api_column("planned", "day", "计划日", "planned day"),
			 api_column("day", "day", "日期", "day"),
			 api_column("time", "text", "时间", "time"),
			 api_column("station", "code", "站点", "station"),
			 api_column("type", "text", "类型", "type"),
			 api_column("topic", "text", "主题", "topic"),
			 api_column("people", "text", "人员", "people"),
			 api_column("place", "text", "地点", "place"),
			 api_column("state", "text", "状态", "state"),
			 api_column("moved_to", "day", "改到", "moved to"),
			 api_column("announced", "day", "公告日", "announced"),
			 api_column("notice", "text", "公告", "notice"),
			 api_column("met_by", "code", "落实记录", "met by"),
			 api_column("schedule", "code", "四定编号", "schedule"));
}

static int add_row(const struct st_schedule *s, const struct st_occurrence *o, void *arg)
{
	struct asking *x = arg;
	if (x->count == ROWS_MAX)
		return api_place(x->q, ST_ETOOBIG, "from, to");
	if (x->count == x->room) {
		size_t room = x->room == 0 ? 256 : x->room * 2;
		struct row *rows = realloc(x->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		x->rows = rows;
		x->room = room;
	}
	json_t *json =
		json_pack("[o, o, o, s, s, o, o, o, s, o, o, s, o, s]", api_day(o->planned),
			  api_day(o->day), minutes(s->plan->starts, s->plan->ends), s->station.text,
			  type_text(x, s->plan->type), api_span(st_span_text(s->title)),
			  api_span(st_span_text(s->plan->people)),
			  api_span(st_span_text(s->plan->place)), state_text(x, o),
			  api_day(o->new_day), api_day(o->announced), notice_text(x, o),
			  api_span(st_span_text(o->met_by)), s->number);
	if (json == NULL)
		return ST_ENOMEM;
	x->rows[x->count] = (struct row){ o->day, x->count, json };
	x->count++;
	return 0;
}

/* By day; of one day as they came. */
static int by_day(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_worked(void *arg, uint32_t day)
{
	const struct asking *x = arg;
	return st_calendar_working(x->calendar, day);
}

/* The working days and the days ahead of the city's tables in force today. */
static int read_city(struct asking *x, struct st_txn *t)
{
	int rc = st_terms_new(&x->terms);
	if (rc < 0)
		return rc;
	st_terms_begin(x->terms, t);
	rc = st_terms_calendar(x->terms, x->query.today, &x->calendar);
	if (rc < 0)
		return rc;
	x->query.working = (struct st_working){ .fn = is_worked, .arg = x };
	rc = st_terms_setting(x->terms, "announce_days", x->query.today, &x->query.days_ahead);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int read_question(struct asking *x, struct st_txn *t)
{
	struct request *q = x->q;
	const char *number = api_argument(q, "schedule");
	x->query.today = api_today();
	x->query.days_ahead = ST_DAYS_AHEAD;
	int rc = read_city(x, t);
	if (rc < 0)
		return rc;
	x->query.open_only = api_argument(q, "open") != NULL;
	x->query.from_day = x->query.today - (x->query.open_only ? 0 : USUAL_DAYS);
	x->query.to_day = 0;
	rc = api_period(q, &x->query.from_day, &x->query.to_day);
	if (rc == 0 && x->query.to_day == 0)
		x->query.to_day =
			(x->query.from_day > x->query.today ? x->query.from_day : x->query.today) +
			USUAL_DAYS;
	if (rc == 0 && x->query.to_day - x->query.from_day > 366)
		rc = api_because(q, "to", "时段最多一年", "the period is a year at most");
	if (rc == 0)
		rc = api_station(q, t, &x->query.station);
	if (rc == 0 && number != NULL) {
		rc = st_record_resolve(t, st_span_text(number), &x->one);
		x->query.one = &x->one;
		if (rc < 0)
			(void)api_place(q, rc, number);
	}
	return rc;
}

static int make_calendar(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	const char *page = api_argument(x->q, "page");
	int rc = read_question(x, t);
	if (rc == 0)
		rc = api_limit(x->q, PAGE_SCHEDULES, 1000, &x->query.limit);
	if (rc < 0)
		return rc;
	x->query.page = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	rc = st_schedule_each(t, &x->query, add_row, x, &x->next);
	if (rc < 0)
		return rc == ST_EFIELD ? api_wrong(x->q, rc, "page") : rc == ST_EKIND ? api_place(x->q, rc, api_argument(x->q, "schedule")) : rc;
	const struct api_covers covers = { .top = x->query.station };
	return x->next.size > 0 ? 0 : api_coverage(t, &covers, api_now_ms(), &x->coverage);
}

static int get_calendar(struct request *q)
{
	struct asking x = { .q = q, .lang = api_lang(q) };
	if (!q->station->self.set_up)
		return ST_ENOSTATION;
	st_buf_init(&x.next, 256);
	int rc = st_store_read(q->station->store, make_calendar, &x);
	st_terms_free(x.terms);
	json_t *rows = json_array();
	if (rc == 0 && x.count > 1)
		qsort(x.rows, x.count, sizeof(*x.rows), by_day);
	for (size_t i = 0; i < x.count; i++)
		json_array_append_new(rows, x.rows[i].json);
	free(x.rows);
	const struct api_table table = { .name = "schedule_calendar",
					 .zh = "四定日程",
					 .en = "calendar of schedules",
					 .columns = columns(),
					 .rows = rows,
					 .coverage = x.coverage,
					 .next = st_buf_span(&x.next) };
	json_t *json = api_table(&table);
	st_buf_done(&x.next);
	if (rc == 0)
		return api_json(q, json);
	json_decref(json);
	return rc;
}

/* ---- counts ---- */

static int make_counts(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	struct st_schedule_counts all;
	int rc = read_question(x, t);
	if (rc == 0)
		rc = st_schedule_count_all(t, &x->query, &all);
	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < all.count; i++) {
		const struct st_schedule_count *n = &all.rows[i];
		struct st_code code;
		struct st_station s;
		rc = st_station_code(t, n->station, &code);
		if (rc < 0)
			break;
		bool known = st_station_get(t, n->station, &s) == 0;
		json_array_append_new(x->counts,
				      json_pack("[s, s, s, I, I, I, I, I, I, I, I]", code.text,
						known ? s.certificate.name : "",
						type_text(x, n->type), (json_int_t)n->schedules,
						(json_int_t)n->planned, (json_int_t)n->kept,
						(json_int_t)n->moved, (json_int_t)n->missed,
						(json_int_t)n->open, (json_int_t)n->late,
						(json_int_t)n->silent));
	}
	st_schedule_counts_done(&all);
	const struct api_covers covers = { .top = x->query.station };
	return rc < 0 ? rc : api_coverage(t, &covers, api_now_ms(), &x->coverage);
}

static int get_counts(struct request *q)
{
	struct asking x = { .q = q, .lang = api_lang(q), .counts = json_array() };
	if (!q->station->self.set_up) {
		json_decref(x.counts);
		return ST_ENOSTATION;
	}
	int rc = st_store_read(q->station->store, make_counts, &x);
	st_terms_free(x.terms);
	const struct api_table table = {
		.name = "schedule_counts",
		.zh = "四定落实情况",
		.en = "schedules kept, moved and missed",
		.rows = x.counts,
		.coverage = x.coverage,
		.columns = json_pack("[o, o, o, o, o, o, o, o, o, o, o]",
				     api_column("station", "code", "站点", "station"),
				     api_column("name", "text", "名称", "name"),
				     api_column("type", "text", "类型", "type"),
				     api_column("schedules", "count", "安排数", "schedules"),
				     api_column("planned", "count", "应开展", "planned"),
				     api_column("kept", "count", "落实", "kept"),
				     api_column("moved", "count", "改期", "moved"),
				     api_column("missed", "count", "缺失", "missed"),
				     api_column("open", "count", "待开展", "open"),
				     api_column("late", "count", "公告迟", "late notice"),
				     api_column("silent", "count", "未公告", "no notice")),
	};
	json_t *json = api_table(&table);
	if (rc == 0)
		return api_json(q, json);
	json_decref(json);
	return rc;
}

const struct route api_schedule_routes[] = {
	{ "GET", "/v1/schedules/calendar", get_calendar },
	{ "GET", "/v1/schedules/counts", get_counts },
	{ NULL, NULL, NULL },
};
