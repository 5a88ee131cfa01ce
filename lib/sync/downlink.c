/* downlink.c - the session to one child, step by step.
 *
 * Owns:    the child's credit, and the push that it is sending.
 * Promise: 8, one bad thing stops only itself; 9, bounded: no child fills this station's memory.
 * Flow:    link -> downlink -> apply -> downlink -> link */
#include <station/sync/downlink.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "downlink_state.h"

int st_downlink_new(const struct st_downlink_self *self, const struct st_downlink_to *to,
		    struct st_pool *pool, struct st_downlink **ret_d)
{
	ST_REQUIRE(pool->size >= ST_SHARE_MIN);
	struct st_downlink *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return ST_ENOMEM;
	d->self = *self;
	d->to = *to;
	d->pool = pool;
	pool->sessions++;
	st_assembly_init(&d->assembly);
	st_buf_init(&d->out, ST_FRAME_MAX);
	int rc = st_arena_init(&d->arena, ST_FRAME_ARENA);
	if (rc < 0) {
		st_downlink_free(d);
		return rc;
	}
	*ret_d = d;
	return 0;
}

void st_downlink_free(struct st_downlink *d)
{
	if (d == NULL)
		return;
	st_assert(d->pool->given >= d->info.granted);
	d->pool->given -= d->info.granted;
	st_assert(d->pool->sessions > 0);
	if (--d->pool->sessions == 0) {
		st_packer_free(d->pool->packer);
		d->pool->packer = NULL;
	}
	st_assembly_done(&d->assembly);
	st_arena_done(&d->arena);
	st_buf_done(&d->out);
	free(d);
}

static int say(struct st_downlink *d, const struct st_frame *frame, bool bulk)
{
	st_buf_clear(&d->out);
	int rc = st_frame_encode(frame, &d->out);
	if (rc < 0)
		return rc;
	d->to.frame(d->to.arg, st_buf_span(&d->out), bulk);
	return 0;
}

int downlink_say(struct st_downlink *d, const struct st_frame *frame)
{
	return say(d, frame, false);
}

int downlink_say_bulk(struct st_downlink *d, const struct st_frame *frame)
{
	return say(d, frame, true);
}

/* A frame to a child that can't be encoded for want of memory is as one that the network lost: the
 * child's pings and the next greeting make up for it. */
static void tell(struct st_downlink *d, const struct st_frame *frame)
{
	int rc = downlink_say(d, frame);
	(void)ST_NEVER(rc < 0 && rc != ST_ENOMEM);
}

void st_downlink_refuse(struct st_downlink *d, int code)
{
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	ST_REQUIRE(code < 0);
	f.u.refusal.code = code;
	tell(d, &f);
}

/* Back to standing credit; pushes of before are answered no more. */
static void restart(struct st_downlink *d)
{
	d->session++;
	st_assembly_reset(&d->assembly);
	d->pool->given -= d->info.granted;
	d->info.granted = d->info.held = d->info.wanted = 0;
	d->wanted_next = 0;
	d->info.credit = ST_CREDIT_STANDING;
	d->info.behind = false;
}

void st_downlink_lost(struct st_downlink *d)
{
	restart(d);
	d->carrying = false;
	d->info.state = ST_DOWNLINK_NEW;
}

static int on_hello(struct st_downlink *d, const struct st_now *now, const struct st_hello *h)
{
	struct st_frame f = { .kind = ST_FRAME_WELCOME };
	if (!st_code_equal(&h->station, &d->self.child))
		return ST_ESUBTREE;
	if (h->version_min > ST_WIRE_VERSION || h->version_max < ST_WIRE_VERSION_MIN)
		return ST_EVERSION;
	restart(d);
	d->info.state = ST_DOWNLINK_GREETING;
	d->info.since_ms = now->mono_ms;
	d->info.skew_ms = (int64_t)(h->wall_ms - now->wall_ms);
	downlink_outbox_from(d, &h->taken);
	if (h->software.size > 0)
		memcpy(d->info.software, h->software.data, h->software.size);
	d->info.software[h->software.size] = 0;
	d->version = h->version_max < ST_WIRE_VERSION ? h->version_max : ST_WIRE_VERSION;
	f.u.welcome = (struct st_welcome){
		.version = d->version,
		.station = d->self.station,
		.wall_ms = now->wall_ms,
		.credit = d->info.credit,
	};
	memcpy(f.u.welcome.incarnation, d->self.incarnation, sizeof(d->self.incarnation));
	return downlink_say(d, &f);
}

