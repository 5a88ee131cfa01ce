/* event.c - any bytes as an event: an error, or an event whose encoding reads the same. */
#include "decoders.h"
#include <station/event/event.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st_arena arena;
	struct st_event e, again;
	struct st_change change;
	struct st_buf b;
	if (arena.block == NULL)
		ST_REQUIRE(st_arena_init(&arena, 2 * ST_EVENT_ARENA) == 0);
	st_arena_reset(&arena);
	if (st_event_decode(st_span(data, size), &arena, &e) < 0)
		return 0;
	st_buf_init(&b, 2 * ST_EVENT_MAX);
	if (st_event_encode(&e, &b) == 0) {
		ST_REQUIRE(st_event_decode(st_buf_span(&b), &arena, &again) == 0);
		ST_REQUIRE(again.at.seq == e.at.seq && again.type == e.type && again.term == e.term);
		ST_REQUIRE(st_span_equal(again.body, e.body) && again.part_count == e.part_count);
	}
	st_arena_reset(&arena);
	if (e.type == ST_MOVE || e.type == ST_NOTE || e.type == ST_REASSIGN)
		(void)(st_change_decode(e.type, e.body, &arena, &change) == 0);
	st_buf_done(&b);
	return 0;
}
