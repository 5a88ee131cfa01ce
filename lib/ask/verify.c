/* verify.c - a whole log against its signatures and the city's root key.
 *
 * Owns:    the judgement, made anew from the raw events, of what is stored of one log.
 * Promise: 3, origin-signed, end to end.
 * Flow:    events, checkpoints, receipts, certificates -> verify -> api */
#include <station/ask/verify.h>
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include <station/trust/part.h>

int st_chain_verify(struct st_txn *t, uint32_t station)
{
	struct st_public_key issuer, root;
	struct st_certificate c;
	struct st_station s;
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_ROOT, root.bytes, sizeof(root.bytes), &size);
	for (unsigned depth = 0; rc == 0 && depth < ST_DEPTH_MAX; depth++) {
		uint32_t parent;
		rc = st_station_get(t, station, &s);
		parent = s.parent;
		issuer = root;
		if (rc == 0 && parent != 0) {
			struct st_station p;
			rc = st_station_get(t, parent, &p);
			issuer = p.certificate.identity;
		}
		if (rc == 0)
			rc = st_certificate_open(st_span(s.signed_bytes, s.signed_size), &issuer, &c);
		if (rc == ST_ENOMEM || rc == ST_EIO || rc == ST_EBUSY)
			return rc; /* no verdict over the chain */
		if (rc < 0)
			return ST_ECHAIN;
		if (parent == 0)
			return c.tier == ST_MAIN ? 0 : ST_ECHAIN;
		station = parent;
	}
	return rc == 0 || rc == ST_ENOTFOUND ? ST_ECHAIN : rc;
}

/* A log's verification, in slices: each a short transaction over rows that never change. */
struct verifying {
	struct st_log log;
	struct st_station origin;
	struct st_frontier tree;
	struct st_checkpoint_row next; /* the first that isn't before the tree's size */
	struct st_cosignature held; /* of the size at hand, by the origin: found to hold; zeroed: none yet */
	struct st_log_verdict *v;
	struct st_txn *txn;
	struct st_arena arena;
	struct st_buf part;
	uint64_t to;
};

static int check_parts(struct verifying *y, uint64_t seq, struct st_span event)
{
	struct st_event e;
	st_arena_reset(&y->arena);
	int rc = st_event_decode(event, &y->arena, &e);
	if (rc < 0 && rc != ST_EUNREAD)
		return 0; /* signed rubbish is stored as it is */
	for (unsigned n = 0; n < e.part_count; n++) {
		st_buf_clear(&y->part);
		rc = st_part_get_row(y->txn, y->log.number, seq, n, &y->part);
		if (rc == ST_ENOTFOUND)
			continue;
		if (rc < 0)
			return rc;
		struct st_hash h = st_part_hash(e.parts[n].type, st_buf_span(&y->part));
		if (!st_hash_equal(&h, &e.parts[n].hash))
			return ST_ECORRUPT;
	}
	return 0;
}

/* The first checkpoint that isn't before the tree's size. It may be of a later size than was looked at first, but not
 * of a size that the log isn't signed for: it would be no signature of these events. */
static int seek_checkpoint(struct verifying *y)
{
	struct st_log now;
	int rc = st_checkpoint_at_least(y->txn, y->log.number, y->tree.size, &y->next);
	if (rc == ST_ENOTFOUND)
		return ST_ECORRUPT;
	if (rc < 0 || y->next.size <= y->log.signed_size)
		return rc;
	rc = st_log_get(y->txn, y->log.number, &now);
	return rc < 0 ? rc : y->next.size > now.signed_size ? ST_ECORRUPT : 0;
}

/* Each copy is proved from, one day: the one under a receipt when that receipt is. Most are the same, and are verified
 * once. */
static int check_copy(const struct st_checkpoint_row *copy, void *arg)
{
	struct verifying *y = arg;
	struct st_checkpoint c = { .log = y->v->log, .size = y->tree.size, .root = st_frontier_root(&y->tree) };
	if (!st_hash_equal(&c.root, &copy->root))
		return ST_EROOT;
	bool same = y->held.time_s == copy->cosignature.time_s &&
		    memcmp(y->held.signature.bytes, copy->cosignature.signature.bytes, ST_SIGNATURE_SIZE) == 0;
	int rc = same ? 0 : st_cosign_verify(&c, &y->origin.certificate.identity, &copy->cosignature);
	if (rc == 0)
		y->held = copy->cosignature;
	return rc;
}

