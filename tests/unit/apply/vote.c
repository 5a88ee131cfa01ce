/* vote.c - a vote by its jobs, at one station: tokens, papers, count, declaration, and what each of
 * them refuses. */
#include "pair.h"
#include <station/base/clock.h>
#include <station/store/logs.h>
#include <station/work/changes.h>
#include <station/work/vote.h>

enum { PROJECTS = 4, DEPUTIES = 9, SAID_MAX = 512 };

struct hall {
	struct station s;
	char projects[PROJECTS][ST_NUMBER_TEXT], vote[ST_NUMBER_TEXT];
	struct st_token tokens[ST_TOKENS_MAX];
};

/* "name value name value ..." of one command. */
static int command(struct station *s, const char *kind, const char *move, char *number,
		   const char *words, char *place)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_command_field fields[ST_COMMAND_FIELDS_MAX];
	char room[WORDS_ROOM];
	size_t n = fields_of(words, room, fields);
	job->kind = ST_JOB_COMMAND;
	job->u.command.command = (struct st_command){ .kind = st_kind_named(kind)->number,
						      .move = move,
						      .fields = fields,
						      .field_count = n };
	if (number[0] != 0)
		job->u.command.record = st_span_text(number);
	int rc = station_run(s, job);
	if (rc == 0)
		(void)snprintf(number, ST_NUMBER_TEXT, "%s", job->u.command.number);
	if (place != NULL)
		(void)snprintf(place, SAID_MAX, "%s|%s", job->u.command.place,
			       job->u.command.rule == NULL ? "" : job->u.command.rule->en);
	free(job);
	return rc;
}

#define DO(...) assert_int_equal(command(__VA_ARGS__, NULL), 0)

static void hall_new(struct hall *h, uint32_t deputies, uint32_t seats)
{
	struct st_signing_key root;
	char words[400];
	memset(h, 0, sizeof(*h));
	station_new(&h->s, 5);
	station_found(&h->s, "410600", &root);
	size_t n = (size_t)snprintf(words, sizeof(words),
				    "method n_of_m title v seats %u deputies %u", seats, deputies);
	for (size_t i = 0; i < PROJECTS; i++) {
		DO(&h->s, "project", "propose", h->projects[i], "origin citizen title p");
		DO(&h->s, "project", "screen", h->projects[i], "round 2026");
		n += (size_t)snprintf(words + n, sizeof(words) - n, " candidates %s",
				      h->projects[i]);
	}
	DO(&h->s, "vote", "prepare", h->vote, words);
}

static struct st_job *tokens_job(struct hall *h, uint32_t present)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_TOKENS;
	job->u.tokens = (struct st_job_tokens){ .vote = st_span_text(h->vote),
						.present = present,
						.tokens = h->tokens };
	return job;
}

static int issue(struct hall *h, uint32_t present)
{
	struct st_job *job = tokens_job(h, present);
	int rc = station_run(&h->s, job);
	free(job);
	return rc;
}

static void open_with(struct hall *h, uint32_t present)
{
	assert_int_equal(issue(h, present), 0);
	DO(&h->s, "vote", "open", h->vote, "");
}

static int enter(struct hall *h, const struct st_paper *papers, size_t count, const char *batch,
		 struct st_job_ballots *ret)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_BALLOTS;
	job->u.ballots = (struct st_job_ballots){ .vote = st_span_text(h->vote),
						  .papers = papers,
						  .count = count,
						  .batch = st_span_text(batch) };
	int rc = station_run(&h->s, job);
	if (ret != NULL)
		*ret = job->u.ballots;
	free(job);
	return rc;
}

static struct st_paper paper(const struct st_token *token, const char *choices)
{
	struct st_paper p = { .token = *token };
	for (; choices[p.choice_count] != 0; p.choice_count++)
		p.choices[p.choice_count] = (uint8_t)(choices[p.choice_count] - '0');
	return p;
}

static int declare(struct hall *h, char place[SAID_MAX])
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_DECLARE;
	job->u.declare.vote = st_span_text(h->vote);
	int rc = station_run(&h->s, job);
	(void)snprintf(place, SAID_MAX, "%s", job->u.declare.place);
	free(job);
	return rc;
}

struct looking {
	const char *name;
	struct st_vote *vote;
	struct st_record *record;
	uint64_t seq;
	struct st_event *event;
	struct st_buf *bytes;
	struct st_arena *arena;
};

