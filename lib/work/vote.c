/* vote.c - a vote's events, read from the store.
 *
 * Owns:    which of a record's events are the vote's: its opener's alone, and where they stand to
 * opening and closing. Promise: 4: it reads the events, and nothing that was folded but where they
 * stand. Flow:    chain, tokens, papers -> vote -> count */
#include <station/work/vote.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/ballots.h>
#include <station/store/logs.h>
#include <station/work/changes.h>
#include "kinds.h"

enum { TEXTS_MAX = ST_VOTE_CANDIDATES_MAX * (ST_RECORD_NAME_MAX + 1) };

static uint32_t number(const struct st_change *c, uint32_t id, uint32_t most)
{
	const struct st_field *f = st_field_find(c->fields, c->field_count, id);
	return f != NULL && f->is_number && f->number <= most ? (uint32_t)f->number : 0;
}

static int take_opening(struct st_vote *v, const struct st_change *c)
{
	struct st_vote_rules *r = &v->in.rules;
	r->seats = number(c, ST_VOTE_F_SEATS, ST_VOTE_CANDIDATES_MAX);
	r->deputies = number(c, ST_VOTE_F_DEPUTIES, ST_TOKENS_MAX);
	r->quorum = number(c, ST_VOTE_F_QUORUM, ST_TOKENS_MAX);
	r->majority = number(c, ST_VOTE_F_MAJORITY, ST_TOKENS_MAX);
	r->priority = number(c, ST_F_CHANNEL, ST_VOTE_PRIORITY) == ST_VOTE_PRIORITY;
	const struct st_field *follows = st_field_find(c->fields, c->field_count, ST_VOTE_F_FOLLOWS);
	if (follows != NULL && !follows->is_number && follows->text.size <= ST_RECORD_NAME_MAX)
		memcpy(v->follows, follows->text.data, follows->text.size);
	for (size_t i = 0; i < c->field_count && r->candidates < ST_VOTE_CANDIDATES_MAX; i++) {
		const struct st_field *f = &c->fields[i];
		if (f->id != ST_VOTE_F_CANDIDATES || f->is_number ||
		    f->text.size > ST_RECORD_NAME_MAX)
			continue;
		v->offsets[r->candidates++] = v->texts.size;
		st_buf_put_span(&v->texts, f->text);
		v->offsets[r->candidates] = v->texts.size;
	}
	return v->texts.error;
}

static int take_change(const struct st_step *step, const struct st_event *event,
		       const struct st_change *change, void *arg)
{
	struct st_vote *v = arg;
	if (event->type != ST_MOVE || step->writer != v->record.ref.opener)
		return 0;
	switch (change->move) {
	case ST_VOTE_PREPARE:
	case ST_VOTE_AGAIN: v->prepared = event->at; return take_opening(v, change);
	case ST_VOTE_ISSUE:
		v->issued = event->at;
		v->in.rules.present = number(change, ST_VOTE_F_PRESENT, ST_TOKENS_MAX);
		break;
	case ST_VOTE_START:
		v->opened = event->at;
		v->opened_ms = change->at_ms;
		break;
	case ST_VOTE_END:
		v->closed = event->at;
		v->closed_ms = change->at_ms;
		v->in.rules.closed = true;
		break;
	case ST_VOTE_DECLARE:
		v->declared = event->at;
		v->said_issued = number(change, ST_VOTE_F_ISSUED, UINT32_MAX);
		v->said_returned = number(change, ST_VOTE_F_RETURNED, UINT32_MAX);
		v->said_valid = number(change, ST_VOTE_F_VALID, UINT32_MAX);
		break;
	case ST_VOTE_ANNUL: v->in.rules.annulled = true; break;
	default: break;
	}
	return 0;
}

/* ---- tokens and papers ---- */

struct listing {
	struct st_txn *txn;
	struct st_vote *vote;
	struct st_buf bytes;
	struct st_arena arena;
	struct st_log log; /* the newest one that was asked for */
};

/* a before b, both of the opener's logs; what isn't there yet is behind everything. */
static bool before(const struct st_position *a, const struct st_position *b)
{
	if (b->seq == 0)
		return true;
	return a->epoch != b->epoch ? a->epoch < b->epoch : a->seq < b->seq;
}

