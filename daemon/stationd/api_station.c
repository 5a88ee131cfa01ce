/* api_station.c - routes that set a station up and admit or end its children.
 *
 * Owns:    init, join, invites and revocation, as HTTP.
 * Flow:    api -> found, adopt, invite, revoke jobs -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/store/outside.h>
#include "api.h"
#include "version.h"

#define CODE_FORMS "code (410611, 410611003, 410611003-01)"
enum { VALID_HOURS_MAX = 24 * 90 };
_Static_assert(ST_NAME_MAX == 120, "a refusal says so");
_Static_assert((int)VALID_HOURS_MAX == 2160, "a refusal says so");

static json_t *station_json(const struct st_station *s)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "code", s->certificate.code.text, "name",
			 s->certificate.name, "tier", st_tier_name(s->certificate.tier), "parent",
			 s->certificate.parent.text);
}

static int get_identity(struct request *q)
{
	struct station *s = q->station;
	struct st_enrol_request r = { s->keys.identity.public, s->keys.transport.public,
				      s->keys.grant.public };
	struct st_buf bytes, text;
	st_buf_init(&bytes, ST_CERTIFICATE_MAX);
	st_buf_init(&text, 4 * ST_CERTIFICATE_MAX);
	st_enrol_request_encode(&r, &s->keys.identity, &bytes);
	st_base64_put(&text, st_buf_span(&bytes));
	json_t *json = json_pack("{s:b, s:s, s:o, s:o, s:o, s:o}", "set_up", (int)s->self.set_up,
				 "software", STATIOND_VERSION, "identity",
				 api_hex(ST_SPAN(r.identity.bytes)), "transport",
				 api_hex(ST_SPAN(r.transport.bytes)), "grant",
				 api_hex(ST_SPAN(r.grant.bytes)), "request",
				 bytes.error < 0 ? NULL : api_buf(&text));
	st_buf_done(&bytes);
	st_buf_done(&text);
	if (json != NULL && s->self.set_up) {
		struct st_hash fingerprint = st_root_fingerprint(&s->self.root);
		json_object_set_new(json, "station", station_json(&s->self.station));
		json_object_set_new(json, "root", api_hex(ST_SPAN(s->self.root.bytes)));
		json_object_set_new(json, "root_fingerprint", api_hex(ST_SPAN(fingerprint.bytes)));
	}
	return api_json(q, json);
}

/* A job of a request, with the memory that it borrows. */
struct station_job {
	struct job job;
	struct request *request;
	uint8_t certificate[ST_CERTIFICATE_MAX];
	struct st_buf text;
	char name[ST_NAME_MAX + 1], address[ST_ADDRESS_MAX + 1];
};

static void free_job(void *work)
{
	struct station_job *j = work;
	st_buf_done(&j->text);
	free(j);
}

static struct station_job *new_job(struct request *q, enum st_job_kind kind,
				   void (*done)(struct job *))
{
	struct station_job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return NULL;
	j->request = q;
	j->job.arg = j;
	j->job.done = done;
	j->job.bytes = sizeof(*j);
	j->job.work.kind = kind;
	st_buf_init(&j->text, ST_INVITE_TEXT_MAX);
	q->work = j;
	q->work_free = free_job;
	return j;
}

static void set_up_done(struct job *job)
{
	struct station_job *j = job->arg;
	struct request *q = j->request;
	if (job->work.rc < 0)
		(void)api_refuse(q, job->work.rc);
	else
		(void)api_json(q, json_pack("{s:o}", "station", station_json(&q->station->self.station)));
}

static int post_init(struct request *q)
{
	json_t *object = NULL;
	const char *certificate = NULL, *root = NULL;
	size_t size = 0, root_size = 0;
	struct station_job *j = new_job(q, ST_JOB_FOUND, set_up_done);
	if (j == NULL)
		return ST_ENOMEM;
	int rc = api_object(q, &object);
	if (rc < 0)
		return rc;
	rc = api_member(q, object, "certificate", true, &certificate);
	if (rc == 0)
		rc = api_member(q, object, "root", true, &root);
	if (rc == 0 && st_base64_get(st_span_text(certificate), j->certificate,
				     sizeof(j->certificate), &size) < 0)
		rc = api_place(q, ST_EFIELD, "certificate");
	if (rc == 0 && (st_hex_get(st_span_text(root), j->job.work.u.found.root.bytes, ST_KEY_SIZE,
				   &root_size) < 0 || root_size != ST_KEY_SIZE))
		rc = api_place(q, ST_EFIELD, "root");
	json_decref(object);
	j->job.work.u.found.certificate = st_span(j->certificate, size);
	return rc < 0 ? rc : api_submit(q, &j->job);
}

