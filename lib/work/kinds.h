/* kinds.h - the list of kinds, and the words in which their tables are written.
 * A new kind is a file like kind_visit.c and a row here. Numbers are in events for ever. */
#pragma once
#include <station/work/kind.h>

#define KINDS(X)                                                                                   \
	X(1, matter)                                                                               \
	X(2, visit)                                                                                \
	X(3, suggestion)                                                                           \
	X(4, project)                                                                              \
	X(5, activity)                                                                             \
	X(6, schedule)                                                                             \
	X(7, deputy)                                                                               \
	X(8, station)                                                                              \
	X(9, supervision)                                                                          \
	X(10, vote)

enum {
#define X(number, name) KIND_##name = (number),
	KINDS(X)
#undef X
};
#define X(number, name) extern const struct st_kind kind_##name;
KINDS(X)
#undef X

/* Answers that several kinds share (choices.c). */
extern const struct st_choice choice_yes_no[], choice_ratings[], choice_told_how[], choice_tiers[],
	choice_deputy_levels[];
enum { CHOICE_NO = 1, CHOICE_YES = 2, CHOICE_UNREACHABLE = 5 };

/* Field rows. FACT, CHOICE, NUMBER, DAY, TIME, CODE, LINK and HASH stand in the event; LINE and LONG in the
 * erasable text part; PRIVATE in the private part. flags: 0, ST_MANY, ST_ONCE. */
#define FACT(id, name, max, zh, en, flags)                                                         \
	{ id, name, ST_FIELD_TEXT, ST_AS_FACT, max, NULL, zh, en, 0, flags, 0 }
/* Text that names something: the values of a facet have numbers in that dictionary. */
#define NAMED(id, name, max, names, zh, en, flags)                                                 \
	{ id, name, ST_FIELD_TEXT, ST_AS_FACT, max, NULL, zh, en, 0, flags, names }
#define DEPUTY_CODE(id, name, zh, en, flags)                                                       \
	NAMED(id, name, 40, ST_NAMES_DEPUTY, zh, en, (flags) | ST_INDEXED)
#define UNIT(zh, en) NAMED(ST_F_UNIT, "unit", 120, ST_NAMES_UNIT, zh, en, ST_TALLIED)
#define CHOICE(id, name, choices, zh, en, flags)                                                   \
	{ id, name, ST_FIELD_CHOICE, ST_AS_FACT, 0, choices, zh, en, 0, flags, 0 }
#define NUMBER(id, name, min, max, zh, en, flags)                                                  \
	{ id, name, ST_FIELD_NUMBER, ST_AS_FACT, max, NULL, zh, en, min, flags, 0 }
#define DAY(id, name, zh, en, flags)                                                               \
	{ id, name, ST_FIELD_DAY, ST_AS_FACT, 0, NULL, zh, en, 0, flags, 0 }
#define TIME(id, name, zh, en) { id, name, ST_FIELD_TIME, ST_AS_FACT, 0, NULL, zh, en, 0, 0, 0 }
#define CODE(id, name, zh, en, flags)                                                              \
	{ id, name, ST_FIELD_STATION, ST_AS_FACT, ST_CODE_MAX, NULL, zh, en, 0, flags, 0 }
#define LINK(id, name, kind, zh, en, flags)                                                        \
	{ id, name, ST_FIELD_RECORD, ST_AS_FACT, kind, NULL, zh, en, 0, flags, 0 }
#define HASH(id, name, zh, en)                                                                     \
	{ id, name, ST_FIELD_HASH, ST_AS_FACT, 64, NULL, zh, en, 0, ST_MANY, 0 }
#define LINE(id, name, max, zh, en)                                                                \
	{ id, name, ST_FIELD_TEXT, ST_AS_TEXT, max, NULL, zh, en, 0, 0, 0 }
#define LONG(id, name, max, zh, en)                                                                \
	{ id, name, ST_FIELD_LONG, ST_AS_TEXT, max, NULL, zh, en, 0, 0, 0 }
#define PRIVATE(id, name, max, zh, en, flags)                                                      \
	{ id, name, ST_FIELD_TEXT, ST_AS_PRIVATE, max, NULL, zh, en, 0, flags, 0 }
#define IDENTITY(id, name, zh, en)                                                                 \
	{ id, name, ST_FIELD_IDENTITY, ST_AS_PRIVATE, 18, NULL, zh, en, 0, ST_FIND, 0 }

/* What every kind has: its number, as the program gives it, and a remark for notes. */
#define EVERY_KIND                                                                                 \
	NUMBER(ST_F_SERIAL, "serial", 0, UINT32_MAX, "序号", "serial", 0),                         \
	NUMBER(ST_F_YEAR, "year", 0, 9999, "年度", "year", 0),                                     \
	LONG(REMARK, "remark", 8000, "备注", "remark")