static int on_logs(struct st_downlink *d, struct st_txn *t, const struct st_now *now,
		   const struct st_logs *logs)
{
	if (d->info.state != ST_DOWNLINK_GREETING)
		return ST_ESTATE;
	int rc = downlink_compare(d, t, logs);
	if (rc < 0 || !logs->last)
		return rc;
	rc = downlink_tell_logs(d, t);
	if (rc < 0)
		return rc;
	d->info.state = ST_DOWNLINK_LINKED;
	d->info.since_ms = now->mono_ms;
	rc = downlink_tell_receipts(d, t);
	return rc < 0 ? rc : st_downlink_carry(d, t);
}

/* A push of one chunk may come between the chunks of a larger one. */
static int assemble(struct st_downlink *d, const struct st_chunk *c, struct st_inbound **ret_in)
{
	struct st_assembly whole;
	if (c->index != 0 || !c->last)
		return st_assembly_add(&d->assembly, c, ret_in);
	st_assembly_init(&whole);
	int rc = st_assembly_add(&whole, c, ret_in);
	st_assembly_done(&whole);
	return rc;
}

static int on_chunk(struct st_downlink *d, const struct st_chunk *c)
{
	struct st_inbound *in = NULL;
	if (d->info.state != ST_DOWNLINK_LINKED)
		return ST_ESTATE;
	if (c->bytes.size > d->info.credit)
		return ST_ECREDIT;
	d->info.credit -= c->bytes.size;
	d->info.held += c->bytes.size;
	d->info.wanted -= c->bytes.size < d->info.wanted ? c->bytes.size : d->info.wanted;
	if (d->info.wanted < d->wanted_next)
		d->info.wanted = d->wanted_next; /* the child waits for it, and won't ask again */
	int rc = assemble(d, c, &in);
	if (rc < 0 || in == NULL)
		return rc;
	in->session = d->session;
	d->to.push(d->to.arg, in);
	return 0;
}

/* Takes from the pool what the child wants: at least its next push, or nothing. */
static uint64_t grant(struct st_downlink *d)
{
	struct st_downlink_info *i = &d->info;
	uint64_t wants = i->wanted > i->credit ? i->wanted - i->credit : 0;
	uint64_t needs = d->wanted_next > i->credit ? d->wanted_next - i->credit : 0;
	uint64_t room = ST_GRANT_MAX - i->granted;
	uint64_t left = d->pool->size - d->pool->given;
	uint64_t g = wants < room ? wants : room;
	if (g > left)
		g = left;
	if (g == 0 || g < needs)
		return 0;
	i->granted += g;
	i->credit += g;
	d->pool->given += g;
	d->wanted_next = 0;
	st_assert(i->granted <= ST_GRANT_MAX && d->pool->given <= d->pool->size);
	return g;
}

bool st_downlink_grant(struct st_downlink *d)
{
	struct st_frame f = { .kind = ST_FRAME_GRANT };
	if (d->info.state != ST_DOWNLINK_LINKED || d->info.wanted == 0)
		return false;
	f.u.grant = grant(d);
	if (f.u.grant == 0)
		return false;
	tell(d, &f);
	return true;
}

static int on_want(struct st_downlink *d, const struct st_want *w)
{
	if (d->info.state != ST_DOWNLINK_LINKED)
		return ST_ESTATE;
	if (w->back > d->info.credit)
		return ST_ECREDIT;
	uint64_t back = w->back < d->info.granted ? w->back : d->info.granted;
	d->info.credit -= w->back;
	d->info.granted -= back;
	d->pool->given -= back;
	if (w->next > ST_PUSH_WIRE_MAX + ST_CREDIT_STANDING)
		return ST_ETOOBIG; /* no push is so large: it would wait for ever */
	d->info.wanted = w->bytes;
	d->wanted_next = w->next;
	(void)st_downlink_grant(d); /* later, when the pool has room, if not now */
	return 0;
}

static int on_ping(struct st_downlink *d, struct st_txn *t, const struct st_now *now,
		   const struct st_ping *ping)
{
	struct st_frame f = { .kind = ST_FRAME_PONG };
	struct st_log log = { .tree.size = 0 };
	int rc = st_log_newest(t, d->self.child_number, &log);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	d->info.skew_ms = (int64_t)(ping->wall_ms - now->wall_ms);
	d->info.own_size = ping->size; /* of the epoch that it greeted with */
	f.u.pong = (struct st_ping){ ping->nonce, now->wall_ms, rc == 0 ? log.tree.size : 0 };
	return downlink_say(d, &f);
}

