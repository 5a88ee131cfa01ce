/* candidates.c - tests of the search for like matters: it offers what a look at every row would,
 * whatever the window, and a reporter is found by the blind index until that is erased. */
#include <station/ask/candidates.h>
#include <station/work/blind.h>
#include <station/work/merge.h>
#include "../apply/pair.h"

enum { MATTERS = 400, DAY = 24 * 3600 * 1000 };
static struct station main_station;
static struct st_signing_key root;
static uint64_t seed = 11;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	station_new(&main_station, 1);
	station_found(&main_station, "410600", &root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&main_station);
	return 0;
}

static void opens(const char *category, const char *subcategory, const char *title,
		  const char *phone, char number[ST_NUMBER_TEXT])
{
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("visit") },
		{ st_span_text("category"), st_span_text(category) },
		{ st_span_text("subcategory"), st_span_text(subcategory) },
		{ st_span_text("title"), st_span_text(title) },
		{ st_span_text("reporter_phone"), st_span_text(phone) },
	};
	number[0] = 0;
	assert_int_equal(station_command(&main_station, "open", number, fields, phone[0] ? 5 : 4),
			 0);
}

struct search {
	const char *number;
	struct st_candidates_query q;
	struct st_candidates *found;
	/* every row, weighed by what it says alone */
	struct st_record of;
	int points[MATTERS + 8];
	size_t count;
};

static int each(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct search *s = arg;
	struct st_record r;
	struct st_score score;
	assert_int_equal(st_record_decode(ref, row, &r), 0);
	uint64_t mine = (uint64_t)st_get_u16(s->of.ref.ulid.bytes) << 32 |
			st_get_u32(s->of.ref.ulid.bytes + 2);
	uint64_t its =
		(uint64_t)st_get_u16(ref->ulid.bytes) << 32 | st_get_u32(ref->ulid.bytes + 2);
	uint64_t apart = mine > its ? mine - its : its - mine;
	if (apart > (uint64_t)s->q.days * DAY ||
	    memcmp(ref->ulid.bytes, s->of.ref.ulid.bytes, ST_ULID_SIZE) == 0)
		return 0;
	struct st_door a = { .station = 1,
			     .category = s->of.category,
			     .subcategory = s->of.subcategory,
			     .ms = (int64_t)mine };
	struct st_door b = { .station = 1,
			     .category = r.category,
			     .subcategory = r.subcategory,
			     .ms = (int64_t)its };
	st_door_score(&a, &b, false, &score);
	if (score.points >= ST_CANDIDATES_POINTS)
		s->points[s->count++] = score.points;
	return 0;
}

static int look(struct st_txn *t, void *arg)
{
	struct search *s = arg;
	struct st_record_ref ref;
	if (s->number != NULL) {
		assert_int_equal(st_record_resolve(t, st_span_text(s->number), &ref), 0);
		assert_int_equal(st_record_load(t, &ref, &s->of), 0);
		s->q.of = &s->of;
		s->count = 0;
		assert_int_equal(st_record_each(t, NULL, each, s), 0);
	}
	return st_candidates_find(t, &s->q, s->found);
}

static int falling(const void *a, const void *b)
{
	return *(const int *)b - *(const int *)a;
}

/* Titles say the category over again, so rows alone decide. */
static void test_offers_what_a_look_at_every_row_would(void **state)
{
	static const char *const names[] = { "环境", "交通", "物业", "路灯" };
	static char numbers[MATTERS][ST_NUMBER_TEXT];
	struct search s = { .found = calloc(1, sizeof(*s.found)) };
	(void)state;
	for (size_t i = 0; i < MATTERS; i++) {
		const char *category = names[below(4)];
		main_station.world.now_ms += below(3) == 0 ? below(2 * DAY) : below(600000);
		opens(category, names[below(4)], category, "", numbers[i]);
	}
	for (size_t n = 0; n < 60; n++) {
		s.number = numbers[below(MATTERS)];
		s.q.days = 1 + below(n % 2 ? 80 : 6);
		s.q.limit = 1 + below(ST_CANDIDATES_MAX);
		assert_int_equal(st_store_read(main_station.store, look, &s), 0);
		qsort(s.points, s.count, sizeof(int), falling);
		assert_int_equal(s.found->count, s.count < s.q.limit ? s.count : s.q.limit);
		for (size_t i = 0; i < s.found->count; i++)
			assert_int_equal(s.found->found[i].score.points, s.points[i]);
		assert_int_equal(s.found->own_days, s.q.days);
		assert_int_equal(s.found->days, s.q.days);
		assert_false(s.found->texts_left);
	}
	free(s.found);
}

