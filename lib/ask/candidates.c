/* candidates.c - which matters may be the same trouble.
 *
 * Owns:    the two limits of a question, and the order in which they are used up.
 * Promise: 9: bounded, and says where it stopped.
 * Flow:    rows -> doors -> texts -> doors -> api */
#include <station/ask/candidates.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/blind.h>
#include "life.h"

enum { DAY_MS = 24 * 3600 * 1000, RING_GROWS = 4 };

/* A row that may be worth its text: a heap with the worst on top. */
struct kept {
	int points;
	uint64_t apart_ms;
	struct st_record_ref ref;
};

struct finding {
	struct st_txn *txn;
	const struct st_candidates_query *q;
	struct st_candidates *to;
	struct life life;
	struct st_sketcher sketcher;
	struct st_door door; /* the asker's */
	struct st_buf blinds, its_blinds; /* of the two reporters; empty: not known here */
	struct kept *kept;
	size_t kept_count;
	uint32_t kind, place_id, words_id; /* numbers of the table */
	uint32_t home; /* the asker's station, which is walked by itself */
	/* the walk over the rows */
	uint64_t from_ms, to_ms, rows_left;
	struct st_record_ref at; /* where the next stretch begins */
	bool again, own;
};

static uint64_t ms_of(const struct st_ulid *u)
{
	return (uint64_t)st_get_u16(u->bytes) << 32 | st_get_u32(u->bytes + 2);
}

static void ulid_from(uint64_t ms, struct st_ulid *u)
{
	memset(u, 0, sizeof(*u));
	st_put_u16(u->bytes, (uint16_t)(ms >> 32));
	st_put_u32(u->bytes + 2, (uint32_t)ms);
}

static struct st_door door_of(const struct st_record *r)
{
	return (struct st_door){ .station = r->ref.opener, .category = r->category,
				 .subcategory = r->subcategory, .ms = (int64_t)ms_of(&r->ref.ulid) };
}

/* ---- the best rows ---- */

/* Nearer in time is better where the points are even; then the order of ids, so an answer is always the same. */
static bool worse(const struct kept *a, const struct kept *b)
{
	if (a->points != b->points)
		return a->points < b->points;
	if (a->apart_ms != b->apart_ms)
		return a->apart_ms > b->apart_ms;
	return memcmp(a->ref.ulid.bytes, b->ref.ulid.bytes, ST_ULID_SIZE) > 0;
}

static void swap(struct kept *a, struct kept *b)
{
	struct kept c = *a;
	*a = *b;
	*b = c;
}

