/* life.c - each record's chain, walked event by event by the kind's table.
 *
 * Owns:    a second opinion of the row: who held it, its state, its days, as a person would read
 *          them off the events.
 * Promise: 2 and 8: every step was legal, by whoever held it then; the first due day is kept; a
 *          link names a record that exists; merges make trees.
 * Flow:    chain -> row, links, merges -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/merge.h>
#include "sim.h"

/* What the walk has come to. */
struct life {
	struct station *station; /* whose store is read */
	struct told_record *told;
	bool raw; /* somebody signed what no command writes: no step need be legal */
	struct st_record row, now;
	uint32_t entered_day; /* into its state */
	struct station *holder, *writer;
	char category[ST_NAME_TEXT_MAX + 1];
	struct st_buf bytes;
	struct st_txn *txn;
};

static int code_station(struct life *l, uint32_t number, struct station **ret_s)
{
	struct st_code code;
	int rc = st_station_code(l->txn, number, &code);
	if (rc == 0)
		*ret_s = station_of(l->station->sim, &code);
	return rc;
}

/* ---- what a step says ---- */

struct named {
	struct st_span text;
	struct st_record row;
	bool found;
};

static int find_named(struct st_txn *t, void *arg)
{
	struct named *n = arg;
	struct st_record_ref ref;
	int rc = st_record_resolve(t, n->text, &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &n->row);
	n->found = rc == 0;
	return rc == ST_ENOTFOUND || rc == ST_EFIELD ? 0 : rc;
}

/* It stands where it was opened, whatever whoever wrote the link could see. */
static void check_link(struct life *l, const struct st_field_row *row, const struct st_field *f)
{
	struct sim *sim = l->station->sim;
	struct named n = { .text = f->text };
	struct st_code code;
	SIM_DO(sim, l->station, st_record_name_opener(f->text, &code));
	struct station *opener = station_of(sim, &code);
	if (opener == l->station)
		SIM_DO(sim, l->station, find_named(l->txn, &n));
	else if (opener != NULL)
		SIM_DO(sim, opener, st_store_read(opener->store, find_named, &n));
	SIM_CHECK(sim, l->station, n.found && (row->max == 0 || n.row.kind == row->max),
		  "%s links to %.*s, %s", l->told->number, (int)f->text.size,
		  (const char *)f->text.data, n.found ? "of another kind" : "which is nowhere");
}

static void remember_merge(struct life *l, const struct st_field *f)
{
	struct told_record *r = l->told;
	(void)snprintf(r->joins, sizeof(r->joins), "%.*s", (int)f->text.size, (const char *)f->text.data);
	r->merged_by = l->writer;
}

static void take_fields(struct life *l, const struct st_change *c, const struct st_move_row *m)
{
	struct st_record *n = &l->now;
	const struct st_field_row *joins = st_merge_field(l->told->kind, m);
	for (size_t i = 0; i < c->field_count; i++) {
		const struct st_field *f = &c->fields[i];
		const struct st_field_row *row = st_kind_field(l->told->kind, f->id);
		if (row == NULL)
			continue;
		if (row->type == ST_FIELD_RECORD && !f->is_number)
			check_link(l, row, f);
		if (row == joins)
			remember_merge(l, f);
		if (f->id == ST_F_DUE_DAY)
			n->due_day = (uint32_t)f->number;
		if (f->id == ST_F_DAYS_LEFT)
			n->days_left = (uint16_t)f->number;
		if (f->id != ST_F_FIRST_DUE_DAY)
			continue;
		SIM_CHECK(l->station->sim, l->station, n->first_due_day == 0 || l->raw,
			  "%s gets another first due day", l->told->number);
		n->first_due_day = (uint32_t)f->number;
	}
}

static bool needs_met(const struct life *l, const struct st_change *c, const struct st_move_row *m)
{
	for (size_t i = 0; i < ST_NEEDS_MAX && m->needs[i] != 0; i++) {
		const struct st_field_row *f = st_kind_field(l->told->kind, m->needs[i]);
		bool before = m->needs[i] == ST_F_CATEGORY; /* may have been given on opening */
		if (f->place == ST_AS_FACT && !before &&
		    st_field_find(c->fields, c->field_count, f->id) == NULL)
			return false;
	}
	return true;
}

