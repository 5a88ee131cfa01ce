/* overdue.c - what is late, and what soon will be, by holder.
 *
 * Owns:    the walk over the index of due days, and the days over and left, as the working days in force
 * count them; where a page ends.
 * Promise: 9: no page is longer than ST_LIST_MAX, and a page goes on where the one before ended.
 * Flow:    index, terms -> overdue -> api */
#include "overdue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { SOON_MOST = 730, TOKEN = 1 + 2 + LATE_KEY };
_Static_assert(sizeof(((struct st_overdue_row *)NULL)->title) == 304, "title_of writes so much");

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
		return row->due <= l->q->today + l->q->soon_days;
	int rc = st_terms_rule(l->terms, &q, &term);
	if (rc == 0)
		rc = st_terms_add(l->terms, l->q->today, term.warn, term.working, &last);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	return row->due <= last;
}

int late_fill(struct looking *l, struct st_overdue_row *row, uint32_t *ret_urgency,
	      char subcategory[ST_NAME_TEXT_MAX + 1])
{
	const struct st_record *r = &row->record;
	row->holder = l->holder;
	int rc = st_record_id(l->txn, &r->ref, &row->id);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_CATEGORY, r->category, row->category);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_SUBCATEGORY, r->subcategory, subcategory);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_UNIT, r->unit, row->unit);
	if (rc == 0)
		rc = read_texts(l, r, ret_urgency, row->title);
	st_number_text(&r->number, &row->id.opener, &row->id.ulid, row->number);
	return rc;
}

/* The end of a page goes out as it is read in: hex of section, rows, key. */
static void put_place(struct st_buf *to, const struct late_place *p)
{
	uint8_t token[TOKEN] = { p->section, (uint8_t)(p->rows >> 8), (uint8_t)p->rows };
	memcpy(token + 3, p->key, LATE_KEY);
	st_hex_put(to, ST_SPAN(token));
}

static int read_place(struct st_span from, struct late_place *ret)
{
	uint8_t token[TOKEN];
	size_t size = 0;
	*ret = (struct late_place){ .section = 0 };
	if (from.size == 0)
		return 0;
	if (st_hex_get(from, token, sizeof(token), &size) < 0 || size != TOKEN)
		return ST_EFIELD;
	ret->section = token[0];
	ret->rows = (uint16_t)(token[1] << 8 | token[2]);
	memcpy(ret->key, token + 3, LATE_KEY);
	return ret->section == 0 || ret->section >= ST_OVERDUE_WHATS ? ST_EFIELD : 0;
}

static bool is_at(const struct late_place *p, uint8_t section, const uint8_t key[LATE_KEY])
{
	return p->section == section && memcmp(p->key, key, LATE_KEY) == 0;
}

/* One more row of a key; 1: the page is full, and its end has been told. */
static int give(struct looking *l, const uint8_t key[LATE_KEY], const struct st_overdue_row *row)
{
	uint8_t section = (uint8_t)row->what;
	bool of_from = is_at(&l->from, section, key);
	if (of_from && l->skipped < l->from.rows) {
		l->skipped++;
		return 0;
	}
	if (l->count == l->q->limit) {
		put_place(l->next, &l->last);
		l->stopped = true;
		return 1;
	}
	if (!is_at(&l->last, section, key))
		l->last = (struct late_place){ section, (uint16_t)(of_from ? l->from.rows : 0), { 0 } };
	memcpy(l->last.key, key, LATE_KEY);
	st_assert(l->last.rows < UINT16_MAX);
	l->last.rows++;
	l->count++;
	return l->fn(row, l->arg);
}

int late_row(struct looking *l, const uint8_t key[LATE_KEY], struct st_overdue_row *row)
{
	uint32_t today = l->q->today, from = l->q->soon ? today : row->due,
		 to = l->q->soon ? row->due : today;
	if (from > to)
		to = from; /* a day to come that was said to be missed */
	row->days = to - from;
	int rc = st_terms_between(l->terms, from, to, true, &row->working_days);
	return rc < 0 ? rc : give(l, key, row);
}

