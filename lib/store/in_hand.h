/* in_hand.h - the record in hand: what a writing transaction has changed of one record, and not yet written. */
#pragma once
#include "kv.h"

struct in_hand;
ST_MUST int in_hand_new(struct in_hand **ret_h);
void in_hand_free(struct in_hand *h);
void in_hand_forget(struct in_hand *h); /* a transaction begins, or the tables have been emptied */

/* Takes the record in hand, and writes the one before. */
ST_MUST int in_hand_put_row(struct st_txn *t, const struct st_record_ref *record, struct st_span row);
/* key: of the table index, ending with the record. Added where it isn't, taken away where it is: ST_ENOTFOUND. */
ST_MUST int in_hand_put_place(struct st_txn *t, struct st_span key);
ST_MUST int in_hand_del_place(struct st_txn *t, struct st_span key);

/* Whether this transaction knows it better than the table; then *ret. */
bool in_hand_row(const struct st_txn *t, const struct st_record_ref *record, struct st_span *ret_row);
bool in_hand_place(const struct st_txn *t, struct st_span key, bool *ret_is_there);
/* Writes what is in hand: before its tables are walked, and before the commit. */
ST_MUST int in_hand_write(struct st_txn *t);
