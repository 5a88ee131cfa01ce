/* record.h - a record's folded row: what its chain of events adds up to, in a few dozen bytes.
 * Changed only by st_record_step, which looks at the row and one event and at nothing else, so
 * every tier that folds the same chain has the same row. */
#pragma once
#include <station/store/records.h>
#include <station/store/stations.h>
#include <station/work/kind.h>

enum {
	ST_FOLD_VERSION = 3,
	ST_REVISIONS_MAX = 1024,
	ST_DAY_MAX = 0xffffff, /* a counter has 24 bits for its bucket */
	ST_FACETS_MAX = 128,   /* of one record; a command that gives more is refused, and the fold takes no more */
};

/* An event's place by local numbers. */
struct st_place {
	uint32_t log;
	uint64_t seq; /* 0: none */
};

/* One value of a field that its kind's table calls a facet (work/kind.h): a choice, a number, a day, a station's number, the
 * number of a name, or a record's st_facet_of_record. */
struct st_facet {
	uint32_t value;
	uint8_t field;
};

struct st_record {
	struct st_record_ref ref;
	uint32_t kind, state, holder, term, revision; /* holder: station number */
	struct st_place head;    /* the newest event of the chain */
	uint32_t opened_day, closed_day, changed_day; /* business days; closed_day 0: not ended */
	uint32_t due_day, first_due_day;
	uint16_t category, subcategory, unit; /* numbers of store names */
	uint8_t channel, rating_answer, rating_result;
	uint16_t reopened;       /* times */
	uint16_t handed;         /* times that the holder changed */
	struct st_number number; /* what the citizen was told */
	uint32_t notes, waiting, set_aside; /* strays by why */
	uint32_t fold_version;
	uint16_t days_left;      /* of the term, while the clock stands still */
	uint16_t facet_count;
	struct st_facet facets[ST_FACETS_MAX]; /* in the order of the chain; but the unit, which stands above */
};

/* Copies what is in use of a row: facets that aren't there stay behind. */
void st_record_copy(struct st_record *to, const struct st_record *from);
void st_record_encode(const struct st_record *r, struct st_buf *to);
ST_MUST int st_record_decode(const struct st_record_ref *ref, struct st_span row,
			     struct st_record *ret_r); /* ST_ECORRUPT */
ST_MUST int st_record_load(struct st_txn *t, const struct st_record_ref *ref,
			   struct st_record *ret_r); /* ST_ENOTFOUND */
/* The record that a key of an index names. ST_ECORRUPT: there is none. */
ST_MUST int st_record_indexed(struct st_txn *t, struct st_span key, struct st_record *ret_r);
/* One event of a record's chain: where it stands, who wrote it, whom it gave the record to (0: nobody). */
struct st_step {
	struct st_place at;
	uint32_t writer, holder; /* station numbers */
};
/* The chain, newest first, in an array of r->revision steps that is the caller's to free (NULL: none).
 * ST_ECORRUPT: an event that it rests on isn't here. */
ST_MUST int st_record_chain(struct st_txn *t, const struct st_record *r, struct st_step **ret_steps,
			    size_t *ret_count);
bool st_record_open(const struct st_record *r); /* its state's class; an unknown state counts as open */

/* Which record a link names, in 32 bits: whoever finds two of one value looks at the link itself. text: a number. */
uint32_t st_facet_of_record(struct st_span text);
/* The row's first value of a facet; 0: none. */
uint32_t st_record_facet(const struct st_record *r, uint32_t field);
/* The records of a kind that have a facet, opened from from_day to to_day (0: no end); value 0: any, in
 * order of values; else in order of opening. fn: as a scan's. */
struct st_facet_query {
	uint32_t kind, field, value, from_day, to_day;
};
typedef int st_facet_fn(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg);
ST_MUST int st_facet_each(struct st_txn *t, const struct st_facet_query *q, st_facet_fn *fn, void *arg);

/* "410611003-2026-000042-K7": code, year, serial (epoch 2 on: "2.000042"), two check characters made from the
 * record id, so a mistyped number is told from another's. */
enum { ST_NUMBER_TEXT = 48 };
void st_number_text(const struct st_number *n, const struct st_code *opener,
		    const struct st_ulid *ulid, char ret_text[ST_NUMBER_TEXT]);
ST_MUST int st_record_number(struct st_txn *t, const struct st_record *r, char ret_text[ST_NUMBER_TEXT]);
/* Finds a record by its number or its id ("code/ULID" or a bare ULID of this station).
 * ST_EFIELD: mistyped (check characters, form); ST_ENOTFOUND. */
ST_MUST int st_record_resolve(struct st_txn *t, struct st_span text, struct st_record_ref *ret_ref);
/* Whether text has the form of a number or an id; nothing is looked up. ST_EFIELD. */
enum { ST_RECORD_NAME_MAX = 64 };
ST_MUST int st_record_name_check(struct st_span text);
/* The station that a number or an id says it was opened at; empty for a bare ULID. ST_EFIELD. */
ST_MUST int st_record_name_opener(struct st_span text, struct st_code *ret_opener);
ST_MUST int st_record_id(struct st_txn *t, const struct st_record_ref *ref,
			 struct st_record_id *ret_id);