/* The table's word on one move, from the state before it and on its day. */
static const char *illegal(const struct life *l, const struct st_change *c,
			   const struct st_move_row *m, uint32_t day)
{
	const struct st_record *n = &l->now;
	const struct st_kind *k = l->told->kind;
	const struct st_field *due = st_field_find(c->fields, c->field_count, ST_F_DUE_DAY);
	uint32_t since = m->since == ST_SINCE_STATE ? l->entered_day : n->closed_day;
	uint32_t opened = n->revision == 0 ? day : n->opened_day;
	if (c->kind != k->number)
		return "of another kind";
	if (!st_move_from(k, m, n->state))
		return "not from this state";
	if (c->state != (m->to != 0 ? m->to : n->state))
		return "to another state";
	if (l->writer != l->holder)
		return "not by the holder";
	if ((m->hands == ST_HANDS_STAY) != st_code_empty(&c->holder))
		return "handed on otherwise";
	if (n->revision > 0 && m->days != 0 && since != 0 && day > since + m->days)
		return "too late";
	if (!needs_met(l, c, m))
		return "without what it needs";
	if (m->number == k->due_move && due == NULL)
		return "without a due day";
	if (due != NULL && due->number != 0 &&
	    (due->number < opened ||
			    (m->due_most != 0 && due->number > (uint64_t)opened + m->due_most)))
		return "with a due day out of bounds";
	return NULL;
}

/* ---- its due day ---- */

static bool number_in(struct st_span text, const char *word, uint32_t *to)
{
	const uint8_t *at = memmem(text.data, text.size, word, strlen(word));
	size_t n = at == NULL ? text.size : (size_t)(at - text.data) + strlen(word);
	*to = 0;
	for (; n < text.size && text.data[n] >= '0' && text.data[n] <= '9'; n++)
		*to = *to * 10 + text.data[n] - '0';
	return at != NULL;
}

/* Put off within the rule, where one was in force; a move that needs a due day gives a new term. */
static bool put_off_right(const struct life *l, const struct st_move_row *m, uint64_t due, uint64_t seq)
{
	const struct st_record *n = &l->now;
	uint32_t rules = city_answers(l->writer, ST_CITY_deadlines, n->opened_day, seq);
	uint32_t calendars = city_answers(l->writer, ST_CITY_workdays, n->first_due_day, seq);
	struct city_rule r;
	for (size_t i = 0; i < ST_NEEDS_MAX && m->needs[i] != 0; i++)
		if (m->needs[i] == ST_F_DUE_DAY && m->clock != ST_CLOCK_EXTEND)
			return true;
	if (m->clock == ST_CLOCK_EXTEND && n->due_day != 0 && due <= n->due_day)
		return false;
	if (n->revision == 0 || n->first_due_day == 0)
		return true;
	for (uint32_t v = 0; v <= CITY_VERSIONS; v++)
		for (uint32_t w = 0; w <= CITY_VERSIONS; w++)
			if ((rules >> v & 1) != 0 && (calendars >> w & 1) != 0 &&
			    (v == 0 || !city_rule(v, l->told->kind->name, st_span_text(l->category), &r) ||
			     due <= city_add(w, n->first_due_day, r.extend, r.working)))
				return true;
	return false;
}

/* By the rule that the event names, if it was in force for the record where its writer sat; without one by
 * the kind's own term, if there was none. */
