/* register.c - tests of registers: the table that makes them, their columns, their pages, and what
 * a right key signed and no register can show. */
#include <stdio.h>
#include <station/ask/register.h>
#include <station/base/clock.h>
#include <station/event/event.h>
#include "../apply/pair.h"

static struct station here;
static struct st_signing_key root;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	station_new(&here, 1);
	station_found(&here, "410600", &root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&here);
	return 0;
}

/* ---- the table ---- */

static struct st_register_line line_of(const char *reg, uint32_t order, const char *zh,
				       const char *source)
{
	return (struct st_register_line){ st_span_text(reg), order, st_span_text(zh),
					  st_span_text("title"), st_span_text(source) };
}

static void test_the_default_table_makes_six_registers(void **state)
{
	static const char *const names[] = { "reception", "matters", "suggestions",
					     "activities", "training", "evaluation" };
	struct st_registers *all = NULL;
	struct st_register_wrong wrong;
	size_t count = 0;
	(void)state;
	const struct st_register_line *lines = st_register_defaults(&count);
	int rc = st_registers_read(lines, count, &all, &wrong);
	if (rc < 0)
		fail_msg("line %zu: %s", wrong.line, wrong.place);
	assert_int_equal(all->count, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct st_register *r = &all->rows[i];
		char number[4];
		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		assert_string_equal(r->name, names[i]);
		assert_ptr_equal(st_register_named(all, names[i]), r);
		assert_ptr_equal(st_register_named(all, r->zh), r);
		assert_ptr_equal(st_register_named(all, number), r);
		for (size_t a = 0; a < r->column_count; a++)
			for (size_t b = 0; b < a; b++)
				assert_string_not_equal(r->columns[a].name, r->columns[b].name);
	}
	assert_null(st_register_named(all, "7"));
	assert_int_equal(all->rows[1].columns[10].type, ST_CELL_COUNT); /* people */
	assert_int_equal(all->rows[3].columns[2].type, ST_CELL_DAY);    /* on|record.opened */
	assert_int_equal(all->rows[1].columns[1].type, ST_CELL_CODE);
	free(all);
}

static void test_a_wrong_row_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *reg;
		uint32_t order;
		const char *zh, *source, *place;
	} wrong[] = {
		{ "x", 0, "簿", "nosuch", "source: kind: nosuch" },
		{ "x", 0, "簿", "", "source: " },
		{ "x", 0, "簿", "+", "source: kind: " },
		{ "x", 0, "", "matter", "zh: " },
		{ "登记", 0, "簿", "matter", "register: 登记" },
		{ "a", 0, "簿", "matter", "register: a" }, /* it is there already */
		{ "x", 0, "簿", "matter + matter", "source: twice: matter" },
		{ "x", 0, "簿", "matter state=nosuch", "source: state: nosuch" },
		{ "x", 0, "簿", "matter state=", "source: state: " },
		{ "x", 0, "簿", "matter channel=pigeon", "source: pigeon" },
		{ "x", 0, "簿", "matter people=5", "source: people" },
		{ "x", 0, "簿", "matter !nosuch", "source: !nosuch" },
		{ "x", 0, "簿", "matter word", "source: word" },
		{ "b", 3, "栏", "title", "register: its row of order 0 must stand first: " },
		{ "a", 1, "栏", "title", "order: must ascend: " },
		{ "a", 2, "", "title", "zh: " },
		{ "a", 2, "栏", "", "source: " },
		{ "a", 2, "栏", "|", "source: " },
		{ "a", 2, "栏", "nosuch", "source: no field: nosuch" },
		{ "a", 2, "栏", "record.nosuch",
		  "source: nosuch (row number kind state opened opened_at due" },
		{ "a", 2, "栏", "title>text", "source: no link: title" },
		{ "a", 2, "栏", "joins>nosuch", "source: no field: nosuch" },
		{ "a", 2, "栏", "sex:nosuch", "source: no field: nosuch" },
		{ "a", 2, "栏", "title|title|title|title|title", "source: too many: title" },
		{ "a", 2, "栏\n", "title", "zh: " },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct st_registers *all = NULL;
		struct st_register_wrong at;
		struct st_register_line lines[] = {
			line_of("a", 0, "簿", "matter"), line_of("a", 1, "栏", "title"),
			line_of(wrong[i].reg, wrong[i].order, wrong[i].zh, wrong[i].source) };
		assert_int_equal(st_registers_read(lines, 3, &all, &at), ST_EFIELD);
		assert_int_equal(at.line, 2);
		assert_null(all);
		if (strncmp(at.place, wrong[i].place, strlen(wrong[i].place)) != 0)
			fail_msg("%s: %s", wrong[i].source, at.place);
	}
}

