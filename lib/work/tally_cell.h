/* tally_cell.h - between tally.c and tally_cell.c: what changes one cell. */
#pragma once
#include <station/work/tally.h>

struct tally_delta {
	uint8_t key[ST_TALLY_KEY_SIZE];
	uint32_t counter;
	int64_t count;
};

/* The old cell with n changes of its key, sorted by counter, worked in; to is cleared first. ST_ECORRUPT. */
int tally_cell_merge(struct st_span old, const struct tally_delta *changes, size_t n,
		     struct st_buf *to);
