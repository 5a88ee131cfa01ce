/* ballot.c - tokens as people write them, and the count of a vote: a pure function of its events.
 *
 * Owns:    which paper counts, who is elected, and what is said instead of decided.
 * Promise: 4: whoever holds the events counts the same, in whatever order they come.
 *          8: a set made to be slow isn't: n log n.
 * Flow:    vote's events -> ballot -> declaration, api */
#include <station/work/vote.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { GROUP = 4, CHARACTERS = ST_ULID_TEXT + 2 };
_Static_assert(CHARACTERS % GROUP == 0, "whole groups");
_Static_assert(CHARACTERS + CHARACTERS / GROUP - 1 + 1 == ST_TOKEN_TEXT,
	       "with dashes between, and an end");
_Static_assert((int)ST_TOKEN_SIZE == (int)ST_ULID_SIZE, "a token is written as an id is");
_Static_assert((int)ST_BALLOTS_MAX > (int)ST_TOKENS_MAX, "more papers than tokens can be told");

static const char CHECK[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char TOKEN_LINE[] = "stationd/ballot-token/v1\n";
static const char CHECK_LINE[] = "stationd/ballot-token-check/v1\n";

static void check_characters(const struct st_token *token, char to[2])
{
	const struct st_span pieces[] = { st_span_text(CHECK_LINE), ST_SPAN(token->bytes) };
	struct st_hash hash = st_hash(pieces, 2);
	to[0] = CHECK[hash.bytes[0] & 31];
	to[1] = CHECK[hash.bytes[1] & 31];
}

void st_token_text(const struct st_token *token, char ret_text[ST_TOKEN_TEXT])
{
	struct st_ulid as_id;
	char plain[CHARACTERS + 1];
	size_t at = 0;
	memcpy(as_id.bytes, token->bytes, ST_TOKEN_SIZE);
	st_ulid_text(&as_id, plain);
	check_characters(token, plain + ST_ULID_TEXT);
	for (size_t i = 0; i < CHARACTERS; i++) {
		if (i > 0 && i % GROUP == 0)
			ret_text[at++] = '-';
		ret_text[at++] = plain[i];
	}
	st_assert(at == ST_TOKEN_TEXT - 1);
	ret_text[at] = 0;
}

int st_token_parse(struct st_span text, struct st_token *ret_token)
{
	struct st_ulid as_id;
	struct st_token token;
	char plain[CHARACTERS], check[2];
	size_t n = 0;
	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i];
		if (c == '-' || c == ' ')
			continue;
		if (n == CHARACTERS)
			return ST_EFIELD;
		plain[n++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	if (n != CHARACTERS || st_ulid_parse(st_span(plain, ST_ULID_TEXT), &as_id) < 0)
		return ST_EFIELD;
	memcpy(token.bytes, as_id.bytes, ST_TOKEN_SIZE);
	check_characters(&token, check);
	if (memcmp(check, plain + ST_ULID_TEXT, 2) != 0)
		return ST_EFIELD;
	*ret_token = token;
	return 0;
}

struct st_hash st_token_hash(const struct st_record_id *vote, const struct st_token *token)
{
	uint8_t opener[ST_CODE_MAX] = { 0 };
	st_assert(!st_code_empty(&vote->opener));
	memcpy(opener, vote->opener.text, ST_CODE_MAX);
	const struct st_span pieces[] = { st_span_text(TOKEN_LINE), ST_SPAN(opener),
					  ST_SPAN(vote->ulid.bytes), ST_SPAN(token->bytes) };
	return st_hash(pieces, 4);
}

/* ---- which papers count ---- */

struct counting {
	const struct st_vote_in *in;
	struct st_vote_count *out;
	struct st_hash *tokens; /* sorted, each once */
	bool *used;
	const struct st_vote_paper **papers; /* in the order of the log, each id once */
	size_t paper_count;
};

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ST_HASH_SIZE);
}