static bool due_right(const struct life *l, const struct st_change *c, const struct st_move_row *m, uint64_t seq)
{
	const struct st_record *n = &l->now;
	uint32_t day = st_day_of_ms(c->at_ms), opened = n->revision == 0 ? day : n->opened_day;
	const struct st_field *due = st_field_find(c->fields, c->field_count, ST_F_DUE_DAY);
	const struct st_field *left = st_field_find(c->fields, c->field_count, ST_F_DAYS_LEFT);
	const struct st_field *said = st_field_find(c->fields, c->field_count, ST_F_RULE);
	uint32_t version = 0, calendar = 0;
	uint32_t rules = city_answers(l->writer, ST_CITY_deadlines, opened, seq);
	uint32_t calendars = city_answers(l->writer, ST_CITY_workdays, day, seq);
	struct city_rule r = { .days = l->told->kind->due_days };
	if (said != NULL) {
		if (!number_in(said->text, "deadlines/", &version) || (rules >> version & 1) == 0 ||
		    !city_rule(version, l->told->kind->name, st_span_text(l->category), &r))
			return false;
		if (!number_in(said->text, "workdays/", &calendar) && r.working && (calendars & 1) == 0)
			return false;
		if ((calendars >> calendar & 1) == 0 && r.working)
			return false;
	}
	if (m->clock == ST_CLOCK_WAIT && n->due_day == 0 && n->first_due_day != 0)
		return false; /* it was waited for already */
	if (m->clock == ST_CLOCK_WAIT)
		return due == NULL ||
		       (due->number == 0 && left != NULL && n->due_day >= day &&
			left->number == city_between(calendar, day, n->due_day, r.working));
	if (m->clock == ST_CLOCK_RESUME)
		return due == NULL || due->number == city_add(calendar, day, n->days_left, r.working);
	if (due == NULL || m->number != l->told->kind->due_move)
		return said == NULL && (due == NULL || put_off_right(l, m, due->number, seq));
	if (n->due_day != 0)
		return said == NULL && due->number == n->due_day; /* it was given before */
	for (uint32_t v = 1; said == NULL && v <= CITY_VERSIONS; v++)
		if (rules == 1u << v && city_rule(v, l->told->kind->name, st_span_text(l->category), &r))
			return false; /* there was a rule */
	return due->number == city_add(calendar, day, r.days, r.working);
}

static void check_due(struct life *l, const struct st_change *c, const struct st_move_row *m, uint64_t seq)
{
	const struct st_field *f = st_field_find(c->fields, c->field_count, ST_F_CATEGORY);
	const struct st_field *due = st_field_find(c->fields, c->field_count, ST_F_DUE_DAY);
	const struct st_field *said = st_field_find(c->fields, c->field_count, ST_F_RULE);
	if (f != NULL && f->text.size < sizeof(l->category)) {
		memcpy(l->category, f->text.data, f->text.size);
		l->category[f->text.size] = 0;
	}
	SIM_CHECK(l->station->sim, l->station, due_right(l, c, m, seq),
		  "%s of %s gets due day %u by %.*s at event %llu of %s, %s", l->told->number, l->category,
		  due == NULL ? 0 : (unsigned)due->number, said == NULL ? 0 : (int)said->text.size,
		  said == NULL ? "" : (const char *)said->text.data, (unsigned long long)seq,
		  l->writer->code.text, m->name);
}

static void step_days(struct life *l, uint32_t state, uint32_t day)
{
	struct st_record *n = &l->now;
	const struct st_kind *k = l->told->kind;
	const struct st_state_row *was = st_kind_state(k, n->state), *is = st_kind_state(k, state);
	bool was_open = n->revision == 0 || was == NULL || was->class == ST_OPEN;
	bool is_open = is == NULL || is->class == ST_OPEN;
	if (n->revision == 0)
		n->opened_day = day;
	n->closed_day = is_open ? 0 : was_open ? day : n->closed_day;
	n->changed_day = day;
	if (n->state != state || n->revision == 0)
		l->entered_day = day;
	n->state = state;
	n->revision++;
}

static void step(struct life *l, const struct st_event *e, const struct st_change *c)
{
	struct sim *sim = l->station->sim;
	const struct st_move_row *m = e->type == ST_MOVE ? st_kind_move(l->told->kind, c->move) : NULL;
	uint32_t day = st_day_of_ms(c->at_ms), state = l->now.state;
	if (l->now.revision == 0)
		l->holder = station_of(sim, &l->told->id.opener);
	if (e->type == ST_MOVE) {
		const char *why = m == NULL ? "no move" : illegal(l, c, m, day);
		SIM_CHECK(sim, l->station, l->raw || why == NULL, "%s: event %llu of %s, %s from %u, is %s",
			  l->told->number, (unsigned long long)e->at.seq, e->at.station.text,
			  m == NULL ? "" : m->name, l->now.state, why);
		SIM_CHECK(sim, l->station, l->writer == l->holder, "%s was moved by who hasn't got it",
			  l->told->number);
		state = c->state != 0 ? c->state : state;
	} else {
		SIM_CHECK(sim, l->station, station_is_below(l->holder, l->writer) && e->term > l->now.term,
			  "%s was reassigned by who isn't above", l->told->number);
	}
	if (m != NULL && !l->raw)
		check_due(l, c, m, e->at.seq);
	take_fields(l, c, m);
	if (!st_code_empty(&c->holder))
		l->holder = station_of(sim, &c->holder);
	l->now.term = e->term;
	step_days(l, state, day);
}

