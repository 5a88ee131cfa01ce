/* online.c - matters that came in online, and what is still to be told of them.
 *
 * Owns:    the tables online, which follows from the events and the secret, hooks and given, which don't.
 * Promise: 2: what is to be told stays until it has been taken, in order within its matter.
 * Flow:    apply -> online, hooks -> the platform */
#include <station/store/online.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

enum { OF_RECORD = 2, HOOK_KEY = ST_REF_SIZE + 4, HOOK_ROW = 4 + 8 + ST_HOOK_ID };
enum { JOINED_SHIFT = 16 }; /* both states in the one number that a row has had for its own */
enum { ROW_MAX = ST_QUERY_CODE + 4 + 4 + 8 + 2 * (1 + ST_ONLINE_TEXT_MAX) };
_Static_assert(ST_ONLINE_TEXT_MAX <= UINT8_MAX, "its length is one byte");
_Static_assert((int)HOOK_KEY <= (int)KV_KEY_MAX, "the longest key");

static int read_ref(struct st_reader *r, struct st_record_ref *ref)
{
	ref->opener = st_read_u32(r);
	return st_read_copy(r, ref->ulid.bytes, ST_ULID_SIZE) && ref->opener > 0 ? 0 : ST_ECORRUPT;
}

static struct key record_key(const struct st_record_ref *ref)
{
	struct key k = key_new();
	key_u8(&k, OF_RECORD);
	if (ref != NULL)
		key_ref(&k, ref);
	return k;
}

static void put_text(struct st_buf *to, const char *text)
{
	size_t n = strlen(text);
	ST_REQUIRE(n <= ST_ONLINE_TEXT_MAX);
	st_buf_u8(to, (uint8_t)n);
	st_buf_put(to, text, n);
}

int st_online_put(struct st_txn *t, const struct st_online *o)
{
	struct key k = record_key(&o->ref);
	struct st_buf row;
	ST_REQUIRE(strlen(o->code) == ST_QUERY_CODE);
	ST_REQUIRE(o->received_ms >= 0);
	ST_REQUIRE(o->state < 1u << JOINED_SHIFT);
	ST_REQUIRE(o->joined < 1u << JOINED_SHIFT);
	st_buf_init(&row, ROW_MAX);
	st_buf_put(&row, o->code, ST_QUERY_CODE);
	st_buf_u32(&row, o->state | o->joined << JOINED_SHIFT);
	st_buf_u32(&row, 0); /* where older versions had what is in given */
	st_buf_u64(&row, (uint64_t)o->received_ms);
	put_text(&row, o->source);
	put_text(&row, o->request);
	int rc = row.error < 0 ? row.error
			       : kv_put(t, TABLE_ONLINE, key_span(&k), st_buf_span(&row));
	st_buf_done(&row);
	return rc;
}

static void read_text(struct st_reader *r, char to[ST_ONLINE_TEXT_MAX + 1])
{
	uint8_t n = st_read_u8(r);
	if (n > ST_ONLINE_TEXT_MAX || !st_read_copy(r, to, n))
		r->failed = true;
	else
		to[n] = 0;
}

static int decode(const struct st_record_ref *ref, struct st_span row, struct st_online *ret_o)
{
	struct st_reader r = st_reader(row);
	struct st_online o;
	memset(&o, 0, sizeof(o));
	o.ref = *ref;
	(void)st_read_copy(&r, o.code, ST_QUERY_CODE);
	uint32_t states = st_read_u32(&r);
	o.state = states & ((1u << JOINED_SHIFT) - 1);
	o.joined = states >> JOINED_SHIFT;
	(void)st_read_u32(&r);
	o.received_ms = (int64_t)st_read_u64(&r);
	read_text(&r, o.source);
	read_text(&r, o.request);
	if (!st_reader_done(&r) || strlen(o.code) != ST_QUERY_CODE || o.received_ms < 0)
		return ST_ECORRUPT;
	*ret_o = o;
	return 0;
}

static struct key given_key(const struct st_record_ref *ref)
{
	struct key k = key_new();
	key_ref(&k, ref);
	return k;
}

static int read_given(struct st_txn *t, struct st_online *o)
{
	struct key k = given_key(&o->ref);
	struct st_span row;
	int rc = kv_get(t, TABLE_GIVEN, key_span(&k), &row);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (row.size != 4)
		return ST_ECORRUPT;
	o->hooks = st_get_u32(row.data);
	return 0;
}

int st_given_put(struct st_txn *t, const struct st_record_ref *ref, uint32_t hooks)
{
	ST_REQUIRE(hooks > 0);
	struct key k = given_key(ref);
	uint8_t row[4];
	st_put_u32(row, hooks);
	return kv_put(t, TABLE_GIVEN, key_span(&k), ST_SPAN(row));
}

int st_online_get(struct st_txn *t, const struct st_record_ref *ref, struct st_online *ret_o)
{
	struct key k = record_key(ref);
	struct st_span row;
	struct st_online o;
	int rc = kv_get(t, TABLE_ONLINE, key_span(&k), &row);
	if (rc == 0)
		rc = decode(ref, row, &o);
	if (rc == 0)
		rc = read_given(t, &o);
	if (rc == 0)
		*ret_o = o;
	return rc;
}

