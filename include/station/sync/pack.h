/* pack.h - a push on its way: from the store into chunks, and from chunks back into a push.
 * A push is packed whole (proto Push, then zstd as one frame) and cut into chunks of one frame each. It
 * ends at a stored checkpoint, so a middle tier can pass it on as soon as it is on disk. Only clear parts
 * travel; private parts and keys stay where they are. */
#pragma once
#include <station/base/arena.h>
#include <station/store/logs.h>
#include <station/store/push.h>
#include <station/sync/wire.h>

enum { ST_PUSH_WIRE_MAX = ST_PUSH_RAW_MAX + 1024 }; /* incompressible bytes travel as they are */

/* A push ready to be cut; its bytes belong to the packer until it packs again. */
struct st_packed {
	uint64_t first_seq, size; /* the log's size after it */
	uint64_t time_s;          /* of its checkpoint */
	uint64_t heads;           /* up to this stamp heads are in it, or need not be */
	uint32_t raw_size;
	bool compressed;
	struct st_span bytes;
};

/* Packs; keeps its buffers from one push to the next. */
struct st_packer;
ST_MUST int st_packer_new(struct st_packer **ret_p);
void st_packer_free(struct st_packer *p); /* NULL is fine */
/* Packs the events after `from` of a log up to the furthest stored checkpoint within a spacing (within one push's
 * bounds, if there is none so near); from == the log's newest checkpoint: that checkpoint alone, without events. ST_ENOTFOUND: no
 * checkpoint beyond `from`. */
ST_MUST int st_push_pack(struct st_packer *p, struct st_txn *t, const struct st_log *log,
			 uint64_t from, struct st_packed *ret_packed);
/* The same, with the heads of the log's writer that go up and have a later stamp than heads_after. */
struct st_push_from {
	uint64_t size, heads_after;
	bool heads; /* the parent takes them */
};
ST_MUST int st_push_pack_from(struct st_packer *p, struct st_txn *t, const struct st_log *log,
			      const struct st_push_from *from, struct st_packed *ret_packed);
size_t st_packed_chunks(const struct st_packed *p);
/* The n-th chunk, under the push's running number. */
struct st_chunk st_packed_chunk(const struct st_packed *p, uint32_t push, size_t n);

/* A push that came in whole. Owns all that its push borrows. */
struct st_inbound {
	struct st_push push;
	uint32_t number;     /* the push's running number */
	uint32_t session;    /* which greeting of the link it came under */
	uint64_t wire_bytes; /* credit that it used */
	size_t raw_size;     /* bytes behind raw */
	uint8_t *raw;
	struct st_span *events;
	struct st_push_part *parts;
	struct st_head *heads;
};
void st_inbound_free(struct st_inbound *in); /* NULL is fine */

/* Collects the chunks of one push at a time; memory is bounded by ST_PUSH_WIRE_MAX. */
struct st_assembly {
	struct st_buf bytes;
	uint32_t push, next_index, raw_size; /* of the push in hand */
	bool busy, compressed;
};
void st_assembly_init(struct st_assembly *a);
void st_assembly_done(struct st_assembly *a);
void st_assembly_reset(struct st_assembly *a);
/* Takes the next chunk. *ret_in is the push when it was the last one, NULL otherwise; the caller's.
 * ST_ESEQ: not the next chunk; ST_ETOOBIG: beyond its limit, or beyond what it unpacks to;
 * ST_EWIRE. After an error the assembly is empty. */
ST_MUST int st_assembly_add(struct st_assembly *a, const struct st_chunk *c,
			    struct st_inbound **ret_in);
/* Decodes an unpacked push; takes raw (malloc'ed) on success. For fuzzing and bundles too. */
ST_MUST int st_push_unpack(uint8_t *raw, size_t size, struct st_inbound **ret_in);
