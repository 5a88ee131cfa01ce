/* deeds.h - between deputy.c, archive.c and deputy_points.c: the records that name a deputy. */
#pragma once
#include <station/ask/deputy.h>
#include "newest.h"

struct deed_place {
	uint32_t day; /* of opening */
	struct st_record_ref ref;
};
struct deeds {
	struct st_txn *txn;
	struct life life;
	uint32_t from_day, to_day; /* of what was done; 0: open end */
	uint64_t looked, most;     /* at so many records; no further than so many, 0: all */
	struct deed_place last;    /* of those that were looked at */
};
int deeds_open(struct deeds *d, struct st_txn *t, uint32_t from_day, uint32_t to_day);
void deeds_close(struct deeds *d);

/* day: when it was done, which may be another than that of the record's opening. */
typedef int deed_fn(const struct st_record *r, uint32_t day, void *arg);
/* The records of a kind that name the deputy in a field and are wanted (NULL: all), by opening;
 * after: only behind that place (NULL: all). 1: the most have been looked at. */
struct deeds_wanted {
	uint32_t deputy; /* the name's number */
	const struct st_kind *kind;
	uint32_t field;
	bool (*fits)(const struct st_record *r, void *arg);
	const struct deed_place *after;
};
int deeds_each(struct deeds *d, const struct deeds_wanted *w, deed_fn *fn, void *arg);

/* The number of a deputy's code. ST_ENOTFOUND: no record here names it. */
int deputy_number(struct st_txn *t, struct st_span code, uint32_t *ret_number);
const struct st_kind *deputy_kind(uint32_t *ret_code_field);
/* The newest entry of those in office, or of all where none is. ST_ENOTFOUND. */
int deputy_best(struct st_txn *t, uint32_t number, struct st_record *ret_record);
