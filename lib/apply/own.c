/* own.c - this station's own log within one transaction.
 *
 * Owns:    the one place where an event gets its seq and is encoded, once and for ever.
 * Promise: 3, origin-signed: a log never runs longer than one spacing without a checkpoint, and
 *          none is signed by a station that has halted.
 * Flow:    command, import, members -> own log -> store, fold */
#include "group.h"
#include <string.h>
#include <station/base/check.h>

_Static_assert(OWN_BYTES_MAX <= UINT32_MAX, "offsets of parts have 32 bits");
_Static_assert(OWN_BYTES_MAX / 4 + ST_EVENT_MAX + ST_EVENT_PARTS_BYTES_MAX <= OWN_BYTES_MAX,
	       "one event more has room before the next flush");

int own_load(struct st_apply *a)
{
	struct own *o = &a->own;
	struct st_checkpoint_row cp = { .bytes = 0 };
	if (o->loaded)
		return 0;
	int rc = st_log_get(a->txn, a->self.log, &o->log);
	if (rc == 0)
		rc = st_log_id(a->txn, &o->log, &o->id);
	if (rc == 0 && o->log.signed_size > 0)
		rc = st_checkpoint_get(a->txn, o->log.number, o->log.signed_size, &cp);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	o->signed_bytes = cp.bytes;
	o->loaded = true;
	return 0;
}

int own_next_serial(struct st_apply *a, uint16_t year, uint32_t *ret_serial)
{
	st_assert(a->own.loaded);
	struct own *o = &a->own;
	size_t i = 0;
	while (i < o->year_count && o->years[i].year != year)
		i++;
	if (i == o->year_count) {
		struct st_number n = { .opener = a->self.station.number, .year = year,
				       .epoch = (uint16_t)o->id.epoch };
		uint32_t last = 0;
		int rc = i == OWN_YEARS_MAX ? own_flush(a) : 0;
		if (rc == 0)
			rc = st_number_last(a->txn, &n, &last);
		if (rc < 0)
			return rc;
		if (i == OWN_YEARS_MAX) /* what is forgotten is read again from what was flushed */
			i = o->year_count = 0;
		o->years[i].year = year;
		o->years[i].last = last;
		o->year_count++;
	}
	st_assert(o->year_count <= OWN_YEARS_MAX);
	*ret_serial = ++o->years[i].last;
	return 0;
}

static int add_parts(struct own *o, const struct st_event *e, const struct st_span *stored)
{
	ST_REQUIRE(stored != NULL || e->part_count == 0);
	bool granted = e->addressee_count > 0 && st_event_has_part(e, ST_PART_KEY);
	for (size_t n = 0; n < e->part_count; n++) {
		st_assert(stored[n].size == e->parts[n].size);
		if (o->part_count == OWN_PENDING_MAX * 2)
			return ST_ETOOBIG;
		o->part_rows[o->part_count++] = (struct own_part){
			.event = (uint32_t)o->count,
			.n = (uint32_t)n,
			.offset = (uint32_t)o->parts.size,
			.size = (uint32_t)stored[n].size,
			.goes = st_part_goes(e->parts[n].type, granted),
		};
		st_buf_put_span(&o->parts, stored[n]);
	}
	return o->parts.error;
}

/* Each addressee is told of our event to it before, so that it sees when one is withheld. */
static int link_addressees(struct st_apply *a, struct st_event *e)
{
	for (size_t i = 0; i < e->addressee_count; i++) {
		struct st_addressee *to = &e->addressees[i];
		struct st_addressed last;
		int rc = st_addressed_get(a->txn, &to->station, to->subtree, &last);
		if (rc < 0)
			return rc;
		to->prev_epoch = last.epoch;
		to->prev_seq = last.seq;
	}
	return 0;
}

int own_keep_addressees(struct st_apply *a, const struct st_event *e)
{
	struct st_addressed before;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < e->addressee_count; i++) {
		const struct st_addressee *to = &e->addressees[i];
		rc = st_addressed_get(a->txn, &to->station, to->subtree, &before);
		struct st_addressed last = { .epoch = e->at.epoch, .seq = e->at.seq,
					     .count = before.epoch == e->at.epoch ? before.count + 1 : 1 };
		if (rc == 0)
			rc = st_addressed_put(a->txn, &to->station, to->subtree, &last);
		a->applied.wrote_to = true;
	}
	return rc;
}

int own_add(struct st_apply *a, struct st_event *e, const struct st_span *stored)
{
	struct own *o = &a->own;
	ST_REQUIRE(!o->folding); /* it would be appended a second time */
	int rc = own_load(a);
	if (rc == 0 && e->addressee_count > 0)
		rc = own_flush(a); /* what it links to is on record */
	if (rc == 0)
		rc = link_addressees(a, e);
	if (rc < 0)
		return rc;
	if (o->count == OWN_PENDING_MAX || o->part_count + e->part_count > OWN_PENDING_MAX * 2 ||
	    o->bytes.size + o->parts.size > OWN_BYTES_MAX / 4) {
		rc = own_flush(a);
		if (rc < 0)
			return rc;
	}
	e->at = (struct st_position){ .station = o->id.station, .epoch = o->id.epoch,
				      .seq = o->log.tree.size + o->count + 1 };
	e->min_version = 1;
	if (e->wall_ms == 0 && a->world->now_ms > 0) /* a paper's isn't when somebody typed it */
		e->wall_ms = (uint64_t)a->world->now_ms;
	size_t before = o->bytes.size;
	rc = st_event_encode(e, &o->bytes);
	if (rc == 0)
		rc = add_parts(o, e, stored);
	if (rc < 0) {
		st_assert(rc != ST_ETOOBIG || o->bytes.size >= before);
		return rc;
	}
	st_assert(o->count < OWN_PENDING_MAX);
	st_assert(o->bytes.size > before);
	o->offsets[o->count] = before;
	o->count++;
	return 0;
}

