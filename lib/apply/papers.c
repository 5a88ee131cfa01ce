/* papers.c - papers that came back become events.
 *
 * Owns:    the order in which they are written, and what makes two of them one.
 * Promise: 8: all papers of a job are written, or none; 1: entered again after a crash, none is
 *          counted twice. A pile's order, which may be that in which people voted, is lost.
 * Flow:    api -> papers -> own log */
#include "group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/vote.h>

static const char PAPER_LINE[] = "stationd/ballot-paper/v1\n";

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
		st_span_text(PAPER_LINE),
		ST_SPAN(x->vote.in.vote.ulid.bytes),
		ST_SPAN(head),
		ST_SPAN(p->token.bytes),
		st_span(p->choices, p->choice_count),
		ST_SPAN(tail),
		x->job->batch,
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
	const struct st_paper *x = *(const struct st_paper *const *)a,
			      *y = *(const struct st_paper *const *)b;
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
		if (bsearch(b->id, x->known, x->vote.in.paper_count, sizeof(*x->known), by_id) ==
		    NULL)
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

/* Any order of tokens is as likely; of papers with one token the earlier one of the pile stays the
 * earlier. */
static void shuffle(struct st_apply *a, struct entering *x)
{
	uint8_t salt[ST_HASH_SIZE];
	a->world->random(a->world->arg, salt, sizeof(salt));
	for (size_t i = 0; i < x->count; i++) {
		const struct st_ballot *b = &x->sheets[i].ballot;
		const struct st_span pieces[] = { ST_SPAN(salt),
						  b->spoiled ? ST_SPAN(b->id) : ST_SPAN(b->token) };
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
			rc = vote_add(a, &x->vote, ST_BALLOT, job->author);
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
