/* values.c - the fields of a wish, right or wrong, by the kind's table alone.
 *
 * Owns:    a value for each type of field, and what the table asks for beside it. No kind, state or
 *          move is known here by name.
 * Promise: 8 is tried: what is wrong in itself is refused, whatever else is right.
 * Flow:    seed, tables -> fields -> wish */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/merge.h>
#include "wish.h"

enum { PICKS = 8, NAMES = 4, ENTERED = 40, NUMBERS = 1000, DUE_DAYS = 60, LINKS_FAR = 150, LINKS_ITSELF = 40 };

void wish_expect(struct wish *w, enum expect e)
{
	if (e > w->expect)
		w->expect = e;
}

static void put(struct wish *w, const char *name, const char *value, size_t size)
{
	ST_REQUIRE(w->field_count < WISH_FIELDS_MAX && w->used + size <= sizeof(w->values));
	memcpy(w->values + w->used, value, size);
	w->fields[w->field_count++] =
		(struct st_command_field){ st_span_text(name), st_span(w->values + w->used, size) };
	w->used += size;
}

void wish_field(struct wish *w, const char *name, const char *value)
{
	put(w, name, value, strlen(value));
}

void wish_long(struct wish *w, const char *name, size_t most)
{
	struct sim *sim = w->station->sim;
	char text[WISH_LONG_MAX];
	most = most > WISH_LONG_MAX ? WISH_LONG_MAX : most;
	size_t size = 20 + sim_below(sim, sim_chance(sim, sim->floods) ? most - 20 : 200);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + sim_below(sim, 26));
	put(w, name, text, size);
}

static size_t given(const struct wish *w, const struct st_field_row *f)
{
	size_t n = 0;
	for (size_t i = 0; i < w->field_count; i++)
		n += st_span_equal(w->fields[i].name, st_span_text(f->name));
	return n;
}

/* ---- links ---- */

static bool ended(const struct told_record *r)
{
	const struct st_state_row *s = st_kind_state(r->kind, r->state);
	return s == NULL || s->class == ST_ENDED;
}

/* What is merged into must be here, and open. */
static void expect_merge(struct wish *w, const struct station *o, const struct told_record *other)
{
	struct told_record *r = wish_record(w);
	w->joins_of = (struct station *)(uintptr_t)o;
	w->joins = (size_t)(other - o->told->records);
	bool sure = o == w->station && !other->unsure && !other->wild && !other->handed;
	if (!sure || other->busy) {
		wish_expect(w, EITHER);
		if (r != NULL)
			r->unsure = true; /* whether it can be joined isn't known here */
	} else if (ended(other)) {
		wish_expect(w, ILLEGAL);
	}
}

/* A candidate is screened, not decided of yet, and stands on the paper once. */
static void expect_candidate(struct wish *w, const struct st_field_row *f, const struct told_record *other)
{
	const struct st_move_row *choose = st_kind_move_named(other->kind, "choose");
	bool sure = !other->unsure && !other->wild && !other->handed && !other->busy;
	wish_expect(w, EITHER);
	if (sure && choose != NULL && !st_move_from(other->kind, choose, other->state))
		wish_expect(w, ILLEGAL);
	for (size_t i = 0; i < w->field_count; i++)
		if (st_span_equal(w->fields[i].name, st_span_text(f->name)) &&
		    st_span_equal(w->fields[i].value, st_span_text(other->number)))
			wish_expect(w, ILLEGAL);
}

/* Most records that are linked are the clerk's own. Those of stations below may not have come yet;
 * what stands elsewhere is taken by its form alone. */
static bool link_value(struct wish *w, const struct st_field_row *f, char to[WISH_VALUE_MAX])
{
	struct sim *sim = w->station->sim;
	struct station *o = sim_chance(sim, LINKS_FAR) ? sim->stations[sim_below(sim, sim->count)]
						       : w->station;
	const struct told *m = o->told;
	bool itself = w->record != SIZE_MAX && sim_chance(sim, LINKS_ITSELF);
	if (itself)
		m = (o = w->opener)->told;
	for (int i = 0; m->record_count > 0 && i < PICKS; i++) {
		size_t n = itself ? w->record : sim_below(sim, m->record_count);
		const struct told_record *other = &m->records[n];
		if (f->max != 0 && other->kind->number != f->max)
			continue;
		bool merges = w->move != NULL && st_merge_field(w->kind, w->move) == f;
		if (o == w->opener && n == w->record)
			wish_expect(w, o == w->station || merges ? NEVER : EITHER);
		else if (merges)
			expect_merge(w, o, other);
		else if (o != w->station && station_is_below(o, w->station))
			wish_expect(w, EITHER);
		if (w->move != NULL && f->id == w->kind->fewer.values)
			expect_candidate(w, f, other);
		(void)snprintf(to, WISH_VALUE_MAX, "%s", other->number);
		return true;
	}
	return false;
}

