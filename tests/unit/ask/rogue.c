/* rogue.c - tests of answers over what a right key signed and no command writes: it stops only itself, and two ways to
 * one figure agree on it. */
#include <stdlib.h>
#include <station/ask/deputy.h>
#include <station/ask/matter.h>
#include <station/ask/overdue.h>
#include <station/ask/question.h>
#include <station/ask/voices.h>
#include <station/base/clock.h>
#include <station/event/event.h>
#include <station/work/merge.h>
#include "below.h"

enum { NOW_S = 1700000000, NUMBER = 1, MERGED = 8 };
static const int64_t NOW_MS = NOW_S * 1000ll;
static struct st_frontier tree;
static uint64_t written;

static int setup(void **state)
{
	(void)state;
	found_both();
	tree = (struct st_frontier){ .size = 0 };
	written = 0;
	return 0;
}

/* ---- what it signs ---- */

struct line { /* an event of the child's: of the record of that number, behind the event at that place (0: it opens) */
	uint16_t record;
	uint64_t behind;
	struct st_change change;
};

static struct st_record_id record_id(uint16_t record)
{
	struct st_record_id id = { .opener = code_of("410611") };
	st_put_u16(id.ulid.bytes + ST_ULID_SIZE - 2, record);
	return id;
}

static struct st_span encode(const struct line *l, struct st_buf *to)
{
	struct st_event e;
	struct st_buf body;
	st_buf_init(&body, ST_EVENT_MAX);
	st_buf_init(to, ST_EVENT_MAX);
	memset(&e, 0, sizeof(e));
	assert_int_equal(st_change_encode(ST_MOVE, &l->change, &body), 0);
	e.at = (struct st_position){ code_of("410611"), 1, ++written };
	if (l->behind != 0)
		e.previous = (struct st_position){ code_of("410611"), 1, l->behind };
	e.min_version = 1;
	e.has_record = true;
	e.record = record_id(l->record);
	e.revision = l->behind == 0 ? 1 : 2;
	e.type = ST_MOVE;
	e.body = st_buf_span(&body);
	assert_int_equal(st_event_encode(&e, to), 0);
	st_buf_done(&body);
	return st_buf_span(to);
}

static void push(const struct line *lines, size_t count)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_buf *bytes = calloc(count, sizeof(*bytes));
	struct st_span *events = calloc(count, sizeof(*events));
	struct st_push *push = &job->u.push.push;
	*push = (struct st_push){ .first_seq = written + 1, .event_count = count, .events = events };
	for (size_t i = 0; i < count; i++) {
		events[i] = encode(&lines[i], &bytes[i]);
		struct st_hash leaf = st_hash_leaf(events[i]);
		assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	}
	push->checkpoint = (struct st_checkpoint){ { code_of("410611"), 1 }, written, st_frontier_root(&tree) };
	st_cosign(&push->checkpoint, &child.keys.identity, 9, &push->cosignature);
	job->kind = ST_JOB_PUSH;
	assert_int_equal(st_store_read(main_station.store, child_number, &job->u.push.child), 0);
	assert_int_equal(station_run(&main_station, job), 0);
	for (size_t i = 0; i < count; i++)
		st_buf_done(&bytes[i]);
	free(events);
	free(bytes);
	free(job);
}

static uint32_t field_of(const char *kind, const char *field)
{
	return st_kind_field_named(st_kind_named(kind), st_span_text(field))->id;
}

/* ---- what is answered ---- */

struct asked {
	const char *question, *from, *to;
	unsigned rows;
	uint64_t voices; /* of the last row, where the question has them */
	char code[ST_RECORD_NAME_MAX + 1];
};

static int see_row(const struct st_answer_cell *cells, size_t count, void *arg)
{
	struct asked *x = arg;
	x->rows++;
	if (strcmp(x->question, "voices") == 0) {
		assert_int_equal(count, 9);
		x->voices = cells[7].number;
		(void)snprintf(x->code, sizeof(x->code), "%s", cells[2].empty ? "" : cells[2].text);
	}
	return 0;
}

