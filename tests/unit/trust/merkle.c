/* merkle.c - tests of the RFC 6962 tree: published vectors, and every proof up to a size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/text.h>
#include <station/trust/merkle.h>

enum { MOST = 130 };

static struct st_hash leaves[MOST];
#include "tree.h"

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		uint8_t byte = (uint8_t)i;
		leaves[i] = st_hash_leaf(st_span(&byte, 1));
	}
	return 0;
}

static void test_published(void **state)
{
	static const struct {
		uint8_t bytes[16];
		size_t size;
	} inputs[8] = {
		{ { 0 }, 0 }, { { 0x00 }, 1 }, { { 0x10 }, 1 }, { { 0x20, 0x21 }, 2 },
		{ { 0x30, 0x31 }, 2 }, { { 0x40, 0x41, 0x42, 0x43 }, 4 },
		{ { 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57 }, 8 },
		{ { 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f }, 16 },
	};
	static const char *const roots[9] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct st_frontier f = { .size = 0 };
	struct st_buf hex;
	(void)state;
	st_buf_init(&hex, 1000);
	for (size_t i = 0; i <= 8; i++) {
		struct st_hash root = st_frontier_root(&f);
		st_buf_clear(&hex);
		st_hex_put(&hex, ST_SPAN(root.bytes));
		assert_true(st_span_equal(st_buf_span(&hex), st_span_text(roots[i])));
		if (i == 8)
			break;
		struct st_hash leaf = st_hash_leaf(st_span(inputs[i].bytes, inputs[i].size));
		assert_int_equal(st_frontier_append(&f, &leaf, NULL, NULL), 0);
	}
	st_buf_done(&hex);
}

static void test_inclusion(void **state)
{
	(void)state;
	for (size_t size = 1; size <= MOST; size++) {
		struct st_hash root = mth(0, size), got;
		struct st_proof p;
		assert_int_equal(st_merkle_root(size, read_node, &size, &got), 0);
		assert_true(st_hash_equal(&root, &got));
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(st_inclusion_prove(i, size, read_node, &size, &p), 0);
			assert_int_equal(st_inclusion_verify(i, size, &leaves[i], &p, &root), 0);
			assert_int_equal(st_inclusion_verify(i + 1, size, &leaves[i], &p, &root), ST_EROOT);
			struct st_hash other = root;
			other.bytes[0] ^= 1;
			assert_int_equal(st_inclusion_verify(i, size, &leaves[i], &p, &other), ST_EROOT);
			if (p.count == 0)
				continue;
			struct st_proof bad = p;
			bad.path[i % p.count].bytes[31] ^= 1;
			assert_int_equal(st_inclusion_verify(i, size, &leaves[i], &bad, &root), ST_EROOT);
			bad = p;
			bad.count--;
			assert_int_equal(st_inclusion_verify(i, size, &leaves[i], &bad, &root), ST_EROOT);
		}
		assert_int_equal(st_inclusion_prove(size, size, read_node, &size, &p), ST_ENOTFOUND);
	}
}

static void test_consistency(void **state)
{
	(void)state;
	for (size_t size = 1; size <= MOST; size++) {
		struct st_hash root = mth(0, size);
		for (size_t old = 0; old <= size; old++) {
			struct st_hash old_root = mth(0, old), other = old_root;
			struct st_proof p;
			assert_int_equal(st_consistency_prove(old, size, read_node, &size, &p), 0);
			assert_int_equal(st_consistency_verify(old, size, &old_root, &root, &p), 0);
			other.bytes[5] ^= 1;
			assert_int_equal(st_consistency_verify(old, size, &other, &root, &p), ST_EROOT);
			if (p.count == 0)
				continue;
			struct st_proof bad = p;
			bad.path[old % p.count].bytes[0] ^= 1;
			assert_int_equal(st_consistency_verify(old, size, &old_root, &root, &bad), ST_EROOT);
			bad = p;
			bad.count--;
			assert_int_equal(st_consistency_verify(old, size, &old_root, &root, &bad), ST_EROOT);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_inclusion),
		cmocka_unit_test(test_consistency),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
