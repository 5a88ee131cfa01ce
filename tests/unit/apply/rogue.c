/* rogue.c - tests of what a child with a right key signs against all sense: it may fill its own log with that, and
 * stops nobody else. */
#include <station/event/event.h>
#include <station/sync/pack.h>
#include "pair.h"

enum { RUN_MAX = 8 };
static struct station main_station, child;
static struct st_signing_key root;
static struct st_frontier tree; /* of the log that the child's key signs; its own store knows nothing of it */

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	station_new(&main_station, 1);
	station_new(&child, 2);
	station_found(&main_station, "410600", &root);
	station_join(&main_station, &child, "410611", ST_BRANCH, &root.public);
	tree = (struct st_frontier){ .size = 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&main_station);
	station_gone(&child);
	return 0;
}

static int child_number(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611");
	return st_station_number(t, &code, arg);
}

/* These as the log's next events, under one checkpoint. A refused push leaves the log as it was. */
static int signs(const struct st_span *events, size_t count)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_push *push = &job->u.push.push;
	struct st_frontier next = tree;
	for (size_t i = 0; i < count; i++) {
		struct st_hash leaf = st_hash_leaf(events[i]);
		assert_int_equal(st_frontier_append(&next, &leaf, NULL, NULL), 0);
	}
	job->kind = ST_JOB_PUSH;
	*push = (struct st_push){ .first_seq = tree.size + 1, .event_count = count, .events = events,
				  .checkpoint = { { code_of("410611"), 1 }, next.size, st_frontier_root(&next) } };
	st_cosign(&push->checkpoint, &child.keys.identity, 5 + next.size, &push->cosignature);
	assert_int_equal(st_store_read(main_station.store, child_number, &job->u.push.child), 0);
	int rc = station_run(&main_station, job);
	free(job);
	if (rc == 0)
		tree = next;
	return rc;
}

/* ---- runs that no writer of ours would sign under one checkpoint ---- */

struct packing {
	uint64_t from;
	struct st_packed packed;
};

static int pack(struct st_txn *t, void *arg)
{
	struct packing *p = arg;
	struct st_packer *packer = NULL;
	struct st_log log;
	uint32_t number = 0;
	assert_int_equal(child_number(t, &number), 0);
	assert_int_equal(st_log_newest(t, number, &log), 0);
	assert_int_equal(st_packer_new(&packer), 0);
	int rc = st_push_pack(packer, t, &log, p->from, &p->packed);
	st_packer_free(packer);
	return rc;
}

static void goes_on(uint64_t from)
{
	struct packing p = { .from = from };
	assert_int_equal(st_store_read(main_station.store, pack, &p), 0);
	assert_int_equal(p.packed.size, tree.size);
}

static void test_whatever_was_taken_goes_on(void **state)
{
	static uint8_t rubbish[ST_EVENT_MAX];
	struct st_span events[RUN_MAX];
	(void)state;
	memset(rubbish, 0xfe, sizeof(rubbish));
	for (size_t i = 0; i < RUN_MAX; i++)
		events[i] = ST_SPAN(rubbish);
	/* As much as one push holds: more than any checkpoint of ours covers, ... */
	assert_int_equal(signs(events, 4), 0);
	goes_on(0);
	/* ... and what couldn't be passed on is not taken in. */
	assert_int_equal(signs(events, 5), ST_ETOOBIG);
	assert_int_equal(signs(events, 1), 0);
	goes_on(4);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_whatever_was_taken_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
