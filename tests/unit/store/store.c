/* store.c - tests of the store: logs against a naive tree, checkpoints that must stay, locks, formats,
 * a full map, and transactions that leave no trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <lib/store/log_rows.h>
#include <station/store/logs.h>
#include <station/store/outside.h>
#include <station/store/records.h>
#include <station/store/stations.h>
#include <station/store/tables.h>
#include <station/trust/hash.h>
#include "../../common/scratch.h"

static char directory[64];
static struct st_store *store;

static int open_with(uint64_t map_bytes)
{
	struct st_store_conf conf = { .directory = directory, .map_bytes = map_bytes, .readers_max = 8 };
	return st_store_open(&conf, &store);
}

static int setup(void **state)
{
	(void)state;
	scratch_folder(directory, sizeof(directory), "store");
	return open_with(256 << 20);
}

static int teardown(void **state)
{
	(void)state;
	st_store_close(store);
	store = NULL;
	return scratch_store_gone(directory);
}

/* A log of events whose bytes follow from their seq, in runs of random length. */
enum { EVENTS = 3000 };
static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static size_t event_at(uint64_t seq, uint8_t *to)
{
	size_t size = seq % 97 == 0 ? 5000 : seq % 501 == 0 ? 65535 : 1 + seq * 37 % 200;
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(seq + i);
	return size;
}

static struct st_hash leaf_at(uint64_t seq)
{
	static uint8_t bytes[65535];
	return st_hash_leaf(st_span(bytes, event_at(seq, bytes)));
}

static int create_log(struct st_txn *t, void *arg)
{
	return st_log_create(t, 1, 1, arg);
}

static int append_run(struct st_txn *t, void *arg)
{
	static uint8_t bytes[64][65535];
	struct st_span events[64];
	struct st_hash leaves[64];
	struct st_log *log = arg;
	size_t count = 1 + random_below(64);
	for (size_t i = 0; i < count; i++) {
		uint64_t seq = log->tree.size + 1 + i;
		events[i] = st_span(bytes[i], event_at(seq, bytes[i]));
		leaves[i] = st_hash_leaf(events[i]);
	}
	struct st_append append = { events, leaves, count, 0 };
	int rc = st_log_append(t, log, &append);
	return rc < 0 ? rc : st_log_put(t, log);
}

static int check_event(uint64_t seq, struct st_span event, void *arg)
{
	static uint8_t want[65535];
	uint64_t *next = arg;
	assert_int_equal(seq, (*next)++);
	assert_true(st_span_equal(event, st_span(want, event_at(seq, want))));
	return 0;
}

static int check_log(struct st_txn *t, void *arg)
{
	struct st_log log;
	const struct st_log *want = arg;
	assert_int_equal(st_log_get(t, want->number, &log), 0);
	assert_int_equal(log.tree.size, want->tree.size);
	uint64_t next = 1;
	assert_int_equal(st_event_each(t, log.number, 1, log.tree.size, check_event, &next), 0);
	assert_int_equal(next, log.tree.size + 1);
	next = 700;
	assert_int_equal(st_event_each(t, log.number, 700, 900, check_event, &next), 0);
	assert_int_equal(next, 901);
	next = log.tree.size;
	assert_int_equal(st_event_each(t, log.number, log.tree.size, log.tree.size + 1, check_event, &next),
			 ST_ENOTFOUND);
	struct st_buf b;
	st_buf_init(&b, 65535);
	assert_int_equal(st_event_get(t, log.number, log.tree.size + 1, &b), ST_ENOTFOUND);
	assert_int_equal(st_event_get(t, log.number, 1234, &b), 0);
	st_buf_done(&b);
	/* Roots at every size by a fresh frontier; proofs from stored nodes. */
	struct st_frontier f = { .size = 0 };
	struct st_tree tree = { .txn = t, .log = log.number, .size = log.tree.size };
	for (uint64_t seq = 1; seq <= log.tree.size; seq++) {
		struct st_hash leaf = leaf_at(seq), root;
		assert_int_equal(st_frontier_append(&f, &leaf, NULL, NULL), 0);
		if (seq % 13 != 0)
			continue;
		struct st_proof p;
		struct st_hash want_root = st_frontier_root(&f);
		uint64_t index = seq * 7 % seq;
		assert_int_equal(st_merkle_root(seq, st_tree_read, &tree, &root), 0);
		assert_true(st_hash_equal(&root, &want_root));
		assert_int_equal(st_inclusion_prove(index, seq, st_tree_read, &tree, &p), 0);
		leaf = leaf_at(index + 1);
		assert_int_equal(st_inclusion_verify(index, seq, &leaf, &p, &root), 0);
	}
	return 0;
}

