/* clocks.c - due days: given by the city's rule, put off within it, stopped while somebody is waited for.
 *
 * Owns:    every date that a move writes by itself, so that no tier needs another's calendar to judge, and
 *          nothing has to happen at midnight.
 * Promise: what is overdue can't be hidden: a clock stops and is put off only within the rule.
 * Flow:    terms -> clocks -> command */
#include "clocks.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>

static const struct st_field *fact(const struct st_checked *c, uint32_t id)
{
	return st_field_find(c->facts, c->fact_count, id);
}

static void add_number(struct st_checked *c, uint32_t id, uint32_t number)
{
	st_assert(c->fact_count < ST_FIELDS_MAX);
	c->facts[c->fact_count++] = (struct st_field){ .id = id, .is_number = true, .number = number };
}

static uint32_t today(const struct checking *k)
{
	return st_day_of_ms(k->out->at_ms); /* of the move */
}

static uint32_t opened_day(const struct checking *k)
{
	return k->r == NULL ? today(k) : k->r->opened_day;
}

static int refuse(const struct checking *k, const char *what, int rc)
{
	st_assert(rc < 0);
	(void)snprintf(k->place, ST_PLACE_MAX, "%s", what);
	return rc;
}

int clocks_refuse_day(const struct checking *k, uint32_t field, const char *bound, uint32_t day)
{
	char text[ST_DAY_TEXT];
	const struct st_field_row *row = st_kind_field(k->out->kind, field);
	st_assert(row != NULL);
	st_day_text(day, text);
	(void)snprintf(k->place, ST_PLACE_MAX, "%s (%s %s)", row->name, bound, text);
	return ST_EFIELD;
}

/* The rule for the record as it is with this move. ST_ENOTFOUND: the city has none. */
static int find_rule(const struct checking *k, struct st_term *ret_term)
{
	const struct st_command *c = k->c;
	const struct st_checked *out = k->out;
	const struct st_field *category = fact(out, ST_F_CATEGORY), *sub = fact(out, ST_F_SUBCATEGORY);
	const struct st_field_row *row = st_kind_field_named(out->kind, st_span_text("urgency"));
	bool other = category != NULL && !st_span_equal(category->text, c->category); /* its subcategory ends, too */
	const struct st_field *urgency = row == NULL ? NULL : fact(out, row->id);
	struct st_term_query q = {
		.kind = out->kind->number,
		.day = opened_day(k),
		.category = category != NULL ? category->text : c->category,
		.subcategory = sub != NULL ? sub->text : other ? ST_SPAN_NONE : c->subcategory,
		.urgency = urgency != NULL ? (uint32_t)urgency->number : c->urgency,
	};
	return c->terms == NULL ? ST_ENOTFOUND : st_terms_rule(c->terms, &q, ret_term);
}

/* "deadlines/3 workdays/2": whose word the due day is. */
static int add_rule(const struct checking *k, const char *table, uint32_t version, bool working)
{
	char text[CLOCKS_RULE_MAX];
	uint32_t workdays = 0;
	struct st_checked *out = k->out;
	if (working) {
		int rc = st_terms_version(k->c->terms, ST_CITY_workdays, today(k), &workdays);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
	}
	int n = snprintf(text, sizeof(text), "%s/%u", table, version);
	if (workdays > 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " workdays/%u", workdays);
	st_assert((size_t)n < sizeof(text));
	st_assert(k->to->room - k->to->size >= (size_t)n); /* so that no value before it moves */
	size_t from = k->to->size;
	st_buf_put(k->to, text, (size_t)n);
	if (k->to->error < 0)
		return k->to->error;
	st_assert(out->fact_count < ST_FIELDS_MAX);
	out->facts[out->fact_count++] =
		(struct st_field){ .id = ST_F_RULE, .text = st_span(k->to->data + from, (size_t)n) };
	return 0;
}

/* So many days after a day, by the city's setting. ST_ENOTFOUND: it has set none. */
static int after(const struct checking *k, const char *setting, uint32_t day, uint32_t *ret_day)
{
	uint32_t n = 0;
	if (k->c->terms == NULL || setting == NULL)
		return ST_ENOTFOUND;
	const struct st_setting *s = st_setting_named(st_span_text(setting));
	int rc = st_terms_setting(k->c->terms, setting, opened_day(k), &n);
	st_assert(s != NULL);
	return rc < 0 ? rc : st_terms_add(k->c->terms, day, n, s->working, ret_day);
}

