/* import.c - the canonical CSV, read as it comes.
 *
 * Owns:    rows and their numbers, and every reason why one is bad.
 * Promise: 8: a bad row is named with its place; 9: no row takes more than its limit.
 * Flow:    api, stationctl -> import -> plan -> apply */
#include <station/work/import.h>
#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/utf8.h>
#include <station/base/text.h>
#include "kinds.h"

/* CELL_STEP: libcsv makes room for a cell in such steps; in its own, of 128 bytes, a large cell is copied for each. */
enum { SLICE = 4096, CELL_STEP = 8192, ROW_MAX = ST_IMPORT_COLUMNS * ST_CSV_FIELD_MAX };

static const char *const columns[ST_IMPORT_COLUMNS] = {
#define X(name, text) [ST_COL_##name] = text,
	ST_IMPORT_FIELDS(X)
#undef X
};

struct st_import_reader {
	struct csv_parser parser;
	st_import_row_fn *fn;
	void *arg;
	struct st_buf row;
	size_t sizes[ST_IMPORT_COLUMNS];
	size_t count;
	size_t since_row; /* bytes fed since the last row's end */
	uint64_t next_row;
	bool header_seen, begun, blank;
	int rc;
};

const char *st_import_column_name(enum st_import_column c)
{
	ST_REQUIRE((size_t)c < ST_IMPORT_COLUMNS);
	return columns[c];
}

int st_import_reader_new(st_import_row_fn *fn, void *arg, struct st_import_reader **ret_r)
{
	struct st_import_reader *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return ST_ENOMEM;
	if (csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
		free(r);
		return ST_ENOMEM;
	}
	csv_set_blk_size(&r->parser, CELL_STEP);
	st_buf_init(&r->row, ROW_MAX);
	r->fn = fn;
	r->arg = arg;
	r->next_row = 2;
	r->blank = true;
	*ret_r = r;
	return 0;
}

void st_import_reader_free(struct st_import_reader *r)
{
	if (r == NULL)
		return;
	csv_free(&r->parser);
	st_buf_done(&r->row);
	free(r);
}

void st_import_reader_start_at(struct st_import_reader *r, uint64_t first)
{
	r->next_row = first == 0 ? 2 : first;
}

/* RFC 4180 lets a field hold CRLF; a text's own line end is LF. The size that was put. */
static size_t put_lines(struct st_buf *to, const uint8_t *data, size_t size)
{
	size_t from = 0, put = 0;
	for (size_t i = 0; i < size; i++) {
		bool crlf = data[i] == '\r' && i + 1 < size && data[i + 1] == '\n';
		if (!crlf && i + 1 < size)
			continue;
		size_t n = i - from + (crlf ? 0u : 1u);
		st_buf_put(to, data + from, n);
		put += n;
		from = i + 1;
	}
	return put;
}

static void on_field(void *data, size_t size, void *arg)
{
	struct st_import_reader *r = arg;
	size_t put = put_lines(&r->row, data, size);
	if (r->count < ST_IMPORT_COLUMNS)
		r->sizes[r->count] = put;
	r->count++;
	r->blank &= size == 0;
}

static int check_header(const struct st_import_reader *r, const struct st_import_row *row)
{
	if (r->count != ST_IMPORT_COLUMNS)
		return ST_EFIELD;
	for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++)
		if (!st_span_equal(row->column[i], st_span_text(columns[i])))
			return ST_EFIELD;
	return 0;
}

static int give_row(struct st_import_reader *r)
{
	struct st_import_row row = { .row = r->next_row };
	const uint8_t *at = r->row.data;
	if (r->row.error == ST_ENOMEM)
		return ST_ENOMEM; /* not the row's fault */
	if (r->row.error < 0) { /* its cells aren't all here, and none is looked at */
		r->next_row += r->header_seen;
		return r->fn(&row, r->row.error, "", r->arg);
	}
	for (size_t i = 0; i < ST_IMPORT_COLUMNS && i < r->count; i++) {
		row.column[i] = st_span(at, r->sizes[i]);
		if (st_text_blank(row.column[i]))
			row.column[i] = ST_SPAN_NONE; /* sources pad what they don't know */
		if (r->sizes[i] > 0)
			at += r->sizes[i];
	}
	if (!r->header_seen) {
		r->header_seen = true;
		return check_header(r, &row);
	}
	r->next_row++;
	if (r->count != ST_IMPORT_COLUMNS)
		return r->fn(&row, ST_EFIELD, "", r->arg);
	for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++)
		if (r->sizes[i] > ST_CSV_FIELD_MAX)
			return r->fn(&row, ST_ETOOBIG, columns[i], r->arg);
	return r->fn(&row, 0, "", r->arg);
}

