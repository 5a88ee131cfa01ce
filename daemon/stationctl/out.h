/* out.h - between out.c and the forms that a table goes out in. Verbs need ctl.h alone. */
#pragma once
#include <stdio.h>
#include "ctl.h"

/*      name    as the API calls a column's type */
#define OUT_TYPES(X)                                                                               \
	X(TEXT, "text")                                                                            \
	X(COUNT, "count")                                                                          \
	X(NUMBER, "number")                                                                        \
	X(DAYS, "days")                                                                            \
	X(SHARE, "share")                                                                          \
	X(DAY, "day")                                                                              \
	X(TIME, "time")                                                                            \
	X(MONTH, "month")                                                                          \
	X(CODE, "code")
enum out_type {
#define X(name, text) OUT_##name,
	OUT_TYPES(X)
#undef X
	OUT_TYPE_COUNT
};

struct out_column {
	const char *name, *title; /* title in the language of the call */
	enum out_type type;       /* one that isn't known is text */
};

/* One table on its way out. */
struct out {
	const struct args *args;
	const struct sink *sink;
	FILE *to;                     /* not of XLSX */
	const char *name;             /* the file as the person named it; NULL: standard output */
	char *target, *temporary;     /* the file, and what is renamed to it once it is whole */
	json_t *columns_json, *title; /* of the first page; texts of columns borrow from it */
	size_t columns;
	struct out_column column[COLUMNS_MAX];
	unsigned long long rows;      /* gone out so far */
	void *own;                    /* the sink's */
};

/* A form. Each answers 0 or an exit code, whose trouble it has said. `end` gets the last page;
 * `drop` frees what is the sink's own, whether or not all went well. */
struct sink {
	int (*head)(struct out *o);
	int (*row)(struct out *o, const json_t *cells);
	int (*page)(struct out *o); /* after each page; may be NULL */
	int (*end)(struct out *o, const json_t *last);
	void (*drop)(struct out *o); /* may be NULL */
	bool to_file;               /* opens its file itself, and has to have one */
};
extern const struct sink out_screen, out_json, out_csv, out_xlsx;

/* The file can't be written: says so. */
int out_failed(const struct out *o, const char *why);
/* Signals that end it wait from true to false: between a file's making and its being known here. */
void out_hold(bool held);
const char *out_title(const struct out *o);
/* The call as a person would type it, for the sheet that says what the table is. */
void out_question(const struct out *o, char *to, size_t room);
/* A cell as text; `screen` for people, else for programs. Borrows from the cell or from room. */
enum { OUT_CELL_ROOM = 64 };
const char *out_text(const struct out_column *c, const json_t *cell, bool screen,
		     char room[OUT_CELL_ROOM]);
/* What an answer covers, as lines (promise 6: no figure goes without it). */
void out_coverage(FILE *to, const json_t *coverage);
