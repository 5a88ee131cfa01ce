/* paths.c - paths of one tree, shortened and completed.
 *
 * Owns:    the rule of which nodes of a path go without saying.
 * Promise: 3: a path counts only if its leaf hashes up to the root, or to a node that did.
 * Flow:    proof -> paths -> carry -> paths -> proof */
#include <station/trust/paths.h>
#include <string.h>
#include <station/base/check.h>

_Static_assert((ST_PATHS_SLOTS & (ST_PATHS_SLOTS - 1)) == 0, "slot_of takes the low bits");
_Static_assert((int)ST_PATHS_SLOTS > (int)ST_PATHS_NODES_MAX, "a free slot ends the search");
_Static_assert(2 * (ST_PROOF_MAX + 1) < (int)ST_PATHS_NODES_MAX, "the first path has room");

/* One path on its way up. On the right edge a node may be the only child of several above it, which
 * are the same hash: its place is where it is one of two. */
struct climb {
	uint64_t at, last; /* index of the node, and of the level's last one */
	unsigned level;
};

/* false: the node is the root. */
static bool settle(struct climb *c)
{
	if (c->last == 0)
		return false;
	while (c->at == c->last && (c->at & 1) == 0) {
		c->at >>= 1;
		c->last >>= 1;
		c->level++;
	}
	st_assert(c->at <= c->last);
	st_assert(c->level < ST_PROOF_MAX);
	return true;
}

static void rise(struct climb *c)
{
	c->at >>= 1;
	c->last >>= 1;
	c->level++;
}

static size_t slot_of(const struct st_paths *p, unsigned level, uint64_t index)
{
	uint64_t h = (index * 64 + level) * 0x9e3779b97f4a7c15ull;
	size_t i = (size_t)(h >> 32) & (ST_PATHS_SLOTS - 1);
	st_assert(p->count <= ST_PATHS_NODES_MAX);
	while (p->slots[i].run == p->run &&
	       (p->slots[i].index != index || p->slots[i].level != level))
		i = (i + 1) & (ST_PATHS_SLOTS - 1);
	return i;
}

static const struct st_hash *known(const struct st_paths *p, unsigned level, uint64_t index)
{
	size_t i = slot_of(p, level, index);
	return p->slots[i].run == p->run ? &p->slots[i].node : NULL;
}

/* What a path brings, kept only once it has led to the root. */
struct news {
	size_t count;
	struct {
		uint64_t index;
		unsigned level;
		struct st_hash node;
	} nodes[2 * (ST_PROOF_MAX + 1)];
};

static void add(struct news *n, unsigned level, uint64_t index, const struct st_hash *node)
{
	st_assert(n->count < sizeof(n->nodes) / sizeof(n->nodes[0]));
	n->nodes[n->count].level = level;
	n->nodes[n->count].index = index;
	n->nodes[n->count++].node = *node;
}

static int keep(struct st_paths *p, const struct news *n)
{
	if (p->count + n->count > ST_PATHS_NODES_MAX)
		return ST_ETOOBIG;
	for (size_t k = 0; k < n->count; k++) {
		size_t i = slot_of(p, n->nodes[k].level, n->nodes[k].index);
		st_assert(p->slots[i].run != p->run); /* known ones aren't news */
		p->slots[i].run = p->run;
		p->slots[i].level = (uint8_t)n->nodes[k].level;
		p->slots[i].index = n->nodes[k].index;
		p->slots[i].node = n->nodes[k].node;
		p->count++;
	}
	return 0;
}

/* One path, out of which the other of both is made. */
struct path {
	struct climb climb;
	bool on_way;       /* not yet at a node that is known */
	struct st_hash at; /* the last one's that wasn't */
	enum { FROM_WHOLE, FROM_REST, FROM_TREE } from;
	const struct st_proof *in; /* NULL: it is read from the tree */
	size_t used;
	const struct st_node_reader *tree;
	struct st_proof *whole, *rest; /* what is wanted; NULL: isn't */
	struct news news;
};

static int next_in(struct path *x, struct st_hash *ret_node)
{
	if (x->used == x->in->count)
		return ST_EROOT;
	*ret_node = x->in->path[x->used++];
	return 0;
}

