/* api_status.c - what this station and all below it have, who holds it, and why anything waits.
 *
 * Owns:    the operator's view.
 * Promise: 6 and 8: what is missing or refused is shown, with its reason.
 * Flow:    store, link -> status -> api */
#include <stdio.h>
#include <string.h>
#include <station/ask/report.h>
#include <station/store/carried.h>
#include <station/store/outside.h>
#include "api.h"
#include "heads.h"
#include "version.h"
#include "workdays.h"

struct stating {
	struct request *q;
	struct st_txn *txn;
	json_t *stations, *children;
	json_t *missing, *silent, *workdays;
	uint64_t evidence, heads;
	struct up_info up;
	/* of the row being told */
	json_t *held;
	const struct st_log *log;
};

static const char *const up_states[] = { "none", "paused", "waiting", "resolving", "connecting",
					 "greeting", "linked" };

static json_t *refusals_json(const struct station *s)
{
	json_t *json = json_object();
	const uint64_t *counts = link_refusals(s->link);
	for (int i = 1; i < REFUSALS_MAX; i++)
		if (counts[i] > 0)
			json_object_set_new(json, st_error_name(-i), json_integer((json_int_t)counts[i]));
	return json;
}

static int add_held(const struct st_receipt *r, void *arg)
{
	struct stating *x = arg;
	struct st_station s;
	int rc = st_station_get(x->txn, r->signer, &s);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	json_t *one = json_pack("{s:s, s:s, s:I, s:I, s:o}", "tier", st_tier_name(s.certificate.tier),
				"station", s.certificate.code.text, "size", (json_int_t)r->size, "time_ms",
				(json_int_t)r->cosignature.time_s * 1000, "at",
				api_time((int64_t)r->cosignature.time_s * 1000));
	return json_array_append_new(x->held, one) == 0 ? 0 : ST_ENOMEM;
}

/* Why a log isn't further up: in words, or null when it is. */
static json_t *waits_json(const struct stating *x, const struct st_log_id *id, uint64_t size)
{
	const struct st_uplink_info *u = &x->up.session;
	if (x->up.state == UP_NONE)
		return json_null();
	if (x->q->station->self.halted[0] != 0)
		return api_why(ST_EFORKED);
	if (x->up.state == UP_PAUSED)
		return api_two("上行链路被暂停 (stationctl link resume)",
			       "the uplink is paused (stationctl link resume)");
	for (size_t i = 0; i < u->log_count; i++) {
		const struct st_uplink_log *l = &u->logs[i];
		if (!st_code_equal(&l->id.station, &id->station) || l->id.epoch != id->epoch)
			continue;
		if (l->refused != 0)
			return api_why(l->refused);
		if (x->up.state == UP_LINKED && l->acked >= size)
			return json_null();
		break;
	}
	if (x->up.state != UP_LINKED)
		return x->up.why != 0 ? api_why(x->up.why)
				      : api_two("正在连接上级", "connecting to the parent");
	return api_two("正在上传", "on its way up");
}

static const json_t *child_named(const struct stating *x, const char *code)
{
	size_t i;
	json_t *one;
	json_array_foreach(x->children, i, one)
		if (strcmp(json_string_value(json_object_get(one, "code")), code) == 0)
			return one;
	return NULL;
}

/* Why nothing new comes from below: the child on the way to the station isn't linked. null: it is, or there is
 * none. */
static int add_silent(const struct stating *x, const struct st_station *s, json_t *one)
{
	uint32_t self = x->q->station->self.station.number, child = 0;
	struct st_code code;
	char zh[160], en[160];
	int rc = s->number == self || s->standing != ST_ENROLLED
			 ? ST_ENOTFOUND : st_station_branch_of(x->txn, s->number, self, &child);
	if (rc == 0)
		rc = st_station_code(x->txn, child, &code);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc < 0 || json_is_true(json_object_get(child_named(x, code.text), "linked")))
		return json_object_set_new(one, "silent", json_null()) == 0 ? 0 : ST_ENOMEM;
	(void)snprintf(zh, sizeof(zh), "下级 %s 未连接: 它之后的事件还没有到这里", code.text);
	(void)snprintf(en, sizeof(en), "child %s isn't linked: what came after isn't here yet", code.text);
	return json_object_set_new(one, "silent", api_two(zh, en)) == 0 ? 0 : ST_ENOMEM;
}

