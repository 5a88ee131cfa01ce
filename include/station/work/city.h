/* city.h - what differs between cities, as tables that main issues to all stations: categories, deadlines,
 * working days, registers, points, assessment and their like. One mechanism: a table is columns with types and limits;
 * nothing that walks them knows a table by name. Numbers and the places of columns are in events for ever:
 * new ones stand last.
 *
 * Life: a CSV file is checked whole (st_city_read), becomes rows in their one form, and these an event
 * (event/event.h st_city); each version stands in the store (store/city.h). A record is judged by the
 * version in force on the day it was opened. */
#pragma once
#include <station/store/city.h>
#include <station/work/kind.h>

/*      number  name */
#define ST_CITY_TABLES(X)                                                                          \
	X(1, categories)                                                                           \
	X(2, focus)                                                                                \
	X(3, deadlines)                                                                            \
	X(4, workdays)                                                                             \
	X(5, registers)                                                                            \
	X(6, points)                                                                               \
	X(7, schedules)                                                                            \
	X(8, guides)                                                                               \
	X(9, settings)                                                                             \
	X(10, assessment)
enum st_city_table_number {
#define X(number, name) ST_CITY_##name = (number),
	ST_CITY_TABLES(X)
#undef X
};

enum st_city_type {
	ST_CITY_TEXT,   /* max: bytes */
	ST_CITY_COUNT,  /* a number from min to max */
	ST_CITY_DAY,    /* 2026-02-17 */
	ST_CITY_CHOICE, /* one of choices[], by its name or its Chinese text */
	ST_CITY_CODE,   /* a station's code */
	ST_CITY_KIND,   /* a record kind with deadlines, by name */
	ST_CITY_FIELD,  /* a value of a field of a kind: "schedule.weekdays" */
	ST_CITY_NAME,   /* a setting's name */
	ST_CITY_VALUE,  /* a setting's value: of the type that its name has */
};
/* NEEDED: never empty. ANY: "*" stands for every value. LIST: several, with blanks between. */
enum { ST_CITY_NEEDED = 1, ST_CITY_ANY = 2, ST_CITY_LIST = 4 };

struct st_city_column {
	const char *name;
	enum st_city_type type;
	uint32_t flags;
	uint64_t min, max;
	const struct st_choice *choices;
	const char *field; /* of ST_CITY_FIELD: KIND.FIELD */
	const char *zh, *en;
};
struct st_city_table {
	uint32_t number;
	const char *name, *zh, *en;
	const struct st_city_column *columns;
	size_t column_count;
	uint32_t key; /* bits 1 << column: no two rows have them all alike */
	size_t rows_max;
};
size_t st_city_table_count(void);
const struct st_city_table *st_city_table_at(size_t i);
const struct st_city_table *st_city_table(uint32_t number); /* NULL: not known to this version */
const struct st_city_table *st_city_table_named(struct st_span name);
/* The table that a file is for: "/etc/city/categories.csv" is categories. */
const struct st_city_table *st_city_table_of_file(const char *path);

/* Settings: a closed list, each with its type and range. SHARE: a part of a whole, "2/3". */
enum st_setting_type { ST_SETTING_COUNT, ST_SETTING_SHARE, ST_SETTING_FIELDS, ST_SETTING_TEXT };
struct st_setting {
	const char *name;
	enum st_setting_type type;
	uint64_t min, max;  /* of a number; max: bytes of a text */
	const char *field;  /* FIELDS: values of KIND.FIELD, with blanks between */
	bool working;       /* a number of days: working days */
	const char *usual;  /* where the city says nothing */
	const char *zh, *en;
};
const struct st_field_row *st_city_field(const char *path); /* "visit.who"; the path is right */
/* The next of names with blanks between, cut off *rest; empty: there are no more. */
struct st_span st_city_word(struct st_span *rest);
size_t st_setting_count(void);
const struct st_setting *st_setting_at(size_t i);
const struct st_setting *st_setting_named(struct st_span name);
/* "2/3" as its two numbers. ST_EFIELD. */
ST_MUST int st_share_parse(struct st_span text, uint32_t *ret_of, uint32_t *ret_whole);