#define TO                                                                                         \
	{ ST_F_TO, "to", ST_FIELD_STATION, ST_AS_FACT, ST_CODE_MAX, NULL, "移交至", "handed to", 0, \
	  ST_NEEDED, 0 }
#define DUE_DAYS                                                                                   \
	DAY(ST_F_DUE_DAY, "due", "期限", "due day", 0),                                            \
	DAY(ST_F_FIRST_DUE_DAY, "first_due", "原期限", "first due day", 0),                        \
	FACT(ST_F_RULE, "due_rule", 80, "期限依据", "tables that gave the due day", 0)
#define DAYS_LEFT NUMBER(ST_F_DAYS_LEFT, "days_left", 0, 9999, "停表时剩余天数", "days left as the clock stopped", 0)
#define CATEGORY FACT(ST_F_CATEGORY, "category", 120, "类别", "category", 0)

#define NOT_BY_CITY { NULL, NULL, 0, 0 }
/* Move rows: FROM states to a state (0: stays) by the holder. Opening moves are FROM(0). */
#define FROM(...)  { __VA_ARGS__ }
#define NEEDS(...) { __VA_ARGS__ }
#define MOVE(number, name, from, to, needs, zh, en, example)                                       \
	{ number, name, from, to, ST_BY_HOLDER, needs, 0, zh, en, ST_HANDS_STAY, example,          \
	  ST_SINCE_END, 0, ST_CLOCK_RUNS, NOT_BY_CITY }
/* Hands the record to the station that `to` names; by who has it, or by a station above. */
#define MOVE_HAND(number, name, from, who, zh, en)                                                 \
	{ number, name, from, 0, who, NEEDS(ST_F_TO), 0, zh, en, ST_HANDS_ON, "--to 410611001",    \
	  ST_SINCE_END, 0, ST_CLOCK_RUNS, NOT_BY_CITY }
/* The same with a state of its own, and what sends it back to its opener. */
#define MOVE_GIVE(number, name, from, to, who, needs, zh, en, example)                             \
	{ number, name, from, to, who, needs, 0, zh, en, ST_HANDS_ON, example, ST_SINCE_END,  \
	  0, ST_CLOCK_RUNS, NOT_BY_CITY }
#define MOVE_BACK(number, name, from, to, needs, zh, en, example)                                  \
	{ number, name, from, to, ST_BY_HOLDER, needs, 0, zh, en, ST_HANDS_BACK, example,          \
	  ST_SINCE_END, 0, ST_CLOCK_RUNS, NOT_BY_CITY }
/* The same within days of the record's end or of its coming into its state (setting: the city's number of days instead),
 * with a bound on the due day that it puts off, or with another effect on the clock. */
#define MOVE_WITHIN(days, since, setting, number, name, from, to, needs, zh, en, example)          \
	{ number, name, from, to, ST_BY_HOLDER, needs, days, zh, en, ST_HANDS_STAY, example, since, 0, \
	  ST_CLOCK_RUNS, { setting, NULL, 0, 0 } }
#define MOVE_DUE(most, number, name, from, to, needs, zh, en, example)                             \
	{ number, name, from, to, ST_BY_HOLDER, needs, 0, zh, en, ST_HANDS_STAY, example,          \
	  ST_SINCE_END, most, ST_CLOCK_EXTEND, NOT_BY_CITY }
#define MOVE_CLOCK(clock, number, name, from, to, needs, zh, en, example)                          \
	{ number, name, from, to, ST_BY_HOLDER, needs, 0, zh, en, ST_HANDS_STAY, example,          \
	  ST_SINCE_END, 0, clock, NOT_BY_CITY }
/* A move that sets a day field by the city's setting, where field `when` comes with it. */
#define MOVE_SETS(field, setting, when, number, name, from, to, needs, zh, en, example)            \
	{ number, name, from, to, ST_BY_HOLDER, needs, 0, zh, en, ST_HANDS_STAY, example,          \
	  ST_SINCE_END, 0, ST_CLOCK_RUNS, { NULL, setting, field, when } }

/* By a job of the program; the example is the verb that runs it. */
#define MOVE_PROGRAM(number, name, from, to, needs, zh, en, example)                               \
	{ number, name, from, to, ST_BY_PROGRAM, needs, 0, zh, en, ST_HANDS_STAY, example,         \
	  ST_SINCE_END, 0, ST_CLOCK_RUNS, NOT_BY_CITY }

/* A kind's name and its three lists, which a table's file calls fields, states and moves. */
#define KIND(id, zh_text, en_text)                                                                 \
	.number = KIND_##id, .name = #id, .zh = zh_text, .en = en_text, .fields = fields,          \
	.field_count = sizeof(fields) / sizeof(fields[0]), .states = states,                       \
	.state_count = sizeof(states) / sizeof(states[0]), .moves = moves,                         \
	.move_count = sizeof(moves) / sizeof(moves[0])
#define ORDERS .orders = orders, .order_count = sizeof(orders) / sizeof(orders[0])
