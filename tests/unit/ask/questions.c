/* questions.c - the table of questions holds together, and periods mean the days that people mean.
 */
#include <station/ask/question.h>
#include <station/base/clock.h>
#include <station/work/city.h>
#include "../../../lib/ask/question_period.h"
#include "../apply/pair.h"

static void test_each_question_can_be_named_and_shown(void **state)
{
	(void)state;
	assert_int_equal(st_question_count(), 24);
	for (size_t i = 0; i < st_question_count(); i++) {
		const struct st_question *q = st_question_at(i);
		char number[12];
		(void)snprintf(number, sizeof(number), "%u", q->number);
		assert_int_equal(q->number, i + 1);
		assert_ptr_equal(st_question_named(q->name), q);
		assert_ptr_equal(st_question_named(number), q);
		assert_true(q->zh[0] != 0 && q->en[0] != 0 && q->note_zh[0] != 0 &&
			    q->note_en[0] != 0);
		assert_true(q->column_count > 0 && q->column_count <= ST_QUESTION_COLUMNS_MAX);
		assert_true(q->period != ST_PERIOD_NONE || q->usual == ST_USUAL_ALL);
		for (size_t k = 0; k < q->column_count; k++) {
			assert_true(q->columns[k].zh[0] != 0 && q->columns[k].en[0] != 0);
			for (size_t n = 0; n < k; n++)
				assert_string_not_equal(q->columns[k].name, q->columns[n].name);
		}
	}
	assert_null(st_question_named("ghost"));
	assert_null(st_question_named(""));
	assert_null(st_question_named("25"));
}

static uint32_t day(int y, int m, int d)
{
	return st_day_of_date(y, m, d);
}

static int period(const struct st_period_words *w, uint32_t *from, uint32_t *to,
		  char place[ST_PLACE_MAX])
{
	return st_period_read(w, ST_EN, from, to, place);
}

static void test_periods(void **state)
{
	uint32_t from = 0, to = 0;
	char place[ST_PLACE_MAX];
	static const char *const quarters[] = { "2026-Q1", "2026Q1", "2026-q1", "2026-1" };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(period(&(struct st_period_words){ .quarter = quarters[i] }, &from,
					&to, place),
				 0);
		assert_int_equal(from, day(2026, 1, 1));
		assert_int_equal(to, day(2026, 3, 31));
	}
	assert_int_equal(period(&(struct st_period_words){ .year = "2024" }, &from, &to, place), 0);
	assert_int_equal(from, day(2024, 1, 1));
	assert_int_equal(to, day(2024, 12, 31));
	assert_int_equal(period(&(struct st_period_words){ .month = "2024-02" }, &from, &to, place),
			 0);
	assert_int_equal(to, day(2024, 2, 29));
	assert_int_equal(period(&(struct st_period_words){ .from = "2024-02", .to = "2024-02-03" },
				&from, &to, place),
			 0);
	assert_int_equal(from, day(2024, 2, 1));
	assert_int_equal(to, day(2024, 2, 3));
	assert_int_equal(period(&(struct st_period_words){ .to = "2024-02" }, &from, &to, place),
			 0);
	assert_int_equal(from, 0);
	assert_int_equal(to, day(2024, 2, 29));
}

static void test_what_is_no_period_is_refused_by_name(void **state)
{
	static const struct {
		struct st_period_words words;
		const char *place;
	} wrong[] = {
		{ { .from = "" }, "from" },
		{ { .from = "2026-02-30" }, "from" },
		{ { .to = "2026-13" }, "to" },
		{ { .from = "2026-02", .to = "2026-01" }, "to" },
		{ { .month = "2026" }, "month" },
		{ { .month = "2026-01-01" }, "month" },
		{ { .quarter = "2026-Q0" }, "quarter" },
		{ { .quarter = "2026-Q5" }, "quarter" },
		{ { .quarter = "2026" }, "quarter" },
		{ { .quarter = "20261" }, "quarter" },
		{ { .quarter = "" }, "quarter" },
		{ { .quarter = "2026-Q11" }, "quarter" },
		{ { .year = "999" }, "year" },
		{ { .year = "1969" }, "year" },
		{ { .year = "20266" }, "year" },
		{ { .year = "" }, "year" },
		{ { .year = "2026", .month = "2026-01" }, "month" },
		{ { .from = "2026", .year = "2026" }, "from" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint32_t from = 7, to = 7;
		char place[ST_PLACE_MAX] = "";
		assert_int_equal(period(&wrong[i].words, &from, &to, place), ST_EFIELD);
		assert_non_null(strstr(place, wrong[i].place));
		assert_true(from == 7 && to == 7); /* untouched */
	}
}

/* What holds where nobody names a period, on a day in the middle of it. */
static void test_what_is_usual(void **state)
{
	static const struct {
		const char *name;
		int first_month, last_month, last_day;
	} usual[] = { { "no_visit", 5, 5, 31 },
		      { "no_reception", 4, 6, 30 },
		      { "schedules", 1, 12, 31 } };
	(void)state;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct st_ask q = { .question = st_question_named(usual[i].name) };
		uint32_t from = 0, to = 0;
		char place[ST_PLACE_MAX];
		assert_int_equal(period_settle(&q, day(2026, 5, 17), &from, &to, place), 0);
		assert_int_equal(from, day(2026, usual[i].first_month, 1));
		assert_int_equal(to, day(2026, usual[i].last_month, usual[i].last_day));
	}
	struct st_ask all = { .question = st_question_named("opened") };
	uint32_t from = 1, to = 1;
	char place[ST_PLACE_MAX];
	assert_int_equal(period_settle(&all, day(2026, 5, 17), &from, &to, place), 0);
	assert_true(from == 0 && to == 0);
}

