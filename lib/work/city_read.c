/* city_read.c - a CSV file of a city table: checked whole, and brought into its one form.
 *
 * Owns:    every reason why a file of city data is wrong, with the row and the column.
 * Promise: 8: nothing of a wrong file takes effect; 9: rows, bytes and complaints are bounded.
 * Flow:    stationctl, api -> city_read -> apply */
#include "city_read.h"
#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/utf8.h>
#include <station/base/text.h>
#include <station/work/assessment.h>
#include <station/work/points.h>
#include <station/work/register.h>

const char *st_city_reason_text(enum st_city_reason r, enum st_lang lang)
{
	static const char *const texts[ST_CITY_REASON_COUNT][2] = {
#define X(name, zh, en) [ST_CITY_BAD_##name] = { zh, en },
		ST_CITY_REASONS(X)
#undef X
	};
	ST_REQUIRE(r < ST_CITY_REASON_COUNT);
	return texts[r][lang == ST_EN];
}

/* What is said of a file is text: a name that isn't one is left out. */
void city_bad(struct city_reading *r, struct st_span column, enum st_city_reason reason)
{
	struct st_city_file *f = r->file;
	if (f->bad_count == ST_CITY_BAD_MAX) {
		r->full = true;
		return;
	}
	struct st_city_bad *b = &f->bad[f->bad_count++];
	memset(b, 0, sizeof(*b));
	b->row = r->number;
	b->reason = reason;
	if (column.size < sizeof(b->column) && st_text_check(column, sizeof(b->column), false) == 0 &&
	    column.size > 0)
		memcpy(b->column, column.data, column.size);
}