struct walking {
	const struct st_record_ref *after;
	st_online_fn *fn;
	void *arg;
	uint64_t count;
};

static int walk(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct walking *w = arg;
	struct st_record_ref ref;
	struct st_online o;
	struct st_reader r = st_reader(row->key);
	(void)st_read_u8(&r);
	int rc = read_ref(&r, &ref);
	if (rc < 0 || !st_reader_done(&r))
		return ST_ECORRUPT;
	if (w->after != NULL && st_record_same(&ref, w->after))
		return 0;
	rc = decode(&ref, row->value, &o);
	if (rc == 0)
		rc = read_given(t, &o);
	return rc < 0 ? rc : w->fn(&o, w->arg);
}

int st_online_each(struct st_txn *t, const struct st_record_ref *after, st_online_fn *fn, void *arg)
{
	struct walking w = { after, fn, arg, 0 };
	struct key all = record_key(NULL), from = record_key(after);
	struct kv_range range = { TABLE_ONLINE, key_span(&all), key_span(&from) };
	ST_REQUIRE(fn != NULL);
	return kv_scan(t, &range, walk, &w);
}

static struct key name_key(enum st_online_by by, const uint8_t name[ST_ONLINE_KEY])
{
	struct key k = key_new();
	ST_REQUIRE(by == ST_ONLINE_BY_CODE || by == ST_ONLINE_BY_REQUEST);
	key_u8(&k, (uint8_t)by);
	key_put(&k, name, ST_ONLINE_KEY);
	return k;
}

int st_online_find(struct st_txn *t, enum st_online_by by, const uint8_t key[ST_ONLINE_KEY],
		   struct st_record_ref *ret_ref)
{
	struct key k = name_key(by, key);
	struct st_span row;
	struct st_record_ref ref;
	int rc = kv_get(t, TABLE_ONLINE, key_span(&k), &row);
	if (rc < 0)
		return rc;
	struct st_reader r = st_reader(row);
	if (read_ref(&r, &ref) < 0 || !st_reader_done(&r))
		return ST_ECORRUPT;
	*ret_ref = ref;
	return 0;
}

int st_online_name(struct st_txn *t, enum st_online_by by, const uint8_t key[ST_ONLINE_KEY],
		   const struct st_record_ref *ref)
{
	struct key k = name_key(by, key), value = key_new();
	key_ref(&value, ref);
	st_assert(value.size == ST_REF_SIZE);
	return kv_put(t, TABLE_ONLINE, key_span(&k), key_span(&value));
}

static int count_one(const struct st_online *o, void *arg)
{
	uint64_t *count = arg;
	st_assert(o->ref.opener > 0);
	(*count)++;
	return 0;
}

int st_online_count(struct st_txn *t, uint64_t *ret_count)
{
	uint64_t count = 0;
	int rc = st_online_each(t, NULL, count_one, &count);
	if (rc == 0)
		*ret_count = count;
	return rc;
}

/* ---- what is still to be told ---- */

static struct key hook_key(const struct st_record_ref *ref, uint32_t n)
{
	struct key k = key_new();
	key_ref(&k, ref);
	key_u32(&k, n);
	st_assert(k.size == HOOK_KEY);
	return k;
}

int st_hook_put(struct st_txn *t, const struct st_hook *h)
{
	struct key k = hook_key(&h->ref, h->n);
	uint8_t row[HOOK_ROW];
	ST_REQUIRE(h->at_ms >= 0);
	st_put_u32(row, h->state);
	st_put_u64(row + 4, (uint64_t)h->at_ms);
	memcpy(row + 12, h->id, ST_HOOK_ID);
	return kv_put(t, TABLE_HOOKS, key_span(&k), ST_SPAN(row));
}

int st_hook_next(struct st_txn *t, const struct st_record_ref *after, struct st_hook *ret_h)
{
	struct key from = key_new();
	struct kv_row row;
	struct st_hook h;
	if (after != NULL)
		from = hook_key(after, UINT32_MAX);
	else
		key_u8(&from, 0);
	int rc = kv_at_least(t, TABLE_HOOKS, key_span(&from), ST_SPAN_NONE, &row);
	if (rc < 0)
		return rc;
	struct st_reader key = st_reader(row.key), value = st_reader(row.value);
	memset(&h, 0, sizeof(h));
	rc = read_ref(&key, &h.ref);
	h.n = st_read_u32(&key);
	h.state = st_read_u32(&value);
	h.at_ms = (int64_t)st_read_u64(&value);
	(void)st_read_copy(&value, h.id, ST_HOOK_ID);
	if (rc < 0 || !st_reader_done(&key) || !st_reader_done(&value) || h.at_ms < 0)
		return ST_ECORRUPT;
	*ret_h = h;
	return 0;
}

int st_hook_del(struct st_txn *t, const struct st_record_ref *ref, uint32_t n)
{
	struct key k = hook_key(ref, n);
	return kv_del(t, TABLE_HOOKS, key_span(&k));
}

int st_hook_count(struct st_txn *t, uint64_t *ret_count)
{
	MDB_stat stat;
	int rc = mdb_stat(t->mdb, t->store->tables[TABLE_HOOKS], &stat);
	if (rc == 0)
		*ret_count = stat.ms_entries;
	return kv_error(rc);
}
