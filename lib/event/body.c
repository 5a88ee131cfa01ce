/* body.c - what events say: beginnings, enrolments, city tables, changes of records and their fields.
 *
 * Owns:    the bodies' bytes (proto/event.proto).
 * Flow:    command, members -> body -> event; event -> body -> fold, roll */
#include <station/event/event.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/pb.h>

_Static_assert(sizeof(struct st_event) + (ST_FIELDS_MAX + 1) * sizeof(struct st_field) <=
		       ST_EVENT_ARENA,
	       "the decode budget holds the largest event");

int st_begin_encode(const struct st_begin *in, struct st_buf *to)
{
	st_pb_put_number(to, 1, in->previous_size);
	if (in->previous_size > 0)
		st_pb_put_bytes(to, 2, ST_SPAN(in->previous_root.bytes));
	st_pb_put_bytes(to, 3, ST_SPAN(in->instance));
	return to->error;
}

static int fixed(const struct st_pb_field *f, void *to, size_t size)
{
	if (f->wire != ST_PB_BYTES || f->bytes.size != size)
		return ST_EWIRE;
	memcpy(to, f->bytes.data, size);
	return 0;
}

int st_begin_decode(struct st_span body, struct st_begin *ret_begin)
{
	struct st_begin b = { .previous_size = 0 };
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		if (f.number == 1)
			b.previous_size = f.value;
		else if (f.number == 2)
			rc = fixed(&f, b.previous_root.bytes, ST_HASH_SIZE);
		else if (f.number == 3)
			rc = fixed(&f, b.instance, sizeof(b.instance));
	}
	if (rc < 0 || r.failed)
		return ST_EWIRE;
	*ret_begin = b;
	return 0;
}

int st_enrol_encode(struct st_span certificate, struct st_buf *to)
{
	ST_REQUIRE(certificate.size > 0);
	st_pb_put_bytes(to, 1, certificate);
	return to->error;
}

int st_enrol_decode(struct st_span body, struct st_span *ret_certificate)
{
	struct st_reader r = st_reader(body);
	struct st_span certificate = ST_SPAN_NONE;
	struct st_pb_field f;
	while (st_pb_next(&r, &f))
		if (f.number == 1)
			certificate = f.bytes;
	if (r.failed || certificate.size == 0)
		return ST_EWIRE;
	*ret_certificate = certificate;
	return 0;
}

int st_revoke_encode(const struct st_revoke *in, struct st_buf *to)
{
	ST_REQUIRE(!st_code_empty(&in->station));
	st_pb_put_bytes(to, 1, st_code_span(&in->station));
	st_pb_put_number(to, 2, in->serial);
	st_pb_put_number(to, 3, in->epoch);
	st_pb_put_number(to, 4, in->size);
	return to->error;
}

int st_revoke_decode(struct st_span body, struct st_revoke *ret_revoke)
{
	struct st_revoke v;
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	memset(&v, 0, sizeof(v));
	while (st_pb_next(&r, &f)) {
		if (f.number == 1 && st_code_parse(f.bytes, &v.station) < 0)
			return ST_EWIRE;
		if (f.number == 2)
			v.serial = f.value;
		else if (f.number == 3)
			v.epoch = (uint32_t)f.value;
		else if (f.number == 4)
			v.size = f.value;
	}
	if (r.failed || st_code_empty(&v.station))
		return ST_EWIRE;
	*ret_revoke = v;
	return 0;
}

int st_city_encode(const struct st_city *in, struct st_buf *to)
{
	ST_REQUIRE(in->table > 0);
	ST_REQUIRE(in->table <= UINT8_MAX);
	ST_REQUIRE(in->version > 0);
	ST_REQUIRE(in->columns > 0);
	ST_REQUIRE(in->columns <= ST_CITY_COLUMNS_MAX);
	if (in->rows.size > ST_CITY_ROWS_BYTES_MAX)
		return ST_ETOOBIG;
	st_pb_put_number(to, 1, in->table);
	st_pb_put_number(to, 2, in->version);
	st_pb_put_number(to, 3, in->from_day);
	st_pb_put_number(to, 4, in->columns);
	st_pb_put_bytes(to, 5, in->rows);
	return to->error;
}

