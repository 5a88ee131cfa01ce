/* hash.c - SHA-256 through EVP, with one context a thread.
 *
 * Owns:    the hash function's state.
 * Flow:    bytes -> hash -> merkle, parts, checkpoints */
#include <station/trust/hash.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>
#include <threads.h>
#include <station/base/check.h>

/* Fetching the digest costs more than hashing an event: both live as long as the thread. */
static _Thread_local EVP_MD_CTX *context;
static _Thread_local EVP_MD *sha256;
static _Thread_local crypto_hash_sha256_state spare;
static _Thread_local bool sparing; /* of the hash under way */
static once_flag once = ONCE_FLAG_INIT;
static tss_t end_of_thread;
_Static_assert(crypto_hash_sha256_BYTES == ST_HASH_SIZE, "both libraries' hashes are alike");

static void stop(void *arg)
{
	(void)arg;
	EVP_MD_CTX_free(context);
	EVP_MD_free(sha256);
	context = NULL;
	sha256 = NULL;
}

static void make_key(void)
{
	ST_REQUIRE(tss_create(&end_of_thread, stop) == thrd_success);
}

int st_hash_start(void)
{
	if (context != NULL)
		return 0;
	call_once(&once, make_key);
	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *c = sha256 == NULL ? NULL : EVP_MD_CTX_new();
	/* The first use of a context takes memory as well. */
	if (c == NULL || EVP_DigestInit_ex2(c, sha256, NULL) != 1) {
		EVP_MD_CTX_free(c);
		return ST_ENOMEM;
	}
	context = c;
	(void)tss_set(end_of_thread, context); /* so that stop is called with the thread's end */
	return 0;
}

/* EVP takes memory for some of its inits. Where there is none, this one hash is made by libsodium: slower,
 * and the same. */
static void start(void)
{
	sparing = st_hash_start() < 0 || EVP_DigestInit_ex2(context, sha256, NULL) != 1;
	st_assert(sparing || context != NULL);
	if (sparing)
		(void)crypto_hash_sha256_init(&spare);
}

static void add(const void *data, size_t size)
{
	if (size == 0)
		return;
	if (sparing)
		(void)crypto_hash_sha256_update(&spare, data, size);
	else
		ST_REQUIRE(EVP_DigestUpdate(context, data, size) == 1);
}

static struct st_hash finish(void)
{
	struct st_hash h;
	unsigned size = ST_HASH_SIZE;
	if (sparing)
		(void)crypto_hash_sha256_final(&spare, h.bytes);
	else
		ST_REQUIRE(EVP_DigestFinal_ex(context, h.bytes, &size) == 1);
	st_assert(size == ST_HASH_SIZE);
	return h;
}

struct st_hash st_hash(const struct st_span *pieces, size_t count)
{
	ST_REQUIRE(pieces != NULL || count == 0);
	start();
	for (size_t i = 0; i < count; i++)
		add(pieces[i].data, pieces[i].size);
	return finish();
}

struct st_hash st_hash_leaf(struct st_span event)
{
	start();
	add("", 1);
	add(event.data, event.size);
	return finish();
}

struct st_hash st_hash_node(const struct st_hash *l, const struct st_hash *r)
{
	uint8_t bytes[1 + 2 * ST_HASH_SIZE];
	bytes[0] = 1;
	memcpy(bytes + 1, l->bytes, ST_HASH_SIZE);
	memcpy(bytes + 1 + ST_HASH_SIZE, r->bytes, ST_HASH_SIZE);
	start();
	add(bytes, sizeof(bytes));
	return finish();
}

bool st_hash_equal(const struct st_hash *a, const struct st_hash *b)
{
	return memcmp(a->bytes, b->bytes, ST_HASH_SIZE) == 0;
}