static int look_vote(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_record_ref ref;
	assert_int_equal(st_record_resolve(t, st_span_text(l->name), &ref), 0);
	if (l->vote != NULL)
		assert_int_equal(st_vote_load(t, &ref, l->vote), 0);
	else
		assert_int_equal(st_record_load(t, &ref, l->record), 0);
	return 0;
}

static struct st_vote_count counted(struct hall *h)
{
	struct st_vote v;
	struct st_vote_count c;
	struct looking l = { .name = h->vote, .vote = &v };
	assert_int_equal(st_store_read(h->s.store, look_vote, &l), 0);
	assert_int_equal(st_vote_count(&v.in, &c), 0);
	st_vote_done(&v);
	return c;
}

static const char *state_of(struct hall *h, const char *number)
{
	struct st_record r;
	struct looking l = { .name = number, .record = &r };
	assert_int_equal(st_store_read(h->s.store, look_vote, &l), 0);
	return st_kind_state(st_kind(r.kind), r.state)->name;
}

static bool in_store(struct hall *h, const void *bytes, size_t size)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%.63s/data.mdb", h->s.directory);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size_t all = (size_t)ftell(f);
	char *data = malloc(all);
	rewind(f);
	assert_int_equal(fread(data, 1, all, f), all);
	bool found = memmem(data, all, bytes, size) != NULL;
	free(data);
	(void)fclose(f);
	return found;
}

static void test_a_whole_vote(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_job_ballots b;
	char place[SAID_MAX];
	(void)state;
	hall_new(h, DEPUTIES, 2);
	open_with(h, 8);
	const struct st_paper papers[] = {
		/* 5 of 9 are the majority */
		paper(&h->tokens[0], "12"),  paper(&h->tokens[1], "12"), paper(&h->tokens[2], "12"),
		paper(&h->tokens[3], "13"),  paper(&h->tokens[4], "12"), paper(&h->tokens[5], "2"),
		paper(&h->tokens[6], "123"), { .spoiled = true },
	};
	assert_int_equal(declare(h, place), ST_EMOVE); /* not while they vote */
	assert_int_equal(enter(h, papers, 8, "box", &b), 0);
	assert_int_equal(b.written, 8);
	assert_int_equal(counted(h).end, ST_VOTE_NOT_CLOSED);
	assert_int_equal(counted(h).votes[0], 0); /* nobody counts while others vote */
	DO(&h->s, "vote", "close", h->vote, "");
	struct st_vote_count c = counted(h);
	assert_int_equal(c.end, ST_VOTE_STANDS);
	assert_int_equal(c.returned, 8);
	assert_int_equal(c.verdicts[ST_BALLOT_VALID], 6);
	assert_int_equal(c.verdicts[ST_BALLOT_TOO_MANY], 1);
	assert_int_equal(c.votes[0], 5);
	assert_int_equal(c.votes[1], 5);
	assert_int_equal(c.elected, 2);
	assert_int_equal(declare(h, place), 0);
	assert_string_equal(state_of(h, h->projects[0]), "chosen");
	assert_string_equal(state_of(h, h->projects[1]), "chosen");
	assert_string_equal(state_of(h, h->projects[2]), "not_chosen");
	assert_string_equal(state_of(h, h->projects[3]), "not_chosen");
	assert_string_equal(state_of(h, h->vote), "declared");
	assert_int_equal(declare(h, place), ST_EMOVE); /* it is done */
	assert_int_equal(enter(h, papers, 1, "later", NULL), ST_EMOVE);
	station_gone(&h->s);
	free(h);
}

static void test_tokens_are_under_a_checkpoint_before_voting_opens(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_job *open = calloc(1, sizeof(*open));
	(void)state;
	hall_new(h, DEPUTIES, 2);
	struct st_job *jobs[] = { tokens_job(h, 8), open };
	open->kind = ST_JOB_COMMAND;
	open->u.command.command =
		(struct st_command){ .kind = st_kind_named("vote")->number, .move = "open" };
	open->u.command.record = st_span_text(h->vote);
	assert_int_equal(st_apply_group(h->s.apply, &h->s.world, jobs, 2, &h->s.applied), 0);
	assert_int_equal(jobs[0]->rc, 0);
	assert_int_equal(open->rc, ST_EBUSY); /* in the same transaction nothing is signed yet */
	assert_int_equal(station_run(&h->s, open), 0);
	free(jobs[0]);
	free(open);
	station_gone(&h->s);
	free(h);
}

