/* question.h - what the sources of the questions share: an answer in the making, its rows, sums
 * over tallies, and the reading of single records. */
#pragma once
#include <station/ask/question.h>
#include <station/work/tally.h>
#include <station/work/terms.h>
#include "life.h"
#include "newest.h"
#include "report.h"

/* An answer in the making. Each question's function reads it and calls row_put... and row_give. */
struct asking {
	struct st_txn *txn;
	const struct st_ask *q;
	struct places places;
	bool *covers;       /* [station number] */
	bool all_covered;   /* of those that have a certificate here */
	uint32_t *rank;     /* [row of places]: its place in order of codes, from 1; see rank_of */
	uint32_t *ranked;   /* and back; [0] is no station */
	uint32_t self, top; /* station numbers */
	uint32_t today;
	uint32_t from, to; /* days; 0: open end */
	uint32_t from_month, to_month;
	struct life life;
	struct st_terms *terms; /* what the city has set */
	const struct st_city_table *lacks; /* not issued, so that cells are empty; NULL: none */
	size_t looked; /* rows of indexes gone through */
	st_answer_fn *fn;
	void *arg;
	char *place;
	size_t rows, cells; /* given; of the row that is being made */
	struct st_answer_cell row[ST_QUESTION_COLUMNS_MAX];
	char texts[ST_QUESTION_COLUMNS_MAX][ST_ANSWER_TEXT_MAX + 1];
};

const char *either_of(const struct asking *a, const char *zh, const char *en);
/* question_rows.c: cells in the order of the columns; row_give hands the row out and begins the
 * next. */
void row_text(struct asking *a, const char *text); /* "" and NULL: an empty cell */
void row_code(struct asking *a, const char *code);
void row_count(struct asking *a, uint64_t n);
uint32_t rank_of(const struct asking *a, uint32_t station); /* 0: it isn't known */
void row_rank(struct asking *a, uint32_t rank); /* a count; 0: an empty cell */
void row_real(struct asking *a, double v); /* NAN: an empty cell */
void row_share(struct asking *a, uint64_t of, uint64_t whole); /* of nothing: an empty cell */
void row_day(struct asking *a, uint32_t day);
void row_month(struct asking *a, uint32_t month);
void row_time(struct asking *a, int64_t ms);
void row_station(struct asking *a, uint32_t number); /* two cells: code and name */
void row_tier(struct asking *a, uint32_t number);
void row_choice(struct asking *a, const struct st_choice *choices, uint64_t number);
int row_state(struct asking *a, const struct st_record *r);
int row_name(struct asking *a, enum st_names names, uint16_t number);
int row_number(struct asking *a, const struct st_record *r);
int row_give(struct asking *a);

/* question_rows.c: stations. */
bool is_covered(const struct asking *a, uint32_t number);
bool is_here(const struct asking *a, uint32_t number);       /* covered, and not revoked */
uint32_t branch_of(const struct asking *a, uint32_t number); /* its number; 0: not known */
bool is_above(const struct asking *a, uint32_t upper, uint32_t lower);
/* One more row of an index is gone through. ST_ETOOBIG beyond the bound. */
int looked_at(struct asking *a);
bool in_period(const struct asking *a, uint32_t day);
bool month_in_period(const struct asking *a, uint32_t month);

/* question_records.c: what the kinds' tables call by these names. */
uint32_t kind_number(const char *name);
uint32_t field_number(const char *kind, const char *name);
uint32_t state_number(const char *kind, const char *name);
uint32_t choice_number(const char *kind, const char *field, const char *name);
/* question_records.c: records of kinds that have few. fn gets those of a state in order of opening.
 */
typedef int record_fn(struct asking *a, const struct st_record *r, void *arg);
int records_in_state(struct asking *a, uint32_t kind, uint32_t state, record_fn *fn, void *arg);
/* Of all states that no table here has; and of those that aren't ends, which these count among. */
int records_of_later(struct asking *a, const struct st_kind *k, record_fn *fn, void *arg);
int records_open(struct asking *a, const struct st_kind *k, record_fn *fn, void *arg);
/* The station's entry that counts: the newest opened that isn't closed. 0: none; 1: *ret is it. */
int station_entry(struct asking *a, uint32_t number, struct st_record *ret);
/* Deputies of the covered stations, in order of codes. Freed with free(). */
struct deputy {
	struct st_record record;
	uint32_t code;    /* its number among ST_NAMES_DEPUTY */
	uint32_t station; /* where he is assigned; else the holder of his record */
	char text[ST_NAME_TEXT_MAX + 1];
};
int deputies_read(struct asking *a, struct deputy **ret, size_t *ret_count);
int row_deputy(struct asking *a, const struct deputy *d); /* code, name, station's code and name */

/* question_sums.c: sums by up to three keys. */
enum { SUM_KEYS = 3, SUM_COUNTS = 16 };
struct sum {
	uint32_t key[SUM_KEYS];
	uint64_t n[SUM_COUNTS];
	uint32_t *days; /* [days]: how often */
	size_t days_room;
};
struct sums {
	struct sum *rows;
	size_t count, room;
	uint32_t *slots;
	size_t slot_count;
};
int sums_at(struct sums *s, uint32_t k0, uint32_t k1, uint32_t k2, struct sum **ret);
void sums_sort(struct sums *s, int (*by)(const void *, const void *)); /* no sums_at after it */
void sums_by_key(struct sums *s);
void sums_by_count(struct sums *s); /* by n[0], most first, then by key */
void sums_done(struct sums *s);
int sum_days(struct sum *s, uint32_t days, uint64_t n);
double sum_percentile(const struct sum *s, unsigned percent); /* nearest rank; NAN: of nothing */

/* Which cells are gone through: those of the covered stations. field: of a facet's view. `place`
 * says which sum a cell goes to (NULL in *ret: to none), `add` what a counter adds there. */
struct count {
	struct asking *a;
	struct sums *sums;
	enum st_view view;
	uint32_t kind, field;
	uint32_t measures; /* bits 1 << measure: those that add is told of */
	void *arg;
	int (*place)(struct count *c, const struct st_tally_key *key, struct sum **ret);
	void (*add)(struct count *c, const struct st_tally_key *key, uint32_t counter, uint64_t n);
	/* of the walk */
	struct sum *at;
	int rc;
};
#define OF(measure) (1u << ST_##measure)
int count_cells(struct count *c);

/* The questions, by group of files. */
#define QUESTION_FUNCTIONS(X)                                                                      \
	X(opened)                                                                                  \
	X(overdue)                                                                                 \
	X(focus) X(days) X(ratings) X(reopened) X(silent) X(no_visit) X(schedules) X(leaders)      \
		X(law_services) X(no_reception) X(suggestions) X(key_notices) X(projects)          \
			X(voices) X(handed_up) X(online) X(industries) X(premises) X(year) X(life) \
				X(trainings) X(ranking)
#define X(name) int question_##name(struct asking *a);
QUESTION_FUNCTIONS(X)
#undef X

/* Occurrences of schedules that fall in the period, by the station that holds them, of the covered
 * ones; type 0: of any (questions_schedules.c). ST_EFIELD: too long a period. */
int occurrences_by_station(struct asking *a, uint32_t type, struct sums *to);
enum { OCC_SCHEDULES, OCC_PLANNED, OCC_OPEN, OCC_KEPT, OCC_MOVED, OCC_MISSED };

enum { SILENT_MS = 24 * 3600 * 1000 }; /* a station that signs nothing for so long is silent */
