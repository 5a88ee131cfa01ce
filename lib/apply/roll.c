/* roll.c - what logs say of stations: enrolments and revocations, taken from their issuer's log.
 *
 * Owns:    rows of stations: of those below this one, and of writers elsewhere whose certificates were carried here.
 * Promise: 3: a code's first key is pinned, with its parent and tier. Another for it is kept as evidence, never used;
 *          so a branch can't forge a base that its ancestors know. Of writers elsewhere what comes first is taken: no
 *          word of main overrules it.
 * Flow:    push, members -> roll -> stations */
#include "group.h"
#include <string.h>
#include <station/base/check.h>

static int second_key(struct st_apply *a, const struct st_code *about, struct st_span certificate)
{
	st_assert(!st_code_empty(about));
	struct st_evidence e = {
		.kind = ST_EVIDENCE_SECOND_KEY,
		.seen_ms = a->world->now_ms,
		.about = *about,
		.bytes = certificate,
	};
	int rc = st_evidence_put(a->txn, &e);
	return rc == ST_ETOOBIG ? 0 : rc < 0 ? rc : 0; /* a full shelf of evidence stops no log */
}

/* ST_ECHAIN and the like: not a certificate that this issuer may give. */
static int open_certificate(const struct st_station *issuer, struct st_span certificate,
			    struct st_certificate *ret_c)
{
	int rc = st_certificate_open(certificate, &issuer->certificate.identity, ret_c);
	if (rc < 0)
		return rc;
	if (!st_code_equal(&ret_c->parent, &issuer->certificate.code) ||
	    !st_tier_fits(ret_c->tier, issuer->certificate.tier))
		return ST_ECHAIN;
	return issuer->depth + 1 < ST_DEPTH_MAX ? 0 : ST_ECHAIN;
}

int member_add(struct st_apply *a, const struct st_station *issuer, struct st_span certificate,
	       const struct st_position *at, uint32_t log)
{
	ST_REQUIRE(at != NULL);
	struct st_certificate c;
	struct st_station s;
	int rc = open_certificate(issuer, certificate, &c);
	if (rc < 0)
		return rc;
	rc = st_station_find(a->txn, &c.code, &s);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc == 0) {
		if (!st_public_key_equal(&s.certificate.identity, &c.identity) ||
		    s.parent != issuer->number || s.certificate.tier != c.tier)
			return second_key(a, &c.code, certificate);
		bool nothing_new = c.serial <= s.certificate.serial;
		if (nothing_new && (s.issuer_log != 0 || log == 0))
			return 0;
		if (s.issuer_log == 0) { /* known by its certificate; now by the event, which can be passed on */
			s.issuer_log = log;
			s.issuer_seq = at->seq;
		}
		if (nothing_new)
			return st_station_put(a->txn, &s);
	} else {
		memset(&s, 0, sizeof(s));
		s.standing = ST_ENROLLED;
		s.issuer_log = log;
		s.issuer_seq = at->seq;
	}
	st_assert(certificate.size <= sizeof(s.signed_bytes));
	s.parent = issuer->number;
	s.depth = issuer->depth + 1;
	s.certificate = c;
	memcpy(s.signed_bytes, certificate.data, certificate.size);
	s.signed_size = certificate.size;
	a->applied.stations_changed = true;
	st_assert(s.depth < ST_DEPTH_MAX);
	st_assert(s.parent > 0);
	bool is_new = s.number == 0;
	rc = st_station_put(a->txn, &s);
	return rc < 0 || !is_new ? rc : effect_known(a, s.number);
}

/* ST_ESUBTREE: no station that this issuer may revoke at that place of its log: one that nobody has enrolled yet, or
 * another has, or it itself only behind it. Which of these depends on what has come by now, so all are told alike. */
static int find_revoked(struct st_apply *a, const struct st_station *issuer, const struct st_revoke *r,
			const struct st_place *at, struct st_station *ret_s)
{
	st_assert(!st_code_empty(&r->station));
	int rc = st_station_find(a->txn, &r->station, ret_s);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ESUBTREE : rc;
	bool behind = ret_s->issuer_log == at->log && ret_s->issuer_seq > at->seq;
	return ret_s->parent == issuer->number && !behind ? 0 : ST_ESUBTREE;
}

/* Its log ends where its issuer says; what is held beyond stays, and is never added to. */
static int end_key(struct st_apply *a, const struct st_station *issuer, const struct st_revoke *r,
		   const struct st_place *at)
{
	struct st_station s;
	struct st_log log;
	int rc = find_revoked(a, issuer, r, at, &s);
	if (rc < 0)
		return rc;
	s.standing = ST_REVOKED;
	s.revoked_epoch = r->epoch;
	s.revoked_size = r->size;
	s.revoker_log = at->log;
	s.revoker_seq = at->seq;
	rc = st_station_put(a->txn, &s);
	if (rc == 0)
		rc = st_log_newest(a->txn, s.number, &log);
	if (rc == 0) {
		log.closed = true;
		rc = st_log_put(a->txn, &log);
	}
	a->applied.stations_changed = true;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* By what it is told anew: it changes nothing, for the roll stands. */
static int judge(struct st_apply *a, const struct st_station *issuer, const struct st_place *at,
		 const struct st_event *e)
{
	struct st_certificate c;
	struct st_station s;
	struct st_span certificate;
	struct st_revoke revoke;
	int rc = e->type == ST_ENROL ? st_enrol_decode(e->body, &certificate)
				     : st_revoke_decode(e->body, &revoke);
	if (rc < 0)
		return rc;
	return e->type == ST_ENROL ? open_certificate(issuer, certificate, &c)
				   : find_revoked(a, issuer, &revoke, at, &s);
}

int member_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	ST_REQUIRE(log->number > 0);
	struct st_station issuer;
	struct st_span certificate;
	struct st_revoke revoke;
	if (e->type != ST_ENROL && e->type != ST_REVOKE)
		return 0;
	int rc = st_station_get(a->txn, log->station, &issuer);
	if (rc < 0)
		return rc;
	struct st_place at = { log->number, e->at.seq };
	if (a->retelling)
		return judge(a, &issuer, &at, e);
	if (e->type == ST_ENROL) {
		rc = st_enrol_decode(e->body, &certificate);
		return rc < 0 ? rc : member_add(a, &issuer, certificate, &e->at, log->number);
	}
	rc = st_revoke_decode(e->body, &revoke);
	return rc < 0 ? rc : end_key(a, &issuer, &revoke, &at);
}
