/* heads.c - heads of writers: the newest of each, and where it still has to go.
 *
 * Owns:    the table heads.
 * Promise: 9: one row for each log and addressee, however often it is signed anew.
 * Flow:    apply -> heads -> push, carry; heads -> ask */
#include <station/store/heads.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/stations.h>
#include "kv.h"

enum { KEPT = 1, UP = 2, DOWN = 3 };
enum { KEPT_KEY = 10, UP_KEY = 13, HEAD_ROW = 8 * 8 + ST_SIGNATURE_SIZE, UP_ROW = 5 };
_Static_assert(UINT32_MAX <= (ST_OUTBOX_HEAD >> 1), "an addressee and its flag stand below the mark");

static void put_to(struct key *k, const struct st_head_key *key)
{
	key_u32(k, key->log);
	key_u32(k, key->to);
	key_u8(k, key->subtree);
}

static struct key kept_key(const struct st_head_key *key)
{
	struct key k = key_new();
	key_u8(&k, KEPT);
	put_to(&k, key);
	st_assert(k.size == KEPT_KEY);
	return k;
}

static int decode(struct st_span value, struct st_head_row *to)
{
	struct st_reader r = st_reader(value);
	if (value.size != HEAD_ROW)
		return ST_ECORRUPT;
	to->seq = st_read_u64(&r);
	to->count = st_read_u64(&r);
	to->time_s = st_read_u64(&r);
	to->kept_s = st_read_u64(&r);
	to->behind_s = st_read_u64(&r);
	to->whole_seq = st_read_u64(&r);
	to->whole_count = st_read_u64(&r);
	to->stamp = st_read_u64(&r);
	(void)st_read_copy(&r, to->signature.bytes, ST_SIGNATURE_SIZE);
	st_assert(!r.failed);
	return to->seq == 0 ? ST_ECORRUPT : 0;
}

int st_head_get(struct st_txn *t, const struct st_head_key *key, struct st_head_row *ret_row)
{
	struct key k = kept_key(key);
	struct st_span value;
	int rc = kv_get(t, TABLE_HEADS, key_span(&k), &value);
	return rc < 0 ? rc : decode(value, ret_row);
}

int st_head_put(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *row)
{
	ST_REQUIRE(key->log > 0);
	ST_REQUIRE(key->to > 0);
	ST_REQUIRE(row->seq > 0);
	struct key k = kept_key(key);
	const uint64_t numbers[8] = { row->seq,      row->count,     row->time_s,      row->kept_s,
				      row->behind_s, row->whole_seq, row->whole_count, row->stamp };
	uint8_t value[HEAD_ROW];
	for (size_t i = 0; i < 8; i++)
		st_put_u64(value + 8 * i, numbers[i]);
	memcpy(value + sizeof(numbers), row->signature.bytes, ST_SIGNATURE_SIZE);
	return kv_put(t, TABLE_HEADS, key_span(&k), ST_SPAN(value));
}

struct each {
	union {
		st_head_fn *kept;
		st_head_up_fn *up;
	} fn;
	void *arg;
};

static int each_kept(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_head_row value;
	if (row->key.size != KEPT_KEY)
		return ST_ECORRUPT;
	struct st_head_key key = { .log = st_get_u32(row->key.data + 1),
				   .to = st_get_u32(row->key.data + 5),
				   .subtree = row->key.data[9] != 0 };
	int rc = decode(row->value, &value);
	return rc < 0 ? rc : e->fn.kept(t, &key, &value, e->arg);
}

int st_head_each(struct st_txn *t, uint32_t log, st_head_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.kept = fn, .arg = arg };
	struct key k = key_new();
	key_u8(&k, KEPT);
	if (log != 0)
		key_u32(&k, log);
	struct kv_range range = { .table = TABLE_HEADS, .prefix = key_span(&k) };
	return kv_scan(t, &range, each_kept, &e);
}

