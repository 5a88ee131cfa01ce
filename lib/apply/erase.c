/* erase.c - what is erased is gone from this store, whatever comes first: the erase, or what it names.
 *
 * Owns:    the dropping of parts. An erase takes effect once it counts (work/lineage.h) in the transaction that stores the
 *          last event that it rests on; what it names is kept in mind, and never stored again.
 * Promise: 7: erased at every tier, while every log still verifies; 8: an erase that doesn't count harms nobody, and what
 *          a writer may leave waiting on one record is bounded.
 * Flow:    own log, push, carry -> erase -> parts dropped -> heard, route */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/lineage.h>

/* Of one record, at once; of them from one log that wait for what hasn't come. */
enum { ROWS_MAX = 64, WAITING_MAX = 16 };
_Static_assert((int)ROWS_MAX > (int)WAITING_MAX, "one writer's fit into one look");

static int any(struct st_apply *a)
{
	if (a->erasing.any == ERASURES_UNKNOWN) {
		int rc = st_erasure_any(a->txn);
		if (rc < 0)
			return rc;
		a->erasing.any = rc == 1 ? ERASURES_SOME : ERASURES_NONE;
	}
	return a->erasing.any == ERASURES_SOME;
}

void erase_begin(struct st_apply *a, bool quiet)
{
	a->erasing.any = ERASURES_UNKNOWN;
	a->erasing.due = false;
	a->erasing.quiet = quiet;
}

static int record_of(struct st_apply *a, const struct st_event *e, struct st_record_ref *ret_ref)
{
	st_assert(e->has_record);
	ret_ref->ulid = e->record.ulid;
	return st_station_number(a->txn, &e->record.opener, &ret_ref->opener);
}

int erase_keep_part(struct st_apply *a, const struct st_log *log, const struct st_event *e, unsigned n,
		    struct st_span stored)
{
	struct st_record_ref ref;
	int rc = e->has_record ? any(a) : 0;
	st_assert(n < e->part_count);
	if (rc == 1) {
		rc = record_of(a, e, &ref);
		if (rc == 0)
			rc = st_erased_has(a->txn, &ref, &e->parts[n].hash, log->station);
	}
	if (rc == 1)
		return 0;
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	rc = st_part_put_row(a->txn, log->number, e->at.seq, n, stored);
	return rc < 0 ? rc : 1;
}

/* ---- a record's events, one after another ---- */

struct visiting {
	struct st_apply *apply;
	struct st_buf event;
	struct st_arena arena;
	erase_visit_fn *fn;
	void *arg;
};

static int visit(struct visiting *v, uint32_t number, uint64_t seq)
{
	struct st_event e;
	struct st_log log;
	st_assert(number > 0);
	st_assert(seq > 0);
	st_buf_clear(&v->event);
	st_arena_reset(&v->arena);
	int rc = st_log_get(v->apply->txn, number, &log);
	if (rc == 0)
		rc = st_event_get(v->apply->txn, number, seq, &v->event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&v->event), &v->arena, &e);
	if (rc < 0) /* it was folded: so it was here, and could be read */
		return rc == ST_ENOTFOUND || rc == ST_EWIRE || rc == ST_EUNREAD ? ST_ECORRUPT : rc;
	return v->fn(v->apply, &log, &e, v->arg);
}

static int visit_stray(const struct st_stray *s, void *arg)
{
	return visit(arg, s->log, s->seq);
}

