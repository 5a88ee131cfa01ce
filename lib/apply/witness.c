/* witness.c - what neighbours prove to each other: receipts, claims, forks; and our fresh checkpoint.
 *
 * Owns:    the end of signing, and the evidence why.
 * Promise: 10, no lost identity: a station that meets a longer or another log of its own stops.
 * Flow:    uplink, downlink -> witness -> store */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>

int root_at(struct st_txn *t, const struct st_log *log, uint64_t size, struct st_hash *ret_root)
{
	ST_REQUIRE(log->number > 0);
	struct st_tree tree = { .txn = t, .log = log->number, .size = log->tree.size };
	st_assert(size <= log->tree.size);
	if (size == log->tree.size) {
		*ret_root = st_frontier_root(&log->tree);
		return 0;
	}
	return st_merkle_root(size, st_tree_read, &tree, ret_root);
}

static void put_note(const struct st_checkpoint *c, const struct st_cosignature *signature,
		     const struct st_public_key *key, struct st_buf *to)
{
	struct st_note_line line = { .key = *key, .cosignature = *signature };
	st_assert(c->log.epoch > 0);
	st_origin_name(&c->log, line.name);
	st_note_put(c, &line, 1, to);
}

int evidence_fork(struct st_apply *a, const struct st_log *log, const struct st_public_key *key,
		  const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	struct st_checkpoint_row row;
	struct st_evidence e = { .kind = ST_EVIDENCE_FORK, .seen_ms = a->world->now_ms,
				 .about = theirs->log.station };
	st_buf_clear(&a->scratch);
	put_note(theirs, c, key, &a->scratch);
	int rc = log->signed_size == 0
			 ? ST_ENOTFOUND
			 : st_checkpoint_at_least(a->txn, log->number,
						  theirs->size < log->signed_size ? theirs->size
										  : log->signed_size,
						  &row);
	if (rc == 0) {
		struct st_checkpoint ours = { .log = theirs->log, .size = row.size, .root = row.root };
		st_buf_put_text(&a->scratch, "\n");
		put_note(&ours, &row.cosignature, key, &a->scratch);
	} else if (rc != ST_ENOTFOUND) {
		return rc;
	}
	if (a->scratch.error < 0)
		return a->scratch.error;
	e.bytes = st_buf_span(&a->scratch);
	rc = st_evidence_put(a->txn, &e);
	return rc == ST_ETOOBIG || rc > 0 ? 0 : rc;
}

static int find_log(struct st_apply *a, const struct st_log_id *id, struct st_log *ret_log)
{
	uint32_t number = 0;
	int rc = st_station_number(a->txn, &id->station, &number);
	return rc < 0 ? rc : st_log_find(a->txn, number, id->epoch, ret_log);
}

/* 1 kept, 0 known already, < 0 refused. */
static int take_receipt(struct st_apply *a, const struct st_receipt_in *in)
{
	struct st_log log;
	struct st_station signer;
	struct st_checkpoint c = { .log = in->log, .size = in->size };
	int rc = find_log(a, &in->log, &log);
	if (rc == 0)
		rc = st_station_find(a->txn, &in->signer, &signer);
	if (rc < 0)
		return rc;
	if (in->size == 0 || in->size > log.tree.size)
		return ST_EAHEAD;
	int below = st_station_below(a->txn, log.station, signer.number);
	if (below < 0)
		return below;
	if (below == 0 || signer.number == log.station)
		return ST_ESUBTREE;
	rc = root_at(a->txn, &log, in->size, &c.root);
	if (rc == 0)
		rc = st_cosign_verify(&c, &signer.certificate.identity, &in->cosignature);
	if (rc < 0)
		return rc;
	struct st_receipt r = { .log = log.number, .signer = signer.number, .size = in->size,
				.cosignature = in->cosignature };
	st_assert(r.size <= log.tree.size);
	return st_receipt_put(a->txn, &r);
}

int job_receipts(struct st_apply *a, struct st_job_receipts *job)
{
	if (!a->self.set_up)
		return ST_ENOSTATION;
	ST_REQUIRE(job->count <= ST_RECEIPTS_MAX);
	job->refused = 0;
	for (size_t i = 0; i < job->count; i++) {
		int rc = take_receipt(a, &job->receipts[i]);
		if (is_failure(rc))
			return rc;
		job->stored[i] = rc == 1;
		job->refused += rc < 0;
	}
	return 0;
}