static void test_a_table_has_its_bounds(void **state)
{
	struct st_register_line lines[1 + ST_REGISTER_COLUMNS_MAX + 1];
	struct st_registers *all = NULL;
	struct st_register_wrong at;
	char names[2 * (ST_REGISTERS_MAX + 1)][8];
	struct st_register_line many[2 * (ST_REGISTERS_MAX + 1)];
	char source[600];
	(void)state;
	lines[0] = line_of("a", 0, "簿", "matter");
	for (uint32_t i = 1; i < sizeof(lines) / sizeof(lines[0]); i++)
		lines[i] = line_of("a", i, "栏", "title");
	assert_int_equal(st_registers_read(lines, 1 + ST_REGISTER_COLUMNS_MAX, &all, &at), 0);
	free(all);
	assert_int_equal(st_registers_read(lines, 2 + ST_REGISTER_COLUMNS_MAX, &all, &at),
			 ST_EFIELD);
	assert_int_equal(at.line, 1 + ST_REGISTER_COLUMNS_MAX);
	assert_int_equal(st_registers_read(lines, 1, &all, &at), ST_EFIELD); /* no columns */
	assert_int_equal(st_registers_read(lines, 0, &all, &at), ST_EFIELD);
	for (uint32_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		(void)snprintf(names[i], sizeof(names[i]), "r%u", i / 2);
		many[i] = line_of(names[i], i % 2, "簿", i % 2 == 0 ? "matter" : "title");
	}
	assert_int_equal(st_registers_read(many, 2 * ST_REGISTERS_MAX, &all, &at), 0);
	free(all);
	assert_int_equal(st_registers_read(many, 2 * ST_REGISTERS_MAX + 2, &all, &at), ST_EFIELD);
	memset(source, 'a', sizeof(source) - 1);
	source[sizeof(source) - 1] = 0;
	lines[1] = line_of("a", 1, "栏", source);
	assert_int_equal(st_registers_read(lines, 2, &all, &at), ST_ETOOBIG);
	assert_string_equal(at.place, "source: ");
}

/* ---- pages ---- */

enum { SEEN_MAX = 64 };
struct seen {
	struct st_register_query q;
	struct st_buf next;
	char place[ST_PLACE_MAX];
	const char *name;
	size_t rows, pages, count;
	char text[SEEN_MAX][ST_REGISTER_COLUMNS_MAX][80]; /* of the first rows, by column */
};

static int see(const struct st_register_cell *cells, size_t count, void *arg)
{
	struct seen *s = arg;
	for (size_t i = 0; s->rows < SEEN_MAX && i < count; i++) {
		if (cells[i].empty)
			s->text[s->rows][i][0] = 0;
		else if (cells[i].type == ST_CELL_TEXT || cells[i].type == ST_CELL_CODE)
			(void)snprintf(s->text[s->rows][i], 80, "%.*s", (int)cells[i].text.size,
				       (const char *)cells[i].text.data);
		else
			(void)snprintf(s->text[s->rows][i], 80, "%lld", (long long)cells[i].number);
	}
	s->rows++;
	return 0;
}

static int one_page(struct st_txn *t, void *arg)
{
	struct seen *s = arg;
	struct st_registers *all = NULL;
	struct st_buf next;
	int rc = st_registers_load(t, 20000, &all);
	if (rc < 0)
		return rc;
	s->q.reg = st_register_named(all, s->name);
	s->q.page = st_buf_span(&s->next);
	st_buf_init(&next, 256);
	rc = st_register_each(t, &s->q, see, s, &next, s->place);
	st_buf_done(&s->next);
	s->next = next;
	s->pages++;
	free(all);
	return rc;
}

static void all_pages(struct seen *s)
{
	do
		assert_int_equal(st_store_read(here.store, one_page, s), 0);
	while (s->next.size > 0);
	st_buf_done(&s->next);
}

static void test_pages_of_any_size_make_the_same_register(void **state)
{
	struct seen s;
	char numbers[11][ST_NUMBER_TEXT];
	(void)state;
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(station_opens(&here, numbers[i]), 0);
	assert_int_equal(station_command(&here, "accept", numbers[3], NULL, 0), 0);
	for (size_t limit = 1; limit <= 12; limit++) {
		memset(&s, 0, sizeof(s));
		st_buf_init(&s.next, 256);
		s.name = "matters";
		s.q.limit = limit;
		s.q.grant = &here.keys.grant;
		all_pages(&s);
		assert_int_equal(s.rows, 11);
		for (size_t i = 0; i < 11; i++) {
			char row[8];
			(void)snprintf(row, sizeof(row), "%zu", i + 1);
			assert_string_equal(s.text[i][0], row);
			assert_string_equal(s.text[i][5], "垃圾");
			assert_string_equal(s.text[i][7], "王某");
		}
	}
	memset(&s, 0, sizeof(s));
	st_buf_init(&s.next, 256);
	s.name = "matters";
	s.q = (struct st_register_query){ .limit = 500, .state = st_span_text("受理") };
	all_pages(&s); /* without the grant key */
	assert_int_equal(s.rows, 1);
	assert_string_equal(s.text[0][1], numbers[3]);
	assert_string_equal(s.text[0][7], "");
}