/* 1: it belongs into the list. */
static int is_wanted(struct looking *l, struct st_overdue_row *row)
{
	char subcategory[ST_NAME_TEXT_MAX + 1];
	uint32_t urgency = 0;
	int rc = late_fill(l, row, &urgency, subcategory);
	row->what = ST_OVERDUE_record;
	row->due = row->record.due_day;
	row->first_due = row->record.first_due_day;
	return rc < 0 ? rc : l->q->soon ? is_soon(l, row, urgency, subcategory) : 1;
}

static int indexed(struct st_span key, void *arg)
{
	struct looking *l = arg;
	struct st_overdue_row row;
	if (key.size != LATE_KEY)
		return ST_ECORRUPT;
	uint32_t due = st_get_u32(key.data + 6), today = l->q->today;
	if (due == 0 || (l->q->soon && due < today))
		return 0;
	if (l->q->soon ? due > today + SOON_MOST : due >= today)
		return 1; /* nor does any later one of this holder and kind belong here */
	int rc = st_record_indexed(l->txn, key, &row.record);
	if (rc == 0)
		rc = is_wanted(l, &row);
	if (rc <= 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	return late_row(l, key.data, &row);
}

static int late_records(struct looking *l, uint32_t holder, const struct st_kind *k)
{
	uint8_t prefix[6], from[LATE_KEY] = { 0 };
	st_put_u32(prefix, holder);
	prefix[4] = (uint8_t)k->number;
	prefix[5] = ST_OPEN;
	memcpy(from, prefix, sizeof(prefix));
	st_put_u32(from + 6, l->q->soon ? l->q->today : 1);
	struct st_span start = ST_SPAN(from);
	bool on = l->from.section == ST_OVERDUE_record;
	int before = on ? memcmp(l->from.key, prefix, sizeof(prefix)) : -1;
	if (before > 0)
		return 0; /* told on a page before */
	if (before == 0)
		start = ST_SPAN(l->from.key);
	int rc = st_index_each(l->txn, ST_INDEX_DUE, ST_SPAN(prefix), start, indexed, l);
	return rc < 0 ? rc : 0;
}

static int of_holder(struct looking *l, uint32_t holder, enum st_overdue_what what)
{
	int rc = st_station_get(l->txn, holder, &l->holder);
	for (size_t i = 0; rc == 0 && !l->stopped && i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		if (l->q->kind != 0 && l->q->kind != k->number)
			continue;
		if (what == ST_OVERDUE_opinion)
			rc = late_opinions(l, holder, k);
		else if (st_kind_field(k, ST_F_DUE_DAY) != NULL)
			rc = late_records(l, holder, k);
	}
	return rc;
}

static int add_number(struct looking *l, uint32_t holder)
{
	if (l->holder_count == l->holder_room) {
		size_t room = l->holder_room == 0 ? 64 : 2 * l->holder_room;
		uint32_t *grown = realloc(l->holders, room * sizeof(*grown));
		if (grown == NULL)
			return ST_ENOMEM;
		l->holders = grown;
		l->holder_room = room;
	}
	st_assert(l->holder_count < l->holder_room);
	l->holders[l->holder_count++] = holder;
	return 0;
}

static int add_holder(const struct st_station *s, void *arg)
{
	struct looking *l = arg;
	int rc = st_station_below(l->txn, s->number, l->q->self);
	return rc == 1 ? add_number(l, s->number) : rc;
}

/* One section of the list; those that a page before has told are over. */
static int section(struct looking *l, enum st_overdue_what what)
{
	int rc = 0;
	bool asked = l->q->what == 0 || l->q->what == what;
	if (l->stopped || !asked || (uint8_t)what < l->from.section)
		return 0;
	if (what == ST_OVERDUE_missed)
		return l->q->soon ? 0 : late_days(l);
	for (size_t i = 0; rc == 0 && !l->stopped && i < l->holder_count; i++)
		rc = of_holder(l, l->holders[i], what);
	return rc;
}

static int run(struct looking *l)
{
	uint32_t one = l->q->holder;
	int rc = one == 0 ? st_station_each(l->txn, add_holder, l) /* in order of their numbers, as the index is */
			  : add_number(l, one);
	for (int what = 1; rc == 0 && what < ST_OVERDUE_WHATS; what++)
		rc = section(l, (enum st_overdue_what)what);
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
	int rc = read_place(q->from, &l.from);
	if (rc == 0)
		rc = st_terms_new(&l.terms);
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
