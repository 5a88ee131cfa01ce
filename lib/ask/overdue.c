/* overdue.c - what is late, and what soon will be, by holder.
 *
 * Owns:    the walk over the index of due days, and the days over and left, as the working days in force count them.
 * Promise: 9: no page is longer than ST_LIST_MAX, and a page goes on where the one before ended.
 * Flow:    index, terms -> overdue -> api */
#include <station/ask/overdue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "life.h"

enum { REF_SIZE = 4 + ST_ULID_SIZE, KEY = 10 + REF_SIZE, SOON_MOST = 730 };
_Static_assert((int)KEY <= (int)ST_INDEX_KEY_MAX, "a key of the index of due days");
_Static_assert(sizeof(((struct st_overdue_row *)NULL)->title) == 304, "title_of writes so much");

struct looking {
	struct st_txn *txn;
	const struct st_overdue_query *q;
	struct life life;
	struct st_terms *terms;
	st_overdue_fn *fn;
	void *arg;
	size_t count;
	uint8_t from[KEY], last[KEY];
	size_t from_size;
	struct st_buf *next;
	struct st_station holder; /* at work */
	uint32_t *holders;
	size_t holder_count, holder_room;
	bool stopped;
};

/* The urgency that was told last, 0: none, and the title, which stands with the opening. */
static int read_texts(struct looking *l, const struct st_record *r, uint32_t *ret_urgency, char title[304])
{
	const struct st_kind *k = st_kind(r->kind);
	const struct st_field_row *row = k == NULL ? NULL : st_kind_field_named(k, st_span_text("urgency"));
	struct st_place at = r->head;
	struct st_life_event e;
	*ret_urgency = 0;
	title[0] = 0;
	for (uint32_t n = 0; n < r->revision && at.seq != 0; n++) {
		struct st_event event;
		struct st_change change;
		struct st_place before;
		int rc = life_read(&l->life, &at, &event, &change);
		if (rc == 0)
			rc = life_previous(&l->life, &event, &before);
		if (rc < 0)
			return rc;
		const struct st_field *f =
			row == NULL ? NULL : st_field_find(change.fields, change.field_count, row->id);
		if (f != NULL && *ret_urgency == 0 && f->is_number && f->number <= UINT32_MAX)
			*ret_urgency = (uint32_t)f->number;
		if (before.seq == 0)
			break;
		at = before;
	}
	int rc = life_event(&l->life, &at, 0, &e);
	const struct st_field *f = rc < 0 ? NULL : st_field_find(e.texts, e.text_count, ST_F_TITLE);
	if (f != NULL)
		(void)snprintf(title, 304, "%.*s", (int)f->text.size, (const char *)f->text.data);
	else if (rc == 0 && e.texts_erased)
		(void)snprintf(title, 304, "%s", ST_ERASED_ZH " " ST_ERASED_EN);
	return rc;
}

/* 1: it is within the days that its rule warns ahead. */
static int is_soon(struct looking *l, const struct st_overdue_row *row, uint32_t urgency, const char *subcategory)
{
	const struct st_record *r = &row->record;
	struct st_term term;
	struct st_term_query q = { .kind = r->kind, .urgency = urgency, .day = r->opened_day,
				   .category = st_span_text(row->category),
				   .subcategory = st_span_text(subcategory) };
	uint32_t last = l->q->today + ST_SOON_USUAL;
	if (l->q->soon_days != 0)
		return r->due_day <= l->q->today + l->q->soon_days;
	int rc = st_terms_rule(l->terms, &q, &term);
	if (rc == 0)
		rc = st_terms_add(l->terms, l->q->today, term.warn, term.working, &last);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	return r->due_day <= last;
}

/* 1: it is one. */
static int fill(struct looking *l, struct st_overdue_row *row)
{
	const struct st_record *r = &row->record;
	char subcategory[ST_NAME_TEXT_MAX + 1];
	uint32_t urgency = 0, today = l->q->today;
	row->holder = l->holder;
	int rc = st_record_id(l->txn, &r->ref, &row->id);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_CATEGORY, r->category, row->category);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_SUBCATEGORY, r->subcategory, subcategory);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_UNIT, r->unit, row->unit);
	if (rc == 0)
		rc = read_texts(l, r, &urgency, row->title);
	if (rc == 0)
		rc = l->q->soon ? is_soon(l, row, urgency, subcategory) : 1;
	if (rc != 1)
		return rc;
	uint32_t from = l->q->soon ? today : r->due_day, to = l->q->soon ? r->due_day : today;
	st_assert(from <= to);
	row->days = to - from;
	st_number_text(&r->number, &row->id.opener, &row->id.ulid, row->number);
	rc = st_terms_between(l->terms, from, to, true, &row->working_days);
	return rc < 0 ? rc : 1;
}

