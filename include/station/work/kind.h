/* kind.h - record kinds as tables: fields, states, moves, and what each move needs.
 * Everything that walks these tables knows no kind, state or field by name; a new kind is a new
 * table and its texts (lib/work/kind_*.c) and a row in the list of lib/work/kinds.h. Numbers are written into events: they
 * never change their meaning. */
#pragma once
#include <station/event/event.h>

enum { ST_KIND_MATTER = 1 };

enum st_field_type {
	ST_FIELD_TEXT,   /* one line, NFC UTF-8 */
	ST_FIELD_LONG,   /* several lines */
	ST_FIELD_NUMBER, /* 0 .. max */
	ST_FIELD_DAY,    /* a business day (base/clock.h) */
	ST_FIELD_CHOICE, /* one of choices[] by its number */
	ST_FIELD_IDENTITY, /* a citizen's number with its check digit, GB 11643-1999 */
	ST_FIELD_STATION,  /* a station's code */
	ST_FIELD_TIME,     /* a time of day, 15:00, in minutes */
	ST_FIELD_HASH,     /* a file by its SHA-256, 64 hexadecimal digits */
	ST_FIELD_RECORD,   /* another record by its number or id; max: the kind it must be of, 0: any */
};
/* MANY: several values, each a field of its own in the event. ONCE: given on opening, never after.
 * INDEXED, TALLIED and MONTHLY make the field a facet: its values stand in the record's row (work/record.h).
 * INDEXED: the records of a value are found in order of opening. TALLIED: counted by value, at any time;
 * MONTHLY: by value and month, for fields of few values. ANEW: what a move gives replaces all values there were;
 * without it a field of several values gathers them. FIND: who has this value is found again at this station, by
 * its blind index (work/blind.h). FILLED: by a job of the program alone, never by a command.
 * NEEDED: only with a move that needs it, so that the row's value is that move's. */
enum st_field_flag {
	ST_MANY = 1, ST_ONCE = 2, ST_INDEXED = 4, ST_TALLIED = 8, ST_MONTHLY = 16, ST_ANEW = 32,
	ST_FIND = 64, ST_FILLED = 128, ST_NEEDED = 256,
	ST_FACET = ST_INDEXED | ST_TALLIED | ST_MONTHLY,
};
enum { ST_MANY_MAX = 32 };
/* Dictionaries of the store (store/records.h): a facet that is text has a number in one of them. */
enum st_names {
	ST_NAMES_CATEGORY = 1, ST_NAMES_SUBCATEGORY = 2, ST_NAMES_UNIT = 3,
	ST_NAMES_SOURCE = 4, /* of this station's own imports */
	ST_NAMES_DEPUTY = 5, /* a deputy's code, wherever it stands */
	ST_NAMES_PERSON = 6, ST_NAMES_ROUND = 7, ST_NAMES_INDUSTRY = 8,
};
/* Where a field's value stands: with the facts, in the erasable text part, or in the private part. */
enum st_field_place { ST_AS_FACT, ST_AS_TEXT, ST_AS_PRIVATE };

struct st_choice {
	uint32_t number;
	const char *name, *zh, *en; /* name: as in JSON, CSV and on the command line */
};

struct st_field_row {
	uint32_t id;
	const char *name;
	enum st_field_type type;
	enum st_field_place place;
	uint64_t max; /* bytes of text, or the largest number */
	const struct st_choice *choices; /* ends with a NULL name */
	const char *zh, *en;
	uint64_t min; /* the smallest number */
	uint32_t flags;
	enum st_names names; /* of a facet that is text; of another text: what its values name */
};

enum st_state_class { ST_OPEN = 1, ST_ENDED = 2 };
struct st_state_row {
	uint32_t number;
	const char *name;
	enum st_state_class class;
	const char *zh, *en;
};

