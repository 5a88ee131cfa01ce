/* tally.h - the counters that answer the city office, kept with the events they count.
 * A record adds to a few counters, decided by its row alone (st_tally_of); a change of the row is −1
 * for what it counted as before and +1 for what it counts as now, so the tallies always equal a
 * recount. Counters stand in cells: one row of the store holds all counters of one station (as
 * opener or as holder), category, channel and month. Coarser views keep the common reports small: one
 * without channel and month, one without category, which knows the days of opening and ending, too. Two more count by the values of facets (work/kind.h: TALLIED, MONTHLY), and have the
 * field where the others have the channel, and its value in the category's place.
 *
 *   key   view u8 | kind u8 | station u32 | category or value u16 | channel or field u8 | month u16 | role u8
 *   cell  { varint counter id delta, varint count }... sorted by id. The role is last, so that one event's cells of both
 *         roles lie side by side, and a commit writes one page for them
 *   id    measure u8 << 24 | bucket (a state, a day, a number of days, a rating)
 *
 * Month: of opening for what is opened, open or in a state; of ending for ended, days and ratings
 * of the ended. Times to close are counts by whole days, so medians are exact; open ones stand by due day, so
 * overdue is a sum up to yesterday and midnight needs no event. */
#pragma once
#include <station/store/records.h>
#include <station/work/record.h>

enum st_view { ST_VIEW_FULL = 1, ST_VIEW_COARSE = 2, ST_VIEW_FACET = 3, ST_VIEW_MONTHLY = 4, ST_VIEW_MONTH = 5 };
enum st_role { ST_ROLE_OPENER = 1, ST_ROLE_HOLDER = 2 };
enum st_measure {
	ST_OPENED = 1,        /* role opener; bucket: in the view of months the day of the month, else 0 */
	ST_IN_STATE = 2,      /* role holder; bucket: state */
	ST_OPEN_DUE = 3,      /* holder; open records by due day; bucket 0: none set */
	ST_DAYS = 4,          /* holder; ended records by days from opening to end (<= ST_DAYS_MAX) */
	ST_RATED = 5,         /* holder; ended records by both ratings, 0 where not given: answer << 8 | result */
	ST_ENDED_ON = 6,      /* holder; view of months: ended records by the day of the month */
	ST_REOPENED = 7,      /* holder; records reopened at least once */
	ST_FROM_OUTSIDE = 8,  /* holder; records that another station opened */
	ST_AWAY = 9,          /* opener; records that another station holds, by its number */
};
enum {
	ST_DAYS_MAX = 36500, ST_TALLY_KEY_SIZE = 12,
	ST_TALLIED_MAX = 8,       /* facets of one record that are counted by; its first ones */
	ST_TALLIES_OF_MAX = 10 * (3 + ST_TALLIED_MAX),
};

struct st_tally_key {
	enum st_view view;
	enum st_role role;
	uint8_t kind, channel;
	uint32_t station;
	uint16_t category;
	uint32_t month;
};
struct st_tally_one { /* one counter that a record adds 1 to */
	struct st_tally_key key;
	uint32_t counter;
};
uint32_t st_counter(enum st_measure measure, uint32_t bucket);
enum st_measure st_counter_measure(uint32_t counter);
uint32_t st_counter_bucket(uint32_t counter);
void st_tally_key_encode(const struct st_tally_key *k, uint8_t to[ST_TALLY_KEY_SIZE]);
ST_MUST int st_tally_key_decode(struct st_span bytes, struct st_tally_key *ret_k);

/* What the citizen says in all: of the result where that is given, else of the answer; 1 to 3, 0: nothing. */
uint32_t st_rated(uint32_t bucket);
/* The counters of one record, in all views; their count. r NULL: none. */
size_t st_tally_of(const struct st_record *r, struct st_tally_one ones[ST_TALLIES_OF_MAX]);

/* Changes gathered in memory, then swept into the store in key order. */
struct st_tally;
ST_MUST int st_tally_new(struct st_tally **ret_tally);
void st_tally_free(struct st_tally *y);
void st_tally_clear(struct st_tally *y); /* forgets what was gathered */
/* Replaces what before counted as by what after counts as; either may be NULL. */
ST_MUST int st_tally_change(struct st_tally *y, const struct st_record *before,
			    const struct st_record *after);
ST_MUST int st_tally_sweep(struct st_txn *t, struct st_tally *y); /* writes and empties */
/* Takes each non-zero counter gathered so far, in order of key and counter, and empties: a recount
 * compares them. */
typedef int st_counter_fn(const struct st_tally_key *key, uint32_t counter, int64_t count, void *arg);
ST_MUST int st_tally_each(struct st_tally *y, st_counter_fn *fn, void *arg);
/* Adds to one counter, whatever counts there. ST_ECORRUPT: 0, which no measure has. */
ST_MUST int st_tally_add(struct st_tally *y, const struct st_tally_key *key, uint32_t counter,
			 int64_t by);
/* Walks one stored cell. ST_ECORRUPT. */
ST_MUST int st_cell_walk(const struct st_tally_key *key, struct st_span cell, st_counter_fn *fn,
			 void *arg);
/* The same for some measures alone, bits 1 << measure; what is behind the last of them isn't looked at. */
ST_MUST int st_cell_walk_of(const struct st_tally_key *key, struct st_span cell, uint32_t measures,
			    st_counter_fn *fn, void *arg);