static void test_log(void **state)
{
	struct st_log log;
	(void)state;
	seed = 1;
	assert_int_equal(st_store_write(store, create_log, &log), 0);
	while (log.tree.size < EVENTS)
		assert_int_equal(st_store_write(store, append_run, &log), 0);
	assert_int_equal(st_store_read(store, check_log, &log), 0);
	st_store_close(store);
	assert_int_equal(open_with(256 << 20), 0);
	assert_int_equal(st_store_read(store, check_log, &log), 0);
}

/* Checkpoints after random runs, receipts at random sizes: what must stay, stays. */
struct checkpointing {
	struct st_log log;
	uint64_t receipts[3];
};

static int checkpoint_run(struct st_txn *t, void *arg)
{
	struct checkpointing *c = arg;
	struct st_cosignature signature = { .time_s = 1 };
	uint8_t bytes[200] = { 1 };
	struct st_span event = st_span(bytes, 1 + random_below(199));
	struct st_hash leaf = st_hash_leaf(event);
	uint32_t count = 1 + random_below(random_below(10) == 0 ? ST_CHECKPOINT_EVENTS_MAX : 30);
	for (uint32_t i = 0; i < count; i++) {
		struct st_append append = { &event, &leaf, 1, 0 };
		assert_int_equal(st_log_append(t, &c->log, &append), 0);
	}
	assert_int_equal(st_checkpoint_put(t, &c->log, &signature), 0);
	assert_int_equal(st_log_put(t, &c->log), 0);
	uint32_t signer = random_below(3);
	if (c->log.signed_size > c->receipts[signer] && random_below(2) == 0) {
		struct st_receipt r = { c->log.number, 10 + signer, c->log.signed_size, signature };
		assert_int_equal(st_receipt_put(t, &r), 1);
		c->receipts[signer] = r.size;
	}
	return 0;
}

static int check_checkpoints(struct st_txn *t, void *arg)
{
	struct checkpointing *c = arg;
	struct st_checkpoint_row row;
	uint64_t before = 0, bytes = 0, count = 0;
	for (uint64_t at = 1; st_checkpoint_at_least(t, c->log.number, at, &row) == 0; at = row.size + 1) {
		assert_true(row.size - before <= ST_CHECKPOINT_EVENTS_MAX);
		assert_true(row.bytes - bytes <= ST_CHECKPOINT_BYTES_MAX + 200);
		before = row.size;
		bytes = row.bytes;
		count++;
	}
	assert_int_equal(before, c->log.signed_size);
	for (size_t i = 0; i < 3; i++)
		if (c->receipts[i] != 0)
			assert_int_equal(st_checkpoint_get(t, c->log.number, c->receipts[i], &row), 0);
	/* The others are gone: no more than spacing, receipts and the newest need. */
	assert_true(count <= 2 * (c->log.tree.size / ST_CHECKPOINT_EVENTS_MAX + 1) +
				     2 * (c->log.bytes / ST_CHECKPOINT_BYTES_MAX + 1) + 4);
	return 0;
}

static int check_newest(struct st_txn *t, void *arg)
{
	struct checkpointing *c = arg;
	struct st_checkpoint_row row;
	return st_checkpoint_get(t, c->log.number, c->log.signed_size, &row);
}

