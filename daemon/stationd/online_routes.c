/* online_routes.c - what the city's platform may ask: take a message, how does it stand, which
 * stations are there.
 *
 * Owns:    the routes below /online/v1, and the form of their answers (deploy/docs/openapi.yaml).
 * Promise: 7: what is answered to a code has no name, phone or number in it.
 * Flow:    platform -> online -> message job -> query code; code -> status -> platform */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "online.h"
#include "online_message.h"

enum { STATIONS_PAGE = 200 };

void online_refuse(struct request *q, unsigned status, const char *error,
		   const char *const words[2], const char *place)
{
	(void)api_place(q, 0, place);
	(void)api_answer(q, status, json_pack("{s:s, s:o, s:o}", "error", error, "message",
					      api_two(words[0], words[1]), "place",
					      api_span(st_span_text(q->place))));
}

/* What a station that can't take a message now says: it is to be sent again. */
static int refuse_later(struct request *q, int code)
{
	const char *words[2] = { st_error_text(code, ST_ZH), st_error_text(code, ST_EN) };
	online_refuse(q, 503, st_error_name(code), words, "");
	return 0;
}

static bool is_later(int code)
{
	return code == ST_ENOSTATION || code == ST_EFORKED || code == ST_EFULL || code == ST_EBUSY;
}

static json_t *station_json(const struct st_station *s)
{
	const struct st_certificate *c = &s->certificate;
	return json_pack("{s:s, s:s, s:s, s:s}", "code", c->code.text, "name", c->name, "tier",
			 c->tier == 0 ? "" : st_tier_name(c->tier), "parent", c->parent.text);
}

/* ---- a message ---- */

struct message_job {
	struct job job;
	struct request *request;
	struct message message;
};

static void free_message(void *work)
{
	struct message_job *j = work;
	message_done(&j->message);
	free(j);
}

static void message_taken(struct job *job)
{
	struct message_job *j = job->arg;
	struct st_job_online *o = &job->work.u.online;
	char code[ST_QUERY_CODE_TEXT];
	if (job->work.rc < 0) {
		const char *words[2] = { st_error_text(job->work.rc, ST_ZH),
					 st_error_text(job->work.rc, ST_EN) };
		if (is_later(job->work.rc)) {
			(void)refuse_later(j->request, job->work.rc);
			return;
		}
		online_refuse(j->request, api_status(job->work.rc), st_error_name(job->work.rc),
			      words, message_member(o->place));
		return;
	}
	st_query_code_text(o->code, code);
	(void)api_answer(j->request, o->again ? 200 : 201,
			 json_pack("{s:s, s:b, s:o}", "code", code, "new", !o->again, "station",
				   station_json(&o->station)));
}

static int post_message(struct request *q)
{
	struct message_job *j = calloc(1, sizeof(*j));
	struct message_wrong wrong;
	if (j == NULL)
		return ST_ENOMEM;
	q->work = j;
	q->work_free = free_message;
	j->request = q;
	j->job.arg = j;
	j->job.done = message_taken;
	j->job.bytes = sizeof(*j) + 2 * q->body.size;
	j->job.work.kind = ST_JOB_ONLINE;
	int rc = message_read(&j->message, st_buf_span(&q->body), &wrong);
	if (rc == ST_ENOMEM)
		return rc;
	if (rc < 0) {
		online_refuse(q, 400, wrong.error, wrong.words, wrong.place);
		return 0;
	}
	struct st_job_online *to = &j->job.work.u.online;
	to->source = st_span_text(q->source);
	to->request = j->message.request;
	to->fields = j->message.fields;
	to->field_count = j->message.field_count;
	to->spot = j->message.spot;
	rc = api_submit(q, &j->job);
	return is_later(rc) ? refuse_later(q, rc) : rc;
}

/* ---- how it stands ---- */

static json_t *text_json(const struct st_buf *text, bool there)
{
	return there && (text->size > 0 || text->error < 0) ? api_buf(text) : json_null();
}

json_t *online_status_json(const struct st_online_status *s)
{
	char code[ST_QUERY_CODE_TEXT];
	st_query_code_text(s->online.code, code);
	return json_pack(
		"{s:s, s:s, s:o, s:{s:s, s:s}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"code", code, "state", s->state == NULL ? "" : s->state->name, "words",
		api_two(s->zh, s->en), "station", "code", s->station.certificate.code.text, "name",
		s->station.certificate.name, "received", api_time(s->online.received_ms),
		"accepted", api_time(s->accepted_ms), "due", api_day(s->record.due_day), "answered",
		api_time(s->answered_ms), "ended", api_time(s->ended_ms), "answer",
		text_json(&s->answer, s->has_answer), "reason",
		text_json(&s->reason, s->has_reason), "elsewhere",
		text_json(&s->elsewhere, s->has_reason), "note",
		s->text_missing ? api_two("已有结果, 但文字不在本站: 请联系办理的联络站",
					  "there is a result, but its text isn't here: ask the "
					  "station that has it")
				: json_null());
}

