/* register.h - registers: records in the columns that an office keeps its books in.
 * A register is a view: nothing is written for it. It says which kinds of record it holds, which of
 * them, and where each column's text comes from. All of it is rows of a table (register, order,
 * title in Chinese, title in English, source), the default one's or a city's:
 *
 *   order 0    the register itself. Its source: KIND [WORD...] [+ KIND [WORD...]]..., a word being
 *              state=A,B   in one of these states    TYPE=A,B   the kind's channel, type or who
 *              !FIELD      that field was never given
 *   order 1..  a column. Its source: these with | between them, the first that has a value:
 *              record.DATUM   see ST_REGISTER_DATA      FIELD   the newest value, or several with 、
 *              sex:FIELD      as an identity number says
 *              LINK>FIELD, LINK>record.DATUM            of the records that a field links to */
#pragma once
#include <station/store/store.h>
#include <station/work/command.h> /* ST_PLACE_MAX */
#include <station/work/kind.h>

enum {
	ST_REGISTERS_MAX = 16,
	ST_REGISTER_COLUMNS_MAX = 32,
	ST_REGISTER_KINDS_MAX = 4,
	ST_REGISTER_SOURCES_MAX = 4, /* of one column */
	ST_REGISTER_ABSENT_MAX = 4,  /* !FIELD words of one kind */
	ST_REGISTER_NAME_MAX = 32,
	ST_REGISTER_TITLE_MAX = 96,  /* bytes */
};

/*      name     text, as in the API */
#define ST_CELL_TYPES(X)                                                                           \
	X(TEXT, "text")                                                                            \
	X(COUNT, "count")                                                                          \
	X(DAYS, "days")                                                                            \
	X(DAY, "day")                                                                              \
	X(TIME, "time")                                                                            \
	X(CODE, "code")
enum st_cell_type {
#define X(name, text) ST_CELL_##name,
	ST_CELL_TYPES(X)
#undef X
};
const char *st_cell_type_text(enum st_cell_type type);

/*      name         text           type */
#define ST_REGISTER_DATA(X)                                                                        \
	X(ROW, "row", COUNT)       /* its number on the list */                                    \
	X(NUMBER, "number", CODE)                                                                  \
	X(KIND, "kind", TEXT)                                                                      \
	X(STATE, "state", TEXT)                                                                    \
	X(OPENED, "opened", DAY)                                                                   \
	X(OPENED_AT, "opened_at", TIME)                                                            \
	X(DUE, "due", DAY)                                                                         \
	X(FIRST_DUE, "first_due", DAY)                                                             \
	X(CHANGED, "changed", DAY) /* the day of its newest change */                              \
	X(CLOSED, "closed", DAY)                                                                   \
	X(DAYS, "days", DAYS)      /* from opening to end */                                       \
	X(OPENER, "opener", CODE)                                                                  \
	X(OPENER_NAME, "opener_name", TEXT)                                                        \
	X(HOLDER, "holder", CODE)                                                                  \
	X(HOLDER_NAME, "holder_name", TEXT)                                                        \
	X(HANDED, "handed", COUNT) /* times that its holder changed */                             \
	X(REOPENED, "reopened", COUNT)                                                             \
	X(HANDLED, "handled", TEXT) /* its moves after the opening, by name */                     \
	X(AUTHOR, "author", TEXT)   /* who opened it, and who changed it last */                   \
	X(HANDLER, "handler", TEXT)                                                                \
	X(REMARKS, "remarks", TEXT) /* all of them, notes' too */
enum st_register_datum {
#define X(name, text, type) ST_DATUM_##name,
	ST_REGISTER_DATA(X)
#undef X
	ST_DATUM_COUNT
};

enum st_source_what { ST_SOURCE_DATUM, ST_SOURCE_FIELD, ST_SOURCE_SEX };
struct st_register_source {
	enum st_source_what what;
	enum st_register_datum datum;
	char field[ST_REGISTER_NAME_MAX + 1];
	char link[ST_REGISTER_NAME_MAX + 1]; /* empty: of the record itself */
};
struct st_register_column {
	uint32_t order;
	char name[ST_REGISTER_NAME_MAX + 16]; /* for programs: its first source's, made unique */
	char zh[ST_REGISTER_TITLE_MAX + 1], en[ST_REGISTER_TITLE_MAX + 1];
	enum st_cell_type type;
	size_t count;
	struct st_register_source sources[ST_REGISTER_SOURCES_MAX];
};
struct st_register_kind {
	uint32_t kind;
	uint64_t states, channels; /* bits 1 << number; 0: any */
	size_t absent_count;
	uint32_t absent[ST_REGISTER_ABSENT_MAX]; /* field ids */
};
struct st_register {
	char name[ST_REGISTER_NAME_MAX + 1];
	char zh[ST_REGISTER_TITLE_MAX + 1], en[ST_REGISTER_TITLE_MAX + 1];
	size_t kind_count, column_count;
	struct st_register_kind kinds[ST_REGISTER_KINDS_MAX];
	struct st_register_column columns[ST_REGISTER_COLUMNS_MAX];
};
struct st_registers {
	size_t count;
	struct st_register rows[ST_REGISTERS_MAX];
};

/* One row of the table. */
struct st_register_line {
	struct st_span reg;
	uint32_t order;
	struct st_span zh, en, source;
};
struct st_register_wrong {
	size_t line;
	char place[ST_PLACE_MAX]; /* the column of the table, the word, and what may stand there */
};
/* Reads a whole table, sorted by register and order; *ret_registers is to be freed with free().
 * ST_EFIELD and ST_ETOOBIG with *reterr: nothing of it is taken. */
ST_MUST int st_registers_read(const struct st_register_line *lines, size_t count,
			      struct st_registers **ret_registers,
			      struct st_register_wrong *reterr);
/* Those of the city's table in force on a day; the default ones where there is none, or none that
 * this version can read. */
ST_MUST int st_registers_load(struct st_txn *t, uint32_t day, struct st_registers **ret_registers);
/* The rows of a city's table (work/city.h), checked as st_registers_read does. *ret_registers may
 * be NULL. */
ST_MUST int st_registers_of_rows(struct st_span rows, uint32_t columns,
				 struct st_registers **ret_registers,
				 struct st_register_wrong *reterr);
/* The default ones' rows. */
const struct st_register_line *st_register_defaults(size_t *ret_count);
/* By name, by title or by number from 1; NULL. */
const struct st_register *st_register_named(const struct st_registers *all, const char *name);
