/* downlink_greet.c - what neighbours tell each other on linking, from the parent's side.
 *
 * Owns:    the comparison of a child's logs with what is held here.
 * Promise: 10: neighbours are witnesses. A child that has lost or copied its log is told so; and its
 *          receipts of ours tell us when it is we who have lost something.
 * Flow:    downlink -> greeting -> apply (claims), link */
#include "downlink_state.h"
#include <station/base/check.h>
#include <station/store/stations.h>

/* Rows of one greeting, sent a frame at a time. */
struct telling {
	struct st_downlink *d;
	struct st_txn *txn;
	size_t count;
	struct st_log_id log; /* whose receipts are being told */
	union {
		struct st_log_state states[ST_FRAME_LOGS_MAX];
		struct st_receipt_in receipts[ST_FRAME_LOGS_MAX];
	} u;
};

/* A child's own log can only be as long as what it showed us before, or longer. */
static void check_own(struct st_downlink *d, const struct st_log *log,
		      const struct st_log_state *s)
{
	bool same = s->size > log->tree.size;
	if (s->size == log->tree.size) {
		struct st_hash root = st_frontier_root(&log->tree);
		same = s->size == 0 || st_hash_equal(&root, &s->root);
	}
	if (same)
		return;
	d->info.behind = true;
	d->to.refused(d->to.arg, ST_EFORKED, &s->log);
}

void downlink_own(struct st_downlink *d, const struct st_log_id *log, uint64_t size, bool anew)
{
	struct st_downlink_info *i = &d->info;
	if (!st_code_equal(&log->station, &d->self.child) || (i->own_told && log->epoch < i->own_epoch))
		return;
	if (anew || log->epoch > i->own_epoch || size > i->own_size)
		i->own_size = size;
	i->own_epoch = log->epoch;
	i->own_told = true;
}

static int compare_one(struct st_downlink *d, struct st_txn *t, const struct st_log_state *s,
		       struct st_claim *claims, size_t *count)
{
	struct st_log log = { .tree.size = 0 };
	uint32_t number = 0;
	st_assert(*count < ST_FRAME_LOGS_MAX);
	int rc = st_station_number(t, &s->log.station, &number);
	if (rc == 0)
		rc = st_log_find(t, number, s->log.epoch, &log);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	downlink_own(d, &s->log, s->size, true);
	if (s->receipt_size > log.tree.size)
		claims[(*count)++] = (struct st_claim){ .log = s->log, .size = s->receipt_size,
							.root = s->receipt_root, .receipt = s->receipt };
	if (rc == 0 && number == d->self.child_number)
		check_own(d, &log, s);
	return 0;
}

int downlink_compare(struct st_downlink *d, struct st_txn *t, const struct st_logs *logs)
{
	struct st_claim claims[ST_FRAME_LOGS_MAX];
	size_t count = 0;
	st_assert(logs->count <= ST_FRAME_LOGS_MAX);
	for (size_t i = 0; i < logs->count; i++) {
		int rc = compare_one(d, t, &logs->logs[i], claims, &count);
		if (rc < 0)
			return rc;
	}
	st_assert(count <= logs->count);
	if (count > 0)
		d->to.claims(d->to.arg, claims, count);
	return 0;
}

static int flush_states(struct telling *x, bool last)
{
	st_assert(x->count <= ST_FRAME_LOGS_MAX);
	struct st_frame f = { .kind = ST_FRAME_LOGS };
	f.u.logs = (struct st_logs){ .logs = x->u.states, .count = x->count, .last = last };
	x->count = 0;
	return downlink_say(x->d, &f);
}

static int tell_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct telling *x = arg;
	struct st_log_state s = { .size = log->signed_size };
	struct st_checkpoint_row cp;
	int rc = log->signed_size == 0
			 ? 0
			 : st_station_below(t, log->station, x->d->self.child_number);
	if (rc <= 0)
		return rc;
	rc = x->count == ST_FRAME_LOGS_MAX ? flush_states(x, false) : 0;
	if (rc == 0)
		rc = st_log_id(t, log, &s.log);
	if (rc == 0)
		rc = st_checkpoint_get(t, log->number, log->signed_size, &cp);
	if (rc < 0)
		return rc;
	s.root = cp.root;
	s.origin = cp.cosignature;
	st_assert(x->count < ST_FRAME_LOGS_MAX);
	x->u.states[x->count++] = s;
	return 0;
}

int downlink_tell_logs(struct st_downlink *d, struct st_txn *t)
{
	struct telling x = { .d = d, .txn = t, .count = 0 };
	int rc = st_log_each(t, tell_log, &x);
	return rc < 0 ? rc : flush_states(&x, true);
}

static int flush_receipts(struct telling *x)
{
	st_assert(x->count <= ST_FRAME_LOGS_MAX);
	struct st_frame f = { .kind = ST_FRAME_RECEIPTS };
	if (x->count == 0)
		return 0;
	f.u.receipts = (struct st_receipts){ .receipts = x->u.receipts, .count = x->count };
	x->count = 0;
	return downlink_say(x->d, &f);
}

static int tell_receipt(const struct st_receipt *r, void *arg)
{
	struct telling *x = arg;
	struct st_receipt_in in = { .log = x->log, .size = r->size, .cosignature = r->cosignature };
	int rc = x->count == ST_FRAME_LOGS_MAX ? flush_receipts(x) : 0;
	if (rc == 0)
		rc = st_station_code(x->txn, r->signer, &in.signer);
	if (rc < 0)
		return rc;
	st_assert(x->count < ST_FRAME_LOGS_MAX);
	x->u.receipts[x->count++] = in;
	return 0;
}

static int tell_receipts_of(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct telling *x = arg;
	int rc = st_station_below(t, log->station, x->d->self.child_number);
	if (rc <= 0)
		return rc;
	rc = st_log_id(t, log, &x->log);
	return rc < 0 ? rc : st_receipt_each(t, log->number, tell_receipt, x);
}

int downlink_tell_receipts(struct st_downlink *d, struct st_txn *t)
{
	struct telling x = { .d = d, .txn = t, .count = 0 };
	int rc = st_log_each(t, tell_receipts_of, &x);
	return rc < 0 ? rc : flush_receipts(&x);
}
