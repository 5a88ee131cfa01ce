/* terms_rule.c - deadlines: the rule that fits a record best, and the days that it counts.
 *
 * Owns:    which of several rules fits best; the working days of the version in force.
 * Promise: a record's deadline is a function of its category, urgency and day, at whichever station.
 * Flow:    terms, categories -> rule -> command, ask */
#include "terms_state.h"
#include <station/base/check.h>

int st_terms_calendar(struct st_terms *s, uint32_t day, const struct st_calendar **ret_calendar)
{
	const struct terms_held *h = NULL;
	int rc = terms_rows(s, ST_CITY_workdays, day, &h);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	uint32_t version = rc == 0 ? h->version : 0;
	if (!s->calendar_filled || s->calendar_version != version) {
		st_calendar_init(&s->calendar);
		if (rc == 0)
			st_calendar_fill(&s->calendar, st_buf_span(&h->rows), h->columns);
		s->calendar_version = version;
		s->calendar_filled = true;
	}
	*ret_calendar = &s->calendar;
	return 0;
}

int st_terms_add(struct st_terms *s, uint32_t day, uint32_t n, bool working, uint32_t *ret_day)
{
	const struct st_calendar *c = NULL;
	if (!working) {
		*ret_day = day + n;
		return 0;
	}
	int rc = st_terms_calendar(s, day, &c);
	if (rc == 0)
		*ret_day = st_calendar_add(c, day, n);
	return rc;
}

int st_terms_between(struct st_terms *s, uint32_t from, uint32_t to, bool working,
		     uint32_t *ret_days)
{
	const struct st_calendar *c = NULL;
	if (!working) {
		*ret_days = to > from ? to - from : 0;
		return 0;
	}
	int rc = st_terms_calendar(s, from, &c);
	if (rc == 0)
		*ret_days = st_calendar_between(c, from, to);
	return rc;
}

enum { COL_KIND, COL_CATEGORY, COL_URGENCY, COL_DAYS, COL_UNIT, COL_STOPS, COL_EXTEND, COL_BEFORE, COL_WARN };
enum { BY_ANY = 1, BY_ABOVE, BY_CATEGORY = BY_ABOVE + TERMS_LEVELS, BY_SUBCATEGORY };

static bool is_any(struct st_span cell)
{
	return cell.size == 1 && cell.data[0] == '*';
}

/* The category's row in the categories table, looked up once a rule asks what stands above it. */
struct placing {
	bool asked, found;
	struct st_city_rows row;
	size_t level;
};

static int place(struct st_terms *s, const struct st_term_query *q, struct placing *p)
{
	int rc = p->asked || q->category.size == 0
			 ? ST_ENOTFOUND
			 : terms_find_category(s, q, &p->row, &p->level);
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_EFIELD)
		return rc;
	p->found |= rc >= 0;
	p->asked = true;
	return 0;
}

/* How closely a rule's category fits; 0: not at all. */
static int fit_category(struct st_terms *s, const struct st_term_query *q, struct st_span cell,
			struct placing *p)
{
	if (is_any(cell))
		return BY_ANY;
	if (q->subcategory.size > 0 && st_span_equal(cell, q->subcategory))
		return BY_SUBCATEGORY;
	if (q->category.size > 0 && st_span_equal(cell, q->category))
		return BY_CATEGORY;
	int rc = place(s, q, p);
	if (rc < 0)
		return rc;
	st_assert(!p->found || p->level < TERMS_LEVELS);
	for (size_t i = 0; p->found && i < p->level; i++)
		if (st_span_equal(cell, p->row.cells[i]))
			return BY_ABOVE + (int)i; /* the nearer, the better */
	return 0;
}

static void read_term(const struct st_city_rows *r, uint32_t version, struct st_term *to)
{
	*to = (struct st_term){
		.version = version,
		.days = (uint32_t)st_city_number(r->cells[COL_DAYS], 0),
		.extend = (uint32_t)st_city_number(r->cells[COL_EXTEND], 0),
		.warn = (uint32_t)st_city_number(r->cells[COL_WARN], 0),
		.working = st_span_equal(r->cells[COL_UNIT], st_span_text("working")),
		.stops = st_span_equal(r->cells[COL_STOPS], st_span_text("yes")),
		.before_due = st_span_equal(r->cells[COL_BEFORE], st_span_text("yes")),
		.may_extend = r->cells[COL_EXTEND].size > 0,
	};
}

int st_terms_rule(struct st_terms *s, const struct st_term_query *q, struct st_term *ret_term)
{
	static const char *const urgencies[] = { "", "normal", "urgent", "very_urgent" };
	const struct terms_held *h = NULL;
	const struct st_kind *k = st_kind(q->kind);
	struct placing placing = { .asked = false };
	int best = 0;
	int rc = terms_rows(s, ST_CITY_deadlines, q->day, &h);
	if (rc < 0 || k == NULL)
		return rc < 0 ? rc : ST_ENOTFOUND;
	struct st_span urgency = st_span_text(q->urgency < 4 ? urgencies[q->urgency] : "");
	struct st_city_rows r = terms_walk(h);
	while (st_city_rows_next(&r)) {
		if (!st_span_equal(r.cells[COL_KIND], st_span_text(k->name)))
			continue;
		int category = fit_category(s, q, r.cells[COL_CATEGORY], &placing);
		bool any = is_any(r.cells[COL_URGENCY]);
		if (category < 0)
			return category;
		if (category == 0 || (!any && !st_span_equal(r.cells[COL_URGENCY], urgency)))
			continue;
		int score = 2 * category + !any;
		if (score <= best)
			continue;
		best = score;
		read_term(&r, h->version, ret_term);
	}
	return best > 0 ? 0 : ST_ENOTFOUND;
}
