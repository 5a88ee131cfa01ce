/* vote.c - one vote of a city's deputies: projects, tokens, papers of every sort, entered again after
 * each crash; and the count, made anew at every tier.
 *
 * Owns:    the hall's own list: whose token is whose, which papers went into the box in which order.
 * Promise: 1 and 2: a paper counts once, however often it is entered; whoever holds the log counts
 *          the same from it.
 * Flow:    seed -> vote's jobs -> own log; every tier -> count -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/vote.h>
#include "sim.h"

enum { PROJECTS = 3, DEPUTIES = 24, PILES = 4, PILE = 8, STEP_MS = 2500 };
enum stage { PROPOSE, SCREEN, PREPARE, ISSUE, OPEN, PAPERS, CLOSE, LATE, DECLARE, OVER };

struct vote {
	struct station *station;
	enum stage stage;
	bool busy;             /* a job is on its way */
	size_t project, pile;  /* how far */
	char projects[PROJECTS][NUMBER_MAX], number[NUMBER_MAX];
	uint32_t present, seats;
	struct st_token tokens[DEPUTIES];
	struct st_paper papers[PILES + 1][PILE]; /* the last pile is late */
	size_t counts[PILES + 1];
	bool told[PILES + 1], tried[PILES + 1];
};

struct asking {
	struct vote *vote;
	char texts[PROJECTS + 3][NUMBER_MAX];
	struct st_command_field fields[PROJECTS + 6];
	size_t field_count;
};

static void gone(struct job *j)
{
	struct asking *a = j->arg;
	a->vote->busy = false;
	free(a);
}

static struct job *job_about(struct vote *v, enum st_job_kind kind, job_fn *done)
{
	struct job *j = job_new(kind, done);
	struct asking *a = calloc(1, sizeof(*a));
	ST_REQUIRE(a != NULL);
	a->vote = v;
	v->busy = true;
	j->arg = a;
	j->gone = gone;
	return j;
}

static void submit(struct vote *v, struct job *j)
{
	if (station_submit(v->station, j) < 0)
		job_free(j);
}

static bool no_room(int rc)
{
	return rc == ST_EFULL || rc == ST_EIO || rc == ST_EBUSY;
}

/* ---- moves ---- */

static void field(struct asking *a, const char *name, const char *value)
{
	a->fields[a->field_count++] =
		(struct st_command_field){ st_span_text(name), st_span_text(value) };
}

/* A move whose answer was lost is done when it is asked for again: that is as good as its answer. */
static void moved(struct station *s, struct job *j)
{
	struct vote *v = ((struct asking *)j->arg)->vote;
	const struct st_job_command *c = &j->work.u.command;
	int rc = j->work.rc;
	SIM_CHECK(s->sim, s, rc == 0 || no_room(rc) || (rc == ST_EMOVE && v->stage != PREPARE),
		  "a vote's move %u is refused: %s %s", (unsigned)v->stage, st_error_name(rc), c->place);
	if (rc < 0 && rc != ST_EMOVE)
		return;
	if (rc == 0)
		told_event(s, &c->event);
	if (rc == 0 && v->stage == PROPOSE)
		memcpy(v->projects[v->project], c->number, NUMBER_MAX);
	if (rc == 0 && v->stage == PREPARE)
		memcpy(v->number, c->number, NUMBER_MAX);
	if (v->stage == SCREEN && ++v->project < PROJECTS)
		v->stage = PROPOSE;
	else
		v->stage++;
}

static void move(struct vote *v, const char *kind, const char *name, const char *number)
{
	struct job *j = job_about(v, ST_JOB_COMMAND, moved);
	struct asking *a = j->arg;
	if (v->stage == PROPOSE) {
		field(a, "origin", "citizen");
		field(a, "title", "修路");
	} else if (v->stage == SCREEN) {
		field(a, "round", "2026");
	} else if (v->stage == PREPARE) {
		(void)snprintf(a->texts[0], NUMBER_MAX, "%u", v->seats);
		(void)snprintf(a->texts[1], NUMBER_MAX, "%d", (int)DEPUTIES);
		field(a, "method", sim_chance(v->station->sim, 500) ? "n_of_m" : "priority");
		field(a, "title", "票决");
		field(a, "seats", a->texts[0]);
		field(a, "deputies", a->texts[1]);
		field(a, "quorum", "1");
		for (size_t i = 0; i < PROJECTS; i++)
			field(a, "candidates", v->projects[i]);
	}
	j->work.u.command.command = (struct st_command){
		.kind = st_kind_named(kind)->number, .move = name, .author = st_span_text("hall"),
		.fields = a->fields, .field_count = a->field_count,
	};
	if (number != NULL)
		j->work.u.command.record = st_span_text(number);
	submit(v, j);
}

