/* unpack.c - chunks collected, unpacked within a bound, and read as a push without copying.
 *
 * Owns:    the memory of one push on its way in.
 * Promise: 8 and 9: rubbish gets an error, and no chunk takes more memory than its push may have.
 * Flow:    downlink -> unpack -> apply */
#include <station/sync/pack.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>
#include <station/base/check.h>
#include <station/base/pb.h>
#include <station/sync/carry.h>
#include "packer.h"

_Static_assert(ST_PUSH_RAW_MAX + 1024 <= ST_PUSH_WIRE_MAX, "what take_chunk lets in has room");

static int fixed(const struct st_pb_field *f, void *to, size_t size)
{
	if (f->wire != ST_PB_BYTES || f->bytes.size != size)
		return ST_EWIRE;
	memcpy(to, f->bytes.data, size);
	return 0;
}

int packer_read_part(struct st_span bytes, struct st_push_part *part)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	*part = (struct st_push_part){ .stored = ST_SPAN_NONE };
	while (st_pb_next(&r, &f)) {
		if (f.number <= PART_N && (f.wire != ST_PB_VARINT || f.value > UINT32_MAX))
			return ST_EWIRE;
		if (f.number == PART_EVENT)
			part->event = (uint32_t)f.value;
		else if (f.number == PART_N)
			part->n = (uint32_t)f.value;
		else if (f.number == PART_STORED)
			part->stored = f.bytes;
	}
	return r.failed || part->stored.size == 0 ? ST_EWIRE : 0;
}

/* Counts first, so that the arrays are exactly as large as the push says within its bounds. */
struct rows {
	size_t events, parts, heads;
};

static int count_rows(struct st_span raw, struct rows *ret_rows)
{
	struct st_reader r = st_reader(raw);
	struct st_pb_field f;
	struct rows n = { .events = 0 };
	while (st_pb_next(&r, &f)) {
		n.events += f.number == PUSH_EVENT;
		n.parts += f.number == PUSH_PART;
		n.heads += f.number == PUSH_HEAD;
	}
	if (r.failed)
		return ST_EWIRE;
	if (n.events > ST_PUSH_EVENTS_MAX || n.parts > ST_PUSH_PARTS_MAX ||
	    n.heads > ST_PUSH_HEADS_MAX)
		return ST_ETOOBIG;
	*ret_rows = n;
	return 0;
}