static void test_a_token_is_nowhere_until_it_is_cast(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	char text[ST_TOKEN_TEXT];
	(void)state;
	hall_new(h, DEPUTIES, 2);
	open_with(h, 8);
	const struct st_paper papers[] = { paper(&h->tokens[0], "1"), paper(&h->tokens[1], "2") };
	assert_int_equal(enter(h, papers, 2, "", NULL), 0);
	for (size_t i = 0; i < 8; i++) {
		st_token_text(&h->tokens[i], text);
		assert_int_equal(in_store(h, h->tokens[i].bytes, ST_TOKEN_SIZE), i < 2);
		assert_false(in_store(h, text, strlen(text)));
	}
	station_gone(&h->s);
	free(h);
}

static int look_event(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_self self;
	assert_int_equal(st_self_load(t, &self), 0);
	st_buf_clear(l->bytes);
	st_arena_reset(l->arena);
	assert_int_equal(st_event_get(t, self.log, l->seq, l->bytes), 0);
	return st_event_decode(st_buf_span(l->bytes), l->arena, l->event);
}

/* A paper's time is that of the opening, and a pile's order is drawn. */
static void test_papers_say_neither_when_nor_in_which_order(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_paper papers[64];
	struct st_event e;
	struct st_arena arena;
	struct st_buf bytes;
	struct st_vote v;
	struct looking l = {
		.name = h->vote, .vote = &v, .event = &e, .arena = &arena, .bytes = &bytes
	};
	size_t in_place = 0;
	(void)state;
	hall_new(h, 64, 2);
	open_with(h, 64);
	int64_t opened = h->s.world.now_ms;
	for (size_t i = 0; i < 64; i++)
		papers[i] = paper(&h->tokens[i], "1");
	h->s.world.now_ms += 1234567;
	assert_int_equal(enter(h, papers, 64, "box", NULL), 0);
	assert_int_equal(st_store_read(h->s.store, look_vote, &l), 0);
	assert_int_equal(st_arena_init(&arena, ST_EVENT_ARENA), 0);
	st_buf_init(&bytes, ST_EVENT_MAX);
	for (size_t i = 0; i < 64; i++) {
		struct st_ballot b;
		l.seq = v.first.seq + i;
		assert_int_equal(st_store_read(h->s.store, look_event, &l), 0);
		assert_int_equal(e.type, ST_BALLOT);
		assert_int_equal(e.wall_ms, opened);
		assert_int_equal(e.author.size, 0);
		assert_int_equal(st_ballot_decode(e.body, &b), 0);
		in_place += memcmp(b.token, h->tokens[i].bytes, ST_TOKEN_SIZE) == 0;
	}
	assert_true(in_place < 16); /* about one of them is */
	struct st_paper twice[] = { papers[0], papers[1], papers[1],
				    papers[0] }; /* all of them void by now */
	for (size_t i = 0; i < 4; i++)
		twice[i].choices[0] = (uint8_t)(1 + i);
	assert_int_equal(enter(h, twice, 4, "again", NULL), 0);
	st_vote_done(&v);
	assert_int_equal(st_store_read(h->s.store, look_vote, &l), 0);
	uint8_t last[2] = { 0, 0 };
	for (size_t i = 64; i < 68; i++) {
		struct st_ballot b;
		l.seq = v.first.seq + i;
		assert_int_equal(st_store_read(h->s.store, look_event, &l), 0);
		assert_int_equal(st_ballot_decode(e.body, &b), 0);
		size_t whose = memcmp(b.token, h->tokens[1].bytes, ST_TOKEN_SIZE) == 0;
		assert_true(b.choices[0] > last[whose]); /* of one token, the pile's order stays */
		last[whose] = b.choices[0];
	}
	st_arena_done(&arena);
	st_buf_done(&bytes);
	st_vote_done(&v);
	station_gone(&h->s);
	free(h);
}

