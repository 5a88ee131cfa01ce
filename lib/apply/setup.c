/* setup.c - a store becomes a station's: the city's main, or a child that its parent has certified.
 *
 * Owns:    the first rows of a store, and the first event of a log.
 * Promise: 3: nothing is taken on but a chain that reaches the city's root key.
 * Flow:    init, join -> setup -> store */
#include "group.h"
#include <string.h>
#include <station/base/check.h>

static int put_meta(struct st_apply *a, const struct st_code *self, const struct st_public_key *root)
{
	st_assert(!st_code_empty(self));
	st_assert(a->own.log.number > 0);
	uint8_t random[ST_INCARNATION_SIZE], log[4];
	int rc = st_meta_put(a->txn, ST_META_SELF, st_code_span(self));
	if (rc == 0)
		rc = st_meta_put(a->txn, ST_META_ROOT, ST_SPAN(root->bytes));
	a->world->random(a->world->arg, random, sizeof(random));
	if (rc == 0)
		rc = st_meta_put(a->txn, ST_META_INCARNATION, ST_SPAN(random));
	st_put_u32(log, a->own.log.number);
	if (rc == 0)
		rc = st_meta_put(a->txn, ST_META_LOG, ST_SPAN(log));
	return rc;
}

struct renewal {
	const uint8_t *random;
};

static int renew(struct st_txn *t, void *arg)
{
	struct st_self self;
	int rc = st_self_load(t, &self);
	if (rc < 0 || !self.set_up)
		return rc;
	return st_meta_put(t, ST_META_INCARNATION, st_span(((struct renewal *)arg)->random, ST_INCARNATION_SIZE));
}

int st_incarnation_renew(struct st_store *s, const uint8_t random[ST_INCARNATION_SIZE])
{
	struct renewal r = { random };
	return st_store_write(s, renew, &r);
}

/* Epoch 1 of the own log, with its first event: which life this is. */
static int begin_log(struct st_apply *a)
{
	st_assert(a->own.log.tree.size == 0);
	st_assert(a->own.count == 0);
	struct st_begin begin = { .previous_size = 0 };
	struct st_event e;
	memset(&e, 0, sizeof(e));
	a->world->random(a->world->arg, begin.instance, sizeof(begin.instance));
	st_buf_clear(&a->body);
	int rc = st_begin_encode(&begin, &a->body);
	if (rc == 0)
		rc = st_meta_put(a->txn, ST_META_INSTANCE, ST_SPAN(begin.instance));
	if (rc < 0)
		return rc;
	e.type = ST_BEGIN;
	e.body = st_buf_span(&a->body);
	rc = own_add(a, &e, NULL);
	return rc < 0 ? rc : own_flush(a);
}

/* The last of the stations is this one. */
static int take_on(struct st_apply *a, struct st_station *self, const struct st_public_key *root)
{
	st_assert(!a->self.set_up);
	st_assert(self->number > 0);
	struct own *o = &a->own;
	int rc = st_log_create(a->txn, self->number, 1, &o->log);
	if (rc == 0)
		rc = put_meta(a, &self->certificate.code, root);
	if (rc == 0)
		rc = st_self_load(a->txn, &a->self);
	if (rc == 0)
		rc = begin_log(a);
	a->applied.self_changed = a->applied.stations_changed = true;
	return rc;
}

bool st_keys_are_of(const struct st_keys *keys, const struct st_certificate *c)
{
	return st_public_key_equal(&c->identity, &keys->identity.public) &&
	       st_public_key_equal(&c->transport, &keys->transport.public) &&
	       st_public_key_equal(&c->grant, &keys->grant.public);
}

static int station_of(const struct st_certificate *c, struct st_span signed_bytes,
		      struct st_station *s)
{
	memset(s, 0, sizeof(*s));
	if (signed_bytes.size > sizeof(s->signed_bytes))
		return ST_ETOOBIG;
	s->certificate = *c;
	s->standing = ST_ENROLLED;
	memcpy(s->signed_bytes, signed_bytes.data, signed_bytes.size);
	s->signed_size = signed_bytes.size;
	return 0;
}

int job_found(struct st_apply *a, struct st_job_found *job)
{
	struct st_certificate c;
	struct st_station s;
	if (a->self.set_up)
		return ST_EEXIST;
	int rc = st_certificate_open(job->certificate, &job->root, &c);
	if (rc < 0)
		return rc;
	if (c.tier != ST_MAIN || !st_code_empty(&c.parent))
		return ST_EFIELD;
	if (!st_keys_are_of(a->keys, &c))
		return ST_ECHAIN;
	rc = station_of(&c, job->certificate, &s);
	if (rc == 0)
		rc = st_station_put(a->txn, &s);
	return rc < 0 ? rc : take_on(a, &s, &job->root);
}

/* Each certificate under the one before, the first under the root key. */
static int open_chain(const struct st_job_adopt *job, struct st_certificate chain[ST_CHAIN_MAX])
{
	const struct st_public_key *issuer = &job->root;
	if (job->chain_count < 2 || job->chain_count > ST_CHAIN_MAX)
		return ST_ECHAIN;
	for (size_t i = 0; i < job->chain_count; i++) {
		struct st_certificate *c = &chain[i];
		if (st_certificate_open(job->chain[i], issuer, c) < 0)
			return ST_ECHAIN;
		bool fits = i == 0 ? c->tier == ST_MAIN && st_code_empty(&c->parent)
				   : st_tier_fits(c->tier, chain[i - 1].tier) &&
					     st_code_equal(&c->parent, &chain[i - 1].code);
		if (!fits)
			return ST_ECHAIN;
		issuer = &c->identity;
	}
	return 0;
}

int job_adopt(struct st_apply *a, struct st_job_adopt *job)
{
	struct st_certificate chain[ST_CHAIN_MAX];
	struct st_station s;
	uint32_t parent = 0;
	if (a->self.set_up)
		return ST_EEXIST;
	if (job->parent_address.size == 0 || job->parent_address.size > ST_ADDRESS_MAX)
		return ST_EFIELD;
	int rc = open_chain(job, chain);
	if (rc == 0 && !st_keys_are_of(a->keys, &chain[job->chain_count - 1]))
		rc = ST_ECHAIN;
	for (size_t i = 0; rc == 0 && i < job->chain_count; i++) {
		rc = station_of(&chain[i], job->chain[i], &s);
		s.parent = parent;
		s.depth = (uint32_t)i;
		if (rc == 0)
			rc = st_station_put(a->txn, &s);
		parent = s.number;
	}
	if (rc == 0)
		rc = st_meta_put(a->txn, ST_META_PARENT, job->parent_address);
	return rc < 0 ? rc : take_on(a, &s, &job->root);
}
