/* rate.c - a token bucket in whole numbers.
 *
 * Owns:    the arithmetic: a bucket of n a minute gives back n thousandths in 60 ms.
 * Promise: 9: who asks too often is told to wait, and costs no memory that grows.
 * Flow:    time, cost -> rate -> online */
#include <station/base/rate.h>
#include <station/base/check.h>

enum { WHOLE = 1000 };
_Static_assert(ST_RATE_MINUTE_MS / WHOLE == 60, "n a minute is n thousandths in 60 ms");

static void settle(struct st_rate *r, uint64_t now_ms, uint32_t per_minute)
{
	ST_REQUIRE(per_minute > 0);
	uint64_t full = (uint64_t)per_minute * WHOLE;
	uint64_t passed = now_ms > r->at_ms ? now_ms - r->at_ms : 0;
	/* Past a minute nothing is spent any more, whatever the product would be. */
	uint64_t back = passed >= ST_RATE_MINUTE_MS
				? full
				: passed * per_minute * WHOLE / ST_RATE_MINUTE_MS;
	if (back == 0 && passed > 0 && r->spent > 0)
		return; /* too little to count: it counts together with the time that follows */
	r->spent = r->spent > back ? r->spent - back : 0;
	r->at_ms = now_ms > r->at_ms ? now_ms : r->at_ms;
	st_assert(r->spent <= full || per_minute < UINT32_MAX);
}

bool st_rate_take(struct st_rate *r, uint64_t now_ms, uint32_t per_minute, uint32_t cost)
{
	settle(r, now_ms, per_minute);
	if (r->spent + (uint64_t)cost * WHOLE > (uint64_t)per_minute * WHOLE)
		return false;
	r->spent += (uint64_t)cost * WHOLE;
	return true;
}

void st_rate_charge(struct st_rate *r, uint64_t now_ms, uint32_t per_minute, uint32_t cost)
{
	uint64_t full = (uint64_t)per_minute * WHOLE;
	settle(r, now_ms, per_minute);
	r->spent += (uint64_t)cost * WHOLE;
	if (r->spent > full)
		r->spent = full;
}

uint64_t st_rate_wait(struct st_rate *r, uint64_t now_ms, uint32_t per_minute, uint32_t cost)
{
	settle(r, now_ms, per_minute);
	uint64_t full = (uint64_t)per_minute * WHOLE, asked = (uint64_t)cost * WHOLE;
	if (r->spent + asked <= full)
		return 0;
	uint64_t over = r->spent + asked - full;
	return over * ST_RATE_MINUTE_MS / ((uint64_t)per_minute * WHOLE) + 1;
}