static void test_a_pile_entered_again_adds_what_is_new(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_job_ballots b;
	(void)state;
	hall_new(h, DEPUTIES, 2);
	open_with(h, 8);
	const struct st_paper papers[] = {
		paper(&h->tokens[0], "1"), paper(&h->tokens[1], "2"),
		paper(&h->tokens[1], "2"), /* a copy */
		{ .spoiled = true },       { .spoiled = true },
		paper(&h->tokens[2], ""),
	};
	assert_int_equal(enter(h, papers, 4, "box", &b), 0);
	assert_int_equal(b.written, 4);
	assert_int_equal(enter(h, papers, 6, "box", &b), 0);
	assert_int_equal(b.written, 2);
	assert_int_equal(b.known, 4);
	assert_int_equal(enter(h, papers, 6, "box", &b), 0);
	assert_int_equal(b.written, 0);
	assert_int_equal(counted(h).returned, 6);
	assert_int_equal(counted(h).verdicts[ST_BALLOT_USED], 1);
	assert_int_equal(enter(h, papers, 1, "another box", &b),
			 0); /* another paper that looks the same */
	assert_int_equal(b.written, 1);
	assert_int_equal(counted(h).verdicts[ST_BALLOT_USED], 2);
	station_gone(&h->s);
	free(h);
}

static void test_more_papers_than_tokens_void_the_vote(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_paper papers[3];
	struct st_token strange = { .bytes = { 7 } };
	char place[SAID_MAX];
	(void)state;
	hall_new(h, 3, 1);
	open_with(h, 2);
	papers[0] = paper(&h->tokens[0], "1");
	papers[1] = paper(&h->tokens[1], "1");
	papers[2] = paper(&strange, "2");
	assert_int_equal(enter(h, papers, 3, "", NULL), 0);
	DO(&h->s, "vote", "close", h->vote, "");
	assert_int_equal(counted(h).end, ST_VOTE_RETURNED);
	assert_int_equal(declare(h, place), ST_EVOTE);
	assert_string_equal(place, "returned: 3 > 2");
	DO(&h->s, "vote", "void", h->vote, "reason x");
	assert_int_equal(counted(h).end, ST_VOTE_ANNULLED);
	assert_string_equal(state_of(h, h->projects[0]), "candidate");
	station_gone(&h->s);
	free(h);
}

static void test_late_papers_are_void_and_change_nothing_else(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_paper p;
	struct st_job_ballots b;
	(void)state;
	hall_new(h, 3, 1);
	open_with(h, 2);
	p = paper(&h->tokens[0], "1");
	assert_int_equal(enter(h, &p, 1, "", NULL), 0);
	DO(&h->s, "vote", "close", h->vote, "");
	for (size_t i = 0; i < 3; i++) {
		p = paper(&h->tokens[1], i == 0 ? "1" : i == 1 ? "2" : "3");
		assert_int_equal(enter(h, &p, 1, "", &b), 0);
		assert_true(b.late);
	}
	struct st_vote_count c = counted(h);
	assert_int_equal(c.verdicts[ST_BALLOT_LATE], 3);
	assert_int_equal(c.returned, 1);
	assert_int_equal(c.end, ST_VOTE_STANDS);
	station_gone(&h->s);
	free(h);
}

