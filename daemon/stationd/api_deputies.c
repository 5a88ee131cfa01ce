/* api_deputies.c - deputies: cards, archives, points, floors, and how many there are.
 *
 * Owns:    these as tables.
 * Promise: 6: the last page says what it covers; 7: nothing private is in any of them.
 * Flow:    api -> deputy, coverage -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/deputy.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/terms.h>
#include "api.h"

enum { PAGE_ROWS = 200, PAGE_DEPUTIES = 25, ITEM_COLUMNS_MAX = 40 };

struct asking {
	struct request *q;
	enum st_lang lang;
	struct st_txn *txn;
	struct st_archive_query archive;
	struct st_deputies_query deputies;
	struct st_points_table *table;
	struct st_floors floors;
	bool all; /* those who are not below the floors, too */
	struct st_buf next;
	json_t *rows, *coverage;
	struct st_card card;
	struct st_census census;
};

static const char *in(const struct asking *x, const char *zh, const char *en)
{
	return x->lang == ST_EN ? en : zh;
}

static int cover(struct asking *x, struct st_txn *t, uint32_t station)
{
	const struct api_covers covers = { .top = station };
	return x->next.size > 0 ? 0 : api_coverage(t, &covers, api_now_ms(), &x->coverage);
}

/* Reads what a question wants, then answers it as a table; t.columns and t.rows are taken in any
 * case. */
static int answer(struct asking *x, st_txn_fn *read, struct api_table t)
{
	struct request *q = x->q;
	int rc = q->station->self.set_up ? 0 : ST_ENOSTATION;
	st_buf_init(&x->next, 256);
	if (rc == 0)
		rc = st_store_read(q->station->store, read, x);
	t.rows = x->rows;
	t.coverage = x->coverage;
	t.next = st_buf_span(&x->next);
	json_t *json = api_table(&t);
	st_buf_done(&x->next);
	if (rc == 0)
		return api_json(q, json);
	json_decref(json);
	return rc;
}

