/* terms.c - the city's tables, asked about one record.
 *
 * Owns:    which version answers, and the rows that are kept of it.
 * Promise: a record is judged by the version in force on the day that the question names.
 * Flow:    store -> terms -> command, apply, ask */
#include <station/work/terms.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>

enum { SLOTS = 2, TABLES_MAX = 16 };

/* The rows of one version, as they stand in the store. Versions never change, so they outlive a transaction. */
struct held {
	uint32_t version, columns;
	struct st_buf rows;
};
struct known {
	bool asked, none;     /* within this transaction: is there any version at all? */
	uint32_t day;         /* the last day that was asked for, */
	uint32_t version;     /* and its version; 0: none then */
	struct held held[SLOTS];
	unsigned next;        /* slot to be given up */
};
struct st_terms {
	struct st_txn *txn;
	struct known tables[TABLES_MAX];
	struct st_calendar calendar;
	uint32_t calendar_version;
	bool calendar_filled;
};

int st_terms_new(struct st_terms **ret_terms)
{
	struct st_terms *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ST_ENOMEM;
	for (size_t i = 0; i < TABLES_MAX; i++)
		for (size_t n = 0; n < SLOTS; n++)
			st_buf_init(&s->tables[i].held[n].rows, ST_CITY_ROWS_BYTES_MAX);
	*ret_terms = s;
	return 0;
}

void st_terms_free(struct st_terms *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < TABLES_MAX; i++)
		for (size_t n = 0; n < SLOTS; n++)
			st_buf_done(&s->tables[i].held[n].rows);
	free(s);
}

void st_terms_begin(struct st_terms *s, struct st_txn *t)
{
	s->txn = t;
	for (size_t i = 0; i < TABLES_MAX; i++)
		s->tables[i].asked = false;
}

int st_terms_version(struct st_terms *s, enum st_city_table_number table, uint32_t day,
		     uint32_t *ret_version)
{
	ST_REQUIRE(s->txn != NULL);
	struct known *k = &s->tables[table];
	struct st_city_version v;
	int rc = 0;
	if (!k->asked) {
		uint32_t newest = 0;
		rc = st_city_newest(s->txn, (uint8_t)table, &newest);
		if (rc < 0)
			return rc;
		k->asked = true;
		k->none = newest == 0;
		k->day = 0;
		k->version = 0;
	}
	if (!k->none && k->day != day) {
		rc = st_city_in_force(s->txn, (uint8_t)table, day, &v);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
		k->day = day;
		k->version = rc == 0 ? v.version : 0;
	}
	*ret_version = k->version;
	return k->none || k->version == 0 ? ST_ENOTFOUND : 0;
}

/* The rows in force on a day. ST_ENOTFOUND: none, or a table without rows, which is as none. */
static int rows_of(struct st_terms *s, enum st_city_table_number table, uint32_t day,
		   const struct held **ret_held)
{
	_Static_assert((int)ST_CITY_settings < (int)TABLES_MAX, "each table has its place");
	ST_REQUIRE(s->txn != NULL);
	struct known *k = &s->tables[table];
	struct held *h = NULL;
	uint32_t version = 0;
	int rc = st_terms_version(s, table, day, &version);
	if (rc < 0)
		return rc;
	for (size_t n = 0; n < SLOTS; n++)
		if (k->held[n].version == version)
			h = &k->held[n];
	if (h == NULL) {
		struct st_city_version v;
		h = &k->held[k->next++ % SLOTS];
		h->version = 0;
		rc = st_city_get(s->txn, (uint8_t)table, version, &v, &h->rows);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
		h->version = version;
		h->columns = v.columns;
	}
	st_assert(h->version == version);
	*ret_held = h;
	return h->rows.size == 0 ? ST_ENOTFOUND : 0;
}

static struct st_city_rows walk(const struct held *h)
{
	return st_city_rows(st_buf_span(&h->rows), h->columns);
}

