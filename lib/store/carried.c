/* carried.c - events outside their logs, the outbox of each child, and whom we wrote to last.
 *
 * Owns:    the tables carried, outbox and addressed, and the row that says how much of the parent's outbox is here.
 * Promise: 2: what is addressed stays in the outbox until the child has said that it is on its disk.
 * Flow:    route -> outbox -> carry -> child; carry -> carried -> fold */
#include <station/store/carried.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

enum { CARRIED_HEAD = 8 + 8 + ST_SIGNATURE_SIZE + 1, OUTBOX_ROW = 12, ADDRESSED_ROW = 20 };
enum { ADDRESSED_ROW_4 = 12 }; /* of store format 4: without the count, until it is told anew */
_Static_assert(ST_PROOF_MAX <= UINT8_MAX, "a path's count is one byte");
_Static_assert(sizeof(struct st_hash) == ST_HASH_SIZE, "a path is copied whole");
_Static_assert(CARRIED_HEAD == 16 + ST_SIGNATURE_SIZE + 1, "where the path begins");

static struct key place_key(uint32_t log, uint64_t seq)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u64(&k, seq);
	return k;
}

int st_carried_put(struct st_txn *t, const struct st_carried *c)
{
	struct key k = place_key(c->log, c->seq);
	size_t path = c->proof.count * ST_HASH_SIZE;
	uint8_t *p = NULL;
	ST_REQUIRE(c->proof.count <= ST_PROOF_MAX);
	ST_REQUIRE(c->event.size > 0);
	ST_REQUIRE(c->seq > 0);
	ST_REQUIRE(c->size >= c->seq); /* the checkpoint covers it */
	int rc = kv_reserve(t, TABLE_CARRIED, key_span(&k), CARRIED_HEAD + path + c->event.size, &p);
	if (rc < 0)
		return rc;
	st_put_u64(p, c->size);
	st_put_u64(p + 8, c->cosignature.time_s);
	memcpy(p + 16, c->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	p[CARRIED_HEAD - 1] = (uint8_t)c->proof.count;
	memcpy(p + CARRIED_HEAD, c->proof.path, path);
	memcpy(p + CARRIED_HEAD + path, c->event.data, c->event.size);
	return 0;
}

static int decode(const struct kv_row *row, struct st_carried *c)
{
	struct st_reader r = st_reader(row->value);
	if (row->key.size != 12)
		return ST_ECORRUPT;
	c->log = st_get_u32(row->key.data);
	c->seq = st_get_u64(row->key.data + 4);
	c->size = st_read_u64(&r);
	c->cosignature.time_s = st_read_u64(&r);
	(void)st_read_copy(&r, c->cosignature.signature.bytes, ST_SIGNATURE_SIZE);
	c->proof.count = st_read_u8(&r);
	if (r.failed || c->proof.count > ST_PROOF_MAX)
		return ST_ECORRUPT;
	(void)st_read_copy(&r, c->proof.path, c->proof.count * ST_HASH_SIZE);
	c->event = r.rest;
	return r.failed || c->event.size == 0 ? ST_ECORRUPT : 0;
}

int st_carried_get(struct st_txn *t, uint32_t log, uint64_t seq, struct st_carried *ret_c)
{
	struct key k = place_key(log, seq);
	struct kv_row row = { .key = key_span(&k) };
	int rc = kv_get(t, TABLE_CARRIED, key_span(&k), &row.value);
	return rc < 0 ? rc : decode(&row, ret_c);
}

struct each {
	union {
		st_carried_fn *carried;
		st_outbox_fn *outbox;
	} fn;
	void *arg;
	uint64_t after, count;
};

static int each_carried(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_carried c;
	int rc = decode(row, &c);
	return rc < 0 ? rc : e->fn.carried(t, &c, e->arg);
}

int st_carried_each(struct st_txn *t, uint32_t log, uint64_t seq, st_carried_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.carried = fn, .arg = arg };
	struct key k = place_key(log, seq + 1);
	struct kv_range range = { .table = TABLE_CARRIED, .from = key_span(&k) };
	return kv_scan(t, &range, each_carried, &e);
}

static bool leans(const struct st_proving *p, const struct st_carried *c)
{
	return p->paths != NULL && p->paths_log == c->log && p->paths->size == c->size;
}

static int prove_logged(struct st_proving *p, uint64_t seq, struct st_carried *c)
{
	st_assert(seq > 0);
	st_assert(p->newest.size >= seq);
	struct st_tree tree = { .txn = p->txn, .log = p->log.number, .size = p->log.tree.size,
				.memo = p->memo };
	struct st_node_reader nodes = { st_tree_read, &tree };
	int rc = st_event_get(p->txn, p->log.number, seq, p->to);
	if (rc < 0)
		return rc;
	c->log = p->log.number;
	c->seq = seq;
	c->size = p->newest.size;
	c->cosignature = p->newest.cosignature;
	if (leans(p, c)) {
		struct st_hash leaf = st_hash_leaf(st_buf_span(p->to));
		rc = st_paths_prove(p->paths, seq - 1, &leaf, &nodes, &c->proof);
		p->shared = rc == 0;
	}
	return p->shared ? 0 : st_inclusion_prove(seq - 1, c->size, st_tree_read, &tree, &c->proof);
}

