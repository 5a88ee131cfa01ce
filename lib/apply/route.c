/* route.c - whom an event that has just been stored goes on to.
 *
 * Owns:    the rule of the way: an addressed event turns at the lowest station above both its writer and whom it is
 *          for, and goes down from there hop by hop, each hop storing it first.
 *          What was merged goes by joined.c's rule, which turns at the same place.
 * Promise: 2: an outbox row is in the transaction that stores the event; 7: a hand-on brings the record's earlier
 *          events, and no private part but its own.
 * Flow:    own log, push, carry -> route -> outbox */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

/* 1: the child has the writer's log itself, or will have. */
static int writes(struct st_apply *a, uint32_t child, uint32_t writer)
{
	return st_station_below(a->txn, writer, child);
}

static int put(struct st_apply *a, uint32_t child, uint32_t log, uint64_t seq)
{
	uint64_t position = 0;
	a->applied.addressed = true;
	return st_outbox_put(a->txn, child, log, seq, &position);
}

/* Something that goes to one child, event by event. */
struct bringing {
	struct st_apply *apply;
	uint32_t child;
	bool strays; /* all that is off the chain, not notes alone */
};

/* Unless the child has its writer's log. 1: put. */
static int bring(const struct bringing *x, uint32_t number, uint64_t seq)
{
	struct st_log log;
	int rc = st_log_get(x->apply->txn, number, &log);
	if (rc == 0)
		rc = writes(x->apply, x->child, log.station);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = put(x->apply, x->child, number, seq);
	return rc < 0 ? rc : 1;
}

static int put_stray(const struct st_stray *stray, void *arg)
{
	const struct bringing *x = arg;
	if (stray->why != ST_STRAY_NOTE && !x->strays)
		return 0;
	int rc = bring(x, stray->log, stray->seq);
	return rc < 0 ? rc : 0;
}

static int put_erasure(const struct st_erasure *e, void *arg)
{
	int rc = e->state == ST_ERASURE_REFUSED ? 0 : bring(arg, e->log, e->seq);
	return rc < 0 ? rc : 0;
}

/* All that is known of the record, oldest first, but for one event. */
static int history(struct st_apply *a, uint32_t child, const struct st_record *r,
		   const struct st_place *but, bool strays)
{
	st_assert(child > 0);
	struct bringing off = { a, child, strays };
	struct st_step *steps = NULL;
	size_t count = 0;
	int rc = st_record_chain(a->txn, r, &steps, &count);
	while (rc == 0 && count-- > 0) {
		const struct st_place *at = &steps[count].at;
		bool itself = at->log == but->log && at->seq == but->seq;
		rc = itself ? 1 : writes(a, child, steps[count].writer);
		rc = rc < 0 ? rc : rc == 1 ? 0 : put(a, child, at->log, at->seq);
	}
	free(steps);
	if (rc == 0)
		rc = st_stray_each(a->txn, &r->ref, put_stray, &off);
	return rc < 0 ? rc : st_erasure_each(a->txn, &r->ref, 0, 0, put_erasure, &off);
}

int route_whole(struct st_apply *a, uint32_t child, const struct st_record *r)
{
	static const struct st_place nowhere = { .seq = 0 };
	int rc = st_station_below(a->txn, r->ref.opener, child);
	if (rc != 0)
		return rc < 0 ? rc : 0; /* each of its events is addressed to its opener */
	return history(a, child, r, &nowhere, true);
}

/* One event on its way, and whom it gives its record to (empty: nobody). */
struct routing {
	struct st_apply *apply;
	const struct st_log *log;
	const struct st_event *event;
	struct st_code holder;
};

static int bring_history(struct st_apply *a, uint32_t child, const struct st_log *log,
			 const struct st_event *e)
{
	st_assert(child > 0);
	struct st_record_ref ref = { .ulid = e->record.ulid };
	struct st_place at = { log->number, e->at.seq };
	struct st_record r;
	int rc = st_station_number(a->txn, &e->record.opener, &ref.opener);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return history(a, child, &r, &at, false);
}

