/* declare.c - the result of a vote, written on the vote and on its projects.
 *
 * Owns:    the step from a count to moves: chosen, not chosen, or, tied at the last seat, left as
 * they are. Promise: 8: all of it is checked before any of it is written, and all of it is one
 * transaction. Flow:    api -> count -> own log */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/vote.h>

enum { NUMBER_TEXT = 16, FIELDS_MAX = 3 + ST_VOTE_CANDIDATES_MAX };
_Static_assert((int)FIELDS_MAX <= (int)ST_COMMAND_FIELDS_MAX - 5, "a command takes all of them");

struct declaring {
	struct st_apply *apply;
	struct st_job_declare *job;
	struct st_vote vote;
	bool write;
};

/* Why there is nothing to declare, in the words of JSON and with the numbers. */
static int check_end(struct declaring *d)
{
	static const char *const ends[] = {
#define X(name, number, text, zh, en) [name] = text,
		ST_VOTE_ENDS(X)
#undef X
	};
	const struct st_vote_count *c = &d->job->count;
	char *place = d->job->place;
	if (c->end == ST_VOTE_STANDS)
		return 0;
	if (c->end == ST_VOTE_NOT_CLOSED || c->end == ST_VOTE_ANNULLED)
		return ST_EMOVE;
	if (c->end == ST_VOTE_QUORUM)
		(void)snprintf(place, ST_PLACE_MAX, "%s: %u < %u", ends[c->end],
			       d->vote.in.rules.present, c->quorum);
	else if (c->end == ST_VOTE_RETURNED)
		(void)snprintf(place, ST_PLACE_MAX, "%s: %zu > %zu", ends[c->end], c->returned,
			       c->issued);
	else
		(void)snprintf(place, ST_PLACE_MAX, "%s: %zu, %u", ends[c->end], c->issued,
			       d->vote.in.rules.present);
	return ST_EVOTE;
}

static size_t place_on_list(const struct st_vote_count *c, size_t candidate)
{
	size_t place = 0;
	while (c->order[place] != candidate)
		place++;
	st_assert(place < ST_VOTE_CANDIDATES_MAX);
	return place + 1;
}

/* One candidate's project. What is decided of it already is not decided again. */
static int declare_one(struct declaring *d, size_t i)
{
	const struct st_vote_count *c = &d->job->count;
	struct st_span name = st_vote_candidate(&d->vote, i);
	struct st_record_ref ref;
	struct st_record r;
	char texts[3][NUMBER_TEXT];
	struct st_command_field fields[3] = {
		{ st_span_text("votes"), ST_SPAN_NONE },
		{ st_span_text("deputies_present"), ST_SPAN_NONE },
		{ st_span_text("priority"), ST_SPAN_NONE },
	};
	bool elected = c->standing[i] == ST_VOTE_CHOSEN;
	if (c->standing[i] == ST_VOTE_TIED)
		return 0;
	int rc = st_record_resolve(d->apply->txn, name, &ref);
	if (rc == 0)
		rc = st_record_load(d->apply->txn, &ref, &r);
	const struct st_kind *k = rc < 0 ? NULL : st_kind(r.kind);
	struct own_move move = { .record = &r,
				 .move = elected ? "choose" : "pass",
				 .author = d->job->author,
				 .fields = fields };
	move.field_count = elected && d->vote.in.rules.priority ? 3 : 2;
	const struct st_move_row *row = k == NULL ? NULL : st_kind_move_named(k, move.move);
	if (rc == 0 && !elected && row != NULL && !st_move_from(k, row, r.state))
		return 0; /* it isn't a candidate any more, and it wasn't chosen */
	(void)snprintf(texts[0], NUMBER_TEXT, "%u", c->votes[i]);
	(void)snprintf(texts[1], NUMBER_TEXT, "%u", d->vote.in.rules.present);
	(void)snprintf(texts[2], NUMBER_TEXT, "%zu", place_on_list(c, i));
	for (size_t n = 0; n < 3; n++)
		fields[n].value = st_span_text(texts[n]);
	if (rc == 0)
		rc = command_own(d->apply, &move, d->write, d->job->place);
	if (rc < 0)
		(void)snprintf(d->job->place, ST_PLACE_MAX, "%.*s", (int)name.size,
			       (const char *)name.data);
	return rc;
}

static int declare_vote(struct declaring *d)
{
	const struct st_vote_count *c = &d->job->count;
	struct st_command_field fields[FIELDS_MAX];
	char texts[3][NUMBER_TEXT];
	size_t count = 3;
	(void)snprintf(texts[0], NUMBER_TEXT, "%zu", c->issued);
	(void)snprintf(texts[1], NUMBER_TEXT, "%zu", c->returned);
	(void)snprintf(texts[2], NUMBER_TEXT, "%zu", c->verdicts[ST_BALLOT_VALID]);
	fields[0] = (struct st_command_field){ st_span_text("issued"), st_span_text(texts[0]) };
	fields[1] = (struct st_command_field){ st_span_text("returned"), st_span_text(texts[1]) };
	fields[2] = (struct st_command_field){ st_span_text("valid"), st_span_text(texts[2]) };
	for (size_t i = 0; i < d->vote.in.rules.candidates; i++)
		if (c->standing[i] != ST_VOTE_NOT_CHOSEN)
			fields[count++] = (struct st_command_field){
				st_span_text(c->standing[i] == ST_VOTE_TIED ? "tied" : "elected"),
				st_vote_candidate(&d->vote, i),
			};
	st_assert(count <= FIELDS_MAX);
	struct own_move move = { .record = &d->vote.record,
				 .move = "declare",
				 .author = d->job->author,
				 .fields = fields,
				 .field_count = count };
	return command_own(d->apply, &move, d->write, d->job->place);
}

static int declare_all(struct declaring *d, bool write)
{
	int rc = 0;
	d->write = write;
	for (size_t i = 0; rc == 0 && i < d->vote.in.rules.candidates; i++)
		rc = declare_one(d, i);
	return rc < 0 ? rc : declare_vote(d);
}

int job_declare(struct st_apply *a, struct st_job_declare *job)
{
	struct declaring d = { .apply = a, .job = job };
	job->place[0] = 0;
	int rc = vote_find(a, job->vote, &d.vote, job->number);
	if (rc == 0)
		rc = st_vote_count(&d.vote.in, &job->count);
	if (rc == 0)
		rc = check_end(&d);
	if (rc == 0)
		rc = declare_all(&d, false); /* nothing is written until all of it may be */
	if (rc == 0)
		rc = declare_all(&d, true);
	if (rc == 0)
		rc = own_flush(a);
	st_vote_done(&d.vote);
	return rc;
}
