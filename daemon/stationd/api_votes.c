/* api_votes.c - tokens, papers, count and declaration of a vote.
 *
 * Owns:    their JSON. Tokens are answered once, to whoever prints them, and stand in no other
 * answer. Flow:    api -> vote jobs -> api; store -> count -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/matter.h>
#include <station/base/check.h>
#include <station/store/logs.h>
#include <station/trust/key.h>
#include <station/work/vote.h>
#include "api.h"

struct vote_job {
	struct job job;
	struct request *request;
	json_t *object; /* texts of the job are borrowed from it */
	struct st_token *tokens;
	struct st_paper *papers;
};

static void free_job(void *work)
{
	struct vote_job *j = work;
	if (j->tokens != NULL)
		st_wipe(j->tokens, ST_TOKENS_MAX * sizeof(*j->tokens));
	free(j->tokens);
	free(j->papers);
	json_decref(j->object);
	free(j);
}

/* The job, with the members that each of them has. */
static int begin(struct request *q, enum st_job_kind kind, void (*done)(struct job *),
		 struct vote_job **ret_j, struct st_span *vote, struct st_span *author)
{
	const char *name = NULL, *who = NULL;
	struct vote_job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ST_ENOMEM;
	q->work = j;
	q->work_free = free_job;
	j->request = q;
	j->job.arg = j;
	j->job.done = done;
	j->job.bytes = sizeof(*j) + q->body.size;
	j->job.work.kind = kind;
	*ret_j = j;
	int rc = api_object(q, &j->object);
	if (rc == 0)
		rc = api_member(q, j->object, "vote", true, &name);
	if (rc == 0)
		rc = api_member(q, j->object, "author", false, &who);
	if (rc == 0 && who != NULL && strlen(who) > ST_AUTHOR_MAX)
		rc = api_place(q, ST_EFIELD, "author");
	if (rc < 0)
		return rc;
	*vote = st_span_text(name);
	*author = who == NULL ? ST_SPAN_NONE : st_span_text(who);
	return 0;
}

/* Where the job named no place, it is the vote that isn't right. */
static void refuse(struct vote_job *j, const char *place)
{
	(void)api_place(j->request, 0,
			place[0] != 0 ? place
				      : json_string_value(json_object_get(j->object, "vote")));
	(void)api_refuse(j->request, j->job.work.rc);
}

/* ---- tokens ---- */

static void tokens_done(struct job *job)
{
	struct vote_job *j = job->arg;
	const struct st_job_tokens *t = &job->work.u.tokens;
	char text[ST_TOKEN_TEXT];
	if (job->work.rc < 0) {
		j->request->zh = t->rule == NULL ? NULL : t->rule->zh;
		j->request->en = t->rule == NULL ? NULL : t->rule->en;
		refuse(j, t->place);
		return;
	}
	json_t *list = json_array();
	for (uint32_t i = 0; i < t->present; i++) {
		st_token_text(&t->tokens[i], text);
		json_array_append_new(list, json_string(text));
	}
	st_wipe(text, sizeof(text));
	(void)api_json(j->request,
		       json_pack("{s:s, s:I, s:b, s:o}", "vote", t->number, "present",
				 (json_int_t)t->present, "quorum", (int)t->quorum, "tokens", list));
}

static int post_tokens(struct request *q)
{
	struct vote_job *j = NULL;
	struct st_span vote, author;
	int rc = begin(q, ST_JOB_TOKENS, tokens_done, &j, &vote, &author);
	if (rc < 0)
		return rc;
	json_int_t present = json_integer_value(json_object_get(j->object, "present"));
	if (present < 1 || present > ST_TOKENS_MAX)
		return api_place(q, ST_EFIELD, "present");
	j->tokens = calloc(ST_TOKENS_MAX, sizeof(*j->tokens));
	if (j->tokens == NULL)
		return ST_ENOMEM;
	j->job.work.u.tokens = (struct st_job_tokens){
		.vote = vote, .author = author, .present = (uint32_t)present, .tokens = j->tokens
	};
	return api_submit(q, &j->job);
}

