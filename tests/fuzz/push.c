/* push.c - any bytes as chunks and as an unpacked push: an error, or a push within its bounds. */
#include "decoders.h"
#include <station/sync/pack.h>

static void check(const struct st_inbound *in)
{
	const struct st_push *p = &in->push;
	ST_REQUIRE(p->event_count <= ST_PUSH_EVENTS_MAX && p->part_count <= ST_PUSH_PARTS_MAX);
	ST_REQUIRE(p->checkpoint.size == p->first_seq - 1 + p->event_count);
	for (size_t i = 0; i < p->part_count; i++)
		ST_REQUIRE(p->parts[i].event < p->event_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_inbound *in = NULL;
	struct st_assembly a;
	if (size < 4)
		return 0;
	struct st_chunk c = { .push = 1, .raw_size = (uint32_t)(data[0] << 8 | data[1]),
			      .last = (data[2] & 1) != 0, .compressed = (data[2] & 2) != 0,
			      .bytes = st_span(data + 4, size - 4) };
	st_assembly_init(&a);
	for (int i = 0; i < 3 && in == NULL && st_assembly_add(&a, &c, &in) == 0; i++) {
		c.index++;
		c.last = i > 0;
	}
	st_assembly_done(&a);
	if (in != NULL)
		check(in);
	st_inbound_free(in);
	in = NULL;
	uint8_t *raw = malloc(size);
	ST_REQUIRE(raw != NULL);
	memcpy(raw, data, size);
	if (st_push_unpack(raw, size, &in) == 0)
		check(in);
	else
		free(raw);
	st_inbound_free(in);
	return 0;
}
