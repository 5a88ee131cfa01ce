/* pack.c - a run of a log's events, made into the bytes of one push and cut into chunks.
 *
 * Owns:    what travels of an event: its bytes and its clear parts, and what a hand-on grants.
 * Promise: 7, personal data stays: a private part is packed only beside its key for another station.
 * Flow:    store -> pack -> uplink */
#include <station/sync/pack.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <station/base/check.h>
#include <station/base/pb.h>
#include <station/event/event.h>
#include <station/store/heads.h>
#include <station/trust/part.h>
#include "packer.h"

enum {
	ZSTD_LEVEL = 3,
	PACK_ROOM = ST_CHECKPOINT_BYTES_MAX + ST_EVENT_MAX, /* for what is signed as finely as we sign */
	PACK_BYTES_MAX = ST_PUSH_ROOM + ST_EVENT_MAX, /* and one more, that turns out to have no room */
};
_Static_assert((int)ST_CHECKPOINT_EVENTS_MAX <= (int)ST_PUSH_EVENTS_MAX,
	       "a push reaches the next checkpoint");
_Static_assert((int)PACK_ROOM <= (int)ST_PUSH_ROOM, "what was gathered can be written");
_Static_assert(ST_EVENT_MAX + ST_EVENT_PARTS_BYTES_MAX + ST_PUSH_EVENT_HEAD +
		       ST_EVENT_PARTS_MAX * ST_PUSH_PART_HEAD <= (int)ST_PUSH_ROOM, "any one event has room");
_Static_assert((int)ST_EVENT_PARTS_BYTES_MAX <= (int)ST_EVENT_MAX + 1, "parts of one more, too");
_Static_assert(PACK_BYTES_MAX <= UINT32_MAX, "offsets have 32 bits");

struct item_part {
	uint32_t n, offset, size;
};

struct item {
	uint32_t offset, size, first_part, part_count;
};

struct st_packer {
	struct st_txn *txn; /* only while packing */
	const struct st_log *log;
	struct st_arena arena;
	struct st_buf events, parts, part, raw;
	uint8_t *compressed;
	ZSTD_CCtx *zstd;
	struct packer_proofs *proofs; /* NULL: it has packed no carry */
	size_t room, room_max; /* taken by what is gathered */
	size_t item_count, item_part_count;
	struct item items[ST_PUSH_EVENTS_MAX];
	struct item_part item_parts[ST_PUSH_PARTS_MAX];
};

int st_packer_new(struct st_packer **ret_p)
{
	ST_REQUIRE(ret_p != NULL);
	struct st_packer *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ST_ENOMEM;
	st_buf_init(&p->events, PACK_BYTES_MAX);
	st_buf_init(&p->parts, PACK_BYTES_MAX);
	st_buf_init(&p->part, ST_EVENT_PARTS_BYTES_MAX + 64);
	st_buf_init(&p->raw, ST_PUSH_RAW_MAX);
	p->compressed = malloc(ST_PUSH_WIRE_MAX);
	p->zstd = ZSTD_createCCtx();
	int rc = st_arena_init(&p->arena, ST_EVENT_ARENA);
	if (rc == 0 && (p->compressed == NULL || p->zstd == NULL))
		rc = ST_ENOMEM;
	if (rc < 0) {
		st_packer_free(p);
		return rc;
	}
	*ret_p = p;
	return 0;
}

void st_packer_free(struct st_packer *p)
{
	if (p == NULL)
		return;
	st_buf_done(&p->events);
	st_buf_done(&p->parts);
	st_buf_done(&p->part);
	st_buf_done(&p->raw);
	st_arena_done(&p->arena);
	ZSTD_freeCCtx(p->zstd);
	free(p->compressed);
	free(p->proofs);
	free(p);
}

struct st_buf *packer_raw(struct st_packer *p)
{
	return &p->raw;
}

struct st_buf *packer_part(struct st_packer *p)
{
	return &p->part;
}

int packer_proofs(struct st_packer *p, struct packer_proofs **ret_proofs)
{
	if (p->proofs == NULL)
		p->proofs = calloc(1, sizeof(*p->proofs));
	if (p->proofs == NULL)
		return ST_ENOMEM;
	*ret_proofs = p->proofs;
	return 0;
}

void packer_put_part(struct st_buf *to, uint32_t event, uint32_t n, struct st_span stored)
{
	st_pb_put_number(to, PART_EVENT, event);
	st_pb_put_number(to, PART_N, n);
	st_pb_put_bytes(to, PART_STORED, stored);
}

void packer_compress(struct st_packer *p, struct st_packed *packed)
{
	ST_REQUIRE(p->raw.error == 0);
	size_t size = ZSTD_compressCCtx(p->zstd, p->compressed, ST_PUSH_WIRE_MAX, p->raw.data,
					p->raw.size, ZSTD_LEVEL);
	st_assert(p->raw.size <= ST_PUSH_RAW_MAX);
	packed->raw_size = (uint32_t)p->raw.size;
	packed->compressed = !ZSTD_isError(size) && size < p->raw.size;
	packed->bytes = packed->compressed ? st_span(p->compressed, size) : st_buf_span(&p->raw);
	st_assert(packed->bytes.size > 0);
	st_assert(packed->bytes.size <= ST_PUSH_WIRE_MAX);
}