int st_head_read(struct st_txn *t, const struct st_head_key *key, struct st_head *ret_head)
{
	struct st_head_row row;
	struct st_log log;
	int rc = st_head_get(t, key, &row);
	memset(ret_head, 0, sizeof(*ret_head));
	if (rc == 0)
		rc = st_log_get(t, key->log, &log);
	if (rc == 0)
		rc = st_log_id(t, &log, &ret_head->log);
	if (rc == 0)
		rc = st_station_code(t, key->to, &ret_head->to);
	if (rc < 0)
		return rc;
	ret_head->subtree = key->subtree;
	ret_head->seq = row.seq;
	ret_head->count = row.count;
	ret_head->time_s = row.time_s;
	ret_head->signature = row.signature;
	return 0;
}

/* ---- up ---- */

static struct key up_key(uint32_t log, uint64_t stamp)
{
	struct key k = key_new();
	key_u8(&k, UP);
	key_u32(&k, log);
	key_u64(&k, stamp);
	st_assert(k.size == UP_KEY);
	return k;
}

int st_head_up_newest(struct st_txn *t, uint32_t log, uint64_t *ret_stamp)
{
	struct key k = up_key(log, UINT64_MAX);
	struct kv_row row;
	int rc = kv_at_most(t, TABLE_HEADS, key_span(&k), st_span(k.bytes, 5), &row);
	*ret_stamp = 0;
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (row.key.size != UP_KEY)
		return ST_ECORRUPT;
	*ret_stamp = st_get_u64(row.key.data + 5);
	return 0;
}

int st_head_goes_up(struct st_txn *t, const struct st_head_key *key, struct st_head_row *row)
{
	uint64_t newest = 0;
	uint8_t value[UP_ROW];
	int rc = st_head_up_newest(t, key->log, &newest);
	if (rc == 0 && row->stamp != 0) {
		struct key old = up_key(key->log, row->stamp);
		rc = kv_del(t, TABLE_HEADS, key_span(&old));
		rc = rc == ST_ENOTFOUND ? 0 : rc;
	}
	if (rc < 0)
		return rc;
	struct key k = up_key(key->log, newest + 1);
	st_put_u32(value, key->to);
	value[4] = key->subtree;
	row->stamp = newest + 1;
	return kv_put(t, TABLE_HEADS, key_span(&k), ST_SPAN(value));
}

static int each_up(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	if (row->key.size != UP_KEY || row->value.size != UP_ROW)
		return ST_ECORRUPT;
	struct st_head_key key = { .log = st_get_u32(row->key.data + 1),
				   .to = st_get_u32(row->value.data),
				   .subtree = row->value.data[4] != 0 };
	return e->fn.up(t, &key, st_get_u64(row->key.data + 5), e->arg);
}

int st_head_up_each(struct st_txn *t, uint32_t log, uint64_t after, st_head_up_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(after < UINT64_MAX);
	struct each e = { .fn.up = fn, .arg = arg };
	struct key k = up_key(log, after + 1);
	struct kv_range range = { .table = TABLE_HEADS, .prefix = st_span(k.bytes, 5),
				  .from = key_span(&k) };
	return kv_scan(t, &range, each_up, &e);
}

/* ---- down ---- */

bool st_outbox_head(const struct st_outbox_row *row, struct st_head_key *ret_key)
{
	if ((row->seq & ST_OUTBOX_HEAD) == 0)
		return false;
	uint64_t to = row->seq & ~ST_OUTBOX_HEAD;
	*ret_key = (struct st_head_key){ .log = row->log, .to = (uint32_t)(to >> 1),
					 .subtree = (to & 1) != 0 };
	return true;
}

int st_head_goes_down(struct st_txn *t, const struct st_head_key *key, uint32_t child)
{
	ST_REQUIRE(child > 0);
	struct key k = key_new();
	struct st_span value;
	uint8_t at[8];
	uint64_t position = 0;
	key_u8(&k, DOWN);
	key_u32(&k, child);
	put_to(&k, key);
	int rc = kv_get(t, TABLE_HEADS, key_span(&k), &value);
	if (rc == 0 && value.size != sizeof(at))
		return ST_ECORRUPT;
	if (rc == 0)
		rc = st_outbox_drop(t, child, st_get_u64(value.data));
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	uint64_t to = (uint64_t)key->to << 1 | key->subtree;
	rc = st_outbox_put(t, child, key->log, ST_OUTBOX_HEAD | to, &position);
	st_put_u64(at, position);
	return rc < 0 ? rc : kv_put(t, TABLE_HEADS, key_span(&k), ST_SPAN(at));
}
