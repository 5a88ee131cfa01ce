/* rebuild.c - makes all derived tables of a store anew, step by step.
 *
 * Owns:    the order: records first, for what is told of online matters asks their rows; then what each event says
 *          by itself; then the trees. Each by logs in their numbers' order, then what came outside them: the fold
 *          takes any order, and this one is that in which most events follow their record's head.
 * Promise: 4 and 11: what a version makes of the events is what every version makes that reads them.
 * Flow:    logs, carried -> rebuild -> fold, retell */
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

static int fold_event(struct st_apply *a, const struct st_log *log, uint64_t seq, struct st_span bytes)
{
	struct st_log_id id;
	struct st_event e;
	int rc = st_log_id(a->txn, log, &id);
	if (rc < 0)
		return rc;
	rc = effect_decode(a, &id, seq, bytes, &e);
	/* What couldn't be read when it came may be read now; an own one took effect in its own job. */
	if (rc == 0 && log->station != a->self.station.number)
		rc = effect_read(a, log, &e);
	if (rc < 0)
		return is_failure(rc) ? rc : 0; /* counted as unread when it is told */
	return st_fold_event(a->txn, a->fold, log, &e);
}

static int take_one(struct step *s, uint64_t seq, struct st_span bytes)
{
	st_assert(s->log.number > 0);
	s->at.log = s->log.number;
	s->at.seq = seq;
	int rc = s->at.phase <= ST_REFOLD_CARRIED ? fold_event(s->apply, &s->log, seq, bytes)
						  : retell_event(s->apply, &s->log, seq, bytes);
	return rc < 0 ? rc : ++s->events == ST_REBUILD_EVENTS; /* 1: enough for one step */
}

static int take_logged(uint64_t seq, struct st_span bytes, void *arg)
{
	return take_one(arg, seq, bytes);
}

static int take_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct step *s = arg;
	uint64_t from = log->number == s->at.log ? s->at.seq + 1 : 1;
	if (log->number < s->at.log || from > log->tree.size)
		return 0;
	s->log = *log;
	return st_event_each(t, log->number, from, log->tree.size, take_logged, s);
}

static int take_carried(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct step *s = arg;
	int rc = st_log_get(t, c->log, &s->log);
	return rc < 0 ? rc : take_one(s, c->seq, c->event);
}

static int tell_tree(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct step *s = arg;
	uint64_t from = log->number == s->at.log ? s->at.seq : 0, to = log->tree.size;
	if (log->number < s->at.log || from >= to)
		return 0;
	_Static_assert(ST_REBUILD_EVENTS % ST_TREE_STEP == 0, "a slice ends where the next can begin");
	uint64_t room = (ST_REBUILD_EVENTS - s->events) / ST_TREE_STEP * ST_TREE_STEP;
	if (to - from > room)
		to = from + room;
	int rc = st_tree_retell(t, log, from, to);
	s->at.log = log->number;
	s->at.seq = to;
	s->events += to - from;
	return rc < 0 ? rc : to < log->tree.size;
}

/* 1: enough for one step; 0: the phase is done. */
static int take_some(struct st_txn *t, struct step *s)
{
	switch (s->at.phase) {
	case ST_REFOLD_LOGS:
	case ST_RETELL_LOGS:    return st_log_each(t, take_log, s);
	case ST_REFOLD_CARRIED:
	case ST_RETELL_CARRIED: return st_carried_each(t, s->at.log, s->at.seq, take_carried, s);
	case ST_RETELL_TREE:    return st_log_each(t, tell_tree, s);
	case ST_REFOLD_CLEAR:   break;
	}
	return st_derived_clear(t);
}

static int next_phase(struct st_txn *t, struct step *s)
{
	int rc = take_some(t, s);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	s->done = s->at.phase == ST_RETELL_TREE;
	if (!s->done)
		s->at = (struct st_refold){ .phase = s->at.phase + 1 };
	return 0;
}

static int run(struct st_txn *t, void *arg)
{
	static const struct st_world nowhere; /* nothing is written in anybody's name, nothing drawn */
	struct step *s = arg;
	struct st_apply *a = s->apply;
	int rc = st_refold_get(t, &s->at);
	if (rc == ST_ENOTFOUND) {
		s->done = true;
		return 0;
	}
	if (rc == 0)
		rc = retell_begin(a, t, s->at.phase >= ST_RETELL_LOGS);
	a->world = &nowhere;
	if (rc == 0)
		rc = next_phase(t, s);
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
