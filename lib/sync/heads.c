/* heads.c - a writer's head on the wire, in a push on its way up, in a carry on its way down.
 *
 * Owns:    its form; what it says is for apply to judge.
 * Promise: 8: whatever bytes come, the answer is a head or an error.
 * Flow:    heads -> pack, carry; unpack, carry -> apply */
#include <string.h>
#include <station/base/check.h>
#include <station/base/pb.h>
#include <station/store/carry.h>
#include "packer.h"

enum { HEAD_STATION = 1, HEAD_EPOCH, HEAD_TO, HEAD_SUBTREE, HEAD_SEQ, HEAD_COUNT, HEAD_TIME,
       HEAD_SIGNATURE };
_Static_assert((int)ST_CARRY_HEADS_MAX * ST_HEAD_WIRE_MAX <= ST_PUSH_RAW_MAX / 4 &&
		       (int)ST_PUSH_HEADS_MAX * ST_HEAD_WIRE_MAX <= 12 * 1024,
	       "heads are little beside what they go with");

void packer_put_head(struct st_buf *to, uint32_t field, const struct st_head *h)
{
	size_t before = to->size;
	size_t mark = st_pb_open(to, field);
	st_assert(h->log.epoch > 0);
	st_assert(h->seq > 0);
	st_pb_put_bytes(to, HEAD_STATION, st_code_span(&h->log.station));
	st_pb_put_number(to, HEAD_EPOCH, h->log.epoch);
	st_pb_put_bytes(to, HEAD_TO, st_code_span(&h->to));
	st_pb_put_number(to, HEAD_SUBTREE, h->subtree);
	st_pb_put_number(to, HEAD_SEQ, h->seq);
	st_pb_put_number(to, HEAD_COUNT, h->count);
	st_pb_put_number(to, HEAD_TIME, h->time_s);
	st_pb_put_bytes(to, HEAD_SIGNATURE, ST_SPAN(h->signature.bytes));
	st_pb_close(to, mark);
	st_assert(to->error < 0 || to->size - before <= ST_HEAD_WIRE_MAX);
}

static int take_code(const struct st_pb_field *f, struct st_code *to)
{
	return f->wire == ST_PB_BYTES && st_code_parse(f->bytes, to) == 0 ? 0 : ST_EWIRE;
}

static int take_field(const struct st_pb_field *f, struct st_head *h)
{
	bool number = f->wire == ST_PB_VARINT;
	switch (f->number) {
	case HEAD_STATION:
		return take_code(f, &h->log.station);
	case HEAD_EPOCH:
		h->log.epoch = f->value > UINT32_MAX ? 0 : (uint32_t)f->value;
		return number && h->log.epoch > 0 ? 0 : ST_EWIRE;
	case HEAD_TO:
		return take_code(f, &h->to);
	case HEAD_SUBTREE:
		h->subtree = f->value != 0;
		return number && f->value <= 1 ? 0 : ST_EWIRE;
	case HEAD_SEQ:
		h->seq = f->value;
		return number && f->value <= INT64_MAX ? 0 : ST_EWIRE;
	case HEAD_COUNT:
		h->count = f->value;
		return number && f->value <= INT64_MAX ? 0 : ST_EWIRE;
	case HEAD_TIME:
		h->time_s = f->value;
		return number && f->value <= INT64_MAX ? 0 : ST_EWIRE;
	case HEAD_SIGNATURE:
		if (f->wire != ST_PB_BYTES || f->bytes.size != ST_SIGNATURE_SIZE)
			return ST_EWIRE;
		memcpy(h->signature.bytes, f->bytes.data, ST_SIGNATURE_SIZE);
		return 0;
	default:
		return 0; /* a later version's */
	}
}

int packer_read_head(struct st_span bytes, struct st_head *ret_head)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	struct st_head h;
	int rc = 0;
	memset(&h, 0, sizeof(h));
	while (rc == 0 && st_pb_next(&r, &f))
		rc = take_field(&f, &h);
	if (rc < 0 || r.failed || h.seq == 0 || h.log.epoch == 0 || st_code_empty(&h.log.station) ||
	    st_code_empty(&h.to))
		return ST_EWIRE;
	*ret_head = h;
	return 0;
}
