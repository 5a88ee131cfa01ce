/* uplink.c - the session to the parent, step by step: linked, frames and growth, silence, lost.
 *
 * Owns:    the session's state and clocks; what is on the way without an ack is forgotten with it.
 * Promise: 2, once and in order: a session that is lost goes back to what was acked.
 * Flow:    store, link -> uplink -> link */
#include "uplink_state.h"
#include <stdlib.h>
#include <station/base/check.h>

_Static_assert(ST_PING_MS * 9 / 4 < 60 * 1000, "a dead link is known before carrier NAT forgets it");

int st_uplink_new(const struct st_uplink_self *self, const struct st_uplink_to *to,
		  struct st_uplink **ret_u)
{
	ST_REQUIRE(self->ping_ms > 0);
	ST_REQUIRE(self->log > 0);
	ST_REQUIRE(!st_code_empty(&self->station));
	ST_REQUIRE(!st_code_empty(&self->parent));
	struct st_uplink *u = calloc(1, sizeof(*u));
	if (u == NULL)
		return ST_ENOMEM;
	u->self = *self;
	u->to = *to;
	u->info.parent = self->parent;
	st_buf_init(&u->out, ST_FRAME_MAX);
	st_assembly_init(&u->assembly);
	int rc = st_packer_new(&u->packer);
	if (rc == 0)
		rc = st_arena_init(&u->arena, ST_FRAME_ARENA);
	if (rc < 0) {
		st_uplink_free(u);
		return rc;
	}
	*ret_u = u;
	return 0;
}

void st_uplink_free(struct st_uplink *u)
{
	if (u == NULL)
		return;
	st_packer_free(u->packer);
	st_assembly_done(&u->assembly);
	st_arena_done(&u->arena);
	st_buf_done(&u->out);
	free(u->logs);
	free(u);
}

int uplink_say(struct st_uplink *u, const struct st_frame *frame, bool bulk)
{
	st_buf_clear(&u->out);
	int rc = st_frame_encode(frame, &u->out);
	if (rc < 0)
		return rc;
	st_assert(u->out.size <= ST_FRAME_MAX);
	u->to.frame(u->to.arg, st_buf_span(&u->out), bulk);
	return 0;
}

void uplink_enter(struct st_uplink *u, enum st_uplink_state state, uint64_t now_ms)
{
	st_assert(now_ms >= u->info.since_ms);
	u->info.state = state;
	u->info.since_ms = now_ms;
}

int st_uplink_linked(struct st_uplink *u, struct st_txn *t, const struct st_now *now)
{
	u->info.credit = 0;
	u->info.refused = 0;
	u->wanting = u->more = false;
	u->version = 0;
	u->session++;
	u->carry_again_ms = 0;
	st_assembly_reset(&u->assembly);
	u->heard_ms = u->pinged_ms = now->mono_ms;
	uplink_enter(u, ST_UPLINK_GREETING, now->mono_ms);
	return uplink_greet(u, t, now);
}

void st_uplink_lost(struct st_uplink *u, const struct st_now *now)
{
	u->packed_ready = u->more = u->wanting = false;
	u->info.credit = 0;
	for (size_t i = 0; i < u->log_count; i++) {
		st_assert(u->logs[i].acked <= u->logs[i].size);
		u->logs[i].sent = u->logs[i].acked;
		u->logs[i].heads_sent = 0;
		u->logs[i].again_ms = 0;
	}
	if (u->info.state != ST_UPLINK_DOWN)
		uplink_enter(u, ST_UPLINK_DOWN, now->mono_ms);
}

int st_uplink_frame(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		    struct st_span frame)
{
	struct st_frame f;
	if (u->info.state == ST_UPLINK_DOWN)
		return ST_ESTATE;
	st_arena_reset(&u->arena);
	int rc = st_frame_decode(frame, &u->arena, &f);
	if (rc < 0)
		return rc;
	u->heard_ms = now->mono_ms;
	return uplink_take(u, t, now, &f);
}

int st_uplink_grown(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		    const uint32_t *logs, size_t count)
{
	ST_REQUIRE(logs != NULL || count == 0);
	if (u->info.state == ST_UPLINK_DOWN)
		return 0; /* linking reads the table anew */
	for (size_t i = 0; i < count; i++) {
		int rc = uplink_log_update(u, t, logs[i]);
		if (rc < 0)
			return rc;
	}
	return uplink_pump(u, t, now->mono_ms);
}

static uint64_t silence_ms(const struct st_uplink *u)
{
	return (uint64_t)u->self.ping_ms * 9 / 4;
}

static uint64_t ping_at(const struct st_uplink *u)
{
	uint64_t last = u->heard_ms > u->pinged_ms ? u->heard_ms : u->pinged_ms;
	return last + u->self.ping_ms;
}

int st_uplink_tick(struct st_uplink *u, struct st_txn *t, const struct st_now *now)
{
	if (u->info.state == ST_UPLINK_DOWN)
		return 0;
	if (u->info.state == ST_UPLINK_GREETING)
		return now->mono_ms >= u->info.since_ms + ST_GREETING_MS ? ST_ESILENT : 0;
	if (now->mono_ms >= u->heard_ms + silence_ms(u))
		return ST_ESILENT;
	if (now->mono_ms >= ping_at(u)) {
		struct st_frame f = { .kind = ST_FRAME_PING };
		f.u.ping = (struct st_ping){ ++u->nonce, now->wall_ms, u->logs[0].size };
		int rc = uplink_say(u, &f, false);
		if (rc < 0)
			return rc;
		u->pinged_ms = now->mono_ms;
	}
	st_assert(u->info.state == ST_UPLINK_LINKED);
	uplink_logs_wake(u, now->mono_ms);
	int rc = uplink_carry_tick(u, t, now->mono_ms);
	if (rc < 0)
		return rc;
	return uplink_pump(u, t, now->mono_ms);
}

uint64_t st_uplink_next_ms(const struct st_uplink *u)
{
	if (u->info.state == ST_UPLINK_DOWN)
		return 0;
	if (u->info.state == ST_UPLINK_GREETING)
		return u->info.since_ms + ST_GREETING_MS;
	if (u->more)
		return u->heard_ms; /* at once */
	uint64_t at = ping_at(u), silent = u->heard_ms + silence_ms(u);
	uint64_t again = uplink_logs_again_ms(u);
	if (silent < at)
		at = silent;
	if (u->carry_again_ms != 0 && u->carry_again_ms < at)
		at = u->carry_again_ms;
	return again != 0 && again < at ? again : at;
}

void st_uplink_info(const struct st_uplink *u, struct st_uplink_info *ret_info)
{
	*ret_info = u->info;
	ret_info->logs = u->logs;
	ret_info->log_count = u->log_count;
	ret_info->waiting_bytes = uplink_logs_waiting(u);
}
