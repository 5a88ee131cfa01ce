/* part.h - bytes beside an event, which binds only their salted hash, so they can be erased.
 * A part's stored form is salt (16 bytes, fresh for each part) || content. Its hash is
 * SHA-256("stationd/part/v1\n" || u32 type || u32 stored length || stored form).
 * A private part's content is XChaCha20-Poly1305 (IETF) under the record's own random key:
 * nonce (24) || ciphertext, with the record id as associated data. */
#pragma once
#include <station/base/code.h>
#include <station/trust/hash.h>
#include <station/trust/key.h>

enum { ST_SALT_SIZE = 16, ST_RECORD_KEY_SIZE = 32, ST_NONCE_SIZE = 24, ST_PART_MAX = 32 * 1024 };

enum st_part_type {
	ST_PART_TEXT = 1,    /* free text: clear, read by any tier, erasable */
	ST_PART_PRIVATE = 2, /* the reporter's fields, encrypted; stays with the holder */
	ST_PART_KEY = 3,     /* the record's key, sealed to one station's grant key */
	ST_PART_INDEX = 4,   /* blind index: stays with the station that made it */
};

/* Whether a part leaves the store that it was written in. Text does; what is sealed only beside a grant, in an
 * event that is addressed to whom the key is sealed. */
bool st_part_goes(uint32_t type, bool granted);

struct st_hash st_part_hash(uint32_t type, struct st_span stored);
void st_part_put(const uint8_t salt[ST_SALT_SIZE], struct st_span content, struct st_buf *to);
ST_MUST int st_part_content(struct st_span stored, struct st_span *ret_content); /* borrowed */

struct st_record_key {
	uint8_t bytes[ST_RECORD_KEY_SIZE];
};
ST_MUST int st_private_seal(const struct st_record_key *key, const uint8_t nonce[ST_NONCE_SIZE],
			    const struct st_record_id *record, struct st_span plain,
			    struct st_buf *to);
ST_MUST int st_private_open(const struct st_record_key *key, const struct st_record_id *record,
			    struct st_span sealed, struct st_buf *to); /* ST_ESIGNATURE: altered */
/* A record's key for one station: the form of libsodium's crypto_box_seal, to its grant key, with the
 * ephemeral key made from 32 random bytes that the caller drew. */
ST_MUST int st_key_seal(const struct st_record_key *key, const struct st_public_key *grant,
			const uint8_t seed[ST_SEED_SIZE], struct st_buf *to);
ST_MUST int st_key_open(struct st_span sealed, const struct st_box_key *grant,
			struct st_record_key *ret_key);

/* A value of a person's (`what` says which kind of value), so that this station finds it again and nobody who lacks its
 * grant key can, or can try all telephone numbers: BLAKE2b-128 under a key made from the grant key. */
enum { ST_BLIND_SIZE = 16 };
void st_blind(const struct st_box_key *grant, uint8_t what, struct st_span value,
	      uint8_t ret_blind[ST_BLIND_SIZE]);
