/* carry.c - events from the parent, outside their logs: each verified by itself.
 *
 * Owns:    the judgement of a carried event by its proof, its writer's signature and chain.
 * Promise: 3: a hostile middle tier can hold one back, and nothing else; 8: a bad one stops only itself.
 * Flow:    uplink -> carry -> carried, fold, roll, route -> taken */
#include "group.h"
#include <string.h>
#include <station/base/check.h>

/* A writer's certificate, under whoever is above it and known here. */
static int take_certificate(struct st_apply *a, struct st_span certificate)
{
	static const struct st_position nowhere = { .seq = 0 };
	struct st_certificate c;
	struct st_station issuer;
	int rc = st_certificate_decode(certificate, &c);
	if (rc == 0)
		rc = st_station_find(a->txn, &c.parent, &issuer);
	return rc < 0 ? rc : member_add(a, &issuer, certificate, &nowhere, 0);
}

static bool same_signed(const struct signed_once *a, const struct signed_once *b)
{
	return a->c.size == b->c.size && a->c.log.epoch == b->c.log.epoch &&
	       st_code_equal(&a->c.log.station, &b->c.log.station) &&
	       st_hash_equal(&a->c.root, &b->c.root) &&
	       memcmp(a->key.bytes, b->key.bytes, sizeof(a->key.bytes)) == 0 &&
	       a->by.time_s == b->by.time_s &&
	       memcmp(a->by.signature.bytes, b->by.signature.bytes, ST_SIGNATURE_SIZE) == 0;
}

/* Events that one checkpoint covers come together: what was found right is known, to the last bit. */
static int verify_signed(struct st_apply *a, const struct signed_once *s)
{
	st_assert(s->c.size > 0);
	for (size_t i = 0; i < SIGNED_ONCE_MAX; i++)
		if (same_signed(&a->signed_once[i], s))
			return 0;
	int rc = st_cosign_verify(&s->c, &s->key, &s->by);
	if (rc == 0)
		a->signed_once[a->signed_next++ % SIGNED_ONCE_MAX] = *s;
	return rc;
}

static void read_proof(const struct st_carry_item *i, struct st_proof *to)
{
	_Static_assert(sizeof(to->path) == ST_PROOF_MAX * ST_HASH_SIZE, "a path is copied whole");
	ST_REQUIRE(i->path.size <= sizeof(to->path));
	to->count = i->path.size / ST_HASH_SIZE;
	if (i->path.size > 0)
		memcpy(to->path, i->path.data, i->path.size);
}

/* The root that the item's path leads to; *ret_whole is that path. */
static int find_root(struct st_apply *a, const struct st_carry_item *i, struct st_proof *ret_whole,
		     struct st_hash *ret_root)
{
	struct st_hash leaf = st_hash_leaf(i->event);
	struct st_proof rest;
	int rc = 0;
	st_assert(i->seq > 0);
	if (!i->shared) {
		read_proof(i, ret_whole);
		rc = st_paths_begin(&a->paths, i->seq - 1, i->size, &leaf, ret_whole);
	} else if (i->size == a->paths.size) {
		read_proof(i, &rest);
		rc = st_paths_complete(&a->paths, i->seq - 1, &leaf, &rest, ret_whole);
	} else {
		rc = ST_EROOT; /* what it leans on is no tree */
	}
	if (rc == 0)
		*ret_root = a->paths.root;
	return rc;
}

/* Who wrote it: events of one log come one after another. */
static int find_writer(struct st_apply *a, const struct st_log_id *id)
{
	if (a->writer.known && a->writer.id.epoch == id->epoch &&
	    st_code_equal(&a->writer.id.station, &id->station))
		return 0;
	a->writer.known = false;
	a->writer.id = *id;
	a->writer.log.number = 0;
	int rc = st_station_find(a->txn, &id->station, &a->writer.station);
	if (rc == 0)
		rc = st_station_below(a->txn, a->writer.station.number, a->self.station.number);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_EORIGIN : rc;
	a->writer.below = rc == 1;
	a->writer.known = true;
	return 0;
}

/* The event was in its writer's log when the writer signed the checkpoint. */
static int prove(struct st_apply *a, const struct st_carry_item *i, struct st_proof *ret_proof)
{
	struct signed_once s = { .c = { .log = i->log, .size = i->size }, .by = i->cosignature };
	int path = find_root(a, i, ret_proof, &s.c.root); /* in any case: others may lean on it */
	const struct st_station *writer = &a->writer.station;
	int rc = find_writer(a, &i->log);
	if (rc < 0)
		return rc;
	if (writer->standing == ST_REVOKED && i->seq > writer->revoked_size)
		return ST_EREVOKED;
	s.key = writer->certificate.identity;
	return path < 0 ? path : verify_signed(a, &s);
}

/* Two events at one place under their writer's name: it has been restored, or copied, and went on. Nothing is overwritten. */
static int same_as_ours(struct st_apply *a, const struct st_carry_item *i)
{
	struct st_buf ours;
	st_buf_init(&ours, ST_EVENT_MAX);
	int rc = st_event_get(a->txn, a->writer.log.number, i->seq, &ours);
	if (rc == 0)
		rc = st_span_equal(st_buf_span(&ours), i->event) ? 1 : ST_EROOT;
	st_buf_done(&ours);
	return rc == ST_ENOTFOUND ? 1 : rc; /* of what was erased, or never held */
}