/* Groups of openings, each in one transaction. */
static void open_many(size_t count, const struct st_command_field *fields, size_t field_count)
{
	static struct st_job jobs[ST_GROUP_JOBS_MAX];
	struct st_job *group[ST_GROUP_JOBS_MAX];
	while (count > 0) {
		size_t n = count < ST_GROUP_JOBS_MAX ? count : ST_GROUP_JOBS_MAX;
		memset(jobs, 0, sizeof(jobs));
		for (size_t i = 0; i < n; i++) {
			jobs[i].kind = ST_JOB_COMMAND;
			jobs[i].u.command.command = (struct st_command){
				.kind = ST_KIND_MATTER, .move = "open", .at_ms = here.world.now_ms,
				.fields = fields, .field_count = field_count };
			group[i] = &jobs[i];
		}
		assert_int_equal(st_apply_group(here.apply, &here.world, group, n, &here.applied),
				 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(jobs[i].rc, 0);
		count -= n;
	}
}

/* Every page but the last one is empty, and yet says where to go on. */
static void expect_pages(const char *name, const char *deputy, size_t rows, size_t pages)
{
	struct seen s;
	memset(&s, 0, sizeof(s));
	st_buf_init(&s.next, 256);
	s.name = name;
	s.q = (struct st_register_query){ .limit = 500, .deputy = st_span_text(deputy) };
	assert_int_equal(st_store_read(here.store, one_page, &s), 0);
	assert_int_equal(s.rows, 0);
	assert_int_equal(s.next.size > 0, pages > 1);
	if (s.next.size > 0)
		all_pages(&s);
	st_buf_done(&s.next);
	assert_int_equal(s.rows, rows);
	assert_int_equal(s.pages, pages);
}

/* What nearly nothing fits is answered in bounded steps. */
static void test_a_page_looks_at_so_many_records_and_no_more(void **state)
{
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("phone") },
		{ st_span_text("deputy"), st_span_text("D-1") }
	};
	const struct st_command_field last[] = { fields[0],
						 { st_span_text("deputy"), st_span_text("D-2") } };
	(void)state;
	open_many(ST_REGISTER_SCAN_MAX + 10, fields, 2);
	here.world.now_ms += 86400000;
	open_many(1, last, 2);
	expect_pages("matters", "D-2", 1, 2);
	expect_pages("matters", "D-3", 0, 1); /* nobody's code: there is nothing to look for */
}

static void test_a_page_reads_so_many_events_and_no_more(void **state)
{
	const struct st_command_field visit[] = { { st_span_text("who"), st_span_text("masses") },
						  { st_span_text("title"), st_span_text("来访") } };
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	station_kind = st_kind_named("visit")->number;
	assert_int_equal(station_command(&here, "record", number, visit, 2), 0);
	assert_int_equal(station_command(&here, "void", number,
					 &(struct st_command_field){ st_span_text("reason"),
								     st_span_text("误记") },
					 1),
			 0);
	station_kind = ST_KIND_MATTER;
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("visit") },
		{ st_span_text("visit"), st_span_text(number) }
	};
	open_many(ST_REGISTER_EVENTS_MAX + 10, fields, 2);
	expect_pages("reception", "", 0, 2); /* they stand with their visit, which is void */
}

static void test_a_place_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"x", "00", "zz00", "0011223344",
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00"
	};
	struct seen s;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&s, 0, sizeof(s));
		st_buf_init(&s.next, 256);
		st_buf_put_text(&s.next, bad[i]);
		s.name = "1";
		s.q.limit = 5;
		assert_int_equal(st_store_read(here.store, one_page, &s), ST_EFIELD);
		assert_string_equal(s.place, "page");
		st_buf_done(&s.next);
	}
	memset(&s, 0, sizeof(s));
	st_buf_init(&s.next, 256);
	s.name = "1";
	s.q = (struct st_register_query){ .limit = 5, .state = st_span_text("nosuch") };
	assert_int_equal(st_store_read(here.store, one_page, &s), ST_EFIELD);
	assert_non_null(strstr(s.place, "recorded voided registered"));
	st_buf_done(&s.next);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_default_table_makes_six_registers),
		cmocka_unit_test(test_a_wrong_row_is_refused_with_its_place),
		cmocka_unit_test(test_a_table_has_its_bounds),
		EACH(test_pages_of_any_size_make_the_same_register),
		EACH(test_a_page_looks_at_so_many_records_and_no_more),
		EACH(test_a_page_reads_so_many_events_and_no_more),
		EACH(test_a_place_that_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
