/* api_records.c - a clerk's commands, and records with their lives.
 *
 * Owns:    records as JSON.
 * Flow:    api -> command job -> api; store -> life, list -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/matter.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "api.h"

struct command_job {
	struct job job;
	struct request *request;
	json_t *object; /* the command's texts are borrowed from it */
	struct st_command_field fields[ST_COMMAND_FIELDS_MAX];
};

static void free_command(void *work)
{
	struct command_job *j = work;
	json_decref(j->object);
	free(j);
}

static void command_done(struct job *job)
{
	struct command_job *j = job->arg;
	struct st_job_command *c = &job->work.u.command;
	char ulid[ST_ULID_TEXT + 1];
	if (job->work.rc < 0) {
		const char *record = json_string_value(json_object_get(j->object, "record"));
		bool number = c->place[0] == 0 && record != NULL &&
			      (job->work.rc == ST_EFIELD || job->work.rc == ST_ENOTFOUND);
		(void)api_place(j->request, 0, number ? record : c->place);
		j->request->zh = c->rule == NULL ? NULL : c->rule->zh;
		j->request->en = c->rule == NULL ? NULL : c->rule->en;
		(void)api_refuse(j->request, job->work.rc);
		return;
	}
	const struct st_kind *k = st_kind(c->command.kind);
	const struct st_state_row *state = st_kind_state(k, c->state);
	st_ulid_text(&c->id.ulid, ulid);
	(void)api_json(j->request,
		       json_pack("{s:o, s:o, s:s, s:s}", "event", api_position(&c->event), "record",
				 json_sprintf("%s/%s", c->id.opener.text, ulid), "number", c->number,
				 "state", state == NULL ? "" : state->name));
}

static int add_value(struct request *q, struct command_job *j, const char *name, const json_t *value)
{
	struct st_command *c = &j->job.work.u.command.command;
	if (!json_is_string(value))
		return api_place(q, ST_EFIELD, name);
	if (c->field_count == ST_COMMAND_FIELDS_MAX)
		return api_place(q, ST_ETOOBIG, "fields");
	j->fields[c->field_count++] = (struct st_command_field){
		st_span_text(name),
		st_span(json_string_value(value), json_string_length(value)),
	};
	return 0;
}

/* A field's value is a text, or a list of texts where the kind takes several. */
static int read_fields(struct request *q, struct command_job *j)
{
	struct st_command *c = &j->job.work.u.command.command;
	json_t *fields = json_object_get(j->object, "fields"), *value, *one;
	const char *name;
	size_t i;
	if (fields == NULL)
		return 0;
	if (!json_is_object(fields))
		return api_place(q, ST_EFIELD, "fields");
	json_object_foreach(fields, name, value) {
		int rc = json_is_array(value) ? 0 : add_value(q, j, name, value);
		json_array_foreach(value, i, one)
			if (rc == 0)
				rc = add_value(q, j, name, one);
		if (rc < 0)
			return rc;
	}
	c->fields = j->fields;
	return 0;
}

static int read_command(struct request *q, struct command_job *j)
{
	struct st_job_command *to = &j->job.work.u.command;
	const char *kind = NULL, *move = NULL, *record = NULL, *at = NULL, *author = NULL;
	int rc = api_member(q, j->object, "kind", true, &kind);
	if (rc == 0)
		rc = api_member(q, j->object, "move", true, &move);
	if (rc == 0)
		rc = api_member(q, j->object, "record", false, &record);
	if (rc == 0)
		rc = api_member(q, j->object, "at", false, &at);
	if (rc == 0)
		rc = api_member(q, j->object, "author", false, &author);
	if (rc < 0)
		return rc;
	const struct st_kind *k = st_kind_named(kind);
	if (k == NULL)
		return api_wrong(q, ST_EFIELD, "kind");
	to->command.kind = k->number;
	to->command.move = move;
	if (at != NULL &&
	    (st_time_parse(st_span_text(at), &to->command.at_ms) < 0 || to->command.at_ms <= 0))
		return api_place(q, ST_EFIELD, "at");
	to->command.author = author == NULL ? ST_SPAN_NONE : st_span_text(author);
	to->record = record == NULL ? ST_SPAN_NONE : st_span_text(record);
	const struct st_move_row *row = st_kind_move_named(k, move);
	bool opens = row != NULL && st_move_opens(row);
	if ((row != NULL || strcmp(move, "note") == 0) && opens != (record == NULL || record[0] == 0))
		return api_wrong(q, ST_EFIELD, "record");
	return read_fields(q, j);
}

static int post_command(struct request *q)
{
	struct command_job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ST_ENOMEM;
	q->work = j;
	q->work_free = free_command;
	j->request = q;
	j->job.arg = j;
	j->job.done = command_done;
	j->job.bytes = sizeof(*j) + q->body.size;
	j->job.work.kind = ST_JOB_COMMAND;
	int rc = api_object(q, &j->object);
	if (rc == 0)
		rc = read_command(q, j);
	return rc < 0 ? rc : api_submit(q, &j->job);
}

