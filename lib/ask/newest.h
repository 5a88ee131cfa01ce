/* newest.h - the newest values of a few fields of one record, for the sources of lib/ask. */
#pragma once
#include "life.h"

enum { NEWEST_TEXT = 604, NEWEST_MAX = 16 };
struct newest {
	uint32_t id;      /* 0: nothing is asked for */
	bool all;         /* several values of one event: all of them, with 、 between; else the first */
	bool found, is_number;
	uint64_t number;
	char text[NEWEST_TEXT]; /* whole characters, as many as there is room for */
};
/* From the newest event back, until all are found. Private parts aren't read. */
int newest_read(struct life *l, const struct st_record *r, struct newest *wanted, size_t count);
void newest_text(struct st_span from, char *to, size_t room);