static int prove_carried(struct st_proving *p, uint64_t seq, struct st_carried *c)
{
	struct st_proof rest;
	int rc = st_carried_get(p->txn, p->log.number, seq, c);
	if (rc < 0)
		return rc;
	st_buf_put_span(p->to, c->event);
	if (!leans(p, c))
		return 0;
	struct st_hash leaf = st_hash_leaf(c->event);
	p->shared = st_paths_shorten(p->paths, seq - 1, &leaf, &c->proof, &rest) == 0;
	if (p->shared) {
		c->proof.count = rest.count;
		memcpy(c->proof.path, rest.path, rest.count * ST_HASH_SIZE);
	}
	return 0;
}

/* A whole proof begins what the next ones share. An event that doesn't lead where it should stands
 * alone, to be refused alone. */
static void begin(struct st_proving *p, const struct st_carried *c)
{
	struct st_hash leaf = st_hash_leaf(st_buf_span(p->to));
	int rc = st_paths_begin(p->paths, c->seq - 1, c->size, &leaf, &c->proof);
	p->paths_log = rc == 0 ? c->log : 0;
}

static int prove_of(struct st_proving *p, uint32_t log)
{
	struct st_log l;
	if (p->log.number == log)
		return 0;
	int rc = st_log_get(p->txn, log, &l);
	if (rc < 0)
		return rc;
	if (l.signed_size > 0)
		rc = st_checkpoint_get(p->txn, log, l.signed_size, &p->newest);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc; /* the row that the log's own names */
	p->log = l;
	return 0;
}

int st_carried_prove(struct st_proving *p, uint32_t log, uint64_t seq, struct st_carried *ret_c)
{
	ST_REQUIRE(p->to->size == 0);
	int rc = prove_of(p, log);
	p->shared = false;
	if (rc == 0 && seq > 0 && seq <= p->log.signed_size)
		rc = prove_logged(p, seq, ret_c);
	else if (rc == 0)
		rc = prove_carried(p, seq, ret_c);
	if (rc < 0 || p->to->error < 0)
		return rc < 0 ? rc : p->to->error;
	ret_c->event = st_buf_span(p->to);
	if (p->paths != NULL && !p->shared)
		begin(p, ret_c);
	return 0;
}

static struct key outbox_key(uint32_t child, uint64_t position)
{
	struct key k = key_new();
	key_u32(&k, child);
	key_u64(&k, position);
	return k;
}

int st_outbox_put(struct st_txn *t, uint32_t child, uint32_t log, uint64_t seq,
		  uint64_t *ret_position)
{
	ST_REQUIRE(child > 0);
	struct key last = outbox_key(child, 0);
	struct st_span row;
	uint8_t position[8], value[OUTBOX_ROW];
	uint64_t next = 1;
	int rc = kv_get(t, TABLE_OUTBOX, key_span(&last), &row);
	if (rc == 0 && row.size == sizeof(position))
		next = st_get_u64(row.data) + 1;
	else if (rc != ST_ENOTFOUND)
		return rc < 0 ? rc : ST_ECORRUPT;
	struct key k = outbox_key(child, next);
	st_put_u64(position, next);
	st_put_u32(value, log);
	st_put_u64(value + 4, seq);
	rc = kv_put(t, TABLE_OUTBOX, key_span(&last), ST_SPAN(position));
	if (rc == 0)
		rc = kv_put(t, TABLE_OUTBOX, key_span(&k), ST_SPAN(value));
	if (rc == 0)
		*ret_position = next;
	return rc;
}

int st_outbox_has(struct st_txn *t, uint32_t child, uint64_t position)
{
	ST_REQUIRE(child > 0);
	struct key k = outbox_key(child, position);
	struct st_span row;
	int rc = position == 0 ? ST_ENOTFOUND : kv_get(t, TABLE_OUTBOX, key_span(&k), &row);
	return rc == 0 ? 1 : rc == ST_ENOTFOUND ? 0 : rc;
}

static int each_outbox(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	(void)t;
	if (row->key.size != 12)
		return ST_ECORRUPT;
	struct st_outbox_row o = { .child = st_get_u32(row->key.data),
				   .position = st_get_u64(row->key.data + 4) };
	if (o.position <= e->after)
		return 0;
	if (row->value.size != OUTBOX_ROW)
		return ST_ECORRUPT;
	o.log = st_get_u32(row->value.data);
	o.seq = st_get_u64(row->value.data + 4);
	return e->fn.outbox(&o, e->arg);
}

int st_outbox_each(struct st_txn *t, uint32_t child, uint64_t after, st_outbox_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.outbox = fn, .arg = arg, .after = after };
	struct key k = outbox_key(child, after > 0 ? after : 1);
	struct kv_range range = { .table = TABLE_OUTBOX, .prefix = st_span(k.bytes, 4),
				  .from = key_span(&k) };
	return kv_scan(t, &range, each_outbox, &e);
}

