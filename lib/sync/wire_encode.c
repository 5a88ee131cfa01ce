/* wire_encode.c - frames of a link, written.
 *
 * Owns:    nothing; a frame in, bytes out.
 * Promise: 9, bounded: no frame leaves that is larger than ST_FRAME_MAX.
 * Flow:    uplink, downlink -> wire -> link */
#include <station/sync/wire.h>
#include <proto/wire.pb-c.h>
#include <station/base/check.h>

/* An absent field reads as zero or empty, so those aren't written. */
#define PUT(m, field, value)                                                                       \
	do {                                                                                       \
		(m)->field = (value);                                                              \
		(m)->has_##field = (m)->field != 0;                                                \
	} while (0)
#define PUT_BYTES(m, field, span)                                                                  \
	do {                                                                                       \
		struct st_span put_span_ = (span);                                                 \
		(m)->field.data = (uint8_t *)(uintptr_t)put_span_.data;                            \
		(m)->field.len = put_span_.size;                                                   \
		(m)->has_##field = put_span_.size != 0;                                            \
	} while (0)

/* The largest rows: tags and lengths, codes, numbers, hashes and signatures. */
enum {
	HASH_WIRE = ST_HASH_SIZE + 2,
	SIGNED_WIRE = ST_SIGNATURE_SIZE + 2 + 11,
	NAMED_WIRE = 3 + ST_CODE_MAX + 2 + 6 + 11,
	STATE_WIRE = NAMED_WIRE + HASH_WIRE + SIGNED_WIRE + 11 + HASH_WIRE + SIGNED_WIRE,
	RECEIPT_WIRE = NAMED_WIRE + ST_CODE_MAX + 2 + SIGNED_WIRE,
};
_Static_assert(ST_FRAME_LOGS_MAX * STATE_WIRE + 8 <= ST_FRAME_MAX, "a frame of logs");
_Static_assert(ST_FRAME_LOGS_MAX * RECEIPT_WIRE + 8 <= ST_FRAME_MAX, "a frame of receipts");
_Static_assert(ST_CHUNK_MAX + 3 * 6 + 2 * 2 + 2 * 4 <= ST_FRAME_MAX, "a frame of a chunk");

static int pack(St__Frame *frame, struct st_buf *to)
{
	size_t size = st__frame__get_packed_size(frame);
	if (size > ST_FRAME_MAX)
		return ST_ETOOBIG;
	st_assert(size > 0);
	uint8_t bytes[ST_FRAME_MAX];
	st__frame__pack(frame, bytes);
	st_buf_put(to, bytes, size);
	return to->error;
}

static void state_put(const struct st_log_state *in, St__LogState *m)
{
	st_assert(in->log.epoch > 0); /* log_of refuses it */
	st__log_state__init(m);
	PUT_BYTES(m, station, st_code_span(&in->log.station));
	PUT(m, epoch, in->log.epoch);
	PUT(m, size, in->size);
	if (in->size > 0)
		PUT_BYTES(m, root, ST_SPAN(in->root.bytes));
	if (in->origin.time_s > 0) {
		PUT(m, time_s, in->origin.time_s);
		PUT_BYTES(m, signature, ST_SPAN(in->origin.signature.bytes));
	}
	if (in->receipt_size == 0)
		return;
	PUT(m, receipt_size, in->receipt_size);
	PUT(m, receipt_time_s, in->receipt.time_s);
	PUT_BYTES(m, receipt_signature, ST_SPAN(in->receipt.signature.bytes));
	PUT_BYTES(m, receipt_root, ST_SPAN(in->receipt_root.bytes));
}

static int logs_encode(const struct st_logs *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->count <= ST_FRAME_LOGS_MAX);
	St__LogState states[ST_FRAME_LOGS_MAX];
	St__LogState *pointers[ST_FRAME_LOGS_MAX];
	St__Logs m = ST__LOGS__INIT;
	for (size_t i = 0; i < in->count; i++) {
		state_put(&in->logs[i], &states[i]);
		pointers[i] = &states[i];
	}
	m.log = pointers;
	m.n_log = in->count;
	PUT(&m, last, in->last);
	frame->logs = &m;
	return pack(frame, to);
}

