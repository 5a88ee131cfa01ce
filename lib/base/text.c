/* text.c - base64, hex, and what text may be stored.
 *
 * Owns:    one text for each value: decoders refuse what encoders wouldn't have written.
 * Promise: 8: no control character and no broken UTF-8 gets from a person into an event.
 * Flow:    people, notes -> text -> bytes */
#include <station/base/text.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include <station/base/check.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
_Static_assert(sizeof(STANDARD) == 64 + 1, "six bits a digit");
_Static_assert(sizeof(URL) == sizeof(STANDARD), "six bits a digit here, too");

static void put(struct st_buf *b, struct st_span s, const char *alphabet, bool pad)
{
	for (size_t i = 0; i < s.size; i += 3) {
		size_t n = s.size - i < 3 ? s.size - i : 3;
		uint32_t v = (uint32_t)s.data[i] << 16;
		if (n > 1)
			v |= (uint32_t)s.data[i + 1] << 8;
		if (n > 2)
			v |= s.data[i + 2];
		for (size_t k = 0; k < 4; k++) {
			if (k <= n)
				st_buf_u8(b, (uint8_t)alphabet[v >> (18 - 6 * k) & 63]);
			else if (pad)
				st_buf_u8(b, '=');
		}
	}
}

void st_base64_put(struct st_buf *b, struct st_span s)
{
	put(b, s, STANDARD, true);
}

void st_base64url_put(struct st_buf *b, struct st_span s)
{
	put(b, s, URL, false);
}

static int value_of(uint8_t c, const char *alphabet)
{
	const char *p = c == 0 ? NULL : strchr(alphabet, c);
	return p == NULL ? -1 : (int)(p - alphabet);
}

/* Unpadded digits; the last group's unused bits must be zero. */
static int get(struct st_span text, const char *alphabet, uint8_t *to, size_t room, size_t *ret_size)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	if (text.size % 4 == 1)
		return ST_EFIELD;
	for (size_t i = 0; i < text.size; i++) {
		int v = value_of(text.data[i], alphabet);
		if (v < 0)
			return ST_EFIELD;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n == room)
			return ST_ETOOBIG;
		to[n++] = (uint8_t)(bits >> have);
	}
	st_assert(have < 8);
	if ((bits & ((1u << have) - 1)) != 0)
		return ST_EFIELD;
	st_assert(n <= room);
	*ret_size = n;
	return 0;
}

int st_base64_get(struct st_span text, uint8_t *to, size_t room, size_t *ret_size)
{
	if (text.size % 4 != 0)
		return ST_EFIELD;
	size_t pad = 0;
	while (pad < 2 && pad < text.size && text.data[text.size - 1 - pad] == '=')
		pad++;
	return get(st_span(text.data, text.size - pad), STANDARD, to, room, ret_size);
}

int st_base64url_get(struct st_span text, uint8_t *to, size_t room, size_t *ret_size)
{
	return get(text, URL, to, room, ret_size);
}

void st_hex_put(struct st_buf *b, struct st_span s)
{
	for (size_t i = 0; i < s.size; i++) {
		st_buf_u8(b, (uint8_t)"0123456789abcdef"[s.data[i] >> 4]);
		st_buf_u8(b, (uint8_t)"0123456789abcdef"[s.data[i] & 15]);
	}
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int st_hex_get(struct st_span text, uint8_t *to, size_t room, size_t *ret_size)
{
	if (text.size % 2 != 0)
		return ST_EFIELD;
	if (text.size / 2 > room)
		return ST_ETOOBIG;
	for (size_t i = 0; i < text.size / 2; i++) {
		int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return ST_EFIELD;
		to[i] = (uint8_t)(high << 4 | low);
	}
	*ret_size = text.size / 2;
	return 0;
}

int st_text_check(struct st_span s, size_t max, bool multiline)
{
	if (s.size > max)
		return ST_ETOOBIG;
	for (size_t at = 0; at < s.size;) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t n = utf8proc_iterate(s.data + at,
						      (utf8proc_ssize_t)(s.size - at), &c);
		if (n <= 0)
			return ST_EFIELD;
		bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
		if (control && !(multiline && (c == '\n' || c == '\t')))
			return ST_EFIELD;
		st_assert((size_t)n <= s.size - at);
		at += (size_t)n;
	}
	return 0;
}

bool st_text_blank(struct st_span s)
{
	for (size_t at = 0; at < s.size;) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t n = utf8proc_iterate(s.data + at, (utf8proc_ssize_t)(s.size - at), &c);
		if (n <= 0)
			return false; /* no text, and whoever reads it will say so */
		if (c != ' ' && c != '\n' && c != '\t' && utf8proc_category(c) != UTF8PROC_CATEGORY_ZS)
			return false;
		st_assert((size_t)n <= s.size - at);
		at += (size_t)n;
	}
	return true;
}

static bool follows(const uint8_t *p)
{
	return (p[0] & 0xc0) == 0x80;
}

/* ASCII, Chinese characters and their punctuation: they neither compose nor decompose (UAX 15), and most texts
 * are of nothing else. U+4000 to 9FFF, U+3001 to 3029 (what stands behind them combines), U+FF00 to FF7F. */
static bool is_plainly_normal(struct st_span s)
{
	size_t i = 0;
	while (i < s.size) {
		const uint8_t *p = s.data + i;
		bool three = s.size - i >= 3 && follows(p + 1) && follows(p + 2);
		if (p[0] < 0x80)
			i++;
		else if (three && ((p[0] >= 0xe4 && p[0] <= 0xe9) ||
				   (p[0] == 0xe3 && p[1] == 0x80 && p[2] >= 0x81 && p[2] <= 0xa9) ||
				   (p[0] == 0xef && (p[1] == 0xbc || p[1] == 0xbd))))
			i += 3;
		else
			return false;
	}
	return true;
}

int st_text_nfc(struct st_span s, struct st_buf *to)
{
	if (is_plainly_normal(s)) {
		st_buf_put_span(to, s);
		return to->error;
	}
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t n = utf8proc_map(s.data, (utf8proc_ssize_t)s.size, &out,
					  UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0)
		return n == UTF8PROC_ERROR_NOMEM ? ST_ENOMEM : ST_EFIELD;
	st_assert(out != NULL);
	st_buf_put(to, out, (size_t)n);
	free(out);
	return to->error;
}
