/* work.c - tests of the matter's table, numbers, fields, the chain's rule, and the import reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/clock.h>
#include <station/work/command.h>
#include <station/work/fold.h>
#include <station/work/import.h>
#include <station/work/tally.h>

/* The table holds together: numbers are unique, targets and needs exist, every state is reached. */
static void test_table(void **state)
{
	const struct st_kind *k = st_kind_named("matter");
	bool reached[64] = { false };
	(void)state;
	assert_non_null(k);
	for (size_t i = 0; i < k->field_count; i++) {
		assert_ptr_equal(st_kind_field(k, k->fields[i].id), &k->fields[i]);
		assert_ptr_equal(st_kind_field_named(k, st_span_text(k->fields[i].name)), &k->fields[i]);
		assert_true(k->fields[i].zh[0] != 0 && k->fields[i].en[0] != 0);
		assert_int_equal(k->fields[i].type == ST_FIELD_CHOICE, k->fields[i].choices != NULL);
	}
	for (size_t i = 0; i < k->state_count; i++)
		assert_ptr_equal(st_kind_state(k, k->states[i].number), &k->states[i]);
	for (size_t i = 0; i < k->move_count; i++) {
		const struct st_move_row *m = &k->moves[i];
		assert_ptr_equal(st_kind_move(k, m->number), m);
		assert_ptr_equal(st_kind_move_named(k, m->name), m);
		assert_true(m->number < 64);
		if (m->to != 0) {
			assert_non_null(st_kind_state(k, m->to));
			reached[m->to] = true;
		}
		for (size_t n = 0; n < ST_FROM_MAX && m->from[n] != 0; n++)
			assert_true(m->from[n] >= ST_FROM_ANY || st_kind_state(k, m->from[n]) != NULL);
		for (size_t n = 0; n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
			assert_non_null(st_kind_field(k, m->needs[n]));
	}
	for (size_t i = 0; i < k->state_count; i++)
		assert_true(reached[k->states[i].number]);
	assert_non_null(st_kind_move(k, k->due_move));
}

static void test_identity_numbers(void **state)
{
	const struct st_field_row *row =
		st_kind_field_named(st_kind_named("matter"), st_span_text("reporter_id"));
	struct st_field f;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, 1000);
	st_buf_reserve(&b, 500);
	/* The examples of GB 11643-1999. */
	assert_int_equal(st_field_parse(row, st_span_text("11010519491231002X"), &b, &f), 0);
	assert_int_equal(st_field_parse(row, st_span_text("11010519491231002x"), &b, &f), 0);
	assert_int_equal(st_field_parse(row, st_span_text("440524188001010014"), &b, &f), 0);
	assert_int_equal(st_field_parse(row, st_span_text("440524188001010015"), &b, &f), ST_EFIELD);
	assert_int_equal(st_field_parse(row, st_span_text("44052418800101001"), &b, &f), ST_EFIELD);
	st_buf_done(&b);
}

/* Values of a command stay where they are however many follow. */
static void test_fields_stay(void **state)
{
	static char values[20][200];
	struct st_command_field fields[3] = { { st_span_text("category"), { NULL, 0 } },
					      { st_span_text("title"), { NULL, 0 } },
					      { st_span_text("text"), { NULL, 0 } } };
	struct st_command c = { .kind = ST_KIND_MATTER, .move = "note", .at_ms = 1700000000000,
				.fields = fields, .field_count = 3 };
	struct st_record r = { .kind = ST_KIND_MATTER, .state = 1, .revision = 1, .holder = 1 };
	struct st_checked checked;
	struct st_buf b;
	char place[ST_PLACE_MAX];
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memset(values[i], 'a' + (int)i, 100);
		fields[i].value = st_span(values[i], 100);
	}
	st_buf_init(&b, 100000);
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), 0);
	assert_true(st_span_equal(checked.facts[0].text, fields[0].value));
	assert_true(st_span_equal(checked.texts[0].text, fields[1].value));
	assert_true(st_span_equal(checked.texts[1].text, fields[2].value));
	st_buf_done(&b);
}

