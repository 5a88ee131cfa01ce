/* vote.c - any bytes as a vote: rules, tokens and papers. The count ends, adds up, is the same in
 * another order, and any text as a token is refused or written back as it was read. And any text as a pile of papers: a
 * line that is named, or papers that read the same when they are written down.
 *
 * Input: where it begins with "#T", a pile in which each T is a right token. */
#include "decoders.h"
#include <station/work/vote.h>

enum { PAPERS = 64, TOKENS = 48 };

static void token_text(struct st_span in)
{
	struct st_token token, again;
	char text[ST_TOKEN_TEXT];
	if (st_token_parse(in, &token) < 0)
		return;
	st_token_text(&token, text);
	ST_REQUIRE(st_token_parse(st_span_text(text), &again) == 0);
	ST_REQUIRE(memcmp(&token, &again, sizeof(token)) == 0);
}

static void write_paper(const struct st_paper *p, struct st_buf *to)
{
	char text[ST_TOKEN_TEXT];
	st_token_text(&p->token, text);
	st_buf_put_text(to, p->spoiled ? "-" : text);
	for (size_t i = 0; i < p->choice_count; i++)
		st_buf_printf(to, " %d", p->choices[i]);
	st_buf_put_text(to, "\n");
}

static void pile(struct st_span in)
{
	static struct st_paper first[PAPERS], again[PAPERS];
	size_t count = PAPERS + 1, lines = 1, line = 0, same = 0;
	struct st_buf b;
	for (size_t i = 0; i < in.size; i++)
		lines += in.data[i] == '\n';
	int rc = st_pile_read(in, first, PAPERS, &count, &line);
	ST_REQUIRE(rc == 0 ? line == 0 && count <= PAPERS : line > 0 && line <= lines && count == PAPERS + 1);
	if (rc < 0)
		return;
	st_buf_init(&b, 1 << 16);
	for (size_t i = 0; i < count; i++) {
		ST_REQUIRE(first[i].choice_count <= ST_BALLOT_CHOICES_MAX && !(first[i].spoiled && first[i].choice_count > 0));
		for (size_t k = 0; k < first[i].choice_count; k++)
			ST_REQUIRE(first[i].choices[k] > 0 && first[i].choices[k] <= ST_VOTE_CANDIDATES_MAX);
		write_paper(&first[i], &b);
	}
	ST_REQUIRE(b.error == 0 && st_pile_read(st_buf_span(&b), again, PAPERS, &same, &line) == 0);
	ST_REQUIRE(same == count && memcmp(first, again, count * sizeof(first[0])) == 0);
	st_buf_done(&b);
}

/* A token's check is more than anybody guesses. */
static void pile_of_right_tokens(struct st_span in)
{
	struct st_buf b;
	st_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < in.size; i++) {
		struct st_token t = { .bytes = { (uint8_t)i } };
		char text[ST_TOKEN_TEXT];
		st_token_text(&t, text);
		if (in.data[i] == 'T' && i > 1)
			st_buf_put_text(&b, text);
		else
			st_buf_u8(&b, in.data[i]);
	}
	if (b.error == 0)
		pile(st_buf_span(&b));
	st_buf_done(&b);
}

static void read_paper(struct st_span *in, struct st_vote_paper *p)
{
	uint8_t head = take_u8(in);
	struct st_span choices = take_bytes(in, take_u8(in) % 8u);
	memset(p, 0, sizeof(*p));
	p->epoch = 1 + (head & 1);
	p->seq = 1 + take_u8(in);
	p->in_time = (head & 2) == 0;
	p->ballot.spoiled = (head & 12) == 12;
	p->ballot.token[0] = take_u8(in) % TOKENS;
	p->ballot.id[0] = take_u8(in);
	p->ballot.choice_count = choices.size;
	for (size_t i = 0; i < choices.size; i++)
		p->ballot.choices[i] = choices.data[i] % 8;
}

static void adds_up(const struct st_vote_in *in, const struct st_vote_count *c)
{
	size_t all = 0;
	for (size_t i = 0; i < ST_VERDICT_COUNT; i++)
		all += c->verdicts[i];
	ST_REQUIRE(all + c->repeated == in->paper_count);
	ST_REQUIRE(c->returned + c->verdicts[ST_BALLOT_LATE] == all &&
		   c->blank <= c->verdicts[ST_BALLOT_VALID]);
	ST_REQUIRE(c->verdicts[ST_BALLOT_VALID] <= c->issued && c->elected <= in->rules.seats);
	ST_REQUIRE(c->end == ST_VOTE_STANDS || c->elected + c->tied == 0);
	CANARY(c->tied > 1 && c->elected > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st_vote_paper papers[PAPERS], turned[PAPERS];
	static struct st_hash tokens[TOKENS];
	struct st_span in = { data, size };
	struct st_vote_in v = { .papers = papers, .tokens = tokens };
	struct st_vote_count count, other;
	if (size >= 2 && memcmp(data, "#T", 2) == 0) {
		pile_of_right_tokens(in);
		return 0;
	}
	token_text(in);
	pile(in);
	(void)snprintf(v.vote.opener.text, sizeof(v.vote.opener.text), "410611");
	uint8_t flags = take_u8(&in);
	v.rules = (struct st_vote_rules){ .candidates = take_u8(&in) % 8u,
					  .seats = take_u8(&in) % 5u,
					  .deputies = take_u8(&in),
					  .quorum = flags >> 4,
					  .priority = flags & 1,
					  .closed = (flags & 2) == 0,
					  .annulled = (flags & 12) == 12 };
	v.rules.majority = take_u8(&in) % 8u;
	v.token_count = v.rules.present = take_u8(&in) % TOKENS;
	for (size_t i = 0; i < v.token_count; i++) {
		struct st_token t = { .bytes = { (uint8_t)i } };
		tokens[i] = st_token_hash(&v.vote, &t);
	}
	while (in.size > 0 && v.paper_count < PAPERS)
		read_paper(&in, &papers[v.paper_count++]);
	for (size_t i = 0; i < v.paper_count; i++)
		turned[v.paper_count - 1 - i] = papers[i];
	memset(&count, 0, sizeof(count));
	memset(&other, 0, sizeof(other));
	if (st_vote_count(&v, &count) < 0)
		return 0;
	adds_up(&v, &count);
	for (size_t i = 0; i < v.paper_count; i++) /* two events never share a place */
		for (size_t n = 0; n < i; n++)
			if (papers[i].epoch == papers[n].epoch && papers[i].seq == papers[n].seq)
				return 0;
	v.papers = turned;
	if (st_vote_count(&v, &other) == 0)
		ST_REQUIRE(memcmp(&count, &other, sizeof(count)) == 0);
	return 0;
}
