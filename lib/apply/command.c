/* command.c - a person's move or note becomes an event with its parts.
 *
 * Owns:    what goes where: facts into the event, free text into a clear part, the reporter's fields
 *          into a private part under the record's own key, and a blind index of them beside it.
 * Promise: 7, personal data stays: a private field is in no event and in no clear part.
 * Flow:    api -> command -> own log */
#include "group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/blind.h>
#include <station/work/changes.h>

enum { PARTS_MAX = 4 }; /* text, private, key, index */
_Static_assert((int)PARTS_MAX <= (int)ST_EVENT_PARTS_MAX, "an event takes all of them");

/* The parts of one event, their stored forms one after another in a->sealed. */
struct parts {
	struct st_part_ref refs[PARTS_MAX];
	size_t offsets[PARTS_MAX + 1];
	size_t count;
};

static void draw(struct st_apply *a, void *to, size_t size)
{
	a->world->random(a->world->arg, to, size);
}

static int part_add(struct st_apply *a, struct parts *p, enum st_part_type type,
		    struct st_span content)
{
	uint8_t salt[ST_SALT_SIZE];
	size_t from = a->sealed.size;
	ST_REQUIRE(p->count < PARTS_MAX);
	draw(a, salt, sizeof(salt));
	st_part_put(salt, content, &a->sealed);
	if (a->sealed.error < 0)
		return a->sealed.error;
	size_t size = a->sealed.size - from;
	if (size > ST_PART_MAX)
		return ST_ETOOBIG;
	struct st_span stored = st_span(a->sealed.data + from, size);
	p->refs[p->count] = (struct st_part_ref){
		.type = (uint32_t)type,
		.size = (uint32_t)size,
		.hash = st_part_hash((uint32_t)type, stored),
	};
	p->offsets[p->count++] = from;
	p->offsets[p->count] = a->sealed.size;
	st_assert(p->offsets[p->count] == a->sealed.size);
	return 0;
}

/* The record's key, as a part that only one station can open. */
static int add_key(struct st_apply *a, struct parts *p, const struct st_record_key *key,
		   const struct st_public_key *grant)
{
	uint8_t seed[ST_SEED_SIZE];
	draw(a, seed, sizeof(seed));
	st_buf_clear(&a->scratch);
	int rc = st_key_seal(key, grant, seed, &a->scratch);
	st_wipe(seed, sizeof(seed));
	return rc < 0 ? rc : part_add(a, p, ST_PART_KEY, st_buf_span(&a->scratch));
}

/* a->plain, sealed under the record's key. */
static int add_sealed(struct st_apply *a, struct parts *p, const struct st_record_key *key,
		      const struct st_record_id *id)
{
	st_assert(a->plain.size > 0);
	uint8_t nonce[ST_NONCE_SIZE];
	draw(a, nonce, sizeof(nonce));
	st_buf_clear(&a->scratch);
	int rc = st_private_seal(key, nonce, id, st_buf_span(&a->plain), &a->scratch);
	if (a->plain.data != NULL)
		st_wipe(a->plain.data, a->plain.size);
	return rc < 0 ? rc : part_add(a, p, ST_PART_PRIVATE, st_buf_span(&a->scratch));
}

/* By which this station, and no other, finds the same reporter again. */
static int add_index(struct st_apply *a, struct parts *p, const struct st_checked *c)
{
	st_buf_clear(&a->plain);
	int rc = st_blinds_put(&a->keys->grant, c->kind, c->privates, c->private_count, &a->plain);
	if (rc < 0 || a->plain.size == 0)
		return rc;
	return part_add(a, p, ST_PART_INDEX, st_buf_span(&a->plain));
}

static int add_private(struct st_apply *a, struct parts *p, const struct st_checked *c,
		       const struct st_record *r, const struct st_record_id *id)
{
	st_assert(c->private_count > 0);
	struct st_record_key key;
	int rc = r->revision == 0 ? ST_ENOTFOUND : grant_find_key(a, r, &key);
	if (rc == ST_ENOTFOUND) {
		draw(a, key.bytes, sizeof(key.bytes));
		rc = add_key(a, p, &key, &a->keys->grant.public);
	}
	if (rc < 0)
		return rc;
	st_buf_clear(&a->plain);
	rc = st_fields_encode(c->privates, c->private_count, &a->plain);
	if (rc == 0)
		rc = add_sealed(a, p, &key, id);
	if (rc == 0)
		rc = add_index(a, p, c);
	st_wipe(&key, sizeof(key));
	return rc;
}

/* What the new holder needs to work offline: the private fields as they are now, and the record's key for it.
 * Without a key here, or with nobody to seal it to, the record is handed on without. */