static void test_those_tied_stay_candidates_and_are_voted_on_again(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_paper papers[3];
	char place[SAID_MAX], words[300], first[ST_NUMBER_TEXT];
	(void)state;
	hall_new(h, 3, 2);
	open_with(h, 3);
	papers[0] = paper(&h->tokens[0], "12");
	papers[1] = paper(&h->tokens[1], "13");
	papers[2] = paper(&h->tokens[2], "1");
	(void)snprintf(words, sizeof(words), "%s", h->vote);
	assert_int_equal(enter(h, papers, 3, "", NULL), 0);
	DO(&h->s, "vote", "close", h->vote, "");
	assert_int_equal(counted(h).elected, 1); /* nobody else has two of three */
	assert_int_equal(counted(h).tied, 0);
	assert_int_equal(counted(h).seats_left, 1);
	station_gone(&h->s);
	hall_new(h, 5, 2);
	open_with(h, 5);
	const struct st_paper tie[] = { paper(&h->tokens[0], "12"), paper(&h->tokens[1], "12"),
					paper(&h->tokens[2], "13"), paper(&h->tokens[3], "32"),
					paper(&h->tokens[4], "31") };
	assert_int_equal(enter(h, tie, 5, "", NULL), 0);
	DO(&h->s, "vote", "close", h->vote, "");
	struct st_vote_count c = counted(h); /* 4, 3, 3: all have three of five */
	assert_int_equal(c.elected, 1);
	assert_int_equal(c.tied, 2);
	assert_int_equal(c.seats_left, 1);
	assert_int_equal(declare(h, place), 0);
	assert_string_equal(state_of(h, h->projects[0]), "chosen");
	assert_string_equal(state_of(h, h->projects[1]), "candidate");
	assert_string_equal(state_of(h, h->projects[2]), "candidate");
	assert_string_equal(state_of(h, h->projects[3]), "not_chosen");
	(void)snprintf(first, sizeof(first), "%s", h->vote);
	(void)snprintf(words, sizeof(words),
		       "method n_of_m title again seats 1 deputies 5 follows %s candidates %s "
		       "candidates %s",
		       first, h->projects[1], h->projects[2]);
	h->vote[0] = 0;
	DO(&h->s, "vote", "again", h->vote, words);
	open_with(h, 5);
	for (size_t i = 0; i < 3; i++) {
		struct st_paper p = paper(&h->tokens[i], "2");
		assert_int_equal(enter(h, &p, 1, "", NULL), 0);
	}
	DO(&h->s, "vote", "close", h->vote, "");
	assert_int_equal(declare(h, place), 0);
	assert_string_equal(state_of(h, h->projects[2]), "chosen");
	assert_string_equal(state_of(h, h->projects[1]), "not_chosen");
	station_gone(&h->s);
	free(h);
}

static void test_below_the_quorum_nothing_is_declared(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	char place[SAID_MAX];
	(void)state;
	hall_new(h, DEPUTIES, 2);
	struct st_job *job = tokens_job(h, 5);
	assert_int_equal(station_run(&h->s, job), 0);
	assert_false(job->u.tokens.quorum);
	free(job);
	DO(&h->s, "vote", "open", h->vote, "");
	DO(&h->s, "vote", "close", h->vote, "");
	assert_int_equal(counted(h).end, ST_VOTE_QUORUM);
	assert_int_equal(declare(h, place), ST_EVOTE);
	assert_string_equal(place, "quorum: 5 < 6");
	station_gone(&h->s);
	free(h);
}

static void test_what_is_refused(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	char place[SAID_MAX], none[ST_NUMBER_TEXT] = "", words[300];
	struct st_paper p;
	(void)state;
	hall_new(h, DEPUTIES, 2);
	assert_int_equal(issue(h, 10), ST_EFIELD); /* more present than there are */
	assert_int_equal(command(&h->s, "vote", "issue", h->vote, "", NULL),
			 ST_EMOVE); /* a job's, not a person's */
	assert_int_equal(command(&h->s, "vote", "open", h->vote, "", NULL), ST_EMOVE);
	assert_int_equal(command(&h->s, "vote", "note", h->vote, "present 9", place), ST_EFIELD);
	assert_int_equal(command(&h->s, "vote", "note", h->vote, "majority 1", place), ST_EFIELD);
	p = paper(&h->tokens[0], "1");
	assert_int_equal(enter(h, &p, 1, "", NULL), ST_EMOVE); /* nobody votes yet */
	assert_int_equal(issue(h, 8), 0);
	assert_int_equal(issue(h, 8), ST_EMOVE); /* once */
	DO(&h->s, "vote", "open", h->vote, "");
	p.choices[0] = 5;
	assert_int_equal(enter(h, &p, 1, "", NULL), ST_EFIELD); /* no such place on the paper */
	(void)snprintf(words, sizeof(words),
		       "method n_of_m title v seats 2 deputies 9 candidates %s candidates %s",
		       h->projects[0], h->projects[1]);
	assert_int_equal(command(&h->s, "vote", "prepare", none, words, place),
			 ST_EFIELD); /* as many as seats */
	assert_string_equal(place, "seats (< candidates: 2)|");
	station_gone(&h->s);
	free(h);
}

/* ---- who may be voted on ---- */

