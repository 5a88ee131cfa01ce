/* api_table.c - what answers that are tables share: their shape, and the questions that all of them
 * take.
 *
 * Owns:    the shape of a table, and periods as people say them.
 * Flow:    routes -> table -> stationctl */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/base/clock.h>
#include "api.h"

int64_t api_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

json_t *api_column(const char *name, const char *type, const char *zh, const char *en)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "zh", zh, "en", en, "type", type);
}

json_t *api_table(const struct api_table *t)
{
	json_t *next = t->next.size == 0 ? json_null() : api_span(t->next);
	json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", t->name, "title",
				 api_two(t->zh, t->en), "columns", t->columns, "rows", t->rows,
				 "next", next);
	if (t->coverage != NULL &&
	    (json == NULL || json_object_set_new(json, "coverage", t->coverage) < 0)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static int read_year(const char *text, uint32_t *from, uint32_t *to)
{
	char *end = NULL;
	long year = strtol(text, &end, 10);
	if (strlen(text) != 4 || *end != 0 || year < 1970 || year > 9998)
		return ST_EFIELD;
	*from = st_day_of_date((int)year, 1, 1);
	*to = st_day_of_date((int)year, 12, 31);
	return 0;
}

/* 2026-3 is July to September; 2026-Q3 and 2026Q3, too. */
static int read_quarter(const char *text, uint32_t *from, uint32_t *to)
{
	int year = 0, n = 0, used = 0;
	if (sscanf(text, "%4d-Q%1d%n", &year, &n, &used) != 2 &&
	    sscanf(text, "%4dQ%1d%n", &year, &n, &used) != 2 &&
	    sscanf(text, "%4d-%1d%n", &year, &n, &used) != 2)
		return ST_EFIELD;
	if (text[used] != 0 || year < 1970 || year > 9998 || n < 1 || n > 4)
		return ST_EFIELD;
	*from = st_day_of_date(year, 3 * n - 2, 1);
	*to = (n == 4 ? st_day_of_date(year + 1, 1, 1) : st_day_of_date(year, 3 * n + 1, 1)) - 1;
	return 0;
}

int api_period(struct request *q, uint32_t *from_day, uint32_t *to_day)
{
	const char *from = api_argument(q, "from"), *to = api_argument(q, "to");
	const char *year = api_argument(q, "year"), *quarter = api_argument(q, "quarter");
	uint32_t first = 0, last = 0;
	if ((from != NULL || to != NULL) + (year != NULL) + (quarter != NULL) > 1)
		return api_place(q, ST_EFIELD, "from, to | quarter | year");
	if (year != NULL && read_year(year, from_day, to_day) < 0)
		return api_place(q, ST_EFIELD, "year: 2026");
	if (quarter != NULL && read_quarter(quarter, from_day, to_day) < 0)
		return api_place(q, ST_EFIELD, "quarter: 2026-3");
	if (from != NULL && st_period_parse(st_span_text(from), &first, &last) < 0)
		return api_place(q, ST_EFIELD, "from");
	*from_day = from != NULL ? first : *from_day;
	if (to != NULL && st_period_parse(st_span_text(to), &first, &last) < 0)
		return api_place(q, ST_EFIELD, "to");
	*to_day = to != NULL ? last : *to_day;
	if (*to_day != 0 && *to_day < *from_day)
		return api_place(q, ST_EFIELD, "to: earlier than from");
	return 0;
}

int api_limit(struct request *q, size_t usual, size_t most, size_t *ret_limit)
{
	const char *limit = api_argument(q, "limit");
	char *end = NULL;
	long n = limit == NULL ? (long)usual : strtol(limit, &end, 10);
	if (n < 1 || n > (long)most || (end != NULL && (*end != 0 || end == limit)))
		return api_place(q, ST_EFIELD, "limit");
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
	return rc == ST_EFIELD || rc == ST_ENOTFOUND ? api_place(q, ST_EFIELD, "station") : rc;
}

enum st_lang api_lang(struct request *q)
{
	const char *lang = api_argument(q, "lang");
	return lang != NULL && strcmp(lang, "en") == 0 ? ST_EN : ST_ZH;
}