static void on_row(int end, void *arg)
{
	struct st_import_reader *r = arg;
	(void)end;
	bool blank = r->blank && r->count <= 1; /* an empty line is no row */
	if (r->rc == 0 && !blank)
		r->rc = give_row(r);
	st_buf_clear(&r->row);
	r->count = 0;
	r->blank = true;
	r->since_row = 0;
}

static int broken(struct st_import_reader *r, int why)
{
	struct st_import_row row = { .row = r->next_row };
	int rc = r->fn(&row, why, "", r->arg);
	return rc != 0 ? rc : ST_EWIRE; /* quotes that don't end: what follows has no rows */
}

int st_import_feed(struct st_import_reader *r, struct st_span bytes)
{
	static const uint8_t bom[3] = { 0xef, 0xbb, 0xbf };
	if (!r->begun && bytes.size >= 3 && memcmp(bytes.data, bom, 3) == 0)
		bytes = st_span(bytes.data + 3, bytes.size - 3);
	r->begun |= bytes.size > 0;
	while (bytes.size > 0 && r->rc == 0) {
		size_t n = bytes.size < SLICE ? bytes.size : SLICE;
		r->since_row += n;
		if (csv_parse(&r->parser, bytes.data, n, on_field, on_row, r) != n)
			return r->rc != 0 ? r->rc : broken(r, ST_EWIRE);
		if (r->since_row > ROW_MAX)
			return broken(r, ST_ETOOBIG);
		bytes = st_span(bytes.data + n, bytes.size - n);
	}
	return r->rc;
}

int st_import_end(struct st_import_reader *r)
{
	if (r->rc == 0 && csv_fini(&r->parser, on_field, on_row, r) != 0)
		return broken(r, ST_EWIRE);
	if (r->rc == 0 && !r->header_seen)
		return ST_EFIELD;
	return r->rc;
}

struct reason {
	const char **column, **reason;
};

static int bad(struct reason *why, enum st_import_column c, const char *reason, int rc)
{
	*why->column = columns[c];
	*why->reason = reason;
	return rc;
}

static int check_time(const struct st_import_row *row, enum st_import_column c, bool needed,
		      int64_t *ret_ms, struct reason *why)
{
	*ret_ms = 0;
	if (row->column[c].size == 0)
		return needed ? bad(why, c, "missing", ST_EFIELD) : 0;
	int rc = st_time_parse(row->column[c], ret_ms);
	if (rc < 0 || *ret_ms <= 0)
		return bad(why, c, "time", ST_EFIELD);
	return 0;
}

/* What a column becomes as a field of the matter. */
static const struct {
	enum st_import_column column;
	const char *field;
} field_of[] = {
	{ ST_COL_CHANNEL, "channel" }, { ST_COL_CATEGORY, "category" },
	{ ST_COL_SUBCATEGORY, "subcategory" }, { ST_COL_AGENCY, "unit" }, { ST_COL_TITLE, "title" },
	{ ST_COL_TEXT, "text" }, { ST_COL_REPLY, "reply" }, { ST_COL_DUPLICATE_OF, "duplicate_of" },
	{ ST_COL_NUMBER, "source_number" },
};

static const char *why_not(struct st_span value, const struct st_field_row *field, int rc)
{
	struct st_utf8_sum sum = { .size = 0 };
	st_utf8_add(&sum, value);
	if (sum.bad > 0 || sum.left > 0)
		return "encoding";
	return rc == ST_ETOOBIG ? "length" : field->choices != NULL ? field->name : "value";
}

