/* api_points.c - deputies' points, and who is below the yearly floors.
 *
 * Owns:    these as tables.
 * Promise: 6: the last page says what it covers, and what is over stays as it was counted.
 * Flow:    api -> points, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/clock.h>
#include <station/work/terms.h>
#include "api_deputies.h"

enum { PAGE_DEPUTIES = 25, ITEM_COLUMNS_MAX = 40 };

/* What the city has set stands in force at the end of the period, so that a later table changes no
 * quarter that is over. */
static int load_table(struct st_txn *t, void *arg)
{
	struct deputy_asking *x = arg;
	uint32_t day = api_today(), from = 0, to = 0;
	struct st_terms *terms = NULL;
	int rc = api_period(x->q, &from, &to);
	if (rc == 0 && to != 0 && to < day)
		day = to;
	if (rc == 0)
		rc = st_points_load(t, day, x->table);
	if (rc == 0)
		rc = st_terms_new(&terms);
	if (rc < 0)
		return rc;
	st_terms_begin(terms, t);
	rc = st_floors_load(terms, day, &x->floors);
	st_terms_free(terms);
	return rc;
}

static int read_table(struct deputy_asking *x)
{
	x->table = calloc(1, sizeof(*x->table));
	x->deputies.table = x->table;
	return x->table == NULL ? ST_ENOMEM : st_store_read(x->q->station->store, load_table, x);
}

static int read_deputies(struct deputy_asking *x, struct st_txn *t)
{
	const char *page = api_argument(x->q, "page"), *code = api_argument(x->q, "deputy");
	x->deputies.page = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	x->deputies.code = code == NULL ? ST_SPAN_NONE : st_span_text(code);
	int rc = api_limit(x->q, PAGE_DEPUTIES, ST_LIST_MAX, &x->deputies.limit);
	if (rc == 0)
		rc = api_station(x->q, t, &x->deputies.station);
	return rc;
}

static int run_deputies(struct deputy_asking *x, struct st_txn *t, st_deputies_fn *fn)
{
	int rc = st_deputies_each(t, &x->deputies, fn, x, &x->next);
	if (rc == ST_ENOTFOUND)
		return api_place(x->q, rc, api_argument(x->q, "deputy"));
	if (rc == ST_EFIELD)
		return api_wrong(x->q, rc, "page");
	return rc < 0 ? rc : deputy_cover(x, t, x->deputies.station);
}

/* One deputy: a row for each item, and the total with the days served. */
static int add_items(const struct st_deputy_row *d, void *arg)
{
	struct deputy_asking *x = arg;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < x->table->count; i++) {
		const struct st_points_row *r = &x->table->rows[i];
		rc = deputy_append(x, json_pack("[o, I, I, I, I, I, n]",
					 api_span(st_span_text(deputy_in(x, r->item, r->en))),
					 (json_int_t)d->counts[i], (json_int_t)d->points[i],
					 (json_int_t)r->first, (json_int_t)r->further,
					 (json_int_t)r->at_most));
	}
	return rc < 0 ? rc
		      : deputy_append(x, json_pack("[s, n, I, n, n, n, I]", deputy_in(x, "合计", "total"),
					    (json_int_t)d->total, (json_int_t)d->days_served));
}

static json_t *item_columns(void)
{
	return json_pack("[o, o, o, o, o, o, o]", api_column("item", "text", "项目", "item"),
			 api_column("count", "count", "次数", "times"),
			 api_column("points", "count", "积分", "points"),
			 api_column("first", "count", "首次", "first"),
			 api_column("further", "count", "每再一次", "each further"),
			 api_column("at_most", "count", "最多", "at most"),
			 api_column("days_served", "count", "履职天数", "days served"));
}

/* All deputies: a row for each, a column for each item where there are not too many of them. */
static size_t item_count(const struct deputy_asking *x)
{
	return x->table->count <= ITEM_COLUMNS_MAX ? x->table->count : 0;
}

static int add_deputy(const struct st_deputy_row *d, void *arg)
{
	struct deputy_asking *x = arg;
	json_t *row = json_pack("[o, o, s, I, I]", api_span(st_span_text(d->code)),
				api_span(st_span_text(d->name)), d->station.text,
				(json_int_t)d->days_served, (json_int_t)d->total);
	for (size_t i = 0; i < item_count(x); i++)
		json_array_append_new(row, json_integer((json_int_t)d->points[i]));
	return deputy_append(x, row);
}

static json_t *deputy_columns(const struct deputy_asking *x)
{
	json_t *columns =
		json_pack("[o, o, o, o, o]", api_column("deputy", "code", "代表编号", "deputy"),
			  api_column("name", "text", "姓名", "name"),
			  api_column("station", "code", "站点", "station"),
			  api_column("days_served", "count", "履职天数", "days served"),
			  api_column("total", "count", "积分", "points"));
	for (size_t i = 0; i < item_count(x); i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "item_%zu", i + 1);
		json_array_append_new(columns, api_column(name, "count", x->table->rows[i].item,
							  x->table->rows[i].en));
	}
	return columns;
}

