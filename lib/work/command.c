/* command.c - a person's wish against the kind's table.
 *
 * Owns:    every reason why a move is refused, and the place that it names.
 * Promise: 8: what isn't allowed is refused before anything is written.
 * Flow:    api, import -> command -> apply */
#include <station/base/text.h>
#include <station/work/command.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "by_city.h"

/* Room for facts that are filled in: due day, first due day, days left, rule, a day by a setting, a unit, a mark, two
 * shares, and the number's year and serial. Names that a city asks for have no room of their own: too many are refused. */
enum { FILLED_MAX = 11 };

static void place_text(char place[ST_PLACE_MAX], const char *text)
{
	(void)snprintf(place, ST_PLACE_MAX, "%s", text);
}

/* The moves that the record's state does allow. */
static void place_moves(char place[ST_PLACE_MAX], const struct st_kind *k, uint32_t state)
{
	uint64_t bits = st_kind_moves_from(k, state);
	size_t used = 0;
	place[0] = 0;
	for (size_t i = 0; i < k->move_count; i++) {
		if ((bits >> k->moves[i].number & 1) == 0)
			continue;
		int n = snprintf(place + used, ST_PLACE_MAX - used, "%s%s", used == 0 ? "" : " ",
				 k->moves[i].name);
		if (n < 0 || (size_t)n >= ST_PLACE_MAX - used)
			return;
		used += (size_t)n;
	}
}

static size_t count_of(const struct st_field *list, size_t count, uint32_t id)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		n += list[i].id == id;
	return n;
}

static int add_field(struct st_checked *c, const struct st_field_row *row, const struct st_field *f)
{
	size_t *count = row->place == ST_AS_FACT ? &c->fact_count
			: row->place == ST_AS_TEXT ? &c->text_count
						   : &c->private_count;
	struct st_field *list = row->place == ST_AS_FACT ? c->facts
				: row->place == ST_AS_TEXT ? c->texts
							   : c->privates;
	bool many = (row->flags & ST_MANY) != 0;
	if (!many && st_field_find(list, *count, f->id) != NULL)
		return ST_EEXIST;
	if (many && count_of(list, *count, f->id) == ST_MANY_MAX)
		return ST_ETOOBIG;
	st_assert(*count < ST_FIELDS_MAX);
	list[(*count)++] = *f;
	return 0;
}

static int take_field(const struct st_command *c, const struct st_command_field *in, struct st_buf *to,
		      struct st_checked *checked)
{
	const struct st_field_row *row = st_kind_field_named(checked->kind, in->name);
	struct st_field f;
	bool filled = row != NULL && (row->flags & ST_FILLED) != 0 && c->by_program;
	if (row == NULL || (!filled && !st_field_is_given(checked->kind, checked->move, row)))
		return ST_EFIELD;
	int rc = st_field_parse(row, in->value, to, &f);
	if (rc == 0)
		rc = add_field(checked, row, &f);
	return rc == ST_EEXIST ? ST_EFIELD : rc;
}

static int check_fields(const struct st_command *c, struct st_buf *to, struct st_checked *checked,
			char place[ST_PLACE_MAX])
{
	size_t room = CLOCKS_RULE_MAX + BY_CITY_NAMES_MAX;
	if (c->field_count > ST_COMMAND_FIELDS_MAX - FILLED_MAX)
		return ST_ETOOBIG;
	for (size_t i = 0; i < c->field_count; i++)
		room += st_field_room(c->fields[i].value);
	st_buf_reserve(to, room);
	if (to->error < 0)
		return to->error;
	for (size_t i = 0; i < c->field_count; i++) {
		const struct st_command_field *in = &c->fields[i];
		int rc = take_field(c, in, to, checked);
		if (rc < 0) {
			(void)snprintf(place, ST_PLACE_MAX, "%.*s", (int)(in->name.size < 80 ? in->name.size : 80),
				       (const char *)in->name.data);
			return rc;
		}
	}
	return 0;
}