static int check_checkpoint(struct verifying *y)
{
	st_assert(y->tree.size > 0);
	int rc = y->next.size >= y->tree.size ? 0 : seek_checkpoint(y);
	if (rc < 0 || y->next.size > y->tree.size)
		return rc;
	memset(&y->held, 0, sizeof(y->held));
	rc = st_checkpoint_each(y->txn, y->log.number, y->tree.size, check_copy, y);
	if (rc == 0)
		y->v->checkpoints++;
	return rc;
}

static int check_receipt(const struct st_receipt *r, void *arg)
{
	struct verifying *y = arg;
	struct st_station signer;
	if (r->size != y->tree.size)
		return 0;
	struct st_checkpoint c = { .log = y->v->log, .size = r->size,
				   .root = st_frontier_root(&y->tree) };
	int rc = st_station_get(y->txn, r->signer, &signer);
	if (rc == 0)
		rc = st_cosign_verify(&c, &signer.certificate.identity, &r->cosignature);
	if (rc == 0)
		y->v->receipts++;
	return rc;
}

static int check_event(uint64_t seq, struct st_span event, void *arg)
{
	struct verifying *y = arg;
	struct st_hash leaf = st_hash_leaf(event);
	int rc = st_frontier_append(&y->tree, &leaf, NULL, NULL);
	st_assert(rc < 0 || y->tree.size == seq);
	if (rc == 0)
		rc = check_parts(y, seq, event);
	if (rc == 0)
		rc = check_checkpoint(y);
	if (rc == 0)
		rc = st_receipt_each(y->txn, y->log.number, check_receipt, y);
	y->v->size = y->tree.size;
	if (rc < 0)
		y->v->bad_seq = seq;
	return rc;
}

static int slice(struct st_txn *t, void *arg)
{
	struct verifying *y = arg;
	uint64_t from = y->tree.size + 1, to = y->tree.size + ST_SLICE_EVENTS;
	st_assert(from <= y->to);
	y->txn = t;
	return st_event_each(t, y->log.number, from, to < y->to ? to : y->to, check_event, y);
}

static int start(struct st_txn *t, void *arg)
{
	struct verifying *y = arg;
	int rc = st_log_get(t, y->log.number, &y->log);
	if (rc == 0)
		rc = st_log_id(t, &y->log, &y->v->log);
	if (rc == 0)
		rc = st_station_get(t, y->log.station, &y->origin);
	y->to = y->log.tree.size;
	return rc < 0 ? rc : st_chain_verify(t, y->log.station);
}

static bool is_wrong(int rc)
{
	return rc == ST_EROOT || rc == ST_ESIGNATURE || rc == ST_ECHAIN || rc == ST_ECORRUPT ||
	       rc == ST_ESEQ;
}

int st_log_verify(struct st_store *s, uint32_t log, st_progress_fn *progress, void *arg,
		  struct st_log_verdict *ret_verdict)
{
	ST_REQUIRE(s != NULL);
	ST_REQUIRE(ret_verdict != NULL);
	struct st_log_verdict v = { .size = 0 };
	struct verifying y = { .log.number = log, .v = &v };
	st_buf_init(&y.part, 2 * ST_PART_MAX);
	int rc = st_arena_init(&y.arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_store_read(s, start, &y);
	while (rc == 0 && y.tree.size < y.to) {
		rc = st_store_read(s, slice, &y);
		if (rc == 0 && progress != NULL && !progress(arg, y.tree.size, y.to))
			rc = ST_EBUSY;
	}
	/* What is stored now must at least end at a signature that was checked. */
	if (rc == 0 && (y.tree.size != y.log.tree.size || y.log.signed_size != y.log.tree.size))
		rc = ST_ESEQ;
	if (rc == 0) {
		struct st_hash ours = st_frontier_root(&y.log.tree), again = st_frontier_root(&y.tree);
		rc = st_hash_equal(&ours, &again) ? 0 : ST_EROOT;
	}
	st_arena_done(&y.arena);
	st_buf_done(&y.part);
	if (rc < 0 && !is_wrong(rc) && rc != ST_ENOTFOUND)
		return rc;
	st_assert(v.checkpoints <= v.size);
	v.rc = rc == ST_ENOTFOUND ? ST_ESEQ : rc; /* an event that isn't there */
	if (rc < 0 && v.bad_seq == 0)
		v.bad_seq = v.size + 1; /* the one that couldn't be read */
	*ret_verdict = v;
	return 0;
}
