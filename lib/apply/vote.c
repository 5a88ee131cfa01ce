/* vote.c - a vote's tokens, and where its own events stand.
 *
 * Owns:    the drawing of tokens, whose hashes alone are written.
 * Promise: who got which token is written nowhere, for nobody here knows it.
 * Flow:    api -> vote -> own log; own log, push -> places of papers -> count */
#include "group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/ballots.h>
#include <station/work/vote.h>

enum { COUNT_TEXT = 16 };

int vote_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_record_ref vote = { .ulid = e->record.ulid };
	if ((e->type != ST_BALLOT && e->type != ST_TOKENS) || !e->has_record)
		return 0;
	int rc = st_station_number(a->txn, &e->record.opener, &vote.opener);
	if (rc == ST_ENOTFOUND || (rc == 0 && vote.opener != log->station))
		return 0; /* a vote's papers are its opener's */
	return rc < 0 ? rc : st_ballot_put(a->txn, &vote, log->number, e->at.seq);
}

int vote_find(struct st_apply *a, struct st_span name, struct st_vote *ret_v,
	      char number[ST_NUMBER_TEXT])
{
	struct st_record_ref ref;
	memset(ret_v, 0, sizeof(*ret_v));
	int rc = may_sign(a);
	if (rc == 0)
		rc = st_record_resolve(a->txn, name, &ref);
	if (rc == 0)
		rc = st_vote_load(a->txn, &ref, ret_v);
	if (rc == 0 && (ret_v->record.holder != a->self.station.number ||
			ref.opener != a->self.station.number))
		rc = ST_EHOLDER;
	if (rc == 0)
		st_number_text(&ret_v->record.number, &ret_v->in.vote.opener, &ret_v->in.vote.ulid,
			       number);
	return rc;
}

static int check_candidates(struct st_apply *a, const struct st_vote *v, struct st_job_tokens *job)
{
	struct nominees n = { .count = v->in.rules.candidates,
			      .follows = st_span_text(v->follows) };
	for (size_t i = 0; i < n.count; i++)
		n.names[i] = st_vote_candidate(v, i);
	return nominees_check(a, &n, &job->rule, job->place);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ST_HASH_SIZE);
}

int vote_add(struct st_apply *a, const struct st_vote *v, enum st_event_type type,
		     struct st_span author)
{
	struct st_event e;
	memset(&e, 0, sizeof(e));
	e.has_record = true;
	e.record = v->in.vote;
	e.term = v->record.term;
	e.revision = v->record.revision;
	e.author = author;
	e.type = type;
	e.body = st_buf_span(&a->body);
	if (type ==
	    ST_BALLOT) /* so that no log says when a paper was typed in, and so whose it may be */
		e.wall_ms = v->opened_ms > 0 ? (uint64_t)v->opened_ms : 1;
	return a->body.error < 0 ? a->body.error : own_add(a, &e, NULL);
}

/* Sorted by hash: their order says nothing of that in which they were drawn. */
static int add_hashes(struct st_apply *a, const struct st_vote *v, const struct st_job_tokens *job)
{
	struct st_hash *hashes = calloc(job->present, sizeof(*hashes));
	int rc = hashes == NULL ? ST_ENOMEM : 0;
	for (size_t i = 0; rc == 0 && i < job->present; i++)
		hashes[i] = st_token_hash(&v->in.vote, &job->tokens[i]);
	if (rc == 0)
		qsort(hashes, job->present, sizeof(*hashes), by_bytes);
	for (size_t from = 0; rc == 0 && from < job->present; from += ST_TOKENS_EVENT_MAX) {
		size_t left = job->present - from,
		       count = left < ST_TOKENS_EVENT_MAX ? left : ST_TOKENS_EVENT_MAX;
		st_buf_clear(&a->body);
		rc = st_tokens_encode(st_span(hashes + from, count * sizeof(*hashes)), &a->body);
		if (rc == 0)
			rc = vote_add(a, v, ST_TOKENS, job->author);
	}
	free(hashes);
	return rc;
}

static int issue(struct st_apply *a, struct st_vote *v, struct st_job_tokens *job)
{
	char present[COUNT_TEXT];
	struct st_command_field field = { st_span_text("present"), ST_SPAN_NONE };
	struct own_move move = { .record = &v->record,
				 .move = "issue",
				 .author = job->author,
				 .fields = &field,
				 .field_count = 1 };
	struct st_vote_count count;
	(void)snprintf(present, sizeof(present), "%u", job->present);
	field.value = st_span_text(present);
	int rc = command_own(a, &move, false, job->place);
	if (rc == 0)
		rc = check_candidates(a, v, job);
	if (rc == 0)
		rc = st_vote_count(&v->in, &count);
	if (rc < 0)
		return rc;
	job->quorum = job->present >= count.quorum;
	a->world->random(a->world->arg, job->tokens, job->present * sizeof(*job->tokens));
	rc = add_hashes(a, v, job);
	if (rc == 0)
		rc = command_own(a, &move, true, job->place);
	return rc < 0 ? rc : own_flush(a);
}

int job_tokens(struct st_apply *a, struct st_job_tokens *job)
{
	ST_REQUIRE(job->tokens != NULL);
	struct st_vote v;
	job->place[0] = 0;
	job->rule = NULL;
	int rc = vote_find(a, job->vote, &v, job->number);
	if (rc == 0 && (job->present == 0 || job->present > v.in.rules.deputies)) {
		(void)snprintf(job->place, sizeof(job->place), "present (1..%u)", v.in.rules.deputies);
		rc = ST_EFIELD;
	}
	st_assert(rc < 0 || job->present <= ST_TOKENS_MAX);
	if (rc == 0)
		rc = issue(a, &v, job);
	st_vote_done(&v);
	return rc;
}