/* ---- the walk ---- */

static int read_step(struct life *l, const struct st_step *at)
{
	struct st_event e;
	struct st_change c;
	st_buf_clear(&l->bytes);
	struct st_arena *arena = &l->station->sim->arena;
	st_arena_reset(arena);
	int rc = st_event_get(l->txn, at->at.log, at->at.seq, &l->bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&l->bytes), arena, &e);
	if (rc == 0)
		rc = st_change_decode(e.type, e.body, arena, &c);
	if (rc == 0)
		rc = code_station(l, at->writer, &l->writer);
	if (rc == 0)
		step(l, &e, &c);
	return rc;
}

static int walk(struct st_txn *t, void *arg)
{
	struct life *l = arg;
	struct st_record_ref ref = { .ulid = l->told->id.ulid };
	struct st_step *steps = NULL;
	size_t count = 0;
	l->txn = t;
	int rc = st_station_number(t, &l->told->id.opener, &ref.opener);
	if (rc == 0)
		rc = st_record_load(t, &ref, &l->row);
	if (rc == 0)
		rc = st_record_chain(t, &l->row, &steps, &count);
	for (size_t i = count; rc == 0 && i > 0; i--)
		rc = read_step(l, &steps[i - 1]);
	free(steps);
	return rc;
}

static void check_row(struct life *l)
{
	const struct st_record *r = &l->row, *n = &l->now;
	struct station *holder = NULL;
	SIM_DO(l->station->sim, l->station, code_station(l, r->holder, &holder));
	SIM_CHECK(l->station->sim, l->station,
		  holder == l->holder && r->state == n->state && r->revision == n->revision &&
			  r->term == n->term && r->due_day == n->due_day &&
			  r->first_due_day == n->first_due_day && r->opened_day == n->opened_day &&
			  r->closed_day == n->closed_day && r->changed_day == n->changed_day &&
			  r->days_left == n->days_left,
		  "%s: its row says state %u, due %u %u, days %u %u %u; its events %u, %u %u, %u %u %u",
		  l->told->number, r->state, r->due_day, r->first_due_day, r->opened_day, r->closed_day,
		  r->changed_day, n->state, n->due_day, n->first_due_day, n->opened_day, n->closed_day,
		  n->changed_day);
}

static int walk_and_check(struct st_txn *t, void *arg)
{
	int rc = walk(t, arg);
	if (rc == 0)
		check_row(arg);
	return rc;
}

void check_life(struct station *s, struct told_record *r)
{
	struct life l = { .station = s, .told = r, .raw = r->raw };
	r->joins[0] = 0;
	r->merged_by = NULL;
	st_buf_init(&l.bytes, ST_EVENT_MAX);
	SIM_DO(s->sim, s, st_store_read(s->store, walk_and_check, &l));
	if (!st_state_merged(r->kind, l.row.state))
		r->joins[0] = 0;
	st_buf_done(&l.bytes);
}

/* ---- merges ---- */

static struct told_record *numbered(struct sim *sim, const char *number)
{
	for (size_t i = 0; i < sim->count; i++)
		for (size_t n = 0; n < sim->stations[i]->told->record_count; n++)
			if (strcmp(sim->stations[i]->told->records[n].number, number) == 0)
				return &sim->stations[i]->told->records[n];
	return NULL;
}

/* From a merged record to one that isn't. Two stations that merge into each other's records at one time make a
 * ring, which no station could see, and who signs raw may open again what joined another; a ring that one station
 * made, it should have refused. */
static void check_merge(struct sim *sim, struct told_record *from)
{
	bool one = true;
	struct told_record *r = from;
	for (unsigned n = 0; r != NULL && r->joins[0] != 0 && n < ST_MERGE_STEPS_MAX; n++) {
		one &= r->merged_by == from->merged_by && !r->raw;
		r = numbered(sim, r->joins);
		SIM_CHECK(sim, from->merged_by, r != from || (!one && n > 0), "%s is merged into itself",
			  from->number);
		if (r == from)
			return;
	}
}

void check_merges(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++)
		for (size_t n = 0; n < sim->stations[i]->told->record_count; n++)
			if (sim->stations[i]->told->records[n].joins[0] != 0)
				check_merge(sim, &sim->stations[i]->told->records[n]);
}