/* BY_PROGRAM: by the holder, too, but only through a job of its own (apply.h), which does more than a move. */
enum st_who { ST_BY_HOLDER, ST_BY_ABOVE, ST_BY_PROGRAM };
/* Whom the record is with after a move: who had it, the station that ST_F_TO names, or its opener. */
enum st_hands { ST_HANDS_STAY, ST_HANDS_ON, ST_HANDS_BACK };
/* What a move's days are counted from: the record's end, or when it came into the state that it is in. */
enum st_since { ST_SINCE_END, ST_SINCE_STATE };
/* What a move does to the due day: puts it off, stops the clock while somebody is waited for, starts it again. */
enum st_clock { ST_CLOCK_RUNS, ST_CLOCK_EXTEND, ST_CLOCK_WAIT, ST_CLOCK_RESUME };
/* Where the city has set them (work/city.h settings), terms of a move: */
struct st_by_city {
	const char *within; /* it goes only within so many days of `since`, instead of `days` */
	const char *by;     /* so many days off is the day field `sets`, where field `when` comes with the move (0: always) */
	uint32_t sets, when;
};
enum { ST_NEEDS_MAX = 6, ST_FROM_MAX = 8 };
/* Instead of a list of states in `from`: every state of the kind, or every open one. */
enum { ST_FROM_ANY = 254, ST_FROM_ANY_OPEN = 255 };
struct st_move_row {
	uint32_t number;
	const char *name;               /* the verb: "accept" */
	uint32_t from[ST_FROM_MAX];     /* states; ends with 0; {0}: opens a record */
	uint32_t to;                    /* 0: the state stays as it is, and a field must come with it */
	enum st_who who;
	uint32_t needs[ST_NEEDS_MAX];   /* field ids that must come with it; ends with 0 */
	uint32_t days;                  /* only within so many days of `since`; 0: any time */
	const char *zh, *en;
	enum st_hands hands;
	const char *example;            /* its fields, as on the command line */
	enum st_since since;
	uint32_t due_most;              /* a due day that it gives is at most so many days from the opening; 0: any */
	enum st_clock clock;
	struct st_by_city city;
};

/* What one value asks for beside itself: told "unreachable" needs three dated attempts. Where the city has named
 * them (by: its setting, names with blanks between), each of these instead, and they are given where none is. */
struct st_when {
	uint32_t field, value, needs;
	size_t least;
	const char *by;
};
/* Filled in on opening where it isn't given and the city has set a share (by): so much of the number `of`, at least
 * (over: more than so much). */
struct st_part_of {
	uint32_t field, of;
	const char *by;
	bool over;
};
/* Said by the program: `field` is `yes` from `least` on of `of`, else `no` (five people: a group). */
struct st_mark {
	uint32_t of, field;
	uint64_t least;
	uint32_t no, yes;
	const char *by; /* the city's setting that says how many instead */
};

/* What the record's whole life must say before a move, where a move's own fields can't say it: a motion's
 * co-signers come one by one. */
enum { ST_RULE_MOVES_MAX = 2, ST_RULE_FIELDS_MAX = 2, ST_RULE_LEAST_MAX = 32 };
struct st_rule {
	uint32_t moves[ST_RULE_MOVES_MAX]; /* asked of these; ends with 0 */
	uint32_t field;                    /* holds while this one's newest value */
	uint64_t values;                   /* is one of these choices: bits 1 << number; bit 0: never given */
	uint32_t unless;                   /* but no more once this move has been made; 0: always */
	size_t least;                      /* then so many different values of `of` together; 0: no such move at all */
	uint32_t of[ST_RULE_FIELDS_MAX];
	const char *zh, *en;               /* what a person is told */
	const char *by;                    /* the city's setting that says which values instead */
};
/* What has been named in one field and not yet in another is shown: co-signers who haven't been told.
 * due: the day by which, as long as a move that tells `done` is allowed; what is late is listed. 0: none. */
struct st_left {
	uint32_t of, done;
	const char *zh, *en;
	uint32_t due;
};
/* Of one command: the number is less than there are values of the other field. field 0: nothing is asked. */
struct st_fewer {
	uint32_t field, values;
};

/* Of one command: the later day or time isn't before the earlier one, where both are given. later 0: the day
 * of the command itself, so that what has been isn't to come; then state: only of a record that is in it
 * after the command (what was held was held by the day on which that is said); 0: in any. */
struct st_order {
	uint32_t earlier, later, state;
};

