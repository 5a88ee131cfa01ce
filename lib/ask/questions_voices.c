/* questions_voices.c - what is reported most often: by category, and the matters that most others
 * were merged into, by one step or several.
 *
 * Owns:    whose voice is whose.
 * Promise: 9: at most VOICES_MAX merged matters are counted; more want a shorter period. A chain of merges is followed
 *          through all of them, whatever the period and the stations.
 * Flow:    cells, merged matters -> voices -> rows */
#include "question.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/merge.h>

enum { VOICES_MAX = 200000, TOP = 20, STEPS_MAX = 64 };

/* ---- by category ---- */

enum { C_VOICES, C_MERGED };

static int by_category(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	bool in = c->view != ST_VIEW_FULL || month_in_period(c->a, key->month);
	return in && key->role == ST_ROLE_HOLDER ? sums_at(c->sums, key->category, 0, 0, ret) : 0;
}

static void add_category(struct count *c, const struct st_tally_key *key, uint32_t counter,
			 uint64_t n)
{
	uint32_t merged = *(const uint32_t *)c->arg;
	st_assert(c->at != NULL);
	(void)key;
	if (st_counter_measure(counter) != ST_IN_STATE)
		return;
	c->at->n[C_VOICES] += n;
	c->at->n[C_MERGED] += st_counter_bucket(counter) == merged ? n : 0;
}