static int check_values(const struct st_import_row *row, struct reason *why)
{
	struct st_buf scratch;
	int rc = 0;
	st_buf_init(&scratch, 4 * ST_CSV_FIELD_MAX);
	for (size_t i = 0; rc == 0 && i < sizeof(field_of) / sizeof(field_of[0]); i++) {
		const struct st_field_row *field =
			st_kind_field_named(&kind_matter, st_span_text(field_of[i].field));
		struct st_field value;
		if (row->column[field_of[i].column].size == 0)
			continue;
		st_buf_clear(&scratch);
		st_buf_reserve(&scratch, st_field_room(row->column[field_of[i].column]));
		rc = st_field_parse(field, row->column[field_of[i].column], &scratch, &value);
		if (rc < 0)
			rc = bad(why, field_of[i].column, why_not(row->column[field_of[i].column], field, rc), rc);
	}
	st_buf_done(&scratch);
	return rc;
}

int st_import_check(const struct st_import_row *row, struct st_import_case *ret_case,
		    const char **reterr_column, const char **reterr_reason)
{
	struct reason why = { reterr_column, reterr_reason };
	struct st_import_case c = { .row = row->row };
	int64_t due = 0;
	memcpy(c.column, row->column, sizeof(c.column));
	c.closed = st_span_equal(row->column[ST_COL_STATE], st_span_text("closed"));
	if (!c.closed && !st_span_equal(row->column[ST_COL_STATE], st_span_text("open")))
		return bad(&why, ST_COL_STATE, "state", ST_EFIELD);
	if (!c.closed && row->column[ST_COL_CLOSED_AT].size > 0)
		return bad(&why, ST_COL_CLOSED_AT, "open", ST_EFIELD);
	if (row->column[ST_COL_NUMBER].size == 0)
		return bad(&why, ST_COL_NUMBER, "missing", ST_EFIELD);
	if (row->column[ST_COL_CATEGORY].size == 0)
		return bad(&why, ST_COL_CATEGORY, "missing", ST_EFIELD);
	if (row->column[ST_COL_CHANNEL].size == 0)
		return bad(&why, ST_COL_CHANNEL, "missing", ST_EFIELD);
	int rc = check_time(row, ST_COL_OPENED_AT, true, &c.opened_ms, &why);
	if (rc == 0)
		rc = check_time(row, ST_COL_DUE_AT, false, &due, &why);
	if (rc == 0)
		rc = check_time(row, ST_COL_CLOSED_AT, c.closed, &c.closed_ms, &why);
	if (rc == 0 && c.closed && c.closed_ms < c.opened_ms)
		rc = bad(&why, ST_COL_CLOSED_AT, "order", ST_EFIELD);
	if (rc == 0)
		rc = check_values(row, &why);
	if (rc < 0)
		return rc;
	c.due_day = due == 0 ? 0 : st_day_of_ms(due);
	if (c.due_day != 0 && c.due_day < st_day_of_ms(c.opened_ms))
		return bad(&why, ST_COL_DUE_AT, "due", ST_EFIELD);
	*ret_case = c;
	return 0;
}

void st_import_source(struct st_span source, struct st_span number, uint8_t ret_hash[16])
{
	/* Two FNV-1a runs from different starts: enough to tell the rows of honest files apart. Before them
	 * the number's digits, so that rows that follow one another in a file lie together in the table. */
	uint64_t h[2] = { 1469598103934665603ull, 0x9e3779b97f4a7c15ull }, digits = 0;
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < source.size; i++)
			h[k] = (h[k] ^ source.data[i]) * 1099511628211ull;
		h[k] = (h[k] ^ 0x100) * 1099511628211ull;
		for (size_t i = 0; i < number.size; i++)
			h[k] = (h[k] ^ number.data[i]) * 1099511628211ull;
		h[k] ^= h[k] >> 29;
	}
	for (size_t i = 0; i < number.size; i++)
		if (number.data[i] >= '0' && number.data[i] <= '9')
			digits = digits * 10 + (uint64_t)(number.data[i] - '0');
	st_put_u64(ret_hash, digits << 16 | h[1] >> 48);
	st_put_u64(ret_hash + 8, h[0]);
}
