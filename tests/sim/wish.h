/* wish.h - one thing that a clerk wants: a move or a note of any kind's table, its fields, and what
 * he may expect of it. */
#pragma once
#include "sim.h"

enum {
	WISH_FIELDS_MAX = 40, WISH_LONG_MAX = 7900, WISH_VALUE_MAX = 96,
	WISH_BYTES_MAX = WISH_LONG_MAX + 4096,
};
/* What the model knows of the answer, the later ones outweigh. EITHER: it hangs on what only other
 * stations know. NEVER: it is wrong in itself, whatever state the record is in. */
enum expect { LEGAL, EITHER, ILLEGAL, NEVER };

struct wish {
	struct station *station, *opener;
	size_t record; /* of the opener's told records; SIZE_MAX: a new one */
	struct station *joins_of; /* of a merge: whose record it goes into; NULL: none */
	size_t joins;
	const struct st_kind *kind;
	const struct st_move_row *move; /* NULL: a note */
	enum expect expect;
	bool answered;
	size_t twin; /* of the station's told records, counted from 1: one that is entered already; 0: none is known */
	char entered[WISH_VALUE_MAX]; /* by which it is known; "": by nothing */
	struct st_command_field fields[WISH_FIELDS_MAX];
	size_t field_count;
	char number[NUMBER_MAX];
	size_t used;
	char values[WISH_BYTES_MAX];
};

struct wish *wish_new(struct station *s, const struct st_kind *k, const struct st_move_row *move);
/* About a record that was told of, as its number says. */
void wish_about(struct wish *w, struct station *opener, struct told_record *r);
struct told_record *wish_record(struct wish *w); /* NULL: a new one */
void wish_submit(struct wish *w);                /* gives it away */
void wish_drop(struct wish *w);

/* ---- values.c ---- */

void wish_expect(struct wish *w, enum expect e);
void wish_field(struct wish *w, const char *name, const char *value);
/* Text that doesn't compress: a backlog that needs many pushes, and credit. */
void wish_long(struct wish *w, const char *name, size_t most);
/* All that the move needs, and a few fields more. False: it needs a record that isn't there. */
bool wish_fill(struct wish *w);
/* One thing is wrong with it now. */
void wish_spoil(struct wish *w);
/* A move of the kind that doesn't hand on, mostly one that the table allows from there. */
const struct st_move_row *wish_move(struct sim *sim, const struct st_kind *k, uint32_t state);
/* An opening of the kind; NULL: it hands on as it opens. */
const struct st_move_row *wish_opening(struct sim *sim, const struct st_kind *k);
