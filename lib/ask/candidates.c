/* candidates.c - which matters may be the same trouble.
 *
 * Owns:    the reading of texts, and the order of what is offered.
 * Promise: 9: bounded, and says how far it came.
 * Flow:    rows -> doors -> texts -> doors -> api */
#include <station/ask/candidates.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/blind.h>
#include "candidates.h"
#include "life.h"

struct finding {
	struct st_txn *txn;
	const struct st_candidates_query *q;
	struct st_candidates *to;
	struct life life;
	struct st_sketcher sketcher;
	struct st_door door;              /* the asker's */
	struct st_buf blinds, its_blinds; /* of the two reporters; empty: not known here */
	struct best_rows rows;
	uint32_t place_id, words_id; /* numbers of the table */
};

/* ---- texts ---- */

static int sketch(struct finding *f, const struct st_span *texts, size_t count,
		  struct st_sketch *to)
{
	int rc = 0;
	st_sketcher_begin(&f->sketcher);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = st_sketcher_add(&f->sketcher, texts[i]);
	if (rc == 0)
		st_sketcher_end(&f->sketcher, to);
	return rc;
}

static const struct st_sketch *or_none(const struct st_sketch *s)
{
	return s->count == 0 ? NULL : s;
}

/* A title that only says the category again says nothing of its own. */
static int sketch_all(struct finding *f, const struct st_span texts[4],
		      const struct st_span names[2], struct st_sketch to[3])
{
	struct st_span all[3] = { texts[0], texts[1], texts[2] };
	if (st_span_equal(texts[0], names[0]) || st_span_equal(texts[0], names[1]))
		all[0] = ST_SPAN_NONE;
	int rc = sketch(f, all, 1, &to[0]);
	if (rc == 0)
		rc = sketch(f, all, 3, &to[1]);
	return rc < 0 ? rc : sketch(f, &texts[3], 1, &to[2]);
}

static struct st_span text_in(const struct st_field *fields, size_t count, uint32_t id)
{
	const struct st_field *f = st_field_find(fields, count, id);
	return f == NULL || f->is_number ? ST_SPAN_NONE : f->text;
}

/* The blind index beside the event, where this station wrote one and it hasn't been erased. */
static int read_blinds(struct finding *f, const struct st_place *at, const struct st_event *e,
		       struct st_buf *to)
{
	st_buf_clear(to);
	for (unsigned n = 0; n < e->part_count; n++) {
		if (e->parts[n].type != ST_PART_INDEX)
			continue;
		int rc = st_part_get_row(f->txn, at->log, at->seq, n, to);
		return rc == ST_ENOTFOUND ? 0 : rc;
	}
	return 0;
}

static bool same_reporter(const struct finding *f)
{
	struct st_span a, b;
	if (st_part_content(st_buf_span(&f->blinds), &a) < 0 ||
	    st_part_content(st_buf_span(&f->its_blinds), &b) < 0)
		return false;
	return st_blinds_meet(a, b);
}

/* Title, text, words and place of a record's opening, as sketches; signed rubbish counts as no
 * text. */
static int read_door(struct finding *f, const struct st_record *r, struct st_sketch to[3],
		     struct st_door *door, struct st_list_row *row)
{
	struct st_buf *blinds = door == &f->door ? &f->blinds : &f->its_blinds;
	char category[ST_NAME_TEXT_MAX + 1], subcategory[ST_NAME_TEXT_MAX + 1];
	struct st_life_event e;
	struct st_event event;
	struct st_place at;
	int rc = life_opening(&f->life, r, &at);
	if (rc == 0)
		rc = life_facts(&f->life, &at, &event, &e);
	if (rc == 0)
		rc = st_name_text(f->txn, ST_NAMES_CATEGORY, r->category, category);
	if (rc == 0)
		rc = st_name_text(f->txn, ST_NAMES_SUBCATEGORY, r->subcategory, subcategory);
	if (rc < 0)
		return rc;
	struct st_span names[2] = { st_span_text(category), st_span_text(subcategory) };
	struct st_span texts[4] = { text_in(e.texts, e.text_count, ST_F_TITLE),
				    text_in(e.texts, e.text_count, ST_F_TEXT),
				    text_in(e.texts, e.text_count, f->words_id),
				    text_in(e.facts, e.fact_count, f->place_id) };
	if (sketch_all(f, texts, names, to) < 0)
		to[0].count = to[1].count = to[2].count = 0;
	door->title = or_none(&to[0]);
	door->text = or_none(&to[1]);
	door->place = or_none(&to[2]);
	(void)snprintf(row->title, sizeof(row->title), "%.*s", (int)texts[0].size,
		       (const char *)texts[0].data);
	return read_blinds(f, &at, &event, blinds);
}

/* ---- the answer ---- */

static bool better(const struct st_candidate *a, const struct st_candidate *b)
{
	if (a->score.points != b->score.points)
		return a->score.points > b->score.points;
	if (a->ms != b->ms)
		return a->ms > b->ms;
	return memcmp(a->row.record.ref.ulid.bytes, b->row.record.ref.ulid.bytes, ST_ULID_SIZE) < 0;
}

