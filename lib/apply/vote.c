/* vote.c - a vote's tokens and papers become events.
 *
 * Owns:    the drawing of tokens, whose hashes alone are written, and the order in which papers are.
 * Promise: who got which token is written nowhere, for nobody here knows it. 8: all papers of a job are written, or
 *          none; 1: entered again after a crash, none is counted twice.
 * Flow:    api -> vote jobs -> own log; own log, push -> list of papers -> count */
#include "group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/ballots.h>
#include <station/work/vote.h>

static const char PAPER_LINE[] = "stationd/ballot-paper/v1\n";
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

int vote_find(struct st_apply *a, struct st_span name, struct st_vote *ret_v, char number[ST_NUMBER_TEXT])
{
	struct st_record_ref ref;
	memset(ret_v, 0, sizeof(*ret_v));
	int rc = may_sign(a);
	if (rc == 0)
		rc = st_record_resolve(a->txn, name, &ref);
	if (rc == 0)
		rc = st_vote_load(a->txn, &ref, ret_v);
	if (rc == 0 && (ret_v->record.holder != a->self.station.number || ref.opener != a->self.station.number))
		rc = ST_EHOLDER;
	if (rc == 0)
		st_number_text(&ret_v->record.number, &ret_v->in.vote.opener, &ret_v->in.vote.ulid, number);
	return rc;
}

/* ---- tokens ---- */

/* Each candidate is a project on this station's list, and no two are the same. */
static int check_candidates(struct st_apply *a, const struct st_vote *v, char place[ST_PLACE_MAX])
{
	struct st_record_ref refs[ST_CANDIDATES_MAX];
	const struct st_kind *k = st_kind_named("project");
	for (size_t i = 0; i < v->in.rules.candidates; i++) {
		struct st_span name = st_vote_candidate(v, i);
		struct st_record r;
		(void)snprintf(place, ST_PLACE_MAX, "candidates: %.*s", (int)name.size, (const char *)name.data);
		int rc = st_record_resolve(a->txn, name, &refs[i]);
		if (rc == 0)
			rc = st_record_load(a->txn, &refs[i], &r);
		if (rc < 0)
			return rc;
		if (r.kind != k->number)
			return ST_EKIND;
		if (!st_move_from(k, st_kind_move_named(k, "choose"), r.state))
			return ST_EMOVE;
		if (r.holder != a->self.station.number)
			return ST_EHOLDER;
		for (size_t n = 0; n < i; n++)
			if (refs[n].opener == refs[i].opener &&
			    memcmp(&refs[n].ulid, &refs[i].ulid, sizeof(refs[n].ulid)) == 0)
				return ST_EEXIST;
	}
	place[0] = 0;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ST_HASH_SIZE);
}

static int add_event(struct st_apply *a, const struct st_vote *v, enum st_event_type type, struct st_span author)
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
	if (type == ST_BALLOT) /* so that no log says when a paper was typed in, and so whose it may be */
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
		size_t left = job->present - from, count = left < ST_TOKENS_EVENT_MAX ? left : ST_TOKENS_EVENT_MAX;
		st_buf_clear(&a->body);
		rc = st_tokens_encode(st_span(hashes + from, count * sizeof(*hashes)), &a->body);
		if (rc == 0)
			rc = add_event(a, v, ST_TOKENS, job->author);
	}
	free(hashes);
	return rc;
}

static int issue(struct st_apply *a, struct st_vote *v, struct st_job_tokens *job)
{
	char present[COUNT_TEXT];
	struct st_command_field field = { st_span_text("present"), ST_SPAN_NONE };
	struct own_move move = { .record = &v->record, .move = "issue", .author = job->author, .fields = &field,
				 .field_count = 1 };
	struct st_vote_count count;
	(void)snprintf(present, sizeof(present), "%u", job->present);
	field.value = st_span_text(present);
	int rc = command_own(a, &move, false, job->place);
	if (rc == 0)
		rc = check_candidates(a, v, job->place);
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
	int rc = vote_find(a, job->vote, &v, job->number);
	if (rc == 0 && (job->present == 0 || job->present > v.in.rules.deputies)) {
		(void)snprintf(job->place, sizeof(job->place), "present");
		rc = ST_EFIELD;
	}
	st_assert(rc < 0 || job->present <= ST_TOKENS_MAX);
	if (rc == 0)
		rc = issue(a, &v, job);
	st_vote_done(&v);
	return rc;
}

