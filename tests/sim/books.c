/* books.c - the city's registers and each of the office's questions, asked at one station, against plain recounts of
 * all records' lives there: those that the property test has (tests/common/ask).
 *
 * Owns:    which station, days and stations are asked of; what a register must hold, and in which order.
 * Promise: 4: what an office reads equals a recount; 8: whatever somebody signed, no question stops.
 * Flow:    seed -> station -> lives; registers, questions -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/ask/register.h>
#include <station/ask/report.h>
#include <station/store/city.h>
#include "../common/ask/questions.h"
#include "sim.h"

enum { DAYS_ROUND = 500 };

struct books {
	struct station *station;
	struct st_txn *txn;
	struct counted *all;
	uint32_t today;
	/* the register at work */
	const struct st_register *reg;
	struct st_register_query query;
	size_t number_column; /* SIZE_MAX: none */
	const struct lived **wanted;
	size_t wanted_count, listed;
	struct towns_points points; /* in force */
};

/* ---- registers ---- */

static bool any_told(const struct lived *l, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < l->told_count; i++)
		for (size_t k = 0; k < count; k++)
			if (l->told[i].id == ids[k])
				return true;
	return false;
}

static bool belongs(const struct books *b, const struct lived *l)
{
	const struct st_register_query *q = &b->query;
	uint64_t channel = told_number(l, ST_F_CHANNEL);
	if (l->opened < q->from_day || (q->to_day != 0 && l->opened > q->to_day))
		return false;
	if (q->station != 0 && !is_below(b->all, l->ref.opener, q->station) &&
	    !is_below(b->all, l->row.holder, q->station))
		return false;
	for (size_t i = 0; i < b->reg->kind_count; i++) {
		const struct st_register_kind *k = &b->reg->kinds[i];
		if (k->kind != l->kind->number || (k->states != 0 && (k->states >> l->state & 1) == 0))
			continue;
		return (k->channels == 0 || (channel < 64 && (k->channels >> channel & 1) != 0)) &&
		       !any_told(l, k->absent, k->absent_count);
	}
	return false;
}

/* Opening day, opener, ULID. */
static int by_opening(const void *a, const void *b)
{
	const struct lived *x = *(const struct lived *const *)a, *y = *(const struct lived *const *)b;
	if (x->opened != y->opened)
		return x->opened < y->opened ? -1 : 1;
	if (x->ref.opener != y->ref.opener)
		return x->ref.opener < y->ref.opener ? -1 : 1;
	return memcmp(x->ref.ulid.bytes, y->ref.ulid.bytes, ST_ULID_SIZE);
}

static bool day_right(const struct st_register_column *c, const struct st_register_cell *cell,
		      const struct lived *l)
{
	uint64_t want;
	if (c->count != 1 || c->sources[0].what != ST_SOURCE_DATUM || c->sources[0].link[0] != 0)
		return true;
	switch (c->sources[0].datum) {
	case ST_DATUM_OPENED: want = l->opened; break;
	case ST_DATUM_DUE:    want = told_number(l, ST_F_DUE_DAY); break;
	case ST_DATUM_CLOSED: want = l->closed; break;
	case ST_DATUM_NUMBER:
		return l->row.number.serial == 0 || st_span_equal(cell->text, st_span_text(l->number));
	default:              return true;
	}
	return cell->empty ? want == 0 : (uint64_t)cell->number == want;
}

static int check_row(const struct st_register_cell *cells, size_t count, void *arg)
{
	struct books *b = arg;
	size_t n = b->listed++;
	if (n >= b->wanted_count)
		return 0;
	for (size_t i = 0; i < count; i++)
		SIM_CHECK(b->station->sim, b->station, day_right(&b->reg->columns[i], &cells[i], b->wanted[n]),
			  "register %s: row %zu is another than %s, by its %s", b->reg->name, n,
			  b->wanted[n]->number, b->reg->columns[i].name);
	return 0;
}

