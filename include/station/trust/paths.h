/* paths.h - the inclusion paths of many events of one tree, each node of them told once.
 * Paths of one tree run together on their way to the root. Whoever sends several tells a node
 * once, and whoever receives them puts each path together again; both keep the same nodes:
 *
 *        root                 first path whole:       s2 s1 s0
 *       /    \                second path, short:     only what hangs below a node that is known
 *      n      s2
 *     / \
 *    s1  n ...
 *
 * A node is known if it stood on a path before, or beside one. Every known node has been hashed up
 * to the root, so a path that has come to one leads to the same root.
 *
 * Life:  zeroed at first, and nothing to free.
 * Bound: ST_PATHS_NODES_MAX; who finds it full begins anew. */
#pragma once
#include <station/trust/merkle.h>

enum { ST_PATHS_NODES_MAX = 4096, ST_PATHS_SLOTS = 2 * ST_PATHS_NODES_MAX };

struct st_paths {
	uint64_t size; /* of the tree; 0: nothing is known */
	struct st_hash root;
	size_t count; /* nodes that are known */
	uint32_t run; /* slots of another run are empty */
	struct {
		uint64_t index;
		uint32_t run;
		uint8_t level;
		struct st_hash node;
	} slots[ST_PATHS_SLOTS];
};

struct st_node_reader {
	st_node_read *read; /* of complete nodes */
	void *arg;
};
/* Forgets all: the next path begins. */
void st_paths_clear(struct st_paths *p);
/* Begins with a tree's first path, whole; p->root is where it leads. ST_EROOT: no path of that
 * tree; nothing is known then. */
ST_MUST int st_paths_begin(struct st_paths *p, uint64_t index, uint64_t size,
			   const struct st_hash *leaf, const struct st_proof *whole);
/* What is left to tell of a further path: of one that is at hand, and of one whose nodes are read
 * as far as they are needed. ST_EROOT: it doesn't lead to the same root; ST_ETOOBIG: there is no
 * room. After an error *p is as before. */
ST_MUST int st_paths_shorten(struct st_paths *p, uint64_t index, const struct st_hash *leaf,
			     const struct st_proof *whole, struct st_proof *ret_rest);
ST_MUST int st_paths_prove(struct st_paths *p, uint64_t index, const struct st_hash *leaf,
			   const struct st_node_reader *from, struct st_proof *ret_rest);
/* The whole path again, which then is one to p->root. Errors as above. */
ST_MUST int st_paths_complete(struct st_paths *p, uint64_t index, const struct st_hash *leaf,
			      const struct st_proof *rest, struct st_proof *ret_whole);