static int receipts_encode(const struct st_receipts *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->count <= ST_FRAME_LOGS_MAX);
	St__Receipt rows[ST_FRAME_LOGS_MAX];
	St__Receipt *pointers[ST_FRAME_LOGS_MAX];
	St__Receipts m = ST__RECEIPTS__INIT;
	for (size_t i = 0; i < in->count; i++) {
		const struct st_receipt_in *r = &in->receipts[i];
		st_assert(r->log.epoch > 0);
		st__receipt__init(&rows[i]);
		PUT_BYTES(&rows[i], station, st_code_span(&r->log.station));
		PUT(&rows[i], epoch, r->log.epoch);
		PUT_BYTES(&rows[i], signer, st_code_span(&r->signer));
		PUT(&rows[i], size, r->size);
		PUT(&rows[i], time_s, r->cosignature.time_s);
		PUT_BYTES(&rows[i], signature, ST_SPAN(r->cosignature.signature.bytes));
		pointers[i] = &rows[i];
	}
	m.receipt = pointers;
	m.n_receipt = in->count;
	frame->receipts = &m;
	return pack(frame, to);
}

static int hello_encode(const struct st_hello *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->software.size <= ST_SOFTWARE_MAX);
	ST_REQUIRE(in->version_min > 0);
	ST_REQUIRE(in->version_max >= in->version_min);
	St__Hello m = ST__HELLO__INIT;
	PUT(&m, version_min, in->version_min);
	PUT(&m, version_max, in->version_max);
	PUT_BYTES(&m, station, st_code_span(&in->station));
	PUT_BYTES(&m, incarnation, ST_SPAN(in->incarnation));
	PUT(&m, wall_ms, in->wall_ms);
	PUT_BYTES(&m, software, in->software);
	if (in->taken.position > 0) {
		PUT_BYTES(&m, taken_incarnation, ST_SPAN(in->taken.incarnation));
		PUT(&m, taken_position, in->taken.position);
	}
	frame->hello = &m;
	return pack(frame, to);
}

static int welcome_encode(const struct st_welcome *in, St__Frame *frame, struct st_buf *to)
{
	St__Welcome m = ST__WELCOME__INIT;
	PUT(&m, version, in->version);
	PUT_BYTES(&m, station, st_code_span(&in->station));
	PUT_BYTES(&m, incarnation, ST_SPAN(in->incarnation));
	PUT(&m, wall_ms, in->wall_ms);
	PUT(&m, credit, in->credit);
	frame->welcome = &m;
	return pack(frame, to);
}

static int chunk_encode(const struct st_chunk *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->bytes.size > 0);
	St__Chunk m = ST__CHUNK__INIT;
	PUT(&m, push, in->push);
	PUT(&m, index, in->index);
	PUT(&m, last, in->last);
	PUT(&m, raw_size, in->raw_size);
	PUT(&m, compressed, in->compressed);
	PUT_BYTES(&m, bytes, in->bytes);
	frame->chunk = &m;
	return pack(frame, to);
}

static int ack_encode(const struct st_ack *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->log.epoch > 0);
	St__Ack m = ST__ACK__INIT;
	PUT_BYTES(&m, station, st_code_span(&in->log.station));
	PUT(&m, epoch, in->log.epoch);
	PUT(&m, size, in->size);
	if (in->receipt.time_s > 0) {
		PUT(&m, time_s, in->receipt.time_s);
		PUT_BYTES(&m, signature, ST_SPAN(in->receipt.signature.bytes));
	}
	PUT(&m, credit, in->credit);
	frame->ack = &m;
	return pack(frame, to);
}

static int refusal_encode(const struct st_refusal *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->code < 0);
	St__Refusal m = ST__REFUSAL__INIT;
	PUT_BYTES(&m, station, st_code_span(&in->log.station));
	PUT(&m, epoch, in->log.epoch);
	PUT(&m, first_seq, in->first_seq);
	PUT(&m, code, in->code);
	PUT(&m, held, in->held);
	PUT(&m, credit, in->credit);
	PUT(&m, push, in->push);
	frame->refusal = &m;
	return pack(frame, to);
}