/* ---- values ---- */

static void day_value(struct wish *w, const struct st_field_row *f, char to[WISH_VALUE_MAX])
{
	struct sim *sim = w->station->sim;
	char text[ST_DAY_TEXT];
	bool due = f->id == ST_F_DUE_DAY || f->id == w->kind->due_field;
	const struct told_record *r = wish_record(w);
	bool past = st_field_is_past(w->kind, w->move, r == NULL ? 0 : r->state, f);
	uint32_t today = st_day_of_ms(station_wall(w->station)), far = (uint32_t)sim_below(sim, DUE_DAYS);
	st_day_text(!past ? today + due + far : far < today ? today - far : today, text);
	if (strcmp(f->name, "occurrence") == 0)
		wish_expect(w, EITHER); /* which days a plan has, the model doesn't keep */
	(void)snprintf(to, WISH_VALUE_MAX, "%s", text);
	if (due && w->station->jumped)
		wish_expect(w, EITHER); /* the record may be of a day to come, or long past */
}

static void text_value(struct wish *w, const struct st_field_row *f, char to[WISH_VALUE_MAX])
{
	static const char *const categories[NAMES] = { "环境", "交通", "物业", "社保" };
	struct sim *sim = w->station->sim;
	unsigned n = (unsigned)sim_below(sim, NAMES);
	if (f->id == w->kind->entered) /* most are entered but once */
		n = (unsigned)sim_below(sim, ENTERED);
	if (f->place == ST_AS_PRIVATE)
		(void)snprintf(to, WISH_VALUE_MAX, PRIVATE_MARK "%u", n);
	else if (f->id == ST_F_CATEGORY)
		(void)snprintf(to, WISH_VALUE_MAX, "%s", categories[n]);
	else
		(void)snprintf(to, WISH_VALUE_MAX, "%s%u", f->max > 60 ? "值 " : "v", n);
}

static void choice_value(struct wish *w, const struct st_field_row *f, char to[WISH_VALUE_MAX])
{
	struct sim *sim = w->station->sim;
	size_t n = 0;
	while (f->choices[n].name != NULL)
		n++;
	n = sim_below(sim, n);
	(void)snprintf(to, WISH_VALUE_MAX, "%s",
		       sim_chance(sim, 500) ? f->choices[n].name : f->choices[n].zh);
}

static bool value_of(struct wish *w, const struct st_field_row *f, char to[WISH_VALUE_MAX])
{
	struct sim *sim = w->station->sim;
	uint64_t range = f->max - f->min < NUMBERS ? f->max - f->min + 1 : NUMBERS;
	switch (f->type) {
	case ST_FIELD_TEXT:
	case ST_FIELD_LONG:
		text_value(w, f, to);
		break;
	case ST_FIELD_NUMBER:
		(void)snprintf(to, WISH_VALUE_MAX, "%llu",
			       (unsigned long long)(f->min + sim_below(sim, range)));
		break;
	case ST_FIELD_DAY:
		day_value(w, f, to);
		break;
	case ST_FIELD_CHOICE:
		choice_value(w, f, to);
		break;
	case ST_FIELD_IDENTITY:
		(void)snprintf(to, WISH_VALUE_MAX, "11010519491231002X");
		break;
	case ST_FIELD_STATION:
		(void)snprintf(to, WISH_VALUE_MAX, "%s",
			       sim->stations[sim_below(sim, sim->count)]->code.text);
		break;
	case ST_FIELD_TIME:
		(void)snprintf(to, WISH_VALUE_MAX, "%02u:30", (unsigned)sim_below(sim, 24));
		break;
	case ST_FIELD_HASH:
		(void)snprintf(to, WISH_VALUE_MAX, "%064x", (unsigned)sim_below(sim, 1 << 30));
		break;
	case ST_FIELD_RECORD:
		return link_value(w, f, to);
	}
	return true;
}

static bool add(struct wish *w, const struct st_field_row *f)
{
	char value[WISH_VALUE_MAX];
	if (w->field_count >= WISH_FIELDS_MAX - 4 || !value_of(w, f, value))
		return false;
	wish_field(w, f->name, value);
	return true;
}

/* ---- what the values that were drawn ask for beside themselves ---- */

