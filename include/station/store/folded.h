/* folded.h - a store whose derived tables (store/tables.h) are being made anew from its events.
 * While that is under way, meta says how far it has come; it goes on from there after a restart, and
 * nothing else is to be asked of the records until it is done. */
#pragma once
#include <station/store/store.h>

enum st_refold_phase {
	ST_REFOLD_CLEAR = 0,   /* nothing has been emptied yet */
	ST_REFOLD_LOGS = 1,    /* (log, seq): the last event that was folded */
	ST_REFOLD_CARRIED = 2, /* the same, of those that came outside their logs */
	ST_RETELL_LOGS = 3,    /* both again, once every record's row stands: what each event says by itself */
	ST_RETELL_CARRIED = 4,
	ST_RETELL_TREE = 5,    /* (log, seq): the tree's nodes up to there */
};
struct st_refold {
	enum st_refold_phase phase;
	uint32_t log;
	uint64_t seq;
};
/* ST_ENOTFOUND: none is under way. */
ST_MUST int st_refold_get(struct st_txn *t, struct st_refold *ret_at);
ST_MUST int st_refold_put(struct st_txn *t, const struct st_refold *at);
ST_MUST int st_refold_done(struct st_txn *t);
/* Empties all derived tables. What older versions kept in them of this store's own state goes to where it stands now. */
ST_MUST int st_derived_clear(struct st_txn *t);