int clocks_setting(const struct checking *k, const char *name, uint64_t *number)
{
	uint32_t n = 0;
	if (k->c->terms == NULL || name == NULL || k->c->foreign)
		return 0;
	int rc = st_terms_setting(k->c->terms, name, opened_day(k), &n);
	if (rc == 0)
		*number = n;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int clocks_within(const struct checking *k)
{
	const struct st_move_row *m = k->out->move;
	uint32_t last = 0;
	if (k->r == NULL || (m->days == 0 && m->city.within == NULL))
		return 0;
	uint32_t entered = k->c->state_day != 0 ? k->c->state_day : k->r->changed_day;
	uint32_t since = m->since == ST_SINCE_STATE ? entered : k->r->closed_day;
	if (since == 0)
		return 0;
	int rc = after(k, m->city.within, since, &last);
	if (rc == ST_ENOTFOUND) {
		last = since + m->days;
		rc = 0;
	}
	return rc < 0 ? rc : today(k) <= last ? 0 : ST_EMOVE;
}

/* So many days after today as hold where the city says nothing. A due day is then the table's. */
static int after_usual(const struct checking *k, const struct st_by_city *by, uint32_t *ret_day)
{
	const struct st_setting *s = st_setting_named(st_span_text(by->by));
	if (k->c->terms == NULL || k->c->foreign || by->sets == ST_F_DUE_DAY)
		return ST_ENOTFOUND;
	st_assert(s != NULL);
	uint64_t n = st_city_number(st_span_text(s->usual), 0);
	st_assert(n > 0);
	return st_terms_add(k->c->terms, today(k), (uint32_t)n, s->working, ret_day);
}

int clocks_set(const struct checking *k)
{
	const struct st_by_city *by = &k->out->move->city;
	uint32_t day = 0, version = 0;
	if (by->by == NULL || (by->when != 0 && fact(k->out, by->when) == NULL))
		return 0;
	int rc = after(k, by->by, today(k), &day);
	if (rc == ST_ENOTFOUND)
		rc = after_usual(k, by, &day);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	const struct st_field *given = fact(k->out, by->sets);
	if (given != NULL)
		return given->number <= day ? 0 : clocks_refuse_day(k, by->sets, "<=", day);
	add_number(k->out, by->sets, day);
	if (by->sets != ST_F_DUE_DAY)
		return 0;
	rc = st_terms_version(k->c->terms, ST_CITY_settings, opened_day(k), &version);
	return rc < 0 ? rc : add_rule(k, "settings", version, false);
}

/* The due day of the kind's own move, where nobody has given one. */
static int set_due(const struct checking *k)
{
	struct st_term term;
	uint32_t day = k->r == NULL ? 0 : k->r->due_day;
	int rc = day != 0 ? ST_ENOTFOUND : find_rule(k, &term);
	if (rc == 0)
		rc = st_terms_add(k->c->terms, today(k), term.days, term.working, &day);
	if (rc == 0)
		rc = add_rule(k, "deadlines", term.version, term.working);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	add_number(k->out, ST_F_DUE_DAY, day != 0 ? day : today(k) + k->out->kind->due_days);
	return 0;
}

/* The clock stands still: the record is due no day until it is resumed. */
static bool stands_still(const struct st_record *r)
{
	return r != NULL && r->due_day == 0 && r->first_due_day != 0;
}

/* Whoever puts off names a later day; another system's dates are as they are there. */
static int check_later(const struct checking *k)
{
	const struct st_field *due = fact(k->out, ST_F_DUE_DAY);
	uint32_t present = k->r == NULL ? 0 : k->r->due_day;
	st_assert(k->out->move != NULL);
	if (k->out->move->clock != ST_CLOCK_EXTEND || k->c->foreign || due == NULL || present == 0)
		return 0;
	return due->number > present ? 0 : clocks_refuse_day(k, ST_F_DUE_DAY, ">", present);
}

static int put_off(const struct checking *k)
{
	const struct st_field *due = fact(k->out, ST_F_DUE_DAY);
	const struct st_record *r = k->r;
	struct st_term term;
	uint32_t most = 0;
	int rc = r == NULL || due == NULL || k->c->foreign ? ST_ENOTFOUND : find_rule(k, &term);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (term.before_due && r->due_day != 0 && today(k) > r->due_day)
		return refuse(k, "due", ST_EEXPIRED);
	if (!term.may_extend || r->first_due_day == 0)
		return 0;
	rc = st_terms_add(k->c->terms, r->first_due_day, term.extend, term.working, &most);
	if (rc < 0)
		return rc;
	return due->number <= most ? 0 : clocks_refuse_day(k, ST_F_DUE_DAY, "<=", most);
}

static int extend(const struct checking *k)
{
	if (stands_still(k->r))
		return refuse(k, "resume", ST_EMOVE);
	int rc = put_off(k);
	return rc < 0 ? rc : check_later(k);
}

/* Where the rule says so, and not of what is overdue already; else the wait is on record, and the clock runs. */
static int stop(const struct checking *k)
{
	const struct st_record *r = k->r;
	struct st_term term;
	uint32_t left = 0;
	if (stands_still(r))
		return refuse(k, "resume", ST_EMOVE);
	int rc = r == NULL ? ST_ENOTFOUND : find_rule(k, &term);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (!term.stops || r->due_day == 0 || today(k) > r->due_day)
		return 0;
	rc = st_terms_between(k->c->terms, today(k), r->due_day, term.working, &left);
	if (rc < 0)
		return rc;
	add_number(k->out, ST_F_DUE_DAY, 0);
	add_number(k->out, ST_F_DAYS_LEFT, left);
	return add_rule(k, "deadlines", term.version, term.working);
}

/* What didn't stop the clock has nothing to start. Whoever has no rule any more counts by the calendar. */
static int go_on(const struct checking *k)
{
	struct st_term term;
	uint32_t due = 0;
	if (!stands_still(k->r))
		return 0;
	int rule = find_rule(k, &term), rc = 0;
	if (rule < 0 && rule != ST_ENOTFOUND)
		return rule;
	due = today(k) + k->r->days_left;
	if (rule == 0)
		rc = st_terms_add(k->c->terms, today(k), k->r->days_left, term.working, &due);
	if (rc < 0)
		return rc;
	add_number(k->out, ST_F_DUE_DAY, due);
	add_number(k->out, ST_F_DAYS_LEFT, 0);
	return rule == 0 ? add_rule(k, "deadlines", term.version, term.working) : 0;
}

const struct st_field *clocks_other_due(const struct st_checked *out)
{
	uint32_t field = out->kind->due_field;
	return field != 0 && st_move_needs(out->move, field) ? fact(out, field) : NULL;
}

bool clocks_puts_off(const struct checking *k)
{
	const struct st_move_row *m = k->out->move;
	if (m->number == k->out->kind->due_move || k->c->foreign)
		return false;
	if (st_move_needs(m, ST_F_DUE_DAY))
		return false; /* a new term, with bounds of its own */
	return fact(k->out, ST_F_DUE_DAY) != NULL;
}

int clocks_fill(const struct checking *k)
{
	const struct st_move_row *m = k->out->move;
	const struct st_field *other = clocks_other_due(k->out);
	bool also = clocks_puts_off(k);
	int rc = 0;
	if (also && (m->clock == ST_CLOCK_WAIT || m->clock == ST_CLOCK_RESUME))
		return refuse(k, "due", ST_EFIELD); /* which the clock itself says */
	if (other != NULL && fact(k->out, ST_F_DUE_DAY) != NULL)
		return refuse(k, "due", ST_EFIELD); /* which the other says */
	if (other != NULL)
		add_number(k->out, ST_F_DUE_DAY, (uint32_t)other->number);
	st_assert(m != NULL);
	if (m->number == k->out->kind->due_move && fact(k->out, ST_F_DUE_DAY) == NULL)
		rc = set_due(k);
	if (rc < 0)
		return rc;
	switch (m->clock) {
	case ST_CLOCK_RUNS:   rc = also ? extend(k) : 0; break;
	case ST_CLOCK_EXTEND: rc = extend(k); break;
	case ST_CLOCK_WAIT:   rc = stop(k); break;
	case ST_CLOCK_RESUME: rc = go_on(k); break;
	}
	const struct st_field *due = fact(k->out, ST_F_DUE_DAY);
	if (rc == 0 && due != NULL && due->number != 0 && (k->r == NULL || k->r->first_due_day == 0))
		add_number(k->out, ST_F_FIRST_DUE_DAY, (uint32_t)due->number);
	return rc;
}
