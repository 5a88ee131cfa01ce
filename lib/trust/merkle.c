/* merkle.c - the arithmetic of RFC 6962 trees.
 *
 * Owns:    nothing: nodes come from the caller's reader and go to his writer.
 * Promise: 3: what is proven here was in the tree that the origin signed.
 * Flow:    leaf hashes -> frontier -> root; stored nodes -> proofs */
#include <station/trust/merkle.h>
#include <string.h>
#include <station/base/check.h>

static unsigned bits_set(uint64_t v)
{
	return (unsigned)__builtin_popcountll(v);
}

/* Largest power of two below n, for n > 1: RFC 6962 2.1's k. */
static uint64_t split(uint64_t n)
{
	st_assert(n > 1);
	return 1ull << (63 - (unsigned)__builtin_clzll(n - 1));
}

int st_frontier_append(struct st_frontier *f, const struct st_hash *leaf, st_node_write *write,
		       void *arg)
{
	struct st_hash node = *leaf;
	unsigned count = bits_set(f->size), level = 0;
	uint64_t index = f->size;
	ST_REQUIRE(f->size < INT64_MAX);
	for (;; level++, index >>= 1) {
		int rc = write == NULL ? 0 : write(arg, level, index, &node);
		if (rc < 0)
			return rc;
		if ((f->size >> level & 1) == 0)
			break;
		st_assert(count > 0);
		node = st_hash_node(&f->nodes[--count], &node);
	}
	st_assert(count < ST_PROOF_MAX);
	f->nodes[count] = node;
	f->size++;
	st_assert(bits_set(f->size) == count + 1);
	return 0;
}

struct st_hash st_frontier_root(const struct st_frontier *f)
{
	unsigned count = bits_set(f->size);
	if (count == 0)
		return st_hash(NULL, 0);
	struct st_hash root = f->nodes[count - 1];
	for (unsigned i = count - 1; i > 0; i--)
		root = st_hash_node(&f->nodes[i - 1], &root);
	return root;
}

/* MTH of the leaves from..from+size, from being a multiple of size's lowest enclosing power of two:
 * its right edge is a frontier of complete nodes. */
static int subtree(uint64_t from, uint64_t size, st_node_read *read, void *arg,
		   struct st_hash *ret_hash)
{
	struct st_hash nodes[ST_PROOF_MAX];
	unsigned count = 0;
	uint64_t at = from, left = size;
	st_assert(size > 0);
	while (left > 0) {
		unsigned level = 63 - (unsigned)__builtin_clzll(left);
		st_assert(count < ST_PROOF_MAX);
		int rc = read(arg, level, at >> level, &nodes[count]);
		if (rc < 0)
			return rc;
		count++;
		at += 1ull << level;
		left -= 1ull << level;
	}
	struct st_hash h = nodes[count - 1];
	for (unsigned i = count - 1; i > 0; i--)
		h = st_hash_node(&nodes[i - 1], &h);
	*ret_hash = h;
	return 0;
}

int st_merkle_root(uint64_t size, st_node_read *read, void *arg, struct st_hash *ret_root)
{
	ST_REQUIRE(read != NULL);
	if (size == 0) {
		*ret_root = st_hash(NULL, 0);
		return 0;
	}
	return subtree(0, size, read, arg, ret_root);
}

int st_merkle_node(uint64_t size, unsigned level, uint64_t index, st_node_read *read, void *arg,
		   struct st_hash *ret_node)
{
	ST_REQUIRE(read != NULL);
	uint64_t from = index << level;
	if (level >= ST_PROOF_MAX - 1 || index > UINT64_MAX >> level || from >= size)
		return ST_ENOTFOUND;
	uint64_t left = size - from;
	return subtree(from, left >> level > 0 ? 1ull << level : left, read, arg, ret_node);
}

/* Turns a path gathered from the root down into leaf-to-root order. */
static void reverse(struct st_proof *p)
{
	for (size_t i = 0; i < p->count / 2; i++) {
		struct st_hash h = p->path[i];
		p->path[i] = p->path[p->count - 1 - i];
		p->path[p->count - 1 - i] = h;
	}
}

int st_inclusion_prove(uint64_t index, uint64_t size, st_node_read *read, void *arg,
		       struct st_proof *ret_proof)
{
	ST_REQUIRE(read != NULL);
	struct st_proof p = { .count = 0 };
	uint64_t from = 0, n = size;
	if (index >= size)
		return ST_ENOTFOUND;
	while (n > 1) {
		uint64_t k = split(n);
		bool left = index - from < k;
		st_assert(p.count < ST_PROOF_MAX);
		int rc = left ? subtree(from + k, n - k, read, arg, &p.path[p.count])
			      : subtree(from, k, read, arg, &p.path[p.count]);
		if (rc < 0)
			return rc;
		p.count++;
		from = left ? from : from + k;
		n = left ? k : n - k;
	}
	st_assert(from == index); /* all that is left is the leaf */
	reverse(&p);
	*ret_proof = p;
	return 0;
}

