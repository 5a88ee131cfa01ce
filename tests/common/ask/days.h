/* days.h - what became of a schedule's days, counted plainly: each day is looked at by itself, with
 * the plan that was in force on it, and then each word of the schedule's life in its turn. Where the city
 * says nothing of a day, nobody works on Saturdays and Sundays. */
#pragma once
#include "lives.h"

enum { LATER = 62 };
struct some_day {
	uint32_t planned, falls, now;
	bool moved, met, missed;
};
struct plan_on { /* a schedule as it stood on one day */
	bool active;
	uint32_t weekdays, weeks, month_days, months, first, last, holiday;
};

static int weekday_of(uint32_t day) /* 1 Monday .. 7 Sunday */
{
	static const int shift[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };
	char text[ST_DAY_TEXT];
	int y, m, d;
	st_day_text(day, text);
	ST_REQUIRE(sscanf(text, "%d-%d-%d", &y, &m, &d) == 3);
	y -= m < 3;
	return (y + y / 4 - y / 100 + y / 400 + shift[m - 1] + d + 6) % 7 + 1;
}

static bool is_off(const struct counted *c, uint32_t day)
{
	return c->city.workdays != 0 ? !c->city.works(c->city.workdays, day) : weekday_of(day) >= 6;
}

static uint32_t bits_of(const struct lived *l, const char *field, uint32_t event, uint32_t before)
{
	uint32_t bits = 0;
	bool any = false;
	for (size_t i = 0; i < l->told_count; i++)
		if (l->told[i].event == event && l->told[i].id == fid(l, field)) {
			bits |= 1u << l->told[i].number;
			any = true;
		}
	return any ? bits : before;
}

static uint32_t one_of(const struct lived *l, const char *field, uint32_t event, uint32_t before)
{
	for (size_t i = 0; i < l->told_count; i++)
		if (l->told[i].event == event && l->told[i].id == fid(l, field))
			return (uint32_t)l->told[i].number;
	return before;
}

static bool is_move(const struct lived *l, uint32_t event, const char *move)
{
	return l->done[event].type == ST_MOVE &&
	       l->done[event].move == st_kind_move_named(l->kind, move)->number;
}

static bool changes_plan(const struct lived *l, uint32_t event)
{
	return is_move(l, event, "amend") || is_move(l, event, "pause") || is_move(l, event, "resume") ||
	       is_move(l, event, "end");
}

static struct plan_on plan_on(const struct lived *l, uint32_t day)
{
	struct plan_on p = { .first = l->opened };
	for (uint32_t e = 0; e < l->events; e++) {
		bool opens = e == 0, amends = is_move(l, e, "amend");
		if (!opens && !changes_plan(l, e))
			continue;
		if (!opens && l->done[e].day > day)
			break;
		if (opens || amends) {
			p.weekdays = bits_of(l, "weekdays", e, p.weekdays);
			p.weeks = bits_of(l, "weeks", e, p.weeks);
			p.month_days = bits_of(l, "month_days", e, p.month_days);
			p.months = one_of(l, "months", e, p.months);
			p.first = one_of(l, "first", e, p.first);
			p.last = one_of(l, "last", e, p.last);
			p.holiday = one_of(l, "holiday", e, p.holiday);
		}
		p.active = opens || is_move(l, e, "resume") ||
			   (p.active && !is_move(l, e, "pause") && !is_move(l, e, "end"));
	}
	return p;
}

static bool falls_by(const struct plan_on *p, uint32_t day, bool *because_of_weekday)
{
	char text[ST_DAY_TEXT];
	int y, m, d;
	*because_of_weekday = false;
	if (day < p->first || (p->last != 0 && day > p->last))
		return false;
	if (p->weekdays == 0 && p->month_days == 0)
		return day == p->first;
	st_day_text(day, text);
	ST_REQUIRE(sscanf(text, "%d-%d-%d", &y, &m, &d) == 3);
	if ((p->months == 2 && m % 2 == 0) || (p->months == 3 && m % 2 == 1) ||
	    (p->months == 4 && m % 3 != 1))
		return false;
	*because_of_weekday = (p->weekdays & 1u << weekday_of(day)) != 0 &&
			      (p->weeks == 0 || (p->weeks & 1u << ((d + 6) / 7)) != 0);
	return *because_of_weekday || (p->month_days & 1u << d) != 0;
}

/* Where it comes to stand; 0: it falls on no day. */
static uint32_t stands_on(const struct counted *c, const struct plan_on *p, uint32_t day)
{
	bool chosen;
	uint32_t to = day;
	if (!falls_by(p, day, &chosen))
		return 0;
	if (p->holiday == 3 || !is_off(c, day) || (chosen && weekday_of(day) >= 6))
		return day;
	while (is_off(c, to) && to <= day + LATER)
		to += p->holiday == 2 ? 7 : 1;
	return to <= day + LATER ? to : day;
}

