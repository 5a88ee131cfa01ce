/* clocks.c - tests of due days by the city's rules: counted over the Spring Festival, put off within the rule,
 * stopped and started again, and of the rule that fits best. A store with tables, and no station around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../common/deploy.h"
#include "../../common/scratch.h"
#include <station/base/clock.h>
#include <station/event/event.h>
#include <station/work/command.h>
#include <station/work/terms.h>

enum { MATTER_ACCEPTED = 2 };
static char directory[64];
static struct st_store *store;
static struct st_terms *terms;
static struct st_buf values;
static struct st_checked checked;
static char place[ST_PLACE_MAX];

#define F(name, value) { { (const uint8_t *)(name), sizeof(name) - 1 }, { (const uint8_t *)(value), strlen(value) } }
#define HEAD "kind,category,urgency,days,unit,stops,extend,before_due,warn\n"

static uint32_t day(int month, int d)
{
	return st_day_of_date(2026, month, d);
}

/* ---- one transaction ---- */

struct step {
	void (*fn)(struct st_txn *t);
};

static int run_step(struct st_txn *t, void *arg)
{
	st_terms_begin(terms, t);
	((struct step *)arg)->fn(t);
	return 1; /* nothing of it stays */
}

static void with_store(void (*fn)(struct st_txn *t))
{
	struct step s = { fn };
	assert_int_equal(st_store_write(store, run_step, &s), 1);
}

static uint32_t versions;

static void issue(struct st_txn *t, const char *table, const char *csv, uint32_t from_day)
{
	const struct st_city_table *to = st_city_table_named(st_span_text(table));
	struct st_city_file *file = calloc(1, sizeof(*file));
	struct st_buf rows;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	assert_int_equal(st_city_read(to, st_span_text(csv), &rows, file), 0);
	struct st_city_version v = { .table = (uint8_t)to->number, .version = ++versions, .from_day = from_day,
				     .columns = (uint32_t)to->column_count, .log = 1, .seq = versions };
	assert_int_equal(st_city_put(t, &v, st_buf_span(&rows)), 0);
	st_terms_begin(terms, t);
	st_buf_done(&rows);
	free(file);
}

static void issue_file(struct st_txn *t, const char *table)
{
	issue(t, table, deploy_csv(table), 1);
}

static int setup(void **state)
{
	(void)state;
	scratch_folder(directory, sizeof(directory), "clocks");
	struct st_store_conf conf = { .directory = directory, .map_bytes = 1 << 26, .readers_max = 4 };
	assert_int_equal(st_store_open(&conf, &store), 0);
	assert_int_equal(st_terms_new(&terms), 0);
	st_buf_init(&values, 100000);
	versions = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	st_store_close(store);
	st_terms_free(terms);
	st_buf_done(&values);
	return scratch_store_gone(directory);
}

/* ---- commands ---- */

static struct st_record record; /* a matter, as it stands */

static int command(const char *move, uint32_t on, const struct st_command_field *fields, size_t count)
{
	struct st_command c = { .kind = ST_KIND_MATTER, .move = move, .at_ms = st_day_start_ms(on) + 3600000,
				.fields = fields, .field_count = count, .terms = terms };
	place[0] = 0;
	st_buf_clear(&values);
	return st_command_check(&c, &record, 1, &values, &checked, place);
}

static uint64_t number_of(uint32_t id)
{
	const struct st_field *f = st_field_find(checked.facts, checked.fact_count, id);
	return f == NULL ? UINT64_MAX : f->number;
}

static void is_rule(const char *text)
{
	const struct st_field *f = st_field_find(checked.facts, checked.fact_count, ST_F_RULE);
	assert_non_null(f);
	assert_true(st_span_equal(f->text, st_span_text(text)));
}

/* The row as the fold would have it. */
static void take_dates(void)
{
	if (number_of(ST_F_DUE_DAY) != UINT64_MAX)
		record.due_day = (uint32_t)number_of(ST_F_DUE_DAY);
	if (number_of(ST_F_FIRST_DUE_DAY) != UINT64_MAX)
		record.first_due_day = (uint32_t)number_of(ST_F_FIRST_DUE_DAY);
	if (number_of(ST_F_DAYS_LEFT) != UINT64_MAX)
		record.days_left = (uint16_t)number_of(ST_F_DAYS_LEFT);
}

static void open_on(uint32_t on)
{
	memset(&record, 0, sizeof(record));
	record.kind = ST_KIND_MATTER;
	record.state = record.revision = record.holder = 1;
	record.opened_day = record.changed_day = on;
}

