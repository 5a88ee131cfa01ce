/* api_registers.c - registers: records in an office's columns, a page at a time.
 *
 * Owns:    a register's question, read from an address, and its answer as a table.
 * Promise: 6: the last page says what the register covers; 7: private cells are filled only where
 *          this station reads them.
 * Flow:    api -> register, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* ---- the list of registers, a table, too ---- */

static json_t *list_json(const struct st_registers *all)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < all->count; i++) {
		const struct st_register *r = &all->rows[i];
		json_array_append_new(rows, json_pack("[I, s, s, s, I]", (json_int_t)i + 1, r->name,
						      r->zh, r->en, (json_int_t)r->column_count));
	}
	const struct api_table t = {
		.name = "registers",
		.zh = "登记簿",
		.en = "registers",
		.columns = json_pack("[o, o, o, o, o]", api_column("number", "count", "序号", "no."),
				     api_column("name", "code", "代号", "name"),
				     api_column("title_zh", "text", "名称", "title in Chinese"),
				     api_column("title_en", "text", "英文名称", "title"),
				     api_column("columns", "count", "栏目数", "columns")),
		.rows = rows,
	};
	return api_table(&t);
}

static int read_all(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	return st_registers_load(t, st_day_of_ms(x->now_ms), &x->all);
}

static int get_registers(struct request *q)
{
	struct asking x = { .q = q, .now_ms = api_now_ms() };
	int rc = st_store_read(q->station->store, read_all, &x);
	if (rc == 0)
		rc = api_json(q, list_json(x.all));
	free(x.all);
	return rc;
}

/* ---- one register ---- */

static struct st_span argument(struct request *q, const char *name)
{
	const char *text = api_argument(q, name);
	return text == NULL ? ST_SPAN_NONE : st_span_text(text);
}

static const char *register_name(const void *registers, size_t i)
{
	const struct st_registers *all = registers;
	return i < all->count ? all->rows[i].name : NULL;
}

/* The register that an address names, or those there are. */
static int read_name(struct asking *x)
{
	x->query.reg = st_register_named(x->all, x->q->rest);
	return x->query.reg != NULL ? 0 : api_place_among(x->q, ST_ENOTFOUND, x->q->rest, register_name, x->all);
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
		rc = api_period(x->q, &query->from_day, &query->to_day);
	if (rc == 0 && query->deputy.size > DEPUTY_MAX)
		rc = api_place(x->q, ST_EFIELD, "deputy");
	if (rc == 0)
		rc = api_station(x->q, x->txn, &query->station);
	query->lang = api_lang(x->q);
	return rc < 0 ? rc : api_limit(x->q, PAGE_ROWS, ST_LIST_MAX, &query->limit);
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
	struct api_table t = { .name = r->name, .zh = r->zh, .en = r->en, .columns = json_array(),
			       .rows = json_incref(x->rows), .coverage = json_incref(x->coverage),
			       .next = st_buf_span(&x->next) };
	for (size_t i = 0; i < r->column_count; i++) {
		const struct st_register_column *c = &r->columns[i];
		json_array_append_new(t.columns, api_column(c->name, st_cell_type_text(c->type), c->zh, c->en));
	}
	return api_table(&t);
}

static int get_register(struct request *q)
{
	struct asking x = { .q = q, .rows = json_array(), .now_ms = api_now_ms() };
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