static void test_commands_refused(void **state)
{
	struct st_record r = { .kind = ST_KIND_MATTER, .state = 6, .revision = 5, .holder = 1,
			       .opened_day = 100, .closed_day = 120 };
	struct st_command_field reason = { st_span_text("reason"), st_span_text("x") };
	struct st_command c = { .kind = ST_KIND_MATTER, .move = "reopen", .at_ms = st_day_start_ms(150),
				.fields = &reason, .field_count = 1 };
	struct st_checked checked;
	struct st_buf b;
	char place[ST_PLACE_MAX];
	(void)state;
	st_buf_init(&b, 1000);
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), 0);
	c.at_ms = st_day_start_ms(151); /* beyond the thirty days */
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), ST_EMOVE);
	c.at_ms = st_day_start_ms(130);
	assert_int_equal(st_command_check(&c, &r, 2, &b, &checked, place), ST_EHOLDER);
	c.at_ms = st_day_start_ms(99);
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), ST_EFIELD);
	assert_string_equal(place, "at");
	c.at_ms = st_day_start_ms(130);
	c.now_ms = c.at_ms - ST_AT_AHEAD_MS;
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), 0);
	c.now_ms--; /* a day ahead of the clock is as far as it goes */
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), ST_EFIELD);
	assert_string_equal(place, "at");
	c.at_ms = 0; /* not given: the clock says it, but never a day before the opening */
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), 0);
	assert_int_equal(checked.at_ms, c.now_ms);
	c.now_ms = st_day_start_ms(90);
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), 0);
	assert_int_equal(checked.at_ms, st_day_start_ms(100));
	c.at_ms = st_day_start_ms(130);
	c.now_ms = 0;
	reason.name = st_span_text("serial");
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), ST_EFIELD);
	assert_string_equal(place, "serial");
	c.field_count = 0;
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), ST_EFIELD);
	assert_string_equal(place, "reason");
	st_buf_done(&b);
}

/* A due day is never before the record's opening. */
static void test_due_bounds(void **state)
{
	struct st_record r = { .kind = ST_KIND_MATTER, .state = 2, .revision = 2, .holder = 1,
			       .opened_day = st_day_of_date(2026, 3, 2) };
	struct st_command_field fields[] = { { st_span_text("due"), st_span_text("2026-03-02") },
					     { st_span_text("reason"), st_span_text("x") } };
	struct st_command c = { .kind = ST_KIND_MATTER, .move = "extend", .fields = fields, .field_count = 2,
				.at_ms = st_day_start_ms(r.opened_day + 9) };
	struct st_checked checked;
	struct st_buf b;
	char place[ST_PLACE_MAX];
	(void)state;
	st_buf_init(&b, 1000);
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), 0);
	fields[0].value = st_span_text("2026-03-01");
	assert_int_equal(st_command_check(&c, &r, 1, &b, &checked, place), ST_EFIELD);
	assert_string_equal(place, "due (>= 2026-03-02)");
	st_buf_done(&b);
}

/* station 1 is above 2, and 2 above 3. */
enum { UNKNOWN = 50 }; /* nobody here knows where this one stands */

static int above(void *arg, uint32_t upper, uint32_t lower)
{
	(void)arg;
	return lower == UNKNOWN ? ST_ENOTFOUND : upper < lower;
}

static struct st_link move(uint32_t log, uint64_t seq, uint32_t before_log, uint64_t before, uint32_t term)
{
	return (struct st_link){ .at = { log, seq }, .previous = { before_log, before }, .writer = log,
				 .depth = log - 1, .epoch = 1, .term = term, .type = ST_MOVE };
}