/* Into the child's outbox, behind the record's history where the event hands the record on to there. */
static int route_to(const struct routing *r, uint32_t child, uint64_t *ret_position)
{
	st_assert(child > 0);
	struct st_apply *a = r->apply;
	uint32_t holder = 0;
	int rc = st_code_empty(&r->holder) ? ST_ENOTFOUND
					   : st_station_number(a->txn, &r->holder, &holder);
	if (rc == 0)
		rc = st_station_below(a->txn, holder, child);
	if (rc == 1)
		rc = bring_history(a, child, r->log, r->event);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	a->applied.addressed = true;
	return st_outbox_put(a->txn, child, r->log->number, r->event->at.seq, ret_position);
}

/* The child on the way down to an addressee; 0: it isn't below, or that child has the writer's log.
 * ST_EEXIST: all below an addressee that we are below of ourselves. */
static int way_to(struct st_apply *a, const struct st_addressee *addressee, uint32_t writer,
		  uint32_t *ret_child)
{
	uint32_t to = 0, self = a->self.station.number;
	*ret_child = 0;
	int rc = st_station_number(a->txn, &addressee->station, &to);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc; /* nobody that we know */
	rc = addressee->subtree ? st_station_below(a->txn, self, to) : 0;
	if (rc != 0)
		return rc < 0 ? rc : ST_EEXIST;
	if (to == self)
		return 0;
	rc = st_station_branch_of(a->txn, to, self, ret_child);
	if (rc == 0)
		rc = writes(a, *ret_child, writer);
	if (rc != 0)
		*ret_child = 0; /* it goes up with its log, or has turned further down */
	return rc < 0 && rc != ST_ESUBTREE ? rc : 0;
}

enum { WAYS_MAX = 64 };
_Static_assert((int)ST_EVENT_ADDRESSEES_MAX <= (int)WAYS_MAX, "each addressee may have its own");
struct way {
	uint32_t child;
	uint64_t position; /* in its outbox */
};

/* The way to one addressee: through a child that the event goes to already, or a new one. */
static int route_one(const struct routing *r, const struct st_addressee *to, struct way *ways,
		     size_t *count)
{
	uint32_t child = 0;
	size_t n = 0;
	int rc = way_to(r->apply, to, r->log->station, &child);
	if (rc < 0 || child == 0)
		return rc;
	while (n < *count && ways[n].child != child)
		n++;
	st_assert(n < WAYS_MAX);
	if (n == *count) {
		ways[n].child = child;
		rc = route_to(r, child, &ways[n].position);
		*count += rc == 0;
	}
	bool told = r->event->type == ST_ERASE || st_event_directs(r->event, &r->holder, to);
	if (rc < 0 || !told)
		return rc;
	return heard_leaves(r->apply, r->log, r->event, &to->station, ways[n].position);
}

/* An event, or a head, to all children but the one that has its writer's log. */
struct spreading {
	struct st_apply *apply;
	uint32_t writer;
	const struct routing *event;
	const struct st_head_key *head; /* NULL: the event */
	const struct way *gone;         /* ways that it has gone already */
	size_t gone_count;
};

static int spread_to(const struct st_station *s, void *arg)
{
	const struct spreading *x = arg;
	uint64_t position = 0;
	for (size_t i = 0; i < x->gone_count; i++)
		if (x->gone[i].child == s->number)
			return 0;
	if (s->parent != x->apply->self.station.number || s->standing != ST_ENROLLED)
		return 0;
	int rc = writes(x->apply, s->number, x->writer);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return x->head != NULL ? st_head_goes_down(x->apply->txn, x->head, s->number)
			       : route_to(x->event, s->number, &position);
}

/* Who stands where, with which key, is for everybody, whomever its writer has addressed it to: who may reassign what
 * follows from it. */
static bool is_of_roll(const struct st_event *e)
{
	return e->type == ST_ENROL || e->type == ST_REVOKE;
}

