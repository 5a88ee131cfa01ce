/* grant.c - a record's key and private fields, for whoever holds it next.
 *
 * Owns:    the reading of private parts by the station that has the key.
 * Promise: 7, personal data stays: what is read here is sealed again before it is written.
 * Flow:    chain -> parts -> grant -> command */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

struct reading {
	struct st_apply *apply;
	const struct st_record_key *key;
	struct st_record_key *ret_key; /* what is looked for; NULL: fields */
	struct st_buf *to;
	struct st_buf event, sealed, plain;
	struct st_arena arena;
	uint32_t seen[ST_FIELDS_MAX];
	size_t seen_count;
};

/* The key in one event's parts, if it is there and sealed to us. */
static int read_key(struct reading *x)
{
	st_assert(x->ret_key != NULL);
	struct st_span content;
	int rc = st_part_content(st_buf_span(&x->sealed), &content);
	if (rc == 0)
		rc = st_key_open(content, &x->apply->keys->grant, x->ret_key);
	return rc == 0 ? 1 : 0; /* another's: an earlier event may have ours */
}

/* Newer values stand: the chain is walked from its head. */
static int read_fields(struct reading *x, const struct st_event *e)
{
	st_assert(x->key != NULL);
	const struct st_field *fields = NULL;
	struct st_span content;
	size_t count = 0;
	st_buf_clear(&x->plain);
	int rc = st_part_content(st_buf_span(&x->sealed), &content);
	if (rc == 0)
		rc = st_private_open(x->key, &e->record, content, &x->plain);
	if (rc == 0)
		rc = st_fields_decode(st_buf_span(&x->plain), &x->arena, &fields, &count);
	if (rc < 0)
		return rc == ST_ENOMEM ? rc : 0;
	for (size_t i = 0; i < count; i++) {
		bool again = x->seen_count == ST_FIELDS_MAX;
		for (size_t k = 0; k < x->seen_count; k++)
			again |= x->seen[k] == fields[i].id;
		if (again)
			continue;
		st_assert(x->seen_count < ST_FIELDS_MAX);
		x->seen[x->seen_count++] = fields[i].id;
		rc = st_fields_encode(&fields[i], 1, x->to);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* 1: found what was looked for. */
static int read_event(struct reading *x, const struct st_place *at)
{
	struct st_event e;
	uint32_t type = x->ret_key != NULL ? ST_PART_KEY : ST_PART_PRIVATE;
	st_buf_clear(&x->event);
	st_arena_reset(&x->arena);
	int rc = st_event_get(x->apply->txn, at->log, at->seq, &x->event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&x->event), &x->arena, &e);
	if (rc < 0)
		return rc;
	for (unsigned n = 0; n < e.part_count; n++) {
		if (e.parts[n].type != type)
			continue;
		st_buf_clear(&x->sealed);
		rc = st_part_get_row(x->apply->txn, at->log, at->seq, n, &x->sealed);
		if (rc == 0)
			rc = x->ret_key != NULL ? read_key(x) : read_fields(x, &e);
		if (rc != 0 && rc != ST_ENOTFOUND)
			return rc;
	}
	return 0;
}

static int walk(struct reading *x, const struct st_record *r)
{
	st_assert((x->key == NULL) != (x->ret_key == NULL)); /* one of both is looked for */
	struct st_step *steps = NULL;
	size_t count = 0;
	int rc = st_arena_init(&x->arena, 2 * ST_EVENT_ARENA);
	st_buf_init(&x->event, ST_EVENT_MAX);
	st_buf_init(&x->sealed, ST_EVENT_PARTS_BYTES_MAX);
	st_buf_init(&x->plain, ST_EVENT_PARTS_BYTES_MAX);
	if (rc == 0)
		rc = st_record_chain(x->apply->txn, r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = read_event(x, &steps[i].at);
	if (x->plain.data != NULL)
		st_wipe(x->plain.data, x->plain.room);
	st_buf_done(&x->event);
	st_buf_done(&x->sealed);
	st_buf_done(&x->plain);
	st_arena_done(&x->arena);
	free(steps);
	return rc;
}

int grant_find_key(struct st_apply *a, const struct st_record *r, struct st_record_key *ret_key)
{
	ST_REQUIRE(ret_key != NULL);
	struct reading x = { .apply = a, .ret_key = ret_key };
	int rc = walk(&x, r);
	return rc < 0 ? rc : rc == 1 ? 0 : ST_ENOTFOUND;
}

int grant_fields(struct st_apply *a, const struct st_record *r, const struct st_record_key *key,
		 struct st_buf *to)
{
	ST_REQUIRE(key != NULL);
	ST_REQUIRE(to != NULL);
	struct reading x = { .apply = a, .key = key, .to = to };
	return walk(&x, r);
}
