/* push.c - a child's events: verified whole before a byte of them is stored.
 *
 * Owns:    the judgement of a push by size, sequence, root, signature and chain, never by content.
 * Promise: 2 and 3: each event once, in its origin's order, under the origin's signature.
 * Flow:    downlink -> push -> store, fold, roll -> ack and receipt */
#include "group.h"
#include <string.h>
#include <station/base/check.h>

struct arrival {
	struct st_job_push *job;
	struct st_station origin;
	struct st_log log;
	bool known;  /* the log has a row */
	size_t skip; /* events at the push's start that are held already */
	size_t next_part;
};

static int find_origin(struct st_apply *a, struct arrival *v)
{
	const struct st_checkpoint *c = &v->job->push.checkpoint;
	int rc = st_station_find(a->txn, &c->log.station, &v->origin);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_EORIGIN : rc;
	int below = st_station_below(a->txn, v->origin.number, v->job->child);
	if (below < 0)
		return below;
	if (below == 0 || v->origin.number == a->self.station.number)
		return ST_ESUBTREE;
	if (c->log.epoch != 1)
		return ST_EEPOCH; /* a later life needs its parent's admission first */
	rc = st_log_find(a->txn, v->origin.number, c->log.epoch, &v->log);
	if (rc == ST_ENOTFOUND)
		return 0;
	v->known = rc == 0;
	v->job->log = rc == 0 ? v->log.number : 0;
	v->job->held = rc == 0 ? v->log.tree.size : 0;
	return rc;
}

/* Nothing new in it: either what is held already, maybe signed afresh, or another history. */
static int check_held(struct st_apply *a, struct arrival *v)
{
	st_assert(v->job->push.checkpoint.size <= v->log.tree.size);
	const struct st_push *push = &v->job->push;
	struct st_hash root;
	int rc = root_at(a->txn, &v->log, push->checkpoint.size, &root);
	if (rc < 0)
		return rc;
	if (st_hash_equal(&root, &push->checkpoint.root))
		return 0;
	rc = st_cosign_verify(&push->checkpoint, &v->origin.certificate.identity,
			      &push->cosignature);
	if (rc < 0)
		return rc;
	rc = evidence_fork(a, &v->log, &v->origin.certificate.identity, &push->checkpoint,
			   &push->cosignature);
	return rc < 0 ? rc : ST_EROOT;
}

/* Not more under one checkpoint than a push holds: it has to go on from here. */
static bool has_room(const struct arrival *v)
{
	const struct st_push *push = &v->job->push;
	size_t room = 0;
	for (size_t i = v->skip; i < push->event_count; i++)
		room += ST_PUSH_EVENT_HEAD + push->events[i].size;
	for (size_t i = 0; i < push->part_count; i++)
		if (push->parts[i].event >= v->skip)
			room += ST_PUSH_PART_HEAD + push->parts[i].stored.size;
	return room <= ST_PUSH_ROOM;
}

/* The events that are new, hashed; the root that they lead to is the signed one. */
static int check_new(struct st_apply *a, struct arrival *v)
{
	const struct st_push *push = &v->job->push;
	struct st_frontier tree = v->log.tree;
	st_assert(v->skip <= push->event_count);
	if (v->origin.standing == ST_REVOKED && push->checkpoint.size > v->origin.revoked_size)
		return ST_EREVOKED;
	if (!has_room(v))
		return ST_ETOOBIG;
	for (size_t i = v->skip; i < push->event_count; i++) {
		a->leaves[i] = st_hash_leaf(push->events[i]);
		int rc = st_frontier_append(&tree, &a->leaves[i], NULL, NULL);
		if (rc < 0)
			return rc;
	}
	st_assert(tree.size == push->checkpoint.size);
	int rc = st_cosign_verify(&push->checkpoint, &v->origin.certificate.identity,
				  &push->cosignature);
	if (rc < 0)
		return rc;
	struct st_hash root = st_frontier_root(&tree);
	return st_hash_equal(&root, &push->checkpoint.root) ? 0 : ST_EROOT;
}

/* The parts that came with event number i and are what it says. Others are dropped: they are not
 * signed for, and their event stands without them. */
static int take_parts(struct st_apply *a, struct arrival *v, size_t i, const struct st_event *e)
{
	const struct st_push *push = &v->job->push;
	st_assert(i >= v->skip);
	while (v->next_part < push->part_count && push->parts[v->next_part].event <= i) {
		const struct st_push_part *p = &push->parts[v->next_part++];
		if (p->event < i && p->event < v->skip)
			continue; /* came with an event that is held already */
		struct st_hash hash = { .bytes = { 0 } };
		bool right = p->event == i && e != NULL && p->n < e->part_count &&
			     e->parts[p->n].size == p->stored.size;
		if (right) {
			hash = st_part_hash(e->parts[p->n].type, p->stored);
			right = st_hash_equal(&hash, &e->parts[p->n].hash);
		}
		if (!right) {
			v->job->parts_dropped++;
			continue;
		}
		int rc = erase_keep_part(a, &v->log, e, p->n, p->stored);
		if (rc < 0)
			return rc;
		v->log.bytes += rc == 1 ? p->stored.size : 0;
	}
	return 0;
}

/* An event that stands in the store takes effect, or is counted as unread. */
static int take_event(struct st_apply *a, struct arrival *v, size_t i)
{
	const struct st_push *push = &v->job->push;
	uint64_t seq = push->first_seq + i;
	st_assert(i < push->event_count);
	struct st_event e;
	int unread = effect_decode(a, &push->checkpoint.log, seq, push->events[i], &e);
	bool form = e.at.seq > 0;
	int rc = take_parts(a, v, i, form ? &e : NULL);
	if (rc < 0)
		return rc;
	if (!form) {
		v->job->unread++;
		return st_unread_put(a->txn, v->log.number, seq, unread);
	}
	rc = effect_arrived(a, &v->log, &e, unread);
	v->job->unread += rc == 1;
	return rc < 0 ? rc : 0;
}