static void test_a_question_of_months_refuses_days(void **state)
{
	char place[ST_PLACE_MAX] = "";
	uint32_t from = 0, to = 0;
	struct st_ask q = { .question = st_question_named("opened"),
			    .from_day = day(2026, 1, 2),
			    .to_day = day(2026, 1, 31) };
	(void)state;
	assert_int_equal(period_settle(&q, day(2026, 5, 17), &from, &to, place), ST_EFIELD);
	assert_non_null(strstr(place, "from"));
	q.from_day = day(2026, 1, 1);
	assert_int_equal(period_settle(&q, day(2026, 5, 17), &from, &to, place), 0);
	q.to_day = day(2026, 1, 30);
	assert_int_equal(period_settle(&q, day(2026, 5, 17), &from, &to, place), ST_EFIELD);
	assert_non_null(strstr(place, "to"));
	q.question = st_question_named("overdue");
	assert_int_equal(period_settle(&q, day(2026, 5, 17), &from, &to, place), ST_EFIELD);
}

static void test_a_year_before_a_leap_day(void **state)
{
	uint32_t from = 0, to = 0;
	(void)state;
	period_year_before(day(2024, 2, 29), day(2024, 2, 29), &from, &to);
	assert_int_equal(from, day(2023, 2, 28));
	assert_int_equal(to, day(2023, 2, 28));
	period_year_before(day(2025, 1, 1), day(2025, 2, 28), &from, &to);
	assert_int_equal(from, day(2024, 1, 1));
	assert_int_equal(to,
			 day(2024, 2, 28)); /* the same date, though that month had one day more */
	period_year_before(day(2024, 12, 31), day(2024, 12, 31), &from, &to);
	assert_int_equal(to, day(2023, 12, 31));
}

/* ---- a station that has nothing yet ---- */

struct asking_one {
	struct st_ask ask;
	size_t rows;
	uint64_t last[ST_QUESTION_COLUMNS_MAX]; /* numbers of the last row */
	char texts[400];                        /* of all rows */
	int rc;
	char place[ST_PLACE_MAX];
};

static int count_row(const struct st_answer_cell *cells, size_t count, void *arg)
{
	struct asking_one *x = arg;
	assert_non_null(cells);
	assert_int_equal(count, x->ask.question->column_count);
	for (size_t i = 0; i < count; i++)
		x->last[i] = cells[i].number;
	for (size_t i = 0; i < count; i++)
		if (cells[i].type == ST_ANSWER_TEXT && !cells[i].empty &&
		    strlen(x->texts) + strlen(cells[i].text) + 2 < sizeof(x->texts)) {
			strcat(x->texts, cells[i].text);
			strcat(x->texts, " ");
		}
	x->rows++;
	return 0;
}

static int ask(struct st_txn *t, void *arg)
{
	struct asking_one *x = arg;
	struct st_answered done;
	x->rc = st_ask(t, &x->ask, count_row, x, &done, x->place);
	if (x->rc == 0)
		free(done.covers);
	return 0;
}

