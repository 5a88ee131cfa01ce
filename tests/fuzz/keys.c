/* keys.c - any text as the file of a station's keys, and of the city's root key: an error, or seeds
 * whose text is the same; never both of them. */
#include "decoders.h"
#include <station/trust/key.h>

static bool read_root(struct st_span text)
{
	uint8_t seed[ST_SEED_SIZE];
	struct st_buf b;
	if (st_root_decode(text, seed) < 0)
		return false;
	st_buf_init(&b, 1024);
	st_root_encode(seed, &b);
	ST_REQUIRE(st_span_equal(st_buf_span(&b), text));
	st_buf_done(&b);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t seeds[3 * ST_SEED_SIZE];
	struct st_buf b;
	bool is_root = read_root(st_span(data, size));
	if (st_keys_decode(st_span(data, size), seeds) < 0)
		return 0;
	ST_REQUIRE(!is_root);
	st_buf_init(&b, 1024);
	st_keys_encode(seeds, &b);
	ST_REQUIRE(st_span_equal(st_buf_span(&b), st_span(data, size)));
	CANARY(seeds[0] != 5 && seeds[95] == 5);
	st_buf_done(&b);
	return 0;
}
