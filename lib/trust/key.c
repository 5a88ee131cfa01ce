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
static const char KEYS_LINE[] = "stationd/keys/v1\n", ROOT_LINE[] = "stationd/root/v1\n";

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

static void put_seeds(const char *line, const uint8_t *seeds, size_t count, struct st_buf *to)
{
	st_buf_put_text(to, line);
	for (size_t i = 0; i < count; i++) {
		st_base64_put(to, st_span(seeds + i * ST_SEED_SIZE, ST_SEED_SIZE));
		st_buf_put_text(to, "\n");
	}
}

static int read_seeds(const char *line, struct st_span text, uint8_t *ret_seeds, size_t count)
{
	enum { LINE = 44 + 1, SEEDS_MAX = 3 };
	uint8_t seeds[SEEDS_MAX * ST_SEED_SIZE];
	size_t head = strlen(line), size = 0;
	st_assert(count <= SEEDS_MAX);
	int rc = text.size != head + count * LINE || memcmp(text.data, line, head) != 0 ? ST_EWIRE : 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		const uint8_t *one = text.data + head + i * LINE;
		rc = st_base64_get(st_span(one, LINE - 1), seeds + i * ST_SEED_SIZE, ST_SEED_SIZE, &size);
		if (rc < 0 || size != ST_SEED_SIZE || one[LINE - 1] != '\n')
			rc = ST_EWIRE;
	}
	if (rc == 0)
		memcpy(ret_seeds, seeds, count * ST_SEED_SIZE);
	sodium_memzero(seeds, sizeof(seeds));
	return rc;
}

void st_keys_encode(const uint8_t seeds[3 * ST_SEED_SIZE], struct st_buf *to)
{
	put_seeds(KEYS_LINE, seeds, 3, to);
}

int st_keys_decode(struct st_span text, uint8_t ret_seeds[3 * ST_SEED_SIZE])
{
	return read_seeds(KEYS_LINE, text, ret_seeds, 3);
}

void st_root_encode(const uint8_t seed[ST_SEED_SIZE], struct st_buf *to)
{
	put_seeds(ROOT_LINE, seed, 1, to);
}

int st_root_decode(struct st_span text, uint8_t ret_seed[ST_SEED_SIZE])
{
	return read_seeds(ROOT_LINE, text, ret_seed, 1);
}

void st_wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}
