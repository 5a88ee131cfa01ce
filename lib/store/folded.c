/* folded.c - what can be emptied, because the events say it all again.
 *
 * Owns:    which tables those are, and where a store stands that is being folded anew.
 * Promise: what no event can say again is never touched.
 * Flow:    an older store, fsck -> folded -> rebuild */
#include <station/store/folded.h>
#include <station/base/check.h>
#include "kv.h"

enum { ROW_SIZE = 1 + 4 + 8 };

int st_refold_get(struct st_txn *t, struct st_refold *ret_at)
{
	uint8_t row[ROW_SIZE];
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_REFOLD, row, sizeof(row), &size);
	if (rc < 0)
		return rc;
	if (size != sizeof(row) || row[0] > ST_REFOLD_CARRIED)
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
	st_assert(at->phase <= ST_REFOLD_CARRIED);
	st_put_u32(row + 1, at->log);
	st_put_u64(row + 5, at->seq);
	return st_meta_put(t, ST_META_REFOLD, ST_SPAN(row));
}

int st_refold_done(struct st_txn *t)
{
	return st_meta_del(t, ST_META_REFOLD);
}

int st_folded_clear(struct st_txn *t)
{
	static const enum table folded[] = { TABLE_RECORDS, TABLE_STRAYS, TABLE_INDEX, TABLE_NUMBERS,
					     TABLE_SOURCES, TABLE_NAMES, TABLE_TALLIES, TABLE_ERASED };
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(folded) / sizeof(folded[0]); i++)
		rc = kv_clear(t, folded[i]);
	return rc;
}
