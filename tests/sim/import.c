/* import.c - a clerk imports a file of cases, in pieces, and now and then the same again.
 *
 * Owns:    the rows, which say the same each time.
 * Promise: 2 is tried: a second import adds nothing, whatever was lost of the first.
 * Flow:    seed -> rows -> writer -> told */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { ROW_TEXT = 320 };
static const int64_t ROWS_END_MS = 1767196800000; /* no row is of 2026 */

struct file {
	uint32_t from, to; /* rows, inclusive */
	bool again;        /* all of them have been acknowledged before */
	struct st_import_case cases[SIM_IMPORT_ROWS_MAX];
	char text[SIM_IMPORT_ROWS_MAX][ROW_TEXT];
};

static void file_gone(struct job *j)
{
	free(j->arg);
}

static void imported(struct station *s, struct job *j)
{
	struct file *f = j->arg;
	const struct st_job_import *m = &j->work.u.import;
	if (j->work.rc < 0) {
		SIM_CHECK(s->sim, s, j->work.rc == ST_EFULL || j->work.rc == ST_EIO || j->work.rc == ST_EBUSY,
			  "an import is refused: %s", st_error_name(j->work.rc));
		return;
	}
	SIM_CHECK(s->sim, s, m->opened + m->moved + m->unchanged + m->bad_count == m->case_count,
		  "an import of %zu rows opened %zu, moved %zu, left %zu, refused %zu", m->case_count,
		  m->opened, m->moved, m->unchanged, m->bad_count);
	SIM_CHECK(s->sim, s, !f->again || (m->opened == 0 && m->events == 0),
		  "a second import opened %zu and wrote %llu events", m->opened,
		  (unsigned long long)m->events);
	/* To a clock that is far behind, rows are of days to come, and bad. */
	SIM_CHECK(s->sim, s, m->bad_count == 0 || s->jumped || station_wall(s) < ROWS_END_MS,
		  "an import refuses %zu rows", m->bad_count);
	if (m->bad_count == 0 && f->from <= s->told->rows_told + 1 && f->to > s->told->rows_told)
		s->told->rows_told = f->to;
}

__attribute__((format(printf, 2, 3))) static struct st_span put(char **at, const char *format, ...)
{
	va_list args;
	char *from = *at;
	va_start(args, format);
	int n = vsnprintf(from, 64, format, args);
	va_end(args);
	*at += n + 1;
	return st_span(from, (size_t)n);
}

static void row(struct sim *sim, uint32_t n, char *text, struct st_import_case *ret_case)
{
	struct st_import_row r = { .row = n + 1 };
	const char *column = "", *reason = "";
	uint32_t day = n % 28 + 1, words = (uint32_t)(sim->seed + n) * 2654435761u;
	char *at = text;
	r.column[ST_COL_NUMBER] = put(&at, "C%u-%u", n, n % 7);
	r.column[ST_COL_OPENED_AT] = put(&at, "2025-%02u-%02uT09:00:00+08:00", n % 12 + 1, day);
	r.column[ST_COL_STATE] = n % 3 == 0 ? st_span_text("open") : st_span_text("closed");
	if (n % 3 != 0)
		r.column[ST_COL_CLOSED_AT] = put(&at, "2025-%02u-%02uT17:00:00+08:00", n % 12 + 1, day);
	r.column[ST_COL_CHANNEL] = st_span_text(n % 2 ? "phone" : "online");
	r.column[ST_COL_CATEGORY] = put(&at, "类%u", n % 5);
	if (n % 4 == 0)
		r.column[ST_COL_AGENCY] = put(&at, "局%u", n % 3);
	r.column[ST_COL_TITLE] = put(&at, "%08x%08x", words, words * 40503u);
	SIM_DO(sim, NULL, st_import_check(&r, ret_case, &column, &reason));
}

void clerk_imports(struct station *s)
{
	struct sim *sim = s->sim;
	struct file *f = malloc(sizeof(*f));
	struct job *j = job_new(ST_JOB_IMPORT, imported);
	ST_REQUIRE(f != NULL);
	f->from = s->told->rows_told == 0 || sim_chance(sim, 700)
			  ? s->told->rows_told + 1
			  : 1 + (uint32_t)sim_below(sim, s->told->rows_told);
	f->to = f->from + (uint32_t)sim_below(sim, sim->rows_max);
	f->again = f->to <= s->told->rows_told;
	for (uint32_t n = f->from; n <= f->to; n++)
		row(sim, n, f->text[n - f->from], &f->cases[n - f->from]);
	j->arg = f;
	j->gone = file_gone;
	j->work.u.import = (struct st_job_import){
		.source = st_code_span(&s->code),
		.author = st_span_text("clerk"),
		.cases = f->cases,
		.case_count = f->to - f->from + 1,
	};
	if (station_submit(s, j) < 0)
		job_free(j);
}