static int add_grant(struct st_apply *a, struct parts *p, const struct st_checked *c,
		     const struct st_record *r, const struct st_record_id *id)
{
	st_assert(!st_code_empty(&c->holder));
	struct st_record_key key;
	struct st_station to;
	int rc = st_station_find(a->txn, &c->holder, &to);
	if (rc == 0)
		rc = grant_find_key(a, r, &key);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_buf_clear(&a->plain);
	rc = add_key(a, p, &key, &to.certificate.grant);
	if (rc == 0)
		rc = grant_fields(a, r, &key, &a->plain);
	if (rc == 0 && a->plain.size > 0)
		rc = add_sealed(a, p, &key, id);
	st_wipe(&key, sizeof(key));
	return rc;
}

static int add_parts(struct st_apply *a, struct parts *p, const struct st_checked *c,
		     const struct st_record *r, const struct st_record_id *id)
{
	int rc = 0;
	st_buf_clear(&a->sealed);
	p->count = 0;
	if (c->text_count > 0) {
		st_buf_clear(&a->plain);
		rc = st_fields_encode(c->texts, c->text_count, &a->plain);
		if (rc == 0)
			rc = part_add(a, p, ST_PART_TEXT, st_buf_span(&a->plain));
	}
	if (rc == 0 && c->private_count > 0)
		rc = add_private(a, p, c, r, id);
	else if (rc == 0 && !st_code_empty(&c->holder) && r->revision > 0)
		rc = add_grant(a, p, c, r, id);
	st_assert(p->count <= PARTS_MAX);
	return rc;
}

/* What the citizen is told: the next serial of the year of the opening. */
static int number_facts(struct st_apply *a, struct st_checked *checked)
{
	uint32_t serial = 0;
	uint16_t year = (uint16_t)(st_month_of_day(st_day_of_ms(checked->at_ms)) / 12);
	int rc = own_load(a);
	if (rc == 0)
		rc = own_next_serial(a, year, &serial);
	if (rc < 0)
		return rc;
	if (checked->fact_count + 2 > ST_FIELDS_MAX)
		return ST_ETOOBIG;
	checked->facts[checked->fact_count++] =
		(struct st_field){ .id = ST_F_YEAR, .is_number = true, .number = year };
	checked->facts[checked->fact_count++] =
		(struct st_field){ .id = ST_F_SERIAL, .is_number = true, .number = serial };
	st_assert(checked->fact_count <= ST_FIELDS_MAX);
	return 0;
}

/* Where the state change stands: behind the record's head. */
int command_previous(struct st_apply *a, const struct st_record *r, struct st_position *ret_at)
{
	st_assert(r->revision > 0);
	struct st_log log;
	struct st_log_id id;
	if (r->head.log == a->self.log) {
		*ret_at = (struct st_position){ a->own.id.station, a->own.id.epoch, r->head.seq };
		return 0;
	}
	int rc = st_log_get(a->txn, r->head.log, &log);
	if (rc == 0)
		rc = st_log_id(a->txn, &log, &id);
	if (rc == 0)
		*ret_at = (struct st_position){ id.station, id.epoch, r->head.seq };
	return rc;
}

/* The envelope, without seq; the body goes to a->body. */
static int build(struct st_apply *a, const struct st_command *c, const struct st_checked *checked,
		 const struct st_record *r, struct st_event *e)
{
	st_assert(checked->kind != NULL);
	struct st_change change = {
		.kind = checked->kind->number,
		.move = checked->move == NULL ? 0 : checked->move->number,
		.state = checked->move == NULL ? 0 : checked->state,
		.at_ms = checked->at_ms,
		.holder = checked->holder,
		.field_count = checked->fact_count,
		.fields = checked->facts,
	};
	e->type = checked->move == NULL ? ST_NOTE : checked->reassigns ? ST_REASSIGN : ST_MOVE;
	e->term = r->term + checked->reassigns;
	e->revision = checked->move == NULL ? r->revision : r->revision + 1;
	e->author = c->author;
	st_buf_clear(&a->body);
	int rc = st_change_encode(e->type, &change, &a->body);
	if (rc == 0 && e->type != ST_NOTE && r->revision > 0)
		rc = command_previous(a, r, &e->previous);
	e->body = st_buf_span(&a->body);
	return rc;
}

static void address_code(const struct st_code *code, struct st_event *e)
{
	st_assert(!st_code_empty(code));
	for (size_t i = 0; i < e->addressee_count; i++)
		if (st_code_equal(&e->addressees[i].station, code))
			return;
	if (e->addressee_count < ST_EVENT_ADDRESSEES_MAX)
		e->addressees[e->addressee_count++] = (struct st_addressee){ .station = *code };
}