static int out_of_order(const struct st_checked *c, const struct st_order *o, char place[ST_PLACE_MAX])
{
	char day[ST_DAY_TEXT];
	const char *earlier = st_kind_field(c->kind, o->earlier)->name;
	if (o->later == 0) {
		st_day_text(st_day_of_ms(c->at_ms), day);
		(void)snprintf(place, ST_PLACE_MAX, "%s (<= %s)", earlier, day);
	} else {
		(void)snprintf(place, ST_PLACE_MAX, "%s (>= %s)", st_kind_field(c->kind, o->later)->name,
			       earlier);
	}
	return ST_EFIELD;
}

/* Days and times beside one another and beside the command's own day. */
static int check_order(const struct st_record *r, const struct st_checked *c, char place[ST_PLACE_MAX])
{
	uint32_t state = r == NULL ? 0 : r->state;
	for (size_t i = 0; i < c->kind->order_count; i++) {
		const struct st_order *o = &c->kind->orders[i];
		const struct st_field_row *row = st_kind_field(c->kind, o->earlier);
		const struct st_field *later = st_field_find(c->facts, c->fact_count, o->later);
		uint64_t most = later != NULL ? later->number : st_day_of_ms(c->at_ms);
		if (o->later == 0 ? !st_field_is_past(c->kind, c->move, state, row) : later == NULL)
			continue;
		for (size_t n = 0; n < c->fact_count; n++)
			if (c->facts[n].id == o->earlier && c->facts[n].number > most)
				return out_of_order(c, o, place);
	}
	return 0;
}

/* All values by which a record is found and counted stand in its row. */
static int check_facets(const struct st_record *r, const struct st_checked *c, char place[ST_PLACE_MAX])
{
	size_t count = r == NULL ? 0 : r->facet_count;
	for (size_t i = 0; i < c->fact_count; i++) {
		const struct st_field_row *row = st_kind_field(c->kind, c->facts[i].id);
		if (row == NULL || (row->flags & ST_FACET) == 0 || ++count <= ST_FACETS_MAX)
			continue;
		place_text(place, row->name);
		return ST_ETOOBIG;
	}
	return 0;
}

static const struct st_field *fact(const struct st_checked *c, uint32_t id)
{
	return st_field_find(c->facts, c->fact_count, id);
}

static size_t given(const struct st_checked *c, uint32_t id)
{
	return count_of(c->facts, c->fact_count, id) + count_of(c->texts, c->text_count, id) +
	       count_of(c->privates, c->private_count, id);
}

static bool has(const struct st_checked *c, const struct st_record *r, uint32_t id)
{
	if (id == ST_F_CATEGORY && r != NULL && r->category != 0)
		return true; /* it was given before */
	return given(c, id) > 0;
}

static int missing(const struct st_checked *c, uint32_t id, char place[ST_PLACE_MAX])
{
	const struct st_field_row *row = st_kind_field(c->kind, id);
	place_text(place, row == NULL ? "" : row->name);
	return ST_EFIELD;
}

/* "attempts (>= 3)": so many values of it. */
static int too_few(const struct st_checked *c, uint32_t id, size_t least, char place[ST_PLACE_MAX])
{
	const struct st_field_row *row = st_kind_field(c->kind, id);
	st_assert(row != NULL);
	if (least < 2)
		return missing(c, id, place);
	(void)snprintf(place, ST_PLACE_MAX, "%s (>= %zu)", row->name, least);
	return ST_EFIELD;
}

/* "seats (< candidates: 2)": a number that is less than there are values of another field. */
static int too_large(const struct st_checked *c, char place[ST_PLACE_MAX])
{
	const struct st_field_row *few = st_kind_field(c->kind, c->kind->fewer.field);
	const struct st_field_row *values = st_kind_field(c->kind, c->kind->fewer.values);
	st_assert(few != NULL && values != NULL);
	(void)snprintf(place, ST_PLACE_MAX, "%s (< %s: %zu)", few->name, values->name, given(c, values->id));
	return ST_EFIELD;
}

/* What each value asks for beside itself: what the city has named is there already, all of it. */
static int check_whens(const struct checking *k)
{
	for (size_t i = 0; i < k->out->kind->when_count; i++) {
		const struct st_when *w = &k->out->kind->whens[i];
		const struct st_field *f = fact(k->out, w->field);
		struct st_span names = ST_SPAN_NONE;
		if (f == NULL || f->number != w->value)
			continue;
		int rc = by_city_names(k, w, &names);
		if (rc < 0)
			return rc;
		size_t least = names.size > 0 ? 1 : w->least;
		if (given(k->out, w->needs) < least)
			return too_few(k->out, w->needs, least, k->place);
	}
	return 0;
}

