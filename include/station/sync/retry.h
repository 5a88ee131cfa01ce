/* retry.h - when to try the parent's address again: one attempt is one socket, and a failed one is
 * thrown away whole, so no state of a transport can wedge a link for ever.
 *
 *   attempt --failed--> wait (doubling, jittered) --> attempt --linked, and for a while--> reset
 *
 * The wait stays within ST_RETRY_SHORT_MAX_MS for ST_RETRY_SHORT_FOR_MS since the parent was last
 * linked, so a link that flaps comes back within a breath, for however long it flaps; after that it
 * grows, so a dead parent isn't hammered by its children. */
#pragma once
#include <stdint.h>

enum {
	ST_RETRY_FIRST_MS = 100,
	ST_RETRY_SHORT_MAX_MS = 2000,
	ST_RETRY_SHORT_FOR_MS = 600 * 1000,
	ST_RETRY_LONG_MAX_MS = 15 * 1000,
	ST_RETRY_STABLE_MS = 5 * 1000,   /* a link that lived so long starts the waits from the first */
	ST_RETRY_ATTEMPT_MS = 10 * 1000, /* address to greeting; then the attempt has failed */
};

struct st_retry {
	uint32_t failures;
	uint64_t down_since_ms; /* first failure since the parent was linked; 0: none */
	uint64_t linked_ms;     /* 0: not linked since the last failure */
};

/* The attempt, or the link, failed at now_ms (monotonic, > 0): milliseconds to wait, between half and
 * all of the step. random: 32 random bits. */
uint32_t st_retry_failed(struct st_retry *r, uint64_t now_ms, uint32_t random);
void st_retry_linked(struct st_retry *r, uint64_t now_ms);