static int take_field(struct st_inbound *in, const struct st_pb_field *f)
{
	struct st_push *push = &in->push;
	switch (f->number) {
	case PUSH_STATION:
		return st_code_parse(f->bytes, &push->checkpoint.log.station) < 0 ? ST_EWIRE : 0;
	case PUSH_EPOCH:
		if (f->wire != ST_PB_VARINT || f->value == 0 || f->value > UINT32_MAX)
			return ST_EWIRE;
		push->checkpoint.log.epoch = (uint32_t)f->value;
		return 0;
	case PUSH_FIRST_SEQ:
		if (f->wire != ST_PB_VARINT || f->value == 0 || f->value > INT64_MAX)
			return ST_EWIRE;
		push->first_seq = f->value;
		return 0;
	case PUSH_EVENT:
		if (f->wire != ST_PB_BYTES || f->bytes.size == 0 || f->bytes.size > 65535)
			return ST_EWIRE;
		in->events[push->event_count++] = f->bytes;
		return 0;
	case PUSH_PART:
		return f->wire == ST_PB_BYTES ? packer_read_part(f->bytes, &in->parts[push->part_count++])
					     : ST_EWIRE;
	case PUSH_HEAD:
		return f->wire == ST_PB_BYTES ? packer_read_head(f->bytes, &in->heads[push->head_count++])
					     : ST_EWIRE;
	case PUSH_ROOT:
		return fixed(f, push->checkpoint.root.bytes, ST_HASH_SIZE);
	case PUSH_TIME:
		push->cosignature.time_s = f->value;
		return f->wire == ST_PB_VARINT ? 0 : ST_EWIRE;
	case PUSH_SIGNATURE:
		return fixed(f, push->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	default:
		return 0; /* a later version's */
	}
}

static int read_push(struct st_inbound *in, struct st_span raw)
{
	struct st_reader r = st_reader(raw);
	struct st_push *push = &in->push;
	struct st_pb_field f;
	while (st_pb_next(&r, &f)) {
		int rc = take_field(in, &f);
		if (rc < 0)
			return rc;
	}
	if (r.failed || push->first_seq == 0 || push->checkpoint.log.epoch == 0 ||
	    st_code_empty(&push->checkpoint.log.station))
		return ST_EWIRE;
	for (size_t i = 0; i < push->part_count; i++)
		if (in->parts[i].event >= push->event_count)
			return ST_EWIRE;
	push->checkpoint.size = push->first_seq - 1 + push->event_count;
	push->events = in->events;
	push->parts = in->parts;
	push->heads = in->heads;
	st_assert(push->event_count <= ST_PUSH_EVENTS_MAX); /* as count_rows has counted */
	st_assert(push->part_count <= ST_PUSH_PARTS_MAX);
	st_assert(push->checkpoint.size >= push->first_seq - 1);
	return 0;
}

int st_push_unpack(uint8_t *raw, size_t size, struct st_inbound **ret_in)
{
	ST_REQUIRE(raw != NULL || size == 0);
	struct rows n;
	int rc = count_rows(st_span(raw, size), &n);
	if (rc < 0)
		return rc;
	struct st_inbound *in = calloc(1, sizeof(*in));
	if (in == NULL)
		return ST_ENOMEM;
	in->events = calloc(n.events + 1, sizeof(*in->events));
	in->parts = calloc(n.parts + 1, sizeof(*in->parts));
	in->heads = calloc(n.heads + 1, sizeof(*in->heads));
	rc = in->events == NULL || in->parts == NULL || in->heads == NULL
		     ? ST_ENOMEM
		     : read_push(in, st_span(raw, size));
	if (rc < 0) {
		st_inbound_free(in);
		return rc;
	}
	in->raw = raw;
	in->raw_size = size;
	*ret_in = in;
	return 0;
}

void st_inbound_free(struct st_inbound *in)
{
	if (in == NULL)
		return;
	free(in->raw);
	free(in->events);
	free(in->parts);
	free(in->heads);
	free(in);
}

void st_assembly_init(struct st_assembly *a)
{
	*a = (struct st_assembly){ .busy = false };
	st_buf_init(&a->bytes, ST_PUSH_WIRE_MAX);
}

void st_assembly_done(struct st_assembly *a)
{
	st_buf_done(&a->bytes);
}

void st_assembly_reset(struct st_assembly *a)
{
	st_buf_done(&a->bytes);
	st_assembly_init(a);
}

/* What was collected, as it was before packing: never larger than it said at first. */
static int unpacked(const struct st_assembly *a, uint8_t **ret_raw)
{
	st_assert(a->raw_size > 0);
	st_assert(a->raw_size <= ST_PUSH_RAW_MAX);
	uint8_t *raw = malloc(a->raw_size);
	if (raw == NULL)
		return ST_ENOMEM;
	int rc = 0;
	if (!a->compressed) {
		if (a->bytes.size == a->raw_size)
			memcpy(raw, a->bytes.data, a->raw_size);
		else
			rc = ST_EWIRE;
	} else if (ZSTD_getFrameContentSize(a->bytes.data, a->bytes.size) != a->raw_size) {
		rc = ST_ETOOBIG;
	} else {
		size_t size = ZSTD_decompress(raw, a->raw_size, a->bytes.data, a->bytes.size);
		if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
			rc = ST_ENOMEM; /* our trouble, not the child's */
		else
			rc = ZSTD_isError(size) || size != a->raw_size ? ST_EWIRE : 0;
	}
	if (rc < 0) {
		free(raw);
		return rc;
	}
	*ret_raw = raw;
	return 0;
}

static int take_chunk(struct st_assembly *a, const struct st_chunk *c)
{
	if (c->index == 0) {
		if (a->busy)
			return ST_ESEQ;
		if (c->raw_size == 0 || c->raw_size > ST_PUSH_RAW_MAX)
			return ST_ETOOBIG;
		a->busy = true;
		a->push = c->push;
		a->raw_size = c->raw_size;
		a->compressed = c->compressed;
	} else if (!a->busy || c->push != a->push || c->index != a->next_index) {
		return ST_ESEQ;
	}
	st_assert(a->busy);
	a->next_index = c->index + 1;
	if (a->bytes.size + c->bytes.size > (size_t)a->raw_size + 1024)
		return ST_ETOOBIG;
	st_buf_put_span(&a->bytes, c->bytes);
	return a->bytes.error;
}

/* The next chunk; *ret_raw is all of it, unpacked, when this was the last one. */
static int collect(struct st_assembly *a, const struct st_chunk *c, uint8_t **ret_raw)
{
	int rc = take_chunk(a, c);
	return rc == 0 && c->last ? unpacked(a, ret_raw) : rc;
}

int st_assembly_add(struct st_assembly *a, const struct st_chunk *c, struct st_inbound **ret_in)
{
	uint8_t *raw = NULL;
	struct st_inbound *in = NULL;
	int rc = collect(a, c, &raw);
	if (raw != NULL)
		rc = st_push_unpack(raw, a->raw_size, &in);
	if (in != NULL) {
		in->number = a->push;
		in->wire_bytes = a->bytes.size;
		raw = NULL; /* the push's now */
	}
	free(raw);
	if (rc < 0 || c->last)
		st_assembly_reset(a);
	st_assert(rc < 0 || c->last == (in != NULL));
	if (rc == 0)
		*ret_in = in;
	return rc;
}

int st_assembly_carry(struct st_assembly *a, const struct st_chunk *c,
		      struct st_inbound_carry **ret_in)
{
	uint8_t *raw = NULL;
	struct st_inbound_carry *in = NULL;
	int rc = collect(a, c, &raw);
	if (raw != NULL)
		rc = st_carry_unpack(raw, a->raw_size, &in);
	if (in == NULL)
		free(raw);
	if (rc < 0 || c->last)
		st_assembly_reset(a);
	st_assert(rc < 0 || c->last == (in != NULL));
	if (rc == 0)
		*ret_in = in;
	return rc;
}
