/* online.c - a message of the city's platform becomes a matter.
 *
 * Owns:    the one job in which a matter is opened, gets its query code and is handed on to the
 *          station of its place: all of it or nothing, so no message is ever left half way.
 * Promise: 2: one matter a message, however often it is sent; 7: name and phone go to the holder
 *          alone.
 * Flow:    online -> open, hand -> own log */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { OWN_FIELDS = 3, NFC_GROWS = 12 };
static const char CHANNEL[] = "online";
_Static_assert(ST_ONLINE_FIELDS_MAX + OWN_FIELDS <= ST_COMMAND_FIELDS_MAX,
	       "a command takes all of them");

/* One message on its way. */
struct intake {
	struct st_job_online *job;
	struct st_online_secret secret;
	bool fresh;             /* the secret was drawn just now, and stands nowhere yet */
	struct st_buf request;  /* in normal form, as the event has it */
	struct st_record record;
	struct st_record_id id;
	struct st_online row;
};

static int load_secret(struct st_apply *a, struct intake *x)
{
	int rc = st_online_secret(a->txn, &x->secret);
	if (rc != ST_ENOTFOUND)
		return rc;
	a->world->random(a->world->arg, x->secret.bytes, sizeof(x->secret.bytes));
	x->fresh = true;
	return 0;
}

static int refuse(struct st_job_online *job, int code, const char *place)
{
	st_assert(code < 0);
	(void)snprintf(job->place, sizeof(job->place), "%s", place);
	return code;
}

static int read_request(struct intake *x)
{
	struct st_job_online *job = x->job;
	int rc = st_text_check(job->request, ST_ONLINE_TEXT_MAX, false);
	if (rc == 0 && job->request.size == 0)
		rc = ST_EFIELD;
	if (rc == 0)
		rc = st_text_nfc(job->request, &x->request);
	if (rc == 0 && x->request.size > ST_ONLINE_TEXT_MAX)
		rc = ST_ETOOBIG;
	if (rc < 0)
		return rc == ST_ENOMEM ? rc : refuse(job, rc, "request_id");
	return 0;
}

/* The message has come before: its matter, wherever that is by now. */
static int find_known(struct st_apply *a, struct intake *x, const uint8_t key[ST_ONLINE_KEY])
{
	struct st_record_ref ref;
	struct st_record r;
	int rc = st_online_find(a->txn, ST_ONLINE_BY_REQUEST, key, &ref);
	if (rc < 0)
		return rc;
	rc = st_online_get(a->txn, &ref, &x->row);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	rc = st_station_get(a->txn, r.holder, &x->job->station);
	if (rc == ST_ENOTFOUND) { /* the roll hasn't told of it yet */
		x->job->station = a->self.station;
		rc = 0;
	}
	if (rc < 0)
		return rc;
	x->job->again = true;
	memcpy(x->job->code, x->row.code, sizeof(x->job->code));
	return 0;
}

static int check_open(struct st_apply *a, struct intake *x, struct st_command *c,
		      struct st_checked *checked)
{
	struct st_job_online *job = x->job;
	ST_REQUIRE(c->field_count <= ST_COMMAND_FIELDS_MAX);
	st_buf_clear(&a->values);
	int rc = st_command_check(c, NULL, a->self.station.number, &a->values, checked, job->place);
	if (rc == 0)
		rc = links_check(a, checked, &x->record, job->place);
	return rc < 0 ? rc : city_check(a, checked, &x->record, job->place);
}

static int open_matter(struct st_apply *a, struct intake *x)
{
	struct st_job_online *job = x->job;
	struct st_command_field fields[ST_ONLINE_FIELDS_MAX + OWN_FIELDS];
	struct st_checked checked;
	struct st_position at;
	size_t n = 0;
	st_assert(job->field_count <= ST_ONLINE_FIELDS_MAX);
	for (; n < job->field_count; n++)
		fields[n] = job->fields[n];
	fields[n++] = (struct st_command_field){ st_span_text("channel"), st_span_text(CHANNEL) };
	fields[n++] = (struct st_command_field){ st_span_text("source"), job->source };
	fields[n++] = (struct st_command_field){ st_span_text("source_number"),
						 st_buf_span(&x->request) };
	struct st_command c = { .kind = ST_KIND_MATTER, .move = "open", .now_ms = a->world->now_ms,
				.author = job->source, .fields = fields, .field_count = n,
				.terms = a->terms };
	command_new_record(a, &x->record);
	int rc = check_open(a, x, &c, &checked);
	if (rc == 0)
		rc = command_add(a, &c, &checked, &x->record, &at);
	if (rc == 0)
		rc = own_flush(a); /* the hand-on reads the key from the store */
	if (rc == 0)
		rc = st_record_load(a->txn, &x->record.ref, &x->record);
	if (rc == 0)
		rc = st_record_id(a->txn, &x->record.ref, &x->id);
	return rc;
}