static int in_log(const struct st_vote_paper *a, const struct st_vote_paper *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int by_place(const void *a, const void *b)
{
	return in_log(*(const struct st_vote_paper *const *)a,
		      *(const struct st_vote_paper *const *)b);
}

static int by_id(const void *a, const void *b)
{
	const struct st_vote_paper *x = *(const struct st_vote_paper *const *)a;
	const struct st_vote_paper *y = *(const struct st_vote_paper *const *)b;
	int c = memcmp(x->ballot.id, y->ballot.id, ST_PAPER_ID_SIZE);
	return c != 0 ? c : in_log(x, y);
}

static void take_tokens(struct counting *c)
{
	size_t n = 0;
	if (c->in->token_count == 0)
		return;
	memcpy(c->tokens, c->in->tokens, c->in->token_count * sizeof(*c->tokens));
	qsort(c->tokens, c->in->token_count, sizeof(*c->tokens), by_bytes);
	for (size_t i = 0; i < c->in->token_count; i++)
		if (i == 0 || by_bytes(&c->tokens[i], &c->tokens[i - 1]) != 0)
			c->tokens[n++] = c->tokens[i];
	st_assert(n <= c->in->token_count);
	c->out->issued = n;
}

/* The same paper entered again, after a crash or by a log written anew, is one paper: the first. */
static void take_papers(struct counting *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->in->paper_count; i++)
		c->papers[i] = &c->in->papers[i];
	if (c->in->paper_count > 0)
		qsort(c->papers, c->in->paper_count, sizeof(c->papers[0]), by_id);
	const struct st_vote_paper *before = NULL;
	for (size_t i = 0; i < c->in->paper_count; i++) {
		const struct st_vote_paper *p = c->papers[i];
		bool again = before != NULL &&
			     memcmp(p->ballot.id, before->ballot.id, ST_PAPER_ID_SIZE) == 0;
		before = p;
		if (again)
			c->out->repeated++;
		else
			c->papers[n++] = p;
	}
	if (n > 0)
		qsort(c->papers, n, sizeof(c->papers[0]), by_place);
	st_assert(n + c->out->repeated == c->in->paper_count);
	c->paper_count = n;
}

static bool choices_right(const struct counting *c, const struct st_ballot *b)
{
	uint64_t seen = 0;
	st_assert(b->choice_count <= ST_BALLOT_CHOICES_MAX);
	for (size_t i = 0; i < b->choice_count; i++) {
		if (b->choices[i] == 0 || b->choices[i] > c->in->rules.candidates ||
		    (seen >> b->choices[i] & 1) != 0)
			return false;
		seen |= 1ull << b->choices[i];
	}
	return true;
}

static enum st_ballot_verdict judge(struct counting *c, const struct st_vote_paper *p)
{
	struct st_token token;
	if (!p->in_time)
		return ST_BALLOT_LATE;
	if (p->ballot.spoiled)
		return ST_BALLOT_SPOILED;
	memcpy(token.bytes, p->ballot.token, ST_TOKEN_SIZE);
	struct st_hash hash = st_token_hash(&c->in->vote, &token);
	const struct st_hash *known =
		c->out->issued == 0
			? NULL
			: bsearch(&hash, c->tokens, c->out->issued, sizeof(*c->tokens), by_bytes);
	if (known == NULL)
		return ST_BALLOT_UNKNOWN;
	if (c->used[known - c->tokens])
		return ST_BALLOT_USED;
	c->used[known - c->tokens] = true;
	if (p->ballot.choice_count > c->in->rules.seats)
		return ST_BALLOT_TOO_MANY;
	return choices_right(c, &p->ballot) ? ST_BALLOT_VALID : ST_BALLOT_CHOICE;
}

static void count_paper(struct counting *c, const struct st_vote_paper *p)
{
	enum st_ballot_verdict verdict = judge(c, p);
	struct st_vote_count *out = c->out;
	out->verdicts[verdict]++;
	out->returned += verdict != ST_BALLOT_LATE;
	if (verdict != ST_BALLOT_VALID)
		return;
	out->blank += p->ballot.choice_count == 0;
	for (size_t i = 0; i < p->ballot.choice_count; i++) {
		size_t candidate = p->ballot.choices[i] - 1u;
		st_assert(candidate < ST_VOTE_CANDIDATES_MAX);
		out->votes[candidate]++;
		out->points[candidate] += (uint32_t)(c->in->rules.seats - i);
	}
}

/* ---- who is elected ---- */