static int take_tokens(struct st_vote *v, const struct st_event *e)
{
	struct st_span hashes;
	size_t most = sizeof(v->tokens_at) / sizeof(v->tokens_at[0]);
	if (v->issued.seq == 0 || !before(&e->at, &v->issued) || before(&e->at, &v->prepared))
		return 0; /* too late to be of this vote, or before there was any */
	if (st_tokens_decode(e->body, &hashes) < 0)
		return 0;
	size_t count = hashes.size / ST_HASH_SIZE;
	if (v->tokens_at_count == most || count > ST_TOKENS_MAX - v->in.token_count)
		return 0; /* then they aren't as many as the present, and the count says so */
	memcpy(v->tokens + v->in.token_count, hashes.data, hashes.size);
	v->in.token_count += count;
	v->tokens_at[v->tokens_at_count++] = e->at;
	st_assert(v->in.token_count <= ST_TOKENS_MAX);
	return 0;
}

static int take_paper(struct st_vote *v, const struct st_event *e)
{
	bool in_time =
		v->opened.seq != 0 && !before(&e->at, &v->opened) && before(&e->at, &v->closed);
	if (v->in.paper_count == ST_BALLOTS_MAX) {
		v->in.papers_beyond += in_time;
		return 0;
	}
	struct st_vote_paper *p = &v->papers[v->in.paper_count++];
	p->epoch = e->at.epoch;
	p->seq = e->at.seq;
	p->in_time = in_time;
	if (st_ballot_decode(e->body, &p->ballot) < 0) { /* a paper came back, whatever it was */
		memset(&p->ballot, 0, sizeof(p->ballot));
		p->ballot.spoiled = true;
		st_put_u32(p->ballot.id, e->at.epoch);
		st_put_u64(p->ballot.id + 4, e->at.seq);
	}
	if (v->first.seq == 0 || before(&e->at, &v->first))
		v->first = e->at;
	if (v->last.seq == 0 || before(&v->last, &e->at))
		v->last = e->at;
	return 0;
}

static int take_place(uint32_t log, uint64_t seq, void *arg)
{
	struct listing *l = arg;
	struct st_event e;
	st_buf_clear(&l->bytes);
	st_arena_reset(&l->arena);
	int rc = l->log.number == log ? 0 : st_log_get(l->txn, log, &l->log);
	if (rc == 0 && l->log.station != l->vote->record.ref.opener)
		return 0; /* nobody else's paper is one of this vote */
	if (rc == 0)
		rc = st_event_get(l->txn, log, seq, &l->bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&l->bytes), &l->arena, &e);
	if (rc < 0)
		return rc == ST_ENOMEM || rc == ST_EIO ? rc : ST_ECORRUPT;
	return e.type == ST_TOKENS   ? take_tokens(l->vote, &e)
	       : e.type == ST_BALLOT ? take_paper(l->vote, &e)
				     : 0;
}

static int list_all(struct st_txn *t, struct st_vote *v)
{
	struct listing l = { .txn = t, .vote = v };
	st_buf_init(&l.bytes, ST_EVENT_MAX);
	int rc = st_arena_init(&l.arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_ballot_each(t, &v->record.ref, take_place, &l);
	st_arena_done(&l.arena);
	st_buf_done(&l.bytes);
	return rc;
}

int st_vote_load(struct st_txn *t, const struct st_record_ref *ref, struct st_vote *ret_v)
{
	struct st_vote *v = ret_v;
	memset(v, 0, sizeof(*v));
	st_buf_init(&v->texts, TEXTS_MAX);
	v->tokens = calloc(ST_TOKENS_MAX, sizeof(*v->tokens));
	v->papers = calloc(ST_BALLOTS_MAX, sizeof(*v->papers));
	int rc = v->tokens == NULL || v->papers == NULL ? ST_ENOMEM
							: st_record_load(t, ref, &v->record);
	if (rc == 0 && v->record.revision == 0)
		rc = ST_ENOTFOUND; /* only what waits of it has come */
	if (rc == 0 && v->record.kind != KIND_vote)
		rc = ST_EKIND;
	if (rc == 0)
		rc = st_record_id(t, ref, &v->in.vote);
	if (rc == 0)
		rc = st_record_changes(t, &v->record, take_change, v);
	if (rc == 0)
		rc = list_all(t, v);
	v->in.tokens = v->tokens;
	v->in.papers = v->papers;
	return rc;
}

void st_vote_done(struct st_vote *v)
{
	free(v->tokens);
	free(v->papers);
	v->tokens = NULL;
	v->papers = NULL;
	st_buf_done(&v->texts);
}

struct st_span st_vote_candidate(const struct st_vote *v, size_t i)
{
	ST_REQUIRE(i < v->in.rules.candidates);
	return st_span(v->texts.data + v->offsets[i], v->offsets[i + 1] - v->offsets[i]);
}