int command_address(struct st_apply *a, uint32_t station, struct st_event *e)
{
	struct st_code code;
	int rc = st_station_below(a->txn, a->self.station.number, station);
	if (rc != 0)
		return rc < 0 ? rc : 0; /* ourselves, or above us, where our log goes */
	rc = st_station_code(a->txn, station, &code);
	if (rc == 0)
		address_code(&code, e);
	return rc;
}

/* Who must hear of it: the one who gets the record or has it, who opened it, and who had it before. */
static int address_all(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		       struct st_event *e)
{
	int rc = 0;
	if (r->handed == 0 && st_code_empty(&c->holder) &&
	    (r->revision == 0 || r->holder == a->self.station.number))
		return 0;
	if (!st_code_empty(&c->holder))
		address_code(&c->holder, e); /* above us, too: a grant is beside an address */
	if (r->revision > 0)
		rc = command_address(a, r->holder, e);
	if (rc == 0)
		rc = command_address(a, r->ref.opener, e);
	if (rc < 0 || r->handed == 0)
		return rc;
	struct st_step *steps = NULL;
	size_t count = 0;
	rc = st_record_chain(a->txn, r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = steps[i].holder == 0 ? 0 : command_address(a, steps[i].holder, e);
	free(steps);
	return rc;
}

struct addressing {
	struct st_apply *apply;
	struct st_event *event;
};

/* And who had what was merged into it. It comes to them in any case (joined.c); addressed, it shows when it is
 * withheld, so it is where there is room. A note asks something of whom it is addressed to: of them, nothing. */
static int address_joined(uint32_t station, void *arg)
{
	struct addressing *x = arg;
	return command_address(x->apply, station, x->event);
}

/* The row as the fold will have it, so that a next move of the same transaction can be checked. */
static int step(struct st_apply *a, struct st_record *r, const struct st_event *e)
{
	struct st_change change;
	struct st_link link = {
		.at = { a->own.log.number, e->at.seq },
		.previous = r->head,
		.writer = a->self.station.number,
		.depth = a->self.station.depth,
		.epoch = e->at.epoch,
		.term = e->term,
		.type = e->type,
	};
	if (e->type == ST_NOTE)
		return 0;
	st_arena_reset(&a->arena);
	int rc = st_change_decode(e->type, e->body, &a->arena, &change);
	if (rc == 0 && !st_code_empty(&change.holder))
		rc = st_station_number(a->txn, &change.holder, &link.holder);
	return rc < 0 ? rc : st_record_step(a->txn, r, &link, &change);
}

int command_add(struct st_apply *a, const struct st_command *c, struct st_checked *checked,
		struct st_record *r, struct st_position *ret_at)
{
	ST_REQUIRE(r->ref.opener > 0);
	struct parts parts = { .count = 0 };
	struct st_event e;
	struct st_span stored[PARTS_MAX];
	memset(&e, 0, sizeof(e));
	int rc = own_load(a);
	if (rc == 0 && r->revision == 0)
		rc = number_facts(a, checked);
	e.has_record = true;
	if (rc == 0)
		rc = st_record_id(a->txn, &r->ref, &e.record);
	if (rc == 0)
		rc = add_parts(a, &parts, checked, r, &e.record);
	if (rc == 0)
		rc = build(a, c, checked, r, &e);
	if (rc == 0)
		rc = address_all(a, checked, r, &e);
	if (rc == 0 && e.type != ST_NOTE)
		rc = joined_each(a, r, address_joined, &(struct addressing){ a, &e });
	if (rc < 0)
		return rc;
	st_assert(parts.count <= PARTS_MAX);
	e.part_count = parts.count;
	for (size_t n = 0; n < parts.count; n++) {
		e.parts[n] = parts.refs[n];
		stored[n] = st_span(a->sealed.data + parts.offsets[n],
				    parts.offsets[n + 1] - parts.offsets[n]);
	}
	rc = own_add(a, &e, stored);
	if (rc == 0)
		rc = step(a, r, &e);
	if (rc == 0)
		*ret_at = e.at;
	return rc;
}

void command_new_record(struct st_apply *a, struct st_record *r)
{
	uint8_t random[10];
	st_assert(a->self.station.number > 0);
	memset(r, 0, sizeof(*r));
	draw(a, random, sizeof(random));
	r->ref.opener = a->self.station.number;
	r->ref.ulid = st_ulid_make(a->world->now_ms > 0 ? (uint64_t)a->world->now_ms : 0, random);
}

/* The record that is meant: loaded, or with revision 0 to be opened under a new id. */
static int find_record(struct st_apply *a, struct st_job_command *job, struct st_record *r)
{
	if (job->record.size > 0) {
		struct st_record_ref ref;
		int rc = st_record_resolve(a->txn, job->record, &ref);
		return rc < 0 ? rc : st_record_load(a->txn, &ref, r);
	}
	command_new_record(a, r);
	return 0;
}

/* The station that gets the record: enrolled, and another than has it. */
int command_receiver(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		     uint32_t *ret_to)
{
	struct st_station to;
	int rc = st_station_find(a->txn, &c->holder, &to);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_EFIELD : rc;
	if (to.standing != ST_ENROLLED || (r->revision > 0 && to.number == r->holder))
		return ST_EFIELD;
	*ret_to = to.number;
	return 0;
}

/* What the table can't see: where stations stand. */
static int check_stations(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
			  char place[ST_PLACE_MAX])
{
	uint32_t self = a->self.station.number, to = 0;
	int rc = st_code_empty(&c->holder) ? 0 : command_receiver(a, c, r, &to);
	if (rc < 0) {
		(void)snprintf(place, ST_PLACE_MAX, "to");
		return rc;
	}
	if (c->move == NULL || c->move->who != ST_BY_ABOVE)
		return 0;
	uint32_t below = r->revision > 0 ? r->holder : to;
	rc = below == self ? 0 : st_station_below(a->txn, below, self);
	return rc < 0 ? rc : rc == 1 ? 0 : ST_EABOVE;
}

/* Who asks at the wrong station is told which one has it. */
static void place_holder(struct st_apply *a, const struct st_record *r, char place[ST_PLACE_MAX])
{
	struct st_code holder;
	if (st_station_code(a->txn, r->holder, &holder) == 0)
		(void)snprintf(place, ST_PLACE_MAX, "%s", holder.text);
}

/* The record's newest event stands under a checkpoint, which was signed for before this move was asked. */
static int check_settled(struct st_apply *a, const struct st_checked *c, const struct st_record *r)
{
	if (c->move == NULL || c->move->number != c->kind->settled_move || r->head.log != a->self.log)
		return 0;
	int rc = own_load(a);
	return rc < 0 ? rc : r->head.seq <= a->own.log.signed_size ? 0 : ST_EBUSY;
}

int command_own(struct st_apply *a, const struct own_move *m, bool write, char place[ST_PLACE_MAX])
{
	ST_REQUIRE(m->record->revision > 0);
	struct st_checked checked;
	struct st_position at;
	struct st_command c = {
		.kind = m->record->kind, .move = m->move, .now_ms = a->world->now_ms, .author = m->author,
		.fields = m->fields, .field_count = m->field_count, .by_program = true,
	};
	st_buf_clear(&a->values);
	int rc = st_command_check(&c, m->record, a->self.station.number, &a->values, &checked, place);
	return rc < 0 || !write ? rc : command_add(a, &c, &checked, m->record, &at);
}

static int check_rules(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		       struct st_job_command *job)
{
	const struct st_ruling q = { a->txn, a->terms, r->revision > 0 ? r : NULL, c };
	return st_rules_check(&q, &job->rule, job->place);
}

int job_command(struct st_apply *a, struct st_job_command *job)
{
	struct st_checked checked;
	struct st_record r;
	struct st_command c = job->command;
	struct known known;
	c.now_ms = a->world->now_ms;
	job->place[0] = 0;
	job->rule = NULL;
	int rc = may_sign(a);
	if (rc == 0)
		rc = find_record(a, job, &r);
	if (rc == 0)
		rc = known_fill(a, &r, &c, &known);
	if (rc < 0)
		return rc;
	st_buf_clear(&a->values);
	rc = st_command_check(&c, job->record.size > 0 ? &r : NULL, a->self.station.number, &a->values,
			      &checked, job->place);
	if (rc == ST_EHOLDER && job->place[0] == 0)
		place_holder(a, &r, job->place);
	if (rc == 0 && checked.move != NULL && checked.move->hands == ST_HANDS_BACK)
		rc = st_station_code(a->txn, r.ref.opener, &checked.holder);
	if (rc == 0)
		rc = check_stations(a, &checked, &r, job->place);
	if (rc == 0)
		rc = links_check(a, &checked, &r, job->place);
	if (rc == 0)
		rc = merge_check(a, &checked, &r, job->place);
	if (rc == 0)
		rc = check_rules(a, &checked, &r, job);
	if (rc == 0)
		rc = check_settled(a, &checked, &r);
	if (rc == 0)
		rc = city_check(a, &checked, &r, job->place);
	if (rc == 0)
		rc = command_add(a, &c, &checked, &r, &job->event);
	if (rc == 0)
		rc = own_flush(a);
	if (rc == 0)
		rc = st_record_load(a->txn, &r.ref, &r);
	if (rc == 0)
		rc = st_record_id(a->txn, &r.ref, &job->id);
	if (rc < 0)
		return rc;
	job->state = r.state;
	st_number_text(&r.number, &job->id.opener, &job->id.ulid, job->number);
	return 0;
}
