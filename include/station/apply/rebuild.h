/* rebuild.h - a store's derived tables (store/tables.h), made anew from its events, or compared with them.
 * For a store that an older version wrote, and for whoever asks (fsck --rebuild). Each step is one transaction of at most
 * ST_REBUILD_EVENTS events, so memory is bounded, and a process that ends in the midst goes on at the next start. */
#pragma once
#include <station/apply/apply.h>
#include <station/store/tables.h>

enum { ST_REBUILD_EVENTS = 4096 };

/* Marks the store: the next steps empty its derived tables and fill them anew. */
ST_MUST int st_rebuild_ask(struct st_store *s);
/* 1: it is marked, by st_rebuild_ask or since an older version wrote it; 0: it isn't. */
ST_MUST int st_rebuild_asked(struct st_store *s);
/* One step. Nobody else may use the store's records until *ret_done. *ret_events: taken by this step. */
ST_MUST int st_rebuild_step(struct st_apply *a, bool *ret_done, uint64_t *ret_events);

/* All told tables against what the events in the store say, in one snapshot; the folded ones are st_recount_run's
 * (ask/verify.h). The second set stands on disk beside the store for as long as it takes, and a snapshot keeps old
 * pages. ST_EFULL: the disk has no room for it; ST_EBUSY: progress said stop. */
ST_MUST int st_retell_run(struct st_store *s, st_progress_fn *progress, void *arg,
			  struct st_differences *ret_d);
