/* retry.c - when a lost link is tried again.
 *
 * Owns:    the wait between two attempts.
 * Promise: 5, offline is normal: a link comes back without a restart and without a storm.
 * Flow:    link lost -> retry -> link */
#include <station/sync/retry.h>
#include <stdbool.h>
#include <station/base/check.h>

_Static_assert(ST_RETRY_FIRST_MS <= ST_RETRY_SHORT_MAX_MS, "waits only grow");
_Static_assert(ST_RETRY_SHORT_MAX_MS <= ST_RETRY_LONG_MAX_MS, "waits only grow");

uint32_t st_retry_failed(struct st_retry *r, uint64_t now_ms, uint32_t random)
{
	ST_REQUIRE(now_ms > 0);
	ST_REQUIRE(now_ms >= r->linked_ms);
	if (r->linked_ms != 0 && now_ms - r->linked_ms >= ST_RETRY_STABLE_MS)
		*r = (struct st_retry){ 0 };
	r->linked_ms = 0;
	if (r->down_since_ms == 0)
		r->down_since_ms = now_ms;
	st_assert(now_ms >= r->down_since_ms);
	bool brief = now_ms - r->down_since_ms < ST_RETRY_SHORT_FOR_MS;
	uint32_t most = brief ? ST_RETRY_SHORT_MAX_MS : ST_RETRY_LONG_MAX_MS;
	uint32_t step = ST_RETRY_FIRST_MS;
	for (uint32_t i = 0; i < r->failures && step < most; i++)
		step *= 2;
	if (step > most)
		step = most;
	if (r->failures < UINT32_MAX)
		r->failures++;
	st_assert(step >= ST_RETRY_FIRST_MS);
	return step / 2 + random % (step / 2 + 1);
}

void st_retry_linked(struct st_retry *r, uint64_t now_ms)
{
	ST_REQUIRE(now_ms > 0);
	r->linked_ms = now_ms;
	r->down_since_ms = 0; /* a parent that greets isn't dead, however briefly the link lives */
}