struct asking {
	struct request *q;
	struct st_online_status status;
};

static int read_status(struct st_txn *t, void *arg)
{
	struct asking *x = arg;
	return st_online_status_code(t, st_span_text(x->q->rest), &x->status);
}

static int get_message(struct request *q)
{
	static const char *words[2] = { "没有这个查询码, 请核对", "there is no such query code; check it" };
	struct asking x = { .q = q };
	int rc = st_store_read(q->station->store, read_status, &x);
	if (rc == 0)
		rc = api_json(q, online_status_json(&x.status));
	st_online_status_done(&x.status);
	if (rc == ST_ENOTFOUND) {
		online_refuse(q, 404, "ENOTFOUND", words, "");
		return 0;
	}
	return rc;
}

/* ---- which stations there are ---- */

struct listing {
	struct request *q;
	json_t *stations, *chosen;
	uint32_t after, last;
	size_t count;
	bool more;
};

static int add_station(const struct st_station *s, void *arg)
{
	struct listing *x = arg;
	if (s->number <= x->after || s->standing != ST_ENROLLED)
		return 0;
	if (x->count == STATIONS_PAGE) {
		x->more = true;
		return 0;
	}
	x->count++;
	x->last = s->number;
	return json_array_append_new(x->stations, station_json(s)) == 0 ? 0 : ST_ENOMEM;
}

static int argument(struct request *q, const char *name, struct st_span *to)
{
	const char *text = api_argument(q, name);
	*to = text == NULL ? ST_SPAN_NONE : st_span_text(text);
	return to->size > ST_SPOT_NAME_MAX ? api_place(q, ST_ETOOBIG, name) : 0;
}

static int read_stations(struct st_txn *t, void *arg)
{
	struct listing *x = arg;
	const struct st_self *self = &x->q->station->self;
	const char *from = api_argument(x->q, "from");
	struct st_spot spot;
	struct st_station chosen;
	char *end = NULL;
	unsigned long after = from == NULL ? 0 : strtoul(from, &end, 10);
	if ((end != NULL && *end != 0) || after > UINT32_MAX)
		return api_place(x->q, ST_EFIELD, "from");
	x->after = (uint32_t)after;
	int rc = argument(x->q, "code", &spot.code);
	if (rc == 0)
		rc = argument(x->q, "county", &spot.county);
	if (rc == 0)
		rc = argument(x->q, "town", &spot.town);
	if (rc == 0)
		rc = st_station_each(t, add_station, x);
	if (rc < 0 || spot.code.size + spot.county.size + spot.town.size == 0)
		return rc;
	rc = st_spot_station(t, &spot, self->station.number, &chosen);
	if (rc == 0)
		x->chosen = station_json(&chosen);
	return rc;
}

static int get_stations(struct request *q)
{
	char next[16] = "";
	if (!q->station->self.set_up)
		return refuse_later(q, ST_ENOSTATION);
	struct listing x = { .q = q, .stations = json_array() };
	int rc = st_store_read(q->station->store, read_stations, &x);
	if (rc < 0) {
		const char *words[2] = { st_error_text(rc, ST_ZH), st_error_text(rc, ST_EN) };
		json_decref(x.stations);
		json_decref(x.chosen);
		if (rc != ST_EFIELD && rc != ST_ETOOBIG)
			return rc;
		char place[API_PLACE_MAX];
		(void)snprintf(place, sizeof(place), "%s", q->place);
		online_refuse(q, 400, st_error_name(rc), words, place);
		return 0;
	}
	(void)snprintf(next, sizeof(next), "%u", x.last);
	return api_json(q, json_pack("{s:o, s:o, s:o}", "stations", x.stations, "chosen",
				     x.chosen == NULL ? json_null() : x.chosen, "next",
				     x.more ? json_string(next) : json_null()));
}

static int get_health(struct request *q)
{
	const struct station *s = q->station;
	const char *status = !s->self.set_up	       ? "unset"
			     : s->self.halted[0] != 0 ? "halted"
			     : s->full		       ? "full"
						       : "ok";
	return api_answer(q, strcmp(status, "ok") == 0 ? 200 : 503, json_pack("{s:s}", "status", status));
}

const struct route online_route_list[] = {
	{ "POST", "/online/v1/messages", post_message },
	{ "GET", "/online/v1/messages/", get_message },
	{ "GET", "/online/v1/stations", get_stations },
	{ "GET", "/online/v1/health", get_health },
	{ NULL, NULL, NULL },
};

const struct route *online_route(const char *method, const char *path, const char **ret_rest,
				 bool *ret_other_method)
{
	for (const struct route *r = online_route_list; r->method != NULL; r++) {
		if (!api_path_fits(r, path, ret_rest))
			continue;
		if (strcmp(r->method, method) == 0)
			return r;
		*ret_other_method = true;
	}
	return NULL;
}
