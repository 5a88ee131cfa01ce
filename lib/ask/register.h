/* register.h - a page of a register while it is made: between register.c (which records),
 * register_values.c (what a record's events say) and register_cells.c (what that is in columns). */
#pragma once
#include <station/ask/register.h>
#include "deeds.h"

enum { VALUES_MAX = 256, VALUE_IDS = 256, MOVES_MAX = 12, STATIONS_KEPT = 256,
       DEPUTIES_KEPT = 256 };

/* The newest value of a field, or one of several. Text is in its record's texts. */
struct value {
	uint32_t id;
	bool is_number;
	uint64_t number;
	size_t at, size;
};

/* What its events say of one record. */
struct gathered {
	bool here;
	struct st_record record;
	struct st_record_id id;
	const struct st_kind *kind;
	struct value values[VALUES_MAX];
	size_t count;
	struct st_buf texts;
	int64_t opened_ms;
	const struct st_move_row *moves[MOVES_MAX]; /* after the opening, the newest last */
	size_t move_count;
	bool texts_erased, privates_erased;
	char author[ST_AUTHOR_MAX + 1], handler[ST_AUTHOR_MAX + 1];
};

/* Which fields of a kind the register's columns ask for. */
struct known {
	bool done, is_private;
	uint64_t wanted[VALUE_IDS / 64];
	/* of each source; 0: this kind hasn't it */
	uint32_t field[ST_REGISTER_COLUMNS_MAX][ST_REGISTER_SOURCES_MAX];
	uint32_t link[ST_REGISTER_COLUMNS_MAX][ST_REGISTER_SOURCES_MAX];
	uint32_t remark;
};

/* A station's name, and whether it stands where the question asks: looked up once in a while. */
struct station_kept {
	uint32_t number;
	bool below;
	struct st_code code;
	char name[ST_NAME_MAX + 1];
};

/* A deputy's name, where a record of his is here: looked up once in a while, too. */
struct deputy_kept {
	char code[ST_DEPUTY_CODE_MAX + 1];
	char name[ST_DEPUTY_TEXT]; /* "": none */
};

struct page {
	struct st_txn *txn;
	const struct st_register_query *q;
	struct life life;
	struct known kinds[ST_KINDS_MAX];
	struct station_kept stations[STATIONS_KEPT];
	struct deputy_kept deputies[DEPUTIES_KEPT];
	struct st_place chain[ST_REVISIONS_MAX];
	struct gathered row, joined[ST_REGISTER_JOINS_MAX];
	struct { /* which record stands in joined[i] */
		struct st_record_ref ref;
	} joins[ST_REGISTER_JOINS_MAX];
	size_t join_count;   /* of this row */
	uint64_t events;     /* read so far */
	uint64_t number;     /* of the row on the list */
	struct st_buf cells; /* texts of this row's cells */
};

const struct known *page_kind(struct page *p, const struct st_kind *k);
/* Its station's; NULL with *rc: the store's failure. */
const struct station_kept *page_station(struct page *p, uint32_t number, int *rc);
/* His name, "" where he has no record here. */
int page_deputy(struct page *p, struct st_span code, const char **ret_name);
void gathered_init(struct gathered *g);
void gathered_done(struct gathered *g);
/* Reads the whole record. */
int gather(struct page *p, const struct st_record *r, struct gathered *g);
const struct value *gathered_next(const struct gathered *g, uint32_t id, const struct value *after);
struct st_span gathered_text(const struct gathered *g, const struct value *v);
/* cells: one of each column. */
int make_cells(struct page *p, struct st_register_cell *cells);
