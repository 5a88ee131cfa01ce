/* command.c - a person's move or note, and the program's own: checked, then added to the log.
 *
 * Owns:    the order of the checks, and those of what no table of kinds sees.
 * Promise: 8: a command is refused with its place before anything is written.
 * Flow:    api -> command -> event */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/changes.h>
#include <station/work/occurrence.h>

void command_new_record(struct st_apply *a, struct st_record *r)
{
	uint8_t random[10];
	st_assert(a->self.station.number > 0);
	memset(r, 0, sizeof(*r));
	a->world->random(a->world->arg, random, sizeof(random));
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

static const struct st_rule has_it = {
	.zh = "该站正持有此件: 请写另一个站",
	.en = "that station has it already: name another",
};
static const struct st_rule ended = {
	.zh = "该站的密钥已吊销, 收不到了: 请写另一个站",
	.en = "that station's key was revoked, and nothing reaches it: name another",
};

/* The station that gets the record: enrolled, and another than has it. */
int command_receiver(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		     uint32_t *ret_to, const struct st_rule **reterr_rule)
{
	struct st_station to;
	int rc = st_station_find(a->txn, &c->holder, &to);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_EFIELD : rc;
	bool has = r->revision > 0 && to.number == r->holder;
	if (to.standing != ST_ENROLLED || has) {
		*reterr_rule = has ? &has_it : &ended;
		return ST_ERULE;
	}
	*ret_to = to.number;
	return 0;
}

/* What the table can't see: where stations stand. */
static int check_stations(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
			  struct st_job_command *job)
{
	uint32_t self = a->self.station.number, to = 0;
	int rc = st_code_empty(&c->holder) ? 0 : command_receiver(a, c, r, &to, &job->rule);
	if (rc < 0) {
		(void)snprintf(job->place, ST_PLACE_MAX, rc == ST_ERULE ? "to: %s" : "to", c->holder.text);
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

static int check_rules(struct st_apply *a, struct st_checked *c, const struct st_record *r,
		       struct st_job_command *job)
{
	const struct st_ruling q = { a->txn, a->terms, r->revision > 0 ? r : NULL, c };
	int rc = st_rules_check(&q, &job->rule, job->place);
	return rc < 0 ? rc : st_occurrence_check(&q, c, &job->rule, job->place);
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
		rc = check_stations(a, &checked, &r, job);
	if (rc == 0)
		rc = links_check(a, &checked, &r, job->place);
	if (rc == 0)
		rc = merge_check(a, &checked, &r, job->place);
	if (rc == 0)
		rc = entered_check(a, &checked, &r, job->place);
	if (rc == 0)
		rc = nominees_check_command(a, &checked, &job->rule, job->place);
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
