/* report.h - the city office's figures, from the tallies alone: its cost grows with the answer, not
 * with the store. (By state, what is overdue is counted one by one.) With every report comes what it covers: which stations, how fresh each one is, and
 * what is known to be missing (promise 6). */
#pragma once
#include <station/store/logs.h>
#include <station/work/command.h> /* ST_PLACE_MAX */
#include <station/work/tally.h>

/*      name      text        Chinese  English */
#define ST_DIMENSIONS(X)                                                                           \
	X(STATION, "station", "站点", "station")                                                   \
	X(BRANCH, "branch", "县区", "branch")                                                      \
	X(TIER, "tier", "层级", "tier")                                                            \
	X(CATEGORY, "category", "类别", "category")                                                \
	X(CHANNEL, "channel", "渠道", "channel")                                                   \
	X(STATE, "state", "状态", "state")                                                         \
	X(MONTH, "month", "月份", "month")                                                         \
	X(UNIT, "unit", "承办单位", "handling unit")                                               \
	X(FOCUS, "focus", "重点事项", "key matter")                                                \
	X(CLASS, "class", "答复分类", "class of the answer")                                       \
	X(SERVICES, "services", "提供的服务", "services given")                                    \
	X(LEVELS, "levels", "代表层级", "level of the congress")                                   \
	X(INDUSTRY, "industry", "行业", "industry")                                                \
	X(STANDING, "standing", "普通或示范", "ordinary or model")                                 \
	X(PREMISES, "premises", "场所共用", "premises shared with")
/* From UNIT on a dimension is a facet of the kind, by its field's name. A question has one of them at most, and not beside
 * category or channel; nor beside months, unless the kind's table keeps the facet by month. A record with several
 * values counts under each. */
enum st_dimension {
#define X(name, text, zh, en) ST_BY_##name,
	ST_DIMENSIONS(X)
#undef X
	ST_DIMENSION_COUNT
};
ST_MUST int st_dimension_parse(struct st_span text, enum st_dimension *ret_d);
const char *st_dimension_text(enum st_dimension d);

enum { ST_REPORT_BY_MAX = 4, ST_REPORT_WHERE_MAX = 16, ST_REPORT_ROWS_MAX = 20000,
       ST_LABEL_MAX = ST_NAME_MAX + 1, ST_WHERE_VALUE_MAX = 120 };

struct st_where {
	enum st_dimension dimension;
	/* station/branch: code or name; tier/channel/state: name; month: 2011-07; a facet: as a command takes it */
	char value[ST_WHERE_VALUE_MAX + 1];
};
/* Several values of one dimension are alternatives; different dimensions all hold. */
struct st_report_query {
	uint32_t kind;
	size_t by_count, where_count;
	enum st_dimension by[ST_REPORT_BY_MAX];
	struct st_where where[ST_REPORT_WHERE_MAX];
	uint32_t from_month, to_month; /* 0: open end. Bounds opened, closed, days, ratings; not what is open now */
	uint32_t today;                /* business day that overdue is judged at */
};

/* What is opened counts under the station that opened it; everything else under the holder. Closed:
 * ended in any way. With a state dimension or filter only open_now, overdue_now and closed are
 * counted, of the records that are in that state now; the other figures have no state and are 0 here,
 * null in the API. */
struct st_report_row {
	char key[ST_REPORT_BY_MAX][ST_LABEL_MAX];   /* machine form: code, number name, 2011-07 */
	char label[ST_REPORT_BY_MAX][ST_LABEL_MAX]; /* for people: a station's name ... else as key */
	uint64_t opened, closed, open_now, overdue_now, reopened;
	double days_median, days_p90; /* of closed; NAN: none. Exact: from counts by day, nearest rank */
	uint64_t rated, satisfied;    /* rating of the result where given, else of the answer; satisfied or basically */
};

struct st_report {
	struct st_report_row total;
	size_t count;
	struct st_report_row *rows; /* sorted by keys; one whose figures are all 0 is left out */
	bool no_overdue; /* by state, and too many are overdue to count them one by one */
	size_t station_count;
	bool *covers; /* [station number]: what the question asks of stations takes this one in */
};
/* Over this station and all below it. ST_EFIELD: a value in where is of no known station, category...
 * (reterr_place names it). ST_ETOOBIG: more than ST_REPORT_ROWS_MAX rows. */
ST_MUST int st_report_make(struct st_txn *t, const struct st_report_query *q,
			   struct st_report *ret_report, char reterr_place[ST_PLACE_MAX]);
void st_report_done(struct st_report *r);

/* Coverage: one row for each station of the subtree, itself included. */
struct st_coverage_row {
	struct st_station station;
	bool heard;                 /* any event of it is here */
	uint32_t epoch;
	uint64_t size;              /* events held here */
	uint64_t checkpoint_time_s; /* of its newest checkpoint, or when that came here if it is dated later; 0: none */
	uint64_t unread;            /* held but not readable by this version */
	bool refilling;             /* we had receipted more than we hold */
};
typedef int st_coverage_fn(const struct st_coverage_row *row, void *arg);
ST_MUST int st_coverage_each(struct st_txn *t, st_coverage_fn *fn, void *arg);
struct st_coverage_sum {
	size_t stations, heard, refilling;
	uint64_t events, unread, waiting, set_aside; /* waiting, set aside: events, over all records */
	uint64_t oldest_checkpoint_s; /* of those heard; 0: none */
};
ST_MUST int st_coverage_sum(struct st_txn *t, struct st_coverage_sum *ret_sum);