/* Adds the parts that travel and are still here. A dropped one is simply not sent. */
static int gather_parts(struct st_packer *p, uint64_t seq, const struct st_event *e)
{
	struct st_code to;
	bool granted = st_event_has_part(e, ST_PART_KEY) && st_event_grants(e, &p->arena, &to);
	for (size_t n = 0; n < e->part_count; n++) {
		if (!st_part_goes(e->parts[n].type, granted) ||
		    p->item_part_count == ST_PUSH_PARTS_MAX)
			continue;
		st_buf_clear(&p->part);
		int rc = st_part_get_row(p->txn, p->log->number, seq, (unsigned)n, &p->part);
		/* A row of a size of 0 is damage; its part is as good as gone. */
		if (rc == ST_ENOTFOUND || (rc == 0 && p->part.size == 0))
			continue;
		if (rc < 0)
			return rc;
		st_assert(p->item_part_count < ST_PUSH_PARTS_MAX);
		p->item_parts[p->item_part_count++] = (struct item_part){
			.n = (uint32_t)n,
			.offset = (uint32_t)p->parts.size,
			.size = (uint32_t)p->part.size,
		};
		st_buf_put_span(&p->parts, st_buf_span(&p->part));
	}
	return p->parts.error;
}

static int gather(uint64_t seq, struct st_span event, void *arg)
{
	struct st_packer *p = arg;
	if (p->item_count == ST_PUSH_EVENTS_MAX)
		return 1;
	st_assert(event.size > 0);
	struct item *item = &p->items[p->item_count];
	*item = (struct item){
		.offset = (uint32_t)p->events.size,
		.size = (uint32_t)event.size,
		.first_part = (uint32_t)p->item_part_count,
	};
	size_t parts_before = p->parts.size;
	st_buf_put_span(&p->events, event);
	if (p->events.error < 0)
		return p->events.error;
	struct st_event e;
	st_arena_reset(&p->arena);
	int rc = st_event_decode(event, &p->arena, &e);
	if (rc == 0 || rc == ST_EUNREAD)
		rc = gather_parts(p, seq, &e);
	else if (rc == ST_EWIRE || rc == ST_ETOOBIG)
		rc = 0; /* nobody's signed rubbish stops a log: it travels without parts */
	if (rc < 0)
		return rc;
	st_assert(p->item_part_count >= item->first_part);
	item->part_count = (uint32_t)(p->item_part_count - item->first_part);
	size_t room = ST_PUSH_EVENT_HEAD + event.size + item->part_count * ST_PUSH_PART_HEAD + p->parts.size - parts_before;
	if (p->item_count > 0 && p->room + room > p->room_max)
		return 1; /* the next push has room for it */
	p->room += room;
	p->item_count++;
	return 0;
}

/* The events behind from, as many as have room, and the last checkpoint among them. ST_ENOTFOUND: there is none. */
static int gather_run(struct st_packer *p, uint64_t from, uint64_t to, size_t room, struct st_checkpoint_row *ret_cp)
{
	int rc = 0;
	p->item_count = p->item_part_count = p->room = 0;
	p->room_max = room;
	st_buf_clear(&p->events);
	st_buf_clear(&p->parts);
	if (to > from)
		rc = st_event_each(p->txn, p->log->number, from + 1, to, gather, p);
	if (rc >= 0)
		rc = st_checkpoint_at_most(p->txn, p->log->number, from + p->item_count, ret_cp);
	if (rc == 0 && (ret_cp->size < from || (ret_cp->size == from && to > from)))
		rc = ST_ENOTFOUND;
	return rc;
}

static void put_part(struct st_packer *p, uint32_t event, const struct item_part *part)
{
	st_buf_clear(&p->part);
	st_assert(part->offset + part->size <= p->parts.size);
	packer_put_part(&p->part, event, part->n, st_span(p->parts.data + part->offset, part->size));
	if (p->part.error < 0)
		p->raw.error = p->part.error;
	st_pb_put_bytes(&p->raw, PUSH_PART, st_buf_span(&p->part));
}

static int encode(struct st_packer *p, const struct st_log_id *id, uint64_t first_seq,
		  const struct st_checkpoint_row *cp)
{
	struct st_buf *to = &p->raw;
	size_t count = (size_t)(cp->size - (first_seq - 1));
	st_assert(id->epoch > 0);
	st_assert(count <= p->item_count);
	st_buf_clear(to);
	st_pb_put_bytes(to, PUSH_STATION, st_code_span(&id->station));
	st_pb_put_number(to, PUSH_EPOCH, id->epoch);
	st_pb_put_number(to, PUSH_FIRST_SEQ, first_seq);
	for (size_t i = 0; i < count; i++)
		st_pb_put_bytes(to, PUSH_EVENT,
				st_span(p->events.data + p->items[i].offset, p->items[i].size));
	for (size_t i = 0; i < count; i++)
		for (uint32_t n = 0; n < p->items[i].part_count; n++)
			put_part(p, (uint32_t)i, &p->item_parts[p->items[i].first_part + n]);
	st_pb_put_bytes(to, PUSH_ROOT, ST_SPAN(cp->root.bytes));
	st_pb_put_number(to, PUSH_TIME, cp->cosignature.time_s);
	st_pb_put_bytes(to, PUSH_SIGNATURE, ST_SPAN(cp->cosignature.signature.bytes));
	return to->error;
}

