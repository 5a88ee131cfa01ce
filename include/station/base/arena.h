/* arena.h - memory of a fixed budget that is freed in one go.
 * Decoding outside bytes allocates here: when the budget is spent the allocator answers NULL and
 * st_arena_spent() says why, so no message can take more memory than its decoder allows.
 * Life: init with a block (owned by the arena) of budget bytes; reset between messages; done. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <protobuf-c/protobuf-c.h> /* ProtobufCAllocator */
#include <station/base/error.h>

enum { ST_ARENA_ALIGN = 16 }; /* of the block, and so of all that it gives */

struct st_arena {
	uint8_t *block;
	size_t budget, used;
	bool spent;
};

ST_MUST int st_arena_init(struct st_arena *a, size_t budget);
void st_arena_done(struct st_arena *a);
void st_arena_reset(struct st_arena *a);
/* 16-byte aligned, zeroed; NULL when the budget is spent. */
void *st_arena_alloc(struct st_arena *a, size_t size);
bool st_arena_spent(const struct st_arena *a);
/* For protobuf-c: frees are no-ops; everything lives until reset. */
ProtobufCAllocator st_arena_allocator(struct st_arena *a);
