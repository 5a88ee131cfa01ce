/* checkpoints.c - what origins signed of their logs, and what upper stations receipted.
 *
 * Owns:    the table checkpoints, a log's newest checkpoint and its receipts, and which checkpoints stay.
 * Promise: 3: every stored event is covered, and never more than one spacing from a signature.
 * Flow:    apply -> checkpoints -> pack, notes, greeting */
#include <station/store/logs.h>
#include <string.h>
#include <station/base/check.h>
#include "log_rows.h"

/* checkpoints (log u32, size u64)  -> checkpoint, for good: those that space the log
 * logs: LOG_NEWEST                 -> size u64 | checkpoint
 *       LOG_RECEIPT                -> size u64 | time u64 | signature 64 | the checkpoint of that size, where it was
 *                                     at hand
 * checkpoint: time u64 | signature 64 | root 32 | bytes u64; stores of format 6 and before wrote one byte more */
enum { CHECKPOINT = 8 + 64 + 32 + 8, NEWEST_ROW = 8 + CHECKPOINT, RECEIPT_ROW = 8 + 8 + 64 };
_Static_assert(8 + ST_SIGNATURE_SIZE == 72, "where a checkpoint's root begins");
_Static_assert(72 + ST_HASH_SIZE == 104, "where its bytes begin");
_Static_assert(104 + 8 == CHECKPOINT, "and its end");
_Static_assert(16 + ST_SIGNATURE_SIZE == RECEIPT_ROW, "a receipt's end");

static struct key checkpoint_key(uint32_t log, uint64_t size)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u64(&k, size);
	return k;
}

static void decode(uint64_t size, const uint8_t *p, struct st_checkpoint_row *c)
{
	c->size = size;
	c->cosignature.time_s = st_get_u64(p);
	memcpy(c->cosignature.signature.bytes, p + 8, ST_SIGNATURE_SIZE);
	memcpy(c->root.bytes, p + 72, ST_HASH_SIZE);
	c->bytes = st_get_u64(p + 104);
}