/* What preparing a vote on two is refused for; "" where it is taken. */
static const char *refused(struct hall *h, const char *move, const char *follows, const char *first,
			   const char *second)
{
	static char place[SAID_MAX];
	char words[300];
	(void)snprintf(words, sizeof(words),
		       "method n_of_m title v seats 1 deputies 5 candidates %s candidates %s%s%s", first,
		       second, follows[0] == 0 ? "" : " follows ", follows);
	h->vote[0] = 0;
	place[0] = 0;
	int rc = command(&h->s, "vote", move, h->vote, words, place);
	assert_true(rc == ST_ERULE || (rc == 0 && h->vote[0] != 0));
	return rc == 0 ? "" : place;
}

static void says(const char *place, const char *number, const char *why)
{
	char both[SAID_MAX];
	(void)snprintf(both, sizeof(both), "candidates: %s|", number);
	assert_non_null(strstr(place, both));
	assert_non_null(strstr(place, why));
}

static void test_only_candidates_are_voted_on(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	char fresh[ST_NUMBER_TEXT] = "", *p, *q;
	(void)state;
	hall_new(h, 5, 2);
	p = h->projects[0];
	q = h->projects[1];
	DO(&h->s, "project", "propose", fresh, "origin citizen title p");
	says(refused(h, "prepare", "", p, fresh), fresh, "screen it first");
	says(refused(h, "prepare", "", p, p), p, "twice");
	DO(&h->s, "project", "choose", h->projects[2], "votes 3 deputies_present 5");
	says(refused(h, "prepare", "", p, h->projects[2]), h->projects[2], "elected already");
	DO(&h->s, "project", "pass", h->projects[3], "votes 1 deputies_present 5");
	says(refused(h, "prepare", "", h->projects[3], p), h->projects[3], "no candidate any more");
	assert_string_equal(refused(h, "prepare", "", p, q), "");
	DO(&h->s, "project", "drop", q, "reason x"); /* meanwhile: the tokens are asked the same */
	struct st_job *job = tokens_job(h, 5);
	assert_int_equal(station_run(&h->s, job), ST_ERULE);
	assert_ptr_equal(strstr(job->u.tokens.place, "candidates: "), job->u.tokens.place);
	assert_non_null(strstr(job->u.tokens.place, q));
	assert_non_null(strstr(job->u.tokens.rule->en, "no candidate any more"));
	free(job);
	station_gone(&h->s);
	free(h);
}

static void test_after_a_tie_only_those_tied_are_voted_on(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	char place[SAID_MAX], first[ST_NUMBER_TEXT], fifth[ST_NUMBER_TEXT] = "";
	(void)state;
	hall_new(h, 5, 2);
	(void)snprintf(first, sizeof(first), "%s", h->vote);
	DO(&h->s, "project", "propose", fifth, "origin citizen title p");
	DO(&h->s, "project", "screen", fifth, "round 2026");
	const char *none = refused(h, "again", first, h->projects[1], h->projects[2]);
	assert_non_null(strstr(none, "follows: "));
	assert_non_null(strstr(none, "no tie")); /* nothing has been declared of it yet */
	(void)snprintf(h->vote, sizeof(h->vote), "%s", first);
	open_with(h, 5);
	const struct st_paper tie[] = { paper(&h->tokens[0], "12"), paper(&h->tokens[1], "12"),
					paper(&h->tokens[2], "13"), paper(&h->tokens[3], "32"),
					paper(&h->tokens[4], "31") };
	assert_int_equal(enter(h, tie, 5, "", NULL), 0);
	DO(&h->s, "vote", "close", h->vote, "");
	assert_int_equal(declare(h, place), 0);
	says(refused(h, "again", first, h->projects[0], h->projects[1]), h->projects[0], "elected already");
	says(refused(h, "again", first, h->projects[1], fifth), fifth, "isn't one of those tied");
	says(refused(h, "prepare", first, h->projects[1], fifth), fifth, "isn't one of those tied");
	assert_string_equal(refused(h, "again", first, h->projects[1], h->projects[2]), "");
	assert_string_equal(refused(h, "prepare", "", h->projects[1], fifth), ""); /* another vote */
	station_gone(&h->s);
	free(h);
}