/* Where a push ends at most: a checkpoint's spacing further, so that the parent takes it in at a stroke; as far as
 * any push goes where the log is spaced wider. */
static int find_end(struct st_txn *t, const struct st_log *log, uint64_t from, uint64_t *ret_to)
{
	struct st_checkpoint_row cp = { .size = 0 };
	uint64_t left = log->signed_size - from;
	*ret_to = from + (left < ST_CHECKPOINT_EVENTS_MAX ? left : ST_CHECKPOINT_EVENTS_MAX);
	int rc = st_checkpoint_at_most(t, log->number, *ret_to, &cp);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (cp.size <= from)
		*ret_to = from + (left < ST_PUSH_EVENTS_MAX ? left : ST_PUSH_EVENTS_MAX);
	return 0;
}

struct heads {
	struct st_packer *packer;
	uint64_t size; /* of the log, behind the push */
	uint64_t last; /* stamp */
	unsigned count;
	bool whole;    /* the push ends where the log does */
};

static int put_head(struct st_txn *t, const struct st_head_key *key, uint64_t stamp, void *arg)
{
	struct heads *x = arg;
	struct st_buf *raw = &x->packer->raw;
	struct st_head h;
	int rc = st_head_read(t, key, &h);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc; /* the row that the order names */
	if (x->count == ST_PUSH_HEADS_MAX || raw->size + ST_HEAD_WIRE_MAX > ST_PUSH_RAW_MAX ||
	    (h.seq > x->size && !x->whole))
		return 1; /* the next push has it */
	x->last = stamp;
	if (h.seq > x->size)
		return 0; /* of events that this log has lost: nobody could take it */
	packer_put_head(raw, PUSH_HEAD, &h);
	x->count++;
	return raw->error;
}

/* Behind the events that they name. */
static int put_heads(struct st_packer *p, const struct st_push_from *from, uint64_t size,
		     struct st_packed *packed)
{
	struct heads x = { .packer = p, .size = size, .last = from->heads_after,
			   .whole = size == p->log->signed_size };
	int rc = from->heads ? st_head_up_each(p->txn, p->log->number, from->heads_after, put_head, &x) : 0;
	st_assert(x.count <= ST_PUSH_HEADS_MAX);
	packed->heads = x.last;
	return rc < 0 ? rc : 0;
}

int st_push_pack(struct st_packer *p, struct st_txn *t, const struct st_log *log, uint64_t from,
		 struct st_packed *ret_packed)
{
	struct st_push_from of = { .size = from };
	return st_push_pack_from(p, t, log, &of, ret_packed);
}

int st_push_pack_from(struct st_packer *p, struct st_txn *t, const struct st_log *log,
		      const struct st_push_from *of, struct st_packed *ret_packed)
{
	uint64_t from = of->size;
	ST_REQUIRE(from <= log->signed_size);
	struct st_log_id id;
	struct st_checkpoint_row cp;
	p->txn = t;
	p->log = log;
	uint64_t to = from;
	int rc = st_log_id(t, log, &id);
	if (rc == 0)
		rc = find_end(t, log, from, &to);
	if (rc == 0)
		rc = gather_run(p, from, to, PACK_ROOM, &cp);
	if (rc == ST_ENOTFOUND && to > from) /* whoever wrote it signed it wider */
		rc = gather_run(p, from, to, ST_PUSH_ROOM, &cp);
	if (rc < 0)
		return rc;
	struct st_packed packed = { .first_seq = from + 1, .size = cp.size,
				    .time_s = cp.cosignature.time_s };
	rc = encode(p, &id, from + 1, &cp);
	if (rc == 0)
		rc = put_heads(p, of, cp.size, &packed);
	if (rc < 0)
		return rc;
	*ret_packed = packed;
	packer_compress(p, ret_packed);
	st_assert(ret_packed->size >= from);
	st_assert(ret_packed->size <= to);
	return 0;
}

size_t st_packed_chunks(const struct st_packed *p)
{
	return (p->bytes.size + ST_CHUNK_MAX - 1) / ST_CHUNK_MAX;
}

struct st_chunk st_packed_chunk(const struct st_packed *p, uint32_t push, size_t n)
{
	size_t from = n * ST_CHUNK_MAX;
	ST_REQUIRE(from < p->bytes.size);
	size_t size = p->bytes.size - from;
	bool last = size <= ST_CHUNK_MAX;
	return (struct st_chunk){
		.push = push,
		.index = (uint32_t)n,
		.raw_size = n == 0 ? p->raw_size : 0,
		.last = last,
		.compressed = p->compressed,
		.bytes = st_span(p->bytes.data + from, last ? size : ST_CHUNK_MAX),
	};
}
