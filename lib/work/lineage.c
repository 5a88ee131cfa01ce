/* lineage.c - the way back from an erase to the record's opening.
 *
 * Owns:    the judgement of who may have a record's parts dropped.
 * Promise: 7: the holder and those above it may; 8: anybody else's erase harms nobody.
 * Flow:    erase event, its predecessors -> lineage -> erase */
#include <station/work/lineage.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

struct walk {
	struct st_txn *txn;
	struct st_record_id record;
	struct st_buf event;
	struct st_arena arena;
	struct st_link *links; /* newest first */
	size_t count;
	/* of the event read last */
	struct st_event read;
	struct st_log log;
	uint32_t unknown; /* the station that isn't known here */
};

static bool same_record(const struct st_event *e, const struct st_record_id *id)
{
	return e->has_record && st_code_equal(&e->record.opener, &id->opener) &&
	       memcmp(e->record.ulid.bytes, id->ulid.bytes, ST_ULID_SIZE) == 0;
}

static bool same_place(const struct st_position *a, const struct st_position *b)
{
	return st_code_equal(&a->station, &b->station) && a->epoch == b->epoch && a->seq == b->seq;
}

/* What stands there and can't be read, is misplaced or of another record is as if it hadn't come:
 * then it is the same whichever of the two was here first. */
static int read_at(struct walk *w, const struct st_position *at)
{
	uint32_t station = 0;
	st_buf_clear(&w->event);
	st_arena_reset(&w->arena);
	if (at->seq == 0)
		return ST_EHOLDER;
	int rc = st_station_number(w->txn, &at->station, &station);
	if (rc == 0)
		rc = st_log_find(w->txn, station, at->epoch, &w->log);
	if (rc == 0)
		rc = st_event_get(w->txn, w->log.number, at->seq, &w->event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&w->event), &w->arena, &w->read);
	if (rc == ST_EWIRE || rc == ST_EUNREAD)
		return ST_ENOTFOUND;
	bool right = rc == 0 && same_place(&w->read.at, at) && same_record(&w->read, &w->record);
	return rc == 0 && !right ? ST_ENOTFOUND : rc;
}

/* Back along erases that follow one another, to the one that rests on the record's own history. */
static int first_erase(struct walk *w, struct st_position *at, uint32_t *writer, bool *follows)
{
	for (unsigned n = 0; n < ST_ERASE_FOLLOWS_MAX; n++) {
		int rc = read_at(w, at);
		if (rc < 0 || w->read.type != ST_ERASE)
			return rc;
		*follows = true;
		*writer = w->log.station;
		*at = w->read.previous;
	}
	return ST_EHOLDER;
}

static int gather(struct walk *w, struct st_position at)
{
	st_assert(at.seq > 0); /* read_at has refused another */
	for (w->count = 0; w->count < ST_REVISIONS_MAX; w->count++) {
		struct st_change change;
		struct st_link *l = &w->links[w->count];
		int rc = read_at(w, &at);
		if (rc < 0)
			return rc;
		if (w->read.type != ST_MOVE && w->read.type != ST_REASSIGN)
			return ST_ENOTFOUND;
		rc = st_change_decode(w->read.type, w->read.body, &w->arena, &change);
		if (rc == 0)
			rc = st_link_of(w->txn, &w->log, &w->read, &change, l);
		if (rc < 0)
			return rc == ST_EWIRE ? ST_ENOTFOUND : rc;
		at = w->read.previous;
		if (at.seq != 0)
			continue;
		w->count++;
		return 0;
	}
	return ST_EHOLDER; /* longer than any history, or a ring */
}

/* 1: upper is lower or stands above it; 0: it doesn't. ST_ENOTFOUND: where lower stands isn't known
 * here. */
static int above(struct walk *w, uint32_t upper, uint32_t lower)
{
	int rc = upper == lower ? 1 : st_station_stands_below(w->txn, lower, upper);
	if (rc == ST_ENOTFOUND)
		w->unknown = lower;
	return rc;
}

/* 0: the step is right, and the holder is who it leaves the record to. */
static int step(struct walk *w, const struct st_link *l, uint32_t *holder, uint32_t *term)
{
	st_assert(*holder != 0);
	if (l->type == ST_MOVE) {
		if (l->writer != *holder || l->term != *term)
			return ST_EHOLDER;
	} else {
		int rc = l->term > *term && l->holder != 0 && l->writer != *holder
				 ? above(w, l->writer, *holder)
				 : 0;
		if (rc != 1)
			return rc < 0 ? rc : ST_EHOLDER;
	}
	*term = l->term;
	*holder = l->holder != 0 ? l->holder : *holder;
	return 0;
}

static int holder_of(struct walk *w, uint32_t *ret_holder)
{
	st_assert(w->count > 0);
	const struct st_link *opening = &w->links[w->count - 1];
	uint32_t holder = 0, term = opening->term;
	st_assert(opening->previous.seq == 0);
	int rc = st_station_number(w->txn, &w->record.opener, &holder);
	if (rc == 0 && (opening->type != ST_MOVE || opening->writer != holder))
		rc = ST_EHOLDER;
	for (size_t i = w->count; rc == 0 && i-- > 0;)
		rc = step(w, &w->links[i], &holder, &term);
	*ret_holder = holder;
	return rc;
}

int st_erase_counts(struct st_txn *t, const struct st_log *log, const struct st_event *erase,
		    struct st_erase_judged *ret_j)
{
	struct walk w = { .txn = t, .record = erase->record };
	struct st_position at = erase->previous;
	uint32_t writer = log->station, holder = 0;
	bool follows = false;
	ST_REQUIRE(erase->type == ST_ERASE);
	if (!erase->has_record)
		return ST_EHOLDER;
	st_buf_init(&w.event, ST_EVENT_MAX);
	w.links = calloc(ST_REVISIONS_MAX, sizeof(*w.links));
	int rc = st_arena_init(&w.arena, ST_EVENT_ARENA);
	if (rc == 0 && w.links == NULL)
		rc = ST_ENOMEM;
	if (rc == 0)
		rc = first_erase(&w, &at, &writer, &follows);
	if (rc == 0)
		rc = gather(&w, at);
	if (rc == 0)
		rc = holder_of(&w, &holder);
	if (rc == 0) {
		int may = above(&w, writer, holder);
		rc = may == 1 ? 0 : may < 0 ? may : ST_EHOLDER;
	}
	free(w.links);
	st_buf_done(&w.event);
	st_arena_done(&w.arena);
	ret_j->by = follows ? log->station : 0;
	ret_j->unknown = rc == ST_ENOTFOUND ? w.unknown : 0;
	return rc;
}
