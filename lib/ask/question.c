/* question.c - the table of questions, and an answer from its start to its end.
 *
 * Owns:    their numbers and names, and which stations an answer covers.
 * Promise: 6: no answer without the stations that it covers.
 * Flow:    api -> question -> questions -> rows -> api */
#include "question.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "question_table.h"
#include "question_period.h"

#define QUESTION(n, id, shape, usually, zh_text, en_text, zh_note, en_note) \
	{ .number = n,                                                      \
	  .name = #id,                                                      \
	  .zh = zh_text,                                                    \
	  .en = en_text,                                                    \
	  .note_zh = zh_note,                                               \
	  .note_en = en_note,                                               \
	  .columns = columns_##id,                                          \
	  .column_count = sizeof(columns_##id) / sizeof(columns_##id[0]),   \
	  .period = ST_PERIOD_##shape,                                      \
	  .usual = ST_USUAL_##usually,                                      \
	  .of_record = n == 22,                                             \
	  .answer = question_##id },

static const struct st_question questions[] = { QUESTIONS(QUESTION) };
enum { QUESTION_COUNT = sizeof(questions) / sizeof(questions[0]) };

const char *st_answer_type_text(enum st_answer_type type)
{
	static const char *const texts[] = {
#define X(name, text) [ST_ANSWER_##name] = text,
		ST_ANSWER_TYPES(X)
#undef X
	};
	ST_REQUIRE(type <= ST_ANSWER_CODE);
	return texts[type];
}

size_t st_question_count(void)
{
	return QUESTION_COUNT;
}

const struct st_question *st_question_at(size_t i)
{
	ST_REQUIRE(i < QUESTION_COUNT);
	st_assert(questions[i].number == i + 1);
	st_assert(questions[i].column_count <= ST_QUESTION_COLUMNS_MAX);
	return &questions[i];
}

const char *st_question_period(const struct st_question *q, bool en)
{
	switch (q->period) {
	case ST_PERIOD_NONE: return en ? "none" : "不分时段";
	case ST_PERIOD_DAYS: return en ? "days" : "按天";
	case ST_PERIOD_MONTHS: return en ? "whole months" : "按整月";
	}
	return "";
}

const char *st_question_usual(const struct st_question *q, bool en)
{
	if (q->period == ST_PERIOD_NONE)
		return en ? "now" : "当前";
	switch (q->usual) {
	case ST_USUAL_ALL: return en ? "all" : "全部";
	case ST_USUAL_MONTH: return en ? "this month" : "本月";
	case ST_USUAL_QUARTER: return en ? "this quarter" : "本季度";
	case ST_USUAL_YEAR: return en ? "this year" : "本年";
	}
	return "";
}

const struct st_question *st_question_named(const char *name)
{
	for (size_t i = 0; i < QUESTION_COUNT; i++) {
		char number[12];
		(void)snprintf(number, sizeof(number), "%u", questions[i].number);
		if (strcmp(questions[i].name, name) == 0 || strcmp(number, name) == 0)
			return &questions[i];
	}
	return NULL;
}

/* ---- stations ---- */

static int find_top(struct asking *a)
{
	a->top = a->self;
	if (st_code_empty(&a->q->station))
		return 0;
	int rc = st_station_number(a->txn, &a->q->station, &a->top);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	bool below = rc == 0 && (a->top == a->self || is_above(a, a->self, a->top));
	if (below && place_of(&a->places, a->top)->tier != 0)
		return 0;
	(void)snprintf(a->place, ST_PLACE_MAX, "station: %s (%s)", a->q->station.text,
		       either_of(a, "应为本站或下级站的站码, 见 stationctl status",
				 "this station's code or one below it: see stationctl status"));
	return ST_EFIELD;
}

struct ranking {
	uint32_t number;
	struct st_code code;
};

static int by_code(const void *x, const void *y)
{
	return strcmp(((const struct ranking *)x)->code.text,
		      ((const struct ranking *)y)->code.text);
}

static size_t row_of(const struct asking *a, uint32_t station)
{
	return (size_t)(place_of(&a->places, station) - a->places.rows);
}

uint32_t rank_of(const struct asking *a, uint32_t station)
{
	return a->rank[row_of(a, station)];
}

/* Stations in order of their codes: rows come in it. */
static int rank_stations(struct asking *a)
{
	struct ranking *all = calloc(a->places.row_count, sizeof(*all));
	size_t n = 0;
	if (all == NULL)
		return ST_ENOMEM;
	for (size_t i = 1; i < a->places.row_count; i++)
		all[n++] = (struct ranking){ a->places.rows[i].number, a->places.rows[i].code };
	if (n > 1)
		qsort(all, n, sizeof(*all), by_code);
	st_assert(n < a->places.row_count);
	for (size_t i = 0; i < n; i++) {
		a->ranked[i + 1] = all[i].number;
		a->rank[row_of(a, all[i].number)] = (uint32_t)i + 1;
	}
	free(all);
	return 0;
}

static int find_stations(struct asking *a)
{
	int rc = report_places(a->txn, &a->places);
	if (rc == 0)
		rc = st_station_self(a->txn, &a->self);
	if (rc == 0)
		rc = find_top(a);
	if (rc < 0)
		return rc;
	a->covers = calloc(a->places.count + 1, sizeof(*a->covers));
	a->rank = calloc(a->places.row_count, sizeof(*a->rank));
	a->ranked = calloc(a->places.row_count, sizeof(*a->ranked));
	if (a->covers == NULL || a->rank == NULL || a->ranked == NULL)
		return ST_ENOMEM;
	a->all_covered = true;
	for (size_t i = 1; i < a->places.row_count; i++) {
		uint32_t s = a->places.rows[i].number;
		a->covers[s] = s == a->top || is_above(a, a->top, s);
		a->all_covered &= a->covers[s];
	}
	return rank_stations(a);
}

/* ---- an answer ---- */

static int read_period(struct asking *a)
{
	int rc = period_settle(a->q, a->today, &a->from, &a->to, a->place);
	st_assert(rc < 0 || a->to == 0 || a->from <= a->to);
	a->from_month = a->from == 0 ? 0 : st_month_of_day(a->from);
	a->to_month = a->to == 0 ? 0 : st_month_of_day(a->to);
	return rc;
}

static int check_record(struct asking *a)
{
	bool given = a->q->record.size > 0, needed = a->q->question->of_record;
	if (given == needed)
		return 0;
	(void)snprintf(a->place, ST_PLACE_MAX, "record: %s",
		       needed ? either_of(a, "此问要一条记录的编号",
					  "this question needs a record's number")
			      : either_of(a, "此问不问单条记录, 请去掉",
					  "this question isn't of one record: leave it out"));
	return ST_EFIELD;
}

static int run(struct asking *a)
{
	int rc = check_record(a);
	if (rc == 0)
		rc = read_period(a);
	if (rc == 0)
		rc = find_stations(a);
	if (rc == 0)
		rc = life_open(&a->life, a->txn, NULL);
	if (rc < 0)
		return rc;
	rc = st_terms_new(&a->terms);
	if (rc == 0) {
		st_terms_begin(a->terms, a->txn);
		rc = a->q->question->answer(a);
	}
	st_terms_free(a->terms);
	life_close(&a->life);
	st_assert(rc != 0 || a->cells == 0);
	return rc;
}

int st_ask(struct st_txn *t, const struct st_ask *q, st_answer_fn *fn, void *arg,
	   struct st_answered *ret, char reterr_place[ST_PLACE_MAX])
{
	ST_REQUIRE(q->question != NULL);
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(ret != NULL);
	struct asking *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return ST_ENOMEM;
	*a = (struct asking){ .txn = t, .q = q, .fn = fn, .arg = arg, .place = reterr_place };
	a->today = st_day_of_ms(q->now_ms);
	reterr_place[0] = 0;
	int rc = a->today == 0 ? ST_EFIELD : run(a); /* a clock before 1970 */
	if (rc == 0) {
		*ret = (struct st_answered){ a->from, a->to, a->rows, a->places.count, a->covers,
					      a->lacks };
		a->covers = NULL;
	}
	free(a->covers);
	free(a->rank);
	free(a->ranked);
	report_places_done(&a->places);
	free(a);
	return rc;
}
