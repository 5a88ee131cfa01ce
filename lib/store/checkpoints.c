/* checkpoints.c - what origins signed of their logs, and what upper stations receipted.
 *
 * Owns:    the tables checkpoints and receipts, and which checkpoints stay.
 * Promise: 3: every stored event is covered, and never more than one spacing from a signature.
 * Flow:    apply -> checkpoints -> pack, notes, greeting */
#include <station/store/logs.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

/* checkpoints (log u32, size u64)  -> time u64 | signature 64 | root 32 | bytes u64 | stays u8
 * receipts    (log u32, signer u32) -> size u64 | time u64 | signature 64
 * "stays": it spaces the log, and is never dropped. */
enum { CHECKPOINT_ROW = 8 + 64 + 32 + 8 + 1, RECEIPT_ROW = 8 + 8 + 64 };
_Static_assert(8 + ST_SIGNATURE_SIZE == 72, "where a row's root begins");
_Static_assert(72 + ST_HASH_SIZE == 104, "where a row's bytes begin");
_Static_assert(104 + 8 + 1 == CHECKPOINT_ROW, "and its end");
_Static_assert(16 + ST_SIGNATURE_SIZE == RECEIPT_ROW, "a receipt's end");

static struct key checkpoint_key(uint32_t log, uint64_t size)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u64(&k, size);
	return k;
}

static int decode(const struct kv_row *row, struct st_checkpoint_row *c, bool *stays)
{
	if (row->key.size != 12 || row->value.size != CHECKPOINT_ROW)
		return ST_ECORRUPT;
	const uint8_t *p = row->value.data;
	c->size = st_get_u64(row->key.data + 4);
	c->cosignature.time_s = st_get_u64(p);
	memcpy(c->cosignature.signature.bytes, p + 8, ST_SIGNATURE_SIZE);
	memcpy(c->root.bytes, p + 72, ST_HASH_SIZE);
	c->bytes = st_get_u64(p + 104);
	*stays = p[112] != 0;
	return 0;
}

static int put(struct st_txn *t, uint32_t log, const struct st_checkpoint_row *c, bool stays)
{
	struct key k = checkpoint_key(log, c->size);
	uint8_t row[CHECKPOINT_ROW];
	st_put_u64(row, c->cosignature.time_s);
	memcpy(row + 8, c->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	memcpy(row + 72, c->root.bytes, ST_HASH_SIZE);
	st_put_u64(row + 104, c->bytes);
	row[112] = stays;
	return kv_put(t, TABLE_CHECKPOINTS, key_span(&k), ST_SPAN(row));
}

static int get(struct st_txn *t, uint32_t log, uint64_t size, struct st_checkpoint_row *c,
	       bool *stays)
{
	struct key k = checkpoint_key(log, size);
	struct kv_row row = { .key = key_span(&k) };
	int rc = kv_get(t, TABLE_CHECKPOINTS, key_span(&k), &row.value);
	return rc < 0 ? rc : decode(&row, c, stays);
}

int st_checkpoint_get(struct st_txn *t, uint32_t log, uint64_t size,
		      struct st_checkpoint_row *ret_row)
{
	bool stays;
	return get(t, log, size, ret_row, &stays);
}

int st_checkpoint_at_most(struct st_txn *t, uint32_t log, uint64_t size,
			  struct st_checkpoint_row *ret_row)
{
	struct key k = checkpoint_key(log, size);
	struct kv_row row;
	bool stays;
	int rc = kv_at_most(t, TABLE_CHECKPOINTS, key_span(&k), st_span(k.bytes, 4), &row);
	return rc < 0 ? rc : decode(&row, ret_row, &stays);
}

int st_checkpoint_at_least(struct st_txn *t, uint32_t log, uint64_t size,
			   struct st_checkpoint_row *ret_row)
{
	struct key k = checkpoint_key(log, size);
	struct kv_row row;
	bool stays;
	int rc = kv_at_least(t, TABLE_CHECKPOINTS, key_span(&k), st_span(k.bytes, 4), &row);
	return rc < 0 ? rc : decode(&row, ret_row, &stays);
}

struct resting {
	uint64_t size;
	bool found;
};

static int rests(const struct st_receipt *r, void *arg)
{
	struct resting *x = arg;
	x->found |= r->size == x->size;
	return 0;
}

/* Drops the checkpoint at size unless it spaces the log, is the newest, or carries a receipt. */
static int drop(struct st_txn *t, uint32_t log, uint64_t size, uint64_t newest)
{
	struct st_checkpoint_row c;
	struct resting x = { .size = size };
	bool stays = false;
	if (size == 0 || size == newest)
		return 0;
	int rc = get(t, log, size, &c, &stays);
	if (rc < 0 || stays)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = st_receipt_each(t, log, rests, &x);
	if (rc < 0 || x.found)
		return rc;
	struct key k = checkpoint_key(log, size);
	return kv_del(t, TABLE_CHECKPOINTS, key_span(&k));
}

/* Keeps the checkpoint before the newest for good where the spacing needs it. */
static int space(struct st_txn *t, struct st_log *log, uint64_t before)
{
	st_assert(log->kept_size <= log->tree.size);
	struct st_checkpoint_row c;
	bool stays = false;
	bool near = log->tree.size - log->kept_size <= ST_CHECKPOINT_EVENTS_MAX &&
		    log->bytes - log->kept_bytes <= ST_CHECKPOINT_BYTES_MAX;
	if (before == 0 || before == log->kept_size || near)
		return 0;
	int rc = get(t, log->number, before, &c, &stays);
	if (rc == 0)
		rc = put(t, log->number, &c, true);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	log->kept_size = c.size;
	log->kept_bytes = c.bytes;
	return 0;
}

int st_checkpoint_put(struct st_txn *t, struct st_log *log, const struct st_cosignature *c)
{
	uint64_t before = log->signed_size;
	struct st_checkpoint_row row = {
		.size = log->tree.size,
		.bytes = log->bytes,
		.root = st_frontier_root(&log->tree),
		.cosignature = *c,
	};
	st_assert(before <= log->tree.size);
	/* Signed afresh at the same size: it spaces the log as it did. */
	int rc = put(t, log->number, &row, before == row.size && before == log->kept_size);
	if (rc < 0 || before == row.size)
		return rc;
	rc = space(t, log, before);
	st_assert(rc < 0 || log->kept_size <= before);
	if (rc == 0)
		rc = drop(t, log->number, before, row.size);
	if (rc == 0)
		log->signed_size = row.size;
	return rc;
}

static struct key receipt_key(uint32_t log, uint32_t signer)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u32(&k, signer);
	return k;
}

