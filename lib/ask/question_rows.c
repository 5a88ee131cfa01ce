/* question_rows.c - an answer's rows, cell by cell, and the stations that it is about.
 *
 * Owns:    the row that is being made, and what a station is called in it.
 * Promise: 9: no answer has more rows than ST_ANSWER_ROWS_MAX.
 * Flow:    questions -> rows -> api */
#include "question.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>

_Static_assert((int)ST_ANSWER_TEXT_MAX > (int)ST_NAME_MAX, "a station's name fits a cell");
_Static_assert((int)ST_ANSWER_TEXT_MAX > (int)ST_NAME_TEXT_MAX, "a category fits a cell");
_Static_assert((int)ST_ANSWER_TEXT_MAX > (int)ST_NUMBER_TEXT, "a number fits a cell");

const char *either_of(const struct asking *a, const char *zh, const char *en)
{
	return a->q->lang == ST_EN ? en : zh;
}

/* The next cell, of the type that its column has. */
static struct st_answer_cell *next_cell(struct asking *a)
{
	ST_REQUIRE(a->cells < a->q->question->column_count);
	struct st_answer_cell *c = &a->row[a->cells];
	*c = (struct st_answer_cell){ .type = a->q->question->columns[a->cells].type,
				      .empty = true };
	a->cells++;
	return c;
}

/* Cut where a character ends: half a character is no text. */
static void put_text(struct asking *a, struct st_answer_cell *c, const char *text)
{
	char *to = a->texts[a->cells - 1];
	size_t n = strnlen(text, ST_ANSWER_TEXT_MAX + 1);
	if (n > ST_ANSWER_TEXT_MAX) {
		n = ST_ANSWER_TEXT_MAX;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memmove(to, text, n);
	to[n] = 0;
	c->text = to;
	c->empty = n == 0;
}

void row_text(struct asking *a, const char *text)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_TEXT);
	put_text(a, c, text == NULL ? "" : text);
}

void row_code(struct asking *a, const char *code)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_CODE);
	put_text(a, c, code == NULL ? "" : code);
}

void row_count(struct asking *a, uint64_t n)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_COUNT);
	c->number = n;
	c->empty = false;
}

void row_rank(struct asking *a, uint32_t rank)
{
	row_count(a, rank);
	a->row[a->cells - 1].empty = rank == 0;
}

void row_real(struct asking *a, double v)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_NUMBER || c->type == ST_ANSWER_DAYS);
	c->real = v;
	c->empty = isnan(v);
}

void row_share(struct asking *a, uint64_t of, uint64_t whole)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_SHARE);
	st_assert(of <= whole);
	c->real = whole == 0 ? 0 : (double)of / (double)whole;
	c->empty = whole == 0;
}

void row_day(struct asking *a, uint32_t day)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_DAY);
	c->number = day;
	c->empty = day == 0;
}

void row_month(struct asking *a, uint32_t month)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_MONTH);
	c->number = month;
	c->empty = month == 0;
}

void row_time(struct asking *a, int64_t ms)
{
	struct st_answer_cell *c = next_cell(a);
	st_assert(c->type == ST_ANSWER_TIME);
	c->ms = ms;
	c->empty = ms == 0;
}

void row_station(struct asking *a, uint32_t number)
{
	struct st_code code = { .text = { 0 } };
	const struct place *p = place_of(&a->places, number);
	if (p->tier != 0) {
		row_code(a, p->code.text);
		row_text(a, p->name);
		return;
	}
	/* A code that records name, of a station that isn't known here. */
	row_code(a, number != 0 && st_station_code(a->txn, number, &code) == 0 ? code.text : NULL);
	row_text(a, NULL);
}

void row_choice(struct asking *a, const struct st_choice *choices, uint64_t number)
{
	const struct st_choice *c = st_choice_numbered(choices, number);
	row_text(a, c == NULL ? NULL : either_of(a, c->zh, c->en));
}

void row_tier(struct asking *a, uint32_t number)
{
	static const char *const tiers[][2] = {
		[ST_MAIN] = { "市总站", "main" },
		[ST_BRANCH] = { "县区分站", "branch" },
		[ST_BASE] = { "乡镇街道基站", "base" },
		[ST_SPECIALTY] = { "行业专业站", "specialty" },
	};
	enum st_tier tier = place_of(&a->places, number)->tier;
	bool known = tier >= ST_MAIN && tier <= ST_SPECIALTY;
	row_text(a, known ? either_of(a, tiers[tier][0], tiers[tier][1]) : NULL);
}

int row_state(struct asking *a, const struct st_record *r)
{
	const struct st_kind *k = st_kind(r->kind);
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, r->state);
	row_text(a, s == NULL ? NULL : either_of(a, s->zh, s->en));
	return 0;
}

int row_name(struct asking *a, enum st_names names, uint16_t number)
{
	char text[ST_NAME_TEXT_MAX + 1] = "";
	int rc = number == 0 ? 0 : st_name_text(a->txn, (uint8_t)names, number, text);
	row_text(a, text);
	return rc;
}

int row_number(struct asking *a, const struct st_record *r)
{
	char number[ST_NUMBER_TEXT] = "";
	int rc = st_record_number(a->txn, r, number);
	row_code(a, number);
	return rc;
}

int row_give(struct asking *a)
{
	ST_REQUIRE(a->cells == a->q->question->column_count);
	size_t count = a->cells;
	a->cells = 0;
	if (a->rows == ST_ANSWER_ROWS_MAX)
		return ST_ETOOBIG;
	a->rows++;
	return a->fn(a->row, count, a->arg);
}

/* ---- stations ---- */

bool is_covered(const struct asking *a, uint32_t number)
{
	return number < a->places.count && a->covers[number];
}

bool is_here(const struct asking *a, uint32_t number)
{
	return is_covered(a, number) && !place_of(&a->places, number)->revoked;
}

uint32_t branch_of(const struct asking *a, uint32_t number)
{
	return place_of(&a->places, number)->branch;
}

bool is_above(const struct asking *a, uint32_t upper, uint32_t lower)
{
	uint32_t at = lower;
	for (unsigned d = 0; d < ST_DEPTH_MAX && at != 0; d++) {
		at = place_of(&a->places, at)->parent;
		if (at == upper)
			return at != 0;
	}
	return false;
}

int looked_at(struct asking *a)
{
	st_assert(a->looked <= ST_ANSWER_LOOKED_MAX);
	if (a->looked == ST_ANSWER_LOOKED_MAX) {
		(void)snprintf(
			a->place, ST_PLACE_MAX, "%s",
			either_of(a, "记录太多: 请用较短的时段或 --station",
				  "too many records: ask for a shorter period, or with --station"));
		return ST_ETOOBIG;
	}
	a->looked++;
	return 0;
}

bool in_period(const struct asking *a, uint32_t day)
{
	return day != 0 && day >= a->from && (a->to == 0 || day <= a->to);
}

bool month_in_period(const struct asking *a, uint32_t month)
{
	return month >= a->from_month && (a->to_month == 0 || month <= a->to_month);
}