static int append(struct asking *x, json_t *row)
{
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

/* ---- archive ---- */

static int add_archive(const struct st_archive_row *row, void *arg)
{
	struct asking *x = arg;
	return append(x,
		      json_pack("[s, o, s, s, o, s, o]", st_archive_part_title(row->part, x->lang),
				api_day(row->day), in(x, row->kind->zh, row->kind->en), row->number,
				api_span(st_span_text(row->title)), row->role,
				api_span(st_span_text(row->result))));
}

static int make_archive(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	const char *page = api_argument(x->q, "page");
	x->archive.code = st_span_text(x->q->rest);
	x->archive.lang = x->lang;
	x->archive.page = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	int rc = api_period(x->q, &x->archive.from_day, &x->archive.to_day);
	if (rc == 0)
		rc = api_limit(x->q, PAGE_ROWS, ST_LIST_MAX, &x->archive.limit);
	if (rc < 0)
		return rc;
	rc = st_archive_each(t, &x->archive, add_archive, x, &x->next);
	if (rc == ST_ENOTFOUND || rc == ST_EFIELD)
		return api_place(x->q, rc, rc == ST_EFIELD ? "page" : x->q->rest);
	return rc < 0 ? rc : cover(x, t, 0);
}

static int get_archive(struct request *q)
{
	struct asking x = { .q = q, .lang = api_lang(q), .rows = json_array() };
	const struct api_table t = {
		.name = "deputy_archive",
		.zh = "代表履职档案",
		.en = "a deputy's archive",
		.columns = json_pack("[o, o, o, o, o, o, o]",
				     api_column("part", "text", "部分", "part"),
				     api_column("day", "day", "日期", "day"),
				     api_column("kind", "text", "类别", "kind"),
				     api_column("number", "code", "编号", "number"),
				     api_column("title", "text", "标题", "title"),
				     api_column("role", "text", "角色", "role"),
				     api_column("result", "text", "结果", "result")),
	};
	return answer(&x, make_archive, t);
}

/* ---- points ---- */

/* What the city has set stands in force at the end of the period, so that a later table changes no
 * quarter that is over. */
static int load_table(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	uint32_t day = st_day_of_ms(api_now_ms()), from = 0, to = 0;
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

static int read_table(struct asking *x)
{
	x->table = calloc(1, sizeof(*x->table));
	x->deputies.table = x->table;
	return x->table == NULL ? ST_ENOMEM : st_store_read(x->q->station->store, load_table, x);
}

static int read_deputies(struct asking *x, struct st_txn *t)
{
	const char *page = api_argument(x->q, "page"), *code = api_argument(x->q, "deputy");
	x->deputies.page = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	x->deputies.code = code == NULL ? ST_SPAN_NONE : st_span_text(code);
	int rc = api_limit(x->q, PAGE_DEPUTIES, ST_LIST_MAX, &x->deputies.limit);
	if (rc == 0)
		rc = api_station(x->q, t, &x->deputies.station);
	return rc;
}

static int run_deputies(struct asking *x, struct st_txn *t, st_deputies_fn *fn)
{
	int rc = st_deputies_each(t, &x->deputies, fn, x, &x->next);
	if (rc == ST_ENOTFOUND)
		return api_place(x->q, rc, api_argument(x->q, "deputy"));
	if (rc == ST_EFIELD)
		return api_place(x->q, rc, "page");
	return rc < 0 ? rc : cover(x, t, x->deputies.station);
}

/* One deputy: a row for each item, and the total with the days served. */
static int add_items(const struct st_deputy_row *d, void *arg)
{
	struct asking *x = arg;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < x->table->count; i++) {
		const struct st_points_row *r = &x->table->rows[i];
		rc = append(x, json_pack("[o, I, I, I, I, I, n]",
					 api_span(st_span_text(in(x, r->item, r->en))),
					 (json_int_t)d->counts[i], (json_int_t)d->points[i],
					 (json_int_t)r->first, (json_int_t)r->further,
					 (json_int_t)r->at_most));
	}
	return rc < 0 ? rc
		      : append(x, json_pack("[s, n, I, n, n, n, I]", in(x, "合计", "total"),
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
static size_t item_count(const struct asking *x)
{
	return x->table->count <= ITEM_COLUMNS_MAX ? x->table->count : 0;
}

static int add_deputy(const struct st_deputy_row *d, void *arg)
{
	struct asking *x = arg;
	json_t *row = json_pack("[o, o, s, I, I]", api_span(st_span_text(d->code)),
				api_span(st_span_text(d->name)), d->station.text,
				(json_int_t)d->days_served, (json_int_t)d->total);
	for (size_t i = 0; i < item_count(x); i++)
		json_array_append_new(row, json_integer((json_int_t)d->points[i]));
	return append(x, row);
}

static json_t *deputy_columns(const struct asking *x)
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
	struct asking *x = arg;
	int rc = read_deputies(x, t);
	if (rc == 0)
		rc = api_period(x->q, &x->deputies.from_day, &x->deputies.to_day);
	return rc < 0 ? rc : run_deputies(x, t, x->deputies.code.size > 0 ? add_items : add_deputy);
}

static int get_points(struct request *q)
{
	struct asking x = { .q = q, .lang = api_lang(q) };
	int rc = read_table(&x);
	if (rc == 0) {
		bool one = api_argument(q, "deputy") != NULL;
		x.rows = json_array();
		const struct api_table t = { .name = "deputy_points",
					     .zh = "代表履职积分",
					     .en = "deputies' points",
					     .columns = one ? item_columns() : deputy_columns(&x) };
		rc = answer(&x, make_points, t);
	}
	free(x.table);
	return rc;
}

/* ---- floors ---- */

static int add_floor(const struct st_deputy_row *d, void *arg)
{
	struct asking *x = arg;
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
				       used == 0 ? "" : in(x, "、", ", "),
				       in(x, what[i].zh, what[i].en));
	}
	if ((below[0] == 0 && !x->all) || (!d->serving && x->deputies.code.size == 0))
		return 0; /* who has left owes nothing any more */
	return append(x, json_pack("[o, o, s, I, I, I, s]", api_span(st_span_text(d->code)),
				   api_span(st_span_text(d->name)), d->station.text,
				   (json_int_t)d->reports, (json_int_t)d->voters,
				   (json_int_t)d->receptions, below));
}

static int make_floors(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	uint32_t today = st_day_of_ms(api_now_ms());
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
	struct asking x = { .q = q, .lang = api_lang(q) };
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
		rc = answer(&x, make_floors, t);
	}
	free(x.table);
	return rc;
}

