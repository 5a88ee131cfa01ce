/* takeover.c - tests of a store in the shape of an older format, as this version opens it: all that it held is there, and its
 * records are to be folded anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <station/store/folded.h>
#include <station/store/logs.h>
#include <station/trust/hash.h>
#include "../../common/older.h"
#include "../../common/scratch.h"

enum { MAP = 64 << 20, LOGS = 3, SIGNERS = 2, EVENT_MAX = 5000 };
static char directory[64];
static struct st_store *store;

static void open_store(void)
{
	struct st_store_conf conf = { .directory = directory, .map_bytes = MAP, .readers_max = 8 };
	assert_int_equal(st_store_open(&conf, &store), 0);
}

static void close_store(void)
{
	st_store_close(store);
	store = NULL;
}

static int setup(void **state)
{
	(void)state;
	scratch_folder(directory, sizeof(directory), "takeover");
	open_store();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_store();
	return scratch_store_gone(directory);
}

static size_t event_at(uint32_t log, uint64_t seq, uint8_t to[EVENT_MAX])
{
	size_t size = log == 2 && seq == 5 ? EVENT_MAX : 40 + (size_t)(seq * 31 % 200);
	memset(to, (int)(seq + log), size);
	return size;
}

static void append(struct st_txn *t, struct st_log *log, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		static uint8_t bytes[EVENT_MAX];
		struct st_span event = st_span(bytes, event_at(log->number, log->tree.size + 1, bytes));
		struct st_hash leaf = st_hash_leaf(event);
		struct st_append one = { &event, &leaf, 1, 0 };
		assert_int_equal(st_log_append(t, log, &one), 0);
	}
}

/* A checkpoint at its size, which is the newest, and the signer's receipt of it; 0: nobody's. */
static void sign(struct st_txn *t, struct st_log *log, uint32_t signer)
{
	struct st_cosignature c = { .time_s = 1000 + log->tree.size };
	memset(c.signature.bytes, (int)log->tree.size, ST_SIGNATURE_SIZE);
	assert_int_equal(st_checkpoint_put(t, log, &c), 0);
	assert_int_equal(st_log_put(t, log), 0);
	struct st_receipt r = { log->number, signer, log->signed_size, { .time_s = 2000 + signer } };
	if (signer != 0)
		assert_int_equal(st_receipt_put(t, &r), 1);
}

/* One log is spaced and has receipts at sizes of their own, one has a receipt of its newest checkpoint and ends with an
 * event larger than a block, one has nothing. */
static int fill(struct st_txn *t, void *arg)
{
	(void)arg;
	for (uint32_t n = 1; n <= LOGS; n++) {
		struct st_log log;
		assert_int_equal(st_log_create(t, n, 1, &log), 0);
		for (int i = 0; n == 1 && i < 30; i++) {
			append(t, &log, 37);
			sign(t, &log, i == 11 ? 7 : i == 25 ? 8 : 0);
		}
		if (n == 2) {
			append(t, &log, 5);
			sign(t, &log, 7);
		}
	}
	return 0;
}

/* What a store says of its logs. */
struct said {
	size_t checkpoints;
	struct st_checkpoint_row rows[64];
	struct st_receipt receipts[LOGS * SIGNERS];
	uint64_t sizes[LOGS];
};

static int check_event(uint64_t seq, struct st_span event, void *arg)
{
	static uint8_t want[EVENT_MAX];
	uint32_t log = *(uint32_t *)arg;
	assert_true(st_span_equal(event, st_span(want, event_at(log, seq, want))));
	return 0;
}

static int ask(struct st_txn *t, void *arg)
{
	struct said *s = arg;
	for (uint32_t n = 1; n <= LOGS; n++) {
		struct st_log log;
		assert_int_equal(st_log_get(t, n, &log), 0);
		s->sizes[n - 1] = log.tree.size;
		assert_int_equal(st_event_each(t, n, 1, log.tree.size, check_event, &n), 0);
		uint64_t at = 1;
		while (st_checkpoint_at_least(t, n, at, &s->rows[s->checkpoints]) == 0)
			at = s->rows[s->checkpoints++].size + 1;
		for (uint32_t k = 0; k < SIGNERS; k++)
			(void)(st_receipt_get(t, n, 7 + k, &s->receipts[(n - 1) * SIGNERS + k]) == 0);
	}
	return 0;
}

/* Rows that nobody can read any more, beside those that are right. */
static void damage(struct older *o)
{
	static const uint8_t nothing[OLDER_RECEIPT];
	struct key of_lost_log = older_key(99, 7, false), of_none = older_key(0, 7, false), cut = older_key(2, 9, false);
	struct key lost_log = key_new(), unreadable = key_new();
	older_put(o, o->receipts, &of_lost_log, nothing, sizeof(nothing));
	older_put(o, o->receipts, &of_none, nothing, sizeof(nothing));
	older_put(o, o->receipts, &cut, nothing, sizeof(nothing) - 1);
	key_u8(&unreadable, 1);
	key_u32(&unreadable, LOGS + 1);
	older_put(o, o->logs, &unreadable, nothing, 3);
	key_u8(&lost_log, 1);
	key_u32(&lost_log, 98);
	key_u8(&lost_log, LOG_NEWEST);
	older_put(o, o->logs, &lost_log, nothing, 3);
}

static void make_older(uint32_t format, bool damaged)
{
	struct older o;
	older_begin(&o, directory, MAP);
	if (format <= OLDER_FORMAT)
		assert_int_equal(older_move_all(&o), 2 + 2 + 3); /* newest checkpoints, tails, receipts */
	if (damaged)
		damage(&o);
	older_end(&o, format);
}

static int is_refolded(struct st_txn *t, void *arg)
{
	struct st_refold at;
	(void)arg;
	return st_refold_get(t, &at);
}

static int go_on(struct st_txn *t, void *arg)
{
	(void)arg;
	for (uint32_t n = 1; n <= LOGS; n++) {
		struct st_log log;
		assert_int_equal(st_log_get(t, n, &log), 0);
		append(t, &log, 50);
		sign(t, &log, 0);
	}
	return 0;
}

static void take_over(uint32_t format, bool damaged)
{
	static struct said before, after, later;
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	memset(&later, 0, sizeof(later));
	assert_int_equal(st_store_write(store, fill, NULL), 0);
	assert_int_equal(st_store_read(store, ask, &before), 0);
	assert_true(before.checkpoints > 5);
	close_store();
	make_older(format, damaged);
	open_store();
	assert_int_equal(st_store_read(store, ask, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(st_store_read(store, is_refolded, NULL), 0);
	close_store();
	open_store(); /* once is enough */
	assert_int_equal(st_store_write(store, go_on, NULL), 0);
	assert_int_equal(st_store_read(store, ask, &later), 0);
	for (size_t i = 0; i < LOGS; i++)
		assert_int_equal(later.sizes[i], before.sizes[i] + 50);
	assert_memory_equal(later.receipts, before.receipts, sizeof(later.receipts));
}

static void test_of_the_format_before(void **state)
{
	(void)state;
	take_over(7, false);
}

static void test_of_an_older_one(void **state)
{
	(void)state;
	take_over(6, false);
}

static void test_of_a_damaged_one(void **state)
{
	(void)state;
	take_over(6, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_the_format_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_an_older_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_a_damaged_one, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
