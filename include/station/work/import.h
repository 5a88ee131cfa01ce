/* import.h - the canonical CSV of cases (README, "Import format"), row by row.
 * A reader is fed bytes in pieces of any size and calls back once a row, with the row's number in
 * the file (the header is row 1) or with what is wrong and where. A plan turns a row and what the
 * store already has of it into the moves that are still missing, so importing twice adds nothing. */
#pragma once
#include <station/work/command.h>

enum { ST_CSV_FIELD_MAX = 32 * 1024, ST_IMPORT_MOVES_MAX = 8, ST_IMPORT_COLUMNS = 15,
       ST_IMPORT_ROWS_MAX = 1024 /* in one job */ };

/*      name               column text */
#define ST_IMPORT_FIELDS(X)                                                                        \
	X(NUMBER, "number")                                                                        \
	X(OPENED_AT, "opened_at")                                                                  \
	X(DUE_AT, "due_at")                                                                        \
	X(CLOSED_AT, "closed_at")                                                                  \
	X(STATE, "state")                                                                          \
	X(CHANNEL, "channel")                                                                      \
	X(CATEGORY, "category")                                                                    \
	X(SUBCATEGORY, "subcategory")                                                              \
	X(DISTRICT, "district")                                                                    \
	X(SUB_DISTRICT, "sub_district")                                                            \
	X(AGENCY, "agency")                                                                        \
	X(TITLE, "title")                                                                          \
	X(TEXT, "text")                                                                            \
	X(REPLY, "reply")                                                                          \
	X(DUPLICATE_OF, "duplicate_of")
enum st_import_column {
#define X(name, text) ST_COL_##name,
	ST_IMPORT_FIELDS(X)
#undef X
};
const char *st_import_column_name(enum st_import_column c);

struct st_import_row {
	uint64_t row; /* in the file, the header being row 1 */
	struct st_span column[ST_IMPORT_COLUMNS]; /* line ends as LF; die with the callback */
};
/* rc 0: a row with as many columns as the header; otherwise ST_EFIELD, ST_ETOOBIG or ST_EWIRE and
 * only row->row and `column` (the name, or "" for the whole row) are set. Non-zero stops the reader. */
typedef int st_import_row_fn(const struct st_import_row *row, int rc, const char *column, void *arg);

struct st_import_reader;
ST_MUST int st_import_reader_new(st_import_row_fn *fn, void *arg, struct st_import_reader **ret_r);
void st_import_reader_free(struct st_import_reader *r);
/* first: row number that the next data row gets when the piece before it was read elsewhere (a body
 * that begins with the header again); 0: count from the file's start. */
void st_import_reader_start_at(struct st_import_reader *r, uint64_t first);
/* ST_EFIELD: the header isn't the canonical one. ST_EWIRE: a row without an end (fn was told why: broken
 * quotes, or ST_ETOOBIG), so nothing after it can be read. Or what fn answered. */
ST_MUST int st_import_feed(struct st_import_reader *r, struct st_span bytes);
ST_MUST int st_import_end(struct st_import_reader *r);

/* A row, read and checked: times, state, channel, lengths, UTF-8. ST_EFIELD or ST_ETOOBIG with the
 * column's name and a word for the reason: missing, time, order, state, open, due, value, length. */
struct st_import_case {
	uint64_t row;
	int64_t opened_ms, closed_ms; /* closed_ms 0: open */
	uint32_t due_day;
	bool closed;
	struct st_span column[ST_IMPORT_COLUMNS];
};
ST_MUST int st_import_check(const struct st_import_row *row, struct st_import_case *ret_case,
			    const char **reterr_column, const char **reterr_reason);
/* A row's identity in this store: 16 bytes for store/records.h sources. */
void st_import_source(struct st_span source, struct st_span number, uint8_t ret_hash[16]);

/* The moves that bring a record from where it is (NULL: nowhere) to where the row says. Fields borrow
 * from the case and from the moves. Their count, 0: nothing new; ST_EMOVE: the record has gone another way here. */
struct st_import_move {
	const char *move;
	int64_t at_ms; /* 0: the row doesn't say */
	struct st_command_field fields[16];
	size_t field_count;
	char text[ST_PLACE_MAX]; /* what a field's value borrows when the case doesn't have it as text */
};
ST_MUST int st_import_plan(const struct st_import_case *c, struct st_span source,
			   const struct st_record *r, struct st_import_move moves[ST_IMPORT_MOVES_MAX]);
