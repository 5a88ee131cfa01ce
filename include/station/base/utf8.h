/* utf8.h - is a file UTF-8 at all? Told from the whole of it, so that one damaged byte is a bad value
 * and another encoding a wrong file. Fed in pieces of any size; nothing to free. */
#pragma once
#include <station/base/bytes.h>

struct st_utf8_sum {
	uint64_t good, bad;      /* characters of several bytes; bytes that belong to none */
	uint64_t lines, bad_line; /* line ends so far; the line of the first bad byte, 0: none */
	uint64_t size;
	uint8_t left, low, high; /* of the character at hand: bytes to come, bounds of the next */
	uint8_t head[2];
};
void st_utf8_add(struct st_utf8_sum *s, struct st_span bytes); /* *s begins zeroed */
/* UTF-8, but for a few bytes at most. A character that is cut off by the end isn't looked at. */
bool st_utf8_is(const struct st_utf8_sum *s);
/* It begins with the byte order mark of UTF-16. */
bool st_utf8_is_wide(const struct st_utf8_sum *s);
