/* carry.h - what a parent sends down outside the logs, as it came: rows of its outbox for this station, each an
 * event with its proof and the parts that travel with it, and certificates of writers that may not
 * be known here; and heads of writers, each behind the events that it names. Everything borrows from the memory that it was decoded into. */
#pragma once
#include <station/store/push.h>
#include <station/trust/merkle.h>

enum {
	ST_CARRY_ITEMS_MAX = 1024,
	ST_CARRY_WHOLE_MAX = 256, /* of them for a child that takes none that share */
	ST_CARRY_CERTIFICATES_MAX = 64,
	ST_CARRY_HEADS_MAX = 256,
	ST_CARRY_PARTS_MAX = 8, /* of one item */
	ST_CARRY_BYTES_MAX = 192 * 1024, /* then no further item is added */
};

struct st_carry_item {
	struct st_log_id log;
	uint64_t seq;
	struct st_span event;
	struct st_span path; /* of hashes, at most ST_PROOF_MAX */
	bool shared;         /* path is what the items before it don't know: trust/paths.h */
	uint64_t size; /* of the checkpoint that the path leads to */
	struct st_cosignature cosignature;
	size_t part_count;
	struct st_push_part parts[ST_CARRY_PARTS_MAX]; /* event is not used */
};

struct st_carry {
	uint8_t incarnation[16]; /* of the parent's store */
	uint64_t position;       /* of the last row */
	size_t item_count, certificate_count, head_count;
	const struct st_carry_item *items;
	const struct st_head *heads; /* they count behind all items */
	const struct st_span *certificates;
};
