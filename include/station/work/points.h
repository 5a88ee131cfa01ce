/* points.h - what counts of a deputy's work, and the points it brings.
 * Rows of a table and counts in, points out. The table's rows are text in the form that a city
 * issues its own in (points_city.c); the default stands in points.c.
 *
 *   source     KIND.FIELD [TYPE=VALUE[,VALUE...]]: records of that kind that name the deputy in
 *              that field, and whose type (the kind's channel, type or who) is one of these:
 *              "activity.deputies type=training"
 *   points     `first` for the first, `further` for each further one, and no more than `at_most` */
#pragma once
#include <station/work/record.h>

struct st_terms;

enum { ST_POINTS_ROWS_MAX = 100, ST_POINTS_ITEM_MAX = 80 };

/* Records that name a deputy. */
struct st_deed {
	const struct st_kind *kind;
	uint32_t field;
	uint64_t types; /* bits 1 << number; 0: any */
};
ST_MUST int st_deed_parse(struct st_span source, struct st_deed *ret_deed); /* ST_EFIELD */
/* The same; *reterr_word: the word of the source that is wrong. */
ST_MUST int st_deed_read(struct st_span source, struct st_deed *ret_deed,
			 struct st_span *reterr_word);
/* Whether a record of its kind is of its types. */
bool st_deed_fits(const struct st_deed *d, const struct st_record *r);
/* Whether it was done at all: not what was only planned, called off, voided, refused or taken
 * back. */
bool st_deed_done(const struct st_record *r);

struct st_points_line {
	const char *item, *en, *source; /* en: NULL where a city has given none */
	uint32_t first, further, at_most;
};
const struct st_points_line *st_points_defaults(size_t *ret_count);

struct st_points_row {
	char item[ST_POINTS_ITEM_MAX + 1], en[ST_POINTS_ITEM_MAX + 1];
	struct st_deed deed;
	uint32_t first, further, at_most;
};
struct st_points_table {
	size_t count;
	struct st_points_row rows[ST_POINTS_ROWS_MAX];
};
/* ST_EFIELD: a source that is none, *reterr_line says in which line; ST_ETOOBIG. Nothing of it is
 * taken. */
ST_MUST int st_points_read(const struct st_points_line *lines, size_t count,
			   struct st_points_table *ret_table, size_t *reterr_line);
/* The rows of a city's table (work/city.h), in the same way; an item that the default has, too, keeps
 * its English name. ret_table may be NULL. reterr_word: what of the source is wrong. */
ST_MUST int st_points_of_rows(struct st_span rows, uint32_t columns,
			      struct st_points_table *ret_table, size_t *reterr_line,
			      struct st_span *reterr_word);
/* The city's table in force on a day; the default one where there is none, or none that this version
 * can read. */
ST_MUST int st_points_load(struct st_txn *t, uint32_t day, struct st_points_table *ret_table);
uint64_t st_points_of(const struct st_points_row *row, uint64_t count);

/* What a deputy owes in a year. */
struct st_floors {
	uint32_t reports, voters, receptions;
};
extern const struct st_floors st_floors_default;
/* As the city has set them by a day. */
ST_MUST int st_floors_load(struct st_terms *terms, uint32_t day, struct st_floors *ret_floors);
