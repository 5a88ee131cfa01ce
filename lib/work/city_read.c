/* city_read.c - a CSV file of a city table: checked whole, and brought into its one form.
 *
 * Owns:    every reason why a file of city data is wrong, with the row and the column.
 * Promise: 8: nothing of a wrong file takes effect; 9: rows, bytes and complaints are bounded.
 * Flow:    stationctl, api -> city_read -> apply */
#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/text.h>
#include <station/work/assessment.h>
#include <station/work/city.h>
#include <station/work/points.h>
#include <station/work/register.h>

enum { FILE_COLUMNS_MAX = 2 * ST_CITY_COLUMNS_MAX };

struct reading {
	const struct st_city_table *table;
	struct st_city_file *file;
	struct st_buf row, cells, value; /* the file's row, its cells in form, one value at a time */
	size_t sizes[FILE_COLUMNS_MAX];
	size_t count;
	uint64_t number;                     /* of the row, the header being 1 */
	int column[FILE_COLUMNS_MAX];        /* the file's columns, as the table's */
	size_t columns;
	struct st_span setting;              /* of this row: its value is of its type */
	struct st_buf *rows;
	size_t *offsets;                     /* where each row begins in rows */
	uint64_t *numbers;                   /* and which row of the file it is */
	bool blank, full;
	int ended;                           /* by which character the row before was */
	int rc;
};

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
static void bad(struct reading *r, struct st_span column, enum st_city_reason reason)
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

static void bad_text(struct reading *r, const char *column, enum st_city_reason reason)
{
	bad(r, st_span_text(column), reason);
}

/* ---- values ---- */

static int put_number(struct reading *r, struct st_span in, uint64_t min, uint64_t max)
{
	uint64_t v = 0;
	if (in.size == 0 || in.size > 12)
		return ST_CITY_BAD_NUMBER;
	for (size_t i = 0; i < in.size; i++) {
		if (in.data[i] < '0' || in.data[i] > '9')
			return ST_CITY_BAD_NUMBER;
		v = v * 10 + (uint64_t)(in.data[i] - '0');
	}
	if (v < min || v > max)
		return ST_CITY_BAD_NUMBER;
	st_buf_printf(&r->value, "%llu", (unsigned long long)v);
	return -1;
}

static int put_day(struct reading *r, struct st_span in)
{
	uint32_t first = 0, last = 0;
	char text[ST_DAY_TEXT];
	if (in.size != 10 || st_period_parse(in, &first, &last) < 0)
		return ST_CITY_BAD_DAY;
	st_day_text(first, text);
	st_buf_put_text(&r->value, text);
	return -1;
}

static int put_code(struct reading *r, struct st_span in)
{
	struct st_code code;
	if (st_code_parse(in, &code) < 0)
		return ST_CITY_BAD_CODE;
	st_buf_put_span(&r->value, st_code_span(&code));
	return -1;
}

/* A value that the kind's field takes, by its name. */
static int put_field(struct reading *r, const char *path, struct st_span in)
{
	const struct st_field_row *f = st_city_field(path);
	struct st_field value;
	struct st_buf room;
	if (in.size > ST_CITY_CELL_MAX)
		return ST_CITY_BAD_LENGTH;
	st_buf_init(&room, 64 * ST_CITY_CELL_MAX);
	st_buf_reserve(&room, st_field_room(in));
	int rc = room.error < 0 ? room.error : st_field_parse(f, in, &room, &value);
	if (rc == 0)
		st_field_text(f, &value, &r->value);
	if (rc == ST_ENOMEM)
		r->rc = rc;
	st_buf_done(&room);
	return rc < 0 ? ST_CITY_BAD_CHOICE : -1;
}

/* Values with blanks between, each of them checked; in their form with one blank between. */
static int put_fields(struct reading *r, const char *path, struct st_span in)
{
	if (in.size > ST_CITY_CELL_MAX)
		return ST_CITY_BAD_LENGTH;
	for (struct st_span word = st_city_word(&in); word.size > 0; word = st_city_word(&in)) {
		if (r->value.size > 0)
			st_buf_u8(&r->value, ' ');
		int reason = put_field(r, path, word);
		if (reason >= 0)
			return reason;
	}
	return -1;
}

static int put_text(struct reading *r, struct st_span in, uint64_t max)
{
	st_assert(max <= ST_CITY_CELL_MAX);
	if (in.size > ST_CITY_CELL_MAX)
		return ST_CITY_BAD_LENGTH;
	if (st_text_check(in, ST_CITY_CELL_MAX, false) < 0 || st_text_nfc(in, &r->value) < 0)
		return ST_CITY_BAD_TEXT;
	return r->value.size > max ? ST_CITY_BAD_LENGTH : -1;
}

