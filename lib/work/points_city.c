/* points_city.c - the points table and the floors that a city has issued.
 *
 * Owns:    which table is in force.
 * Promise: a city's table is read whole or not at all; where it can't be, the default counts.
 * Flow:    city's tables -> points -> city_read, api */
#include <station/work/points.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/terms.h>

enum { ROW_ITEM, ROW_SOURCE, ROW_FIRST, ROW_FURTHER, ROW_AT_MOST, ROW_CELLS };
_Static_assert((int)ROW_CELLS <= (int)ST_CITY_COLUMNS_MAX, "a row of the city's table");

/* The default's English name of an item; NULL: the default hasn't that item. */
static const char *english(struct st_span item)
{
	size_t count = 0;
	const struct st_points_line *lines = st_points_defaults(&count);
	for (size_t i = 0; i < count; i++)
		if (st_span_equal(item, st_span_text(lines[i].item)))
			return lines[i].en;
	return NULL;
}

static uint32_t number(struct st_span cell)
{
	uint64_t n = st_city_number(cell, 0);
	return n <= UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static int read_row(const struct st_span *cells, struct st_points_row *row,
		    struct st_span *reterr_word)
{
	struct st_span item = cells[ROW_ITEM];
	const char *en = english(item);
	*reterr_word = ST_SPAN_NONE;
	if (item.size == 0 || item.size > ST_POINTS_ITEM_MAX)
		return ST_EFIELD;
	memcpy(row->item, item.data, item.size);
	row->item[item.size] = 0;
	struct st_span name = en == NULL ? item : st_span_text(en);
	st_assert(name.size <= ST_POINTS_ITEM_MAX);
	memcpy(row->en, name.data, name.size);
	row->en[name.size] = 0;
	row->first = number(cells[ROW_FIRST]);
	row->further = number(cells[ROW_FURTHER]);
	row->at_most = number(cells[ROW_AT_MOST]);
	return st_deed_read(cells[ROW_SOURCE], &row->deed, reterr_word);
}

int st_points_of_rows(struct st_span rows, uint32_t columns, struct st_points_table *ret_table,
		      size_t *reterr_line, struct st_span *reterr_word)
{
	struct st_points_row row;
	struct st_city_rows r = st_city_rows(rows, columns);
	size_t n = 0;
	*reterr_word = ST_SPAN_NONE;
	/* Twice over the rows: first to see whether all of them are right. */
	for (*reterr_line = 0; st_city_rows_next(&r); (*reterr_line)++) {
		int rc = *reterr_line == ST_POINTS_ROWS_MAX ? ST_ETOOBIG
							    : read_row(r.cells, &row, reterr_word);
		if (rc < 0)
			return rc;
	}
	if (ret_table == NULL)
		return 0;
	for (r = st_city_rows(rows, columns); st_city_rows_next(&r); n++) {
		st_assert(n < ST_POINTS_ROWS_MAX);
		int rc = read_row(r.cells, &ret_table->rows[n], reterr_word);
		if (ST_NEVER(rc < 0))
			return rc;
	}
	ret_table->count = n;
	return 0;
}

static int load_city(struct st_txn *t, uint32_t day, struct st_points_table *ret_table)
{
	struct st_city_version v;
	struct st_span word;
	struct st_buf rows;
	size_t line = 0;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	int rc = st_city_in_force(t, ST_CITY_points, day, &v);
	if (rc == 0)
		rc = st_city_get(t, ST_CITY_points, v.version, &v, &rows);
	if (rc == 0)
		rc = rows.size == 0 ? ST_ENOTFOUND /* a table without rows is as none */
				    : st_points_of_rows(st_buf_span(&rows), v.columns, ret_table, &line,
							&word);
	st_buf_done(&rows);
	return rc;
}

int st_points_load(struct st_txn *t, uint32_t day, struct st_points_table *ret_table)
{
	size_t count = 0, line = 0;
	const struct st_points_line *lines = st_points_defaults(&count);
	ST_REQUIRE(t != NULL);
	ST_REQUIRE(ret_table != NULL);
	int rc = load_city(t, day, ret_table);
	if (rc != ST_ENOTFOUND && rc != ST_EFIELD && rc != ST_ETOOBIG)
		return rc;
	rc = st_points_read(lines, count, ret_table, &line);
	st_assert(rc == 0); /* our own table is right: a test reads it */
	return rc;
}

int st_floors_load(struct st_terms *terms, uint32_t day, struct st_floors *ret_floors)
{
	ST_REQUIRE(terms != NULL);
	ST_REQUIRE(ret_floors != NULL);
	struct st_floors f = st_floors_default;
	const struct {
		const char *name;
		uint32_t *to;
	} floors[] = { { "floor_reports", &f.reports },
		       { "floor_voters", &f.voters },
		       { "floor_receptions", &f.receptions } };
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		int rc = st_terms_setting(terms, floors[i].name, day, floors[i].to);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
	}
	*ret_floors = f;
	return 0;
}
