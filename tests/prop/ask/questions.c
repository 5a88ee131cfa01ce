/* questions.c - each of the 24 questions equals a plain recount of the records' lives, at every
 * tier, over random histories, stations and periods; and what isn't a question's parameter is
 * refused by name.
 *
 * A failure prints its seed (SEED=n runs that one) and the first row that only one side has. */
#include <station/ask/overdue.h>
#include "history.h"
#include "../../common/ask/questions.h"

enum { HISTORIES = 2, STEPS = 1100, ASKS = 3 };
static uint64_t first_seed;

/* ---- what the city issues in the midst of a history ---- */

static struct towns_points points[POINTS_MAX];
static size_t points_count;

static void issue_points(void)
{
	static const char *const lines[] = { "in_time", "ended", "satisfied", "visits", "kept", "heard" };
	const struct st_city_table *table = st_city_table(ST_CITY_assessment);
	struct towns_points *p = &points[points_count++];
	struct st_city_file file;
	struct st_buf csv, rows;
	char line[80];
	assert_true(points_count <= POINTS_MAX);
	*p = (struct towns_points){ .from_day = st_day_of_ms(city[MAIN].world.now_ms) };
	st_buf_init(&csv, ST_CITY_FILE_MAX);
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	st_buf_put_text(&csv, "line,most,full_at,of_nothing\n");
	for (unsigned i = 0; i < 6; i++) {
		if (below(5) == 0)
			continue; /* a line left out earns nothing */
		p->most[i] = (uint32_t)below(50);
		(void)snprintf(line, sizeof(line), "%s,%u,", lines[i], p->most[i]);
		st_buf_put_text(&csv, line);
		if (i == 3)
			p->full_at = 1 + (uint32_t)below(30);
		if (i == 0)
			p->of_nothing = (uint32_t)below(p->most[i] + 1);
		(void)snprintf(line, sizeof(line), i == 3 ? "%u,\n" : i == 0 ? ",%u\n" : ",\n",
			       i == 3 ? p->full_at : p->of_nothing);
		st_buf_put_text(&csv, line);
	}
	assert_int_equal(st_city_read(table, st_buf_span(&csv), &rows, &file), 0);
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_CITY;
	job->u.city.count = 1;
	job->u.city.author = st_span_text("Z1");
	job->u.city.issues[0] = (struct st_city_issue){ .table = table->number, .rows = st_buf_span(&rows),
							.columns = (uint32_t)table->column_count };
	assert_int_equal(station_run(&city[MAIN], job), 0);
	free(job);
	st_buf_done(&csv);
	st_buf_done(&rows);
	settle();
}

struct asked {
	int at;
	struct st_ask ask;
	char what[200];
	struct answer *answer;
	struct st_answered answered;
	size_t rows; /* of all answers, so that none passes by having none */
};

static void compare(struct asked *x, struct counted *c)
{
	struct answer *a = x->answer;
	size_t i = first_difference(a, c);
	if (i != SIZE_MAX)
		fail_msg("seed %llu: %s: row %zu of %zu\n  said     %s\n  recount  %s (of %zu)",
			 (unsigned long long)first_seed, x->what, i, a->count,
			 i < a->count ? a->lines[i] : "(none)",
			 i < c->line_count ? c->lines[i] : "(none)", c->line_count);
	x->rows += a->count;
}

static void cover(struct counted *c, const struct asked *x, uint32_t top)
{
	for (size_t i = 0; i < c->towns_count; i++) {
		struct town *t = &c->towns[i];
		t->covered = is_below(c, t->number, top);
		assert_true(t->number < x->answered.station_count);
		assert_int_equal(x->answered.covers[t->number], t->covered);
	}
}

static int ask_one(struct st_txn *t, void *arg)
{
	struct asked *x = arg;
	char place[ST_PLACE_MAX];
	struct counted *c = calloc(1, sizeof(*c));
	x->answer->count = 0;
	int rc = st_ask(t, &x->ask, x->ask.question->of_record ? take_life : take_row, x->answer,
			&x->answered, place);
	if (rc != 0)
		fail_msg("seed %llu: %s: %s %s", (unsigned long long)first_seed, x->what,
			 st_error_name(rc), place);
	assert_int_equal(x->answered.rows, x->answer->count);
	assert_true(read_all(c, t, codes[x->at]));
	uint32_t top = c->self;
	if (!st_code_empty(&x->ask.station))
		assert_int_equal(st_station_number(t, &x->ask.station, &top), 0);
	cover(c, x, top);
	c->from = x->answered.from_day;
	c->to = x->answered.to_day;
	c->now_ms = x->ask.now_ms;
	c->today = st_day_of_ms(x->ask.now_ms);
	c->record = (const char *)x->ask.record.data;
	c->points = points;
	c->points_count = points_count;
	assert_true((x->answered.lacks != NULL) ==
		    (x->ask.question->number == 24 && points_at(c)->none));
	recounts[x->ask.question->number - 1](c);
	compare(x, c);
	free(x->answered.covers);
	forget(c);
	return 0;
}

