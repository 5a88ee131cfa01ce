/* erase.c - which erases count, whatever comes first: the erase, or what it names.
 *
 * Owns:    the judgement of each erase (work/lineage.h). It takes effect in the transaction that
 *          stores the last event that it rests on, and what it names is kept in mind.
 * Promise: 7: erased at every tier, while every log still verifies; 8: an erase that doesn't count
 *          harms nobody, and what a writer may leave waiting on one record is bounded; 4: told anew
 *          from the events (retell.c) it comes out the same.
 * Flow:    own log, push, carry -> erase -> parts dropped -> said */
#include "erase.h"
#include <string.h>
#include <station/base/check.h>
#include <station/work/lineage.h>

void erase_begin(struct st_apply *a)
{
	a->erasing.any = ERASURES_UNKNOWN;
	a->erasing.due_count = 0;
}

/* What has no room is found owed again by the record's next event. */
static void is_due(struct st_apply *a, const struct st_record_ref *ref)
{
	for (size_t i = 0; i < a->erasing.due_count; i++)
		if (st_record_same(&a->erasing.due[i], ref))
			return;
	if (a->erasing.due_count < ERASE_DUE_MAX)
		a->erasing.due[a->erasing.due_count++] = *ref;
	st_assert(a->erasing.due_count > 0);
}

int erase_open(struct st_apply *a, const struct st_erasure *row, struct erase_read *r)
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

void erase_close(struct erase_read *r)
{
	st_buf_done(&r->bytes);
	st_arena_done(&r->arena);
}

static int take_row(const struct st_erasure *e, void *arg)
{
	struct erase_rows *r = arg;
	st_assert(r->count < ERASE_ROWS_MAX);
	bool wanted = r->state == 0 ? e->state != ST_ERASURE_REFUSED : e->state == r->state;
	if (wanted)
		r->rows[r->count++] = *e;
	return r->count == ERASE_ROWS_MAX;
}

int erase_next(struct st_apply *a, const struct st_record_ref *ref, struct erase_rows *r)
{
	uint32_t log = r->count == 0 ? 0 : r->rows[r->count - 1].log;
	uint64_t seq = r->count == 0 ? 0 : r->rows[r->count - 1].seq;
	r->count = 0;
	int rc = st_erasure_each(a->txn, ref, log, seq, take_row, r);
	return rc < 0 ? rc : 0;
}

/* ---- judging ---- */

static int name_all(struct st_apply *a, const struct st_erasure *row, const struct st_erase *body,
		    uint32_t by)
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

/* The row of one that waits is written again in its new state. 1: it waits no more; 0: it does. */
static int judge(struct st_apply *a, struct st_erasure *row)
{
	struct erase_read r;
	struct st_erase_judged j = { .by = 0 };
	st_assert(row->state == ST_ERASURE_WAITS);
	int rc = erase_open(a, row, &r);
	int counts = rc < 0 ? rc : st_erase_counts(a->txn, &r.log, &r.event, &j);
	if (counts == 0) {
		row->state = ST_ERASURE_DONE;
		rc = name_all(a, row, &r.body, j.by);
	} else if (counts == ST_EHOLDER) {
		row->state = ST_ERASURE_REFUSED;
		row->why = counts;
	} else if (counts == ST_ENOTFOUND) {
		rc = j.unknown == 0 ? 0 : st_erasure_await(a->txn, j.unknown, &row->record);
	} else {
		rc = counts;
	}
	erase_close(&r);
	if (rc < 0 || row->state == ST_ERASURE_WAITS)
		return rc;
	rc = st_erasure_put(a->txn, row);
	return rc < 0 ? rc : 1;
}

/* What each rests on are events: that another one is judged changes nothing for it. */
static int judge_all(struct st_apply *a, const struct st_record_ref *ref)
{
	struct erase_rows waiting = { .state = ST_ERASURE_WAITS };
	bool done = false;
	int rc = 0;
	do {
		rc = erase_next(a, ref, &waiting);
		for (size_t i = 0; rc >= 0 && i < waiting.count; i++) {
			rc = judge(a, &waiting.rows[i]);
			done |= rc == 1 && waiting.rows[i].state == ST_ERASURE_DONE;
		}
		rc = rc < 0 ? rc : 0;
	} while (rc == 0 && waiting.count == ERASE_ROWS_MAX);
	if (rc < 0 || !done)
		return rc;
	is_due(a, ref);
	return erase_drop_all(a, ref);
}

/* ---- as events come ---- */

struct counting {
	uint32_t log;
	size_t count;
};

static int count_waiting(const struct st_erasure *e, void *arg)
{
	struct counting *c = arg;
	c->count += e->log == c->log && e->state == ST_ERASURE_WAITS;
	return c->count >= ERASE_WAITING_MAX;
}

/* ST_EWIRE: it is no erase of anything, and is unread. */
static int row_of(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		  struct st_erasure *row)
{
	struct st_erase body;
	*row = (struct st_erasure){ .record.ulid = e->record.ulid,
				    .log = log->number,
				    .seq = e->at.seq,
				    .state = ST_ERASURE_WAITS,
				    .wall_ms = e->wall_ms };
	int rc = e->has_record ? st_erase_decode(e->body, &body) : ST_EWIRE;
	return rc < 0 ? rc : st_station_intern(a->txn, &e->record.opener, &row->record.opener);
}

