/* api_matters.c - one matter, many doors: candidates for merging, and voices.
 *
 * Owns:    both as tables in JSON.
 * Promise: 6: no table leaves without its coverage; 9: each question is bounded, and says where it
 *          stopped.
 * Flow:    store -> candidates, voices -> api */
#include <stdlib.h>
#include <string.h>
#include <station/ask/candidates.h>
#include <station/ask/report.h>
#include <station/ask/voices.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/blind.h>
#include "api.h"

struct asking {
	struct request *q;
	int64_t now_ms;
	json_t *columns, *rows, *coverage, *more; /* more: what stands beside the table */
};

static int number_of(struct request *q, const char *name, long least, long most, size_t *to)
{
	const char *text = api_argument(q, name);
	char *end = NULL;
	long n = text == NULL ? 0 : strtol(text, &end, 10);
	if (text == NULL)
		return 0;
	if (text[0] == 0 || *end != 0 || n < least || n > most)
		return api_wrong(q, ST_EFIELD, name);
	*to = (size_t)n;
	return 0;
}

static void column(struct asking *x, const char *name, const char *zh, const char *en,
		   const char *type)
{
	json_array_append_new(x->columns, api_column(name, type, zh, en));
}

static int coverage(struct st_txn *t, struct asking *x)
{
	const struct api_covers all = { .station = NULL };
	return api_coverage(t, &all, x->now_ms, &x->coverage);
}

static int answer(struct asking *x, const char *name, const char *zh, const char *en)
{
	const struct api_table t = { .name = name, .zh = zh, .en = en, .columns = json_incref(x->columns),
				     .rows = json_incref(x->rows), .coverage = json_incref(x->coverage) };
	json_t *json = api_table(&t);
	if (json != NULL)
		json_object_update(json, x->more);
	return api_json(x->q, json);
}

static int run(struct request *q, st_txn_fn *read, const char *name, const char *zh, const char *en)
{
	struct asking x = {
		.q = q, .columns = json_array(), .rows = json_array(), .more = json_object()
	};
	x.now_ms = api_now_ms();
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read, &x)
					 : ST_ENOSTATION;
	if (rc == 0)
		rc = answer(&x, name, zh, en);
	json_decref(x.columns);
	json_decref(x.rows);
	json_decref(x.coverage);
	json_decref(x.more);
	return rc;
}

static const char *state_name(const struct st_record *r)
{
	const struct st_kind *k = st_kind(r->kind);
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, r->state);
	return s == NULL ? "" : s->name;
}

/* A record that the question is about; revision 0: it isn't named. */
static int named(struct st_txn *t, struct request *q, struct st_record *r)
{
	const char *name = api_argument(q, "record");
	struct st_record_ref ref;
	memset(r, 0, sizeof(*r));
	if (name == NULL)
		return 0;
	int rc = st_record_resolve(t, st_span_text(name), &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, r);
	if (rc < 0)
		return api_place(q, rc, name);
	return r->kind == ST_KIND_MATTER ? 0 : api_place(q, ST_EKIND, name);
}

/* ---- candidates ---- */

static void candidate_columns(struct asking *x)
{
	column(x, "number", "编号", "number", "text");
	column(x, "state", "状态", "state", "code");
	column(x, "opened", "登记", "opened", "time");
	column(x, "holder", "持有站", "holder", "code");
	column(x, "category", "类别", "category", "text");
	column(x, "title", "标题", "title", "text");
	column(x, "points", "分数", "points", "number");
#define X(id, name, zh, en) column(x, name "_points", zh, en, "number");
	ST_WHYS(X)
#undef X
	column(x, "likeness", "文字相似", "likeness", "share");
}

static int add_candidate(struct asking *x, const struct st_candidate *c)
{
	json_t *row = json_pack("[s, s, o, s, s, o, i]", c->row.number, state_name(&c->row.record),
				api_time(c->ms), c->row.holder.text, c->row.category,
				api_span(st_span_text(c->row.title)), c->score.points);
	for (size_t i = 0; row != NULL && i < ST_WHY_COUNT; i++)
		json_array_append_new(row, json_integer(c->score.parts[i]));
	json_array_append_new(row, json_real((double)c->score.like / ST_LIKE));
	return json_array_append_new(x->rows, row) == 0 ? 0 : ST_ENOMEM;
}