/* Page by page; each page says where the next begins. */
static int read_register(struct books *b)
{
	char place[ST_PLACE_MAX] = "", page[256];
	struct st_buf next;
	int rc;
	b->listed = b->wanted_count = 0;
	for (size_t i = 0; i < b->all->count; i++)
		if (belongs(b, &b->all->lives[i]))
			b->wanted[b->wanted_count++] = &b->all->lives[i];
	qsort(b->wanted, b->wanted_count, sizeof(b->wanted[0]), by_opening);
	st_buf_init(&next, sizeof(page));
	do {
		(void)snprintf(page, sizeof(page), "%.*s", (int)next.size,
			       next.data == NULL ? "" : (const char *)next.data);
		b->query.page = st_span_text(page);
		st_buf_clear(&next);
		rc = st_register_each(b->txn, &b->query, check_row, b, &next, place);
	} while (rc == 0 && next.size > 0 && b->listed <= b->wanted_count);
	st_buf_done(&next);
	SIM_CHECK(b->station->sim, b->station, rc < 0 || b->listed == b->wanted_count,
		  "register %s lists %zu records, there are %zu", b->reg->name, b->listed, b->wanted_count);
	return rc;
}

static void some_days(struct books *b, uint32_t *from, uint32_t *to)
{
	struct sim *sim = b->station->sim;
	uint32_t back = (uint32_t)sim_below(sim, DAYS_ROUND);
	*from = b->today > back ? b->today - back : 1;
	*to = sim_chance(sim, 300) ? 0 : *from + (uint32_t)sim_below(sim, DAYS_ROUND);
}

static int read_registers(struct books *b)
{
	struct sim *sim = b->station->sim;
	struct st_registers *registers = NULL;
	int rc = st_registers_load(b->txn, b->today, &registers);
	b->wanted = calloc(b->all->count + 1, sizeof(b->wanted[0]));
	ST_REQUIRE(b->wanted != NULL);
	for (size_t i = 0; rc == 0 && i < registers->count; i++) {
		b->reg = &registers->rows[i];
		b->query = (struct st_register_query){ .reg = b->reg, .limit = 1 + sim_below(sim, 100),
						       .lang = ST_ZH, .deputy = ST_SPAN_NONE };
		if (sim_chance(sim, 500))
			some_days(b, &b->query.from_day, &b->query.to_day);
		if (sim_chance(sim, 300))
			b->query.station = b->all->towns[sim_below(sim, b->all->towns_count)].number;
		rc = read_register(b);
	}
	free(b->wanted);
	free(registers);
	return rc;
}

/* ---- questions ---- */

/* The points of a version; 0: it is none. */
static size_t city_assessment(uint32_t version, struct towns_points *to)
{
	*to = (struct towns_points){ .full_at = city_full_at(version), .of_nothing = 3 };
	for (unsigned i = 0; i < CITY_MEASURES; i++)
		to->most[i] = city_most(version, i);
	return version != 0;
}

static uint32_t version_of(struct books *b, uint8_t table, uint32_t day)
{
	struct st_city_version v;
	int rc = st_city_in_force(b->txn, table, day, &v);
	SIM_CHECK(b->station->sim, b->station, rc == 0 || rc == ST_ENOTFOUND, "a city table: %s",
		  st_error_name(rc));
	return rc == 0 ? v.version : 0;
}

/* What the versions in force say, by who issued them. */
static void read_city(struct books *b)
{
	struct counted *c = b->all;
	uint32_t end = c->to != 0 && c->to < b->today ? c->to : b->today;
	c->city = (struct city_says){ .workdays = version_of(b, ST_CITY_workdays, b->today),
				      .works = city_works,
				      .focus = version_of(b, ST_CITY_focus, b->today),
				      .focus_name = city_focus };
	city_officials(version_of(b, ST_CITY_settings, end), c->city.officials);
	c->points = &b->points;
	c->points_count = city_assessment(version_of(b, ST_CITY_assessment, end), &b->points);
}

static bool some_record(struct books *b, struct st_ask *q)
{
	struct counted *c = b->all;
	struct st_record_ref ref;
	for (size_t tries = 0; c->count > 0 && tries < 8; tries++) {
		const struct lived *l = &c->lives[sim_below(b->station->sim, c->count)];
		if (l->row.number.serial == 0 ||
		    st_record_resolve(b->txn, st_span_text(l->number), &ref) != 0 ||
		    memcmp(&ref.ulid, &l->ref.ulid, sizeof(ref.ulid)) != 0)
			continue; /* it has no number, or somebody claimed it before */
		c->record = l->number;
		q->record = st_span_text(l->number);
		return true;
	}
	return false;
}

