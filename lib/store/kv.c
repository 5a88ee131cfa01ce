/* kv.c - LMDB's calls, with our errors and without its traps.
 *
 * Owns:    what an LMDB error means to us, and how a scan stays right while its callback writes.
 * Promise: 9: a full map or disk is ST_EFULL, nothing else.
 * Flow:    lib/store -> kv -> LMDB */
#include "kv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/records.h>

_Static_assert(KV_KEY_MAX <= 511, "LMDB's own bound of a key");

struct key key_new(void)
{
	struct key k;
	k.size = 0;
	return k;
}

void key_put(struct key *k, const void *data, size_t size)
{
	ST_REQUIRE(size <= KV_KEY_MAX - k->size);
	memcpy(k->bytes + k->size, data, size);
	k->size += size;
}

void key_ref(struct key *k, const struct st_record_ref *ref)
{
	uint8_t b[ST_REF_SIZE];
	st_ref_put(b, ref);
	key_put(k, b, sizeof(b));
}

void key_u8(struct key *k, uint8_t v)
{
	key_put(k, &v, 1);
}

void key_u16(struct key *k, uint16_t v)
{
	uint8_t b[2];
	st_put_u16(b, v);
	key_put(k, b, sizeof(b));
}

void key_u32(struct key *k, uint32_t v)
{
	uint8_t b[4];
	st_put_u32(b, v);
	key_put(k, b, sizeof(b));
}

void key_u64(struct key *k, uint64_t v)
{
	uint8_t b[8];
	st_put_u64(b, v);
	key_put(k, b, sizeof(b));
}

struct st_span key_span(const struct key *k)
{
	return st_span(k->bytes, k->size);
}

int kv_error(int rc)
{
	switch (rc) {
	case 0:              return 0;
	case MDB_NOTFOUND:   return ST_ENOTFOUND;
	case MDB_KEYEXIST:   return ST_EEXIST;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
	case ENOSPC:
	case EDQUOT:         return ST_EFULL;
	case ENOMEM:         return ST_ENOMEM;
	case MDB_READERS_FULL:
	case EAGAIN:         return ST_EBUSY;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH: return ST_EFORMAT;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND: return ST_ECORRUPT;
	default:             return ST_EIO;
	}
}

static MDB_val val(struct st_span s)
{
	return (MDB_val){ .mv_size = s.size, .mv_data = (void *)(uintptr_t)s.data };
}

static struct st_span span(MDB_val v)
{
	return st_span(v.mv_data, v.mv_size);
}

/* Where a table stands for this transaction. */
struct where {
	MDB_txn *txn;
	MDB_dbi table;
	bool writes;
};

static struct where where(const struct st_txn *t, enum table table)
{
	st_assert(table < TABLE_COUNT);
	if (t->beside != NULL && st_table_class(table) == ST_TABLE_TOLD)
		return (struct where){ t->beside->txn, t->beside->tables[table], true };
	return (struct where){ t->mdb, t->store->tables[table], t->writes };
}

int kv_get(struct st_txn *t, enum table table, struct st_span key, struct st_span *ret_value)
{
	st_assert(key.size > 0);
	struct where w = where(t, table);
	MDB_val k = val(key), v;
	int rc = mdb_get(w.txn, w.table, &k, &v);
	if (rc == 0)
		*ret_value = span(v);
	return kv_error(rc);
}

int kv_put(struct st_txn *t, enum table table, struct st_span key, struct st_span value)
{
	st_assert(key.size > 0);
	struct where w = where(t, table);
	MDB_val k = val(key), v = val(value);
	ST_REQUIRE(w.writes);
	return kv_error(mdb_put(w.txn, w.table, &k, &v, 0));
}

int kv_reserve(struct st_txn *t, enum table table, struct st_span key, size_t size,
	       uint8_t **ret_value)
{
	st_assert(size > 0);
	struct where w = where(t, table);
	MDB_val k = val(key), v = { .mv_size = size };
	ST_REQUIRE(w.writes);
	int rc = mdb_put(w.txn, w.table, &k, &v, MDB_RESERVE);
	if (rc == 0)
		*ret_value = v.mv_data;
	return kv_error(rc);
}

int kv_del(struct st_txn *t, enum table table, struct st_span key)
{
	st_assert(key.size > 0);
	struct where w = where(t, table);
	MDB_val k = val(key);
	ST_REQUIRE(w.writes);
	return kv_error(mdb_del(w.txn, w.table, &k, NULL));
}

int kv_clear(struct st_txn *t, enum table table)
{
	struct where w = where(t, table);
	ST_REQUIRE(w.writes);
	lookups_forget(t);
	return kv_error(mdb_drop(w.txn, w.table, 0));
}