/* ---- one record ---- */

struct showing {
	struct request *q;
	struct st_txn *txn;
	const struct st_kind *kind;
	json_t *events, *record, *joined;
	bool with_events, unseen;
};

static json_t *fields_json(const struct st_kind *k, const struct st_field *fields, size_t count)
{
	json_t *json = json_object();
	struct st_buf text;
	char unknown[16];
	st_buf_init(&text, 64 * 1024);
	for (size_t i = 0; i < count; i++) {
		const struct st_field_row *row = k == NULL ? NULL : st_kind_field(k, fields[i].id);
		(void)snprintf(unknown, sizeof(unknown), "%u", fields[i].id);
		st_buf_clear(&text);
		st_field_text(row, &fields[i], &text);
		const char *name = row == NULL ? unknown : row->name;
		json_t *value = api_buf(&text), *list = json_object_get(json, name);
		if (row == NULL || (row->flags & ST_MANY) == 0)
			json_object_set_new(json, name, value);
		else if (list != NULL)
			json_array_append_new(list, value);
		else
			json_object_set_new(json, name, json_pack("[o]", value));
	}
	st_buf_done(&text);
	return json;
}

static const char *stray_text(enum st_stray_why why)
{
	return why == ST_STRAY_WAITING ? "waiting" : why == ST_STRAY_SET_ASIDE ? "set_aside" : "";
}

static int add_event(const struct st_life_event *e, void *arg)
{
	struct showing *x = arg;
	const struct st_state_row *state =
		x->kind == NULL ? NULL : st_kind_state(x->kind, e->state);
	json_t *one = json_pack(
		"{s:o, s:s, s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:s, s:o, s:o}",
		"event", api_position(&e->at),
		"type", st_event_type_name(e->type), "move", e->move == NULL ? "" : e->move->name, "state",
		state == NULL ? "" : state->name, "at_ms", (json_int_t)e->at_ms, "at", api_time(e->at_ms),
		"written_at", api_time((int64_t)e->wall_ms), "term", (json_int_t)e->term, "revision",
		(json_int_t)e->revision, "stray", stray_text(e->stray), "author", api_span(e->author),
		"facts", fields_json(x->kind, e->facts, e->fact_count), "texts",
		fields_json(x->kind, e->texts, e->text_count), "texts_missing", (int)e->texts_missing,
		"texts_erased", (int)e->texts_erased, "private_erased", (int)e->private_erased,
		"private_elsewhere", (int)e->private_elsewhere, "held_by", e->held_by, "addressed",
		api_reaches(e), "aside", api_aside(&e->aside));
	x->unseen |= api_is_unseen(e);
	if (one != NULL && e->private_here)
		json_object_set_new(one, "private",
				    fields_json(x->kind, e->privates, e->private_count));
	return json_array_append_new(x->events, one) == 0 ? 0 : ST_ENOMEM;
}

static int record_json(struct st_txn *t, const struct st_record *r, json_t **ret)
{
	const struct st_kind *k = st_kind(r->kind);
	const struct st_state_row *state = k == NULL ? NULL : st_kind_state(k, r->state);
	char ulid[ST_ULID_TEXT + 1], number[ST_NUMBER_TEXT], category[ST_NAME_TEXT_MAX + 1];
	char unit[ST_NAME_TEXT_MAX + 1];
	struct st_record_id id;
	struct st_code holder;
	int rc = st_record_id(t, &r->ref, &id);
	if (rc == 0)
		rc = st_station_code(t, r->holder, &holder);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_CATEGORY, r->category, category);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_UNIT, r->unit, unit);
	if (rc < 0)
		return rc;
	st_ulid_text(&id.ulid, ulid);
	st_number_text(&r->number, &id.opener, &id.ulid, number);
	bool still = r->due_day == 0 && r->first_due_day != 0; /* the clock stands still, with so many days left */
	*ret = json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I}",
			 "record", json_sprintf("%s/%s", id.opener.text, ulid), "number", number, "kind",
			 k == NULL ? "" : k->name, "state", state == NULL ? "" : state->name, "holder",
			 holder.text, "category", category, "unit", unit, "opened",
			 api_day(r->opened_day), "due", api_day(r->due_day), "first_due",
			 api_day(r->first_due_day), "days_left",
			 still ? json_integer((json_int_t)r->days_left) : json_null(), "closed",
			 api_day(r->closed_day), "revision",
			 (json_int_t)r->revision, "notes", (json_int_t)r->notes, "waiting",
			 (json_int_t)r->waiting, "set_aside", (json_int_t)r->set_aside);
	return *ret == NULL ? ST_ENOMEM : 0;
}