static void accept_on(uint32_t on)
{
	const struct st_command_field fields[] = { F("category", "环境") };
	open_on(on);
	assert_int_equal(command("accept", on, fields, 1), 0);
	take_dates();
	record.state = MATTER_ACCEPTED;
}

static void no_city(struct st_txn *t)
{
	(void)t;
	accept_on(day(2, 13));
	assert_int_equal(record.due_day, day(2, 13) + 60);
	assert_int_equal(record.first_due_day, record.due_day);
	assert_null(st_field_find(checked.facts, checked.fact_count, ST_F_RULE));
	const struct st_command_field reason[] = { F("reason", "x") };
	assert_int_equal(command("wait", day(2, 14), reason, 1), 0); /* no rule stops the clock */
	assert_int_equal(number_of(ST_F_DUE_DAY), UINT64_MAX);
	assert_int_equal(command("resume", day(2, 15), NULL, 0), 0);
	assert_int_equal(number_of(ST_F_DUE_DAY), UINT64_MAX);
}

static void test_without_city_data_the_kinds_own_terms_hold(void **state)
{
	(void)state;
	with_store(no_city);
}

/* Friday 13 February 2026: the Saturday after it is worked, then the festival until the 23rd. */
static void over_the_festival(struct st_txn *t)
{
	issue(t, "deadlines", HEAD "matter,*,*,5,working,yes,3,yes,1\n", 1);
	accept_on(day(2, 13));
	assert_int_equal(record.due_day, day(2, 20)); /* the week's Monday to Friday alone */
	is_rule("deadlines/1");
	issue_file(t, "workdays");
	accept_on(day(2, 13));
	assert_int_equal(record.due_day, day(2, 27)); /* 14, then 24, 25, 26, 27 */
	is_rule("deadlines/1 workdays/2");
	accept_on(day(9, 30)); /* National Day: 1 to 7 off, 10 worked */
	assert_int_equal(record.due_day, day(10, 13));
	struct st_command_field given[] = { F("category", "环境"), F("due", "2026-03-31") };
	open_on(day(2, 13));
	assert_int_equal(command("accept", day(2, 13), given, 2), 0); /* who gives a day, gives it */
	assert_int_equal(number_of(ST_F_DUE_DAY), day(3, 31));
	assert_null(st_field_find(checked.facts, checked.fact_count, ST_F_RULE));
}

static void test_working_days_over_holidays(void **state)
{
	(void)state;
	with_store(over_the_festival);
}

static uint32_t term_of(const char *category, const char *sub, uint32_t urgency, uint32_t on)
{
	struct st_term_query q = { .kind = ST_KIND_MATTER, .day = on, .category = st_span_text(category),
				   .subcategory = st_span_text(sub), .urgency = urgency };
	struct st_term term;
	int rc = st_terms_rule(terms, &q, &term);
	assert_true(rc == 0 || rc == ST_ENOTFOUND);
	return rc == 0 ? term.days : 0;
}

static void the_best(struct st_txn *t)
{
	issue(t, "categories", "level1,level2,level3\n环境,噪声,施工\n环境,水,其他\n交通,公交,其他\n", 1);
	assert_int_equal(term_of("环境", "", 0, day(1, 5)), 0);
	issue(t, "deadlines", HEAD "matter,*,*,60,calendar,no,,,\nmatter,*,urgent,3,calendar,no,,,\n"
				   "matter,环境,*,50,calendar,no,,,\nmatter,噪声,*,40,calendar,no,,,\n"
				   "matter,施工,*,30,calendar,no,,,\nmatter,环境,urgent,2,calendar,no,,,\n"
				   "suggestion,*,*,90,calendar,no,,,\n", 1);
	assert_int_equal(term_of("交通", "", 0, day(1, 5)), 60);
	assert_int_equal(term_of("交通", "公交", 2, day(1, 5)), 3);
	assert_int_equal(term_of("哪有", "", 0, day(1, 5)), 60);
	assert_int_equal(term_of("", "", 1, day(1, 5)), 60);
	assert_int_equal(term_of("环境", "", 0, day(1, 5)), 50);
	assert_int_equal(term_of("环境", "", 2, day(1, 5)), 2);
	assert_int_equal(term_of("环境", "", 3, day(1, 5)), 50);
	assert_int_equal(term_of("环境", "噪声", 0, day(1, 5)), 40);
	assert_int_equal(term_of("环境", "施工", 2, day(1, 5)), 30); /* the category weighs more than the urgency */
	assert_int_equal(term_of("施工", "", 0, day(1, 5)), 30);
	assert_int_equal(term_of("水", "其他", 0, day(1, 5)), 50);  /* what stands above it */
	assert_int_equal(term_of("公交", "其他", 0, day(1, 5)), 60);
	/* A newer version judges what is opened under it, and nothing before. */
	issue(t, "deadlines", HEAD "matter,*,*,7,working,no,,,\n", day(6, 1));
	assert_int_equal(term_of("环境", "", 0, day(5, 31)), 50);
	assert_int_equal(term_of("环境", "", 0, day(6, 1)), 7);
	open_on(day(5, 31));
	const struct st_command_field fields[] = { F("category", "环境") };
	assert_int_equal(command("accept", day(6, 2), fields, 1), 0);
	assert_int_equal(number_of(ST_F_DUE_DAY), day(6, 2) + 50);
	is_rule("deadlines/2");
}

