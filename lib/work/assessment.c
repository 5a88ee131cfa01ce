/* assessment.c - the city's table of points for the assessment of stations.
 *
 * Owns:    what a row of it means, and which table is in force.
 * Promise: a city's table is read whole or not at all; without one nobody is given points.
 * Flow:    city's tables -> assessment -> city_read, ask */
#include <station/work/assessment.h>
#include <station/base/check.h>

enum { ROW_LINE, ROW_MOST, ROW_FULL_AT, ROW_OF_NOTHING, ROW_CELLS };
enum { NUMBER_MAX = 1000000 }; /* as the table's columns have it, whatever a row says */
_Static_assert((int)ROW_CELLS <= (int)ST_CITY_COLUMNS_MAX, "a row of the city's table");

static const struct {
	const char *name;
	bool counted;
} assessed[ST_ASSESSED_END] = {
#define X(number, name, counted, zh, en) [number] = { #name, counted },
	ST_ASSESSED(X)
#undef X
};

static size_t number_of(struct st_span name)
{
	for (size_t i = 1; i < ST_ASSESSED_END; i++)
		if (st_span_equal(name, st_span_text(assessed[i].name)))
			return i;
	return 0;
}

static int wrong(struct st_assessment_wrong *w, const char *column, enum st_city_reason reason)
{
	w->column = column;
	w->reason = reason;
	return ST_EFIELD;
}

static uint32_t number(struct st_span cell)
{
	uint64_t n = st_city_number(cell, 0);
	return n <= NUMBER_MAX ? (uint32_t)n : NUMBER_MAX;
}

static int read_row(const struct st_span *cells, struct st_assessment *to,
		    struct st_assessment_wrong *w)
{
	size_t n = number_of(cells[ROW_LINE]);
	const struct st_assessment_line l = { .most = number(cells[ROW_MOST]),
					      .full_at = number(cells[ROW_FULL_AT]),
					      .of_nothing = number(cells[ROW_OF_NOTHING]) };
	if (n == 0)
		return wrong(w, "line", ST_CITY_BAD_CHOICE);
	if (assessed[n].counted && l.full_at == 0)
		return wrong(w, "full_at", ST_CITY_BAD_NEEDED);
	if (!assessed[n].counted && l.full_at != 0)
		return wrong(w, "full_at", ST_CITY_BAD_COUNTED);
	if (l.of_nothing > l.most)
		return wrong(w, "of_nothing", ST_CITY_BAD_MOST);
	to->lines[n] = l;
	return 0;
}

int st_assessment_of_rows(struct st_span rows, uint32_t columns, struct st_assessment *ret,
			  struct st_assessment_wrong *reterr_wrong)
{
	struct st_assessment all = { .lines = { { 0 } } };
	struct st_city_rows r = st_city_rows(rows, columns);
	ST_REQUIRE(reterr_wrong != NULL);
	for (reterr_wrong->line = 0; st_city_rows_next(&r); reterr_wrong->line++) {
		int rc = read_row(r.cells, &all, reterr_wrong);
		if (rc < 0)
			return rc;
	}
	st_assert(all.lines[0].most == 0);
	if (ret != NULL)
		*ret = all;
	return 0;
}

int st_assessment_load(struct st_txn *t, uint32_t day, struct st_assessment *ret)
{
	struct st_city_version v;
	struct st_assessment_wrong w;
	struct st_buf rows;
	ST_REQUIRE(t != NULL);
	ST_REQUIRE(ret != NULL);
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	int rc = st_city_in_force(t, ST_CITY_assessment, day, &v);
	if (rc == 0)
		rc = st_city_get(t, ST_CITY_assessment, v.version, &v, &rows);
	if (rc == 0)
		rc = rows.size == 0 ? ST_ENOTFOUND
				    : st_assessment_of_rows(st_buf_span(&rows), v.columns, ret, &w);
	st_buf_done(&rows);
	return rc == ST_EFIELD ? ST_ENOTFOUND : rc;
}

/* To one place behind the point, halves up, so that a line's points add up to what is shown. */
static double earned(const struct st_assessment_line *l, uint64_t of, uint64_t whole)
{
	st_assert(of <= whole);
	st_assert(l->most <= NUMBER_MAX);
	return (double)((20 * l->most * of + whole) / (2 * whole)) / 10;
}

double st_assessment_share(const struct st_assessment_line *l, uint64_t of, uint64_t whole)
{
	return whole == 0 ? l->of_nothing : earned(l, of, whole);
}

double st_assessment_count(const struct st_assessment_line *l, uint64_t count)
{
	if (count >= l->full_at) /* 0: the table hasn't the line, and most is 0, too */
		return l->most;
	return earned(l, count, l->full_at);
}
