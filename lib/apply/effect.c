/* effect.c - what an event does here, once it stands in the store.
 *
 * Owns:    the order of it, the same for every way in which an event comes: written here, pushed, carried, or
 *          folded anew.
 * Promise: 2 and 11: what can't be read goes on to whom it is addressed, all the same.
 * Flow:    own log, push, carry, rebuild -> effect -> roll, city, fold, votes, erase, online, route, joined, heard */
#include "group.h"
#include <station/base/check.h>

int effect_decode(struct st_apply *a, const struct st_log_id *id, uint64_t seq, struct st_span bytes,
		  struct st_event *ret_e)
{
	st_arena_reset(&a->arena);
	ret_e->at.seq = 0;
	int rc = st_event_decode(bytes, &a->arena, ret_e);
	if (rc < 0 && rc != ST_EUNREAD) {
		ret_e->at.seq = 0;
		return rc;
	}
	if (!st_code_equal(&ret_e->at.station, &id->station) || ret_e->at.epoch != id->epoch ||
	    ret_e->at.seq != seq) {
		ret_e->at.seq = 0; /* it says that it stands elsewhere */
		return ST_EWIRE;
	}
	return rc;
}

int effect_read(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	int rc = member_event(a, log, e);
	return rc < 0 ? rc : city_event(a, log, e);
}

int effect_folded(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	int rc = st_fold_event(a->txn, a->fold, log, e);
	if (rc == 0)
		joined_note(a);
	if (rc == 0)
		rc = vote_event(a, log, e);
	return rc < 0 ? rc : erase_event(a, log, e);
}

/* ---- a station is known from now on ---- */

struct now_known {
	struct st_apply *apply;
	size_t told;
};

/* The newest event of a history that has grown takes effect now, and with it those before it. */
static int take_effect(struct st_apply *a, const struct st_record *r, const struct st_log *log,
		       const struct st_event *newest)
{
	joined_note(a);
	int rc = online_event(a, newest);
	if (rc == 0)
		rc = route_joined(a, log, newest);
	return rc < 0 ? rc : erase_given(a, &r->ref);
}

static int newest_of(struct st_apply *a, const struct st_record *r)
{
	struct st_event e;
	struct st_log log;
	struct st_buf bytes;
	struct st_arena arena; /* apply's own have the event that made the station known */
	st_buf_init(&bytes, ST_EVENT_MAX);
	int rc = st_arena_init(&arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_log_get(a->txn, r->head.log, &log);
	if (rc == 0)
		rc = st_event_get(a->txn, r->head.log, r->head.seq, &bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&bytes), &arena, &e);
	if (rc == 0)
		rc = take_effect(a, r, &log, &e);
	st_arena_done(&arena);
	st_buf_done(&bytes);
	return rc == ST_ENOTFOUND || rc == ST_EWIRE || rc == ST_EUNREAD ? ST_ECORRUPT : rc; /* it was folded */
}

/* What was handed on to it before anybody knew the way goes there now; of what nobody honest does there is a bound. */
static int known_record(const struct st_record *r, bool grew, void *arg)
{
	struct now_known *k = arg;
	int rc = grew ? newest_of(k->apply, r) : 0;
	if (rc < 0 || (!grew && k->told == ST_UNPLACED_MAX))
		return rc;
	k->told += !grew;
	return route_known(k->apply, r);
}

int effect_known(struct st_apply *a, uint32_t station)
{
	struct now_known k = { .apply = a };
	return st_fold_known(a->txn, a->fold, station, known_record, &k);
}

/* ---- an event ---- */

int effect_arrived(struct st_apply *a, const struct st_log *log, const struct st_event *e, int unread)
{
	st_assert(unread <= 0);
	if (unread == 0)
		unread = effect_read(a, log, e);
	if (is_failure(unread))
		return unread;
	int rc = unread < 0 ? st_unread_put(a->txn, log->number, e->at.seq, unread)
			    : effect_folded(a, log, e);
	if (rc == 0 && unread == 0)
		rc = online_event(a, e);
	if (rc == 0)
		rc = route_event(a, log, e);
	if (rc < 0 || unread < 0)
		return rc < 0 ? rc : 1;
	rc = route_late(a, log, e); /* a hand-on may have come before its history */
	if (rc == 0)
		rc = route_joined(a, log, e);
	if (rc == 0)
		rc = heard_arrives(a, log, e);
	return rc < 0 ? rc : erase_say(a);
}