static int want_encode(const struct st_want *in, St__Frame *frame, struct st_buf *to)
{
	St__Want m = ST__WANT__INIT;
	PUT(&m, bytes, in->bytes);
	PUT(&m, next, in->next);
	PUT(&m, back, in->back);
	frame->want = &m;
	return pack(frame, to);
}

static int ping_encode(const struct st_ping *in, St__Frame *frame, struct st_buf *to)
{
	St__Ping m = ST__PING__INIT;
	PUT(&m, nonce, in->nonce);
	PUT(&m, wall_ms, in->wall_ms);
	PUT(&m, size, in->size);
	frame->ping = &m;
	return pack(frame, to);
}

static int pong_encode(const struct st_ping *in, St__Frame *frame, struct st_buf *to)
{
	St__Pong m = ST__PONG__INIT;
	PUT(&m, nonce, in->nonce);
	PUT(&m, wall_ms, in->wall_ms);
	PUT(&m, size, in->size);
	frame->pong = &m;
	return pack(frame, to);
}

static int join_encode(const struct st_join *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->request.size <= ST_CERTIFICATE_MAX);
	St__Join m = ST__JOIN__INIT;
	PUT_BYTES(&m, station, st_code_span(&in->station));
	PUT_BYTES(&m, request, in->request);
	frame->join = &m;
	return pack(frame, to);
}

static int joined_encode(const struct st_joined *in, St__Frame *frame, struct st_buf *to)
{
	ST_REQUIRE(in->count <= ST_DEPTH_MAX);
	ST_REQUIRE(in->count > 0);
	St__Joined m = ST__JOINED__INIT;
	ProtobufCBinaryData chain[ST_DEPTH_MAX];
	for (size_t i = 0; i < in->count; i++) {
		chain[i].data = (uint8_t *)(uintptr_t)in->certificates[i].data;
		chain[i].len = in->certificates[i].size;
	}
	PUT_BYTES(&m, root, ST_SPAN(in->root.bytes));
	m.certificate = chain;
	m.n_certificate = in->count;
	frame->joined = &m;
	return pack(frame, to);
}

static int taken_encode(const struct st_taken *in, St__Frame *frame, struct st_buf *to)
{
	St__Taken m = ST__TAKEN__INIT;
	PUT_BYTES(&m, incarnation, ST_SPAN(in->incarnation));
	PUT(&m, position, in->position);
	frame->taken = &m;
	return pack(frame, to);
}

int st_frame_encode(const struct st_frame *f, struct st_buf *to)
{
	St__Frame frame = ST__FRAME__INIT;
	St__Grant grant = ST__GRANT__INIT;
	switch (f->kind) {
	case ST_FRAME_HELLO:    return hello_encode(&f->u.hello, &frame, to);
	case ST_FRAME_WELCOME:  return welcome_encode(&f->u.welcome, &frame, to);
	case ST_FRAME_LOGS:     return logs_encode(&f->u.logs, &frame, to);
	case ST_FRAME_CHUNK:    return chunk_encode(&f->u.chunk, &frame, to);
	case ST_FRAME_ACK:      return ack_encode(&f->u.ack, &frame, to);
	case ST_FRAME_RECEIPTS: return receipts_encode(&f->u.receipts, &frame, to);
	case ST_FRAME_WANT:     return want_encode(&f->u.want, &frame, to);
	case ST_FRAME_PING:     return ping_encode(&f->u.ping, &frame, to);
	case ST_FRAME_PONG:     return pong_encode(&f->u.pong, &frame, to);
	case ST_FRAME_REFUSAL:  return refusal_encode(&f->u.refusal, &frame, to);
	case ST_FRAME_JOIN:     return join_encode(&f->u.join, &frame, to);
	case ST_FRAME_JOINED:   return joined_encode(&f->u.joined, &frame, to);
	case ST_FRAME_TAKEN:    return taken_encode(&f->u.taken, &frame, to);
	case ST_FRAME_GRANT:
		PUT(&grant, credit, f->u.grant);
		frame.grant = &grant;
		return pack(&frame, to);
	}
	return ST_NEVER(true) ? ST_EWIRE : 0;
}
