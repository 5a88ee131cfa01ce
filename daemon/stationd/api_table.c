/* api_table.c - what answers that are tables share: their shape, and the questions that all of them
 * take.
 *
 * Owns:    the shape of a table, and what holds of a period where nothing is said.
 * Flow:    routes -> table -> stationctl */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/ask/question.h>
#include <station/base/clock.h>
#include "api.h"

int64_t api_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint32_t api_today(void)
{
	return st_day_of_ms(api_now_ms());
}

json_t *api_column(const char *name, const char *type, const char *zh, const char *en)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "zh", zh, "en", en, "type", type);
}

json_t *api_table(const struct api_table *t)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", t->name, "title",
			 t->title != NULL ? t->title : api_two(t->zh, t->en), "columns", t->columns, "rows",
			 t->rows, "next", t->next.size == 0 ? json_null() : api_span(t->next), "coverage",
			 t->coverage != NULL ? t->coverage : json_null());
}

int api_period(struct request *q, uint32_t *from_day, uint32_t *to_day)
{
	const struct st_period_words w = { .from = api_argument(q, "from"),
					   .to = api_argument(q, "to"),
					   .month = api_argument(q, "month"),
					   .quarter = api_argument(q, "quarter"),
					   .year = api_argument(q, "year") };
	enum st_lang lang = api_lang(q);
	char place[ST_PLACE_MAX] = "";
	uint32_t from = 0, to = 0;
	int rc = st_period_read(&w, lang, &from, &to, place);
	if (rc < 0)
		return api_place(q, rc, place);
	*from_day = from != 0 ? from : *from_day; /* an end that isn't named stays the usual one */
	*to_day = to != 0 ? to : *to_day;
	if (*to_day != 0 && *to_day < *from_day)
		return api_place(q, ST_EFIELD, lang == ST_EN ? "to: earlier than from" : "to: 早于 from");
	return 0;
}

int api_limit(struct request *q, size_t usual, size_t most, size_t *ret_limit)
{
	const char *limit = api_argument(q, "limit");
	char *end = NULL;
	long n = limit == NULL ? (long)usual : strtol(limit, &end, 10);
	if (n < 1 || n > (long)most || (end != NULL && (*end != 0 || end == limit)))
		return api_wrong(q, ST_EFIELD, "limit");
	*ret_limit = (size_t)n;
	return 0;
}

int api_station(struct request *q, struct st_txn *t, uint32_t *ret_number)
{
	const char *text = api_argument(q, "station");
	struct st_code code;
	if (text == NULL)
		return 0;
	int rc = st_code_parse(st_span_text(text), &code);
	if (rc == 0)
		rc = st_station_number(t, &code, ret_number);
	return rc == ST_EFIELD || rc == ST_ENOTFOUND ? api_wrong(q, ST_EFIELD, "station") : rc;
}

enum st_lang api_lang(struct request *q)
{
	const char *lang = api_argument(q, "lang");
	return lang != NULL && strcmp(lang, "en") == 0 ? ST_EN : ST_ZH;
}
