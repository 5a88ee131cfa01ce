/* api_registers.c - registers: records in an office's columns, a page at a time.
 *
 * Owns:    a register's question, read from an address, and its answer as a table.
 * Promise: 6: the last page says what the register covers; 7: private cells are filled only where
 *          this station reads them.
 * Flow:    api -> register, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/ask/register.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "api.h"

enum { PAGE_ROWS = 200, DEPUTY_MAX = 40 };

struct asking {
	struct request *q;
	struct st_txn *txn;
	struct st_registers *all;
	struct st_register_query query;
	struct st_buf next;
	json_t *rows, *coverage;
	int64_t now_ms;
};

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static json_t *column_json(const char *name, const char *zh, const char *en, const char *type)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "zh", zh, "en", en, "type", type);
}

/* ---- the list of registers, a table, too ---- */

static json_t *list_json(const struct st_registers *all)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < all->count; i++) {
		const struct st_register *r = &all->rows[i];
		json_array_append_new(rows, json_pack("[I, s, s, s, I]", (json_int_t)i + 1, r->name,
						      r->zh, r->en, (json_int_t)r->column_count));
	}
	return json_pack("{s:s, s:o, s:[o, o, o, o, o], s:o, s:n}", "name", "registers", "title",
			 api_two("登记簿", "registers"), "columns",
			 column_json("number", "序号", "no.", "count"),
			 column_json("name", "代号", "name", "code"),
			 column_json("title_zh", "名称", "title in Chinese", "text"),
			 column_json("title_en", "英文名称", "title", "text"),
			 column_json("columns", "栏目数", "columns", "count"), "rows", rows,
			 "next");
}

static int read_all(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	return st_registers_load(t, st_day_of_ms(x->now_ms), &x->all);
}

static int get_registers(struct request *q)
{
	struct asking x = { .q = q, .now_ms = now_ms() };
	int rc = st_store_read(q->station->store, read_all, &x);
	if (rc == 0)
		rc = api_json(q, list_json(x.all));
	free(x.all);
	return rc;
}

/* ---- one register ---- */

static int read_day(struct asking *x, const char *name, bool last, uint32_t *to)
{
	const char *text = api_argument(x->q, name);
	uint32_t first = 0, end = 0;
	if (text == NULL)
		return 0;
	if (st_period_parse(st_span_text(text), &first, &end) < 0)
		return api_place(x->q, ST_EFIELD, name);
	*to = last ? end : first;
	return 0;
}

static int read_station(struct asking *x)
{
	const char *station = api_argument(x->q, "station");
	struct st_code code;
	if (station != NULL && (st_code_parse(st_span_text(station), &code) < 0 ||
				st_station_number(x->txn, &code, &x->query.station) < 0))
		return api_place(x->q, ST_EFIELD, "station");
	return 0;
}

static int read_lang(struct asking *x)
{
	const char *lang = api_argument(x->q, "lang");
	x->query.lang = lang != NULL && strcmp(lang, "en") == 0 ? ST_EN : ST_ZH;
	if (lang != NULL && strcmp(lang, "en") != 0 && strcmp(lang, "zh") != 0)
		return api_place(x->q, ST_EFIELD, "lang (zh en)");
	return 0;
}

static int read_limit(struct asking *x)
{
	const char *limit = api_argument(x->q, "limit");
	char *end = NULL;
	long n = limit == NULL ? PAGE_ROWS : strtol(limit, &end, 10);
	if (n < 1 || n > ST_LIST_MAX || (end != NULL && *end != 0))
		return api_place(x->q, ST_EFIELD, "limit");
	x->query.limit = (size_t)n;
	return 0;
}

static struct st_span argument(struct request *q, const char *name)
{
	const char *text = api_argument(q, name);
	return text == NULL ? ST_SPAN_NONE : st_span_text(text);
}

