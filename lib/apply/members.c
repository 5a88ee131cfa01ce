/* members.c - who may join under this station, who has, and whose key has ended.
 *
 * Owns:    certificates that this station issues, each an event of its log.
 * Promise: 3: a station is admitted with the key that it proves to hold, once for each invite.
 * Flow:    invite, join request -> members -> own log, stations */
#include "group.h"
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { CERTIFICATE_YEARS = 10 };
static const int64_t YEAR_MS = 365LL * 24 * 3600 * 1000;
_Static_assert(ST_CERTIFICATE_MAX <= UINT16_MAX, "a chain's lengths have 16 bits");

/* A specialty station's code is its parent's with a suffix; others keep to their division's code. */
static int check_code(const struct st_apply *a, const struct st_code *child, enum st_tier tier)
{
	st_assert(!st_code_empty(child));
	const char *own = a->self.station.certificate.code.text;
	size_t n = strlen(own);
	bool suffixed = strchr(child->text, '-') != NULL;
	if (tier != ST_SPECIALTY)
		return suffixed ? ST_EFIELD : 0;
	return strncmp(child->text, own, n) == 0 && child->text[n] == '-' ? 0 : ST_EFIELD;
}

static int check_invite(struct st_apply *a, const struct st_job_invite *job)
{
	struct st_station s;
	int rc = may_sign(a);
	if (rc < 0)
		return rc;
	if (job->name.size == 0 || job->valid_ms <= 0 || job->address.size == 0 ||
	    job->address.size > ST_ADDRESS_MAX)
		return ST_EFIELD;
	rc = st_text_check(job->name, ST_NAME_MAX, false);
	if (rc < 0)
		return rc;
	if (!st_tier_fits(job->tier, a->self.station.certificate.tier))
		return ST_EFIELD;
	rc = check_code(a, &job->child, job->tier);
	if (rc < 0)
		return rc;
	rc = st_station_find(a->txn, &job->child, &s);
	return rc == 0 ? ST_EEXIST : rc == ST_ENOTFOUND ? 0 : rc;
}

int job_invite(struct st_apply *a, struct st_job_invite *job)
{
	struct st_invite invite;
	struct st_invite_row row;
	struct st_box_key key;
	ST_REQUIRE(job->text != NULL);
	_Static_assert(sizeof(row.name) > ST_NAME_MAX, "a name that was checked fits, with its end");
	int rc = check_invite(a, job);
	if (rc < 0)
		return rc;
	memset(&invite, 0, sizeof(invite));
	memset(&row, 0, sizeof(row));
	memcpy(invite.address, job->address.data, job->address.size);
	invite.parent_transport = a->keys->transport.public;
	invite.root_fingerprint = st_root_fingerprint(&a->self.root);
	invite.parent = a->self.station.certificate.code;
	invite.child = job->child;
	invite.expires_ms = a->world->now_ms + job->valid_ms;
	a->world->random(a->world->arg, invite.secret, sizeof(invite.secret));
	st_invite_key(&invite, &key);
	row.child = job->child;
	memcpy(row.name, job->name.data, job->name.size);
	row.tier = job->tier;
	row.key = key.public;
	row.expires_ms = invite.expires_ms;
	rc = st_invite_put(a->txn, &row);
	if (rc == 0) {
		st_buf_clear(job->text); /* the job may run again, when another's damage ended its group */
		st_invite_encode(&invite, job->text);
		rc = job->text->error;
	}
	st_wipe(&key, sizeof(key));
	st_wipe(&invite, sizeof(invite));
	a->applied.stations_changed = true;
	return rc;
}

/* Main's certificate first, the station's last, each with its length before it. */
static int put_chain(struct st_apply *a, const struct st_code *code, struct st_buf *to)
{
	struct st_station path[ST_DEPTH_MAX];
	size_t n = 0;
	int rc = st_station_find(a->txn, code, &path[0]);
	while (rc == 0 && path[n++].parent != 0) {
		if (n == ST_DEPTH_MAX)
			return ST_ECORRUPT;
		rc = st_station_get(a->txn, path[n - 1].parent, &path[n]);
	}
	if (rc < 0)
		return rc;
	st_assert(n <= ST_DEPTH_MAX);
	st_buf_clear(to);
	while (n-- > 0) {
		st_buf_u16(to, (uint16_t)path[n].signed_size);
		st_buf_put(to, path[n].signed_bytes, path[n].signed_size);
	}
	return to->error;
}

static int next_serial(struct st_apply *a, uint64_t *ret_serial)
{
	uint8_t bytes[8];
	size_t size = 0;
	uint64_t serial = 1;
	int rc = st_meta_get(a->txn, ST_META_SERIAL, bytes, sizeof(bytes), &size);
	if (rc == 0 && (size != sizeof(bytes) || st_get_u64(bytes) == UINT64_MAX))
		return ST_ECORRUPT;
	if (rc == 0)
		serial = st_get_u64(bytes) + 1;
	else if (rc != ST_ENOTFOUND)
		return rc;
	st_put_u64(bytes, serial);
	rc = st_meta_put(a->txn, ST_META_SERIAL, ST_SPAN(bytes));
	if (rc == 0)
		*ret_serial = serial;
	return rc;
}