static void test_the_rule_that_fits_best(void **state)
{
	(void)state;
	with_store(the_best);
}

static void put_off(struct st_txn *t)
{
	struct st_command_field fields[] = { F("due", "2026-03-03"), F("reason", "x") };
	issue_file(t, "workdays");
	issue(t, "deadlines", HEAD "matter,*,*,5,working,yes,3,yes,1\n", 1);
	accept_on(day(2, 13));
	assert_int_equal(record.due_day, day(2, 27));
	assert_int_equal(command("extend", day(2, 27), fields, 2), 0); /* 28 (a Saturday that is worked), 2, 3 */
	assert_int_equal(number_of(ST_F_FIRST_DUE_DAY), UINT64_MAX);   /* the first one is kept */
	fields[0].value = st_span_text("2026-03-04");
	assert_int_equal(command("extend", day(2, 27), fields, 2), ST_EFIELD);
	assert_string_equal(place, "due (<= 2026-03-03)");
	fields[0].value = st_span_text("2026-03-03");
	assert_int_equal(command("extend", day(2, 28), fields, 2), ST_EEXPIRED);
	/* A second one is counted from the first due day, too. */
	take_dates();
	record.due_day = day(3, 3);
	fields[0].value = st_span_text("2026-03-06");
	assert_int_equal(command("extend", day(3, 2), fields, 2), ST_EFIELD);
	/* Where the rule says nothing of it, as it was. */
	issue(t, "deadlines", HEAD "matter,*,*,5,working,yes,,,\n", 1);
	assert_int_equal(command("extend", day(3, 9), fields, 2), 0);
}

static void test_extensions_stay_within_the_rule(void **state)
{
	(void)state;
	with_store(put_off);
}

/* With a rule and without one: what is put off is due later than it was, but for what another system says. */
static void only_later(struct st_txn *t)
{
	struct st_command_field fields[] = { F("due", ""), F("reason", "x") };
	char text[ST_DAY_TEXT], bound[ST_DAY_TEXT + 20];
	for (int ruled = 0; ruled < 2; ruled++) {
		if (ruled)
			issue(t, "deadlines", HEAD "matter,*,*,20,calendar,yes,9,yes,1\n", 1);
		accept_on(day(3, 2));
		st_day_text(record.due_day, text);
		(void)snprintf(bound, sizeof(bound), "due (> %s)", text);
		for (uint32_t earlier = 0; earlier < 3; earlier++) {
			st_day_text(record.due_day - earlier, text);
			fields[0].value = st_span_text(text);
			assert_int_equal(command("extend", day(3, 3), fields, 2), ST_EFIELD);
			assert_string_equal(place, bound);
		}
		struct st_command c = { .kind = ST_KIND_MATTER, .move = "extend", .at_ms = st_day_start_ms(day(3, 3)),
					.fields = fields, .field_count = 2, .terms = terms, .foreign = true };
		st_buf_clear(&values);
		assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), 0);
		st_day_text(record.due_day + 1, text);
		assert_int_equal(command("extend", day(3, 3), fields, 2), 0);
		record.due_day = 0; /* none stands, and no clock was stopped */
		record.first_due_day = 0;
		assert_int_equal(command("extend", day(3, 3), fields, 2), 0);
	}
}

static void test_what_is_put_off_is_due_later(void **state)
{
	(void)state;
	with_store(only_later);
}

