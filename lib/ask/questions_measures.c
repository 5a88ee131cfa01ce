/* questions_measures.c - what tallies tell of matters besides their flow: key matters, days,
 * ratings, and who holds what others opened.
 *
 * Owns:    which counters answer these questions.
 * Promise: 4: all of it from tallies.
 * Flow:    cells -> sums -> rows */
#include "question.h"
#include <station/base/check.h>
#include <station/base/clock.h>

static bool is_bounded(const struct asking *a)
{
	return a->from != 0 || a->to != 0;
}

/* ---- 3: the six key matters ---- */

enum { FOCUS_MAX = 6 };
enum { N_OPENED, N_OVERDUE, N_STATES };
#define STATE_NAMES(X) \
	X(registered)  \
	X(accepted)    \
	X(assigned) X(answered) X(echoed) X(reopened) X(closed) X(refused) X(merged) X(withdrawn)
enum {
#define X(name) S_##name,
	STATE_NAMES(X)
#undef X
		STATES
};
_Static_assert((int)N_STATES + (int)STATES <= (int)SUM_COUNTS, "each state has its count");

struct focusing {
	uint32_t numbers[STATES]; /* of the states, in the columns' order */
};

static int by_focus(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	if (key->category == 0 || key->category > FOCUS_MAX || !month_in_period(c->a, key->month))
		return 0;
	return sums_at(c->sums, key->category, 0, 0, ret);
}

static void add_focus(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n)
{
	const struct focusing *f = c->arg;
	st_assert(c->at != NULL);
	uint32_t bucket = st_counter_bucket(counter);
	(void)key;
	switch (st_counter_measure(counter)) {
	case ST_OPENED: c->at->n[N_OPENED] += n; break;
	case ST_OPEN_DUE: c->at->n[N_OVERDUE] += bucket != 0 && bucket < c->a->today ? n : 0; break;
	case ST_IN_STATE:
		for (size_t i = 0; i < STATES; i++)
			c->at->n[N_STATES + i] += f->numbers[i] == bucket ? n : 0;
		break;
	case ST_DAYS: c->rc = sum_days(c->at, bucket, n); break;
	default: break;
	}
}

