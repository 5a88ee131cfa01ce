/* coverage.c - which stations a figure covers, how fresh each is, and what is known to be missing.
 *
 * Owns:    the second half of every figure.
 * Promise: 6, silence isn't zero.
 * Flow:    stations, logs -> coverage -> api */
#include <station/ask/report.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/record.h>

struct covering {
	struct st_txn *txn;
	uint32_t self;
	st_coverage_fn *fn;
	void *arg;
};

/* When a log was last signed, by its origin's clock; and not after it came here, by ours, so that a clock that is ahead makes no
 * silence young. */
static int signed_at(const struct covering *c, const struct st_log *log, uint64_t *ret_s)
{
	struct st_checkpoint_row cp;
	struct st_receipt ours;
	int rc = st_checkpoint_get(c->txn, log->number, log->signed_size, &cp);
	if (rc < 0)
		return rc;
	rc = st_receipt_get(c->txn, log->number, c->self, &ours);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	bool came_before = rc == 0 && ours.size == log->signed_size && ours.cosignature.time_s < cp.cosignature.time_s;
	*ret_s = came_before ? ours.cosignature.time_s : cp.cosignature.time_s;
	return 0;
}

static int cover(const struct st_station *s, void *arg)
{
	struct covering *c = arg;
	struct st_coverage_row row;
	struct st_log log;
	int below = st_station_below(c->txn, s->number, c->self);
	if (below <= 0)
		return below;
	memset(&row, 0, sizeof(row));
	row.station = *s;
	int rc = st_log_newest(c->txn, s->number, &log);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? c->fn(&row, c->arg) : rc;
	row.heard = log.tree.size > 0;
	row.epoch = log.epoch;
	row.size = log.tree.size;
	row.refilling = log.refill_size > log.tree.size;
	rc = st_unread_count(c->txn, log.number, &row.unread);
	if (rc == 0 && log.signed_size > 0)
		rc = signed_at(c, &log, &row.checkpoint_time_s);
	return rc < 0 ? rc : c->fn(&row, c->arg);
}

int st_coverage_each(struct st_txn *t, st_coverage_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct covering c = { .txn = t, .fn = fn, .arg = arg };
	int rc = st_station_self(t, &c.self);
	return rc < 0 ? rc : st_station_each(t, cover, &c);
}

static int add(const struct st_coverage_row *row, void *arg)
{
	st_assert(row->checkpoint_time_s == 0 || row->heard);
	struct st_coverage_sum *sum = arg;
	sum->stations++;
	sum->heard += row->heard;
	sum->refilling += row->refilling;
	sum->events += row->size;
	sum->unread += row->unread;
	if (row->checkpoint_time_s != 0 && (sum->oldest_checkpoint_s == 0 ||
					    row->checkpoint_time_s < sum->oldest_checkpoint_s))
		sum->oldest_checkpoint_s = row->checkpoint_time_s;
	return 0;
}

int st_coverage_sum(struct st_txn *t, struct st_coverage_sum *ret_sum)
{
	ST_REQUIRE(ret_sum != NULL);
	struct st_coverage_sum sum;
	memset(&sum, 0, sizeof(sum));
	int rc = st_coverage_each(t, add, &sum);
	st_assert(sum.heard <= sum.stations);
	if (rc == 0)
		rc = st_stray_count(t, ST_STRAY_WAITING, &sum.waiting);
	if (rc == 0)
		rc = st_stray_count(t, ST_STRAY_SET_ASIDE, &sum.set_aside);
	if (rc == 0)
		*ret_sum = sum;
	return rc;
}
