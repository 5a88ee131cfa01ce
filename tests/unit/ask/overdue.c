/* overdue.c - tests of the list of what is late: in order, page after page, each once, at a base and above. */
#include <station/ask/overdue.h>
#include <station/base/clock.h>
#include <station/work/occurrence.h>
#include "../apply/pair.h"

enum { MATTERS = 9, TODAY_AHEAD = 100 };
static struct station one;
static struct st_signing_key root;
static uint32_t opened;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	station_new(&one, 1);
	station_found(&one, "410600", &root);
	opened = st_day_of_ms(one.world.now_ms);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&one);
	return 0;
}

/* Accepted, due so many days after the opening. */
static void matter_due(uint32_t days)
{
	char number[ST_NUMBER_TEXT], text[ST_DAY_TEXT];
	st_day_text(opened + days, text);
	const struct st_command_field due = { st_span_text("due"), st_span_text(text) };
	assert_int_equal(station_opens(&one, number), 0);
	assert_int_equal(station_command(&one, "accept", number, &due, 1), 0);
}

struct looking {
	struct st_overdue_query q;
	struct st_buf next;
	uint32_t dues[64];
	enum st_overdue_what whats[64];
	size_t count;
};

static int see(const struct st_overdue_row *row, void *arg)
{
	struct looking *l = arg;
	assert_string_equal(row->title, "垃圾");
	assert_string_equal(row->category, row->what == ST_OVERDUE_missed ? "" : "环境");
	assert_string_equal(row->holder.certificate.code.text, "410600");
	if (!l->q.soon)
		assert_int_equal(row->days, l->q.today - row->due);
	assert_true(row->working_days <= row->days);
	if (row->what == ST_OVERDUE_opinion)
		assert_true(strncmp(row->unit, "会办", strlen("会办")) == 0);
	else
		assert_int_equal(row->due, row->what == ST_OVERDUE_record ? row->record.due_day : row->due);
	l->whats[l->count] = row->what;
	l->dues[l->count++] = row->due;
	return 0;
}

static int read_page(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_self self;
	int rc = st_self_load(t, &self);
	l->q.self = self.station.number;
	return rc < 0 ? rc : st_overdue_each(t, &l->q, see, l, &l->next);
}

/* All pages of `limit`, in order of due days. */
static size_t look(struct looking *l, size_t limit)
{
	char from[2 * ST_INDEX_KEY_MAX];
	size_t size = 0;
	l->q.limit = limit;
	l->count = 0;
	do {
		st_buf_init(&l->next, sizeof(from));
		l->q.from = st_span(from, size);
		size_t before = l->count;
		assert_int_equal(st_store_read(one.store, read_page, l), 0);
		assert_true(l->count - before <= limit);
		size = l->next.size;
		if (size > 0)
			memcpy(from, l->next.data, size);
		st_buf_done(&l->next);
	} while (size > 0);
	for (size_t i = 1; i < l->count; i++)
		assert_true(l->whats[i - 1] < l->whats[i] || l->whats[i] == ST_OVERDUE_missed /* by planned days */ ||
			    (l->whats[i - 1] == l->whats[i] && l->dues[i - 1] <= l->dues[i]));
	return l->count;
}

static void test_every_page(void **state)
{
	struct looking l = { .q = { .today = opened + TODAY_AHEAD } };
	(void)state;
	for (uint32_t i = 0; i < MATTERS; i++)
		matter_due(10 * (i / 2)); /* two of a day */
	matter_due(TODAY_AHEAD);          /* due today: not late yet */
	for (size_t limit = 1; limit <= MATTERS + 1; limit++)
		assert_int_equal(look(&l, limit), MATTERS);
	l.q.kind = ST_KIND_MATTER + 2;
	assert_int_equal(look(&l, 5), 0);
	l.q.kind = ST_KIND_MATTER;
	assert_int_equal(look(&l, 5), MATTERS);
	l.q.today = opened + 10;
	assert_int_equal(look(&l, 5), 2); /* of the first day alone */
	l.q.today = opened;
	assert_int_equal(look(&l, 5), 0);
}

static void test_soon(void **state)
{
	struct looking l = { .q = { .today = opened + 3, .soon = true } };
	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		matter_due(i);
	for (size_t limit = 1; limit < 9; limit++)
		assert_int_equal(look(&l, limit), 1 + ST_SOON_USUAL); /* today, and the seven days after it */
	l.q.soon_days = 2;
	assert_int_equal(look(&l, 9), 3);
	assert_int_equal(l.dues[0], opened + 3);
}

static void does(const char *kind, const char *move, char number[ST_NUMBER_TEXT], size_t count, ...)
{
	struct st_command_field fields[8];
	va_list args;
	va_start(args, count);
	for (size_t i = 0; i < count; i++) {
		fields[i].name = st_span_text(va_arg(args, const char *));
		fields[i].value = st_span_text(va_arg(args, const char *));
	}
	va_end(args);
	station_kind = st_kind_named(kind)->number;
	assert_int_equal(station_command(&one, move, number, fields, count), 0);
	station_kind = ST_KIND_MATTER;
}