static int decode_receipt(const struct kv_row *row, struct st_receipt *r)
{
	if (row->key.size != 8 || row->value.size != RECEIPT_ROW)
		return ST_ECORRUPT;
	r->log = st_get_u32(row->key.data);
	r->signer = st_get_u32(row->key.data + 4);
	r->size = st_get_u64(row->value.data);
	r->cosignature.time_s = st_get_u64(row->value.data + 8);
	memcpy(r->cosignature.signature.bytes, row->value.data + 16, ST_SIGNATURE_SIZE);
	return 0;
}

int st_receipt_get(struct st_txn *t, uint32_t log, uint32_t signer, struct st_receipt *ret_r)
{
	struct key k = receipt_key(log, signer);
	struct kv_row row = { .key = key_span(&k) };
	int rc = kv_get(t, TABLE_RECEIPTS, key_span(&k), &row.value);
	return rc < 0 ? rc : decode_receipt(&row, ret_r);
}

int st_receipt_put(struct st_txn *t, const struct st_receipt *r)
{
	ST_REQUIRE(r->log > 0);
	ST_REQUIRE(r->signer > 0);
	struct key k = receipt_key(r->log, r->signer);
	struct st_receipt before = { .size = 0 };
	struct st_log log;
	uint8_t row[RECEIPT_ROW];
	int rc = st_receipt_get(t, r->log, r->signer, &before);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc == 0 && (r->size < before.size || (r->size == before.size &&
						 r->cosignature.time_s <= before.cosignature.time_s)))
		return 0;
	st_put_u64(row, r->size);
	st_put_u64(row + 8, r->cosignature.time_s);
	memcpy(row + 16, r->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	rc = kv_put(t, TABLE_RECEIPTS, key_span(&k), ST_SPAN(row));
	if (rc == 0 && before.size != 0 && before.size != r->size) {
		rc = st_log_get(t, r->log, &log);
		if (rc == 0)
			rc = drop(t, r->log, before.size, log.signed_size);
	}
	return rc < 0 ? rc : 1;
}

struct each {
	st_receipt_fn *fn;
	void *arg;
};

static int each_receipt(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_receipt r;
	(void)t;
	int rc = decode_receipt(row, &r);
	return rc < 0 ? rc : e->fn(&r, e->arg);
}

int st_receipt_each(struct st_txn *t, uint32_t log, st_receipt_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct key k = key_new();
	struct each e = { fn, arg };
	key_u32(&k, log);
	struct kv_range range = { .table = TABLE_RECEIPTS, .prefix = key_span(&k) };
	return kv_scan(t, &range, each_receipt, &e);
}
