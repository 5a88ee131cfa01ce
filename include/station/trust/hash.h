/* hash.h - SHA-256, for everything that is signed or in a tree.
 * Through OpenSSL's EVP, which is several times faster than libsodium's portable code. */
#pragma once
#include <station/base/bytes.h>
#include <station/base/digest.h>
#include <station/base/error.h>

/* Makes this thread's hasher, which a first hash does otherwise; st_trust_start does it for its own
 * thread. ST_ENOMEM. No hash fails for want of memory: it is only slower then. */
ST_MUST int st_hash_start(void);
/* SHA-256 of the pieces one after another. */
struct st_hash st_hash(const struct st_span *pieces, size_t count);
struct st_hash st_hash_leaf(struct st_span event);                 /* SHA-256(0x00 || event), RFC 6962 */
struct st_hash st_hash_node(const struct st_hash *l, const struct st_hash *r); /* 0x01 || l || r */
bool st_hash_equal(const struct st_hash *a, const struct st_hash *b);