/* Two of three co-handling units are late with their opinion, until the answer has been submitted. */
static void test_opinions(void **state)
{
	struct looking l = { .q = { .today = opened + 31 } };
	char n[ST_NUMBER_TEXT] = "", due[ST_DAY_TEXT];
	(void)state;
	st_day_text(opened + 20, due);
	does("suggestion", "raise", n, 3, "type", "suggestion", "title", "垃圾", "deputy", "D-1");
	does("suggestion", "accept", n, 2, "category", "环境", "due", due);
	does("suggestion", "assign", n, 4, "unit", "主办", "co_units", "会办一", "co_units", "会办二", "co_units", "会办三");
	does("suggestion", "consult", n, 2, "co_unit", "会办二", "opinion", "同意");
	for (size_t limit = 1; limit < 5; limit++) {
		assert_int_equal(look(&l, limit), 3);
		assert_int_equal(l.whats[0], ST_OVERDUE_record);
		assert_int_equal(l.whats[2], ST_OVERDUE_opinion);
		assert_int_equal(l.dues[2], opened + 30);
	}
	l.q.what = ST_OVERDUE_opinion;
	assert_int_equal(look(&l, 1), 2);
	l.q.kind = ST_KIND_MATTER;
	assert_int_equal(look(&l, 1), 0);
	l.q.kind = 0;
	l.q.today = opened + 30; /* its last day isn't over */
	assert_int_equal(look(&l, 1), 0);
	l.q.soon = true;
	assert_int_equal(look(&l, 1), 2);
	l.q.today = opened + 22;
	assert_int_equal(look(&l, 1), 0);
	l.q.soon = false;
	l.q.today = opened + 60;
	does("suggestion", "draft", n, 2, "reply", "已列入", "class", "A");
	assert_int_equal(look(&l, 1), 2);
	does("suggestion", "submit", n, 1, "responsible", "赵某");
	assert_int_equal(look(&l, 1), 0);
}

/* A reception day that nothing met is told the day after, without anything happening; one that was met
 * or moved isn't. */
static void test_missed_days(void **state)
{
	struct looking l = { .q = { .today = opened + 70 } };
	char n[ST_NUMBER_TEXT] = "", visit[ST_NUMBER_TEXT] = "";
	char first[ST_DAY_TEXT], text[ST_DAY_TEXT], moved[ST_DAY_TEXT];
	uint32_t monday = opened + 1;
	(void)state;
	while (st_weekday(monday) != 1)
		monday++;
	st_day_text(monday, first);
	does("schedule", "plan", n, 8, "type", "reception", "title", "垃圾", "weekdays", "monday", "starts", "15:00",
	     "place", "接待室", "people", "D-1", "first", first, "holiday", "stays");
	matter_due(3);
	l.q.today = monday;
	l.q.what = ST_OVERDUE_missed;
	assert_int_equal(look(&l, 1), 0); /* its day isn't over */
	l.q.today = monday + 1;
	assert_int_equal(look(&l, 1), 1);
	assert_int_equal(l.dues[0], monday);
	l.q.today = monday + 70;
	l.q.what = 0;
	for (size_t limit = 1; limit < 13; limit++)
		assert_int_equal(look(&l, limit), 11); /* ten Mondays, and the matter before them */
	l.q.kind = st_kind_named("schedule")->number;
	assert_int_equal(look(&l, 3), 10);
	l.q.missed_days = 14;
	assert_int_equal(look(&l, 3), 2);
	l.q.missed_days = 0;
	does("visit", "record", visit, 3, "who", "masses", "title", "垃圾", "schedule", n);
	st_day_text(monday + 7, text);
	does("schedule", "meet", n, 2, "occurrence", text, "met_by", visit);
	assert_int_equal(look(&l, 3), 9);
	st_day_text(monday + 14, text);
	st_day_text(monday + 72, moved);
	does("schedule", "move", n, 3, "occurrence", text, "new_day", moved, "reason", "停电");
	assert_int_equal(look(&l, 3), 8);
	l.q.today = monday + 73;
	assert_int_equal(look(&l, 3), 10); /* the eleventh Monday, and nobody came on the other day either */
	l.q.soon = true;
	assert_int_equal(look(&l, 3), 0);
}

static void test_a_place_that_is_none(void **state)
{
	struct looking l = { .q = { .today = opened, .limit = 1, .from = st_span_text("00ff") } };
	(void)state;
	st_buf_init(&l.next, 100);
	assert_int_equal(st_store_read(one.store, read_page, &l), ST_EFIELD);
	l.q.from = st_span_text("zz");
	assert_int_equal(st_store_read(one.store, read_page, &l), ST_EFIELD);
	st_buf_done(&l.next);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = { EACH(test_every_page), EACH(test_soon), EACH(test_opinions), EACH(test_missed_days), EACH(test_a_place_that_is_none) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