/* Who holds how much of its newest log, and why the rest isn't further up. */
static int add_log(struct stating *x, const struct st_coverage_row *row, json_t *one)
{
	struct st_log log;
	int rc = row->heard ? st_log_newest(x->txn, row->station.number, &log) : ST_ENOTFOUND;
	x->held = json_array();
	json_object_set_new(one, "held", x->held);
	if (rc == ST_ENOTFOUND) {
		json_object_set_new(one, "waits",
				    api_two("尚未收到该站任何事件", "nothing has been heard of it yet"));
		return 0;
	}
	if (rc < 0)
		return rc;
	struct st_log_id id = { row->station.certificate.code, log.epoch };
	x->log = &log;
	rc = st_receipt_each(x->txn, log.number, add_held, x);
	json_object_set_new(one, "log", api_log_name(&id));
	json_object_set_new(one, "waits", waits_json(x, &id, log.tree.size));
	x->log = NULL;
	return rc;
}

/* What only a neighbour can know: how much a station has itself, as it last told, and what waits here for it
 * to take. null: it is further down, or hasn't told since this daemon started. */
static int add_neighbour(struct stating *x, const struct st_coverage_row *row, json_t *one)
{
	uint32_t self = x->q->station->self.station.number;
	const json_t *child = child_named(x, row->station.certificate.code.text);
	const json_t *told = json_object_get(child, "own_size");
	uint64_t outbox = 0, own = json_integer_value(told) < 0 ? 0 : (uint64_t)json_integer_value(told);
	bool behind = json_is_true(json_object_get(child, "behind"));
	bool below = row->station.parent == self;
	int rc = below ? st_outbox_count(x->txn, row->station.number, &outbox) : 0;
	if (rc < 0)
		return rc;
	if (row->station.number == self || (own < row->size && !behind))
		own = row->size; /* a push was taken just now */
	bool known = row->station.number == self || json_is_integer(told);
	json_object_set_new(one, "own_size", known ? json_integer((json_int_t)own) : json_null());
	json_object_set_new(one, "behind", json_boolean(behind));
	json_object_set_new(one, "outbox", below ? json_integer((json_int_t)outbox) : json_null());
	return 0;
}

static int add_station(const struct st_coverage_row *row, void *arg)
{
	struct stating *x = arg;
	const struct st_certificate *c = &row->station.certificate;
	json_t *one = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:I, s:b}", "code",
				c->code.text, "name", c->name, "tier", st_tier_name(c->tier), "parent",
				c->parent.text, "standing",
				row->station.standing == ST_ENROLLED ? "enrolled" : "revoked", "heard",
				(int)row->heard, "size", (json_int_t)row->size, "checkpoint_ms",
				(json_int_t)row->checkpoint_time_s * 1000, "checkpoint_at",
				api_time((int64_t)row->checkpoint_time_s * 1000), "unread",
				(json_int_t)row->unread, "refilling", (int)row->refilling);
	if (one == NULL)
		return ST_ENOMEM;
	int rc = add_neighbour(x, row, one);
	if (rc == 0)
		rc = add_silent(x, &row->station, one);
	if (rc == 0)
		rc = add_log(x, row, one);
	if (rc < 0) {
		json_decref(one);
		return rc;
	}
	return json_array_append_new(x->stations, one) == 0 ? 0 : ST_ENOMEM;
}

/* What others addressed to this station, by their heads: what is missing of it, and who has fallen silent. */
static int add_head(const struct st_head_verdict *v, void *arg)
{
	struct stating *x = arg;
	int64_t as_of = (int64_t)v->head.time_s * 1000, came = (int64_t)v->kept_s * 1000;
	struct st_position first = { v->head.log.station, v->head.log.epoch, v->first };
	x->heads++;
	if (v->missing > 0)
		json_array_append_new(
			x->missing, json_pack("{s:s, s:s, s:b, s:I, s:I, s:o, s:I, s:o}", "from",
					      v->head.log.station.text, "to", v->head.to.text, "subtree",
					      (int)v->head.subtree, "missing", (json_int_t)v->missing, "after",
					      (json_int_t)v->after, "event", api_position(&first),
					      "as_of_ms", (json_int_t)as_of, "as_of", api_time(as_of)));
	if (v->silent)
		json_array_append_new(x->silent,
				      json_pack("{s:s, s:I, s:o}", "from", v->head.log.station.text,
						"since_ms", (json_int_t)came, "since", api_time(came)));
	return 0;
}

static json_t *heads_json(struct stating *x)
{
	return json_pack("{s:I, s:o, s:o}", "heads", (json_int_t)x->heads, "missing", x->missing, "silent",
			 x->silent);
}

