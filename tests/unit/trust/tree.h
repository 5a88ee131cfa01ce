/* tree.h - RFC 6962 2.1 by its definition, for tests: leaves as an array, nodes by recursion, nothing clever.
 * Whoever includes it has leaves[] before. */
#pragma once
#include <station/trust/merkle.h>

static struct st_hash mth(size_t from, size_t n)
{
	if (n == 0)
		return st_hash(NULL, 0);
	if (n == 1)
		return leaves[from];
	size_t k = 1;
	while (k * 2 < n)
		k *= 2;
	struct st_hash l = mth(from, k), r = mth(from + k, n - k);
	return st_hash_node(&l, &r);
}

static int read_node(void *arg, unsigned level, uint64_t index, struct st_hash *ret_node)
{
	size_t size = *(size_t *)arg;
	if ((index + 1) << level > size)
		return ST_ENOTFOUND;
	*ret_node = mth((size_t)index << level, (size_t)1 << level);
	return 0;
}