static int make_points(struct st_txn *t, void *arg)
{
	struct deputy_asking *x = arg;
	int rc = read_deputies(x, t);
	if (rc == 0)
		rc = api_period(x->q, &x->deputies.from_day, &x->deputies.to_day);
	return rc < 0 ? rc : run_deputies(x, t, x->deputies.code.size > 0 ? add_items : add_deputy);
}

static int get_points(struct request *q)
{
	struct deputy_asking x = { .q = q, .lang = api_lang(q) };
	int rc = read_table(&x);
	if (rc == 0) {
		bool one = api_argument(q, "deputy") != NULL;
		x.rows = json_array();
		const struct api_table t = { .name = "deputy_points",
					     .zh = "代表履职积分",
					     .en = "deputies' points",
					     .columns = one ? item_columns() : deputy_columns(&x) };
		rc = deputy_answer(&x, make_points, t);
	}
	free(x.table);
	return rc;
}

/* ---- floors ---- */

static int add_floor(const struct st_deputy_row *d, void *arg)
{
	struct deputy_asking *x = arg;
	char below[96] = "";
	const struct {
		bool is;
		const char *zh, *en;
	} what[] = { { d->reports < x->floors.reports, "述职", "reports" },
		     { d->voters < x->floors.voters, "联系选民", "voters" },
		     { d->receptions < x->floors.receptions, "接待", "receptions" } };
	for (size_t i = 0; i < 3; i++) {
		size_t used = strlen(below);
		if (what[i].is)
			(void)snprintf(below + used, sizeof(below) - used, "%s%s",
				       used == 0 ? "" : deputy_in(x, "、", ", "),
				       deputy_in(x, what[i].zh, what[i].en));
	}
	if ((below[0] == 0 && !x->all) || (!d->serving && x->deputies.code.size == 0))
		return 0; /* who has left owes nothing any more */
	return deputy_append(x, json_pack("[o, o, s, I, I, I, s]", api_span(st_span_text(d->code)),
				   api_span(st_span_text(d->name)), d->station.text,
				   (json_int_t)d->reports, (json_int_t)d->voters,
				   (json_int_t)d->receptions, below));
}

static int make_floors(struct st_txn *t, void *arg)
{
	struct deputy_asking *x = arg;
	uint32_t today = api_today();
	char year[ST_DAY_TEXT];
	x->deputies.floors = true;
	x->all = api_argument(x->q, "all") != NULL;
	int rc = read_deputies(x, t);
	if (rc == 0)
		rc = api_period(x->q, &x->deputies.from_day, &x->deputies.to_day);
	if (rc == 0 && x->deputies.from_day == 0 && x->deputies.to_day == 0) {
		st_day_text(today, year); /* this year, so far as it has come */
		x->deputies.from_day = st_day_of_date((int)strtol(year, NULL, 10), 1, 1);
		x->deputies.to_day = today;
	}
	return rc < 0 ? rc : run_deputies(x, t, add_floor);
}

static int get_floors(struct request *q)
{
	struct deputy_asking x = { .q = q, .lang = api_lang(q) };
	int rc = read_table(&x);
	if (rc == 0) {
		char reports[64], voters[64], receptions[64], en[3][64];
		const struct st_floors *f = &x.floors;
		(void)snprintf(reports, sizeof(reports), "述职 (至少 %u)", f->reports);
		(void)snprintf(voters, sizeof(voters), "联系选民 (至少 %u)", f->voters);
		(void)snprintf(receptions, sizeof(receptions), "接待 (至少 %u)", f->receptions);
		(void)snprintf(en[0], sizeof(en[0]), "reports (at least %u)", f->reports);
		(void)snprintf(en[1], sizeof(en[1]), "voters (at least %u)", f->voters);
		(void)snprintf(en[2], sizeof(en[2]), "receptions (at least %u)", f->receptions);
		x.rows = json_array();
		const struct api_table t = {
			.name = "deputy_floors",
			.zh = "代表年度履职底线",
			.en = "deputies below the yearly floors",
			.columns = json_pack("[o, o, o, o, o, o, o]",
					     api_column("deputy", "code", "代表编号", "deputy"),
					     api_column("name", "text", "姓名", "name"),
					     api_column("station", "code", "站点", "station"),
					     api_column("reports", "count", reports, en[0]),
					     api_column("voters", "count", voters, en[1]),
					     api_column("receptions", "count", receptions, en[2]),
					     api_column("below", "text", "未达到", "below")),
		};
		rc = deputy_answer(&x, make_floors, t);
	}
	free(x.table);
	return rc;
}

const struct route api_points_routes[] = {
	{ "GET", "/v1/deputies/points", get_points },
	{ "GET", "/v1/deputies/floors", get_floors },
	{ NULL, NULL, NULL },
};