static int read_record(struct st_txn *t, void *arg)
{
	struct showing *x = arg;
	struct st_record_ref ref;
	struct st_record r;
	int rc = st_record_resolve(t, st_span_text(x->q->rest), &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &r);
	if (rc < 0)
		return api_place(x->q, rc, x->q->rest);
	x->kind = st_kind(r.kind);
	const char *kind = api_argument(x->q, "kind");
	if (kind != NULL && x->kind != NULL && strcmp(kind, x->kind->name) != 0)
		return api_place(x->q, ST_EKIND, x->kind->name);
	rc = record_json(t, &r, &x->record);
	if (rc == 0)
		rc = api_joined(t, &r, &x->joined);
	return rc == 0 && x->with_events
		       ? st_life_each(t, &r, &x->q->station->keys.grant, add_event, x)
		       : rc;
}

static int get_record(struct request *q)
{
	struct showing x = { .q = q, .events = json_array(),
			     .with_events = api_argument(q, "events") != NULL };
	int rc = st_store_read(q->station->store, read_record, &x);
	if (rc < 0) {
		json_decref(x.events);
		json_decref(x.record);
		json_decref(x.joined);
		return rc;
	}
	if (x.unseen)
		api_seen(q->station, q->rest); /* the holder has opened it: its writer may know */
	json_t *left = x.with_events ? api_left(x.kind, x.events) : json_null();
	return api_json(q, json_pack("{s:o, s:o, s:o, s:o?}", "record", x.record, "events", x.events, "left",
				     left, "joined", x.joined));
}

/* ---- lists ---- */

struct listing {
	struct request *q;
	struct st_list_query query;
	struct st_txn *txn;
	struct st_buf next;
	json_t *records;
};

static int add_row(const struct st_list_row *row, void *arg)
{
	struct listing *x = arg;
	json_t *one = NULL;
	int rc = record_json(x->txn, &row->record, &one);
	if (rc < 0)
		return rc;
	json_object_set_new(one, "title", json_string(row->title));
	return json_array_append_new(x->records, one) == 0 ? 0 : ST_ENOMEM;
}

static const char *state_name(const void *kind, size_t i)
{
	const struct st_kind *k = kind;
	return i < k->state_count ? k->states[i].name : NULL;
}

static int read_query(struct listing *x, struct st_txn *t)
{
	struct request *q = x->q;
	const char *holder = api_argument(q, "holder"), *state = api_argument(q, "state");
	const char *page = api_argument(q, "page"), *kind = api_argument(q, "kind");
	const struct st_kind *k = kind == NULL ? st_kind(ST_KIND_MATTER) : st_kind_named(kind);
	struct st_code code;
	int rc = api_limit(q, 50, ST_LIST_MAX, &x->query.limit);
	if (rc < 0)
		return rc;
	if (k == NULL)
		return api_wrong(q, ST_EFIELD, "kind");
	x->query.kind = k->number;
	x->query.overdue = api_argument(q, "overdue") != NULL;
	x->query.open_only = api_argument(q, "open") != NULL;
	x->query.untold = api_argument(q, "untold") != NULL;
	x->query.today = api_today();
	x->query.from = page == NULL ? ST_SPAN_NONE : st_span_text(page);
	if (holder != NULL && (st_code_parse(st_span_text(holder), &code) < 0 ||
			       st_station_number(t, &code, &x->query.holder) < 0))
		return api_wrong(q, ST_EFIELD, "holder");
	if (state != NULL && st_kind_state_named(k, st_span_text(state)) == NULL)
		return api_place_among(q, ST_EFIELD, "state", state_name, k);
	x->query.state = state == NULL ? 0 : st_kind_state_named(k, st_span_text(state))->number;
	return 0;
}

static int read_list(struct st_txn *t, void *arg)
{
	struct listing *x = arg;
	x->txn = t;
	int rc = read_query(x, t);
	if (rc < 0)
		return rc;
	rc = st_list_each(t, &x->query, add_row, x, &x->next);
	return rc == ST_EFIELD ? api_wrong(x->q, rc, "page") : rc;
}

static int get_records(struct request *q)
{
	struct listing x = { .q = q, .records = json_array() };
	st_buf_init(&x.next, 256);
	int rc = st_store_read(q->station->store, read_list, &x);
	json_t *next = rc < 0 ? NULL : api_buf(&x.next);
	st_buf_done(&x.next);
	if (rc < 0) {
		json_decref(x.records);
		return rc;
	}
	return api_json(q, json_pack("{s:o, s:o}", "records", x.records, "next", next));
}

const struct route api_record_routes[] = {
	{ "POST", "/v1/commands", post_command },
	{ "GET", "/v1/records", get_records },
	{ "GET", "/v1/records/", get_record },
	{ NULL, NULL, NULL },
};
