/* outside.c - evidence and invites.
 *
 * Owns:    the tables evidence and invites.
 * Promise: 10: both checkpoints of a fork are kept.
 * Flow:    apply -> outside -> status */
#include <station/store/outside.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

/* evidence number u64 -> kind u8 | seen i64 | about 12 | bytes */
enum { EVIDENCE_HEAD = 1 + 8 + ST_CODE_MAX };
enum { INVITE_MAX = 1024 };
_Static_assert(EVIDENCE_HEAD == 9 + ST_CODE_MAX, "where the bytes begin");
_Static_assert(1 + 8 + 1 + 2 * ST_KEY_SIZE + ST_NAME_MAX <= INVITE_MAX, "the largest invite");

static int decode_evidence(const struct kv_row *row, struct st_evidence *e)
{
	struct st_reader r = st_reader(row->value);
	memset(e, 0, sizeof(*e));
	if (row->key.size != 8)
		return ST_ECORRUPT;
	e->number = st_get_u64(row->key.data);
	e->kind = (enum st_evidence_kind)st_read_u8(&r);
	e->seen_ms = (int64_t)st_read_u64(&r);
	(void)st_read_copy(&r, e->about.text, ST_CODE_MAX);
	e->bytes = r.rest;
	return r.failed ? ST_ECORRUPT : 0;
}

struct looking {
	const struct st_evidence *for_this;
	st_evidence_fn *fn;
	void *arg;
	uint64_t last, count;
};

static int look(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct looking *l = arg;
	struct st_evidence e;
	(void)t;
	int rc = decode_evidence(row, &e);
	if (rc < 0)
		return rc;
	l->last = e.number;
	l->count++;
	return e.kind == l->for_this->kind && st_span_equal(e.bytes, l->for_this->bytes) ? 1 : 0;
}

int st_evidence_put(struct st_txn *t, const struct st_evidence *e)
{
	ST_REQUIRE(e->kind >= ST_EVIDENCE_FORK);
	ST_REQUIRE(e->kind <= ST_EVIDENCE_SECOND_KEY);
	struct looking l = { .for_this = e };
	struct kv_range range = { .table = TABLE_EVIDENCE };
	struct key k = key_new();
	uint8_t *p = NULL;
	if (e->bytes.size > ST_EVIDENCE_MAX)
		return ST_ETOOBIG;
	int rc = kv_scan(t, &range, look, &l);
	if (rc != 0)
		return rc == 1 ? 0 : rc;
	if (l.count >= ST_EVIDENCE_ROWS_MAX)
		return ST_ETOOBIG;
	key_u64(&k, l.last + 1);
	rc = kv_reserve(t, TABLE_EVIDENCE, key_span(&k), EVIDENCE_HEAD + e->bytes.size, &p);
	if (rc < 0)
		return rc;
	p[0] = (uint8_t)e->kind;
	st_put_u64(p + 1, (uint64_t)e->seen_ms);
	memcpy(p + 9, e->about.text, ST_CODE_MAX);
	if (e->bytes.size > 0)
		memcpy(p + EVIDENCE_HEAD, e->bytes.data, e->bytes.size);
	return 1;
}

static int each_evidence(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct looking *l = arg;
	struct st_evidence e;
	(void)t;
	int rc = decode_evidence(row, &e);
	return rc < 0 ? rc : l->fn(&e, l->arg);
}

int st_evidence_each(struct st_txn *t, st_evidence_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct looking l = { .fn = fn, .arg = arg };
	struct kv_range range = { .table = TABLE_EVIDENCE };
	return kv_scan(t, &range, each_evidence, &l);
}

/* invites child 12 -> tier u8 | key 32 | expires i64 | used u8 | used by 32 | name */
static struct key invite_key(const struct st_code *child)
{
	struct key k = key_new();
	key_put(&k, child->text, ST_CODE_MAX);
	return k;
}

static int decode_invite(const struct kv_row *row, struct st_invite_row *i)
{
	struct st_reader r = st_reader(row->value);
	memset(i, 0, sizeof(*i));
	if (row->key.size != ST_CODE_MAX)
		return ST_ECORRUPT;
	memcpy(i->child.text, row->key.data, ST_CODE_MAX);
	i->tier = (enum st_tier)st_read_u8(&r);
	(void)st_read_copy(&r, i->key.bytes, ST_KEY_SIZE);
	i->expires_ms = (int64_t)st_read_u64(&r);
	i->used = st_read_u8(&r) != 0;
	(void)st_read_copy(&r, i->used_by.bytes, ST_KEY_SIZE);
	if (r.failed || r.rest.size > ST_NAME_MAX || i->tier < ST_MAIN || i->tier > ST_SPECIALTY)
		return ST_ECORRUPT;
	memcpy(i->name, r.rest.data, r.rest.size);
	return 0;
}

int st_invite_put(struct st_txn *t, const struct st_invite_row *i)
{
	ST_REQUIRE(!st_code_empty(&i->child));
	struct key k = invite_key(&i->child);
	struct st_buf row;
	st_buf_init(&row, INVITE_MAX);
	st_buf_u8(&row, (uint8_t)i->tier);
	st_buf_put(&row, i->key.bytes, ST_KEY_SIZE);
	st_buf_u64(&row, (uint64_t)i->expires_ms);
	st_buf_u8(&row, i->used);
	st_buf_put(&row, i->used_by.bytes, ST_KEY_SIZE);
	st_buf_put_text(&row, i->name);
	int rc = row.error < 0 ? row.error
			       : kv_put(t, TABLE_INVITES, key_span(&k), st_buf_span(&row));
	st_buf_done(&row);
	return rc;
}

int st_invite_get(struct st_txn *t, const struct st_code *child, struct st_invite_row *ret_row)
{
	struct key k = invite_key(child);
	struct kv_row row = { .key = key_span(&k) };
	int rc = kv_get(t, TABLE_INVITES, key_span(&k), &row.value);
	return rc < 0 ? rc : decode_invite(&row, ret_row);
}

struct invites {
	st_invite_fn *fn;
	void *arg;
};

static int each_invite(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct invites *x = arg;
	struct st_invite_row i;
	(void)t;
	int rc = decode_invite(row, &i);
	return rc < 0 ? rc : x->fn(&i, x->arg);
}

int st_invite_each(struct st_txn *t, st_invite_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct invites x = { fn, arg };
	struct kv_range range = { .table = TABLE_INVITES };
	return kv_scan(t, &range, each_invite, &x);
}
