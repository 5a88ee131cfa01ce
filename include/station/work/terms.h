/* terms.h - what the city's tables say of one record: its deadline, working days, settings, and whether
 * its category and key matter are in the tables.
 * Each question names the day by whose version it is answered. Rows in use are kept by version, so a
 * question costs one look into the store; where the city has issued nothing, none at all.
 *
 * One owner, no locks. st_terms_begin at each transaction, and when a table has come within one. */
#pragma once
#include <station/work/calendar.h>

struct st_terms;
ST_MUST int st_terms_new(struct st_terms **ret_terms);
void st_terms_free(struct st_terms *s); /* NULL is fine */
void st_terms_begin(struct st_terms *s, struct st_txn *t); /* t outlives the questions */

/* What a deadline rule is asked for; urgency: its number in the matter's table, 0: none. */
struct st_term_query {
	uint32_t kind, urgency, day;
	struct st_span category, subcategory;
};
struct st_term {
	uint32_t version; /* of the deadlines table */
	uint32_t days, extend, warn;
	bool working, stops, before_due, may_extend; /* may_extend: the rule bounds extensions */
};
/* The rule that fits best: the subcategory before the category before what stands above it in the
 * categories table before "*"; of these, the urgency before "*". ST_ENOTFOUND: none. */
ST_MUST int st_terms_rule(struct st_terms *s, const struct st_term_query *q, struct st_term *ret_term);
/* The working days in force on a day. Dies with the next transaction. */
ST_MUST int st_terms_calendar(struct st_terms *s, uint32_t day, const struct st_calendar **ret_calendar);
/* So many days after a day, as the rule counts them; and the days between. */
ST_MUST int st_terms_add(struct st_terms *s, uint32_t day, uint32_t n, bool working, uint32_t *ret_day);
ST_MUST int st_terms_between(struct st_terms *s, uint32_t from, uint32_t to, bool working,
			     uint32_t *ret_days);
/* The version of a table that answers for a day. ST_ENOTFOUND: none. */
ST_MUST int st_terms_version(struct st_terms *s, enum st_city_table_number table, uint32_t day,
			     uint32_t *ret_version);
/* The number that the city has set. ST_ENOTFOUND: it hasn't. */
ST_MUST int st_terms_setting(struct st_terms *s, const char *name, uint32_t day, uint32_t *ret_value);

/* The value as the city has set it, or what holds without it; of any type. Dies with the next question. */
ST_MUST int st_terms_text(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value);

/* What the city itself has set, of any type. ST_ENOTFOUND: nothing. */
ST_MUST int st_terms_given(struct st_terms *s, const char *name, uint32_t day, struct st_span *ret_value);
/* The choices that a setting names, bits 1 << number, or those that hold without it. */
ST_MUST int st_terms_choices(struct st_terms *s, const char *name, uint32_t day, uint64_t *ret_bits);

enum { ST_NEAR_MAX = 3 };
struct st_near {
	size_t count;
	struct st_span names[ST_NEAR_MAX]; /* of the table; die with the next question */
};
/* 0: there is no such table in force, or it has them. ST_EFIELD: it hasn't; *ret_sub: the subcategory is what is
 * wrong; near: names that are like it. */
ST_MUST int st_terms_category(struct st_terms *s, const struct st_term_query *q, bool *ret_sub,
			      struct st_near *ret_near);
/* The unit that handles the category by default. ST_ENOTFOUND. */
ST_MUST int st_terms_unit(struct st_terms *s, const struct st_term_query *q, struct st_span *ret_unit);
/* 0: no table in force, or it has the number. ST_EFIELD. */
ST_MUST int st_terms_focus(struct st_terms *s, uint32_t day, uint64_t number);
