/* erase_say.c - what was erased here is confirmed, and goes on to whoever else has the record.
 *
 * Owns:    the confirmation: one heard event to the erase's writer, once.
 * Promise: 6: who has said nothing has not confirmed; 7: what this station had sealed for others
 *          before it knew is erased, too.
 * Flow:    erase -> heard, route, what follows it */
#include "erase.h"
#include <station/base/check.h>

/* 1: it stands in the own log that this one has taken effect, or will by the group's end. */
static int was_said(struct st_apply *a, const struct st_log *log, uint64_t seq)
{
	const struct hearing *h = &a->hearing;
	struct st_heard_key key = { log->station, log->epoch, seq, a->self.station.number };
	struct st_heard_row heard;
	struct st_code code;
	int rc = st_heard_get(a->txn, &key, &heard);
	if (rc == 0 && heard.stage != ST_STAGE_NONE)
		return 1;
	if (rc == 0 || rc == ST_ENOTFOUND)
		rc = st_station_code(a->txn, log->station, &code);
	for (size_t i = 0; rc == 0 && i < h->count; i++)
		if (h->events[i].seq == seq && h->events[i].epoch == log->epoch &&
		    st_code_equal(&h->events[i].station, &code))
			rc = 1;
	return rc;
}

int erase_owed(struct st_apply *a, const struct st_erasure *row)
{
	struct st_log log;
	if (row->state != ST_ERASURE_DONE)
		return 0;
	int rc = st_log_get(a->txn, row->log, &log);
	if (rc == 0 && log.station == a->self.station.number)
		return 0;
	if (rc == 0)
		rc = was_said(a, &log, row->seq);
	return rc < 0 ? rc : rc == 0;
}

/* Confirms it to its writer, and erases what this station had sealed for others before it knew. */
static int tell(struct st_apply *a, const struct st_erasure *row, const struct erase_read *r)
{
	st_assert(row->state == ST_ERASURE_DONE);
	st_assert(r->log.station != a->self.station.number);
	int rc = hearing_note(a, &r->event.at, &row->record, r->log.station, false);
	if (rc == 0) {
		rc = heard_flush(a);
		if (rc == 0)
			rc = hearing_note(a, &r->event.at, &row->record, r->log.station, false);
	}
	if (rc < 0 || r->body.scope > ST_ERASE_PRIVATE)
		return rc < 0 ? rc : 0;
	return erase_follow(a, &row->record, &r->event, &r->body);
}

static int say(struct st_apply *a, const struct st_erasure *row)
{
	struct erase_read r;
	int rc = erase_open(a, row, &r);
	if (rc == 0)
		rc = route_erasure(a, &r.log, &r.event);
	if (rc == 0 && may_sign(a) == 0)
		rc = erase_owed(a, row);
	if (rc == 1)
		rc = tell(a, row, &r);
	erase_close(&r);
	return rc;
}

static int say_all(struct st_apply *a, const struct st_record_ref *ref)
{
	struct erase_rows rows = { .state = 0 };
	int rc = 0;
	do {
		rc = erase_next(a, ref, &rows);
		for (size_t i = 0; rc == 0 && i < rows.count; i++)
			rc = say(a, &rows.rows[i]);
	} while (rc == 0 && rows.count == ERASE_ROWS_MAX);
	return rc;
}

int erase_say(struct st_apply *a)
{
	int rc = 0;
	st_assert(!a->own.folding);
	while (rc == 0 && a->erasing.due_count > 0) {
		const struct st_record_ref ref = a->erasing.due[--a->erasing.due_count];
		rc = say_all(a, &ref);
	}
	return rc;
}
