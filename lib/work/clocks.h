/* clocks.h - between command.c and clocks.c. */
#pragma once
#include <station/work/command.h>
#include <station/work/terms.h>

enum { CLOCKS_RULE_MAX = 64 }; /* bytes that clocks need of `to`, reserved by its owner */

/* One command's move at work: what was asked, of which record (NULL: it opens one), and what comes of it. */
struct checking {
	const struct st_command *c;
	const struct st_record *r;
	uint32_t self;
	struct st_checked *out;
	struct st_buf *to;
	char *place; /* ST_PLACE_MAX bytes */
};

/* ST_EFIELD, with the field and the bound that its day should keep in the place: "due (<= 2027-03-27)". */
int clocks_refuse_day(const struct checking *k, uint32_t field, const char *bound, uint32_t day);
/* Whether the move's days have passed. ST_EMOVE. */
int clocks_within(const struct checking *k);
/* The day field that the city's setting gives the move, before it is asked what is missing. ST_EFIELD with the place. */
int clocks_set(const struct checking *k);
/* The number that the city has set, where it has set one and the command isn't another system's. */
int clocks_setting(const struct checking *k, const char *name, uint64_t *number);
/* The day that stands for the due day in a move which needs it, such as a promise's; NULL: none. */
const struct st_field *clocks_other_due(const struct st_checked *out);
/* A due day that comes with a move which isn't about it puts the due day off all the same. */
bool clocks_puts_off(const struct checking *k);
/* The dates that decide, as the holder writes them. ST_EMOVE, ST_EFIELD, ST_EEXPIRED, with the place. */
int clocks_fill(const struct checking *k);