/* A due day beside another move is an extension, whatever the move is called. */
static void beside(struct st_txn *t)
{
	char text[ST_DAY_TEXT];
	struct st_command_field fields[] = { F("due", ""), F("reason", "x"), F("unit", "局"), F("reply", "x") };
	issue(t, "deadlines", "kind,category,urgency,days,unit,stops,extend,before_due\n"
			      "matter,*,*,10,calendar,yes,5,yes\n", 1);
	accept_on(day(3, 2));
	st_day_text(record.first_due_day + 6, text);
	fields[0].value = st_span_text(text);
	assert_int_equal(command("answer", day(3, 3), fields, 4), ST_EFIELD);
	st_day_text(record.first_due_day + 5, text);
	assert_true(strncmp(place, "due (<= ", 8) == 0 && strncmp(place + 8, text, strlen(text)) == 0);
	st_day_text(record.first_due_day + 5, text);
	fields[0].value = st_span_text(text);
	assert_int_equal(command("answer", day(3, 3), fields, 4), 0);
	assert_int_equal(command("answer", record.due_day + 1, fields, 4), ST_EEXPIRED);
	assert_int_equal(command("wait", day(3, 3), fields, 2), ST_EFIELD);
	assert_string_equal(place, "due");
	assert_int_equal(command("resume", day(3, 3), fields, 2), ST_EFIELD);
	assert_int_equal(command("wait", day(3, 3), fields + 1, 1), 0);
	take_dates();
	assert_int_equal(command("answer", day(3, 4), fields, 4), ST_EMOVE); /* resumed first */
}

static void test_a_due_day_beside_another_move_is_an_extension(void **state)
{
	(void)state;
	with_store(beside);
}

static int of_suggestion(const char *move, const struct st_command_field *fields, size_t count)
{
	struct st_command c = { .kind = record.kind, .move = move, .at_ms = st_day_start_ms(record.opened_day + 100),
				.fields = fields, .field_count = count, .terms = terms };
	place[0] = 0;
	st_buf_clear(&values);
	return st_command_check(&c, &record, 1, &values, &checked, place);
}

/* Six months are the most, with consent and reason, beside whatever move the day comes. */
static void suggestions(struct st_txn *t)
{
	enum { RAISED = 1, ASSIGNED = 3, RATED = 7, PROMISED = 8 };
	struct st_command_field fields[] = { F("due", ""), F("reply", "x"), F("class", "C"), F("reason", "x"),
					     F("consent", "市人大办公室") };
	struct st_command_field accept[] = { F("category", "交通"), F("due", "") };
	struct st_command_field promise[] = { F("promise", "2027-06-30"), F("due", "2026-08-01") };
	const struct st_command_field progress[] = { F("progress", "x"), F("promise", "2028-01-01") };
	char within[ST_DAY_TEXT], beyond[ST_DAY_TEXT];
	(void)t;
	open_on(day(3, 2));
	record.kind = st_kind_named("suggestion")->number;
	record.state = ASSIGNED;
	record.due_day = record.first_due_day = record.opened_day + 92;
	st_day_text(record.opened_day + 184, within);
	st_day_text(record.opened_day + 185, beyond);
	fields[0].value = st_span_text(beyond);
	assert_int_equal(of_suggestion("draft", fields, 5), ST_EFIELD);
	assert_true(strncmp(place, "due (<= ", 8) == 0);
	fields[0].value = st_span_text(within);
	assert_int_equal(of_suggestion("draft", fields, 3), ST_EFIELD);
	assert_string_equal(place, "reason");
	assert_int_equal(of_suggestion("draft", fields, 4), ST_EFIELD);
	assert_string_equal(place, "consent");
	assert_int_equal(of_suggestion("draft", fields, 5), 0);
	fields[0].value = st_span_text("2026-05-01"); /* an earlier day asks nobody */
	assert_int_equal(of_suggestion("draft", fields, 3), 0);
	record.state = RAISED;
	record.due_day = record.first_due_day = 0;
	accept[1].value = st_span_text(beyond);
	assert_int_equal(of_suggestion("accept", accept, 2), ST_EFIELD);
	accept[1].value = st_span_text(within);
	assert_int_equal(of_suggestion("accept", accept, 2), 0);
	record.state = RATED; /* the promise's day is the due day, and no other */
	assert_int_equal(of_suggestion("promise", promise, 2), ST_EFIELD);
	assert_string_equal(place, "due");
	assert_int_equal(of_suggestion("promise", promise, 1), 0);
	record.state = PROMISED;
	assert_int_equal(of_suggestion("progress", progress, 2), ST_EFIELD);
	assert_string_equal(place, "promise");
}

static void test_suggestions_are_put_off_with_consent(void **state)
{
	(void)state;
	with_store(suggestions);
}

