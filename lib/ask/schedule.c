/* schedule.c - the occurrences of schedules, from their chains and from what met them.
 *
 * Owns:    which schedules a question takes in, and which visits and activities meet a day.
 * Promise: nothing is written for it, so no tier needs another's word; 9: pages.
 * Flow:    index, chains, facets -> plan -> schedule -> api */
#include <station/ask/schedule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/text.h>
#include "newest.h"

enum { MEETINGS_MAX = 8192 };

struct reading {
	struct st_txn *txn;
	const struct st_schedule_query *q;
	struct life life;
	const struct st_kind *kind;
	struct st_plan *plan;
	struct st_schedule s;
	struct st_meeting *meetings;
	size_t meeting_count;
	char id[ST_RECORD_NAME_MAX]; /* the schedule's, as a link may name it */
	st_schedule_fn *fn;
	void *arg;
	/* the page */
	struct st_buf *next;
	size_t count;
	uint8_t from[ST_INDEX_KEY_MAX], last[ST_INDEX_KEY_MAX];
	size_t from_size, last_size;
	bool full;
};

/* ---- what met it ---- */

struct meeting_kind {
	struct reading *x;
	const struct st_kind *kind;
	uint32_t link, on;
	struct st_span name; /* of the schedule, in the form that the link may have */
};

static bool took_place(const struct st_kind *k, const struct st_record *r)
{
	const struct st_state_row *s = st_kind_state(k, r->state);
	return s != NULL && s->class == ST_ENDED && strcmp(s->name, "voided") != 0 &&
	       strcmp(s->name, "cancelled") != 0;
}

static int meeting(const struct st_record_ref *ref, uint32_t value, uint32_t opened, void *arg)
{
	struct meeting_kind *m = arg;
	struct reading *x = m->x;
	struct st_record r;
	struct st_record_id id;
	struct newest values[2] = { { .id = m->link }, { .id = m->on } };
	st_assert(value == st_facet_of_record(m->name));
	st_assert(x->meeting_count <= MEETINGS_MAX);
	int rc = st_record_load(x->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (!took_place(m->kind, &r))
		return 0;
	rc = newest_read(&x->life, &r, values, 2);
	if (rc == 0)
		rc = st_record_id(x->txn, ref, &id);
	if (rc < 0 || !st_span_equal(st_span_text(values[0].text), m->name))
		return rc; /* another's number has the same hash */
	bool on = values[1].is_number && values[1].number > 0 && values[1].number <= ST_DAY_MAX;
	uint32_t day = on ? (uint32_t)values[1].number : opened;
	if (day + ST_SHIFT_DAYS_MAX < x->q->from_day || x->meeting_count == MEETINGS_MAX)
		return 0;
	struct st_meeting *to = &x->meetings[x->meeting_count++];
	to->day = day;
	st_number_text(&r.number, &id.opener, &id.ulid, to->number);
	return 0;
}

/* What is opened on its own day is asked for by the period; what has a day of its own is looked at
 * whole. */
static int find_meetings(struct reading *x, const char *kind)
{
	struct meeting_kind m = { .x = x, .kind = st_kind_named(kind) };
	const struct st_field_row *link = st_kind_field_named(m.kind, st_span_text("schedule"));
	const struct st_field_row *on = st_kind_field_named(m.kind, st_span_text("on"));
	const char *const names[] = { x->s.number, x->id };
	ST_REQUIRE(link != NULL);
	m.link = link->id;
	m.on = on == NULL ? 0 : on->id;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++) {
		m.name = st_span_text(names[i]);
		struct st_facet_query q = { .kind = m.kind->number,
					    .field = m.link,
					    .value = st_facet_of_record(m.name) };
		if (on == NULL && x->q->from_day > ST_SHIFT_DAYS_MAX)
			q.from_day = x->q->from_day - ST_SHIFT_DAYS_MAX;
		rc = st_facet_each(x->txn, &q, meeting, &m);
	}
	return rc;
}

/* ---- one schedule ---- */

static int read_plan(struct reading *x, const struct st_record *r)
{
	struct st_step *steps = NULL;
	size_t count = 0;
	st_plan_init(x->plan);
	int rc = st_record_chain(x->txn, r, &steps, &count);
	st_assert(count <= ST_REVISIONS_MAX);
	for (size_t i = count; rc == 0 && i > 0; i--) {
		struct st_event e;
		struct st_change change;
		rc = life_read(&x->life, &steps[i - 1].at, &e, &change);
		if (rc == 0)
			st_plan_take(x->plan, &change);
	}
	free(steps);
	return rc;
}