int st_outbox_waits(struct st_txn *t, uint32_t child, uint64_t after)
{
	struct key k = outbox_key(child, after + 1);
	struct kv_row row;
	return kv_at_least(t, TABLE_OUTBOX, key_span(&k), st_span(k.bytes, 4), &row);
}

static int drop(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	if (row->key.size != 12)
		return ST_ECORRUPT;
	return st_get_u64(row->key.data + 4) > e->after ? 1 : kv_del(t, TABLE_OUTBOX, row->key);
}

int st_outbox_taken(struct st_txn *t, uint32_t child, uint64_t position)
{
	struct each e = { .after = position };
	struct key k = outbox_key(child, 1);
	struct kv_range range = { .table = TABLE_OUTBOX, .prefix = st_span(k.bytes, 4),
				  .from = key_span(&k) };
	int rc = kv_scan(t, &range, drop, &e);
	return rc == 1 ? 0 : rc;
}

int st_outbox_drop(struct st_txn *t, uint32_t child, uint64_t position)
{
	ST_REQUIRE(position > 0); /* 0 isn't a row: it is the last position given */
	struct key k = outbox_key(child, position);
	int rc = kv_del(t, TABLE_OUTBOX, key_span(&k));
	return rc == ST_ENOTFOUND ? 0 : rc;
}

enum { TAKEN_ROW = sizeof(((struct st_taken *)NULL)->incarnation) + 8 };

int st_taken_get(struct st_txn *t, struct st_taken *ret_taken)
{
	uint8_t row[TAKEN_ROW];
	size_t size = 0;
	memset(ret_taken, 0, sizeof(*ret_taken));
	int rc = st_meta_get(t, ST_META_TAKEN, row, sizeof(row), &size);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (size != sizeof(row))
		return ST_ECORRUPT;
	memcpy(ret_taken->incarnation, row, sizeof(ret_taken->incarnation));
	ret_taken->position = st_get_u64(row + sizeof(ret_taken->incarnation));
	return 0;
}

int st_taken_put(struct st_txn *t, const struct st_taken *taken)
{
	uint8_t row[TAKEN_ROW];
	st_assert(taken->position > 0);
	memcpy(row, taken->incarnation, sizeof(taken->incarnation));
	st_put_u64(row + sizeof(taken->incarnation), taken->position);
	return st_meta_put(t, ST_META_TAKEN, ST_SPAN(row));
}

static int count(const struct st_outbox_row *row, void *arg)
{
	*(uint64_t *)arg += (row->seq & ST_OUTBOX_HEAD) == 0;
	return 0;
}

int st_outbox_count(struct st_txn *t, uint32_t child, uint64_t *ret_count)
{
	*ret_count = 0;
	return st_outbox_each(t, child, 0, count, ret_count);
}

static struct key addressed_key(const struct st_code *to, bool subtree)
{
	struct key k = key_new();
	key_put(&k, to->text, ST_CODE_MAX);
	key_u8(&k, subtree);
	return k;
}

static int read_addressed(struct st_span row, struct st_addressed *ret_a)
{
	if (row.size != ADDRESSED_ROW && row.size != ADDRESSED_ROW_4)
		return ST_ECORRUPT;
	*ret_a = (struct st_addressed){ .epoch = st_get_u32(row.data),
					.seq = st_get_u64(row.data + 4),
					.count = row.size == ADDRESSED_ROW ? st_get_u64(row.data + 12) : 0 };
	return 0;
}

int st_addressed_get(struct st_txn *t, const struct st_code *to, bool subtree,
		     struct st_addressed *ret_a)
{
	struct key k = addressed_key(to, subtree);
	struct st_span row;
	int rc = kv_get(t, TABLE_ADDRESSED, key_span(&k), &row);
	*ret_a = (struct st_addressed){ .seq = 0 };
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return read_addressed(row, ret_a);
}

int st_addressed_put(struct st_txn *t, const struct st_code *to, bool subtree,
		     const struct st_addressed *a)
{
	ST_REQUIRE(!st_code_empty(to));
	ST_REQUIRE(a->seq > 0); /* 0 is read as: nothing yet */
	struct key k = addressed_key(to, subtree);
	uint8_t row[ADDRESSED_ROW];
	st_put_u32(row, a->epoch);
	st_put_u64(row + 4, a->seq);
	st_put_u64(row + 12, a->count);
	return kv_put(t, TABLE_ADDRESSED, key_span(&k), ST_SPAN(row));
}

struct addressed_each {
	st_addressed_fn *fn;
	void *arg;
};

static int each_addressed(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct addressed_each *e = arg;
	struct st_code to = { .text = { 0 } };
	struct st_addressed a;
	int rc = row->key.size != ST_CODE_MAX + 1 ? ST_ECORRUPT : read_addressed(row->value, &a);
	if (rc < 0)
		return rc;
	memcpy(to.text, row->key.data, ST_CODE_MAX);
	return e->fn(t, &to, row->key.data[ST_CODE_MAX] != 0, &a, e->arg);
}

int st_addressed_each(struct st_txn *t, st_addressed_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct addressed_each e = { fn, arg };
	struct kv_range range = { .table = TABLE_ADDRESSED };
	return kv_scan(t, &range, each_addressed, &e);
}
