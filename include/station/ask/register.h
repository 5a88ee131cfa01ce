/* register.h - a page of a register: records in its columns (work/register.h says which, and of
 * what). Rows come in order of the opening day, then opener and ULID, which never change: a record
 * that moves while a register is read page by page is neither lost nor there twice. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/register.h>

enum {
	ST_REGISTER_JOINS_MAX = 8,   /* joined records whose values a cell shows */
	ST_REGISTER_SCAN_MAX = 4096, /* records looked at for one page */
	ST_REGISTER_EVENTS_MAX = 2048, /* events read for one page, but for its last record's */
	ST_REGISTER_BYTES_MAX = 256 * 1024, /* of a page's texts, but for its last row's */
};

struct st_register_query {
	const struct st_register *reg;
	uint32_t from_day, to_day;      /* of opening; 0: open end */
	uint32_t station;               /* opened or held at it or below; 0: any */
	struct st_span deputy;          /* names this deputy; empty: any */
	struct st_span state;           /* by name in either language; empty: any */
	enum st_lang lang;              /* of choices, states and moves */
	size_t limit; /* 1 .. ST_LIST_MAX; a page may be shorter, even empty, and not the last */
	struct st_span page;            /* where the page before ended; empty: from the start */
	const struct st_box_key *grant; /* reads what is private here; NULL: nothing of it */
};
/* TEXT and CODE have their value in text, the other types in number (DAY: a day; TIME: ms). */
struct st_register_cell {
	enum st_cell_type type;
	bool empty;
	int64_t number;
	struct st_span text; /* dies with the callback */
};
typedef int st_register_fn(const struct st_register_cell *cells, size_t count, void *arg);
/* ST_EFIELD with reterr_place: a state that none of its kinds has, or no place of a page. *ret_next
 * gets the place to go on from, empty at the end. */
ST_MUST int st_register_each(struct st_txn *t, const struct st_register_query *q,
			     st_register_fn *fn, void *arg, struct st_buf *ret_next,
			     char reterr_place[ST_PLACE_MAX]);
