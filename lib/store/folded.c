/* folded.c - what can be emptied, because the events say it all again.
 *
 * Owns:    where a store stands that is being made anew.
 * Promise: what no event can say again is never touched.
 * Flow:    an older store, fsck -> folded -> rebuild */
#include <station/store/folded.h>
#include <station/base/check.h>
#include <station/store/heard.h>
#include <station/store/online.h>
#include "kv.h"

enum { ROW_SIZE = 1 + 4 + 8 };

int st_refold_get(struct st_txn *t, struct st_refold *ret_at)
{
	uint8_t row[ROW_SIZE];
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_REFOLD, row, sizeof(row), &size);
	if (rc < 0)
		return rc;
	if (size != sizeof(row) || row[0] > ST_RETELL_TREE)
		return ST_ECORRUPT;
	*ret_at = (struct st_refold){
		.phase = (enum st_refold_phase)row[0],
		.log = st_get_u32(row + 1),
		.seq = st_get_u64(row + 5),
	};
	return 0;
}

int st_refold_put(struct st_txn *t, const struct st_refold *at)
{
	uint8_t row[ROW_SIZE] = { (uint8_t)at->phase };
	st_assert(at->phase <= ST_RETELL_TREE);
	st_put_u32(row + 1, at->log);
	st_put_u64(row + 5, at->seq);
	return st_meta_put(t, ST_META_REFOLD, ST_SPAN(row));
}

int st_refold_done(struct st_txn *t)
{
	return st_meta_del(t, ST_META_REFOLD);
}

static int keep_left(const struct st_heard_key *key, const struct st_heard_row *row, void *arg)
{
	return row->epoch != 0 || row->position == 0 ? 0 : st_left_put(arg, key, row->position);
}

/* Up to format 4: code, state u32, hooks u32, ... under key 2 | record. */
static int keep_given(struct st_txn *t, const struct kv_row *row, void *arg)
{
	enum { KEY = 1 + ST_REF_SIZE, AT = ST_QUERY_CODE + 4 };
	struct st_record_ref ref;
	(void)arg;
	if (row->key.size != KEY || row->key.data[0] != 2 || row->value.size < AT + 4)
		return 0;
	uint32_t hooks = st_get_u32(row->value.data + AT);
	ref = st_ref_get(row->key.data + 1);
	return hooks == 0 || ref.opener == 0 ? 0 : st_given_put(t, &ref, hooks);
}

int st_derived_clear(struct st_txn *t)
{
	struct kv_range online = { .table = TABLE_ONLINE };
	int rc = st_heard_each(t, keep_left, t);
	if (rc == ST_ECORRUPT)
		rc = 0; /* damaged rows are what is to be made anew */
	if (rc == 0)
		rc = kv_scan(t, &online, keep_given, NULL);
	if (rc == 0)
		rc = st_tables_clear(t, ST_TABLE_FOLDED);
	return rc < 0 ? rc : st_tables_clear(t, ST_TABLE_TOLD);
}
