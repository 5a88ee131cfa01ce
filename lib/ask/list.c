/* list.c - ordered lists of records, a page at a time.
 *
 * Owns:    which index answers which list, and the place to go on from.
 * Promise: 9: no page is longer than ST_LIST_MAX.
 * Flow:    indexes -> list -> api */
#include <station/ask/matter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/work/merge.h>
#include "newest.h"

enum { STATE_KEY = 6 + ST_REF_SIZE, TOKEN_MAX = ST_INDEX_KEY_MAX };
_Static_assert(sizeof(((struct st_list_row *)NULL)->title) == TITLE_ROOM, "list_title writes so much");
_Static_assert(10 + ST_REF_SIZE <= TOKEN_MAX, "where a page by due day ended");
_Static_assert(STATE_KEY <= TOKEN_MAX, "where a page by state ended");

struct listing {
	struct st_txn *txn;
	const struct st_list_query *q;
	struct life life;
	struct st_merge_reader *joins; /* NULL: who has been told isn't asked */
	st_list_fn *fn;
	void *arg;
	size_t count;
	uint8_t from[TOKEN_MAX]; /* the last key of the page before: this page begins after it */
	size_t from_size;
	struct st_buf *next;
	uint8_t last[TOKEN_MAX];
	size_t last_size;
};

static bool row_wanted(const struct listing *l, const struct st_record *r)
{
	const struct st_list_query *q = l->q;
	if (r->revision == 0 || r->kind != q->kind || (q->holder != 0 && r->holder != q->holder) ||
	    (q->state != 0 && r->state != q->state))
		return false;
	if ((q->open_only || q->overdue) && !st_record_open(r))
		return false;
	return !q->overdue || (r->due_day != 0 && r->due_day < q->today);
}

/* Refused and withdrawn ones are told at once; a merged one when there is something to tell of what it joined. */
static int is_untold(const struct listing *l, const struct st_record *r)
{
	const struct st_kind *k = st_kind(r->kind);
	struct st_record end = *r;
	struct st_merge joined;
	if (!st_state_tells(k, r->state))
		return 0;
	int rc = st_merge_read(l->joins, r, &joined);
	if (rc < 0 || joined.told)
		return rc;
	if (!st_state_merged(k, r->state))
		return 1;
	rc = st_merge_end(l->joins, &end);
	return rc < 0 ? rc : st_state_merged(k, end.state) || st_state_answered(k, end.state);
}

/* 1: it is on the list. */
static int wanted(const struct listing *l, const struct st_record *r)
{
	if (!row_wanted(l, r))
		return 0;
	return l->joins == NULL ? 1 : is_untold(l, r);
}

/* Where a kind has names and no titles: the code that it was opened with, and the name it has by now. */
static int list_name(struct life *l, const struct st_record *r, const struct st_life_event *opening,
		     char to[TITLE_ROOM])
{
	const struct st_kind *k = st_kind(r->kind);
	const struct st_field_row *row = k == NULL ? NULL : st_kind_field_named(k, st_span_text("name"));
	struct newest name = { .id = row == NULL ? 0 : row->id };
	if (row == NULL || row->place != ST_AS_FACT)
		return 0;
	for (size_t i = 0; i < opening->fact_count && to[0] == 0; i++) {
		row = st_kind_field(k, opening->facts[i].id);
		if (row != NULL && (row->flags & ST_ONCE) != 0 && !opening->facts[i].is_number)
			newest_text(opening->facts[i].text, to, TITLE_ROOM - 1);
	}
	int rc = newest_read(l, r, &name, 1);
	size_t used = strlen(to);
	if (rc < 0 || name.text[0] == 0)
		return rc;
	if (used > 0)
		to[used++] = ' ';
	newest_text(st_span_text(name.text), to + used, TITLE_ROOM - used);
	return 0;
}

