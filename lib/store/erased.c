/* erased.c - the erase events of each record, and what they name.
 *
 * Owns:    the tables erased, which follows from the events, and crowded, which doesn't.
 * Promise: 7: what was erased is known by its hash for as long as the log that says so.
 * Flow:    erase -> erased -> push, carry, life */
#include <station/store/erased.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

enum { OF_RECORD = 1, NAMED = 2, NEWEST = 3, AWAITED = 4 };
enum {
	RECORD_KEY = 1 + ST_REF_SIZE + 4 + 8,
	RECORD_ROW = 1 + 4 + 8,
	NEWEST_KEY = 1 + 8 + 4 + 8,
	AWAITED_KEY = 1 + 4 + ST_REF_SIZE
};
_Static_assert(1 + ST_REF_SIZE + ST_HASH_SIZE + 4 <= KV_KEY_MAX, "the longest key fits");

static struct key ref_key(uint8_t which, const struct st_record_ref *record)
{
	struct key k = key_new();
	key_u8(&k, which);
	key_ref(&k, record);
	st_assert(k.size == 1 + ST_REF_SIZE);
	return k;
}

static struct key record_key(const struct st_record_ref *record, uint32_t log, uint64_t seq)
{
	struct key k = ref_key(OF_RECORD, record);
	key_u32(&k, log);
	key_u64(&k, seq);
	st_assert(k.size == RECORD_KEY);
	return k;
}

static struct key newest_key(const struct st_erasure *e)
{
	struct key k = key_new();
	key_u8(&k, NEWEST);
	key_u64(&k, ~e->wall_ms);
	key_u32(&k, e->log);
	key_u64(&k, e->seq);
	return k;
}

int st_erasure_put(struct st_txn *t, const struct st_erasure *e)
{
	ST_REQUIRE(e->log > 0);
	ST_REQUIRE(e->seq > 0);
	ST_REQUIRE(e->state >= ST_ERASURE_WAITS && e->state <= ST_ERASURE_DONE);
	struct key k = record_key(&e->record, e->log, e->seq), newest = newest_key(e);
	uint8_t row[RECORD_ROW] = { (uint8_t)e->state }, ref[ST_REF_SIZE];
	st_put_u32(row + 1, (uint32_t)-e->why);
	st_put_u64(row + 5, e->wall_ms);
	st_ref_put(ref, &e->record);
	int rc = kv_put(t, TABLE_ERASED, key_span(&k), ST_SPAN(row));
	return rc < 0 ? rc : kv_put(t, TABLE_ERASED, key_span(&newest), ST_SPAN(ref));
}

static int decode(const struct kv_row *row, struct st_erasure *e)
{
	const uint8_t *key = row->key.data, *value = row->value.data;
	if (row->key.size != RECORD_KEY || row->value.size != RECORD_ROW ||
	    value[0] < ST_ERASURE_WAITS || value[0] > ST_ERASURE_DONE)
		return ST_ECORRUPT;
	e->record = st_ref_get(key + 1);
	e->log = st_get_u32(key + 1 + ST_REF_SIZE);
	e->seq = st_get_u64(key + 1 + ST_REF_SIZE + 4);
	e->state = (enum st_erasure_state)value[0];
	e->why = -(int)(st_get_u32(value + 1) & INT32_MAX);
	e->wall_ms = st_get_u64(value + 5);
	return 0;
}

int st_erasure_get(struct st_txn *t, const struct st_record_ref *record, uint32_t log, uint64_t seq,
		   struct st_erasure *ret_e)
{
	struct key k = record_key(record, log, seq);
	struct kv_row row = { .key = key_span(&k) };
	int rc = kv_get(t, TABLE_ERASED, key_span(&k), &row.value);
	return rc < 0 ? rc : decode(&row, ret_e);
}

struct each {
	st_erasure_fn *fn;
	void *arg;
	struct st_span behind;
};

static int each_row(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *x = arg;
	struct st_erasure e;
	(void)t;
	if (st_span_equal(row->key, x->behind))
		return 0;
	int rc = decode(row, &e);
	return rc < 0 ? rc : x->fn(&e, x->arg);
}

int st_erasure_each(struct st_txn *t, const struct st_record_ref *record, uint32_t log,
		    uint64_t seq, st_erasure_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct key prefix = ref_key(OF_RECORD, record), from = record_key(record, log, seq);
	struct each x = { fn, arg, key_span(&from) };
	struct kv_range range = { .table = TABLE_ERASED,
				  .prefix = key_span(&prefix),
				  .from = key_span(&from) };
	return kv_scan(t, &range, each_row, &x);
}

static int each_newest(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *x = arg;
	struct st_erasure e;
	if (st_span_equal(row->key, x->behind))
		return 0;
	if (row->key.size != NEWEST_KEY || row->value.size != ST_REF_SIZE)
		return ST_ECORRUPT;
	const struct st_record_ref ref = st_ref_get(row->value.data);
	int rc = st_erasure_get(t, &ref, st_get_u32(row->key.data + 9),
				st_get_u64(row->key.data + 13), &e);
	return rc < 0 ? (rc == ST_ENOTFOUND ? ST_ECORRUPT : rc) : x->fn(&e, x->arg);
}