static void test_an_empty_station_answers_and_refuses(void **state)
{
	struct station s;
	struct st_signing_key root;
	struct asking_one x;
	(void)state;
	station_new(&s, 1);
	memset(&x, 0, sizeof(x));
	x.ask.question = st_question_at(0);
	x.ask.now_ms = s.world.now_ms;
	assert_int_equal(st_store_read(s.store, ask, &x), 0);
	assert_int_equal(x.rc, ST_ENOSTATION);
	station_found(&s, "410600", &root);
	for (size_t i = 0; i < st_question_count(); i++) {
		x = (struct asking_one){ .ask = { .question = st_question_at(i),
						  .now_ms = s.world.now_ms } };
		assert_int_equal(st_store_read(s.store, ask, &x), 0);
		assert_int_equal(x.rc, x.ask.question->of_record ? ST_EFIELD : 0);
		x.ask.record = st_span_text("410600-2026-000001-AA");
		assert_int_equal(st_store_read(s.store, ask, &x), 0);
		assert_int_equal(x.rc, x.ask.question->of_record ? ST_ENOTFOUND : ST_EFIELD);
		x.ask.record = ST_SPAN_NONE;
		x.ask.station = code_of("410611");
		assert_int_equal(st_store_read(s.store, ask, &x), 0);
		assert_int_equal(x.rc, ST_EFIELD);
		assert_true(x.place[0] != 0);
	}
	station_gone(&s);
}

static void tell(struct station *s, const char *move, char number[ST_NUMBER_TEXT],
		 const char *const words[], size_t count)
{
	struct st_command_field fields[8];
	for (size_t i = 0; i < count; i++)
		fields[i] = (struct st_command_field){ st_span_text(words[2 * i]),
						       st_span_text(words[2 * i + 1]) };
	assert_int_equal(station_command(s, move, number, fields, count), 0);
}

/* Missed first and met after all: it is kept, and counts once. */
static void test_the_last_word_on_an_occurrence_counts(void **state)
{
	struct station s;
	struct st_signing_key root;
	char plan[ST_NUMBER_TEXT] = "", visit[ST_NUMBER_TEXT] = "";
	const char *const planned[] = { "type",	 "reception", "title",	"接待", "starts", "15:00",
					"place", "一楼",      "people", "D-1",  "first", "2023-11-10" };
	const char *const came[] = { "who", "masses", "title", "噪声" };
	const char *const missed[] = { "occurrence", "2023-11-10", "reason", "外出" };
	const char *const met[] = { "occurrence", "2023-11-10", "met_by", visit };
	(void)state;
	station_new(&s, 1);
	station_found(&s, "410600", &root);
	station_kind = st_kind_named("visit")->number;
	tell(&s, "record", visit, came, 2);
	station_kind = st_kind_named("schedule")->number;
	tell(&s, "plan", plan, planned, 6);
	tell(&s, "miss", plan, missed, 2);
	tell(&s, "meet", plan, met, 2);
	struct asking_one x = { .ask = { .question = st_question_named("schedules"),
					 .from_day = day(2023, 11, 10),
					 .to_day = day(2023, 11, 10),
					 .now_ms = s.world.now_ms } };
	assert_int_equal(st_store_read(s.store, ask, &x), 0);
	assert_int_equal(x.rc, 0);
	assert_int_equal(x.rows, 1);
	/* schedules, planned, to come, kept, moved, missed */
	const uint64_t right[] = { 1, 1, 0, 1, 0, 0 };
	assert_memory_equal(x.last + 2, right, sizeof(right));
	station_gone(&s);
}

/* Days are walked one by one, so there is a bound to them; an open end is today. */
static void test_schedules_are_counted_over_so_many_days(void **state)
{
	struct station s;
	struct st_signing_key root;
	char plan[ST_NUMBER_TEXT] = "";
	const char *const daily[] = { "type",  "reception", "title",  "接待", "starts",
				      "15:00", "place",     "一楼",   "people", "D-1",
				      "weekdays", "monday", "first", "2023-11-06" };
	(void)state;
	station_new(&s, 1);
	station_found(&s, "410600", &root);
	station_kind = st_kind_named("schedule")->number;
	tell(&s, "plan", plan, daily, 7);
	uint32_t today = st_day_of_ms(s.world.now_ms);
	const struct {
		uint32_t from, to;
		int rc;
	} asked[] = { { 0, today, ST_EFIELD },
		      { today, today + 1037, ST_EFIELD },
		      { today, today + 1036, 0 },
		      { day(2023, 11, 6), 0, 0 },
		      { today + 2000, 0, 0 } };
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct asking_one x = { .ask = { .question = st_question_named("schedules"),
						 .from_day = asked[i].from,
						 .to_day = asked[i].to,
						 .now_ms = s.world.now_ms } };
		assert_int_equal(st_store_read(s.store, ask, &x), 0);
		assert_int_equal(x.rc, asked[i].rc);
		if (x.rc != 0)
			assert_non_null(strstr(x.place, "from"));
		if (asked[i].from == day(2023, 11, 6)) /* Mondays until today */
			assert_int_equal(x.last[3], (today - day(2023, 11, 6)) / 7 + 1);
	}
	station_gone(&s);
}

