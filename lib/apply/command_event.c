/* command_event.c - a checked command becomes an event of the own log, and its record's next row.
 *
 * Owns:    the envelope of a state change or note: what it stands behind, and who must hear of it.
 * Promise: 2: each state change names the one that it follows, and goes to whoever must hear of it.
 * Flow:    command, parts -> event -> own log */
#include "command.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

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

/* The envelope, without seq, and what it says; the body goes to a->body. */
static int build(struct st_apply *a, const struct st_command *c, const struct st_checked *checked,
		 const struct st_record *r, struct st_event *e, struct st_change *ret_change)
{
	st_assert(checked->kind != NULL);
	e->type = checked->move == NULL ? ST_NOTE : checked->reassigns ? ST_REASSIGN : ST_MOVE;
	*ret_change = (struct st_change){ /* no more than its bytes will say */
		.kind = checked->kind->number,
		.move = e->type == ST_MOVE ? checked->move->number : 0,
		.state = e->type == ST_MOVE ? checked->state : 0,
		.at_ms = checked->at_ms,
		.holder = checked->holder,
		.field_count = checked->fact_count,
		.fields = checked->facts,
	};
	e->term = r->term + checked->reassigns;
	e->revision = checked->move == NULL ? r->revision : r->revision + 1;
	e->author = c->author;
	st_buf_clear(&a->body);
	int rc = st_change_encode(e->type, ret_change, &a->body);
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
static int step(struct st_apply *a, struct st_record *r, const struct st_event *e,
		const struct st_change *change)
{
	struct st_link link = {
		.at = { a->own.log.number, e->at.seq },
		.previous = r->head,
		.writer = a->self.station.number,
		.depth = a->self.station.depth,
		.epoch = e->at.epoch,
		.term = e->term,
		.type = e->type,
	};
	int rc = 0;
	if (e->type == ST_NOTE)
		return 0;
	if (!st_code_empty(&change->holder))
		rc = st_station_number(a->txn, &change->holder, &link.holder);
	return rc < 0 ? rc : st_record_step(a->txn, r, &link, change);
}

int command_add(struct st_apply *a, const struct st_command *c, struct st_checked *checked,
		struct st_record *r, struct st_position *ret_at)
{
	ST_REQUIRE(r->ref.opener > 0);
	struct command_parts parts = { .count = 0 };
	struct st_event e;
	struct st_change change;
	struct st_span stored[PARTS_MAX];
	memset(&e, 0, sizeof(e));
	int rc = own_load(a);
	if (rc == 0 && r->revision == 0)
		rc = number_facts(a, checked);
	e.has_record = true;
	if (rc == 0)
		rc = st_record_id(a->txn, &r->ref, &e.record);
	if (rc == 0)
		rc = command_parts_make(a, &parts, checked, r, &e.record);
	if (rc == 0)
		rc = build(a, c, checked, r, &e, &change);
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
		rc = step(a, r, &e, &change);
	if (rc == 0)
		*ret_at = e.at;
	return rc;
}