int route_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	ST_REQUIRE(e->addressee_count <= ST_EVENT_ADDRESSEES_MAX);
	struct routing r = { .apply = a, .log = log, .event = e };
	struct way ways[WAYS_MAX];
	struct spreading x = { .apply = a, .writer = log->station, .event = &r, .gone = ways };
	size_t count = 0;
	if (is_of_roll(e))
		return st_station_each(a->txn, spread_to, &x);
	if (e->addressee_count > 0)
		event_gives(a, e, &r.holder);
	for (size_t i = 0; i < e->addressee_count; i++) {
		int rc = route_one(&r, &e->addressees[i], ways, &count);
		x.gone_count = count;
		if (rc == ST_EEXIST)
			return st_station_each(a->txn, spread_to, &x);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- a head ---- */

int route_head(struct st_apply *a, const struct st_head_key *key, uint32_t writer,
	       const struct st_addressee *to)
{
	struct spreading x = { .apply = a, .writer = writer, .head = key };
	uint32_t child = 0;
	int rc = way_to(a, to, writer, &child);
	if (rc == 0 && child == 0)
		return 0;
	if (rc == 0)
		rc = st_head_goes_down(a->txn, key, child);
	else if (rc == ST_EEXIST)
		rc = st_station_each(a->txn, spread_to, &x);
	a->applied.addressed = true;
	return rc;
}

/* ---- an erase ---- */

struct erasing {
	struct routing routing;
	struct way ways[WAYS_MAX];
	size_t count;
};

/* Once to each: what it left through is kept. */
static int erase_to(struct erasing *x, uint32_t station)
{
	const struct routing *r = &x->routing;
	struct st_heard_key key = { r->log->station, r->log->epoch, r->event->at.seq, station };
	struct st_heard_row row;
	struct st_addressee to;
	uint64_t position = 0;
	memset(&to, 0, sizeof(to));
	int rc = st_left_get(r->apply->txn, &key, &position);
	if (rc == ST_ENOTFOUND) {
		rc = st_heard_get(r->apply->txn, &key, &row);
		if (rc == 0 && row.stage == ST_STAGE_NONE)
			rc = ST_ENOTFOUND;
	}
	if (rc == 0)
		return 0; /* it has gone there, or come from there */
	if (rc == ST_ENOTFOUND)
		rc = st_station_code(r->apply->txn, station, &to.station);
	if (rc == 0 && x->count == WAYS_MAX)
		x->count = 0; /* what goes twice is known there the second time */
	return rc < 0 ? rc : route_one(r, &to, x->ways, &x->count);
}

static int erase_to_stray(const struct st_stray *s, void *arg)
{
	struct erasing *x = arg;
	struct st_log log;
	int rc = st_log_get(x->routing.apply->txn, s->log, &log);
	return rc < 0 ? rc : erase_to(x, log.station);
}

static int erase_to_joined(uint32_t station, void *arg)
{
	return erase_to(arg, station);
}

int route_erasure(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct erasing x = { .routing = { .apply = a, .log = log, .event = e } };
	struct st_record_ref ref = { .ulid = e->record.ulid };
	struct st_step *steps = NULL;
	struct st_record r;
	size_t count = 0;
	st_assert(e->type == ST_ERASE);
	int rc = st_station_number(a->txn, &e->record.opener, &ref.opener);
	if (rc == 0)
		rc = erase_to(&x, ref.opener);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = st_record_chain(a->txn, &r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = erase_to(&x, steps[i].writer);
		if (rc == 0 && steps[i].holder != 0)
			rc = erase_to(&x, steps[i].holder);
	}
	free(steps);
	if (rc == 0)
		rc = st_stray_each(a->txn, &ref, erase_to_stray, &x);
	return rc < 0 ? rc : joined_each(a, &r, erase_to_joined, &x);
}

/* ---- what comes late ---- */

/* 1: the event has gone that way by its address. */
static int addressed_below(struct st_apply *a, const struct st_event *e, uint32_t child)
{
	st_assert(child > 0);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < e->addressee_count; i++) {
		uint32_t to = 0;
		rc = st_station_number(a->txn, &e->addressees[i].station, &to);
		if (rc == 0)
			rc = st_station_below(a->txn, to, child);
		else if (rc == ST_ENOTFOUND)
			rc = 0;
	}
	return rc;
}

/* 1: the child has it, or will have: from its writer, or by its address. */
static int gone(struct st_apply *a, const struct st_log *log, const struct st_event *e, uint32_t child)
{
	int rc = writes(a, child, log->station);
	return rc != 0 ? rc : addressed_below(a, e, child);
}

