/* register.c - which records stand in a register, a page at a time, in order of their opening.
 *
 * Owns:    the merging of the index's stretches, the filters, and the place to go on from.
 * Promise: 9: a page looks at ST_REGISTER_SCAN_MAX records and reads ST_REGISTER_EVENTS_MAX events,
 *          and those of its last record.
 * Flow:    index -> records -> cells -> api */
#include "register.h"
#include "states.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum {
	PLACE = 4 + ST_REF_SIZE,      /* opened day, record: it stands there in any state */
	KEY = 2 + PLACE,              /* kind and state before it: ST_INDEX_STATE */
	TOKEN = PLACE + 8,            /* a place, and its row's number */
	BATCH = 256,                  /* places that are merged at a time */
	CELLS_MAX = 4 * 1024 * 1024,
};

struct scan {
	struct page page;
	st_register_fn *fn;
	void *arg;
	uint8_t after[PLACE]; /* the last one that was looked at */
	bool states[ST_REGISTER_KINDS_MAX][STATES_MAX]; /* of each kind, that are asked for */
	uint8_t batch[BATCH][PLACE];
	size_t batched, given, looked, bytes;
	uint16_t deputy; /* its code's number; 0: any */
	bool ended; /* there is nothing beyond the batch */
	struct st_register_cell cells[ST_REGISTER_COLUMNS_MAX];
};

/* ---- the question ---- */

static int refuse_state(const struct st_register *reg, char place[ST_PLACE_MAX])
{
	size_t used = (size_t)snprintf(place, ST_PLACE_MAX, "state (");
	for (size_t i = 0; i < reg->kind_count; i++) {
		const struct st_kind *k = st_kind(reg->kinds[i].kind);
		for (size_t s = 0; s < k->state_count && used < ST_PLACE_MAX; s++)
			used += (size_t)snprintf(place + used, ST_PLACE_MAX - used, "%s%s",
						 i + s == 0 ? "" : " ", k->states[s].name);
	}
	if (used < ST_PLACE_MAX)
		(void)snprintf(place + used, ST_PLACE_MAX - used, ")");
	return ST_EFIELD;
}

/* The states of each kind that are looked at. */
static int read_states(struct scan *s, char place[ST_PLACE_MAX])
{
	const struct st_register_query *q = s->page.q;
	bool any = false;
	for (size_t i = 0; i < q->reg->kind_count; i++) {
		const struct st_register_kind *rk = &q->reg->kinds[i];
		const struct st_kind *k = st_kind(rk->kind);
		for (size_t n = 0; n < k->state_count; n++) {
			const struct st_state_row *row = &k->states[n];
			bool asked = q->state.size == 0 ||
				     st_span_equal(q->state, st_span_text(row->name)) ||
				     st_span_equal(q->state, st_span_text(row->zh));
			any |= asked;
			if (asked && row->number < 64 &&
			    (rk->states == 0 || (rk->states >> row->number & 1) != 0))
				s->states[i][row->number] = true;
		}
		/* Where all states are asked for, those of a later version belong to them. */
		int rc = rk->states == 0 && q->state.size == 0
				 ? states_here(s->page.txn, rk->kind, s->states[i])
				 : 0;
		if (rc < 0)
			return rc;
	}
	return any ? 0 : refuse_state(q->reg, place);
}

static int read_place(struct scan *s, char place[ST_PLACE_MAX])
{
	const struct st_register_query *q = s->page.q;
	uint8_t token[TOKEN];
	size_t size = 0;
	if (q->page.size == 0) {
		st_put_u32(s->after, q->from_day); /* none has opener 0: all of that day come later */
		return 0;
	}
	if (st_hex_get(q->page, token, sizeof(token), &size) < 0 || size != TOKEN) {
		(void)snprintf(place, ST_PLACE_MAX, "page");
		return ST_EFIELD;
	}
	memcpy(s->after, token, PLACE);
	s->page.number = st_get_u64(token + PLACE);
	if (st_get_u32(s->after) < q->from_day) {
		memset(s->after, 0, PLACE);
		st_put_u32(s->after, q->from_day);
	}
	return 0;
}

