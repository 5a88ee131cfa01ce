/* blind.c - the one form of a telephone or identity number, and its blind index.
 *
 * Owns:    what counts as the same number.
 * Promise: 7, personal data stays: what is stored says nothing without this station's grant key.
 * Flow:    private fields -> blind -> command, ask */
#include <station/work/blind.h>
#include <string.h>
#include <station/base/check.h>

enum { VALUE_MAX = 40, PHONE_LEAST = 7, MOBILE = 11 };

/* The digit at *at, of half or full width, or -1 for another byte. */
static int digit(struct st_span s, size_t *at)
{
	const uint8_t *p = s.data + *at;
	size_t left = s.size - *at;
	if (left >= 3 && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) {
		*at += 3;
		return p[2] - 0x90;
	}
	(*at)++;
	return p[0] >= '0' && p[0] <= '9' ? p[0] - '0' : -1;
}

/* Digits alone, and an identity number's X; the country's own prefix is left out. */
static size_t one_form(uint8_t what, struct st_span value, uint8_t to[VALUE_MAX])
{
	size_t n = 0, cut = 0;
	for (size_t at = 0; at < value.size && n < VALUE_MAX;) {
		uint8_t byte = value.data[at];
		int d = digit(value, &at);
		if (d >= 0)
			to[n++] = (uint8_t)('0' + d);
		else if (what == ST_BLIND_IDENTITY && (byte == 'x' || byte == 'X'))
			to[n++] = 'X';
	}
	if (what == ST_BLIND_PHONE && n == MOBILE + 4 && memcmp(to, "0086", 4) == 0)
		cut = 4;
	else if (what == ST_BLIND_PHONE && n == MOBILE + 2 && memcmp(to, "86", 2) == 0)
		cut = 2;
	memmove(to, to + cut, n - cut);
	st_assert(n <= VALUE_MAX);
	return n - cut;
}

bool st_blind_of(const struct st_box_key *grant, uint8_t what, struct st_span value,
		 uint8_t ret_entry[ST_BLIND_ENTRY])
{
	uint8_t form[VALUE_MAX];
	ST_REQUIRE(what == ST_BLIND_PHONE || what == ST_BLIND_IDENTITY);
	size_t n = one_form(what, value, form);
	if (n < PHONE_LEAST)
		return false;
	ret_entry[0] = what;
	st_blind(grant, what, st_span(form, n), ret_entry + 1);
	st_wipe(form, sizeof(form));
	return true;
}

int st_blinds_put(const struct st_box_key *grant, const struct st_kind *kind,
		  const struct st_field *fields, size_t count, struct st_buf *to)
{
	ST_REQUIRE(kind != NULL);
	size_t put = 0;
	for (size_t i = 0; i < count && put < ST_BLINDS_MAX; i++) {
		const struct st_field_row *row = st_kind_field(kind, fields[i].id);
		uint8_t entry[ST_BLIND_ENTRY];
		if (row == NULL || (row->flags & ST_FIND) == 0 || fields[i].is_number)
			continue;
		st_assert(row->place == ST_AS_PRIVATE);
		uint8_t what = row->type == ST_FIELD_IDENTITY ? ST_BLIND_IDENTITY : ST_BLIND_PHONE;
		if (!st_blind_of(grant, what, fields[i].text, entry))
			continue;
		st_buf_put(to, entry, sizeof(entry));
		put++;
	}
	return to->error;
}

bool st_blinds_meet(struct st_span a, struct st_span b)
{
	for (size_t i = 0; i + ST_BLIND_ENTRY <= a.size && i < ST_BLINDS_MAX * ST_BLIND_ENTRY;
	     i += ST_BLIND_ENTRY)
		for (size_t k = 0;
		     k + ST_BLIND_ENTRY <= b.size && k < ST_BLINDS_MAX * ST_BLIND_ENTRY;
		     k += ST_BLIND_ENTRY)
			if (memcmp(a.data + i, b.data + k, ST_BLIND_ENTRY) == 0)
				return true;
	return false;
}
