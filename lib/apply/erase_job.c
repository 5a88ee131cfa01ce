/* erase_job.c - a person has a record's parts erased; and a station, what it had sealed for others
 * meanwhile.
 *
 * Owns:    the erase events of the own log: which parts they name, and whom they are addressed to.
 * Promise: 7: commutes with grants: who had granted what is erased names the grant, too.
 * Flow:    api -> erase job -> own log; erase -> what follows it -> own log */
#include "group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

/* Hashes gathered, and what is gathered at all. */
struct gathering {
	const struct st_record_ref *record;
	enum st_erase_scope scope;
	struct st_position only; /* ST_ERASE_EVENT: its event */
	uint32_t writer;         /* of events; 0: anybody's */
	struct st_buf hashes;
	bool found;
};
enum { HASHES_BYTES_MAX = (ST_REVISIONS_MAX + ST_SET_MAX) * ST_EVENT_PARTS_MAX * ST_HASH_SIZE };

static bool is_wanted(const struct gathering *g, const struct st_log *log, const struct st_event *e)
{
	if (g->writer != 0 && log->station != g->writer)
		return false;
	return g->scope != ST_ERASE_EVENT ||
	       (st_code_equal(&e->at.station, &g->only.station) && e->at.epoch == g->only.epoch &&
		e->at.seq == g->only.seq);
}

static int gather(struct st_apply *a, const struct st_log *log, const struct st_event *e, void *arg)
{
	struct gathering *g = arg;
	st_assert(e->part_count <= ST_EVENT_PARTS_MAX);
	if (!is_wanted(g, log, e))
		return 0;
	g->found = true;
	for (size_t n = 0; n < e->part_count; n++) {
		if (g->scope == ST_ERASE_PRIVATE && e->parts[n].type == ST_PART_TEXT)
			continue;
		int rc = st_erased_has(a->txn, g->record, &e->parts[n].hash, log->station);
		if (rc == 0)
			st_buf_put(&g->hashes, e->parts[n].hash.bytes, ST_HASH_SIZE);
		if (rc < 0 || g->hashes.error < 0)
			return rc < 0 ? rc : g->hashes.error;
	}
	return 0;
}

/* Whoever has what is named, as far as an event has room; each tier passes it on to whom it knows
 * besides. */
static int address_all(struct st_apply *a, const struct st_record *r, struct st_event *e)
{
	struct st_step *steps = NULL;
	size_t count = 0;
	int rc = st_record_chain(a->txn, r, &steps, &count);
	if (rc == 0 && r->revision > 0)
		rc = command_address(a, r->holder, e);
	if (rc == 0)
		rc = command_address(a, r->ref.opener, e);
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (steps[i].holder != 0)
			rc = command_address(a, steps[i].holder, e);
	free(steps);
	return rc;
}

/* e: what is the same in all of them. Writes as many events as the hashes need. */
static int write_all(struct st_apply *a, const struct st_record *r, struct st_event *e,
		     struct st_erase *body, struct st_span hashes)
{
	enum { MOST = ST_ERASE_HASHES_MAX * ST_HASH_SIZE };
	struct st_event one;
	int rc = 0;
	st_assert(hashes.size > 0);
	st_assert(hashes.size % ST_HASH_SIZE == 0);
	st_assert(e->previous.seq > 0); /* it rests on something */
	e->type = ST_ERASE;
	e->has_record = true;
	e->term = r->term;
	e->revision = r->revision;
	rc = st_record_id(a->txn, &r->ref, &e->record);
	if (rc == 0)
		rc = address_all(a, r, e);
	for (size_t at = 0; rc == 0 && at < hashes.size; at += MOST) {
		size_t left = hashes.size - at;
		body->hashes = st_span(hashes.data + at, left < MOST ? left : MOST);
		one = *e;
		st_buf_clear(&a->body);
		rc = st_erase_encode(body, &a->body);
		one.body = st_buf_span(&a->body);
		if (rc == 0)
			rc = own_add(a, &one, NULL);
		if (rc == 0)
			rc = own_flush(a);
		e->at = one.at;
	}
	return rc;
}