/* The register that an address names, or those there are. */
static int read_name(struct asking *x)
{
	char place[API_PLACE_MAX];
	x->query.reg = st_register_named(x->all, x->q->rest);
	if (x->query.reg != NULL)
		return 0;
	size_t used = (size_t)snprintf(place, sizeof(place), "%.40s (", x->q->rest);
	for (size_t i = 0; i < x->all->count && used < sizeof(place); i++)
		used += (size_t)snprintf(place + used, sizeof(place) - used, "%s%s",
					 i == 0 ? "" : " ", x->all->rows[i].name);
	if (used < sizeof(place))
		(void)snprintf(place + used, sizeof(place) - used, ")");
	return api_place(x->q, ST_ENOTFOUND, place);
}

static int read_query(struct asking *x)
{
	struct st_register_query *query = &x->query;
	query->deputy = argument(x->q, "deputy");
	query->state = argument(x->q, "state");
	query->page = argument(x->q, "page");
	query->grant = &x->q->station->keys.grant;
	int rc = read_name(x);
	if (rc == 0)
		rc = read_day(x, "from", false, &query->from_day);
	if (rc == 0)
		rc = read_day(x, "to", true, &query->to_day);
	if (rc == 0 && query->to_day != 0 && query->from_day > query->to_day)
		rc = api_place(x->q, ST_EFIELD, "to: earlier than from");
	if (rc == 0 && query->deputy.size > DEPUTY_MAX)
		rc = api_place(x->q, ST_EFIELD, "deputy");
	if (rc == 0)
		rc = read_station(x);
	if (rc == 0)
		rc = read_lang(x);
	return rc == 0 ? read_limit(x) : rc;
}

static json_t *cell_json(const struct st_register_cell *c)
{
	if (c->empty)
		return json_null();
	switch (c->type) {
	case ST_CELL_TEXT:
	case ST_CELL_CODE:  return api_span(c->text);
	case ST_CELL_COUNT:
	case ST_CELL_DAYS:  return json_integer(c->number);
	case ST_CELL_DAY:   return api_day((uint32_t)c->number);
	case ST_CELL_TIME:  return api_time(c->number);
	}
	return json_null();
}

static int add_row(const struct st_register_cell *cells, size_t count, void *arg)
{
	struct asking *x = arg;
	json_t *row = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(row, cell_json(&cells[i]));
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

static int cover(struct asking *x)
{
	struct api_covers covers = { .top = x->query.station };
	return api_coverage(x->txn, &covers, x->now_ms, &x->coverage);
}

static int read_register(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	char place[ST_PLACE_MAX];
	x->txn = t;
	int rc = st_registers_load(t, st_day_of_ms(x->now_ms), &x->all);
	if (rc == 0)
		rc = read_query(x);
	if (rc < 0)
		return rc;
	rc = st_register_each(t, &x->query, add_row, x, &x->next, place);
	if (rc < 0)
		return api_place(x->q, rc, place);
	return x->next.size == 0 ? cover(x) : 0;
}

static json_t *register_json(struct asking *x)
{
	const struct st_register *r = x->query.reg;
	json_t *columns = json_array();
	for (size_t i = 0; i < r->column_count; i++) {
		const struct st_register_column *c = &r->columns[i];
		json_array_append_new(columns, column_json(c->name, c->zh, c->en,
							   st_cell_type_text(c->type)));
	}
	return json_pack("{s:s, s:o, s:o, s:O, s:o, s:o}", "name", r->name, "title",
			 api_two(r->zh, r->en), "columns", columns, "rows", x->rows, "next",
			 x->next.size == 0 ? json_null() : api_span(st_buf_span(&x->next)),
			 "coverage", x->coverage == NULL ? json_null() : json_incref(x->coverage));
}

static int get_register(struct request *q)
{
	struct asking x = { .q = q, .rows = json_array(), .now_ms = now_ms() };
	st_buf_init(&x.next, 256);
	int rc = q->station->self.set_up ? 0 : ST_ENOSTATION;
	if (rc == 0)
		rc = st_store_read(q->station->store, read_register, &x);
	if (rc == 0)
		rc = api_json(q, register_json(&x));
	st_buf_done(&x.next);
	json_decref(x.rows);
	json_decref(x.coverage);
	free(x.all);
	return rc;
}

const struct route api_register_routes[] = {
	{ "GET", "/v1/registers", get_registers },
	{ "GET", "/v1/registers/", get_register },
	{ NULL, NULL, NULL },
};