static bool says(const struct wish *w, const struct st_field_row *f, const struct st_choice *c)
{
	for (size_t i = 0; i < w->field_count; i++)
		if (st_span_equal(w->fields[i].name, st_span_text(f->name)) &&
		    (st_span_equal(w->fields[i].value, st_span_text(c->name)) ||
		     st_span_equal(w->fields[i].value, st_span_text(c->zh))))
			return true;
	return false;
}

static bool add_whens(struct wish *w)
{
	for (size_t i = 0; w->move != NULL && i < w->kind->when_count; i++) {
		const struct st_when *when = &w->kind->whens[i];
		const struct st_field_row *f = st_kind_field(w->kind, when->field);
		const struct st_field_row *needs = st_kind_field(w->kind, when->needs);
		if (!says(w, f, st_choice_numbered(f->choices, when->value)))
			continue;
		while (given(w, needs) < when->least)
			if (!add(w, needs))
				return false;
	}
	return true;
}

/* The number becomes one, and there are two values and more of what must be more than it. */
static bool add_fewer(struct wish *w)
{
	const struct st_field_row *f = st_kind_field(w->kind, w->kind->fewer.field);
	const struct st_field_row *values = st_kind_field(w->kind, w->kind->fewer.values);
	for (size_t i = 0; w->move != NULL && f != NULL && i < w->field_count; i++) {
		if (!st_span_equal(w->fields[i].name, st_span_text(f->name)))
			continue;
		w->fields[i].value = st_span_text("1");
		while (given(w, values) < 2)
			if (!add(w, values))
				return false;
	}
	return true;
}

static const char *value_given(const struct wish *w, uint32_t field, size_t *size)
{
	const struct st_field_row *f = st_kind_field(w->kind, field);
	for (size_t i = 0; i < w->field_count; i++)
		if (st_span_equal(w->fields[i].name, st_span_text(f->name))) {
			*size = w->fields[i].value.size;
			return (const char *)w->fields[i].value.data;
		}
	return NULL;
}

/* Days and times are drawn in forms that stand in order as texts do. */
static void expect_orders(struct wish *w)
{
	for (size_t i = 0; i < w->kind->order_count; i++) {
		size_t a = 0, b = 0;
		if (w->kind->orders[i].later == 0)
			continue; /* day_value draws what has been */
		const char *earlier = value_given(w, w->kind->orders[i].earlier, &a);
		const char *later = value_given(w, w->kind->orders[i].later, &b);
		if (earlier == NULL || later == NULL)
			continue;
		ST_REQUIRE(a == b);
		if (memcmp(earlier, later, a) > 0)
			wish_expect(w, NEVER);
	}
}

/* Rules look at the record's whole life, which the model doesn't keep. */
static void expect_rules(struct wish *w)
{
	for (size_t i = 0; w->move != NULL && i < w->kind->rule_count; i++)
		for (size_t n = 0; n < ST_RULE_MOVES_MAX; n++)
			if (w->kind->rules[i].moves[n] == w->move->number)
				wish_expect(w, EITHER);
}

/* Whom this station keeps a record of isn't entered again, nor taken back: by those that are known for sure. */
static void expect_entered(struct wish *w)
{
	const struct told *m = w->station->told;
	size_t size = 0;
	const struct told_record *r = wish_record(w);
	if (w->kind->entered == 0 || w->move == NULL || (r != NULL && !ended(r)))
		return;
	const char *code = value_given(w, w->kind->entered, &size);
	wish_expect(w, EITHER); /* what is on its way, and what a crash left unsaid, the model doesn't know */
	if (code == NULL || r != NULL || size >= sizeof(w->entered))
		return;
	memcpy(w->entered, code, size);
	for (size_t i = 0; i < m->record_count; i++) {
		const struct told_record *o = &m->records[i];
		bool sure = !o->unsure && !o->wild && !o->handed && !o->raw && !o->busy;
		if (sure && o->kind == w->kind && !ended(o) && strcmp(o->entered, w->entered) == 0)
			w->twin = i + 1;
	}
}

/* Which of the city's tables have come, the station alone knows. */
static void expect_city(struct wish *w)
{
	const struct st_field_row *sub = st_kind_field(w->kind, ST_F_SUBCATEGORY);
	const struct st_field_row *due = st_kind_field(w->kind, ST_F_DUE_DAY);
	bool waits = w->move != NULL && (w->move->clock == ST_CLOCK_WAIT || w->move->clock == ST_CLOCK_RESUME);
	if (waits && given(w, due) > 0)
		wish_expect(w, NEVER); /* the clock itself says when it is due */
	if (w->move != NULL && (w->move->clock == ST_CLOCK_EXTEND || (due != NULL && given(w, due) > 0)))
		wish_expect(w, EITHER); /* which day it is due by now, the model doesn't keep */
	if (!w->station->sim->has_city)
		return;
	if ((sub != NULL && given(w, sub) > 0) || (w->move != NULL && w->move->clock != ST_CLOCK_RUNS) ||
	    (due != NULL && given(w, due) > 0))
		wish_expect(w, EITHER);
}