static void joined(void *arg, int rc)
{
	struct request *q = arg;
	if (rc < 0)
		(void)api_refuse(q, rc);
	else
		(void)api_json(q, json_pack("{s:o}", "station", station_json(&q->station->self.station)));
}

static int post_join(struct request *q)
{
	json_t *object = NULL;
	struct st_invite invite;
	const char *text = NULL, *address = NULL;
	int rc = api_object(q, &object);
	if (rc < 0)
		return rc;
	rc = api_member(q, object, "invite", true, &text);
	if (rc == 0)
		rc = api_member(q, object, "address", false, &address);
	if (rc == 0 && st_invite_decode(st_span_text(text), &invite) < 0)
		rc = api_wrong(q, ST_EFIELD, "invite");
	if (rc == 0 && address != NULL && (!config_is_address(address) || strlen(address) > ST_ADDRESS_MAX))
		rc = api_place(q, ST_EFIELD, "address: tcp://HOST:PORT");
	if (rc == 0 && address != NULL) {
		memset(invite.address, 0, sizeof(invite.address));
		memcpy(invite.address, address, strlen(address));
	}
	json_decref(object);
	if (rc < 0)
		return rc;
	rc = link_join(q->station->link, &invite, joined, q);
	st_wipe(&invite, sizeof(invite));
	if (rc == 0)
		api_keep(q);
	return rc;
}

static void invite_done(struct job *job)
{
	struct station_job *j = job->arg;
	struct st_invite invite = { .expires_ms = 0 };
	if (job->work.rc < 0) {
		const struct st_job_invite *i = &job->work.u.invite;
		(void)snprintf(j->request->place, sizeof(j->request->place), "code %s, tier %s, parent %s",
			       i->child.text, st_tier_name(i->tier),
			       j->request->station->self.station.certificate.code.text);
		if (job->work.rc == ST_EFIELD) { /* each by itself is right: they don't go together, or not here */
			j->request->zh = "站码、层级与本站不相配: 总站之下是分站 (branch), 分站之下是基站 (base); 专业站 (specialty) 的站码是"
					 "上级站码加两位数字, 如 410611003-01";
			j->request->en = "code, tier and this station don't go together: below main are branches, below a branch bases; "
					 "a specialty's code is its parent's with two digits, as 410611003-01";
		}
		if (job->work.rc == ST_EEXIST) {
			j->request->zh = "这个站码已有站在用, 或曾被吊销: 请核对站码";
			j->request->en = "a station has that code, or had it and was revoked: check the code";
		}
		(void)api_refuse(j->request, job->work.rc);
		return;
	}
	(void)(st_invite_decode(st_buf_span(&j->text), &invite) == 0);
	(void)api_json(j->request,
		       json_pack("{s:o, s:s, s:s, s:b, s:I, s:o}", "invite", api_buf(&j->text), "code", invite.child.text,
				 "parent", invite.parent.text, "within", (int)st_code_within(&invite.child, &invite.parent),
				 "expires_ms", (json_int_t)invite.expires_ms, "expires_at", api_time(invite.expires_ms)));
	st_wipe(&invite, sizeof(invite));
}

static int read_invite(struct request *q, const json_t *object, struct station_job *j)
{
	const struct config *c = &q->station->config;
	struct st_job_invite *to = &j->job.work.u.invite;
	const char *code = NULL, *name = NULL, *tier = NULL, *address = NULL;
	const json_t *hours = json_object_get(object, "valid_hours");
	int rc = api_member(q, object, "code", true, &code);
	if (rc == 0)
		rc = api_member(q, object, "name", true, &name);
	if (rc == 0)
		rc = api_member(q, object, "tier", true, &tier);
	if (rc == 0)
		rc = api_member(q, object, "address", false, &address);
	if (rc < 0)
		return rc;
	if (st_code_parse(st_span_text(code), &to->child) < 0)
		return api_place(q, ST_EFIELD, CODE_FORMS);
	if (st_tier_parse(st_span_text(tier), &to->tier) < 0)
		return api_place(q, ST_EFIELD, "tier (branch base specialty)");
	if (name[0] == 0 || st_text_check(st_span_text(name), ST_NAME_MAX, false) < 0)
		return api_place(q, ST_EFIELD, "name (1..120 B, UTF-8)");
	if (address == NULL)
		address = c->public_address[0] != 0 ? c->public_address : c->listen;
	if (address[0] == 0)
		return api_because(q, "address", "未给出上级地址, 请用 --address, 或设置 public_address 或 listen",
				   "no address is given, by --address or the settings public_address and listen");
	if (!config_is_address(address) || strlen(address) > ST_ADDRESS_MAX)
		return api_place(q, ST_EFIELD, "address: tcp://HOST:PORT");
	memcpy(j->name, name, strlen(name));
	memcpy(j->address, address, strlen(address));
	to->name = st_span_text(j->name);
	to->address = st_span_text(j->address);
	to->text = &j->text;
	json_int_t valid = hours == NULL ? 24 : json_integer_value(hours);
	if (valid < 1 || valid > VALID_HOURS_MAX)
		return api_place(q, ST_EFIELD, "valid_hours (1..2160)");
	to->valid_ms = (int64_t)valid * 3600 * 1000;
	return 0;
}

