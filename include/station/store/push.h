/* push.h - what a link or a bundle brings, apply verifies and the store keeps: a run of one log's
 * events with the checkpoint that covers them, receipts of upper stations, and our own receipts
 * shown back to us. Everything borrows from the memory that it was decoded into. */
#pragma once
#include <station/trust/checkpoint.h>
#include <station/trust/head.h>

enum {
	ST_PUSH_EVENTS_MAX = 1024,
	ST_PUSH_PARTS_MAX = 4096,
	ST_PUSH_HEADS_MAX = 64,
	/* One checkpoint's spacing, and one more event with its parts. */
	ST_PUSH_RAW_MAX = 128 * 1024 + 65535 + 64 * 1024 + 4096,
	ST_HEAD_WIRE_MAX = 3 + 2 * (2 + ST_CODE_MAX) + 6 + 2 + 3 * 11 + 2 + ST_SIGNATURE_SIZE,
	/* Tags and lengths around an event, and around a part and its two numbers. */
	ST_PUSH_EVENT_HEAD = 1 + 3,
	ST_PUSH_PART_HEAD = (1 + 3) + (1 + 2) + (1 + 1) + (1 + 3),
	/* Room for events with their parts: what is left beside log, first seq, root, time and signature. Who takes a run
	 * in must be able to pass it on whole, so no more than this may stand under one checkpoint. */
	ST_PUSH_ROOM = ST_PUSH_RAW_MAX -
		       (2 + ST_CODE_MAX + 6 + 11 + 2 + ST_HASH_SIZE + 11 + 2 + ST_SIGNATURE_SIZE),
};

struct st_push_part {
	uint32_t event; /* index in events */
	uint32_t n;     /* index of the part in its event */
	struct st_span stored;
};

struct st_push {
	uint64_t first_seq;
	size_t event_count, part_count, head_count;
	const struct st_span *events; /* none: a fresh checkpoint of what is held already */
	const struct st_push_part *parts;
	const struct st_head *heads; /* of the log's writer, over events that it has then */
	struct st_checkpoint checkpoint; /* its log is the push's; size = first_seq - 1 + event_count */
	struct st_cosignature cosignature;
};

/* An upper station's receipt over a log's size, as it came. */
struct st_receipt_in {
	struct st_log_id log;
	struct st_code signer;
	uint64_t size;
	struct st_cosignature cosignature;
};

/* Our own receipt, shown by a child: proof of what we once held. */
struct st_claim {
	struct st_log_id log;
	uint64_t size;
	struct st_hash root;
	struct st_cosignature receipt;
};
