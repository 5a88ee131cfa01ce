/* online.h - the query code of a matter that came in online.
 * The code is all that a citizen needs to ask what became of it, so it can't be guessed and says
 * nothing of number, station or time: 60 bits of HMAC-SHA-256 over the record id, under a secret of
 * this store, in Crockford's base32, and two check characters that anybody can check:
 * "7K2M-93QX-C8TZ-4N". */
#pragma once
#include <station/store/online.h>
#include <station/trust/mac.h>

enum {
	ST_ONLINE_SECRET = 32,
	ST_QUERY_CODE_TEXT = ST_QUERY_CODE + 3 + 1, /* with dashes and its end */
	ST_QUERY_CODE_TRIES = 8, /* of 2^60 codes two are hardly ever the same; then the next */
};
struct st_online_secret {
	uint8_t bytes[ST_ONLINE_SECRET];
};
/* ST_ENOTFOUND: nothing has come in yet. */
ST_MUST int st_online_secret(struct st_txn *t, struct st_online_secret *ret_secret);

/* nth: 0, then 1 ... where another matter has that code already. */
void st_query_code(const struct st_online_secret *s, const struct st_record_id *id, unsigned nth,
		   char ret_code[ST_QUERY_CODE + 1]);
void st_query_code_text(const char code[ST_QUERY_CODE + 1], char ret_text[ST_QUERY_CODE_TEXT]);
/* As people type it: with or without dashes and spaces, in either case, O for 0, I and L for 1.
 * ST_EFIELD. */
ST_MUST int st_query_code_parse(struct st_span text, char ret_code[ST_QUERY_CODE + 1]);
/* Where the tables have a code, and a platform's own id of a message. */
void st_query_code_key(const struct st_online_secret *s, const char code[ST_QUERY_CODE + 1],
		       uint8_t ret_key[ST_ONLINE_KEY]);
void st_request_key(const struct st_online_secret *s, struct st_span source, struct st_span request,
		    uint8_t ret_key[ST_ONLINE_KEY]);
/* The record that a typed code is of. ST_ENOTFOUND for whatever isn't one: the same work for a
 * mistyped code as for one that was never given. */
ST_MUST int st_online_resolve(struct st_txn *t, struct st_span code, struct st_record_ref *ret_ref);
/* What the platform drops duplicates by: made from the event that changed the state. */
struct st_position;
void st_hook_id(const struct st_online_secret *s, const struct st_position *at, uint32_t state,
		uint8_t ret_id[ST_HOOK_ID]);
/* Whether the platform is told of it: of an answer and of each end, and that it is taken up again. */
bool st_state_is_told(uint32_t state);
/* Whether who was merged into a matter is told that it is in this state: its result. */
bool st_state_is_result(uint32_t state);