/* Days around the history, or whole months, or what is usual. */
static void some_period(struct asked *x)
{
	const struct st_question *q = x->ask.question;
	uint32_t today = st_day_of_ms(x->ask.now_ms), from = today - below(500),
		 to = from + below(300);
	if (q->period == ST_PERIOD_NONE || below(3) == 0)
		return;
	if (q->period == ST_PERIOD_MONTHS) {
		from = st_month_first_day(st_month_of_day(from));
		to = st_month_first_day(st_month_of_day(to) + 1) - 1;
	}
	x->ask.from_day = from;
	x->ask.to_day = below(4) == 0 ? 0 : to;
}

static void ask_at(struct asked *x, int at, const struct st_question *q, const char *of_life)
{
	char from[ST_DAY_TEXT], to[ST_DAY_TEXT];
	x->at = at;
	x->ask = (struct st_ask){ .question = q,
				  .lang = ST_ZH,
				  .now_ms =
					  city[at].world.now_ms + (int64_t)below(20) * 86400000LL };
	some_period(x);
	if (below(3) == 0) {
		int k = (int)below(STATIONS), up = k;
		while (up != at && up > MAIN)
			up = parents[up];
		if (up == at)
			x->ask.station = code_of(codes[k]);
	}
	if (q->of_record)
		x->ask.record = st_span_text(of_life);
	st_day_text(x->ask.from_day, from);
	st_day_text(x->ask.to_day, to);
	(void)snprintf(x->what, sizeof(x->what), "%s at %s, of %s, %s to %s", q->name, codes[at],
		       x->ask.station.text, from, to);
	assert_int_equal(st_store_read(city[at].store, ask_one, x), 0);
}

/* ---- the list of what is late ---- */

struct late {
	struct asked *x;
	struct st_overdue_query q;
	struct st_buf next;
	size_t page, whats[ST_OVERDUE_WHATS];
};

static int take_late(const struct st_overdue_row *row, void *arg)
{
	static const char *const whats[] = { "", "record", "opinion", "missed" };
	struct late *l = arg;
	char day[ST_DAY_TEXT];
	st_day_text(row->due, day);
	assert_true(l->x->answer->count < LINES);
	assert_int_equal(row->days, row->due < l->q.today ? l->q.today - row->due : 0);
	(void)snprintf(l->x->answer->lines[l->x->answer->count++], LINE, "%s|%s|%s|%s", row->number, whats[row->what],
		       row->what == ST_OVERDUE_opinion ? row->unit : "", day);
	l->whats[row->what]++;
	l->page++;
	return 0;
}

static bool may_consult(const struct lived *l)
{
	return in_state(l, "assigned") || in_state(l, "drafted");
}

static void say_opinions(struct counted *c, const struct lived *l)
{
	char day[ST_DAY_TEXT];
	uint32_t due = (uint32_t)num(l, "opinion_due");
	st_day_text(due, day);
	for (size_t i = 0; may_consult(l) && due != 0 && due < c->today && i < l->told_count; i++) {
		const struct told_value *t = &l->told[i];
		bool before = false;
		for (size_t n = 0; n < i; n++)
			before |= l->told[n].id == t->id && strcmp(l->told[n].text, t->text) == 0;
		if (t->id == fid(l, "co_units") && !before && !has(l, "co_unit", 0, t->text))
			say(c, "%s|opinion|%s|%s", l->number, t->text, day);
	}
}

/* Those that nothing met, from a day on. */
static void say_missed(struct counted *c, const struct lived *l, uint32_t from)
{
	size_t count = 0;
	struct some_day *all = days_until(c, l, c->today, &count);
	for (size_t i = 0; i < count; i++) {
		struct some_day *o = &all[i];
		bool missed = !o->met && !is_met(c, l, o->now) && (o->missed || o->now < c->today);
		char day[ST_DAY_TEXT];
		st_day_text(o->now, day);
		if (missed && o->now >= from && o->now <= c->today)
			say(c, "%s|missed||%s", l->number, day);
	}
	free(all);
}