/* ---- tokens and papers ---- */

static void issued(struct station *s, struct job *j)
{
	struct vote *v = ((struct asking *)j->arg)->vote;
	int rc = j->work.rc;
	SIM_CHECK(s->sim, s, rc == 0 || no_room(rc) || rc == ST_EMOVE, "no tokens: %s %s", st_error_name(rc),
		  j->work.u.tokens.place);
	if (rc == 0)
		v->stage = OPEN;
	else if (rc == ST_EMOVE)
		v->stage = PREPARE; /* they were issued and nobody has them: the hall prepares another vote */
}

static void draw_papers(struct vote *v)
{
	struct sim *sim = v->station->sim;
	for (size_t p = 0; p <= PILES; p++) {
		v->counts[p] = 1 + sim_below(sim, PILE);
		for (size_t i = 0; i < v->counts[p]; i++) {
			struct st_paper *x = &v->papers[p][i];
			memset(x, 0, sizeof(*x));
			x->spoiled = sim_chance(sim, 60);
			if (!x->spoiled)
				x->token = v->tokens[sim_below(sim, v->present)];
			if (sim_chance(sim, 100) && !x->spoiled)
				x->token.bytes[0] ^= 1; /* nobody's */
			x->choice_count = x->spoiled ? 0 : sim_below(sim, v->seats + 2);
			for (size_t n = 0; n < x->choice_count; n++)
				x->choices[n] = (uint8_t)(n + 1);
		}
	}
}

static void entered(struct station *s, struct job *j)
{
	struct vote *v = ((struct asking *)j->arg)->vote;
	const struct st_job_ballots *b = &j->work.u.ballots;
	size_t p = (size_t)(b->papers - v->papers[0]) / PILE;
	int rc = j->work.rc;
	SIM_CHECK(s->sim, s, rc == 0 || no_room(rc), "papers are refused: %s %s", st_error_name(rc), b->place);
	if (rc < 0)
		return;
	SIM_CHECK(s->sim, s, b->written + b->known == v->counts[p] && (!v->told[p] || b->written == 0),
		  "pile %zu of %zu papers: %zu written, %zu known", p, v->counts[p], b->written, b->known);
	if (v->told[p])
		return; /* it was entered again, for nothing */
	v->told[p] = true;
	if (v->stage == LATE || ++v->pile == PILES)
		v->stage++;
}

static void enter(struct vote *v, size_t pile)
{
	static const char *const names[PILES + 1] = { "a", "b", "c", "d", "late" };
	struct job *j = job_about(v, ST_JOB_BALLOTS, entered);
	v->tried[pile] = true;
	j->work.u.ballots = (struct st_job_ballots){
		.vote = st_span_text(v->number), .author = st_span_text("hall"),
		.batch = st_span_text(names[pile]), .papers = v->papers[pile], .count = v->counts[pile],
	};
	submit(v, j);
}

static void declared(struct station *s, struct job *j)
{
	struct vote *v = ((struct asking *)j->arg)->vote;
	int rc = j->work.rc;
	SIM_CHECK(s->sim, s, rc == 0 || no_room(rc) || rc == ST_EVOTE || rc == ST_EMOVE, "can't declare: %s %s",
		  st_error_name(rc), j->work.u.declare.place);
	if (!no_room(rc))
		v->stage = OVER;
}

static void ask(struct vote *v)
{
	struct sim *sim = v->station->sim;
	struct job *j;
	switch (v->stage) {
	case PROPOSE: move(v, "project", "propose", NULL); break;
	case SCREEN:  move(v, "project", "screen", v->projects[v->project]); break;
	case PREPARE: move(v, "vote", "prepare", NULL); break;
	case ISSUE:
		j = job_about(v, ST_JOB_TOKENS, issued);
		j->work.u.tokens = (struct st_job_tokens){ .vote = st_span_text(v->number), .present = v->present,
							   .author = st_span_text("hall"), .tokens = v->tokens };
		submit(v, j);
		break;
	case OPEN:
		draw_papers(v);
		move(v, "vote", "open", v->number);
		break;
	case PAPERS:
	case LATE: {
		size_t p = v->stage == LATE ? PILES : v->pile;
		enter(v, p > 0 && v->told[p - 1] && sim_chance(sim, 300) ? p - 1 : p);
		break;
	}
	case CLOSE: move(v, "vote", "close", v->number); break;
	case DECLARE:
		j = job_about(v, ST_JOB_DECLARE, declared);
		j->work.u.declare = (struct st_job_declare){ .vote = st_span_text(v->number),
							     .author = st_span_text("hall") };
		submit(v, j);
		break;
	case OVER: break;
	}
}

