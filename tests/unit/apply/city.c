/* city.c - the city's tables on their way: issued at main, carried two hops, kept by who joins late, and nothing
 * when anybody else says them. */
#include "five.h"
#include <station/base/clock.h>
#include <station/store/city.h>

static const char *const focus_csv = "number,name\n1,安全\n2,教育\n";

static int issue(struct station *s, const char *table, const char *csv, uint32_t from_day)
{
	const struct st_city_table *t = st_city_table_named(st_span_text(table));
	struct st_city_file *file = calloc(1, sizeof(*file));
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_buf rows;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	assert_non_null(t);
	assert_int_equal(st_city_read(t, st_span_text(csv), &rows, file), 0);
	job->kind = ST_JOB_CITY;
	job->u.city.count = 1;
	job->u.city.from_day = from_day;
	job->u.city.issues[0] = (struct st_city_issue){ .table = t->number, .rows = st_buf_span(&rows),
							.columns = (uint32_t)t->column_count };
	int rc = station_run(s, job);
	if (rc == 0)
		rc = (int)job->u.city.issues[0].version * (job->u.city.issues[0].unchanged ? -1 : 1);
	st_buf_done(&rows);
	free(job);
	free(file);
	return rc;
}

struct held {
	uint8_t table;
	uint32_t day, version;
	size_t rows;
};

static int read_force(struct st_txn *t, void *arg)
{
	struct held *h = arg;
	struct st_city_version v;
	struct st_buf rows;
	int rc = st_city_in_force(t, h->table, h->day, &v);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	rc = st_city_get(t, h->table, v.version, &v, &rows);
	h->version = v.version;
	h->rows = st_city_rows_count(st_buf_span(&rows), v.columns);
	st_buf_done(&rows);
	return rc;
}

static struct held in_force(struct station *s, uint8_t table, uint32_t day)
{
	struct held h = { .table = table, .day = day };
	assert_int_equal(st_store_read(s->store, read_force, &h), 0);
	return h;
}

static uint32_t today(void)
{
	return st_day_of_ms(city[MAIN].world.now_ms);
}

static void test_issued_at_main_and_held_by_all(void **state)
{
	(void)state;
	assert_int_equal(issue(&city[MAIN], "focus", focus_csv, 0), 1);
	assert_int_equal(issue(&city[MAIN], "focus", focus_csv, 0), -1); /* it says nothing new */
	assert_int_equal(issue(&city[BRANCH_A], "focus", focus_csv, 0), ST_EHOLDER);
	settle();
	for (int i = 0; i < STATIONS; i++) {
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today()).version, 1);
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today()).rows, 2);
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today() - 1).version, 0);
	}
	sound();
}

/* Each day is judged by the version that begins last before it, and of those of one day by the newest. */
static void test_versions_and_their_days(void **state)
{
	(void)state;
	assert_int_equal(issue(&city[MAIN], "focus", focus_csv, today() - 100), 1);
	assert_int_equal(issue(&city[MAIN], "focus", "number,name\n1,a\n", today() + 30), 2);
	assert_int_equal(issue(&city[MAIN], "focus", "number,name\n1,b\n", 0), 3);
	assert_int_equal(issue(&city[MAIN], "focus", "number,name\n1,c\n", today()), 4);
	assert_int_equal(issue(&city[MAIN], "focus", "number,name\n1,d\n", today() - 1), ST_EFIELD);
	assert_int_equal(issue(&city[MAIN], "focus", "number,name\n1,a\n", today() + 30), -2);
	settle();
	for (int i = 0; i < STATIONS; i++) {
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today() - 101).version, 0);
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today() - 1).version, 1);
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today()).version, 4);
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today() + 29).version, 4);
		assert_int_equal(in_force(&city[i], ST_CITY_focus, today() + 30).version, 2);
	}
	sound();
}