static int post_invite(struct request *q)
{
	json_t *object = NULL;
	struct station_job *j = new_job(q, ST_JOB_INVITE, invite_done);
	if (j == NULL)
		return ST_ENOMEM;
	int rc = api_object(q, &object);
	if (rc < 0)
		return rc;
	rc = read_invite(q, object, j);
	json_decref(object);
	return rc < 0 ? rc : api_submit(q, &j->job);
}

static int add_invite(const struct st_invite_row *i, void *arg)
{
	json_t *one = json_pack("{s:s, s:s, s:s, s:I, s:o, s:b}", "code", i->child.text, "name", i->name,
				"tier", st_tier_name(i->tier), "expires_ms", (json_int_t)i->expires_ms,
				"expires_at", api_time(i->expires_ms), "used", (int)i->used);
	return json_array_append_new(arg, one) == 0 ? 0 : ST_ENOMEM;
}

static int read_invites(struct st_txn *t, void *arg)
{
	return st_invite_each(t, add_invite, arg);
}

static int get_invites(struct request *q)
{
	json_t *list = json_array();
	int rc = st_store_read(q->station->store, read_invites, list);
	if (rc < 0) {
		json_decref(list);
		return rc;
	}
	return api_json(q, json_pack("{s:o}", "invites", list));
}

static int revoke_refuse(struct request *q, const struct st_job_revoke *r, int rc)
{
	char place[2 * sizeof(r->child.text) + 8];
	(void)snprintf(place, sizeof(place), "%s%s%s", r->child.text, rc == ST_ESUBTREE ? " < " : "",
		       rc != ST_ESUBTREE ? "" : st_code_empty(&r->parent) ? "-" : r->parent.text);
	if (rc == ST_ESUBTREE) {
		q->zh = "只有直接上级站能吊销它: 请在那一站 (< 后面的站码) 执行";
		q->en = "only the station right above may revoke it: call this there (its code is behind the <)";
	} else if (rc == ST_ENOTFOUND) {
		q->zh = "没有这个站, 请核对站码 (stationctl status 列出下级)";
		q->en = "there is no such station; look up its code (stationctl status lists those below)";
	}
	(void)api_place(q, rc, place);
	return api_refuse(q, rc);
}

static void revoke_done(struct job *job)
{
	struct station_job *j = job->arg;
	if (job->work.rc < 0)
		(void)revoke_refuse(j->request, &job->work.u.revoke, job->work.rc);
	else
		(void)api_json(j->request, json_pack("{s:s, s:b}", "station",
						     job->work.u.revoke.child.text, "revoked", 1));
}

/* /v1/stations/CODE/revoke */
static int post_station(struct request *q)
{
	const char *slash = strchr(q->rest, '/');
	struct station_job *j = new_job(q, ST_JOB_REVOKE, revoke_done);
	if (j == NULL)
		return ST_ENOMEM;
	if (slash == NULL || strcmp(slash, "/revoke") != 0)
		return api_place(q, ST_ENOTFOUND, q->path);
	if (st_code_parse(st_span(q->rest, (size_t)(slash - q->rest)), &j->job.work.u.revoke.child) < 0)
		return api_place(q, ST_EFIELD, CODE_FORMS);
	return api_submit(q, &j->job);
}

const struct route api_station_routes[] = {
	{ "GET", "/v1/identity", get_identity },
	{ "POST", "/v1/init", post_init },
	{ "POST", "/v1/join", post_join },
	{ "POST", "/v1/invites", post_invite },
	{ "GET", "/v1/invites", get_invites },
	{ "POST", "/v1/stations/", post_station },
	{ NULL, NULL, NULL },
};
