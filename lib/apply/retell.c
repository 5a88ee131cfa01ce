/* retell.c - what each event says by itself, told once more.
 *
 * Owns:    the told tables' content as a function of the events, their order and the records' rows: a rebuild writes
 *          it, a recount compares it with what gathered event by event as they came.
 * Promise: 2 and 4: what a station has heard, sent, listed and refused is what its events say, and nothing else.
 * Flow:    logs, carried -> retell -> told tables; beside -> compare */
#include "group.h"
#include <string.h>
#include <station/apply/rebuild.h>
#include <station/base/check.h>

int retell_begin(struct st_apply *a, struct st_txn *t, bool told)
{
	a->txn = t;
	a->retelling = told;
	memset(&a->asked, 0, sizeof(a->asked));
	memset(&a->applied, 0, sizeof(a->applied));
	st_fold_begin(a->fold);
	st_terms_begin(a->terms, t);
	return st_self_load(t, &a->self);
}

/* In the order of effect_arrived, and of an own event's flush. */
static int tell(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_change change;
	st_assert(e->at.seq > 0);
	st_arena_reset(&a->other);
	int rc = st_fold_reads(e, &a->other, &change);
	rc = rc < 0 ? st_unread_put(a->txn, log->number, e->at.seq, rc) : 0;
	if (rc == 0)
		rc = vote_event(a, log, e);
	if (rc == 0)
		rc = erase_retell(a, log, e);
	st_arena_reset(&a->other);
	if (rc == 0)
		rc = online_retell(a, log, e);
	if (rc == 0 && log->station == a->self.station.number)
		rc = own_keep_addressees(a, e);
	return rc < 0 ? rc : heard_retell(a, log, e);
}

int retell_event(struct st_apply *a, const struct st_log *log, uint64_t seq, struct st_span bytes)
{
	struct st_log_id id;
	struct st_event e;
	ST_REQUIRE(a->retelling);
	int rc = st_log_id(a->txn, log, &id);
	if (rc < 0)
		return rc;
	int unread = effect_decode(a, &id, seq, bytes, &e);
	if (unread == 0)
		unread = effect_read(a, log, &e);
	if (is_failure(unread))
		return unread;
	return unread < 0 ? st_unread_put(a->txn, log->number, seq, unread) : tell(a, log, &e);
}

/* ---- comparing ---- */

struct comparing {
	struct st_apply *apply;
	struct st_log log;
	uint64_t done, total;
	st_progress_fn *progress;
	void *arg;
	struct st_differences found;
};

static int went_on(struct comparing *c, uint64_t events)
{
	st_assert(events <= ST_REBUILD_EVENTS);
	uint64_t slice = c->done / ST_REBUILD_EVENTS;
	c->done += events;
	if (c->done / ST_REBUILD_EVENTS == slice)
		return 0;
	if (c->progress != NULL && !c->progress(c->arg, c->done, c->total))
		return ST_EBUSY;
	return st_beside_flush(c->apply->txn);
}

static int tell_logged(uint64_t seq, struct st_span bytes, void *arg)
{
	struct comparing *c = arg;
	int rc = retell_event(c->apply, &c->log, seq, bytes);
	return rc < 0 ? rc : went_on(c, 1);
}

static int tell_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct comparing *c = arg;
	c->log = *log;
	return st_event_each(t, log->number, 1, log->tree.size, tell_logged, c);
}

static int tell_carried(struct st_txn *t, const struct st_carried *e, void *arg)
{
	struct comparing *c = arg;
	int rc = st_log_get(t, e->log, &c->log);
	if (rc == 0)
		rc = retell_event(c->apply, &c->log, e->seq, e->event);
	return rc < 0 ? rc : went_on(c, 1);
}

static int tell_tree(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct comparing *c = arg;
	int rc = 0;
	for (uint64_t from = 0; rc == 0 && from < log->tree.size; from += ST_REBUILD_EVENTS) {
		uint64_t left = log->tree.size - from;
		uint64_t count = left < ST_REBUILD_EVENTS ? left : ST_REBUILD_EVENTS;
		rc = st_tree_retell(t, log, from, from + count);
		if (rc == 0)
			rc = went_on(c, count);
	}
	return rc;
}

static int add_size(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct comparing *c = arg;
	(void)t;
	c->total += 2 * log->tree.size; /* once told, once hashed */
	return 0;
}

static int compare(struct st_txn *t, void *arg)
{
	struct comparing *c = arg;
	int rc = retell_begin(c->apply, t, true);
	if (rc == 0)
		rc = st_log_each(t, add_size, c);
	if (rc == 0)
		rc = st_log_each(t, tell_log, c);
	if (rc == 0)
		rc = st_carried_each(t, 0, 0, tell_carried, c);
	if (rc == 0)
		rc = st_log_each(t, tell_tree, c);
	return rc < 0 ? rc : st_beside_compare(t, &c->found);
}

int st_retell_run(struct st_store *s, st_progress_fn *progress, void *arg, struct st_differences *ret_d)
{
	static const struct st_keys none; /* nothing is signed */
	static const struct st_world nowhere;
	ST_REQUIRE(ret_d != NULL);
	struct comparing c = { .progress = progress, .arg = arg };
	int rc = st_apply_new(s, &none, &c.apply);
	if (rc < 0)
		return rc;
	c.apply->world = &nowhere;
	rc = st_store_beside(s, compare, &c);
	st_apply_free(c.apply);
	if (rc == 0)
		*ret_d = c.found;
	return rc;
}
