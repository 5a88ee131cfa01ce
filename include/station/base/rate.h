/* rate.h - a token bucket: so many a minute, a minute's worth at once, and no clock of its own.
 * Life: zeroed is full. One owner. now_ms is monotonic; what goes backward counts as standing
 * still. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { ST_RATE_MINUTE_MS = 60 * 1000 };

struct st_rate {
	uint64_t spent; /* thousandths of one, not yet given back */
	uint64_t at_ms; /* when that was so */
};
/* Takes `cost` if there is so much; per_minute > 0. False: not now, and nothing was taken. */
bool st_rate_take(struct st_rate *r, uint64_t now_ms, uint32_t per_minute, uint32_t cost);
/* Takes `cost` in any case, down to nothing left. */
void st_rate_charge(struct st_rate *r, uint64_t now_ms, uint32_t per_minute, uint32_t cost);
/* Milliseconds until `cost` could be taken; 0: now. */
uint64_t st_rate_wait(struct st_rate *r, uint64_t now_ms, uint32_t per_minute, uint32_t cost);
