/* lineage.h - whether an erase counts: its writer held the record, or stands above who held it, at
 * the event that it follows.
 *
 * The event that an erase names as its predecessor is followed back to the record's opening, each
 * step by the rule of the chain (work/fold.h): a move by the holder in its term, a reassignment
 * from above in a higher one. That is a function of those events alone, which never change. So it
 * doesn't matter what else has come, or which of two histories was chosen: once an erase counts, it
 * does for ever, at every tier. */
#pragma once
#include <station/event/event.h>
#include <station/work/fold.h>

enum { ST_ERASE_FOLLOWS_MAX = 64 }; /* erases, each of which goes on where the one before ended */

struct st_erase_judged {
	uint32_t by; /* it counts for parts of that station alone; 0: for anybody's */
	uint32_t unknown; /* ST_ENOTFOUND: all is here, but that station isn't known yet; 0: not so */
};
/* 0: it counts. An erase that follows another one names its writer's own parts. ST_ENOTFOUND: what
 * it rests on isn't here yet; a place where something else stands than an event of the record is
 * waited for, too, as nobody would come back to it. ST_EHOLDER: it had no power to. ST_ENOMEM and
 * the store's failures. */
ST_MUST int st_erase_counts(struct st_txn *t, const struct st_log *log,
			    const struct st_event *erase, struct st_erase_judged *ret_j);
