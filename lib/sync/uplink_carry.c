/* uplink_carry.c - what the parent sends down outside the logs.
 *
 * Owns:    the carry that is coming in, and the word to the parent that it is on this disk.
 * Promise: 1: taken is said of what a committed transaction holds, and of nothing else.
 * Flow:    link -> carry -> apply -> taken -> link */
#include <string.h>
#include <station/base/check.h>
#include "uplink_state.h"

enum { ASK_AGAIN_MS = 5000 };
_Static_assert(sizeof(((struct st_taken *)NULL)->incarnation) ==
		       sizeof(((struct st_uplink *)NULL)->parent_incarnation),
	       "an incarnation is copied whole");

int uplink_chunk(struct st_uplink *u, const struct st_chunk *c)
{
	struct st_inbound_carry *in = NULL;
	if (u->info.state == ST_UPLINK_DOWN)
		return ST_ESTATE;
	int rc = st_assembly_carry(&u->assembly, c, &in);
	if (rc < 0 || in == NULL)
		return rc;
	in->session = u->session;
	u->to.carry(u->to.arg, in);
	return 0;
}

static int say_taken(struct st_uplink *u, const struct st_taken *taken)
{
	struct st_frame f = { .kind = ST_FRAME_TAKEN };
	f.u.taken = *taken;
	return uplink_say(u, &f, false);
}

void st_uplink_carried(struct st_uplink *u, struct st_inbound_carry *in, const struct st_now *now, int rc)
{
	ST_REQUIRE(in != NULL);
	st_assert(in->session <= u->session);
	struct st_taken taken = { .position = in->carry.position };
	bool ours = in->session == u->session && u->info.state != ST_UPLINK_DOWN;
	memcpy(taken.incarnation, in->carry.incarnation, sizeof(taken.incarnation));
	st_inbound_carry_free(in);
	if (!ours)
		return; /* the next greeting tells */
	if (rc == 0)
		rc = say_taken(u, &taken);
	if (rc < 0)
		u->carry_again_ms = now->mono_ms + ASK_AGAIN_MS;
}

int uplink_carry_tick(struct st_uplink *u, struct st_txn *t, uint64_t now_ms)
{
	struct st_taken taken;
	if (u->carry_again_ms == 0 || now_ms < u->carry_again_ms)
		return 0;
	u->carry_again_ms = 0;
	int rc = st_taken_get(t, &taken);
	if (rc == 0 && taken.position == 0)
		memcpy(taken.incarnation, u->parent_incarnation, sizeof(taken.incarnation));
	return rc < 0 ? rc : say_taken(u, &taken);
}
