/* founding.h - how a station of a test comes to be: main's certificate, and a child's papers step by step. Whoever runs
 * the jobs says what a failure means. */
#pragma once
#include <stdio.h>
#include <string.h>
#include <station/apply/apply.h>
#include <station/base/check.h>

#define FOUNDING_ADDRESS "tcp://127.0.0.1:1"

static inline struct st_code code_of(const char *text)
{
	struct st_code c;
	memset(&c, 0, sizeof(c));
	ST_REQUIRE(st_code_parse(st_span_text(text), &c) == 0);
	return c;
}

/* The job by which main begins; the certificate's bytes stand in to. */
static inline int founding_job(const struct st_keys *keys, const char *code, int64_t now_ms,
			       const struct st_signing_key *root, struct st_buf *to, struct st_job *job)
{
	struct st_certificate c;
	memset(&c, 0, sizeof(c));
	c.code = code_of(code);
	(void)snprintf(c.name, sizeof(c.name), "station %s", code);
	c.tier = ST_MAIN;
	c.serial = 1;
	c.identity = keys->identity.public;
	c.transport = keys->transport.public;
	c.grant = keys->grant.public;
	c.not_after_ms = now_ms + 1;
	int rc = st_certificate_issue(&c, root, to);
	memset(job, 0, sizeof(*job));
	job->kind = ST_JOB_FOUND;
	job->u.found.certificate = st_buf_span(to);
	job->u.found.root = root->public;
	return rc;
}

/* What passes between a parent and a new child: text is the invite, chain the certificates. */
struct papers {
	struct st_buf text, request, chain;
	struct st_job job; /* the next one: of the parent, the parent, the child */
};

static inline void papers_init(struct papers *p)
{
	memset(p, 0, sizeof(*p));
	st_buf_init(&p->text, ST_INVITE_TEXT_MAX);
	st_buf_init(&p->request, ST_CERTIFICATE_MAX);
	st_buf_init(&p->chain, ST_DEPTH_MAX * ST_CERTIFICATE_MAX);
}

static inline void papers_done(struct papers *p)
{
	st_buf_done(&p->text);
	st_buf_done(&p->request);
	st_buf_done(&p->chain);
}

static inline void papers_invite(struct papers *p, const char *code, const char *name, enum st_tier tier)
{
	memset(&p->job, 0, sizeof(p->job));
	p->job.kind = ST_JOB_INVITE;
	p->job.u.invite = (struct st_job_invite){ .child = code_of(code), .name = st_span_text(name),
						  .tier = tier, .address = st_span_text(FOUNDING_ADDRESS),
						  .valid_ms = 1000, .text = &p->text };
	st_buf_clear(&p->text);
}

static inline int papers_enrol(struct papers *p, const struct st_keys *child)
{
	struct st_invite i;
	struct st_box_key key;
	struct st_enrol_request r = { child->identity.public, child->transport.public, child->grant.public };
	int rc = st_invite_decode(st_buf_span(&p->text), &i);
	if (rc < 0)
		return rc;
	st_invite_key(&i, &key);
	st_buf_clear(&p->request);
	st_buf_clear(&p->chain);
	st_enrol_request_encode(&r, &child->identity, &p->request);
	memset(&p->job, 0, sizeof(p->job));
	p->job.kind = ST_JOB_ENROL;
	p->job.u.enrol = (struct st_job_enrol){ .invite_key = key.public, .child = i.child,
						.request = st_buf_span(&p->request), .chain = &p->chain };
	return p->request.error;
}

static inline void papers_adopt(struct papers *p, const struct st_public_key *root)
{
	struct st_job_adopt *a = &p->job.u.adopt;
	struct st_reader r = st_reader(st_buf_span(&p->chain));
	memset(&p->job, 0, sizeof(p->job));
	p->job.kind = ST_JOB_ADOPT;
	while (r.rest.size > 0 && a->chain_count < ST_CHAIN_MAX) {
		uint16_t size = st_read_u16(&r);
		a->chain[a->chain_count++] = st_read_span(&r, size);
	}
	a->root = *root;
	a->parent_address = st_span_text(FOUNDING_ADDRESS);
}
