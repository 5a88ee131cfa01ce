/* records.c - folded rows, strays, ordered lists, numbers and sources.
 *
 * Owns:    the tables records, strays, index, numbers, sources, tallies and unread: all of them can be made
 *          anew from the events. Rows of records and index are written by in_hand.c.
 * Flow:    fold -> records -> ask */
#include <station/store/records.h>
#include <string.h>
#include <station/base/check.h>
#include "in_hand.h"
#include "kv.h"

_Static_assert((int)ST_REF_SIZE == 20, "a record's key: each_stray reads behind it");
_Static_assert(1 + ST_INDEX_KEY_MAX <= KV_KEY_MAX, "an index's key fits");

void st_ref_put(uint8_t to[ST_REF_SIZE], const struct st_record_ref *ref)
{
	st_put_u32(to, ref->opener);
	memcpy(to + 4, ref->ulid.bytes, ST_ULID_SIZE);
}

struct st_record_ref st_ref_get(const uint8_t from[ST_REF_SIZE])
{
	struct st_record_ref ref = { .opener = st_get_u32(from) };
	memcpy(ref.ulid.bytes, from + 4, ST_ULID_SIZE);
	return ref;
}

bool st_record_same(const struct st_record_ref *a, const struct st_record_ref *b)
{
	return a->opener == b->opener && memcmp(a->ulid.bytes, b->ulid.bytes, ST_ULID_SIZE) == 0;
}

int st_index_ref(struct st_span key, struct st_record_ref *ret_ref)
{
	if (key.size < ST_REF_SIZE)
		return ST_ECORRUPT;
	*ret_ref = st_ref_get(key.data + key.size - ST_REF_SIZE);
	return 0;
}

static struct key record_key(const struct st_record_ref *record)
{
	struct key k = key_new();
	key_ref(&k, record);
	return k;
}

static int record_of(struct st_span key, struct st_record_ref *record)
{
	if (key.size < ST_REF_SIZE)
		return ST_ECORRUPT;
	*record = st_ref_get(key.data);
	return 0;
}

int st_record_get(struct st_txn *t, const struct st_record_ref *record,
		  uint8_t to[ST_RECORD_ROW_MAX], size_t *ret_size)
{
	struct key k = record_key(record);
	struct st_span row;
	int rc = in_hand_row(t, record, &row) ? 0 : kv_get(t, TABLE_RECORDS, key_span(&k), &row);
	if (rc < 0)
		return rc;
	if (row.size > ST_RECORD_ROW_MAX)
		return ST_ECORRUPT;
	memcpy(to, row.data, row.size);
	*ret_size = row.size;
	return 0;
}

int st_record_put(struct st_txn *t, const struct st_record_ref *record, struct st_span row)
{
	ST_REQUIRE(row.size <= ST_RECORD_ROW_MAX);
	ST_REQUIRE(record->opener > 0);
	ST_REQUIRE(row.size > 0);
	return in_hand_put_row(t, record, row);
}

struct each {
	union {
		st_record_fn *record;
		st_stray_fn *stray;
		st_index_fn *index;
		st_cell_fn *cell;
	} fn;
	void *arg;
	uint64_t count;
};

static int each_record(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_record_ref record;
	(void)t;
	int rc = record_of(row->key, &record);
	return rc < 0 ? rc : e->fn.record(&record, row->value, e->arg);
}

int st_record_each(struct st_txn *t, const struct st_record_ref *from, st_record_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.record = fn, .arg = arg };
	struct key k = key_new();
	if (from != NULL)
		k = record_key(from);
	struct kv_range range = { .table = TABLE_RECORDS, .from = key_span(&k) };
	int rc = in_hand_write(t);
	return rc < 0 ? rc : kv_scan(t, &range, each_record, &e);
}

static struct key stray_key(const struct st_record_ref *record, const struct st_stray *stray)
{
	struct key k = record_key(record);
	key_u32(&k, stray->log);
	key_u64(&k, stray->seq);
	return k;
}