int erase_follow(struct st_apply *a, const struct st_record_ref *record, const struct st_event *of,
		 const struct st_erase *body)
{
	struct gathering g = { .record = record,
			       .scope = ST_ERASE_PRIVATE,
			       .writer = a->self.station.number };
	struct st_erase more = { .scope = ST_ERASE_PRIVATE,
				 .at_ms = a->world->now_ms,
				 .reason = body->reason };
	struct st_event e;
	struct st_record r;
	st_assert(of->type == ST_ERASE);
	int rc = st_record_load(a->txn, record, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_buf_init(&g.hashes, HASHES_BYTES_MAX);
	rc = erase_visit(a, record, gather, &g);
	if (rc == 0 && g.hashes.size > 0) {
		memset(&e, 0, sizeof(e));
		e.previous = of->at;
		rc = write_all(a, &r, &e, &more, st_buf_span(&g.hashes));
	}
	st_buf_done(&g.hashes);
	return rc;
}

/* ---- the job ---- */

static int refuse(struct st_job_erase *job, const char *place, int code)
{
	(void)snprintf(job->place, sizeof(job->place), "%s", place);
	return code;
}

static int check(struct st_apply *a, struct st_job_erase *job, struct st_record *r)
{
	uint32_t self = a->self.station.number;
	struct st_record_ref ref;
	int rc = may_sign(a);
	if (rc < 0)
		return rc;
	rc = job->reason.size == 0 ? ST_EFIELD
				   : st_text_check(job->reason, ST_ERASE_REASON_MAX, false);
	if (rc < 0)
		return refuse(job, "reason", rc);
	rc = st_text_check(job->author, ST_AUTHOR_MAX, false);
	if (rc < 0)
		return refuse(job, "author", rc);
	rc = st_record_resolve(a->txn, job->record, &ref);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, r);
	if (rc == 0 && r->revision == 0)
		rc = ST_ENOTFOUND; /* its opening hasn't come yet */
	if (rc == 0)
		rc = st_station_below(a->txn, r->holder, self);
	return rc < 0 ? rc : rc == 1 ? 0 : ST_EHOLDER;
}

static int gather_job(struct st_apply *a, struct st_job_erase *job, const struct st_record *r,
		      struct gathering *g)
{
	int rc = 0;
	g->record = &r->ref;
	g->scope = job->scope;
	if (job->scope == ST_ERASE_EVENT && st_position_parse(job->event, &g->only) < 0)
		return refuse(job, "event", ST_EFIELD);
	rc = erase_visit(a, &r->ref, gather, g);
	if (rc == 0 && !g->found) { /* none of this record's */
		(void)snprintf(job->place, sizeof(job->place), "event: %.*s", (int)job->event.size,
			       (const char *)job->event.data);
		return ST_ENOTFOUND;
	}
	return rc < 0 ? rc : g->hashes.size == 0 ? ST_EERASED : 0;
}

int job_erase(struct st_apply *a, struct st_job_erase *job)
{
	struct st_record r;
	struct gathering g = { .writer = 0 };
	struct st_event e;
	job->place[0] = 0;
	job->parts = 0;
	ST_REQUIRE(job->scope >= ST_ERASE_ALL && job->scope <= ST_ERASE_EVENT);
	int rc = check(a, job, &r);
	if (rc < 0)
		return rc;
	st_buf_init(&g.hashes, HASHES_BYTES_MAX);
	rc = gather_job(a, job, &r, &g);
	memset(&e, 0, sizeof(e));
	e.author = job->author;
	if (rc == 0)
		rc = own_load(a);
	if (rc == 0)
		rc = command_previous(a, &r, &e.previous);
	struct st_erase body = { .scope = job->scope,
				 .at_ms = a->world->now_ms,
				 .reason = job->reason };
	if (rc == 0)
		rc = write_all(a, &r, &e, &body, st_buf_span(&g.hashes));
	job->parts = g.hashes.size / ST_HASH_SIZE;
	st_buf_done(&g.hashes);
	if (rc == 0)
		rc = st_record_number(a->txn, &r, job->number);
	if (rc == 0)
		job->at = e.at;
	return rc;
}
