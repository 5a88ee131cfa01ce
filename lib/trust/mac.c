/* mac.c - HMAC-SHA-256, through libsodium.
 *
 * Owns:    nothing that outlives a call.
 * Flow:    secret, bytes -> mac -> query codes, web hooks */
#include <station/trust/mac.h>
#include <sodium.h>
#include <station/base/check.h>

_Static_assert(crypto_auth_hmacsha256_BYTES == ST_HASH_SIZE, "a code is a hash's size");

struct st_hash st_mac(struct st_span key, const struct st_span *pieces, size_t count)
{
	crypto_auth_hmacsha256_state state;
	struct st_hash mac;
	ST_REQUIRE(key.size > 0);
	(void)crypto_auth_hmacsha256_init(&state, key.data, key.size);
	for (size_t i = 0; i < count; i++)
		(void)crypto_auth_hmacsha256_update(&state, pieces[i].data, pieces[i].size);
	(void)crypto_auth_hmacsha256_final(&state, mac.bytes);
	sodium_memzero(&state, sizeof(state));
	return mac;
}

bool st_secret_equal(const void *a, const void *b, size_t size)
{
	st_assert(size > 0);
	return sodium_memcmp(a, b, size) == 0;
}