struct st_kind {
	uint32_t number;
	const char *name, *zh, *en;
	const struct st_field_row *fields;
	size_t field_count;
	const struct st_state_row *states;
	size_t state_count;
	const struct st_move_row *moves;
	size_t move_count;
	uint32_t due_move, due_days;    /* the move that sets the due day, and how far off it is by default */
	const struct st_when *whens;
	size_t when_count;
	struct st_mark mark;            /* of 0: none */
	const struct st_rule *rules;
	size_t rule_count;
	const struct st_left *lefts;
	size_t left_count;
	struct st_fewer fewer;
	uint32_t due_field;             /* a move that needs this day makes it the due day; 0: none */
	const struct st_part_of *parts;
	size_t part_count;
	const struct st_order *orders;
	size_t order_count;
	uint32_t entered;               /* an indexed field: of each value a station keeps one open record; 0: none */
	uint32_t settled_move;          /* only once a checkpoint covers the record's newest event; 0: none */
};
enum { ST_KINDS_MAX = 32 };         /* kinds have numbers below this */

size_t st_kind_count(void);
const struct st_kind *st_kind_at(size_t i); /* in order of their numbers */

const struct st_kind *st_kind(uint32_t number); /* NULL: not known to this version */
const struct st_kind *st_kind_named(const char *name);
const struct st_field_row *st_kind_field(const struct st_kind *k, uint32_t id);
const struct st_field_row *st_kind_field_named(const struct st_kind *k, struct st_span name);
const struct st_state_row *st_kind_state(const struct st_kind *k, uint32_t number);
const struct st_state_row *st_kind_state_named(const struct st_kind *k, struct st_span name);
const struct st_move_row *st_kind_move(const struct st_kind *k, uint32_t number);
const struct st_move_row *st_kind_move_named(const struct st_kind *k, const char *name);
const struct st_choice *st_choice_named(const struct st_choice *choices, struct st_span name);
const struct st_choice *st_choice_numbered(const struct st_choice *choices, uint64_t number);
/* Whether a person may give a field with a move (NULL: a note): not those that the program fills in,
 * nor, after the opening, those that are given once. */
bool st_field_is_given(const struct st_kind *k, const struct st_move_row *m,
		       const struct st_field_row *f);
/* Whether the field's day is no later than that of the move which brings it (NULL: a note), from a state. */
bool st_field_is_past(const struct st_kind *k, const struct st_move_row *m, uint32_t state,
		      const struct st_field_row *f);
bool st_move_opens(const struct st_move_row *m);
bool st_move_needs(const struct st_move_row *m, uint32_t field); /* m NULL: no */
bool st_move_from(const struct st_kind *k, const struct st_move_row *m, uint32_t state);
/* Whether a move from this state can still tell what is left. */
bool st_left_open(const struct st_kind *k, const struct st_left *left, uint32_t state);
/* Bits 1 << move number of every move that the table allows from a state. */
uint64_t st_kind_moves_from(const struct st_kind *k, uint32_t state);

/* A value as people write it (text, 2011-07-01, a choice's name or zh text) into a typed field. Text
 * is brought to NFC in `to`, which must outlive ret_field and have st_field_room of the value
 * reserved, so that it doesn't move under the fields before. ST_EFIELD, ST_ETOOBIG. */
size_t st_field_room(struct st_span value);
ST_MUST int st_field_parse(const struct st_field_row *row, struct st_span value, struct st_buf *to,
			   struct st_field *ret_field);
/* And back, for people and JSON. */
void st_field_text(const struct st_field_row *row, const struct st_field *field, struct st_buf *to);

/* The fields that the mechanism itself reads, the same ids in every kind. Ids from 32 are a kind's own. */
enum {
	ST_F_CATEGORY = 1, ST_F_SUBCATEGORY = 2, ST_F_CHANNEL = 3, ST_F_DUE_DAY = 4,
	ST_F_FIRST_DUE_DAY = 5, ST_F_SERIAL = 6, ST_F_YEAR = 7, ST_F_SOURCE = 8,
	ST_F_SOURCE_NUMBER = 9, ST_F_RATING_ANSWER = 10, ST_F_RATING_RESULT = 11, ST_F_UNIT = 12,
	ST_F_REASON = 13, ST_F_TITLE = 14, ST_F_TEXT = 15, ST_F_REPLY = 16, ST_F_TO = 17,
	ST_F_DAYS_LEFT = 18, /* of the term, while the clock stands still */
	ST_F_RULE = 19,      /* the city's tables that gave the due day, with their versions: "deadlines/3 workdays/2" */
	ST_F_OWN = 32,
};
