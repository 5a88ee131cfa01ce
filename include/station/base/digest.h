/* digest.h - 32 bytes of SHA-256, as a type that every layer may carry. trust/hash.h makes them. */
#pragma once
#include <stdint.h>

enum { ST_HASH_SIZE = 32 };

struct st_hash {
	uint8_t bytes[ST_HASH_SIZE];
};
