/* pb.c - protobuf fields, read and written flat.
 *
 * Owns:    the bounds of every length that a stranger's bytes claim.
 * Flow:    bytes from outside -> pb -> event, push, carry */
#include <station/base/pb.h>
#include <string.h>
#include <station/base/check.h>

bool st_pb_next(struct st_reader *r, struct st_pb_field *f)
{
	if (r->failed || r->rest.size == 0)
		return false;
	uint64_t tag = st_read_varint(r), number = tag >> 3;
	f->number = (uint32_t)number;
	f->wire = (enum st_pb_wire)(tag & 7);
	f->value = 0;
	f->bytes = ST_SPAN_NONE;
	if (number == 0 || number > 0x1fffffff)
		r->failed = true;
	switch (f->wire) {
	case ST_PB_VARINT:  f->value = st_read_varint(r); break;
	case ST_PB_FIXED64: (void)st_read_span(r, 8); break;
	case ST_PB_FIXED32: (void)st_read_span(r, 4); break;
	case ST_PB_BYTES: {
		uint64_t size = st_read_varint(r);
		if (size > r->rest.size)
			r->failed = true;
		else
			f->bytes = st_read_span(r, (size_t)size);
		break;
	}
	default:
		r->failed = true; /* groups: nothing of ours has ever used them */
	}
	return !r->failed;
}

void st_pb_put_number(struct st_buf *to, uint32_t number, uint64_t value)
{
	st_assert(number > 0);
	if (value == 0)
		return;
	st_buf_varint(to, (uint64_t)number << 3 | ST_PB_VARINT);
	st_buf_varint(to, value);
}

void st_pb_put_bytes(struct st_buf *to, uint32_t number, struct st_span bytes)
{
	st_assert(number > 0);
	if (bytes.size == 0)
		return;
	st_buf_varint(to, (uint64_t)number << 3 | ST_PB_BYTES);
	st_buf_varint(to, bytes.size);
	st_buf_put_span(to, bytes);
}

/* Two bytes are kept for the length; content of less than 128 bytes is moved up by one. */
size_t st_pb_open(struct st_buf *to, uint32_t number)
{
	static const uint8_t room[2] = { 0 };
	st_buf_varint(to, (uint64_t)number << 3 | ST_PB_BYTES);
	st_buf_put(to, room, sizeof(room));
	return to->size;
}

void st_pb_close(struct st_buf *to, size_t mark)
{
	if (to->error < 0)
		return;
	st_assert(mark >= 2);
	st_assert(mark <= to->size);
	size_t size = to->size - mark;
	uint8_t *head = to->data + mark - 2;
	if (size < 0x80) {
		head[0] = (uint8_t)size;
		memmove(head + 1, head + 2, size);
		to->size--;
	} else if (size < 0x4000) {
		head[0] = (uint8_t)(size | 0x80);
		head[1] = (uint8_t)(size >> 7);
	} else {
		to->error = ST_ETOOBIG; /* no inner message of ours comes near 16 KiB */
	}
}
