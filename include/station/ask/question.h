/* question.h - the questions that a city office asks, each a named report with columns of its own.
 * One table holds them (lib/ask/question.c): number, name, columns, what each takes. Any tier
 * answers them over its own subtree, and says which stations an answer covers (promise 6).
 *
 * Counts come from tallies, from the facets of records and from kinds of few records: no question
 * looks at every matter. What is opened counts under the station that opened it; everything else
 * under the holder. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/command.h> /* ST_PLACE_MAX */

/*      name     text, as in the API */
#define ST_ANSWER_TYPES(X)             \
	X(TEXT, "text")                \
	X(COUNT, "count")              \
	X(NUMBER, "number")            \
	X(DAYS, "days")                \
	X(SHARE, "share") /* 0 to 1 */ \
	X(DAY, "day")                  \
	X(TIME, "time")                \
	X(MONTH, "month")              \
	X(CODE, "code")
enum st_answer_type {
#define X(name, text) ST_ANSWER_##name,
	ST_ANSWER_TYPES(X)
#undef X
};
const char *st_answer_type_text(enum st_answer_type type);

struct st_question_column {
	const char *name, *zh, *en;
	enum st_answer_type type;
};

/* What a question's period is: it has none, any days, or whole months. */
enum st_period_shape { ST_PERIOD_NONE, ST_PERIOD_DAYS, ST_PERIOD_MONTHS };
/* What it is when nobody names one: all that there is, or this month, quarter or year. */
enum st_period_usual { ST_USUAL_ALL, ST_USUAL_MONTH, ST_USUAL_QUARTER, ST_USUAL_YEAR };

enum {
	ST_QUESTION_COLUMNS_MAX = 24,
	ST_ANSWER_TEXT_MAX = 600, /* bytes of one cell; what is longer is cut */
	ST_ANSWER_ROWS_MAX = 20000,
	ST_ANSWER_LOOKED_MAX = 1000000, /* rows of an index that one question goes through */
};

struct asking;
struct st_city_table;
struct st_question {
	uint32_t number; /* as the office counts them, from 1 */
	const char *name, *zh, *en;
	const char *note_zh, *note_en; /* what counts, in a sentence */
	const struct st_question_column *columns;
	size_t column_count;
	enum st_period_shape period;
	enum st_period_usual usual;
	bool of_record; /* it is asked of one record */
	int (*answer)(struct asking *a);
};
size_t st_question_count(void);
const struct st_question *st_question_at(size_t i); /* in order of their numbers */
/* In people's words: what periods it takes, and which one where none is given. */
const char *st_question_period(const struct st_question *q, bool en);
const char *st_question_usual(const struct st_question *q, bool en);
/* By name or by number; NULL. */
const struct st_question *st_question_named(const char *name);

/* A period as people write it: from and to (2026-07-01 or 2026-07), or one of month (2026-07),
 * quarter (2026-Q3) and year (2026). NULL: not given. */
struct st_period_words {
	const char *from, *to, *month, *quarter, *year;
};
/* Days, 0: open end. ST_EFIELD with reterr_place: the word that is wrong, and the form it should
 * have. */
ST_MUST int st_period_read(const struct st_period_words *w, enum st_lang lang, uint32_t *ret_from,
			   uint32_t *ret_to, char reterr_place[ST_PLACE_MAX]);

struct st_ask {
	const struct st_question *question;
	uint32_t from_day, to_day; /* both 0: what is usual for the question */
	struct st_code station;    /* this one and all below it; empty: of the whole subtree */
	struct st_span record;     /* number or id, where the question is of one */
	int64_t now_ms;
	enum st_lang lang; /* of choices, states and the like in cells, and of reterr_place */
};
struct st_answer_cell {
	enum st_answer_type type;
	bool empty;
	uint64_t number;  /* COUNT; DAY, MONTH: as in clock.h */
	int64_t ms;       /* TIME */
	double real;      /* NUMBER, DAYS, SHARE */
	const char *text; /* TEXT, CODE; dies with the callback */
};
typedef int st_answer_fn(const struct st_answer_cell *cells, size_t count, void *arg);

struct st_answered {
	uint32_t from_day, to_day; /* the period that was answered for; 0: open end */
	size_t rows, station_count;
	bool *covers; /* [station number]; to be freed */
	/* A city's table that was never issued, so that what it decides is left empty; NULL. */
	const struct st_city_table *lacks;
};
/* Gives the answer's rows to fn, in order. ST_EFIELD with reterr_place: the parameter that is
 * wrong, and what would be right; ST_ENOTFOUND: no such record; ST_ETOOBIG: a shorter period would
 * do. */
ST_MUST int st_ask(struct st_txn *t, const struct st_ask *q, st_answer_fn *fn, void *arg,
		   struct st_answered *ret, char reterr_place[ST_PLACE_MAX]);