int st_erasure_newest(struct st_txn *t, const struct st_erasure *behind, st_erasure_fn *fn,
		      void *arg)
{
	ST_REQUIRE(fn != NULL);
	static const uint8_t prefix = NEWEST;
	struct key from = behind == NULL ? key_new() : newest_key(behind);
	struct each x = { fn, arg, key_span(&from) };
	struct kv_range range = { .table = TABLE_ERASED,
				  .prefix = st_span(&prefix, 1),
				  .from = key_span(&from) };
	return kv_scan(t, &range, each_newest, &x);
}

int st_erasure_any(struct st_txn *t)
{
	static const uint8_t prefix = OF_RECORD;
	struct st_span first = st_span(&prefix, 1);
	struct kv_row row;
	int rc = kv_at_least(t, TABLE_ERASED, first, first, &row);
	return rc == 0 ? 1 : rc == ST_ENOTFOUND ? 0 : rc;
}

static struct key named_key(const struct st_record_ref *record, const struct st_hash *part,
			    uint32_t by)
{
	struct key k = ref_key(NAMED, record);
	key_put(&k, part->bytes, ST_HASH_SIZE);
	key_u32(&k, by);
	return k;
}

int st_erased_put(struct st_txn *t, const struct st_erasure *by_event, const struct st_hash *part,
		  uint32_t by)
{
	struct key k = named_key(&by_event->record, part, by);
	uint8_t row[12];
	struct st_span known;
	st_put_u32(row, by_event->log);
	st_put_u64(row + 4, by_event->seq);
	int rc = kv_get(t, TABLE_ERASED, key_span(&k), &known);
	if (rc == 0 && known.size == sizeof(row) && memcmp(known.data, row, sizeof(row)) <= 0)
		return 0;
	return rc < 0 && rc != ST_ENOTFOUND ? rc
					    : kv_put(t, TABLE_ERASED, key_span(&k), ST_SPAN(row));
}

int st_erased_has(struct st_txn *t, const struct st_record_ref *record, const struct st_hash *part,
		  uint32_t writer)
{
	struct key k = named_key(record, part, 0);
	struct st_span row;
	int rc = kv_get(t, TABLE_ERASED, key_span(&k), &row);
	if (rc == ST_ENOTFOUND && writer != 0) {
		k = named_key(record, part, writer);
		rc = kv_get(t, TABLE_ERASED, key_span(&k), &row);
	}
	return rc == 0 ? 1 : rc == ST_ENOTFOUND ? 0 : rc;
}

/* ---- what waits for a station ---- */

static struct key awaited_key(uint32_t station, const struct st_record_ref *record)
{
	struct key k = key_new();
	key_u8(&k, AWAITED);
	key_u32(&k, station);
	key_ref(&k, record);
	st_assert(k.size == AWAITED_KEY);
	return k;
}

int st_erasure_await(struct st_txn *t, uint32_t station, const struct st_record_ref *record)
{
	ST_REQUIRE(station > 0);
	struct key k = awaited_key(station, record);
	return kv_put(t, TABLE_ERASED, key_span(&k), ST_SPAN_NONE);
}

int st_erasure_arrived(struct st_txn *t, const struct st_awaited *w)
{
	struct key k = awaited_key(w->station, &w->record);
	return kv_del(t, TABLE_ERASED, key_span(&k));
}

struct each_awaited {
	st_awaited_fn *fn;
	void *arg;
};

static int each_awaited(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each_awaited *x = arg;
	struct st_awaited w;
	(void)t;
	if (row->key.size != AWAITED_KEY)
		return ST_ECORRUPT;
	w.station = st_get_u32(row->key.data + 1);
	w.record = st_ref_get(row->key.data + 5);
	return x->fn(&w, x->arg);
}

int st_erasure_awaited(struct st_txn *t, st_awaited_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	static const uint8_t prefix = AWAITED;
	struct each_awaited x = { fn, arg };
	struct kv_range range = { .table = TABLE_ERASED, .prefix = st_span(&prefix, 1) };
	return kv_scan(t, &range, each_awaited, &x);
}

/* ---- what wasn't let wait ---- */

static struct key crowded_key(uint32_t log, uint64_t seq)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u64(&k, seq);
	return k;
}

int st_crowded_put(struct st_txn *t, uint32_t log, uint64_t seq)
{
	ST_REQUIRE(log > 0);
	ST_REQUIRE(seq > 0);
	struct key k = crowded_key(log, seq);
	return kv_put(t, TABLE_CROWDED, key_span(&k), ST_SPAN_NONE);
}

int st_crowding_count(struct st_txn *t, uint32_t log, uint64_t *ret_count)
{
	ST_REQUIRE(log > 0);
	struct key k = crowded_key(log, 0);
	struct st_span row;
	uint8_t value[8];
	int rc = kv_get(t, TABLE_CROWDED, key_span(&k), &row);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc == 0 && row.size != sizeof(value))
		return ST_ECORRUPT;
	*ret_count = 1 + (rc == 0 ? st_get_u64(row.data) : 0);
	st_put_u64(value, *ret_count);
	return kv_put(t, TABLE_CROWDED, key_span(&k), ST_SPAN(value));
}

int st_crowded_has(struct st_txn *t, uint32_t log, uint64_t seq)
{
	struct key k = crowded_key(log, seq);
	struct st_span row;
	int rc = kv_get(t, TABLE_CROWDED, key_span(&k), &row);
	return rc == 0 ? 1 : rc == ST_ENOTFOUND ? 0 : rc;
}
