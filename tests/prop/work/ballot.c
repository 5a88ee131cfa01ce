/* ballot.c - random votes, counted by the program and by a plain model that reads like the rule.
 *
 * Each vote has random rules, tokens and papers, of which many are void in every way there is,
 * comes in a random order, and is counted twice. A failure prints its seed. Then single sentences
 * about tokens and the count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/work/vote.h>

enum { VOTES = 400, TOKENS = 60, PAPERS = 90 };

static uint64_t seed, first_seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static struct st_token token_of(uint32_t n)
{
	struct st_token t = { .bytes = { 0 } };
	st_put_u32(t.bytes, n + 1);
	return t;
}

struct vote {
	struct st_vote_in in;
	struct st_hash tokens[TOKENS];
	struct st_vote_paper papers[PAPERS];
	uint32_t token_numbers[PAPERS]; /* of the paper's token; TOKENS and more: nobody's */
};

static void random_paper(struct vote *v, size_t i)
{
	struct st_vote_paper *p = &v->papers[i];
	uint32_t number = below(10) == 0 ? TOKENS + below(5) : below((uint32_t)v->in.token_count);
	struct st_token t = token_of(number);
	memset(p, 0, sizeof(*p));
	p->epoch = 1 + (below(20) == 0);
	p->seq = i + 1;
	p->in_time = below(15) != 0;
	p->ballot.spoiled = below(15) == 0;
	memcpy(p->ballot.token, t.bytes, ST_TOKEN_SIZE);
	st_put_u32(p->ballot.id, below(12) == 0 ? below((uint32_t)i + 1) : (uint32_t)i);
	v->token_numbers[i] = number;
	size_t most = v->in.rules.seats + (below(12) == 0);
	p->ballot.choice_count = below(8) == 0 ? 0 : 1 + below((uint32_t)most);
	for (size_t n = 0; n < p->ballot.choice_count; n++)
		p->ballot.choices[n] =
			(uint8_t)(below(40) == 0 ? v->in.rules.candidates + 1
						 : 1 + (n + below(3)) % v->in.rules.candidates);
}

static void random_vote(struct vote *v)
{
	memset(v, 0, sizeof(*v));
	(void)snprintf(v->in.vote.opener.text, sizeof(v->in.vote.opener.text), "410611");
	v->in.rules.candidates = 2 + below(7);
	v->in.rules.seats = 1 + below((uint32_t)v->in.rules.candidates - 1);
	v->in.rules.deputies = 10 + below(TOKENS - 10);
	v->in.token_count = v->in.rules.present = 5 + below(v->in.rules.deputies - 4);
	v->in.rules.majority = below(3) ? 1 + below(8) : 0;
	v->in.rules.quorum = below(3) ? 1 : 0;
	v->in.rules.priority = below(2);
	v->in.rules.closed = below(10) != 0;
	if (below(30) == 0)
		v->in.rules.present++;
	for (uint32_t i = 0; i < v->in.token_count; i++) {
		struct st_token t = token_of(i);
		v->tokens[i] = st_token_hash(&v->in.vote, &t);
	}
	v->in.paper_count = below(4) == 0 ? below(PAPERS) : below((uint32_t)v->in.token_count);
	for (size_t i = 0; i < v->in.paper_count; i++)
		random_paper(v, i);
	v->in.tokens = v->tokens;
	v->in.papers = v->papers;
}

/* ---- the model: one paper after another, everything looked up anew ---- */

static bool earlier(const struct st_vote_paper *a, const struct st_vote_paper *b)
{
	return a->epoch < b->epoch || (a->epoch == b->epoch && a->seq < b->seq);
}

static bool is_repeat(const struct vote *v, size_t i)
{
	for (size_t n = 0; n < v->in.paper_count; n++)
		if (memcmp(v->papers[n].ballot.id, v->papers[i].ballot.id, ST_PAPER_ID_SIZE) == 0 &&
		    earlier(&v->papers[n], &v->papers[i]))
			return true;
	return false;
}