/* ---- census ---- */

static int make_census(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	const struct st_census *c = &x->census;
	int rc = st_census_make(t, st_day_of_ms(api_now_ms()), &x->census);
	for (size_t i = 0; rc == 0 && i < c->level_count; i++)
		rc = append(x, json_pack("[s, s, I]", c->levels[i].level->name,
					 in(x, c->levels[i].level->zh, c->levels[i].level->en),
					 (json_int_t)c->levels[i].deputies));
	if (rc == 0)
		rc = append(x, json_pack("[s, s, I]", "seats", in(x, "各级合计", "at all levels"),
					 (json_int_t)c->seats));
	if (rc == 0)
		rc = append(x, json_pack("[s, s, I]", "overlap",
					 in(x, "重复担任", "counted more than once"),
					 (json_int_t)c->seats - (json_int_t)c->persons));
	if (rc == 0)
		rc = append(x, json_pack("[s, s, I]", "persons", in(x, "人数", "persons"),
					 (json_int_t)c->persons));
	return rc < 0 ? rc : cover(x, t, 0);
}

static int get_census(struct request *q)
{
	struct asking x = { .q = q, .lang = api_lang(q), .rows = json_array() };
	const struct api_table t = {
		.name = "deputy_census",
		.zh = "代表人数",
		.en = "number of deputies",
		.columns = json_pack("[o, o, o]", api_column("level", "code", "层级代码", "level"),
				     api_column("name", "text", "层级", "name"),
				     api_column("deputies", "count", "代表", "deputies"))
	};
	return answer(&x, make_census, t);
}

/* ---- card ---- */

static int read_card(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	int rc = st_deputy_card(t, st_span_text(x->q->rest), &x->card);
	return rc == ST_ENOTFOUND ? api_place(x->q, rc, x->q->rest) : rc;
}

static int get_card(struct request *q)
{
	struct asking x = { .q = q, .lang = api_lang(q) };
	const struct st_card *c = &x.card;
	const struct st_kind *k = st_kind_named("deputy");
	const struct st_choice *levels = st_kind_field_named(k, st_span_text("levels"))->choices;
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read_card, &x)
					 : ST_ENOSTATION;
	if (rc < 0)
		return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < c->level_count; i++) {
		const struct st_choice *level = st_choice_numbered(levels, c->levels[i]);
		if (level != NULL)
			json_array_append_new(list, json_string(in(&x, level->zh, level->en)));
	}
	const struct st_state_row *s = st_kind_state(k, c->state);
	json_t *json =
		json_pack("{s:o, s:s, s:s, s:s}", "levels", list, "station", c->station.text,
			  "station_name", c->station_name, "state", s == NULL ? "" : s->name);
	const struct {
		const char *name, *text;
	} texts[] = { { "deputy", c->code }, { "name", c->name },
		      { "post", c->post },   { "constituency", c->constituency },
		      { "phone", c->phone }, { "days", c->days },
		      { "qr", c->qr } };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_object_set_new(json, texts[i].name, api_span(st_span_text(texts[i].text)));
	return api_json(q, json);
}

const struct route api_deputy_routes[] = {
	{ "GET", "/v1/deputies/archive/", get_archive },
	{ "GET", "/v1/deputies/points", get_points },
	{ "GET", "/v1/deputies/floors", get_floors },
	{ "GET", "/v1/deputies/census", get_census },
	{ "GET", "/v1/deputies/card/", get_card },
	{ NULL, NULL, NULL },
};