/* ---- papers ---- */

/* A paper that is to be written, and what says when. */
struct sheet {
	struct st_ballot ballot;
	size_t index; /* in the pile */
	uint8_t key[ST_HASH_SIZE];
};
/* Papers with their ids, and those that are in already. */
struct entering {
	struct st_job_ballots *job;
	struct st_vote vote;
	struct sheet *sheets;
	size_t count;
	uint8_t (*known)[ST_PAPER_ID_SIZE];
};

static void paper_id(const struct entering *x, const struct st_paper *p, uint32_t occurrence,
		     uint8_t to[ST_PAPER_ID_SIZE])
{
	uint8_t head[2], tail[4];
	st_assert(p->choice_count <= ST_BALLOT_CHOICES_MAX);
	head[0] = p->spoiled;
	head[1] = (uint8_t)p->choice_count;
	st_put_u32(tail, occurrence);
	const struct st_span pieces[] = {
		st_span_text(PAPER_LINE), ST_SPAN(x->vote.in.vote.ulid.bytes), ST_SPAN(head),
		ST_SPAN(p->token.bytes),  st_span(p->choices, p->choice_count), ST_SPAN(tail), x->job->batch,
	};
	struct st_hash hash = st_hash(pieces, sizeof(pieces) / sizeof(pieces[0]));
	memcpy(to, hash.bytes, ST_PAPER_ID_SIZE);
}

static bool same(const struct st_paper *a, const struct st_paper *b)
{
	return a->spoiled == b->spoiled && a->choice_count == b->choice_count &&
	       memcmp(&a->token, &b->token, sizeof(a->token)) == 0 &&
	       memcmp(a->choices, b->choices, a->choice_count) == 0;
}

static int by_paper(const void *a, const void *b)
{
	const struct st_paper *x = *(const struct st_paper *const *)a, *y = *(const struct st_paper *const *)b;
	if (x->spoiled != y->spoiled)
		return x->spoiled ? 1 : -1;
	int c = memcmp(&x->token, &y->token, sizeof(x->token));
	if (c == 0 && x->choice_count != y->choice_count)
		c = x->choice_count < y->choice_count ? -1 : 1;
	return c != 0 ? c : memcmp(x->choices, y->choices, x->choice_count);
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, ST_PAPER_ID_SIZE);
}

static int list_known(struct entering *x)
{
	const struct st_vote_in *in = &x->vote.in;
	x->known = calloc(in->paper_count + 1, sizeof(*x->known));
	if (x->known == NULL)
		return ST_ENOMEM;
	for (size_t i = 0; i < in->paper_count; i++)
		memcpy(x->known[i], in->papers[i].ballot.id, ST_PAPER_ID_SIZE);
	qsort(x->known, in->paper_count, sizeof(*x->known), by_id);
	return 0;
}

/* Those that aren't in yet. Papers that say the same get ids by how many of them came before. */
static int gather(struct entering *x)
{
	const struct st_paper **order = calloc(x->job->count, sizeof(*order));
	uint32_t occurrence = 0;
	x->sheets = calloc(x->job->count, sizeof(*x->sheets));
	int rc = order == NULL || x->sheets == NULL ? ST_ENOMEM : list_known(x);
	for (size_t i = 0; rc == 0 && i < x->job->count; i++)
		order[i] = &x->job->papers[i];
	if (rc == 0)
		qsort(order, x->job->count, sizeof(*order), by_paper);
	for (size_t i = 0; rc == 0 && i < x->job->count; i++) {
		const struct st_paper *p = order[i];
		struct st_ballot *b = &x->sheets[x->count].ballot;
		x->sheets[x->count].index = (size_t)(p - x->job->papers);
		occurrence = i > 0 && same(p, order[i - 1]) ? occurrence + 1 : 0;
		memset(b, 0, sizeof(*b));
		b->spoiled = p->spoiled;
		memcpy(b->token, p->token.bytes, sizeof(b->token));
		b->choice_count = p->choice_count;
		memcpy(b->choices, p->choices, p->choice_count);
		paper_id(x, p, occurrence, b->id);
		if (bsearch(b->id, x->known, x->vote.in.paper_count, sizeof(*x->known), by_id) == NULL)
			x->count++;
	}
	free(order);
	return rc;
}

