/* uplink.c - the session to the parent, step by step.
 *
 * Owns:    the credit that the parent gave, and what is on the way without an ack.
 * Promise: 2, once and in order: only the parent's word on its disk says where to resume.
 * Flow:    store, link -> uplink -> link */
#include "uplink_state.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { PUSHES_PER_STEP = 16 }; /* then the loop gets its turn, and calls again at once */
_Static_assert(ST_PING_MS * 9 / 4 < 60 * 1000, "a dead link is known before carrier NAT forgets it");
_Static_assert(ST_REFUSED_WAIT_MS <= ST_REFUSED_WAIT_MAX_MS, "waits only grow");

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

static void enter(struct st_uplink *u, enum st_uplink_state state, uint64_t now_ms)
{
	st_assert(now_ms >= u->info.since_ms);
	u->info.state = state;
	u->info.since_ms = now_ms;
}

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

static int pack_log(struct st_uplink *u, struct st_txn *t, size_t i)
{
	struct st_log log;
	u->packed_ready = false;
	if (i == UPLINK_NO_LOG)
		return 0;
	st_assert(i < u->log_count);
	int rc = st_log_get(t, u->logs[i].number, &log);
	if (rc == 0 && log.signed_size < u->logs[i].sent)
		rc = ST_ECORRUPT; /* no log loses what was signed */
	if (rc < 0)
		return rc;
	struct st_push_from from = { .size = u->logs[i].sent, .heads = u->version >= ST_WIRE_HEADS,
				     .heads_after = u->logs[i].heads_sent };
	rc = st_push_pack_from(u->packer, t, &log, &from, &u->packed);
	if (rc < 0)
		return rc;
	/* The snapshot may hold more than the table was told of. */
	if (u->packed.size > u->logs[i].size)
		u->logs[i].size = u->packed.size;
	if (u->packed.time_s > u->logs[i].signed_s)
		u->logs[i].signed_s = u->packed.time_s;
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
	return i == UPLINK_NO_LOG ? 0 : pack_log(u, t, i);
}

/* Sends what the credit allows. */
static int pump(struct st_uplink *u, struct st_txn *t, uint64_t now_ms)
{
	u->more = false;
	if (u->info.state != ST_UPLINK_LINKED)
		return 0;
	st_assert(u->log_count > 0);
	if (u->packed_ready && u->packed_log != 0 && uplink_log_choose(u, now_ms) == 0)
		u->packed_ready = false; /* our own goes first */
	for (int n = 0; n < PUSHES_PER_STEP; n++) {
		int rc = u->packed_ready ? 0 : pack_log(u, t, uplink_log_choose(u, now_ms));
		if (rc == 0 && u->packed_ready && packed_needs(u) > u->info.credit)
			rc = pack_prompt(u, t, now_ms);
		if (rc < 0)
			return rc;
		if (!u->packed_ready)
			return want(u, 0);
		if (packed_needs(u) > u->info.credit)
			return want(u, packed_needs(u));
		rc = send_packed(u);
		if (rc < 0)
			return rc;
	}
	u->more = true;
	return 0;
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
	enter(u, ST_UPLINK_GREETING, now->mono_ms);
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
		enter(u, ST_UPLINK_DOWN, now->mono_ms);
}

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
	enter(u, ST_UPLINK_LINKED, now->mono_ms);
	u->info.linked_ms = now->mono_ms;
	return pump(u, t, now->mono_ms);
}

static int on_ack(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		  const struct st_ack *ack)
{
	if (u->info.state != ST_UPLINK_LINKED)
		return ST_ESTATE;
	size_t i = uplink_log_find(u, &ack->log);
	if (i == UPLINK_NO_LOG || ack->size > u->logs[i].size)
		return ST_EWIRE;
	struct st_uplink_log *l = &u->logs[i];
	if (ack->size > l->acked)
		l->acked = ack->size;
	if (l->acked > l->sent)
		l->sent = l->acked;
	st_assert(l->acked <= l->sent);
	st_assert(l->sent <= l->size);
	l->refused = 0;
	l->refused_times = 0;
	l->again_ms = 0;
	if (i == 0)
		u->info.parent_size = l->acked;
	if (ack->receipt.time_s != 0) {
		struct st_receipt_in r = { .log = ack->log, .signer = u->self.parent,
					   .size = ack->size, .cosignature = ack->receipt };
		u->to.receipts(u->to.arg, &r, 1);
	}
	if (ack->credit > 0)
		u->wanting = false;
	u->info.credit += ack->credit;
	return pump(u, t, now->mono_ms);
}

static uint64_t refused_wait_ms(uint32_t times)
{
	uint64_t wait = ST_REFUSED_WAIT_MS;
	for (uint32_t i = 1; i < times && wait < ST_REFUSED_WAIT_MAX_MS; i++)
		wait *= 2;
	return wait < ST_REFUSED_WAIT_MAX_MS ? wait : ST_REFUSED_WAIT_MAX_MS;
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
	if (r->held > l->size)
		return ST_EAHEAD; /* greeting anew tells what has happened */
	if (r->push >= l->first_push) {
		l->refused = r->code;
		l->refused_times++;
		l->acked = l->sent = r->held;
		l->heads_sent = 0;
		l->first_push = u->push + 1;
		st_assert(l->sent <= l->size);
		if (r->code != ST_ESEQ || l->refused_times > 1)
			l->again_ms = now->mono_ms + refused_wait_ms(l->refused_times);
		if (u->packed_ready && u->packed_log == i)
			u->packed_ready = false;
	}
	return pump(u, t, now->mono_ms);
}

static int on_ping(struct st_uplink *u, const struct st_now *now, const struct st_ping *ping)
{
	struct st_frame f = { .kind = ST_FRAME_PONG };
	f.u.pong = (struct st_ping){ ping->nonce, now->wall_ms, u->log_count ? u->logs[0].size : 0 };
	return uplink_say(u, &f, false);
}

static int on_frame(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
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
		return pump(u, t, now->mono_ms);
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
	return on_frame(u, t, now, &f);
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
	return pump(u, t, now->mono_ms);
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
	return pump(u, t, now->mono_ms);
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