/* ---- papers ---- */

static void ballots_done(struct job *job)
{
	struct vote_job *j = job->arg;
	const struct st_job_ballots *b = &job->work.u.ballots;
	if (job->work.rc < 0) {
		refuse(j, b->place);
		return;
	}
	(void)api_json(j->request, json_pack("{s:s, s:I, s:I, s:b}", "vote", b->number, "written",
					     (json_int_t)b->written, "known", (json_int_t)b->known,
					     "late", (int)b->late));
}

static int bad_paper(struct request *q, size_t i, const char *member)
{
	char place[64];
	(void)snprintf(place, sizeof(place), "%zu: %s", i + 1, member);
	return api_place(q, ST_EFIELD, place);
}

/* {"token":"...", "choose":[1, 3]} or {"spoiled":true} */
static int read_paper(struct request *q, const json_t *one, size_t i, struct st_paper *p)
{
	const json_t *token = json_object_get(one, "token"),
		     *choose = json_object_get(one, "choose"), *c;
	size_t n;
	p->spoiled = json_is_true(json_object_get(one, "spoiled"));
	if (p->spoiled != (token == NULL) || (p->spoiled && choose != NULL))
		return bad_paper(q, i, "token");
	if (!p->spoiled &&
	    (!json_is_string(token) ||
	     st_token_parse(st_span(json_string_value(token), json_string_length(token)),
			    &p->token) < 0))
		return bad_paper(q, i, "token");
	if (choose != NULL &&
	    (!json_is_array(choose) || json_array_size(choose) > ST_BALLOT_CHOICES_MAX))
		return bad_paper(q, i, "choose");
	json_array_foreach(choose, n, c)
	{
		if (!json_is_integer(c) || json_integer_value(c) < 1 ||
		    json_integer_value(c) > UINT8_MAX)
			return bad_paper(q, i, "choose");
		p->choices[p->choice_count++] = (uint8_t)json_integer_value(c);
	}
	return 0;
}

static int post_ballots(struct request *q)
{
	struct vote_job *j = NULL;
	struct st_span vote, author;
	const char *batch = NULL;
	int rc = begin(q, ST_JOB_BALLOTS, ballots_done, &j, &vote, &author);
	if (rc == 0)
		rc = api_member(q, j->object, "batch", false, &batch);
	if (rc < 0)
		return rc;
	const json_t *papers = json_object_get(j->object, "papers");
	size_t count = json_array_size(papers);
	if (count == 0 || count > ST_BALLOTS_MAX)
		return api_place(q, count == 0 ? ST_EFIELD : ST_ETOOBIG, "papers");
	j->papers = calloc(count, sizeof(*j->papers));
	if (j->papers == NULL)
		return ST_ENOMEM;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = read_paper(q, json_array_get(papers, i), i, &j->papers[i]);
	if (rc < 0)
		return rc;
	j->job.bytes += count * sizeof(*j->papers);
	j->job.work.u.ballots = (struct st_job_ballots){
		.vote = vote,
		.author = author,
		.papers = j->papers,
		.count = count,
		.batch = batch == NULL ? ST_SPAN_NONE : st_span_text(batch),
	};
	return api_submit(q, &j->job);
}

/* ---- count ---- */

static json_t *void_json(const struct st_vote_count *c)
{
	json_t *json = json_object();
#define X(name, number, text, zh, en) \
	if (name != ST_BALLOT_VALID)  \
		json_object_set_new(json, text, json_integer((json_int_t)c->verdicts[name]));
	ST_VERDICTS(X)
#undef X
	return json;
}

static const char *const ends[][3] = {
#define X(name, number, text, zh, en) [name] = { text, zh, en },
	ST_VOTE_ENDS(X)
#undef X
};
static const char *const standings[] = {
	[ST_VOTE_NOT_CHOSEN] = "not_elected", [ST_VOTE_CHOSEN] = "elected", [ST_VOTE_TIED] = "tied"
};

