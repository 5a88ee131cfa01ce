/* places.c - where the events of a record's chain stand, and between whom it went.
 *
 * Owns:    the walk from the head back to the opening: the chain has no rows of its own.
 * Flow:    record -> places -> route, addressees, grants */
#include <station/work/record.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/logs.h>

struct walking {
	struct st_txn *txn;
	struct st_arena arena;
	struct st_buf bytes;
	uint32_t log, writer; /* of the step before: most steps are of one log. 0: none yet */
};

/* What e, which stands at a place, follows. */
static int place_of(struct st_txn *t, const struct st_event *e, const struct st_place *at,
		    struct st_place *ret_before)
{
	const struct st_position *p = &e->previous;
	struct st_log log;
	uint32_t station = 0;
	*ret_before = (struct st_place){ .log = at->log, .seq = p->seq };
	if (p->seq == 0 || (p->epoch == e->at.epoch && st_code_equal(&p->station, &e->at.station)))
		return 0;
	int rc = st_station_number(t, &p->station, &station);
	if (rc == 0)
		rc = st_log_find(t, station, p->epoch, &log);
	if (rc == 0)
		ret_before->log = log.number;
	return rc;
}

/* The step at a place, and the place that it follows; seq 0: it opens the record. */
static int read_step(struct walking *w, const struct st_place *at, struct st_step *step,
		     struct st_place *ret_before)
{
	struct st_event e;
	struct st_change change;
	*step = (struct st_step){ .at = *at };
	st_buf_clear(&w->bytes);
	st_arena_reset(&w->arena);
	int rc = st_event_get(w->txn, at->log, at->seq, &w->bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&w->bytes), &w->arena, &e);
	if (rc == 0)
		rc = st_change_decode(e.type, e.body, &w->arena, &change);
	if (rc == 0 && at->log != w->log)
		rc = st_station_number(w->txn, &e.at.station, &w->writer);
	w->log = rc == 0 ? at->log : 0;
	step->writer = w->writer;
	if (rc == 0 && !st_code_empty(&change.holder))
		rc = st_station_number(w->txn, &change.holder, &step->holder);
	return rc < 0 ? rc : place_of(w->txn, &e, at, ret_before);
}

int st_record_chain(struct st_txn *t, const struct st_record *r, struct st_step **ret_steps,
		    size_t *ret_count)
{
	ST_REQUIRE(ret_steps != NULL);
	struct walking w = { .txn = t };
	struct st_place at = r->head;
	size_t count = 0;
	struct st_step *steps = calloc((size_t)r->revision + 1, sizeof(*steps));
	int rc = steps == NULL ? ST_ENOMEM : st_arena_init(&w.arena, ST_EVENT_ARENA);
	st_buf_init(&w.bytes, ST_EVENT_MAX);
	st_assert(r->revision <= ST_REVISIONS_MAX);
	while (rc == 0 && at.seq != 0 && count < r->revision) {
		struct st_place now = at;
		rc = read_step(&w, &now, &steps[count++], &at);
	}
	st_arena_done(&w.arena);
	st_buf_done(&w.bytes);
	if (rc < 0) {
		free(steps);
		return rc == ST_ENOMEM || rc == ST_EIO ? rc : ST_ECORRUPT;
	}
	st_assert(count <= r->revision);
	*ret_steps = steps;
	*ret_count = count;
	return 0;
}
