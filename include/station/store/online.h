/* online.h - the matters that came in online, by query code and by the platform's own id, and what
 * the platform is still to be told of them.
 *
 *   online  1 | key of a code, 16 bytes              -> opener u32 | ulid
 *           2 | opener u32 | ulid                    -> struct st_online (below)
 *           3 | key of (source, request id), 16      -> opener u32 | ulid
 *   hooks   opener u32 | ulid | n u32                -> state u32 | time u64 | id 16
 *   given   opener u32 | ulid                        -> how many hooks it has had, u32
 *
 * Both keys are made under the secret in meta (work/online.h), so how long a search takes tells
 * nothing of a code that is near. The rows of `online` follow from the events and the secret; hooks
 * are what this station still owes, and are dropped when they are taken; given is never less than
 * the n of any of them, taken or not, so no n is used twice. */
#pragma once
#include <station/store/records.h>

enum {
	ST_ONLINE_KEY = 16, ST_HOOK_ID = 16, ST_QUERY_CODE = 14,
	ST_ONLINE_TEXT_MAX = 120, /* bytes of a source's name and of a request id */
};

struct st_online {
	struct st_record_ref ref;
	char code[ST_QUERY_CODE + 1];  /* without the dashes */
	uint32_t state;                /* of its record */
	uint32_t joined;               /* merged: and the one that is handled; 0: it has no result */
	uint32_t hooks;                /* given so far; read from given, and not written by st_online_put */
	int64_t received_ms;
	char source[ST_ONLINE_TEXT_MAX + 1], request[ST_ONLINE_TEXT_MAX + 1];
};
ST_MUST int st_online_put(struct st_txn *t, const struct st_online *o);
ST_MUST int st_online_get(struct st_txn *t, const struct st_record_ref *ref,
			  struct st_online *ret_o);
typedef int st_online_fn(const struct st_online *o, void *arg);
/* Those after `after` (NULL: all) in order of opening. Non-zero from fn stops and is returned. */
ST_MUST int st_online_each(struct st_txn *t, const struct st_record_ref *after, st_online_fn *fn,
			   void *arg);

enum st_online_by { ST_ONLINE_BY_CODE = 1, ST_ONLINE_BY_REQUEST = 3 };
ST_MUST int st_online_find(struct st_txn *t, enum st_online_by by, const uint8_t key[ST_ONLINE_KEY],
			   struct st_record_ref *ret_ref);
ST_MUST int st_online_name(struct st_txn *t, enum st_online_by by, const uint8_t key[ST_ONLINE_KEY],
			   const struct st_record_ref *ref);
ST_MUST int st_online_count(struct st_txn *t, uint64_t *ret_count);

struct st_hook {
	struct st_record_ref ref;
	uint32_t n, state;
	int64_t at_ms;
	uint8_t id[ST_HOOK_ID]; /* the same however often it is sent */
};
ST_MUST int st_given_put(struct st_txn *t, const struct st_record_ref *ref, uint32_t hooks);
ST_MUST int st_hook_put(struct st_txn *t, const struct st_hook *h);
/* A record's oldest one, of the first record behind `after` that has any (NULL: of all).
 * ST_ENOTFOUND. */
ST_MUST int st_hook_next(struct st_txn *t, const struct st_record_ref *after,
			 struct st_hook *ret_h);
/* ST_ENOTFOUND. */
ST_MUST int st_hook_del(struct st_txn *t, const struct st_record_ref *ref, uint32_t n);
ST_MUST int st_hook_count(struct st_txn *t, uint64_t *ret_count);