static void test_a_national_congress(void **state)
{
	struct hall *h = malloc(sizeof(*h));
	struct st_paper *papers = calloc(ST_BALLOTS_MAX, sizeof(*papers));
	struct st_job_ballots b;
	(void)state;
	hall_new(h, ST_TOKENS_MAX, 3);
	open_with(h, ST_TOKENS_MAX);
	for (size_t i = 0; i < ST_TOKENS_MAX; i++)
		papers[i] = paper(&h->tokens[i], i % 2 ? "124" : "132");
	for (size_t i = ST_TOKENS_MAX; i < ST_BALLOTS_MAX; i++)
		papers[i].spoiled = true;
	assert_int_equal(enter(h, papers, ST_TOKENS_MAX, "", &b), 0);
	assert_int_equal(b.written, ST_TOKENS_MAX);
	DO(&h->s, "vote", "close", h->vote, "");
	struct st_vote_count c = counted(h);
	assert_int_equal(c.verdicts[ST_BALLOT_VALID], ST_TOKENS_MAX);
	assert_int_equal(c.votes[0], ST_TOKENS_MAX);
	assert_int_equal(c.end, ST_VOTE_STANDS);
	assert_int_equal(enter(h, papers + ST_TOKENS_MAX, ST_BALLOTS_MAX - ST_TOKENS_MAX, "", NULL),
			 0);
	assert_int_equal(enter(h, papers, 1, "one more", NULL), ST_ETOOBIG);
	station_gone(&h->s);
	free(papers);
	free(h);
}

/* ---- rules of suggestions ---- */

static void rated(struct station *s, char *n, const char *class, const char *whole)
{
	char words[200];
	(void)snprintf(words, sizeof(words), "reply r class %s", class);
	DO(s, "suggestion", "draft", n, words);
	DO(s, "suggestion", "submit", n, "responsible x");
	DO(s, "suggestion", "answer", n, "reviewed_by deputies_office answered_how written");
	(void)snprintf(words, sizeof(words),
		       "rating_meeting satisfied rating_attitude satisfied rating_answer basically "
		       "rating_whole %s",
		       whole);
	DO(s, "suggestion", "rate", n, words);
}

static void raised(struct station *s, char *n)
{
	n[0] = 0;
	DO(s, "suggestion", "raise", n, "type suggestion title t deputy D-1 co_signers D-2");
	DO(s, "suggestion", "accept", n, "category c");
	DO(s, "suggestion", "assign", n, "unit u");
}

static void test_a_motion_needs_its_deputies(void **state)
{
	struct station s;
	struct st_signing_key root;
	char n[ST_NUMBER_TEXT] = "", place[SAID_MAX], words[40];
	(void)state;
	station_new(&s, 6);
	station_found(&s, "410600", &root);
	assert_int_equal(command(&s, "suggestion", "raise", n, "type motion title t deputy D-1",
				 place),
			 ST_EFIELD);
	assert_string_equal(place, "level|"); /* how many it needs depends on it */
	DO(&s, "suggestion", "raise", n,
	   "type motion level county title t deputy D-1 co_signers D-2 co_signers D-2");
	for (int i = 2; i < 10; i++) {
		(void)snprintf(words, sizeof(words), "co_signers D-%d", i);
		DO(&s, "suggestion", "cosign", n, words);
	}
	assert_int_equal(command(&s, "suggestion", "agenda", n, "decision d", place), ST_ERULE);
	assert_string_equal(
		place,
		"9 < 10|a motion at county level and above needs ten deputies: cosign first");
	DO(&s, "suggestion", "cosign", n, "co_signers D-10");
	DO(&s, "suggestion", "agenda", n, "decision d");
	n[0] = 0;
	DO(&s, "suggestion", "raise", n,
	   "type motion level town title t deputy D-1 co_signers D-2 co_signers D-3 co_signers "
	   "D-4");
	assert_int_equal(command(&s, "suggestion", "agenda", n, "decision d", place), ST_ERULE);
	DO(&s, "suggestion", "cosign", n, "co_signers D-5");
	DO(&s, "suggestion", "agenda", n, "decision d");
	n[0] = 0;
	DO(&s, "suggestion", "raise", n, "type suggestion title t deputy D-1");
	assert_int_equal(command(&s, "suggestion", "agenda", n, "decision d", place), ST_ERULE);
	station_gone(&s);
}

static int look_due(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	return look_vote(t, l);
}

