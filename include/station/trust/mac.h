/* mac.h - HMAC-SHA-256 (RFC 2104), and comparing secrets without telling by the time where they
 * differ. */
#pragma once
#include <station/trust/hash.h>

/* The code of the pieces one after another, under a key of any length. */
struct st_hash st_mac(struct st_span key, const struct st_span *pieces, size_t count);
/* Takes as long whether they are equal or not. */
bool st_secret_equal(const void *a, const void *b, size_t size);
