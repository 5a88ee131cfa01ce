/* rubbish.c - tests of lists, lives and reports over what a right key signed and nobody can read: it
 * stops only itself. */
#include <stdlib.h>
#include <station/ask/matter.h>
#include <station/ask/question.h>
#include <station/ask/register.h>
#include <station/ask/report.h>
#include <station/ask/schedule.h>
#include <station/ask/verify.h>
#include <station/ask/voices.h>
#include <station/base/text.h>
#include <station/event/event.h>
#include <station/trust/part.h>
#include <station/work/merge.h>
#include "below.h"


static int setup(void **state)
{
	(void)state;
	found_both();
	return 0;
}

static uint32_t opens_by = 1, opens_as = 1; /* move and state of the opening */
static uint32_t then_by, then_as;           /* of a move behind it; 0: none */
static uint32_t opens_kind = ST_KIND_MATTER;

static void encode(const struct st_change *change, uint64_t seq, const struct st_part_ref *part, struct st_buf *to)
{
	struct st_event e;
	struct st_buf body;
	st_buf_init(&body, ST_EVENT_MAX);
	memset(&e, 0, sizeof(e));
	assert_int_equal(st_change_encode(ST_MOVE, change, &body), 0);
	e.at = (struct st_position){ code_of("410611"), 1, seq };
	if (seq > 1)
		e.previous = (struct st_position){ code_of("410611"), 1, seq - 1 };
	e.min_version = 1;
	e.has_record = true;
	e.record.opener = e.at.station;
	memset(e.record.ulid.bytes, 7, ST_ULID_SIZE);
	e.revision = (uint32_t)seq;
	e.type = ST_MOVE;
	e.body = st_buf_span(&body);
	e.part_count = part != NULL;
	if (part != NULL)
		e.parts[0] = *part;
	assert_int_equal(st_event_encode(&e, to), 0);
	st_buf_done(&body);
}

/* An opening of the child's as the first event of its log, with a clear part, and what is to be behind it,
 * pushed to main. */
static void open_with(const struct st_field *fields, size_t count, struct st_span part)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_change change = { .kind = opens_kind, .move = opens_by, .state = opens_as,
				    .at_ms = 1700000000000, .fields = fields, .field_count = count };
	const struct st_change then = { .kind = opens_kind, .move = then_by, .state = then_as,
					.at_ms = change.at_ms };
	const struct st_part_ref ref = { ST_PART_TEXT, (uint32_t)part.size, st_part_hash(ST_PART_TEXT, part) };
	size_t event_count = then_by == 0 ? 1 : 2;
	struct st_buf bytes[2];
	struct st_span events[2];
	struct st_frontier tree = { .size = 0 };
	for (size_t i = 0; i < event_count; i++) {
		st_buf_init(&bytes[i], ST_EVENT_MAX);
		encode(i == 0 ? &change : &then, i + 1, i == 0 ? &ref : NULL, &bytes[i]);
		events[i] = st_buf_span(&bytes[i]);
		struct st_hash leaf = st_hash_leaf(events[i]);
		assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	}
	struct st_push_part with = { .stored = part };
	struct st_push *push = &job->u.push.push;
	*push = (struct st_push){ .first_seq = 1, .event_count = event_count, .events = events,
				  .part_count = 1, .parts = &with };
	push->checkpoint = (struct st_checkpoint){ { code_of("410611"), 1 }, event_count,
						   st_frontier_root(&tree) };
	st_cosign(&push->checkpoint, &child.keys.identity, 9, &push->cosignature);
	job->kind = ST_JOB_PUSH;
	assert_int_equal(st_store_read(main_station.store, child_number, &job->u.push.child), 0);
	assert_int_equal(station_run(&main_station, job), 0);
	assert_int_equal(job->u.push.parts_dropped, 0);
	for (size_t i = 0; i < event_count; i++)
		st_buf_done(&bytes[i]);
	free(job);
}

struct seen {
	struct st_txn *txn;
	bool overdue, untold;
	unsigned rows, events, missing, cells, registered;
	char category[ST_NAME_TEXT_MAX + 1];
};