static int indexed(struct st_span key, void *arg)
{
	struct looking *l = arg;
	struct st_overdue_row row;
	struct st_record_ref ref;
	if (key.size != KEY)
		return ST_ECORRUPT;
	uint32_t due = st_get_u32(key.data + 6), today = l->q->today;
	if (l->from_size == KEY && memcmp(key.data, l->from, KEY) == 0)
		return 0;
	if (due == 0 || (l->q->soon && due < today))
		return 0;
	if (l->q->soon ? due > today + SOON_MOST : due >= today)
		return 1; /* nor does any later one of this holder and kind belong here */
	ref.opener = st_get_u32(key.data + 10);
	memcpy(ref.ulid.bytes, key.data + 14, ST_ULID_SIZE);
	int rc = st_record_load(l->txn, &ref, &row.record);
	if (rc == 0)
		rc = fill(l, &row);
	if (rc <= 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (l->count == l->q->limit) {
		st_hex_put(l->next, st_span(l->last, KEY));
		l->stopped = true;
		return 1;
	}
	l->count++;
	memcpy(l->last, key.data, KEY);
	return l->fn(&row, l->arg);
}

static int of_kind(struct looking *l, uint32_t holder, const struct st_kind *k)
{
	uint8_t prefix[6], from[KEY] = { 0 };
	st_put_u32(prefix, holder);
	prefix[4] = (uint8_t)k->number;
	prefix[5] = ST_OPEN;
	memcpy(from, prefix, sizeof(prefix));
	st_put_u32(from + 6, l->q->soon ? l->q->today : 1);
	struct st_span start = ST_SPAN(from);
	int before = l->from_size == KEY ? memcmp(l->from, prefix, sizeof(prefix)) : -1;
	if (before > 0)
		return 0; /* told on a page before */
	if (before == 0)
		start = ST_SPAN(l->from);
	int rc = st_index_each(l->txn, ST_INDEX_DUE, ST_SPAN(prefix), start, indexed, l);
	return rc < 0 ? rc : 0;
}

static int of_holder(struct looking *l, uint32_t holder)
{
	int rc = st_station_get(l->txn, holder, &l->holder);
	for (size_t i = 0; rc == 0 && !l->stopped && i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		bool due = st_kind_field(k, ST_F_DUE_DAY) != NULL;
		if (due && (l->q->kind == 0 || l->q->kind == k->number))
			rc = of_kind(l, holder, k);
	}
	return rc;
}

static int add_holder(const struct st_station *s, void *arg)
{
	struct looking *l = arg;
	int rc = st_station_below(l->txn, s->number, l->q->self);
	if (rc != 1)
		return rc;
	if (l->holder_count == l->holder_room) {
		size_t room = l->holder_room == 0 ? 64 : 2 * l->holder_room;
		uint32_t *grown = realloc(l->holders, room * sizeof(*grown));
		if (grown == NULL)
			return ST_ENOMEM;
		l->holders = grown;
		l->holder_room = room;
	}
	st_assert(l->holder_count < l->holder_room);
	l->holders[l->holder_count++] = s->number;
	return 0;
}

static int run(struct looking *l)
{
	if (l->q->holder != 0)
		return of_holder(l, l->q->holder);
	int rc = st_station_each(l->txn, add_holder, l); /* in order of their numbers, as the index is */
	for (size_t i = 0; rc == 0 && !l->stopped && i < l->holder_count; i++)
		rc = of_holder(l, l->holders[i]);
	return rc;
}

int st_overdue_each(struct st_txn *t, const struct st_overdue_query *q, st_overdue_fn *fn, void *arg,
		    struct st_buf *ret_next)
{
	ST_REQUIRE(q->limit > 0);
	ST_REQUIRE(q->limit <= ST_LIST_MAX);
	ST_REQUIRE(q->today > 0);
	ST_REQUIRE(fn != NULL);
	struct looking l = { .txn = t, .q = q, .fn = fn, .arg = arg, .next = ret_next };
	if (st_hex_get(q->from, l.from, sizeof(l.from), &l.from_size) < 0 ||
	    (l.from_size != 0 && l.from_size != KEY))
		return ST_EFIELD;
	int rc = st_terms_new(&l.terms);
	if (rc < 0)
		return rc;
	st_terms_begin(l.terms, t);
	rc = life_open(&l.life, t, NULL);
	if (rc == 0)
		rc = run(&l);
	life_close(&l.life);
	st_terms_free(l.terms);
	free(l.holders);
	st_assert(l.count <= q->limit);
	return rc < 0 ? rc : ret_next->error;
}