static int complete(struct finding *f, struct st_list_row *row)
{
	const struct st_record *r = &row->record;
	int rc = st_record_id(f->txn, &r->ref, &row->id);
	if (rc == 0)
		rc = st_station_code(f->txn, r->holder, &row->holder);
	if (rc == 0)
		rc = st_name_text(f->txn, ST_NAMES_CATEGORY, r->category, row->category);
	if (rc == 0)
		st_number_text(&r->number, &row->id.opener, &row->id.ulid, row->number);
	return rc;
}

static void offer(struct st_candidates *to, size_t limit, const struct st_candidate *one)
{
	size_t at = to->count;
	st_assert(to->count <= limit);
	if (at == limit && !better(one, &to->found[at - 1]))
		return;
	at = at == limit ? at - 1 : to->count++;
	for (; at > 0 && better(one, &to->found[at - 1]); at--)
		to->found[at] = to->found[at - 1];
	to->found[at] = *one;
}

static int weigh(struct finding *f, const struct kept_row *k)
{
	struct st_candidate one;
	struct st_sketch its[3];
	struct st_door door;
	memset(&one, 0, sizeof(one));
	int rc = st_record_load(f->txn, &k->ref, &one.row.record);
	door = candidate_door(&one.row.record);
	if (rc == 0)
		rc = read_door(f, &one.row.record, its, &door, &one.row);
	if (rc < 0)
		return rc;
	f->to->texts++;
	st_door_score(&f->door, &door, same_reporter(f), &one.score);
	if (one.score.points < ST_CANDIDATES_POINTS)
		return 0;
	one.ms = door.ms;
	offer(f->to, f->q->limit, &one);
	return 0;
}

/* The asker as a door. */
static int read_asker(struct finding *f, struct st_sketch mine[3])
{
	const struct st_candidates_query *q = f->q;
	static const uint8_t salt[ST_SALT_SIZE] = { 0 }; /* in place of a stored part's */
	struct st_list_row row;
	uint16_t category = 0, subcategory = 0;
	if (q->of != NULL) {
		f->door = candidate_door(q->of);
		return read_door(f, q->of, mine, &f->door, &row);
	}
	int rc = st_name_find(f->txn, ST_NAMES_CATEGORY, q->category, &category);
	if (rc == 0 || rc == ST_ENOTFOUND)
		rc = st_name_find(f->txn, ST_NAMES_SUBCATEGORY, q->subcategory, &subcategory);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	st_part_put(salt, q->blinds, &f->blinds);
	if (f->blinds.error < 0)
		return f->blinds.error;
	struct st_span texts[4] = { q->title, q->text, ST_SPAN_NONE, q->place };
	struct st_span names[2] = { q->category, q->subcategory };
	rc = sketch_all(f, texts, names, mine);
	f->door = (struct st_door){ .station = q->station,
				    .category = category,
				    .subcategory = subcategory,
				    .ms = q->ms,
				    .title = or_none(&mine[0]),
				    .text = or_none(&mine[1]),
				    .place = or_none(&mine[2]) };
	return rc;
}

static int find(struct finding *f)
{
	const struct st_kind *k = st_kind(f->rows.kind);
	struct st_sketch mine[3];
	if (k == NULL)
		return ST_EKIND; /* of a later version */
	const struct st_field_row *place = st_kind_field_named(k, st_span_text("place"));
	const struct st_field_row *words = st_kind_field_named(k, st_span_text("words"));
	f->place_id = place == NULL ? 0 : place->id;
	f->words_id = words == NULL ? 0 : words->id;
	int rc = read_asker(f, mine);
	f->rows.door = f->door;
	f->rows.door.title = f->rows.door.text = f->rows.door.place = NULL;
	if (rc == 0)
		rc = best_rows_find(&f->rows);
	for (size_t i = 0; rc == 0 && i < f->rows.count; i++)
		rc = weigh(f, &f->rows.kept[i]);
	for (size_t i = 0; rc == 0 && i < f->to->count; i++)
		rc = complete(f, &f->to->found[i].row);
	return rc;
}

int st_candidates_find(struct st_txn *t, const struct st_candidates_query *q,
		       struct st_candidates *ret)
{
	ST_REQUIRE(q->limit > 0 && q->limit <= ST_CANDIDATES_MAX);
	ST_REQUIRE(q->days > 0 && q->days <= ST_CANDIDATES_DAYS_MAX);
	ST_REQUIRE(ret != NULL);
	struct finding *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return ST_ENOMEM;
	memset(ret, 0, sizeof(*ret));
	f->txn = t;
	f->q = q;
	f->to = ret;
	f->rows.txn = t;
	f->rows.kind = q->of == NULL ? ST_KIND_MATTER : q->of->kind;
	f->rows.home = q->of == NULL ? q->station : q->of->ref.opener;
	f->rows.self = q->of == NULL ? NULL : &q->of->ref;
	f->rows.days = q->days;
	st_buf_init(&f->blinds, ST_PART_MAX);
	st_buf_init(&f->its_blinds, ST_PART_MAX);
	int rc = life_open(&f->life, t, NULL);
	if (rc == 0)
		rc = find(f);
	ret->rows = f->rows.rows;
	ret->own_days = f->rows.own_whole;
	ret->days = f->rows.whole;
	ret->texts_left = f->rows.left;
	life_close(&f->life);
	st_buf_done(&f->blinds);
	st_buf_done(&f->its_blinds);
	free(f);
	st_assert(ret->count <= q->limit);
	return rc;
}
