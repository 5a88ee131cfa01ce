/* api_ask.c - the questions of the city office: which there are, and the answer to one as a table.
 *
 * Owns:    a question's parameters, read from an address, and cells as JSON.
 * Promise: 6: no answer leaves without its coverage; 8: a parameter that nobody takes is refused by
 * name. Flow:    api -> question, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/question.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/city.h>
#include "api.h"

struct asked {
	struct request *q;
	struct st_ask ask;
	struct st_answered answered;
	json_t *rows, *coverage;
	const char *unknown; /* a parameter that no question takes */
};

/* ---- the list, a table, too ---- */

/* What a question takes, as options. */
static json_t *takes(const struct st_question *q, bool en)
{
	if (q->of_record)
		return json_string(en ? "a record's number" : "记录编号");
	if (q->period == ST_PERIOD_NONE)
		return json_string(en ? "station" : "站点");
	return json_sprintf(en ? "station, period (%s)" : "站点, 时段 (%s)", st_question_period(q, en));
}

static int get_questions(struct request *q)
{
	json_t *rows = json_array();
	bool en = api_lang(q) == ST_EN;
	for (size_t i = 0; i < st_question_count(); i++) {
		const struct st_question *one = st_question_at(i);
		json_array_append_new(rows,
				      json_pack("[I, s, s, s, o, s, s]", (json_int_t)one->number,
						one->name, one->zh, one->en, takes(one, en),
						st_question_usual(one, en), en ? one->note_en : one->note_zh));
	}
	const struct api_table t = {
		.name = "questions",
		.zh = "市人大常问的问题",
		.en = "the questions of the city office",
		.columns = json_pack("[o, o, o, o, o, o, o]", api_column("number", "count", "序号", "no."),
				     api_column("name", "code", "代号", "name"),
				     api_column("title_zh", "text", "问题", "in Chinese"),
				     api_column("title_en", "text", "英文", "question"),
				     api_column("takes", "text", "可选", "takes"),
				     api_column("usual", "text", "缺省时段", "usual period"),
				     api_column("note", "text", "说明", "note")),
		.rows = rows,
	};
	return api_json(q, api_table(&t));
}

/* ---- one question ---- */

static json_t *real_json(double v)
{
	bool whole = v > -1e15 && v < 1e15 && v == (double)(json_int_t)v;
	return whole ? json_integer((json_int_t)v) : json_real(v);
}

static json_t *month_json(uint32_t month)
{
	char text[ST_MONTH_TEXT];
	st_month_text(month, text);
	return json_string(text);
}

static json_t *cell_json(const struct st_answer_cell *c)
{
	if (c->empty)
		return json_null();
	switch (c->type) {
	case ST_ANSWER_TEXT:
	case ST_ANSWER_CODE: return api_span(st_span_text(c->text));
	case ST_ANSWER_COUNT: return json_integer((json_int_t)c->number);
	case ST_ANSWER_NUMBER:
	case ST_ANSWER_DAYS: return real_json(c->real);
	case ST_ANSWER_SHARE: return json_real(c->real);
	case ST_ANSWER_DAY: return api_day((uint32_t)c->number);
	case ST_ANSWER_TIME: return api_time(c->ms);
	case ST_ANSWER_MONTH: return month_json((uint32_t)c->number);
	}
	return json_null();
}

