/* terms_category.c - whether the city's tables have a category or key matter, and what is like it.
 *
 * Owns:    the levels of categories, and how alike two names are.
 * Promise: 8: a name that isn't in the table is refused with those that were probably meant.
 * Flow:    terms -> categories -> apply, deadlines */
#include "terms_state.h"
#include <station/base/check.h>

int st_terms_focus_name(struct st_terms *s, uint32_t day, uint64_t number, struct st_span *ret_name)
{
	const struct terms_held *h = NULL;
	int rc = terms_rows(s, ST_CITY_focus, day, &h);
	if (rc < 0)
		return rc;
	struct st_city_rows r = terms_walk(h);
	while (st_city_rows_next(&r))
		if (st_city_number(r.cells[0], UINT64_MAX) == number) {
			*ret_name = r.cells[1];
			return 0;
		}
	return ST_ENOTFOUND;
}

int st_terms_focus(struct st_terms *s, uint32_t day, uint64_t number)
{
	struct st_span name;
	const struct terms_held *h = NULL;
	int rc = terms_rows(s, ST_CITY_focus, day, &h);
	if (rc == 0 && st_terms_focus_name(s, day, number, &name) == ST_ENOTFOUND)
		return ST_EFIELD;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

enum { LEVEL_UNIT = 3 };

/* The level on which a row has a name, from `from` on; TERMS_LEVELS: none. */
static size_t level_of(const struct st_city_rows *r, struct st_span name, size_t from)
{
	st_assert(from <= TERMS_LEVELS);
	while (from < TERMS_LEVELS && !st_span_equal(r->cells[from], name))
		from++;
	return from;
}

int terms_find_category(struct st_terms *s, const struct st_term_query *q,
			struct st_city_rows *ret_row, size_t *ret_level)
{
	const struct terms_held *h = NULL;
	bool half = false;
	int rc = terms_rows(s, ST_CITY_categories, q->day, &h);
	if (rc < 0)
		return rc;
	struct st_city_rows r = terms_walk(h);
	while (st_city_rows_next(&r)) {
		size_t level = level_of(&r, q->category, 0);
		if (level == TERMS_LEVELS)
			continue;
		bool whole = q->subcategory.size == 0 ||
			     level_of(&r, q->subcategory, level + 1) < TERMS_LEVELS;
		if (!half || whole) {
			*ret_row = r;
			*ret_level = level;
		}
		half = true;
		if (whole)
			return 0;
	}
	return half ? 1 : ST_EFIELD;
}

/* One character of UTF-8 at i, its size. */
static size_t character(struct st_span s, size_t i)
{
	size_t n = 1;
	while (i + n < s.size && (s.data[i + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* How alike two names are: characters that they share, of both together; in thousandths. */
static uint32_t likeness(struct st_span a, struct st_span b)
{
	uint32_t shared = 0, all = 0;
	for (size_t i = 0; i < a.size; i += character(a, i)) {
		struct st_span one = st_span(a.data + i, character(a, i));
		bool there = false;
		for (size_t k = 0; k < b.size && !there; k += character(b, k))
			there = st_span_equal(one, st_span(b.data + k, character(b, k)));
		shared += there;
		all++;
	}
	for (size_t k = 0; k < b.size; k += character(b, k))
		all++;
	return all == 0 ? 0 : 2000 * shared / all;
}

static void offer(struct st_near *near, uint32_t scores[ST_NEAR_MAX], struct st_span name, uint32_t score)
{
	size_t at = 0;
	for (size_t i = 0; i < near->count; i++)
		if (st_span_equal(near->names[i], name))
			return;
	while (at < near->count && scores[at] >= score)
		at++;
	if (score == 0 || at == ST_NEAR_MAX)
		return;
	near->count += near->count < ST_NEAR_MAX;
	for (size_t i = near->count - 1; i > at; i--) {
		near->names[i] = near->names[i - 1];
		scores[i] = scores[i - 1];
	}
	near->names[at] = name;
	scores[at] = score;
	st_assert(near->count <= ST_NEAR_MAX);
}

/* under: only names below that category. */
static void find_near(const struct terms_held *h, struct st_span name, struct st_span under,
		      struct st_near *near)
{
	uint32_t scores[ST_NEAR_MAX] = { 0 };
	struct st_city_rows r = terms_walk(h);
	near->count = 0;
	while (st_city_rows_next(&r)) {
		size_t from = under.size == 0 ? 0 : level_of(&r, under, 0) + 1;
		for (size_t i = from; i < TERMS_LEVELS; i++)
			if (r.cells[i].size > 0)
				offer(near, scores, r.cells[i], likeness(name, r.cells[i]));
	}
}

int st_terms_category(struct st_terms *s, const struct st_term_query *q, bool *ret_sub,
		      struct st_near *ret_near)
{
	struct st_city_rows row;
	const struct terms_held *h = NULL;
	size_t level = 0;
	int rc = terms_find_category(s, q, &row, &level);
	if (rc == ST_ENOTFOUND || rc == 0)
		return 0;
	if (rc < 0 && rc != ST_EFIELD)
		return rc;
	bool sub = rc == 1;
	rc = terms_rows(s, ST_CITY_categories, q->day, &h);
	if (rc < 0)
		return rc;
	find_near(h, sub ? q->subcategory : q->category, sub ? q->category : ST_SPAN_NONE, ret_near);
	*ret_sub = sub;
	return ST_EFIELD;
}

int st_terms_unit(struct st_terms *s, const struct st_term_query *q, struct st_span *ret_unit)
{
	struct st_city_rows row;
	size_t level = 0;
	if (q->category.size == 0)
		return ST_ENOTFOUND;
	int rc = terms_find_category(s, q, &row, &level);
	if (rc < 0 || rc == 1)
		return rc == 1 || rc == ST_EFIELD ? ST_ENOTFOUND : rc;
	*ret_unit = row.cells[LEVEL_UNIT];
	return row.cells[LEVEL_UNIT].size > 0 ? 0 : ST_ENOTFOUND;
}
