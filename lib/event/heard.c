/* heard.c - the body that says which events of others have come, and been seen.
 *
 * Owns:    its bytes (proto/event.proto), which events are asked after at all, and which take sealed parts along.
 * Promise: 9: a stranger's bytes name at most ST_HEARD_MAX positions.
 * Flow:    apply -> heard -> event; event -> heard -> apply, ask */
#include <station/event/event.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/pb.h>

enum { STAGE = 1, LOG = 2, LOG_STATION = 1, LOG_EPOCH, LOG_SEQ };
_Static_assert(sizeof(struct st_event) + ST_HEARD_MAX * sizeof(struct st_position) + ST_ARENA_ALIGN <=
		       ST_EVENT_ARENA,
	       "the decode budget holds the longest list");
_Static_assert(ST_HEARD_MAX * 10 + 32 < 16 * 1024, "a log's seqs fit a message within");

bool st_event_directs(const struct st_event *e, const struct st_code *holder,
		      const struct st_addressee *to)
{
	if (to->subtree || !e->has_record)
		return false;
	if (e->type == ST_NOTE)
		return true;
	return (e->type == ST_MOVE || e->type == ST_REASSIGN) && !st_code_empty(holder) &&
	       st_code_equal(holder, &to->station);
}

bool st_event_grants(const struct st_event *e, struct st_arena *arena, struct st_code *ret_to)
{
	struct st_change change;
	memset(ret_to, 0, sizeof(*ret_to));
	if (e->addressee_count == 0)
		return false;
	if (st_change_decode(e->type, e->body, arena, &change) < 0)
		return true;
	*ret_to = change.holder;
	return !st_code_empty(ret_to);
}

/* A decimal number from 1 on, up to the end or a slash. */
static uint64_t read_number(struct st_reader *r, uint64_t most)
{
	uint64_t n = 0;
	uint8_t c = 0;
	while (r->rest.size > 0 && (c = st_read_u8(r)) != '/') {
		if (c < '0' || c > '9' || n > (most - (uint64_t)(c - '0')) / 10)
			return 0;
		n = n * 10 + (uint64_t)(c - '0');
	}
	return n;
}

int st_position_parse(struct st_span text, struct st_position *ret_at)
{
	struct st_position at;
	const uint8_t *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);
	size_t code = slash == NULL ? 0 : (size_t)(slash - text.data);
	if (slash == NULL || st_code_parse(st_span(text.data, code), &at.station) < 0 ||
	    memchr(slash + 1, '/', text.size - code - 1) == NULL)
		return ST_EFIELD;
	struct st_reader r = st_reader(st_span(slash + 1, text.size - code - 1));
	at.epoch = (uint32_t)read_number(&r, UINT32_MAX);
	at.seq = read_number(&r, INT64_MAX);
	if (at.epoch == 0 || at.seq == 0 || r.rest.size > 0)
		return ST_EFIELD;
	*ret_at = at;
	return 0;
}

static bool one_log(const struct st_position *a, const struct st_position *b)
{
	return st_code_equal(&a->station, &b->station) && a->epoch == b->epoch;
}

static size_t varint_size(uint64_t v)
{
	size_t n = 1;
	for (; v >= 128; v >>= 7)
		n++;
	return n;
}

/* Positions from..to, all of one log. */
static void put_log(const struct st_position *from, const struct st_position *to, struct st_buf *b)
{
	st_assert(from < to);
	size_t mark = st_pb_open(b, LOG), bytes = 0;
	st_pb_put_bytes(b, LOG_STATION, st_code_span(&from->station));
	st_pb_put_number(b, LOG_EPOCH, from->epoch == 1 ? 0 : from->epoch);
	for (const struct st_position *p = from; p < to; p++)
		bytes += varint_size(p->seq);
	st_buf_varint(b, (uint64_t)LOG_SEQ << 3 | ST_PB_BYTES);
	st_buf_varint(b, bytes);
	for (const struct st_position *p = from; p < to; p++)
		st_buf_varint(b, p->seq);
	st_pb_close(b, mark);
}

int st_heard_encode(const struct st_heard *in, struct st_buf *to)
{
	ST_REQUIRE(in->count > 0);
	ST_REQUIRE(in->count <= ST_HEARD_MAX);
	ST_REQUIRE(in->stage >= ST_STAGE_DELIVERED);
	st_pb_put_number(to, STAGE, in->stage);
	for (size_t i = 0, end; i < in->count; i = end) {
		end = i + 1;
		while (end < in->count && one_log(&in->positions[i], &in->positions[end]))
			end++;
		put_log(in->positions + i, in->positions + end, to);
	}
	return to->error;
}

struct listing {
	struct st_position *to; /* NULL: they are only counted */
	size_t count;
};

static int take_seq(struct listing *l, const struct st_position *log, uint64_t seq)
{
	if (seq == 0 || l->count == ST_HEARD_MAX)
		return ST_EWIRE;
	if (l->to != NULL) {
		l->to[l->count] = *log;
		l->to[l->count].seq = seq;
	}
	l->count++;
	return 0;
}

static int read_log(struct st_span bytes, struct listing *l)
{
	struct st_position log = { .epoch = 1 };
	struct st_span seqs = ST_SPAN_NONE;
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	while (st_pb_next(&r, &f)) {
		if (f.number == LOG_STATION && st_code_parse(f.bytes, &log.station) < 0)
			return ST_EWIRE;
		if (f.number == LOG_EPOCH)
			log.epoch = f.value > UINT32_MAX ? 0 : (uint32_t)f.value;
		if (f.number == LOG_SEQ)
			seqs = f.bytes;
	}
	if (r.failed || st_code_empty(&log.station) || log.epoch == 0)
		return ST_EWIRE;
	struct st_reader s = st_reader(seqs);
	int rc = 0;
	while (rc == 0 && s.rest.size > 0 && !s.failed) {
		uint64_t seq = st_read_varint(&s);
		rc = s.failed ? ST_EWIRE : take_seq(l, &log, seq);
	}
	return rc < 0 || s.failed ? ST_EWIRE : 0;
}

static int read_all(struct st_span body, struct listing *l, uint32_t *stage)
{
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	int rc = 0;
	*stage = ST_STAGE_NONE;
	l->count = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		if (f.number == STAGE)
			*stage = f.value > UINT8_MAX ? UINT8_MAX : (uint32_t)f.value;
		else if (f.number == LOG)
			rc = f.wire == ST_PB_BYTES ? read_log(f.bytes, l) : ST_EWIRE;
	}
	return rc < 0 || r.failed || *stage == ST_STAGE_NONE || l->count == 0 ? ST_EWIRE : 0;
}

int st_heard_decode(struct st_span body, struct st_arena *arena, struct st_heard *ret_heard)
{
	ST_REQUIRE(arena != NULL);
	struct listing l = { .to = NULL };
	struct st_heard h;
	int rc = read_all(body, &l, &h.stage);
	if (rc == 0)
		l.to = st_arena_alloc(arena, l.count * sizeof(*l.to));
	if (rc < 0 || l.to == NULL)
		return ST_EWIRE;
	rc = read_all(body, &l, &h.stage);
	st_assert(rc == 0); /* it was read the same way before */
	h.count = l.count;
	h.positions = l.to;
	st_assert(h.count <= ST_HEARD_MAX);
	*ret_heard = h;
	return rc;
}
