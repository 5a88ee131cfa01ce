/* event.c - the envelope of an event.
 *
 * Owns:    the bytes of an event: written once here by its origin, read here by everyone.
 * Promise: 11: what this version can't read is told apart from what isn't an event.
 * Flow:    command -> event -> log; log -> event -> fold */
#include <station/event/event.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/pb.h>

enum { STATION = 1, EPOCH, SEQ, MIN_VERSION, WALL_MS, OPENER, ULID, TERM, REVISION, PREVIOUS, AUTHOR,
       ADDRESSEE, PART, TYPE, BODY };
_Static_assert(ST_EVENT_MAX == UINT16_MAX, "lengths of a C2SP entry bundle have 16 bits");

const char *st_event_type_name(uint32_t type)
{
	switch (type) {
#define X(name, number, text)                                                                      \
	case number:                                                                               \
		return text;
		ST_EVENT_TYPES(X)
#undef X
	default:
		return "unknown";
	}
}

bool st_event_has_part(const struct st_event *e, uint32_t type)
{
	for (size_t i = 0; i < e->part_count; i++)
		if (e->parts[i].type == type)
			return true;
	return false;
}

uint32_t st_event_type_in(struct st_span bytes)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	uint32_t type = 0;
	while (st_pb_next(&r, &f))
		if (f.number == TYPE && f.value <= UINT32_MAX)
			type = (uint32_t)f.value;
	return r.failed ? 0 : type;
}

static bool is_own(const struct st_event *e, const struct st_position *p)
{
	return st_code_equal(&p->station, &e->at.station) && p->epoch == e->at.epoch;
}

static void put_previous(const struct st_event *in, struct st_buf *to)
{
	if (in->previous.seq == 0)
		return;
	size_t mark = st_pb_open(to, PREVIOUS);
	if (!is_own(in, &in->previous)) {
		st_pb_put_bytes(to, 1, st_code_span(&in->previous.station));
		st_pb_put_number(to, 2, in->previous.epoch);
	}
	st_pb_put_number(to, 3, in->previous.seq);
	st_pb_close(to, mark);
}

static void put_addressee(const struct st_addressee *a, struct st_buf *to)
{
	st_assert(!st_code_empty(&a->station)); /* read_addressee refuses it */
	size_t mark = st_pb_open(to, ADDRESSEE);
	st_pb_put_bytes(to, 1, st_code_span(&a->station));
	st_pb_put_number(to, 2, a->subtree);
	st_pb_put_number(to, 3, a->prev_epoch);
	st_pb_put_number(to, 4, a->prev_seq);
	st_pb_close(to, mark);
}

static void put_part(const struct st_part_ref *p, struct st_buf *to)
{
	size_t mark = st_pb_open(to, PART);
	st_pb_put_number(to, 1, p->type);
	st_pb_put_number(to, 2, p->size);
	st_pb_put_bytes(to, 3, ST_SPAN(p->hash.bytes));
	st_pb_close(to, mark);
}

int st_event_encode(const struct st_event *in, struct st_buf *to)
{
	ST_REQUIRE(in->at.seq > 0);
	ST_REQUIRE(in->at.seq <= INT64_MAX); /* read_seq refuses more */
	ST_REQUIRE(in->at.epoch > 0);
	ST_REQUIRE(!st_code_empty(&in->at.station));
	ST_REQUIRE(in->author.size <= ST_AUTHOR_MAX);
	ST_REQUIRE(in->addressee_count <= ST_EVENT_ADDRESSEES_MAX);
	ST_REQUIRE(in->part_count <= ST_EVENT_PARTS_MAX);
	size_t from = to->size;
	st_pb_put_bytes(to, STATION, st_code_span(&in->at.station));
	st_pb_put_number(to, EPOCH, in->at.epoch == 1 ? 0 : in->at.epoch);
	st_pb_put_number(to, SEQ, in->at.seq);
	st_pb_put_number(to, MIN_VERSION, in->min_version <= 1 ? 0 : in->min_version);
	st_pb_put_number(to, WALL_MS, in->wall_ms);
	if (in->has_record) {
		if (!st_code_equal(&in->record.opener, &in->at.station))
			st_pb_put_bytes(to, OPENER, st_code_span(&in->record.opener));
		st_pb_put_bytes(to, ULID, ST_SPAN(in->record.ulid.bytes));
	}
	st_pb_put_number(to, TERM, in->term);
	st_pb_put_number(to, REVISION, in->revision);
	put_previous(in, to);
	st_pb_put_bytes(to, AUTHOR, in->author);
	for (size_t i = 0; i < in->addressee_count; i++)
		put_addressee(&in->addressees[i], to);
	for (size_t i = 0; i < in->part_count; i++)
		put_part(&in->parts[i], to);
	st_pb_put_number(to, TYPE, in->type);
	st_pb_put_bytes(to, BODY, in->body);
	if (to->error < 0)
		return to->error;
	if (to->size - from > ST_EVENT_MAX) {
		to->size = from;
		return ST_ETOOBIG;
	}
	return 0;
}

static int read_u32(const struct st_pb_field *f, uint32_t *to)
{
	if (f->wire != ST_PB_VARINT || f->value > UINT32_MAX)
		return ST_EWIRE;
	*to = (uint32_t)f->value;
	return 0;
}

static int read_code(const struct st_pb_field *f, struct st_code *to)
{
	return f->wire != ST_PB_BYTES || st_code_parse(f->bytes, to) < 0 ? ST_EWIRE : 0;
}