static int give_categories(struct asking *a, uint32_t merged)
{
	struct sums sums = { .count = 0 };
	struct count c = { .a = a,
			   .sums = &sums,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(IN_STATE),
			   .place = by_category,
			   .add = add_category,
			   .view = a->from == 0 && a->to == 0 ? ST_VIEW_COARSE : ST_VIEW_FULL,
			   .arg = &merged };
	int rc = count_cells(&c);
	sums_by_count(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		if (s->n[C_VOICES] == 0)
			continue;
		st_assert(s->n[C_MERGED] <= s->n[C_VOICES]);
		row_text(a, either_of(a, "类别", "category"));
		rc = row_name(a, ST_NAMES_CATEGORY, (uint16_t)s->key[0]);
		row_code(a, NULL);
		row_text(a, NULL);
		row_station(a, 0);
		row_text(a, NULL);
		row_count(a, s->n[C_VOICES]);
		row_count(a, s->n[C_VOICES] - s->n[C_MERGED]);
		rc = rc < 0 ? rc : row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- by matter ---- */

struct voice {
	struct st_record_ref ref;
	uint32_t own, joins, end; /* hashes of its number, of the one it joins, of that in the end */
	bool counts;
};
struct voices {
	struct voice *rows;
	size_t count, room, counted;
	uint32_t joins_field;
};

static int too_many(struct asking *a)
{
	(void)snprintf(a->place, ST_PLACE_MAX, "%s",
		       either_of(a, "请用较短的时段", "ask for a shorter period"));
	return ST_ETOOBIG;
}

static bool is_counted(const struct asking *a, const struct st_record *r)
{
	return ((a->from == 0 && a->to == 0) || in_period(a, r->opened_day)) && is_covered(a, r->holder);
}

static int add_voice(struct asking *a, const struct st_record *r, void *arg)
{
	struct voices *v = arg;
	char number[ST_NUMBER_TEXT];
	bool counts = is_counted(a, r);
	st_assert(v->counted <= VOICES_MAX);
	st_assert(v->count <= v->room);
	uint32_t joins = st_record_facet(r, v->joins_field);
	if (joins == 0)
		return 0;
	if (counts && v->counted == VOICES_MAX)
		return too_many(a);
	if (v->count == v->room) {
		size_t room = v->room == 0 ? 256 : v->room * 2;
		struct voice *rows = realloc(v->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		v->rows = rows;
		v->room = room;
	}
	int rc = st_record_number(a->txn, r, number);
	if (rc < 0)
		return rc;
	v->rows[v->count++] =
		(struct voice){ r->ref, st_facet_of_record(st_span_text(number)), joins, 0, counts };
	v->counted += counts;
	return 0;
}

static int by_own(const void *a, const void *b)
{
	const struct voice *x = a, *y = b;
	return x->own < y->own ? -1 : x->own > y->own;
}

static struct voice *find_own(const struct voices *v, uint32_t own)
{
	struct voice key = { .own = own };
	return v->count == 0 ? NULL : bsearch(&key, v->rows, v->count, sizeof(*v->rows), by_own);
}

/* What is handled for a voice in the end: the hash of what the last of its chain joins. */
static uint32_t end_of(const struct voices *v, const struct voice *from)
{
	const struct voice *at = from, *next;
	for (size_t n = 0; n < STEPS_MAX && (next = find_own(v, at->joins)) != NULL; n++)
		at = next;
	return at->joins;
}

/* ---- the top, by the links themselves: two numbers may have one hash ---- */

struct heard { /* what is handled, and how many voices it has: others that were merged into it, and its own */
	char number[ST_RECORD_NAME_MAX + 1];
	uint64_t voices;
};
struct top {
	struct heard rows[TOP];
	size_t count;
};
struct same { /* those of one hash */
	struct heard *rows;
	size_t count, room;
};

static void put_top(struct top *t, const struct heard *h, bool own)
{
	size_t at = 0;
	st_assert(t->count <= TOP);
	st_assert(h->voices > 0);
	while (at < t->count && strcmp(t->rows[at].number, h->number) != 0)
		at++;
	if (at < t->count) /* of a chain that only seemed to go on */
		t->rows[at].voices += h->voices;
	else if (t->count == TOP && h->voices + own <= t->rows[TOP - 1].voices)
		return;
	else {
		t->count += t->count < TOP;
		at = t->count - 1;
		t->rows[at] = *h;
		t->rows[at].voices += own;
	}
	st_assert(at < t->count);
	for (; at > 0 && t->rows[at].voices > t->rows[at - 1].voices; at--) {
		struct heard lower = t->rows[at - 1];
		t->rows[at - 1] = t->rows[at];
		t->rows[at] = lower;
	}
}

static int put_group(struct same *g, const char *number)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->rows[i].number, number) == 0) {
			g->rows[i].voices++;
			return 0;
		}
	if (g->count == g->room) {
		size_t room = g->room == 0 ? 4 : g->room * 2;
		struct heard *rows = realloc(g->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		g->rows = rows;
		g->room = room;
	}
	st_assert(g->count < g->room);
	(void)snprintf(g->rows[g->count].number, sizeof(g->rows[0].number), "%s", number);
	g->rows[g->count++].voices = 1;
	return 0;
}

/* The one of a hash that is this record. */
static const struct voice *find_ref(const struct voices *v, uint32_t own,
				    const struct st_record_ref *ref)
{
	const struct voice *at = find_own(v, own);
	while (at != NULL && at > v->rows && at[-1].own == own)
		at--;
	for (; at != NULL && at < v->rows + v->count && at->own == own; at++)
		if (st_record_same(&at->ref, ref))
			return at;
	return NULL;
}

/* The same end by what the merges wrote. */
static int read_end(struct asking *a, const struct voices *v, struct st_merge_reader *reader,
		    const struct voice *from, struct st_merge *ret_last)
{
	const struct voice *at = from;
	for (size_t n = 0; at != NULL && n <= STEPS_MAX; n++) {
		struct st_record r;
		int rc = st_record_load(a->txn, &at->ref, &r);
		if (rc == 0)
			rc = st_merge_read(reader, &r, ret_last);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
		at = ret_last->here ? find_ref(v, at->joins, &ret_last->target) : NULL;
	}
	return 0;
}

/* What it is that is handled, where it is here; 1: it isn't. */
static int load_end(struct asking *a, const char *number, struct st_record *r)
{
	struct st_record_ref ref;
	int rc = st_record_resolve(a->txn, st_span_text(number), &ref);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, r);
	return rc == ST_ENOTFOUND || rc == ST_EFIELD ? 1 : rc;
}

