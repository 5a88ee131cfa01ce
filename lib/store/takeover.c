/* takeover.c - a store of an older format, as it is opened.
 *
 * Owns:    the shapes that nothing else knows any more: up to format 6 a log's newest checkpoint stood among those that
 *          space it, and receipts had a table of their own.
 * Promise: 11: what an older version wrote is kept, in one transaction, where this version looks for it; 8: what can't
 *          be read of it stays out, and keeps nobody from opening the store: receipts are told again, a log without its
 *          newest checkpoint is for fsck to say.
 * Flow:    a store of before -> takeover -> logs, checkpoints */
#include <station/store/logs.h>
#include <string.h>
#include <station/base/check.h>
#include "log_rows.h"

/* checkpoints (log u32, size u64)   -> time u64 | signature 64 | root 32 | bytes u64 | u8
 * receipts    (log u32, signer u32) -> size u64 | time u64 | signature 64 */
enum {
	CHECKPOINT_OF_BEFORE = 8 + ST_SIGNATURE_SIZE + ST_HASH_SIZE + 8 + 1,
	RECEIPT_OF_BEFORE = 8 + 8 + ST_SIGNATURE_SIZE,
};

/* It stays in its old place, too: one more that spaces the log. */
static int take_newest(struct st_txn *t, const struct st_log *log)
{
	struct key from = key_new(), to = log_row_key(log->number, LOG_NEWEST);
	uint8_t row[8 + CHECKPOINT_OF_BEFORE - 1];
	struct st_span found;
	key_u32(&from, log->number);
	key_u64(&from, log->signed_size);
	int rc = kv_get(t, TABLE_CHECKPOINTS, key_span(&from), &found);
	if (rc == ST_ENOTFOUND || (rc == 0 && found.size != CHECKPOINT_OF_BEFORE))
		return 0; /* nothing is signed yet, or it is lost */
	if (rc < 0)
		return rc;
	st_put_u64(row, log->signed_size);
	memcpy(row + 8, found.data, sizeof(row) - 8);
	return kv_put(t, TABLE_LOGS, key_span(&to), ST_SPAN(row));
}

static int take_logs(struct st_txn *t)
{
	struct st_log log;
	uint32_t number = 1;
	int rc = 0;
	for (; rc == 0 && number != 0 && (rc = log_next(t, &number)) == 0; number++) {
		rc = st_log_get(t, number, &log);
		rc = rc == 0 ? take_newest(t, &log) : rc == ST_ECORRUPT ? 0 : rc;
	}
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int take_receipt(struct st_txn *t, const MDB_val *key, const MDB_val *value)
{
	const uint8_t *k = key->mv_data, *v = value->mv_data;
	struct st_log log;
	if (key->mv_size != 8 || value->mv_size != RECEIPT_OF_BEFORE)
		return ST_ECORRUPT;
	struct st_receipt r = {
		.log = st_get_u32(k),
		.signer = st_get_u32(k + 4),
		.size = st_get_u64(v),
		.cosignature.time_s = st_get_u64(v + 8),
	};
	memcpy(r.cosignature.signature.bytes, v + 16, ST_SIGNATURE_SIZE);
	if (r.log == 0 || r.signer == 0)
		return ST_ECORRUPT;
	int rc = st_log_get(t, r.log, &log);
	return rc < 0 ? rc : st_receipt_put(t, &r);
}

static int take_receipts(struct st_txn *t)
{
	MDB_cursor *c = NULL;
	MDB_dbi receipts;
	MDB_val k, v;
	int rc = mdb_dbi_open(t->mdb, "receipts", 0, &receipts);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : kv_error(rc);
	rc = kv_error(mdb_cursor_open(t->mdb, receipts, &c));
	if (rc < 0)
		return rc;
	int next = mdb_cursor_get(c, &k, &v, MDB_FIRST);
	for (; rc >= 0 && next == 0; next = mdb_cursor_get(c, &k, &v, MDB_NEXT)) {
		rc = take_receipt(t, &k, &v);
		if (rc == ST_ECORRUPT || rc == ST_ENOTFOUND)
			rc = 0;
	}
	mdb_cursor_close(c);
	if (rc >= 0 && next != MDB_NOTFOUND)
		rc = kv_error(next);
	return rc < 0 ? rc : kv_error(mdb_drop(t->mdb, receipts, 1));
}

int store_take_over(struct st_txn *t)
{
	st_assert(t->writes);
	int rc = take_logs(t);
	return rc < 0 ? rc : take_receipts(t);
}
