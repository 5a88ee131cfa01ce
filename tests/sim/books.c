/* books.c - a register and the office's questions, asked at one tier, against the records' rows.
 *
 * Owns:    a plain reading of what a register holds, and of the counts that some questions add up to.
 * Promise: 4: what an office reads equals a recount; 8: whatever somebody signed, no question stops.
 * Flow:    seed -> tier, register, question -> rows -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/ask/question.h>
#include <station/ask/register.h>
#include <station/ask/report.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "sim.h"

enum { ROWS_MAX = 20000 };

struct books {
	struct station *station;
	struct st_txn *txn;
	struct st_registers *all;
	const struct st_register *reg;
	size_t number_column; /* SIZE_MAX: none */
	size_t listed, wanted;
	uint32_t today;
	/* of matters: what the questions' sums must be */
	uint64_t opened, closed, open, late, reopened;
};

/* ---- the rows ---- */

static bool belongs(const struct st_register *reg, const struct st_record *r)
{
	for (size_t i = 0; i < reg->kind_count; i++) {
		const struct st_register_kind *k = &reg->kinds[i];
		if (k->kind == r->kind && (k->states == 0 || (k->states >> r->state & 1) != 0) &&
		    (k->channels == 0 || (k->channels >> r->channel & 1) != 0))
			return true;
	}
	return false;
}

static int read_row(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct books *b = arg;
	struct st_record r;
	int rc = st_record_decode(ref, row, &r);
	if (rc < 0 || r.revision == 0)
		return rc;
	b->wanted += b->reg != NULL && belongs(b->reg, &r);
	if (r.kind != ST_KIND_MATTER)
		return 0;
	bool open = st_record_open(&r);
	b->opened++;
	b->closed += r.closed_day != 0;
	b->open += open;
	b->late += open && r.due_day != 0 && r.due_day < b->today;
	b->reopened += r.reopened > 0;
	return 0;
}

/* ---- a register ---- */

static bool days_right(const struct st_register_column *c, const struct st_register_cell *cell,
		       const struct st_record *r)
{
	uint64_t want;
	if (c->count != 1 || c->sources[0].what != ST_SOURCE_DATUM || c->sources[0].link[0] != 0)
		return true;
	switch (c->sources[0].datum) {
	case ST_DATUM_OPENED:    want = r->opened_day; break;
	case ST_DATUM_DUE:       want = r->due_day; break;
	case ST_DATUM_FIRST_DUE: want = r->first_due_day; break;
	case ST_DATUM_CHANGED:   want = r->changed_day; break;
	case ST_DATUM_CLOSED:    want = r->closed_day; break;
	default:                 return true;
	}
	return cell->empty ? want == 0 : (uint64_t)cell->number == want;
}

static int check_row(const struct st_register_cell *cells, size_t count, void *arg)
{
	struct books *b = arg;
	struct st_record_ref ref;
	struct st_record r;
	b->listed++;
	if (b->number_column == SIZE_MAX)
		return 0;
	const struct st_register_cell *number = &cells[b->number_column];
	int rc = st_record_resolve(b->txn, number->text, &ref);
	if (rc == 0)
		rc = st_record_load(b->txn, &ref, &r);
	if (rc < 0)
		return rc;
	SIM_CHECK(b->station->sim, b->station, belongs(b->reg, &r), "register %s holds %.*s, which isn't its own",
		  b->reg->name, (int)number->text.size, (const char *)number->text.data);
	for (size_t i = 0; i < count; i++)
		SIM_CHECK(b->station->sim, b->station, days_right(&b->reg->columns[i], &cells[i], &r),
			  "register %s has another %s of %.*s", b->reg->name, b->reg->columns[i].name,
			  (int)number->text.size, (const char *)number->text.data);
	return 0;
}

static bool any_absent(const struct st_register *reg)
{
	for (size_t i = 0; i < reg->kind_count; i++)
		if (reg->kinds[i].absent_count > 0)
			return true;
	return false;
}

/* Page by page; each page says where the next begins. */
static int read_register(struct books *b)
{
	struct sim *sim = b->station->sim;
	struct st_register_query q = { .reg = b->reg, .limit = 1 + sim_below(sim, 100),
				       .lang = ST_ZH, .deputy = ST_SPAN_NONE };
	char place[ST_PLACE_MAX] = "", page[256];
	struct st_buf next;
	int rc;
	st_buf_init(&next, sizeof(page));
	do {
		(void)snprintf(page, sizeof(page), "%.*s", (int)next.size,
			       next.data == NULL ? "" : (const char *)next.data);
		q.page = st_span_text(page);
		st_buf_clear(&next);
		rc = st_register_each(b->txn, &q, check_row, b, &next, place);
	} while (rc == 0 && next.size > 0 && b->listed < ROWS_MAX);
	st_buf_done(&next);
	return rc;
}

static void choose_register(struct books *b)
{
	b->reg = &b->all->rows[sim_below(b->station->sim, b->all->count)];
	b->number_column = SIZE_MAX;
	for (size_t i = 0; i < b->reg->column_count; i++) {
		const struct st_register_column *c = &b->reg->columns[i];
		if (c->count == 1 && c->sources[0].what == ST_SOURCE_DATUM && c->sources[0].link[0] == 0 &&
		    c->sources[0].datum == ST_DATUM_NUMBER)
			b->number_column = i;
	}
}