static int by_key(const void *a, const void *b)
{
	const struct sheet *x = a, *y = b;
	int c = memcmp(x->key, y->key, sizeof(x->key));
	return c != 0 ? c : x->index < y->index ? -1 : x->index > y->index;
}

/* Any order of tokens is as likely; of papers with one token the earlier one of the pile stays the earlier. */
static void shuffle(struct st_apply *a, struct entering *x)
{
	uint8_t salt[ST_HASH_SIZE];
	a->world->random(a->world->arg, salt, sizeof(salt));
	for (size_t i = 0; i < x->count; i++) {
		const struct st_ballot *b = &x->sheets[i].ballot;
		const struct st_span pieces[] = { ST_SPAN(salt), b->spoiled ? ST_SPAN(b->id) : ST_SPAN(b->token) };
		struct st_hash hash = st_hash(pieces, 2);
		memcpy(x->sheets[i].key, hash.bytes, sizeof(hash.bytes));
	}
	if (x->count > 0)
		qsort(x->sheets, x->count, sizeof(*x->sheets), by_key);
	st_wipe(salt, sizeof(salt));
}

/* A choice that isn't on the paper is a slip of whoever types, not of whoever voted. */
static int check_papers(const struct entering *x)
{
	struct st_job_ballots *job = x->job;
	if (x->vote.record.state != ST_VOTE_OPEN && x->vote.record.state != ST_VOTE_CLOSED)
		return ST_EMOVE;
	for (size_t i = 0; i < job->count; i++)
		for (size_t n = 0; n < job->papers[i].choice_count; n++) {
			if (job->papers[i].choices[n] > 0 &&
			    job->papers[i].choices[n] <= x->vote.in.rules.candidates)
				continue;
			(void)snprintf(job->place, sizeof(job->place), "%zu: choose %u", i + 1,
				       job->papers[i].choices[n]);
			return ST_EFIELD;
		}
	return 0;
}

static int write_papers(struct st_apply *a, struct entering *x)
{
	struct st_job_ballots *job = x->job;
	if (x->count + x->vote.in.paper_count + x->vote.in.papers_beyond > ST_BALLOTS_MAX) {
		(void)snprintf(job->place, sizeof(job->place), "%d", (int)ST_BALLOTS_MAX);
		return ST_ETOOBIG;
	}
	shuffle(a, x);
	for (size_t i = 0; i < x->count; i++) {
		st_buf_clear(&a->body);
		int rc = st_ballot_encode(&x->sheets[i].ballot, &a->body);
		if (rc == 0)
			rc = add_event(a, &x->vote, ST_BALLOT, job->author);
		if (rc < 0)
			return rc;
	}
	job->written = x->count;
	job->known = job->count - x->count;
	job->late = x->vote.record.state == ST_VOTE_CLOSED;
	return own_flush(a);
}

int job_ballots(struct st_apply *a, struct st_job_ballots *job)
{
	ST_REQUIRE(job->count > 0);
	ST_REQUIRE(job->count <= ST_BALLOTS_MAX);
	struct entering x = { .job = job };
	job->place[0] = 0;
	job->written = job->known = 0;
	int rc = vote_find(a, job->vote, &x.vote, job->number);
	if (rc == 0 && job->author.size > ST_AUTHOR_MAX) {
		(void)snprintf(job->place, sizeof(job->place), "author");
		rc = ST_ETOOBIG;
	}
	if (rc == 0)
		rc = check_papers(&x);
	if (rc == 0)
		rc = gather(&x);
	if (rc == 0)
		rc = write_papers(a, &x);
	free(x.sheets);
	free(x.known);
	st_vote_done(&x.vote);
	return rc;
}