static int read_names(struct reading *x, const struct st_record *r)
{
	struct newest title = { .id = ST_F_TITLE };
	char ulid[ST_ULID_TEXT + 1];
	st_record_copy(&x->s.record, r);
	int rc = st_record_id(x->txn, &r->ref, &x->s.id);
	if (rc == 0)
		rc = st_station_code(x->txn, r->holder, &x->s.station);
	if (rc == 0 && !x->q->untitled)
		rc = newest_read(&x->life, r, &title, 1);
	if (rc < 0)
		return rc;
	newest_text(st_span_text(title.text), x->s.title, sizeof(x->s.title));
	st_number_text(&r->number, &x->s.id.opener, &x->s.id.ulid, x->s.number);
	st_ulid_text(&x->s.id.ulid, ulid);
	(void)snprintf(x->id, sizeof(x->id), "%s/%s", x->s.id.opener.text, ulid);
	return 0;
}

static int give(const struct st_occurrence *o, void *arg)
{
	struct reading *x = arg;
	bool to_come = o->day >= x->q->today && o->met_by[0] == 0 &&
		       (o->state == ST_OPEN_YET || o->state == ST_MOVED);
	if (x->q->open_only && (!to_come || o->day > x->q->to_day))
		return 0;
	return x->fn(&x->s, o, x->arg);
}

static int one_schedule(struct reading *x, const struct st_record *r)
{
	st_assert(r->kind == x->kind->number);
	st_assert(x->q->from_day <= x->q->to_day);
	if (!st_record_open(r) && r->closed_day + ST_SHIFT_DAYS_MAX < x->q->from_day)
		return 0; /* it had ended before */
	x->meeting_count = 0;
	int rc = read_plan(x, r);
	if (rc == 0)
		rc = read_names(x, r);
	if (rc == 0)
		rc = find_meetings(x, "visit");
	if (rc == 0)
		rc = find_meetings(x, "activity");
	if (rc < 0)
		return rc;
	const struct st_plan_query q = { .from = x->q->from_day,
					 .to = x->q->to_day,
					 .today = x->q->today,
					 .days_ahead = x->q->days_ahead,
					 .working = x->q->working,
					 .meetings = x->meetings,
					 .meeting_count = x->meeting_count };
	return st_plan_each(x->plan, &q, give, x);
}

/* ---- all of them ---- */

static int indexed(struct st_span key, void *arg)
{
	struct reading *x = arg;
	struct st_record r;
	if (key.size > sizeof(x->last))
		return ST_ECORRUPT;
	if (!x->q->page_again && st_span_equal(key, st_span(x->from, x->from_size)))
		return 0;
	if (x->q->limit != 0 && x->count == x->q->limit) {
		st_hex_put(x->next, st_span(x->last, x->last_size));
		x->full = true;
		return 1;
	}
	int rc = st_record_indexed(x->txn, key, &r);
	if (rc < 0)
		return rc;
	int below = x->q->station == 0 ? 1 : st_station_below(x->txn, r.holder, x->q->station);
	if (below <= 0)
		return below;
	if (++x->count > ST_SCHEDULES_MAX)
		return ST_ETOOBIG;
	memcpy(x->last, key.data, key.size);
	x->last_size = key.size;
	return one_schedule(x, &r);
}

static int run_all(struct reading *x)
{
	const uint8_t kind = (uint8_t)x->kind->number; /* whatever its state: a later version may know more of them */
	if (st_hex_get(x->q->page, x->from, sizeof(x->from), &x->from_size) < 0)
		return ST_EFIELD;
	if (x->from_size > 0 && x->from[0] != kind)
		return ST_EFIELD;
	int rc = st_index_each(x->txn, ST_INDEX_STATE, st_span(&kind, 1), st_span(x->from, x->from_size),
			       indexed, x);
	return x->full ? 0 : rc;
}

static int run_one(struct reading *x)
{
	struct st_record r;
	int rc = st_record_load(x->txn, x->q->one, &r);
	if (rc == 0 && r.kind != x->kind->number)
		rc = ST_EKIND;
	return rc < 0 ? rc : one_schedule(x, &r);
}

static int run(struct reading *x)
{
	const struct st_schedule_query *q = x->q;
	x->kind = st_kind_named("schedule");
	x->plan = malloc(sizeof(*x->plan));
	x->meetings = calloc(MEETINGS_MAX, sizeof(*x->meetings));
	x->s.plan = x->plan;
	st_assert(x->kind != NULL);
	int rc = x->plan == NULL || x->meetings == NULL ? ST_ENOMEM
							: life_open(&x->life, x->txn, NULL);
	if (rc == 0 && (q->from_day == 0 || q->from_day > q->to_day))
		rc = ST_EFIELD;
	if (rc == 0)
		rc = q->one != NULL ? run_one(x) : run_all(x);
	life_close(&x->life);
	free(x->plan);
	free(x->meetings);
	return rc;
}

int st_schedule_each(struct st_txn *t, const struct st_schedule_query *q, st_schedule_fn *fn,
		     void *arg, struct st_buf *ret_next)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(ret_next != NULL);
	struct reading *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return ST_ENOMEM;
	x->txn = t;
	x->q = q;
	x->fn = fn;
	x->arg = arg;
	x->next = ret_next;
	int rc = run(x);
	free(x);
	return rc < 0 ? rc : ret_next->error;
}
