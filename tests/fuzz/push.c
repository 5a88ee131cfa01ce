/* push.c - any bytes as an unpacked push, and as frames whose chunks add up to one, plain or packed
 * by zstd: an error, or a push within its bounds.
 *
 * Input: pieces of { how u8, size u16, bytes }. how 0: bytes are a frame; 1: a push's bytes, that the
 * target cuts into frames; 2: the same, packed; 3: bytes that claim to be packed. */
#include "decoders.h"
#include <zstd.h>
#include <station/sync/pack.h>

static struct st_arena arena;
static struct st_assembly assembly;
static unsigned arrived;

static void check(const struct st_inbound *in)
{
	const struct st_push *p = &in->push;
	ST_REQUIRE(p->event_count <= ST_PUSH_EVENTS_MAX && p->part_count <= ST_PUSH_PARTS_MAX);
	ST_REQUIRE(p->checkpoint.size == p->first_seq - 1 + p->event_count);
	for (size_t i = 0; i < p->part_count; i++)
		ST_REQUIRE(p->parts[i].event < p->event_count && p->parts[i].stored.size > 0);
	ST_REQUIRE(p->head_count <= ST_PUSH_HEADS_MAX);
	for (size_t i = 0; i < p->head_count; i++)
		ST_REQUIRE(p->heads[i].seq > 0 && p->heads[i].log.epoch > 0 && !st_code_empty(&p->heads[i].to));
	for (size_t i = 0; i < p->event_count; i++)
		ST_REQUIRE(p->events[i].size > 0 && p->events[i].size <= 65535);
}

static void frame(struct st_span bytes)
{
	struct st_frame f;
	struct st_inbound *in = NULL;
	st_arena_reset(&arena);
	if (st_frame_decode(bytes, &arena, &f) < 0 || f.kind != ST_FRAME_CHUNK)
		return;
	int rc = st_assembly_add(&assembly, &f.u.chunk, &in);
	ST_REQUIRE(assembly.bytes.size <= ST_PUSH_WIRE_MAX);
	if (rc < 0 || in == NULL)
		return;
	check(in);
	arrived++;
	CANARY(arrived >= 2 && in->push.event_count > 2);
	st_inbound_free(in);
}

static void chunks(struct st_span bytes, uint32_t raw_size, bool compressed)
{
	struct st_buf b;
	size_t step = bytes.size / 3 + 1, n = 0;
	st_buf_init(&b, ST_FRAME_MAX);
	for (size_t at = 0; at < bytes.size; at += step, n++) {
		struct st_frame f = { .kind = ST_FRAME_CHUNK };
		size_t size = bytes.size - at < step ? bytes.size - at : step;
		f.u.chunk = (struct st_chunk){ .push = 1, .index = (uint32_t)n, .raw_size = raw_size,
					       .last = at + step >= bytes.size,
					       .compressed = compressed,
					       .bytes = st_span(bytes.data + at, size) };
		st_buf_clear(&b);
		if (st_frame_encode(&f, &b) == 0)
			frame(st_buf_span(&b));
	}
	st_buf_done(&b);
}

static void raw(struct st_span bytes)
{
	struct st_inbound *in = NULL;
	uint8_t *copy = malloc(bytes.size + 1);
	ST_REQUIRE(copy != NULL);
	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	if (st_push_unpack(copy, bytes.size, &in) == 0)
		check(in);
	else
		free(copy);
	st_inbound_free(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[2 * 65536];
	struct st_span in = st_span(data, size);
	if (arena.block == NULL)
		ST_REQUIRE(st_arena_init(&arena, ST_FRAME_ARENA) == 0);
	st_assembly_init(&assembly);
	arrived = 0;
	for (unsigned n = 0; in.size > 0 && n < 64; n++) {
		unsigned how = take_u8(&in) % 4;
		struct st_span bytes = take_bytes(&in, take_u16(&in));
		size_t done = 0;
		switch (how) {
		case 0: frame(bytes); break;
		case 1:
			raw(bytes);
			chunks(bytes, (uint32_t)bytes.size, false);
			break;
		case 2:
			done = ZSTD_compress(packed, sizeof(packed), bytes.data, bytes.size, 1);
			if (bytes.size > 0 && !ZSTD_isError(done))
				chunks(st_span(packed, done), (uint32_t)bytes.size, true);
			break;
		default: chunks(bytes, take_u16(&in), true);
		}
	}
	st_assembly_done(&assembly);
	return 0;
}
