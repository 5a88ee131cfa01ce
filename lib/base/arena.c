/* arena.c - one block, handed out in pieces, forgotten at once.
 *
 * Owns:    the memory that decoding outside bytes may take.
 * Promise: 9, bounded: nothing beyond the budget is ever given.
 * Flow:    bytes from outside -> decoder -> arena */
#include <station/base/arena.h>
#include <stdlib.h>
#include <stddef.h>
#include <string.h>
#include <station/base/check.h>

_Static_assert(ST_ARENA_ALIGN >= _Alignof(max_align_t), "any type may stand at the start of a piece");

int st_arena_init(struct st_arena *a, size_t budget)
{
	ST_REQUIRE(a != NULL);
	ST_REQUIRE(budget >= ST_ARENA_ALIGN);
	uint8_t *block = malloc(budget);
	if (block == NULL)
		return ST_ENOMEM;
	*a = (struct st_arena){ .block = block, .budget = budget };
	return 0;
}

void st_arena_done(struct st_arena *a)
{
	free(a->block);
	*a = (struct st_arena){ .block = NULL };
}

void st_arena_reset(struct st_arena *a)
{
	st_assert(a->used <= a->budget);
	a->used = 0;
	a->spent = false;
}

void *st_arena_alloc(struct st_arena *a, size_t size)
{
	st_assert(a->used <= a->budget);
	if (size > a->budget - a->used) {
		a->spent = true;
		return NULL;
	}
	void *p = a->block + a->used;
	st_assert((uintptr_t)p % ST_ARENA_ALIGN == 0);
	size_t step = (size + ST_ARENA_ALIGN - 1) / ST_ARENA_ALIGN * ST_ARENA_ALIGN;
	a->used = step > a->budget - a->used ? a->budget : a->used + step;
	st_assert(a->used <= a->budget);
	memset(p, 0, size);
	return p;
}

bool st_arena_spent(const struct st_arena *a)
{
	return a->spent;
}

static void *give(void *arena, size_t size)
{
	return st_arena_alloc(arena, size);
}

static void take_back(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

ProtobufCAllocator st_arena_allocator(struct st_arena *a)
{
	ST_REQUIRE(a->block != NULL);
	return (ProtobufCAllocator){ .alloc = give, .free = take_back, .allocator_data = a };
}
