/* downlink_carry.c - the child's outbox, one carry at a time.
 *
 * Owns:    how far the child has it.
 * Promise: 2: what isn't on the child's disk is sent again; it falls to (log, epoch, seq) there.
 * Flow:    outbox -> carry -> link; taken -> apply */
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/sync/carry.h>
#include "downlink_state.h"

/* A child of another life of this store has nothing of this outbox. */
void downlink_outbox_from(struct st_downlink *d, const struct st_taken *taken)
{
	bool same = memcmp(taken->incarnation, d->self.incarnation, sizeof(taken->incarnation)) == 0;
	d->info.outbox_taken = same ? taken->position : 0;
	d->carrying = false;
	if (d->info.outbox_taken > 0)
		d->to.taken(d->to.arg, d->info.outbox_taken);
}

static int send(struct st_downlink *d, const struct st_packed *packed)
{
	size_t chunks = st_packed_chunks(packed);
	st_assert(packed->size > d->info.outbox_taken);
	st_assert(!d->carrying);
	st_assert(chunks > 0);
	d->carries++;
	for (size_t n = 0; n < chunks; n++) {
		struct st_frame f = { .kind = ST_FRAME_CHUNK };
		f.u.chunk = st_packed_chunk(packed, d->carries, n);
		int rc = downlink_say_bulk(d, &f);
		if (rc < 0)
			return rc;
	}
	d->carrying = true;
	d->carried = packed->size;
	return 0;
}

int st_downlink_carry(struct st_downlink *d, struct st_txn *t)
{
	struct st_carry_for to = { .child = d->self.child_number, .after = d->info.outbox_taken,
				   .version = d->version };
	struct st_pool *pool = d->pool;
	struct st_packed packed;
	if (d->info.state != ST_DOWNLINK_LINKED || d->carrying)
		return 0;
	int rc = st_outbox_waits(t, to.child, to.after);
	memcpy(to.incarnation, d->self.incarnation, sizeof(to.incarnation));
	if (rc == 0 && pool->packer == NULL)
		rc = st_packer_new(&pool->packer); /* most stations have nothing to carry, most of the time */
	if (rc == 0)
		rc = st_carry_pack(pool->packer, t, &to, &packed);
	if (rc == 0)
		rc = send(d, &packed);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int downlink_taken(struct st_downlink *d, struct st_txn *t, const struct st_taken *taken)
{
	if (d->info.state != ST_DOWNLINK_LINKED)
		return ST_ESTATE;
	/* What it took from this store's life before, and tells only now, says nothing of this one. */
	bool same = memcmp(taken->incarnation, d->self.incarnation, sizeof(taken->incarnation)) == 0;
	if (same && taken->position > d->carried)
		return ST_EWIRE;
	if (same && taken->position > d->info.outbox_taken) {
		d->info.outbox_taken = taken->position;
		d->to.taken(d->to.arg, taken->position);
	}
	d->carrying = false; /* all of it, or it asks for the rest again */
	return st_downlink_carry(d, t);
}
