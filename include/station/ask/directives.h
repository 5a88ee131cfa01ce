/* directives.h - lists of directives: those that this station wrote, and those that were for it, each with how far
 * it has come. */
#pragma once
#include <station/ask/matter.h>

enum { ST_DIRECTIVES_SCAN_MAX = 2000 }; /* rows that one page looks at, whatever its filter leaves */

struct st_directives_query {
	enum st_directives which;
	uint32_t addressee;  /* of ST_DIRECTIVES_TO */
	bool open_only;      /* the writer still waits for something */
	bool late;           /* open, and its record is past its due day */
	uint32_t today;
	size_t limit;        /* 1 .. ST_LIST_MAX */
	struct st_span from; /* where the page before ended; empty: from the newest */
};
struct st_directive {
	const struct st_life_event *event; /* spans die with the callback */
	const struct st_reach *reach;      /* to the addressee that the row is about */
	const struct st_record *record;
	char number[ST_NUMBER_TEXT], title[304];
	bool late;
};
typedef int st_directives_fn(const struct st_directive *d, void *arg);
/* Newest first. *ret_next gets the place to go on from, empty at the end. ST_EFIELD: from isn't such a place. */
ST_MUST int st_directives_each(struct st_txn *t, const struct st_directives_query *q, st_directives_fn *fn,
			       void *arg, struct st_buf *ret_next);
/* The record that an event is about. ST_ENOTFOUND: no such event here, or it is of no record. */
ST_MUST int st_event_record(struct st_txn *t, const struct st_position *at, struct st_record *ret_record);
