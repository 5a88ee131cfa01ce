/* uplink_frames.c - what the parent says, frame by frame: welcome, its logs, acks, refusals, credit.
 *
 * Owns:    what an ack or a refusal makes of a log, and how long a refused one waits.
 * Promise: 2, once and in order: only the parent's word on its disk says where to resume.
 * Flow:    link -> frames -> uplink table, push */
#include "uplink_state.h"
#include <string.h>
#include <station/base/check.h>

_Static_assert(ST_REFUSED_WAIT_MS <= ST_REFUSED_WAIT_MAX_MS, "waits only grow");

static int on_welcome(struct st_uplink *u, const struct st_now *now, const struct st_welcome *w)
{
	if (u->info.state != ST_UPLINK_GREETING)
		return ST_ESTATE;
	if (w->version < ST_WIRE_VERSION_MIN || w->version > ST_WIRE_VERSION)
		return ST_EVERSION;
	if (!st_code_equal(&w->station, &u->self.parent))
		return ST_ESUBTREE;
	u->version = w->version;
	memcpy(u->parent_incarnation, w->incarnation, sizeof(u->parent_incarnation));
	u->info.skew_ms = (int64_t)(w->wall_ms - now->wall_ms);
	u->info.credit = w->credit;
	return 0;
}

static int on_logs(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		   const struct st_logs *logs)
{
	if (u->info.state != ST_UPLINK_GREETING || u->info.credit == 0)
		return ST_ESTATE;
	for (size_t i = 0; i < logs->count; i++) {
		int rc = uplink_compare(u, t, &logs->logs[i]);
		if (rc < 0)
			return rc;
	}
	if (!logs->last)
		return 0;
	uplink_enter(u, ST_UPLINK_LINKED, now->mono_ms);
	u->info.linked_ms = now->mono_ms;
	return uplink_pump(u, t, now->mono_ms);
}

/* Of another's log the parent may hold more than we do: ours is being refilled from below, and has nothing for it. */
static uint64_t of_ours(const struct st_uplink_log *l, uint64_t held)
{
	return held < l->size ? held : l->size;
}

static int on_ack(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		  const struct st_ack *ack)
{
	if (u->info.state != ST_UPLINK_LINKED)
		return ST_ESTATE;
	size_t i = uplink_log_find(u, &ack->log);
	if (i == UPLINK_NO_LOG || (i == 0 && ack->size > u->logs[i].size))
		return ST_EWIRE;
	struct st_uplink_log *l = &u->logs[i];
	uint64_t held = of_ours(l, ack->size);
	if (held > l->acked)
		l->acked = held;
	if (l->acked > l->sent)
		l->sent = l->acked;
	st_assert(l->acked <= l->sent);
	st_assert(l->sent <= l->size);
	l->refused = 0;
	l->refused_times = 0;
	l->again_ms = 0;
	if (i == 0)
		u->info.parent_size = l->acked;
	if (ack->receipt.time_s != 0 && ack->size == held) {
		struct st_receipt_in r = { .log = ack->log, .signer = u->self.parent,
					   .size = ack->size, .cosignature = ack->receipt };
		u->to.receipts(u->to.arg, &r, 1);
	}
	if (ack->credit > 0)
		u->wanting = false;
	u->info.credit += ack->credit;
	return uplink_pump(u, t, now->mono_ms);
}

static uint64_t refused_wait_ms(uint32_t times)
{
	uint64_t wait = ST_REFUSED_WAIT_MS;
	for (uint32_t i = 1; i < times && wait < ST_REFUSED_WAIT_MAX_MS; i++)
		wait *= 2;
	return wait < ST_REFUSED_WAIT_MAX_MS ? wait : ST_REFUSED_WAIT_MAX_MS;
}

void uplink_log_refused(struct st_uplink_log *l, int code, uint64_t now_ms)
{
	st_assert(code < 0);
	l->refused = code;
	l->refused_times++;
	if (code != ST_ESEQ || l->refused_times > 1)
		l->again_ms = now_ms + refused_wait_ms(l->refused_times);
}

/* One log is refused: it goes back to where the parent says it is, and waits; the others flow on. */
static int on_refusal(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		      const struct st_refusal *r)
{
	if (st_code_empty(&r->log.station)) {
		u->info.refused = r->code;
		return r->code;
	}
	if (r->credit > 0)
		u->wanting = false;
	u->info.credit += r->credit;
	size_t i = uplink_log_find(u, &r->log);
	if (u->info.state != ST_UPLINK_LINKED || i == UPLINK_NO_LOG)
		return ST_ESTATE;
	struct st_uplink_log *l = &u->logs[i];
	if (i == 0 && r->held > l->size)
		return ST_EAHEAD; /* greeting anew tells what has happened */
	if (r->push >= l->first_push) {
		uplink_log_refused(l, r->code, now->mono_ms);
		l->acked = l->sent = of_ours(l, r->held);
		l->heads_sent = 0;
		l->first_push = u->push + 1;
		st_assert(l->sent <= l->size);
		if (u->packed_ready && u->packed_log == i)
			u->packed_ready = false;
	}
	return uplink_pump(u, t, now->mono_ms);
}

static int on_ping(struct st_uplink *u, const struct st_now *now, const struct st_ping *ping)
{
	struct st_frame f = { .kind = ST_FRAME_PONG };
	f.u.pong = (struct st_ping){ ping->nonce, now->wall_ms, u->log_count ? u->logs[0].size : 0 };
	return uplink_say(u, &f, false);
}

int uplink_take(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		const struct st_frame *f)
{
	switch (f->kind) {
	case ST_FRAME_WELCOME: return on_welcome(u, now, &f->u.welcome);
	case ST_FRAME_LOGS:    return on_logs(u, t, now, &f->u.logs);
	case ST_FRAME_ACK:     return on_ack(u, t, now, &f->u.ack);
	case ST_FRAME_REFUSAL: return on_refusal(u, t, now, &f->u.refusal);
	case ST_FRAME_PING:    return on_ping(u, now, &f->u.ping);
	case ST_FRAME_RECEIPTS:
		u->to.receipts(u->to.arg, f->u.receipts.receipts, f->u.receipts.count);
		return 0;
	case ST_FRAME_GRANT:
		u->wanting = false;
		u->info.credit += f->u.grant;
		return uplink_pump(u, t, now->mono_ms);
	case ST_FRAME_PONG:
		u->info.skew_ms = (int64_t)(f->u.pong.wall_ms - now->wall_ms);
		u->info.parent_size = f->u.pong.size;
		return 0;
	case ST_FRAME_CHUNK:   return uplink_chunk(u, &f->u.chunk);
	case ST_FRAME_HELLO:
	case ST_FRAME_TAKEN:
	case ST_FRAME_WANT:
	case ST_FRAME_JOIN:
	case ST_FRAME_JOINED:
		return ST_ESTATE; /* a child's to say */
	}
	return ST_EWIRE;
}