/* 1: it is here already. */
static int find_place(struct st_apply *a, const struct st_carry_item *i)
{
	st_assert(a->writer.known);
	struct st_log *log = &a->writer.log;
	uint32_t writer = a->writer.station.number;
	struct st_carried c;
	int rc = log->number > 0 ? 0 : st_log_find(a->txn, writer, i->log.epoch, log);
	if (rc == ST_ENOTFOUND)
		return st_log_create(a->txn, writer, i->log.epoch, log);
	if (rc == 0 && i->seq > log->tree.size)
		rc = st_carried_get(a->txn, log->number, i->seq, &c);
	return rc == ST_ENOTFOUND ? 0 : rc < 0 ? rc : same_as_ours(a, i);
}

/* c: the event with its whole path. */
static int keep(struct st_apply *a, const struct st_carry_item *i, struct st_carried *c,
		const struct st_log *log, const struct st_event *e)
{
	c->log = log->number;
	c->seq = i->seq;
	c->size = i->size;
	c->cosignature = i->cosignature;
	c->event = i->event;
	st_assert(log->number > 0);
	st_assert(i->part_count <= ST_CARRY_PARTS_MAX);
	int rc = st_carried_put(a->txn, c);
	for (size_t n = 0; rc == 0 && e != NULL && n < i->part_count; n++) {
		const struct st_push_part *p = &i->parts[n];
		if (p->n >= e->part_count || e->parts[p->n].size != p->stored.size)
			continue; /* not what the event says: it stands without */
		struct st_hash hash = st_part_hash(e->parts[p->n].type, p->stored);
		if (st_hash_equal(&hash, &e->parts[p->n].hash))
			rc = erase_keep_part(a, log, e, p->n, p->stored);
		rc = rc < 0 ? rc : 0;
	}
	return rc;
}

static int take_new(struct st_apply *a, const struct st_carry_item *i, struct st_carried *c,
		    const struct st_log *log)
{
	struct st_event e;
	int unread = effect_decode(a, &i->log, i->seq, i->event, &e);
	bool form = e.at.seq > 0;
	int rc = keep(a, i, c, log, form ? &e : NULL);
	if (rc < 0)
		return rc;
	if (!form)
		return st_unread_put(a->txn, log->number, i->seq, unread);
	if (e.type == ST_ENROL || e.type == ST_REVOKE)
		a->writer.known = false; /* it may be about that one */
	rc = effect_arrived(a, log, &e, unread);
	return rc < 0 ? rc : 0;
}

/* 0 stored, 1 known already, < 0 refused, or the store's failure. */
static int take_item(struct st_apply *a, const struct st_carry_item *i)
{
	struct st_carried c;
	int rc = prove(a, i, &c.proof);
	if (rc < 0)
		return rc;
	if (a->writer.below)
		return 1; /* it comes, or came, with its log */
	rc = find_place(a, i);
	if (rc != 0)
		return rc;
	struct st_log log = a->writer.log;
	return take_new(a, i, &c, &log);
}

static int take_head(struct st_apply *a, const struct st_head *h)
{
	int rc = find_writer(a, &h->log);
	if (rc < 0)
		return rc;
	return a->writer.below ? 1 : head_carried(a, &a->writer.station, h);
}

static int keep_taken(struct st_apply *a, const struct st_carry *c)
{
	struct st_taken taken = { .position = c->position };
	memcpy(taken.incarnation, c->incarnation, sizeof(taken.incarnation));
	return st_taken_put(a->txn, &taken);
}

int job_carry(struct st_apply *a, struct st_job_carry *job)
{
	job->stored = job->known = job->refused = 0;
	job->why = 0;
	memset(&job->heads, 0, sizeof(job->heads));
	if (!a->self.set_up)
		return ST_ENOSTATION;
	for (size_t i = 0; i < job->carry.certificate_count; i++) {
		int rc = take_certificate(a, job->carry.certificates[i]);
		if (is_failure(rc))
			return rc;
	}
	st_paths_clear(&a->paths);
	a->writer.known = false;
	for (size_t i = 0; i < job->carry.item_count; i++) {
		int rc = is_pressed(a) ? ST_EPRESSED : take_item(a, &job->carry.items[i]);
		if (is_failure(rc))
			return rc;
		job->stored += rc == 0;
		job->known += rc == 1;
		job->refused += rc < 0;
		if (rc < 0 && job->why == 0)
			job->why = rc;
	}
	st_assert(job->stored + job->known + job->refused == job->carry.item_count);
	for (size_t i = 0; i < job->carry.head_count; i++) {
		int rc = take_head(a, &job->carry.heads[i]);
		if (is_failure(rc))
			return rc;
		heads_note(&job->heads, rc);
	}
	return keep_taken(a, &job->carry);
}

int job_taken(struct st_apply *a, struct st_job_taken *job)
{
	return a->self.set_up ? st_outbox_taken(a->txn, job->child, job->position) : ST_ENOSTATION;
}