static int ask(struct st_txn *t, void *arg)
{
	struct asked *x = arg;
	struct st_ask q = { .question = st_question_named(x->question), .now_ms = NOW_MS };
	struct st_answered said;
	char place[ST_PLACE_MAX];
	uint32_t other;
	if (x->from != NULL) {
		assert_int_equal(st_period_parse(st_span_text(x->from), &q.from_day, &other), 0);
		assert_int_equal(st_period_parse(st_span_text(x->to), &other, &q.to_day), 0);
	}
	int rc = st_ask(t, &q, see_row, x, &said, place);
	if (rc == 0)
		free(said.covers);
	return rc;
}

static struct asked answer(const char *question, const char *from, const char *to)
{
	struct asked x = { .question = question, .from = from, .to = to };
	assert_int_equal(st_store_read(main_station.store, ask, &x), 0);
	return x;
}

static int see_late(const struct st_overdue_row *r, void *arg)
{
	(void)r;
	++*(unsigned *)arg;
	return 0;
}

static int overdue(struct st_txn *t, void *arg)
{
	struct st_overdue_query q = { .today = NOW_S / 86400, .limit = 50 };
	struct st_buf next;
	assert_int_equal(st_station_self(t, &q.self), 0);
	st_buf_init(&next, 512);
	int rc = st_overdue_each(t, &q, see_late, arg, &next);
	st_buf_done(&next);
	return rc;
}

/* A version of a schedule that begins on no day that there is: the one before it has no days, and all others stand. */
static void test_a_schedule_changed_before_all_days_stops_no_answer(void **state)
{
	static const char *const questions[] = { "schedules", "leaders", "ranking" };
	const uint32_t schedule = st_kind_named("schedule")->number;
	const struct line lines[] = {
		{ 1, 0, { .kind = schedule, .move = 1, .state = 1, .at_ms = NOW_MS - 100 * 86400000ll } },
		{ 1, 1, { .kind = schedule, .move = 7, .state = 2, .at_ms = -1 } },
	};
	unsigned late = 0;
	(void)state;
	push(lines, 2);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		(void)answer(questions[i], NULL, NULL);
	assert_int_equal(st_store_read(main_station.store, overdue, &late), 0);
}

/* Codes that nobody has take numbers; whoever is enrolled afterwards is found all the same. */
static void test_codes_of_no_station_part_no_numbers(void **state)
{
	enum { EVENTS = 300, PUSHES = 5 };
	static char codes[EVENTS * ST_FIELDS_MAX][8];
	static struct st_field fields[EVENTS * ST_FIELDS_MAX];
	static struct line lines[EVENTS];
	static struct station late;
	const struct st_kind *deputy = st_kind_named("deputy");
	uint32_t code = 100001, station = field_of("deputy", "station");
	(void)state;
	for (uint16_t p = 0; p < PUSHES; p++) {
		for (size_t i = 0; i < EVENTS * ST_FIELDS_MAX; i++) {
			(void)snprintf(codes[i], sizeof(codes[i]), "%06u", code++);
			fields[i] = (struct st_field){ .id = station, .text = st_span_text(codes[i]) };
		}
		for (uint16_t i = 0; i < EVENTS; i++)
			lines[i] = (struct line){ (uint16_t)(p * EVENTS + i + 1), 0,
						  { .kind = deputy->number, .move = 1, .state = 1, .at_ms = NOW_MS,
						    .fields = fields + i * ST_FIELDS_MAX, .field_count = ST_FIELDS_MAX } };
		push(lines, EVENTS);
	}
	unsigned before = answer("ranking", NULL, NULL).rows;
	station_new(&late, 3);
	station_join(&main_station, &late, "410612", ST_BRANCH, &root.public);
	assert_int_equal(answer("ranking", NULL, NULL).rows, before + 1);
	assert_true(answer("silent", NULL, NULL).rows > 0);
	station_gone(&late);
}

/* No index of states could tell 259 from 3. */
static void test_a_state_that_no_index_has_is_unread(void **state)
{
	const struct st_field due = { .id = ST_F_DUE_DAY, .is_number = true, .number = 19600 };
	const struct line line = { 1, 0, { .kind = st_kind_named("supervision")->number, .move = 1, .state = 256 + 3,
					   .at_ms = NOW_MS, .fields = &due, .field_count = 1 } };
	unsigned late = 0;
	(void)state;
	push(&line, 1);
	assert_int_equal(answer("key_notices", NULL, NULL).rows, 0);
	assert_int_equal(st_store_read(main_station.store, overdue, &late), 0);
	assert_int_equal(late, 0);
}

