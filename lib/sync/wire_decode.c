/* wire_decode.c - frames of a link, read within a budget.
 *
 * Owns:    the form of what neighbours say; its meaning is the machines' matter.
 * Promise: 8: whatever bytes come, the answer is a frame or an error.
 * Flow:    link -> wire -> uplink, downlink */
#include <station/sync/wire.h>
#include <string.h>
#include <proto/wire.pb-c.h>
#include <station/base/check.h>

_Static_assert(2 * (ST_FRAME_LOGS_MAX + 1) * sizeof(struct st_log_state) <= ST_FRAME_ARENA,
	       "the arena has room for the rows of the largest frame, twice");

static struct st_span span_of(ProtobufCBinaryData b)
{
	return st_span(b.data, b.len);
}

/* Bytes of exactly one size; absent bytes leave zeros. */
static int fixed(protobuf_c_boolean has, ProtobufCBinaryData b, void *to, size_t size)
{
	if (!has || b.len == 0) {
		memset(to, 0, size);
		return 0;
	}
	if (b.len != size)
		return ST_EWIRE;
	memcpy(to, b.data, size);
	return 0;
}

static int code_of(protobuf_c_boolean has, ProtobufCBinaryData b, struct st_code *ret_code)
{
	if (!has || st_code_parse(span_of(b), ret_code) < 0)
		return ST_EWIRE;
	return 0;
}

static int log_of(protobuf_c_boolean has, ProtobufCBinaryData b, uint32_t epoch,
		  struct st_log_id *ret_log)
{
	ret_log->epoch = epoch;
	int rc = code_of(has, b, &ret_log->station);
	return rc < 0 ? rc : epoch == 0 ? ST_EWIRE : 0;
}

static int state_of(const St__LogState *m, struct st_log_state *s)
{
	int rc = log_of(m->has_station, m->station, m->epoch, &s->log);
	if (rc == 0)
		rc = fixed(m->has_root, m->root, s->root.bytes, ST_HASH_SIZE);
	if (rc == 0)
		rc = fixed(m->has_signature, m->signature, s->origin.signature.bytes, ST_SIGNATURE_SIZE);
	if (rc == 0)
		rc = fixed(m->has_receipt_signature, m->receipt_signature,
			   s->receipt.signature.bytes, ST_SIGNATURE_SIZE);
	if (rc == 0)
		rc = fixed(m->has_receipt_root, m->receipt_root, s->receipt_root.bytes, ST_HASH_SIZE);
	s->size = m->size;
	s->origin.time_s = m->time_s;
	s->receipt_size = m->receipt_size;
	s->receipt.time_s = m->receipt_time_s;
	return rc;
}

static int logs_decode(const St__Logs *m, struct st_arena *arena, struct st_logs *to)
{
	if (m->n_log > ST_FRAME_LOGS_MAX)
		return ST_ETOOBIG;
	struct st_log_state *logs = st_arena_alloc(arena, (m->n_log + 1) * sizeof(*logs));
	if (logs == NULL)
		return ST_ETOOBIG;
	for (size_t i = 0; i < m->n_log; i++) {
		int rc = state_of(m->log[i], &logs[i]);
		if (rc < 0)
			return rc;
	}
	*to = (struct st_logs){ .logs = logs, .count = m->n_log, .last = m->last };
	return 0;
}

static int receipts_decode(const St__Receipts *m, struct st_arena *arena, struct st_receipts *to)
{
	if (m->n_receipt > ST_FRAME_LOGS_MAX)
		return ST_ETOOBIG;
	struct st_receipt_in *rows = st_arena_alloc(arena, (m->n_receipt + 1) * sizeof(*rows));
	if (rows == NULL)
		return ST_ETOOBIG;
	for (size_t i = 0; i < m->n_receipt; i++) {
		const St__Receipt *r = m->receipt[i];
		int rc = log_of(r->has_station, r->station, r->epoch, &rows[i].log);
		if (rc == 0)
			rc = code_of(r->has_signer, r->signer, &rows[i].signer);
		if (rc == 0)
			rc = fixed(r->has_signature, r->signature,
				   rows[i].cosignature.signature.bytes, ST_SIGNATURE_SIZE);
		if (rc < 0)
			return rc;
		rows[i].size = r->size;
		rows[i].cosignature.time_s = r->time_s;
	}
	*to = (struct st_receipts){ .receipts = rows, .count = m->n_receipt };
	return 0;
}

static int hello_decode(const St__Hello *m, struct st_hello *to)
{
	if (m->has_software && m->software.len > ST_SOFTWARE_MAX)
		return ST_ETOOBIG;
	to->version_min = m->version_min;
	to->version_max = m->version_max;
	to->wall_ms = m->wall_ms;
	to->software = m->has_software ? span_of(m->software) : ST_SPAN_NONE;
	if (m->version_min == 0 || m->version_max < m->version_min)
		return ST_EWIRE;
	to->taken.position = m->taken_position;
	int rc = fixed(m->has_incarnation, m->incarnation, to->incarnation, sizeof(to->incarnation));
	if (rc == 0)
		rc = fixed(m->has_taken_incarnation, m->taken_incarnation, to->taken.incarnation,
			   sizeof(to->taken.incarnation));
	return rc < 0 ? rc : code_of(m->has_station, m->station, &to->station);
}

static int welcome_decode(const St__Welcome *m, struct st_welcome *to)
{
	to->version = m->version;
	to->wall_ms = m->wall_ms;
	to->credit = m->credit;
	int rc = fixed(m->has_incarnation, m->incarnation, to->incarnation, sizeof(to->incarnation));
	return rc < 0 ? rc : code_of(m->has_station, m->station, &to->station);
}