static int empty_index(struct st_txn *t, void *arg)
{
	struct st_record_ref ref;
	struct st_record r;
	struct st_buf row;
	(void)arg;
	assert_int_equal(st_record_resolve(t, st_span_text(arg), &ref), 0);
	assert_int_equal(st_record_load(t, &ref, &r), 0);
	st_buf_init(&row, ST_PART_MAX);
	for (unsigned n = 0; n < ST_EVENT_PARTS_MAX;
	     n++) { /* the shortest one with an entry's size */
		st_buf_clear(&row);
		if (st_part_get_row(t, r.head.log, r.head.seq, n, &row) == 0 &&
		    row.size == ST_SALT_SIZE + ST_BLIND_ENTRY)
			assert_int_equal(st_part_put_row(t, r.head.log, r.head.seq, n,
							 st_span(row.data, ST_SALT_SIZE)),
					 0);
	}
	st_buf_done(&row);
	return 0;
}

static void test_a_reporter_is_found_until_it_is_erased(void **state)
{
	char first[ST_NUMBER_TEXT], second[ST_NUMBER_TEXT];
	uint8_t entry[ST_BLIND_ENTRY];
	struct search s = { .found = calloc(1, sizeof(*s.found)), .q = { .days = 60, .limit = 5 } };
	(void)state;
	opens("环境", "垃圾", "垃圾清运", "138 0000 0000", first);
	main_station.world.now_ms += 1000;
	opens("环境", "垃圾", "垃圾没人管", "+8613800000000", second);
	s.number = second;
	assert_int_equal(st_store_read(main_station.store, look, &s), 0);
	assert_int_equal(s.found->count, 1);
	assert_true(s.found->found[0].score.parts[ST_WHY_REPORTER] > 0);
	assert_string_equal(s.found->found[0].row.title, "垃圾清运");
	assert_string_equal(s.found->found[0].row.number, first);
	/* before it is registered, too */
	assert_true(st_blind_of(&main_station.keys.grant, ST_BLIND_PHONE,
				st_span_text("13800000000"), entry));
	s.number = NULL;
	s.q = (struct st_candidates_query){ .days = 60,
					    .limit = 5,
					    .blinds = ST_SPAN(entry),
					    .station = 1,
					    .category = st_span_text("环境"),
					    .ms = main_station.world.now_ms };
	assert_int_equal(st_store_read(main_station.store, look, &s), 0);
	assert_int_equal(s.found->count, 2);
	assert_int_equal(st_store_write(main_station.store, empty_index, first), 0);
	assert_int_equal(st_store_read(main_station.store, look, &s), 0);
	for (size_t i = 0; i < s.found->count; i++)
		assert_true((s.found->found[i].score.parts[ST_WHY_REPORTER] > 0) ==
			    (strcmp(s.found->found[i].row.number, second) == 0));
	free(s.found);
}

static void test_what_is_no_text_is_refused(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct search s = { .found = calloc(1, sizeof(*s.found)),
			    .q = { .days = 1,
				   .limit = 1,
				   .station = 1,
				   .ms = main_station.world.now_ms,
				   .title = st_span("a\xff", 2) } };
	(void)state;
	opens("环境", "垃圾", "垃圾清运", "", number);
	assert_int_equal(st_store_read(main_station.store, look, &s), ST_EFIELD);
	s.q.title = ST_SPAN_NONE;
	s.q.category = st_span_text("没有这一类");
	assert_int_equal(st_store_read(main_station.store, look, &s), 0);
	free(s.found);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_offers_what_a_look_at_every_row_would),
		EACH(test_a_reporter_is_found_until_it_is_erased),
		EACH(test_what_is_no_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
