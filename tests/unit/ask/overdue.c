/* overdue.c - tests of the list of what is late: in order, page after page, each once, at a base and above. */
#include <station/ask/overdue.h>
#include <station/base/clock.h>
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
	size_t count;
};

static int see(const struct st_overdue_row *row, void *arg)
{
	struct looking *l = arg;
	assert_string_equal(row->title, "垃圾");
	assert_string_equal(row->category, "环境");
	assert_string_equal(row->holder.certificate.code.text, "410600");
	if (!l->q.soon)
		assert_int_equal(row->days, l->q.today - row->record.due_day);
	assert_true(row->working_days <= row->days);
	l->dues[l->count++] = row->record.due_day;
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
		assert_true(l->dues[i - 1] <= l->dues[i]);
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
	const struct CMUnitTest tests[] = { EACH(test_every_page), EACH(test_soon), EACH(test_a_place_that_is_none) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
