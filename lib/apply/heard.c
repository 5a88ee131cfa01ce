/* heard.c - what has come for this station is said to be here, and what others have said is kept.
 *
 * Owns:    the rule of who hears what of whom: a directive (st_event_directs) is heard once by its addressee, in
 *          the order of storing, in the transaction that stores it; a heard event is never itself heard.
 * Promise: 2: said once, and only of what is on this disk; 9: one event says of up to ST_HEARD_MAX.
 * Flow:    push, carry -> heard -> own log -> up, and to writers that don't stand above us */
#include "group.h"
#include <string.h>
#include <station/base/check.h>

_Static_assert((int)ST_EVENT_ADDRESSEES_MAX > 1, "an event that gives has its receiver and others");

void event_gives(struct st_apply *a, const struct st_event *e, struct st_code *ret_holder)
{
	struct st_change change;
	memset(ret_holder, 0, sizeof(*ret_holder));
	if (e->type != ST_MOVE && e->type != ST_REASSIGN)
		return;
	if (st_change_decode(e->type, e->body, &a->arena, &change) == 0)
		*ret_holder = change.holder; /* else unread: it is passed on, and says nothing here */
}

static int get_row(struct st_apply *a, const struct st_heard_key *key, struct st_heard_row *row)
{
	int rc = st_heard_get(a->txn, key, row);
	if (rc == ST_ENOTFOUND)
		memset(row, 0, sizeof(*row));
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* ---- what others say ---- */

static int take_one(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		    const struct st_position *of, enum st_stage stage)
{
	struct st_heard_key key = { .epoch = of->epoch, .seq = of->seq, .addressee = log->station };
	struct st_heard_row row;
	int rc = st_station_intern(a->txn, &of->station, &key.writer);
	if (rc == 0)
		rc = get_row(a, &key, &row);
	if (rc < 0 || row.stage >= stage)
		return rc;
	if (row.stage == ST_STAGE_NONE) {
		row.delivered_ms = e->wall_ms;
		if (log->station == a->self.station.number) {
			row.epoch = e->at.epoch;
			row.position = e->at.seq;
		}
	}
	if (stage == ST_STAGE_SEEN)
		row.seen_ms = e->wall_ms;
	row.stage = (uint8_t)stage;
	return st_heard_put(a->txn, &key, &row);
}

static int take(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	st_assert(e->type == ST_HEARD);
	struct st_heard h;
	int rc = st_heard_decode(e->body, &a->arena, &h);
	if (rc < 0)
		return st_unread_put(a->txn, log->number, e->at.seq, rc);
	enum st_stage stage = h.stage >= ST_STAGE_SEEN ? ST_STAGE_SEEN : ST_STAGE_DELIVERED;
	for (size_t i = 0; rc == 0 && i < h.count; i++)
		rc = take_one(a, log, e, &h.positions[i], stage);
	return rc;
}

int heard_leaves(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		 const struct st_code *to, uint64_t position)
{
	st_assert(position > 0);
	struct st_heard_key key = { .writer = log->station, .epoch = log->epoch, .seq = e->at.seq };
	int rc = st_station_number(a->txn, to, &key.addressee);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return st_left_put(a->txn, &key, position);
}

/* ---- what this station says ---- */

static int record_ref(struct st_apply *a, const struct st_event *e, struct st_record_ref *ret_ref)
{
	st_assert(e->has_record);
	ret_ref->ulid = e->record.ulid;
	return st_station_intern(a->txn, &e->record.opener, &ret_ref->opener);
}

int heard_own(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_code holder;
	if (e->type == ST_HEARD)
		return take(a, log, e);
	if (e->addressee_count == 0)
		return 0;
	event_gives(a, e, &holder);
	for (size_t i = 0; i < e->addressee_count; i++) {
		struct st_directive_row row = { .event = { log->station, e->at.epoch, e->at.seq, 0 } };
		if (!st_event_directs(e, &holder, &e->addressees[i]))
			continue;
		int rc = st_station_number(a->txn, &e->addressees[i].station, &row.event.addressee);
		if (rc == 0 && row.event.addressee == a->self.station.number)
			continue; /* it takes the record itself */
		if (rc == 0)
			rc = record_ref(a, e, &row.record);
		if (rc == 0)
			rc = st_directive_put(a->txn, ST_DIRECTIVES_SENT, &row);
		if (rc == 0)
			rc = st_directive_put(a->txn, ST_DIRECTIVES_TO, &row);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	}
	return 0;
}

/* The index rows of a directive for us, of which an own event says that it is here, or seen. */
static int index_one(struct st_apply *a, const struct st_position *at, const struct st_record_ref *record,
		     enum st_stage stage)
{
	struct st_directive_row row = { .event = { 0, at->epoch, at->seq, 0 }, .record = *record };
	struct st_heard_row heard;
	row.event.addressee = a->self.station.number;
	int rc = st_station_number(a->txn, &at->station, &row.event.writer);
	if (rc == 0)
		rc = st_heard_get(a->txn, &row.event, &heard);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	st_assert(heard.stage >= stage);
	row.told_epoch = heard.epoch;
	row.told_seq = heard.position;
	if (stage == ST_STAGE_SEEN)
		return st_directive_del(a->txn, ST_DIRECTIVES_UNSEEN, &row);
	rc = st_directive_put(a->txn, ST_DIRECTIVES_FOR_US, &row);
	return rc < 0 ? rc : st_directive_put(a->txn, ST_DIRECTIVES_UNSEEN, &row);
}

int hearing_say(struct st_apply *a, enum st_stage stage, struct st_span author)
{
	struct hearing *h = &a->hearing;
	struct st_heard body = { .stage = stage, .count = h->count, .positions = h->events };
	struct st_event e;
	if (h->count == 0)
		return 0;
	memset(&e, 0, sizeof(e));
	e.type = ST_HEARD;
	e.author = author;
	st_buf_clear(&a->body);
	int rc = st_heard_encode(&body, &a->body);
	e.body = st_buf_span(&a->body);
	for (size_t i = 0; i < h->code_count; i++)
		e.addressees[e.addressee_count++].station = h->codes[i];
	st_assert(e.addressee_count <= ST_EVENT_ADDRESSEES_MAX);
	if (rc == 0)
		rc = own_add(a, &e, NULL);
	if (rc == 0)
		rc = own_flush(a);
	for (size_t i = 0; rc == 0 && i < h->count; i++)
		rc = h->listed[i] ? index_one(a, &h->events[i], &h->records[i], stage) : 0;
	h->count = h->code_count = 0;
	return rc;
}

int heard_flush(struct st_apply *a)
{
	return hearing_say(a, ST_STAGE_DELIVERED, ST_SPAN_NONE);
}

int hearing_note(struct st_apply *a, const struct st_position *at,
		 const struct st_record_ref *record, uint32_t writer, bool listed)
{
	struct hearing *h = &a->hearing;
	size_t n = 0;
	int above = st_station_below(a->txn, a->self.station.number, writer);
	if (above < 0)
		return above;
	while (above == 0 && n < h->code_count && !st_code_equal(&h->codes[n], &at->station))
		n++;
	if (h->count == ST_HEARD_MAX || n == ST_EVENT_ADDRESSEES_MAX)
		return 0;
	if (above == 0 && n == h->code_count)
		h->codes[h->code_count++] = at->station;
	h->events[h->count] = *at;
	h->listed[h->count] = listed;
	h->records[h->count++] = *record;
	st_assert(h->count <= ST_HEARD_MAX);
	return 1;
}

/* 1: it asks something of us. */
static int is_for_us(struct st_apply *a, const struct st_event *e)
{
	struct st_code holder;
	const struct st_code *self = &a->self.station.certificate.code;
	size_t i = 0;
	while (i < e->addressee_count && !st_code_equal(&e->addressees[i].station, self))
		i++;
	if (i == e->addressee_count)
		return 0;
	event_gives(a, e, &holder);
	return st_event_directs(e, &holder, &e->addressees[i]);
}

int heard_arrives(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	if (e->type == ST_HEARD)
		return take(a, log, e);
	if (!is_for_us(a, e) || may_sign(a) < 0)
		return 0;
	struct st_heard_key key = { log->station, log->epoch, e->at.seq, a->self.station.number };
	struct st_heard_row row;
	struct st_record_ref record;
	struct st_position at = e->at; /* e dies where what has gathered is said first */
	int rc = get_row(a, &key, &row);
	if (rc < 0 || row.stage != ST_STAGE_NONE)
		return rc;
	rc = record_ref(a, e, &record);
	if (rc == 0)
		rc = hearing_note(a, &at, &record, log->station, true);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = heard_flush(a);
	if (rc == 0)
		rc = hearing_note(a, &at, &record, log->station, true);
	st_assert(rc != 0); /* an empty one has room */
	return rc < 0 ? rc : 0;
}

/* ---- told anew ---- */

static int record_of(struct st_apply *a, const struct st_position *at, struct st_record_ref *ret_ref)
{
	struct st_event e;
	struct st_log log;
	uint32_t station = 0;
	st_assert(at->seq > 0);
	int rc = st_station_number(a->txn, &at->station, &station);
	if (rc == 0)
		rc = st_log_find(a->txn, station, at->epoch, &log);
	st_arena_reset(&a->other);
	st_buf_clear(&a->body);
	if (rc == 0)
		rc = st_event_get(a->txn, log.number, at->seq, &a->body);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&a->body), &a->other, &e);
	if (rc < 0)
		return rc;
	/* An erase is heard, too, and stands among no directives. */
	bool directs = e.has_record && e.type != ST_ERASE;
	return directs ? record_ref(a, &e, ret_ref) : ST_ENOTFOUND;
}

int heard_retell(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_heard h;
	struct st_record_ref record;
	bool own = log->station == a->self.station.number;
	if (!own)
		return e->type == ST_HEARD ? take(a, log, e) : 0;
	int rc = heard_own(a, log, e);
	if (rc < 0 || e->type != ST_HEARD)
		return rc;
	rc = st_heard_decode(e->body, &a->arena, &h);
	for (size_t i = 0; rc == 0 && i < h.count; i++) {
		rc = record_of(a, &h.positions[i], &record);
		if (rc == 0)
			rc = index_one(a, &h.positions[i], &record, (enum st_stage)h.stage);
		if (rc == ST_ENOTFOUND || rc == ST_EWIRE || rc == ST_EUNREAD)
			rc = 0; /* what it tells of isn't here as it was: that is shown as missing, and stops nothing */
	}
	return is_failure(rc) ? rc : 0;
}