static int see_event(const struct st_life_event *e, void *arg)
{
	struct seen *s = arg;
	s->events++;
	s->missing += e->texts_missing;
	return 0;
}

static int see_row(const struct st_list_row *row, void *arg)
{
	struct seen *s = arg;
	s->rows++;
	memcpy(s->category, row->category, sizeof(s->category));
	return st_life_each(s->txn, &row->record, NULL, see_event, s);
}

static int see_cells(const struct st_register_cell *cells, size_t count, void *arg)
{
	struct seen *s = arg;
	s->registered++;
	for (size_t i = 0; i < count; i++) {
		s->cells += !cells[i].empty;
		assert_int_equal(st_text_check(cells[i].text, SIZE_MAX, true), 0);
	}
	return 0;
}

/* Every register that there is. */
static int read_registers(struct st_txn *t, void *arg)
{
	struct st_registers *all = NULL;
	struct st_buf next;
	char place[ST_PLACE_MAX];
	int rc = st_registers_load(t, 20000, &all);
	st_buf_init(&next, 256);
	for (size_t i = 0; rc == 0 && i < all->count; i++) {
		struct st_register_query q = { .reg = &all->rows[i], .limit = 10,
					       .deputy = st_span_text("") };
		rc = st_register_each(t, &q, see_cells, arg, &next, place);
	}
	st_buf_done(&next);
	free(all);
	return rc;
}

static int list(struct st_txn *t, void *arg)
{
	struct st_list_query q = { .kind = ST_KIND_MATTER, .limit = 10, .today = 19700,
				   .overdue = ((struct seen *)arg)->overdue,
				   .untold = ((struct seen *)arg)->untold };
	struct st_buf next;
	((struct seen *)arg)->txn = t;
	st_buf_init(&next, 256);
	int rc = st_list_each(t, &q, see_row, arg, &next);
	st_buf_done(&next);
	return rc == 0 ? read_registers(t, arg) : rc;
}

static void test_a_part_that_nobody_can_read_stops_no_list(void **state)
{
	const struct st_field fields[] = { { .id = ST_F_CATEGORY, .text = st_span_text("环境") } };
	uint8_t part[40];
	struct seen s = { .rows = 0 };
	(void)state;
	memset(part, 0xff, sizeof(part));
	open_with(fields, 1, ST_SPAN(part));
	assert_int_equal(st_store_read(main_station.store, list, &s), 0);
	assert_int_equal(s.rows, 1);
	assert_int_equal(s.events, 1);
	assert_int_equal(s.missing, 1);
}

static void test_a_part_shorter_than_its_salt_stops_no_list(void **state)
{
	uint8_t part[3] = { 1, 2, 3 };
	struct seen s = { .rows = 0 };
	(void)state;
	open_with(NULL, 0, ST_SPAN(part));
	assert_int_equal(st_store_read(main_station.store, list, &s), 0);
	assert_int_equal(s.missing, 1);
}

/* What isn't text can't be shown in a list or a report, and would take the others with it. */
static void test_a_category_that_is_no_text_counts_as_none(void **state)
{
	const struct st_field fields[] = { { .id = ST_F_CATEGORY, .text = st_span("a\xff", 2) } };
	uint8_t part[ST_SALT_SIZE] = { 0 };
	struct seen s = { .rows = 0 };
	struct st_recount r;
	(void)state;
	open_with(fields, 1, ST_SPAN(part));
	assert_int_equal(st_store_read(main_station.store, list, &s), 0);
	assert_int_equal(s.rows, 1);
	assert_string_equal(s.category, "");
	assert_int_equal(st_recount_run(main_station.store, NULL, NULL, &r), 0);
	assert_int_equal(r.records, 1);
	assert_int_equal(r.wrong + r.wrong_records, 0);
}