static int sign(struct st_apply *a)
{
	struct own *o = &a->own;
	struct st_checkpoint c = { .log = o->id, .size = o->log.tree.size,
				   .root = st_frontier_root(&o->log.tree) };
	struct st_cosignature signature;
	st_assert(a->self.halted[0] == 0);
	st_assert(o->log.tree.size > 0);
	st_cosign(&c, &a->keys->identity, now_s(a), &signature);
	int rc = st_checkpoint_put(a->txn, &o->log, &signature);
	if (rc == 0) {
		o->signed_bytes = o->log.bytes;
		grown(a, o->log.number, o->log.tree.size);
	}
	return rc;
}

static uint64_t going_bytes(const struct own *o, size_t event, size_t *part)
{
	uint64_t bytes = 0;
	for (; *part < o->part_count && o->part_rows[*part].event == event; (*part)++)
		if (o->part_rows[*part].goes)
			bytes += o->part_rows[*part].size;
	return bytes;
}

/* Appends pending events from..to, and their parts. */
static int append_run(struct st_apply *a, size_t from, size_t to, uint64_t part_bytes)
{
	st_assert(from <= to);
	struct own *o = &a->own;
	struct st_append run = { .events = o->events + from, .leaves = o->leaves + from,
				 .count = to - from, .part_bytes = part_bytes };
	return run.count == 0 ? 0 : st_log_append(a->txn, &o->log, &run);
}

/* In runs that end at a checkpoint wherever the spacing asks for one. */
static int append_all(struct st_apply *a)
{
	struct own *o = &a->own;
	size_t from = 0, part = 0;
	uint64_t bytes = 0, part_bytes = 0;
	for (size_t i = 0; i < o->count; i++) {
		uint64_t going = going_bytes(o, i, &part);
		uint64_t events = o->log.tree.size + (i - from) - o->log.signed_size;
		uint64_t since = o->log.bytes + bytes - o->signed_bytes;
		if (events > 0 && (events >= ST_CHECKPOINT_EVENTS_MAX ||
				   since + o->events[i].size + going > ST_CHECKPOINT_BYTES_MAX)) {
			int rc = append_run(a, from, i, part_bytes);
			if (rc == 0)
				rc = sign(a);
			if (rc < 0)
				return rc;
			from = i;
			bytes = part_bytes = 0;
		}
		bytes += o->events[i].size + going;
		part_bytes += going;
	}
	st_assert(part == o->part_count); /* each belongs to an event */
	return append_run(a, from, o->count, part_bytes);
}

static int put_parts(struct st_apply *a, uint64_t first_seq)
{
	struct own *o = &a->own;
	for (size_t i = 0; i < o->part_count; i++) {
		const struct own_part *p = &o->part_rows[i];
		st_assert(p->event < o->count);
		int rc = st_part_put_row(a->txn, o->log.number, first_seq + p->event, p->n,
					 st_span(o->parts.data + p->offset, p->size));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int fold_all(struct st_apply *a)
{
	struct own *o = &a->own;
	for (size_t i = 0; i < o->count; i++) {
		struct st_event e;
		st_arena_reset(&a->arena);
		int rc = st_event_decode(o->events[i], &a->arena, &e);
		if (ST_NEVER(rc < 0)) /* we have just written it */
			return ST_ECORRUPT;
		rc = effect_folded(a, &o->log, &e);
		if (rc == 0)
			rc = online_event(a, &e);
		if (rc == 0)
			rc = own_keep_addressees(a, &e);
		if (rc == 0)
			rc = route_event(a, &o->log, &e);
		if (rc == 0)
			rc = route_joined(a, &o->log, &e);
		if (rc == 0)
			rc = heard_own(a, &o->log, &e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void drop_pending(struct own *o)
{
	o->count = o->part_count = 0;
	st_buf_clear(&o->bytes);
	st_buf_clear(&o->parts);
}

void own_forget(struct st_apply *a)
{
	drop_pending(&a->own);
	a->own.year_count = 0;
}

int own_flush(struct st_apply *a)
{
	struct own *o = &a->own;
	if (o->count == 0)
		return 0;
	st_assert(o->loaded);
	uint64_t first_seq = o->log.tree.size + 1;
	for (size_t i = 0; i < o->count; i++) {
		size_t end = i + 1 < o->count ? o->offsets[i + 1] : o->bytes.size;
		st_assert(end > o->offsets[i]);
		o->events[i] = st_span(o->bytes.data + o->offsets[i], end - o->offsets[i]);
		o->leaves[i] = st_hash_leaf(o->events[i]);
	}
	o->dirty = true;
	int rc = append_all(a);
	if (rc == 0)
		rc = put_parts(a, first_seq);
	o->folding = true;
	if (rc == 0)
		rc = fold_all(a);
	o->folding = false;
	drop_pending(o); /* the serials stay given: one may be for an event that is being made */
	return rc;
}

int own_finish(struct st_apply *a)
{
	struct own *o = &a->own;
	int rc = 0;
	st_assert(o->count == 0);
	if (!o->dirty)
		return 0;
	if (o->log.signed_size < o->log.tree.size)
		rc = sign(a);
	st_assert(rc < 0 || o->log.signed_size == o->log.tree.size);
	return rc < 0 ? rc : st_log_put(a->txn, &o->log);
}
