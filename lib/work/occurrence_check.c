/* occurrence_check.c - is that a day of the schedule?
 *
 * Owns:    that question, asked of each move that names an occurrence: met, moved, missed, announced.
 * Promise: 8: a day that the plan hasn't is refused before anything is written, with those beside it.
 * Flow:    chain, calendar -> occurrence_check -> command */
#include <station/work/occurrence.h>
#include <stdio.h>
#include <stdlib.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/changes.h>
#include <station/work/terms.h>
#include "kind_schedule.h"

static const struct st_rule not_planned = {
	.zh = "安排里没有这一天: 请写安排所定的日子 (括号中是前后最近的); 改在别的日子的, 先改期 (schedule move); "
	      "安排本身变了的, 先修订 (schedule amend)",
	.en = "the plan doesn't have that day: give the day as planned (the nearest stand in brackets); what is held on "
	      "another day is moved first (schedule move), and a plan that is no longer right amended (schedule amend)",
};

static int take(const struct st_step *step, const struct st_event *event, const struct st_change *change, void *arg)
{
	(void)step;
	(void)event;
	st_plan_take(arg, change);
	return 0;
}

struct working {
	const struct st_calendar *calendar;
};

static bool is_worked(void *arg, uint32_t day)
{
	const struct working *w = arg;
	return st_calendar_working(w->calendar, day);
}

static int refuse(uint32_t day, const struct st_plan_near *near, char place[ST_PLACE_MAX])
{
	char text[ST_DAY_TEXT], before[ST_DAY_TEXT], after[ST_DAY_TEXT];
	bool none = near->before == 0 && near->after == 0;
	st_day_text(day, text);
	st_day_text(near->before, before); /* "" for none */
	st_day_text(near->after, after);
	(void)snprintf(place, ST_PLACE_MAX, "occurrence: %s (%s%s%s)", text, before,
		       near->before != 0 && near->after != 0 ? ", " : "", none ? "-" : after);
	return ST_ERULE;
}

static int check_day(const struct st_ruling *q, struct st_field *f, struct st_plan *plan, char place[ST_PLACE_MAX])
{
	struct working w = { NULL };
	struct st_plan_near near;
	uint32_t planned = 0;
	st_plan_init(plan);
	int rc = st_record_changes(q->txn, q->record, take, plan);
	if (rc == 0 && q->terms != NULL)
		rc = st_terms_calendar(q->terms, st_day_of_ms(q->checked->at_ms), &w.calendar);
	if (rc < 0)
		return rc;
	const struct st_working working = { w.calendar == NULL ? NULL : is_worked, &w };
	rc = st_plan_find(plan, &working, (uint32_t)f->number, &planned, &near);
	if (rc == 0)
		f->number = planned;
	return rc == ST_ENOTFOUND ? refuse((uint32_t)f->number, &near, place) : rc;
}

int st_occurrence_check(const struct st_ruling *q, struct st_checked *c, const struct st_rule **reterr_rule,
			char reterr_place[ST_PLACE_MAX])
{
	struct st_field *f = NULL;
	st_assert(q->checked == c);
	if (c->kind != st_kind_named("schedule") || c->move == NULL || q->record == NULL)
		return 0;
	for (size_t i = 0; i < c->fact_count; i++)
		if (c->facts[i].id == SCHEDULE_F_OCCURRENCE)
			f = &c->facts[i];
	if (f == NULL)
		return 0;
	struct st_plan *plan = malloc(sizeof(*plan));
	int rc = plan == NULL ? ST_ENOMEM : check_day(q, f, plan, reterr_place);
	free(plan);
	if (rc == ST_ERULE)
		*reterr_rule = &not_planned;
	return rc;
}
