/* erase.h - what the three parts of erasing share: the dropping (erase_parts.c), the judgement
 * (erase.c), and what is said of it (erase_say.c). */
#pragma once
#include <station/store/erased.h>
#include "group.h"

/* Of one record, at once; of them from one log that wait for what hasn't come. */
enum { ERASE_ROWS_MAX = 64, ERASE_WAITING_MAX = 16 };
_Static_assert((int)ERASE_ROWS_MAX > (int)ERASE_WAITING_MAX, "one writer's fit into one look");

/* An erase event as it stands in the store. To be closed whatever opening it says. */
struct erase_read {
	struct st_buf bytes;
	struct st_arena arena;
	struct st_event event;
	struct st_erase body;
	struct st_log log;
};
int erase_open(struct st_apply *a, const struct st_erasure *row, struct erase_read *r);
void erase_close(struct erase_read *r);

struct erase_rows {
	struct st_erasure rows[ERASE_ROWS_MAX];
	size_t count;
	enum st_erasure_state state; /* those that are asked for; 0: all but those refused */
};
/* The rows of a record, some at a time, behind the last of those before. */
int erase_next(struct st_apply *a, const struct st_record_ref *ref, struct erase_rows *r);

/* 1: this store holds an erase. */
int erase_any(struct st_apply *a);
/* Drops what was erased of the record's one event; of all that stand here. */
int erase_drop(struct st_apply *a, const struct st_record_ref *ref, const struct st_log *log,
	       const struct st_event *e);
int erase_drop_all(struct st_apply *a, const struct st_record_ref *ref);
/* 1: it has taken effect here, and its writer doesn't know. */
int erase_owed(struct st_apply *a, const struct st_erasure *row);
