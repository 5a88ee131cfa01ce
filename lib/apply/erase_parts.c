/* erase_parts.c - the bytes that were erased are gone, and come back from nowhere.
 *
 * Owns:    which parts are kept, and the walk over all events of a record that may have some.
 * Promise: 7: erased at every tier, while every log still verifies.
 * Flow:    push, carry -> part kept or not; erase -> parts dropped */
#include "erase.h"
#include <stdlib.h>
#include <station/base/check.h>

int erase_any(struct st_apply *a)
{
	if (a->erasing.any == ERASURES_UNKNOWN) {
		int rc = st_erasure_any(a->txn);
		if (rc < 0)
			return rc;
		a->erasing.any = rc == 1 ? ERASURES_SOME : ERASURES_NONE;
	}
	return a->erasing.any == ERASURES_SOME;
}

int erase_keep_part(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		    unsigned n, struct st_span stored)
{
	struct st_record_ref ref = { .ulid = e->record.ulid };
	int rc = e->has_record ? erase_any(a) : 0;
	st_assert(n < e->part_count);
	if (rc == 1) {
		rc = st_station_number(a->txn, &e->record.opener, &ref.opener);
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

/* ---- dropping ---- */

int erase_drop(struct st_apply *a, const struct st_record_ref *ref, const struct st_log *log,
	       const struct st_event *e)
{
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

static int drop_visited(struct st_apply *a, const struct st_log *log, const struct st_event *e,
			void *arg)
{
	return erase_drop(a, arg, log, e);
}

int erase_drop_all(struct st_apply *a, const struct st_record_ref *ref)
{
	st_assert(st_txn_writes(a->txn));
	return erase_visit(a, ref, drop_visited, (void *)(uintptr_t)ref);
}