/* Who is a station, and whose key has ended, every station knows: it is for main and all below it. */
static int address_city(struct st_apply *a, struct st_event *e)
{
	st_assert(e->addressee_count == 0);
	struct st_station top = a->self.station;
	for (unsigned n = 0; top.parent != 0; n++) {
		int rc = n == ST_DEPTH_MAX ? ST_ECORRUPT : st_station_get(a->txn, top.parent, &top);
		if (rc < 0)
			return rc;
	}
	e->addressees[0] = (struct st_addressee){ .station = top.certificate.code, .subtree = true };
	e->addressee_count = 1;
	return 0;
}

int city_tell(struct st_apply *a, struct st_event *e)
{
	int rc = address_city(a, e);
	if (rc == 0)
		rc = own_add(a, e, NULL);
	return rc < 0 ? rc : own_flush(a);
}

static int issue(struct st_apply *a, const struct st_invite_row *row,
		 const struct st_enrol_request *request)
{
	st_assert(!row->used);
	struct st_certificate c;
	struct st_event e;
	uint32_t child = 0;
	memset(&c, 0, sizeof(c));
	memset(&e, 0, sizeof(e));
	c.code = row->child;
	c.parent = a->self.station.certificate.code;
	memcpy(c.name, row->name, sizeof(c.name));
	c.tier = row->tier;
	c.identity = request->identity;
	c.transport = request->transport;
	c.grant = request->grant;
	c.not_before_ms = a->world->now_ms;
	c.not_after_ms = a->world->now_ms + CERTIFICATE_YEARS * YEAR_MS;
	st_buf_clear(&a->scratch);
	st_buf_clear(&a->body);
	int rc = next_serial(a, &c.serial);
	if (rc == 0)
		rc = st_certificate_issue(&c, &a->keys->identity, &a->scratch);
	if (rc == 0)
		rc = st_enrol_encode(st_buf_span(&a->scratch), &a->body);
	if (rc < 0)
		return rc;
	e.type = ST_ENROL;
	e.body = st_buf_span(&a->body);
	rc = city_tell(a, &e);
	if (rc == 0)
		rc = member_add(a, &a->self.station, st_buf_span(&a->scratch), &e.at, a->self.log);
	if (rc == 0)
		rc = st_station_number(a->txn, &c.code, &child);
	return rc < 0 ? rc : route_roll(a, child);
}

/* 0: to be certified now. 1: it is, with these keys. */
static int check_enrol(struct st_apply *a, const struct st_job_enrol *job,
		       struct st_invite_row *row, struct st_enrol_request *request)
{
	struct st_station s;
	int rc = may_sign(a);
	if (rc == 0)
		rc = st_invite_get(a->txn, &job->child, row);
	if (rc < 0)
		return rc;
	if (!st_public_key_equal(&row->key, &job->invite_key))
		return ST_EUSED; /* a newer invite has taken its place */
	rc = st_enrol_request_open(job->request, request);
	if (rc < 0)
		return rc;
	if (row->used)
		return st_public_key_equal(&row->used_by, &request->identity) ? 1 : ST_EUSED;
	if (row->expires_ms < a->world->now_ms)
		return ST_EEXPIRED;
	rc = st_station_find(a->txn, &job->child, &s);
	return rc == 0 ? ST_EEXIST : rc == ST_ENOTFOUND ? 0 : rc;
}

int job_enrol(struct st_apply *a, struct st_job_enrol *job)
{
	ST_REQUIRE(job->chain != NULL);
	struct st_invite_row row;
	struct st_enrol_request request;
	int rc = check_enrol(a, job, &row, &request);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		rc = issue(a, &row, &request);
		row.used = true;
		row.used_by = request.identity;
		if (rc == 0)
			rc = st_invite_put(a->txn, &row);
		a->applied.stations_changed = true;
	}
	return rc < 0 ? rc : put_chain(a, &job->child, job->chain);
}

int job_revoke(struct st_apply *a, struct st_job_revoke *job)
{
	struct st_station s;
	struct st_log log = { .epoch = 1 };
	struct st_event e;
	int rc = may_sign(a);
	if (rc == 0)
		rc = st_station_find(a->txn, &job->child, &s);
	if (rc < 0)
		return rc;
	if (s.parent != a->self.station.number) {
		job->parent = s.certificate.parent;
		return ST_ESUBTREE;
	}
	if (s.standing == ST_REVOKED)
		return ST_EREVOKED;
	rc = st_log_newest(a->txn, s.number, &log);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	struct st_revoke revoke = { .station = job->child, .serial = s.certificate.serial,
				    .epoch = log.epoch, .size = log.tree.size };
	memset(&e, 0, sizeof(e));
	st_buf_clear(&a->body);
	rc = st_revoke_encode(&revoke, &a->body);
	if (rc < 0)
		return rc;
	e.type = ST_REVOKE;
	e.body = st_buf_span(&a->body);
	rc = city_tell(a, &e);
	if (rc < 0)
		return rc;
	return member_event(a, &a->own.log, &e);
}