int st_stray_put(struct st_txn *t, const struct st_record_ref *record, const struct st_stray *stray)
{
	ST_REQUIRE(stray->why >= ST_STRAY_NOTE);
	ST_REQUIRE(stray->why <= ST_STRAY_SET_ASIDE);
	ST_REQUIRE(stray->seq > 0);
	struct key k = stray_key(record, stray);
	uint8_t why = (uint8_t)stray->why;
	return kv_put(t, TABLE_STRAYS, key_span(&k), st_span(&why, 1));
}

int st_stray_del(struct st_txn *t, const struct st_record_ref *record, const struct st_stray *stray)
{
	struct key k = stray_key(record, stray);
	return kv_del(t, TABLE_STRAYS, key_span(&k));
}

int st_stray_has(struct st_txn *t, const struct st_record_ref *record, const struct st_stray *stray)
{
	struct key k = stray_key(record, stray);
	struct st_span row;
	int rc = kv_get(t, TABLE_STRAYS, key_span(&k), &row);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return row.size == 1 && row.data[0] == (uint8_t)stray->why;
}

static int each_stray(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	(void)t;
	if (row->key.size != 32 || row->value.size != 1)
		return ST_ECORRUPT;
	struct st_stray stray = {
		.log = st_get_u32(row->key.data + 20),
		.seq = st_get_u64(row->key.data + 24),
		.why = (enum st_stray_why)row->value.data[0],
	};
	return e->fn.stray(&stray, e->arg);
}

int st_stray_each(struct st_txn *t, const struct st_record_ref *record, st_stray_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.stray = fn, .arg = arg };
	struct key k = record_key(record);
	struct kv_range range = { .table = TABLE_STRAYS, .prefix = key_span(&k) };
	return kv_scan(t, &range, each_stray, &e);
}

struct strays {
	enum st_stray_why why;
	uint64_t count;
};

static int count_stray(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct strays *s = arg;
	(void)t;
	if (row->value.size != 1)
		return ST_ECORRUPT;
	s->count += row->value.data[0] == (uint8_t)s->why;
	return 0;
}

int st_stray_count(struct st_txn *t, enum st_stray_why why, uint64_t *ret_count)
{
	struct strays s = { .why = why };
	struct kv_range range = { .table = TABLE_STRAYS };
	int rc = kv_scan(t, &range, count_stray, &s);
	if (rc == 0)
		*ret_count = s.count;
	return rc;
}

static struct key index_key(enum st_index which, struct st_span key)
{
	st_assert(which >= ST_INDEX_DUE && which <= ST_INDEX_FACET);
	struct key k = key_new();
	ST_REQUIRE(key.size <= ST_INDEX_KEY_MAX);
	key_u8(&k, (uint8_t)which);
	if (key.size > 0)
		key_put(&k, key.data, key.size);
	return k;
}

int st_index_put(struct st_txn *t, enum st_index which, struct st_span key)
{
	struct key k = index_key(which, key);
	return in_hand_put_place(t, key_span(&k));
}

int st_index_del(struct st_txn *t, enum st_index which, struct st_span key)
{
	struct key k = index_key(which, key);
	return in_hand_del_place(t, key_span(&k));
}

int st_index_has(struct st_txn *t, enum st_index which, struct st_span key)
{
	struct key k = index_key(which, key);
	struct st_span row;
	bool is_there = false;
	if (in_hand_place(t, key_span(&k), &is_there))
		return is_there;
	int rc = kv_get(t, TABLE_INDEX, key_span(&k), &row);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return row.size == 0;
}

static int each_index(struct st_txn *t, const struct kv_row *row, void *arg)
{
	st_assert(row->key.size > 0);
	struct each *e = arg;
	(void)t;
	return e->fn.index(st_span(row->key.data + 1, row->key.size - 1), e->arg);
}

int st_index_each(struct st_txn *t, enum st_index which, struct st_span prefix, struct st_span from,
		  st_index_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.index = fn, .arg = arg };
	struct key k = index_key(which, prefix), f = index_key(which, from);
	struct kv_range range = { .table = TABLE_INDEX, .prefix = key_span(&k), .from = key_span(&f) };
	int rc = in_hand_write_places(t, key_span(&k));
	return rc < 0 ? rc : kv_scan(t, &range, each_index, &e);
}

