/* uplink_push.c - pushes to the parent: which is packed, and what is sent of it within the credit.
 *
 * Owns:    the push that waits for credit, and the word to the parent of how much is wanted.
 * Promise: 5: what is prompt finds credit whatever backlog waits; 8: a log that is damaged here waits, and stops no
 *          other; 9: no more is sent than was granted.
 * Flow:    store -> pack -> push -> link */
#include "uplink_state.h"
#include <station/base/check.h>

enum { PUSHES_PER_STEP = 2 }; /* then the loop gets its turn, and calls again at once */

/* Asks for what all that waits needs; or, with nothing left to send, gives back what it doesn't. It goes
 * behind the chunks that were sent before it, so that both sides count the same credit. */
static int want(struct st_uplink *u, uint64_t next)
{
	struct st_frame f = { .kind = ST_FRAME_WANT };
	uint64_t spare = u->info.credit > ST_CREDIT_STANDING ? u->info.credit - ST_CREDIT_STANDING : 0;
	st_assert(next == 0 || next > u->info.credit);
	if (next > 0) {
		if (u->wanting)
			return 0;
		u->wanting = true;
		uint64_t waiting = uplink_logs_waiting(u);
		f.u.want = (struct st_want){ .bytes = waiting > next ? waiting : next, .next = next };
	} else {
		if (spare == 0 && !u->wanting)
			return 0;
		u->wanting = false;
		u->info.credit -= spare;
		f.u.want = (struct st_want){ .back = spare };
	}
	return uplink_say(u, &f, true);
}

/* One frame is the whole of it, and nothing of its log is on the way: it goes before what is bulk. */
static bool packed_is_prompt(const struct st_uplink *u)
{
	st_assert(u->packed_ready);
	st_assert(u->packed_log < u->log_count);
	const struct st_uplink_log *l = &u->logs[u->packed_log];
	return st_packed_chunks(&u->packed) == 1 && l->sent == l->acked;
}

/* Credit that must be there: what is bulk leaves the standing credit to what is prompt. */
static uint64_t packed_needs(const struct st_uplink *u)
{
	return u->packed.bytes.size + (packed_is_prompt(u) ? 0 : ST_CREDIT_STANDING);
}

static int send_packed(struct st_uplink *u)
{
	struct st_uplink_log *l = &u->logs[u->packed_log];
	bool bulk = !packed_is_prompt(u);
	st_assert(packed_needs(u) <= u->info.credit);
	u->push++;
	size_t chunks = st_packed_chunks(&u->packed);
	st_assert(chunks > 0);
	for (size_t n = 0; n < chunks; n++) {
		struct st_frame f = { .kind = ST_FRAME_CHUNK };
		f.u.chunk = st_packed_chunk(&u->packed, u->push, n);
		int rc = uplink_say(u, &f, bulk);
		if (rc < 0)
			return rc;
	}
	u->info.credit -= u->packed.bytes.size;
	u->packed_ready = false;
	l->sent = u->packed.size;
	l->sent_s = u->packed.time_s;
	l->heads_sent = u->packed.heads;
	st_assert(l->acked <= l->sent);
	st_assert(l->sent <= l->size);
	return 0;
}

static int pack_log(struct st_uplink *u, struct st_txn *t, size_t i, uint64_t now_ms)
{
	struct st_log log;
	u->packed_ready = false;
	if (i == UPLINK_NO_LOG)
		return 0;
	st_assert(i < u->log_count);
	int rc = st_log_get(t, u->logs[i].number, &log);
	if (rc == 0 && log.signed_size < u->logs[i].sent)
		rc = ST_ECORRUPT; /* no log loses what was signed */
	struct st_push_from from = { .size = u->logs[i].sent, .heads = u->version >= ST_WIRE_HEADS,
				     .heads_after = u->logs[i].heads_sent };
	if (rc == 0)
		rc = st_push_pack_from(u->packer, t, &log, &from, &u->packed);
	if (rc == ST_ECORRUPT || rc == ST_ENOTFOUND) { /* of this log alone */
		uplink_log_refused(&u->logs[i], ST_ECORRUPT, now_ms);
		u->more = true;
		return 0;
	}
	if (rc < 0)
		return rc;
	/* The snapshot may hold more than the table was told of. */
	if (u->packed.size >= u->logs[i].size) {
		u->logs[i].size = u->packed.size;
		u->logs[i].signed_s = u->packed.time_s;
	}
	if (u->packed.heads > u->logs[i].heads)
		u->logs[i].heads = u->packed.heads;
	u->packed_log = i;
	st_assert(u->packed.size >= u->logs[i].sent);
	u->packed_ready = true;
	return 0;
}

/* What is packed has no credit yet: something little may go in its place. */
static int pack_prompt(struct st_uplink *u, struct st_txn *t, uint64_t now_ms)
{
	size_t i = packed_is_prompt(u) ? UPLINK_NO_LOG : uplink_log_prompt(u, now_ms);
	return i == UPLINK_NO_LOG ? 0 : pack_log(u, t, i, now_ms);
}

int uplink_pump(struct st_uplink *u, struct st_txn *t, uint64_t now_ms)
{
	u->more = false;
	if (u->info.state != ST_UPLINK_LINKED)
		return 0;
	st_assert(u->log_count > 0);
	if (u->packed_ready && u->packed_log != 0 && uplink_log_choose(u, now_ms) == 0)
		u->packed_ready = false; /* our own goes first */
	for (int n = 0; n < PUSHES_PER_STEP; n++) {
		int rc = u->packed_ready ? 0 : pack_log(u, t, uplink_log_choose(u, now_ms), now_ms);
		if (rc == 0 && u->packed_ready && packed_needs(u) > u->info.credit)
			rc = pack_prompt(u, t, now_ms);
		if (rc < 0)
			return rc;
		if (!u->packed_ready)
			return u->more ? 0 : want(u, 0);
		if (packed_needs(u) > u->info.credit)
			return want(u, packed_needs(u));
		rc = send_packed(u);
		if (rc < 0)
			return rc;
	}
	u->more = true;
	return 0;
}
