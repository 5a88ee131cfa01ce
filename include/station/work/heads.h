/* heads.h - what a writer's head says, against the events that are here.
 * Events to one addressee name the one before, so from a place up to which nothing is missing (whole_seq) they are walked
 * in their log's order: where one names a later one than was walked last, something between is missing; where the
 * head names a later one than the last, the end is. The head's count says how many.
 *
 * For events that come outside their log, at who is addressed. Whoever stands above the writer has its log itself. */
#pragma once
#include <station/base/arena.h>
#include <station/store/heads.h>

enum { ST_HEAD_LOOK_MAX = 2048 }; /* events that one look reads; the next goes on from there */

struct st_head_look {
	bool whole;        /* all that the head names is here */
	bool more;         /* the bound was reached: nothing is missing so far */
	uint64_t seq;      /* without a break up to there, */
	uint64_t count;    /* and the count there */
	uint64_t missing;  /* at least so many aren't here; 0: none is known to be */
	uint64_t first;    /* one of these; 0: none */
};
/* arena: ST_EVENT_ARENA, for one event. The store's errors. */
ST_MUST int st_head_look(struct st_txn *t, struct st_arena *arena, const struct st_head_key *key,
			 const struct st_head_row *row, struct st_head_look *ret_look);
/* 1: the head is for a station and its events come to it outside their log: it is the addressee, or stands in the
 * addressed subtree, and not above the writer. 0: it isn't. */
ST_MUST int st_head_is_for(struct st_txn *t, const struct st_head_key *key, uint32_t station);
/* Whether an event names that addressee; *ret_prev is the event to it before (0: none in its epoch). */
struct st_event;
bool st_event_names(const struct st_event *e, const struct st_code *to, bool subtree, uint64_t *ret_prev);