bool st_city_next(struct st_reader *r, uint32_t columns, struct st_span cells[ST_CITY_COLUMNS_MAX])
{
	ST_REQUIRE(columns > 0);
	ST_REQUIRE(columns <= ST_CITY_COLUMNS_MAX);
	if (r->failed || r->rest.size == 0)
		return false;
	for (uint32_t i = 0; i < columns; i++) {
		uint64_t size = st_read_varint(r);
		if (size > r->rest.size)
			r->failed = true;
		if (r->failed)
			return false;
		cells[i] = st_read_span(r, (size_t)size);
	}
	return true;
}

/* Numbers of a row's keys have their width. */
static bool city_in_bounds(const struct st_city *c)
{
	if (c->table == 0 || c->table > UINT8_MAX || c->version == 0 || c->columns == 0 ||
	    c->columns > ST_CITY_COLUMNS_MAX || c->rows.size > ST_CITY_ROWS_BYTES_MAX)
		return false;
	struct st_span cells[ST_CITY_COLUMNS_MAX];
	struct st_reader r = st_reader(c->rows);
	while (st_city_next(&r, c->columns, cells))
		;
	return !r.failed;
}

int st_city_decode(struct st_span body, struct st_city *ret_city)
{
	struct st_city c;
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	memset(&c, 0, sizeof(c));
	while (st_pb_next(&r, &f)) {
		if (f.number >= 1 && f.number <= 4 && f.value > UINT32_MAX)
			return ST_EWIRE;
		if (f.number == 1)
			c.table = (uint32_t)f.value;
		else if (f.number == 2)
			c.version = (uint32_t)f.value;
		else if (f.number == 3)
			c.from_day = (uint32_t)f.value;
		else if (f.number == 4)
			c.columns = (uint32_t)f.value;
		else if (f.number == 5)
			c.rows = f.bytes;
	}
	if (r.failed || !city_in_bounds(&c))
		return ST_EWIRE;
	*ret_city = c;
	return 0;
}

static void put_field(const struct st_field *in, uint32_t number, struct st_buf *to)
{
	st_assert(in->id != 0); /* read_field refuses it */
	size_t size = 1 + st_varint_size(in->id);
	if (in->is_number)
		size += 1 + st_varint_size(in->number);
	else if (in->text.size > 0)
		size += 1 + st_varint_size(in->text.size) + in->text.size;
	st_buf_varint(to, (uint64_t)number << 3 | ST_PB_BYTES);
	st_buf_varint(to, size);
	size_t before = to->size;
	st_pb_put_number(to, 1, in->id);
	if (in->is_number) { /* a zero is told from an absent value, so it is written */
		st_buf_varint(to, 2u << 3 | ST_PB_VARINT);
		st_buf_varint(to, in->number);
	} else {
		st_pb_put_bytes(to, 3, in->text);
	}
	st_assert(to->error < 0 || to->size - before == size);
}

static int read_field(struct st_span bytes, struct st_field *to)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	memset(to, 0, sizeof(*to));
	while (st_pb_next(&r, &f)) {
		if (f.number == 1) {
			to->id = f.value > UINT32_MAX ? 0 : (uint32_t)f.value;
		} else if (f.number == 2 && f.wire == ST_PB_VARINT) {
			to->is_number = true;
			to->number = f.value;
		} else if (f.number == 3) {
			to->text = f.bytes;
		}
	}
	return r.failed || to->id == 0 ? ST_EWIRE : 0;
}

/* Fields stand under the same number in Move, Note, Reassign and Fields, but for where they differ. */
static uint32_t fields_number(uint32_t type)
{
	return type == ST_MOVE ? 6 : type == ST_NOTE ? 3 : 4;
}

