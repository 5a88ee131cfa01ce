/* rebuild.c - folds all events of a store anew, step by step.
 *
 * Owns:    the order: logs by their numbers, then what came outside them. The fold takes any order, and
 *          this one is that in which most events follow their record's head.
 * Promise: 4 and 11: what a version makes of the events is what every version makes that reads them.
 * Flow:    logs, carried -> rebuild -> fold */
#include <station/apply/rebuild.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/store/folded.h>
#include "group.h"

struct step {
	struct st_apply *apply;
	struct st_refold at;
	struct st_log log;
	uint64_t events;
	bool done;
};

static int ask(struct st_txn *t, void *arg)
{
	static const struct st_refold from_nothing = { .phase = ST_REFOLD_CLEAR };
	(void)arg;
	return st_refold_put(t, &from_nothing);
}

int st_rebuild_ask(struct st_store *s)
{
	return st_store_write(s, ask, NULL);
}

static int is_asked(struct st_txn *t, void *arg)
{
	struct st_refold at;
	int rc = st_refold_get(t, &at);
	*(bool *)arg = rc == 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int st_rebuild_asked(struct st_store *s)
{
	bool asked = false;
	int rc = st_store_read(s, is_asked, &asked);
	return rc < 0 ? rc : asked;
}

/* What couldn't be read when it came may be read now: then it takes effect, and is no longer counted. */
static int read_now(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	int code = 0;
	int rc = st_unread_get(a->txn, log->number, e->at.seq, &code);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (code != ST_EUNREAD)
		return 0; /* it was read, and refused */
	rc = effect_read(a, log, e);
	if (is_failure(rc))
		return rc;
	return rc < 0 ? st_unread_put(a->txn, log->number, e->at.seq, rc)
		      : st_unread_del(a->txn, log->number, e->at.seq);
}

static int fold_one(struct step *s, uint64_t seq, struct st_span bytes)
{
	struct st_apply *a = s->apply;
	struct st_event e;
	st_assert(s->log.number > 0);
	s->at.log = s->log.number;
	s->at.seq = seq;
	st_arena_reset(&a->arena);
	int rc = st_event_decode(bytes, &a->arena, &e);
	if (rc == ST_ENOMEM)
		return rc;
	if (rc == 0 && e.at.seq == seq) {
		rc = read_now(a, &s->log, &e);
		if (rc == 0)
			rc = effect_folded(a, &s->log, &e);
	} else {
		rc = 0; /* counted as unread when it came */
	}
	return rc < 0 ? rc : ++s->events == ST_REBUILD_EVENTS; /* 1: enough for one step */
}

static int fold_logged(uint64_t seq, struct st_span bytes, void *arg)
{
	return fold_one(arg, seq, bytes);
}

static int fold_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct step *s = arg;
	uint64_t from = log->number == s->at.log ? s->at.seq + 1 : 1;
	if (log->number < s->at.log || from > log->tree.size)
		return 0;
	s->log = *log;
	return st_event_each(t, log->number, from, log->tree.size, fold_logged, s);
}

static int fold_carried(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct step *s = arg;
	int rc = st_log_get(t, c->log, &s->log);
	return rc < 0 ? rc : fold_one(s, c->seq, c->event);
}

static int fold_some(struct st_txn *t, struct step *s)
{
	if (s->at.phase == ST_REFOLD_LOGS) {
		int rc = st_log_each(t, fold_log, s);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		s->at = (struct st_refold){ .phase = ST_REFOLD_CARRIED };
	}
	int rc = st_carried_each(t, s->at.log, s->at.seq, fold_carried, s);
	s->done = rc == 0;
	return rc < 0 ? rc : 0;
}

static int run(struct st_txn *t, void *arg)
{
	struct step *s = arg;
	struct st_apply *a = s->apply;
	a->txn = t;
	memset(&a->applied, 0, sizeof(a->applied));
	st_fold_begin(a->fold);
	erase_begin(a, true);
	int rc = st_refold_get(t, &s->at);
	if (rc == ST_ENOTFOUND) {
		s->done = true;
		return 0;
	}
	if (rc == 0)
		rc = st_self_load(t, &a->self);
	if (rc == 0 && s->at.phase == ST_REFOLD_CLEAR) {
		s->at.phase = ST_REFOLD_LOGS;
		rc = st_folded_clear(t);
	} else if (rc == 0) {
		rc = fold_some(t, s);
	}
	if (rc == 0)
		rc = st_fold_finish(t, a->fold);
	if (rc == 0)
		rc = s->done ? st_refold_done(t) : st_refold_put(t, &s->at);
	return rc;
}

int st_rebuild_step(struct st_apply *a, bool *ret_done, uint64_t *ret_events)
{
	ST_REQUIRE(ret_done != NULL);
	ST_REQUIRE(ret_events != NULL);
	struct step s = { .apply = a };
	int rc = st_store_write(a->store, run, &s);
	a->txn = NULL;
	if (rc < 0)
		return rc;
	st_assert(s.events <= ST_REBUILD_EVENTS);
	*ret_done = s.done;
	*ret_events = s.events;
	return 0;
}
