/* online.c - query codes, and the keys under which they are found.
 *
 * Owns:    a code's text; what is derived from the secret, each kind under its own line.
 * Promise: 7: a code tells nothing of the record, and none can be made without the secret.
 * Flow:    record id, secret -> code -> citizen -> code -> record */
#include <station/work/online.h>
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include "kind_matter.h"

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
_Static_assert(sizeof(CROCKFORD) == 32 + 1, "five bits a character");
enum { BODY = ST_QUERY_CODE - 2, TYPED_MAX = 40 };
_Static_assert(BODY * 5 == 60, "so many bits are drawn");

int st_online_secret(struct st_txn *t, struct st_online_secret *ret_secret)
{
	struct st_online_secret s;
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_ONLINE_SECRET, s.bytes, sizeof(s.bytes), &size);
	if (rc == 0 && size != sizeof(s.bytes))
		rc = ST_ECORRUPT;
	if (rc == 0)
		*ret_secret = s;
	return rc;
}

static struct st_span secret_span(const struct st_online_secret *s)
{
	return st_span(s->bytes, sizeof(s->bytes));
}

static void check_characters(const char body[BODY], char to[2])
{
	const struct st_span pieces[] = { st_span_text("stationd/query-check/v1\n"),
					  st_span(body, BODY) };
	struct st_hash h = st_hash(pieces, 2);
	to[0] = CROCKFORD[h.bytes[0] & 31];
	to[1] = CROCKFORD[h.bytes[1] & 31];
}

void st_query_code(const struct st_online_secret *s, const struct st_record_id *id, unsigned nth,
		   char ret_code[ST_QUERY_CODE + 1])
{
	uint8_t times = (uint8_t)nth;
	const struct st_span pieces[] = {
		st_span_text("stationd/query-code/v1\n"),
		st_span(id->opener.text, sizeof(id->opener.text)),
		st_span(id->ulid.bytes, ST_ULID_SIZE),
		st_span(&times, 1),
	};
	ST_REQUIRE(nth < ST_QUERY_CODE_TRIES);
	st_assert(!st_code_empty(&id->opener));
	struct st_hash mac = st_mac(secret_span(s), pieces, sizeof(pieces) / sizeof(pieces[0]));
	uint64_t bits = st_get_u64(mac.bytes);
	for (size_t i = 0; i < BODY; i++, bits >>= 5)
		ret_code[i] = CROCKFORD[bits & 31];
	check_characters(ret_code, ret_code + BODY);
	ret_code[ST_QUERY_CODE] = 0;
}

void st_query_code_text(const char code[ST_QUERY_CODE + 1], char ret_text[ST_QUERY_CODE_TEXT])
{
	size_t to = 0;
	st_assert(strlen(code) == ST_QUERY_CODE);
	for (size_t i = 0; i < ST_QUERY_CODE; i++) {
		if (i > 0 && i % 4 == 0)
			ret_text[to++] = '-';
		ret_text[to++] = code[i];
	}
	st_assert(to == ST_QUERY_CODE_TEXT - 1);
	ret_text[to] = 0;
}

/* What people take for another character; 0: no character of a code. */
static char character(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	return c != 0 && strchr(CROCKFORD, c) != NULL ? (char)c : 0;
}

int st_query_code_parse(struct st_span text, char ret_code[ST_QUERY_CODE + 1])
{
	char code[ST_QUERY_CODE + 1], check[2];
	size_t n = 0;
	if (text.size > TYPED_MAX)
		return ST_EFIELD;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '-' || text.data[i] == ' ')
			continue;
		char c = character(text.data[i]);
		if (c == 0 || n == ST_QUERY_CODE)
			return ST_EFIELD;
		code[n++] = c;
	}
	if (n != ST_QUERY_CODE)
		return ST_EFIELD;
	check_characters(code, check);
	if (memcmp(check, code + BODY, sizeof(check)) != 0)
		return ST_EFIELD;
	code[n] = 0;
	memcpy(ret_code, code, sizeof(code));
	return 0;
}

void st_query_code_key(const struct st_online_secret *s, const char code[ST_QUERY_CODE + 1],
		       uint8_t ret_key[ST_ONLINE_KEY])
{
	const struct st_span pieces[] = { st_span_text("stationd/query-key/v1\n"),
					  st_span(code, ST_QUERY_CODE) };
	struct st_hash mac = st_mac(secret_span(s), pieces, 2);
	_Static_assert((int)ST_ONLINE_KEY <= (int)ST_HASH_SIZE, "a key is a part of the hash");
	memcpy(ret_key, mac.bytes, ST_ONLINE_KEY);
}

void st_request_key(const struct st_online_secret *s, struct st_span source, struct st_span request,
		    uint8_t ret_key[ST_ONLINE_KEY])
{
	uint8_t size = (uint8_t)source.size;
	const struct st_span pieces[] = { st_span_text("stationd/request-key/v1\n"),
					  st_span(&size, 1), source, request };
	ST_REQUIRE(source.size <= ST_ONLINE_TEXT_MAX);
	struct st_hash mac = st_mac(secret_span(s), pieces, 4);
	memcpy(ret_key, mac.bytes, ST_ONLINE_KEY);
}

int st_online_resolve(struct st_txn *t, struct st_span code, struct st_record_ref *ret_ref)
{
	struct st_online_secret s;
	struct st_record_ref ref;
	char typed[ST_QUERY_CODE + 1] = "00000000000000";
	uint8_t key[ST_ONLINE_KEY];
	int right = st_query_code_parse(code, typed);
	int rc = st_online_secret(t, &s);
	if (rc < 0)
		return rc; /* nothing has come in yet */
	st_query_code_key(&s, typed, key);
	rc = st_online_find(t, ST_ONLINE_BY_CODE, key, &ref);
	if (rc == 0 && right < 0)
		rc = ST_ENOTFOUND;
	if (rc == 0)
		*ret_ref = ref;
	return rc;
}

void st_hook_id(const struct st_online_secret *s, const struct st_position *at, uint32_t state,
		uint8_t ret_id[ST_HOOK_ID])
{
	uint8_t where[4 + 8 + 4];
	const struct st_span pieces[] = { st_span_text("stationd/hook/v1\n"),
					  st_span(at->station.text, sizeof(at->station.text)),
					  ST_SPAN(where) };
	st_assert(at->seq > 0);
	st_put_u32(where, at->epoch);
	st_put_u64(where + 4, at->seq);
	st_put_u32(where + 12, state);
	struct st_hash mac = st_mac(secret_span(s), pieces, 3);
	memcpy(ret_id, mac.bytes, ST_HOOK_ID);
}

bool st_state_is_told(uint32_t state)
{
	return state == MATTER_ANSWERED || state == MATTER_CLOSED || state == MATTER_REFUSED ||
	       state == MATTER_MERGED || state == MATTER_WITHDRAWN || state == MATTER_REOPENED;
}

bool st_state_is_result(uint32_t state)
{
	return state == MATTER_ANSWERED || state == MATTER_CLOSED || state == MATTER_REOPENED;
}
