/* overdue_days.c - reception days that nothing met, among what is late.
 *
 * Owns:    how far back they are told.
 * Promise: a day is judged as the questions about schedules judge it (ask/schedule.h), at reading.
 * Flow:    schedules -> days -> overdue */
#include <stdio.h>
#include <string.h>
#include <station/ask/schedule.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "overdue.h"

enum { STATE_KEY = 6 + ST_REF_SIZE };
_Static_assert((int)STATE_KEY <= (int)LATE_KEY, "a page ends at one of either kind");

struct walking {
	struct looking *l;
	const struct st_calendar *calendar;
	struct st_schedule_query q;
	uint32_t holder; /* whose name is at hand; 0: nobody's */
};

static bool is_worked(void *arg, uint32_t day)
{
	const struct walking *w = arg;
	return st_calendar_working(w->calendar, day);
}

/* The schedule's place in the index of states, which the schedules are walked by; zeros behind it. */
static void key_of(const struct st_record *r, uint8_t key[LATE_KEY])
{
	memset(key, 0, LATE_KEY);
	key[0] = (uint8_t)r->kind;
	key[1] = (uint8_t)r->state;
	st_put_u32(key + 2, r->opened_day);
	st_ref_put(key + 6, &r->ref);
}

static int one_day(const struct st_schedule *s, const struct st_occurrence *o, void *arg)
{
	struct walking *w = arg;
	struct looking *l = w->l;
	struct st_overdue_row row = { .what = ST_OVERDUE_missed, .due = o->day, .id = s->id };
	uint8_t key[LATE_KEY];
	int rc = 0;
	bool within = o->day >= w->q.from_day && o->day <= w->q.to_day;
	if (o->state != ST_MISSED || !within || (l->q->holder != 0 && s->record.holder != l->q->holder))
		return 0;
	if (w->holder != s->record.holder)
		rc = st_station_get(l->txn, s->record.holder, &l->holder);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	w->holder = s->record.holder;
	row.holder = l->holder;
	row.first_due = o->new_day == 0 ? 0 : o->falls_on;
	st_record_copy(&row.record, &s->record);
	(void)snprintf(row.number, sizeof(row.number), "%s", s->number);
	(void)snprintf(row.title, sizeof(row.title), "%s", s->title);
	key_of(&s->record, key);
	return late_row(l, key, &row);
}

int late_days(struct looking *l)
{
	struct walking w = { .l = l };
	const struct st_overdue_query *q = l->q;
	uint32_t back = q->missed_days == 0 ? ST_MISSED_USUAL : q->missed_days;
	struct st_buf from, unused;
	ST_REQUIRE(back <= ST_MISSED_MOST);
	if (q->kind != 0 && q->kind != st_kind_named("schedule")->number)
		return 0;
	int rc = st_terms_calendar(l->terms, q->today, &w.calendar);
	if (rc < 0)
		return rc;
	st_buf_init(&from, 2 * STATE_KEY);
	st_buf_init(&unused, 4 * ST_INDEX_KEY_MAX);
	if (l->from.section == ST_OVERDUE_missed)
		st_hex_put(&from, st_span(l->from.key, STATE_KEY));
	w.q = (struct st_schedule_query){ .station = q->holder != 0 ? q->holder : q->self,
					  .today = q->today,
					  .from_day = q->today > back ? q->today - back : 1,
					  .to_day = q->today,
					  .days_ahead = ST_DAYS_AHEAD, /* notices aren't asked for */
					  .working = { is_worked, &w },
					  .page = st_buf_span(&from),
					  .page_again = true };
	rc = from.error < 0 ? from.error : st_schedule_each(l->txn, &w.q, one_day, &w, &unused);
	st_buf_done(&from);
	st_buf_done(&unused);
	return rc;
}