static struct st_span argument(struct request *q, const char *name)
{
	const char *text = api_argument(q, name);
	return text == NULL ? ST_SPAN_NONE : st_span_text(text);
}

static int ask_candidates(struct st_txn *t, struct asking *x,
			  const struct st_candidates_query *query)
{
	struct st_candidates *found = malloc(sizeof(*found));
	int rc = found == NULL ? ST_ENOMEM : st_candidates_find(t, query, found);
	for (size_t i = 0; rc == 0 && i < found->count; i++)
		rc = add_candidate(x, &found->found[i]);
	if (rc == 0)
		json_object_set_new(x->more, "looked",
				    json_pack("{s:I, s:I, s:I, s:I, s:b}", "rows",
					      (json_int_t)found->rows, "own_days",
					      (json_int_t)found->own_days, "days",
					      (json_int_t)found->days, "texts",
					      (json_int_t)found->texts, "texts_left",
					      (int)found->texts_left));
	free(found);
	return rc;
}

/* A reporter's numbers as this station's index has them. ST_EFIELD: too few digits to be found by.
 */
static int add_blind(struct asking *x, const char *name, uint8_t what, struct st_buf *to)
{
	const char *value = api_argument(x->q, name);
	uint8_t entry[ST_BLIND_ENTRY];
	if (value == NULL)
		return 0;
	if (!st_blind_of(&x->q->station->keys.grant, what, st_span_text(value), entry))
		return api_wrong(x->q, ST_EFIELD, name);
	st_buf_put(to, entry, sizeof(entry));
	return to->error;
}

static int read_candidates(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	struct st_record of;
	struct st_buf blinds;
	size_t days = ST_CANDIDATES_DAYS, limit = 10;
	st_buf_init(&blinds, 2 * ST_BLIND_ENTRY);
	int rc = named(t, x->q, &of);
	if (rc == 0)
		rc = add_blind(x, "phone", ST_BLIND_PHONE, &blinds);
	if (rc == 0)
		rc = add_blind(x, "id", ST_BLIND_IDENTITY, &blinds);
	if (rc == 0)
		rc = number_of(x->q, "days", 1, ST_CANDIDATES_DAYS_MAX, &days);
	if (rc == 0)
		rc = number_of(x->q, "limit", 1, ST_CANDIDATES_MAX, &limit);
	struct st_candidates_query query = {
		.of = of.revision > 0 ? &of : NULL,
		.category = argument(x->q, "category"),
		.subcategory = argument(x->q, "subcategory"),
		.place = argument(x->q, "place"),
		.title = argument(x->q, "title"),
		.text = argument(x->q, "text"),
		.blinds = st_buf_span(&blinds),
		.station = x->q->station->self.station.number,
		.ms = x->now_ms,
		.days = (uint32_t)days,
		.limit = limit,
	};
	if (rc == 0 && query.of == NULL &&
	    query.category.size + query.title.size + query.text.size + blinds.size == 0)
		rc = api_wrong(x->q, ST_EFIELD, "record");
	candidate_columns(x);
	if (rc == 0)
		rc = ask_candidates(t, x, &query);
	st_buf_done(&blinds);
	return rc < 0 ? rc : coverage(t, x);
}

static int get_candidates(struct request *q)
{
	return run(q, read_candidates, "candidates", "可能是同一件事", "may be the same trouble");
}

/* ---- voices ---- */

static int number_text(struct st_txn *t, const struct st_record *r, char to[ST_NUMBER_TEXT])
{
	struct st_record_id id;
	int rc = st_record_id(t, &r->ref, &id);
	if (rc == 0)
		st_number_text(&r->number, &id.opener, &id.ulid, to);
	return rc;
}