static json_t *numbers_json(const struct st_vote *v, const struct st_vote_count *c)
{
	const struct st_vote_rules *r = &v->in.rules;
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:I, "
			 "s:o, s:I, s:I, s:I}",
			 "method", r->priority ? "priority" : "n_of_m", "seats",
			 (json_int_t)r->seats, "deputies", (json_int_t)r->deputies, "present",
			 (json_int_t)r->present, "quorum", (json_int_t)c->quorum, "majority",
			 (json_int_t)c->majority, "quorum_met", (int)(r->present >= c->quorum),
			 "end", ends[c->end][0], "message",
			 api_two(ends[c->end][1], ends[c->end][2]), "issued", (json_int_t)c->issued,
			 "returned", (json_int_t)(c->returned + v->in.papers_beyond), "valid",
			 (json_int_t)c->verdicts[ST_BALLOT_VALID], "blank", (json_int_t)c->blank,
			 "repeated", (json_int_t)c->repeated, "void", void_json(c), "elected",
			 (json_int_t)c->elected, "tied", (json_int_t)c->tied, "seats_left",
			 (json_int_t)c->seats_left);
}

struct counting {
	struct request *q;
	struct st_txn *txn;
	struct st_vote vote;
	json_t *json;
	const char *title; /* of the one that is read */
	char room[304];
};

static int take_title(const struct st_life_event *e, void *arg)
{
	struct counting *x = arg;
	const struct st_field *f = st_field_find(e->texts, e->text_count, ST_F_TITLE);
	if (f != NULL)
		(void)snprintf(x->room, sizeof(x->room), "%.*s", (int)f->text.size,
			       (const char *)f->text.data);
	return 1; /* it stands with the opening */
}

/* A candidate: as the vote names it, and as the station knows it, if it does. */
static int candidate_json(struct counting *x, const struct st_vote_count *c, size_t i,
			  json_t **ret_json)
{
	struct st_span name = st_vote_candidate(&x->vote, i);
	struct st_record_ref ref;
	struct st_record r;
	struct st_record_id id;
	char number[ST_NUMBER_TEXT];
	size_t rank = 0;
	(void)snprintf(number, sizeof(number), "%.*s", (int)name.size, (const char *)name.data);
	x->room[0] = 0;
	int rc = st_record_resolve(x->txn, name, &ref);
	if (rc == 0)
		rc = st_record_load(x->txn, &ref, &r);
	if (rc == 0)
		rc = st_record_id(x->txn, &ref, &id);
	if (rc == 0) {
		st_number_text(&r.number, &id.opener, &id.ulid, number);
		rc = r.revision == 0 ? 0 : st_life_each(x->txn, &r, NULL, take_title, x);
	}
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_EFIELD)
		return rc;
	while (c->order[rank] != i)
		rank++;
	*ret_json = json_pack("{s:I, s:s, s:o, s:I, s:I, s:I, s:s}", "place", (json_int_t)(i + 1),
			      "project", number, "title", api_span(st_span_text(x->room)), "votes",
			      (json_int_t)c->votes[i], "points", (json_int_t)c->points[i], "rank",
			      (json_int_t)(rank + 1), "standing", standings[c->standing[i]]);
	return *ret_json == NULL ? ST_ENOMEM : 0;
}

/* All that the count rests on, so that whoever doubts it can take the events and count himself. */
static int rests_on(struct counting *x, json_t **ret_json)
{
	const struct st_vote *v = &x->vote;
	struct st_checkpoint_row row = { .size = 0 };
	struct st_log log;
	uint32_t station = v->record.ref.opener;
	json_t *tokens = json_array();
	int rc = v->issued.seq == 0 ? ST_ENOTFOUND
				    : st_log_find(x->txn, station, v->issued.epoch, &log);
	if (rc == 0)
		rc = st_checkpoint_at_least(x->txn, log.number, v->issued.seq, &row);
	for (size_t i = 0; i < v->tokens_at_count; i++)
		json_array_append_new(tokens, api_position(&v->tokens_at[i]));
	*ret_json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "prepared",
			      api_position(&v->prepared), "tokens", tokens, "issued",
			      api_position(&v->issued), "opened", api_position(&v->opened), "closed",
			      api_position(&v->closed), "declared", api_position(&v->declared),
			      "first_paper", api_position(&v->first), "last_paper",
			      api_position(&v->last), "checkpoint", (json_int_t)row.size,
			      "checkpoint_at", api_time((int64_t)row.cosignature.time_s * 1000));
	return rc < 0 && rc != ST_ENOTFOUND ? rc : 0;
}