int erase_visit(struct st_apply *a, const struct st_record_ref *ref, erase_visit_fn *fn, void *arg)
{
	struct visiting v = { .apply = a, .fn = fn, .arg = arg };
	struct st_record r;
	struct st_step *steps = NULL;
	size_t count = 0;
	ST_REQUIRE(fn != NULL);
	int rc = st_record_load(a->txn, ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_buf_init(&v.event, ST_EVENT_MAX);
	rc = st_arena_init(&v.arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_record_chain(a->txn, &r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = visit(&v, steps[i].at.log, steps[i].at.seq);
	if (rc == 0)
		rc = st_stray_each(a->txn, ref, visit_stray, &v);
	free(steps);
	st_buf_done(&v.event);
	st_arena_done(&v.arena);
	return rc;
}

/* ---- taking effect ---- */

static int drop_parts(struct st_apply *a, const struct st_log *log, const struct st_event *e, void *arg)
{
	const struct st_record_ref *ref = arg;
	st_assert(e->part_count <= ST_EVENT_PARTS_MAX);
	for (unsigned n = 0; n < e->part_count; n++) {
		int rc = st_erased_has(a->txn, ref, &e->parts[n].hash, log->station);
		if (rc == 1)
			rc = st_part_erase_row(a->txn, log->number, e->at.seq, n);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
	}
	return 0;
}

struct erase_read {
	struct st_buf bytes;
	struct st_arena arena;
	struct st_event event;
	struct st_erase body;
	struct st_log log;
};

static int read_open(struct st_apply *a, const struct st_erasure *row, struct erase_read *r)
{
	memset(&r->arena, 0, sizeof(r->arena));
	st_buf_init(&r->bytes, ST_EVENT_MAX);
	int rc = st_arena_init(&r->arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_log_get(a->txn, row->log, &r->log);
	if (rc == 0)
		rc = st_event_get(a->txn, row->log, row->seq, &r->bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&r->bytes), &r->arena, &r->event);
	if (rc == 0)
		rc = st_erase_decode(r->event.body, &r->body);
	return rc == ST_ENOTFOUND || rc == ST_EWIRE || rc == ST_EUNREAD ? ST_ECORRUPT : rc;
}

static void read_close(struct erase_read *r)
{
	st_buf_done(&r->bytes);
	st_arena_done(&r->arena);
}

static int name_all(struct st_apply *a, const struct st_erasure *row, const struct st_erase *body, uint32_t by)
{
	struct st_hash hash;
	int rc = 0;
	st_assert(body->hashes.size % ST_HASH_SIZE == 0);
	for (size_t at = 0; rc == 0 && at < body->hashes.size; at += ST_HASH_SIZE) {
		memcpy(hash.bytes, body->hashes.data + at, ST_HASH_SIZE);
		rc = st_erased_put(a->txn, row, &hash, by);
	}
	return rc;
}

/* 1: its state is another now; 0: it still waits. */
static int judge(struct st_apply *a, struct st_erasure *row)
{
	struct erase_read r;
	uint32_t by = 0;
	st_assert(row->state == ST_ERASURE_WAITS);
	int rc = read_open(a, row, &r);
	int counts = rc < 0 ? rc : st_erase_counts(a->txn, &r.log, &r.event, &by);
	if (rc == 0 && counts == 0) {
		bool own = r.log.station == a->self.station.number;
		row->state = own ? ST_ERASURE_TOLD : ST_ERASURE_DONE;
		rc = name_all(a, row, &r.body, by);
	} else if (counts == ST_EHOLDER) {
		row->state = ST_ERASURE_REFUSED;
		row->why = counts;
	} else if (counts < 0 && counts != ST_ENOTFOUND) {
		rc = counts;
	}
	read_close(&r);
	if (rc < 0 || row->state == ST_ERASURE_WAITS)
		return rc;
	rc = st_erasure_put(a->txn, row);
	return rc < 0 ? rc : 1;
}

struct rows {
	struct st_erasure rows[ROWS_MAX];
	size_t count;
	enum st_erasure_state state; /* those that are asked for; 0: all but those refused */
};

static int take_row(const struct st_erasure *e, void *arg)
{
	struct rows *r = arg;
	st_assert(r->count < ROWS_MAX);
	bool wanted = r->state == 0 ? e->state != ST_ERASURE_REFUSED : e->state == r->state;
	if (wanted)
		r->rows[r->count++] = *e;
	return r->count == ROWS_MAX;
}

/* The rows of a record in one state, some at a time, behind the last of those before. */
static int next_rows(struct st_apply *a, const struct st_record_ref *ref, struct rows *r)
{
	uint32_t log = r->count == 0 ? 0 : r->rows[r->count - 1].log;
	uint64_t seq = r->count == 0 ? 0 : r->rows[r->count - 1].seq;
	r->count = 0;
	int rc = st_erasure_each(a->txn, ref, log, seq, take_row, r);
	return rc < 0 ? rc : 0;
}

/* Until nothing changes any more: one may follow another. */
static int judge_all(struct st_apply *a, const struct st_record_ref *ref)
{
	bool changed = true, done = false;
	int rc = 0;
	while (rc == 0 && changed) {
		struct rows waiting = { .state = ST_ERASURE_WAITS };
		changed = false;
		do {
			rc = next_rows(a, ref, &waiting);
			for (size_t i = 0; rc >= 0 && i < waiting.count; i++) {
				rc = judge(a, &waiting.rows[i]);
				changed |= rc == 1;
				done |= rc == 1 && waiting.rows[i].state != ST_ERASURE_REFUSED;
			}
			rc = rc < 0 ? rc : 0;
		} while (rc == 0 && waiting.count == ROWS_MAX);
	}
	if (rc < 0 || !done)
		return rc;
	a->erasing.due = true;
	a->erasing.record = *ref;
	return erase_visit(a, ref, drop_parts, (void *)(uintptr_t)ref);
}

struct counting {
	uint32_t log;
	size_t count;
};

static int count_waiting(const struct st_erasure *e, void *arg)
{
	struct counting *c = arg;
	c->count += e->log == c->log && e->state == ST_ERASURE_WAITS;
	return c->count >= WAITING_MAX;
}

static int note_erase(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_erasure row = { .log = log->number, .seq = e->at.seq, .state = ST_ERASURE_WAITS,
				  .wall_ms = e->wall_ms };
	struct counting c = { .log = log->number };
	struct st_erase body;
	int rc = e->has_record ? st_erase_decode(e->body, &body) : ST_EWIRE;
	if (rc < 0)
		return st_unread_put(a->txn, log->number, e->at.seq, rc);
	row.record.ulid = e->record.ulid;
	rc = st_station_intern(a->txn, &e->record.opener, &row.record.opener);
	if (rc == 0)
		rc = st_erasure_each(a->txn, &row.record, 0, 0, count_waiting, &c);
	if (rc < 0)
		return rc;
	if (rc == 1) { /* one writer's rubbish, which is made to wait for nothing */
		row.state = ST_ERASURE_REFUSED;
		row.why = ST_ETOOBIG;
	}
	rc = st_erasure_put(a->txn, &row);
	a->erasing.any = ERASURES_SOME;
	return rc < 0 ? rc : judge_all(a, &row.record);
}

int erase_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct rows some = { .state = 0 };
	struct st_record_ref ref;
	struct st_code holder;
	if (e->type == ST_ERASE)
		return note_erase(a, log, e);
	if (!e->has_record || (e->type != ST_MOVE && e->type != ST_NOTE && e->type != ST_REASSIGN))
		return 0;
	int rc = any(a);
	if (rc == 1)
		rc = record_of(a, e, &ref);
	else
		return rc;
	if (rc == 0)
		rc = next_rows(a, &ref, &some);
	if (rc < 0 || some.count == 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = drop_parts(a, log, e, &ref);
	if (rc == 0 && e->type != ST_NOTE)
		rc = judge_all(a, &ref);
	event_gives(a, e, &holder);
	if (!st_code_empty(&holder) || some.rows[0].state == ST_ERASURE_DONE) {
		a->erasing.due = true; /* whoever gets it, gets what was erased of it, too */
		a->erasing.record = ref;
	}
	return rc;
}

/* ---- and being said ---- */

/* Confirms it to its writer, and erases what this station had sealed for others before it knew. */
static int tell(struct st_apply *a, struct st_erasure *row, const struct erase_read *r)
{
	struct st_heard_key key = { r->log.station, r->log.epoch, row->seq, a->self.station.number };
	struct st_heard_row heard;
	st_assert(row->state == ST_ERASURE_DONE);
	st_assert(r->log.station != a->self.station.number);
	int rc = st_heard_get(a->txn, &key, &heard);
	bool said = rc == 0 && heard.stage != ST_STAGE_NONE; /* before all was folded anew */
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	row->state = ST_ERASURE_TOLD;
	rc = st_erasure_put(a->txn, row);
	if (rc == 0 && !said)
		rc = hearing_note(a, &r->event.at, &row->record, r->log.station, false);
	if (rc == 0 && !said) {
		rc = heard_flush(a);
		if (rc == 0)
			rc = hearing_note(a, &r->event.at, &row->record, r->log.station, false);
	}
	if (rc < 0 || said || r->body.scope > ST_ERASE_PRIVATE)
		return rc < 0 ? rc : 0;
	return erase_follow(a, &row->record, &r->event, &r->body);
}

static int say(struct st_apply *a, struct st_erasure *row)
{
	struct erase_read r;
	int rc = read_open(a, row, &r);
	if (rc == 0)
		rc = route_erasure(a, &r.log, &r.event);
	if (rc == 0 && row->state == ST_ERASURE_DONE && may_sign(a) == 0)
		rc = tell(a, row, &r);
	read_close(&r);
	return rc;
}

int erase_say(struct st_apply *a)
{
	struct st_record_ref ref = a->erasing.record;
	struct rows rows = { .state = 0 };
	int rc = 0;
	if (!a->erasing.due || a->erasing.quiet)
		return 0;
	a->erasing.due = false;
	do {
		rc = next_rows(a, &ref, &rows);
		for (size_t i = 0; rc == 0 && i < rows.count; i++)
			rc = say(a, &rows.rows[i]);
	} while (rc == 0 && rows.count == ROWS_MAX);
	return rc;
}
