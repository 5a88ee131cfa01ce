/* part.c - parts: salted hashes, and what only the holder can read.
 *
 * Owns:    the encryption of personal fields.
 * Promise: 7, personal data stays: outside the holder's store there are a hash and a length, no more.
 * Flow:    fields -> part -> event (hash), store (bytes) */
#include <station/trust/part.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == ST_RECORD_KEY_SIZE, "key");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == ST_NONCE_SIZE, "nonce");

static const char PART[] = "stationd/part/v1\n", BLIND[] = "stationd/blind/v1\n";
_Static_assert(ST_BLIND_SIZE >= crypto_generichash_BYTES_MIN, "a blind index's size");
enum { TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
       AD_MAX = ST_CODE_MAX + 1 + ST_ULID_SIZE,
       SEALED_KEY = ST_KEY_SIZE + crypto_box_MACBYTES + ST_RECORD_KEY_SIZE };
_Static_assert(SEALED_KEY == crypto_box_SEALBYTES + ST_RECORD_KEY_SIZE, "crypto_box_seal's form");

bool st_part_goes(uint32_t type, bool granted)
{
	return type == ST_PART_TEXT || (granted && (type == ST_PART_PRIVATE || type == ST_PART_KEY));
}

struct st_hash st_part_hash(uint32_t type, struct st_span stored)
{
	uint8_t head[8];
	ST_REQUIRE(stored.size <= UINT32_MAX);
	st_put_u32(head, type);
	st_put_u32(head + 4, (uint32_t)stored.size);
	struct st_span pieces[3] = { st_span_text(PART), ST_SPAN(head), stored };
	return st_hash(pieces, 3);
}

void st_part_put(const uint8_t salt[ST_SALT_SIZE], struct st_span content, struct st_buf *to)
{
	st_buf_put(to, salt, ST_SALT_SIZE);
	st_buf_put_span(to, content);
}

int st_part_content(struct st_span stored, struct st_span *ret_content)
{
	if (stored.size < ST_SALT_SIZE)
		return ST_EWIRE;
	*ret_content = st_span(stored.data + ST_SALT_SIZE, stored.size - ST_SALT_SIZE);
	return 0;
}

/* The record's id: a ciphertext moved to another record doesn't open there. */
static size_t associated(const struct st_record_id *record, uint8_t to[AD_MAX])
{
	memcpy(to, record->opener.text, ST_CODE_MAX + 1);
	memcpy(to + ST_CODE_MAX + 1, record->ulid.bytes, ST_ULID_SIZE);
	return AD_MAX;
}

int st_private_seal(const struct st_record_key *key, const uint8_t nonce[ST_NONCE_SIZE],
		    const struct st_record_id *record, struct st_span plain, struct st_buf *to)
{
	uint8_t ad[AD_MAX];
	size_t ad_size = associated(record, ad);
	if (plain.size > ST_PART_MAX)
		return ST_ETOOBIG;
	uint8_t *cipher = malloc(plain.size + TAG);
	unsigned long long size = 0;
	if (cipher == NULL)
		return ST_ENOMEM;
	int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(cipher, &size, plain.data, plain.size, ad,
							    ad_size, NULL, nonce, key->bytes);
	ST_REQUIRE(rc == 0);
	st_assert(size == plain.size + TAG);
	st_buf_put(to, nonce, ST_NONCE_SIZE);
	st_buf_put(to, cipher, (size_t)size);
	free(cipher);
	return to->error;
}

int st_private_open(const struct st_record_key *key, const struct st_record_id *record,
		    struct st_span sealed, struct st_buf *to)
{
	uint8_t ad[AD_MAX];
	size_t ad_size = associated(record, ad);
	if (sealed.size < ST_NONCE_SIZE + TAG || sealed.size > 2 * ST_PART_MAX)
		return ST_ESIGNATURE;
	size_t cipher_size = sealed.size - ST_NONCE_SIZE;
	unsigned long long size = 0;
	uint8_t *plain = malloc(cipher_size);
	st_assert(cipher_size >= TAG);
	if (plain == NULL)
		return ST_ENOMEM;
	int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(
		plain, &size, NULL, sealed.data + ST_NONCE_SIZE, cipher_size, ad, ad_size, sealed.data,
		key->bytes);
	if (rc == 0)
		st_buf_put(to, plain, (size_t)size);
	sodium_memzero(plain, cipher_size);
	free(plain);
	return rc == 0 ? to->error : ST_ESIGNATURE;
}

/* crypto_box_seal's nonce: BLAKE2b-24 of both public keys. */
static void seal_nonce(const uint8_t ephemeral[ST_KEY_SIZE], const struct st_public_key *to,
		       uint8_t ret_nonce[crypto_box_NONCEBYTES])
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, crypto_box_NONCEBYTES);
	crypto_generichash_update(&state, ephemeral, ST_KEY_SIZE);
	crypto_generichash_update(&state, to->bytes, ST_KEY_SIZE);
	crypto_generichash_final(&state, ret_nonce, crypto_box_NONCEBYTES);
}

int st_key_seal(const struct st_record_key *key, const struct st_public_key *grant,
		const uint8_t seed[ST_SEED_SIZE], struct st_buf *to)
{
	uint8_t nonce[crypto_box_NONCEBYTES], sealed[SEALED_KEY];
	struct st_box_key ephemeral;
	st_box_key_from_seed(seed, &ephemeral);
	memcpy(sealed, ephemeral.public.bytes, ST_KEY_SIZE);
	seal_nonce(sealed, grant, nonce);
	int rc = crypto_box_easy(sealed + ST_KEY_SIZE, key->bytes, ST_RECORD_KEY_SIZE, nonce,
				 grant->bytes, ephemeral.secret);
	st_wipe(&ephemeral, sizeof(ephemeral));
	if (rc != 0)
		return ST_EFIELD; /* a grant key that is no point of the curve's group */
	st_buf_put(to, sealed, sizeof(sealed));
	return to->error;
}

int st_key_open(struct st_span sealed, const struct st_box_key *grant,
		struct st_record_key *ret_key)
{
	struct st_record_key key;
	if (sealed.size != SEALED_KEY ||
	    crypto_box_seal_open(key.bytes, sealed.data, sealed.size, grant->public.bytes,
				 grant->secret) != 0)
		return ST_ESIGNATURE;
	*ret_key = key;
	st_wipe(&key, sizeof(key));
	return 0;
}

void st_blind(const struct st_box_key *grant, uint8_t what, struct st_span value,
	      uint8_t ret_blind[ST_BLIND_SIZE])
{
	uint8_t key[crypto_generichash_KEYBYTES];
	crypto_generichash_state state;
	ST_REQUIRE(value.size > 0);
	int rc = crypto_generichash(key, sizeof(key), (const uint8_t *)BLIND, sizeof(BLIND) - 1,
				    grant->secret, sizeof(grant->secret));
	st_assert(rc == 0); /* sizes alone can be wrong */
	rc = crypto_generichash_init(&state, key, sizeof(key), ST_BLIND_SIZE);
	st_assert(rc == 0);
	crypto_generichash_update(&state, &what, 1);
	crypto_generichash_update(&state, value.data, value.size);
	crypto_generichash_final(&state, ret_blind, ST_BLIND_SIZE);
	(void)rc;
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&state, sizeof(state));
}
