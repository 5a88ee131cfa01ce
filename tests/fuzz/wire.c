/* wire.c - any bytes as a frame: an error, or a frame within the bounds that its takers rely on, which can be encoded
 * again and reads the same. */
#include "decoders.h"
#include <station/sync/wire.h>

/* What a joining station and its parent copy without looking again (daemon/stationd/link_join.c). */
static void check_joining(const struct st_frame *f)
{
	if (f->kind == ST_FRAME_JOIN)
		ST_REQUIRE(f->u.join.request.size <= ST_CERTIFICATE_MAX && !st_code_empty(&f->u.join.station));
	if (f->kind != ST_FRAME_JOINED)
		return;
	ST_REQUIRE(f->u.joined.count > 0 && f->u.joined.count <= ST_DEPTH_MAX);
	for (size_t i = 0; i < f->u.joined.count; i++)
		ST_REQUIRE(f->u.joined.certificates[i].size <= ST_CERTIFICATE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st_arena arena;
	struct st_frame f, again;
	struct st_buf b, same;
	if (arena.block == NULL)
		ST_REQUIRE(st_arena_init(&arena, 2 * ST_FRAME_ARENA) == 0);
	st_arena_reset(&arena);
	if (st_frame_decode(st_span(data, size), &arena, &f) < 0)
		return 0;
	check_joining(&f);
	CANARY(f.kind == ST_FRAME_LOGS && f.u.logs.count >= 3);
	st_buf_init(&b, ST_FRAME_MAX);
	st_buf_init(&same, ST_FRAME_MAX);
	if (st_frame_encode(&f, &b) == 0) {
		ST_REQUIRE(st_frame_decode(st_buf_span(&b), &arena, &again) == 0);
		ST_REQUIRE(again.kind == f.kind && st_frame_encode(&again, &same) == 0);
		ST_REQUIRE(st_span_equal(st_buf_span(&b), st_buf_span(&same)));
	}
	st_buf_done(&b);
	st_buf_done(&same);
	return 0;
}
