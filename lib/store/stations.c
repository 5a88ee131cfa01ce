/* stations.c - stations and their local numbers.
 *
 * Owns:    the table stations: number -> row, and code -> number.
 * Flow:    roll, setup -> stations -> everything that names a station */
#include <station/store/stations.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

/* key 1 | number u32  -> code 12 | enrolled u8 [ | parent u32 | depth u32 | standing u8 |
 *                        issuer log u32 | issuer seq u64 | revoked epoch u32 | revoked size u64 |
 *                        revoker log u32 | revoker seq u64 | signed certificate ]
 * key 2 | code 12     -> number u32 */
enum { BY_NUMBER = 1, BY_CODE = 2, HEAD = ST_CODE_MAX + 1, FIXED = HEAD + 45 };
_Static_assert(FIXED - HEAD == 4 + 4 + 1 + 4 + 8 + 4 + 8 + 4 + 8, "where the certificate begins");

static struct key number_key(uint32_t number)
{
	struct key k = key_new();
	key_u8(&k, BY_NUMBER);
	key_u32(&k, number);
	return k;
}

static struct key code_key(const struct st_code *code)
{
	struct key k = key_new();
	key_u8(&k, BY_CODE);
	key_put(&k, code->text, ST_CODE_MAX);
	return k;
}

static int decode(uint32_t number, struct st_span row, struct st_station *s)
{
	uint8_t enrolled;
	struct st_reader r = st_reader(row);
	memset(s, 0, sizeof(*s));
	struct st_span code = st_read_span(&r, ST_CODE_MAX);
	enrolled = st_read_u8(&r);
	if (!r.failed && enrolled == 0)
		return ST_ENOTFOUND; /* interned only */
	s->number = number;
	s->parent = st_read_u32(&r);
	s->depth = st_read_u32(&r);
	s->standing = (enum st_standing)st_read_u8(&r);
	s->issuer_log = st_read_u32(&r);
	s->issuer_seq = st_read_u64(&r);
	s->revoked_epoch = st_read_u32(&r);
	s->revoked_size = st_read_u64(&r);
	s->revoker_log = st_read_u32(&r);
	s->revoker_seq = st_read_u64(&r);
	bool sound = !r.failed && number > 0 && r.rest.size <= sizeof(s->signed_bytes) &&
		     (s->standing == ST_ENROLLED || s->standing == ST_REVOKED);
	if (!sound)
		return ST_ECORRUPT;
	s->signed_size = r.rest.size;
	memcpy(s->signed_bytes, r.rest.data, r.rest.size);
	if (st_certificate_decode(r.rest, &s->certificate) < 0 ||
	    memcmp(s->certificate.code.text, code.data, code.size) != 0)
		return ST_ECORRUPT;
	return 0;
}

int st_station_get(struct st_txn *t, uint32_t number, struct st_station *ret_s)
{
	struct key k = number_key(number);
	struct st_span row;
	int rc = kv_get(t, TABLE_STATIONS, key_span(&k), &row);
	return rc < 0 ? rc : decode(number, row, ret_s);
}

int st_station_number(struct st_txn *t, const struct st_code *code, uint32_t *ret_number)
{
	struct st_span row;
	uint32_t number = lookup_station_number(t, code);
	if (number == 0) {
		struct key k = code_key(code);
		int rc = kv_get(t, TABLE_STATIONS, key_span(&k), &row);
		if (rc < 0)
			return rc;
		if (row.size != 4 || st_get_u32(row.data) == 0)
			return ST_ECORRUPT;
		number = st_get_u32(row.data);
		lookup_keep_station(t, number, code);
	}
	*ret_number = number;
	return 0;
}

int st_station_self(struct st_txn *t, uint32_t *ret_number)
{
	struct st_code code = { .text = { 0 } };
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_SELF, code.text, ST_CODE_MAX, &size);
	if (rc == 0)
		rc = st_station_number(t, &code, ret_number);
	st_assert(rc < 0 || *ret_number > 0);
	return rc == ST_ENOTFOUND ? ST_ENOSTATION : rc;
}

int st_station_find(struct st_txn *t, const struct st_code *code, struct st_station *ret_s)
{
	uint32_t number = 0;
	int rc = st_station_number(t, code, &number);
	return rc < 0 ? rc : st_station_get(t, number, ret_s);
}

int st_station_code(struct st_txn *t, uint32_t number, struct st_code *ret_code)
{
	struct st_span row;
	struct st_code code = lookup_station_code(t, number);
	if (st_code_empty(&code)) {
		struct key k = number_key(number);
		int rc = kv_get(t, TABLE_STATIONS, key_span(&k), &row);
		if (rc < 0)
			return rc;
		if (row.size < HEAD)
			return ST_ECORRUPT;
		memcpy(code.text, row.data, ST_CODE_MAX);
		lookup_keep_station(t, number, &code);
	}
	*ret_code = code;
	return 0;
}

static int next_number(struct st_txn *t, uint32_t *ret_number)
{
	static const uint8_t prefix = BY_NUMBER;
	struct key k = number_key(UINT32_MAX);
	struct kv_row row;
	int rc = kv_at_most(t, TABLE_STATIONS, key_span(&k), st_span(&prefix, 1), &row);
	if (rc == ST_ENOTFOUND) {
		*ret_number = 1;
		return 0;
	}
	if (rc < 0)
		return rc;
	if (row.key.size != 5 || st_get_u32(row.key.data + 1) == UINT32_MAX)
		return ST_ECORRUPT;
	*ret_number = st_get_u32(row.key.data + 1) + 1;
	return 0;
}