static void recount_late(struct counted *c)
{
	for (struct lived *l = c->lives; l < c->lives + c->count; l++) {
		char day[ST_DAY_TEXT];
		if (!covered(holder(c, l)))
			continue;
		if (st_kind_field(l->kind, ST_F_DUE_DAY) != NULL && overdue(c, l)) {
			st_day_text((uint32_t)num(l, "due"), day);
			say(c, "%s|record||%s", l->number, day);
		}
		if (is_kind(l, "suggestion"))
			say_opinions(c, l);
		if (is_kind(l, "schedule"))
			say_missed(c, l, c->today - ST_MISSED_USUAL);
	}
}

/* Page after page, of any length. */
static int list_late(struct st_txn *t, void *arg)
{
	struct late *l = arg;
	struct asked *x = l->x;
	struct counted *c = calloc(1, sizeof(*c));
	char from[2 * ST_INDEX_KEY_MAX];
	c->today = l->q.today;
	assert_true(read_all(c, t, codes[x->at]));
	l->q.self = c->self;
	l->q.from = ST_SPAN_NONE;
	x->answer->count = 0;
	do {
		st_buf_init(&l->next, sizeof(from));
		l->q.limit = 1 + below(9);
		l->page = 0;
		assert_int_equal(st_overdue_each(t, &l->q, take_late, l, &l->next), 0);
		assert_true(l->page <= l->q.limit && (l->next.size == 0 || l->page == l->q.limit));
		memcpy(from, l->next.data == NULL ? (const void *)"" : l->next.data, l->next.size);
		l->q.from = st_span(from, l->next.size);
		st_buf_done(&l->next);
	} while (l->q.from.size > 0);
	for (size_t i = 0; i < c->towns_count; i++)
		c->towns[i].covered = is_below(c, c->towns[i].number, c->self);
	recount_late(c);
	compare(x, c);
	forget(c);
	return 0;
}

static void moves(int at, const char *move, char number[ST_NUMBER_TEXT], const char *name, const char *value,
		  const char *name2, const char *value2)
{
	const struct st_command_field fields[] = { { st_span_text(name), st_span_text(value) },
						   { st_span_text(name2), st_span_text(value2) },
						   { st_span_text("title"), st_span_text("修路") } };
	bool opens = strcmp(move, "raise") == 0;
	station_kind = st_kind_named("suggestion")->number;
	int rc = station_command(&city[at], move, number, fields, opens ? 3 : 2);
	if (rc != 0)
		fail_msg("%s: %s", move, st_error_name(rc));
}

/* Histories walk suggestions on to their ends; these stay where others' opinions are awaited. */
static void leave_opinions_due(void)
{
	char number[ST_NUMBER_TEXT];
	for (unsigned i = 0; i < 4; i++) {
		int at = (int)below(STATIONS);
		number[0] = 0;
		moves(at, "raise", number, "type", "suggestion", "deputy", "D-1");
		moves(at, "accept", number, "category", "交通", "remark", "急");
		moves(at, "assign", number, "unit", "交通局", "co_units", "公安局");
		if (below(2) == 0)
			moves(at, "consult", number, "co_unit", "公安局", "opinion", "同意");
		else
			moves(at, "draft", number, "reply", "已列入", "class", "C");
	}
	for (int i = 0; i < STATIONS; i++)
		city[i].world.now_ms += (int64_t)(20 + below(30)) * 86400000LL;
	settle();
}

static void test_late(struct asked *x, size_t all[ST_OVERDUE_WHATS])
{
	for (x->at = 0; x->at < STATIONS; x->at++) {
		struct late l = { .x = x };
		l.q.today = st_day_of_ms(city[x->at].world.now_ms) + below(40);
		(void)snprintf(x->what, sizeof(x->what), "what is late at %s", codes[x->at]);
		assert_int_equal(st_store_read(city[x->at].store, list_late, &l), 0);
		for (int i = 0; i < ST_OVERDUE_WHATS; i++)
			all[i] += l.whats[i];
	}
}

/* Reports by state of every kind, at every tier: what is open and overdue in each. */
struct by_state {
	int at;
	size_t late; /* in all, so that none passes by having none */
};

static bool late_now(const struct counted *c, const struct lived *l)
{
	return st_kind_field(l->kind, ST_F_DUE_DAY) != NULL && overdue(c, l);
}