/* ---- what the city has set ---- */

static void issue(struct station *s, const char *table, const char *csv)
{
	const struct st_city_table *t = st_city_table_named(st_span_text(table));
	struct st_city_file *file = calloc(1, sizeof(*file));
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_buf rows;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	assert_int_equal(st_city_read(t, st_span_text(csv), &rows, file), 0);
	job->kind = ST_JOB_CITY;
	job->u.city.count = 1;
	job->u.city.issues[0] = (struct st_city_issue){ .table = t->number,
							.rows = st_buf_span(&rows),
							.columns = (uint32_t)t->column_count };
	assert_int_equal(station_run(s, job), 0);
	st_buf_done(&rows);
	free(job);
	free(file);
}

static struct asking_one asked(struct station *s, const char *question, uint32_t from, uint32_t to)
{
	struct asking_one x = { .ask = { .question = st_question_named(question),
					 .from_day = from,
					 .to_day = to,
					 .lang = ST_ZH,
					 .now_ms = s->world.now_ms } };
	assert_int_equal(st_store_read(s->store, ask, &x), 0);
	assert_int_equal(x.rc, 0);
	return x;
}

static void test_law_officials_and_key_matters_are_the_citys(void **state)
{
	struct station s;
	struct st_signing_key root;
	(void)state;
	station_new(&s, 1);
	station_found(&s, "410600", &root);
	struct asking_one x = asked(&s, "law_services", 0, 0);
	assert_string_equal(x.texts, "法官 检察官 司法工作人员 政府机关工作人员 领导干部 ");
	x = asked(&s, "focus", 0, 0);
	assert_int_equal(x.rows, 6);
	assert_string_equal(x.texts, "");
	issue(&s, "settings", "name,value\nlaw_officials,official 法官\n");
	issue(&s, "focus", "number,name\n2,生态\n6,乡村\n");
	x = asked(&s, "law_services", 0, 0);
	assert_int_equal(x.rows, 2);
	assert_string_equal(x.texts, "政府机关工作人员 法官 ");
	x = asked(&s, "focus", 0, 0);
	assert_int_equal(x.rows, 6);
	assert_string_equal(x.texts, "生态 乡村 ");
	station_gone(&s);
}

/* A Friday off moves its reception past the weekend, out of the week that is asked about. */
static void test_schedules_keep_the_citys_working_days(void **state)
{
	struct station s;
	struct st_signing_key root;
	char plan[ST_NUMBER_TEXT] = "";
	const char *const fridays[] = { "type",  "reception", "title",    "接待",   "starts",
					"15:00", "place",     "一楼",     "people", "D-1",
					"first", "2023-11-06", "weekdays", "friday" };
	uint32_t from = day(2023, 11, 6), to = day(2023, 11, 12);
	(void)state;
	station_new(&s, 1);
	station_found(&s, "410600", &root);
	station_kind = st_kind_named("schedule")->number;
	tell(&s, "plan", plan, fridays, 7);
	assert_int_equal(asked(&s, "schedules", from, to).rows, 1);
	issue(&s, "workdays", "date,kind,name\n2023-11-10,off,x\n");
	assert_int_equal(asked(&s, "schedules", from, to).rows, 0);
	assert_int_equal(asked(&s, "schedules", from, to + 1).last[3], 1);
	station_gone(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_question_can_be_named_and_shown),
		cmocka_unit_test(test_periods),
		cmocka_unit_test(test_what_is_no_period_is_refused_by_name),
		cmocka_unit_test(test_what_is_usual),
		cmocka_unit_test(test_a_question_of_months_refuses_days),
		cmocka_unit_test(test_a_year_before_a_leap_day),
		cmocka_unit_test(test_an_empty_station_answers_and_refuses),
		cmocka_unit_test(test_the_last_word_on_an_occurrence_counts),
		cmocka_unit_test(test_schedules_are_counted_over_so_many_days),
		cmocka_unit_test(test_law_officials_and_key_matters_are_the_citys),
		cmocka_unit_test(test_schedules_keep_the_citys_working_days),
	};
	if (st_trust_start() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