static int count_evidence(const struct st_evidence *e, void *arg)
{
	(void)e;
	((struct stating *)arg)->evidence++;
	return 0;
}

static int read_all(struct st_txn *t, void *arg)
{
	struct stating *x = arg;
	x->txn = t;
	struct st_heads_ask ask = heads_ask(x->q->station);
	int rc = st_coverage_each(t, add_station, x);
	if (rc == 0)
		rc = st_heads_each(t, &ask, add_head, x);
	if (rc == 0)
		rc = workdays_tell(t, x->workdays);
	return rc < 0 ? rc : st_evidence_each(t, count_evidence, x);
}

static json_t *uplink_json(const struct up_info *up)
{
	const struct st_uplink_info *u = &up->session;
	if (up->state == UP_NONE)
		return json_null();
	json_t *logs = json_array();
	for (size_t i = 0; i < u->log_count; i++) {
		const struct st_uplink_log *l = &u->logs[i];
		json_array_append_new(logs, json_pack("{s:o, s:I, s:I, s:I, s:o}", "log",
						      api_log_name(&l->id), "size", (json_int_t)l->size,
						      "acked", (json_int_t)l->acked, "sent",
						      (json_int_t)l->sent, "refused", api_why(l->refused)));
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:I, s:I, s:I, s:o}", "parent", u->parent.text,
			 "address", up->address, "state", up_states[up->state], "since_ms",
			 (json_int_t)up->since_ms, "why", api_why(up->why), "skew_ms",
			 (json_int_t)u->skew_ms, "credit", (json_int_t)u->credit, "waiting_bytes",
			 (json_int_t)u->waiting_bytes, "logs", logs);
}

static void add_child(const struct child_info *c, void *arg)
{
	const struct st_downlink_info *d = &c->session;
	json_t *own = d->own_told ? json_integer((json_int_t)d->own_size) : json_null();
	json_array_append_new(arg, json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:b, s:s, s:o}", "code",
					     c->code.text, "linked", (int)c->linked, "heard_ms",
					     (json_int_t)d->heard_ms, "skew_ms", (json_int_t)d->skew_ms,
					     "credit", (json_int_t)d->credit, "granted",
					     (json_int_t)d->granted, "held", (json_int_t)d->held, "behind",
					     (int)d->behind, "software", d->software, "own_size", own));
}

static json_t *store_json(struct station *s)
{
	struct st_store_info i;
	if (st_store_info(s->store, &i) < 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:b, s:b, s:i}", "used_bytes", (json_int_t)i.used_bytes,
			 "map_bytes", (json_int_t)i.map_bytes, "disk_free_bytes",
			 (json_int_t)i.disk_free_bytes, "full", (int)i.full, "broken", (int)i.broken,
			 "format", (int)i.format);
}

static int get_status(struct request *q)
{
	struct station *s = q->station;
	struct stating x = { .q = q, .stations = json_array(), .children = json_array(),
			     .missing = json_array(), .silent = json_array(),
			     .workdays = json_object() };
	struct st_now now = { .mono_ms = link_now_ms(s->link) };
	link_up_info(s->link, &x.up);
	link_each_child(s->link, add_child, x.children);
	int rc = s->self.set_up ? st_store_read(s->store, read_all, &x) : 0;
	if (rc < 0) {
		json_decref(x.stations);
		json_decref(x.children);
		json_decref(x.missing);
		json_decref(x.silent);
		json_decref(x.workdays);
		return rc;
	}
	json_t *own = s->self.set_up
			      ? json_pack("{s:s, s:s, s:s, s:s}", "code",
					  s->self.station.certificate.code.text, "name",
					  s->self.station.certificate.name, "tier",
					  st_tier_name(s->self.station.certificate.tier), "parent",
					  s->self.station.certificate.parent.text)
			      : json_null();
	return api_json(q, json_pack("{s:b, s:o, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "set_up",
				     (int)s->self.set_up, "station", own, "software", STATIOND_VERSION,
				     "uptime_s", (json_int_t)((now.mono_ms - s->started_ms) / 1000),
				     "halted", s->self.halted, "store", store_json(s), "uplink",
				     uplink_json(&x.up), "children", x.children, "stations", x.stations,
				     "addressed", heads_json(&x), "workdays", x.workdays, "evidence",
				     (json_int_t)x.evidence, "refusals", refusals_json(s)));
}

const struct route api_status_routes[] = {
	{ "GET", "/v1/status", get_status },
	{ NULL, NULL, NULL },
};
