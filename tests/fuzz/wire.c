/* wire.c - any bytes as a frame: an error, or a frame that can be encoded again and reads the same. */
#include "decoders.h"
#include <station/sync/wire.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st_arena arena;
	struct st_frame f, again;
	struct st_buf b;
	if (arena.block == NULL)
		ST_REQUIRE(st_arena_init(&arena, 2 * ST_FRAME_ARENA) == 0);
	st_arena_reset(&arena);
	if (st_frame_decode(st_span(data, size), &arena, &f) < 0)
		return 0;
	CANARY(f.kind == ST_FRAME_LOGS && f.u.logs.count >= 3);
	st_buf_init(&b, ST_FRAME_MAX);
	if (st_frame_encode(&f, &b) == 0) {
		ST_REQUIRE(st_frame_decode(st_buf_span(&b), &arena, &again) == 0);
		ST_REQUIRE(again.kind == f.kind);
	}
	st_buf_done(&b);
	return 0;
}