static int read_seq(const struct st_pb_field *f, uint64_t *to)
{
	if (f->wire != ST_PB_VARINT || f->value > INT64_MAX)
		return ST_EWIRE;
	*to = f->value;
	return 0;
}

static int read_previous(struct st_span bytes, struct st_position *to)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		if (f.number == 1)
			rc = read_code(&f, &to->station);
		else if (f.number == 2)
			rc = read_u32(&f, &to->epoch);
		else if (f.number == 3)
			rc = read_seq(&f, &to->seq);
	}
	return rc < 0 || r.failed ? ST_EWIRE : 0;
}

static int read_addressee(struct st_span bytes, struct st_addressee *to)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		if (f.number == 1)
			rc = read_code(&f, &to->station);
		else if (f.number == 2)
			to->subtree = f.value != 0;
		else if (f.number == 3)
			rc = read_u32(&f, &to->prev_epoch);
		else if (f.number == 4)
			rc = read_seq(&f, &to->prev_seq);
	}
	return rc < 0 || r.failed || st_code_empty(&to->station) ? ST_EWIRE : 0;
}

static int read_part(struct st_span bytes, struct st_part_ref *to)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	bool hashed = false;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		if (f.number == 1) {
			rc = read_u32(&f, &to->type);
		} else if (f.number == 2) {
			rc = read_u32(&f, &to->size);
		} else if (f.number == 3) {
			hashed = f.wire == ST_PB_BYTES && f.bytes.size == ST_HASH_SIZE;
			if (hashed)
				memcpy(to->hash.bytes, f.bytes.data, ST_HASH_SIZE);
		}
	}
	return rc < 0 || r.failed || !hashed ? ST_EWIRE : 0;
}

static int read_ulid(const struct st_pb_field *f, struct st_event *e)
{
	if (f->wire != ST_PB_BYTES || f->bytes.size != ST_ULID_SIZE)
		return ST_EWIRE;
	memcpy(e->record.ulid.bytes, f->bytes.data, ST_ULID_SIZE);
	e->has_record = true;
	return 0;
}

static int read_field(const struct st_pb_field *f, struct st_event *e)
{
	switch (f->number) {
	case STATION:     return read_code(f, &e->at.station);
	case EPOCH:       return read_u32(f, &e->at.epoch);
	case SEQ:         return read_seq(f, &e->at.seq);
	case MIN_VERSION: return read_u32(f, &e->min_version);
	case WALL_MS:     return read_seq(f, &e->wall_ms);
	case OPENER:      return read_code(f, &e->record.opener);
	case ULID:        return read_ulid(f, e);
	case TERM:        return read_u32(f, &e->term);
	case REVISION:    return read_u32(f, &e->revision);
	case TYPE:        return read_u32(f, &e->type);
	case PREVIOUS:    return f->wire == ST_PB_BYTES ? read_previous(f->bytes, &e->previous) : ST_EWIRE;
	case AUTHOR:
		e->author = f->bytes;
		return f->wire == ST_PB_BYTES && f->bytes.size <= ST_AUTHOR_MAX ? 0 : ST_EWIRE;
	case BODY:
		e->body = f->bytes;
		return f->wire == ST_PB_BYTES ? 0 : ST_EWIRE;
	case ADDRESSEE:
		if (f->wire != ST_PB_BYTES || e->addressee_count == ST_EVENT_ADDRESSEES_MAX)
			return ST_EWIRE;
		return read_addressee(f->bytes, &e->addressees[e->addressee_count++]);
	case PART:
		if (f->wire != ST_PB_BYTES || e->part_count == ST_EVENT_PARTS_MAX)
			return ST_EWIRE;
		return read_part(f->bytes, &e->parts[e->part_count++]);
	default:
		return 0; /* a later version's */
	}
}

/* What absent fields mean: proto/event.proto. */
static void fill_in(struct st_event *e)
{
	if (e->at.epoch == 0)
		e->at.epoch = 1;
	if (e->min_version == 0)
		e->min_version = 1;
	if (e->has_record && st_code_empty(&e->record.opener))
		e->record.opener = e->at.station;
	if (e->previous.seq == 0)
		return;
	if (st_code_empty(&e->previous.station)) {
		e->previous.station = e->at.station;
		if (e->previous.epoch == 0)
			e->previous.epoch = e->at.epoch;
	}
	if (e->previous.epoch == 0)
		e->previous.epoch = 1;
}

static bool known_type(uint32_t type)
{
	switch (type) {
#define X(name, number, text) case number:
		ST_EVENT_TYPES(X)
#undef X
		return true;
	default:
		return false;
	}
}

int st_event_decode(struct st_span bytes, struct st_arena *arena, struct st_event *ret_event)
{
	struct st_event *e = st_arena_alloc(arena, sizeof(*e));
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	if (e == NULL || bytes.size > ST_EVENT_MAX)
		return ST_ETOOBIG;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f))
		rc = read_field(&f, e);
	if (rc < 0 || r.failed || e->at.seq == 0 || st_code_empty(&e->at.station))
		return ST_EWIRE;
	fill_in(e);
	st_assert(e->at.epoch > 0);
	st_assert(e->min_version > 0);
	*ret_event = *e;
	return e->min_version > ST_EVENT_VERSION || !known_type(e->type) ? ST_EUNREAD : 0;
}
