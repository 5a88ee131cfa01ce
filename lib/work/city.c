/* city.c - walking the rows of city tables, of whatever version.
 *
 * Owns:    how rows of a version with more or fewer columns than ours are read.
 * Flow:    store -> city -> terms, calendar, ask, api */
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include <station/work/city.h>

struct st_city_rows st_city_rows(struct st_span rows, uint32_t columns)
{
	struct st_city_rows r;
	memset(&r, 0, sizeof(r));
	r.reader = st_reader(rows);
	r.columns = columns <= ST_CITY_COLUMNS_MAX ? columns : 0;
	return r;
}

bool st_city_rows_next(struct st_city_rows *r)
{
	st_assert(r->columns <= ST_CITY_COLUMNS_MAX);
	return r->columns > 0 && st_city_next(&r->reader, r->columns, r->cells);
}

size_t st_city_rows_count(struct st_span rows, uint32_t columns)
{
	struct st_city_rows r = st_city_rows(rows, columns);
	size_t n = 0;
	while (st_city_rows_next(&r))
		n++;
	st_assert(n <= rows.size);
	return n;
}

uint64_t st_city_number(struct st_span cell, uint64_t usual)
{
	uint64_t v = 0;
	if (cell.size == 0 || cell.size > 12)
		return usual;
	for (size_t i = 0; i < cell.size; i++) {
		if (cell.data[i] < '0' || cell.data[i] > '9')
			return usual;
		v = v * 10 + (uint64_t)(cell.data[i] - '0');
	}
	return v;
}

void st_city_put_csv(struct st_buf *to, struct st_span cell)
{
	bool quoted = false;
	for (size_t i = 0; i < cell.size; i++)
		quoted |= cell.data[i] == '"' || cell.data[i] == ',' || cell.data[i] == '\n' ||
			  cell.data[i] == '\r';
	if (!quoted) {
		st_buf_put_span(to, cell);
		return;
	}
	st_buf_u8(to, '"');
	for (size_t i = 0; i < cell.size; i++) {
		if (cell.data[i] == '"')
			st_buf_u8(to, '"');
		st_buf_u8(to, cell.data[i]);
	}
	st_buf_u8(to, '"');
}