/* Better: < 0. Equal rank: 0. */
static int rank(const struct counting *c, size_t a, size_t b)
{
	const struct st_vote_count *o = c->out;
	if (c->in->rules.priority && o->points[a] != o->points[b])
		return o->points[a] > o->points[b] ? -1 : 1;
	return o->votes[a] > o->votes[b] ? -1 : o->votes[a] < o->votes[b];
}

static void put_in_order(struct counting *c)
{
	size_t n = c->in->rules.candidates;
	uint8_t *order = c->out->order;
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		for (; at > 0 && rank(c, i, order[at - 1]) < 0; at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)i; /* of equal rank: as on the paper */
	}
}

static void elect(struct counting *c)
{
	struct st_vote_count *o = c->out;
	uint8_t able[ST_VOTE_CANDIDATES_MAX];
	size_t n = 0, seats = c->in->rules.seats;
	for (size_t i = 0; i < c->in->rules.candidates; i++)
		if (o->votes[o->order[i]] >= o->majority)
			able[n++] = o->order[i];
	bool tie = n > seats && seats > 0 && rank(c, able[seats - 1], able[seats]) == 0;
	for (size_t i = 0; i < n; i++) {
		bool at_last = tie && rank(c, able[i], able[seats - 1]) == 0;
		if (at_last)
			o->standing[able[i]] = ST_VOTE_TIED;
		else if (i < seats)
			o->standing[able[i]] = ST_VOTE_CHOSEN;
		o->tied += at_last;
		o->elected += !at_last && i < seats;
	}
	st_assert(o->elected <= seats);
	st_assert(!tie || o->tied > 1);
	o->seats_left = seats - o->elected;
}

static enum st_vote_end end_of(const struct counting *c)
{
	const struct st_vote_rules *r = &c->in->rules;
	const struct st_vote_count *o = c->out;
	if (r->annulled)
		return ST_VOTE_ANNULLED;
	if (o->issued != r->present)
		return ST_VOTE_TOKENS;
	if (o->returned + c->in->papers_beyond > o->issued)
		return ST_VOTE_RETURNED;
	if (!r->closed)
		return ST_VOTE_NOT_CLOSED;
	return r->present < o->quorum ? ST_VOTE_QUORUM : ST_VOTE_STANDS;
}

static int room(struct counting *c)
{
	c->tokens = calloc(c->in->token_count + 1, sizeof(*c->tokens));
	c->used = calloc(c->in->token_count + 1, sizeof(*c->used));
	c->papers = calloc(c->in->paper_count + 1, sizeof(*c->papers));
	return c->tokens != NULL && c->used != NULL && c->papers != NULL ? 0 : ST_ENOMEM;
}

int st_vote_count(const struct st_vote_in *in, struct st_vote_count *ret_count)
{
	ST_REQUIRE(in->token_count <= ST_TOKENS_MAX);
	ST_REQUIRE(in->paper_count <= ST_BALLOTS_MAX);
	ST_REQUIRE(in->rules.candidates <= ST_VOTE_CANDIDATES_MAX);
	ST_REQUIRE(in->rules.seats <= ST_VOTE_CANDIDATES_MAX);
	struct st_vote_count out;
	struct counting c = { .in = in, .out = &out };
	const struct st_vote_rules *r = &in->rules;
	memset(&out, 0, sizeof(out));
	out.quorum = r->quorum > 0 ? r->quorum : (2 * r->deputies + 2) / 3;
	out.majority = r->majority > 0 ? r->majority : r->deputies / 2 + 1;
	int rc = room(&c);
	if (rc == 0) {
		take_tokens(&c);
		take_papers(&c);
		for (size_t i = 0; i < c.paper_count; i++)
			count_paper(&c, c.papers[i]);
		out.end = end_of(&c);
		if (!r->closed) { /* who counts while others vote, knows too much */
			memset(out.votes, 0, sizeof(out.votes));
			memset(out.points, 0, sizeof(out.points));
			out.blank = 0;
		}
		put_in_order(&c);
		if (out.end == ST_VOTE_STANDS)
			elect(&c);
		*ret_count = out;
	}
	free(c.tokens);
	free(c.used);
	free(c.papers);
	return rc;
}
