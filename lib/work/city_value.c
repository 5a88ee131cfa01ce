/* city_value.c - one value of a city table: checked by its column's type, and put in its one form.
 *
 * Owns:    what each type of column takes, and how it is written.
 * Promise: 8: a value that is wrong has a reason in words, and takes no effect.
 * Flow:    city_read -> value -> rows */
#include "city_read.h"
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/text.h>

static int put_number(struct city_value *v, struct st_span in, uint64_t min, uint64_t max)
{
	uint64_t n = 0;
	if (in.size == 0 || in.size > 12)
		return ST_CITY_BAD_NUMBER;
	for (size_t i = 0; i < in.size; i++) {
		if (in.data[i] < '0' || in.data[i] > '9')
			return ST_CITY_BAD_NUMBER;
		n = n * 10 + (uint64_t)(in.data[i] - '0');
	}
	if (n < min || n > max)
		return ST_CITY_BAD_NUMBER;
	st_buf_printf(&v->text, "%llu", (unsigned long long)n);
	return -1;
}

static int put_day(struct city_value *v, struct st_span in)
{
	uint32_t first = 0, last = 0;
	char text[ST_DAY_TEXT];
	if (in.size != 10 || st_period_parse(in, &first, &last) < 0)
		return ST_CITY_BAD_DAY;
	st_day_text(first, text);
	st_buf_put_text(&v->text, text);
	return -1;
}

static int put_code(struct city_value *v, struct st_span in)
{
	struct st_code code;
	if (st_code_parse(in, &code) < 0)
		return ST_CITY_BAD_CODE;
	st_buf_put_span(&v->text, st_code_span(&code));
	return -1;
}

/* A value that the kind's field takes, by its name. */
static int put_field(struct city_value *v, const char *path, struct st_span in)
{
	const struct st_field_row *f = st_city_field(path);
	struct st_field value;
	struct st_buf room;
	if (in.size > ST_CITY_CELL_MAX)
		return ST_CITY_BAD_LENGTH;
	st_buf_init(&room, 64 * ST_CITY_CELL_MAX);
	st_buf_reserve(&room, st_field_room(in));
	int rc = room.error < 0 ? room.error : st_field_parse(f, in, &room, &value);
	if (rc == 0)
		st_field_text(f, &value, &v->text);
	if (rc == ST_ENOMEM)
		v->rc = rc;
	st_buf_done(&room);
	return rc < 0 ? ST_CITY_BAD_CHOICE : -1;
}

/* Values with blanks between, each of them checked; in their form with one blank between. */
static int put_fields(struct city_value *v, const char *path, struct st_span in)
{
	if (in.size > ST_CITY_CELL_MAX)
		return ST_CITY_BAD_LENGTH;
	for (struct st_span word = st_city_word(&in); word.size > 0; word = st_city_word(&in)) {
		if (v->text.size > 0)
			st_buf_u8(&v->text, ' ');
		int reason = put_field(v, path, word);
		if (reason >= 0)
			return reason;
	}
	return -1;
}

static int put_text(struct city_value *v, struct st_span in, uint64_t max)
{
	st_assert(max <= ST_CITY_CELL_MAX);
	if (in.size > ST_CITY_CELL_MAX)
		return ST_CITY_BAD_LENGTH;
	if (st_text_check(in, ST_CITY_CELL_MAX, false) < 0 || st_text_nfc(in, &v->text) < 0)
		return ST_CITY_BAD_TEXT;
	return v->text.size > max ? ST_CITY_BAD_LENGTH : -1;
}

static int put_setting(struct city_value *v, struct st_span in)
{
	const struct st_setting *s = st_setting_named(v->setting);
	uint32_t of, whole;
	if (s == NULL)
		return -1; /* its name has been complained of */
	switch (s->type) {
	case ST_SETTING_COUNT:  return put_number(v, in, s->min, s->max);
	case ST_SETTING_FIELDS: return put_fields(v, s->field, in);
	case ST_SETTING_TEXT:   return put_text(v, in, s->max);
	case ST_SETTING_SHARE:
		if (st_share_parse(in, &of, &whole) < 0)
			return ST_CITY_BAD_SHARE;
		st_buf_printf(&v->text, "%u/%u", of, whole);
		return -1;
	}
	return ST_NEVER(true) ? ST_CITY_BAD_SETTING : -1;
}

static int put_name(struct city_value *v, struct st_span in)
{
	const struct st_setting *s = st_setting_named(in);
	if (s == NULL)
		return ST_CITY_BAD_SETTING;
	v->setting = st_span_text(s->name);
	st_buf_put_text(&v->text, s->name);
	return -1;
}

static int put_kind(struct city_value *v, struct st_span in)
{
	for (size_t i = 0; i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		bool named = st_span_equal(in, st_span_text(k->name)) || st_span_equal(in, st_span_text(k->zh));
		if (!named || k->due_move == 0)
			continue;
		st_buf_put_text(&v->text, k->name);
		return -1;
	}
	return ST_CITY_BAD_KIND;
}

int city_value_put(struct city_value *v, const struct st_city_column *c, struct st_span in)
{
	if (in.size == 0)
		return (c->flags & ST_CITY_NEEDED) != 0 ? ST_CITY_BAD_NEEDED : -1;
	if ((c->flags & ST_CITY_ANY) != 0 && in.size == 1 && in.data[0] == '*') {
		st_buf_put_text(&v->text, "*");
		return -1;
	}
	switch (c->type) {
	case ST_CITY_TEXT:  return put_text(v, in, c->max);
	case ST_CITY_COUNT: return put_number(v, in, c->min, c->max);
	case ST_CITY_DAY:   return put_day(v, in);
	case ST_CITY_CODE:  return put_code(v, in);
	case ST_CITY_KIND:  return put_kind(v, in);
	case ST_CITY_NAME:  return put_name(v, in);
	case ST_CITY_VALUE: return put_setting(v, in);
	case ST_CITY_FIELD:
		return (c->flags & ST_CITY_LIST) != 0 ? put_fields(v, c->field, in) : put_field(v, c->field, in);
	case ST_CITY_CHOICE: {
		const struct st_choice *choice = st_choice_named(c->choices, in);
		if (choice == NULL)
			return ST_CITY_BAD_CHOICE;
		st_buf_put_text(&v->text, choice->name);
		return -1;
	}
	}
	return ST_NEVER(true) ? ST_CITY_BAD_TEXT : -1;
}
