/* erasures.c - erase events and how far they have come, station by station.
 *
 * Owns:    who is expected to confirm: whoever has been given the record's events, as far as is
 *          known here.
 * Promise: 6: a station that has said nothing shows as not confirmed, never as done.
 * Flow:    erased, heard, record -> erasures -> api */
#include <station/ask/erasures.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "life.h"
#include "report.h"

/* ---- who has to confirm ---- */

struct expecting {
	struct st_txn *txn;
	bool *marked; /* [station number] */
	size_t count;
};

static void mark_path(struct expecting *x, uint32_t number)
{
	for (unsigned depth = 0; depth < ST_DEPTH_MAX && number != 0 && number < x->count;
	     depth++) {
		struct st_station s;
		x->marked[number] = true;
		if (st_station_get(x->txn, number, &s) < 0)
			return; /* who is above it isn't known here */
		number = s.parent;
	}
}

static int largest(const struct st_station *s, void *arg)
{
	size_t *count = arg;
	if (s->number >= *count)
		*count = (size_t)s->number + 1;
	return 0;
}

static int mark_stray(const struct st_stray *s, void *arg)
{
	struct expecting *x = arg;
	struct st_log log;
	int rc = st_log_get(x->txn, s->log, &log);
	if (rc == 0)
		mark_path(x, log.station);
	return rc;
}

static int mark_record(struct expecting *x, const struct st_record_ref *ref)
{
	struct st_record r;
	struct st_step *steps = NULL;
	size_t count = 0;
	mark_path(x, ref->opener);
	int rc = st_record_load(x->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = st_record_chain(x->txn, &r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		mark_path(x, steps[i].writer);
		mark_path(x, steps[i].holder);
	}
	free(steps);
	return rc < 0 ? rc : st_stray_each(x->txn, ref, mark_stray, x);
}

static int tell_one(struct life *l, const struct st_erasure *e, const struct st_log *log,
		    uint32_t number, struct st_erasure_station *s)
{
	const struct st_place at = { e->log, e->seq };
	const struct st_heard_key key = { log->station, log->epoch, e->seq, number };
	st_assert(number != log->station);
	memset(&s->reach, 0, sizeof(s->reach));
	int rc = st_station_get(l->txn, number, &s->station);
	if (rc == 0)
		rc = st_station_code(l->txn, number, &s->reach.to);
	return rc < 0 ? rc : reach_of(l, &at, &key, &s->reach);
}

static int tell_marked(struct expecting *x, const struct st_erasure *e, st_erasure_station_fn *fn,
		       void *arg)
{
	struct st_erasure_station s;
	struct st_log log;
	struct life l;
	int rc = life_open(&l, x->txn, NULL);
	if (rc == 0)
		rc = st_station_self(x->txn, &l.self);
	if (rc == 0)
		rc = st_log_get(x->txn, e->log, &log);
	for (uint32_t n = 1; rc == 0 && n < x->count; n++) {
		if (!x->marked[n] || n == log.station)
			continue;
		rc = tell_one(&l, e, &log, n, &s);
		rc = rc == ST_ENOTFOUND ? 0 : rc < 0 ? rc : fn(&s, arg);
	}
	life_close(&l);
	return rc;
}

int st_erasure_stations(struct st_txn *t, const struct st_erasure *e, st_erasure_station_fn *fn,
			void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct expecting x = { .txn = t, .count = 1 };
	int rc = st_station_each(t, largest, &x.count);
	if (rc == 0 && x.count > STATION_NUMBER_MAX)
		rc = ST_ECORRUPT;
	if (rc < 0)
		return rc;
	x.marked = calloc(x.count, sizeof(*x.marked));
	if (x.marked == NULL)
		return ST_ENOMEM;
	rc = mark_record(&x, &e->record);
	if (rc == 0)
		rc = tell_marked(&x, e, fn, arg);
	free(x.marked);
	return rc;
}

/* ---- what each says ---- */

const char *st_erasure_state_text(enum st_erasure_state state)
{
	switch (state) {
#define X(name, text, zh, en) \
	case name: return text;
		ST_ERASURE_STATES(X)
#undef X
	}
	return "";
}

const char *st_erase_scope_text(uint32_t scope)
{
	switch (scope) {
#define X(name, text, zh, en) \
	case name: return text;
		ST_ERASE_SCOPES(X)
#undef X
	default: return "event"; /* a later version's: what it names, and no more */
	}
}

struct showing {
	struct st_txn *txn;
	struct life life;
	st_erasure_shown_fn *fn;
	void *arg;
	struct st_erasure last;
	size_t count, limit;
	bool more;
};

static int count_one(const struct st_erasure_station *s, void *arg)
{
	struct st_erasure_shown *e = arg;
	st_assert(e->confirmed <= e->expected);
	e->expected++;
	e->confirmed += s->reach.stage >= ST_STAGE_DELIVERED;
	return 0;
}

static int name_record(struct st_txn *t, struct st_erasure_shown *to)
{
	struct st_record r;
	struct st_record_id id;
	int rc = st_record_load(t, &to->row.record, &r);
	if (rc == 0)
		rc = st_record_id(t, &r.ref, &id);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	to->kind = r.kind;
	if (r.revision > 0)
		st_number_text(&r.number, &id.opener, &id.ulid, to->number);
	return 0;
}

static int show(const struct st_erasure *row, void *arg)
{
	struct showing *x = arg;
	const struct st_place place = { row->log, row->seq };
	struct st_erasure_shown e;
	struct st_event event;
	struct st_erase body;
	st_assert(x->count <= x->limit);
	if (x->count == x->limit) {
		x->more = true;
		return 1;
	}
	memset(&e, 0, sizeof(e));
	e.row = *row;
	e.held_by = "";
	st_buf_clear(&x->life.event);
	st_arena_reset(&x->life.arena);
	int rc = st_event_get(x->txn, row->log, row->seq, &x->life.event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&x->life.event), &x->life.arena, &event);
	if (rc == 0)
		rc = st_erase_decode(event.body, &body);
	if (rc == 0)
		rc = name_record(x->txn, &e);
	if (rc == 0)
		rc = st_erasure_stations(x->txn, row, count_one, &e);
	if (rc == 0)
		rc = life_held(&x->life, &place, &e.held_by);
	if (rc < 0)
		return rc == ST_EWIRE || rc == ST_EUNREAD || rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	e.at = event.at;
	e.author = event.author;
	e.scope = body.scope;
	e.at_ms = body.at_ms;
	e.reason = body.reason;
	e.parts = body.hashes.size / ST_HASH_SIZE;
	x->last = *row;
	x->count++;
	return x->fn(&e, x->arg);
}

