/* candidates.h - which matters may be the same trouble as this one (work/doors.h says how that is
 * weighed), for a person to decide.
 *
 * No index of texts is kept: a question looks at the rows of its window of days (records stand in
 * order of their opening, a station at a time), the nearest days first, keeps the best by what the
 * row says, and reads the texts of those alone. So registering costs nothing, and a question's cost
 * is bounded by two limits; how far it came is told. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/doors.h>

enum {
	ST_CANDIDATES_MAX = 50, /* in one answer */
	ST_CANDIDATES_DAYS = 60,
	ST_CANDIDATES_DAYS_MAX = 366, /* on either side */
	ST_CANDIDATES_ROWS_MAX =
		50000, /* looked at, of the asker's own station, and again of all others */
	ST_CANDIDATES_TEXTS_MAX = 500, /* whose texts are read: the best by their rows */
	ST_CANDIDATES_POINTS = 60, /* fewer aren't offered: below it one in a thousand was right */
};

struct st_candidates_query {
	const struct st_record *of; /* NULL: the matter isn't registered yet, and this is it: */
	struct st_span category, subcategory, place, title, text;
	struct st_span blinds; /* of its reporter (work/blind.h); empty: not known */
	uint32_t station;      /* that it comes to */
	int64_t ms;            /* when */
	uint32_t days;         /* 1 .. ST_CANDIDATES_DAYS_MAX */
	size_t limit;          /* 1 .. ST_CANDIDATES_MAX */
};
struct st_candidate {
	struct st_list_row row;
	int64_t ms; /* when it was opened, as its id has it */
	struct st_score score;
};
struct st_candidates {
	uint64_t rows, texts;
	uint32_t own_days, days; /* so many days on either side were looked at whole: at its
				    station, at all others */
	bool texts_left;         /* there were more rows than texts are read for */
	size_t count;
	struct st_candidate found[ST_CANDIDATES_MAX]; /* best first */
};
/* ret: large; the caller's. ST_EFIELD: a text isn't UTF-8. */
ST_MUST int st_candidates_find(struct st_txn *t, const struct st_candidates_query *q,
			       struct st_candidates *ret);