/* RFC 6962 2.1.2, SUBPROOF, walked down instead of recursed. */
int st_consistency_prove(uint64_t old_size, uint64_t size, st_node_read *read, void *arg,
			 struct st_proof *ret_proof)
{
	ST_REQUIRE(read != NULL);
	struct st_proof p = { .count = 0 };
	uint64_t from = 0, m = old_size, n = size;
	bool whole = true; /* the old tree is still a complete subtree that the verifier knows */
	if (old_size > size)
		return ST_ENOTFOUND;
	if (old_size == 0 || old_size == size) {
		*ret_proof = p;
		return 0;
	}
	while (m < n) {
		uint64_t k = split(n);
		bool left = m <= k;
		st_assert(p.count < ST_PROOF_MAX);
		int rc = left ? subtree(from + k, n - k, read, arg, &p.path[p.count])
			      : subtree(from, k, read, arg, &p.path[p.count]);
		if (rc < 0)
			return rc;
		p.count++;
		if (left) {
			n = k;
		} else {
			from += k;
			m -= k;
			n -= k;
			whole = false;
		}
	}
	st_assert(m == n); /* what is left is a subtree of both */
	if (!whole) {
		int rc = subtree(from, m, read, arg, &p.path[p.count]);
		if (rc < 0)
			return rc;
		p.count++;
	}
	reverse(&p);
	*ret_proof = p;
	return 0;
}

/* RFC 9162 2.1.3.2 */
int st_inclusion_root(uint64_t index, uint64_t size, const struct st_hash *leaf,
		      const struct st_proof *proof, struct st_hash *ret_root)
{
	if (index >= size || proof->count > ST_PROOF_MAX)
		return ST_EROOT;
	uint64_t fn = index, sn = size - 1;
	struct st_hash r = *leaf;
	for (size_t i = 0; i < proof->count; i++) {
		if (sn == 0)
			return ST_EROOT;
		if ((fn & 1) != 0 || fn == sn) {
			r = st_hash_node(&proof->path[i], &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			r = st_hash_node(&r, &proof->path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return ST_EROOT;
	*ret_root = r;
	return 0;
}

int st_inclusion_verify(uint64_t index, uint64_t size, const struct st_hash *leaf,
			const struct st_proof *proof, const struct st_hash *root)
{
	struct st_hash r;
	int rc = st_inclusion_root(index, size, leaf, proof, &r);
	return rc < 0 ? rc : st_hash_equal(&r, root) ? 0 : ST_EROOT;
}

/* RFC 9162 2.1.4.2, for 0 < old_size < size. */
static int consistency(uint64_t old_size, uint64_t size, const struct st_hash roots[2],
		       const struct st_proof *proof)
{
	bool power = (old_size & (old_size - 1)) == 0;
	uint64_t fn = old_size - 1, sn = size - 1;
	size_t i = 0;
	st_assert(old_size < size);
	st_assert(old_size > 0);
	if (proof->count == 0 || proof->count > ST_PROOF_MAX)
		return ST_EROOT;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	struct st_hash fr = power ? roots[0] : proof->path[i++];
	struct st_hash sr = fr;
	for (; i < proof->count; i++) {
		if (sn == 0)
			return ST_EROOT;
		if ((fn & 1) != 0 || fn == sn) {
			fr = st_hash_node(&proof->path[i], &fr);
			sr = st_hash_node(&proof->path[i], &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = st_hash_node(&sr, &proof->path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && st_hash_equal(&fr, &roots[0]) && st_hash_equal(&sr, &roots[1]) ? 0
											 : ST_EROOT;
}

int st_consistency_verify(uint64_t old_size, uint64_t size, const struct st_hash *old_root,
			  const struct st_hash *root, const struct st_proof *proof)
{
	struct st_hash empty = st_hash(NULL, 0);
	struct st_hash roots[2] = { *old_root, *root };
	if (old_size > size)
		return ST_EROOT;
	if (old_size == size)
		return proof->count == 0 && st_hash_equal(old_root, root) ? 0 : ST_EROOT;
	if (old_size == 0)
		return proof->count == 0 && st_hash_equal(old_root, &empty) ? 0 : ST_EROOT;
	return consistency(old_size, size, roots, proof);
}