static void sift_up(struct kept *heap, size_t at)
{
	for (; at > 0 && worse(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static void sift_down(struct kept *heap, size_t count)
{
	for (size_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && worse(&heap[child + 1], &heap[child]))
			child++;
		if (!worse(&heap[child], &heap[at]))
			return;
		swap(&heap[at], &heap[child]);
	}
}

static void keep(struct finding *f, const struct kept *one)
{
	st_assert(f->kept_count <= ST_CANDIDATES_TEXTS_MAX);
	if (f->kept_count < ST_CANDIDATES_TEXTS_MAX) {
		f->kept[f->kept_count] = *one;
		sift_up(f->kept, f->kept_count++);
		return;
	}
	f->to->texts_left = true;
	if (worse(one, &f->kept[0]))
		return;
	f->kept[0] = *one;
	sift_down(f->kept, f->kept_count);
}

/* ---- the rows of the window ---- */

static bool is_self(const struct finding *f, const struct st_record_ref *ref)
{
	const struct st_record *of = f->q->of;
	return of != NULL && of->ref.opener == ref->opener &&
	       memcmp(of->ref.ulid.bytes, ref->ulid.bytes, ST_ULID_SIZE) == 0;
}

static int look(struct finding *f, const struct st_record_ref *ref, struct st_span row, uint64_t ms)
{
	struct kept one = { .ref = *ref };
	struct st_record r;
	struct st_score score;
	if (f->rows_left == 0) {
		f->again = false;
		return 1;
	}
	f->rows_left--;
	f->to->rows++;
	int rc = st_record_decode(ref, row, &r);
	if (rc < 0)
		return rc;
	if (r.kind != f->kind || r.revision == 0 || is_self(f, ref))
		return 0;
	struct st_door its = door_of(&r);
	st_door_score(&f->door, &its, false, &score);
	one.points = score.points;
	uint64_t mine = (uint64_t)f->door.ms;
	one.apart_ms = ms > mine ? ms - mine : mine - ms;
	keep(f, &one);
	return 0;
}

/* Goes on within a station's window; ends the stretch, with the place of the next one, where it leaves it. */
static int each_row(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct finding *f = arg;
	uint64_t ms = ms_of(&ref->ulid);
	bool own = ref->opener == f->home;
	f->again = true;
	if (f->own && !own) {
		f->again = false;
		return 1;
	}
	if (ms > f->to_ms || (!f->own && own)) { /* the next station; our own had its turn first */
		f->again = ref->opener < UINT32_MAX && !f->own;
		f->at.opener = ref->opener + 1;
		ulid_from(f->from_ms, &f->at.ulid);
		return 1;
	}
	if (ms < f->from_ms) {
		f->at.opener = ref->opener;
		ulid_from(f->from_ms, &f->at.ulid);
		return 1;
	}
	return look(f, ref, row, ms);
}

/* The rows that were opened from from_ms to to_ms, of the own station or of all others. */
static int stretch(struct finding *f, uint64_t from_ms, uint64_t to_ms)
{
	int rc = 0;
	f->from_ms = from_ms;
	f->to_ms = to_ms;
	f->at.opener = f->own ? f->home : 1;
	ulid_from(from_ms, &f->at.ulid);
	for (f->again = true; rc >= 0 && f->again;) {
		struct st_record_ref from = f->at;
		f->again = false;
		rc = st_record_each(f->txn, &from, each_row, f);
		if (rc == 0)
			break; /* the table's end */
	}
	return rc < 0 ? rc : 0;
}

/* Ring by ring away from the asker's day, until the window or the limit is reached. */
static int rings(struct finding *f, bool own, uint32_t *ret_days)
{
	uint64_t mine = (uint64_t)f->door.ms, seen = 0;
	int rc = 0;
	f->own = own;
	f->rows_left = ST_CANDIDATES_ROWS_MAX;
	*ret_days = 0;
	for (uint64_t days = 1; rc == 0; days *= RING_GROWS) {
		uint64_t out = days < f->q->days ? days : f->q->days, wide = out * DAY_MS;
		uint64_t from = mine > wide ? mine - wide : 0;
		if (seen == 0) {
			rc = stretch(f, from, mine + wide);
		} else {
			rc = mine > seen ? stretch(f, from, mine - seen - 1) : 0;
			if (rc == 0 && f->rows_left > 0)
				rc = stretch(f, mine + seen + 1, mine + wide);
		}
		if (f->rows_left == 0)
			break; /* this ring may not be whole */
		*ret_days = (uint32_t)out;
		if (out == f->q->days)
			break;
		seen = wide;
	}
	return rc;
}

static int all_rows(struct finding *f)
{
	st_assert(f->door.ms >= 0);
	int rc = f->home == 0 ? 0 : rings(f, true, &f->to->own_days);
	return rc < 0 ? rc : rings(f, false, &f->to->days);
}

/* ---- texts ---- */

static int sketch(struct finding *f, const struct st_span *texts, size_t count, struct st_sketch *to)
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
static int sketch_all(struct finding *f, const struct st_span texts[4], const struct st_span names[2],
		      struct st_sketch to[3])
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

/* Title, text, words and place of a record's opening, as sketches; signed rubbish counts as no text. */
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

static int weigh(struct finding *f, const struct kept *k)
{
	struct st_candidate one;
	struct st_sketch its[3];
	struct st_door door;
	memset(&one, 0, sizeof(one));
	int rc = st_record_load(f->txn, &k->ref, &one.row.record);
	door = door_of(&one.row.record);
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
		f->door = door_of(q->of);
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
	f->door = (struct st_door){ .station = q->station, .category = category,
				    .subcategory = subcategory, .ms = q->ms, .title = or_none(&mine[0]),
				    .text = or_none(&mine[1]), .place = or_none(&mine[2]) };
	return rc;
}

static int find(struct finding *f)
{
	const struct st_kind *k = st_kind(f->kind);
	struct st_sketch mine[3];
	if (k == NULL)
		return ST_EKIND; /* of a later version */
	const struct st_field_row *place = st_kind_field_named(k, st_span_text("place"));
	const struct st_field_row *words = st_kind_field_named(k, st_span_text("words"));
	f->place_id = place == NULL ? 0 : place->id;
	f->words_id = words == NULL ? 0 : words->id;
	int rc = read_asker(f, mine);
	struct st_door whole = f->door;
	/* Rows say nothing of texts and places, so neither speaks for or against one of them yet. */
	f->door.title = f->door.text = f->door.place = NULL;
	if (rc == 0)
		rc = all_rows(f);
	f->door = whole;
	for (size_t i = 0; rc == 0 && i < f->kept_count; i++)
		rc = weigh(f, &f->kept[i]);
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
	f->kind = q->of == NULL ? ST_KIND_MATTER : q->of->kind;
	f->home = q->of == NULL ? q->station : q->of->ref.opener;
	st_buf_init(&f->blinds, ST_PART_MAX);
	st_buf_init(&f->its_blinds, ST_PART_MAX);
	f->kept = calloc(ST_CANDIDATES_TEXTS_MAX, sizeof(*f->kept));
	int rc = life_open(&f->life, t, NULL);
	if (rc == 0)
		rc = f->kept == NULL ? ST_ENOMEM : find(f);
	life_close(&f->life);
	st_buf_done(&f->blinds);
	st_buf_done(&f->its_blinds);
	free(f->kept);
	free(f);
	st_assert(ret->count <= q->limit);
	return rc;
}