int job_claims(struct st_apply *a, struct st_job_claims *job)
{
	if (!a->self.set_up)
		return ST_ENOSTATION;
	ST_REQUIRE(job->count <= ST_RECEIPTS_MAX);
	job->refilling = 0;
	for (size_t i = 0; i < job->count; i++) {
		const struct st_claim *m = &job->claims[i];
		struct st_checkpoint c = { .log = m->log, .size = m->size, .root = m->root };
		struct st_log log;
		uint32_t number = 0;
		if (st_cosign_verify(&c, &a->keys->identity.public, &m->receipt) < 0)
			continue; /* not ours: it proves nothing */
		int rc = st_station_number(a->txn, &m->log.station, &number);
		if (rc == ST_ENOTFOUND)
			continue; /* its enrolment has to come back first; the next greeting tells again */
		if (rc == 0)
			rc = st_log_find(a->txn, number, m->log.epoch, &log);
		if (rc == ST_ENOTFOUND)
			rc = st_log_create(a->txn, number, m->log.epoch, &log);
		if (rc < 0)
			return rc;
		if (m->size <= log.tree.size || m->size <= log.refill_size)
			continue;
		log.refill_size = m->size;
		rc = st_log_put(a->txn, &log);
		if (rc < 0)
			return rc;
		job->refilling++;
	}
	return 0;
}

int job_halt(struct st_apply *a, struct st_job_halt *job)
{
	char why[sizeof(a->self.halted)];
	_Static_assert(sizeof(why) >= sizeof(" > ") + 2 * (ST_CODE_MAX +
							   sizeof("/4294967295 18446744073709551615")),
		       "both logs can be named");
	struct st_hash root;
	const struct st_checkpoint *theirs = &job->theirs;
	if (!a->self.set_up)
		return ST_ENOSTATION;
	if (!st_code_equal(&theirs->log.station, &a->self.station.certificate.code))
		return ST_ESUBTREE;
	int rc = st_cosign_verify(theirs, &a->keys->identity.public, &job->cosignature);
	if (rc == 0)
		rc = own_load(a);
	if (rc < 0)
		return rc;
	const struct st_log *own = &a->own.log;
	st_assert(a->own.loaded);
	if (theirs->log.epoch == own->epoch && theirs->size <= own->tree.size) {
		rc = root_at(a->txn, own, theirs->size, &root);
		if (rc < 0)
			return rc;
		if (st_hash_equal(&root, &theirs->root))
			return ST_EEXIST; /* the same log: nothing to halt for */
	}
	if (a->self.halted[0] != 0)
		return 0;
	if (a->own.dirty || a->own.count > 0 || a->hearing.count > 0)
		return ST_EBUSY; /* this transaction will be signed; the next greeting says it again */
	(void)snprintf(why, sizeof(why), "%s/%u %llu > %s/%u %llu", theirs->log.station.text,
		       theirs->log.epoch, (unsigned long long)theirs->size,
		       a->self.station.certificate.code.text, own->epoch,
		       (unsigned long long)own->tree.size);
	rc = evidence_fork(a, own, &a->keys->identity.public, theirs, &job->cosignature);
	if (rc == 0)
		rc = st_meta_put(a->txn, ST_META_HALT, st_span_text(why));
	if (rc == 0)
		rc = st_self_load(a->txn, &a->self);
	a->applied.self_changed = true;
	return rc;
}

int job_refresh(struct st_apply *a)
{
	int rc = may_sign(a);
	if (rc == 0)
		rc = own_load(a);
	if (rc < 0)
		return rc;
	struct own *o = &a->own;
	struct st_cosignature signature;
	if (o->log.tree.size == 0 || o->log.signed_size < o->log.tree.size)
		return 0; /* the group's end signs it anyhow */
	struct st_checkpoint c = { .log = o->id, .size = o->log.tree.size,
				   .root = st_frontier_root(&o->log.tree) };
	st_assert(o->log.signed_size == o->log.tree.size);
	st_cosign(&c, &a->keys->identity, now_s(a), &signature);
	rc = st_checkpoint_put(a->txn, &o->log, &signature);
	o->dirty = true;
	grown(a, o->log.number, o->log.tree.size);
	return rc;
}