static bool starts(struct st_span s, struct st_span prefix)
{
	return s.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(s.data, prefix.data, prefix.size) == 0);
}

static int compare(struct st_span a, struct st_span b)
{
	size_t n = a.size < b.size ? a.size : b.size;
	int c = n == 0 ? 0 : memcmp(a.data, b.data, n);
	return c != 0 ? c : a.size < b.size ? -1 : a.size > b.size;
}

/* The cursor's row at key or behind it; an empty key is before all. */
static int seek(MDB_cursor *c, struct st_span key, MDB_val *k, MDB_val *v)
{
	*k = val(key);
	return mdb_cursor_get(c, k, v, key.size == 0 ? MDB_FIRST : MDB_SET_RANGE);
}

int kv_at_most(struct st_txn *t, enum table table, struct st_span key, struct st_span prefix,
	       struct kv_row *ret_row)
{
	struct where w = where(t, table);
	MDB_cursor *c = NULL;
	MDB_val k, v;
	int rc = mdb_cursor_open(w.txn, w.table, &c);
	if (rc != 0)
		return kv_error(rc);
	rc = seek(c, key, &k, &v);
	if (rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
	else if (rc == 0 && compare(span(k), key) > 0)
		rc = mdb_cursor_get(c, &k, &v, MDB_PREV);
	if (rc == 0 && !starts(span(k), prefix))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		*ret_row = (struct kv_row){ span(k), span(v) };
	st_assert(rc != 0 || compare(span(k), key) <= 0);
	mdb_cursor_close(c);
	return kv_error(rc);
}

int kv_at_least(struct st_txn *t, enum table table, struct st_span key, struct st_span prefix,
		struct kv_row *ret_row)
{
	struct where w = where(t, table);
	MDB_cursor *c = NULL;
	MDB_val k, v;
	int rc = mdb_cursor_open(w.txn, w.table, &c);
	if (rc != 0)
		return kv_error(rc);
	rc = seek(c, key, &k, &v);
	if (rc == 0 && !starts(span(k), prefix))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		*ret_row = (struct kv_row){ span(k), span(v) };
	st_assert(rc != 0 || compare(span(k), key) >= 0);
	mdb_cursor_close(c);
	return kv_error(rc);
}

/* Copies of a row, so that a callback's own writes can't change it under its hands. */
struct copy {
	uint8_t key[KV_KEY_MAX];
	struct st_buf value;
};

static int copy_row(struct copy *to, struct kv_row *row)
{
	if (ST_NEVER(row->key.size > sizeof(to->key)))
		return ST_ECORRUPT;
	memcpy(to->key, row->key.data, row->key.size);
	st_buf_clear(&to->value);
	st_buf_put_span(&to->value, row->value);
	row->key.data = to->key;
	row->value = st_buf_span(&to->value);
	return to->value.error;
}

/* The row after the one just seen, wherever it is by now. */
static int next(bool writes, MDB_cursor *c, struct st_span seen, MDB_val *k, MDB_val *v)
{
	if (!writes)
		return mdb_cursor_get(c, k, v, MDB_NEXT);
	int rc = seek(c, seen, k, v);
	if (rc == 0 && compare(span(*k), seen) == 0)
		rc = mdb_cursor_get(c, k, v, MDB_NEXT);
	st_assert(rc != 0 || compare(span(*k), seen) > 0); /* a scan always comes to its end */
	return rc;
}

int kv_scan(struct st_txn *t, const struct kv_range *range, kv_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct where w = where(t, range->table);
	MDB_cursor *c = NULL;
	MDB_val k, v;
	struct copy copy;
	int stop = 0;
	int rc = mdb_cursor_open(w.txn, w.table, &c);
	if (rc != 0)
		return kv_error(rc);
	st_buf_init(&copy.value, ST_CELL_MAX); /* no row of any table is larger */
	rc = seek(c, compare(range->from, range->prefix) > 0 ? range->from : range->prefix, &k, &v);
	while (rc == 0 && starts(span(k), range->prefix)) {
		struct kv_row row = { span(k), span(v) };
		if (w.writes)
			stop = copy_row(&copy, &row);
		if (stop == 0)
			stop = fn(t, &row, arg);
		if (stop != 0)
			break;
		rc = next(w.writes, c, row.key, &k, &v);
	}
	st_buf_done(&copy.value);
	mdb_cursor_close(c);
	if (stop != 0)
		return stop;
	return rc == MDB_NOTFOUND ? 0 : kv_error(rc);
}
