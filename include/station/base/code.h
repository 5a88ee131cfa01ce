/* code.h - station codes and record ids.
 * A code is an administrative division code: 6 digits for a city or county (GB/T 2260-2007), 9 for a
 * township or street (GB/T 10114-2003), and either with a two-digit suffix for a specialty station
 * ("410611003-01"). A record id is its opener's code and a ULID, so nobody can open a record in
 * another station's name. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <station/base/bytes.h>

enum { ST_CODE_MAX = 12, ST_ULID_SIZE = 16, ST_ULID_TEXT = 26 };

struct st_code {
	char text[ST_CODE_MAX + 1]; /* NUL-terminated, zero-padded; empty: none */
};

struct st_ulid {
	uint8_t bytes[ST_ULID_SIZE]; /* 48 bits of milliseconds, 80 random bits */
};

struct st_record_id {
	struct st_code opener;
	struct st_ulid ulid;
};

/* ST_EFIELD: not a code's form. */
ST_MUST int st_code_parse(struct st_span text, struct st_code *ret_code);
bool st_code_equal(const struct st_code *a, const struct st_code *b);
bool st_code_empty(const struct st_code *c);
/* Whether a division's code lies in another's, as GB/T 2260 nests them: a county's in its city's by the first
 * four digits, a township's in its county's by six. Local codes, as of development zones, may not. */
bool st_code_within(const struct st_code *c, const struct st_code *in);
struct st_span st_code_span(const struct st_code *c);

/* random: 10 bytes. Within one station ULIDs of one millisecond differ by the random bits. */
struct st_ulid st_ulid_make(uint64_t unix_ms, const uint8_t random[10]);
void st_ulid_text(const struct st_ulid *u, char ret_text[ST_ULID_TEXT + 1]); /* Crockford base32 */
ST_MUST int st_ulid_parse(struct st_span text, struct st_ulid *ret_ulid);