static void waits(struct st_txn *t)
{
	const struct st_command_field reason[] = { F("reason", "x") }, due[] = { F("due", "2026-03-03"), F("reason", "x") };
	issue_file(t, "workdays");
	issue(t, "deadlines", HEAD "matter,*,*,5,working,yes,3,yes,1\nmatter,*,urgent,5,working,no,,,\n", 1);
	accept_on(day(2, 13));
	assert_int_equal(command("wait", day(2, 20), reason, 1), 0); /* in the festival: 24 to 27 are left */
	assert_int_equal(number_of(ST_F_DUE_DAY), 0);
	assert_int_equal(number_of(ST_F_DAYS_LEFT), 4);
	is_rule("deadlines/2 workdays/1");
	take_dates();
	assert_int_equal(command("extend", day(2, 25), due, 2), ST_EMOVE);
	assert_string_equal(place, "resume");
	assert_int_equal(command("wait", day(2, 25), reason, 1), ST_EMOVE); /* it stands still already */
	assert_string_equal(place, "resume");
	assert_int_equal(command("resume", day(4, 3), NULL, 0), 0); /* before Tomb-Sweeping Day: 7, 8, 9, 10 */
	assert_int_equal(number_of(ST_F_DUE_DAY), day(4, 10));
	assert_int_equal(number_of(ST_F_DAYS_LEFT), 0);
	assert_int_equal(number_of(ST_F_FIRST_DUE_DAY), UINT64_MAX);
	take_dates();
	assert_int_equal(record.first_due_day, day(2, 27));
	assert_int_equal(command("wait", day(4, 10), reason, 1), 0); /* on its last day: none are left */
	assert_int_equal(number_of(ST_F_DAYS_LEFT), 0);
	take_dates();
	assert_int_equal(command("resume", day(4, 20), NULL, 0), 0);
	assert_int_equal(number_of(ST_F_DUE_DAY), day(4, 20));
	take_dates();
	assert_int_equal(command("wait", day(4, 21), reason, 1), 0); /* what is overdue stays so */
	assert_int_equal(number_of(ST_F_DUE_DAY), UINT64_MAX);
}

static void test_waiting_stops_the_clock_where_the_rule_says_so(void **state)
{
	(void)state;
	with_store(waits);
}

static void settings(struct st_txn *t)
{
	uint32_t suggestion = st_kind_named("suggestion")->number;
	struct st_command_field fields[] = { F("reason", "x"), F("due", "2026-06-30") };
	struct st_command c = { .kind = suggestion, .move = "return", .fields = fields, .field_count = 1, .terms = terms };
	open_on(day(2, 1));
	record.kind = suggestion;
	record.state = 3; /* assigned */
	record.changed_day = day(2, 13);
	issue_file(t, "workdays");
	c.at_ms = st_day_start_ms(day(3, 1)); /* sixteen days, where the city has set none */
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), 0);
	issue(t, "settings", "name,value\nreturn_days,7\nnew_answer_days,30\nopinion_days,20\n", 1);
	c.at_ms = st_day_start_ms(day(3, 2)); /* 14, 24 to 28, 2 March: the seventh working day */
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), 0);
	c.at_ms = st_day_start_ms(day(3, 3));
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), ST_EMOVE);
	record.state = 7; /* rated, and not content */
	c.move = "redo";
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), 0);
	assert_int_equal(number_of(ST_F_DUE_DAY), day(3, 3) + 30);
	is_rule("settings/2");
	c.field_count = 2;
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), ST_EFIELD);
	char text[ST_DAY_TEXT];
	st_day_text(day(3, 3) + 30, text);
	assert_true(strncmp(place, "due (<= ", 8) == 0 && strncmp(place + 8, text, strlen(text)) == 0);
	struct st_command_field units[] = { F("unit", "a"), F("co_units", "b") };
	const struct st_field_row *opinion = st_kind_field_named(st_kind(suggestion), st_span_text("opinion_due"));
	record.state = 2;
	c.move = "assign";
	c.fields = units;
	c.field_count = 1;
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), 0);
	assert_int_equal(number_of(opinion->id), UINT64_MAX); /* nobody is asked for one */
	c.field_count = 2;
	assert_int_equal(st_command_check(&c, &record, 1, &values, &checked, place), 0);
	assert_int_equal(number_of(opinion->id), day(3, 3) + 20);
}

static void test_terms_of_suggestions_by_the_citys_settings(void **state)
{
	(void)state;
	with_store(settings);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_without_city_data_the_kinds_own_terms_hold), EACH(test_working_days_over_holidays),
		EACH(test_the_rule_that_fits_best), EACH(test_extensions_stay_within_the_rule),
		EACH(test_what_is_put_off_is_due_later),
		EACH(test_a_due_day_beside_another_move_is_an_extension),
		EACH(test_suggestions_are_put_off_with_consent),
		EACH(test_waiting_stops_the_clock_where_the_rule_says_so),
		EACH(test_terms_of_suggestions_by_the_citys_settings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
