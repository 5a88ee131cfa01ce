/* changes.c - what the whole life of a record says, where one command's fields don't.
 *
 * Owns:    the judgement of the rules of kinds (work/kind.h, st_rule).
 * Promise: 8: a move that a rule forbids is refused before anything is written, with the rule's own
 * words. Flow:    chain -> changes -> command jobs, count */
#include <station/work/changes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/store/logs.h>
#include <station/work/terms.h>

struct reading {
	struct st_buf bytes;
	struct st_arena arena;
	struct st_event event;
	struct st_change change;
};

static int read_one(struct st_txn *t, const struct st_place *at, struct reading *x)
{
	st_buf_clear(&x->bytes);
	st_arena_reset(&x->arena);
	int rc = st_event_get(t, at->log, at->seq, &x->bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&x->bytes), &x->arena, &x->event);
	if (rc == 0)
		rc = st_change_decode(x->event.type, x->event.body, &x->arena, &x->change);
	return rc == 0 || rc == ST_ENOMEM || rc == ST_EIO ? rc : ST_ECORRUPT;
}

int st_record_changes(struct st_txn *t, const struct st_record *r, st_change_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(r->revision > 0);
	struct st_step *steps = NULL;
	size_t count = 0;
	struct reading x;
	memset(&x, 0, sizeof(x));
	st_buf_init(&x.bytes, ST_EVENT_MAX);
	int rc = st_record_chain(t, r, &steps, &count);
	if (rc == 0)
		rc = st_arena_init(&x.arena, ST_EVENT_ARENA);
	while (rc == 0 && count > 0) {
		rc = read_one(t, &steps[--count].at, &x);
		if (rc == 0)
			rc = fn(&steps[count], &x.event, &x.change, arg);
	}
	st_arena_done(&x.arena);
	st_buf_done(&x.bytes);
	free(steps);
	return rc;
}

/* One rule against the record's life so far. */
struct judging {
	const struct st_rule *rule;
	uint64_t value; /* the field's newest; 0: never given */
	bool over;      /* the move that ends the rule has been made */
	size_t count;
	struct st_buf texts; /* of the values that were counted, each behind its length */
};

static bool is_counted(const struct judging *j, struct st_span text)
{
	struct st_reader r = st_reader(st_buf_span(&j->texts));
	for (size_t i = 0; i < j->count; i++)
		if (st_span_equal(st_read_span(&r, st_read_u16(&r)), text))
			return true;
	st_assert(!r.failed);
	return false;
}

static void count_value(struct judging *j, const struct st_field *f)
{
	st_assert(!f->is_number); /* names of people, units, parties: test_moves of the tables'
				     tests */
	bool counts = f->id == j->rule->of[0] || f->id == j->rule->of[1];
	if (!counts || j->count == j->rule->least || f->text.size > UINT16_MAX ||
	    is_counted(j, f->text))
		return;
	st_buf_u16(&j->texts, (uint16_t)f->text.size);
	st_buf_put_span(&j->texts, f->text);
	j->count++;
}

static void take_fields(struct judging *j, const struct st_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].id == j->rule->field)
			j->value =
				fields[i].is_number && fields[i].number < 64 ? fields[i].number : 0;
		else if (j->rule->least > 0 && !fields[i].is_number)
			count_value(j, &fields[i]);
	}
}

static int take_change(const struct st_step *step, const struct st_event *event,
		       const struct st_change *change, void *arg)
{
	struct judging *j = arg;
	(void)step;
	j->over |=
		event->type == ST_MOVE && j->rule->unless != 0 && change->move == j->rule->unless;
	take_fields(j, change->fields, change->field_count);
	return j->texts.error;
}

static bool is_asked(const struct st_rule *rule, const struct st_move_row *m)
{
	for (size_t i = 0; i < ST_RULE_MOVES_MAX && rule->moves[i] != 0; i++)
		if (rule->moves[i] == m->number)
			return true;
	return false;
}

/* The values while which a rule holds: the table's, or those that the city's setting names. */
static int values_of(const struct st_ruling *q, const struct st_rule *rule, uint64_t *ret_values)
{
	uint32_t day = q->record == NULL ? st_day_of_ms(q->checked->at_ms) : q->record->opened_day;
	*ret_values = rule->values;
	if (rule->by == NULL || q->terms == NULL)
		return 0;
	return st_terms_choices(q->terms, rule->by, day, ret_values);
}

/* 1: broken. */
static int judge(const struct st_ruling *q, const struct st_rule *rule, size_t *ret_count)
{
	const struct st_checked *c = q->checked;
	struct judging j = { .rule = rule };
	uint64_t values = 0;
	st_assert(rule->least <= ST_RULE_LEAST_MAX);
	st_buf_init(&j.texts, ST_RULE_LEAST_MAX * 1024);
	int rc = values_of(q, rule, &values);
	if (rc == 0 && q->record != NULL)
		rc = st_record_changes(q->txn, q->record, take_change, &j);
	if (rc == 0) {
		take_fields(&j, c->facts, c->fact_count); /* what this move brings counts */
		rc = j.texts.error;
	}
	bool holds = !j.over && (values >> j.value & 1) != 0;
	*ret_count = j.count;
	st_buf_done(&j.texts);
	return rc < 0 ? rc : holds && (rule->least == 0 || j.count < rule->least);
}

int st_rules_check(const struct st_ruling *q, const struct st_rule **reterr_rule,
		   char reterr_place[ST_PLACE_MAX])
{
	const struct st_checked *c = q->checked;
	ST_REQUIRE(c->kind != NULL);
	for (size_t i = 0; c->move != NULL && i < c->kind->rule_count; i++) {
		const struct st_rule *rule = &c->kind->rules[i];
		size_t count = 0;
		int rc = is_asked(rule, c->move) ? judge(q, rule, &count) : 0;
		if (rc == 0)
			continue;
		if (rc < 0)
			return rc;
		*reterr_rule = rule;
		if (rule->least == 0)
			(void)snprintf(reterr_place, ST_PLACE_MAX, "%s",
				       st_kind_field(c->kind, rule->field)->name);
		else
			(void)snprintf(reterr_place, ST_PLACE_MAX, "%zu < %zu", count, rule->least);
		return ST_ERULE;
	}
	return 0;
}
