/* api_deputies.c - deputies: their cards, their archives, and how many there are.
 *
 * Owns:    these as tables, and what answers about deputies share.
 * Promise: 6: the last page says what it covers; 7: nothing private is in any of them.
 * Flow:    api -> deputy, coverage -> api */
#include "api_deputies.h"
#include <station/base/clock.h>

enum { PAGE_ROWS = 200 };

const char *deputy_in(const struct deputy_asking *x, const char *zh, const char *en)
{
	return x->lang == ST_EN ? en : zh;
}

int deputy_cover(struct deputy_asking *x, struct st_txn *t, uint32_t station)
{
	const struct api_covers covers = { .top = station };
	return x->next.size > 0 ? 0 : api_coverage(t, &covers, api_now_ms(), &x->coverage);
}

int deputy_answer(struct deputy_asking *x, st_txn_fn *read, struct api_table t)
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

int deputy_append(struct deputy_asking *x, json_t *row)
{
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

/* ---- archive ---- */

static int add_archive(const struct st_archive_row *row, void *arg)
{
	struct deputy_asking *x = arg;
	return deputy_append(x,
		      json_pack("[s, o, s, s, o, s, o]", st_archive_part_title(row->part, x->lang),
				api_day(row->day), deputy_in(x, row->kind->zh, row->kind->en), row->number,
				api_span(st_span_text(row->title)), row->role,
				api_span(st_span_text(row->result))));
}

static int make_archive(struct st_txn *t, void *arg)
{
	struct deputy_asking *x = arg;
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
	return rc < 0 ? rc : deputy_cover(x, t, 0);
}

static int get_archive(struct request *q)
{
	struct deputy_asking x = { .q = q, .lang = api_lang(q), .rows = json_array() };
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
	return deputy_answer(&x, make_archive, t);
}

/* ---- census ---- */

static int make_census(struct st_txn *t, void *arg)
{
	struct deputy_asking *x = arg;
	const struct st_census *c = &x->census;
	int rc = st_census_make(t, &x->census);
	for (size_t i = 0; rc == 0 && i < c->level_count; i++)
		rc = deputy_append(x, json_pack("[s, s, I]", c->levels[i].level->name,
					 deputy_in(x, c->levels[i].level->zh, c->levels[i].level->en),
					 (json_int_t)c->levels[i].deputies));
	if (rc == 0)
		rc = deputy_append(x, json_pack("[s, s, I]", "seats", deputy_in(x, "各级合计", "at all levels"),
					 (json_int_t)c->seats));
	if (rc == 0)
		rc = deputy_append(x, json_pack("[s, s, I]", "overlap",
					 deputy_in(x, "重复担任", "counted more than once"),
					 (json_int_t)c->seats - (json_int_t)c->persons));
	if (rc == 0)
		rc = deputy_append(x, json_pack("[s, s, I]", "persons", deputy_in(x, "人数", "persons"),
					 (json_int_t)c->persons));
	return rc < 0 ? rc : deputy_cover(x, t, 0);
}

static int get_census(struct request *q)
{
	struct deputy_asking x = { .q = q, .lang = api_lang(q), .rows = json_array() };
	const struct api_table t = {
		.name = "deputy_census",
		.zh = "代表人数",
		.en = "number of deputies",
		.columns = json_pack("[o, o, o]", api_column("level", "code", "层级代码", "level"),
				     api_column("name", "text", "层级", "name"),
				     api_column("deputies", "count", "代表", "deputies"))
	};
	return deputy_answer(&x, make_census, t);
}

/* ---- card ---- */

static int read_card(struct st_txn *t, void *arg)
{
	struct deputy_asking *x = arg;
	int rc = st_deputy_card(t, st_span_text(x->q->rest), &x->card);
	return rc == ST_ENOTFOUND ? api_place(x->q, rc, x->q->rest) : rc;
}

static int get_card(struct request *q)
{
	struct deputy_asking x = { .q = q, .lang = api_lang(q) };
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
			json_array_append_new(list, json_string(deputy_in(&x, level->zh, level->en)));
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
	{ "GET", "/v1/deputies/census", get_census },
	{ "GET", "/v1/deputies/card/", get_card },
	{ NULL, NULL, NULL },
};
