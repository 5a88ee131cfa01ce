/* uplink.h - the session to the parent: what this station owes it, and when to send it.
 * A machine without sockets, clock or threads: it is told what happened, with a read transaction
 * and the time, and answers through st_uplink_to what to send, store or stop.
 *
 *   down --linked--> greeting --welcome, logs--> linked --lost--> down
 *
 * Greeting: Hello and our logs (with the parent's newest receipts) go up; the parent's Welcome and what it
 * holds come back. Its sizes alone say where each log resumes. If it holds more of our own log than we do, or
 * another root, under our own signature, we have lost something or been copied: halt.
 * Linked: our own log first, the others in turn; a log goes up only once the parent holds the event
 * that enrolled its station. Nothing is sent beyond the parent's credit; the rest waits in the log.
 *
 * One owner, no locks. An error from a step means: throw the connection away and try again; the
 * machine is then to be told `lost`. */
#pragma once
#include <station/store/logs.h>
#include <station/sync/carry.h>
#include <station/sync/wire.h>

enum st_uplink_state { ST_UPLINK_DOWN, ST_UPLINK_GREETING, ST_UPLINK_LINKED };

enum {
	ST_PING_MS = 20 * 1000,    /* of silence; carrier NAT forgets a silent link after 60 s */
	ST_GREETING_MS = 10 * 1000, /* from hello to the parent's last log */
	ST_UPLINK_LOGS_MAX = 65536,
	ST_REFUSED_WAIT_MS = 5 * 1000, /* a log that was refused is tried again after, doubling */
	ST_REFUSED_WAIT_MAX_MS = 300 * 1000,
};

/* What the machine wants done. Spans and arrays die with the call. */
struct st_uplink_to {
	void *arg;
	void (*frame)(void *arg, struct st_span frame, bool bulk); /* bulk waits behind the rest */
	void (*receipts)(void *arg, const struct st_receipt_in *receipts, size_t count);
	void (*carry)(void *arg, struct st_inbound_carry *in); /* the callee's now; answer with _carried */
	void (*halt)(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c);
};

struct st_uplink_self {
	struct st_code station, parent;
	struct st_public_key identity; /* ours */
	uint32_t log;                  /* number of our own log */
	uint8_t incarnation[16];
	uint32_t ping_ms; /* ST_PING_MS unless set up otherwise; silent for 2.25 of it: the link is dead */
};

struct st_uplink_log { /* read freely */
	uint32_t number;
	struct st_log_id id;
	uint64_t size, bytes;      /* newest checkpoint here; bytes: of the whole log, to estimate by */
	uint64_t acked, sent;      /* acked: on the parent's disk; acked <= sent <= size */
	uint64_t heads, heads_sent; /* stamps (store/heads.h): the newest that goes up, and how far they were sent on this link */
	uint64_t signed_s, sent_s; /* times of the newest checkpoint, and of the one last sent */
	uint32_t issuer_log;       /* which event enrolled the station; 0: the parent knows it already */
	uint64_t issuer_seq;
	bool admitted;             /* the parent holds that event */
	uint32_t first_push;       /* answers to earlier pushes are stale: it was rewound */
	int refused;               /* the parent's last refusal; 0: none since */
	uint32_t refused_times;
	uint64_t again_ms;         /* monotonic; 0: no wait */
};

struct st_uplink_info {
	enum st_uplink_state state;
	struct st_code parent;
	uint64_t since_ms;    /* monotonic: of the state */
	uint64_t linked_ms;   /* monotonic: when it was last linked; 0: never */
	int64_t skew_ms;      /* parent's wall clock minus ours, at the last frame that told */
	uint64_t credit, waiting_bytes;
	int refused;          /* the parent's refusal of the link itself; 0: none */
	uint64_t parent_size; /* of our own log, on the parent's disk, as it last said */
	size_t log_count;
	const struct st_uplink_log *logs; /* our own first */
};

struct st_uplink;
ST_MUST int st_uplink_new(const struct st_uplink_self *self, const struct st_uplink_to *to,
			  struct st_uplink **ret_u);
void st_uplink_free(struct st_uplink *u);

/* Times of one call: monotonic for waiting, wall to be shown. */
struct st_now {
	uint64_t mono_ms, wall_ms;
};
/* A connection stands: greets. */
ST_MUST int st_uplink_linked(struct st_uplink *u, struct st_txn *t, const struct st_now *now);
void st_uplink_lost(struct st_uplink *u, const struct st_now *now);
/* A frame from the parent. ST_EWIRE and the like: nonsense; ST_EVERSION, ST_EREVOKED ...: the parent
 * refuses the link. */
ST_MUST int st_uplink_frame(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
			    struct st_span frame);
/* Logs have new checkpoints (a committed group), or stations have changed: looks at the store again. */
ST_MUST int st_uplink_grown(struct st_uplink *u, struct st_txn *t, const struct st_now *now,
			    const uint32_t *logs, size_t count);
/* How a carry ended: rc of its job. The parent is told what is on this disk, or later asked again. Frees in. */
void st_uplink_carried(struct st_uplink *u, struct st_inbound_carry *in, const struct st_now *now, int rc);
/* Time has passed. ST_ESILENT: the parent hasn't been heard. */
ST_MUST int st_uplink_tick(struct st_uplink *u, struct st_txn *t, const struct st_now *now);
uint64_t st_uplink_next_ms(const struct st_uplink *u); /* monotonic: when to tick next; 0: never */
void st_uplink_info(const struct st_uplink *u, struct st_uplink_info *ret_info);
