/* command_parts.c - what a person said beside the facts becomes the parts of an event.
 *
 * Owns:    what goes where: free text into a clear part, the reporter's fields into a private part
 *          under the record's own key, and a blind index of them beside it.
 * Promise: 7, personal data stays: a private field is in no event and in no clear part.
 * Flow:    command -> parts -> own log */
#include "command.h"
#include <station/base/check.h>
#include <station/work/blind.h>

static void draw(struct st_apply *a, void *to, size_t size)
{
	a->world->random(a->world->arg, to, size);
}

static int part_add(struct st_apply *a, struct command_parts *p, enum st_part_type type,
		    struct st_span content)
{
	uint8_t salt[ST_SALT_SIZE];
	size_t from = a->sealed.size;
	ST_REQUIRE(p->count < PARTS_MAX);
	draw(a, salt, sizeof(salt));
	st_part_put(salt, content, &a->sealed);
	if (a->sealed.error < 0)
		return a->sealed.error;
	size_t size = a->sealed.size - from;
	if (size > ST_PART_MAX)
		return ST_ETOOBIG;
	struct st_span stored = st_span(a->sealed.data + from, size);
	p->refs[p->count] = (struct st_part_ref){
		.type = (uint32_t)type,
		.size = (uint32_t)size,
		.hash = st_part_hash((uint32_t)type, stored),
	};
	p->offsets[p->count++] = from;
	p->offsets[p->count] = a->sealed.size;
	st_assert(p->offsets[p->count] == a->sealed.size);
	return 0;
}

/* The record's key, as a part that only one station can open. */
static int add_key(struct st_apply *a, struct command_parts *p, const struct st_record_key *key,
		   const struct st_public_key *grant)
{
	uint8_t seed[ST_SEED_SIZE];
	draw(a, seed, sizeof(seed));
	st_buf_clear(&a->scratch);
	int rc = st_key_seal(key, grant, seed, &a->scratch);
	st_wipe(seed, sizeof(seed));
	return rc < 0 ? rc : part_add(a, p, ST_PART_KEY, st_buf_span(&a->scratch));
}

/* a->plain, sealed under the record's key. */
static int add_sealed(struct st_apply *a, struct command_parts *p, const struct st_record_key *key,
		      const struct st_record_id *id)
{
	st_assert(a->plain.size > 0);
	uint8_t nonce[ST_NONCE_SIZE];
	draw(a, nonce, sizeof(nonce));
	st_buf_clear(&a->scratch);
	int rc = st_private_seal(key, nonce, id, st_buf_span(&a->plain), &a->scratch);
	if (a->plain.data != NULL)
		st_wipe(a->plain.data, a->plain.size);
	return rc < 0 ? rc : part_add(a, p, ST_PART_PRIVATE, st_buf_span(&a->scratch));
}

/* By which this station, and no other, finds the same reporter again. */
static int add_index(struct st_apply *a, struct command_parts *p, const struct st_checked *c)
{
	st_buf_clear(&a->plain);
	int rc = st_blinds_put(&a->keys->grant, c->kind, c->privates, c->private_count, &a->plain);
	if (rc < 0 || a->plain.size == 0)
		return rc;
	return part_add(a, p, ST_PART_INDEX, st_buf_span(&a->plain));
}

static int add_private(struct st_apply *a, struct command_parts *p, const struct st_checked *c,
		       const struct st_record *r, const struct st_record_id *id)
{
	st_assert(c->private_count > 0);
	struct st_record_key key;
	int rc = r->revision == 0 ? ST_ENOTFOUND : grant_find_key(a, r, &key);
	if (rc == ST_ENOTFOUND) {
		draw(a, key.bytes, sizeof(key.bytes));
		rc = add_key(a, p, &key, &a->keys->grant.public);
	}
	if (rc < 0)
		return rc;
	st_buf_clear(&a->plain);
	rc = st_fields_encode(c->privates, c->private_count, &a->plain);
	if (rc == 0)
		rc = add_sealed(a, p, &key, id);
	if (rc == 0)
		rc = add_index(a, p, c);
	st_wipe(&key, sizeof(key));
	return rc;
}

/* What the new holder needs to work offline: the private fields as they are now, and the record's key for it.
 * Without a key here, or with nobody to seal it to, the record is handed on without. */
static int add_grant(struct st_apply *a, struct command_parts *p, const struct st_checked *c,
		     const struct st_record *r, const struct st_record_id *id)
{
	st_assert(!st_code_empty(&c->holder));
	struct st_record_key key;
	struct st_station to;
	int rc = st_station_find(a->txn, &c->holder, &to);
	if (rc == 0)
		rc = grant_find_key(a, r, &key);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_buf_clear(&a->plain);
	rc = add_key(a, p, &key, &to.certificate.grant);
	if (rc == 0)
		rc = grant_fields(a, r, &key, &a->plain);
	if (rc == 0 && a->plain.size > 0)
		rc = add_sealed(a, p, &key, id);
	st_wipe(&key, sizeof(key));
	return rc;
}

int command_parts_make(struct st_apply *a, struct command_parts *p, const struct st_checked *c,
		       const struct st_record *r, const struct st_record_id *id)
{
	int rc = 0;
	st_buf_clear(&a->sealed);
	p->count = 0;
	if (c->text_count > 0) {
		st_buf_clear(&a->plain);
		rc = st_fields_encode(c->texts, c->text_count, &a->plain);
		if (rc == 0)
			rc = part_add(a, p, ST_PART_TEXT, st_buf_span(&a->plain));
	}
	if (rc == 0 && c->private_count > 0)
		rc = add_private(a, p, c, r, id);
	else if (rc == 0 && !st_code_empty(&c->holder) && r->revision > 0)
		rc = add_grant(a, p, c, r, id);
	st_assert(p->count <= PARTS_MAX);
	return rc;
}