/* A place in the list: when it was written, and where it stands. */
enum { PLACE = 20 };

static int read_place(struct st_span from, struct st_erasure *ret_at)
{
	uint8_t place[PLACE];
	size_t size = 0;
	if (st_hex_get(from, place, sizeof(place), &size) < 0 || size != PLACE)
		return ST_EFIELD;
	memset(ret_at, 0, sizeof(*ret_at));
	ret_at->wall_ms = st_get_u64(place);
	ret_at->log = st_get_u32(place + 8);
	ret_at->seq = st_get_u64(place + 12);
	return 0;
}

static void put_place(const struct st_erasure *at, struct st_buf *to)
{
	uint8_t place[PLACE];
	st_put_u64(place, at->wall_ms);
	st_put_u32(place + 8, at->log);
	st_put_u64(place + 12, at->seq);
	st_hex_put(to, ST_SPAN(place));
}

int st_erasures_each(struct st_txn *t, const struct st_erasures_query *q, st_erasure_shown_fn *fn,
		     void *arg, struct st_buf *ret_next)
{
	struct showing x = { .txn = t, .fn = fn, .arg = arg, .limit = q->limit };
	struct st_erasure behind;
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(q->limit > 0 && q->limit <= ST_LIST_MAX);
	int rc = q->from.size == 0 ? 0 : read_place(q->from, &behind);
	if (rc < 0)
		return rc;
	rc = life_open(&x.life, t, NULL);
	if (rc == 0)
		rc = st_erasure_newest(t, q->from.size == 0 ? NULL : &behind, show, &x);
	life_close(&x.life);
	if (rc >= 0 && x.more)
		put_place(&x.last, ret_next);
	st_assert(x.count <= q->limit);
	return rc < 0 ? rc : ret_next->error;
}

int st_erasures_of(struct st_txn *t, const struct st_record_ref *record, st_erasure_shown_fn *fn,
		   void *arg)
{
	struct showing x = { .txn = t, .fn = fn, .arg = arg, .limit = ST_LIST_MAX };
	ST_REQUIRE(fn != NULL);
	int rc = life_open(&x.life, t, NULL);
	if (rc == 0)
		rc = st_erasure_each(t, record, 0, 0, show, &x);
	life_close(&x.life);
	return rc < 0 ? rc : 0;
}

int st_erasure_record(struct st_txn *t, const struct st_position *at, struct st_record_ref *ret_ref)
{
	struct life l;
	struct st_log log;
	struct st_event e;
	uint32_t station = 0;
	st_assert(at->seq > 0);
	int rc = life_open(&l, t, NULL);
	if (rc == 0)
		rc = st_station_number(t, &at->station, &station);
	if (rc == 0)
		rc = st_log_find(t, station, at->epoch, &log);
	if (rc == 0)
		rc = st_event_get(t, log.number, at->seq, &l.event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&l.event), &l.arena, &e);
	if (rc == 0 && (e.type != ST_ERASE || !e.has_record))
		rc = ST_ENOTFOUND;
	if (rc == 0) {
		ret_ref->ulid = e.record.ulid;
		rc = st_station_number(t, &e.record.opener, &ret_ref->opener);
	}
	life_close(&l);
	return rc == ST_EWIRE || rc == ST_EUNREAD ? ST_ENOTFOUND : rc;
}