/* The title stands with the opening. */
int list_title(struct life *l, const struct st_record *r, char to[TITLE_ROOM])
{
	struct st_place at;
	struct st_event event;
	struct st_life_event e;
	to[0] = 0;
	int rc = life_opening(l, r, &at);
	if (rc == 0)
		rc = life_facts(l, &at, &event, &e);
	const struct st_field *title =
		rc < 0 ? NULL : st_field_find(e.texts, e.text_count, ST_F_TITLE);
	if (title != NULL)
		(void)snprintf(to, TITLE_ROOM, "%.*s", (int)title->text.size, (const char *)title->text.data);
	else if (rc == 0 && e.texts_erased)
		(void)snprintf(to, TITLE_ROOM, "%s", ST_ERASED_ZH " " ST_ERASED_EN);
	return rc < 0 || to[0] != 0 ? rc : list_name(l, r, &e, to);
}

static int give(struct listing *l, const struct st_record *r)
{
	struct st_list_row row;
	memset(&row, 0, sizeof(row));
	row.record = *r;
	int rc = st_record_id(l->txn, &r->ref, &row.id);
	if (rc == 0)
		rc = st_station_code(l->txn, r->holder, &row.holder);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_CATEGORY, r->category, row.category);
	if (rc == 0)
		rc = list_title(&l->life, r, row.title);
	if (rc < 0)
		return rc;
	st_number_text(&r->number, &row.id.opener, &row.id.ulid, row.number);
	return l->fn(&row, l->arg);
}

static int take(struct listing *l, struct st_span key, const struct st_record *r)
{
	st_assert(l->count <= l->q->limit);
	int rc = st_span_equal(key, st_span(l->from, l->from_size)) ? 0 : wanted(l, r);
	if (rc <= 0)
		return rc;
	if (l->count == l->q->limit) {
		st_hex_put(l->next, st_span(l->last, l->last_size));
		return 1; /* there is a page after this one */
	}
	l->count++;
	st_assert(key.size <= sizeof(l->last));
	memcpy(l->last, key.data, key.size);
	l->last_size = key.size;
	return give(l, r);
}

static int indexed(struct st_span key, void *arg)
{
	struct listing *l = arg;
	struct st_record r;
	if (key.size > TOKEN_MAX)
		return ST_ECORRUPT;
	int rc = st_record_indexed(l->txn, key, &r);
	return rc < 0 ? rc : take(l, key, &r);
}

/* The best of a page so far, in order of opening: what stands in several states comes from several
 * stretches of the index, each of them in that order. */
struct merging {
	struct listing *l;
	uint8_t keys[ST_LIST_MAX + 1][STATE_KEY]; /* sorted by what follows the state */
	size_t count;
};

static int by_opening(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a + 2, b + 2, STATE_KEY - 2);
}

static int merge(struct st_span key, void *arg)
{
	struct merging *m = arg;
	struct listing *l = m->l;
	struct st_record r;
	size_t most = l->q->limit + 1; /* one more, which tells that there is a page after this one */
	st_assert(m->count <= most);
	if (key.size != STATE_KEY)
		return ST_ECORRUPT;
	if (l->from_size == STATE_KEY && by_opening(key.data, l->from) <= 0)
		return 0;
	if (m->count == most && by_opening(key.data, m->keys[most - 1]) >= 0)
		return 1; /* nor can any that comes later in this stretch */
	int rc = st_record_indexed(l->txn, key, &r);
	if (rc == 0)
		rc = wanted(l, &r);
	if (rc <= 0)
		return rc;
	size_t at = m->count < most ? m->count++ : most - 1;
	st_assert(at < most);
	st_assert(most <= sizeof(m->keys) / sizeof(m->keys[0]));
	for (; at > 0 && by_opening(key.data, m->keys[at - 1]) < 0; at--)
		memcpy(m->keys[at], m->keys[at - 1], STATE_KEY);
	memcpy(m->keys[at], key.data, STATE_KEY);
	return 0;
}