static void test_a_late_joiner_gets_them_all(void **state)
{
	static struct station late;
	struct st_inbound_carry *in = NULL;
	(void)state;
	assert_int_equal(issue(&city[MAIN], "focus", focus_csv, 0), 1);
	assert_int_equal(issue(&city[MAIN], "points", "item,source,first,further,at_most\nx,visit.deputies,1,2,3\n", 0), 1);
	settle();
	station_new(&late, 77);
	station_join(&city[BRANCH_A], &late, "410611100", ST_BASE, &root.public);
	struct carrying c = { .to = { .child = number_at(&city[BRANCH_A], "410611100") } };
	assert_int_equal(st_packer_new(&c.packer), 0);
	assert_int_equal(st_store_read(city[BRANCH_A].store, pack_carry, &c), 0);
	assert_int_equal(c.rc, 0);
	assert_int_equal(st_carry_unpack(unpacked(&c.packed), c.packed.raw_size, &in), 0);
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_CARRY;
	job->u.carry.carry = in->carry;
	assert_int_equal(station_run(&late, job), 0);
	assert_int_equal(job->u.carry.refused, 0);
	assert_int_equal(in_force(&late, ST_CITY_focus, today()).rows, 2);
	assert_int_equal(in_force(&late, ST_CITY_points, today()).rows, 1);
	free(job);
	st_inbound_carry_free(in);
	st_packer_free(c.packer);
	station_gone(&late);
}

/* A branch's own log, with a city event that no program of ours would write. */
static void say_at(int station, struct st_span body)
{
	struct st_event e;
	struct st_buf bytes;
	struct st_frontier tree = { .size = 0 };
	struct st_job *job = calloc(1, sizeof(*job));
	memset(&e, 0, sizeof(e));
	e.at = (struct st_position){ code_of(codes[station]), 1, 1 };
	e.min_version = 1;
	e.type = ST_CITY;
	e.body = body;
	st_buf_init(&bytes, ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&e, &bytes), 0);
	struct st_span event = st_buf_span(&bytes);
	struct st_hash leaf = st_hash_leaf(event);
	assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	struct st_push *push = &job->u.push.push;
	*push = (struct st_push){ .first_seq = 1, .event_count = 1, .events = &event };
	push->checkpoint = (struct st_checkpoint){ { code_of(codes[station]), 1 }, 1, st_frontier_root(&tree) };
	st_cosign(&push->checkpoint, &city[station].keys.identity, 9, &push->cosignature);
	job->kind = ST_JOB_PUSH;
	job->u.push.child = number_at(&city[MAIN], codes[station]);
	assert_int_equal(station_run(&city[MAIN], job), 0);
	assert_int_equal(job->u.push.unread, 1);
	st_buf_done(&bytes);
	free(job);
}

static void test_what_a_branch_says_of_the_city_counts_for_nothing(void **state)
{
	struct st_city c = { .table = ST_CITY_focus, .version = 1, .from_day = 1, .columns = 1 };
	struct st_buf body;
	(void)state;
	st_buf_init(&body, ST_EVENT_MAX);
	assert_int_equal(st_city_encode(&c, &body), 0);
	for (int i = 0; i < STATIONS; i++)
		station_gone(&city[i]);
	for (int i = 0; i < STATIONS; i++)
		station_new(&city[i], (uint64_t)i + 10);
	station_found(&city[MAIN], codes[MAIN], &root);
	station_join(&city[MAIN], &city[BRANCH_A], codes[BRANCH_A], ST_BRANCH, &root.public);
	say_at(BRANCH_A, st_buf_span(&body));
	assert_int_equal(in_force(&city[MAIN], ST_CITY_focus, today()).version, 0);
	st_buf_done(&body);
}

