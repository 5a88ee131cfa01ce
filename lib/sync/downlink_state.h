/* downlink_state.h - what the sources of the downlink share: the session's state. */
#pragma once
#include <station/sync/downlink.h>

struct st_downlink {
	struct st_downlink_self self;
	struct st_downlink_to to;
	struct st_downlink_info info;
	struct st_pool *pool;
	struct st_assembly assembly;
	uint64_t wanted_next; /* the child's next push; 0: it has credit for it */
	uint32_t session;     /* greetings so far */
	uint32_t version;     /* of the wire, which both speak */
	bool carrying;        /* a carry is on its way, up to this position: */
	uint64_t carried;
	uint32_t carries;     /* running number */
	struct st_buf out;
	struct st_arena arena;
};

int downlink_say(struct st_downlink *d, const struct st_frame *frame);
int downlink_say_bulk(struct st_downlink *d, const struct st_frame *frame); /* waits behind the rest */

/* downlink_carry.c: the child's outbox. */
int downlink_taken(struct st_downlink *d, struct st_txn *t, const struct st_taken *taken);
void downlink_outbox_from(struct st_downlink *d, const struct st_taken *taken);

/* downlink_greet.c: the child's logs against ours, and what we tell of them. */
int downlink_compare(struct st_downlink *d, struct st_txn *t, const struct st_logs *logs);
/* The child says that it has so much of a log; its own counts. anew: its word on greeting, which may be less. */
void downlink_own(struct st_downlink *d, const struct st_log_id *log, uint64_t size, bool anew);
int downlink_tell_logs(struct st_downlink *d, struct st_txn *t);
int downlink_tell_receipts(struct st_downlink *d, struct st_txn *t);
