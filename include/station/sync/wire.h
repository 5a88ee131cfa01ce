/* wire.h - one frame of a link, encoded and decoded (proto/wire.proto).
 * A frame is at most 16 KiB, so that what is urgent waits for one frame. Decoding allocates in the
 * caller's arena and checks form alone: lengths, codes, bounds. What a frame means is for uplink.h and
 * downlink.h. Spans and arrays of a decoded frame die with the arena. */
#pragma once
#include <station/base/arena.h>
#include <station/store/carried.h>
#include <station/store/push.h>
#include <station/trust/certificate.h>

enum {
	ST_WIRE_VERSION = 3,     /* the newest version of the wire that this program speaks */
	ST_WIRE_VERSION_MIN = 1, /* the oldest */
	ST_WIRE_SHARES = 2,      /* from here on a carried event may lean on the one before it */
	ST_WIRE_HEADS = 3,       /* from here on heads of writers go with pushes and carries */
	ST_FRAME_MAX = 16 * 1024,
	ST_FRAME_ARENA = 256 * 1024,
	ST_CHUNK_MAX = ST_FRAME_MAX - 64, /* payload of one chunk */
	ST_FRAME_LOGS_MAX = 48,           /* log states or receipts in one frame */
	ST_SOFTWARE_MAX = 64,
	ST_CREDIT_STANDING = 8 * 1024, /* chunk bytes that a child may always have on the way */
};

enum st_frame_kind {
	ST_FRAME_HELLO = 1, ST_FRAME_WELCOME, ST_FRAME_LOGS, ST_FRAME_CHUNK, ST_FRAME_ACK,
	ST_FRAME_RECEIPTS, ST_FRAME_WANT, ST_FRAME_GRANT, ST_FRAME_PING, ST_FRAME_PONG,
	ST_FRAME_REFUSAL, ST_FRAME_JOIN, ST_FRAME_JOINED, ST_FRAME_TAKEN,
};

/* A log as its teller holds it. size 0: nothing of it. */
struct st_log_state {
	struct st_log_id log;
	uint64_t size;
	struct st_hash root;
	struct st_cosignature origin; /* the origin's checkpoint at size; time_s 0: none there */
	uint64_t receipt_size;        /* child to parent: the parent's newest receipt; 0: none */
	struct st_hash receipt_root;
	struct st_cosignature receipt;
};

struct st_hello {
	uint32_t version_min, version_max;
	struct st_code station;
	uint8_t incarnation[16];
	uint64_t wall_ms;
	struct st_span software;
	struct st_taken taken;
};
struct st_welcome {
	uint32_t version;
	struct st_code station;
	uint8_t incarnation[16];
	uint64_t wall_ms, credit;
};
struct st_logs {
	const struct st_log_state *logs;
	size_t count;
	bool last;
};
struct st_chunk {
	uint32_t push, index, raw_size; /* raw_size: in the first chunk of a push */
	bool last, compressed;
	struct st_span bytes;
};
struct st_ack {
	struct st_log_id log;
	uint64_t size;
	struct st_cosignature receipt; /* time_s 0: none */
	uint64_t credit;
};
struct st_receipts {
	const struct st_receipt_in *receipts;
	size_t count;
};
struct st_want {
	uint64_t bytes, next, back;
};
struct st_ping { /* and pong */
	uint64_t nonce, wall_ms, size;
};
struct st_refusal {
	struct st_log_id log; /* station empty: the link itself */
	uint64_t first_seq, held, credit;
	uint32_t push;
	int code;
};
struct st_join {
	struct st_code station;
	struct st_span request;
};
struct st_joined {
	struct st_public_key root;
	const struct st_span *certificates;
	size_t count; /* <= ST_DEPTH_MAX */
};

struct st_frame {
	enum st_frame_kind kind;
	union {
		struct st_hello hello;
		struct st_welcome welcome;
		struct st_logs logs;
		struct st_chunk chunk;
		struct st_ack ack;
		struct st_receipts receipts;
		struct st_want want;
		uint64_t grant;
		struct st_ping ping, pong;
		struct st_refusal refusal;
		struct st_join join;
		struct st_joined joined;
		struct st_taken taken;
	} u;
};

/* Appends the encoded frame. ST_ETOOBIG: over ST_FRAME_MAX; ST_ENOMEM. */
ST_MUST int st_frame_encode(const struct st_frame *f, struct st_buf *to);
/* ST_EWIRE: not exactly one known frame, or a field out of form; ST_ETOOBIG: over a limit. */
ST_MUST int st_frame_decode(struct st_span bytes, struct st_arena *arena, struct st_frame *ret_f);
