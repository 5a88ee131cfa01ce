/* in_hand.c - tests of the record in hand: whoever reads in the same transaction, or after it, sees rows and places as
 * if each change had been written at once; what was given up is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <station/store/records.h>
#include <station/store/store.h>
#include "../../common/scratch.h"

enum { RECORDS = 3, PLACES = 200, KEY = 2 + ST_REF_SIZE };

static char directory[64];
static struct st_store *store;
static uint64_t seed = 1;

struct model {
	uint8_t rows[RECORDS]; /* what it says; 0: there is none */
	bool places[RECORDS][PLACES];
};
static struct model model;

static int setup(void **state)
{
	struct st_store_conf conf = { .directory = directory, .map_bytes = 64 << 20, .readers_max = 8 };
	(void)state;
	memset(&model, 0, sizeof(model));
	scratch_folder(directory, sizeof(directory), "in-hand");
	return st_store_open(&conf, &store);
}

static int teardown(void **state)
{
	(void)state;
	st_store_close(store);
	return scratch_store_gone(directory);
}

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static struct st_record_ref record(size_t r)
{
	struct st_record_ref ref = { .opener = 7 };
	ref.ulid.bytes[0] = (uint8_t)(r + 1);
	return ref;
}

static void place_key(size_t r, size_t p, uint8_t key[KEY])
{
	struct st_record_ref ref = record(r);
	key[0] = (uint8_t)p;
	key[1] = 0;
	st_ref_put(key + 2, &ref);
}

static int change(struct st_txn *t)
{
	static size_t r;
	size_t p = random_below(PLACES);
	if (random_below(100) == 0) /* else of the same: there are more places than are kept in hand */
		r = random_below(RECORDS);
	struct st_record_ref ref = record(r);
	uint8_t key[KEY], row = (uint8_t)(1 + random_below(200));
	if (random_below(4) == 0) {
		model.rows[r] = row;
		return st_record_put(t, &ref, st_span(&row, 1));
	}
	place_key(r, p, key);
	model.places[r][p] = !model.places[r][p];
	return model.places[r][p] ? st_index_put(t, ST_INDEX_STATE, ST_SPAN(key))
				  : st_index_del(t, ST_INDEX_STATE, ST_SPAN(key));
}

static void look_at_one(struct st_txn *t)
{
	size_t r = random_below(RECORDS), p = random_below(PLACES), size = 0;
	struct st_record_ref ref = record(r);
	uint8_t key[KEY], row[ST_RECORD_ROW_MAX];
	int rc = st_record_get(t, &ref, row, &size);
	assert_int_equal(rc, model.rows[r] == 0 ? ST_ENOTFOUND : 0);
	if (rc == 0)
		assert_int_equal(row[0], model.rows[r]);
	place_key(r, p, key);
	assert_int_equal(st_index_has(t, ST_INDEX_STATE, ST_SPAN(key)), model.places[r][p]);
}

static int one_row(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	size_t *count = arg;
	assert_int_equal(row.data[0], model.rows[ref->ulid.bytes[0] - 1]);
	(*count)++;
	return 0;
}

static int one_place(struct st_span key, void *arg)
{
	size_t *count = arg;
	struct st_record_ref ref;
	assert_int_equal(st_index_ref(key, &ref), 0);
	assert_true(model.places[ref.ulid.bytes[0] - 1][key.data[0]]);
	(*count)++;
	return 0;
}

static int look_at_all(struct st_txn *t, void *arg)
{
	size_t rows = 0, places = 0;
	(void)arg;
	assert_int_equal(st_record_each(t, NULL, one_row, &rows), 0);
	assert_int_equal(st_index_each(t, ST_INDEX_STATE, ST_SPAN_NONE, ST_SPAN_NONE, one_place, &places), 0);
	for (size_t r = 0; r < RECORDS; r++) {
		rows -= model.rows[r] != 0;
		for (size_t p = 0; p < PLACES; p++)
			places -= model.places[r][p];
	}
	assert_int_equal(rows, 0);
	assert_int_equal(places, 0);
	return 0;
}

static int some_changes(struct st_txn *t, void *arg)
{
	(void)arg;
	for (uint32_t i = random_below(300); i > 0; i--) {
		assert_int_equal(change(t), 0);
		look_at_one(t);
		if (random_below(100) == 0)
			assert_int_equal(look_at_all(t, NULL), 0);
	}
	return random_below(3) == 0 ? ST_EBUSY : 0;
}

static void test_as_if_written_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct model before = model;
		int rc = st_store_write(store, some_changes, NULL);
		if (rc < 0) {
			assert_int_equal(rc, ST_EBUSY);
			model = before;
		}
		assert_int_equal(st_store_read(store, look_at_all, NULL), 0);
	}
}

/* One that takes its record out of a list in which it isn't: its store is damaged. */
static int take_out(struct st_txn *t, void *arg)
{
	uint8_t key[KEY];
	(void)arg;
	place_key(0, 3, key);
	return st_index_del(t, ST_INDEX_STATE, ST_SPAN(key));
}

static void test_missing_place_is_damage(void **state)
{
	(void)state;
	assert_int_equal(st_store_write(store, take_out, NULL), ST_ECORRUPT);
	assert_int_equal(st_store_read(store, look_at_all, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_as_if_written_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_place_is_damage, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