bool wish_fill(struct wish *w)
{
	struct sim *sim = w->station->sim;
	for (size_t n = 0; w->move != NULL && n < ST_NEEDS_MAX && w->move->needs[n] != 0; n++) {
		const struct st_field_row *f = st_kind_field(w->kind, w->move->needs[n]);
		if (given(w, f) == 0 && !add(w, f))
			return false;
	}
	for (uint64_t more = sim_below(sim, 4), tries = 0;
	     (more > 0 || w->field_count == 0) && tries < 40; tries++) {
		const struct st_field_row *f = &w->kind->fields[sim_below(sim, w->kind->field_count)];
		bool source = f->id == ST_F_SOURCE || f->id == ST_F_SOURCE_NUMBER;
		bool ruled = w->move != NULL && w->move->number == w->kind->due_move;
		if (source || f->id == ST_F_TO || (ruled && f->id == ST_F_DUE_DAY) || !st_field_is_given(w->kind, w->move, f) ||
		    ((f->flags & ST_MANY) == 0 && given(w, f) > 0))
			continue;
		more -= add(w, f) && more > 0;
	}
	expect_rules(w);
	expect_city(w);
	expect_entered(w);
	expect_orders(w);
	return w->field_count > 0 && add_whens(w) && add_fewer(w);
}

/* ---- wrong ones ---- */

static void drop_needed(struct wish *w)
{
	const struct st_field_row *f = st_kind_field(w->kind, w->move->needs[0]);
	size_t kept = 0;
	for (size_t i = 0; i < w->field_count; i++)
		if (!st_span_equal(w->fields[i].name, st_span_text(f->name)))
			w->fields[kept++] = w->fields[i];
	w->field_count = kept;
}

/* The number of an own record, mistyped. */
static bool mistype_link(struct wish *w)
{
	struct sim *sim = w->station->sim;
	const struct told *m = w->station->told;
	char number[NUMBER_MAX];
	for (size_t i = 0; m->record_count > 0 && i < w->kind->field_count; i++) {
		const struct st_field_row *f = &w->kind->fields[i];
		if (f->type != ST_FIELD_RECORD || !st_field_is_given(w->kind, w->move, f))
			continue;
		memcpy(number, m->records[sim_below(sim, m->record_count)].number, sizeof(number));
		number[strlen(number) - 1] ^= 1;
		wish_field(w, f->name, number);
		return true;
	}
	return false;
}

void wish_spoil(struct wish *w)
{
	struct sim *sim = w->station->sim;
	bool needs = w->move != NULL && w->move->needs[0] != 0 && w->move->needs[0] != ST_F_CATEGORY &&
		     w->move->needs[0] != ST_F_UNIT; /* which the city may know */
	wish_expect(w, NEVER);
	switch (sim_below(sim, 6)) {
	case 0: /* what the program alone says */
		wish_field(w, "serial", "7");
		return;
	case 1:
		wish_field(w, "remark", "\xff\xfe");
		return;
	case 2:
		wish_field(w, "remark", "");
		return;
	case 3:
		if (needs) {
			drop_needed(w);
			return;
		}
		break;
	case 4:
		if (mistype_link(w))
			return;
		break;
	default:
		break;
	}
	wish_field(w, "nonsense", "1");
}

/* ---- moves ---- */

const struct st_move_row *wish_move(struct sim *sim, const struct st_kind *k, uint32_t state)
{
	const struct st_move_row *m = &k->moves[sim_below(sim, k->move_count)];
	for (int i = 0; i < PICKS && (m->hands != ST_HANDS_STAY || !st_move_from(k, m, state)); i++)
		m = &k->moves[sim_below(sim, k->move_count)];
	return m->hands == ST_HANDS_STAY ? m : &k->moves[0];
}

const struct st_move_row *wish_opening(struct sim *sim, const struct st_kind *k)
{
	const struct st_move_row *m = &k->moves[sim_below(sim, k->move_count)];
	for (int i = 0; i < 64 && !st_move_opens(m); i++)
		m = &k->moves[sim_below(sim, k->move_count)];
	return st_move_opens(m) && m->hands == ST_HANDS_STAY ? m : NULL;
}
