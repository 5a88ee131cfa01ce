/* api_coverage.c - what an answer covers, the same object under every figure and every register.
 *
 * Owns:    that object: which stations, how fresh each one is, and what is known to be missing.
 * Promise: 6: no figure leaves without it.
 * Flow:    coverage -> api */
#include <station/ask/report.h>
#include <station/store/outside.h>
#include "api.h"

struct covering {
	struct st_txn *txn;
	const struct api_covers *covers;
	struct st_coverage_sum sum;
	json_t *rows, *invited;
};

/* 1, 0, or the store's failure. */
static int takes_in(const struct covering *x, uint32_t station)
{
	const struct api_covers *c = x->covers;
	if (c->station != NULL && (station >= c->count || !c->station[station]))
		return 0;
	return c->top == 0 ? 1 : st_station_below(x->txn, station, c->top);
}

static int add_station(const struct st_coverage_row *row, void *arg)
{
	struct covering *x = arg;
	const struct st_certificate *c = &row->station.certificate;
	struct st_coverage_sum *sum = &x->sum;
	int in = takes_in(x, row->station.number);
	if (in <= 0)
		return in;
	sum->stations++;
	sum->heard += row->heard;
	sum->refilling += row->refilling;
	sum->events += row->size;
	sum->unread += row->unread;
	if (row->checkpoint_time_s != 0 &&
	    (sum->oldest_checkpoint_s == 0 || row->checkpoint_time_s < sum->oldest_checkpoint_s))
		sum->oldest_checkpoint_s = row->checkpoint_time_s;
	json_t *one =
		json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:I, s:b}", "code", c->code.text,
			  "name", c->name, "tier", st_tier_name(c->tier), "heard", (int)row->heard,
			  "size", (json_int_t)row->size, "checkpoint_ms",
			  (json_int_t)row->checkpoint_time_s * 1000, "checkpoint_at",
			  api_time((int64_t)row->checkpoint_time_s * 1000), "unread",
			  (json_int_t)row->unread, "refilling", (int)row->refilling);
	return json_array_append_new(x->rows, one) == 0 ? 0 : ST_ENOMEM;
}

static int add_invited(const struct st_invite_row *i, void *arg)
{
	struct covering *x = arg;
	if (!i->used)
		json_array_append_new(x->invited, json_string(i->child.text));
	return 0;
}

/* What waits and what is set aside is of any station: it can't say whose figure it would be. */
static int read_all(struct st_txn *t, struct covering *x)
{
	struct st_coverage_sum all;
	int rc = st_coverage_sum(t, &all);
	if (rc < 0)
		return rc;
	x->sum.waiting = all.waiting;
	x->sum.set_aside = all.set_aside;
	rc = st_coverage_each(t, add_station, x);
	return rc < 0 ? rc : st_invite_each(t, add_invited, x);
}

int api_coverage(struct st_txn *t, const struct api_covers *covers, int64_t now_ms, json_t **ret)
{
	struct covering x = { .txn = t, .covers = covers };
	x.rows = json_array();
	x.invited = json_array();
	int rc = read_all(t, &x);
	if (rc < 0) {
		json_decref(x.rows);
		json_decref(x.invited);
		return rc;
	}
	*ret = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "stations",
			 (json_int_t)x.sum.stations, "heard", (json_int_t)x.sum.heard, "refilling",
			 (json_int_t)x.sum.refilling, "events", (json_int_t)x.sum.events, "unread",
			 (json_int_t)x.sum.unread, "waiting", (json_int_t)x.sum.waiting,
			 "set_aside", (json_int_t)x.sum.set_aside, "oldest_checkpoint_s",
			 (json_int_t)x.sum.oldest_checkpoint_s, "now_ms", (json_int_t)now_ms,
			 "rows", x.rows, "invited", x.invited);
	return *ret == NULL ? ST_ENOMEM : 0;
}
