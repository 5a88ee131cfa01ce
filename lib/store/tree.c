/* tree.c - the stored nodes of a log's tree.
 *
 * Owns:    the table tree: levels 4, 8, 12 ..., sixteen nodes to a row, 2.2 bytes an event.
 * Promise: 3: whatever proof is asked for, at most sixteen events are hashed again for each node.
 * Flow:    append -> tree -> proofs */
#include "tree.h"
#include <string.h>
#include <station/base/check.h>
#include <station/trust/hash.h>
#include "kv.h"

/* row: (log, level, index / 16) -> nodes index .. of that sixteen, as many as are complete
 *
 *   level 8   [ n n n ... ]              one row covers 4,096 events
 *   level 4   [ n n ... n ][ n n ...     one row covers 256
 *   level 0   events, in blocks */
enum { STEP = 4, FAN = 1 << STEP, LEVELS = 64 / STEP };
_Static_assert(64 % STEP == 0, "no level of a tree is beyond the last tile");
_Static_assert((int)FAN == (int)ST_TREE_STEP, "no node of a stored level is half told");

static struct key tile_key(uint32_t log, unsigned level, uint64_t tile)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u8(&k, (uint8_t)level);
	key_u64(&k, tile);
	return k;
}

/* The tiles at the tree's right edge while an append fills them. */
struct tile {
	bool loaded, changed;
	uint64_t number;
	size_t count;
	struct st_hash nodes[FAN];
};

struct filling {
	struct st_txn *txn;
	uint32_t log;
	struct tile tiles[LEVELS];
};

static int tile_put(struct filling *f, unsigned level, struct tile *tile)
{
	struct key k = tile_key(f->log, level, tile->number);
	if (!tile->changed)
		return 0;
	st_assert(tile->loaded);
	st_assert(tile->count <= FAN);
	tile->changed = false;
	return kv_put(f->txn, TABLE_TREE, key_span(&k),
		      st_span(tile->nodes, tile->count * ST_HASH_SIZE));
}

static int tile_load(struct filling *f, unsigned level, uint64_t number, size_t count,
		     struct tile *tile)
{
	st_assert(count < FAN);
	struct key k = tile_key(f->log, level, number);
	struct st_span row;
	tile->loaded = true;
	tile->number = number;
	tile->count = count;
	if (count == 0)
		return 0;
	int rc = kv_get(f->txn, TABLE_TREE, key_span(&k), &row);
	if (rc < 0 || row.size != count * ST_HASH_SIZE)
		return rc < 0 && rc != ST_ENOTFOUND ? rc : ST_ECORRUPT;
	memcpy(tile->nodes, row.data, row.size);
	return 0;
}

static int write_node(void *arg, unsigned level, uint64_t index, const struct st_hash *node)
{
	struct filling *f = arg;
	if (level == 0 || level % STEP != 0)
		return 0;
	st_assert(level / STEP < LEVELS);
	struct tile *tile = &f->tiles[level / STEP];
	int rc = 0;
	if (tile->loaded && tile->number != index / FAN)
		rc = tile_put(f, level, tile);
	if (rc == 0 && (!tile->loaded || tile->number != index / FAN))
		rc = tile_load(f, level, index / FAN, index % FAN, tile);
	if (rc < 0)
		return rc;
	st_assert(tile->count == index % FAN);
	tile->nodes[tile->count++] = *node;
	tile->changed = true;
	return 0;
}

int tree_append(struct st_txn *t, struct st_log *log, const struct st_hash *leaves, size_t count)
{
	struct filling f;
	struct st_frontier tree = log->tree;
	f.txn = t;
	f.log = log->number;
	for (size_t i = 0; i < LEVELS; i++)
		f.tiles[i].loaded = f.tiles[i].changed = false;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = st_frontier_append(&tree, &leaves[i], write_node, &f);
	for (unsigned i = 1; rc == 0 && i < LEVELS; i++)
		rc = tile_put(&f, i * STEP, &f.tiles[i]);
	if (rc == 0)
		log->tree = tree;
	return rc;
}

/* The right edge of a log's tree at an earlier size, from the nodes that are stored. */
static int edge(struct st_txn *t, uint32_t log, uint64_t size, struct st_frontier *ret_f)
{
	struct st_tree tree = { .txn = t, .log = log, .size = size };
	size_t n = 0;
	ret_f->size = size;
	for (unsigned level = 63; level-- > 0;) {
		if ((size >> level & 1) == 0)
			continue;
		int rc = st_tree_read(&tree, level, (size >> level) - 1, &ret_f->nodes[n++]);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	}
	st_assert(n <= ST_PROOF_MAX);
	return 0;
}