/* The node beside the one on the way, known or from where the path comes. */
static int sibling(const struct st_paths *p, struct path *x, struct st_hash *ret_node)
{
	unsigned level = x->climb.level;
	uint64_t index = x->climb.at ^ 1;
	const struct st_hash *have = known(p, level, index);
	int rc = 0;
	if (x->from == FROM_WHOLE || (x->from == FROM_REST && have == NULL))
		rc = next_in(x, ret_node);
	else if (have == NULL)
		rc = st_merkle_node(p->size, level, index, x->tree->read, x->tree->arg, ret_node);
	else
		*ret_node = *have;
	if (rc < 0 || have != NULL)
		return rc < 0 ? rc : st_hash_equal(have, ret_node) ? 0 : ST_EROOT;
	if (!x->on_way)
		return ST_EROOT; /* what leads on from a known node is known */
	add(&x->news, level, index, ret_node);
	if (x->rest != NULL)
		x->rest->path[x->rest->count++] = *ret_node;
	return 0;
}

/* The way's next node: one that is known, or news. */
static int arrive(const struct st_paths *p, struct path *x)
{
	if (!x->on_way)
		return 0;
	const struct st_hash *have = known(p, x->climb.level, x->climb.at);
	if (have == NULL)
		add(&x->news, x->climb.level, x->climb.at, &x->at);
	x->on_way = have == NULL;
	return have == NULL || st_hash_equal(have, &x->at) ? 0 : ST_EROOT;
}

static int step(const struct st_paths *p, struct path *x)
{
	struct st_hash beside;
	int rc = sibling(p, x, &beside);
	if (rc < 0)
		return rc;
	if (x->whole != NULL)
		x->whole->path[x->whole->count++] = beside;
	if (x->on_way)
		x->at = (x->climb.at & 1) != 0 ? st_hash_node(&beside, &x->at)
					       : st_hash_node(&x->at, &beside);
	rise(&x->climb);
	return 0;
}

/* x->at is the root after it, or the node from where the way was known: nothing more is to be told. */
static int climb(const struct st_paths *p, uint64_t index, struct path *x)
{
	int rc = 0;
	if (index >= p->size || (x->in != NULL && x->in->count > ST_PROOF_MAX))
		return ST_EROOT;
	x->climb = (struct climb){ .at = index, .last = p->size - 1 };
	x->on_way = true;
	x->used = x->news.count = 0;
	while (rc == 0 && settle(&x->climb)) {
		rc = arrive(p, x);
		if (rc == 0 && !x->on_way && x->rest != NULL)
			return 0;
		rc = rc < 0 ? rc : step(p, x);
	}
	return rc < 0 || x->in == NULL ? rc : x->used == x->in->count ? 0 : ST_EROOT;
}

void st_paths_clear(struct st_paths *p)
{
	p->size = 0;
	p->count = 0;
	p->run++;
	if (p->run != 0)
		return;
	memset(p->slots, 0, sizeof(p->slots)); /* once round: those of long ago aren't ours */
	p->run = 1;
}

int st_paths_begin(struct st_paths *p, uint64_t index, uint64_t size, const struct st_hash *leaf,
		   const struct st_proof *whole)
{
	struct path x = { .at = *leaf, .in = whole };
	st_paths_clear(p);
	p->size = size;
	int rc = climb(p, index, &x);
	if (rc == 0)
		rc = keep(p, &x.news);
	if (rc == 0)
		p->root = x.at;
	else
		st_paths_clear(p);
	return rc;
}

static int further(struct st_paths *p, uint64_t index, struct path *x)
{
	int rc = climb(p, index, x);
	if (rc == 0 && x->on_way && !st_hash_equal(&x->at, &p->root))
		rc = ST_EROOT;
	return rc < 0 ? rc : keep(p, &x->news);
}

int st_paths_shorten(struct st_paths *p, uint64_t index, const struct st_hash *leaf,
		     const struct st_proof *whole, struct st_proof *ret_rest)
{
	ST_REQUIRE(whole != ret_rest);
	struct path x = { .at = *leaf, .in = whole, .rest = ret_rest };
	ret_rest->count = 0;
	return further(p, index, &x);
}

int st_paths_prove(struct st_paths *p, uint64_t index, const struct st_hash *leaf,
		   const struct st_node_reader *from, struct st_proof *ret_rest)
{
	ST_REQUIRE(from->read != NULL);
	struct path x = { .at = *leaf, .from = FROM_TREE, .tree = from, .rest = ret_rest };
	ret_rest->count = 0;
	return further(p, index, &x);
}

int st_paths_complete(struct st_paths *p, uint64_t index, const struct st_hash *leaf,
		      const struct st_proof *rest, struct st_proof *ret_whole)
{
	ST_REQUIRE(rest != ret_whole);
	struct path x = { .at = *leaf, .from = FROM_REST, .in = rest, .whole = ret_whole };
	ret_whole->count = 0;
	return further(p, index, &x);
}