static int put_setting(struct reading *r, struct st_span in)
{
	const struct st_setting *s = st_setting_named(r->setting);
	uint32_t of, whole;
	if (s == NULL)
		return -1; /* its name has been complained of */
	switch (s->type) {
	case ST_SETTING_COUNT:  return put_number(r, in, s->min, s->max);
	case ST_SETTING_FIELDS: return put_fields(r, s->field, in);
	case ST_SETTING_TEXT:   return put_text(r, in, s->max);
	case ST_SETTING_SHARE:
		if (st_share_parse(in, &of, &whole) < 0)
			return ST_CITY_BAD_SHARE;
		st_buf_printf(&r->value, "%u/%u", of, whole);
		return -1;
	}
	return ST_NEVER(true) ? ST_CITY_BAD_SETTING : -1;
}

static int put_name(struct reading *r, struct st_span in)
{
	const struct st_setting *s = st_setting_named(in);
	if (s == NULL)
		return ST_CITY_BAD_SETTING;
	r->setting = st_span_text(s->name);
	st_buf_put_text(&r->value, s->name);
	return -1;
}

static int put_kind(struct reading *r, struct st_span in)
{
	for (size_t i = 0; i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		bool named = st_span_equal(in, st_span_text(k->name)) || st_span_equal(in, st_span_text(k->zh));
		if (!named || k->due_move == 0)
			continue;
		st_buf_put_text(&r->value, k->name);
		return -1;
	}
	return ST_CITY_BAD_KIND;
}

/* The value in its form, to r->value. -1: right; else the reason. */
static int put_value(struct reading *r, const struct st_city_column *c, struct st_span in)
{
	if (in.size == 0)
		return (c->flags & ST_CITY_NEEDED) != 0 ? ST_CITY_BAD_NEEDED : -1;
	if ((c->flags & ST_CITY_ANY) != 0 && in.size == 1 && in.data[0] == '*') {
		st_buf_put_text(&r->value, "*");
		return -1;
	}
	switch (c->type) {
	case ST_CITY_TEXT:  return put_text(r, in, c->max);
	case ST_CITY_COUNT: return put_number(r, in, c->min, c->max);
	case ST_CITY_DAY:   return put_day(r, in);
	case ST_CITY_CODE:  return put_code(r, in);
	case ST_CITY_KIND:  return put_kind(r, in);
	case ST_CITY_NAME:  return put_name(r, in);
	case ST_CITY_VALUE: return put_setting(r, in);
	case ST_CITY_FIELD:
		return (c->flags & ST_CITY_LIST) != 0 ? put_fields(r, c->field, in) : put_field(r, c->field, in);
	case ST_CITY_CHOICE: {
		const struct st_choice *choice = st_choice_named(c->choices, in);
		if (choice == NULL)
			return ST_CITY_BAD_CHOICE;
		st_buf_put_text(&r->value, choice->name);
		return -1;
	}
	}
	return ST_NEVER(true) ? ST_CITY_BAD_TEXT : -1;
}

/* ---- rows ---- */

static void take_header(struct reading *r, const struct st_span *cells)
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
			bad(r, cells[i], ST_CITY_BAD_HEADER);
			continue;
		}
		if ((seen >> r->column[i] & 1) != 0)
			bad(r, cells[i], ST_CITY_BAD_DOUBLE);
		seen |= 1u << r->column[i];
	}
	for (size_t n = 0; n < t->column_count; n++)
		if ((seen >> n & 1) == 0 && (t->columns[n].flags & ST_CITY_NEEDED) != 0)
			bad_text(r, t->columns[n].name, ST_CITY_BAD_MISSING);
	r->columns = r->count;
	if (r->file->bad_count > 0)
		r->full = true; /* rows under a wrong header would all be wrong */
}

static struct st_span row_at(const struct reading *r, size_t i)
{
	size_t end = i + 1 < r->file->rows ? r->offsets[i + 1] : r->rows->size;
	return st_span(r->rows->data + r->offsets[i], end - r->offsets[i]);
}

static bool same_key(const struct reading *r, struct st_span a, struct st_span b)
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

static bool known_key(const struct reading *r)
{
	for (size_t i = 0; i < r->file->rows; i++)
		if (same_key(r, row_at(r, i), st_buf_span(&r->cells)))
			return true;
	return false;
}

/* The row's cells in the table's order and form; those that the file hasn't are empty. */
static void put_cells(struct reading *r, const struct st_span *cells)
{
	const struct st_city_table *t = r->table;
	st_buf_clear(&r->cells);
	r->setting = ST_SPAN_NONE;
	for (size_t n = 0; n < t->column_count; n++) {
		struct st_span in = ST_SPAN_NONE;
		for (size_t i = 0; i < r->columns; i++)
			if (r->column[i] == (int)n)
				in = cells[i];
		st_buf_clear(&r->value);
		int reason = put_value(r, &t->columns[n], in);
		if (reason >= 0)
			bad_text(r, t->columns[n].name, (enum st_city_reason)reason);
		st_buf_varint(&r->cells, r->value.size);
		st_buf_put_span(&r->cells, st_buf_span(&r->value));
	}
}