static int store_new(struct st_apply *a, struct arrival *v)
{
	const struct st_push *push = &v->job->push;
	st_assert(v->log.number > 0);
	struct st_append run = {
		.events = push->events + v->skip,
		.leaves = a->leaves + v->skip,
		.count = push->event_count - v->skip,
	};
	int rc = st_log_append(a->txn, &v->log, &run);
	st_assert(rc < 0 || v->log.tree.size == push->checkpoint.size);
	for (size_t i = v->skip; rc == 0 && i < push->event_count; i++)
		rc = is_pressed(a) ? ST_EPRESSED : take_event(a, v, i);
	return rc;
}

/* Signed only by a station that hasn't halted, and for no less than it had receipted before. */
static int give_receipt(struct st_apply *a, struct arrival *v)
{
	struct st_job_push *job = v->job;
	struct st_receipt r = { .log = v->log.number, .signer = a->self.station.number,
				.size = v->log.tree.size };
	if (v->log.refill_size > v->log.tree.size || may_sign(a) < 0)
		return 0;
	ST_REQUIRE(job->push.checkpoint.size == v->log.tree.size); /* what we sign is what we hold */
	st_cosign(&job->push.checkpoint, &a->keys->identity, now_s(a), &r.cosignature);
	int rc = st_receipt_put(a->txn, &r);
	if (rc < 0)
		return rc;
	job->receipted = true;
	job->receipt = r.cosignature;
	return 0;
}

/* What was held before, again: the answer is what the first one's was. */
static int answer_held(struct st_apply *a, struct arrival *v)
{
	struct st_job_push *job = v->job;
	struct st_receipt r;
	if (job->push.checkpoint.size < v->log.tree.size)
		return 0;
	int rc = st_receipt_get(a->txn, v->log.number, a->self.station.number, &r);
	if (rc < 0 || r.size != v->log.tree.size)
		return rc == ST_ENOTFOUND ? 0 : rc;
	job->receipted = true;
	job->receipt = r.cosignature;
	return 0;
}

/* What a clock has signed that was ahead of ours, and has been set right since. */
static bool was_ahead(const struct st_apply *a, uint64_t held_s, uint64_t now_signed_s)
{
	uint64_t bound_s = now_s(a) + ST_SKEW_MAX_S;
	return held_s > bound_s && now_signed_s <= bound_s;
}

/* A checkpoint of the same size, signed later. */
static int is_fresh(struct st_apply *a, struct arrival *v)
{
	const struct st_push *push = &v->job->push;
	struct st_checkpoint_row row;
	if (push->checkpoint.size != v->log.tree.size || v->log.tree.size == 0)
		return 0;
	int rc = st_checkpoint_get(a->txn, v->log.number, v->log.tree.size, &row);
	if (rc < 0)
		return rc;
	if (push->cosignature.time_s <= row.cosignature.time_s &&
	    !was_ahead(a, row.cosignature.time_s, push->cosignature.time_s))
		return 0;
	rc = st_cosign_verify(&push->checkpoint, &v->origin.certificate.identity,
			      &push->cosignature);
	return rc < 0 ? rc : 1;
}

static int keep(struct st_apply *a, struct arrival *v)
{
	struct st_job_push *job = v->job;
	int rc = st_checkpoint_put(a->txn, &v->log, &job->push.cosignature);
	st_assert(rc < 0 || v->log.signed_size == v->log.tree.size);
	if (v->log.refill_size <= v->log.tree.size)
		v->log.refill_size = 0;
	if (rc == 0)
		rc = st_log_put(a->txn, &v->log);
	if (rc == 0)
		rc = give_receipt(a, v);
	if (rc < 0)
		return rc;
	job->log = v->log.number;
	job->held = v->log.tree.size;
	grown(a, v->log.number, v->log.tree.size);
	return 0;
}

static int take(struct st_apply *a, struct arrival *v)
{
	struct st_job_push *job = v->job;
	const struct st_push *push = &job->push;
	st_assert(push->event_count <= ST_PUSH_EVENTS_MAX);
	job->held = 0;
	job->log = 0;
	job->receipted = false;
	job->unread = job->parts_dropped = 0;
	memset(&job->heads, 0, sizeof(job->heads));
	if (!a->self.set_up)
		return ST_ENOSTATION;
	int rc = find_origin(a, v);
	if (rc < 0)
		return rc;
	uint64_t held = v->log.tree.size;
	if (push->first_seq > held + 1)
		return ST_ESEQ;
	if (push->checkpoint.size <= held) {
		rc = check_held(a, v);
		if (rc == 0)
			rc = is_fresh(a, v);
		return rc == 1 ? keep(a, v) : rc < 0 ? rc : answer_held(a, v);
	}
	v->skip = (size_t)(held - (push->first_seq - 1));
	st_assert(v->skip < push->event_count);
	rc = check_new(a, v);
	if (rc == 0 && !v->known)
		rc = st_log_create(a->txn, v->origin.number, push->checkpoint.log.epoch, &v->log);
	if (rc == 0)
		rc = store_new(a, v);
	return rc < 0 ? rc : keep(a, v);
}

int job_push(struct st_apply *a, struct st_job_push *job)
{
	struct arrival v = { .job = job };
	int rc = take(a, &v);
	if (rc < 0 || job->push.head_count == 0 || v.log.number == 0)
		return rc;
	return heads_pushed(a, &v.log, &v.origin, job); /* behind the events that they name */
}