static void encode(const struct st_checkpoint_row *c, uint8_t *p)
{
	st_put_u64(p, c->cosignature.time_s);
	memcpy(p + 8, c->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	memcpy(p + 72, c->root.bytes, ST_HASH_SIZE);
	st_put_u64(p + 104, c->bytes);
}

static int decode_spacing(const struct kv_row *row, struct st_checkpoint_row *c)
{
	if (row->key.size != 12 || row->value.size < CHECKPOINT || row->value.size > CHECKPOINT + 1)
		return ST_ECORRUPT;
	decode(st_get_u64(row->key.data + 4), row->value.data, c);
	return 0;
}

static int get_newest(struct st_txn *t, uint32_t log, struct st_checkpoint_row *c)
{
	struct key k = log_row_key(log, LOG_NEWEST);
	struct st_span row;
	int rc = kv_get(t, TABLE_LOGS, key_span(&k), &row);
	if (rc == 0 && row.size != NEWEST_ROW)
		rc = ST_ECORRUPT;
	if (rc == 0)
		decode(st_get_u64(row.data), row.data + 8, c);
	return rc;
}

static int put_newest(struct st_txn *t, uint32_t log, const struct st_checkpoint_row *c)
{
	struct key k = log_row_key(log, LOG_NEWEST);
	uint8_t row[NEWEST_ROW];
	st_put_u64(row, c->size);
	encode(c, row + 8);
	return kv_put(t, TABLE_LOGS, key_span(&k), ST_SPAN(row));
}

static int put_spacing(struct st_txn *t, uint32_t log, const struct st_checkpoint_row *c)
{
	struct key k = checkpoint_key(log, c->size);
	uint8_t row[CHECKPOINT];
	encode(c, row);
	return kv_put(t, TABLE_CHECKPOINTS, key_span(&k), ST_SPAN(row));
}

/* The checkpoint nearest to a size from below, or from above. */
struct seeking {
	uint64_t size;
	bool above, found;
	struct st_checkpoint_row nearest;
};

static void offer(struct seeking *k, const struct st_checkpoint_row *c)
{
	bool fits = k->above ? c->size >= k->size : c->size <= k->size;
	bool nearer = !k->found || (k->above ? c->size < k->nearest.size : c->size > k->nearest.size);
	if (fits && nearer) {
		k->nearest = *c;
		k->found = true;
	}
}

struct receipt_row {
	struct st_receipt receipt;
	bool has_under;
	struct st_checkpoint_row under; /* the checkpoint that the receipt rests on */
};

static int decode_receipt(const struct kv_row *row, struct receipt_row *x)
{
	const uint8_t *p = row->value.data;
	x->has_under = row->value.size == RECEIPT_ROW + CHECKPOINT;
	if (row->key.size != 10 || (row->value.size != RECEIPT_ROW && !x->has_under))
		return ST_ECORRUPT;
	x->receipt.log = st_get_u32(row->key.data + 1);
	x->receipt.signer = st_get_u32(row->key.data + 6);
	x->receipt.size = st_get_u64(p);
	x->receipt.cosignature.time_s = st_get_u64(p + 8);
	memcpy(x->receipt.cosignature.signature.bytes, p + 16, ST_SIGNATURE_SIZE);
	if (x->has_under)
		decode(x->receipt.size, p + RECEIPT_ROW, &x->under);
	return 0;
}

static int offer_under(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct receipt_row x;
	(void)t;
	int rc = decode_receipt(row, &x);
	if (rc == 0 && x.has_under)
		offer(arg, &x.under);
	return rc;
}

static int seek(struct st_txn *t, uint32_t log, struct seeking *k)
{
	struct key key = checkpoint_key(log, k->size), receipts = log_row_key(log, LOG_RECEIPT);
	struct kv_range range = { .table = TABLE_LOGS, .prefix = key_span(&receipts) };
	struct st_span of_log = st_span(key.bytes, 4);
	struct st_checkpoint_row c;
	struct kv_row row;
	int rc = get_newest(t, log, &c);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc == 0) {
		offer(k, &c);
		if (c.size <= k->size) /* none is beyond it, and most ask for it */
			return k->found ? 0 : ST_ENOTFOUND;
	}
	rc = kv_scan(t, &range, offer_under, k);
	if (rc < 0)
		return rc;
	rc = k->above ? kv_at_least(t, TABLE_CHECKPOINTS, key_span(&key), of_log, &row)
		      : kv_at_most(t, TABLE_CHECKPOINTS, key_span(&key), of_log, &row);
	if (rc == 0)
		rc = decode_spacing(&row, &c);
	if (rc == 0)
		offer(k, &c);
	return rc < 0 && rc != ST_ENOTFOUND ? rc : k->found ? 0 : ST_ENOTFOUND;
}

int st_checkpoint_get(struct st_txn *t, uint32_t log, uint64_t size,
		      struct st_checkpoint_row *ret_row)
{
	struct st_checkpoint_row row;
	int rc = st_checkpoint_at_most(t, log, size, &row);
	if (rc == 0 && row.size != size)
		rc = ST_ENOTFOUND;
	if (rc == 0)
		*ret_row = row;
	return rc;
}

int st_checkpoint_at_most(struct st_txn *t, uint32_t log, uint64_t size,
			  struct st_checkpoint_row *ret_row)
{
	struct seeking k = { .size = size };
	int rc = seek(t, log, &k);
	if (rc == 0)
		*ret_row = k.nearest;
	return rc;
}

int st_checkpoint_at_least(struct st_txn *t, uint32_t log, uint64_t size,
			   struct st_checkpoint_row *ret_row)
{
	struct seeking k = { .size = size, .above = true };
	int rc = seek(t, log, &k);
	if (rc == 0)
		*ret_row = k.nearest;
	return rc;
}

struct copies {
	uint64_t size;
	st_checkpoint_fn *fn;
	void *arg;
};

static int copy_under(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct copies *k = arg;
	struct receipt_row x;
	(void)t;
	int rc = decode_receipt(row, &x);
	return rc < 0 || !x.has_under || x.under.size != k->size ? rc : k->fn(&x.under, k->arg);
}