static void take_cells(struct reading *r, const struct st_span *cells)
{
	size_t before = r->file->bad_count;
	if (r->count != r->columns) {
		bad_text(r, "", ST_CITY_BAD_WIDTH);
		return;
	}
	put_cells(r, cells);
	if (r->file->bad_count > before || r->cells.error < 0)
		return;
	if (known_key(r)) {
		bad_text(r, "", ST_CITY_BAD_TWICE);
		return;
	}
	if (r->file->rows == r->table->rows_max || r->rows->size + r->cells.size > ST_CITY_ROWS_BYTES_MAX) {
		bad_text(r, "", r->file->rows == r->table->rows_max ? ST_CITY_BAD_ROWS : ST_CITY_BAD_SIZE);
		r->full = true;
		return;
	}
	r->offsets[r->file->rows] = r->rows->size;
	r->numbers[r->file->rows] = r->number;
	st_buf_put_span(r->rows, st_buf_span(&r->cells));
	r->file->rows++;
}

static void on_field(void *data, size_t size, void *arg)
{
	struct reading *r = arg;
	if (r->full)
		return;
	if (r->count < FILE_COLUMNS_MAX)
		r->sizes[r->count] = size;
	r->count++;
	r->blank &= size == 0;
	st_buf_put(&r->row, data, size);
}

static void on_row(int end, void *arg)
{
	struct reading *r = arg;
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
		bad_text(r, "", ST_CITY_BAD_WIDTH);
	else if (r->columns == 0)
		take_header(r, cells);
	else if (!(r->blank && r->count <= 1)) /* an empty line is no row */
		take_cells(r, cells);
	if (wide && r->columns == 0)
		r->full = true;
	st_buf_clear(&r->row);
	r->count = 0;
	r->blank = true;
}

static int parse(struct reading *r, struct st_span csv)
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
		bad_text(r, "", ST_CITY_BAD_QUOTES);
	else if (r->columns == 0 && r->file->bad_count == 0) {
		r->number = 1;
		bad_text(r, r->table->columns[0].name, ST_CITY_BAD_MISSING);
	}
	return r->rc;
}

/* What a whole table must make, beside what each of its cells says: complaints are of a row of the
 * table, and name as many whole characters of the place as a column's name has room for. */
static void bad_line(struct reading *r, size_t line, struct st_span place, enum st_city_reason reason)
{
	size_t most = ST_CITY_NAME_MAX - 1, size = place.size < most ? place.size : most;
	while (size > 0 && size < place.size && (place.data[size] & 0xc0) == 0x80)
		size--;
	r->number = line < r->file->rows ? r->numbers[line] : r->number;
	bad(r, st_span(place.data, size), reason);
}

static int check_registers(struct reading *r)
{
	struct st_register_wrong wrong;
	int rc = st_registers_of_rows(st_buf_span(r->rows), (uint32_t)r->table->column_count, NULL, &wrong);
	if (rc != ST_EFIELD && rc != ST_ETOOBIG)
		return rc;
	bad_line(r, wrong.line, st_span_text(wrong.place), ST_CITY_BAD_SOURCE);
	return 0;
}

static int check_points(struct reading *r)
{
	struct st_span word;
	size_t line = 0;
	int rc = st_points_of_rows(st_buf_span(r->rows), (uint32_t)r->table->column_count, NULL, &line, &word);
	if (rc != ST_EFIELD && rc != ST_ETOOBIG)
		return rc;
	st_buf_clear(&r->value);
	st_buf_put_text(&r->value, "source: ");
	st_buf_put_span(&r->value, word);
	bad_line(r, line, st_buf_span(&r->value), ST_CITY_BAD_POINTS);
	return 0;
}

static int check_assessment(struct reading *r)
{
	struct st_assessment_wrong w;
	int rc = st_assessment_of_rows(st_buf_span(r->rows), (uint32_t)r->table->column_count, NULL, &w);
	if (rc == ST_EFIELD)
		bad_line(r, w.line, st_span_text(w.column), w.reason);
	return rc == ST_EFIELD ? 0 : rc;
}

static int check_whole(struct reading *r)
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
	struct reading r = { .table = table, .file = ret_file, .rows = rows, .blank = true };
	ret_file->rows = ret_file->bad_count = 0;
	if (csv.size > ST_CITY_FILE_MAX)
		return ST_ETOOBIG;
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
	st_buf_init(&r.value, 4 * ST_CITY_CELL_MAX);
	int rc = parse(&r, csv);
	if (rc == 0 && rows->error == 0 && ret_file->bad_count == 0)
		rc = check_whole(&r);
	if (rc == 0)
		rc = rows->error == ST_ENOMEM || r.row.error == ST_ENOMEM || r.cells.error == ST_ENOMEM ? ST_ENOMEM
		     : ret_file->bad_count > 0 ? ST_EFIELD : 0;
	st_assert(rc < 0 || rows->size <= ST_CITY_ROWS_BYTES_MAX);
	st_buf_done(&r.row);
	st_buf_done(&r.cells);
	st_buf_done(&r.value);
	free(r.offsets);
	free(r.numbers);
	return rc;
}
