/* matter.h - one record and its life, and ordered lists of records, with texts brought together
 * from facts, parts and (at the holder, who has its key) the private part. */
#pragma once
#include <station/ask/reach.h>
#include <station/event/event.h>
#include <station/store/logs.h>
#include <station/trust/part.h>
#include <station/work/record.h>

/* What stands where a text or a name was. */
#define ST_ERASED_ZH "已抹除"
#define ST_ERASED_EN "erased"

enum { ST_LIFE_EVENTS_MAX = 4096, ST_LIST_MAX = 500 };

/* One event of a record, as a person reads it. Spans die with the callback. */
struct st_life_event {
	struct st_position at;
	uint64_t wall_ms;
	int64_t at_ms;            /* business time */
	uint32_t type, state, term, revision;
	const struct st_move_row *move; /* NULL: a note, or a move of another version */
	enum st_stray_why stray;  /* 0: on the chain */
	struct st_span author;
	const struct st_field *facts, *texts, *privates;
	size_t fact_count, text_count, private_count;
	bool texts_missing;       /* dropped, or not here */
	bool texts_erased, private_erased; /* dropped because somebody had it erased */
	bool private_here;        /* there is a private part and this station can read it */
	bool private_elsewhere;   /* there is one, readable elsewhere only */
	size_t reach_count;       /* of the stations that it asks something of, how far it came to each */
	struct st_reach reaches[ST_EVENT_ADDRESSEES_MAX];
	struct st_aside aside;    /* of one that was set aside */
	const char *held_by;      /* newest tier whose receipt covers it: "main" ...; "": here only */
};
typedef int st_life_fn(const struct st_life_event *e, void *arg);
/* The chain from opening to head, then strays in order of (log, seq). grant: NULL reads no private parts. */
ST_MUST int st_life_each(struct st_txn *t, const struct st_record *r, const struct st_box_key *grant,
			 st_life_fn *fn, void *arg);

struct st_list_query {
	uint32_t kind;       /* of this kind only */
	uint32_t holder;     /* station number; 0: any of the subtree */
	uint32_t state;      /* 0: any */
	bool overdue;        /* open and due before today */
	bool open_only;
	bool untold;         /* its reporter is to be told, and hasn't been (work/merge.h) */
	uint32_t today;
	size_t limit;        /* 1 .. ST_LIST_MAX */
	struct st_span from; /* where the page before ended; empty: from the start */
};
struct st_list_row {
	struct st_record record;
	struct st_record_id id;
	char number[ST_NUMBER_TEXT];
	char title[304], category[ST_NAME_TEXT_MAX + 1];
	struct st_code holder;
};
typedef int st_list_fn(const struct st_list_row *row, void *arg);
/* Overdue and open lists in order of due day, others of opening. *ret_next gets the place to go on from, empty at the end. */
ST_MUST int st_list_each(struct st_txn *t, const struct st_list_query *q, st_list_fn *fn, void *arg,
			 struct st_buf *ret_next);