static void refuse(struct st_erasure *row)
{
	row->state = ST_ERASURE_REFUSED;
	row->why = ST_ETOOBIG;
}

static int note_erase(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct counting c = { .log = log->number };
	struct st_erasure row, known;
	int rc = row_of(a, log, e, &row);
	if (is_failure(rc))
		return rc;
	if (rc < 0)
		return st_unread_put(a->txn, log->number, e->at.seq, rc);
	rc = st_erasure_get(a->txn, &row.record, row.log, row.seq, &known);
	if (rc != ST_ENOTFOUND)
		return rc; /* it came outside its log before */
	rc = st_erasure_each(a->txn, &row.record, 0, 0, count_waiting, &c);
	if (rc == 1) { /* one writer's rubbish, which is made to wait for nothing */
		refuse(&row);
		rc = st_crowded_put(a->txn, row.log, row.seq);
	}
	if (rc == 0)
		rc = st_erasure_put(a->txn, &row);
	a->erasing.any = ERASURES_SOME;
	return rc < 0 ? rc : judge_all(a, &row.record);
}

int erase_retell(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_erasure row;
	ST_REQUIRE(a->retelling);
	if (e->type != ST_ERASE)
		return 0;
	int rc = row_of(a, log, e, &row);
	if (is_failure(rc))
		return rc;
	if (rc < 0)
		return st_unread_put(a->txn, log->number, e->at.seq, rc);
	rc = st_crowded_has(a->txn, row.log, row.seq);
	if (rc == 1)
		refuse(&row);
	if (rc >= 0)
		rc = st_erasure_put(a->txn, &row);
	if (rc == 0 && row.state == ST_ERASURE_WAITS)
		rc = judge(a, &row);
	if (rc < 0 || row.state != ST_ERASURE_DONE || !st_txn_writes(a->txn))
		return rc < 0 ? rc : 0;
	return erase_drop_all(a, &row.record); /* an older version kept them */
}

/* What of the record is to be said, now that this event of it is here. */
static int note_due(struct st_apply *a, const struct st_event *e, const struct st_record_ref *ref,
		    const struct erase_rows *some)
{
	struct st_code holder;
	int rc = 0;
	event_gives(a, e, &holder);
	for (size_t i = 0; rc == 0 && i < some->count; i++)
		rc = erase_owed(a, &some->rows[i]);
	if (rc == 1 || !st_code_empty(&holder)) /* whoever gets it, gets what was erased of it */
		is_due(a, ref);
	return rc < 0 ? rc : 0;
}

/* An event of a record, while there are erases that count. */
static int awaited_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct erase_rows some = { .state = 0 };
	struct st_record_ref ref = { .ulid = e->record.ulid };
	int rc = st_station_number(a->txn, &e->record.opener, &ref.opener);
	if (rc == 0)
		rc = erase_next(a, &ref, &some);
	if (rc < 0 || some.count == 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = erase_drop(a, &ref, log, e);
	if (rc == 0 && e->type != ST_NOTE)
		rc = judge_all(a, &ref);
	return rc < 0 ? rc : note_due(a, e, &ref, &some);
}

int erase_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	if (e->type == ST_ERASE)
		return note_erase(a, log, e);
	if (!e->has_record || (e->type != ST_MOVE && e->type != ST_NOTE && e->type != ST_REASSIGN))
		return 0;
	int rc = erase_any(a);
	return rc == 1 ? awaited_event(a, log, e) : rc;
}

/* ---- as stations become known ---- */

int erase_given(struct st_apply *a, const struct st_record_ref *ref)
{
	int rc = erase_any(a);
	if (rc == 1)
		is_due(a, ref);
	return rc < 0 ? rc : 0;
}

struct known_now {
	struct st_txn *txn;
	struct st_awaited rows[ERASE_ROWS_MAX];
	size_t count;
};

static int take_known(const struct st_awaited *w, void *arg)
{
	struct known_now *k = arg;
	struct st_station s;
	int rc = st_station_get(k->txn, w->station, &s);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	k->rows[k->count++] = *w;
	return k->count == ERASE_ROWS_MAX;
}

int erase_settle(struct st_apply *a)
{
	struct known_now k = { .txn = a->txn };
	int rc = a->applied.stations_changed ? erase_any(a) : 0;
	if (rc != 1)
		return rc;
	do {
		k.count = 0;
		rc = st_erasure_awaited(a->txn, take_known, &k);
		rc = rc < 0 ? rc : 0;
		for (size_t i = 0; rc == 0 && i < k.count; i++) {
			rc = st_erasure_arrived(a->txn, &k.rows[i]);
			if (rc == 0)
				rc = judge_all(a, &k.rows[i].record);
			if (rc == 0)
				rc = erase_say(a);
		}
	} while (rc == 0 && k.count == ERASE_ROWS_MAX);
	return rc;
}
