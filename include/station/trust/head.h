/* head.h - a writer's signed word of the newest event that it has addressed to a station, or to a subtree.
 * Each addressed event names the one before it, so one that was withheld shows as soon as a later one comes; the head
 * shows it when none comes. Its text, with a line of its own first, so that it can't pass as another signed kind:
 *
 *     stationd/head/v1\n<writer>/<epoch>\n<addressee>[/below]\n<seq> <count>\ntime <unix s>\n
 *
 * under the writer's identity key. The wire carries the fields. A head isn't an event: of each (log, addressee) a
 * store keeps the newest, and nothing of those before it. */
#pragma once
#include <station/trust/checkpoint.h>

struct st_head {
	struct st_log_id log; /* the writer's */
	struct st_code to;
	bool subtree;         /* to, and all below it */
	uint64_t seq;         /* of the newest event to it; from 1 */
	uint64_t count;       /* how many there have been since the writer began to count: differences matter */
	uint64_t time_s;      /* the writer's clock, but never back: shown, and the order of two of one seq */
	struct st_signature signature;
};
void st_head_sign(struct st_head *h, const struct st_signing_key *key);
ST_MUST int st_head_verify(const struct st_head *h, const struct st_public_key *key); /* ST_ESIGNATURE */
