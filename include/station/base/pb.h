/* pb.h - the protobuf wire format, field by field, without allocating.
 * Events and pushes are read by the hundred thousand; a flat walk over borrowed bytes is all that they need.
 * Format: protobuf.dev, "Encoding". */
#pragma once
#include <station/base/bytes.h>

enum st_pb_wire { ST_PB_VARINT = 0, ST_PB_FIXED64 = 1, ST_PB_BYTES = 2, ST_PB_FIXED32 = 5 };

struct st_pb_field {
	uint32_t number;
	enum st_pb_wire wire;
	uint64_t value;       /* of a varint */
	struct st_span bytes; /* of a bytes field: borrowed */
};

/* The next field; false at the end or on a broken one (then r->failed). */
bool st_pb_next(struct st_reader *r, struct st_pb_field *f);
/* Left out when zero or empty, as readers take an absent field. */
void st_pb_put_number(struct st_buf *to, uint32_t number, uint64_t value);
void st_pb_put_bytes(struct st_buf *to, uint32_t number, struct st_span bytes);
/* A message within: a bytes field whose content, of less than 16 KiB, is written between open and close. */
size_t st_pb_open(struct st_buf *to, uint32_t number);
void st_pb_close(struct st_buf *to, size_t mark);
