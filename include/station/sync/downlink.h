/* downlink.h - the session to one child: what it may send, what it gets back.
 * A machine like uplink.h. It takes frames of one authenticated child, hands whole pushes on to
 * be applied, and turns their results into acks, receipts and refusals.
 *
 *   new --hello--> greeting --logs--> linked       a new hello starts again
 *
 * Credit: each child may always have ST_CREDIT_STANDING bytes on the way; beyond that it says what it
 * wants, and is granted from one pool for all children, at least its next push or nothing. Credit
 * comes back when what used it has been applied, so children can't fill this station's memory. Whenever the
 * pool may have room, its owner calls st_downlink_grant for each child in turn, beginning behind the
 * one that got some last, so that no backlog holds up another. */
#pragma once
#include <station/store/logs.h>
#include <station/sync/pack.h>
#include <station/sync/uplink.h> /* st_now */

enum {
	ST_GRANT_MAX = 1024 * 1024, /* that one child may hold of the pool */
	ST_SHARE_MIN = ST_PUSH_WIRE_MAX, /* smallest pool: one push of one child */
};

/* The bytes that all children together may have on the way beyond their standing credit. */
struct st_pool {
	uint64_t size, given; /* given <= size */
	/* What all of them pack their outboxes with: made for the first carry, freed with the last session. */
	struct st_packer *packer;
	size_t sessions;
};

struct st_downlink_to {
	void *arg;
	void (*frame)(void *arg, struct st_span frame, bool bulk);
	void (*push)(void *arg, struct st_inbound *in); /* the callee's now; answer with _applied */
	void (*claims)(void *arg, const struct st_claim *claims, size_t count);
	void (*refused)(void *arg, int code, const struct st_log_id *log); /* to count and log; log may be NULL */
	void (*taken)(void *arg, uint64_t position); /* the child has its outbox up to there on its disk */
};

struct st_downlink_self {
	struct st_code station, child;
	uint32_t station_number, child_number; /* local numbers */
	uint8_t incarnation[16];
};

enum st_downlink_state { ST_DOWNLINK_NEW, ST_DOWNLINK_GREETING, ST_DOWNLINK_LINKED };

struct st_downlink_info {
	enum st_downlink_state state;
	uint64_t since_ms, heard_ms; /* monotonic: of the state, of the last frame */
	int64_t skew_ms;             /* the child's wall clock minus ours */
	/* bytes: may send; received and not yet applied; of the pool; asked for and not yet received */
	uint64_t credit, held, granted, wanted;
	uint64_t outbox_taken;       /* position that the child has; what is after it waits */
	bool own_told;               /* the child has said how much of its own log it has: */
	uint32_t own_epoch;
	uint64_t own_size;           /* as it last said, on greeting, by ping or by a push that was taken */
	bool behind; /* the child holds less of its own log than we do, or another: it has lost or been copied */
	char software[ST_SOFTWARE_MAX + 1];
};

struct st_downlink;
ST_MUST int st_downlink_new(const struct st_downlink_self *self, const struct st_downlink_to *to,
			    struct st_pool *pool, struct st_downlink **ret_d);
void st_downlink_free(struct st_downlink *d); /* gives its part of the pool back; the pool is still there */
/* A frame from the child. An error has been answered with a refusal, counted and handed to
 * `refused`; the link goes on. */
int st_downlink_frame(struct st_downlink *d, struct st_txn *t, const struct st_now *now,
		      struct st_span frame);
/* How a push ended: rc of its job, what is held now, and the receipt (NULL: none). Frees in. */
struct st_push_result {
	int rc;
	uint64_t held;
	const struct st_cosignature *receipt;
};
void st_downlink_applied(struct st_downlink *d, struct st_inbound *in,
			 const struct st_push_result *result);
/* Receipts of higher tiers over the child's logs and those below it. */
void st_downlink_receipts(struct st_downlink *d, const struct st_receipt_in *receipts,
			  size_t count);
/* The child's outbox may have grown: sends the next carry, unless one is on its way. Errors are the
 * store's, or memory's; the next call tries again. */
int st_downlink_carry(struct st_downlink *d, struct st_txn *t);
/* After credit came back to the pool: grants if the child waits for it. true: it got some. */
bool st_downlink_grant(struct st_downlink *d);
/* The child has gone silent: its part of the pool is free again; its next word must be a hello. */
void st_downlink_lost(struct st_downlink *d);
/* The link itself is refused (a revoked key, a newer wire): says so to the child. */
void st_downlink_refuse(struct st_downlink *d, int code);
void st_downlink_info(const struct st_downlink *d, struct st_downlink_info *ret_info);