/* What can be wrong with a file, told by row and column. */
/*      name      Chinese                                English */
#define ST_CITY_REASONS(X)                                                                         \
	X(HEADER, "表里没有这一列", "the table has no such column")                                \
	X(DOUBLE, "这一列出现两次", "this column stands twice")                                    \
	X(MISSING, "缺少这一列", "this column is missing")                                         \
	X(NEEDED, "不能为空", "must not be empty")                                                 \
	X(NUMBER, "应为整数, 且在范围内", "must be a whole number within its range")               \
	X(DAY, "应为日期, 如 2026-02-17", "must be a day, e.g. 2026-02-17")                        \
	X(CHOICE, "不是可选的值", "none of the values there are")                                  \
	X(CODE, "不是站码", "no station's code")                                                   \
	X(KIND, "不是有期限的类", "no kind of record that has deadlines")                          \
	X(SETTING, "没有这项设置", "there is no such setting")                                     \
	X(SHARE, "应为份额, 如 2/3", "must be a share, e.g. 2/3")                                  \
	X(LENGTH, "超过长度上限", "too long")                                                      \
	X(TEXT, "应为 UTF-8 文字, 不含控制字符", "must be UTF-8 text without control characters")  \
	X(TWICE, "与前面一行的键相同", "has the same key as a row before")                         \
	X(WIDTH, "列数与表头不同", "hasn't as many columns as the header")                         \
	X(QUOTES, "引号不成对或位置不对", "a quote has no end or stands amiss")                    \
	X(ROWS, "行数超过此表上限", "more rows than the table may have")                           \
	X(SOURCE, "登记簿的这一行读不懂", "no register can be made of this row")                   \
	X(POINTS, "积分来源应为 类.字段 [类型=值,...], 如 activity.deputies type=training",            \
	  "a source is KIND.FIELD [TYPE=VALUE,...], e.g. activity.deputies type=training")         \
	X(COUNTED, "此项按比例计, 不填", "this line is a share: leave it empty")                   \
	X(MOST, "不能高于满分 (most)", "must not be more than the line's most")                    \
	X(SIZE, "此表超过 60,000 字节, 请精简", "the table has more than 60,000 bytes; shorten it") \
	X(ENCODING, "自此行起不是 UTF-8 (多半是 GBK): 先转换 (iconv -f GB18030 -t UTF-8), 或在 Excel 中另存为 CSV UTF-8", \
	  "from here on it isn't UTF-8, but GBK most likely: convert it (iconv -f GB18030 -t UTF-8), or save it as CSV UTF-8")
enum st_city_reason {
#define X(name, zh, en) ST_CITY_BAD_##name,
	ST_CITY_REASONS(X)
#undef X
	ST_CITY_REASON_COUNT
};
const char *st_city_reason_text(enum st_city_reason r, enum st_lang lang);

enum { ST_CITY_BAD_MAX = 50, ST_CITY_FILE_MAX = 1024 * 1024, ST_CITY_CELL_MAX = 1000, ST_CITY_NAME_MAX = 60 };
struct st_city_bad {
	uint64_t row; /* the header is row 1 */
	char column[ST_CITY_NAME_MAX];
	enum st_city_reason reason;
};
struct st_city_file {
	size_t rows, bad_count; /* bad_count: those listed; reading stops at the last one there is room for */
	struct st_city_bad bad[ST_CITY_BAD_MAX];
};
/* Reads a whole CSV (UTF-8, with a byte order mark or none) and checks every row. rows gets the table in its
 * one form. ST_EFIELD: the file is wrong, and ret_file says where; ST_ETOOBIG: larger than ST_CITY_FILE_MAX. */
ST_MUST int st_city_read(const struct st_city_table *table, struct st_span csv, struct st_buf *rows,
			 struct st_city_file *ret_file);
/* One cell, quoted where CSV asks for it. */
void st_city_put_csv(struct st_buf *to, struct st_span cell);

/* Walks rows of any version: cells that it hasn't are empty, those beyond the table's are left out. */
struct st_city_rows {
	struct st_reader reader;
	uint32_t columns;
	struct st_span cells[ST_CITY_COLUMNS_MAX];
};
struct st_city_rows st_city_rows(struct st_span rows, uint32_t columns);
bool st_city_rows_next(struct st_city_rows *r);
size_t st_city_rows_count(struct st_span rows, uint32_t columns);
/* The number that a cell says; `usual` where it is empty or no number. */
uint64_t st_city_number(struct st_span cell, uint64_t usual);