/* The number, and what the city calls it. */
static int row_focus(struct asking *a, uint32_t focus)
{
	char name[ST_ANSWER_TEXT_MAX + 1] = "";
	struct st_span text = ST_SPAN_NONE;
	int rc = st_terms_focus_name(a->terms, a->today, focus, &text);
	if (rc == 0)
		newest_text(text, name, sizeof(name));
	row_count(a, focus);
	row_text(a, name);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int question_focus(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct focusing f = { .numbers = {
#define X(name) [S_##name] = state_number("matter", #name),
				      STATE_NAMES(X)
#undef X
			      } };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = ST_VIEW_MONTHLY,
			   .kind = ST_KIND_MATTER,
			   .arg = &f,
			   .field = field_number("matter", "focus"),
			   .measures = OF(OPENED) | OF(IN_STATE) | OF(OPEN_DUE) | OF(DAYS),
			   .place = by_focus,
			   .add = add_focus };
	int rc = count_cells(&c);
	st_assert(sums.count <= FOCUS_MAX);
	for (uint32_t focus = 1; rc == 0 && focus <= FOCUS_MAX; focus++) {
		struct sum *s = NULL;
		rc = sums_at(&sums, focus, 0, 0, &s);
		if (rc < 0)
			break;
		rc = row_focus(a, focus);
		row_count(a, s->n[N_OPENED]);
		for (size_t i = 0; i < STATES; i++)
			row_count(a, s->n[N_STATES + i]);
		row_count(a, s->n[N_OVERDUE]);
		row_real(a, sum_percentile(s, 50));
		row_real(a, sum_percentile(s, 90));
		rc = rc < 0 ? rc : row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- 4: days by category ---- */

static int by_category(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	bool out = c->view == ST_VIEW_FULL && !month_in_period(c->a, key->month);
	if (key->role != ST_ROLE_HOLDER || out)
		return 0;
	return sums_at(c->sums, key->category, 0, 0, ret);
}

static void add_days(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n)
{
	(void)key;
	if (st_counter_measure(counter) != ST_DAYS)
		return;
	c->at->n[0] += n;
	c->rc = sum_days(c->at, st_counter_bucket(counter), n);
}

int question_days(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = is_bounded(a) ? ST_VIEW_FULL : ST_VIEW_COARSE,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(DAYS),
			   .place = by_category,
			   .add = add_days };
	int rc = count_cells(&c);
	sums_by_count(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		if (s->n[0] == 0)
			continue;
		rc = row_name(a, ST_NAMES_CATEGORY, (uint16_t)s->key[0]);
		row_count(a, s->n[0]);
		row_real(a, sum_percentile(s, 50));
		row_real(a, sum_percentile(s, 90));
		rc = rc < 0 ? rc : row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- 5: both ratings ---- */

enum { R_SATISFIED, R_BASICALLY, R_UNSATISFIED, R_UNRATED, R_NONE, RATINGS };

/* 1 to 3 are what a citizen says; any other number says that there is none from him. */
static uint32_t rating_at(uint32_t rating)
{
	st_assert(rating <= UINT8_MAX);
	return rating == 0 ? R_NONE : rating <= 3 ? rating - 1 : R_UNRATED;
}

static int by_holder(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	bool out = c->view == ST_VIEW_MONTH && !month_in_period(c->a, key->month);
	return key->role != ST_ROLE_HOLDER || out ? 0 : sums_at(c->sums, 0, 0, 0, ret);
}

static void add_ratings(struct count *c, const struct st_tally_key *key, uint32_t counter,
			uint64_t n)
{
	uint64_t *crossed = c->arg;
	st_assert(c->view != ST_VIEW_FACET);
	uint32_t bucket = st_counter_bucket(counter);
	(void)key;
	if (st_counter_measure(counter) == ST_DAYS)
		c->at->n[0] += n; /* all that ended */
	if (st_counter_measure(counter) != ST_RATED)
		return;
	c->at->n[1] += n;
	crossed[rating_at(bucket >> 8 & 0xff) * RATINGS + rating_at(bucket & 0xff)] += n;
}

int question_ratings(struct asking *a)
{
	static const char *const names[RATINGS][2] = {
		{ "满意", "satisfied" },       { "基本满意", "basically satisfied" },
		{ "不满意", "not satisfied" }, { "未评价", "not rated" },
		{ "无记录", "not told" },
	};
	uint64_t crossed[RATINGS * RATINGS] = { 0 };
	struct sums sums = { .count = 0 };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = is_bounded(a) ? ST_VIEW_MONTH : ST_VIEW_COARSE,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(DAYS) | OF(RATED),
			   .place = by_holder,
			   .add = add_ratings,
			   .arg = crossed };
	int rc = count_cells(&c);
	if (rc == 0 && sums.count > 0) {
		st_assert(sums.rows[0].n[0] >= sums.rows[0].n[1]);
		crossed[R_NONE * RATINGS + R_NONE] += sums.rows[0].n[0] - sums.rows[0].n[1];
	}
	for (size_t i = 0; rc == 0 && i < RATINGS; i++) {
		uint64_t all = 0;
		for (size_t k = 0; k < RATINGS; k++)
			all += crossed[i * RATINGS + k];
		row_text(a, either_of(a, names[i][0], names[i][1]));
		row_count(a, all);
		for (size_t k = 0; k < RATINGS; k++)
			row_count(a, crossed[i * RATINGS + k]);
		rc = row_give(a);
	}
	sums_done(&sums);
	return rc;
}

/* ---- 17: handed on by bases ---- */

static int by_opener(struct count *c, const struct st_tally_key *key, struct sum **ret)
{
	enum st_tier tier = place_of(&c->a->places, key->station)->tier;
	bool out = c->view == ST_VIEW_MONTH && !month_in_period(c->a, key->month);
	if (key->role != ST_ROLE_OPENER || out || (tier != ST_BASE && tier != ST_SPECIALTY))
		return 0;
	return sums_at(c->sums, rank_of(c->a, key->station), 0, 0,
		       ret); /* the counter tells the holder */
}

static void add_away(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n)
{
	struct sum *s = NULL;
	if (st_counter_measure(counter) != ST_AWAY)
		return;
	c->rc = sums_at(c->sums, rank_of(c->a, key->station), st_counter_bucket(counter), 0, &s);
	if (c->rc == 0)
		s->n[0] += n;
}

static const char *way_of(const struct asking *a, uint32_t from, uint32_t to)
{
	st_assert(from != to); /* what is away isn't at home */
	if (is_above(a, to, from))
		return either_of(a, "上报", "up");
	return is_above(a, from, to) ? either_of(a, "下派", "down")
				     : either_of(a, "平级", "across");
}

int question_handed_up(struct asking *a)
{
	struct sums sums = { .count = 0 };
	struct count c = { .a = a,
			   .sums = &sums,
			   .view = is_bounded(a) ? ST_VIEW_MONTH : ST_VIEW_COARSE,
			   .kind = ST_KIND_MATTER,
			   .measures = OF(AWAY),
			   .place = by_opener,
			   .add = add_away };
	int rc = count_cells(&c);
	sums_by_key(&sums);
	for (size_t i = 0; rc == 0 && i < sums.count; i++) {
		const struct sum *s = &sums.rows[i];
		uint32_t opener = a->ranked[s->key[0]], branch = branch_of(a, opener);
		if (s->n[0] == 0)
			continue;
		row_station(a, opener);
		row_text(a, place_of(&a->places, branch)->name);
		row_station(a, s->key[1]);
		row_text(a, way_of(a, opener, s->key[1]));
		row_count(a, s->n[0]);
		rc = row_give(a);
	}
	sums_done(&sums);
	return rc;
}
