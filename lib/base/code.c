/* code.c - station codes and ULIDs: their form, and nothing of who has them.
 *
 * Owns:    what a code may look like.
 * Flow:    text -> code -> keys, events */
#include <station/base/code.h>
#include <string.h>
#include <station/base/check.h>

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
_Static_assert(sizeof(CROCKFORD) == 32 + 1, "five bits a digit");
_Static_assert(ST_ULID_TEXT * 5 >= ST_ULID_SIZE * 8, "the digits hold all bits");
_Static_assert(ST_CODE_MAX == 9 + sizeof("-01") - 1, "the longest code");

static bool digits(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return true;
}

/* GB/T 2260 (6) or GB/T 10114 (9) digits, and for a specialty station "-NN". */
int st_code_parse(struct st_span text, struct st_code *ret_code)
{
	size_t n = text.size;
	size_t main_size = n >= 3 && text.data[n - 3] == '-' ? n - 3 : n;
	if ((main_size != 6 && main_size != 9) || !digits(text.data, main_size))
		return ST_EFIELD;
	if (main_size != n && !digits(text.data + n - 2, 2))
		return ST_EFIELD;
	struct st_code code = { .text = { 0 } };
	st_assert(n <= ST_CODE_MAX);
	memcpy(code.text, text.data, n);
	*ret_code = code;
	return 0;
}

bool st_code_equal(const struct st_code *a, const struct st_code *b)
{
	return memcmp(a->text, b->text, sizeof(a->text)) == 0;
}

bool st_code_empty(const struct st_code *c)
{
	return c->text[0] == 0;
}

bool st_code_within(const struct st_code *c, const struct st_code *in)
{
	size_t n = strlen(in->text);
	if (n == 6) /* a province's ends with 0000, a city's with 00 */
		while (n > 2 && in->text[n - 2] == '0' && in->text[n - 1] == '0')
			n -= 2;
	return strncmp(c->text, in->text, n) == 0;
}

struct st_span st_code_span(const struct st_code *c)
{
	return st_span(c->text, strnlen(c->text, ST_CODE_MAX));
}

struct st_ulid st_ulid_make(uint64_t unix_ms, const uint8_t random[10])
{
	struct st_ulid u;
	st_assert(unix_ms >> 48 == 0);
	for (unsigned i = 0; i < 6; i++)
		u.bytes[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
	memcpy(u.bytes + 6, random, 10);
	return u;
}

/* 128 bits as 26 digits of 5 bits, the first one of 3. */
void st_ulid_text(const struct st_ulid *u, char ret_text[ST_ULID_TEXT + 1])
{
	for (unsigned i = 0; i < ST_ULID_TEXT; i++) {
		unsigned value = 0;
		for (unsigned bit = 0; bit < 5; bit++) {
			int at = (int)(i * 5 + bit) - 2;
			unsigned one = at < 0 ? 0 : (unsigned)u->bytes[at / 8] >> (7 - at % 8) & 1u;
			value = value << 1 | one;
		}
		ret_text[i] = CROCKFORD[value];
	}
	ret_text[ST_ULID_TEXT] = 0;
}

int st_ulid_parse(struct st_span text, struct st_ulid *ret_ulid)
{
	struct st_ulid u = { .bytes = { 0 } };
	if (text.size != ST_ULID_TEXT)
		return ST_EFIELD;
	for (unsigned i = 0; i < ST_ULID_TEXT; i++) {
		int c = text.data[i] >= 'a' && text.data[i] <= 'z' ? text.data[i] - 32 : text.data[i];
		const char *p = c == 0 ? NULL : strchr(CROCKFORD, c);
		if (p == NULL || (i == 0 && p - CROCKFORD > 7))
			return ST_EFIELD;
		unsigned value = (unsigned)(p - CROCKFORD);
		for (unsigned bit = 0; bit < 5; bit++) {
			int at = (int)(i * 5 + bit) - 2;
			if (at >= 0 && (value >> (4 - bit) & 1u) != 0)
				u.bytes[at / 8] |= (uint8_t)(1u << (7 - at % 8));
		}
	}
	*ret_ulid = u;
	return 0;
}