static void test_chain(void **state)
{
	struct st_link links[8];
	enum st_verdict verdicts[8];
	size_t order[8];
	uint32_t room[ST_CHOICE_ROOM * 8];
	struct st_choice_in in = { .opener = 3, .links = links, .room = room, .above = above };
	(void)state;
	links[0] = move(3, 1, 0, 0, 0);               /* the opening */
	links[1] = move(3, 2, 3, 1, 0);               /* the holder's next */
	links[2] = move(3, 5, 3, 2, 0);               /* a lost holder's last words */
	links[3] = move(1, 9, 3, 2, 1);               /* a station above names a new holder */
	links[3].type = ST_REASSIGN;
	links[3].holder = 2;
	links[4] = move(2, 4, 1, 9, 1);               /* who goes on */
	links[5] = move(3, 6, 3, 5, 0);               /* follows what was set aside */
	links[6] = move(2, 8, 2, 7, 1);               /* its predecessor hasn't come */
	links[7] = (struct st_link){ .at = { 1, 3 }, .writer = 1, .type = ST_NOTE };
	in.count = 8;
	assert_int_equal(st_chain_choose(&in, verdicts, order), 4);
	static const enum st_verdict want[8] = { ST_ON_CHAIN, ST_ON_CHAIN, ST_IS_SET_ASIDE, ST_ON_CHAIN,
						 ST_ON_CHAIN, ST_IS_SET_ASIDE, ST_WAITS, ST_IS_NOTE };
	assert_memory_equal(verdicts, want, sizeof(want));
	/* Without the reassignment the last words are the chain. */
	links[3] = links[7];
	in.count = 7;
	assert_int_equal(st_chain_choose(&in, verdicts, order), 4);
	assert_int_equal(verdicts[2], ST_ON_CHAIN);
	assert_int_equal(verdicts[5], ST_ON_CHAIN);
	assert_int_equal(verdicts[4], ST_WAITS);
	/* One that wasn't let wait, and what rests on it, are set aside whatever else is here. */
	links[2].lost = true;
	assert_int_equal(st_chain_choose(&in, verdicts, order), 2);
	assert_int_equal(verdicts[2], ST_IS_SET_ASIDE);
	assert_int_equal(verdicts[5], ST_IS_SET_ASIDE);
}

static void test_chain_foreign(void **state)
{
	struct st_link links[4];
	enum st_verdict verdicts[4];
	size_t order[4];
	uint32_t room[ST_CHOICE_ROOM * 4];
	struct st_choice_in in = { .opener = 3, .links = links, .count = 4, .room = room, .above = above };
	(void)state;
	links[0] = move(3, 1, 0, 0, 0);
	links[1] = move(2, 1, 0, 0, 0);              /* opens in another's name */
	links[2] = move(2, 2, 3, 1, 0);              /* not the holder's to move */
	links[3] = move(3, 4, 3, 4, 0);              /* follows itself */
	assert_int_equal(st_chain_choose(&in, verdicts, order), 1);
	assert_int_equal(verdicts[1], ST_IS_SET_ASIDE);
	assert_int_equal(verdicts[2], ST_IS_SET_ASIDE);
	assert_int_equal(verdicts[3], ST_IS_SET_ASIDE);
	links[3].type = ST_REASSIGN;                 /* by one that isn't above */
	links[3].previous = (struct st_place){ 3, 1 };
	links[3].term = 5;
	links[3].holder = 2;
	assert_int_equal(st_chain_choose(&in, verdicts, order), 1);
}

