/* paths.c - tests of shared inclusion paths: what was shortened is completed to the same, for every leaf of
 * every tree up to a size, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/trust/paths.h>

enum { MOST = 70, DEEP = 1 << 13 };
static struct st_hash leaves[DEEP];
static struct st_paths *told, *read_too, *heard; /* sender's, by stored paths and by the tree; receiver's */

#include "tree.h"

static struct st_proof whole_of(size_t index, size_t size)
{
	struct st_proof p;
	assert_int_equal(st_inclusion_prove(index, size, read_node, &size, &p), 0);
	return p;
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < DEEP; i++)
		leaves[i] = st_hash_leaf(st_span(&i, sizeof(i)));
	told = calloc(1, sizeof(*told));
	read_too = calloc(1, sizeof(*read_too));
	heard = calloc(1, sizeof(*heard));
	return told == NULL || read_too == NULL || heard == NULL;
}

static int teardown(void **state)
{
	(void)state;
	free(told);
	free(read_too);
	free(heard);
	return 0;
}

static bool same(const struct st_proof *a, const struct st_proof *b)
{
	return a->count == b->count && memcmp(a->path, b->path, a->count * sizeof(a->path[0])) == 0;
}

/* Begins all three with one leaf. */
static void begin(size_t index, size_t size)
{
	struct st_proof whole = whole_of(index, size);
	struct st_hash root = mth(0, size);
	assert_int_equal(st_paths_begin(told, index, size, &leaves[index], &whole), 0);
	assert_int_equal(st_paths_begin(read_too, index, size, &leaves[index], &whole), 0);
	assert_int_equal(st_paths_begin(heard, index, size, &leaves[index], &whole), 0);
	assert_true(st_hash_equal(&heard->root, &root));
}

/* Hashes that it took to tell. */
static size_t tell(size_t index, size_t size)
{
	struct st_proof whole = whole_of(index, size), rest, also, again;
	struct st_node_reader tree = { read_node, &size };
	assert_int_equal(st_paths_shorten(told, index, &leaves[index], &whole, &rest), 0);
	assert_int_equal(st_paths_prove(read_too, index, &leaves[index], &tree, &also), 0);
	assert_true(same(&rest, &also));
	assert_int_equal(st_paths_complete(heard, index, &leaves[index], &rest, &again), 0);
	assert_true(same(&again, &whole));
	assert_int_equal(told->count, heard->count);
	assert_int_equal(told->count, read_too->count);
	return rest.count;
}

static void test_any_two_of_any_tree(void **state)
{
	(void)state;
	for (size_t size = 1; size <= MOST; size++)
		for (size_t first = 0; first < size; first++)
			for (size_t next = 0; next < size; next++) {
				begin(first, size);
				(void)tell(next, size);
				assert_int_equal(tell(next, size), 0); /* again: it is known */
			}
}

static void test_all_in_any_order(void **state)
{
	(void)state;
	for (size_t size = 1; size <= MOST; size++) {
		size_t step = 1, hashes = 0;
		while (step < size / 2 || size % step == 0)
			step += 2;
		step = size == 1 ? 1 : step;
		begin(0, size);
		for (size_t n = 1; n < size; n++)
			hashes += tell(n * step % size, size);
		assert_true(hashes < size); /* whole, each would take their number's logarithm */
	}
}

static void test_wrong_leaf_leaves_no_trace(void **state)
{
	(void)state;
	struct st_proof whole = whole_of(20, 50), rest = whole, out;
	begin(3, 50);
	(void)tell(21, 50);
	size_t count = heard->count;
	assert_int_equal(st_paths_shorten(told, 20, &leaves[19], &whole, &out), ST_EROOT);
	rest.count = 0;
	assert_int_equal(st_paths_complete(heard, 20, &leaves[19], &rest, &out), ST_EROOT);
	assert_int_equal(st_paths_complete(heard, 40, &leaves[40], &rest, &out), ST_EROOT); /* too short */
	whole = whole_of(40, 50);
	assert_int_equal(st_paths_complete(heard, 40, &leaves[40], &whole, &out), ST_EROOT); /* too long */
	assert_int_equal(st_paths_complete(heard, 50, &leaves[40], &rest, &out), ST_EROOT); /* beyond it */
	assert_int_equal(heard->count, count);
	assert_int_equal(told->count, count);
	assert_int_equal(tell(20, 50), 0); /* its neighbour's path has told all */
}

static void test_no_path_begins_nothing(void **state)
{
	struct st_proof whole = whole_of(5, 50), out;
	(void)state;
	whole.count--;
	assert_int_equal(st_paths_begin(heard, 5, 50, &leaves[5], &whole), ST_EROOT);
	assert_int_equal(heard->count, 0);
	whole.count = 0;
	assert_int_equal(st_paths_complete(heard, 0, &leaves[0], &whole, &out), ST_EROOT);
	assert_int_equal(st_paths_begin(heard, 50, 50, &leaves[5], &whole), ST_EROOT);
}

/* Leaves far from each other bring the most nodes. */
static void test_full(void **state)
{
	struct st_proof whole = { .count = 0 }, rest, out;
	struct st_hash nodes[2 * DEEP];
	(void)state;
	memcpy(nodes + DEEP, leaves, sizeof(leaves)); /* a heap: node i has the children 2i and 2i + 1 */
	for (size_t i = DEEP - 1; i > 0; i--)
		nodes[i] = st_hash_node(&nodes[2 * i], &nodes[2 * i + 1]);
	int rc = 0;
	size_t n = 0;
	for (; rc == 0 && n < DEEP; n++) {
		size_t index = n * 2654435761u % DEEP;
		whole.count = 0;
		for (size_t at = DEEP + index; at > 1; at /= 2)
			whole.path[whole.count++] = nodes[at ^ 1];
		if (n == 0)
			rc = st_paths_begin(told, index, DEEP, &leaves[index], &whole);
		else
			rc = st_paths_shorten(told, index, &leaves[index], &whole, &rest);
		if (n == 0)
			assert_int_equal(st_paths_begin(heard, index, DEEP, &leaves[index], &whole), 0);
		else if (rc == 0)
			assert_int_equal(st_paths_complete(heard, index, &leaves[index], &rest, &out), 0);
		else
			assert_int_equal(st_paths_complete(heard, index, &leaves[index], &rest, &out), rc);
		assert_true(told->count <= ST_PATHS_NODES_MAX);
	}
	assert_int_equal(rc, ST_ETOOBIG);
	assert_true(n > ST_PATHS_NODES_MAX / 16);
	begin(3, 50); /* anew */
	(void)tell(21, 50);
}

/* Its slots' runs come round to those of long ago. */
static void test_run_comes_round(void **state)
{
	(void)state;
	begin(3, 50);
	heard->run = told->run = read_too->run = UINT32_MAX;
	begin(7, 50);
	assert_int_equal(heard->run, 1);
	(void)tell(21, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_two_of_any_tree),
		cmocka_unit_test(test_all_in_any_order),
		cmocka_unit_test(test_wrong_leaf_leaves_no_trace),
		cmocka_unit_test(test_no_path_begins_nothing),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_run_comes_round),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
