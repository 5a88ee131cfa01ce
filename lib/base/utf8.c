/* utf8.c - how much of a stream is UTF-8, by the table of RFC 3629.
 *
 * Owns:    when a file is said to be in another encoding: GBK's Chinese is bad bytes for the most part.
 * Flow:    file -> utf8 -> import, city tables */
#include <station/base/utf8.h>
#include <station/base/check.h>

enum { FEW = 3 }; /* a damaged byte or two are the fault of a value, and told with it */

static void begin(struct st_utf8_sum *s, uint8_t c)
{
	s->low = 0x80;
	s->high = 0xbf;
	s->left = c >= 0xc2 && c <= 0xdf ? 1 : c >= 0xe0 && c <= 0xef ? 2 : c >= 0xf0 && c <= 0xf4 ? 3 : 0;
	if (c == 0xe0)
		s->low = 0xa0;
	else if (c == 0xed)
		s->high = 0x9f; /* no surrogates */
	else if (c == 0xf0)
		s->low = 0x90;
	else if (c == 0xf4)
		s->high = 0x8f;
}

static void spoil(struct st_utf8_sum *s)
{
	s->bad++;
	if (s->bad_line == 0)
		s->bad_line = s->lines + 1;
}

static void add_byte(struct st_utf8_sum *s, uint8_t c)
{
	if (s->left > 0 && c >= s->low && c <= s->high) {
		s->low = 0x80;
		s->high = 0xbf;
		s->left--;
		s->good += s->left == 0;
		return;
	}
	if (s->left > 0)
		spoil(s); /* it was cut short; this byte begins anew */
	begin(s, c);
	if (c >= 0x80 && s->left == 0)
		spoil(s);
	s->lines += c == '\n';
}

void st_utf8_add(struct st_utf8_sum *s, struct st_span bytes)
{
	ST_REQUIRE(bytes.size == 0 || bytes.data != NULL);
	for (size_t i = 0; i < bytes.size; i++) {
		if (s->size < sizeof(s->head))
			s->head[s->size] = bytes.data[i];
		s->size++;
		add_byte(s, bytes.data[i]);
	}
	st_assert(s->left <= 3);
}

bool st_utf8_is(const struct st_utf8_sum *s)
{
	return s->bad <= s->good + FEW && !st_utf8_is_wide(s);
}

bool st_utf8_is_wide(const struct st_utf8_sum *s)
{
	bool little = s->head[0] == 0xff && s->head[1] == 0xfe, big = s->head[0] == 0xfe && s->head[1] == 0xff;
	return s->size >= sizeof(s->head) && (little || big);
}