/* A reassignment of what somebody holds who isn't known yet, with what rests on it, waits for that. */
static void test_chain_of_an_unknown_holder(void **state)
{
	struct st_link links[4];
	enum st_verdict verdicts[4];
	size_t order[4];
	uint32_t room[ST_CHOICE_ROOM * 4];
	struct st_choice_in in = { .opener = 3, .links = links, .count = 4, .room = room, .above = above };
	(void)state;
	links[0] = move(3, 1, 0, 0, 0);
	links[0].holder = UNKNOWN;
	links[1] = move(1, 1, 3, 1, 1);
	links[1].type = ST_REASSIGN;
	links[1].holder = 2;
	links[2] = move(2, 2, 1, 1, 1);
	links[3] = move(3, 2, 3, 1, 0); /* who gave it away */
	assert_int_equal(st_chain_choose(&in, verdicts, order), 1);
	assert_int_equal(verdicts[1], ST_WAITS);
	assert_int_equal(verdicts[2], ST_WAITS);
	assert_int_equal(verdicts[3], ST_IS_SET_ASIDE);
	links[0].holder = UNKNOWN - 1;
	assert_int_equal(st_chain_choose(&in, verdicts, order), 3);
	assert_int_equal(verdicts[3], ST_IS_SET_ASIDE);
}

static void test_rows(void **state)
{
	struct st_record r, got;
	struct st_buf b;
	(void)state;
	memset(&r, 0, sizeof(r));
	r.kind = 1;
	r.state = 4;
	r.holder = 77;
	r.revision = 9;
	r.head = (struct st_place){ 5, 1234567 };
	r.opened_day = 15000;
	r.due_day = ST_DAY_MAX;
	r.category = 65535;
	r.channel = 7;
	r.number.serial = 42;
	r.fold_version = ST_FOLD_VERSION;
	st_buf_init(&b, ST_RECORD_ROW_MAX);
	st_record_encode(&r, &b);
	assert_int_equal(st_record_decode(&r.ref, st_buf_span(&b), &got), 0);
	assert_int_equal(got.head.seq, r.head.seq);
	assert_int_equal(got.due_day, r.due_day);
	assert_int_equal(got.category, r.category);
	assert_int_equal(got.number.serial, 42);
	for (size_t n = 0; n < b.size; n++)
		assert_int_equal(st_record_decode(&r.ref, st_span(b.data, n), &got), ST_ECORRUPT);
	/* The revision says how many steps a reader of the chain makes room for. */
	struct st_buf damaged;
	st_buf_init(&damaged, ST_RECORD_ROW_MAX);
	st_buf_put(&damaged, b.data, 5);
	st_buf_varint(&damaged, UINT32_MAX);
	st_buf_put(&damaged, b.data + 6, b.size - 6);
	assert_int_equal(st_record_decode(&r.ref, st_buf_span(&damaged), &got), ST_ECORRUPT);
	st_buf_done(&damaged);
	st_buf_done(&b);
}

/* ---- the import reader ---- */

struct reading {
	size_t rows, bad;
	uint64_t last_row;
	int last_rc;
	char columns[32], first[64];
};

static int take(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	struct reading *x = arg;
	(void)column;
	x->last_rc = rc;
	x->rows += rc == 0;
	x->bad += rc != 0;
	x->last_row = row->row;
	if (rc == 0 && x->first[0] == 0)
		(void)snprintf(x->first, sizeof(x->first), "%.*s", (int)row->column[ST_COL_TITLE].size,
			       (const char *)row->column[ST_COL_TITLE].data);
	return 0;
}

#define HEADER "number,opened_at,due_at,closed_at,state,channel,category,subcategory,district," \
	       "sub_district,agency,title,text,reply,duplicate_of\n"
#define ROW "1,2011-07-01T01:32:33-04:00,,,open,phone,c,,d,,,\"a, \"\"b\"\"\nc\",t,r,\n"

static int read_all(const char *text, size_t piece, struct reading *x)
{
	struct st_import_reader *r = NULL;
	int rc = st_import_reader_new(take, x, &r);
	size_t n = strlen(text);
	for (size_t at = 0; rc == 0 && at < n; at += piece)
		rc = st_import_feed(r, st_span(text + at, n - at < piece ? n - at : piece));
	if (rc == 0)
		rc = st_import_end(r);
	st_import_reader_free(r);
	return rc;
}