static int add_row(const struct st_answer_cell *cells, size_t count, void *arg)
{
	struct asked *x = arg;
	json_t *row = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(row, cell_json(&cells[i]));
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

/* What is missing for a whole answer: a table that the city hasn't issued. */
static int say_lacks(struct asked *x)
{
	const struct st_city_table *t = x->answered.lacks;
	if (t == NULL)
		return 0;
	json_t *lacks = json_pack("{s:s, s:s, s:s}", "table", t->name, "zh", t->zh, "en", t->en);
	return json_object_set_new(x->coverage, "lacks", lacks) == 0 ? 0 : ST_ENOMEM;
}

static int answer(struct st_txn *t, void *arg)
{
	struct asked *x = arg;
	char place[ST_PLACE_MAX];
	int rc = st_ask(t, &x->ask, add_row, x, &x->answered, place);
	if (rc < 0)
		return place[0] == 0 ? rc : api_place(x->q, rc, place);
	struct api_covers covers = { .station = x->answered.covers,
				     .count = x->answered.station_count };
	rc = api_coverage(t, &covers, x->ask.now_ms, &x->coverage);
	return rc < 0 ? rc : say_lacks(x);
}

static int read_name(struct asked *x)
{
	char place[API_PLACE_MAX];
	x->ask.question = st_question_named(x->q->rest);
	if (x->ask.question != NULL)
		return 0;
	(void)snprintf(place, sizeof(place), "%.100s (%s: stationctl ask --list)", x->q->rest,
		       api_lang(x->q) == ST_EN ? "there are" : "现有");
	return api_place(x->q, ST_ENOTFOUND, place);
}

static void see_argument(const char *name, const char *value, void *arg)
{
	static const char *const known[] = { "from",    "to",     "month", "quarter", "year",
					     "station", "record", "lang",  "page",    "limit" };
	struct asked *x = arg;
	(void)value;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i], name) == 0)
			return;
	x->unknown = name;
}

static int read_rest(struct asked *x)
{
	struct request *q = x->q;
	char place[ST_PLACE_MAX];
	const char *station = api_argument(q, "station"), *record = api_argument(q, "record");
	const char *lang = api_argument(q, "lang");
	struct st_period_words w = { api_argument(q, "from"), api_argument(q, "to"),
				     api_argument(q, "month"), api_argument(q, "quarter"),
				     api_argument(q, "year") };
	x->ask.lang = api_lang(q);
	api_each_argument(q, see_argument, x);
	if (x->unknown != NULL)
		return api_place(q, ST_EFIELD, x->unknown);
	if (lang != NULL && strcmp(lang, "en") != 0 && strcmp(lang, "zh") != 0)
		return api_place(q, ST_EFIELD, "lang (zh en)");
	if (station != NULL && st_code_parse(st_span_text(station), &x->ask.station) < 0)
		return api_place(q, ST_EFIELD,
				 x->ask.lang == ST_EN ? "station: a station's code, as in 410611003"
						      : "station: 应为站码, 如 410611003");
	x->ask.record = record == NULL ? ST_SPAN_NONE : st_span_text(record);
	int rc = st_period_read(&w, x->ask.lang, &x->ask.from_day, &x->ask.to_day, place);
	return rc < 0 ? api_place(q, rc, place) : 0;
}

/* The title says for which period, since a file outlives the call that made it. */
static json_t *title_json(const struct asked *x)
{
	const struct st_question *question = x->ask.question;
	char from[ST_DAY_TEXT], to[ST_DAY_TEXT];
	st_day_text(x->answered.from_day, from);
	st_day_text(x->answered.to_day, to);
	if (from[0] == 0 && to[0] == 0)
		return api_two(question->zh, question->en);
	return json_pack("{s:o, s:o}", "zh", json_sprintf("%s (%s 至 %s)", question->zh, from, to),
			 "en", json_sprintf("%s (%s to %s)", question->en, from, to));
}

static json_t *answer_json(const struct asked *x)
{
	const struct st_question *question = x->ask.question;
	struct api_table t = { .name = question->name, .title = title_json(x), .columns = json_array(),
			       .rows = json_incref(x->rows), .coverage = json_incref(x->coverage) };
	for (size_t i = 0; i < question->column_count; i++) {
		const struct st_question_column *c = &question->columns[i];
		json_array_append_new(t.columns, api_column(c->name, st_answer_type_text(c->type), c->zh, c->en));
	}
	return api_table(&t);
}

static int get_ask(struct request *q)
{
	struct asked x = { .q = q, .rows = json_array() };
	x.ask.now_ms = api_now_ms();
	int rc = q->station->self.set_up ? read_name(&x) : ST_ENOSTATION;
	if (rc == 0)
		rc = read_rest(&x);
	if (rc == 0)
		rc = st_store_read(q->station->store, answer, &x);
	if (rc == 0)
		rc = api_json(q, answer_json(&x));
	json_decref(x.rows);
	json_decref(x.coverage);
	free(x.answered.covers);
	return rc;
}

const struct route api_ask_routes[] = {
	{ "GET", "/v1/questions", get_questions },
	{ "GET", "/v1/ask/", get_ask },
	{ NULL, NULL, NULL },
};