static int chunk_decode(const St__Chunk *m, struct st_chunk *to)
{
	if (!m->has_bytes || m->bytes.len == 0)
		return ST_EWIRE;
	*to = (struct st_chunk){
		.push = m->push,
		.index = m->index,
		.raw_size = m->raw_size,
		.last = m->last,
		.compressed = m->compressed,
		.bytes = span_of(m->bytes),
	};
	return 0;
}

static int ack_decode(const St__Ack *m, struct st_ack *to)
{
	to->size = m->size;
	to->credit = m->credit;
	to->receipt.time_s = m->time_s;
	int rc = fixed(m->has_signature, m->signature, to->receipt.signature.bytes,
		       ST_SIGNATURE_SIZE);
	return rc < 0 ? rc : log_of(m->has_station, m->station, m->epoch, &to->log);
}

static int refusal_decode(const St__Refusal *m, struct st_refusal *to)
{
	*to = (struct st_refusal){
		.first_seq = m->first_seq,
		.held = m->held,
		.credit = m->credit,
		.push = m->push,
		.code = m->code,
	};
	if (m->code >= 0)
		return ST_EWIRE;
	return m->has_station ? log_of(true, m->station, m->epoch, &to->log) : 0;
}

static int join_decode(const St__Join *m, struct st_join *to)
{
	if (!m->has_request || m->request.len > ST_CERTIFICATE_MAX)
		return ST_EWIRE;
	to->request = span_of(m->request);
	return code_of(m->has_station, m->station, &to->station);
}

static int joined_decode(const St__Joined *m, struct st_arena *arena, struct st_joined *to)
{
	if (m->n_certificate == 0 || m->n_certificate > ST_DEPTH_MAX)
		return ST_EWIRE;
	struct st_span *chain = st_arena_alloc(arena, m->n_certificate * sizeof(*chain));
	if (chain == NULL)
		return ST_ETOOBIG;
	for (size_t i = 0; i < m->n_certificate; i++) {
		if (m->certificate[i].len > ST_CERTIFICATE_MAX)
			return ST_EWIRE;
		chain[i] = span_of(m->certificate[i]);
	}
	to->certificates = chain;
	to->count = m->n_certificate;
	return fixed(m->has_root, m->root, to->root.bytes, ST_KEY_SIZE);
}

static int taken_decode(const St__Taken *m, struct st_taken *to)
{
	to->position = m->position;
	return fixed(m->has_incarnation, m->incarnation, to->incarnation, sizeof(to->incarnation));
}

/* Which one field is set: a frame says one thing. 0: none, or several. */
static enum st_frame_kind kind_of(const St__Frame *m)
{
	const void *const fields[] = {
		m->hello, m->welcome, m->logs, m->chunk, m->ack, m->receipts, m->want,
		m->grant, m->ping, m->pong, m->refusal, m->join, m->joined, m->taken,
	};
	_Static_assert(sizeof(fields) / sizeof(fields[0]) == ST_FRAME_TAKEN, "each kind is looked for");
	unsigned kind = 0;
	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i] == NULL)
			continue;
		if (kind != 0)
			return 0;
		kind = i + 1;
	}
	return (enum st_frame_kind)kind;
}

static int open_frame(const St__Frame *m, struct st_arena *arena, struct st_frame *f)
{
	switch (f->kind) {
	case ST_FRAME_HELLO:    return hello_decode(m->hello, &f->u.hello);
	case ST_FRAME_WELCOME:  return welcome_decode(m->welcome, &f->u.welcome);
	case ST_FRAME_LOGS:     return logs_decode(m->logs, arena, &f->u.logs);
	case ST_FRAME_CHUNK:    return chunk_decode(m->chunk, &f->u.chunk);
	case ST_FRAME_ACK:      return ack_decode(m->ack, &f->u.ack);
	case ST_FRAME_RECEIPTS: return receipts_decode(m->receipts, arena, &f->u.receipts);
	case ST_FRAME_REFUSAL:  return refusal_decode(m->refusal, &f->u.refusal);
	case ST_FRAME_JOIN:     return join_decode(m->join, &f->u.join);
	case ST_FRAME_JOINED:   return joined_decode(m->joined, arena, &f->u.joined);
	case ST_FRAME_TAKEN:    return taken_decode(m->taken, &f->u.taken);
	case ST_FRAME_GRANT:    f->u.grant = m->grant->credit; return 0;
	case ST_FRAME_WANT:
		f->u.want = (struct st_want){ m->want->bytes, m->want->next, m->want->back };
		return 0;
	case ST_FRAME_PING:
		f->u.ping = (struct st_ping){ m->ping->nonce, m->ping->wall_ms, m->ping->size };
		return 0;
	case ST_FRAME_PONG:
		f->u.pong = (struct st_ping){ m->pong->nonce, m->pong->wall_ms, m->pong->size };
		return 0;
	}
	return ST_EWIRE; /* none, several, or of a later version */
}

int st_frame_decode(struct st_span bytes, struct st_arena *arena, struct st_frame *ret_f)
{
	ST_REQUIRE(arena != NULL);
	if (bytes.size > ST_FRAME_MAX)
		return ST_ETOOBIG;
	ProtobufCAllocator allocator = st_arena_allocator(arena);
	const St__Frame *m = st__frame__unpack(&allocator, bytes.size, bytes.data);
	if (m == NULL)
		return st_arena_spent(arena) ? ST_ETOOBIG : ST_EWIRE;
	struct st_frame f;
	memset(&f, 0, sizeof(f));
	f.kind = kind_of(m);
	int rc = open_frame(m, arena, &f);
	if (rc < 0)
		return rc;
	st_assert(f.kind >= ST_FRAME_HELLO);
	st_assert(f.kind <= ST_FRAME_TAKEN);
	*ret_f = f;
	return 0;
}