static void test_reader(void **state)
{
	static const char text[] = "\xef\xbb\xbf" HEADER ROW "2,short\n" ROW "\n" ROW;
	(void)state;
	for (size_t piece = 3; piece < sizeof(text) + 1; piece++) { /* cut anywhere, the same rows */
		struct reading x = { .rows = 0 };
		assert_int_equal(read_all(text, piece, &x), 0);
		assert_int_equal(x.rows, 3);
		assert_int_equal(x.bad, 1);
		assert_int_equal(x.last_row, 5);
		assert_string_equal(x.first, "a, \"b\"\nc");
	}
	struct reading x = { .rows = 0 };
	assert_int_equal(read_all("\xef\xbb\xbf" HEADER "1,,,,,,,,,,,\"a\r\nb\r\n\",t,r,\r\n", 5, &x), 0);
	assert_string_equal(x.first, "a\nb\n"); /* as Windows writes it */
	assert_int_equal(read_all("a,b,c\n1,2,3\n", 100, &x), ST_EFIELD);
	assert_int_equal(read_all("", 100, &x), ST_EFIELD);
	assert_int_equal(read_all(HEADER "\"unending", 100, &x), ST_EWIRE);
	assert_int_equal(read_all(HEADER, 1, &x), 0); /* no rows is no fault */
}

/* A row that is a little too long, of blanks: it is bad, and nobody looks at the part that had no room. */
static void test_row_without_room(void **state)
{
	enum { ROOM = ST_IMPORT_COLUMNS * ST_CSV_FIELD_MAX, MORE = 4096 };
	char *text = malloc(ROOM + 2 * MORE);
	(void)state;
	assert_non_null(text);
	for (size_t more = 64; more < MORE; more += 448) {
		struct reading x = { .rows = 0 };
		int at = sprintf(text, HEADER "\"");
		memset(text + at, ' ', ROOM + more);
		(void)strcpy(text + at + ROOM + more, "\",c\n" ROW);
		int rc = read_all(text, 4096, &x);
		assert_true(rc == ST_ETOOBIG || (rc == 0 && x.bad == 1 && x.rows == 1));
	}
	free(text);
}

static void test_endless_field(void **state)
{
	struct reading x = { .rows = 0 };
	size_t size = 2 << 20;
	char *text = malloc(size + 1);
	(void)state;
	memset(text, 'x', size);
	text[size] = 0;
	memcpy(text, HEADER, strlen(HEADER));
	assert_int_equal(read_all(text, 65536, &x), ST_EWIRE);
	assert_int_equal(x.last_rc, ST_ETOOBIG);
	free(text);
}

static void test_row_checks(void **state)
{
	static const struct {
		enum st_import_column column;
		const char *value, *reason;
	} wrongs[] = {
		{ ST_COL_OPENED_AT, "yesterday", "time" }, { ST_COL_OPENED_AT, "", "missing" },
		{ ST_COL_CLOSED_AT, "2011-06-01T00:00:00Z", "order" }, { ST_COL_STATE, "done", "state" },
		{ ST_COL_CHANNEL, "pigeon", "channel" }, { ST_COL_NUMBER, "", "missing" },
		{ ST_COL_DUE_AT, "2011-06-30T00:00:00Z", "due" }, { ST_COL_TITLE, "\xff", "encoding" },
		{ ST_COL_TITLE, "\x01", "value" }, { ST_COL_CATEGORY, "", "missing" },
	};
	struct st_import_row row = { .row = 2 };
	struct st_import_case c;
	const char *column = NULL, *reason = NULL;
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		for (size_t n = 0; n < ST_IMPORT_COLUMNS; n++)
			row.column[n] = ST_SPAN_NONE;
		row.column[ST_COL_NUMBER] = st_span_text("1");
		row.column[ST_COL_OPENED_AT] = st_span_text("2011-07-01T01:32:33-04:00");
		row.column[ST_COL_CLOSED_AT] = st_span_text("2011-08-01T01:32:33-04:00");
		row.column[ST_COL_STATE] = st_span_text("closed");
		row.column[ST_COL_CHANNEL] = st_span_text("phone");
		row.column[ST_COL_CATEGORY] = st_span_text("c");
		assert_int_equal(st_import_check(&row, &c, &column, &reason), 0);
		row.column[wrongs[i].column] = st_span_text(wrongs[i].value);
		assert_true(st_import_check(&row, &c, &column, &reason) < 0);
		assert_string_equal(column, st_import_column_name(wrongs[i].column));
		assert_string_equal(reason, wrongs[i].reason);
	}
}