static void work(struct sim *sim, void *arg, uint64_t tag)
{
	struct vote *v = arg;
	struct station *s = v->station;
	if (sim->healed)
		return;
	sim_after(sim, 100 + sim_below(sim, STEP_MS), work, v, tag);
	if (s->alive && s->self.set_up && !s->doomed && !v->busy)
		ask(v);
}

void vote_start(struct sim *sim)
{
	if (!sim_chance(sim, 250))
		return;
	struct vote *v = sim->vote = calloc(1, sizeof(*v));
	ST_REQUIRE(v != NULL);
	v->station = sim->stations[sim_below(sim, 2)];
	v->present = 10 + (uint32_t)sim_below(sim, DEPUTIES - 9);
	v->seats = 1 + (uint32_t)sim_below(sim, PROJECTS - 1);
	sim_after(sim, sim_below(sim, STEP_MS), work, v, 0);
}

/* ---- the count ---- */

struct counting {
	struct vote *vote;
	struct st_vote_count count;
	bool found;
};

static int count_papers(struct st_txn *t, void *arg)
{
	struct counting *c = arg;
	struct st_record_ref ref;
	struct st_vote v;
	int rc = st_record_resolve(t, st_span_text(c->vote->number), &ref);
	if (rc < 0)
		return rc;
	rc = st_vote_load(t, &ref, &v);
	if (rc == 0)
		rc = st_vote_count(&v.in, &c->count);
	c->found = rc == 0;
	st_vote_done(&v);
	return rc;
}

/* One paper after another, in the order of the box. */
static void model(const struct vote *v, size_t verdicts[ST_VERDICT_COUNT], uint32_t votes[PROJECTS])
{
	bool used[DEPUTIES] = { false };
	for (size_t p = 0; p <= PILES; p++)
		for (size_t i = 0; v->told[p] && i < v->counts[p]; i++) {
			const struct st_paper *x = &v->papers[p][i];
			enum st_ballot_verdict say = ST_BALLOT_UNKNOWN;
			for (size_t k = 0; k < v->present; k++) {
				if (memcmp(&x->token, &v->tokens[k], sizeof(x->token)) != 0)
					continue;
				say = used[k]                          ? ST_BALLOT_USED
				      : x->choice_count > v->seats ? ST_BALLOT_TOO_MANY
								   : ST_BALLOT_VALID;
				used[k] |= p < PILES;
			}
			say = p == PILES ? ST_BALLOT_LATE : x->spoiled ? ST_BALLOT_SPOILED : say;
			verdicts[say]++;
			for (size_t n = 0; say == ST_BALLOT_VALID && n < x->choice_count; n++)
				votes[x->choices[n] - 1]++;
		}
}

static void check_count(struct vote *v, const struct st_vote_count *c)
{
	struct sim *sim = v->station->sim;
	size_t verdicts[ST_VERDICT_COUNT] = { 0 };
	uint32_t votes[PROJECTS] = { 0 };
	model(v, verdicts, votes);
	for (size_t p = 0; p <= PILES; p++)
		if (v->tried[p] && !v->told[p])
			return; /* nobody knows whether it is in */
	for (size_t i = 0; i < ST_VERDICT_COUNT; i++)
		SIM_CHECK(sim, v->station, c->verdicts[i] == verdicts[i], "counts %zu papers as %zu; they are %zu",
			  c->verdicts[i], i, verdicts[i]);
	for (size_t i = 0; v->stage > CLOSE && i < PROJECTS; i++)
		SIM_CHECK(sim, v->station, c->votes[i] == votes[i], "counts %u votes for %zu; they are %u",
			  c->votes[i], i, votes[i]);
}

void check_vote(struct sim *sim)
{
	struct vote *v = sim->vote;
	if (v == NULL || v->stage <= OPEN)
		return;
	struct counting own = { .vote = v };
	SIM_DO(sim, v->station, st_store_read(v->station->store, count_papers, &own));
	check_count(v, &own.count);
	for (struct station *s = v->station; s->parent != NULL; s = s->parent) {
		const struct child *c = down_child(s->parent, s);
		struct counting there = { .vote = v };
		if (c == NULL || !c->enrolled)
			return;
		SIM_DO(sim, s->parent, st_store_read(s->parent->store, count_papers, &there));
		SIM_CHECK(sim, s->parent, memcmp(&there.count, &own.count, sizeof(own.count)) == 0,
			  "counts another result than %s", v->station->code.text);
	}
}

void vote_free(struct sim *sim)
{
	free(sim->vote);
	sim->vote = NULL;
}
