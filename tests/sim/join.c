/* join.c - stations join: an invite, carried by hand; a request and its answer, over the network.
 *
 * Owns:    the operator's patience: whatever is lost is asked for again.
 * Promise: 2 and 3 are tried: a station is enrolled once, whatever was lost on the way.
 * Flow:    parent's invite -> child's request -> parent's enrol -> child's adopt */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { AGAIN_MS = 8000, DAY_MS = 86400000 };

/* What hangs on a job of joining: who joins, and the bytes that travel. */
struct joining {
	struct station *child;
	struct st_buf text, request, chain;
};

static void join_step(struct sim *sim, void *child, uint64_t tag);

static void joining_gone(struct job *j)
{
	struct joining *x = j->arg;
	st_buf_done(&x->text);
	st_buf_done(&x->request);
	st_buf_done(&x->chain);
	free(x);
}

static struct job *joining_new(struct station *child, enum st_job_kind kind, job_fn *done)
{
	struct job *j = job_new(kind, done);
	struct joining *x = calloc(1, sizeof(*x));
	ST_REQUIRE(x != NULL);
	x->child = child;
	st_buf_init(&x->text, ST_INVITE_TEXT_MAX);
	st_buf_init(&x->request, ST_CERTIFICATE_MAX);
	st_buf_init(&x->chain, ST_DEPTH_MAX * (ST_CERTIFICATE_MAX + 2));
	j->arg = x;
	j->gone = joining_gone;
	return j;
}

static void submit(struct station *s, struct job *j)
{
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void invited(struct station *s, struct job *j)
{
	struct joining *x = j->arg;
	if (j->work.rc < 0)
		return;
	SIM_DO(s->sim, s, st_invite_decode(st_buf_span(&x->text), &x->child->paper.invite));
	x->child->paper.has_invite = true;
}

static void invite(struct station *parent, struct station *child)
{
	struct job *j = joining_new(child, ST_JOB_INVITE, invited);
	struct joining *x = j->arg;
	j->work.u.invite = (struct st_job_invite){
		.child = child->code,
		.name = st_code_span(&child->code),
		.tier = child->tier,
		.address = st_span_text("tcp://127.0.0.1:1"),
		.valid_ms = DAY_MS,
		.text = &x->text,
	};
	submit(parent, j);
}

/* The answer has come over the network. */
void join_answered(struct sim *sim, void *job, uint64_t life)
{
	struct job *enrolled = job;
	struct joining *from = enrolled->arg;
	struct station *child = from->child;
	struct job *j = joining_new(child, ST_JOB_ADOPT, NULL);
	struct joining *x = j->arg;
	struct st_job_adopt *to = &j->work.u.adopt;
	st_buf_put_span(&x->chain, st_buf_span(&from->chain));
	job_free(enrolled);
	if (!child->alive || child->life != life) {
		job_free(j);
		return;
	}
	struct st_reader reader = st_reader(st_buf_span(&x->chain));
	while (reader.rest.size > 0) {
		uint16_t size = st_read_u16(&reader);
		to->chain[to->chain_count++] = st_read_span(&reader, size);
	}
	to->root = sim->root.public;
	to->parent_address = st_span_text(child->paper.invite.address);
	submit(child, j);
}

static void enrolled(struct station *s, struct job *j)
{
	struct joining *x = j->arg;
	struct sim *sim = s->sim;
	sim_trace(sim, s, "enrolled", x->child->index, (uint64_t)-j->work.rc);
	if (j->work.rc == ST_EEXPIRED || j->work.rc == ST_EUSED || j->work.rc == ST_ENOTFOUND)
		x->child->paper.has_invite = false;
	if (j->work.rc < 0 || (!sim->healed && sim_chance(sim, 200)))
		return; /* refused, or the answer is lost */
	struct job *answer = joining_new(x->child, ST_JOB_ADOPT, NULL);
	struct joining *to = answer->arg;
	st_buf_put_span(&to->chain, st_buf_span(&x->chain));
	sim_after(sim, 1 + sim_below(sim, 200), join_answered, answer, x->child->life);
}

static void request(struct station *parent, struct station *child)
{
	struct job *j = joining_new(child, ST_JOB_ENROL, enrolled);
	struct joining *x = j->arg;
	struct st_box_key key;
	struct st_enrol_request r = { child->keys.identity.public, child->keys.transport.public,
				      child->keys.grant.public };
	st_invite_key(&child->paper.invite, &key);
	st_enrol_request_encode(&r, &child->keys.identity, &x->request);
	j->work.u.enrol = (struct st_job_enrol){ .invite_key = key.public, .child = child->code,
						 .request = st_buf_span(&x->request),
						 .chain = &x->chain };
	submit(parent, j);
}

static void found(struct sim *sim, struct station *s)
{
	struct job *j = joining_new(s, ST_JOB_FOUND, NULL);
	struct joining *x = j->arg;
	struct st_certificate c;
	memset(&c, 0, sizeof(c));
	c.code = s->code;
	(void)snprintf(c.name, sizeof(c.name), "main");
	c.tier = ST_MAIN;
	c.serial = 1;
	c.identity = s->keys.identity.public;
	c.transport = s->keys.transport.public;
	c.grant = s->keys.grant.public;
	c.not_after_ms = 1;
	SIM_DO(sim, s, st_certificate_issue(&c, &sim->root, &x->request));
	j->work.u.found.certificate = st_buf_span(&x->request);
	j->work.u.found.root = sim->root.public;
	submit(s, j);
}

static void join_step(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station, *parent = s->parent;
	if (s->self.set_up)
		return;
	if (s->alive && parent == NULL)
		found(sim, s);
	else if (s->alive && parent->alive && parent->self.set_up && !s->paper.has_invite)
		invite(parent, s);
	else if (s->alive && parent->alive && parent->self.set_up && !s->net.cut)
		request(parent, s);
	sim_after(sim, s->paper.has_invite ? AGAIN_MS : 500 + sim_below(sim, 1000), join_step, s, tag);
}

void join_start(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++) {
		uint64_t late = sim_chance(sim, 250) ? sim_below(sim, sim->chaos_ms) : sim_below(sim, 3000);
		sim_after(sim, i == 0 ? 0 : late, join_step, sim->stations[i], 0);
	}
}