static enum st_ballot_verdict verdict_of(const struct vote *v, size_t i)
{
	const struct st_vote_paper *p = &v->papers[i];
	if (!p->in_time)
		return ST_BALLOT_LATE;
	if (p->ballot.spoiled)
		return ST_BALLOT_SPOILED;
	if (v->token_numbers[i] >= v->in.token_count)
		return ST_BALLOT_UNKNOWN;
	for (size_t n = 0; n < v->in.paper_count; n++)
		if (earlier(&v->papers[n], p) && v->papers[n].in_time &&
		    !v->papers[n].ballot.spoiled && !is_repeat(v, n) &&
		    v->token_numbers[n] == v->token_numbers[i])
			return ST_BALLOT_USED;
	if (p->ballot.choice_count > v->in.rules.seats)
		return ST_BALLOT_TOO_MANY;
	for (size_t n = 0; n < p->ballot.choice_count; n++) {
		if (p->ballot.choices[n] > v->in.rules.candidates)
			return ST_BALLOT_CHOICE;
		for (size_t k = 0; k < n; k++)
			if (p->ballot.choices[k] == p->ballot.choices[n])
				return ST_BALLOT_CHOICE;
	}
	return ST_BALLOT_VALID;
}

static bool better(const struct vote *v, const struct st_vote_count *m, size_t a, size_t b)
{
	if (v->in.rules.priority && m->points[a] != m->points[b])
		return m->points[a] > m->points[b];
	return m->votes[a] > m->votes[b];
}

/* Elected: fewer than `seats` of the able ones are as good or better. Tied: a seat is there for
 * some of that rank, but not for all. */
static void model_standing(const struct vote *v, struct st_vote_count *m)
{
	for (size_t a = 0; a < v->in.rules.candidates; a++) {
		size_t ahead = 0, level = 0;
		if (m->votes[a] < m->majority)
			continue;
		for (size_t b = 0; b < v->in.rules.candidates; b++) {
			if (m->votes[b] < m->majority)
				continue;
			ahead += better(v, m, b, a);
			level += !better(v, m, b, a) && !better(v, m, a, b);
		}
		m->standing[a] = ahead + level <= v->in.rules.seats ? ST_VOTE_CHOSEN
				 : ahead < v->in.rules.seats        ? ST_VOTE_TIED
								    : ST_VOTE_NOT_CHOSEN;
		m->elected += m->standing[a] == ST_VOTE_CHOSEN;
		m->tied += m->standing[a] == ST_VOTE_TIED;
	}
}

static void model(const struct vote *v, struct st_vote_count *m)
{
	const struct st_vote_rules *r = &v->in.rules;
	memset(m, 0, sizeof(*m));
	m->issued = v->in.token_count;
	m->majority = r->majority ? r->majority : r->deputies / 2 + 1;
	m->quorum = r->quorum ? r->quorum : (r->deputies * 2 + 2) / 3;
	for (size_t i = 0; i < v->in.paper_count; i++) {
		if (is_repeat(v, i)) {
			m->repeated++;
			continue;
		}
		enum st_ballot_verdict verdict = verdict_of(v, i);
		const struct st_ballot *b = &v->papers[i].ballot;
		m->verdicts[verdict]++;
		m->returned += verdict != ST_BALLOT_LATE;
		for (size_t n = 0; verdict == ST_BALLOT_VALID && r->closed && n < b->choice_count;
		     n++) {
			m->votes[b->choices[n] - 1]++;
			m->points[b->choices[n] - 1] += (uint32_t)(r->seats - n);
		}
	}
	m->end = m->issued != r->present   ? ST_VOTE_TOKENS
		 : m->returned > m->issued ? ST_VOTE_RETURNED
		 : !r->closed              ? ST_VOTE_NOT_CLOSED
		 : r->present < m->quorum  ? ST_VOTE_QUORUM
					   : ST_VOTE_STANDS;
	if (m->end == ST_VOTE_STANDS)
		model_standing(v, m);
}

static void shuffle(struct vote *v)
{
	for (size_t i = v->in.paper_count; i > 1; i--) {
		size_t n = below((uint32_t)i);
		struct st_vote_paper p = v->papers[i - 1];
		v->papers[i - 1] = v->papers[n];
		v->papers[n] = p;
	}
	for (size_t i = v->in.token_count; i > 1; i--) {
		size_t n = below((uint32_t)i);
		struct st_hash h = v->tokens[i - 1];
		v->tokens[i - 1] = v->tokens[n];
		v->tokens[n] = h;
	}
}

