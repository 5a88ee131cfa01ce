/* city_rows.c - the rows of a city table's file: its header, and cells in the table's order and form.
 *
 * Owns:    which column of the file is which of the table, and that no two rows have one key.
 * Promise: 9: rows and bytes are bounded.
 * Flow:    city_read -> rows */
#include "city_read.h"
#include <station/base/check.h>

void city_take_header(struct city_reading *r, const struct st_span *cells)
{
	const struct st_city_table *t = r->table;
	uint32_t seen = 0;
	st_assert(t->column_count <= ST_CITY_COLUMNS_MAX);
	for (size_t i = 0; i < r->count; i++) {
		r->column[i] = -1;
		for (size_t n = 0; n < t->column_count; n++)
			if (st_span_equal(cells[i], st_span_text(t->columns[n].name)))
				r->column[i] = (int)n;
		if (r->column[i] < 0) {
			city_bad(r, cells[i], ST_CITY_BAD_HEADER);
			continue;
		}
		if ((seen >> r->column[i] & 1) != 0)
			city_bad(r, cells[i], ST_CITY_BAD_DOUBLE);
		seen |= 1u << r->column[i];
	}
	for (size_t n = 0; n < t->column_count; n++)
		if ((seen >> n & 1) == 0 && (t->columns[n].flags & ST_CITY_NEEDED) != 0)
			city_bad_text(r, t->columns[n].name, ST_CITY_BAD_MISSING);
	r->columns = r->count;
	if (r->file->bad_count > 0)
		r->full = true; /* rows under a wrong header would all be wrong */
}

static struct st_span row_at(const struct city_reading *r, size_t i)
{
	size_t end = i + 1 < r->file->rows ? r->offsets[i + 1] : r->rows->size;
	return st_span(r->rows->data + r->offsets[i], end - r->offsets[i]);
}

static bool same_key(const struct city_reading *r, struct st_span a, struct st_span b)
{
	struct st_span one[ST_CITY_COLUMNS_MAX], two[ST_CITY_COLUMNS_MAX];
	struct st_reader ra = st_reader(a), rb = st_reader(b);
	uint32_t columns = (uint32_t)r->table->column_count;
	bool read = st_city_next(&ra, columns, one) && st_city_next(&rb, columns, two);
	if (ST_NEVER(!read)) /* we have just written them */
		return false;
	for (uint32_t n = 0; n < columns; n++)
		if ((r->table->key >> n & 1) != 0 && !st_span_equal(one[n], two[n]))
			return false;
	return true;
}

static bool known_key(const struct city_reading *r)
{
	for (size_t i = 0; i < r->file->rows; i++)
		if (same_key(r, row_at(r, i), st_buf_span(&r->cells)))
			return true;
	return false;
}

/* The row's cells in the table's order and form; those that the file hasn't are empty. */
static void put_cells(struct city_reading *r, const struct st_span *cells)
{
	const struct st_city_table *t = r->table;
	st_buf_clear(&r->cells);
	r->value.setting = ST_SPAN_NONE;
	for (size_t n = 0; n < t->column_count; n++) {
		struct st_span in = ST_SPAN_NONE;
		for (size_t i = 0; i < r->columns; i++)
			if (r->column[i] == (int)n)
				in = cells[i];
		st_buf_clear(&r->value.text);
		int reason = city_value_put(&r->value, &t->columns[n], in);
		if (reason >= 0)
			city_bad_text(r, t->columns[n].name, (enum st_city_reason)reason);
		st_buf_varint(&r->cells, r->value.text.size);
		st_buf_put_span(&r->cells, st_buf_span(&r->value.text));
	}
}

void city_take_cells(struct city_reading *r, const struct st_span *cells)
{
	size_t before = r->file->bad_count;
	if (r->count != r->columns) {
		city_bad_text(r, "", ST_CITY_BAD_WIDTH);
		return;
	}
	put_cells(r, cells);
	if (r->file->bad_count > before || r->cells.error < 0)
		return;
	if (known_key(r)) {
		city_bad_text(r, "", ST_CITY_BAD_TWICE);
		return;
	}
	if (r->file->rows == r->table->rows_max || r->rows->size + r->cells.size > ST_CITY_ROWS_BYTES_MAX) {
		city_bad_text(r, "", r->file->rows == r->table->rows_max ? ST_CITY_BAD_ROWS : ST_CITY_BAD_SIZE);
		r->full = true;
		return;
	}
	r->offsets[r->file->rows] = r->rows->size;
	r->numbers[r->file->rows] = r->number;
	st_buf_put_span(r->rows, st_buf_span(&r->cells));
	r->file->rows++;
}