/* A code that no record here names: nothing is to be looked for. */
static int read_deputy(struct scan *s)
{
	const struct st_register_query *q = s->page.q;
	if (q->deputy.size == 0)
		return 0;
	int rc = st_name_find(s->page.txn, ST_NAMES_DEPUTY, q->deputy, &s->deputy);
	if (rc == ST_ENOTFOUND)
		memset(s->states, 0, sizeof(s->states));
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* ---- stations ---- */

const struct station_kept *page_station(struct page *p, uint32_t number, int *rc)
{
	struct station_kept *k = &p->stations[number % STATIONS_KEPT];
	struct st_station s;
	int below = 1;
	if (k->number == number && number != 0)
		return k;
	memset(k, 0, sizeof(*k));
	*rc = st_station_code(p->txn, number, &k->code);
	if (*rc == 0) {
		*rc = st_station_get(p->txn, number, &s);
		if (*rc == 0)
			(void)snprintf(k->name, sizeof(k->name), "%s", s.certificate.name);
		if (*rc == ST_ENOTFOUND)
			*rc = 0; /* named by a record, and not enrolled here: its code alone */
	}
	if (*rc == 0 && p->q->station != 0)
		below = st_station_below(p->txn, number, p->q->station);
	if (*rc < 0 || below < 0) {
		*rc = *rc < 0 ? *rc : below;
		return NULL;
	}
	k->below = below > 0;
	k->number = number;
	return k;
}

/* Opened there or held there. */
static int at_station(struct page *p, const struct st_record *r, bool *ret)
{
	int rc = 0;
	*ret = true;
	if (p->q->station == 0)
		return 0;
	const struct station_kept *s = page_station(p, r->ref.opener, &rc);
	bool opener = s != NULL && s->below;
	if (s != NULL && !opener)
		s = page_station(p, r->holder, &rc);
	*ret = s != NULL && (opener || s->below);
	return s == NULL ? rc : 0;
}

/* ---- one record ---- */

static const struct st_register_kind *kind_row(const struct scan *s, const struct st_record *r)
{
	const struct st_register *reg = s->page.q->reg;
	for (size_t i = 0; i < reg->kind_count; i++)
		if (reg->kinds[i].kind == r->kind && s->states[i][r->state % STATES_MAX])
			return &reg->kinds[i];
	return NULL;
}

/* What only a record's events say. */
static bool fits(const struct page *p, const struct st_register_kind *row)
{
	for (size_t i = 0; i < row->absent_count; i++)
		if (gathered_next(&p->row, row->absent[i], NULL) != NULL)
			return false;
	return true;
}

/* A deputy is named by a facet that takes its values from the deputies' codes. */
static bool names_deputy(const struct scan *s, const struct st_record *r)
{
	const struct st_kind *k = st_kind(r->kind);
	st_assert(s->deputy != 0);
	for (size_t i = 0; i < r->facet_count; i++) {
		const struct st_field_row *f = r->facets[i].value == s->deputy
						       ? st_kind_field(k, r->facets[i].field)
						       : NULL;
		if (f != NULL && f->names == ST_NAMES_DEPUTY)
			return true;
	}
	return false;
}

static int give(struct scan *s)
{
	struct page *p = &s->page;
	st_assert(s->given < p->q->limit);
	p->number++;
	int rc = make_cells(p, s->cells);
	if (rc < 0)
		return rc;
	s->given++;
	s->bytes += p->cells.size;
	return s->fn(s->cells, p->q->reg->column_count, s->arg);
}

static int look(struct scan *s, const uint8_t place[PLACE])
{
	struct page *p = &s->page;
	struct st_record_ref ref = st_ref_get(place + 4);
	struct st_record r;
	bool here = false;
	st_assert(memcmp(s->after, place, PLACE) < 0); /* forward only: no record comes twice */
	int rc = st_record_load(p->txn, &ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	s->looked++;
	const struct st_register_kind *row = kind_row(s, &r);
	if (row == NULL ||
	    (row->channels != 0 && (r.channel >= 64 || (row->channels >> r.channel & 1) == 0)))
		return 0;
	if (s->deputy != 0 && !names_deputy(s, &r))
		return 0;
	rc = at_station(p, &r, &here);
	if (rc < 0 || !here)
		return rc;
	rc = gather(p, &r, &p->row);
	if (rc < 0 || !p->row.here || !fits(p, row))
		return rc;
	return give(s);
}

/* ---- the order ---- */

/* Takes a key into the batch, which is sorted and keeps the first ones. 1: no later key of this
 * stretch has a place in it. */
static int merge(struct st_span key, void *arg)
{
	struct scan *s = arg;
	if (key.size != KEY)
		return ST_ECORRUPT;
	const uint8_t *place = key.data + 2;
	uint32_t to = s->page.q->to_day;
	if (memcmp(place, s->after, PLACE) <= 0)
		return 0;
	if (to != 0 && st_get_u32(place) > to)
		return 1;
	if (s->batched == BATCH) {
		s->ended = false;
		if (memcmp(place, s->batch[BATCH - 1], PLACE) >= 0)
			return 1;
	}
	size_t low = 0, high = s->batched;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (memcmp(s->batch[middle], place, PLACE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (s->batched < BATCH)
		s->batched++;
	st_assert(low < s->batched);
	memmove(s->batch[low + 1], s->batch[low], (s->batched - 1 - low) * PLACE);
	memcpy(s->batch[low], place, PLACE);
	return 0;
}

/* The next places of all stretches, one for each kind and state, as one list. */
static int fill(struct scan *s)
{
	const struct st_register *reg = s->page.q->reg;
	s->batched = 0;
	s->ended = true;
	for (size_t i = 0; i < reg->kind_count; i++)
		for (uint32_t state = 0; state < STATES_MAX; state++) {
			uint8_t from[KEY] = { (uint8_t)reg->kinds[i].kind, (uint8_t)state };
			if (!s->states[i][state])
				continue;
			memcpy(from + 2, s->after, PLACE);
			int rc = st_index_each(s->page.txn, ST_INDEX_STATE, st_span(from, 2),
					       ST_SPAN(from), merge, s);
			if (rc < 0)
				return rc;
		}
	st_assert(s->batched <= BATCH);
	st_assert(s->ended || s->batched == BATCH); /* what doesn't fit stands behind a whole batch */
	return 0;
}

static bool full(const struct scan *s)
{
	return s->given == s->page.q->limit || s->looked >= ST_REGISTER_SCAN_MAX ||
	       s->page.events >= ST_REGISTER_EVENTS_MAX || s->bytes >= ST_REGISTER_BYTES_MAX;
}

static int run(struct scan *s, struct st_buf *next)
{
	uint8_t number[8];
	for (;;) {
		int rc = fill(s);
		size_t i = 0;
		for (; rc == 0 && i < s->batched && !full(s); i++) {
			rc = look(s, s->batch[i]);
			memcpy(s->after, s->batch[i], PLACE);
		}
		if (rc != 0 || (i == s->batched && s->ended))
			return rc; /* no place to go on from: the end */
		if (full(s))
			break;
	}
	st_assert(s->given <= s->page.q->limit);
	st_put_u64(number, s->page.number);
	st_hex_put(next, st_span(s->after, PLACE));
	st_hex_put(next, ST_SPAN(number));
	return next->error;
}

static int open_scan(struct scan *s)
{
	struct page *p = &s->page;
	gathered_init(&p->row);
	for (size_t i = 0; i < ST_REGISTER_JOINS_MAX; i++)
		gathered_init(&p->joined[i]);
	st_buf_init(&p->cells, CELLS_MAX);
	return life_open(&p->life, p->txn, NULL);
}

static void close_scan(struct scan *s)
{
	struct page *p = &s->page;
	life_close(&p->life);
	gathered_done(&p->row);
	for (size_t i = 0; i < ST_REGISTER_JOINS_MAX; i++)
		gathered_done(&p->joined[i]);
	if (p->cells.data != NULL)
		st_wipe(p->cells.data, p->cells.room);
	st_buf_done(&p->cells);
	free(s);
}

int st_register_each(struct st_txn *t, const struct st_register_query *q, st_register_fn *fn,
		     void *arg, struct st_buf *ret_next, char reterr_place[ST_PLACE_MAX])
{
	ST_REQUIRE(q->reg != NULL);
	ST_REQUIRE(q->limit > 0);
	ST_REQUIRE(q->limit <= ST_LIST_MAX);
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(ret_next != NULL);
	struct scan *s = calloc(1, sizeof(*s));
	reterr_place[0] = 0;
	if (s == NULL)
		return ST_ENOMEM;
	s->page.txn = t;
	s->page.q = q;
	s->fn = fn;
	s->arg = arg;
	int rc = open_scan(s);
	if (rc == 0)
		rc = read_states(s, reterr_place);
	if (rc == 0)
		rc = read_place(s, reterr_place);
	if (rc == 0)
		rc = read_deputy(s);
	if (rc == 0)
		rc = run(s, ret_next);
	close_scan(s);
	return rc;
}