/* Where another matter has the code, which hardly ever happens, the next one. */
static int choose_code(struct st_apply *a, const struct st_online_secret *secret,
		       const struct st_record_id *id, char code[ST_QUERY_CODE + 1],
		       uint8_t key[ST_ONLINE_KEY])
{
	struct st_record_ref taken;
	int rc = 0;
	for (unsigned nth = 0; rc == 0; nth++) {
		if (nth == ST_QUERY_CODE_TRIES)
			return ST_NEVER(true) ? ST_ECORRUPT : 0;
		st_query_code(secret, id, nth, code);
		st_query_code_key(secret, code, key);
		rc = st_online_find(a->txn, ST_ONLINE_BY_CODE, key, &taken);
	}
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* The rows by which a matter is found; *row has its code after. */
static int put_rows(struct st_apply *a, const struct st_online_secret *secret,
		    const struct st_record_id *id, struct st_online *row)
{
	uint8_t code_key[ST_ONLINE_KEY], request_key[ST_ONLINE_KEY];
	int rc = choose_code(a, secret, id, row->code, code_key);
	if (rc < 0)
		return rc;
	st_request_key(secret, st_span_text(row->source), st_span_text(row->request), request_key);
	rc = st_online_name(a->txn, ST_ONLINE_BY_CODE, code_key, &row->ref);
	if (rc == 0)
		rc = st_online_name(a->txn, ST_ONLINE_BY_REQUEST, request_key, &row->ref);
	return rc < 0 ? rc : st_online_put(a->txn, row);
}

static void fill_row(struct st_online *row, struct st_span source, struct st_span request)
{
	(void)snprintf(row->source, sizeof(row->source), "%.*s", (int)source.size,
		       (const char *)source.data);
	(void)snprintf(row->request, sizeof(row->request), "%.*s", (int)request.size,
		       (const char *)request.data);
}

static int give_code(struct st_apply *a, struct intake *x)
{
	x->row.ref = x->record.ref;
	x->row.state = x->record.state;
	x->row.received_ms = a->world->now_ms > 0 ? a->world->now_ms : 0; /* as the event says */
	fill_row(&x->row, x->job->source, st_buf_span(&x->request));
	int rc = x->fresh ? st_meta_put(a->txn, ST_META_ONLINE_SECRET, ST_SPAN(x->secret.bytes)) : 0;
	if (rc == 0)
		rc = put_rows(a, &x->secret, &x->id, &x->row);
	a->asked.online = ONLINE_SOME;
	memcpy(x->job->code, x->row.code, sizeof(x->job->code));
	return rc;
}

/* To the station of the place. Whatever hinders it, the matter stands here, where a clerk can hand
 * it on. */
static int hand_on(struct st_apply *a, struct intake *x)
{
	const struct st_station *to = &x->job->station;
	const struct st_command_field field = { st_span_text("to"),
						st_code_span(&to->certificate.code) };
	struct st_command c = { .kind = ST_KIND_MATTER, .move = "hand", .now_ms = a->world->now_ms,
				.author = x->job->source, .fields = &field, .field_count = 1 };
	struct st_checked checked;
	struct st_position at;
	const struct st_rule *rule;
	char place[ST_PLACE_MAX];
	uint32_t number = 0;
	if (to->number == a->self.station.number)
		return 0;
	st_buf_clear(&a->values);
	int rc = st_command_check(&c, &x->record, a->self.station.number, &a->values, &checked,
				  place);
	if (rc == 0)
		rc = command_receiver(a, &checked, &x->record, &number, &rule);
	if (rc == 0)
		rc = command_add(a, &c, &checked, &x->record, &at);
	if (rc == 0)
		return own_flush(a);
	if (is_failure(rc))
		return rc;
	own_forget(a);
	x->job->station = a->self.station;
	return 0;
}

static int take_message(struct st_apply *a, struct intake *x)
{
	struct st_job_online *job = x->job;
	uint8_t key[ST_ONLINE_KEY];
	int rc = read_request(x);
	if (rc == 0)
		rc = load_secret(a, x);
	if (rc < 0)
		return rc;
	st_request_key(&x->secret, job->source, st_buf_span(&x->request), key);
	rc = find_known(a, x, key);
	if (rc != ST_ENOTFOUND)
		return rc;
	rc = st_spot_station(a->txn, &job->spot, a->self.station.number, &job->station);
	if (rc == 0)
		rc = open_matter(a, x);
	if (rc == 0)
		rc = give_code(a, x);
	if (rc == 0)
		rc = hand_on(a, x);
	st_assert(rc < 0 || job->code[0] != 0);
	return rc;
}

int job_online(struct st_apply *a, struct st_job_online *job)
{
	struct intake x;
	memset(&x, 0, sizeof(x));
	x.job = job;
	job->again = false;
	job->code[0] = job->place[0] = 0;
	ST_REQUIRE(job->source.size > 0);
	ST_REQUIRE(job->source.size <= ST_AUTHOR_MAX);
	int rc = may_sign(a);
	if (rc < 0)
		return rc;
	st_buf_init(&x.request, NFC_GROWS * ST_ONLINE_TEXT_MAX);
	rc = take_message(a, &x);
	st_buf_done(&x.request);
	st_wipe(&x.secret, sizeof(x.secret));
	return rc;
}

/* The opening of a message: written here, in the platform's name, under its number. */
static bool is_message(const struct st_event *e, const struct st_change *c, struct st_online *ret_o)
{
	const struct st_field *channel = st_field_find(c->fields, c->field_count, ST_F_CHANNEL);
	const struct st_field *source = st_field_find(c->fields, c->field_count, ST_F_SOURCE);
	const struct st_field *number = st_field_find(c->fields, c->field_count, ST_F_SOURCE_NUMBER);
	const struct st_field_row *row = st_kind_field(st_kind(ST_KIND_MATTER), ST_F_CHANNEL);
	const struct st_choice *online = st_choice_named(row->choices, st_span_text(CHANNEL));
	if (e->type != ST_MOVE || c->kind != ST_KIND_MATTER || e->previous.seq != 0 || channel == NULL ||
	    source == NULL || number == NULL || online == NULL || channel->number != online->number)
		return false;
	if (!st_span_equal(source->text, e->author) || source->text.size > ST_ONLINE_TEXT_MAX ||
	    number->text.size > ST_ONLINE_TEXT_MAX)
		return false;
	fill_row(ret_o, source->text, number->text);
	return true;
}

int online_retell(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	struct st_online_secret secret;
	struct st_change change;
	struct st_record_id id;
	struct st_record r;
	struct st_online o;
	memset(&o, 0, sizeof(o));
	if (log->station != a->self.station.number || st_fold_reads(e, &a->other, &change) != 1 ||
	    !is_message(e, &change, &o))
		return 0;
	int rc = st_online_secret(a->txn, &secret);
	if (rc == 0)
		rc = st_station_number(a->txn, &e->record.opener, &o.ref.opener);
	o.ref.ulid = e->record.ulid;
	if (rc == 0)
		rc = st_record_id(a->txn, &o.ref, &id);
	if (rc == 0)
		rc = st_record_load(a->txn, &o.ref, &r);
	if (rc == 0)
		rc = hooked_result(a, &r, &o.joined);
	if (rc == 0) {
		o.state = r.state;
		o.received_ms = (int64_t)e->wall_ms;
		rc = put_rows(a, &secret, &id, &o);
	}
	st_wipe(&secret, sizeof(secret));
	return is_failure(rc) && rc != ST_ECORRUPT ? rc : 0; /* a damaged record's row is the recount's to tell */
}
