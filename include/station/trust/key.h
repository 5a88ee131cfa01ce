/* key.h - a station's three keys, and the city root's.
 * Identity (Ed25519) signs checkpoints, receipts and certificates; transport (X25519) is CURVE's;
 * grant (X25519) opens what is sealed to this station. Secrets live in struct st_keys only, are
 * made from seeds that the caller drew, and are wiped by st_keys_done. */
#pragma once
#include <station/base/bytes.h>

enum { ST_KEY_SIZE = 32, ST_SIGNATURE_SIZE = 64, ST_SEED_SIZE = 32 };

struct st_public_key {
	uint8_t bytes[ST_KEY_SIZE];
};

struct st_signature {
	uint8_t bytes[ST_SIGNATURE_SIZE];
};

struct st_signing_key {
	uint8_t secret[64]; /* libsodium's form: seed || public */
	struct st_public_key public;
};

struct st_box_key {
	uint8_t secret[ST_KEY_SIZE];
	struct st_public_key public;
};

struct st_keys {
	struct st_signing_key identity;
	struct st_box_key transport, grant;
};

/* Once per process, before any other call of lib/trust; ST_EIO when the crypto library can't start. */
ST_MUST int st_trust_start(void);
void st_signing_key_from_seed(const uint8_t seed[ST_SEED_SIZE], struct st_signing_key *ret_key);
void st_box_key_from_seed(const uint8_t seed[ST_SEED_SIZE], struct st_box_key *ret_key);
/* seeds: 96 random bytes. */
void st_keys_from_seeds(const uint8_t seeds[3 * ST_SEED_SIZE], struct st_keys *ret_keys);
void st_keys_done(struct st_keys *keys);

bool st_public_key_equal(const struct st_public_key *a, const struct st_public_key *b);
/* Signs context || message. Each signed kind has its own context line, so none passes as another. */
void st_sign(const struct st_signing_key *key, const char *context, struct st_span message,
	     struct st_signature *ret_signature);
ST_MUST int st_verify(const struct st_public_key *key, const char *context, struct st_span message,
		      const struct st_signature *signature); /* ST_ESIGNATURE */
/* Secrets as a file's content: "stationd/keys/v1\n" and three base64 lines of seeds. The encoded
 * text is a secret too. */
void st_keys_encode(const uint8_t seeds[3 * ST_SEED_SIZE], struct st_buf *to);
ST_MUST int st_keys_decode(struct st_span text, uint8_t ret_seeds[3 * ST_SEED_SIZE]);
/* The city's root key in the same way: "stationd/root/v1\n" and one line. */
void st_root_encode(const uint8_t seed[ST_SEED_SIZE], struct st_buf *to);
ST_MUST int st_root_decode(struct st_span text, uint8_t ret_seed[ST_SEED_SIZE]); /* ST_EWIRE */
void st_wipe(void *data, size_t size);
