/* uplink_state.h - what the sources of the uplink share: the session's state, its table of logs. */
#pragma once
#include <station/sync/pack.h>
#include <station/sync/uplink.h>

struct st_uplink {
	struct st_uplink_self self;
	struct st_uplink_to to;
	struct st_uplink_info info; /* logs and log_count are the table below */
	struct st_uplink_log *logs; /* our own first, the rest by station and epoch */
	size_t log_count, log_room;
	struct st_packer *packer;
	struct st_packed packed;    /* waiting for credit, when packed_ready */
	bool packed_ready;
	size_t packed_log, turn;    /* whose it is; whose turn is next */
	bool wanting;               /* a want is out, without an answer yet */
	bool more;                  /* there is work left for the next step */
	uint32_t push;              /* running number of the last push sent */
	uint64_t heard_ms, nonce, pinged_ms;
	uint32_t session;           /* greetings so far */
	uint32_t version;           /* of the wire, as the parent has chosen; 0: not yet */
	struct st_assembly assembly; /* of a carry */
	uint8_t parent_incarnation[16];
	uint64_t carry_again_ms;    /* one couldn't be stored: when to ask for it again; 0: none */
	struct st_buf out;
	struct st_arena arena;
};

/* uplink_logs.c: the table. Indexes are good until the next load or add. */
enum { UPLINK_NO_LOG = SIZE_MAX };
int uplink_logs_load(struct st_uplink *u, struct st_txn *t);
int uplink_log_update(struct st_uplink *u, struct st_txn *t, uint32_t number);
size_t uplink_log_find(const struct st_uplink *u, const struct st_log_id *id);
size_t uplink_log_choose(struct st_uplink *u, uint64_t now_ms);
size_t uplink_log_prompt(struct st_uplink *u, uint64_t now_ms);
uint64_t uplink_logs_waiting(const struct st_uplink *u);
/* What was refused and has waited is as any other log again: it may still wait for credit. */
void uplink_logs_wake(struct st_uplink *u, uint64_t now_ms);
uint64_t uplink_logs_again_ms(const struct st_uplink *u);
int uplink_state_of(struct st_uplink *u, struct st_txn *t, uint32_t parent,
		    const struct st_uplink_log *log, struct st_log_state *ret_state);

/* uplink_greet.c: hello, our logs, and what the parent says of them. */
int uplink_greet(struct st_uplink *u, struct st_txn *t, const struct st_now *now);
int uplink_compare(struct st_uplink *u, struct st_txn *t, const struct st_log_state *theirs);

/* uplink_carry.c: what the parent sends down outside the logs. */
int uplink_chunk(struct st_uplink *u, const struct st_chunk *c);
int uplink_carry_tick(struct st_uplink *u, struct st_txn *t, uint64_t now_ms);

/* uplink_push.c */
/* Sends what the credit allows. */
int uplink_pump(struct st_uplink *u, struct st_txn *t, uint64_t now_ms);

/* uplink_frames.c */
/* It waits, the longer the more often; the others flow on. */
void uplink_log_refused(struct st_uplink_log *l, int code, uint64_t now_ms);
int uplink_take(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
		const struct st_frame *f);

/* uplink.c */
int uplink_say(struct st_uplink *u, const struct st_frame *frame, bool bulk);
void uplink_enter(struct st_uplink *u, enum st_uplink_state state, uint64_t now_ms);