/* A later version's state counts as open: a record in it is late as any other, and is listed so. */
static void test_a_state_that_no_table_has_is_listed(void **state)
{
	const struct st_field fields[] = { { .id = ST_F_DUE_DAY, .is_number = true, .number = 19690 } };
	uint8_t part[ST_SALT_SIZE] = { 0 };
	struct seen late = { .overdue = true }, all = { .rows = 0 };
	(void)state;
	opens_as = 200;
	open_with(fields, 1, ST_SPAN(part));
	opens_as = 1;
	assert_int_equal(st_store_read(main_station.store, list, &all), 0);
	assert_int_equal(st_store_read(main_station.store, list, &late), 0);
	assert_int_equal(all.rows, 1);
	assert_int_equal(late.rows, 1);
	assert_int_equal(all.registered, 1); /* the register of matters, which asks for no state */
}

static int occurrence(const struct st_schedule *s, const struct st_occurrence *o, void *arg)
{
	(void)o;
	assert_int_equal(s->record.state, 200);
	++*(unsigned *)arg;
	return 0;
}

static int read_schedules(struct st_txn *t, void *arg)
{
	const struct st_schedule_query q = { .from_day = 19600, .to_day = 19800, .today = 19800, .limit = 10 };
	struct st_buf next;
	st_buf_init(&next, 256);
	int rc = st_schedule_each(t, &q, occurrence, arg, &next);
	st_buf_done(&next);
	return rc;
}

/* A schedule in a later version's state keeps its days. */
static void test_a_schedule_in_a_state_that_no_table_has_is_counted(void **state)
{
	uint8_t part[ST_SALT_SIZE] = { 0 };
	unsigned days = 0;
	(void)state;
	opens_kind = st_kind_named("schedule")->number;
	opens_as = 200;
	open_with(NULL, 0, ST_SPAN(part));
	opens_kind = ST_KIND_MATTER;
	opens_as = 1;
	assert_int_equal(st_store_read(main_station.store, read_schedules, &days), 0);
	assert_int_equal(days, 1); /* the day of its opening, as nothing else is said */
}

static int count_row(const struct st_answer_cell *cells, size_t count, void *arg)
{
	(void)cells;
	assert_true(count > 0);
	++*(unsigned *)arg;
	return 0;
}

struct asked {
	const char *question;
	unsigned rows;
};

static int ask(struct st_txn *t, void *arg)
{
	struct asked *x = arg;
	struct st_ask q = { .question = st_question_named(x->question), .now_ms = 1700000000000 };
	struct st_answered said;
	char place[ST_PLACE_MAX];
	int rc = st_ask(t, &q, count_row, &x->rows, &said, place);
	if (rc == 0)
		free(said.covers);
	return rc;
}

/* So do a project and a deputy: what isn't known to be over is asked for with what is open. */
static void test_records_in_a_later_versions_state_are_answered(void **state)
{
	static const struct {
		const char *kind, *question;
	} cases[] = { { "project", "projects" }, { "deputy", "trainings" } };
	uint8_t part[ST_SALT_SIZE] = { 0 };
	for (size_t i = 0; i < 2; i++) {
		struct asked x = { .question = cases[i].question };
		if (i > 0) {
			(void)teardown(state);
			(void)setup(state);
		}
		opens_kind = st_kind_named(cases[i].kind)->number;
		opens_as = 200;
		open_with(NULL, 0, ST_SPAN(part));
		opens_kind = ST_KIND_MATTER;
		opens_as = 1;
		assert_int_equal(st_store_read(main_station.store, ask, &x), 0);
		assert_int_equal(x.rows, 1);
	}
}

/* Nor does a deputy fall out for a station's code that no station has. */
static void test_a_deputy_of_a_station_that_nobody_knows_is_listed(void **state)
{
	uint8_t part[ST_SALT_SIZE] = { 0 };
	struct asked x = { .question = "trainings" };
	const struct st_kind *deputy = st_kind_named("deputy");
	const struct st_field field = { .id = st_kind_field_named(deputy, st_span_text("station"))->id,
					.text = st_span_text("419999") };
	(void)state;
	opens_kind = deputy->number;
	open_with(&field, 1, ST_SPAN(part));
	opens_kind = ST_KIND_MATTER;
	assert_int_equal(st_store_read(main_station.store, ask, &x), 0);
	assert_int_equal(x.rows, 1);
}