static int take_counter(const struct st_tally_key *key, uint32_t counter, int64_t count, void *arg)
{
	(void)key;
	(void)counter;
	*(int64_t *)arg += count < 0 ? -count : count;
	return 0;
}

/* A change there and back leaves nothing. */
static void test_tally_cancels(void **state)
{
	struct st_record a = { .kind = 1, .state = 1, .revision = 1, .holder = 2, .opened_day = 15000 }, b = a;
	struct st_tally *y = NULL;
	int64_t left = 0;
	(void)state;
	b.state = 6;
	b.closed_day = 15010;
	b.rating_answer = 1;
	assert_int_equal(st_tally_new(&y), 0);
	assert_int_equal(st_tally_change(y, NULL, &a), 0);
	assert_int_equal(st_tally_change(y, &a, &b), 0);
	assert_int_equal(st_tally_change(y, &b, &a), 0);
	assert_int_equal(st_tally_change(y, &a, NULL), 0);
	assert_int_equal(st_tally_each(y, take_counter, &left), 0);
	assert_int_equal(left, 0);
	assert_int_equal(st_tally_change(y, NULL, &b), 0);
	assert_int_equal(st_tally_each(y, take_counter, &left), 0);
	struct st_tally_one ones[ST_TALLIES_OF_MAX];
	assert_int_equal(left, st_tally_of(&b, ones));
	st_tally_free(y);
}

/* What a small transaction gathers behind a large one, and what no measure counts. */
static void test_tally_large_then_small(void **state)
{
	enum { LARGE = 5000 };
	struct st_tally_key key = { .view = ST_VIEW_FULL, .role = ST_ROLE_HOLDER, .kind = 1, .station = 2 };
	struct st_tally *y = NULL;
	int64_t left = 0;
	(void)state;
	assert_int_equal(st_tally_new(&y), 0);
	for (uint32_t i = 0; i < LARGE; i++)
		assert_int_equal(st_tally_add(y, &key, st_counter(ST_OPEN_DUE, i), 1), 0);
	assert_int_equal(st_tally_each(y, take_counter, &left), 0);
	assert_int_equal(left, LARGE);
	for (int turn = 0; turn < 3; turn++) {
		left = 0;
		assert_int_equal(st_tally_add(y, &key, st_counter(ST_OPEN_DUE, 7), 3), 0);
		assert_int_equal(st_tally_add(y, &key, 0, 1), ST_ECORRUPT);
		assert_int_equal(st_tally_each(y, take_counter, &left), 0);
		assert_int_equal(left, 3);
	}
	st_tally_free(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	       cmocka_unit_test(test_identity_numbers),
		cmocka_unit_test(test_fields_stay),    cmocka_unit_test(test_commands_refused),
		cmocka_unit_test(test_due_bounds),     cmocka_unit_test(test_tally_large_then_small),
		cmocka_unit_test(test_chain),	       cmocka_unit_test(test_chain_foreign), cmocka_unit_test(test_chain_of_an_unknown_holder),
		cmocka_unit_test(test_rows),	       cmocka_unit_test(test_reader),
		cmocka_unit_test(test_row_without_room), cmocka_unit_test(test_endless_field),
		cmocka_unit_test(test_row_checks),
		cmocka_unit_test(test_tally_cancels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