/* ---- questions ---- */

struct summing {
	const struct st_question *question;
	uint64_t sums[ST_QUESTION_COLUMNS_MAX];
};

static int sum_row(const struct st_answer_cell *cells, size_t count, void *arg)
{
	struct summing *s = arg;
	for (size_t i = 0; i < count; i++)
		if (cells[i].type == ST_ANSWER_COUNT && !cells[i].empty)
			s->sums[i] += cells[i].number;
	return 0;
}

/* Questions whose columns add up to plain counts of matters; some give the parts and their sum, too. */
static const struct plain {
	const char *question;
	unsigned times;
} plains[] = { { "opened", 1 }, { "overdue", 2 }, { "reopened", 2 } };

static const struct plain *plain(const struct st_question *question)
{
	for (size_t n = 0; n < sizeof(plains) / sizeof(plains[0]); n++)
		if (strcmp(question->name, plains[n].question) == 0)
			return &plains[n];
	return NULL;
}

/* At main, where all is below. */
static bool sum_right(const struct books *b, const struct summing *s, size_t i)
{
	const char *column = s->question->columns[i].name;
	const struct plain *p = plain(s->question);
	if (p == NULL || b->station->parent != NULL || s->question->columns[i].type != ST_ANSWER_COUNT)
		return true;
	if (strcmp(column, "opened") == 0 || strcmp(column, "matters") == 0)
		return s->sums[i] == p->times * b->opened;
	if (strcmp(column, "closed") == 0 || strcmp(column, "ended") == 0)
		return s->sums[i] == p->times * b->closed;
	if (strcmp(column, "open_now") == 0)
		return s->sums[i] == p->times * b->open;
	if (strcmp(column, "overdue_now") == 0)
		return s->sums[i] == p->times * b->late;
	return strcmp(column, "reopened") != 0 || s->sums[i] == p->times * b->reopened;
}

static int ask(struct books *b, const struct st_question *question)
{
	struct summing s = { .question = question };
	struct st_ask q = { .question = question, .now_ms = st_day_start_ms(b->today), .lang = ST_EN };
	struct st_answered said = { .rows = 0 };
	char place[ST_PLACE_MAX] = "";
	if (question->of_record)
		return 0;
	if (question->period != ST_PERIOD_NONE && plain(question) != NULL)
		q.from_day = 1; /* all that there is */
	int rc = st_ask(b->txn, &q, sum_row, &s, &said, place);
	free(said.covers);
	bool young = rc == ST_EFIELD && b->today < 2 * 366; /* a clock at 1970 has no year before */
	SIM_CHECK(b->station->sim, b->station, rc == 0 || young, "can't answer %s: %s %s", question->name,
		  st_error_name(rc), place);
	for (size_t i = 0; i < question->column_count; i++)
		SIM_CHECK(b->station->sim, b->station, sum_right(b, &s, i), "%s: %s adds up to %llu; opened %llu, closed %llu, open %llu, late %llu",
			  question->name, question->columns[i].name, (unsigned long long)s.sums[i],
			  (unsigned long long)b->opened, (unsigned long long)b->closed,
			  (unsigned long long)b->open, (unsigned long long)b->late);
	return 0;
}

/* By state, what is late is counted one by one; together it is as much as the tallies have. */
static int ask_states(struct books *b)
{
	struct st_report report;
	struct st_report_query q = { .kind = ST_KIND_MATTER, .today = b->today, .by_count = 1, .by = { ST_BY_STATE } };
	char place[ST_PLACE_MAX] = "";
	int rc = st_report_make(b->txn, &q, &report, place);
	if (rc < 0)
		return rc;
	SIM_CHECK(b->station->sim, b->station, report.total.overdue_now == b->late && report.total.open_now == b->open,
		  "by state %llu are overdue of %llu; they are %llu of %llu",
		  (unsigned long long)report.total.overdue_now, (unsigned long long)report.total.open_now,
		  (unsigned long long)b->late, (unsigned long long)b->open);
	st_report_done(&report);
	return 0;
}

static int read_books(struct st_txn *t, void *arg)
{
	struct books *b = arg;
	struct sim *sim = b->station->sim;
	b->txn = t;
	int rc = st_registers_load(t, b->today, &b->all);
	if (rc < 0)
		return rc;
	choose_register(b);
	rc = st_record_each(t, NULL, read_row, b);
	if (rc == 0)
		rc = read_register(b);
	SIM_CHECK(sim, b->station, rc < 0 || b->listed == b->wanted ||
					   (b->listed < b->wanted && any_absent(b->reg)),
		  "register %s holds %zu records, its rows are %zu", b->reg->name, b->listed, b->wanted);
	for (int i = 0; rc == 0 && i < 2; i++)
		rc = ask(b, st_question_at(sim_below(sim, i == 0 ? 6 : st_question_count())));
	free(b->all);
	if (rc == 0)
		rc = ask_states(b);
	return rc;
}

void check_books(struct sim *sim)
{
	struct station *s = sim->stations[sim_chance(sim, 500) ? 0 : sim_below(sim, sim->count)];
	struct books b = { .station = s };
	if (!s->self.set_up)
		return;
	b.today = st_day_of_ms(station_wall(s)) + 1 + (uint32_t)sim_below(sim, 60);
	SIM_DO(sim, s, st_store_read(s->store, read_books, &b));
}