static int voices(struct st_txn *t, void *arg)
{
	struct st_voices v;
	int rc = st_voices_read(t, ST_KIND_MATTER, &v);
	if (rc == 0) {
		*(size_t *)arg = v.count;
		st_voices_done(&v);
	}
	return rc;
}

/* A merge that says into nothing: it joins none, and the counts of all others stand. */
static void test_a_merge_into_nothing_stops_no_count(void **state)
{
	uint8_t part[ST_SALT_SIZE] = { 0 };
	struct seen untold = { .untold = true };
	size_t merged = 0;
	(void)state;
	opens_by = 4;
	opens_as = 8;
	open_with(NULL, 0, ST_SPAN(part));
	opens_by = opens_as = 1;
	assert_int_equal(st_store_read(main_station.store, voices, &merged), 0);
	assert_int_equal(merged, 1);
	assert_int_equal(st_store_read(main_station.store, list, &untold), 0);
	assert_int_equal(untold.rows, 1);
}

/* A move that no table has behind a merge: what was merged stays so, and is a voice of what the merge names. */
static void test_a_move_behind_a_merge_takes_no_voice_away(void **state)
{
	const struct st_field joins = { .id = st_merge_names(st_kind(ST_KIND_MATTER)),
					.text = st_span_text("410611001-2023-000001-ZM") };
	uint8_t part[ST_SALT_SIZE] = { 0 };
	struct asked alone = { .question = "voices" }, x = { .question = "voices" };
	(void)state;
	opens_by = 4;
	opens_as = 8;
	open_with(&joins, 1, ST_SPAN(part));
	assert_int_equal(st_store_read(main_station.store, ask, &alone), 0);
	assert_int_equal(alone.rows, 2); /* its category, and what it joins */
	(void)teardown(state);
	(void)setup(state);
	then_by = 2;
	then_as = 8;
	open_with(&joins, 1, ST_SPAN(part));
	opens_by = opens_as = 1;
	then_by = then_as = 0;
	assert_int_equal(st_store_read(main_station.store, ask, &x), 0);
	assert_int_equal(x.rows, 2);
}

/* Numbers where texts belong, texts where numbers do, links to nowhere and choices that there aren't. */
static void test_fields_of_another_type_stop_no_register(void **state)
{
	const struct st_kind *k = st_kind(ST_KIND_MATTER);
	struct st_field fields[ST_FIELDS_MAX];
	uint8_t part[ST_SALT_SIZE] = { 0 };
	struct seen s = { .rows = 0 };
	size_t count = 0;
	(void)state;
	for (size_t i = 0; i < k->field_count && count < ST_FIELDS_MAX; i++) {
		const struct st_field_row *f = &k->fields[i];
		bool number = f->type == ST_FIELD_TEXT || f->type == ST_FIELD_LONG ||
			      f->type == ST_FIELD_RECORD || f->type == ST_FIELD_IDENTITY;
		fields[count++] = (struct st_field){ .id = f->id, .is_number = number,
						     .number = number ? UINT64_MAX : 0,
						     .text = number ? ST_SPAN_NONE : st_span("\xff\0=", 3) };
	}
	open_with(fields, count, ST_SPAN(part));
	assert_int_equal(st_store_read(main_station.store, list, &s), 0);
	assert_int_equal(s.rows, 1);
	assert_true(s.cells > 0);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_a_part_that_nobody_can_read_stops_no_list),
		EACH(test_a_part_shorter_than_its_salt_stops_no_list),
		EACH(test_a_category_that_is_no_text_counts_as_none),
		EACH(test_a_state_that_no_table_has_is_listed),
		EACH(test_a_schedule_in_a_state_that_no_table_has_is_counted),
		EACH(test_records_in_a_later_versions_state_are_answered),
		EACH(test_a_deputy_of_a_station_that_nobody_knows_is_listed),
		EACH(test_a_merge_into_nothing_stops_no_count),
		EACH(test_a_move_behind_a_merge_takes_no_voice_away),
		EACH(test_fields_of_another_type_stop_no_register),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
