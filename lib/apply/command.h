/* command.h - between command_event.c, an own event's envelope, and command_parts.c, its parts. */
#pragma once
#include "group.h"

enum { PARTS_MAX = 4 }; /* text, private, key, index */
_Static_assert((int)PARTS_MAX <= (int)ST_EVENT_PARTS_MAX, "an event takes all of them");

/* The parts of one event, their stored forms one after another in a->sealed. */
struct command_parts {
	struct st_part_ref refs[PARTS_MAX];
	size_t offsets[PARTS_MAX + 1];
	size_t count;
};

/* What a checked command says beside its facts, sealed and hashed; *r is the record as it is before. */
int command_parts_make(struct st_apply *a, struct command_parts *p, const struct st_checked *c,
		       const struct st_record *r, const struct st_record_id *id);