static uint32_t first_day(const struct lived *l)
{
	return l->opened > 2 * LATER ? l->opened - 2 * LATER : 1;
}

/* The days that the plan in force on each says; of two that stand on one, the earlier, and one that
 * was moved there before neither. */
static size_t planned_days(const struct counted *c, const struct lived *l, uint32_t until, struct some_day *to)
{
	size_t n = 0;
	uint32_t from = first_day(l);
	for (uint32_t day = from; day <= until; day++) {
		struct plan_on p = plan_on(l, day);
		uint32_t falls = p.active ? stands_on(c, &p, day) : 0;
		bool taken = falls == 0 || (falls != day && stands_on(c, &p, falls) != 0);
		for (uint32_t back = 1; !taken && falls != day && back <= LATER && back < day; back++)
			taken = stands_on(c, &p, day - back) == falls;
		if (!taken)
			to[n++] = (struct some_day){ day, falls, falls, false, false, false };
	}
	return n;
}

static struct some_day *meant(struct some_day *all, size_t n, uint32_t day)
{
	struct some_day *by_fall = NULL, *by_move = NULL;
	for (size_t i = 0; i < n; i++) {
		if (all[i].planned == day)
			return &all[i];
		by_fall = all[i].falls == day ? &all[i] : by_fall;
		by_move = all[i].moved && all[i].now == day ? &all[i] : by_move;
	}
	return by_fall != NULL ? by_fall : by_move;
}

/* Whether the plan was changed later, for that day: a change holds from its day on, and no sooner than those before
 * it. */
static bool is_changed(const struct lived *l, uint32_t event, uint32_t day)
{
	uint32_t from = 0;
	for (uint32_t e = 1; e < l->events; e++) {
		if (!changes_plan(l, e))
			continue;
		from = l->done[e].day > from ? l->done[e].day : from;
		if (e > event)
			return from <= day;
	}
	return false;
}

static bool is_met(struct counted *c, const struct lived *l, uint32_t day)
{
	EACH(c, v, "visit")
	if (in_state(v, "recorded") && v->opened == day && strcmp(txt(v, "schedule"), l->number) == 0)
		return true;
	EACH(c, v, "activity")
	if (in_state(v, "held") && (newest(v, "on") != NULL ? num(v, "on") : v->opened) == day &&
	    strcmp(txt(v, "schedule"), l->number) == 0)
		return true;
	return false;
}

static size_t hear_words(const struct lived *l, struct some_day *all, size_t n)
{
	for (uint32_t e = 1; e < l->events; e++) {
		uint32_t day = one_of(l, "occurrence", e, 0), to = one_of(l, "new_day", e, 0);
		struct some_day *o = day == 0 ? NULL : meant(all, n, day);
		bool meets = is_move(l, e, "meet");
		if (l->done[e].type != ST_MOVE || day == 0 || changes_plan(l, e) ||
		    (o == NULL && !meets && is_changed(l, e, to > day ? to : day)))
			continue;
		if (o == NULL) {
			o = &all[n++];
			*o = (struct some_day){ day, day, day, false, false, false };
		}
		if (meets || is_move(l, e, "move"))
			o->missed = false;
		o->met = meets || (o->met && !is_move(l, e, "miss"));
		if (is_move(l, e, "miss"))
			o->missed = true;
		if (is_move(l, e, "move")) {
			o->moved = true;
			o->now = to;
		}
	}
	return n;
}

/* All days until one, with what was said of them. Freed by the caller. */
static struct some_day *days_until(const struct counted *c, const struct lived *l, uint32_t last, size_t *ret_count)
{
	size_t days = last >= first_day(l) ? last - first_day(l) + 1 : 0; /* and one that each event may add */
	struct some_day *all = calloc(days + l->events, sizeof(*all));
	ST_REQUIRE(all != NULL);
	*ret_count = hear_words(l, all, planned_days(c, l, last, all));
	return all;
}

/* All that fall in the period, and of them: to come, kept, moved, missed. */
static void walk_days(struct counted *c, const struct lived *l, unsigned n[5])
{
	uint32_t last = c->to != 0 ? c->to : c->today > c->from ? c->today : c->from;
	size_t count = 0;
	struct some_day *all = days_until(c, l, last, &count);
	for (size_t i = 0; i < count; i++) {
		struct some_day *o = &all[i];
		if (o->falls < c->from || o->falls > last)
			continue;
		bool met = o->met || is_met(c, l, o->now), missed = o->missed || o->now < c->today;
		n[0]++;
		n[1] += !met && !missed && !o->moved;
		n[2] += met && !o->moved;
		n[3] += o->moved && (met || !missed);
		n[4] += !met && missed;
	}
	free(all);
}
