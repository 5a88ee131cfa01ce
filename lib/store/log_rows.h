/* log_rows.h - the keys of the table logs: what changes of a log with every event stands side by side, so that a
 * commit of one event writes one leaf for it all, and the page of its newest events.
 *
 *   1 | number u32                   the log itself (logs.c)
 *   1 | number u32 | 1               its newest checkpoint (checkpoints.c)
 *   1 | number u32 | 2               its newest events, as many as don't fill a block (blocks.c)
 *   1 | number u32 | 3 | signer u32  a station's newest receipt of it (checkpoints.c)
 *   2 | station u32 | epoch u32      -> number (logs.c) */
#pragma once
#include "kv.h"

enum log_row { LOG_ITSELF = 0, LOG_NEWEST = 1, LOG_TAIL = 2, LOG_RECEIPT = 3 };

struct key log_row_key(uint32_t number, enum log_row row);

/* The first log from *number on, whether its row can be read or not. ST_ENOTFOUND. */
int log_next(struct st_txn *t, uint32_t *number);