/* Where a stretch goes on: the place of the page before, in this state. */
static struct st_span stretch_from(const struct listing *l, const uint8_t prefix[2],
				   uint8_t to[STATE_KEY])
{
	st_assert(l->from_size <= TOKEN_MAX);
	if (l->from_size != STATE_KEY)
		return ST_SPAN_NONE;
	memcpy(to, l->from, STATE_KEY);
	memcpy(to, prefix, 2);
	return st_span(to, STATE_KEY);
}

static int take_state(struct st_span key, void *arg)
{
	*(unsigned *)arg = key.data[1];
	return key.size == STATE_KEY ? 1 : ST_ECORRUPT;
}

/* The first state from *state on that any record of the kind is in: 1; one that no table has, too. */
static int next_state(struct listing *l, unsigned *state)
{
	uint8_t from[2] = { (uint8_t)l->q->kind, (uint8_t)*state };
	st_assert(*state <= UINT8_MAX);
	return st_index_each(l->txn, ST_INDEX_STATE, st_span(from, 1), ST_SPAN(from), take_state, state);
}

/* A later version's state counts as open. */
static bool state_wanted(const struct st_list_query *q, const struct st_kind *k, unsigned state)
{
	const struct st_state_row *s = st_kind_state(k, state);
	if ((q->state != 0 && state != q->state) || (q->untold && !st_state_tells(k, state)))
		return false;
	return (!q->open_only && !q->overdue) || s == NULL || s->class == ST_OPEN;
}

/* Any of the subtree, by opening: all states that the question allows, merged. */
static int run_merged(struct listing *l)
{
	const struct st_list_query *q = l->q;
	const struct st_kind *k = st_kind(q->kind);
	struct merging *m = calloc(1, sizeof(*m));
	st_assert(k != NULL);
	int rc = m == NULL ? ST_ENOMEM : 0;
	for (unsigned state = 0; rc >= 0 && state <= UINT8_MAX; state++) {
		rc = next_state(l, &state);
		if (rc <= 0)
			break;
		uint8_t prefix[2] = { (uint8_t)q->kind, (uint8_t)state }, from[STATE_KEY];
		if (!state_wanted(q, k, state))
			continue;
		m->l = l;
		rc = st_index_each(l->txn, ST_INDEX_STATE, ST_SPAN(prefix),
				   stretch_from(l, prefix, from), merge, m);
	}
	for (size_t i = 0; rc >= 0 && i < m->count; i++) {
		rc = indexed(st_span(m->keys[i], STATE_KEY), l);
		if (rc > 0)
			break;
	}
	free(m);
	return rc < 0 ? rc : 0;
}

static int run(struct listing *l)
{
	const struct st_list_query *q = l->q;
	uint8_t prefix[6];
	if (q->holder == 0)
		return run_merged(l);
	st_put_u32(prefix, q->holder);
	prefix[4] = (uint8_t)q->kind;
	prefix[5] = ST_OPEN;
	size_t size = q->open_only || q->overdue ? 6 : 5;
	return st_index_each(l->txn, ST_INDEX_DUE, st_span(prefix, size),
			     st_span(l->from, l->from_size), indexed, l);
}

int st_list_each(struct st_txn *t, const struct st_list_query *q, st_list_fn *fn, void *arg,
		 struct st_buf *ret_next)
{
	struct listing l = { .txn = t, .q = q, .fn = fn, .arg = arg, .next = ret_next };
	ST_REQUIRE(q->limit > 0);
	ST_REQUIRE(q->limit <= ST_LIST_MAX);
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(ret_next != NULL);
	ST_REQUIRE(st_kind(q->kind) != NULL);
	if (st_hex_get(q->from, l.from, sizeof(l.from), &l.from_size) < 0)
		return ST_EFIELD;
	int rc = life_open(&l.life, t, NULL);
	if (rc == 0 && q->untold)
		rc = st_merge_reader_new(t, &l.joins);
	if (rc == 0)
		rc = run(&l);
	life_close(&l.life);
	st_merge_reader_free(l.joins);
	st_assert(l.count <= q->limit);
	return rc < 0 ? rc : ret_next->error;
}