static void some_period(struct books *b, struct st_ask *q)
{
	if (q->question->period == ST_PERIOD_NONE || sim_chance(b->station->sim, 300))
		return;
	some_days(b, &q->from_day, &q->to_day);
	if (q->question->period != ST_PERIOD_MONTHS)
		return;
	q->from_day = st_month_first_day(st_month_of_day(q->from_day));
	if (q->to_day != 0)
		q->to_day = st_month_first_day(st_month_of_day(q->to_day) + 1) - 1;
}

static void ask(struct books *b, const struct st_question *question, struct answer *a)
{
	struct counted *c = b->all;
	struct st_ask q = { .question = question, .now_ms = c->now_ms, .lang = ST_ZH };
	struct st_answered said = { .rows = 0 };
	char place[ST_PLACE_MAX] = "";
	if (question->of_record && !some_record(b, &q))
		return;
	some_period(b, &q);
	a->count = c->line_count = 0;
	int rc = st_ask(b->txn, &q, question->of_record ? take_life : take_row, a, &said, place);
	free(said.covers);
	bool young = rc == ST_EFIELD && b->today < 4 * 366; /* a clock at 1970 has no year before */
	SIM_CHECK(b->station->sim, b->station, rc == 0 || young, "can't answer %s: %s %s", question->name,
		  st_error_name(rc), place);
	if (young)
		return;
	c->from = said.from_day;
	c->to = said.to_day;
	read_city(b);
	recounts[question->number - 1](c);
	size_t i = first_difference(a, c);
	SIM_CHECK(b->station->sim, b->station, i == SIZE_MAX,
		  "%s, days %u to %u: row %zu of %zu is %.150s; recounted (%zu) %.150s", question->name, c->from,
		  c->to, i, a->count, i < a->count ? a->lines[i] : "none", c->line_count,
		  i < c->line_count ? c->lines[i] : "none");
}

/* By state, what is late is counted one by one; together it is as much as a plain recount has. */
static int ask_states(struct books *b)
{
	struct st_report report;
	struct st_report_query q = { .kind = ST_KIND_MATTER, .today = b->today, .by_count = 1, .by = { ST_BY_STATE } };
	char place[ST_PLACE_MAX] = "";
	uint64_t open = 0, late = 0;
	const struct counted *c = b->all;
	EACH(c, l, "matter")
	{
		open += open_now(l);
		late += overdue(c, l);
	}
	int rc = st_report_make(b->txn, &q, &report, place);
	if (rc < 0)
		return rc;
	SIM_CHECK(b->station->sim, b->station, report.total.overdue_now == late && report.total.open_now == open,
		  "by state %llu are overdue of %llu; they are %llu of %llu",
		  (unsigned long long)report.total.overdue_now, (unsigned long long)report.total.open_now,
		  (unsigned long long)late, (unsigned long long)open);
	st_report_done(&report);
	return 0;
}

static int read_books(struct st_txn *t, void *arg)
{
	struct books *b = arg;
	b->txn = t;
	if (!read_all(b->all, t, b->station->code.text))
		return 0; /* more records than the recounts are made for */
	b->all->now_ms = st_day_start_ms(b->today) + (int64_t)sim_below(b->station->sim, 86400000);
	b->all->today = b->today;
	EACH_TOWN(b->all, town)
	town->covered = is_below(b->all, town->number, b->all->self);
	int rc = read_registers(b);
	struct answer *a = calloc(1, sizeof(*a));
	ST_REQUIRE(a != NULL);
	for (size_t i = 0; rc == 0 && i < st_question_count(); i++)
		ask(b, st_question_at(i), a);
	free(a);
	if (rc == 0)
		rc = ask_states(b);
	return rc;
}

void check_books(struct sim *sim)
{
	struct station *s = sim->stations[sim_chance(sim, 300) ? 0 : sim_below(sim, sim->count)];
	struct books b = { .station = s };
	if (!s->self.set_up)
		return;
	b.today = st_day_of_ms(station_wall(s)) + 1 + (uint32_t)sim_below(sim, 60);
	b.all = calloc(1, sizeof(*b.all));
	ST_REQUIRE(b.all != NULL);
	SIM_DO(sim, s, st_store_read(s->store, read_books, &b));
	forget(b.all);
}
