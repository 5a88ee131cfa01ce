/* in_hand.h - the record in hand: what a writing transaction has changed of one record, and not yet written. */
#pragma once
#include "kv.h"

struct in_hand;
ST_MUST int in_hand_new(struct in_hand **ret_h);
void in_hand_free(struct in_hand *h);
void in_hand_forget(struct in_hand *h); /* a transaction begins */

/* Takes the record in hand, and writes the one before. */
ST_MUST int in_hand_put_row(struct st_txn *t, const struct st_record_ref *record, struct st_span row);
/* key: of the table index, ending with the record. ST_ECORRUPT, now or when it is written: one to be taken away isn't
 * there, and the record isn't in the lists in which its row says it is. */
ST_MUST int in_hand_put_place(struct st_txn *t, struct st_span key);
ST_MUST int in_hand_del_place(struct st_txn *t, struct st_span key);

/* Whether this transaction knows it better than the table; then *ret. */
bool in_hand_row(const struct st_txn *t, const struct st_record_ref *record, struct st_span *ret_row);
bool in_hand_place(const struct st_txn *t, struct st_span key, bool *ret_is_there);
/* Writes what is in hand: before the tables are walked, and before the commit. A walk doesn't see what its own callback
 * changes. */
ST_MUST int in_hand_write(struct st_txn *t);
/* The same, where a place of it is among those that start so. */
ST_MUST int in_hand_write_places(struct st_txn *t, struct st_span prefix);