static void compare_state(const struct st_report_row *row, struct counted *c, const struct st_kind *k)
{
	uint64_t open = 0, late = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct lived *l = &c->lives[i];
		struct st_code code;
		assert_int_equal(st_station_code(c->txn, l->row.holder, &code), 0);
		if (l->kind != k || strcmp(code.text, row->key[0]) != 0 || !in_state(l, row->key[1]))
			continue;
		open += open_now(l);
		late += late_now(c, l);
	}
	if (row->open_now != open || row->overdue_now != late)
		fail_msg("seed %llu: %s at %s in %s: open %llu, overdue %llu; recount %llu, %llu",
			 (unsigned long long)first_seed, k->name, row->key[0], row->key[1],
			 (unsigned long long)row->open_now, (unsigned long long)row->overdue_now,
			 (unsigned long long)open, (unsigned long long)late);
}

static int report_states(struct st_txn *t, void *arg)
{
	struct by_state *x = arg;
	char place[ST_PLACE_MAX];
	struct counted *c = calloc(1, sizeof(*c));
	c->txn = t;
	c->lives = calloc(LIVES, sizeof(*c->lives));
	c->today = st_day_of_ms(city[x->at].world.now_ms) + below(40);
	read_towns(c, codes[x->at]);
	assert_int_equal(st_record_each(t, NULL, read_life, c), 0);
	for (size_t i = 0; i < st_kind_count(); i++) {
		struct st_report report;
		const struct st_kind *k = st_kind_at(i);
		struct st_report_query q = { .kind = k->number, .by_count = 2, .today = c->today,
					     .by = { ST_BY_STATION, ST_BY_STATE } };
		uint64_t late = 0;
		assert_int_equal(st_report_make(t, &q, &report, place), 0);
		for (size_t n = 0; n < report.count; n++) {
			compare_state(&report.rows[n], c, k);
			late += report.rows[n].overdue_now;
		}
		assert_int_equal(report.total.overdue_now, late);
		for (size_t n = 0; n < c->count; n++)
			late -= c->lives[n].kind == k && late_now(c, &c->lives[n]);
		assert_int_equal(late, 0);
		x->late += report.total.overdue_now;
		st_report_done(&report);
	}
	forget(c);
	return 0;
}

static int is_known(struct st_txn *t, void *arg)
{
	struct st_record_ref ref;
	return st_record_resolve(t, st_span_text(arg), &ref);
}

static void test_equal_a_recount(void **state)
{
	const char *given = getenv("SEED");
	(void)state;
	struct asked x = { .answer = calloc(1, sizeof(struct answer)) };
	size_t total[64] = { 0 }, late[ST_OVERDUE_WHATS] = { 0 };
	for (unsigned n = 0; n < (given != NULL ? 1 : HISTORIES); n++) {
		first_seed = seed = given != NULL ? strtoull(given, NULL, 10) : 500 + n;
		city_begin();
		points_count = 0;
		history(STEPS / 2);
		issue_points();
		history(STEPS / 4);
		issue_points();
		history(STEPS / 4);
		assert_true(record_count > 60 && moved_count > 150);
		for (size_t i = 0; i < st_question_count(); i++) {
			x.rows = 0;
			for (int at = 0; at < STATIONS; at++)
				for (unsigned k = 0; k < ASKS; k++) {
					const struct st_question *q = st_question_at(i);
					if (q->of_record && st_store_read(city[at].store, is_known,
									  records[k].number) != 0)
						continue;
					ask_at(&x, at, q, records[k].number);
				}
			if (getenv("SAY") != NULL)
				print_message("%s: %zu rows\n", st_question_at(i)->name, x.rows);
			total[i] += x.rows;
		}
		struct by_state states = { .at = 0 };
		leave_opinions_due();
		for (; states.at < STATIONS; states.at++)
			assert_int_equal(st_store_read(city[states.at].store, report_states, &states), 0);
		assert_true(states.late > 0);
		test_late(&x, late);
		city_end();
	}
	for (size_t i = 0; given == NULL && i < st_question_count(); i++)
		if (total[i] == 0)
			fail_msg("%s: no history has a row of it", st_question_at(i)->name);
	for (int i = 1; given == NULL && i < ST_OVERDUE_WHATS; i++)
		if (late[i] == 0)
			fail_msg("what is late: no history has a row of kind %d", i);
	free(x.answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_equal_a_recount) };
	if (st_trust_start() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