#define SAME(x)                                                                               \
	do {                                                                                  \
		if (memcmp(&got.x, &want.x, sizeof(got.x)) != 0)                              \
			fail_msg("seed %llu: " #x " differ", (unsigned long long)first_seed); \
	} while (0)

static void test_count_is_the_models(void **state)
{
	(void)state;
	const char *given = getenv("SEED");
	size_t ties = 0, stands = 0, ends[8] = { 0 }, verdicts[ST_VERDICT_COUNT] = { 0 };
	struct vote *v = calloc(1, sizeof(*v));
	for (unsigned n = 0; n < (given != NULL ? 1 : VOTES); n++) {
		struct st_vote_count got, want, again;
		first_seed = seed = given != NULL ? strtoull(given, NULL, 10) : 5000 + n;
		random_vote(v);
		model(v, &want);
		assert_int_equal(st_vote_count(&v->in, &got), 0);
		SAME(end);
		SAME(issued);
		SAME(returned);
		SAME(repeated);
		SAME(verdicts);
		SAME(votes);
		SAME(points);
		SAME(standing);
		SAME(elected);
		SAME(tied);
		SAME(quorum);
		SAME(majority);
		shuffle(v);
		assert_int_equal(st_vote_count(&v->in, &again), 0);
		assert_memory_equal(&got.verdicts, &again.verdicts, sizeof(got.verdicts));
		assert_memory_equal(&got.order, &again.order, sizeof(got.order));
		assert_memory_equal(&got.standing, &again.standing, sizeof(got.standing));
		ends[got.end]++;
		stands += got.end == ST_VOTE_STANDS;
		ties += got.tied > 0;
		for (size_t i = 0; i < ST_VERDICT_COUNT; i++)
			verdicts[i] += got.verdicts[i];
	}
	for (size_t i = 0; given == NULL && i < ST_VERDICT_COUNT; i++)
		assert_true(verdicts[i] > 0); /* each way to be void was met */
	assert_true(given != NULL || (ties > 0 && stands > ties && ends[ST_VOTE_TOKENS] > 0 &&
				      ends[ST_VOTE_RETURNED] > 0 && ends[ST_VOTE_QUORUM] > 0 &&
				      ends[ST_VOTE_NOT_CLOSED] > 0));
	free(v);
}

static void test_default_quorum_and_majority(void **state)
{
	static const uint32_t rows[][3] = {
		{ 201, 134, 101 }, { 200, 134, 101 }, { 3, 2, 2 }, { 1, 1, 1 }, { 2980, 1987, 1491 }
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct st_vote_in in = {
			.rules = { .candidates = 2, .seats = 1, .deputies = rows[i][0] }
		};
		struct st_vote_count c;
		assert_int_equal(st_vote_count(&in, &c), 0);
		assert_int_equal(c.quorum, rows[i][1]);
		assert_int_equal(c.majority, rows[i][2]);
	}
}

static void test_a_mistyped_token_is_refused(void **state)
{
	(void)state;
	size_t missed = 0, tried = 0;
	for (uint32_t n = 0; n < 200; n++) {
		struct st_token t, read;
		char text[ST_TOKEN_TEXT];
		for (size_t i = 0; i < sizeof(t.bytes); i++)
			t.bytes[i] = (uint8_t)below(256);
		st_token_text(&t, text);
		assert_int_equal(strlen(text), ST_TOKEN_TEXT - 1);
		assert_int_equal(st_token_parse(st_span_text(text), &read), 0);
		assert_memory_equal(&read, &t, sizeof(t));
		for (size_t i = 0; text[i] != 0; i++) { /* one wrong character */
			char was = text[i];
			if (was == '-')
				continue;
			text[i] = was == 'A' ? 'B' : 'A';
			tried++;
			missed += st_token_parse(st_span_text(text), &read) == 0;
			text[i] = was;
		}
		text[0] = (char)(text[0] >= 'A' ? text[0] + 32 : text[0]);
		assert_int_equal(st_token_parse(st_span_text(text), &read),
				 0); /* small letters are as good */
		text[5] = 0;
		assert_int_equal(st_token_parse(st_span_text(text), &read), ST_EFIELD);
	}
	assert_true(missed * 300 < tried); /* 1 in 1,024 */
}

static void test_a_token_is_one_votes(void **state)
{
	struct st_record_id a, b;
	struct st_token t = token_of(1);
	(void)state;
	memset(&a, 0, sizeof(a));
	(void)snprintf(a.opener.text, sizeof(a.opener.text), "410611");
	b = a;
	b.ulid.bytes[15] = 1;
	struct st_hash x = st_token_hash(&a, &t), y = st_token_hash(&b, &t);
	assert_false(st_hash_equal(&x, &y));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_is_the_models),
		cmocka_unit_test(test_default_quorum_and_majority),
		cmocka_unit_test(test_a_mistyped_token_is_refused),
		cmocka_unit_test(test_a_token_is_one_votes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
