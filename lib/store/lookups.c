/* lookups.c - what a transaction has looked up of stations and names, kept within it.
 *
 * Owns:    a few places for each, the newest taking the place of the one before.
 * Promise: 4: what is kept is what the tables say: a number never changes its code or name but where a table
 *          is emptied, and then all is forgotten.
 * Flow:    stations, names -> lookups */
#include "lookups.h"
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

_Static_assert((LOOKUPS & (LOOKUPS - 1)) == 0, "a place is a remainder");
_Static_assert(LOOKUP_TEXT_MAX <= UINT8_MAX, "a size has one byte");

static size_t place_of(struct st_span text)
{
	uint32_t h = (uint32_t)text.size;
	for (size_t i = 0; i < text.size; i++)
		h = h * 31 + text.data[i];
	return (h ^ h >> 8) % LOOKUPS;
}

static size_t place_of_code(const struct st_code *code)
{
	return place_of(st_code_span(code));
}

uint32_t lookup_station_number(const struct st_txn *t, const struct st_code *code)
{
	const struct lookup_station *s = &t->lookups.by_code[place_of_code(code)];
	return s->number != 0 && st_code_equal(&s->code, code) ? s->number : 0;
}

struct st_code lookup_station_code(const struct st_txn *t, uint32_t number)
{
	const struct lookup_station *s = &t->lookups.by_number[number % LOOKUPS];
	return s->number == number ? s->code : (struct st_code){ .text = { 0 } };
}

void lookup_keep_station(struct st_txn *t, uint32_t number, const struct st_code *code)
{
	if (number == 0 || st_code_empty(code))
		return; /* a damaged row's */
	const struct lookup_station s = { .number = number, .code = *code };
	t->lookups.by_code[place_of_code(code)] = s;
	t->lookups.by_number[number % LOOKUPS] = s;
}

uint16_t lookup_name(const struct st_txn *t, uint8_t dimension, struct st_span text)
{
	const struct lookup_name *n = &t->lookups.names[place_of(text)];
	bool same = n->number != 0 && n->dimension == dimension &&
		    st_span_equal(st_span(n->text, n->size), text);
	return same ? n->number : 0;
}

void lookup_keep_name(struct st_txn *t, uint8_t dimension, struct st_span text, uint16_t number)
{
	if (number == 0 || text.size > LOOKUP_TEXT_MAX)
		return;
	struct lookup_name *n = &t->lookups.names[place_of(text)];
	n->number = number;
	n->dimension = dimension;
	n->size = (uint8_t)text.size;
	memcpy(n->text, text.data, text.size);
}

void lookups_forget(struct st_txn *t)
{
	memset(&t->lookups, 0, sizeof(t->lookups));
}