void city_bad_text(struct city_reading *r, const char *column, enum st_city_reason reason)
{
	city_bad(r, st_span_text(column), reason);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Spaces around a cell are none of it, in quotes or not: nobody would find a category that ends with one. */
static struct st_span trimmed(struct st_span s)
{
	while (s.size > 0 && is_space(s.data[s.size - 1]))
		s.size--;
	while (s.size > 0 && is_space(s.data[0]))
		s = st_span(s.data + 1, s.size - 1);
	return s;
}

static void on_field(void *data, size_t size, void *arg)
{
	struct city_reading *r = arg;
	if (r->full)
		return;
	struct st_span cell = trimmed(st_span(data, size));
	if (r->count < FILE_COLUMNS_MAX)
		r->sizes[r->count] = cell.size;
	r->count++;
	r->blank &= cell.size == 0;
	st_buf_put_span(&r->row, cell);
}

static void on_row(int end, void *arg)
{
	struct city_reading *r = arg;
	struct st_span cells[FILE_COLUMNS_MAX];
	const uint8_t *at = r->row.data;
	bool second = end == '\n' && r->ended == '\r' && r->count == 0; /* of CR LF: no line of its own */
	r->ended = end;
	if (r->full || second)
		return;
	r->number++;
	bool wide = r->count > FILE_COLUMNS_MAX || r->row.error < 0;
	for (size_t i = 0; !wide && i < r->count; i++) {
		cells[i] = st_span(at, r->sizes[i]);
		if (r->sizes[i] > 0)
			at += r->sizes[i];
	}
	if (wide)
		city_bad_text(r, "", ST_CITY_BAD_WIDTH);
	else if (r->columns == 0)
		city_take_header(r, cells);
	else if (!(r->blank && r->count <= 1)) /* an empty line is no row */
		city_take_cells(r, cells);
	if (wide && r->columns == 0)
		r->full = true;
	st_buf_clear(&r->row);
	r->count = 0;
	r->blank = true;
}

static int parse(struct city_reading *r, struct st_span csv)
{
	struct csv_parser p;
	static const uint8_t mark[3] = { 0xef, 0xbb, 0xbf };
	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
		return ST_ENOMEM;
	if (csv.size >= sizeof(mark) && memcmp(csv.data, mark, sizeof(mark)) == 0)
		csv = st_span(csv.data + sizeof(mark), csv.size - sizeof(mark));
	size_t n = csv.size == 0 ? 0 : csv_parse(&p, csv.data, csv.size, on_field, on_row, r);
	bool whole = n == csv.size && csv_fini(&p, on_field, on_row, r) == 0;
	int error = csv_error(&p);
	csv_free(&p);
	if (!whole && error != CSV_EPARSE)
		return ST_ENOMEM;
	r->number += !whole && !r->full;
	if (!whole)
		city_bad_text(r, "", ST_CITY_BAD_QUOTES);
	else if (r->columns == 0 && r->file->bad_count == 0) {
		r->number = 1;
		city_bad_text(r, r->table->columns[0].name, ST_CITY_BAD_MISSING);
	}
	return r->value.rc;
}

/* What a whole table must make, beside what each of its cells says: complaints are of a row of the
 * table, and name as many whole characters of the place as a column's name has room for. */
static void bad_line(struct city_reading *r, size_t line, struct st_span place,
		     enum st_city_reason reason)
{
	size_t most = ST_CITY_NAME_MAX - 1, size = place.size < most ? place.size : most;
	while (size > 0 && size < place.size && (place.data[size] & 0xc0) == 0x80)
		size--;
	r->number = line < r->file->rows ? r->numbers[line] : r->number;
	city_bad(r, st_span(place.data, size), reason);
}

static int check_registers(struct city_reading *r)
{
	struct st_register_wrong wrong;
	int rc = st_registers_of_rows(st_buf_span(r->rows), (uint32_t)r->table->column_count, NULL, &wrong);
	if (rc != ST_EFIELD && rc != ST_ETOOBIG)
		return rc;
	bad_line(r, wrong.line, st_span_text(wrong.place), ST_CITY_BAD_SOURCE);
	return 0;
}

static int check_points(struct city_reading *r)
{
	struct st_span word;
	size_t line = 0;
	int rc = st_points_of_rows(st_buf_span(r->rows), (uint32_t)r->table->column_count, NULL, &line, &word);
	if (rc != ST_EFIELD && rc != ST_ETOOBIG)
		return rc;
	st_buf_clear(&r->value.text);
	st_buf_put_text(&r->value.text, "source: ");
	st_buf_put_span(&r->value.text, word);
	bad_line(r, line, st_buf_span(&r->value.text), ST_CITY_BAD_POINTS);
	return 0;
}

static int check_assessment(struct city_reading *r)
{
	struct st_assessment_wrong w;
	int rc = st_assessment_of_rows(st_buf_span(r->rows), (uint32_t)r->table->column_count, NULL, &w);
	if (rc == ST_EFIELD)
		bad_line(r, w.line, st_span_text(w.column), w.reason);
	return rc == ST_EFIELD ? 0 : rc;
}

static int check_whole(struct city_reading *r)
{
	switch (r->table->number) {
	case ST_CITY_registers: return check_registers(r);
	case ST_CITY_points:    return check_points(r);
	case ST_CITY_assessment: return check_assessment(r);
	default:                return 0;
	}
}

int st_city_read(const struct st_city_table *table, struct st_span csv, struct st_buf *rows,
		 struct st_city_file *ret_file)
{
	ST_REQUIRE(table != NULL);
	struct city_reading r = { .table = table, .file = ret_file, .rows = rows, .blank = true };
	ret_file->rows = ret_file->bad_count = 0;
	if (csv.size > ST_CITY_FILE_MAX)
		return ST_ETOOBIG;
	struct st_utf8_sum sum = { .size = 0 };
	st_utf8_add(&sum, csv);
	if (!st_utf8_is(&sum)) { /* said once: each of its cells would be wrong */
		ret_file->bad[ret_file->bad_count++] =
			(struct st_city_bad){ .row = sum.bad_line, .reason = ST_CITY_BAD_ENCODING };
		return ST_EFIELD;
	}
	r.offsets = calloc(table->rows_max, sizeof(*r.offsets));
	r.numbers = calloc(table->rows_max, sizeof(*r.numbers));
	if (r.offsets == NULL || r.numbers == NULL) {
		free(r.offsets);
		free(r.numbers);
		return ST_ENOMEM;
	}
	st_buf_clear(rows);
	st_buf_init(&r.row, ST_CITY_FILE_MAX);
	st_buf_init(&r.cells, ST_CITY_COLUMNS_MAX * (4 * ST_CITY_CELL_MAX));
	st_buf_init(&r.value.text, 4 * ST_CITY_CELL_MAX);
	int rc = parse(&r, csv);
	if (rc == 0 && rows->error == 0 && ret_file->bad_count == 0)
		rc = check_whole(&r);
	if (rc == 0)
		rc = rows->error == ST_ENOMEM || r.row.error == ST_ENOMEM || r.cells.error == ST_ENOMEM ? ST_ENOMEM
		     : ret_file->bad_count > 0 ? ST_EFIELD : 0;
	st_assert(rc < 0 || rows->size <= ST_CITY_ROWS_BYTES_MAX);
	st_buf_done(&r.row);
	st_buf_done(&r.cells);
	st_buf_done(&r.value.text);
	free(r.offsets);
	free(r.numbers);
	return rc;
}