static int need_all(const struct checking *k, const struct st_move_row *m)
{
	for (size_t i = 0; i < ST_NEEDS_MAX && m->needs[i] != 0; i++)
		if (!has(k->out, k->r, m->needs[i]))
			return missing(k->out, m->needs[i], k->place);
	return 0;
}

static int check_needs(const struct checking *k)
{
	const struct st_checked *c = k->out;
	char *place = k->place;
	int rc = need_all(k, c->move);
	if (rc == 0)
		rc = check_whens(k);
	if (rc < 0)
		return rc;
	const struct st_field *few = fact(c, c->kind->fewer.field);
	if (few != NULL && few->number >= given(c, c->kind->fewer.values))
		return too_large(c, place);
	if (c->move->to == 0 && c->move->clock != ST_CLOCK_RESUME &&
	    c->fact_count + c->text_count + c->private_count == 0) {
		place_text(place, "fields"); /* it would say nothing at all */
		return ST_EFIELD;
	}
	return 0;
}

static int may_go(const struct checking *k)
{
	uint32_t state = k->r == NULL ? 0 : k->r->state;
	int rc = st_move_from(k->out->kind, k->out->move, state) ? clocks_within(k) : ST_EMOVE;
	if (rc == ST_EMOVE)
		place_moves(k->place, k->out->kind, state);
	return rc;
}

static void add_number(struct st_checked *c, uint32_t id, uint32_t number)
{
	c->facts[c->fact_count++] = (struct st_field){ .id = id, .is_number = true, .number = number };
}

/* What the kind says of a number by itself, written out so that no tier needs the table to say it. */
static int fill_mark(const struct checking *k)
{
	const struct st_mark *m = &k->out->kind->mark;
	const struct st_field *of = m->of == 0 ? NULL : fact(k->out, m->of);
	uint64_t least = m->least;
	if (of == NULL)
		return 0;
	int rc = clocks_setting(k, m->by, &least);
	if (rc == 0)
		add_number(k->out, m->field, of->number >= least ? m->yes : m->no);
	return rc;
}

/* Who handles a category by default handles it where nobody else is named. */
static void fill_unit(const struct checking *k)
{
	if (!st_move_needs(k->out->move, ST_F_UNIT) || fact(k->out, ST_F_UNIT) != NULL || k->c->unit.size == 0)
		return;
	st_assert(k->out->fact_count < ST_FIELDS_MAX);
	k->out->facts[k->out->fact_count++] = (struct st_field){ .id = ST_F_UNIT, .text = k->c->unit };
}

/* The move that is about putting off. NULL: this kind has none. */
static const struct st_move_row *extension(const struct st_kind *kind)
{
	for (size_t i = 0; i < kind->move_count; i++)
		if (kind->moves[i].clock == ST_CLOCK_EXTEND)
			return &kind->moves[i];
	return NULL;
}

/* Not before the record is opened, and no further off than a move of this table may put it. What puts it off beside
 * another move needs what the move that is about it does. */
static int check_due(const struct checking *k)
{
	const struct st_checked *out = k->out;
	const struct st_field *due = fact(out, ST_F_DUE_DAY);
	const struct st_field *day = due != NULL ? due : clocks_other_due(out);
	const struct st_move_row *extends = k->c->foreign || due == NULL ? NULL : extension(out->kind);
	uint32_t field = due != NULL ? ST_F_DUE_DAY : out->kind->due_field;
	uint32_t opened = k->r == NULL ? st_day_of_ms(out->at_ms) : k->r->opened_day, most = out->move->due_most;
	bool also = extends != NULL && clocks_puts_off(k);
	if (day == NULL)
		return 0;
	if (extends != NULL && (also || out->move->number == out->kind->due_move))
		most = extends->due_most;
	if (day->number < opened)
		return clocks_refuse_day(k, field, ">=", opened);
	if (most != 0 && day->number > (uint64_t)opened + most)
		return clocks_refuse_day(k, field, "<=", opened + most);
	bool later = also && k->r != NULL && k->r->due_day != 0 && day->number > k->r->due_day;
	return later ? need_all(k, extends) : 0;
}

