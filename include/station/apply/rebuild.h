/* rebuild.h - a store's records, lists and tallies, made anew from its events.
 * For a store that an older version wrote, and for whoever asks (fsck --rebuild). Each step is one transaction of at most
 * ST_REBUILD_EVENTS events, so memory is bounded, and a process that ends in the midst goes on at the next start. */
#pragma once
#include <station/apply/apply.h>

enum { ST_REBUILD_EVENTS = 4096 };

/* Marks the store: the next steps empty it and fold all anew. */
ST_MUST int st_rebuild_ask(struct st_store *s);
/* 1: it is marked, by st_rebuild_ask or since an older version wrote it; 0: it isn't. */
ST_MUST int st_rebuild_asked(struct st_store *s);
/* One step. Nobody else may use the store's records until *ret_done. *ret_events: folded by this step. */
ST_MUST int st_rebuild_step(struct st_apply *a, bool *ret_done, uint64_t *ret_events);
