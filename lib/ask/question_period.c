/* question_period.c - a question's period: as people write it, and what holds where they don't.
 *
 * Owns:    months, quarters and years as days.
 * Promise: 8: a period that isn't one is refused with the form that it should have.
 * Flow:    command line, address -> period -> question */
#include "question_period.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>

enum { MONTHS = 12, QUARTER = 3 };

uint32_t month_last_day(uint32_t month)
{
	return st_month_first_day(month + 1) - 1;
}

static int refuse(char place[ST_PLACE_MAX], const char *what, const char *how)
{
	(void)snprintf(place, ST_PLACE_MAX, "%s: %s", what, how);
	return ST_EFIELD;
}

static int digits(const char *text, size_t count, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return ST_EFIELD;
		*ret = *ret * 10 + (uint32_t)(text[i] - '0');
	}
	return 0;
}

/* "2026" as its first month. */
static int year_month(const char *text, uint32_t *ret)
{
	uint32_t year = 0;
	if (strnlen(text, 4) < 4 || digits(text, 4, &year) < 0 || year < 1970 || year > 9998)
		return ST_EFIELD;
	*ret = year * MONTHS;
	return 0;
}

static int read_year(const char *text, uint32_t *from, uint32_t *to)
{
	uint32_t month = 0;
	if (strlen(text) != 4 || year_month(text, &month) < 0)
		return ST_EFIELD;
	*from = st_month_first_day(month);
	*to = month_last_day(month + MONTHS - 1);
	return 0;
}

/* 2026-Q3, 2026Q3, 2026-3 */
static int read_quarter(const char *text, uint32_t *from, uint32_t *to)
{
	uint32_t month = 0;
	if (year_month(text, &month) < 0)
		return ST_EFIELD;
	const char *rest = text + 4;
	rest += *rest == '-';
	rest += *rest == 'Q' || *rest == 'q';
	if (rest == text + 4 || *rest < '1' || *rest > '4' || rest[1] != 0)
		return ST_EFIELD;
	month += QUARTER * (uint32_t)(*rest - '1');
	*from = st_month_first_day(month);
	*to = month_last_day(month + QUARTER - 1);
	return 0;
}

static int read_month(const char *text, uint32_t *from, uint32_t *to)
{
	return strlen(text) == 7 ? st_period_parse(st_span_text(text), from, to) : ST_EFIELD;
}

static int read_ends(const struct st_period_words *w, bool en, uint32_t *from, uint32_t *to,
		     char *place)
{
	const char *form = en ? "a day or a month, 2026-07-01 or 2026-07"
			      : "应为日期或月份, 如 2026-07-01 或 2026-07";
	uint32_t other = 0;
	*from = *to = 0;
	if (w->from != NULL && st_period_parse(st_span_text(w->from), from, &other) < 0)
		return refuse(place, "from", form);
	if (w->to != NULL && st_period_parse(st_span_text(w->to), &other, to) < 0)
		return refuse(place, "to", form);
	if (*to != 0 && *from > *to)
		return refuse(place, "to", en ? "earlier than from" : "早于 from");
	return 0;
}

int st_period_read(const struct st_period_words *w, enum st_lang lang, uint32_t *ret_from,
		   uint32_t *ret_to, char reterr_place[ST_PLACE_MAX])
{
	bool en = lang == ST_EN;
	uint32_t from = 0, to = 0;
	int given = (w->from != NULL || w->to != NULL) + (w->month != NULL) + (w->quarter != NULL) +
		    (w->year != NULL);
	ST_REQUIRE(ret_from != NULL);
	ST_REQUIRE(ret_to != NULL);
	if (given > 1)
		return refuse(reterr_place, "from, month, quarter, year",
			      en ? "give from and to, or one of the others"
				 : "只给 from 与 to, 或其他之一");
	if (w->month != NULL && read_month(w->month, &from, &to) < 0)
		return refuse(reterr_place, "month", en ? "as in 2026-07" : "应如 2026-07");
	if (w->quarter != NULL && read_quarter(w->quarter, &from, &to) < 0)
		return refuse(reterr_place, "quarter", en ? "as in 2026-Q3" : "应如 2026-Q3");
	if (w->year != NULL && read_year(w->year, &from, &to) < 0)
		return refuse(reterr_place, "year", en ? "as in 2026" : "应如 2026");
	int rc = w->from != NULL || w->to != NULL ? read_ends(w, en, &from, &to, reterr_place) : 0;
	if (rc < 0)
		return rc;
	*ret_from = from;
	*ret_to = to;
	return 0;
}

static void usual(const struct st_question *q, uint32_t today, uint32_t *from, uint32_t *to)
{
	uint32_t month = st_month_of_day(today), months = 1;
	st_assert(month > 0);
	switch (q->usual) {
	case ST_USUAL_ALL: *from = *to = 0; return;
	case ST_USUAL_MONTH: break;
	case ST_USUAL_QUARTER: months = QUARTER; break;
	case ST_USUAL_YEAR: months = MONTHS; break;
	}
	month -= month % months;
	*from = st_month_first_day(month);
	*to = month_last_day(month + months - 1);
}

int period_settle(const struct st_ask *q, uint32_t today, uint32_t *from, uint32_t *to, char *place)
{
	const struct st_question *question = q->question;
	bool en = q->lang == ST_EN;
	st_assert(q->to_day == 0 || q->from_day <= q->to_day);
	*from = q->from_day;
	*to = q->to_day;
	if (*from == 0 && *to == 0) {
		usual(question, today, from, to);
		return 0;
	}
	if (question->period == ST_PERIOD_NONE)
		return refuse(place, "from, to, month, quarter, year",
			      en ? "this question has no period: leave it out"
				 : "此问不分时段, 请去掉");
	if (question->period == ST_PERIOD_DAYS)
		return 0;
	if (*from != 0 && *from != st_month_first_day(st_month_of_day(*from)))
		return refuse(place, "from",
			      en ? "whole months only: the first day of one"
				 : "此问按整月: 应为某月首日");
	if (*to != 0 && *to != month_last_day(st_month_of_day(*to)))
		return refuse(place, "to",
			      en ? "whole months only: the last day of one"
				 : "此问按整月: 应为某月末日");
	return 0;
}

static void same_day_before(uint32_t day, uint32_t years, uint32_t *ret)
{
	st_assert(day != 0);
	uint32_t month = st_month_of_day(day), of_month = day - st_month_first_day(month);
	uint32_t before = month - years * MONTHS;
	uint32_t last = month_last_day(before), at = st_month_first_day(before) + of_month;
	*ret = at > last ? last : at; /* 29 February: the 28th */
}

void period_year_before(uint32_t from, uint32_t to, uint32_t *ret_from, uint32_t *ret_to)
{
	st_assert(from != 0);
	st_assert(from <= to);
	same_day_before(from, 1, ret_from);
	same_day_before(to, 1, ret_to);
}