static int read_fields(struct st_span bytes, uint32_t number, size_t count, struct st_arena *arena,
		       const struct st_field **ret_fields)
{
	ST_REQUIRE(arena != NULL);
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	if (count > ST_FIELDS_MAX)
		return ST_EWIRE;
	struct st_field *fields = st_arena_alloc(arena, (count + 1) * sizeof(*fields));
	if (fields == NULL)
		return ST_EWIRE;
	for (size_t i = 0; i < count && st_pb_next(&r, &f);) {
		if (f.number != number)
			continue;
		int rc = f.wire == ST_PB_BYTES ? read_field(f.bytes, &fields[i++]) : ST_EWIRE;
		if (rc < 0)
			return rc;
	}
	*ret_fields = fields;
	return 0;
}

int st_change_encode(uint32_t type, const struct st_change *in, struct st_buf *to)
{
	ST_REQUIRE(type == ST_MOVE || type == ST_NOTE || type == ST_REASSIGN);
	ST_REQUIRE(in->field_count <= ST_FIELDS_MAX);
	ST_REQUIRE(in->fields != NULL || in->field_count == 0);
	st_pb_put_number(to, 1, in->kind);
	if (type == ST_MOVE) {
		st_pb_put_number(to, 2, in->move);
		st_pb_put_number(to, 3, in->state);
		st_pb_put_number(to, 4, (uint64_t)in->at_ms);
		st_pb_put_bytes(to, 5, st_code_span(&in->holder));
	} else {
		st_pb_put_number(to, 2, (uint64_t)in->at_ms);
	}
	if (type == ST_REASSIGN)
		st_pb_put_bytes(to, 3, st_code_span(&in->holder));
	for (size_t i = 0; i < in->field_count; i++)
		put_field(&in->fields[i], fields_number(type), to);
	return to->error;
}

static int take(uint32_t type, const struct st_pb_field *f, struct st_change *c)
{
	uint32_t at_number = type == ST_MOVE ? 4 : 2, holder_number = type == ST_MOVE ? 5 : 3;
	if (f->number == 1)
		c->kind = (uint32_t)f->value;
	else if (f->number == at_number)
		c->at_ms = (int64_t)f->value;
	else if (type == ST_MOVE && f->number == 2)
		c->move = (uint32_t)f->value;
	else if (type == ST_MOVE && f->number == 3 && f->value > UINT8_MAX)
		return ST_EWIRE; /* no index of states could tell it from another */
	else if (type == ST_MOVE && f->number == 3)
		c->state = (uint32_t)f->value;
	else if (type != ST_NOTE && f->number == holder_number)
		return st_code_parse(f->bytes, &c->holder) < 0 ? ST_EWIRE : 0;
	return 0;
}

int st_change_decode(uint32_t type, struct st_span body, struct st_arena *arena,
		     struct st_change *ret_change)
{
	struct st_change c;
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	if (type != ST_MOVE && type != ST_NOTE && type != ST_REASSIGN)
		return ST_EWIRE; /* a damaged row may point to any event */
	memset(&c, 0, sizeof(c));
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		if (f.number == fields_number(type))
			c.field_count++;
		else
			rc = take(type, &f, &c);
	}
	if (rc < 0 || r.failed)
		return ST_EWIRE;
	rc = read_fields(body, fields_number(type), c.field_count, arena, &c.fields);
	if (rc == 0)
		*ret_change = c;
	return rc;
}

int st_fields_encode(const struct st_field *fields, size_t count, struct st_buf *to)
{
	ST_REQUIRE(count <= ST_FIELDS_MAX);
	ST_REQUIRE(fields != NULL || count == 0);
	for (size_t i = 0; i < count; i++)
		put_field(&fields[i], 1, to);
	return to->error;
}

int st_fields_decode(struct st_span content, struct st_arena *arena,
		     const struct st_field **ret_fields, size_t *ret_count)
{
	struct st_reader r = st_reader(content);
	struct st_pb_field f;
	size_t count = 0;
	while (st_pb_next(&r, &f))
		count += f.number == 1;
	int rc = r.failed ? ST_EWIRE : read_fields(content, 1, count, arena, ret_fields);
	if (rc == 0)
		*ret_count = count;
	return rc;
}

const struct st_field *st_field_find(const struct st_field *fields, size_t count, uint32_t id)
{
	st_assert(fields != NULL || count == 0);
	for (size_t i = 0; i < count; i++)
		if (fields[i].id == id)
			return &fields[i];
	return NULL;
}