static int put_number(struct st_txn *t, const struct st_code *code, uint32_t number)
{
	st_assert(number > 0);
	st_assert(!st_code_empty(code));
	struct key k = code_key(code);
	uint8_t value[4];
	st_put_u32(value, number);
	return kv_put(t, TABLE_STATIONS, key_span(&k), ST_SPAN(value));
}

int st_station_put(struct st_txn *t, struct st_station *s)
{
	struct key k;
	struct st_buf row;
	uint32_t number = s->number;
	ST_REQUIRE(s->signed_size > 0);
	ST_REQUIRE(s->signed_size <= sizeof(s->signed_bytes));
	ST_REQUIRE(s->standing == ST_ENROLLED || s->standing == ST_REVOKED);
	int rc = number != 0 ? 0 : st_station_number(t, &s->certificate.code, &number);
	if (rc == ST_ENOTFOUND) {
		rc = next_number(t, &number);
		if (rc == 0)
			rc = put_number(t, &s->certificate.code, number);
	}
	if (rc < 0)
		return rc;
	st_buf_init(&row, FIXED + ST_CERTIFICATE_MAX);
	st_buf_put(&row, s->certificate.code.text, ST_CODE_MAX);
	st_buf_u8(&row, 1);
	st_buf_u32(&row, s->parent);
	st_buf_u32(&row, s->depth);
	st_buf_u8(&row, (uint8_t)s->standing);
	st_buf_u32(&row, s->issuer_log);
	st_buf_u64(&row, s->issuer_seq);
	st_buf_u32(&row, s->revoked_epoch);
	st_buf_u64(&row, s->revoked_size);
	st_buf_u32(&row, s->revoker_log);
	st_buf_u64(&row, s->revoker_seq);
	st_assert(row.error < 0 || row.size == FIXED);
	st_buf_put(&row, s->signed_bytes, s->signed_size);
	k = number_key(number);
	rc = row.error < 0 ? row.error : kv_put(t, TABLE_STATIONS, key_span(&k), st_buf_span(&row));
	st_buf_done(&row);
	if (rc == 0)
		s->number = number;
	return rc;
}

int st_station_intern(struct st_txn *t, const struct st_code *code, uint32_t *ret_number)
{
	uint8_t row[HEAD] = { 0 };
	uint32_t number = 0;
	int rc = st_station_number(t, code, ret_number);
	if (rc != ST_ENOTFOUND || !t->writes)
		return rc;
	rc = next_number(t, &number);
	if (rc < 0)
		return rc;
	struct key k = number_key(number);
	memcpy(row, code->text, ST_CODE_MAX);
	rc = kv_put(t, TABLE_STATIONS, key_span(&k), ST_SPAN(row));
	if (rc == 0)
		rc = put_number(t, code, number);
	if (rc == 0)
		*ret_number = number;
	return rc;
}

struct each {
	st_station_fn *fn;
	void *arg;
};

static int each_row(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_station s;
	(void)t;
	if (row->key.size != 5)
		return ST_ECORRUPT;
	int rc = decode(st_get_u32(row->key.data + 1), row->value, &s);
	if (rc == ST_ENOTFOUND)
		return 0;
	return rc < 0 ? rc : e->fn(&s, e->arg);
}

int st_station_each(struct st_txn *t, st_station_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	static const uint8_t prefix = BY_NUMBER;
	struct each e = { fn, arg };
	struct kv_range range = { .table = TABLE_STATIONS, .prefix = st_span(&prefix, 1) };
	return kv_scan(t, &range, each_row, &e);
}

/* The parent's number, without reading the certificate. 0: none. */
static int parent_of(struct st_txn *t, uint32_t number, uint32_t *ret_parent)
{
	struct key k = number_key(number);
	struct st_span row;
	int rc = kv_get(t, TABLE_STATIONS, key_span(&k), &row);
	if (rc < 0)
		return rc;
	*ret_parent = row.size < FIXED ? 0 : st_get_u32(row.data + HEAD);
	return 0;
}

int st_station_below(struct st_txn *t, uint32_t number, uint32_t top)
{
	for (unsigned depth = 0; depth < ST_DEPTH_MAX && number != 0; depth++) {
		if (number == top)
			return 1;
		int rc = parent_of(t, number, &number);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? 0 : rc;
	}
	return 0;
}

int st_station_stands_below(struct st_txn *t, uint32_t number, uint32_t top)
{
	struct key k = number_key(number);
	struct st_span row;
	int rc = st_station_below(t, number, top);
	if (rc != 0)
		return rc;
	rc = kv_get(t, TABLE_STATIONS, key_span(&k), &row);
	return rc == 0 && row.size < FIXED ? ST_ENOTFOUND : rc;
}

int st_station_branch_of(struct st_txn *t, uint32_t number, uint32_t top, uint32_t *ret_child)
{
	uint32_t child = number;
	for (unsigned depth = 0; depth < ST_DEPTH_MAX && number != 0; depth++) {
		if (number == top) {
			*ret_child = child;
			return 0;
		}
		child = number;
		int rc = parent_of(t, number, &number);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ESUBTREE : rc;
	}
	return ST_ESUBTREE;
}
