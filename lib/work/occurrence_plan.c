/* occurrence_plan.c - a schedule as its chain tells it, and what became of each of its days.
 *
 * Owns:    the plan's versions, and the state of an occurrence.
 * Promise: a function of the chain, the calendar, what met it and today; nothing is written for it.
 * Flow:    chain, meetings -> plan -> ask */
#include <station/work/occurrence.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "kind_schedule.h"

_Static_assert((int)ST_SHIFT_DAYS_MAX + 1 < (int)ST_PERIOD_DAYS_MAX,
	       "a period is longer than a shift");

void st_plan_init(struct st_plan *p)
{
	memset(p, 0,
	       offsetof(struct st_plan, versions)); /* of the rest so much counts as is told */
	p->days_ahead = p->starts = p->ends = UINT32_MAX;
}

static uint32_t number_of(const struct st_field *f)
{
	return f->is_number && f->number < UINT32_MAX ? (uint32_t)f->number : 0;
}

/* Whole characters of what is there, as much as there is room for. */
static void put_text(char *to, size_t room, struct st_span text)
{
	size_t used = strlen(to), n = text.size;
	st_assert(used < room);
	if (n > room - 1 - used)
		n = room - 1 - used;
	while (n > 0 && n < text.size && (text.data[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(to + used, text.data, n);
	to[used + n] = 0;
}

static void set_bit(uint32_t *bits, const struct st_field *f, bool first)
{
	uint32_t n = number_of(f);
	if (first)
		*bits = 0;
	if (n >= 1 && n <= 31)
		*bits |= 1u << n;
}

static void take_field(struct st_plan *p, struct st_pattern *n, const struct st_field *f,
		       bool first)
{
	switch (f->id) {
	case ST_F_CHANNEL: p->type = number_of(f); break;
	case SCHEDULE_F_WEEKDAYS: set_bit(&n->weekdays, f, first); break;
	case SCHEDULE_F_WEEKS: set_bit(&n->weeks, f, first); break;
	case SCHEDULE_F_MONTH_DAYS: set_bit(&n->month_days, f, first); break;
	case SCHEDULE_F_MONTHS:
		n->months = number_of(f) <= SCHEDULE_QUARTER ? number_of(f) : 0;
		break;
	case SCHEDULE_F_FIRST: n->first = number_of(f); break;
	case SCHEDULE_F_LAST: n->last = number_of(f); break;
	case SCHEDULE_F_DAYS_AHEAD: p->days_ahead = number_of(f); break;
	case SCHEDULE_F_STARTS: p->starts = number_of(f); break;
	case SCHEDULE_F_ENDS: p->ends = number_of(f); break;
	case SCHEDULE_F_HOLIDAY:
		n->holiday = number_of(f) <= ST_STAYS ? (enum st_holiday_rule)number_of(f) : 0;
		break;
	case SCHEDULE_F_PLACE:
		p->place[0] = 0;
		put_text(p->place, sizeof(p->place), f->text);
		break;
	case SCHEDULE_F_PEOPLE:
		if (first)
			p->people[0] = 0;
		else
			put_text(p->people, sizeof(p->people), st_span_text("、"));
		put_text(p->people, sizeof(p->people), f->text);
		break;
	default: break;
	}
}

/* What an amendment gives of a field replaces all values there were. */
static void take_pattern(struct st_plan *p, struct st_pattern *n, const struct st_change *c)
{
	for (size_t i = 0; i < c->field_count; i++) {
		bool first = true;
		for (size_t before = 0; before < i; before++)
			first &= c->fields[before].id != c->fields[i].id;
		take_field(p, n, &c->fields[i], first);
	}
}

static void add_version(struct st_plan *p, uint32_t from, bool in_force, const struct st_pattern *n)
{
	st_assert(p->version_count < ST_REVISIONS_MAX);
	const struct st_plan_version *last =
		p->version_count == 0 ? NULL : &p->versions[p->version_count - 1];
	if (last != NULL && from < last->from)
		from = last->from; /* said of a day before: from there on it was so already */
	p->versions[p->version_count++] = (struct st_plan_version){ from, in_force, *n };
}

static void tell(struct st_plan *p, const struct st_change *c, uint32_t day)
{
	st_assert(p->told_count < ST_REVISIONS_MAX);
	struct st_told *t = &p->told[p->told_count];
	const struct st_field *of = st_field_find(c->fields, c->field_count, SCHEDULE_F_OCCURRENCE);
	const struct st_field *to = st_field_find(c->fields, c->field_count, SCHEDULE_F_NEW_DAY);
	const struct st_field *by = st_field_find(c->fields, c->field_count, SCHEDULE_F_MET_BY);
	if (of == NULL || number_of(of) == 0 || number_of(of) > ST_DAY_MAX)
		return;
	memset(t, 0, sizeof(*t));
	t->move = c->move;
	t->occurrence = number_of(of);
	t->day = day;
	t->version = p->version_count;
	t->new_day = to == NULL || number_of(to) > ST_DAY_MAX ? 0 : number_of(to);
	if (by != NULL && !by->is_number)
		put_text(t->met_by, sizeof(t->met_by), by->text);
	p->told_count++;
}

void st_plan_take(struct st_plan *p, const struct st_change *c)
{
	uint32_t day = st_day_of_ms(c->at_ms);
	struct st_pattern n;
	if (p->version_count == ST_REVISIONS_MAX || p->told_count == ST_REVISIONS_MAX)
		return; /* no chain is longer */
	if (p->version_count == 0) {
		memset(&n, 0, sizeof(n));
		n.first = day;
		take_pattern(p, &n, c);
		add_version(p, 0, true, &n);
		return;
	}
	const struct st_plan_version *last = &p->versions[p->version_count - 1];
	n = last->pattern;
	switch (c->move) {
	case SCHEDULE_AMEND:
		take_pattern(p, &n, c);
		add_version(p, day, last->in_force, &n);
		break;
	case SCHEDULE_PAUSE:
	case SCHEDULE_END: add_version(p, day, false, &n); break;
	case SCHEDULE_RESUME: add_version(p, day, true, &n); break;
	default: tell(p, c, day); break;
	}
}

/* ---- occurrences ---- */

struct reckoning {
	const struct st_plan *plan;
	const struct st_plan_query *q;
	struct st_occurrence *rows;
	bool *missed; /* [row]: somebody said so */
	size_t count;
};

static int add(uint32_t planned, uint32_t falls_on, void *arg)
{
	struct reckoning *x = arg;
	if (x->count == ST_OCCURRENCES_MAX)
		return ST_ETOOBIG;
	struct st_occurrence *o = &x->rows[x->count];
	memset(o, 0, sizeof(*o));
	o->planned = planned;
	o->falls_on = o->day = falls_on;
	x->missed[x->count++] = false;
	return 0;
}

/* The days of the plan's first versions, each in its own time, from so far back as a holiday can move one. */
static int by_pattern(const struct reckoning *x, size_t versions, const struct st_plan_query *q, st_pattern_fn *fn,
		      void *arg)
{
	const struct st_plan *p = x->plan;
	uint32_t from = q->from > ST_SHIFT_DAYS_MAX ? q->from - ST_SHIFT_DAYS_MAX : 1;
	int rc = 0;
	st_assert(versions <= p->version_count);
	for (size_t i = 0; rc == 0 && i < versions; i++) {
		const struct st_plan_version *v = &p->versions[i];
		uint32_t begin = v->from > from ? v->from : from, end = q->to;
		if (i + 1 < versions && p->versions[i + 1].from <= end)
			end = p->versions[i + 1].from > 0 ? p->versions[i + 1].from - 1 : 0; /* 0: no day that there is */
		if (v->in_force && begin <= end)
			rc = st_pattern_each(&v->pattern, &q->working, begin, end, fn, arg);
	}
	return rc;
}

/* A planned day before a day after the rule before a day that it was moved to. NULL: none fits. */
static struct st_occurrence *named(struct reckoning *x, uint32_t day)
{
	struct st_occurrence *by_fall = NULL, *by_move = NULL;
	for (size_t i = 0; i < x->count; i++) {
		struct st_occurrence *o = &x->rows[i];
		if (o->planned == day)
			return o;
		if (o->falls_on == day)
			by_fall = o;
		if (o->new_day == day)
			by_move = o;
	}
	return by_fall != NULL ? by_fall : by_move;
}

/* What was said of a day that the plan, as it was changed since, hasn't any more. What was met
 * stands. */
static bool is_stale(const struct st_plan *p, const struct st_told *t)
{
	uint32_t day = t->new_day > t->occurrence ? t->new_day : t->occurrence;
	st_assert(t->version <= p->version_count);
	for (size_t i = t->version; i < p->version_count; i++)
		if (p->versions[i].from <= day)
			return t->move != SCHEDULE_MEET;
	return false;
}

struct falling {
	uint32_t day, planned, on; /* planned 0: none falls there */
};

static int falls_there(uint32_t planned, uint32_t falls_on, void *arg)
{
	struct falling *f = arg;
	if (planned != f->day && (falls_on != f->day || f->planned != 0))
		return 0;
	f->planned = planned;
	f->on = falls_on;
	return planned == f->day;
}

/* Of a day that isn't among the rows: the plan had it when it was spoken of, and it lies outside of what is asked, or
 * was met before a change took it away. What the plan never had is none of its days, whoever signed for it. */
static int add_told(struct reckoning *x, const struct st_told *t)
{
	struct falling f = { .day = t->occurrence };
	struct st_plan_query q = { .from = t->occurrence, .to = t->occurrence, .working = x->q->working };
	if (is_stale(x->plan, t))
		return 0;
	int rc = by_pattern(x, t->version, &q, falls_there, &f);
	if (rc < 0 || f.planned == 0)
		return rc;
	rc = add(f.planned, f.on, x);
	return rc < 0 ? rc : 1;
}

static int apply_told(struct reckoning *x, const struct st_told *t)
{
	struct st_occurrence *o = named(x, t->occurrence);
	st_assert(t->occurrence > 0);
	if (o == NULL) {
		int rc = add_told(x, t);
		if (rc <= 0)
			return rc;
		o = &x->rows[x->count - 1];
	}
	bool *missed = &x->missed[o - x->rows];
	switch (t->move) {
	case SCHEDULE_ANNOUNCE: o->announced = o->announced == 0 ? t->day : o->announced; break;
	case SCHEDULE_MEET:
		(void)snprintf(o->met_by, sizeof(o->met_by), "%s", t->met_by);
		*missed = false;
		break;
	case SCHEDULE_MOVE:
		o->new_day = t->new_day;
		o->day = t->new_day != 0 ? t->new_day : o->falls_on;
		*missed = false;
		break;
	case SCHEDULE_MISS:
		o->met_by[0] = 0;
		*missed = true;
		break;
	default: /* of a later version */ break;
	}
	return 0;
}

static void find_meeting(const struct st_plan_query *q, struct st_occurrence *o)
{
	st_assert(o->day > 0);
	for (size_t i = 0; i < q->meeting_count && o->met_by[0] == 0; i++)
		if (q->meetings[i].day == o->day)
			(void)snprintf(o->met_by, sizeof(o->met_by), "%s", q->meetings[i].number);
}

static void judge(const struct reckoning *x, struct st_occurrence *o, bool missed)
{
	uint32_t ahead = x->plan->days_ahead != UINT32_MAX ? x->plan->days_ahead : x->q->days_ahead;
	bool past = o->day < x->q->today;
	find_meeting(x->q, o);
	if (o->met_by[0] != 0)
		o->state = o->new_day != 0 ? ST_MOVED : ST_MET;
	else if (missed || past)
		o->state = ST_MISSED;
	else
		o->state = o->new_day != 0 ? ST_MOVED : ST_OPEN_YET;
	if (o->announced != 0)
		o->notice = o->announced + ahead <= o->day ? ST_NOTICE_GIVEN : ST_NOTICE_LATE;
	else
		o->notice = x->q->today + ahead <= o->day ? ST_NOTICE_IN_TIME : ST_NOTICE_NONE;
}

static int by_planned(const void *a, const void *b)
{
	const struct st_occurrence *x = a, *y = b;
	return x->planned < y->planned ? -1 : x->planned > y->planned;
}

static bool is_within(const struct st_plan_query *q, uint32_t day)
{
	return day >= q->from && day <= q->to;
}

/* All that the plan's days are known to be. */
static int reckon(struct reckoning *x)
{
	st_assert(x->plan->told_count <= ST_REVISIONS_MAX);
	int rc = by_pattern(x, x->plan->version_count, x->q, add, x);
	for (size_t i = 0; rc == 0 && i < x->plan->told_count; i++)
		rc = apply_told(x, &x->plan->told[i]);
	return rc;
}

static int run(struct reckoning *x, st_occurrence_fn *fn, void *arg)
{
	size_t kept = 0;
	int rc = reckon(x);
	for (size_t i = 0; rc == 0 && i < x->count; i++) {
		struct st_occurrence *o = &x->rows[i];
		if (!is_within(x->q, o->day) && !is_within(x->q, o->falls_on))
			continue;
		judge(x, o, x->missed[i]);
		x->rows[kept++] = *o;
	}
	st_assert(kept <= x->count);
	if (rc == 0)
		qsort(x->rows, kept, sizeof(*x->rows), by_planned);
	for (size_t i = 0; rc == 0 && i < kept; i++)
		rc = fn(&x->rows[i], arg);
	return rc;
}

static int reckoning_new(struct reckoning *x, const struct st_plan *p, const struct st_plan_query *q)
{
	*x = (struct reckoning){ .plan = p, .q = q };
	x->rows = malloc(ST_OCCURRENCES_MAX * sizeof(*x->rows)); /* add() clears what it takes */
	x->missed = malloc(ST_OCCURRENCES_MAX * sizeof(*x->missed));
	return x->rows == NULL || x->missed == NULL ? ST_ENOMEM : 0;
}

static void reckoning_done(struct reckoning *x)
{
	free(x->rows);
	free(x->missed);
}

int st_plan_each(const struct st_plan *p, const struct st_plan_query *q, st_occurrence_fn *fn,
		 void *arg)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(q->meeting_count == 0 || q->meetings != NULL);
	struct reckoning x;
	if (q->from == 0 || q->to > ST_DAY_MAX || q->from > q->to)
		return ST_EFIELD;
	if (q->to - q->from >= ST_PERIOD_DAYS_MAX - ST_SHIFT_DAYS_MAX - 1)
		return ST_ETOOBIG;
	int rc = reckoning_new(&x, p, q);
	if (rc == 0)
		rc = run(&x, fn, arg);
	reckoning_done(&x);
	return rc;
}

static void find_near(const struct reckoning *x, uint32_t day, struct st_plan_near *near)
{
	for (size_t i = 0; i < x->count; i++) {
		uint32_t on = x->rows[i].day;
		if (on < day && on > near->before)
			near->before = on;
		if (on > day && (near->after == 0 || on < near->after))
			near->after = on;
	}
}

int st_plan_find(const struct st_plan *p, const struct st_working *working, uint32_t day, uint32_t *ret_planned,
		 struct st_plan_near *reterr_near)
{
	ST_REQUIRE(day > 0 && day <= ST_DAY_MAX);
	struct st_plan_query q = { .from = day > ST_NEAR_DAYS ? day - ST_NEAR_DAYS : 1,
				   .to = day < ST_DAY_MAX - ST_NEAR_DAYS ? day + ST_NEAR_DAYS : ST_DAY_MAX,
				   .working = *working };
	struct reckoning x;
	struct st_plan_near near = { 0, 0 };
	int rc = reckoning_new(&x, p, &q);
	if (rc == 0)
		rc = reckon(&x);
	struct st_occurrence *o = rc == 0 ? named(&x, day) : NULL;
	if (o != NULL) {
		*ret_planned = o->planned;
	} else if (rc == 0) {
		find_near(&x, day, &near);
		*reterr_near = near;
		rc = ST_ENOTFOUND;
	}
	reckoning_done(&x);
	return rc;
}
