/* field.c - a field's value, as people write it and as an event holds it.
 *
 * Owns:    the check of every single value: type, length, normal form.
 * Promise: 8: bad input gets an error that its caller can pin to the field.
 * Flow:    people -> field -> command; event -> field -> people */
#include <station/work/record.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/text.h>

_Static_assert((int)ST_RECORD_NAME_MAX >= (int)ST_NUMBER_TEXT, "and so is its number");
_Static_assert(ST_RECORD_NAME_MAX >= ST_CODE_MAX + 1 + ST_ULID_TEXT, "a record's id is a name");

/* GB 11643-1999: the last of 18 characters is the weighted sum of the others, mod 11. */
static bool identity_right(struct st_span s)
{
	static const int weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	int sum = 0;
	if (s.size != 18)
		return false;
	for (size_t i = 0; i < 17; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		sum += weights[i] * (s.data[i] - '0');
	}
	char last = (char)(s.data[17] == 'x' ? 'X' : s.data[17]);
	return "10X98765432"[sum % 11] == last;
}

/* A code point's normal form takes at most three times its bytes in UTF-8 (Unicode annex 15). */
size_t st_field_room(struct st_span value)
{
	return 3 * value.size + 16;
}

/* The most bytes that a text of its type has. */
static size_t text_max(const struct st_field_row *row)
{
	return row->type == ST_FIELD_RECORD ? ST_RECORD_NAME_MAX : (size_t)row->max;
}

static int parse_text(const struct st_field_row *row, struct st_span value, struct st_buf *to,
		      struct st_field *f)
{
	size_t from = to->size;
	const uint8_t *data = to->data;
	if (value.size > 4 * text_max(row))
		return ST_ETOOBIG;
	if (st_text_blank(value))
		return ST_EFIELD; /* it would answer what a move needs, and say nothing */
	int rc = st_text_nfc(value, to);
	if (rc < 0)
		return rc;
	ST_REQUIRE(to->data == data); /* fields before this one borrow from it */
	f->text = st_span(to->data + from, to->size - from);
	return st_text_check(f->text, text_max(row), row->type == ST_FIELD_LONG);
}

static int parse_number(const struct st_field_row *row, struct st_span value, struct st_field *f)
{
	st_assert(row->min <= row->max);
	uint64_t v = 0;
	if (value.size == 0 || value.size > 12)
		return ST_EFIELD;
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return ST_EFIELD;
		v = v * 10 + (uint64_t)(value.data[i] - '0');
	}
	f->is_number = true;
	f->number = v;
	return v < row->min ? ST_EFIELD : v <= row->max ? 0 : ST_ETOOBIG;
}

static bool two_digits(const uint8_t *p, uint32_t below, uint32_t *to)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*to = (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
	return *to < below;
}

/* "9:30" or "15:00". */
static int parse_time(struct st_span value, struct st_field *f)
{
	uint8_t text[5] = { '0' };
	uint32_t hour = 0, minute = 0;
	if (value.size != 4 && value.size != 5)
		return ST_EFIELD;
	memcpy(text + 5 - value.size, value.data, value.size);
	if (text[2] != ':' || !two_digits(text, 24, &hour) || !two_digits(text + 3, 60, &minute))
		return ST_EFIELD;
	f->is_number = true;
	f->number = hour * 60 + minute;
	st_assert(f->number < 24 * 60);
	return 0;
}

static bool is_hash(struct st_span value)
{
	for (size_t i = 0; i < value.size; i++)
		if (!(value.data[i] >= '0' && value.data[i] <= '9') &&
		    !(value.data[i] >= 'a' && value.data[i] <= 'f'))
			return false;
	return value.size == 64;
}

/* Whether a value that is kept as text has its type's form. */
static int check_form(const struct st_field_row *row, struct st_span value)
{
	struct st_code code;
	switch (row->type) {
	case ST_FIELD_IDENTITY: return identity_right(value) ? 0 : ST_EFIELD;
	case ST_FIELD_STATION:  return st_code_parse(value, &code);
	case ST_FIELD_HASH:     return is_hash(value) ? 0 : ST_EFIELD;
	case ST_FIELD_RECORD:   return st_record_name_check(value);
	default:                return 0;
	}
}

int st_field_parse(const struct st_field_row *row, struct st_span value, struct st_buf *to,
		   struct st_field *ret_field)
{
	ST_REQUIRE(row->id != 0);
	ST_REQUIRE(row->choices != NULL || row->type != ST_FIELD_CHOICE);
	struct st_field f = { .id = row->id };
	const struct st_choice *choice;
	uint32_t first = 0, last = 0;
	int rc = value.size == 0 ? ST_EFIELD : 0;
	switch (row->type) {
	case ST_FIELD_IDENTITY:
	case ST_FIELD_STATION:
	case ST_FIELD_HASH:
	case ST_FIELD_RECORD:
	case ST_FIELD_TEXT:
	case ST_FIELD_LONG:
		if (rc == 0)
			rc = check_form(row, value);
		if (rc == 0)
			rc = parse_text(row, value, to, &f);
		break;
	case ST_FIELD_NUMBER:
		rc = parse_number(row, value, &f);
		break;
	case ST_FIELD_DAY:
		rc = st_period_parse(value, &first, &last);
		if (rc == 0 && first != last)
			rc = ST_EFIELD;
		f.is_number = true;
		f.number = first;
		break;
	case ST_FIELD_TIME:
		rc = parse_time(value, &f);
		break;
	case ST_FIELD_CHOICE:
		choice = st_choice_named(row->choices, value);
		if (choice == NULL)
			return ST_EFIELD;
		f.is_number = true;
		f.number = choice->number;
		break;
	}
	if (rc == 0)
		*ret_field = f;
	return rc;
}

void st_field_text(const struct st_field_row *row, const struct st_field *field, struct st_buf *to)
{
	char day[ST_DAY_TEXT];
	const struct st_choice *choice;
	if (!field->is_number) {
		st_buf_put_span(to, field->text);
		return;
	}
	if (row != NULL && row->type == ST_FIELD_DAY) {
		st_day_text(field->number > UINT32_MAX ? 0 : (uint32_t)field->number, day);
		st_buf_put_text(to, day);
		return;
	}
	if (row != NULL && row->type == ST_FIELD_TIME) {
		st_buf_printf(to, "%02u:%02u", (unsigned)(field->number / 60 % 24),
			      (unsigned)(field->number % 60));
		return;
	}
	choice = row != NULL && row->type == ST_FIELD_CHOICE
			 ? st_choice_numbered(row->choices, field->number)
			 : NULL;
	if (choice != NULL)
		st_buf_put_text(to, choice->name);
	else
		st_buf_printf(to, "%llu", (unsigned long long)field->number);
}