int st_checkpoint_each(struct st_txn *t, uint32_t log, uint64_t size, st_checkpoint_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct copies k = { size, fn, arg };
	struct key key = checkpoint_key(log, size), receipts = log_row_key(log, LOG_RECEIPT);
	struct kv_range range = { .table = TABLE_LOGS, .prefix = key_span(&receipts) };
	struct kv_row row = { .key = key_span(&key) };
	struct st_checkpoint_row c;
	int rc = get_newest(t, log, &c);
	if (rc == 0 && c.size == size)
		rc = fn(&c, arg);
	if (rc == 0 || rc == ST_ENOTFOUND)
		rc = kv_scan(t, &range, copy_under, &k);
	if (rc != 0)
		return rc;
	rc = kv_get(t, TABLE_CHECKPOINTS, row.key, &row.value);
	if (rc == 0)
		rc = decode_spacing(&row, &c);
	return rc == ST_ENOTFOUND ? 0 : rc < 0 ? rc : fn(&c, arg);
}

/* Keeps the checkpoint before the newest for good where the spacing needs it. */
static int space(struct st_txn *t, struct st_log *log, const struct st_checkpoint_row *before)
{
	st_assert(log->kept_size <= before->size);
	if (log->tree.size - log->kept_size <= ST_CHECKPOINT_EVENTS_MAX &&
	    log->bytes - log->kept_bytes <= ST_CHECKPOINT_BYTES_MAX)
		return 0;
	log->kept_size = before->size;
	log->kept_bytes = before->bytes;
	return put_spacing(t, log->number, before);
}

int st_checkpoint_put(struct st_txn *t, struct st_log *log, const struct st_cosignature *c)
{
	struct st_checkpoint_row before, row = {
		.size = log->tree.size,
		.bytes = log->bytes,
		.root = st_frontier_root(&log->tree),
		.cosignature = *c,
	};
	st_assert(log->signed_size <= row.size);
	int rc = get_newest(t, log->number, &before);
	if (rc == ST_ENOTFOUND)
		rc = 0; /* the first, or a lost one: this one heals it */
	else if (rc == 0 && before.size != log->signed_size)
		rc = ST_ECORRUPT;
	else if (rc == 0 && before.size < row.size) /* not signed afresh at the same size */
		rc = space(t, log, &before);
	if (rc == 0)
		rc = put_newest(t, log->number, &row);
	if (rc == 0)
		log->signed_size = row.size;
	return rc;
}

static struct key receipt_key(uint32_t log, uint32_t signer)
{
	struct key k = log_row_key(log, LOG_RECEIPT);
	key_u32(&k, signer);
	return k;
}

int st_receipt_get(struct st_txn *t, uint32_t log, uint32_t signer, struct st_receipt *ret_r)
{
	struct key k = receipt_key(log, signer);
	struct kv_row row = { .key = key_span(&k) };
	struct receipt_row x;
	int rc = kv_get(t, TABLE_LOGS, key_span(&k), &row.value);
	if (rc == 0)
		rc = decode_receipt(&row, &x);
	if (rc == 0)
		*ret_r = x.receipt;
	return rc;
}

int st_receipt_put(struct st_txn *t, const struct st_receipt *r)
{
	ST_REQUIRE(r->log > 0);
	ST_REQUIRE(r->signer > 0);
	struct key k = receipt_key(r->log, r->signer);
	struct st_receipt before = { .size = 0 };
	struct st_checkpoint_row under;
	uint8_t row[RECEIPT_ROW + CHECKPOINT];
	int rc = st_receipt_get(t, r->log, r->signer, &before);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc == 0 && (r->size < before.size || (r->size == before.size &&
						 r->cosignature.time_s <= before.cosignature.time_s)))
		return 0;
	rc = st_checkpoint_get(t, r->log, r->size, &under);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	bool has = rc == 0;
	st_put_u64(row, r->size);
	st_put_u64(row + 8, r->cosignature.time_s);
	memcpy(row + 16, r->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	if (has)
		encode(&under, row + RECEIPT_ROW);
	rc = kv_put(t, TABLE_LOGS, key_span(&k), st_span(row, has ? sizeof(row) : RECEIPT_ROW));
	return rc < 0 ? rc : 1;
}

struct each {
	st_receipt_fn *fn;
	void *arg;
};

static int each_receipt(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct receipt_row x;
	(void)t;
	int rc = decode_receipt(row, &x);
	return rc < 0 ? rc : e->fn(&x.receipt, e->arg);
}

int st_receipt_each(struct st_txn *t, uint32_t log, st_receipt_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct key k = log_row_key(log, LOG_RECEIPT);
	struct each e = { fn, arg };
	struct kv_range range = { .table = TABLE_LOGS, .prefix = key_span(&k) };
	return kv_scan(t, &range, each_receipt, &e);
}