static int add_merged(struct st_txn *t, struct asking *x, const struct st_voice *v)
{
	char number[ST_NUMBER_TEXT], joins[ST_NUMBER_TEXT];
	struct st_record other;
	struct st_code holder;
	int rc = number_text(t, &v->record, number);
	if (rc == 0)
		rc = st_record_load(t, &v->joins, &other);
	if (rc == 0)
		rc = number_text(t, &other, joins);
	if (rc == 0)
		rc = st_station_code(t, v->record.holder, &holder);
	if (rc < 0)
		return rc;
	return json_array_append_new(x->rows, json_pack("[s, o, s, s, b]", number,
							api_day(v->record.opened_day), holder.text,
							joins, (int)v->told)) == 0
		       ? 0
		       : ST_ENOMEM;
}

/* Whom one matter stands for: all that were merged into it, by one step or several. */
static int voices_of(struct st_txn *t, struct asking *x, const struct st_voices *v,
		     const struct st_record *of)
{
	struct st_voiced sum = st_voices_of(v, &of->ref);
	int rc = 0;
	column(x, "number", "编号", "number", "text");
	column(x, "opened", "登记", "opened", "day");
	column(x, "holder", "持有站", "holder", "code");
	column(x, "joins", "并入", "joins", "text");
	column(x, "told", "已告知", "told", "text");
	for (size_t i = 0; rc == 0 && i < v->count; i++)
		rc = add_merged(t, x, &v->list[i]);
	json_object_set_new(x->more, "voices", json_integer((json_int_t)sum.voices));
	json_object_set_new(x->more, "untold", json_integer((json_int_t)sum.untold));
	return rc;
}

static int add_voiced(struct st_txn *t, struct asking *x, const struct st_voiced *one)
{
	char number[ST_NUMBER_TEXT], category[ST_NAME_TEXT_MAX + 1];
	struct st_record r;
	struct st_code holder;
	int rc = st_record_load(t, &one->ref, &r);
	if (rc == 0)
		rc = number_text(t, &r, number);
	if (rc == 0)
		rc = st_station_code(t, r.holder, &holder);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_CATEGORY, r.category, category);
	if (rc < 0)
		return rc;
	return json_array_append_new(x->rows,
				     json_pack("[s, s, o, s, s, I, I]", number, state_name(&r),
					       api_day(r.opened_day), holder.text, category,
					       (json_int_t)one->voices, (json_int_t)one->untold)) ==
			       0
		       ? 0
		       : ST_ENOMEM;
}

static int voices_top(struct st_txn *t, struct asking *x, const struct st_voices *v, size_t limit)
{
	struct st_voiced *top = calloc(limit, sizeof(*top));
	size_t n = top == NULL ? 0 : st_voices_top(v, limit, top);
	int rc = top == NULL ? ST_ENOMEM : 0;
	column(x, "number", "编号", "number", "text");
	column(x, "state", "状态", "state", "code");
	column(x, "opened", "登记", "opened", "day");
	column(x, "holder", "持有站", "holder", "code");
	column(x, "category", "类别", "category", "text");
	column(x, "voices", "反映件数", "voices", "count");
	column(x, "untold", "未告知", "untold", "count");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_voiced(t, x, &top[i]);
	free(top);
	return rc;
}

static int read_voices(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	struct st_record of;
	struct st_voices v = { .count = 0 };
	size_t limit = 20;
	int rc = named(t, x->q, &of);
	if (rc == 0)
		rc = number_of(x->q, "limit", 1, ST_VOICES_MAX, &limit);
	if (rc == 0)
		rc = of.revision > 0 ? st_voices_under(t, &of, &v)
				     : st_voices_read(t, ST_KIND_MATTER, &v);
	if (rc == 0)
		rc = of.revision > 0 ? voices_of(t, x, &v, &of) : voices_top(t, x, &v, limit);
	if (rc == 0)
		rc = coverage(t, x);
	json_object_set_new(x->more, "left", json_boolean(v.left));
	st_voices_done(&v);
	return rc;
}

static int get_voices(struct request *q)
{
	return run(q, read_voices, "voices", "一事多门: 并案与反映件数",
		   "one matter, many doors: voices");
}

const struct route api_matter_routes[] = {
	{ "GET", "/v1/matters/candidates", get_candidates },
	{ "GET", "/v1/matters/voices", get_voices },
	{ NULL, NULL, NULL },
};
