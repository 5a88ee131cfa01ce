/* key.c - keys from seeds, signatures under a context, and keys as a file's text.
 *
 * Owns:    the only calls that touch a secret key.
 * Promise: 3: each signed kind begins with its own line, so none can pass as another.
 * Flow:    seeds -> keys -> signatures */
#include <station/trust/key.h>
#include <sodium.h>
#include <string.h>
#include <station/base/check.h>
#include <station/trust/hash.h>
#include <station/base/text.h>

_Static_assert(crypto_sign_SECRETKEYBYTES == 64, "libsodium's form: seed || public");
_Static_assert(crypto_sign_BYTES == ST_SIGNATURE_SIZE, "Ed25519");
_Static_assert(crypto_sign_PUBLICKEYBYTES == ST_KEY_SIZE, "Ed25519");
_Static_assert(crypto_sign_SEEDBYTES == ST_SEED_SIZE, "Ed25519 from 32 bytes");
_Static_assert(crypto_box_SEEDBYTES == ST_SEED_SIZE, "X25519 from 32 bytes");
_Static_assert(crypto_box_PUBLICKEYBYTES == ST_KEY_SIZE, "X25519");
_Static_assert(crypto_box_SECRETKEYBYTES == ST_KEY_SIZE, "X25519");

enum { SIGN_MESSAGE_MAX = 128 * 1024 };
static const char KEYS_LINE[] = "stationd/keys/v1\n";

int st_trust_start(void)
{
	return sodium_init() < 0 ? ST_EIO : st_hash_start();
}

void st_signing_key_from_seed(const uint8_t seed[ST_SEED_SIZE], struct st_signing_key *ret_key)
{
	int rc = crypto_sign_seed_keypair(ret_key->public.bytes, ret_key->secret, seed);
	ST_REQUIRE(rc == 0);
}

void st_box_key_from_seed(const uint8_t seed[ST_SEED_SIZE], struct st_box_key *ret_key)
{
	int rc = crypto_box_seed_keypair(ret_key->public.bytes, ret_key->secret, seed);
	ST_REQUIRE(rc == 0);
}

void st_keys_from_seeds(const uint8_t seeds[3 * ST_SEED_SIZE], struct st_keys *ret_keys)
{
	st_signing_key_from_seed(seeds, &ret_keys->identity);
	st_box_key_from_seed(seeds + ST_SEED_SIZE, &ret_keys->transport);
	st_box_key_from_seed(seeds + 2 * ST_SEED_SIZE, &ret_keys->grant);
}

void st_keys_done(struct st_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

bool st_public_key_equal(const struct st_public_key *a, const struct st_public_key *b)
{
	return memcmp(a->bytes, b->bytes, ST_KEY_SIZE) == 0;
}

/* Ed25519 signs a message twice over, so it has to stand in one piece. */
static bool join(const char *context, struct st_span message, uint8_t *to, size_t *ret_size)
{
	size_t n = strlen(context);
	st_assert(n < SIGN_MESSAGE_MAX);
	if (message.size > SIGN_MESSAGE_MAX - n)
		return false;
	memcpy(to, context, n);
	if (message.size > 0)
		memcpy(to + n, message.data, message.size);
	*ret_size = n + message.size;
	return true;
}

void st_sign(const struct st_signing_key *key, const char *context, struct st_span message,
	     struct st_signature *ret_signature)
{
	uint8_t bytes[SIGN_MESSAGE_MAX];
	size_t size = 0;
	ST_REQUIRE(join(context, message, bytes, &size));
	int rc = crypto_sign_detached(ret_signature->bytes, NULL, bytes, size, key->secret);
	ST_REQUIRE(rc == 0);
}

int st_verify(const struct st_public_key *key, const char *context, struct st_span message,
	      const struct st_signature *signature)
{
	uint8_t bytes[SIGN_MESSAGE_MAX];
	size_t size = 0;
	if (!join(context, message, bytes, &size))
		return ST_ESIGNATURE;
	return crypto_sign_verify_detached(signature->bytes, bytes, size, key->bytes) == 0
		       ? 0
		       : ST_ESIGNATURE;
}

void st_keys_encode(const uint8_t seeds[3 * ST_SEED_SIZE], struct st_buf *to)
{
	st_buf_put_text(to, KEYS_LINE);
	for (size_t i = 0; i < 3; i++) {
		st_base64_put(to, st_span(seeds + i * ST_SEED_SIZE, ST_SEED_SIZE));
		st_buf_put_text(to, "\n");
	}
}

int st_keys_decode(struct st_span text, uint8_t ret_seeds[3 * ST_SEED_SIZE])
{
	enum { LINE = 44 + 1 };
	uint8_t seeds[3 * ST_SEED_SIZE];
	size_t head = strlen(KEYS_LINE), size = 0;
	if (text.size != head + 3 * LINE || memcmp(text.data, KEYS_LINE, head) != 0)
		return ST_EWIRE;
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *line = text.data + head + i * LINE;
		int rc = st_base64_get(st_span(line, LINE - 1), seeds + i * ST_SEED_SIZE,
				       ST_SEED_SIZE, &size);
		if (rc < 0 || size != ST_SEED_SIZE || line[LINE - 1] != '\n')
			return ST_EWIRE;
	}
	memcpy(ret_seeds, seeds, sizeof(seeds));
	sodium_memzero(seeds, sizeof(seeds));
	return 0;
}

void st_wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}
