/* tally_rule.c - what one record counts as, by its row alone.
 *
 * Owns:    the rule of what is counted where.
 * Promise: 4, tallies equal a recount: counters are a function of rows.
 * Flow:    record -> rule -> tally */
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/tally.h>

struct tallied { /* a facet that is counted by */
	uint16_t value;
	uint8_t field;
	bool monthly;
};

/* Where one record's counters go. */
struct counting {
	const struct st_record *r;
	struct st_tally_one *ones;
	size_t count, tallied_count;
	struct tallied tallied[ST_TALLIED_MAX];
};

static void add_tallied(struct counting *c, const struct st_kind *k, uint32_t field, uint32_t value)
{
	const struct st_field_row *row = st_kind_field(k, field);
	if (row == NULL || (row->flags & (ST_TALLIED | ST_MONTHLY)) == 0 || value == 0 ||
	    value > UINT16_MAX || c->tallied_count == ST_TALLIED_MAX)
		return;
	c->tallied[c->tallied_count++] = (struct tallied){
		.value = (uint16_t)value,
		.field = (uint8_t)field,
		.monthly = (row->flags & ST_MONTHLY) != 0,
	};
}

static void find_tallied(struct counting *c)
{
	const struct st_kind *k = st_kind(c->r->kind);
	if (k == NULL)
		return;
	if (c->r->unit != 0)
		add_tallied(c, k, ST_F_UNIT, c->r->unit);
	for (size_t i = 0; i < c->r->facet_count; i++)
		add_tallied(c, k, c->r->facets[i].field, c->r->facets[i].value);
}

/* One counter in each view that doesn't tell months apart by channel. */
static void count_coarsely(struct counting *c, struct st_tally_key key, uint32_t counter)
{
	uint32_t month = key.month;
	st_assert(c->count + 1 + c->tallied_count <= ST_TALLIES_OF_MAX);
	key.view = ST_VIEW_COARSE;
	key.channel = 0;
	key.month = 0;
	c->ones[c->count++] = (struct st_tally_one){ key, counter };
	for (size_t i = 0; i < c->tallied_count; i++) {
		key.view = c->tallied[i].monthly ? ST_VIEW_MONTHLY : ST_VIEW_FACET;
		key.category = c->tallied[i].value;
		key.channel = c->tallied[i].field;
		key.month = c->tallied[i].monthly ? month : 0;
		c->ones[c->count++] = (struct st_tally_one){ key, counter };
	}
}

/* The full view's key without its category. */
static void count_in_month(struct counting *c, struct st_tally_key key, uint32_t counter)
{
	st_assert(c->count < ST_TALLIES_OF_MAX);
	key.view = ST_VIEW_MONTH;
	key.category = 0;
	c->ones[c->count++] = (struct st_tally_one){ key, counter };
}

static struct st_tally_key full_key(const struct st_record *r, enum st_role role, uint32_t month)
{
	return (struct st_tally_key){
		.view = ST_VIEW_FULL,
		.role = role,
		.kind = (uint8_t)r->kind,
		.channel = r->channel,
		.station = role == ST_ROLE_OPENER ? r->ref.opener : r->holder,
		.category = r->category,
		.month = month,
	};
}

static void count(struct counting *c, enum st_role role, uint32_t month, uint32_t counter)
{
	struct st_tally_key key = full_key(c->r, role, month);
	st_assert(c->count < ST_TALLIES_OF_MAX);
	c->ones[c->count++] = (struct st_tally_one){ key, counter };
	count_in_month(c, key, counter);
	count_coarsely(c, key, counter);
}

/* The same by the day of the month, which the view of months alone tells. */
static void count_on(struct counting *c, enum st_role role, enum st_measure measure, uint32_t day)
{
	uint32_t month = st_month_of_day(day);
	uint32_t of_month = day == 0 ? 0 : day - st_month_first_day(month) + 1;
	struct st_tally_key key = full_key(c->r, role, month);
	st_assert(of_month <= 31);
	count_in_month(c, key, st_counter(measure, of_month));
	if (measure != ST_OPENED)
		return; /* what ended is counted by its days elsewhere */
	st_assert(c->count < ST_TALLIES_OF_MAX);
	c->ones[c->count++] = (struct st_tally_one){ key, st_counter(measure, 0) };
	count_coarsely(c, key, st_counter(measure, 0));
}

/* Said by the citizen: satisfied, basically, not. */
static bool is_rating(uint32_t rating)
{
	return rating >= 1 && rating <= 3;
}

uint32_t st_rated(uint32_t bucket)
{
	uint32_t answer = bucket >> 8 & 0xff, result = bucket & 0xff;
	return is_rating(result) ? result : is_rating(answer) ? answer : 0;
}

size_t st_tally_of(const struct st_record *r, struct st_tally_one ones[ST_TALLIES_OF_MAX])
{
	if (r == NULL || r->revision == 0)
		return 0;
	struct counting c = { .r = r, .ones = ones };
	uint32_t opened = st_month_of_day(r->opened_day);
	find_tallied(&c);
	count_on(&c, ST_ROLE_OPENER, ST_OPENED, r->opened_day);
	count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_IN_STATE, r->state));
	if (r->holder != r->ref.opener) {
		count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_FROM_OUTSIDE, 0));
		count(&c, ST_ROLE_OPENER, opened, st_counter(ST_AWAY, r->holder));
	}
	if (r->reopened > 0)
		count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_REOPENED, 0));
	if (st_record_open(r)) {
		count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_OPEN_DUE, r->due_day));
		return c.count;
	}
	uint32_t closed = st_month_of_day(r->closed_day);
	uint32_t days = r->closed_day > r->opened_day ? r->closed_day - r->opened_day : 0;
	count(&c, ST_ROLE_HOLDER, closed, st_counter(ST_DAYS, days < ST_DAYS_MAX ? days : ST_DAYS_MAX));
	count_on(&c, ST_ROLE_HOLDER, ST_ENDED_ON, r->closed_day);
	if (r->rating_answer != 0 || r->rating_result != 0)
		count(&c, ST_ROLE_HOLDER, closed,
		      st_counter(ST_RATED, (uint32_t)r->rating_answer << 8 | r->rating_result));
	return c.count;
}