int st_terms_calendar(struct st_terms *s, uint32_t day, const struct st_calendar **ret_calendar)
{
	const struct held *h = NULL;
	int rc = rows_of(s, ST_CITY_workdays, day, &h);
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

int st_terms_between(struct st_terms *s, uint32_t from, uint32_t to, bool working, uint32_t *ret_days)
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

static int value_of(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value)
{
	const struct held *h = NULL;
	int rc = rows_of(s, ST_CITY_settings, day, &h);
	if (rc < 0)
		return rc;
	struct st_city_rows r = walk(h);
	while (st_city_rows_next(&r))
		if (st_span_equal(r.cells[0], st_span_text(name))) {
			*ret_value = r.cells[1];
			return 0;
		}
	return ST_ENOTFOUND;
}

int st_terms_setting(struct st_terms *s, const char *name, uint32_t day, uint32_t *ret_value)
{
	const struct st_setting *setting = st_setting_named(st_span_text(name));
	struct st_span text;
	ST_REQUIRE(setting != NULL);
	ST_REQUIRE(setting->type == ST_SETTING_COUNT);
	int rc = value_of(s, name, day, &text);
	uint64_t v = rc < 0 ? 0 : st_city_number(text, UINT64_MAX);
	if (rc < 0)
		return rc;
	if (v < setting->min || v > setting->max)
		return ST_ENOTFOUND; /* of a version with other bounds */
	*ret_value = (uint32_t)v;
	return 0;
}

int st_terms_text(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value)
{
	const struct st_setting *setting = st_setting_named(st_span_text(name));
	ST_REQUIRE(setting != NULL);
	int rc = value_of(s, name, day, ret_value);
	if (rc == ST_ENOTFOUND)
		*ret_value = st_span_text(setting->usual);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int st_terms_given(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value)
{
	ST_REQUIRE(st_setting_named(st_span_text(name)) != NULL);
	return value_of(s, name, day, ret_value);
}

int st_terms_choices(struct st_terms *s, const char *name, uint32_t day, uint64_t *ret_bits)
{
	const struct st_setting *setting = st_setting_named(st_span_text(name));
	struct st_span text;
	uint64_t bits = 0;
	ST_REQUIRE(setting != NULL);
	ST_REQUIRE(setting->type == ST_SETTING_FIELDS);
	int rc = st_terms_text(s, name, day, &text);
	if (rc < 0)
		return rc;
	const struct st_choice *choices = st_city_field(setting->field)->choices;
	for (struct st_span word = st_city_word(&text); word.size > 0; word = st_city_word(&text)) {
		const struct st_choice *c = st_choice_named(choices, word);
		if (c != NULL && c->number < 64) /* else of a version with other choices */
			bits |= 1ull << c->number;
	}
	*ret_bits = bits;
	return 0;
}

int st_terms_focus(struct st_terms *s, uint32_t day, uint64_t number)
{
	const struct held *h = NULL;
	int rc = rows_of(s, ST_CITY_focus, day, &h);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	struct st_city_rows r = walk(h);
	while (st_city_rows_next(&r))
		if (st_city_number(r.cells[0], UINT64_MAX) == number)
			return 0;
	return ST_EFIELD;
}

/* ---- categories ---- */

enum { LEVELS = 3, LEVEL_UNIT = 3 };

/* The level on which a row has a name, from `from` on; LEVELS: none. */
static size_t level_of(const struct st_city_rows *r, struct st_span name, size_t from)
{
	st_assert(from <= LEVELS);
	while (from < LEVELS && !st_span_equal(r->cells[from], name))
		from++;
	return from;
}

/* The row of a category, and of the subcategory below it; *ret_level is the category's. 1: the category is
 * there without that subcategory. */
static int find_category(struct st_terms *s, const struct st_term_query *q, struct st_city_rows *ret_row,
			 size_t *ret_level)
{
	const struct held *h = NULL;
	bool half = false;
	int rc = rows_of(s, ST_CITY_categories, q->day, &h);
	if (rc < 0)
		return rc;
	struct st_city_rows r = walk(h);
	while (st_city_rows_next(&r)) {
		size_t level = level_of(&r, q->category, 0);
		if (level == LEVELS)
			continue;
		bool whole = q->subcategory.size == 0 ||
			     level_of(&r, q->subcategory, level + 1) < LEVELS;
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
static void find_near(const struct held *h, struct st_span name, struct st_span under, struct st_near *near)
{
	uint32_t scores[ST_NEAR_MAX] = { 0 };
	struct st_city_rows r = walk(h);
	near->count = 0;
	while (st_city_rows_next(&r)) {
		size_t from = under.size == 0 ? 0 : level_of(&r, under, 0) + 1;
		for (size_t i = from; i < LEVELS; i++)
			if (r.cells[i].size > 0)
				offer(near, scores, r.cells[i], likeness(name, r.cells[i]));
	}
}

int st_terms_category(struct st_terms *s, const struct st_term_query *q, bool *ret_sub,
		      struct st_near *ret_near)
{
	struct st_city_rows row;
	const struct held *h = NULL;
	size_t level = 0;
	int rc = find_category(s, q, &row, &level);
	if (rc == ST_ENOTFOUND || rc == 0)
		return 0;
	if (rc < 0 && rc != ST_EFIELD)
		return rc;
	bool sub = rc == 1;
	rc = rows_of(s, ST_CITY_categories, q->day, &h);
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
	int rc = find_category(s, q, &row, &level);
	if (rc < 0 || rc == 1)
		return rc == 1 || rc == ST_EFIELD ? ST_ENOTFOUND : rc;
	*ret_unit = row.cells[LEVEL_UNIT];
	return row.cells[LEVEL_UNIT].size > 0 ? 0 : ST_ENOTFOUND;
}

/* ---- deadlines ---- */

enum { COL_KIND, COL_CATEGORY, COL_URGENCY, COL_DAYS, COL_UNIT, COL_STOPS, COL_EXTEND, COL_BEFORE, COL_WARN };
enum { BY_ANY = 1, BY_ABOVE, BY_CATEGORY = BY_ABOVE + LEVELS, BY_SUBCATEGORY };

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
	int rc = p->asked || q->category.size == 0 ? ST_ENOTFOUND : find_category(s, q, &p->row, &p->level);
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_EFIELD)
		return rc;
	p->found |= rc >= 0;
	p->asked = true;
	return 0;
}

/* How closely a rule's category fits; 0: not at all. */
static int fit_category(struct st_terms *s, const struct st_term_query *q, struct st_span cell, struct placing *p)
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
	st_assert(!p->found || p->level < LEVELS);
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
	const struct held *h = NULL;
	const struct st_kind *k = st_kind(q->kind);
	struct placing placing = { .asked = false };
	int best = 0;
	int rc = rows_of(s, ST_CITY_deadlines, q->day, &h);
	if (rc < 0 || k == NULL)
		return rc < 0 ? rc : ST_ENOTFOUND;
	struct st_span urgency = st_span_text(q->urgency < 4 ? urgencies[q->urgency] : "");
	struct st_city_rows r = walk(h);
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