static int fill(struct counting *x, const struct st_vote_count *c)
{
	const struct st_vote *v = &x->vote;
	const struct st_state_row *state = st_kind_state(st_kind(v->record.kind), v->record.state);
	json_t *candidates = json_array(), *one = NULL, *on = NULL;
	char number[ST_NUMBER_TEXT];
	int rc = 0;
	st_number_text(&v->record.number, &v->in.vote.opener, &v->in.vote.ulid, number);
	for (size_t i = 0; rc == 0 && i < v->in.rules.candidates; i++) {
		rc = candidate_json(x, c, i, &one);
		if (rc == 0)
			json_array_append_new(candidates, one);
	}
	if (rc == 0)
		rc = rests_on(x, &on);
	if (rc < 0) {
		json_decref(candidates);
		json_decref(on);
		return rc;
	}
	bool said = v->declared.seq != 0;
	bool agrees = v->said_issued == c->issued && v->said_returned == c->returned &&
		      v->said_valid == c->verdicts[ST_BALLOT_VALID];
	x->json = numbers_json(v, c);
	json_object_set_new(x->json, "vote", json_string(number));
	json_object_set_new(x->json, "state", json_string(state == NULL ? "" : state->name));
	json_object_set_new(x->json, "opened_at", api_time(v->opened_ms));
	json_object_set_new(x->json, "closed_at", api_time(v->closed_ms));
	json_object_set_new(x->json, "declared_agrees", said ? json_boolean(agrees) : json_null());
	json_object_set_new(x->json, "candidates", candidates);
	json_object_set_new(x->json, "rests_on", on);
	return 0;
}

static int read_count(struct st_txn *t, void *arg)
{
	struct counting *x = arg;
	struct st_record_ref ref;
	struct st_vote_count count;
	x->txn = t;
	int rc = st_record_resolve(t, st_span_text(x->q->rest), &ref);
	if (rc == 0)
		rc = st_vote_load(t, &ref, &x->vote);
	if (rc == 0)
		rc = st_vote_count(&x->vote.in, &count);
	if (rc == 0)
		rc = fill(x, &count);
	return rc < 0 ? api_place(x->q, rc, x->q->rest) : 0;
}

static int get_count(struct request *q)
{
	struct counting x = { .q = q };
	int rc = st_store_read(q->station->store, read_count, &x);
	st_vote_done(&x.vote);
	return rc < 0 ? rc : api_json(q, x.json);
}

/* ---- declaration ---- */

static void declare_done(struct job *job)
{
	struct vote_job *j = job->arg;
	const struct st_job_declare *d = &job->work.u.declare;
	if (job->work.rc < 0) {
		refuse(j, d->place);
		return;
	}
	(void)api_json(j->request,
		       json_pack("{s:s, s:I, s:I, s:I}", "vote", d->number, "elected",
				 (json_int_t)d->count.elected, "tied", (json_int_t)d->count.tied,
				 "seats_left", (json_int_t)d->count.seats_left));
}

static int post_declare(struct request *q)
{
	struct vote_job *j = NULL;
	struct st_span vote, author;
	int rc = begin(q, ST_JOB_DECLARE, declare_done, &j, &vote, &author);
	if (rc < 0)
		return rc;
	j->job.work.u.declare.vote = vote;
	j->job.work.u.declare.author = author;
	return api_submit(q, &j->job);
}

const struct route api_vote_routes[] = {
	{ "POST", "/v1/votes/tokens", post_tokens },
	{ "POST", "/v1/votes/papers", post_ballots },
	{ "POST", "/v1/votes/declare", post_declare },
	{ "GET", "/v1/votes/", get_count },
	{ NULL, NULL, NULL },
};