static int check_group(struct asking *a, const struct voices *v, struct st_merge_reader *reader,
		       uint32_t end, struct top *top)
{
	struct same g = { .count = 0 };
	int rc = 0;
	st_assert(v->count > 0); /* somebody has that end */
	for (size_t i = 0; rc == 0 && i < v->count; i++) {
		struct st_merge last;
		if (!v->rows[i].counts || v->rows[i].end != end)
			continue;
		rc = read_end(a, v, reader, &v->rows[i], &last);
		if (rc == 0 && last.name[0] != 0)
			rc = put_group(&g, last.name);
	}
	for (size_t i = 0; rc == 0 && i < g.count; i++) {
		struct st_record r;
		rc = load_end(a, g.rows[i].number, &r);
		if (rc >= 0)
			put_top(top, &g.rows[i], rc == 0 && is_counted(a, &r));
		rc = rc < 0 ? rc : 0;
	}
	free(g.rows);
	return rc;
}

static int give_top(struct asking *a, const struct heard *h)
{
	struct newest title = { .id = ST_F_TITLE };
	struct st_record r;
	st_assert(h->voices > 0);
	int rc = load_end(a, h->number, &r);
	bool here = rc == 0;
	if (rc < 0)
		return rc;
	rc = here ? newest_read(&a->life, &r, &title, 1) : 0;
	row_text(a, either_of(a, "事项", "matter"));
	if (rc == 0)
		rc = row_name(a, ST_NAMES_CATEGORY, here ? r.category : 0);
	if (rc < 0)
		return rc;
	row_code(a, h->number);
	row_text(a, title.text);
	row_station(a, here ? r.holder : 0);
	if (here)
		rc = row_state(a, &r);
	else
		row_text(a, NULL);
	row_count(a, h->voices);
	row_count(a, 1);
	return rc < 0 ? rc : row_give(a);
}

/* A hash has at least the voices of each of its numbers, but for that one's own: what can't reach the top isn't read. */
static int find_top(struct asking *a, const struct voices *v, const struct sums *sums,
		    struct top *top)
{
	struct st_merge_reader *reader = NULL;
	int rc = st_merge_reader_new(a->txn, &reader);
	for (size_t i = 0; rc == 0 && i < sums->count; i++) {
		const struct sum *s = &sums->rows[i];
		if (top->count == TOP && s->n[0] + 1 <= top->rows[TOP - 1].voices)
			break;
		rc = check_group(a, v, reader, s->key[0], top);
	}
	st_merge_reader_free(reader);
	return rc;
}

static int give_matters(struct asking *a, struct voices *v)
{
	struct sums sums = { .count = 0 };
	struct top top = { .count = 0 };
	int rc = 0;
	if (v->count > 1)
		qsort(v->rows, v->count, sizeof(*v->rows), by_own);
	for (size_t i = 0; rc == 0 && i < v->count; i++) {
		struct sum *s = NULL;
		if (!v->rows[i].counts)
			continue;
		v->rows[i].end = end_of(v, &v->rows[i]);
		rc = sums_at(&sums, v->rows[i].end, 0, 0, &s);
		if (rc == ST_ETOOBIG)
			rc = too_many(a);
		if (rc == 0)
			s->n[0]++;
	}
	sums_by_count(&sums);
	if (rc == 0)
		rc = find_top(a, v, &sums, &top);
	for (size_t i = 0; rc == 0 && i < top.count; i++)
		rc = give_top(a, &top.rows[i]);
	st_assert(top.count <= TOP);
	sums_done(&sums);
	return rc;
}

int question_voices(struct asking *a)
{
	uint32_t merged = state_number("matter", "merged");
	struct voices v = { .joins_field = field_number("matter", "joins") };
	int rc = give_categories(a, merged);
	if (rc == 0)
		rc = records_in_state(a, ST_KIND_MATTER, merged, add_voice, &v);
	if (rc == 0)
		rc = give_matters(a, &v);
	free(v.rows);
	return rc;
}
