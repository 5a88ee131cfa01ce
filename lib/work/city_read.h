/* city_read.h - what the sources of a table's reading share: the file at work (city_read.c), its rows
 * (city_rows.c) and their values (city_value.c). */
#pragma once
#include <station/work/city.h>

enum { FILE_COLUMNS_MAX = 2 * ST_CITY_COLUMNS_MAX };

struct city_value {
	struct st_buf text;     /* in its form */
	struct st_span setting; /* of this row: its value is of its type */
	int rc;                 /* ST_ENOMEM: whatever the file says */
};

struct city_reading {
	const struct st_city_table *table;
	struct st_city_file *file;
	struct st_buf row, cells; /* the file's row, its cells in form */
	struct city_value value;  /* one at a time; its setting is of this row */
	size_t sizes[FILE_COLUMNS_MAX];
	size_t count;
	uint64_t number;                     /* of the row, the header being 1 */
	int column[FILE_COLUMNS_MAX];        /* the file's columns, as the table's */
	size_t columns;
	struct st_buf *rows;
	size_t *offsets;                     /* where each row begins in rows */
	uint64_t *numbers;                   /* and which row of the file it is */
	bool blank, full;
	int ended;                           /* by which character the row before was */
};

void city_bad(struct city_reading *r, struct st_span column, enum st_city_reason reason);
void city_bad_text(struct city_reading *r, const char *column, enum st_city_reason reason);

void city_take_header(struct city_reading *r, const struct st_span *cells);
void city_take_cells(struct city_reading *r, const struct st_span *cells);

/* Puts the value behind v->text in its form. -1: right; else the reason (enum st_city_reason). */
int city_value_put(struct city_value *v, const struct st_city_column *c, struct st_span in);