int route_also(struct st_apply *a, const struct st_log *log, const struct st_event *e, uint32_t child)
{
	int rc = gone(a, log, e, child);
	return rc < 0 ? rc : rc == 1 ? 0 : put(a, child, log->number, e->at.seq);
}

/* Is it part of the chain that led to the holder of now? Then it is the last piece that had been missing:
 * until it came, the hand-on waited, and nothing before it could be brought along. */
int route_on_chain(struct st_apply *a, const struct st_record *r, const struct st_log *log,
		   const struct st_event *e, bool *ret_on)
{
	st_assert(r->revision > 0);
	*ret_on = false;
	struct st_step *steps = NULL;
	size_t count = 0;
	int rc = st_record_chain(a->txn, r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		*ret_on |= steps[i].at.log == log->number && steps[i].at.seq == e->at.seq;
	free(steps);
	return rc;
}

/* 1: the record was handed on to somebody below, through that child. */
static int handed_below(struct st_apply *a, const struct st_record *r, uint32_t *ret_child)
{
	uint32_t self = a->self.station.number;
	if (r->handed == 0 || r->holder == self)
		return 0;
	int rc = st_station_branch_of(a->txn, r->holder, self, ret_child);
	return rc == 0 ? 1 : rc == ST_ESUBTREE ? 0 : rc;
}

int route_known(struct st_apply *a, const struct st_record *r)
{
	static const struct st_place nowhere = { .seq = 0 };
	uint32_t child = 0;
	int rc = handed_below(a, r, &child);
	return rc == 1 ? history(a, child, r, &nowhere, false) : rc;
}

/* 1: it gives its record to somebody below the child, so it has gone there behind the record's history. */
static int gives_below(struct st_apply *a, const struct st_event *e, uint32_t child)
{
	struct st_code holder = { .text = "" };
	uint32_t number = 0;
	event_gives(a, e, &holder);
	int rc = st_code_empty(&holder) ? ST_ENOTFOUND : st_station_number(a->txn, &holder, &number);
	if (rc == 0)
		rc = st_station_below(a->txn, number, child);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int route_late(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	static const struct st_place nowhere = { .seq = 0 };
	const struct st_record *r = st_fold_row(a->fold);
	const struct st_place itself = { log->number, e->at.seq };
	uint32_t child = 0;
	bool last = false;
	int rc = r == NULL ? 0 : handed_below(a, r, &child);
	if (rc != 1)
		return rc;
	rc = writes(a, child, log->station);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	int addressed = addressed_below(a, e, child);
	rc = addressed == 1 ? gives_below(a, e, child) : addressed;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = e->type == ST_NOTE ? 0 : route_on_chain(a, r, log, e, &last);
	if (rc < 0)
		return rc;
	if (last)
		return history(a, child, r, addressed == 1 ? &itself : &nowhere, false);
	return addressed == 1 ? 0 : put(a, child, itself.log, itself.seq);
}

static int roll_to(const struct st_station *s, void *arg)
{
	const struct bringing *x = arg;
	int rc = s->issuer_log == 0 ? 0 : put(x->apply, x->child, s->issuer_log, s->issuer_seq);
	if (rc == 0 && s->revoker_log != 0)
		rc = put(x->apply, x->child, s->revoker_log, s->revoker_seq);
	return rc;
}

static int table_to(const struct st_city_version *v, void *arg)
{
	const struct bringing *x = arg;
	return put(x->apply, x->child, v->log, v->seq);
}

/* The newest event of each writer to all below, and its head: from there on the child sees what is missing. */
static int head_to_new(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *row,
		       void *arg)
{
	const struct bringing *x = arg;
	int rc = key->subtree ? st_station_below(t, x->apply->self.station.number, key->to) : 0;
	if (rc != 1)
		return rc;
	rc = bring(x, key->log, row->seq);
	return rc == 1 ? st_head_goes_down(t, key, x->child) : rc;
}

int route_roll(struct st_apply *a, uint32_t child)
{
	ST_REQUIRE(child > 0);
	struct bringing x = { .apply = a, .child = child };
	int rc = st_station_each(a->txn, roll_to, &x);
	if (rc == 0)
		rc = st_city_each(a->txn, 0, table_to, &x);
	return rc < 0 ? rc : st_head_each(a->txn, 0, head_to_new, &x);
}