static void test_a_promise_is_kept_before_it_is_closed(void **state)
{
	struct station s;
	struct st_signing_key root;
	struct st_record r;
	char n[ST_NUMBER_TEXT], place[SAID_MAX];
	struct looking l = { .name = n, .record = &r };
	(void)state;
	station_new(&s, 7);
	station_found(&s, "410600", &root);
	raised(&s, n);
	rated(&s, n, "C", "basically");
	assert_int_equal(command(&s, "suggestion", "close", n, "", place), ST_ERULE);
	assert_string_equal(place, "class|an answer of this class is a promise: give its day "
				   "with promise, and fulfil it");
	DO(&s, "suggestion", "promise", n, "promise 2024-06-30");
	assert_int_equal(st_store_read(s.store, look_due, &l), 0);
	char day[ST_DAY_TEXT];
	st_day_text(r.due_day, day);
	assert_string_equal(day, "2024-06-30"); /* so it is overdue when it isn't kept */
	DO(&s, "suggestion", "fulfil", n, "progress p rating_result satisfied");
	raised(&s, n);
	rated(&s, n, "A", "satisfied");
	DO(&s, "suggestion", "close", n, "");
	station_gone(&s);
}

static void test_an_unsatisfied_deputy_is_answered_anew(void **state)
{
	struct station s;
	struct st_signing_key root;
	char n[ST_NUMBER_TEXT], place[SAID_MAX];
	(void)state;
	station_new(&s, 8);
	station_found(&s, "410600", &root);
	raised(&s, n);
	rated(&s, n, "A", "unsatisfied");
	assert_int_equal(command(&s, "suggestion", "close", n, "", place), ST_ERULE);
	assert_int_equal(command(&s, "suggestion", "promise", n, "promise 2024-06-30", place),
			 ST_ERULE);
	DO(&s, "suggestion", "redo", n, "reason r due 2023-12-31");
	rated(&s, n, "D", "unsatisfied");
	DO(&s, "suggestion", "close", n, ""); /* it was answered anew, and explained */
	assert_int_equal(command(&s, "suggestion", "key", n, "key yes supervisors a", place),
			 ST_EMOVE);
	raised(&s, n);
	assert_int_equal(command(&s, "suggestion", "key", n, "key yes supervisors a supervisors b",
				 place),
			 ST_EFIELD);
	DO(&s, "suggestion", "key", n,
	   "key yes supervisors a supervisors b supervisors c supervisors d supervisors e");
	station_gone(&s);
}

/* The term runs from the assignment, whatever else is said of the suggestion meanwhile. */
static void test_it_is_returned_within_days_of_its_assignment(void **state)
{
	struct station s;
	struct st_signing_key root;
	char n[ST_NUMBER_TEXT], place[SAID_MAX];
	(void)state;
	station_new(&s, 9);
	station_found(&s, "410600", &root);
	raised(&s, n);
	s.world.now_ms += 16 * 86400000ll;
	DO(&s, "suggestion", "key", n,
	   "key yes supervisors a supervisors b supervisors c supervisors d supervisors e");
	DO(&s, "suggestion", "return", n, "reason r"); /* on the last day */
	DO(&s, "suggestion", "assign", n, "unit v");
	s.world.now_ms += 17 * 86400000ll;
	DO(&s, "suggestion", "publish", n, "public_text yes public_answer yes");
	assert_int_equal(command(&s, "suggestion", "return", n, "reason r", place), ST_EMOVE);
	station_gone(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_vote),
		cmocka_unit_test(test_tokens_are_under_a_checkpoint_before_voting_opens),
		cmocka_unit_test(test_a_token_is_nowhere_until_it_is_cast),
		cmocka_unit_test(test_papers_say_neither_when_nor_in_which_order),
		cmocka_unit_test(test_a_pile_entered_again_adds_what_is_new),
		cmocka_unit_test(test_more_papers_than_tokens_void_the_vote),
		cmocka_unit_test(test_late_papers_are_void_and_change_nothing_else),
		cmocka_unit_test(test_those_tied_stay_candidates_and_are_voted_on_again),
		cmocka_unit_test(test_below_the_quorum_nothing_is_declared),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_only_candidates_are_voted_on),
		cmocka_unit_test(test_after_a_tie_only_those_tied_are_voted_on),
		cmocka_unit_test(test_a_national_congress),
		cmocka_unit_test(test_a_motion_needs_its_deputies),
		cmocka_unit_test(test_a_promise_is_kept_before_it_is_closed),
		cmocka_unit_test(test_an_unsatisfied_deputy_is_answered_anew),
		cmocka_unit_test(test_it_is_returned_within_days_of_its_assignment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