/* Whom it is handed to; the apply layer knows whether there is such a station. */
static int take_holder(struct st_checked *out, char place[ST_PLACE_MAX])
{
	const struct st_field *to = fact(out, ST_F_TO);
	if (to != NULL && st_code_parse(to->text, &out->holder) == 0)
		return 0;
	place_text(place, "to");
	return ST_EFIELD;
}

static int check_move(const struct checking *k)
{
	struct st_checked *out = k->out;
	const struct st_record *r = k->r;
	const struct st_move_row *m = out->move;
	int rc = r != NULL && m->who != ST_BY_ABOVE && r->holder != k->self ? ST_EHOLDER : may_go(k);
	if (rc == 0)
		rc = clocks_set(k);
	if (rc == 0)
		fill_unit(k);
	if (rc == 0)
		rc = by_city_fill(k);
	if (rc == 0)
		rc = check_needs(k);
	if (rc < 0)
		return rc;
	rc = check_due(k);
	if (rc < 0)
		return rc;
	out->state = m->to != 0 ? m->to : r->state;
	out->reassigns = m->who == ST_BY_ABOVE && r != NULL;
	rc = clocks_fill(k);
	if (rc == 0)
		rc = fill_mark(k);
	if (rc < 0)
		return rc;
	return m->hands == ST_HANDS_ON ? take_holder(out, k->place) : 0;
}

/* Only people's times are bounded: what other stations wrote counts whatever their clocks said. */
static int take_time(const struct st_command *c, const struct st_record *r, struct st_checked *out)
{
	uint32_t opened = r == NULL ? 0 : r->opened_day;
	out->at_ms = c->at_ms != 0 ? c->at_ms : c->now_ms;
	bool late = c->at_ms != 0 && c->now_ms != 0 && c->at_ms > c->now_ms + ST_AT_AHEAD_MS;
	if (out->at_ms <= 0 || late)
		return ST_EFIELD;
	if (st_day_of_ms(out->at_ms) >= opened)
		return 0;
	if (c->at_ms != 0)
		return ST_EFIELD;
	out->at_ms = st_day_start_ms(opened); /* the clock was ahead on opening, and is right now */
	return 0;
}

int st_command_check(const struct st_command *c, const struct st_record *r, uint32_t self,
		     struct st_buf *to, struct st_checked *ret_checked,
		     char reterr_place[ST_PLACE_MAX])
{
	struct st_checked *out = ret_checked;
	bool note = strcmp(c->move, "note") == 0;
	out->kind = st_kind(r == NULL || r->kind == 0 ? c->kind : r->kind);
	out->fact_count = out->text_count = out->private_count = 0;
	memset(&out->holder, 0, sizeof(out->holder));
	out->reassigns = false;
	reterr_place[0] = 0;
	if (out->kind == NULL) {
		place_text(reterr_place, "kind");
		return ST_EFIELD;
	}
	if (out->kind->number != c->kind) {
		place_text(reterr_place, out->kind->name); /* the number of a visit, say */
		return ST_EKIND;
	}
	out->move = note ? NULL : st_kind_move_named(out->kind, c->move);
	bool programs = out->move != NULL && out->move->who == ST_BY_PROGRAM;
	if ((out->move == NULL && !note) || (programs && !c->by_program)) {
		place_moves(reterr_place, out->kind, r == NULL ? 0 : r->state);
		return ST_EMOVE;
	}
	int rc = st_text_check(c->author, ST_AUTHOR_MAX, false);
	if (rc < 0) {
		place_text(reterr_place, "author");
		return rc;
	}
	rc = take_time(c, r, out);
	if (rc < 0) {
		place_text(reterr_place, "at");
		return rc;
	}
	rc = check_fields(c, to, out, reterr_place);
	if (rc == 0)
		rc = check_facets(r, out, reterr_place);
	if (rc == 0)
		rc = check_order(r, out, reterr_place);
	if (rc < 0)
		return rc;
	if (!note) {
		struct checking k = { c, r, self, out, to, reterr_place };
		return check_move(&k);
	}
	if (r == NULL || out->fact_count + out->text_count + out->private_count == 0) {
		place_text(reterr_place, r == NULL ? "record" : "fields");
		return ST_EFIELD;
	}
	out->state = r->state;
	return 0;
}