static void test_checkpoints(void **state)
{
	struct checkpointing c = { .receipts = { 0 } };
	(void)state;
	seed = 2;
	assert_int_equal(st_store_write(store, create_log, &c.log), 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(st_store_write(store, checkpoint_run, &c), 0);
	assert_int_equal(st_store_read(store, check_checkpoints, &c), 0);
}

/* A tail whose head a disk gave back wrong: nothing is appended to it, and a walk over it ends. */
struct damaging {
	struct st_log log;
	uint64_t first;
	uint16_t size;
};

static int damage_tail(struct st_txn *t, void *arg)
{
	struct damaging *d = arg;
	struct key k = log_row_key(d->log.number, LOG_TAIL);
	uint8_t row[4080];
	struct st_span tail;
	assert_int_equal(kv_get(t, TABLE_LOGS, key_span(&k), &tail), 0);
	assert_int_equal(tail.size, sizeof(row));
	memcpy(row, tail.data, sizeof(row));
	st_put_u64(row, st_get_u64(row) + d->first);
	st_put_u16(row + 8, (uint16_t)(st_get_u16(row + 8) + d->size));
	return kv_put(t, TABLE_LOGS, key_span(&k), ST_SPAN(row));
}

static int see(uint64_t seq, struct st_span event, void *arg)
{
	(void)seq;
	(void)event;
	(void)arg;
	return 0;
}

static int walk(struct st_txn *t, void *arg)
{
	struct damaging *d = arg;
	return st_event_each(t, d->log.number, 1, d->log.tree.size, see, NULL);
}

static void test_damaged_tail(void **state)
{
	static const struct damaging wrong[] = {
		{ .first = 1 }, { .first = (uint64_t)-1 }, { .first = 1000 }, { .first = (uint64_t)-300 },
		{ .size = 1 }, { .size = (uint16_t)-1 }, { .size = 5000 },
	};
	struct damaging d;
	(void)state;
	seed = 3;
	assert_int_equal(st_store_write(store, create_log, &d.log), 0);
	while (d.log.tree.size < 500)
		assert_int_equal(st_store_write(store, append_run, &d.log), 0);
	assert_int_equal(st_store_read(store, walk, &d), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct st_log log = d.log;
		d.first = wrong[i].first;
		d.size = wrong[i].size;
		assert_int_equal(st_store_write(store, damage_tail, &d), 0);
		assert_int_equal(st_store_write(store, append_run, &log), ST_ECORRUPT);
		int rc = st_store_read(store, walk, &d);
		assert_true(rc == ST_ECORRUPT || rc == ST_ENOTFOUND || (rc == 0 && d.size == 1)); /* behind the last */
		d.first = -d.first;
		d.size = (uint16_t)-d.size;
		assert_int_equal(st_store_write(store, damage_tail, &d), 0);
	}
	assert_int_equal(st_store_read(store, walk, &d), 0);
	assert_int_equal(st_store_write(store, append_run, &d.log), 0);
}

static int lose_newest(struct st_txn *t, void *arg)
{
	struct checkpointing *c = arg;
	struct key k = log_row_key(c->log.number, LOG_NEWEST);
	return kv_del(t, TABLE_LOGS, key_span(&k));
}

/* Those before it are there, and the next one heals it. */
static void test_lost_newest_checkpoint(void **state)
{
	struct checkpointing c = { .receipts = { 0 } };
	(void)state;
	seed = 4;
	assert_int_equal(st_store_write(store, create_log, &c.log), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(st_store_write(store, checkpoint_run, &c), 0);
	uint64_t signed_size = c.log.signed_size;
	assert_int_equal(st_store_write(store, lose_newest, &c), 0);
	c.log.signed_size = c.log.kept_size;
	assert_int_equal(st_store_read(store, check_newest, &c), 0);
	c.log.signed_size = signed_size;
	assert_int_equal(st_store_write(store, checkpoint_run, &c), 0);
	assert_int_equal(st_store_read(store, check_newest, &c), 0);
}

static void test_locked(void **state)
{
	struct st_store_conf conf = { .directory = directory, .map_bytes = 1 << 20, .readers_max = 8 };
	struct st_store *second = NULL;
	(void)state;
	assert_int_equal(st_store_open(&conf, &second), ST_ELOCKED);
	assert_null(second);
	pid_t pid = fork();
	if (pid == 0)
		_exit(st_store_open(&conf, &second) == ST_ELOCKED ? 0 : 1);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int put_format(struct st_txn *t, void *arg)
{
	return st_meta_put(t, ST_META_FORMAT, st_span(arg, 4));
}

static void read_data(uint8_t **ret_data, size_t *ret_size)
{
	char path[128];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", directory);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(stat(path, &st), 0);
	*ret_size = (size_t)st.st_size;
	*ret_data = malloc(*ret_size);
	assert_int_equal(fread(*ret_data, 1, *ret_size, f), *ret_size);
	(void)fclose(f);
}

static void test_formats(void **state)
{
	uint8_t format[4], *before, *after;
	size_t size, size_after;
	(void)state;
	st_put_u32(format, ST_STORE_FORMAT + 1);
	assert_int_equal(st_store_write(store, put_format, format), 0);
	st_store_close(store);
	store = NULL;
	read_data(&before, &size);
	assert_int_equal(open_with(256 << 20), ST_ENEWER);
	read_data(&after, &size_after);
	assert_int_equal(size, size_after);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
	/* Not a store at all. */
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/data.mdb", directory);
	FILE *f = fopen(path, "wb");
	for (int i = 0; i < 20000; i++)
		(void)fputc('x', f);
	(void)fclose(f);
	assert_int_equal(open_with(256 << 20), ST_EFORMAT);
}

struct filling {
	uint64_t number;
	int stop;
};

static int put_name(struct st_txn *t, void *arg)
{
	static uint8_t large[16000];
	struct filling *f = arg;
	for (int i = 0; i < 20; i++) {
		int rc = st_part_put_row(t, 1, ++f->number, 0, ST_SPAN(large));
		if (rc < 0)
			return rc;
	}
	return f->stop;
}

static int get_part(struct st_txn *t, void *arg)
{
	struct st_buf b;
	st_buf_init(&b, 65536);
	int rc = st_part_get_row(t, 1, *(uint64_t *)arg, 0, &b);
	st_buf_done(&b);
	return rc;
}

static void test_full_map(void **state)
{
	struct filling f = { .number = 0 };
	struct st_store_info info;
	uint64_t held = 0, next;
	int rc;
	(void)state;
	st_store_close(store);
	store = NULL;
	assert_int_equal(open_with(4 << 20), 0);
	while ((rc = st_store_write(store, put_name, &f)) == 0)
		held = f.number;
	assert_int_equal(rc, ST_EFULL);
	assert_true(held > 0);
	assert_int_equal(st_store_info(store, &info), 0);
	assert_true(info.full);
	next = held + 1;
	assert_int_equal(st_store_read(store, get_part, &held), 0);
	assert_int_equal(st_store_read(store, get_part, &next), ST_ENOTFOUND);
	st_store_close(store);
	assert_int_equal(open_with(16 << 20), 0);
	f.number = held;
	assert_int_equal(st_store_write(store, put_name, &f), 0);
}

static void test_no_trace(void **state)
{
	struct filling f = { .number = 0, .stop = ST_EFIELD };
	uint64_t first = 1;
	(void)state;
	assert_int_equal(st_store_write(store, put_name, &f), ST_EFIELD);
	assert_int_equal(st_store_read(store, get_part, &first), ST_ENOTFOUND);
}

static int names(struct st_txn *t, void *arg)
{
	uint16_t a = 0, b = 0, c = 0;
	char text[ST_NAME_TEXT_MAX + 1];
	(void)arg;
	assert_int_equal(st_name_intern(t, 1, st_span_text("环境"), &a), 0);
	assert_int_equal(st_name_intern(t, 1, st_span_text("交通"), &b), 0);
	assert_int_equal(st_name_intern(t, 1, st_span_text("环境"), &c), 0);
	assert_int_equal(a, c);
	assert_int_not_equal(a, b);
	assert_int_equal(st_name_find(t, 2, st_span_text("环境"), &c), ST_ENOTFOUND);
	assert_int_equal(st_name_text(t, 1, b, text), 0);
	assert_string_equal(text, "交通");
	assert_int_equal(st_name_find(t, 1, ST_SPAN_NONE, &c), 0);
	assert_int_equal(c, 0);
	return 0;
}

/* More of them than a transaction keeps at hand, twice; and after the tables are emptied none is known. */
static int many_looked_up(struct st_txn *t, void *arg)
{
	enum { MANY = 100 };
	uint16_t name[MANY], again = 0;
	uint32_t station[MANY], number = 0;
	struct st_code code, got;
	char text[ST_NAME_TEXT_MAX + 1];
	(void)arg;
	memset(&code, 0, sizeof(code));
	for (int i = 0; i < 2 * MANY; i++) {
		int n = i % MANY;
		(void)snprintf(text, sizeof(text), "%s%d类", n % 3 == 0 ? "第" : "一个很长很长很长很长很长很长的名字之第", n);
		(void)snprintf(code.text, sizeof(code.text), "4106%02d", n);
		assert_int_equal(st_name_intern(t, 1 + n % 2, st_span_text(text), &again), 0);
		assert_int_equal(st_station_intern(t, &code, &number), 0);
		name[n] = i < MANY ? again : name[n];
		station[n] = i < MANY ? number : station[n];
		assert_int_equal(again, name[n]);
		assert_int_equal(number, station[n]);
		assert_int_equal(st_station_code(t, number, &got), 0);
		assert_string_equal(got.text, code.text);
	}
	assert_int_equal(st_tables_clear(t, ST_TABLE_FOLDED), 0);
	assert_int_equal(st_name_find(t, 2, st_span_text(text), &again), ST_ENOTFOUND);
	assert_int_equal(st_station_number(t, &code, &number), 0);
	return 0;
}

static int numbers(struct st_txn *t, void *arg)
{
	struct st_number n = { .opener = 3, .year = 2026, .epoch = 1, .serial = 7 };
	struct st_ulid u = { { 1 } }, got;
	uint32_t last = 0;
	(void)arg;
	assert_int_equal(st_number_last(t, &n, &last), 0);
	assert_int_equal(last, 0);
	assert_int_equal(st_number_put(t, &n, &u), 0);
	n.year = 2027;
	assert_int_equal(st_number_last(t, &n, &last), 0);
	assert_int_equal(last, 0);
	n.year = 2026;
	n.serial = 0;
	assert_int_equal(st_number_last(t, &n, &last), 0);
	assert_int_equal(last, 7);
	n.serial = 7;
	assert_int_equal(st_number_get(t, &n, &got), 0);
	assert_memory_equal(&got, &u, sizeof(u));
	return 0;
}

static int evidence(struct st_txn *t, void *arg)
{
	struct st_evidence e = { .kind = ST_EVIDENCE_FORK, .about = { "410611" }, .bytes = { (const uint8_t *)"x", 1 } };
	(void)arg;
	assert_int_equal(st_evidence_put(t, &e), 1);
	assert_int_equal(st_evidence_put(t, &e), 0);
	e.kind = ST_EVIDENCE_SECOND_KEY;
	assert_int_equal(st_evidence_put(t, &e), 1);
	return 0;
}

static int interned(struct st_txn *t, void *arg)
{
	struct st_code code = { "410611" }, got;
	struct st_station s;
	uint32_t a = 0, b = 0;
	(void)arg;
	assert_int_equal(st_station_intern(t, &code, &a), 0);
	assert_int_equal(st_station_intern(t, &code, &b), 0);
	assert_int_equal(a, b);
	assert_int_equal(st_station_get(t, a, &s), ST_ENOTFOUND);
	assert_int_equal(st_station_code(t, a, &got), 0);
	assert_string_equal(got.text, code.text);
	return 0;
}

static int sum_cell(struct st_span key, struct st_span cell, void *arg)
{
	(void)key;
	*(size_t *)arg += cell.size;
	return 0;
}

/* The largest row there is, seen by a scan that may write. */
static int largest_cell(struct st_txn *t, void *arg)
{
	static const uint8_t cell[ST_CELL_MAX] = { 1 };
	static const uint8_t key[] = "largest";
	int rc = st_cell_put(t, (struct st_span){ key, sizeof(key) }, (struct st_span){ cell, sizeof(cell) });
	return rc < 0 ? rc : st_cell_each(t, (struct st_span){ key, sizeof(key) }, sum_cell, arg);
}

static void test_largest_row(void **state)
{
	size_t seen = 0;
	(void)state;
	assert_int_equal(st_store_write(store, largest_cell, &seen), 0);
	assert_int_equal(seen, ST_CELL_MAX);
}

static void test_small_tables(void **state)
{
	(void)state;
	assert_int_equal(st_store_write(store, names, NULL), 0);
	assert_int_equal(st_store_write(store, numbers, NULL), 0);
	assert_int_equal(st_store_write(store, evidence, NULL), 0);
	assert_int_equal(st_store_write(store, interned, NULL), 0);
	assert_int_equal(st_store_write(store, many_looked_up, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_checkpoints, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_tail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_newest_checkpoint, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_small_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_largest_row, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
