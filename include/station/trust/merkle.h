/* merkle.h - the RFC 6962 Merkle tree of a log, as arithmetic: it stores nothing.
 *
 *   level 2        n          a node at (level, index) covers leaves
 *   level 1     n     n       index << level .. (index + 1) << level
 *   level 0    l l   l l  l   and is complete once all of them are there
 *
 * A frontier is the roots of the complete subtrees of a tree's right edge, one for each 1 bit of its
 * size: enough to append and to tell the root. Proofs need interior nodes, which the caller's
 * reader fetches. Trees of up to 2^63 leaves. */
#pragma once
#include <station/trust/hash.h>

enum { ST_PROOF_MAX = 64 };

struct st_frontier {
	uint64_t size;
	struct st_hash nodes[ST_PROOF_MAX]; /* largest subtree first; popcount(size) in use */
};

struct st_proof {
	size_t count;
	struct st_hash path[ST_PROOF_MAX];
};

/* Called for each interior or leaf node that an append completes, lowest level first. */
typedef int st_node_write(void *arg, unsigned level, uint64_t index, const struct st_hash *node);
/* Fetches a complete node; ST_ENOTFOUND when it isn't stored. */
typedef int st_node_read(void *arg, unsigned level, uint64_t index, struct st_hash *ret_node);

/* Appends a leaf hash. write may be NULL. After an error *f is as before. */
ST_MUST int st_frontier_append(struct st_frontier *f, const struct st_hash *leaf,
			       st_node_write *write, void *arg);
struct st_hash st_frontier_root(const struct st_frontier *f); /* size 0: SHA-256("") */

/* Root of the first size leaves, from stored nodes. */
ST_MUST int st_merkle_root(uint64_t size, st_node_read *read, void *arg, struct st_hash *ret_root);
/* The node at (level, index) of a tree of size leaves: on its right edge it covers as many as there are. */
ST_MUST int st_merkle_node(uint64_t size, unsigned level, uint64_t index, st_node_read *read, void *arg,
			   struct st_hash *ret_node);
/* RFC 6962 2.1.1 and 2.1.2. ST_ENOTFOUND: index or size out of range, or a node isn't there. */
ST_MUST int st_inclusion_prove(uint64_t index, uint64_t size, st_node_read *read, void *arg,
			       struct st_proof *ret_proof);
ST_MUST int st_consistency_prove(uint64_t old_size, uint64_t size, st_node_read *read, void *arg,
				 struct st_proof *ret_proof);
/* The root that a leaf's inclusion path leads to, RFC 9162 2.1.3.2. ST_EROOT: no such path. */
ST_MUST int st_inclusion_root(uint64_t index, uint64_t size, const struct st_hash *leaf,
			      const struct st_proof *proof, struct st_hash *ret_root);
/* RFC 9162 2.1.3.2 and 2.1.4.2. ST_EROOT: the proof doesn't hold. */
ST_MUST int st_inclusion_verify(uint64_t index, uint64_t size, const struct st_hash *leaf,
				const struct st_proof *proof, const struct st_hash *root);
ST_MUST int st_consistency_verify(uint64_t old_size, uint64_t size, const struct st_hash *old_root,
				  const struct st_hash *root, const struct st_proof *proof);