/* What the tables say of commands; a matter's own day decides. */
static void test_commands_by_the_tables(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	const struct st_command_field known[] = { { st_span_text("channel"), st_span_text("visit") },
						  { st_span_text("category"), st_span_text("环境") },
						  { st_span_text("subcategory"), st_span_text("噪声") },
						  { st_span_text("focus"), st_span_text("2") } };
	struct st_command_field sub = { st_span_text("subcategory"), st_span_text("噪") };
	(void)state;
	assert_int_equal(issue(&city[MAIN], "categories", "level1,level2,unit\n交通,公交,\n环境,噪声,区环保局\n", 0), 1);
	assert_int_equal(issue(&city[MAIN], "focus", focus_csv, 0), 1);
	settle();
	assert_int_equal(station_command(&city[BASE_A], "open", number, known, 4), 0);
	assert_int_equal(station_command(&city[BASE_A], "note", number, &sub, 1), ST_EFIELD);
	sub.value = st_span_text("噪声");
	assert_int_equal(station_command(&city[BASE_A], "note", number, &sub, 1), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	assert_int_equal(station_command(&city[BASE_A], "assign", number, NULL, 0), 0); /* the category's unit */
	struct st_command_field wrong[] = { known[0], { st_span_text("category"), st_span_text("水利") } };
	number[0] = 0;
	assert_int_equal(station_command(&city[BASE_A], "open", number, wrong, 2), ST_EFIELD);
	wrong[1] = (struct st_command_field){ st_span_text("focus"), st_span_text("3") };
	assert_int_equal(station_command(&city[BASE_A], "open", number, wrong, 2), ST_EFIELD);
	/* A table without rows is as none. */
	assert_int_equal(issue(&city[MAIN], "focus", "number,name\n", 0), 2);
	settle();
	assert_int_equal(station_command(&city[BASE_A], "open", number, wrong, 2), 0);
	sound();
}

/* The rule of the record's own category bounds a due day that comes with any other move, too. */
static void test_a_due_day_beside_a_move_asks_the_categorys_rule(void **state)
{
	const struct st_command_field open[] = { { st_span_text("channel"), st_span_text("visit") },
						 { st_span_text("category"), st_span_text("环境") } };
	char number[ST_NUMBER_TEXT] = "", day[ST_DAY_TEXT];
	struct st_command_field answer[] = { { st_span_text("reply"), st_span_text("x") },
					     { st_span_text("due"), ST_SPAN_NONE },
					     { st_span_text("reason"), st_span_text("需现场勘察") } };
	(void)state;
	assert_int_equal(issue(&city[MAIN], "deadlines",
			       "kind,category,urgency,days,unit,stops,extend\nmatter,环境,*,10,calendar,yes,5\n", 0), 1);
	settle();
	assert_int_equal(station_command(&city[BASE_A], "open", number, open, 2), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	assert_int_equal(at(BASE_A, number).record.due_day, today() + 10);
	st_day_text(today() + 16, day);
	answer[1].value = st_span_text(day);
	assert_int_equal(station_command(&city[BASE_A], "answer", number, answer, 3), ST_EFIELD);
	st_day_text(today() + 15, day);
	assert_int_equal(station_command(&city[BASE_A], "answer", number, answer, 2), ST_EFIELD); /* why, an extension says */
	assert_int_equal(station_command(&city[BASE_A], "answer", number, answer, 3), 0);
}

/* A subcategory ends with its category: the rule of the new one holds. */
static void test_another_category_has_another_rule(void **state)
{
	const struct st_command_field open[] = { { st_span_text("channel"), st_span_text("visit") },
						 { st_span_text("category"), st_span_text("环境") },
						 { st_span_text("subcategory"), st_span_text("噪声") } };
	struct st_command_field same = { st_span_text("category"), st_span_text("环境") },
				other = { st_span_text("category"), st_span_text("物业") };
	struct st_command_field extend[] = { { st_span_text("due"), ST_SPAN_NONE },
					     { st_span_text("reason"), st_span_text("x") } };
	char kept[ST_NUMBER_TEXT] = "", changed[ST_NUMBER_TEXT] = "", day[ST_DAY_TEXT];
	(void)state;
	assert_int_equal(issue(&city[MAIN], "deadlines",
			       "kind,category,urgency,days,unit,stops,extend\nmatter,噪声,*,10,calendar,yes,30\n"
			       "matter,物业,*,10,calendar,yes,5\n", 0), 1);
	settle();
	st_day_text(today() + 30, day);
	extend[0].value = st_span_text(day);
	assert_int_equal(station_command(&city[BASE_A], "open", kept, open, 3), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", kept, &same, 1), 0);
	assert_int_equal(at(BASE_A, kept).record.due_day, today() + 10);
	assert_int_equal(station_command(&city[BASE_A], "extend", kept, extend, 2), 0);
	assert_int_equal(station_command(&city[BASE_A], "open", changed, open, 3), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", changed, &other, 1), 0);
	assert_int_equal(at(BASE_A, changed).record.due_day, today() + 10);
	assert_int_equal(at(BASE_A, changed).record.subcategory, 0);
	assert_int_equal(station_command(&city[BASE_A], "extend", changed, extend, 2), ST_EFIELD);
}

#define CITY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CITY(test_issued_at_main_and_held_by_all), CITY(test_versions_and_their_days),
		CITY(test_a_late_joiner_gets_them_all), CITY(test_what_a_branch_says_of_the_city_counts_for_nothing),
		CITY(test_commands_by_the_tables), CITY(test_a_due_day_beside_a_move_asks_the_categorys_rule),
		CITY(test_another_category_has_another_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