static int on_frame(struct st_downlink *d, struct st_txn *t, const struct st_now *now,
		    const struct st_frame *f)
{
	switch (f->kind) {
	case ST_FRAME_HELLO: return on_hello(d, now, &f->u.hello);
	case ST_FRAME_LOGS:  return on_logs(d, t, now, &f->u.logs);
	case ST_FRAME_CHUNK: return on_chunk(d, &f->u.chunk);
	case ST_FRAME_WANT:  return on_want(d, &f->u.want);
	case ST_FRAME_PING:  return on_ping(d, t, now, &f->u.ping);
	case ST_FRAME_TAKEN: return downlink_taken(d, t, &f->u.taken);
	case ST_FRAME_PONG:
		d->info.skew_ms = (int64_t)(f->u.pong.wall_ms - now->wall_ms);
		return 0;
	case ST_FRAME_WELCOME:
	case ST_FRAME_ACK:
	case ST_FRAME_RECEIPTS:
	case ST_FRAME_GRANT:
	case ST_FRAME_REFUSAL:
	case ST_FRAME_JOIN:
	case ST_FRAME_JOINED:
		return ST_ESTATE; /* a parent's to say, or a stranger's */
	}
	return ST_EWIRE;
}

int st_downlink_frame(struct st_downlink *d, struct st_txn *t, const struct st_now *now,
		      struct st_span frame)
{
	struct st_frame f;
	st_arena_reset(&d->arena);
	int rc = st_frame_decode(frame, &d->arena, &f);
	if (rc == 0) {
		d->info.heard_ms = now->mono_ms;
		rc = on_frame(d, t, now, &f);
	}
	if (rc < 0) {
		d->to.refused(d->to.arg, rc, NULL);
		st_downlink_refuse(d, rc);
	}
	return rc;
}

/* What used it is applied: the pool gets its part back first, the child its standing credit. Whether the
 * child may have more of the pool is for st_downlink_grant, in its turn among the others. */
static uint64_t credit_back(struct st_downlink *d, uint64_t wire_bytes)
{
	struct st_downlink_info *i = &d->info;
	st_assert(i->held >= wire_bytes);
	i->held -= wire_bytes;
	uint64_t most = ST_CREDIT_STANDING + i->granted, out = i->credit + i->held;
	uint64_t excess = most > out ? most - out : 0;
	uint64_t pool = excess < i->granted ? excess : i->granted;
	i->granted -= pool;
	d->pool->given -= pool;
	i->credit += excess - pool;
	return excess - pool;
}

void st_downlink_applied(struct st_downlink *d, struct st_inbound *in,
			 const struct st_push_result *result)
{
	const struct st_log_id *log = &in->push.checkpoint.log;
	struct st_frame f;
	if (result->rc < 0)
		d->to.refused(d->to.arg, result->rc, log);
	else
		downlink_own(d, log, in->push.checkpoint.size, false);
	if (in->session != d->session || d->info.state != ST_DOWNLINK_LINKED) {
		st_inbound_free(in);
		return;
	}
	uint64_t credit = credit_back(d, in->wire_bytes);
	memset(&f, 0, sizeof(f));
	if (result->rc == 0) {
		f.kind = ST_FRAME_ACK;
		f.u.ack = (struct st_ack){ .log = *log, .size = result->held, .credit = credit };
		if (result->receipt != NULL)
			f.u.ack.receipt = *result->receipt;
	} else {
		f.kind = ST_FRAME_REFUSAL;
		f.u.refusal = (struct st_refusal){
			.log = *log,
			.first_seq = in->push.first_seq,
			.held = result->held,
			.credit = credit,
			.push = in->number,
			.code = result->rc,
		};
	}
	tell(d, &f);
	st_inbound_free(in);
}

void st_downlink_receipts(struct st_downlink *d, const struct st_receipt_in *receipts, size_t count)
{
	if (d->info.state != ST_DOWNLINK_LINKED)
		return; /* greeting brings the newest of all */
	while (count > 0) {
		struct st_frame f = { .kind = ST_FRAME_RECEIPTS };
		size_t n = count < ST_FRAME_LOGS_MAX ? count : ST_FRAME_LOGS_MAX;
		f.u.receipts = (struct st_receipts){ .receipts = receipts, .count = n };
		tell(d, &f);
		receipts += n;
		count -= n;
	}
}

void st_downlink_info(const struct st_downlink *d, struct st_downlink_info *ret_info)
{
	*ret_info = d->info;
}