static struct key number_key(const struct st_number *n)
{
	struct key k = key_new();
	key_u32(&k, n->opener);
	key_u16(&k, n->year);
	key_u16(&k, n->epoch);
	key_u32(&k, n->serial);
	return k;
}

int st_number_put(struct st_txn *t, const struct st_number *n, const struct st_ulid *ulid)
{
	struct key k = number_key(n);
	return kv_put(t, TABLE_NUMBERS, key_span(&k), ST_SPAN(ulid->bytes));
}

int st_number_get(struct st_txn *t, const struct st_number *n, struct st_ulid *ret_ulid)
{
	struct key k = number_key(n);
	struct st_span row;
	int rc = kv_get(t, TABLE_NUMBERS, key_span(&k), &row);
	if (rc < 0)
		return rc;
	if (row.size != ST_ULID_SIZE)
		return ST_ECORRUPT;
	memcpy(ret_ulid->bytes, row.data, ST_ULID_SIZE);
	return 0;
}

int st_number_last(struct st_txn *t, const struct st_number *n, uint32_t *ret_serial)
{
	struct st_number last = *n;
	struct kv_row row;
	last.serial = UINT32_MAX;
	struct key k = number_key(&last);
	int rc = kv_at_most(t, TABLE_NUMBERS, key_span(&k), st_span(k.bytes, 8), &row);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	*ret_serial = rc == 0 ? st_get_u32(row.key.data + 8) : 0;
	return 0;
}

int st_source_put(struct st_txn *t, const uint8_t hash[16], const struct st_record_ref *record)
{
	struct key value = record_key(record);
	return kv_put(t, TABLE_SOURCES, st_span(hash, 16), key_span(&value));
}

int st_source_get(struct st_txn *t, const uint8_t hash[16], struct st_record_ref *ret_key)
{
	struct st_span row;
	int rc = kv_get(t, TABLE_SOURCES, st_span(hash, 16), &row);
	return rc < 0 ? rc : record_of(row, ret_key);
}

static struct key unread_key(uint32_t log, uint64_t seq)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u64(&k, seq);
	return k;
}

int st_unread_put(struct st_txn *t, uint32_t log, uint64_t seq, int code)
{
	ST_REQUIRE(code < 0);
	struct key k = unread_key(log, seq);
	uint8_t value[4];
	st_put_u32(value, (uint32_t)code);
	return kv_put(t, TABLE_UNREAD, key_span(&k), ST_SPAN(value));
}

static int count_row(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	(void)t;
	(void)row;
	e->count++;
	return 0;
}

int st_unread_count(struct st_txn *t, uint32_t log, uint64_t *ret_count)
{
	struct each e = { .count = 0 };
	struct key k = unread_key(log, 0);
	struct kv_range range = { .table = TABLE_UNREAD, .prefix = st_span(k.bytes, 4) };
	int rc = kv_scan(t, &range, count_row, &e);
	if (rc == 0)
		*ret_count = e.count;
	return rc;
}

int st_cell_get(struct st_txn *t, struct st_span key, struct st_buf *to)
{
	st_assert(key.size <= ST_CELL_KEY_MAX);
	struct st_span cell;
	int rc = kv_get(t, TABLE_TALLIES, key, &cell);
	if (rc < 0)
		return rc;
	st_buf_put_span(to, cell);
	return to->error;
}

int st_cell_put(struct st_txn *t, struct st_span key, struct st_span cell)
{
	ST_REQUIRE(key.size > 0);
	ST_REQUIRE(key.size <= ST_CELL_KEY_MAX);
	if (cell.size > 0)
		return kv_put(t, TABLE_TALLIES, key, cell);
	int rc = kv_del(t, TABLE_TALLIES, key);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int each_cell(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	(void)t;
	return e->fn.cell(row->key, row->value, e->arg);
}

int st_cell_each(struct st_txn *t, struct st_span prefix, st_cell_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.cell = fn, .arg = arg };
	struct kv_range range = { .table = TABLE_TALLIES, .prefix = prefix };
	return kv_scan(t, &range, each_cell, &e);
}