struct retelling {
	struct st_txn *txn;
	struct st_log log;
};

static int retell(uint64_t seq, struct st_span event, void *arg)
{
	struct retelling *r = arg;
	struct st_hash leaf = st_hash_leaf(event);
	st_assert(seq == r->log.tree.size + 1);
	return tree_append(r->txn, &r->log, &leaf, 1);
}

int st_tree_retell(struct st_txn *t, const struct st_log *log, uint64_t from, uint64_t to)
{
	ST_REQUIRE(to <= log->tree.size);
	ST_REQUIRE(from % ST_TREE_STEP == 0);
	struct retelling r = { .txn = t, .log.number = log->number };
	int rc = edge(t, log->number, from, &r.log.tree);
	return rc < 0 ? rc : st_event_each(t, log->number, from + 1, to, retell, &r);
}

struct leaves {
	struct st_hash *nodes;
	size_t count;
};

static int hash_event(uint64_t seq, struct st_span event, void *arg)
{
	struct leaves *l = arg;
	(void)seq;
	st_assert(l->count < FAN);
	l->nodes[l->count++] = st_hash_leaf(event);
	return 0;
}

/* count nodes of a stored level, or of the events themselves, all within one sixteen. */
static int read_nodes(struct st_tree *tree, unsigned level, uint64_t first, size_t count,
		      struct st_hash nodes[FAN])
{
	st_assert(first % FAN + count <= FAN);
	st_assert(level % STEP == 0);
	if (level == 0) {
		struct leaves l = { .nodes = nodes };
		int rc = st_event_each(tree->txn, tree->log, first + 1, first + count, hash_event, &l);
		return rc < 0 ? rc : l.count == count ? 0 : ST_ECORRUPT;
	}
	struct key k = tile_key(tree->log, level, first / FAN);
	struct st_span row;
	int rc = kv_get(tree->txn, TABLE_TREE, key_span(&k), &row);
	if (rc < 0)
		return rc;
	if (row.size < (first % FAN + count) * ST_HASH_SIZE)
		return ST_ENOTFOUND;
	memcpy(nodes, row.data + first % FAN * ST_HASH_SIZE, count * ST_HASH_SIZE);
	return 0;
}

static size_t memo_slot(uint32_t log, unsigned level, uint64_t index)
{
	return (size_t)((index + level * 37u + log * 101u) % ST_TREE_MEMO);
}

static bool recall(const struct st_tree *tree, unsigned level, uint64_t index, struct st_hash *ret_node)
{
	size_t i = memo_slot(tree->log, level, index);
	if (tree->memo == NULL || tree->memo->slots[i].log != tree->log ||
	    tree->memo->slots[i].level != level || tree->memo->slots[i].index != index)
		return false;
	*ret_node = tree->memo->slots[i].node;
	return true;
}

static void remember(struct st_tree *tree, unsigned level, uint64_t first, const struct st_hash *nodes,
		     size_t count)
{
	for (size_t n = 0; tree->memo != NULL && n < count; n++) {
		size_t i = memo_slot(tree->log, level, first + n);
		tree->memo->slots[i].log = tree->log;
		tree->memo->slots[i].level = level;
		tree->memo->slots[i].index = first + n;
		tree->memo->slots[i].node = nodes[n];
	}
}

int st_tree_read(void *arg, unsigned level, uint64_t index, struct st_hash *ret_node)
{
	struct st_tree *tree = arg;
	struct st_hash nodes[FAN];
	unsigned base = level / STEP * STEP;
	size_t count = (size_t)1 << (level - base);
	if (level >= 63 || index >= tree->size >> level)
		return ST_ENOTFOUND;
	if (recall(tree, level, index, ret_node))
		return 0;
	int rc = read_nodes(tree, base, index << (level - base), count, nodes);
	if (rc < 0)
		return rc;
	st_assert(count <= FAN);
	remember(tree, base, index << (level - base), nodes, count);
	for (; count > 1; count /= 2) {
		for (size_t i = 0; i < count / 2; i++)
			nodes[i] = st_hash_node(&nodes[2 * i], &nodes[2 * i + 1]);
		base++;
		remember(tree, base, index << (level - base), nodes, count / 2);
	}
	st_assert(base == level);
	*ret_node = nodes[0];
	return 0;
}