/* ---- a deputy's archive ---- */

struct paging {
	struct st_buf page, next;
	unsigned rows;
};

static int see_deed(const struct st_archive_row *r, void *arg)
{
	(void)r;
	((struct paging *)arg)->rows++;
	return 0;
}

static int archive(struct st_txn *t, void *arg)
{
	struct paging *x = arg;
	struct st_archive_query q = { .code = st_span_text("D-17"), .limit = 100, .page = st_buf_span(&x->page) };
	return st_archive_each(t, &q, see_deed, x, &x->next);
}

/* More records than a page looks at, none of which is shown, before one that is. */
static void test_an_archive_ends_whoever_fills_it(void **state)
{
	enum { VOIDED = ST_DEPUTY_SCAN_MAX + 904, AT_ONCE = 1000 };
	static struct line lines[AT_ONCE];
	const struct st_kind *visit = st_kind_named("visit");
	const struct st_field deputy = { .id = field_of("visit", "deputies"), .text = st_span_text("D-17") };
	struct paging x = { .rows = 0 };
	unsigned pages = 0;
	(void)state;
	for (size_t i = 0; i < AT_ONCE; i++)
		lines[i].change = (struct st_change){ .kind = visit->number, .move = 1, .state = 2, .fields = &deputy,
						      .field_count = 1, .at_ms = NOW_MS - 100 * 86400000ll };
	for (uint16_t p = 0; p < VOIDED / AT_ONCE; p++) {
		for (uint16_t i = 0; i < AT_ONCE; i++)
			lines[i].record = (uint16_t)(p * AT_ONCE + i + 1);
		push(lines, AT_ONCE);
	}
	lines[0].record = 60000;
	lines[0].change.state = 1;
	lines[0].change.at_ms = NOW_MS;
	push(lines, 1);
	st_buf_init(&x.page, 512);
	st_buf_init(&x.next, 512);
	do {
		st_buf_clear(&x.page);
		st_buf_put_span(&x.page, st_buf_span(&x.next));
		st_buf_clear(&x.next);
		assert_int_equal(st_store_read(main_station.store, archive, &x), 0);
	} while (x.next.size > 0 && ++pages < 10);
	assert_int_equal(x.rows, 1);
	assert_int_equal(pages, 1);
	st_buf_done(&x.page);
	st_buf_done(&x.next);
}

/* ---- merges ---- */

static struct st_field opening[2];

static struct line opens(uint16_t record, int64_t at_ms)
{
	opening[0] = (struct st_field){ .id = ST_F_SERIAL, .is_number = true, .number = record };
	opening[1] = (struct st_field){ .id = ST_F_YEAR, .is_number = true, .number = 2023 };
	return (struct line){ record, 0, { .kind = ST_KIND_MATTER, .move = NUMBER, .state = 1, .at_ms = at_ms,
					   .fields = opening, .field_count = 2 } };
}

static void open_matter(uint16_t record, int64_t at_ms)
{
	const struct line line = opens(record, at_ms);
	push(&line, 1);
}

static struct st_record_ref ref_of(struct st_txn *t, uint16_t record)
{
	struct st_record_ref ref = { .ulid = record_id(record).ulid };
	assert_int_equal(child_number(t, &ref.opener), 0);
	return ref;
}

struct named {
	uint16_t record;
	char number[ST_NUMBER_TEXT];
};

static int name(struct st_txn *t, void *arg)
{
	struct named *x = arg;
	struct st_record_ref ref = ref_of(t, x->record);
	struct st_record r;
	int rc = st_record_load(t, &ref, &r);
	return rc < 0 ? rc : st_record_number(t, &r, x->number);
}

static struct named number_of(uint16_t record)
{
	struct named x = { .record = record };
	assert_int_equal(st_store_read(main_station.store, name, &x), 0);
	return x;
}

