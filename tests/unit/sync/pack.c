/* pack.c - tests of where a push ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <station/store/logs.h>
#include <station/store/stations.h>
#include <station/sync/pack.h>

struct logged {
	struct st_log log;
	const uint64_t *sizes; /* where it is signed; 0 ends */
};

/* A log of rubbish, signed at these sizes as if each had come as one push. */
static int write_log(struct st_txn *t, void *arg)
{
	struct logged *l = arg;
	struct st_code code;
	struct st_cosignature signature = { .time_s = 1 };
	uint32_t station = 0;
	uint8_t bytes[40] = { 0xff };
	struct st_span event = ST_SPAN(bytes);
	struct st_hash leaf = st_hash_leaf(event);
	struct st_append append = { &event, &leaf, 1, 0 };
	assert_int_equal(st_code_parse(st_span_text("410600"), &code), 0);
	assert_int_equal(st_station_intern(t, &code, &station), 0);
	assert_int_equal(st_log_create(t, station, 1, &l->log), 0);
	for (const uint64_t *size = l->sizes; *size != 0; size++) {
		while (l->log.tree.size < *size)
			assert_int_equal(st_log_append(t, &l->log, &append), 0);
		assert_int_equal(st_checkpoint_put(t, &l->log, &signature), 0);
	}
	return st_log_put(t, &l->log);
}

struct packing {
	const struct st_log *log;
	uint64_t from;
	struct st_packed packed;
};

static int pack(struct st_txn *t, void *arg)
{
	struct packing *p = arg;
	struct st_packer *packer;
	assert_int_equal(st_packer_new(&packer), 0);
	int rc = st_push_pack(packer, t, p->log, p->from, &p->packed);
	st_packer_free(packer);
	return rc;
}

/* Each push of a log that is signed at these sizes ends where it should. */
static void ends(const uint64_t *sizes, const uint64_t *expected)
{
	char dir[] = "/tmp/pack-XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct st_store_conf conf = { .directory = dir, .map_bytes = 64 << 20, .readers_max = 4 };
	struct st_store *store = NULL;
	struct logged l = { .sizes = sizes };
	assert_int_equal(st_store_open(&conf, &store), 0);
	assert_int_equal(st_store_write(store, write_log, &l), 0);
	struct packing p = { .log = &l.log };
	for (; *expected != 0; expected++) {
		assert_int_equal(st_store_read(store, pack, &p), 0);
		assert_int_equal(p.packed.first_seq, p.from + 1);
		assert_int_equal(p.packed.size, *expected);
		p.from = p.packed.size;
	}
	assert_int_equal(p.from, l.log.signed_size);
	st_store_close(store);
	char command[64];
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void test_ends(void **state)
{
	(void)state;
	/* A spacing at a time, ... */
	ends((uint64_t[]){ 256, 512, 700, 0 }, (uint64_t[]){ 256, 512, 700, 0 });
	/* ... less where the log is signed finer at its end, all of which one push takes, ... */
	ends((uint64_t[]){ 100, 120, 0 }, (uint64_t[]){ 120, 0 });
	/* ... and more where whoever wrote it spaced it wider. */
	ends((uint64_t[]){ 1000, 1300, 0 }, (uint64_t[]){ 1000, 1300, 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ends) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
