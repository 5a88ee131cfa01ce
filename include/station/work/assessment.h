/* assessment.h - how a station's work is assessed: the city's table of points, and the points that
 * measures earn by it. The table is the city's alone: where it has issued none, nothing is scored.
 *
 *   line        what is measured: a closed list, since each is a figure of the program's
 *   most        the points that a share of 1, or enough of what is counted, earns
 *   full_at     of what is counted: how many earn all of the points
 *   of_nothing  the points where there is nothing to take a share of
 * A line that the table hasn't earns nothing. */
#pragma once
#include <station/work/city.h>

/*      number  name       is counted  Chinese                       English */
#define ST_ASSESSED(X)                                                                             \
	X(1, in_time, false, "未超期率", "share of open matters in time")                          \
	X(2, ended, false, "办结率", "share of matters ended")                                     \
	X(3, satisfied, false, "满意率", "share of ratings satisfied")                             \
	X(4, visits, true, "进站次数", "number of visits")                                         \
	X(5, kept, false, "四定落实率", "share of schedules kept")                                 \
	X(6, heard, false, "在线", "heard from within a day")
enum st_assessed {
#define X(number, name, counted, zh, en) ST_ASSESSED_##name = (number),
	ST_ASSESSED(X)
#undef X
	ST_ASSESSED_END
};

struct st_assessment_line {
	uint32_t most, full_at, of_nothing; /* full_at: 0 of a share */
};
struct st_assessment {
	struct st_assessment_line lines[ST_ASSESSED_END]; /* [number]; [0] isn't used */
};
/* The rows of a city's table. ST_EFIELD: *reterr_line is the row, *reterr_column the column that
 * is wrong, and *reterr_reason how. ret may be NULL; it is written only where all rows are right. */
struct st_assessment_wrong {
	size_t line;
	const char *column;
	enum st_city_reason reason;
};
ST_MUST int st_assessment_of_rows(struct st_span rows, uint32_t columns, struct st_assessment *ret,
				  struct st_assessment_wrong *reterr_wrong);
/* The table in force on a day. ST_ENOTFOUND: none, one without rows, or none that this version can
 * read. */
ST_MUST int st_assessment_load(struct st_txn *t, uint32_t day, struct st_assessment *ret);
/* What so many of a whole (0: of nothing), or a count, earns: to one place behind the point, halves up. */
double st_assessment_share(const struct st_assessment_line *l, uint64_t of, uint64_t whole);
double st_assessment_count(const struct st_assessment_line *l, uint64_t count);