static struct line moves(uint16_t record, uint64_t behind, uint32_t move, const struct st_field *fields, size_t count)
{
	return (struct line){ record, behind, { .kind = ST_KIND_MATTER, .move = move, .state = MERGED, .at_ms = NOW_MS,
						.fields = fields, .field_count = count } };
}

static int count_joined(const struct st_record *r, const struct st_merge *m, void *arg)
{
	(void)r;
	(void)m;
	++*(unsigned *)arg;
	return 0;
}

struct behind {
	uint16_t record;
	unsigned each;
	uint64_t read, under; /* voices: its own is one */
};

static int count_behind(struct st_txn *t, void *arg)
{
	struct behind *x = arg;
	struct st_record_ref ref = ref_of(t, x->record);
	struct st_merge_reader *reader = NULL;
	struct st_voices all, below;
	struct st_record r;
	assert_int_equal(st_record_load(t, &ref, &r), 0);
	assert_int_equal(st_merge_reader_new(t, &reader), 0);
	assert_int_equal(st_merge_each(reader, &r, count_joined, &x->each), 0);
	assert_int_equal(st_voices_read(t, ST_KIND_MATTER, &all), 0);
	assert_int_equal(st_voices_under(t, &r, &below), 0);
	x->read = st_voices_of(&all, &ref).voices;
	x->under = st_voices_of(&below, &ref).voices;
	st_voices_done(&all);
	st_voices_done(&below);
	st_merge_reader_free(reader);
	return 0;
}

static void stand_behind(uint16_t record, uint64_t others)
{
	struct behind x = { .record = record };
	assert_int_equal(st_store_read(main_station.store, count_behind, &x), 0);
	assert_int_equal(x.each, others);
	assert_int_equal(x.read, 1 + others);
	assert_int_equal(x.under, 1 + others);
}

/* What a merge names holds, whatever is signed beside it or behind it under the same name. */
static void test_the_last_merge_says_what_it_joins(void **state)
{
	const uint32_t joins = field_of("matter", "joins");
	for (uint16_t i = 1; i <= 3; i++)
		open_matter(i, NOW_MS);
	struct named into = number_of(2), other = number_of(3);
	const struct st_field two[] = { { .id = joins, .text = st_span_text(into.number) },
					{ .id = joins, .text = st_span_text(other.number) } };
	const struct st_field none = { .id = joins, .is_number = true, .number = 5 };
	const struct line lines[] = { moves(1, 1, 4, two, 2), moves(1, 4, 14, two + 1, 1), moves(1, 5, 2, &none, 1) };
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		push(&lines[i], 1);
		stand_behind(2, 1);
		stand_behind(3, 0);
		struct asked x = answer("voices", NULL, NULL);
		assert_string_equal(x.code, into.number);
		assert_int_equal(x.voices, 2);
	}
}

/* One of November into one of October, and that into a third: November's voice is the third's. */
static void test_a_chain_is_followed_out_of_the_period(void **state)
{
	const int64_t october = NOW_MS - 40 * 86400000ll;
	const uint32_t joins = field_of("matter", "joins");
	(void)state;
	open_matter(1, NOW_MS);
	open_matter(2, october);
	open_matter(3, october);
	struct named second = number_of(2), third = number_of(3);
	const struct st_field into[] = { { .id = joins, .text = st_span_text(second.number) },
					 { .id = joins, .text = st_span_text(third.number) } };
	const struct line lines[] = { moves(1, 1, 4, into, 1), moves(2, 2, 4, into + 1, 1) };
	push(lines, 2);
	struct asked all = answer("voices", NULL, NULL), one = answer("voices", "2023-11", "2023-11");
	assert_string_equal(all.code, third.number);
	assert_int_equal(all.voices, 3);
	assert_string_equal(one.code, third.number);
	assert_int_equal(one.voices, 1);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_a_schedule_changed_before_all_days_stops_no_answer),
		EACH(test_codes_of_no_station_part_no_numbers),
		EACH(test_a_state_that_no_index_has_is_unread),
		EACH(test_an_archive_ends_whoever_fills_it),
		EACH(test_the_last_merge_says_what_it_joins),
		EACH(test_a_chain_is_followed_out_of_the_period),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
