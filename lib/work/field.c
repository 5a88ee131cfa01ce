/* field.c - a field's value, as people write it and as an event holds it.
 *
 * Owns:    the check of every single value: type, length, normal form.
 * Promise: 8: bad input gets an error that its caller can pin to the field.
 * Flow:    people -> field -> command; event -> field -> people */
#include <station/work/kind.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/text.h>

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

static int parse_text(const struct st_field_row *row, struct st_span value, struct st_buf *to,
		      struct st_field *f)
{
	size_t from = to->size;
	const uint8_t *data = to->data;
	if (value.size > 4 * row->max)
		return ST_ETOOBIG;
	int rc = st_text_nfc(value, to);
	if (rc < 0)
		return rc;
	ST_REQUIRE(to->data == data); /* fields before this one borrow from it */
	f->text = st_span(to->data + from, to->size - from);
	return st_text_check(f->text, (size_t)row->max, row->type == ST_FIELD_LONG);
}

static int parse_number(const struct st_field_row *row, struct st_span value, struct st_field *f)
{
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
	return v <= row->max ? 0 : ST_ETOOBIG;
}

int st_field_parse(const struct st_field_row *row, struct st_span value, struct st_buf *to,
		   struct st_field *ret_field)
{
	struct st_field f = { .id = row->id };
	const struct st_choice *choice;
	uint32_t first = 0, last = 0;
	struct st_code code;
	int rc = value.size == 0 ? ST_EFIELD : 0;
	switch (row->type) {
	case ST_FIELD_IDENTITY:
		if (!identity_right(value))
			rc = ST_EFIELD;
		__attribute__((fallthrough));
	case ST_FIELD_TEXT:
	case ST_FIELD_LONG:
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
	case ST_FIELD_STATION:
		rc = st_code_parse(value, &code);
		if (rc == 0)
			rc = parse_text(row, value, to, &f);
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
	choice = row != NULL && row->type == ST_FIELD_CHOICE
			 ? st_choice_numbered(row->choices, field->number)
			 : NULL;
	if (choice != NULL)
		st_buf_put_text(to, choice->name);
	else
		st_buf_printf(to, "%llu", (unsigned long long)field->number);
}
